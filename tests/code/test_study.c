/* What is told of small programs that need, may need, or ask for what a processor lacks. The bytes are an assembler's; what
 * each program does on a processor without the feature is in its comment. */
#include "tests/code/told.h"

#include "checks/code/outline.h"

TEST(what_every_run_comes_to_is_required)
{
    is_needed(against(ARCH_AMD64, plain, sizeof plain, "x86-64-v2"), NEED_REQUIRED, FEATURE_X86_AVX2);
    assert_int_equal(against(ARCH_AMD64, plain, sizeof plain, "x86-64-v3").kind, NEED_NOTHING);
}

/* mov eax, 7; xor ecx, ecx; cpuid; test ebx, 1 << 5; je over; vpaddd; over: exit: asks first, and runs everywhere */
static uint8_t asks[] = {0xb8, 7, 0,    0,    0,    0x31, 0xc9, 0x0f, 0xa2, 0xf7, 0xc3, 0x20, 0,    0,    0,
                         0x74, 4, 0xc5, 0xfd, 0xfe, 0xc0, 0xb8, 60,   0,    0,    0,    0x31, 0xff, 0x0f, 0x05};

TEST(what_is_behind_a_question_is_guarded)
{
    is_needed(against(ARCH_AMD64, asks, sizeof asks, "x86-64-v2"), NEED_GUARDED, FEATURE_X86_AVX2);
}

/* The same with jne: it does the sum where AVX2 is not there, and dies. */
TEST(a_question_that_is_turned_round_guards_nothing)
{
    uint8_t wrong[sizeof asks];
    memcpy(wrong, asks, sizeof asks);
    wrong[15] = 0x75;
    is_needed(against(ARCH_AMD64, wrong, sizeof wrong, "x86-64-v2"), NEED_POSSIBLE, FEATURE_X86_AVX2);
}

/* The question asked, and its answer not looked at: nop; nop where the branch stood. It dies. */
TEST(an_answer_that_nobody_looks_at_guards_nothing)
{
    uint8_t deaf[sizeof asks];
    memcpy(deaf, asks, sizeof asks);
    deaf[15] = deaf[16] = 0x90;
    is_needed(against(ARCH_AMD64, deaf, sizeof deaf, "x86-64-v2"), NEED_REQUIRED, FEATURE_X86_AVX2);
}

/* The branch looks at the number of arguments, (rsp): it dies where there are some. */
TEST(a_branch_on_something_else_guards_nothing)
{
    static const uint8_t other[] = {0x48, 0x83, 0x3c, 0x24, 0x01, 0x74, 4,    0xc5, 0xfd, 0xfe,
                                    0xc0, 0xb8, 60,   0,    0,    0,    0x31, 0xff, 0x0f, 0x05};
    is_needed(against(ARCH_AMD64, other, sizeof other, "x86-64-v2"), NEED_POSSIBLE, FEATURE_X86_AVX2);
}

/* mrs x0, id_aa64isar0_el1; tbz w0, #20, over; ldadd w1, w2, [sp]; over: mov w0, #0; mov w8, #94; svc #0 */
static uint32_t atomics[] = {0xd5380600, 0x36a00040, 0xb82103e2, 0x52800000, 0x52800bc8, 0xd4000001};

TEST(id_registers_of_arm64_are_questions)
{
    is_needed(against(ARCH_ARM64, atomics, sizeof atomics, "armv8.0"), NEED_GUARDED, FEATURE_A64_LSE);
    assert_int_equal(against(ARCH_ARM64, atomics, sizeof atomics, "armv8.1").kind, NEED_NOTHING);
    atomics[1] = 0xd503201f; /* nop */
    is_needed(against(ARCH_ARM64, atomics, sizeof atomics, "armv8.0"), NEED_REQUIRED, FEATURE_A64_LSE);
}

/* The right question about something else. tbz w0, #16: CRC32, which Cortex-A53 has, and LSE it has not; MIDR_EL1 in place of
 * ID_AA64ISAR0_EL1 names the processor; 1 << 26 of leaf 1 EDX is SSE2. Each dies with SIGILL where the question is answered
 * with yes and the feature is not there (qemu, Cortex-A53 and Nehalem). */
TEST(a_question_about_something_else_guards_nothing)
{
    static const uint32_t crc32[] = {0xd5380600, 0x36800040, 0xb82103e2, 0x52800000, 0x52800bc8, 0xd4000001};
    static const uint32_t midr[] = {0xd5380000, 0xb4000040, 0xb82103e2, 0x52800000, 0x52800bc8, 0xd4000001};
    static const uint8_t sse2[] = {0xb8, 1,    0,    0,    0,    0x0f, 0xa2, 0xf7, 0xc2, 0, 0,    0,    4,    0x74,
                                   4,    0xc5, 0xfd, 0xfe, 0xc0, 0xb8, 60,   0,    0,    0, 0x31, 0xff, 0x0f, 0x05};
    is_needed(against(ARCH_ARM64, crc32, sizeof crc32, "cortex-a53"), NEED_POSSIBLE, FEATURE_A64_LSE);
    is_needed(against(ARCH_ARM64, midr, sizeof midr, "cortex-a53"), NEED_POSSIBLE, FEATURE_A64_LSE);
    is_needed(against(ARCH_AMD64, sse2, sizeof sse2, "x86-64-v2"), NEED_POSSIBLE, FEATURE_X86_AVX2);
}

/* smstart: cntd x0: in streaming mode SVE is there without FEAT_SVE; before it, it is not. */
TEST(sve_in_streaming_mode_is_not_told)
{
    static const uint32_t streams[] = {0xd503477f, 0x04e0e3e0, 0x52800000, 0x52800bc8, 0xd4000001};
    assert_int_equal(against(ARCH_ARM64, streams, sizeof streams, "apple-m4").kind, NEED_POSSIBLE);
    assert_int_equal(against(ARCH_ARM64, streams + 1, sizeof streams - 4, "apple-m4").kind, NEED_REQUIRED);
}

/* Where a program comes by VPADDD ymm0, ymm0, ymm0; an assembler's bytes. All but the last three die under qemu-x86_64 -cpu
 * Nehalem. */
static const struct program later[] = {
    {"after a loop",
     {0x31, 0xc9, 0xff, 0xc1, 0x83, 0xf9, 0x0a, 0x75, 0xf9, 0xc5, 0xfd,
      0xfe, 0xc0, 0xb8, 0x3c, 0x00, 0x00, 0x00, 0x31, 0xff, 0x0f, 0x05},
     NEED_REQUIRED},
    {"after conditions in each other",
     {0x8b, 0x04, 0x24, 0x83, 0xf8, 0x03, 0x77, 0x0b, 0x83, 0xf8, 0x01, 0x74, 0x02, 0xff,
      0xc1, 0xff, 0xc2, 0xeb, 0x08, 0xff, 0xc3, 0x85, 0xdb, 0x74, 0x02, 0xff, 0xc6, 0xc5,
      0xfd, 0xfe, 0xc0, 0xb8, 0x3c, 0x00, 0x00, 0x00, 0x31, 0xff, 0x0f, 0x05},
     NEED_REQUIRED},
    {"after a loop that calls what comes back",
     {0x31, 0xc9, 0xe8, 0x12, 0x00, 0x00, 0x00, 0x83, 0xf9, 0x0a, 0x75, 0xf6, 0xc5, 0xfd,
      0xfe, 0xc0, 0xb8, 0x3c, 0x00, 0x00, 0x00, 0x31, 0xff, 0x0f, 0x05, 0xff, 0xc1, 0xc3},
     NEED_REQUIRED},
    {"after a loop that calls what may exit", /* and does */
     {0x31, 0xc9, 0xe8, 0x0b, 0x00, 0x00, 0x00, 0x83, 0xf9, 0x0a, 0x75, 0xf6, 0xc5, 0xfd, 0xfe, 0xc0, 0xeb, 0x07,
      0xff, 0xc1, 0x83, 0xf9, 0x05, 0x75, 0x09, 0xb8, 0x3c, 0x00, 0x00, 0x00, 0x31, 0xff, 0x0f, 0x05, 0xc3},
     NEED_POSSIBLE},
    {"behind a call that may exit", /* and does, with no argument */
     {0xe8, 0x0d, 0x00, 0x00, 0x00, 0xc5, 0xfd, 0xfe, 0xc0, 0xb8, 0x3c, 0x00, 0x00,
      0x00, 0x31, 0xff, 0x0f, 0x05, 0x83, 0x7c, 0x24, 0x08, 0x01, 0x74, 0xf0, 0xc3},
     NEED_POSSIBLE},
    {"in one of two ways",
     {0x83, 0x3c, 0x24, 0x01, 0x75, 0x0b, 0x31, 0xc9, 0xff, 0xc1, 0x83, 0xf9, 0x0a, 0x75, 0xf9,
      0xeb, 0x04, 0xc5, 0xfd, 0xfe, 0xc0, 0xb8, 0x3c, 0x00, 0x00, 0x00, 0x31, 0xff, 0x0f, 0x05},
     NEED_POSSIBLE},
};

TEST(what_no_way_leads_past_is_required)
{
    are_told(later, sizeof later / sizeof *later);
}

/* main is run by its address, which start code hands over; what main hands over itself is not: only the first of the
 * programs dies under qemu-x86_64 -cpu Nehalem. */
static const struct program started[] = {
    {"main, by its address",
     {0x31, 0xed, 0x48, 0x8d, 0x3d, 0x11, 0x00, 0x00, 0x00, 0xe8, 0x01, 0x00, 0x00, 0x00, 0xf4, 0xff, 0xd7,
      0x89, 0xc7, 0xb8, 0x3c, 0x00, 0x00, 0x00, 0x0f, 0x05, 0xc5, 0xfd, 0xfe, 0xc0, 0x31, 0xc0, 0xc3},
     NEED_REQUIRED},
    {"what main keeps the address of",
     {0x31, 0xed, 0x48, 0x8d, 0x3d, 0x11, 0x00, 0x00, 0x00, 0xe8, 0x01, 0x00, 0x00, 0x00, 0xf4, 0xff, 0xd7, 0x89,
      0xc7, 0xb8, 0x3c, 0x00, 0x00, 0x00, 0x0f, 0x05, 0x48, 0x8d, 0x3d, 0x08, 0x00, 0x00, 0x00, 0xe8, 0x08, 0x00,
      0x00, 0x00, 0x31, 0xc0, 0xc3, 0xc5, 0xfd, 0xfe, 0xc0, 0xc3, 0x48, 0x89, 0x7c, 0x24, 0xc0, 0xc3},
     NEED_POSSIBLE},
    {"what the entry keeps the address of",
     {0x48, 0x8d, 0x3d, 0x0e, 0x00, 0x00, 0x00, 0xe8, 0x0e, 0x00, 0x00, 0x00, 0xb8, 0x3c, 0x00, 0x00,
      0x00, 0x31, 0xff, 0x0f, 0x05, 0xc5, 0xfd, 0xfe, 0xc0, 0xc3, 0x48, 0x89, 0x7c, 0x24, 0xc0, 0xc3},
     NEED_POSSIBLE},
};

TEST(start_code_runs_main_by_its_address)
{
    are_told(started, sizeof started / sizeof *started);
}

/* The address of a function that does VPADDD, called where CPUID says AVX2, and compared with the number of arguments; only the
 * last two of the programs die under qemu-x86_64 -cpu Nehalem. */
static const struct program compared[] = {
    {"only compared",
     {0xe8, 0x09, 0x00, 0x00, 0x00, 0xb8, 0x3c, 0x00, 0x00, 0x00, 0x31, 0xff, 0x0f, 0x05, 0xe8, 0x01, 0x00,
      0x00, 0x00, 0xc3, 0xb8, 0x07, 0x00, 0x00, 0x00, 0x31, 0xc9, 0x0f, 0xa2, 0xf7, 0xc3, 0x20, 0x00, 0x00,
      0x00, 0x74, 0x05, 0xe8, 0x13, 0x00, 0x00, 0x00, 0x48, 0x8b, 0x44, 0x24, 0x10, 0x48, 0x8d, 0x15, 0x07,
      0x00, 0x00, 0x00, 0x48, 0x39, 0xd0, 0x0f, 0x94, 0xc2, 0xc3, 0xc5, 0xfd, 0xfe, 0xc0, 0xc3},
     NEED_GUARDED},
    {"compared and kept",
     {0xe8, 0x09, 0x00, 0x00, 0x00, 0xb8, 0x3c, 0x00, 0x00, 0x00, 0x31, 0xff, 0x0f, 0x05, 0xe8, 0x01, 0x00, 0x00,
      0x00, 0xc3, 0xb8, 0x07, 0x00, 0x00, 0x00, 0x31, 0xc9, 0x0f, 0xa2, 0xf7, 0xc3, 0x20, 0x00, 0x00, 0x00, 0x74,
      0x05, 0xe8, 0x17, 0x00, 0x00, 0x00, 0x48, 0x8b, 0x44, 0x24, 0x10, 0x48, 0x8d, 0x15, 0x0b, 0x00, 0x00, 0x00,
      0x48, 0x39, 0xd0, 0x74, 0x05, 0x48, 0x89, 0x54, 0x24, 0xf8, 0xc3, 0xc5, 0xfd, 0xfe, 0xc0, 0xc3},
     NEED_POSSIBLE},
    {"compared and exchanged",
     {0xe8, 0x09, 0x00, 0x00, 0x00, 0xb8, 0x3c, 0x00, 0x00, 0x00, 0x31, 0xff, 0x0f, 0x05, 0xe8, 0x01, 0x00, 0x00,
      0x00, 0xc3, 0xb8, 0x07, 0x00, 0x00, 0x00, 0x31, 0xc9, 0x0f, 0xa2, 0xf7, 0xc3, 0x20, 0x00, 0x00, 0x00, 0x74,
      0x05, 0xe8, 0x18, 0x00, 0x00, 0x00, 0x48, 0x8b, 0x54, 0x24, 0x10, 0x48, 0x8d, 0x05, 0x0c, 0x00, 0x00, 0x00,
      0x48, 0x39, 0xc2, 0x74, 0x04, 0x48, 0x91, 0xff, 0xd1, 0x31, 0xc0, 0xc3, 0xc5, 0xfd, 0xfe, 0xc0, 0xc3},
     NEED_POSSIBLE},
    {"compared and called",
     {0xe8, 0x09, 0x00, 0x00, 0x00, 0xb8, 0x3c, 0x00, 0x00, 0x00, 0x31, 0xff, 0x0f, 0x05, 0xe8, 0x01, 0x00,
      0x00, 0x00, 0xc3, 0xb8, 0x07, 0x00, 0x00, 0x00, 0x31, 0xc9, 0x0f, 0xa2, 0xf7, 0xc3, 0x20, 0x00, 0x00,
      0x00, 0x74, 0x05, 0xe8, 0x14, 0x00, 0x00, 0x00, 0x48, 0x8b, 0x44, 0x24, 0x10, 0x48, 0x8d, 0x15, 0x08,
      0x00, 0x00, 0x00, 0x48, 0x39, 0xd0, 0x74, 0x02, 0xff, 0xd2, 0xc3, 0xc5, 0xfd, 0xfe, 0xc0, 0xc3},
     NEED_POSSIBLE},
};

TEST(an_address_that_is_only_compared_leads_nowhere)
{
    are_told(compared, sizeof compared / sizeof *compared);
}

/* The same of arm64, with LDADD behind a question to ID_AA64ISAR0_EL1: bl ask; mov x0, #0; mov w8, #94; svc #0;
 * ask: stp x29, x30, [sp, #-16]!; mrs x0, id_aa64isar0_el1; tbz w0, #20, 1f; bl atomics; 1: ldr x3, [sp, #16]; what each does with
 * the address; ldp x29, x30, [sp], #16; ret; atomics: ldadd w1, w2, [sp]; ret. Each runs on a Cortex-A53 without arguments
 * (qemu-aarch64). */
static const struct {
    const char *name;
    uint32_t words[20];
    enum need_kind kind;
} compared_words[] = {
    {"only compared",
     {0x94000004, 0xd2800000, 0x52800bc8, 0xd4000001, 0xa9bf7bfd, 0xd5380600, 0x36a00040, 0x94000007, 0xf9400be3,
      0x100000a2, 0xeb02007f, 0x1a9f17e0, 0xa8c17bfd, 0xd65f03c0, 0xb82103e2, 0xd65f03c0},
     NEED_GUARDED},
    {"compared, and another put in its place",
     {0x94000004, 0xd2800000, 0x52800bc8, 0xd4000001, 0xa9bf7bfd, 0xd5380600, 0x36a00040, 0x9400000a, 0xf9400be3,
      0x10000102, 0xeb03005f, 0x54000040, 0x10000045, 0xf94003e2, 0xf81f83e2, 0xa8c17bfd, 0xd65f03c0, 0xb82103e2,
      0xd65f03c0},
     NEED_GUARDED},
    {"compared and kept",
     {0x94000004, 0xd2800000, 0x52800bc8, 0xd4000001, 0xa9bf7bfd, 0xd5380600, 0x36a00040, 0x94000007, 0xf9400be3,
      0x100000a2, 0xeb02007f, 0xf81f83e2, 0xa8c17bfd, 0xd65f03c0, 0xb82103e2, 0xd65f03c0},
     NEED_POSSIBLE},
    {"compared and given back",
     {0x94000004, 0xd2800000, 0x52800bc8, 0xd4000001, 0xa9bf7bfd, 0xd5380600, 0x36a00040, 0x94000006, 0xf9400be3,
      0x10000080, 0xeb00007f, 0xa8c17bfd, 0xd65f03c0, 0xb82103e2, 0xd65f03c0},
     NEED_POSSIBLE},
    {"compared and called",
     {0x94000004, 0xd2800000, 0x52800bc8, 0xd4000001, 0xa9bf7bfd, 0xd5380600, 0x36a00040, 0x94000008, 0xf9400be3,
      0x100000c2, 0xeb02007f, 0x54000041, 0xd63f0040, 0xa8c17bfd, 0xd65f03c0, 0xb82103e2, 0xd65f03c0},
     NEED_POSSIBLE},
    {"compared, and called under another name",
     {0x94000004, 0xd2800000, 0x52800bc8, 0xd4000001, 0xa9bf7bfd, 0xd5380600, 0x36a00040,
      0x9400000b, 0xf9400be3, 0x10000122, 0xeb02007f, 0x54000060, 0xa8c17bfd, 0xd65f03c0,
      0xaa0203e4, 0xd63f0080, 0xa8c17bfd, 0xd65f03c0, 0xb82103e2, 0xd65f03c0},
     NEED_POSSIBLE},
};

TEST(an_address_of_arm64_that_is_only_compared_leads_nowhere)
{
    for (size_t i = 0; i < sizeof compared_words / sizeof *compared_words; i++) {
        const uint32_t *words = compared_words[i].words;
        if (against(ARCH_ARM64, words, sizeof compared_words[i].words, "cortex-a53").kind != compared_words[i].kind)
            fail_msg("%s", compared_words[i].name);
    }
}

/* adrp x16, page; ldr x17, [x16, #24]; add x16, x16, #24; br x17; then the same behind bti c, with autia1716 before br; then
 * adrp x1, page; ldr x1, [x1, #24]; mov x0, #16; br x1: that calls with an argument of its own. */
static const uint32_t stubs[] = {0x90000090, 0xf9400e11, 0x91006210, 0xd61f0220, 0xd503245f, 0x90000090, 0xf9400e11,
                                 0x91006210, 0xd503219f, 0xd61f0220, 0x90000081, 0xf9400c21, 0xd2800200, 0xd61f0020};

TEST(a_stub_begins_where_it_is_called)
{
    enum { AT = 0x400000, FIRST = AT, SECOND = AT + 16, OTHER = AT + 40 };
    uint8_t bytes[sizeof stubs];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(stubs[i / 4] >> (8 * (i % 4)));
    struct span span = {
        .address = AT, .size = sizeof bytes, .memory_size = sizeof bytes, .data = bytes, .executes = true};
    struct map map = {.count = 1, .spans = &span};
    assert_true(outline_is_stub(&map, FIRST, FIRST + 4));
    assert_true(outline_is_stub(&map, SECOND, SECOND + 8));
    assert_false(outline_is_stub(&map, SECOND + 4, SECOND + 4)); /* the page is another's */
    assert_false(
        outline_is_stub(&map, FIRST + 8, SECOND + 8)); /* LDR stands four words on: nothing jumps there before */
    assert_false(outline_is_stub(&map, FIRST + 12, SECOND + 4)); /* BR before it */
    assert_false(outline_is_stub(&map, OTHER, OTHER + 4));
    assert_false(outline_is_stub(&map, OTHER + 8, OTHER + 12)); /* no bytes behind */
}

/* mov w0, #16; bl getauxval; mov x21, x0; mov w0, #26; bl getauxval; orr x9, x9, #1 << 63; str x9, [x8]: as std_detect of Rust
 * keeps what it was told; none of them may miss, and mov x9, #1 << 63 keeps nothing. */
TEST(who_marks_what_the_kernel_says_keeps_it)
{
    static const uint32_t words[] = {0x52800200, 0x94000010, 0xaa0003f5, 0x52800340,
                                     0x9400000d, 0xb2410129, 0xf9000109};
    enum { COUNT = sizeof words / sizeof *words, ALL = COUNT, MOV = COUNT + 1 };
    for (unsigned left_out = 0; left_out <= MOV; left_out++) {
        struct outline outline = {0};
        for (unsigned i = 0; i < COUNT; i++)
            if (i != left_out)
                outline_forms(&outline, i == 5 && left_out == MOV ? 0xd2f00009u : words[i]);
        const bool needed = left_out == 0 || left_out == 3 || left_out == 5 || left_out == MOV;
        assert_true(outline_detects(&outline) == !needed);
    }
}

/* Goes through the auxiliary vector by an index, as Go's runtime did up to Go 1.19: x4 is the type, held against AT_PAGESZ,
 * AT_RANDOM and AT_HWCAP, whose value goes to a variable; then tbz w6, #8, over; ldadd w1, w2, [sp]; over: mov w8, #94; svc #0.
 * Runs on a Cortex-A53 (qemu-aarch64), and dies there with a nop in place of the branch. */
static uint32_t by_index[] = {0x910003e0, 0xf8408401, 0xb5ffffe1, 0xf8408401, 0xb5ffffe1, 0xd2800002,
                              0xf8627804, 0xb4000164, 0x91000445, 0xf8657803, 0x91000842, 0xf100189f,
                              0xf100649f, 0xf100409f, 0x54ffff01, 0xb0000086, 0xf90300c3, 0x17fffff5,
                              0xb0000086, 0xf94300c6, 0x36400046, 0xb82103e2, 0x52800bc8, 0xd4000001};

TEST(an_auxiliary_vector_that_is_read_by_an_index_is_a_question)
{
    is_needed(against(ARCH_ARM64, by_index, sizeof by_index, "cortex-a53"), NEED_GUARDED, FEATURE_A64_LSE);
    by_index[20] = 0xd503201f;
    is_needed(against(ARCH_ARM64, by_index, sizeof by_index, "cortex-a53"), NEED_REQUIRED, FEATURE_A64_LSE);
    by_index[20] = 0x36400046;
    by_index[11] = 0xf100149f; /* cmp x4, #5: any list of pairs */
    is_needed(against(ARCH_ARM64, by_index, sizeof by_index, "cortex-a53"), NEED_POSSIBLE, FEATURE_A64_LSE);
    by_index[11] = 0xf100189f;
}

/* The same variable set by a second function, which looks for AT_HWCAP alone, as a package of Go does with what
 * /proc/self/auxv holds; and by one that sets it to what stands beside 17. */
TEST(a_variable_that_two_readers_of_the_vector_set_is_a_question)
{
    uint32_t reader[] = {0xf8410404, 0xb40000e4, 0xf85f8005, 0xf100409f, 0x54ffff81, 0xd0000086,
                         0xf90300c5, 0x17fffff9, 0xd65f03c0, 0x52800bc8, 0xd4000001};
    uint32_t calls[sizeof by_index / sizeof *by_index];
    memcpy(calls, by_index, sizeof calls);
    calls[22] = 0x97ffffaa; /* bl reader; b to its exit */
    calls[23] = 0x17ffffb2;
    is_needed(with_outside(ARCH_ARM64, calls, sizeof calls, reader, sizeof reader), NEED_GUARDED, FEATURE_A64_LSE);
    reader[3] = 0xf100449f; /* cmp x4, #17 */
    is_needed(with_outside(ARCH_ARM64, calls, sizeof calls, reader, sizeof reader), NEED_POSSIBLE, FEATURE_A64_LSE);
}

TEST(code_that_may_not_be_read_is_not_told)
{
    struct features had;
    struct need_report need;
    make_elf_clean(&made, ARCH_AMD64);
    struct code_study study = {.image = read_made(), .arena = &arena, .allowed = false};
    assert_non_null(cpu_read("x86-64-v1", &had));
    assert_false(study_against(&study, &had, &need));
}

/* What other programs call by name is an interface, wherever a pointer leads. */
TEST(functions_that_are_exported_are_interfaces)
{
    static const Elf64_Sym symbols[] = {
        {0},
        {1, STT_FUNC | STB_GLOBAL << 4, STV_DEFAULT, 1, MAKE_ELF_BASE + MAKE_ELF_CODE, 4},
        {1, STT_FUNC | STB_WEAK << 4, STV_PROTECTED, 1, MAKE_ELF_BASE + MAKE_ELF_CODE + 4, 4},
        {1, STT_FUNC | STB_LOCAL << 4, STV_DEFAULT, 1, MAKE_ELF_BASE + MAKE_ELF_CODE + 8, 4},
        {1, STT_FUNC | STB_GLOBAL << 4, STV_HIDDEN, 1, MAKE_ELF_BASE + MAKE_ELF_CODE + 12, 4},
        {1, STT_OBJECT | STB_GLOBAL << 4, STV_DEFAULT, 1, MAKE_ELF_BASE + MAKE_ELF_CODE + 16, 4},
        {1, STT_FUNC | STB_GLOBAL << 4, STV_DEFAULT, SHN_UNDEF, MAKE_ELF_BASE + MAKE_ELF_CODE + 20, 4},
    };
    static const enum arch archs[] = {ARCH_AMD64, ARCH_ARM64};
    for (size_t n = 0; n < sizeof archs / sizeof archs[0]; n++) {
        struct ground ground;
        make_elf_clean(&made, archs[n]);
        make_elf_section(&made, ".dynsym", SHT_DYNSYM, symbols, sizeof symbols);
        file_close(&file);
        assert_true(ground_make(read_made(), &arena, &ground));
        struct abi_work work = abi_work_on(&ground);
        abi_bits_make(&work.taken, &arena, archs[n], &work.map);
        abi_find_pointers(&work);
        for (unsigned i = 0; i < 6; i++)
            assert_int_equal(abi_has(&work.taken, MAKE_ELF_BASE + MAKE_ELF_CODE + 4 * i), i < 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(what_every_run_comes_to_is_required),
        T(what_is_behind_a_question_is_guarded),
        T(a_question_that_is_turned_round_guards_nothing),
        T(an_answer_that_nobody_looks_at_guards_nothing),
        T(a_branch_on_something_else_guards_nothing),
        T(id_registers_of_arm64_are_questions),
        T(a_question_about_something_else_guards_nothing),
        T(sve_in_streaming_mode_is_not_told),
        T(what_no_way_leads_past_is_required),
        T(start_code_runs_main_by_its_address),
        T(an_address_that_is_only_compared_leads_nowhere),
        T(an_address_of_arm64_that_is_only_compared_leads_nowhere),
        T(a_stub_begins_where_it_is_called),
        T(who_marks_what_the_kernel_says_keeps_it),
        T(an_auxiliary_vector_that_is_read_by_an_index_is_a_question),
        T(a_variable_that_two_readers_of_the_vector_set_is_a_question),
        T(code_that_may_not_be_read_is_not_told),
        T(functions_that_are_exported_are_interfaces),
    };
    return cmocka_run_group_tests(tests, NULL, free_all);
}
