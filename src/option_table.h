/* The tables that the command line is: parsing, --help, completions and the manual are made from them. */
#ifndef ASSAY_SRC_OPTION_TABLE_H
#define ASSAY_SRC_OPTION_TABLE_H

#include <stddef.h>

enum command {
    COMMAND_CHECK = 1,
    COMMAND_INSPECT = 2,
    COMMAND_RULES = 4,
    COMMAND_EXPLAIN = 8,
    COMMAND_POLICY = 16,
    COMMAND_INIT = 32,
    COMMAND_COMPLETION = 64,
    COMMAND_CPU = 128,
    COMMAND_ALL = 255
};

enum option_id { /* of options without a letter */
                 ID_FORMAT = 256,
                 ID_OUTPUT,
                 ID_TARGET,
                 ID_PROFILE,
                 ID_FAIL_ON,
                 ID_EXIT_ZERO,
                 ID_FILES_FROM,
                 ID_NO_CODE,
                 ID_NO_DIGEST,
                 ID_MAX_FILE_SIZE,
                 ID_COLOR,
                 ID_POLICY,
                 ID_NOW,
                 ID_PARTIAL,
                 ID_REPORT_LOCATION,
                 ID_BASELINE,
                 ID_CPU,
                 ID_SANDBOX,
                 ID_FUNCTION,
                 ID_VERSION
};

enum { OPTION_COUNT = 28, COMMAND_COUNT = 8 };
extern const struct option_row {
    int id; /* a letter, where the option has a short form */
    const char *name, *argument;
    unsigned commands;
    const char *help;
} option_table[OPTION_COUNT];

extern const struct command_row {
    const char *name;
    enum command command;
    const char *usage, *help;
} command_table[COMMAND_COUNT];

#endif
