/* Most functions keep their convention in the plainest way: registers go to the stack, each to a place of its own, and come
 * back from there; SP moves by numbers. A glance sees that much and no more, which is little to keep in mind at each place
 * of the code. Where it does not see that all is well it gives up, and the function is followed as abi_state.c has it: it
 * never says more than that would. Parts of abi_walk.c, abi_glance.c, abi_glance_a64.c and abi_glance_x86.c; nothing else
 * includes this.
 *
 * What is known is what struct abi_state holds of it: `intact` registers are ABI_ENTRY there, or ABI_SIGNED, `places` are
 * ABI_STACK, and of other values nothing is known here. */
#ifndef ASSAY_CHECKS_CODE_ABI_GLANCE_H
#define ASSAY_CHECKS_CODE_ABI_GLANCE_H

#include "checks/code/abi_walk.h"

/* Numbers of bits are those of ABI_ENTRY; and that of X30 of the entry, signed. */
enum { GLANCE_SIGNED = 48, GLANCE_SLOTS = 49 };

struct glance_range { /* of the stack, from SP of the entry; first == end: nothing */
    int32_t first, end;
};

struct abi_glance {
    uint64_t intact; /* registers that hold what they held at the entry */
    uint64_t kept;   /* those whose value at the entry stands in their slot */
    uint64_t
        noted; /* words of the stack in which abi_state.c may have noted what was stored: a bit for each, and for all */
    uint64_t spilled; /* that are 512 bytes apart; and those where that may be an address of the stack */
    uint32_t places;  /* registers that hold an address of the stack, SP among them */
    int32_t at[32];   /* those addresses, from SP of the entry */
};

/* What is the same all over a function. */
struct abi_glancing {
    int32_t slot[GLANCE_SLOTS]; /* where the function puts each register that it saves */
    uint64_t slotted;           /* those that have a slot */
    struct glance_range slots;  /* all of them */
    int32_t signed_at;          /* SP where X30 is signed */
    uint8_t key;
    int64_t lowest;    /* what is accessed may be so far below SP */
    uint64_t due;      /* what must be intact at a return; 0: nothing is asked there */
    uint32_t reserved; /* registers that nobody may write */
    bool moot;         /* nothing will be told, for the function is odd, and nobody knows where it begins */
    bool gave_up;
};

static inline uint64_t glance_bit(unsigned r)
{
    return (uint64_t)1 << r | (uint64_t)(r == REGISTER_LR) << GLANCE_SIGNED;
}

/* Registers become what is not known; SP is not among them. */
static inline void glance_spoil(struct abi_glance *g, uint32_t gprs)
{
    g->intact &= ~((uint64_t)gprs | (uint64_t)(gprs >> REGISTER_LR & 1) << GLANCE_SIGNED);
    g->places &= ~gprs;
}

static inline void glance_spoil_one(struct abi_glance *g, unsigned r)
{
    g->intact &= ~glance_bit(r);
    g->places &= ~(1u << r);
}

static inline bool glance_up(struct abi_walk *w)
{
    w->glancing->gave_up = !w->glancing->moot;
    return w->glancing->moot;
}

/* What struct abi_walk calls odd. */
static inline bool glance_odd(struct abi_walk *w)
{
    w->glancing->moot |= w->f->profile == ABI_GUESSED;
    return glance_up(w);
}

static inline bool glance_is_place(const struct abi_glance *g, unsigned r)
{
    return g->places >> r & 1;
}

/* The words that [at, at + size) is in; they are few. */
static inline uint64_t glance_words(int64_t at, unsigned size)
{
    const uint64_t first = (uint64_t)at >> 3, count = (((uint64_t)at & 7) + size + 7) >> 3; /* `at` may be below 0 */
    const uint64_t bits = ((uint64_t)1 << count) - 1;
    return bits << (first & 63) | bits >> 1 >> (63 - (first & 63));
}

static inline bool glance_meets(const struct glance_range *range, int64_t from, int64_t end)
{
    return from < range->end && end > range->first;
}

static inline void glance_widen(struct glance_range *range, int64_t from, int64_t end)
{
    const bool none = range->first == range->end;
    range->first = none || from < range->first ? (int32_t)from : range->first;
    range->end = none || end > range->end ? (int32_t)end : range->end;
}

/* These return whether control goes on to the next instruction: it does not where the glance is given up. */
bool glance_transfer(struct abi_walk *w, const struct operands *o, struct abi_glance *g);
bool glance_call(struct abi_walk *w, const struct operands *o, size_t at, struct abi_glance *g);
bool glance_jump(struct abi_walk *w, size_t at, int64_t offset, const struct abi_glance *g);
bool glance_branch(struct abi_walk *w, size_t at, int64_t by, const struct abi_glance *g);
bool glance_return(struct abi_walk *w, const struct operands *o, const struct abi_glance *g);
bool glance_add(struct abi_walk *w, struct abi_glance *g, unsigned to, unsigned base, int64_t by);
/* Any other instruction. */
bool glance_at(struct abi_walk *w, size_t at, const struct operands *o, struct abi_glance *g);
/* State arrives at the leader `at`. */
void glance_arrive(struct abi_walk *w, size_t at, const struct abi_glance *g);
/* As abi_fall_into(). */
bool glance_fall_into(struct abi_walk *w, size_t at, bool doubted, struct abi_glance *g);
/* As abi_walk_block_x86(). */
size_t glance_block_a64(struct abi_walk *w, size_t at, const struct abi_glance *begin);
size_t glance_block_x86(struct abi_walk *w, size_t at, const struct abi_glance *begin);
/* Whether the function, whose leaders are found, surely keeps its convention. */
bool abi_glance(struct abi_walk *w);

#endif
