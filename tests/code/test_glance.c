/* A glance at a function says that it keeps its convention only where all that can be known says the same. Held against it
 * over functions made by chance of what real ones are made of: a frame, saves, a body with branches and calls, restores, and
 * now and then another instruction in place of one of these. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "checks/code/abi_walk.h"
#include "checks/code/starts.h"

enum { MOST = 48, BASE = 0x400000, FUNCTIONS = 200000 };

static uint32_t chance(uint64_t *seed, uint32_t below)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*seed >> 33) % below;
}

/* What happens before the body, and what undoes it. */
static const struct {
    uint32_t before[4], after[4]; /* up to a 0 */
} frames[] = {
    {{0}, {0}},
    {{0xa9be7bfd, 0x910003fd, 0xf9000bf3}, {0xf9400bf3, 0xa8c27bfd}}, /* x29, x30; mov x29, sp; x19 */
    {{0xd10103ff, 0xa9037bfd, 0x9100c3fd, 0xa9024ff4}, {0xa9424ff4, 0xa9437bfd, 0x910103ff}}, /* sub sp, sp, #64 */
    {{0xf81f0ffe}, {0xf84107fe}},                                                             /* x30 alone */
    {{0x6dbe23e9, 0xa9017bfd}, {0xa9417bfd, 0x6cc223e9}},                                     /* d9, d8 */
    {{0xd503233f, 0xa9bf7bfd}, {0xa8c17bfd, 0xd50323bf}},                                     /* PACIASP, AUTIASP */
};

static const uint32_t body[] = {
    0xf9000bf3, 0xf9400be8, 0xf81f0100, 0xaa0003f3, 0xaa1303e0, 0x910043e0, 0x910083f3, 0xf90003e8, 0xf94003e8,
    0xf9000013, 0xf9400013, 0x52800013, 0x1e604008, 0x94001000, 0xd63f0100, 0x910043e8, 0xf9000100, 0xa9000113,
    0xf9000be0, 0xa90103e8, 0xf9400be0, 0xd10043ff, 0x910043ff, 0x910003bf, 0x8b2863e0, 0xf81f03a0, 0xf81f83e0,
    0xa9004ff4, 0xf9400bf3, 0xf90007fe, 0xaa1e03e9, 0xaa0903fe, 0x9e670008, 0xfd000be8, 0xfd400be8, 0x3dc003e8,
    0xd61f0100, 0xd4000001, 0xd4001001, 0xd2800250, 0x8b010000, 0x9b017c00, 0x39400013, 0xb90003f3, 0x00000000,
    0xd503201f, 0xaa0003f2, 0xf8008c13, 0x910003f3, 0x9100427f, 0xd10023ff, 0xd503233f, 0xd50323bf,
};

static uint32_t branch(uint64_t *seed, size_t at, size_t count)
{
    const int32_t by = (int32_t)chance(seed, (uint32_t)count + 1) - (int32_t)at;
    switch (chance(seed, 3)) {
    case 0:
        return 0xb4000000u | ((uint32_t)by & 0x7ffff) << 5; /* CBZ X0 */
    case 1:
        return 0x54000001u | ((uint32_t)by & 0x7ffff) << 5; /* B.NE */
    default:
        return 0x14000000u | ((uint32_t)by & 0x3ffffff); /* B */
    }
}

static size_t put(uint32_t *words, size_t count, const uint32_t *some)
{
    for (size_t i = 0; i < 4 && some[i]; i++)
        words[count++] = some[i];
    return count;
}

static size_t make(uint64_t *seed, uint32_t words[MOST])
{
    const unsigned frame = chance(seed, sizeof frames / sizeof *frames), length = 2 + chance(seed, 14);
    size_t count = put(words, 0, frames[frame].before), first = count;
    for (unsigned i = 0; i < length; i++)
        words[count++] =
            chance(seed, 4) ? body[chance(seed, sizeof body / sizeof *body)] : branch(seed, first + i, first + length);
    for (unsigned ways = 1 + chance(seed, 2); ways; ways--) {
        count = put(words, count, frames[frame].after);
        words[count++] = 0xd65f03c0;
    }
    if (chance(seed, 4) == 0)
        words[chance(seed, (uint32_t)count)] = body[chance(seed, sizeof body / sizeof *body)];
    return count;
}

struct seen {
    uint64_t understood;
    size_t hits;
    bool odd, glanced;
};

static struct seen see(const struct map *map, const struct abi_function *f, bool thorough)
{
    struct abi_bits none = {0};
    struct abi_walk walk = {.map = map,
                            .arch = ARCH_ARM64,
                            .called = &none,
                            .taken = &none,
                            .endless = &none,
                            .fragments = &none,
                            .platform = f->profile == ABI_APPLE ? ABI_APPLE : ABI_AAPCS64,
                            .thorough = thorough};
    assert_true(abi_walk(&walk, f));
    const struct seen seen = {walk.understood, walk.hit_count,
                              walk.odd && f->profile != ABI_GO && f->profile != ABI_GUESSED, walk.glanced};
    const bool moot = walk.odd && f->profile == ABI_GUESSED; /* nothing is told of such a function */
    abi_walk_free(&walk);
    return (struct seen){seen.understood, moot ? 0 : seen.hits, seen.odd, seen.glanced};
}

static void a_glance_says_no_more_than_is_known(void **state)
{
    static const enum abi_profile profiles[] = {ABI_AAPCS64, ABI_APPLE, ABI_GO, ABI_GUESSED};
    uint64_t seed = 1;
    size_t glanced = 0, broken = 0;
    (void)state;
    for (unsigned n = 0; n < FUNCTIONS; n++) {
        uint32_t words[MOST];
        uint8_t bytes[MOST * 4];
        const size_t count = make(&seed, words);
        for (size_t i = 0; i < count * 4; i++)
            bytes[i] = (uint8_t)(words[i / 4] >> (8 * (i % 4)));
        struct span span = {.address = BASE, .size = count * 4, .memory_size = count * 4, .data = bytes};
        struct code_range range = {BASE, count * 4};
        struct map map = {.count = 1, .spans = &span, .code_count = 1, .code = &range, .code_size = count * 4};
        struct abi_function function = {
            .start = BASE, .size = count * 4, .profile = (uint8_t)profiles[chance(&seed, 4)], .interface = true};
        const struct seen full = see(&map, &function, true), glance = see(&map, &function, false);
        glanced += glance.glanced;
        broken += full.hits > 0;
        if (glance.hits == full.hits && glance.understood == full.understood && glance.odd == full.odd)
            continue;
        for (size_t i = 0; i < count; i++)
            printf("%08x\n", (unsigned)words[i]);
        fail_msg("function %u of profile %u: %zu hits instead of %zu", n, function.profile, glance.hits, full.hits);
    }
    assert_in_range(glanced, FUNCTIONS / 8, FUNCTIONS);
    assert_in_range(broken, FUNCTIONS / 8, FUNCTIONS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_glance_says_no_more_than_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
