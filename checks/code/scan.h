/* The first look at code: which features of a processor its instructions could ask for at all. Every executable byte is
 * decoded in a straight line, so what is absent is surely absent; what is present may be data, may be dead, may be
 * guarded by a question to the processor. */
#ifndef ASSAY_CHECKS_CODE_SCAN_H
#define ASSAY_CHECKS_CODE_SCAN_H

#include "checks/code/isa.h"

struct scan {
    uint64_t bytes; /* that were decoded */
    struct features present;
    uint64_t first[FEATURE_COUNT]; /* file offset of the first instruction that needs it; meaningful where present */
};

/* False: the code cannot be read in full, and nothing may be concluded. */
bool scan_code(const struct image *image, struct arena *arena, struct scan *scan) MUST_CHECK;
/* The same; `wide`: with AVX2, if the processor has it. */
bool scan_code_with(const struct image *image, struct arena *arena, bool wide, struct scan *scan) MUST_CHECK;

#endif
