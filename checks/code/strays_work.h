/* What the two parts of the search for strays share: the sweep (strays.c), and what follows each place that it leads to
 * (stray_follow.c); nothing else includes this. */
#ifndef ASSAY_CHECKS_CODE_STRAYS_WORK_H
#define ASSAY_CHECKS_CODE_STRAYS_WORK_H

#include "checks/code/isa.h"
#include "checks/code/marks.h"
#include "checks/code/strays.h"

enum { STEPS = 4096, WAITING = 64, PLACES = 8192, HITS = 64, FUEL = 1 << 23, MOST = 1 << 16 };

struct straying {
    const struct ground *g;
    const struct isa_class *classes;
    struct marks begins; /* instructions of the sweep, of x86-64 */
    struct marks led;    /* where branches lead */
    struct marks named;  /* addresses that code forms or data holds, and where branches lead in what may be data */
    uint8_t kinds[256];  /* of x86-64 instructions by their first byte */
    uint32_t fuel;       /* instructions that may still be followed */
    /* of the sweep */
    bool trusted;                    /* it is in code: where a table or a branch led, and on from there */
    uint64_t register_is[16], place; /* the address that a register was set to by the instruction before `place` */
    /* of what is followed */
    bool strict;
    uint64_t seen[PLACES];
    uint32_t stamps[PLACES], stamp; /* a slot of `seen` holds where its stamp is this one */
    unsigned steps, waiting_count, hit_count;
    uint64_t waiting[WAITING];
    struct {
        uint64_t address;
        unsigned class;
    } hits[HITS]; /* instructions with a feature */
};

/* Whether the sweep came upon an instruction at `address`. */
bool strays_known(const struct straying *straying, uint64_t address);
/* Whether what begins at `start` is code, as far as anybody can tell, that leads to other code or has an instruction that
 * not every processor has: those are in `hits` then. `strict`: nothing but its address was seen, and it may be data. */
bool strays_follow(struct straying *straying, uint64_t start, bool strict);

#endif
