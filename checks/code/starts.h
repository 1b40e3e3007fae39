/* Where functions begin, from the tables that a linker leaves in a stripped program: Go's pclntab, .eh_frame (parsed
 * itself: a static glibc program has no .eh_frame_hdr), LC_FUNCTION_STARTS, and the entry. */
#ifndef ASSAY_CHECKS_CODE_STARTS_H
#define ASSAY_CHECKS_CODE_STARTS_H

#include "checks/code/map.h"

enum start_source { START_ENTRY, START_PCLNTAB, START_EH_FRAME, START_FUNCTION_STARTS, START_CALL };

struct start {
    uint64_t address;
    uint64_t end; /* as the table says; 0: not said */
    enum start_source source;
    bool
        go_assembly; /* of Go's standard library, hand-written: it asks internal/cpu, or is only called where that was asked */
};
struct starts {
    size_t count, room;
    struct start *items;
};

/* Those of the tables, by address, one an address, all of them in spans that execute. Allocated with malloc, as long as
 * `items` is not NULL it is the caller's to free. False: no memory. */
bool starts_find(const struct image *image, const struct map *map, struct starts *starts) MUST_CHECK;
bool starts_add(struct starts *starts, struct start start) MUST_CHECK;
/* By address, one an address, the better source first. */
void starts_sort(struct starts *starts);

#endif
