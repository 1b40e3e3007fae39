/* Each returns the exit status of its command. */
#ifndef ASSAY_SRC_COMMANDS_H
#define ASSAY_SRC_COMMANDS_H

#include "src/options.h"

int cmd_check(const struct options *options);
int cmd_inspect(const struct options *options);
int cmd_rules(const struct options *options);
int cmd_explain(const struct options *options);
int cmd_policy(const struct options *options);
int cmd_init(const struct options *options);
int cmd_cpu(const struct options *options);
int cmd_completion(const struct options *options);

/* cmd_inspect.c: audits the one file that is named, and lets `write` (NULL: no such format) tell of it. */
struct record;
struct report_options;
int look_at_one(const struct options *options, const struct audit_options *audit,
                bool (*write)(const struct record *, const struct report_options *, FILE *));

/* streams.c: whether standard output gets colour. */
bool colour_wanted(const struct options *options);
/* Flushes `out`. False, and a message, where not all of it could be written to `name`. */
bool flush_or_complain(FILE *out, const char *name);

/* "assay: NAME: WHAT: ERROR" on standard error; 0: no error of the system. Always false. */
bool complain_of(const char *name, const char *what, int error);

#endif
