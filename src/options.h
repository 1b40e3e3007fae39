/* The command line. One table has every option: parsing and --help are made from it. */
#ifndef ASSAY_SRC_OPTIONS_H
#define ASSAY_SRC_OPTIONS_H

#include "src/audit.h"
#include "src/gate.h"
#include "src/option_table.h"
#include "src/report/report.h"

struct output {
    const struct reporter *reporter;
    const char *path; /* NULL: standard output */
};

struct options {
    enum command command;
    size_t argument_count;
    char **arguments; /* the words that are no options */
    struct audit_options audit;
    struct gate gate;
    const char *files_from; /* NULL: none */
    char list_end;          /* what ends a path in that list */
    size_t output_count;
    struct output outputs[16];  /* the first is that of --format */
    struct report_options look; /* colour and location aside */
    char location[4096];        /* --report-location without its line; "": not given */
    const char *policy;         /* --policy; NULL: the one that is found */
    const char *now;            /* --now; NULL: not given */
    bool profile_given, fail_on_given;
    bool exit_zero, baseline;
    enum { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER } colour;
    unsigned jobs;
    enum sandbox_wish sandbox;
};

/* Reads the command line. False: *status is what to exit with (0 after --help and --version), everything is said. */
bool options_read(int argc, char **argv, struct options *options, int *status) MUST_CHECK;

#endif
