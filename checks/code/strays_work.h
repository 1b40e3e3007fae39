/* What the parts of the search for strays share: the sweep (stray_sweep.c), what follows each place that it leads to
 * (stray_follow.c), and strays.c; nothing else includes this. */
#ifndef ASSAY_CHECKS_CODE_STRAYS_WORK_H
#define ASSAY_CHECKS_CODE_STRAYS_WORK_H

#include "checks/code/isa.h"
#include "checks/code/marks.h"
#include "checks/code/strays.h"

enum { STEPS = 4096, WAITING = 64, PLACES = 8192, HITS = 64, FUEL = 1 << 23, MOST = 1 << 16 };

struct straying {
    const struct ground *g;
    const struct isa_class *classes;
    const struct marks *begins; /* instructions of the sweep, of x86-64 */
    struct marks led;           /* where branches lead */
    struct marks named; /* addresses that code forms or data holds, and where branches lead in what may be data */
    bool wants_calls;
    struct marks called; /* where CALL leads, if that is asked for */
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

/* What each first byte of an x86-64 instruction is looked at for; `absolute`: numbers can be addresses. */
void strays_set_kinds(uint8_t *kinds, bool absolute);
/* From instruction to instruction of the sweep over x86-64 code: where each leads. */
void strays_look_over(struct straying *straying, uint64_t address, uint64_t size);
/* The same for A64, whose instructions cannot overlap: addresses outside of what was swept are all that matters. */
void strays_sweep_a64(struct straying *straying, uint64_t address, uint64_t size);
/* Whether the sweep came upon an instruction at `address`. */
bool strays_known(const struct straying *straying, uint64_t address);
/* Whether what begins at `start` is code, as far as anybody can tell, that leads to other code or has an instruction that
 * not every processor has: those are in `hits` then. `strict`: nothing but its address was seen, and it may be data. */
bool strays_follow(struct straying *straying, uint64_t start, bool strict);

#endif
