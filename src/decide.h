/* Between gate.c and what it asks: waivers.c and release.c. */
#ifndef ASSAY_SRC_DECIDE_H
#define ASSAY_SRC_DECIDE_H

#include "src/gate.h"

struct decision {
    struct arena *arena;
    struct run *run;
    const struct policy *policy; /* of the run's gate; not NULL */
    const char **paths;          /* of each record, as policy_path has it */
};

void run_finding_add(struct decision *decision, struct run_finding finding);
/* Puts waivers to the results that they excuse, and tells which of them have ended, excuse nothing or everything. */
void waivers_apply(struct decision *decision);
/* Holds the set of files against the policy's `matrix:`. */
void release_judge(struct decision *decision);

#endif
