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

static uint32_t random_word(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*seed >> 32);
}

static void random_state(struct abi_state *state, uint64_t *seed)
{
    abi_entry(state);
    for (unsigned r = 0; r < 32; r++) {
        uint32_t word = random_word(seed);
        enum abi_kind kind = (enum abi_kind)(word % (ABI_SIGNED + 1));
        unsigned reg = kind == ABI_ENTRY ? 19 + (word >> 8) % 12 : kind == ABI_SIGNED ? 'A' : 0;
        state->x[r] = abi_value(kind, reg, (int32_t)(word >> 16) - 32768);
        if (kind != ABI_STACK && kind != ABI_CONSTANT && kind != ABI_SIGNED && kind != ABI_RELOADED)
            state->x[r].n = kind == ABI_NEAR ? state->x[r].n & 15 : 0;
    }
}

/* What is done at once is what the long way does, tells nothing that the long way tells, and is never done to words that are
 * no instructions. */
static void what_is_done_at_once_is_done_right(void **state)
{
    enum { TRIES = 2000000, ENOUGH = 100000 };
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
    for (unsigned i = 0; i < TRIES; i++) {
        uint32_t word = random_word(&seed);
        struct abi_walk quick = fresh, slow = fresh;
        struct abi_state before, after, expected;
        struct operands o;
        random_state(&before, &seed);
        abi_copy(&after, &before);
        abi_copy(&expected, &before);
        bool allocated = a64_classify(word) != A64_UNALLOCATED;
        if (abi_quick(&quick, 0, word, &after) == ABI_LONG_WAY && !(allocated && abi_compute(word, &after)))
            continue;
        if (!allocated)
            fail_msg("%08x is no instruction", (unsigned)word);
        a64_operands(word, &o);
        if (o.form == FORM_BRANCH || o.form == FORM_JUMP)
            continue;
        abi_look(&slow, 0, word, &o, &before);
        abi_step(&expected, &o);
        bool same = quick.stores == slow.stores && quick.away == slow.away && quick.saves == slow.saves &&
                    !slow.suspect && !slow.odd && !(o.gprs >> REGISTER_SP);
        for (unsigned r = 0; r < 32; r++)
            same &= abi_same(after.x[r], expected.x[r]);
        for (unsigned r = 0; r < ABI_VECTORS; r++)
            same &= abi_same(after.v[r], expected.v[r]);
        if (!same || after.slot_count != expected.slot_count)
            fail_msg("%08x is done otherwise", (unsigned)word);
        done++;
    }
    assert_true(done > ENOUGH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_example_breaks_what_it_says),
        cmocka_unit_test(there_is_an_example_of_each_breach),
        cmocka_unit_test(what_is_done_at_once_is_done_right),
        cmocka_unit_test(each_x86_example_breaks_what_it_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
