/* Where functions begin, from the tables that a linker leaves in a stripped program: Go's pclntab, .eh_frame (parsed
 * itself: a static glibc program has no .eh_frame_hdr), LC_FUNCTION_STARTS, and the entry. */
#ifndef ASSAY_CHECKS_CODE_STARTS_H
#define ASSAY_CHECKS_CODE_STARTS_H

#include "checks/code/map.h"
#include "formats/arena.h"

enum start_source { START_ENTRY, START_PCLNTAB, START_EH_FRAME, START_FUNCTION_STARTS, START_CALL };

struct start {
    uint64_t address;
    uint64_t end; /* as the table says; 0: not said */
    enum start_source source;
    bool part;             /* by .eh_frame, it begins inside a frame: a part of a function, or no function at all */
    bool go_main, go_exit; /* main.main; os.Exit */
    bool
        go_assembly; /* of Go's standard library, hand-written: it asks internal/cpu, or is only called where that was asked */
};
struct starts {
    size_t count, most;
    bool crowded; /* there were more than `most`: no linker names one every few bytes of a file */
    struct start *items;
    struct arena *arena; /* of the items */
};

/* Those of the tables, by address, one an address, all of them in spans that execute. */
void starts_find(const struct image *image, const struct map *map, struct arena *arena, struct starts *starts);
void starts_add(struct starts *starts, struct start start);
/* The index of the first at or after `address`. */
size_t starts_from(const struct starts *starts, uint64_t address);
/* Bytes that the tables put into functions. */
uint64_t starts_cover(const struct starts *starts);
/* By address, one an address, the better source first. */
void starts_sort(struct starts *starts);

#endif
