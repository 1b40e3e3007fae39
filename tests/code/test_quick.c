/* The sweep's fast way: what it tells of instructions is what the decoder tells of them, with AVX2 and without. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "checks/code/a64.h"
#include "checks/code/isa.h"
#include "checks/code/quick.h"
#include "checks/code/x86.h"

enum { NOISE = 1 << 20 };

/* Bytes by chance, of which half begin like instructions that programs have. */
static unsigned char *noise(void)
{
    static const unsigned char often[] = {0x48, 0x4c, 0x0f, 0x66, 0xf2, 0xf3, 0x89, 0x8b,
                                          0xe8, 0xc7, 0xf7, 0xff, 0x24, 0x05, 0x45, 0x90};
    unsigned char *bytes = malloc(NOISE + QUICK_ROOM);
    uint64_t state = 88172645463325252u;
    for (size_t i = 0; i < NOISE + QUICK_ROOM; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes[i] = state & 0x100 ? (unsigned char)state : often[state >> 20 & 15];
    }
    return bytes;
}

static void quick_lengths_are_those_of_the_decoder(void **state)
{
    const struct isa_class *classes;
    unsigned char *bytes = noise();
    size_t quick = 0;
    (void)state;
    isa_classes(ARCH_AMD64, &classes);
    for (size_t i = 0; i < NOISE; i++) {
        struct x86_insn insn;
        unsigned length = quick_length(bytes + i), whole = x86_decode(bytes + i, QUICK_ROOM, &insn);
        if (!length)
            continue;
        quick++;
        assert_int_equal(length & (QUICK_REL32 - 1u), whole);
        assert_int_not_equal(insn.class, X86_INVALID);
        assert_int_equal(classes[insn.class].needs[0], FEATURE_NONE);
        bool direct =
            (insn.flow == X86_BRANCH || insn.flow == X86_JUMP || insn.flow == X86_CALL) && insn.immediate_size == 4;
        assert_int_equal((length & QUICK_REL32) != 0, direct);
    }
    assert_true(quick > NOISE / 3);
    free(bytes);
}

/* Both walks stop at the same places, wherever they begin. */
static void quick_walks_agree(void **state)
{
    static struct quick plain, wide;
    unsigned char *bytes = noise();
    (void)state;
    quick_init(&plain, false);
    quick_init(&wide, true);
    for (size_t at = 0, next; at < NOISE; at = next + 1) {
        size_t stop = at + 1 + at % 3000 < NOISE ? at + 1 + at % 3000 : NOISE;
        next = quick_walk(&plain, bytes, NOISE + QUICK_ROOM, at, stop);
        assert_int_equal(quick_walk(&wide, bytes, NOISE + QUICK_ROOM, at, stop), next);
    }
    for (size_t at = 0; at < NOISE; at++) /* what is told at each byte, not only where a walk comes by */
        assert_int_equal(quick_walk(&wide, bytes, NOISE + QUICK_ROOM, at, at + 1),
                         quick_walk(&plain, bytes, NOISE + QUICK_ROOM, at, at + 1));
    free(bytes);
}

/* The first word of each class that needs a feature, by the filter and one word after another. */
static void a64_first_words_are_found(void **state)
{
    static const uint32_t often[] = {0x54000000, 0x54000010, 0xd503201f, 0xd503203f,
                                     0x91000000, 0x91800000, 0xd1800000, 0x11c00000};
    const struct isa_class *classes;
    size_t count = isa_classes(ARCH_ARM64, &classes);
    unsigned char *bytes = noise();
    (void)state;
    for (size_t i = 0; i < NOISE / 4; i++) {
        uint32_t word;
        memcpy(&word, bytes + 4 * i, 4);
        word = i % 3 == 0 ? often[word & 7] ^ (word >> 8 & 0x3ff) : word;
        memcpy(bytes + 4 * i, &word, 4);
    }
    for (size_t from = 0; from + 70 < NOISE / 4; from += 70) {
        for (unsigned wide = 0; wide < 2; wide++) {
            struct a64_filter filter;
            uint64_t first[256] = {0}, expected[256] = {0};
            a64_filter_init(&filter, wide);
            a64_first(&filter, bytes + 4 * from, 70, 0x1000, first);
            for (size_t i = 0; i < 70; i++) {
                uint32_t word;
                memcpy(&word, bytes + 4 * (from + i), 4);
                unsigned class = a64_classify(word);
                if (!expected[class])
                    expected[class] = 0x1000 + 4 * i + 1;
            }
            for (size_t i = 0; i < count; i++)
                if (classes[i].needs[0] != FEATURE_NONE)
                    assert_int_equal(first[i], expected[i]);
        }
    }
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quick_lengths_are_those_of_the_decoder),
        cmocka_unit_test(quick_walks_agree),
        cmocka_unit_test(a64_first_words_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
