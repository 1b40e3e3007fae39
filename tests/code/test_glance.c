/* A glance at a function says that it keeps its convention only where all that can be known says the same. Held against it
 * over functions made by chance of what real ones are made of: a frame, saves, a body with branches and calls, restores, and
 * now and then another instruction in place of one of these. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "checks/code/abi_glance.h"
#include "checks/code/abi_walk.h"
#include "checks/code/starts.h"
#include "checks/code/x86_short.h"

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
    uint64_t understood, surely;
    size_t hits;
    bool odd, glanced;
};

static struct seen see(const struct map *map, enum arch arch, const struct abi_function *f, bool thorough)
{
    struct abi_bits none = {0};
    struct abi_walk walk = {.map = map,
                            .arch = arch,
                            .called = &none,
                            .taken = &none,
                            .endless = &none,
                            .fragments = &none,
                            .platform = f->profile == ABI_APPLE ? ABI_APPLE : ABI_AAPCS64,
                            .thorough = thorough};
    assert_true(abi_walk(&walk, f));
    const bool asked = f->profile != ABI_GO && f->profile != ABI_GUESSED;
    const bool moot = walk.odd && (f->profile == ABI_GUESSED || f->called ||
                                   arch == ARCH_AMD64); /* nothing is told of such a function */
    const struct seen seen = {walk.understood, moot ? 0 : walk.surely, moot ? 0 : walk.hit_count, walk.odd && asked,
                              walk.glanced};
    abi_walk_free(&walk);
    return seen;
}

struct tally {
    size_t glanced, broken;
};

/* Both ways, which must agree. */
static void hold(enum arch arch, enum abi_profile profile, bool called, const uint8_t *bytes, size_t size,
                 struct tally *tally)
{
    struct span span = {.address = BASE, .size = size, .memory_size = size, .data = bytes};
    struct code_range range = {BASE, size};
    struct map map = {.count = 1, .spans = &span, .code_count = 1, .code = &range, .code_size = size};
    const struct abi_function function = {
        .start = BASE, .size = size, .profile = (uint8_t)profile, .called = called, .interface = true};
    const struct seen full = see(&map, arch, &function, true), glance = see(&map, arch, &function, false);
    tally->glanced += glance.glanced;
    tally->broken += full.hits > 0;
    if (glance.hits == full.hits && glance.understood == full.understood && glance.surely == full.surely &&
        glance.odd == full.odd)
        return;
    for (size_t i = 0; i < size; i++)
        printf("%02x%s", bytes[i], i % 4 == 3 ? " " : "");
    fail_msg("profile %u: %zu hits instead of %zu, %u bytes instead of %u", profile, glance.hits, full.hits,
             (unsigned)glance.understood, (unsigned)full.understood);
}

static void a_glance_says_no_more_than_is_known(void **state)
{
    static const enum abi_profile profiles[] = {ABI_AAPCS64, ABI_APPLE, ABI_GO, ABI_GUESSED};
    struct tally tally = {0};
    uint64_t seed = 1;
    (void)state;
    for (unsigned n = 0; n < FUNCTIONS; n++) {
        uint32_t words[MOST];
        uint8_t bytes[MOST * 4];
        const size_t count = make(&seed, words);
        for (size_t i = 0; i < count * 4; i++)
            bytes[i] = (uint8_t)(words[i / 4] >> (8 * (i % 4)));
        const enum abi_profile profile = profiles[chance(&seed, 4)];
        hold(ARCH_ARM64, profile, profile < ABI_GO && chance(&seed, 2), bytes, count * 4, &tally);
    }
    assert_in_range(tally.glanced, FUNCTIONS / 8, FUNCTIONS);
    assert_in_range(tally.broken, FUNCTIONS / 8, FUNCTIONS);
}

/* The same of x86-64: each string is an instruction, and its length comes first. */
static const struct {
    const char *before[4], *after[4];
} frames_x86[] = {
    {{"\x04\x48\x83\xec\x08"}, {"\x04\x48\x83\xc4\x08"}},                                 /* sub rsp, 8 */
    {{"\x01\x53", "\x03\x48\x89\xfb"}, {"\x01\x5b"}},                                     /* push rbx; mov rbx, rdi */
    {{"\x01\x55", "\x03\x48\x89\xe5", "\x04\x48\x83\xec\x10"}, {"\x01\xc9"}},             /* push rbp; mov; leave */
    {{"\x02\x41\x54", "\x01\x55", "\x01\x53"}, {"\x01\x5b", "\x01\x5d", "\x02\x41\x5c"}}, /* r12, rbp, rbx */
    {{"\x05\x48\x89\x5c\x24\xf0", "\x04\x48\x83\xec\x18"}, {"\x04\x48\x83\xc4\x18", "\x05\x48\x8b\x5c\x24\xf0"}},
};
static const char *const body_x86[] = {
    "\x03\x48\x89\xc3",
    "\x03\x48\x89\xd8",
    "\x05\x48\x8d\x5c\x24\x08",
    "\x05\x48\x8d\x44\x24\x08",
    "\x05\x48\x89\x44\x24\x08",
    "\x05\x48\x8b\x5c\x24\x08",
    "\x04\x48\x89\x04\x24",
    "\x03\x48\x89\x18",
    "\x02\x31\xdb",
    "\x02\x31\xc0",
    "\x05\xe8\x00\x10\x00\x00",
    "\x02\xff\xd0",
    "\x02\xff\xe0",
    "\x03\x48\x01\xe0",
    "\x03\x48\x29\xc4",
    "\x01\x53",
    "\x01\x5b",
    "\x04\x48\x83\xe4\xf0",
    "\x08\x48\x89\x84\x24\x70\xff\xff\xff",
    "\x04\x48\x8b\x45\xf8",
    "\x04\x48\x89\x45\xf8",
    "\x04\x0f\x29\x04\x24",
    "\x05\x0f\x11\x44\x24\x08",
    "\x05\xf3\x0f\x11\x04\x24",
    "\x04\x48\x0f\x44\xd8",
    "\x03\x0f\x94\xc3",
    "\x04\x48\x8b\x1c\x24",
    "\x05\x80\x4c\x24\x08\x00",
    "\x04\x83\x0c\x24\x00",
    "\x02\x84\xdb",
    "\x04\x48\x0f\xaf\xd8",
    "\x03\x0f\xb6\xd8",
    "\x04\x48\x83\xc3\x08",
    "\x05\xb8\x08\x00\x00\x00",
    "\x05\xbb\x08\x00\x00\x00",
    "\x02\x89\xe8",
    "\x03\x48\x87\xd8",
    "\x04\x48\x8d\x65\xf8",
    "\x02\x88\xe7",
    "\x02\x0f\x0b",
    "\x04\xf3\x0f\x1e\xfa",
    "\x01\x90",
    "\x02\x6a\x00",
    "\x06\xc4\xe2\x70\xf2\xd8\x90",
    "\x07\xc7\x04\x24\x00\x00\x00\x00",
    "\x03\x48\x05\x10",
    "\x06\x48\x05\x10\x00\x00\x00",
    "\x01\xc3",
};

enum { ROOM = 256 };

static size_t put_x86(uint8_t *bytes, size_t count, const char *insn)
{
    memcpy(bytes + count, insn + 1, (size_t)insn[0]);
    return count + (size_t)insn[0];
}

static size_t make_x86(uint64_t *seed, uint8_t bytes[ROOM])
{
    const unsigned frame = chance(seed, sizeof frames_x86 / sizeof *frames_x86), length = 2 + chance(seed, 14);
    size_t count = 0;
    for (unsigned i = 0; i < 4 && frames_x86[frame].before[i]; i++)
        count = put_x86(bytes, count, frames_x86[frame].before[i]);
    for (unsigned i = 0; i < length; i++) {
        const uint8_t jump[2] = {(uint8_t)(chance(seed, 3) ? 0x74 : 0xeb), (uint8_t)(chance(seed, 40) - 20)};
        if (chance(seed, 4))
            count = put_x86(bytes, count, body_x86[chance(seed, sizeof body_x86 / sizeof *body_x86)]);
        else
            memcpy(bytes + (count += 2) - 2, jump, 2);
    }
    for (unsigned ways = 1 + chance(seed, 2); ways; ways--) {
        for (unsigned i = 0; i < 4 && frames_x86[frame].after[i]; i++)
            count = put_x86(bytes, count, frames_x86[frame].after[i]);
        bytes[count++] = 0xc3;
    }
    return count;
}

static void nor_does_a_glance_at_x86(void **state)
{
    struct tally tally = {0};
    uint64_t seed = 2;
    (void)state;
    for (unsigned n = 0; n < FUNCTIONS; n++) {
        uint8_t bytes[ROOM];
        const size_t count = make_x86(&seed, bytes);
        hold(ARCH_AMD64, ABI_SYSV, false, bytes, count, &tally);
    }
    assert_in_range(tally.glanced, FUNCTIONS / 16, FUNCTIONS);
    assert_in_range(tally.broken, FUNCTIONS / 16, FUNCTIONS);
}

static bool same(const struct x86_short *s, const struct x86_insn *i)
{
    const bool one = s->map == SHORT_ONE, branch = x86_short_is_branch(s), jump = x86_short_is_jump(s);
    const bool call = one && s->opcode == 0xe8, leaves = one && s->opcode == 0xc3, modrm = s->what & SHORT_MODRM;
    const int64_t immediate = x86_short_immediate_size(s) ? x86_short_immediate(s) : 0;
    return s->length == i->length && i->class != X86_INVALID && !i->segment && !i->address_32 &&
           (i->rex & 31) == s->rex && i->opcode == s->opcode && i->has_modrm == modrm &&
           i->map == (one ? MAP_ONE : MAP_0F) &&
           (!modrm || (i->modrm == s->modrm && i->displacement == x86_short_displacement(s))) &&
           (!i->has_sib || i->sib == s->sib) && i->immediate == immediate && (i->flow == X86_BRANCH) == branch &&
           (i->flow == X86_JUMP) == jump && (i->flow == X86_CALL) == call && (i->flow == X86_RETURN) == leaves &&
           (i->flow != X86_NEXT) == (branch || jump || call || leaves);
}

/* Every prefix that is taken, REX, opcode and ModRM byte, with whatever may follow. */
static void what_is_taken_apart_shortly_is_what_it_is(void **state)
{
    static const uint8_t prefixes[] = {0, 0x66, 0xf3, 0xf2};
    uint64_t seed = 3;
    size_t taken = 0;
    (void)state;
    for (uint32_t n = 0; n < 4u << 22; n++) {
        const unsigned prefix = n & 3, map = n >> 2 & 1, rex = n >> 3 & 31, opcode = n >> 8 & 255, modrm = n >> 16;
        uint8_t bytes[SHORT_READS + 40] = {0};
        struct x86_short s;
        struct x86_insn insn;
        size_t count = 0;
        if (prefix)
            bytes[count++] = prefixes[prefix];
        if (rex & 16)
            bytes[count++] = (uint8_t)(0x40 | (rex & 15));
        if (map)
            bytes[count++] = 0x0f;
        bytes[count++] = (uint8_t)opcode;
        bytes[count++] = (uint8_t)modrm;
        for (unsigned i = 0; i < 12; i++)
            bytes[count + i] = (uint8_t)chance(&seed, 256);
        if (!x86_short_decode(bytes, &s))
            continue;
        taken++;
        if (!x86_decode(bytes, sizeof bytes, &insn) || !same(&s, &insn))
            fail_msg("%02x, REX %x, map %u, opcode %02x, ModRM %02x", prefixes[prefix], rex, map, opcode, modrm);
    }
    assert_in_range(taken, 100000, 4u << 22);
}

/* Below the stack pointer of the entry, above it and across: by the bytes, one by one. */
static void words_of_the_stack_are_those_of_its_bytes(void **state)
{
    (void)state;
    for (int64_t at = -600; at < 600; at++)
        for (unsigned size = 1; size <= 64; size++) {
            uint64_t words = 0;
            for (unsigned i = 0; i < size; i++)
                words |= (uint64_t)1 << (((uint64_t)(at + i + 4096) >> 3) & 63);
            assert_true(glance_words(at, size) == words);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_of_the_stack_are_those_of_its_bytes),
        cmocka_unit_test(a_glance_says_no_more_than_is_known),
        cmocka_unit_test(nor_does_a_glance_at_x86),
        cmocka_unit_test(what_is_taken_apart_shortly_is_what_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
