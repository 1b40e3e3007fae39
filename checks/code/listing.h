/* One function of a program, instruction by instruction, with what is known of registers and stack where that changes: what
 * the rules of the family abi see, for people who want to check them. */
#ifndef ASSAY_CHECKS_CODE_LISTING_H
#define ASSAY_CHECKS_CODE_LISTING_H

#include "formats/model.h"

enum { LISTING_ROWS = 8192 /* at most */ };

struct listing_change {
    const char *name, *value; /* "sp", "x19", "[entry-16]": "entry-32", "as at the entry", "x19 of the entry" */
};
struct listing_breach {
    const char *rule, *observed;
};
struct listing_row {
    uint64_t address;
    uint64_t target;      /* of a direct branch or call; 0: none */
    const char *bytes;    /* hexadecimal digits */
    const char *text;     /* capstone's words; "": it has none */
    const char *followed; /* "yes"; "loosely": where nothing but SP is known; "no" */
    const char *place;    /* of the target, from the function's first byte: "+0x40"; "": it is elsewhere */
    size_t feature_count, before_count, after_count, breach_count;
    const char **features;
    struct listing_change *before, *after; /* against the row above, and by this instruction */
    struct listing_breach *breaches;
};
struct listing {
    uint64_t start, size;
    const char *begins, *ends; /* what says so */
    const char *profile, *why; /* of the calling convention; why that */
    const char *judged;        /* what of the convention is judged, and if not, why */
    size_t count, left_out;    /* rows; instructions that were too many */
    struct listing_row *rows;
};

enum listing_answer { LISTING_MADE, LISTING_NOT_CODE, LISTING_UNREADABLE };
/* The function that holds the address, in `arena`. NOT_CODE: the address is where no instructions are to be expected. */
enum listing_answer listing_make(const struct image *image, struct arena *arena, uint64_t address,
                                 struct listing *listing);

#endif
