/* What an unwinder keeps for frames that only newer processors make. LLVM's libunwind, which every Rust program for musl
 * carries, can step over frames of SVE, SME and tagged memory; it does so where the unwind table of a frame says so, and
 * only code that was built for such a processor has a table like that. */
#ifndef ASSAY_CHECKS_CODE_UNWINDER_H
#define ASSAY_CHECKS_CODE_UNWINDER_H

#include "checks/code/map.h"

struct unwinder { /* a function of arm64 */
    const struct map *map;
    uint64_t start, end;
    enum { TAGS_UNKNOWN, TAGS_KEPT, TAGS_NOT_KEPT } tags; /* its STG; begins as UNKNOWN */
};

/* Whether the instruction at `address`, in that function, is one of those. */
bool unwinder_keeps(struct unwinder *function, uint64_t address);

#endif
