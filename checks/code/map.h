/* The bytes of a program by their virtual addresses, as the exec view has them. */
#ifndef ASSAY_CHECKS_CODE_MAP_H
#define ASSAY_CHECKS_CODE_MAP_H

#include "formats/model.h"

struct span {
    uint64_t address, size, memory_size; /* bytes of the file, and with the zeros after them */
    uint64_t offset;
    const uint8_t *data; /* `size` bytes */
    bool executes, writes;
    bool linkedit; /* __LINKEDIT: symbols name every function, and nobody jumps there */
};
struct code_range {
    uint64_t address, size;
};
struct relocated { /* a slot that is read-only once the program runs, and what a relocation puts into it */
    uint64_t place, target;
};
enum { MAP_ASKING = 4, MAP_ENDING = 96 };
struct map {
    size_t count;
    struct span *spans; /* by address; of those that overlap, the ones before */
    /* Where instructions are to be expected: the sections that say so, inside spans that execute, if the entry is in one
     * of them; else those spans. A direct branch may leave them, for no section binds a processor. */
    size_t code_count;
    struct code_range *code;
    uint64_t code_size;
    /* learnt by pointers.c and imports.c: by place; slots of getauxval(); of exit() and the like; and of what never returns */
    size_t relocated_count, asking_count, ending_count, endless_count;
    struct relocated *relocated;
    uint64_t asking[MAP_ASKING], ending[MAP_ENDING], endless[MAP_ENDING];
    bool imports_read; /* `ending` has all, or the first of many */
    uint64_t base;     /* of the first span that executes; 0: there is none */
    bool absolute;     /* a number of four bytes can be an address: nothing is mapped low */
};

/* Puts ranges in order, those that meet as one; how many there are then. */
size_t ranges_merge(struct code_range *ranges, size_t count);
/* Whether one of ranges that are in order and apart has the address. */
bool ranges_have(const struct code_range *ranges, size_t count, uint64_t address);

/* Whether `address` is where instructions are to be expected. */
bool map_is_code(const struct map *map, uint64_t address);

/* False where a segment's bytes are not there or cannot be read. */
bool map_make(const struct image *image, struct arena *arena, struct map *map) MUST_CHECK;
/* The span that `address` is in (its zeros included), or NULL. */
const struct span *map_find(const struct map *map, uint64_t address);

/* Where a word of a Mach-O file leads that is no address as it stands: with chained fixups the target is in its low bits;
 * 0: nowhere. */
uint64_t map_chained(const struct map *map, uint64_t word);

/* What the loader puts into the slot at `address`; 0: that is not known. */
uint64_t map_relocated(const struct map *map, uint64_t address);

/* `need` bytes of the file at `address`, or NULL. */
static inline const uint8_t *map_bytes(const struct map *map, uint64_t address, size_t need)
{
    const struct span *span = map_find(map, address);
    if (!span || address - span->address > span->size || span->size - (address - span->address) < need)
        return NULL;
    return span->data + (address - span->address);
}

#endif
