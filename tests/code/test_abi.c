/* Functions that keep AAPCS64 and functions that break one rule of it each. The words were made by LLVM's assembler from
 * the instructions beside them; what a function does to registers and stack is what the manual says of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checks/code/a64.h"
#include "checks/code/abi_quick.h"
#include "checks/code/abi_quick_x86.h"
#include "checks/code/abi_walk.h"
#include "checks/code/starts.h"

enum { MOST = 24, BASE = 0x400000, NONE = BREACH_COUNT };

struct example {
    const char *name;
    enum abi_profile profile;
    unsigned breach;      /* enum abi_breach: the one that is found; NONE: none */
    unsigned reg, count;  /* of its hits */
    uint32_t words[MOST]; /* up to a 0 */
};

static const struct example examples[] = {
#define EXAMPLE(name, profile, breach, reg, count, ...) {#name, ABI_##profile, breach, reg, count, {__VA_ARGS__}},
#include "tests/code/abi_functions.def"
#undef EXAMPLE
};

static void check(const struct example *example)
{
    uint8_t bytes[(MOST + 4) * 4] = {0};
    size_t words = 0;
    for (; example->words[words]; words++)
        for (size_t k = 0; k < 4; k++)
            bytes[words * 4 + k] = (uint8_t)(example->words[words] >> (8 * k));
    struct span span = {.address = BASE, .size = words * 4, .memory_size = words * 4, .data = bytes, .executes = true};
    struct code_range range = {BASE, words * 4};
    struct map map = {.count = 1, .spans = &span, .code_count = 1, .code = &range, .code_size = words * 4};
    struct abi_bits none = {0};
    struct abi_function function = {.start = BASE,
                                    .size = words * 4,
                                    .source = START_EH_FRAME,
                                    .profile = (uint8_t)example->profile,
                                    .interface = true};
    struct abi_walk walk = {.map = &map,
                            .arch = ARCH_ARM64,
                            .called = &none,
                            .endless = &none,
                            .fragments = &none,
                            .platform = example->profile};
    assert_true(abi_walk(&walk, &function));
    if (walk.hit_count != example->count)
        fail_msg("%s: %zu hits instead of %u", example->name, walk.hit_count, example->count);
    for (size_t i = 0; i < walk.hit_count; i++)
        if (walk.hits[i].breach != example->breach || (i == 0 && walk.hits[i].reg != example->reg))
            fail_msg("%s: breach %u of register %u", example->name, walk.hits[i].breach, walk.hits[i].reg);
    abi_walk_free(&walk);
}

static void each_example_breaks_what_it_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++)
        check(&examples[i]);
}

static void there_is_an_example_of_each_breach(void **state)
{
    (void)state;
    for (int breach = 0; breach < BREACH_LANDING_PAD; breach++) { /* that one is no matter of a walk */
        unsigned found = 0;
        for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++)
            found += (int)examples[i].breach == breach;
        assert_true(found > 0);
    }
}

/* Functions of amd64, by GNU as from what is beside them. */
static const struct {
    const char *name;
    unsigned breach, reg, count;
    size_t size;
    uint8_t bytes[40];
} x86_examples[] = {
#define X86(name, breach, reg, count, ...) {#name, breach, reg, count, sizeof(uint8_t[]){__VA_ARGS__}, {__VA_ARGS__}},
#include "tests/code/abi_functions_x86.def"
#undef X86
};

static void each_x86_example_breaks_what_it_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof x86_examples / sizeof x86_examples[0]; i++) {
        const size_t size = x86_examples[i].size;
        struct span span = {
            .address = BASE, .size = size, .memory_size = size, .data = x86_examples[i].bytes, .executes = true};
        struct code_range range = {BASE, size};
        struct map map = {.count = 1, .spans = &span, .code_count = 1, .code = &range, .code_size = size};
        uint64_t first = 1;
        struct abi_bits none = {0}, taken = {.base = BASE, .count = 1, .words = &first};
        struct abi_function function = {.start = BASE, .size = size, .source = START_EH_FRAME, .profile = ABI_SYSV};
        struct abi_walk walk = {.map = &map,
                                .arch = ARCH_AMD64,
                                .called = &none,
                                .taken = &taken,
                                .endless = &none,
                                .fragments = &none,
                                .platform = ABI_SYSV};
        unsigned count = 0;
        assert_true(abi_walk(&walk, &function));
        for (size_t k = 0; k < walk.hit_count; k++) {
            if (!abi_proves(&walk, &function, &walk.hits[k]))
                continue;
            if (walk.hits[k].breach != x86_examples[i].breach ||
                (count == 0 && walk.hits[k].reg != x86_examples[i].reg))
                fail_msg("%s: breach %u of register %u", x86_examples[i].name, walk.hits[k].breach, walk.hits[k].reg);
            count++;
        }
        if (count != x86_examples[i].count)
            fail_msg("%s: %u hits instead of %u", x86_examples[i].name, count, x86_examples[i].count);
        abi_walk_free(&walk);
    }
}

/* A call through a stub may never return, as that of __assert_fail() does not: what comes behind it is then another block's.
 * A function of this program that is called returns. */
static void behind_a_call_that_may_not_return_nothing_is_proved(void **state)
{
    enum { STUB = 12 };
    /* stp x29, x30, [sp, #-32]!; mov x29, sp; cbz x0, 1f; str x19, [sp, #16]; mov x19, x0; cbz x1, 2f; bl stub
     * 1: ldp x29, x30, [sp], #32; ret; 2: ldr x19, [sp, #16]; b 1b; nop */
    uint32_t words[STUB + 4] = {0xa9be7bfd, 0x910003fd, 0xb40000a0, 0xf9000bf3, 0xaa0003f3, 0xb4000081,
                                0x94000006, 0xa8c27bfd, 0xd65f03c0, 0xf9400bf3, 0x17fffffd, 0xd503201f};
    static const uint32_t stub[4] = {0x90000090, 0xf9400211, 0x91000210, 0xd61f0220}; /* adrp x16; ldr x17; add; br */
    static const uint32_t own[4] = {0xd503201f, 0xd65f03c0};
    (void)state;
    for (unsigned away = 0; away < 2; away++) {
        uint8_t bytes[sizeof words];
        memcpy(words + STUB, away ? stub : own, sizeof stub);
        for (size_t i = 0; i < sizeof bytes; i++)
            bytes[i] = (uint8_t)(words[i / 4] >> (8 * (i % 4)));
        struct span span = {.address = BASE, .size = sizeof bytes, .memory_size = sizeof bytes, .data = bytes};
        struct code_range range = {BASE, sizeof bytes};
        struct map map = {.count = 1, .spans = &span, .code_count = 1, .code = &range, .code_size = sizeof bytes};
        struct abi_bits none = {0};
        struct abi_function function = {.start = BASE, .size = STUB * 4, .profile = ABI_AAPCS64, .interface = true};
        struct abi_walk walk = {.map = &map,
                                .arch = ARCH_ARM64,
                                .called = &none,
                                .endless = &none,
                                .fragments = &none,
                                .platform = ABI_AAPCS64};
        assert_true(abi_walk(&walk, &function));
        assert_int_equal(walk.hit_count, away ? 0 : 1);
        assert_int_equal(walk.understood, (STUB - 1) * 4);
        abi_walk_free(&walk);
    }
}

static uint32_t random_word(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*seed >> 32);
}

static struct abi_value random_value(uint64_t *seed)
{
    static const enum abi_kind kinds[] = {ABI_UNKNOWN, ABI_MIXED,  ABI_COMPUTED, ABI_CONSTANT, ABI_ENTRY,   ABI_LINK,
                                          ABI_LINKED,  ABI_SIGNED, ABI_STACK,    ABI_NEAR,     ABI_RELOADED};
    const uint32_t word = random_word(seed);
    const enum abi_kind kind = kinds[word % (sizeof kinds / sizeof kinds[0])];
    const int32_t n = (int32_t)(word >> 16 & 0xfff) - 0x800;
    switch (kind) {
    case ABI_ENTRY:
        return abi_value(kind, 19 + (word >> 8) % 12, 0);
    case ABI_SIGNED:
        return abi_value(kind, 'A', n);
    case ABI_NEAR:
        return abi_value(kind, 0, n & 15);
    case ABI_STACK:
    case ABI_CONSTANT:
    case ABI_RELOADED:
        return abi_value(kind, 0, n);
    case ABI_UNKNOWN:
    case ABI_MIXED:
    case ABI_COMPUTED:
    case ABI_LINK:
    case ABI_LINKED:
    default:
        return abi_value(kind, 0, 0);
    }
}

/* With the stack pointer where it may be as often as not, and some words of the stack known. */
static void random_state(struct abi_state *state, uint64_t *seed)
{
    abi_entry(state);
    for (unsigned r = 0; r < 32; r++)
        state->x[r] = random_value(seed);
    for (unsigned i = 0; i < ABI_VECTORS; i++)
        state->v[i] = random_value(seed);
    if (random_word(seed) & 1)
        state->x[REGISTER_SP] = abi_value(ABI_STACK, 0, -(int32_t)(random_word(seed) % 64) * 16);
    const unsigned slots = random_word(seed) % 4;
    for (int32_t at = -1024; state->slot_count < slots; at += 8 + 8 * (int32_t)(random_word(seed) % 64))
        state->slots[state->slot_count++] = (struct abi_slot){at, random_value(seed)};
}

static bool same_states(const struct abi_state *a, const struct abi_state *b)
{
    bool same = a->slot_count == b->slot_count;
    for (unsigned r = 0; r < 32; r++)
        same &= abi_same(a->x[r], b->x[r]);
    for (unsigned i = 0; i < ABI_VECTORS; i++)
        same &= abi_same(a->v[i], b->v[i]);
    for (unsigned i = 0; same && i < a->slot_count; i++)
        same &= a->slots[i].at == b->slots[i].at && abi_same(a->slots[i].value, b->slots[i].value);
    return same;
}

/* What is done at once is what the long way does and tells, and is never done to words that are no instructions: over every
 * value of the bits that say what an instruction is. */
static void what_is_done_at_once_is_done_right(void **state)
{
    enum { TOPS = 1 << 22, REGISTERS = 10 /* bits */, ENOUGH = 3 << 18 };
    static const struct abi_function function = {.start = BASE, .size = 4, .profile = ABI_APPLE, .interface = true};
    struct abi_bits none = {0};
    const struct abi_walk fresh = {.arch = ARCH_ARM64,
                                   .platform = ABI_APPLE,
                                   .called = &none,
                                   .fragments = &none,
                                   .endless = &none,
                                   .f = &function};
    uint64_t seed = 1;
    unsigned done = 0;
    (void)state;
    for (uint32_t top = 0; top < TOPS; top++) {
        const uint32_t word = top << REGISTERS | (random_word(&seed) & ((1u << REGISTERS) - 1));
        struct abi_walk quick = fresh, slow = fresh;
        struct abi_state before, after;
        struct operands o;
        random_state(&before, &seed);
        abi_copy(&after, &before);
        enum abi_quickly quickly = abi_quick(&quick, 0, word, &after);
        if (quickly == ABI_LONG_WAY) {
            assert_true(same_states(&before, &after) && !quick.odd && !quick.stores);
            continue;
        }
        if (a64_classify(word) == A64_UNALLOCATED)
            fail_msg("%08x is no instruction", (unsigned)word);
        a64_operands(word, &o);
        abi_look(&slow, 0, word, &o, &before);
        abi_step(&before, &o);
        bool on = abi_flow(&slow, 0, &o, &before);
        if (!same_states(&before, &after) || quick.stores != slow.stores || quick.away != slow.away ||
            quick.saves != slow.saves || quick.suspect != slow.suspect || quick.odd != slow.odd ||
            quick.pooled != slow.pooled || !abi_same(quick.pool, slow.pool) || on != (quickly == ABI_DONE))
            fail_msg("%08x is done otherwise", (unsigned)word);
        done++;
    }
    assert_true(done > ENOUGH);
}

/* The same on x86-64, over all opcodes of the first two maps, all bytes ModRM and SIB, with REX and without. */
static void what_is_done_at_once_on_x86_is_done_right(void **state)
{
    enum { OPERANDS = 1 << 16, ENOUGH = 1 << 19 };
    static const uint8_t starts[][2] = {{0},    {0x48},       {0x49}, {0x4c}, {0x41},
                                        {0x0f}, {0x48, 0x0f}, {0x66}, {0x64}, {0x67}};
    static const struct abi_function function = {.start = BASE, .size = 1, .profile = ABI_SYSV};
    struct abi_bits none = {0};
    const struct abi_walk fresh = {.arch = ARCH_AMD64,
                                   .platform = ABI_SYSV,
                                   .called = &none,
                                   .fragments = &none,
                                   .endless = &none,
                                   .f = &function};
    uint64_t seed = 1;
    unsigned done = 0;
    (void)state;
    for (uint32_t n = 0; n < sizeof starts / sizeof starts[0] * OPERANDS * 4; n++) {
        const uint8_t *start = starts[n / 4 / OPERANDS];
        uint8_t bytes[2 * X86_LONGEST];
        size_t at = 0;
        for (; at < 2 && start[at]; at++)
            bytes[at] = start[at];
        bytes[at++] = (uint8_t)n;
        bytes[at++] = (uint8_t)(n >> 8);
        while (at < sizeof bytes)
            bytes[at++] = random_word(&seed) & 1 ? (uint8_t)random_word(&seed) : 0xff;
        struct abi_walk quick = fresh, slow = fresh;
        struct abi_state before, after;
        struct operands o[X86_STEPS];
        struct x86_insn insn;
        if (!x86_decode(bytes, sizeof bytes, &insn) || insn.class == X86_INVALID || insn.flow != X86_NEXT)
            continue;
        random_state(&before, &seed);
        for (unsigned r = 9; r <= 18; r++) /* nobody has these */
            before.x[r] = abi_value(ABI_UNKNOWN, 0, 0);
        abi_copy(&after, &before);
        if (!abi_quick_x86(&quick, &insn, &after)) {
            assert_true(same_states(&before, &after) && !quick.odd && !quick.stores);
            continue;
        }
        for (unsigned i = 0, count = x86_operands(&insn, o); i < count; i++) {
            const bool stack = o[i].base < 32 && (o[i].base == REGISTER_SP || before.x[o[i].base].kind == ABI_STACK);
            const bool tests = insn.map == MAP_ONE && (insn.opcode == 0x84 || insn.opcode == 0x85);
            if ((o[i].form == FORM_LOAD || o[i].form == FORM_STORE) && stack && !o[i].moves && !tests)
                fail_msg("%02x is an access of the stack", (unsigned)insn.opcode);
            if (o[i].form == FORM_STORE)
                abi_note_saves(&slow, &o[i], &before);
            abi_step(&before, &o[i]);
            (void)abi_flow(&slow, 0, &o[i], &before);
        }
        if (!same_states(&before, &after) || quick.stores != slow.stores || quick.away != slow.away ||
            quick.saves != slow.saves || quick.odd != slow.odd)
            fail_msg("%02x %02x is done otherwise", (unsigned)insn.opcode, (unsigned)insn.modrm);
        done++;
    }
    assert_true(done > ENOUGH);
}

/* What is known where two ways meet, one value at a time, as abi_state.h says of kinds. */
static struct abi_value naive_meet(struct abi_value a, struct abi_value b)
{
    const bool counts[2] = {a.kind == ABI_COMPUTED || a.kind == ABI_CONSTANT,
                            b.kind == ABI_COMPUTED || b.kind == ABI_CONSTANT};
    const bool number = counts[0] || counts[1] || a.kind == ABI_MIXED || b.kind == ABI_MIXED;
    const bool link = a.kind == ABI_LINK || a.kind == ABI_LINKED || b.kind == ABI_LINK || b.kind == ABI_LINKED;
    if (abi_same(a, b))
        return a;
    if ((a.kind == ABI_STACK || a.kind == ABI_NEAR) && (b.kind == ABI_STACK || b.kind == ABI_NEAR))
        return (a.n & 15) == (b.n & 15) ? abi_value(ABI_NEAR, 0, a.n & 15) : abi_value(ABI_UNKNOWN, 0, 0);
    if (a.kind == ABI_RELOADED && b.kind == ABI_RELOADED)
        return abi_value(ABI_RELOADED, 0, ABI_ANYWHERE);
    if (counts[0] && counts[1])
        return abi_value(ABI_COMPUTED, 0, 0);
    return abi_value((enum abi_kind)((number ? ABI_MIXED : 0) | (link ? ABI_LINKED : 0)), 0, 0);
}

static void where_ways_meet_both_are_kept(void **state)
{
    enum { TRIES = 200000 };
    uint64_t seed = 1;
    (void)state;
    for (unsigned n = 0; n < TRIES; n++) {
        struct abi_state one, other, both;
        bool lost = false;
        random_state(&one, &seed);
        random_state(&other, &seed);
        for (unsigned r = 0; r < 32; r++)
            if (random_word(&seed) & 3)
                other.x[r] = one.x[r];
        abi_copy(&both, &one);
        bool said = abi_join(&both, &other);
        for (unsigned r = 0; r < 32; r++) {
            assert_true(abi_same(both.x[r], naive_meet(one.x[r], other.x[r])));
            lost |= !abi_same(both.x[r], one.x[r]);
        }
        for (unsigned i = 0; i < ABI_VECTORS; i++) {
            assert_true(abi_same(both.v[i], naive_meet(one.v[i], other.v[i])));
            lost |= !abi_same(both.v[i], one.v[i]);
        }
        const bool alike = one.slot_count == other.slot_count &&
                           memcmp(one.slots, other.slots, one.slot_count * sizeof one.slots[0]) == 0;
        for (uint32_t i = 0; i < one.slot_count; i++) {
            struct abi_value slot = naive_meet(one.slots[i].value, abi_slot(&other, one.slots[i].at));
            bool drops = !alike && (slot.kind & ~(ABI_MIXED | ABI_LINKED)) == 0;
            assert_true(abi_same(abi_slot(&both, one.slots[i].at), drops ? abi_value(ABI_UNKNOWN, 0, 0) : slot));
            lost |= !abi_same(slot, one.slots[i].value);
        }
        assert_true(lost == said);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_example_breaks_what_it_says),
        cmocka_unit_test(there_is_an_example_of_each_breach),
        cmocka_unit_test(behind_a_call_that_may_not_return_nothing_is_proved),
        cmocka_unit_test(what_is_done_at_once_is_done_right),
        cmocka_unit_test(what_is_done_at_once_on_x86_is_done_right),
        cmocka_unit_test(where_ways_meet_both_are_kept),
        cmocka_unit_test(each_x86_example_breaks_what_it_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
