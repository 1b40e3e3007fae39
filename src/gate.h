/* The gate: over the records of a run, by the levels of a profile and of a policy, one verdict. It fails closed:
 * whatever was not read, or not decided, is never a pass. */
#ifndef ASSAY_SRC_GATE_H
#define ASSAY_SRC_GATE_H

#include "src/policy/policy.h"
#include "src/record.h"
#include "src/sandbox.h"

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
    enum level fail_on;          /* findings below this level are told and decide nothing */
    const struct policy *policy; /* NULL: none */
    int64_t today;               /* days since 1970-01-01, UTC: what ends waivers */
    bool partial;                /* not the whole release: neither its set of files nor unused waivers are judged */
};
/* The level of a rule for files that `target`, which may be NULL, speaks for. `place`, if not NULL, is set to where a
 * policy says so, or to nowhere. */
enum level gate_level(const struct gate *gate, const struct policy_target *target, const struct rule *rule,
                      struct place *place);

/* By rule: whether it is off for all files, so that it need not be asked. */
const bool *gate_off(struct arena *arena, const struct gate *gate);

struct skipped { /* found in a tree and left out: neither program nor library, object nor archive */
    const char *path, *why;
};

struct run_finding {         /* what is wrong with the run as a whole: the set of its files, or a waiver */
    const struct rule *rule; /* one of gate_rules.h */
    enum level level;
    enum outcome outcome; /* fail or unknown */
    const char *message;
    const char *subject; /* the file, or pattern, that it is about; tells it from others of its rule */
    struct place place;  /* of the policy's line */
    const char *observed, *expected;
};

/* All that the reports see. Records are in the order of their paths (bytes, not locale). */
struct run {
    const struct gate *gate;
    size_t count;
    struct record **records;
    size_t skipped_count;
    struct skipped *skipped;
    size_t finding_count;
    struct run_finding *findings;
    struct summary {
        size_t files, pass, fail, unknown, error;
        size_t waived; /* results that a waiver excuses */
    } summary;
    enum verdict verdict;
    struct sandbox sandbox;
};

/* Sets every record's verdict, every result's level and waiver, the findings, the summary and the run's verdict. */
void gate_decide(struct arena *arena, struct run *run);
/* Whether a result or finding closes the gate, and how: VERDICT_PASS where it does not. */
enum verdict gate_result(const struct gate *gate, const struct record_result *result);
enum verdict gate_finding(const struct gate *gate, const struct run_finding *finding);
/* The exit status of `check`: 0, 1 or 3; 2 where nothing was judged. */
int gate_status(const struct run *run);

#endif
