/* Private to formats/elf/: references to addresses, from code and from data, without a symbol or a disassembler. */
#ifndef ASSAY_FORMATS_ELF_REFERENCES_H
#define ASSAY_FORMATS_ELF_REFERENCES_H

#include "formats/read.h"

enum { PLACES = 6 }; /* references that are kept */

struct target { /* addresses [low, high), and what was found to refer to them */
    uint64_t low, high;
    bool calls;                  /* calls and jumps count, too; otherwise only taking an address */
    uint64_t ignore, ignore_end; /* references from here do not count */
    size_t count;
    uint64_t highest, place;                  /* the highest address referred to, and from where first */
    uint64_t last_place;                      /* from where it is last referred to */
    uint64_t places[PLACES], targets[PLACES]; /* from where at all, and to where */
};

struct frame { /* of a function: addresses [low, high) */
    uint64_t low, high;
};

struct callers { /* calls of and pointers to a function, from outside of it */
    struct target calls, pointers;
};

/* All references from code; false where code could not be read, or segments name bytes twice. */
bool refer(const struct image *image, struct target *t) MUST_CHECK;
/* Words of data that hold an address of the range: pointers, and addends of relocations. */
bool point(const struct image *image, struct target *t) MUST_CHECK;
/* The address at which bytes of the file are loaded. */
bool address_of(const struct image *image, uint64_t offset, uint64_t *address) MUST_CHECK;
/* The function that an address is in, by its unwind information. */
bool frame_of(const struct image *image, uint64_t address, struct frame *frame) MUST_CHECK;
/* The same, by the unwind information at one place of the image. */
bool frame_among(const struct image *image, uint64_t offset, uint64_t size, uint64_t base, uint64_t address,
                 struct frame *frame) MUST_CHECK;
/* Who calls the function that holds an address, and what points to it; false where its bounds are not known. */
bool find_callers(const struct image *image, uint64_t place, struct callers *callers) MUST_CHECK;

#endif
