/* One function, followed from its entry. Part of abi.c; nothing else includes this. */
#ifndef ASSAY_CHECKS_CODE_ABI_WALK_H
#define ASSAY_CHECKS_CODE_ABI_WALK_H

#include "checks/code/abi.h"
#include "checks/code/abi_state.h"

struct abi_function {
    uint64_t start, size;
    uint8_t source, profile; /* enum start_source, enum abi_profile */
    bool interface;          /* nobody is known to call it by name, or its address is taken */
    bool fragment;           /* it keeps a convention of its own */
};

/* A bit for each word of code, by address. */
struct abi_bits {
    uint64_t base, count;
    uint64_t *words;
};

static inline bool abi_has(const struct abi_bits *bits, uint64_t address)
{
    uint64_t at = (address - bits->base) / 4;
    return at < bits->count && bits->words[at / 64] >> (at % 64) & 1;
}

static inline void abi_set(struct abi_bits *bits, uint64_t address)
{
    uint64_t at = (address - bits->base) / 4;
    if (at < bits->count && address % 4 == 0)
        bits->words[at / 64] |= (uint64_t)1 << (at % 64);
}

struct abi_walk {
    /* given */
    const struct map *map;
    enum abi_profile platform;
    const struct abi_bits *called;    /* by BL */
    const struct abi_bits *endless;   /* functions that never return */
    const struct abi_bits *fragments; /* functions that keep a convention of their own */
    /* of the function walked last */
    size_t hit_count;
    struct abi_hit *hits;
    uint64_t understood; /* bytes */
    bool odd;
    uint64_t stores; /* registers that it stores anywhere, or whose value at the entry it stores; the same bits */
    uint64_t saves;  /* registers of the caller that it puts on the stack: bits numbered as ABI_ENTRY's */
    /* its own */
    const struct abi_function *f;
    const uint8_t *bytes;
    size_t words, room, leader_count, leader_room, hit_room;
    uint8_t *flags;    /* by word */
    uint32_t *numbers; /* by word: of the leader that begins there */
    uint32_t *leaders; /* word each begins at */
    struct abi_state *states;
    struct abi_value pool; /* SP at calls and computed jumps, where landing pads and the targets of tables begin */
    bool pooled, reporting, suspect, loose, loose_broken, failed;
};

static inline uint32_t abi_word(const struct abi_walk *walk, size_t at)
{
    return load_le32(walk->bytes + at * 4);
}

/* Looks at the instruction that is `at` words into the function, before it is stepped over. */
void abi_look(struct abi_walk *walk, size_t at, uint32_t word, const struct operands *o, const struct abi_state *state);
/* False: no memory. */
bool abi_walk(struct abi_walk *walk, const struct abi_function *function) MUST_CHECK;
/* Functions that never return: those without an instruction that does, and what a function calls with its last. */
void abi_note_endless(struct abi_bits *endless, const struct map *map, const struct abi_function *function);
/* Whether what was found in the function walked last is told: others may keep a convention of their own. */
bool abi_proves(const struct abi_walk *walk, const struct abi_function *function, const struct abi_hit *hit);
void abi_walk_free(struct abi_walk *walk);

#endif
