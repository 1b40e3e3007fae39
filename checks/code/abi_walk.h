/* One function, followed from its entry. Part of abi.c; nothing else includes this. */
#ifndef ASSAY_CHECKS_CODE_ABI_WALK_H
#define ASSAY_CHECKS_CODE_ABI_WALK_H

#include "checks/code/abi.h"
#include "checks/code/abi_state.h"
#include "checks/code/marks.h"

struct abi_function {
    uint64_t start, size;
    uint8_t source, profile; /* enum start_source, enum abi_profile */
    bool interface;          /* nobody is known to call it by name, or its address is taken */
    bool fragment;           /* it keeps a convention of its own */
    bool called;             /* no table bounds it: a call leads to it, and it ends where the next one begins */
    bool part;               /* it begins inside a frame, as far as .eh_frame tells */
};

/* A bit for each word of A64 code, or byte of x86-64 code, by address. */
struct abi_bits {
    uint64_t base, count;
    uint64_t *words;
    uint8_t shift; /* 1 << shift bytes have a bit */
};

static inline bool abi_has(const struct abi_bits *bits, uint64_t address)
{
    uint64_t at = (address - bits->base) >> bits->shift;
    return at < bits->count && bits->words[at / 64] >> (at % 64) & 1;
}

static inline void abi_set(const struct abi_bits *bits, uint64_t address)
{
    uint64_t at = (address - bits->base) >> bits->shift;
    if (at < bits->count && (address & ((1u << bits->shift) - 1)) == 0)
        bits->words[at / 64] |= (uint64_t)1 << (at % 64);
}

/* A set of numbers. Above the bit of each are those that say in which words of the level below there are any, so that the
 * next one is found as fast wherever it is. */
enum { ABI_LEVELS = 3 };
struct abi_waiting {
    size_t most, room; /* numbers are not larger; nor could they be without more memory */
    uint64_t *bits[ABI_LEVELS];
};

struct x86_insn;
struct abi_glance;
struct abi_glancing;

struct abi_walk {
    /* given */
    const struct map *map;
    enum arch arch;
    enum abi_profile platform;
    const struct abi_bits *called;    /* by BL */
    const struct abi_bits *taken;     /* functions that pointers lead to */
    const struct abi_bits *endless;   /* functions that never return */
    const struct abi_bits *fragments; /* functions that keep a convention of their own */
    const struct abi_bits *branched;  /* of A64: what branches lead to; NULL: look */
    /* given or NULL: is told of each instruction once all is known of it, in no order; `loose` as in struct abi_hit */
    void (*trace)(void *context, size_t at, const struct abi_state *before, const struct abi_state *after, bool loose);
    void *context;
    bool thorough;              /* a glance is not enough */
    const struct marks *begins; /* of x86-64: where a sweep came upon instructions (scan.h) */
    struct abi_bits *notes; /* of x86-64: NULL, or where addresses that instructions form are noted, as in `taken` */
    /* of the function walked last */
    size_t hit_count;
    struct abi_hit *hits;
    uint64_t understood; /* bytes */
    uint64_t surely;     /* those of a called function that a way from its entry leads to: others may stand behind it */
    bool odd, glanced;   /* glanced: a glance was enough */
    uint64_t stores;     /* registers that it may save anywhere, or whose value at the entry it stores; the same bits */
    uint64_t away;       /* those whose value at the entry it stores elsewhere than on its stack */
    uint64_t saves;      /* registers of the caller that it puts on the stack: bits numbered as ABI_ENTRY's */
    /* its own */
    const struct abi_function *f;
    const uint8_t *bytes;
    size_t units, room, leader_count, state_room, hit_room; /* units: words of A64, bytes of x86-64 */
    uint8_t *flags;                                         /* by unit */
    uint32_t *numbers;                                      /* by unit: of the leader that begins there */
    uint32_t *leaders;                                      /* unit each begins at */
    struct abi_state *states;
    struct abi_glance *glances;    /* in the room of the states */
    struct abi_glancing *glancing; /* abi_glance.h; NULL: the function is followed with all that can be known */
    struct x86_insn *insns;        /* all that there is to know of them */
    uint32_t *order;               /* by unit: the number of the one that begins there, plus one */
    size_t insn_room, order_room;
    struct abi_waiting waiting; /* leaders to be walked */
    size_t doubted;             /* the first that may have come to be so */
    struct abi_value pool;      /* SP at calls and computed jumps, where landing pads and the targets of tables begin */
    bool jumps;                 /* to where a register says */
    bool pooled, reporting, suspect, loose, loose_broken, failed;
};

static inline uint32_t abi_word(const struct abi_walk *walk, size_t at)
{
    return load_le32(walk->bytes + at * 4);
}

/* Nothing waits, of the numbers up to `most`. False: no memory. */
bool abi_waiting_make(struct abi_waiting *waiting, size_t most) MUST_CHECK;
void abi_waiting_put(struct abi_waiting *waiting, size_t number);
void abi_waiting_take(struct abi_waiting *waiting, size_t number);
/* The first from `number` on; SIZE_MAX: none. */
size_t abi_waiting_next(const struct abi_waiting *waiting, size_t number);
void abi_waiting_free(struct abi_waiting *waiting);

/* Functions for which more memory is needed are not followed; compilers make them a third as large. */
enum { ABI_MOST_MEMORY = 40 << 20, ABI_UNIT_MEMORY = 16, ABI_MOST_INSNS = 1 << 18 };
static inline bool abi_is_large(size_t units, size_t leaders)
{
    return units > ABI_MOST_MEMORY / ABI_UNIT_MEMORY ||
           leaders > (ABI_MOST_MEMORY - units * ABI_UNIT_MEMORY) / sizeof(struct abi_state);
}
enum { ABI_LEADER = 1, ABI_VISITED = 2, ABI_PENDING = 4, ABI_KNOWN = 8, ABI_DOUBTED = 16, ABI_OTHERS = 32 };
/* For abi_look*(): a breach. */
void abi_tell(struct abi_walk *walk, size_t at, enum abi_breach breach, unsigned reg, int32_t n);
/* For the two that walk a block: state arrives at the leader `at`; where control goes, false: nowhere in this block. */
void abi_arrive(struct abi_walk *walk, size_t at, const struct abi_state *state);
bool abi_flow(struct abi_walk *walk, size_t at, const struct operands *o, struct abi_state *state);
enum { ABI_STRIDE = 8 /* units whose flags are looked at together, and of which there is room for a multiple */ };
/* A bit for each unit of the stride from `at` on that was visited, eight bits apart. */
static inline uint64_t abi_visited(const struct abi_walk *w, size_t at)
{
    uint64_t flags;
    _Static_assert(ABI_VISITED == 2, "the second bit");
    memcpy(&flags, w->flags + at, ABI_STRIDE);
    return flags >> 1 & UINT64_C(0x0101010101010101);
}

/* Bytes of it; of A64. */
static inline uint64_t abi_visited_bytes(const struct abi_walk *w)
{
    uint64_t sum = 0;
    for (size_t at = 0; at < w->units; at += ABI_STRIDE)
        sum += (abi_visited(w, at) * UINT64_C(0x0101010101010101) >> 56) * 4;
    return sum;
}

static inline bool abi_all_visited(const struct abi_walk *w, size_t at)
{
    return abi_visited(w, at) == UINT64_C(0x0101010101010101);
}

/* Numbers them, and makes room for what is known at each. False: no memory. */
bool abi_find_leaders(struct abi_walk *walk);
/* Decodes all, for abi_walk_block_x86(). False: no memory. */
bool abi_decode_x86(struct abi_walk *walk);
/* Whether this is JMP *slot(%rip), perhaps behind ENDBR64: a call through there leaves the program. */
bool abi_is_stub(const struct abi_walk *walk, uint64_t address);
/* Notes the address that an instruction forms. */
void abi_note_x86(struct abi_bits *taken, const struct map *map, const struct x86_insn *insn, uint64_t address);
/* On from one block into the next, at whose leader `state` arrives; false: nothing is new there. `doubted`: from behind a call
 * of a function that is not known, which may never return. */
bool abi_fall_into(struct abi_walk *walk, size_t at, bool doubted, struct abi_state *state);
/* Whether the instruction calls a function of another program, or one that only a register names. Of A64. */
bool abi_calls_away(const struct abi_walk *walk, size_t at);
/* Whether the instruction accesses the first page, where Linux maps nothing (vm.mmap_min_addr), at an address that the one
 * before makes: abort() of programs that write their own. Of A64. */
bool abi_faults(const struct abi_walk *walk, size_t at);
/* Walks on until control goes elsewhere; returns where the block begins that it ends in. */
size_t abi_walk_block_x86(struct abi_walk *walk, size_t at, const struct abi_state *begin);

enum { ABI_NOP = (int)0xd503201f };
/* ORR X29, X29, #1 << 60: a frame of one of Swift's asynchronous functions, whose convention gives nothing back. */
enum { ABI_SWIFT_FRAME = (int)0xb24403bd };

/* Looks at the instruction that is `at` words into the function, before it is stepped over. */
void abi_look(struct abi_walk *walk, size_t at, uint32_t word, const struct operands *o, const struct abi_state *state);
/* The same of a call, whichever it is. */
void abi_look_at_call(struct abi_walk *walk, size_t at, const struct abi_state *state);
/* Whether a register surely does not hold what it did at the entry. */
bool abi_lost(const struct abi_walk *walk, const struct abi_state *state, struct abi_value value, unsigned reg);
/* What the function keeps of its caller's, and what it stores at all. */
void abi_note_saves(struct abi_walk *walk, const struct operands *o, const struct abi_state *state);
/* False: no memory. */
bool abi_walk(struct abi_walk *walk, const struct abi_function *function) MUST_CHECK;
/* Functions that never return: those without an instruction that does, and what a function calls with its last. */
void abi_note_endless(struct abi_bits *endless, const struct map *map, const struct abi_function *function);
/* Whether what was found in the function walked last is told: others may keep a convention of their own. */
bool abi_proves(const struct abi_walk *walk, const struct abi_function *function, const struct abi_hit *hit);
/* Of x86-64, but for whether a pointer leads to the function. */
bool abi_proves_x86(const struct abi_walk *walk, const struct abi_function *function, const struct abi_hit *hit);
void abi_walk_free(struct abi_walk *walk);

#endif
