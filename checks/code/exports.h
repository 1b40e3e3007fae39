/* Where others may come into a library: what its dynamic symbol table defines, as far as loaders find it by its hash
 * tables. */
#ifndef ASSAY_CHECKS_CODE_EXPORTS_H
#define ASSAY_CHECKS_CODE_EXPORTS_H

#include "checks/code/map.h"

struct exports {
    bool known; /* false: anything may be one */
    size_t count;
    uint64_t *addresses; /* of functions and of data, as they come; in the arena */
};

/* Source: the gABI's hash table (DT_HASH), and DT_GNU_HASH as glibc's do_lookup_x() and musl's gnu_lookup() walk it. */
void exports_find(const struct image *image, const struct map *map, struct arena *arena, struct exports *exports);

#endif
