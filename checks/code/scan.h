/* The first look at code: which features of a processor its instructions could ask for at all. Every executable byte is
 * decoded in a straight line, so what is absent is surely absent; what is present may be data, may be dead, may be
 * guarded by a question to the processor. */
#ifndef ASSAY_CHECKS_CODE_SCAN_H
#define ASSAY_CHECKS_CODE_SCAN_H

#include "checks/code/ground.h"
#include "checks/code/isa.h"
#include "checks/code/marks.h"

struct scan {
    uint64_t bytes; /* that were decoded */
    struct features present;
    uint64_t first[FEATURE_COUNT]; /* file offset of the first instruction that needs it; meaningful where present */
    struct marks begins; /* of x86-64: where instructions begin that the sweep came upon; in the arena of the ground */
};

/* `wide`: with AVX2, if the processor has it. */
void scan_code(const struct ground *ground, bool wide, struct scan *scan);
/* Adds instructions found elsewhere: first[class], address + 1. */
void scan_add(const struct ground *ground, const uint64_t *first, struct scan *scan);

#endif
