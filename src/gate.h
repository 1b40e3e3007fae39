/* The gate: over the records of a run, by the levels of a profile, one verdict.
 * It fails closed: whatever was not read, or not decided, is never a pass. */
#ifndef ASSAY_SRC_GATE_H
#define ASSAY_SRC_GATE_H

#include "src/record.h"

struct profile {
    const char *name;    /* "release" */
    const char *summary; /* one line for people */
    bool literal_static; /* any interpreter, dyld or dylib fails, on every format */
    struct profile_level {
        const char *rule; /* rule id; differs from the rule's own level */
        enum level level;
    } levels[8]; /* ends where rule is NULL */
};
extern const struct profile profiles[];
extern const size_t profile_count;
const struct profile *profile_find(const char *name); /* NULL: no such profile */

struct gate {
    const struct profile *profile;
    enum level fail_on; /* findings below this level are told and decide nothing */
};
enum level gate_level(const struct gate *gate, const struct rule *rule);

struct skipped { /* found in a tree and left out: neither program nor library, object nor archive */
    const char *path, *why;
};
/* All that the reports see. Records are in the order of their paths (bytes, not locale). */
struct run {
    const struct gate *gate;
    size_t count;
    struct record **records;
    size_t skipped_count;
    struct skipped *skipped;
    struct summary {
        size_t files, pass, fail, unknown, error;
    } summary;
    enum verdict verdict;
};

/* Sets every record's verdict, the summary and the run's verdict. */
void gate_decide(struct run *run);
/* Whether this result closes the gate, and how: VERDICT_PASS where it does not. */
enum verdict gate_result(const struct gate *gate, const struct record_result *result);
/* The exit status of `check`: 0, 1 or 3; 2 where nothing was judged. */
int gate_status(const struct run *run);

#endif
