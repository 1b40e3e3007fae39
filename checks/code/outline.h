/* The outline of a function: what it calls, which addresses it forms, which classes of instructions it has, and how
 * much of it was understood. One pass over its bytes; values are not followed (body.h does that, where it matters). */
#ifndef ASSAY_CHECKS_CODE_OUTLINE_H
#define ASSAY_CHECKS_CODE_OUTLINE_H

#include "checks/code/quick.h"
#include "checks/code/strays.h"

enum mention_kind {
    MENTION_CALL,
    MENTION_JUMP,    /* out of the function */
    MENTION_ADDRESS, /* formed */
    MENTION_LOAD,    /* of what stands there */
    MENTION_STORE,   /* to that global variable, of anything but zero */
    MENTION_WORD,    /* a load of the one word that stands there */
};

struct mention {
    uint64_t target : 58;
    uint64_t kind : 3;  /* enum mention_kind */
    uint64_t reach : 3; /* enum reach (body.h) of the place, if the function is reached at all */
};

struct skips { /* x86-64 */
    struct quick quick;
    bool opcodes[256]; /* that mean nothing here, but for their operands */
};
void skips_init(struct skips *skips, bool absolute);

struct outline {
    /* given */
    const struct map *map;
    bool amd64;
    const bool *noted; /* by class: a feature of the processor */
    const struct strays *strays;
    const struct skips *skips;
    uint64_t fuel; /* for looks at what becomes of addresses, over all functions */
    /* of all functions so far */
    size_t mention_count, mention_room;
    size_t mention_most; /* more are not kept: `crowded` is set, and the look fails */
    bool crowded;
    struct mention *mentions;
    /* of the function looked at last */
    uint32_t understood, broken;            /* bytes; undefined encodings that were run into */
    uint32_t words, vectors, looped;        /* arm64: instructions, Advanced SIMD arithmetic, that in loops */
    bool asks_cpu, has_features, has_older; /* older: SSE, or exclusives, which have newer ways to do the same */
    bool returns, leaves;                   /* by a return or a jump through a register; by a jump out of it */
    bool steps_16;                          /* arm64: a pointer moves on by 16 bytes */
    bool adds_2, loads_words;               /* arm64: an index moves on by two; words are loaded by an index */
    bool through_asking;                    /* begins with a stub that jumps to getauxval() */
    bool goes_back;                         /* has a loop */
    bool branches;                          /* has a conditional branch */
    bool unsure;                            /* goes through a pointer, or asks the kernel */
    uint8_t compares;                       /* arm64: with which types of an auxiliary vector, see outline.c */
    uint8_t forms;                          /* arm64: of what std_detect of Rust does, see outline_detects() */
    /* its own */
    size_t room;                           /* units */
    uint64_t *targets, *vector_at, *loops; /* loops: branches back */
    uint64_t pages[32];
    uint32_t pages_known;
};

/* Whether the function is a stub that jumps to where the slot says that it loads at `load`. Of A64. */
bool outline_is_stub(const struct map *map, uint64_t start, uint64_t load);
/* Whether what was looked at tells the entries of an auxiliary vector apart, as getauxval() does. */
bool outline_knows_auxv(const struct outline *outline);
/* The same of a function that only looks for AT_HWCAP, and is called by one that looks for `others` (their compares). */
bool outline_is_told_auxv(uint8_t compares, uint32_t words, uint8_t others);
/* Whether something was compared with AT_HWCAP. */
bool outline_compares_capability(uint8_t compares);
/* What an A64 instruction adds to `forms`; whether they are those of std_detect, which asks getauxval() for AT_HWCAP and AT_HWCAP2,
 * and marks the words that it keeps of the answers in their highest bit. */
void outline_forms(struct outline *outline, uint32_t word);
bool outline_detects(const struct outline *outline);
/* What is looked at compares with a number; sets the thread's errno. */
void outline_compares(struct outline *outline, unsigned number);
void outline_sets_errno(struct outline *outline);
/* Looks at the function in [start, end), which executes; what it mentions is added to `mentions`. False: no memory. */
bool outline_function(struct outline *outline, uint64_t start, uint64_t end) MUST_CHECK;
/* Whether the address that the instruction at `at` forms, in the function from `start` to `end`, is only compared; false where
 * that is not known, or the fuel has come to its end. */
bool outline_is_compared(const struct map *map, bool amd64, uint64_t start, uint64_t end, uint64_t at, uint64_t *fuel);
void outline_free(struct outline *outline);

#endif
