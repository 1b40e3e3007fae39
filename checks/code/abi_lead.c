/* Where the blocks of a function begin: at its entry and where branches lead. */
#include <stdlib.h>
#include <string.h>

#include "checks/code/a64_fields.h"
#include "checks/code/abi_walk.h"

/* Whether anything is known of a unit of the stride from `at` on. */
static inline bool any(const struct abi_walk *w, size_t at)
{
    uint64_t flags;
    memcpy(&flags, w->flags + at, ABI_STRIDE);
    return flags;
}

static inline void lead(struct abi_walk *w, size_t at)
{
    w->flags[at] |= ABI_LEADER;
    w->numbers[at] = (uint32_t)w->leader_count;
    w->leaders[w->leader_count++] = (uint32_t)at;
}

static void mark_a64(struct abi_walk *w)
{
    enum { BL = 0x25 /* bits 31 to 26 */ };
    for (size_t at = 0; at < w->units; at++) {
        uint32_t word = abi_word(w, at);
        uint64_t to;
        if (word >> 26 != BL && a64_target(word, at * 4, &to) && to / 4 < w->units)
            w->flags[to / 4] |= ABI_LEADER;
    }
}

/* 64 bits of what branches lead to, from unit `at` of the function on. */
static inline uint64_t seen(const struct abi_walk *w, size_t at)
{
    const struct abi_bits *bits = w->branched;
    const uint64_t first = ((w->f->start - bits->base) >> bits->shift) + at, left = w->units - at;
    if (first > bits->count)
        return 0;
    uint64_t word = bits->words[first / 64] >> (first % 64);
    if (first % 64 && first / 64 < bits->count / 64)
        word |= bits->words[first / 64 + 1] << (64 - first % 64);
    return left < 64 ? word & (((uint64_t)1 << left) - 1) : word;
}

/* The leaders, where all branches of the program were seen. */
static void lead_as_seen(struct abi_walk *w)
{
    lead(w, 0);
    for (size_t from = 0; from < w->units; from += 64)
        for (uint64_t word = from ? seen(w, from) : seen(w, from) & ~(uint64_t)1; word; word &= word - 1)
            lead(w, from + (unsigned)__builtin_ctzll(word));
}

bool abi_find_leaders(struct abi_walk *w)
{
    if (w->branched) {
        lead_as_seen(w);
    } else {
        w->flags[0] = ABI_LEADER;
        if (w->arch == ARCH_AMD64 && !abi_lead_x86(w))
            return false;
        if (w->arch == ARCH_ARM64)
            mark_a64(w);
        for (size_t from = 0; from < w->units; from += ABI_STRIDE)
            for (size_t at = from; at < from + ABI_STRIDE && any(w, from); at++)
                if (w->flags[at] & ABI_LEADER)
                    lead(w, at);
    }
    if (w->leader_count <= w->state_room)
        return true;
    free(w->states);
    w->states = malloc(w->leader_count * sizeof *w->states);
    w->state_room = w->states ? w->leader_count : 0;
    w->glances = (void *)w->states;
    return w->states;
}
