/* What the parts of the search for strays share: the sweep (stray_sweep.c), what follows each place that it leads to
 * (stray_follow.c), and strays.c; nothing else includes this. */
#ifndef ASSAY_CHECKS_CODE_STRAYS_WORK_H
#define ASSAY_CHECKS_CODE_STRAYS_WORK_H

#include "checks/code/isa.h"
#include "checks/code/marks.h"
#include "checks/code/strays.h"

enum { STEPS = 4096, WAITING = 64, PLACES = 8192, HITS = 64, FUEL = 1 << 23, MOST = 1 << 16 };
enum { EFFORTS = 1 << 20, LEAST_APART = 64 }; /* targets to be worked out: so many, and one in so many bytes of code */

enum told { /* that a place is code: by a branch to it; in a table of jumps; by its address alone, and it may be data */
            TOLD_BY_BRANCH,
            TOLD_BY_OFFSET,
            TOLD_BY_ADDRESS,
};

struct table {            /* of offsets from itself, that a jump takes its target from */
    uint64_t base, bound; /* entries; 0: not known */
};

struct straying {
    const struct ground *g;
    const struct isa_class *classes;
    const struct marks *begins; /* instructions of the sweep, of x86-64 */
    struct marks led;           /* where branches lead */
    struct marks named;  /* addresses that code forms or data holds, and where branches lead in what may be data */
    struct marks offset; /* where words of four bytes lead, counted from the table that they are in */
    size_t table_count;
    struct table *tables;
    uint64_t hidden; /* an instruction whose target is worked out, in a way that is not followed */
    bool wants_calls;
    struct marks called; /* where CALL leads, if that is asked for */
    uint8_t kinds[256];  /* of x86-64 instructions by their first byte */
    uint32_t fuel;       /* instructions that may still be followed */
    uint64_t efforts;    /* targets that may still be worked out */
    /* of the sweep */
    bool trusted;    /* it is in code: where a table or a branch led, and on from there */
    uint64_t formed; /* where an address was put into a register the last time */
    /* of what is followed */
    bool strict, joins; /* joins: what was swept may be met anywhere, not only where something leads */
    uint64_t seen[PLACES];
    uint32_t stamps[PLACES], stamp; /* a slot of `seen` holds where its stamp is this one */
    unsigned steps, waiting_count, hit_count;
    uint32_t probes; /* of `seen`, beyond the first for each step */
    uint64_t waiting[WAITING];
    struct {
        uint64_t address;
        unsigned class;
    } hits[HITS]; /* instructions with a feature */
};

/* What each first byte of an x86-64 instruction is looked at for; `absolute`: numbers can be addresses. */
void strays_set_kinds(uint8_t *kinds, bool absolute);
/* From instruction to instruction of the sweep over x86-64 code: where each leads. */
void strays_look_over(struct straying *straying, uint64_t address, uint64_t size);
/* The same for A64, whose instructions cannot overlap: addresses outside of what was swept are all that matters. */
void strays_sweep_a64(struct straying *straying, uint64_t address, uint64_t size);
/* Where a jump or call through a register, or a return, leads, as far as a few instructions before it say; 0: they do not
 * say. The instruction is at `bit` of the span, in a range of it that begins at `from`; or its word is at `bytes`, with
 * `before` bytes of the same range before it. */
uint64_t strays_target_x86(struct straying *straying, const struct mark_span *begins, const uint8_t *bytes,
                           uint64_t from, uint64_t bit);
uint64_t strays_target_a64(struct straying *straying, const uint8_t *bytes, uint64_t before, uint64_t address);
/* Notes where the tables lead that these came upon. */
void strays_tables(struct straying *straying);
/* Whether the sweep came upon an instruction at `address`. */
bool strays_known(const struct straying *straying, uint64_t address);
/* Whether what begins at `start` is code, as far as anybody can tell, that leads to other code or has an instruction that
 * not every processor has: those are in `hits` then. */
bool strays_follow(struct straying *straying, uint64_t start, enum told told);

#endif
