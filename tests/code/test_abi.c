/* Functions that keep AAPCS64 and functions that break one rule of it each. The words were made by LLVM's assembler from
 * the instructions beside them; what a function does to registers and stack is what the manual says of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    struct abi_walk walk = {
        .map = &map, .called = &none, .endless = &none, .fragments = &none, .platform = example->profile};
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_example_breaks_what_it_says),
        cmocka_unit_test(there_is_an_example_of_each_breach),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
