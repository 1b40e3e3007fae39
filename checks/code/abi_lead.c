/* Where the blocks of a function begin: at its entry and where branches lead. */
#include <stdlib.h>
#include <string.h>

#include "checks/code/a64_fields.h"
#include "checks/code/abi_walk.h"
#include "checks/code/x86_short.h"

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

/* First bytes, and those behind REX, of what may branch or form an address: 1; 2: that may hold an address where code has fixed
 * ones. Prefixes and 0F are looked behind. */
static const uint8_t matters[256] = {
    [0x0f] = 1, [0x26] = 1, [0x2e] = 1, [0x36] = 1, [0x3e] = 1, [0x62] = 2, [0x64] = 1, [0x65] = 1, [0x66] = 1,
    [0x67] = 1, [0x70] = 1, [0x71] = 1, [0x72] = 1, [0x73] = 1, [0x74] = 1, [0x75] = 1, [0x76] = 1, [0x77] = 1,
    [0x78] = 1, [0x79] = 1, [0x7a] = 1, [0x7b] = 1, [0x7c] = 1, [0x7d] = 1, [0x7e] = 1, [0x7f] = 1, [0x8d] = 1,
    [0xc7] = 1, [0xd5] = 1, [0xe0] = 1, [0xe1] = 1, [0xe2] = 1, [0xe3] = 1, [0xe9] = 1, [0xeb] = 1, [0xf0] = 1,
    [0xf2] = 1, [0xf3] = 1, [0x05] = 2, [0x0d] = 2, [0x15] = 2, [0x1d] = 2, [0x25] = 2, [0x2d] = 2, [0x35] = 2,
    [0x3d] = 2, [0x68] = 2, [0x69] = 2, [0x81] = 2, [0x8f] = 2, [0xa0] = 2, [0xa1] = 2, [0xa2] = 2, [0xa3] = 2,
    [0xa9] = 2, [0xb8] = 2, [0xb9] = 2, [0xba] = 2, [0xbb] = 2, [0xbc] = 2, [0xbd] = 2, [0xbe] = 2, [0xbf] = 2,
    [0xc4] = 2, [0xc5] = 2, [0xc8] = 2, [0xf7] = 2};

/* The length, and a byte where there is no instruction. */
static unsigned lead_from(struct abi_walk *w, size_t at)
{
    struct x86_insn insn;
    const unsigned length = x86_decode(w->bytes + at, w->units - at, &insn);
    if (!length || insn.class == X86_INVALID)
        return 1;
    if (insn.flow == X86_BRANCH || insn.flow == X86_JUMP) {
        const uint64_t to = at + length + (uint64_t)insn.immediate;
        if (to < w->units)
            w->flags[to] |= ABI_LEADER;
    } else if (w->notes && (insn.rip_relative || w->map->absolute)) {
        abi_note_x86(w->notes, w->map, &insn, w->f->start + at);
    }
    return length;
}

/* The same of the frequent ones; false: it is another. */
static inline bool lead_shortly(struct abi_walk *w, size_t at)
{
    struct x86_short i;
    if (w->units - at < SHORT_READS || !x86_short_decode(w->bytes + at, &i))
        return false;
    if (x86_short_is_branch(&i) || x86_short_is_jump(&i)) {
        const uint64_t to = at + i.length + (uint64_t)(int64_t)x86_short_immediate(&i);
        if (to < w->units)
            w->flags[to] |= ABI_LEADER;
    } else if (i.map == SHORT_ONE && i.opcode == 0x8d && (i.modrm & 0xc7) == 5 && w->notes) {
        abi_set(w->notes, w->f->start + at + i.length + (uint64_t)(int64_t)x86_short_displacement(&i));
    }
    return i.map == SHORT_VECTOR || !w->map->absolute;
}

/* Marks the targets of branches as leaders, and notes the addresses that are formed, of the instructions that a sweep came
 * upon. */
static void lead_x86(struct abi_walk *w)
{
    const struct mark_span *span = w->begins ? marks_span(w->begins, w->f->start) : NULL;
    const unsigned mask = w->map->absolute && w->notes ? 3 : 1;
    const uint64_t first = span ? w->f->start - span->address : 0, last = first + w->units;
    uint64_t from = UINT64_MAX << first % 64;
    for (size_t at = 0; !span && at < w->units;)
        at += lead_from(w, at);
    for (uint64_t word = first / 64; span && word * 64 < last; word++, from = UINT64_MAX)
        for (uint64_t left = span->bits[word] & from; left; left &= left - 1) {
            const uint64_t at = word * 64 + (unsigned)__builtin_ctzll(left) - first;
            const uint8_t *byte = w->bytes + at;
            if (at + 1 >= w->units)
                break;
            byte += *byte >> 4 == 4;
            const bool plain_0f = *byte == 0x0f && mask == 1 && byte[1] >> 4 != 8 && at + 2 < w->units;
            if (matters[*byte] & mask && !plain_0f && !lead_shortly(w, at))
                (void)lead_from(w, at);
        }
}

bool abi_find_leaders(struct abi_walk *w)
{
    if (w->branched) {
        lead_as_seen(w);
    } else {
        w->flags[0] = ABI_LEADER;
        if (w->arch == ARCH_AMD64)
            lead_x86(w);
        if (w->arch == ARCH_ARM64)
            mark_a64(w);
        for (size_t from = 0; from < w->units; from += ABI_STRIDE)
            for (size_t at = from; at < from + ABI_STRIDE && any(w, from); at++)
                if (w->flags[at] & ABI_LEADER)
                    lead(w, at);
    }
    if (w->leader_count <= w->state_room || abi_is_large(w->units, w->leader_count))
        return true;
    free(w->states);
    w->states = malloc(w->leader_count * sizeof *w->states);
    w->state_room = w->states ? w->leader_count : 0;
    w->glances = (void *)w->states;
    return w->states;
}
