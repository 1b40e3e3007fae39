/* What every look at an image's code begins with: its bytes by address, where tables say that functions begin, and the
 * pointers in its data. Made once, in the arena of the study, and shared by all that look. */
#ifndef ASSAY_CHECKS_CODE_GROUND_H
#define ASSAY_CHECKS_CODE_GROUND_H

#include "checks/code/starts.h"

enum { ADDRESS_BITS = 56 }; /* no kernel maps more: 57 bits on amd64, half of them its own, 52 on arm64 */
struct pointer {            /* a word of data that leads into the image; some programs have ten million */
    uint64_t place;
    uint64_t target : ADDRESS_BITS;
    uint64_t code : 1;  /* the target is code */
    uint64_t held : 1;  /* some code mentions the table that this is in */
    uint64_t first : 1; /* some code forms this very address: a table begins here */
    uint64_t reach : 2; /* enum reach */
    uint64_t run : 2;   /* the same, of the table from here on */
};

struct pages { /* over things sorted by address: where to look for one */
    uint64_t base;
    size_t count;
    uint32_t *first;
};

struct ground {
    const struct image *image;
    struct arena *arena;
    bool amd64;
    unsigned unit; /* bytes: the alignment of instructions */
    struct map map;
    struct starts starts;
    bool has_pointers; /* ground_pointers() was called */
    size_t pointer_count, resolver_count;
    struct pointer *pointers; /* by place */
    uint64_t *resolvers;      /* targets of IRELATIVE relocations, as they come */
    struct pages pages;       /* over the pointers */
};

/* False: there is no code, or not all of it can be read. */
bool ground_make(const struct image *image, struct arena *arena, struct ground *ground) MUST_CHECK;
/* All words of data that lead into the image, the resolvers, and what `map` says of relocated slots. */
void ground_pointers(struct ground *ground);
/* The first pointer at or after `place`. */
size_t pointers_from(const struct ground *ground, uint64_t place);
bool ground_executes(const struct ground *ground, uint64_t address);

#endif
