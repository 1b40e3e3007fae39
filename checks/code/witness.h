/* Evidence of what code asks of a processor: the instruction in bytes and words, and how the program comes to it. */
#ifndef ASSAY_CHECKS_CODE_WITNESS_H
#define ASSAY_CHECKS_CODE_WITNESS_H

#include "checks/finding.h"
#include "checks/code/study.h"

/* A row for each of the first features that `need` says are lacking. `expected` must outlive the finding. */
void witness_need(struct code_study *study, struct finding *f, const struct need_report *need, const char *expected);
/* "AVX2, BMI2 and 3 more", in the arena of the study. */
const char *witness_names(struct code_study *study, const struct features *features);
/* Why it cannot be told whether `need`, of kind NEED_UNKNOWN, is one. In the arena of the study. */
const char *witness_doubt(struct code_study *study, const struct need_report *need);

#endif
