/* Programs for arm64 that ask the kernel what the processor can do. The words are of LLVM's assembler; what each program does on a
 * Cortex-A53, which has no LDADD, was seen under qemu-aarch64. */
#include "tests/code/told.h"

/* Bytes of the words up to the zeros at their end. */
static size_t size_of(const uint32_t *words, size_t size)
{
    while (words[size / 4 - 1] == 0)
        size -= 4;
    return size;
}

/* What a variable gathers of AT_HWCAP, bit by bit, as OPENSSL_cpuid_setup() does. The start finds the auxiliary vector behind the
 * arguments and the environment; setup: mov w0, #16; bl ask; adrp x9, page; ldr w1, [x9, #0x600]; orr w2, w1, #4; tst x0, #0x100;
 * csel w1, w2, w1, ne; str w1, [x9, #0x600]; ask() compares with 16 and 26, and goes through the vector. Then tbz w1, #2, over; bl
 * atomics; or mov w3, #4; and w1, w1, w3; cmp w1, w3; b.ne over; or one of two tables is chosen, by csel, and called through. Only
 * the program with the wrong table dies. */
static const struct {
    const char *name;
    uint64_t atomics, plain; /* addresses of two functions, which stand in two tables */
    enum need_kind kind;
    uint32_t words[48];
} gathered[] = {
    {"gathered", 0x401034, 0x40103c, NEED_GUARDED, {0x910003f3, 0xf8408661, 0xb5ffffe1, 0xf8408661, 0xb5ffffe1,
                                                    0x9400000b, 0xb0000089, 0xb9460121, 0x36100041, 0x94000004,
                                                    0x52800000, 0x52800bc8, 0xd4000001, 0xb82103e2, 0xd65f03c0,
                                                    0xd65f03c0, 0xa9bf7bfd, 0x52800200, 0x94000009, 0xb0000089,
                                                    0xb9460121, 0x321e0022, 0xf278001f, 0x1a811041, 0xb9060121,
                                                    0xa8c17bfd, 0xd65f03c0, 0xaa1303e1, 0xf100401f, 0x54000060,
                                                    0xf100681f, 0x54000020, 0xf8410422, 0xb40000a2, 0xeb00005f,
                                                    0x54ffffa1, 0xf85f8020, 0xd65f03c0, 0xd2800000, 0xd65f03c0}},
    {"gathered, and looked at through a mask",
     0x401040,
     0x401048,
     NEED_GUARDED,
     {0x910003f3, 0xf8408661, 0xb5ffffe1, 0xf8408661, 0xb5ffffe1, 0x9400000e, 0xb0000089, 0xb9460121, 0x52800083,
      0x0a030021, 0x6b03003f, 0x54000041, 0x94000004, 0x52800000, 0x52800bc8, 0xd4000001, 0xb82103e2, 0xd65f03c0,
      0xd65f03c0, 0xa9bf7bfd, 0x52800200, 0x94000009, 0xb0000089, 0xb9460121, 0x321e0022, 0xf278001f, 0x1a811041,
      0xb9060121, 0xa8c17bfd, 0xd65f03c0, 0xaa1303e1, 0xf100401f, 0x54000060, 0xf100681f, 0x54000020, 0xf8410422,
      0xb40000a2, 0xeb00005f, 0x54ffffa1, 0xf85f8020, 0xd65f03c0, 0xd2800000, 0xd65f03c0}},
    {"gathered, and a table is chosen by it",
     0x401048,
     0x401050,
     NEED_GUARDED,
     {0x910003f3, 0xf8408661, 0xb5ffffe1, 0xf8408661, 0xb5ffffe1, 0x94000010, 0xb0000089, 0xb9460121, 0x721e003f,
      0xb0000080, 0x91188000, 0x91002002, 0x9a821000, 0xf9400003, 0xd63f0060, 0x52800000, 0x52800bc8, 0xd4000001,
      0xb82103e2, 0xd65f03c0, 0xd65f03c0, 0xa9bf7bfd, 0x52800200, 0x94000009, 0xb0000089, 0xb9460121, 0x321e0022,
      0xf278001f, 0x1a811041, 0xb9060121, 0xa8c17bfd, 0xd65f03c0, 0xaa1303e1, 0xf100401f, 0x54000060, 0xf100681f,
      0x54000020, 0xf8410422, 0xb40000a2, 0xeb00005f, 0x54ffffa1, 0xf85f8020, 0xd65f03c0, 0xd2800000, 0xd65f03c0}},
    {"the wrong table",
     0x401048,
     0x401050,
     NEED_POSSIBLE,
     {0x910003f3, 0xf8408661, 0xb5ffffe1, 0xf8408661, 0xb5ffffe1, 0x94000010, 0xb0000089, 0xb9460121, 0x721e003f,
      0xb0000080, 0x91188000, 0x91002002, 0x9a820000, 0xf9400003, 0xd63f0060, 0x52800000, 0x52800bc8, 0xd4000001,
      0xb82103e2, 0xd65f03c0, 0xd65f03c0, 0xa9bf7bfd, 0x52800200, 0x94000009, 0xb0000089, 0xb9460121, 0x321e0022,
      0xf278001f, 0x1a811041, 0xb9060121, 0xa8c17bfd, 0xd65f03c0, 0xaa1303e1, 0xf100401f, 0x54000060, 0xf100681f,
      0x54000020, 0xf8410422, 0xb40000a2, 0xeb00005f, 0x54ffffa1, 0xf85f8020, 0xd65f03c0, 0xd2800000, 0xd65f03c0}},
    {"AT_PAGESZ asked for",
     0x401034,
     0x40103c,
     NEED_POSSIBLE,
     {0x910003f3, 0xf8408661, 0xb5ffffe1, 0xf8408661, 0xb5ffffe1, 0x9400000b, 0xb0000089, 0xb9460121,
      0x36100041, 0x94000004, 0x52800000, 0x52800bc8, 0xd4000001, 0xb82103e2, 0xd65f03c0, 0xd65f03c0,
      0xa9bf7bfd, 0x528000c0, 0x94000009, 0xb0000089, 0xb9460121, 0x321e0022, 0xf278001f, 0x1a811041,
      0xb9060121, 0xa8c17bfd, 0xd65f03c0, 0xaa1303e1, 0xf100401f, 0x54000060, 0xf100681f, 0x54000020,
      0xf8410422, 0xb40000a2, 0xeb00005f, 0x54ffffa1, 0xf85f8020, 0xd65f03c0, 0xd2800000, 0xd65f03c0}},
    {"not asked for", 0x401034, 0x40103c, NEED_POSSIBLE, {0x910003f3, 0xf8408661, 0xb5ffffe1, 0xf8408661, 0xb5ffffe1,
                                                          0x9400000b, 0xb0000089, 0xb9460121, 0x36100041, 0x94000004,
                                                          0x52800000, 0x52800bc8, 0xd4000001, 0xb82103e2, 0xd65f03c0,
                                                          0xd65f03c0, 0xa9bf7bfd, 0x52800200, 0xaa1303e1, 0xb0000089,
                                                          0xb9460121, 0x321e0022, 0xf278001f, 0x1a811041, 0xb9060121,
                                                          0xa8c17bfd, 0xd65f03c0, 0xaa1303e1, 0xf100401f, 0x54000060,
                                                          0xf100681f, 0x54000020, 0xf8410422, 0xb40000a2, 0xeb00005f,
                                                          0x54ffffa1, 0xf85f8020, 0xd65f03c0, 0xd2800000, 0xd65f03c0}},
};

TEST(what_is_gathered_of_capabilities_is_a_question)
{
    for (size_t i = 0; i < sizeof gathered / sizeof *gathered; i++) {
        const uint64_t tables[] = {gathered[i].atomics, gathered[i].plain};
        const enum need_kind kind =
            with_data(gathered[i].words, size_of(gathered[i].words, sizeof gathered[i].words), tables, sizeof tables)
                .kind;
        if (kind != gathered[i].kind)
            fail_msg("%s: %u", gathered[i].name, (unsigned)kind);
    }
}

/* mov w0, #1; mov x1, sp; bl helper; exit; helper as libgcc's __aarch64_ldadd4_acq_rel() is: bti c; adrp x16, page; ldrb w16, [x16,
 * #0x620]; cbz w16, 1f; ldaddal w0, w0, [x1]; ret; 1: a loop of LDAXR and STLXR. Only where nobody sets the byte it does not die. */
static const struct {
    const char *name;
    uint64_t byte;
    enum need_kind kind;
    uint32_t words[28];
} gates[] = {
    {"nobody sets it",
     0,
     NEED_GUARDED,
     {0xd503201f, 0x52800020, 0x910003e1, 0x94000004, 0x52800000, 0x52800bc8, 0xd4000001, 0xd503245f, 0xb0000090,
      0x39588210, 0x34000070, 0xb8e00020, 0xd65f03c0, 0x2a0003f0, 0x885ffc20, 0x0b100011, 0x880ffc31, 0x35ffffaf,
      0xd65f03c0}},
    {"it is set from the beginning",
     1,
     NEED_POSSIBLE,
     {0xd503201f, 0x52800020, 0x910003e1, 0x94000004, 0x52800000, 0x52800bc8, 0xd4000001, 0xd503245f, 0xb0000090,
      0x39588210, 0x34000070, 0xb8e00020, 0xd65f03c0, 0x2a0003f0, 0x885ffc20, 0x0b100011, 0x880ffc31, 0x35ffffaf,
      0xd65f03c0}},
    {"it is set", 0, NEED_POSSIBLE, {0x52800022, 0xb0000083, 0x39188062, 0x52800020, 0x910003e1, 0x94000004,
                                     0x52800000, 0x52800bc8, 0xd4000001, 0xd503245f, 0xb0000090, 0x39588210,
                                     0x34000070, 0xb8e00020, 0xd65f03c0, 0x2a0003f0, 0x885ffc20, 0x0b100011,
                                     0x880ffc31, 0x35ffffaf, 0xd65f03c0}},
    {"it is set through a pointer", 0, NEED_POSSIBLE, {0x52800022, 0xb0000083, 0x91188063, 0x39000062, 0x52800020,
                                                       0x910003e1, 0x94000004, 0x52800000, 0x52800bc8, 0xd4000001,
                                                       0xd503245f, 0xb0000090, 0x39588210, 0x34000070, 0xb8e00020,
                                                       0xd65f03c0, 0x2a0003f0, 0x885ffc20, 0x0b100011, 0x880ffc31,
                                                       0x35ffffaf, 0xd65f03c0}},
};

TEST(a_gate_that_nobody_opens_is_closed)
{
    for (size_t i = 0; i < sizeof gates / sizeof *gates; i++) {
        const enum need_kind kind = with_data(gates[i].words, size_of(gates[i].words, sizeof gates[i].words),
                                              &gates[i].byte, sizeof gates[i].byte)
                                        .kind;
        if (kind != gates[i].kind)
            fail_msg("%s: %u", gates[i].name, (unsigned)kind);
    }
}

/* What the standard library of Rust begins with (__rust_enable_lse): the byte is set where std_detect found FEAT_LSE. enable: adrp x8, page; ldr x8, [x8,
 * #0x628]; cbz x8, 1f; tbnz w8, #8, 2f; ret; 1: bl detect; tbz w0, #8, over; 2: b setter. detect() asks for AT_HWCAP and AT_HWCAP2, marks
 * and keeps what it was told, and returns it. setter() stands behind zeros, and no table says that it is a function. */
TEST(a_gate_that_is_opened_behind_a_question_is_one)
{
    enum { CALL = 5, NOPS = 6, BRANCH = 24 };
    static const uint64_t data[] = {0, 0};
    static const uint32_t good[] = {
        0x910003f3, 0xf8408661, 0xb5ffffe1, 0xf8408661, 0xb5ffffe1, 0x9400000b, 0xd503201f, 0xd503201f, 0xd503201f,
        0xd503201f, 0x52800020, 0x910003e1, 0x94000030, 0x52800000, 0x52800bc8, 0xd4000001, 0xb0000088, 0xf9431508,
        0xb4000068, 0x374000c8, 0xd65f03c0, 0xa9bf7bfd, 0x94000012, 0xa8c17bfd, 0x36400040, 0x1400001f, 0xd65f03c0,
        0xaa1303e1, 0xf100401f, 0x54000060, 0xf100681f, 0x54000020, 0xf8410422, 0xb40000a2, 0xeb00005f, 0x54ffffa1,
        0xf85f8020, 0xd65f03c0, 0xd2800000, 0xd65f03c0, 0xa9bf7bfd, 0x52800200, 0x97fffff1, 0xaa0003f4, 0x52800340,
        0x97ffffee, 0xb0000088, 0xb2410289, 0xf9031509, 0xaa1403e0, 0xa8c17bfd, 0xd65f03c0, 0x00000000, 0x00000000,
        0x00000000, 0x00000000, 0x52800028, 0xb0000089, 0x39188128, 0xd65f03c0, 0xd503245f, 0xb0000090, 0x39588210,
        0x34000070, 0xb8e00020, 0xd65f03c0, 0x2a0003f0, 0x885ffc20, 0x0b100011, 0x880ffc31, 0x35ffffaf, 0xd65f03c0};
    /* adrp x3, page; add x3, x3, #0x620; mov w2, #1; strb w2, [x3] */
    static const uint32_t by_pointer[] = {0xb0000083, 0x91188063, 0x52800022, 0x39000062};
    uint32_t words[sizeof good / sizeof *good];
    memcpy(words, good, sizeof good);
    is_needed(with_data(words, sizeof words, data, sizeof data), NEED_GUARDED, FEATURE_A64_LSE);
    words[BRANCH] |= 1u << 24; /* TBNZ: where it is not there. Dies on a Cortex-A53, as those below */
    is_needed(with_data(words, sizeof words, data, sizeof data), NEED_POSSIBLE, FEATURE_A64_LSE);
    memcpy(words, good, sizeof good);
    words[CALL] = 0x94000033; /* bl setter */
    is_needed(with_data(words, sizeof words, data, sizeof data), NEED_POSSIBLE, FEATURE_A64_LSE);
    memcpy(words, good, sizeof good);
    memcpy(words + NOPS, by_pointer, sizeof by_pointer);
    is_needed(with_data(words, sizeof words, data, sizeof data), NEED_POSSIBLE, FEATURE_A64_LSE);
}

/* init() of libgcc sets the byte by what the kernel says; force() sets it whatever that is, and the program dies on a Cortex-A53 where it
 * is called: mov w2, #1; adrp x3, page; strb w2, [x3, #0x620]; ret. */
TEST(a_gate_that_is_opened_anyhow_too_is_none)
{
    enum { CALL = 6, NOP = (int)0xd503201f };
    static const uint64_t data[] = {0, 0};
    uint32_t words[] = {0x910003f3, 0xf8408661, 0xb5ffffe1, 0xf8408661, 0xb5ffffe1, 0x94000008, 0x9400000f, 0x52800020,
                        0x910003e1, 0x9400001d, 0x52800000, 0x52800bc8, 0xd4000001, 0xa9bf7bfd, 0x52800200, 0x9400000a,
                        0x53082000, 0xb0000081, 0x39188020, 0xa8c17bfd, 0xd65f03c0, 0x52800022, 0xb0000083, 0x39188062,
                        0xd65f03c0, 0xaa1303e1, 0xf100401f, 0x54000060, 0xf100681f, 0x540000e1, 0xf8410422, 0xb40000a2,
                        0xeb00005f, 0x54ffffa1, 0xf85f8020, 0xd65f03c0, 0xd2800000, 0xd65f03c0, 0xd503245f, 0xb0000090,
                        0x39588210, 0x34000070, 0xb8e00020, 0xd65f03c0, 0x2a0003f0, 0x885ffc20, 0x0b100011, 0x880ffc31,
                        0x35ffffaf, 0xd65f03c0};
    is_needed(with_data(words, sizeof words, data, sizeof data), NEED_POSSIBLE, FEATURE_A64_LSE);
    words[CALL] = (uint32_t)NOP;
    is_needed(with_data(words, sizeof words, data, sizeof data), NEED_GUARDED, FEATURE_A64_LSE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(what_is_gathered_of_capabilities_is_a_question),
        T(a_gate_that_nobody_opens_is_closed),
        T(a_gate_that_is_opened_behind_a_question_is_one),
        T(a_gate_that_is_opened_anyhow_too_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, free_all);
}
