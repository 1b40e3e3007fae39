/* What every look at an image's code begins with: its bytes by address, where tables say that functions begin, and the
 * pointers in its data. Made once, in the arena of the study, and shared by all that look. */
#ifndef ASSAY_CHECKS_CODE_GROUND_H
#define ASSAY_CHECKS_CODE_GROUND_H

#include "checks/code/starts.h"

struct pointer { /* a word of data that leads into the image */
    uint64_t place, target;
    bool code;  /* the target is code */
    bool held;  /* some code mentions the table that this is in */
    bool first; /* some code forms this very address: a table begins here */
    uint8_t reach;
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
