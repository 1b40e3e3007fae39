/* What is told of small programs that need, may need, or ask for what a processor lacks. The bytes are an assembler's; what
 * each program does on a processor without the feature is in its comment. */
#include "tests/formats/made_elf.h"

#include <string.h>

#include "checks/code/cpu.h"
#include "checks/code/study.h"

static struct arena arena;

/* A program that does `code` from its entry on, held against a processor. */
static struct need_report against(enum arch arch, const void *code, size_t size, const char *name)
{
    struct features had;
    struct need_report need;
    assert_true(size <= MAKE_ELF_CODE_SIZE);
    make_elf_clean(&made, arch);
    memset(made.bytes + MAKE_ELF_CODE, 0, MAKE_ELF_CODE_SIZE);
    make_elf_put(&made, MAKE_ELF_CODE, code, size);
    file_close(&file); /* the one before, if there was one */
    struct code_study study = {.image = read_made(), .arena = &arena, .allowed = true};
    assert_non_null(cpu_read(name, &had));
    assert_true(study_against(&study, &had, &need));
    return need;
}

static void is_needed(struct need_report need, enum need_kind kind, enum feature feature)
{
    assert_int_equal(need.kind, kind);
    assert_true(features_have(&need.lacking, feature));
}

/* vpaddd ymm0, ymm0, ymm0; mov eax, 60; xor edi, edi; syscall: dies without AVX2 */
static const uint8_t plain[] = {0xc5, 0xfd, 0xfe, 0xc0, 0xb8, 60, 0, 0, 0, 0x31, 0xff, 0x0f, 0x05};

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

/* smstart: cntd x0: in streaming mode SVE is there without FEAT_SVE; before it, it is not. */
TEST(sve_in_streaming_mode_is_not_told)
{
    static const uint32_t streams[] = {0xd503477f, 0x04e0e3e0, 0x52800000, 0x52800bc8, 0xd4000001};
    assert_int_equal(against(ARCH_ARM64, streams, sizeof streams, "apple-m4").kind, NEED_POSSIBLE);
    assert_int_equal(against(ARCH_ARM64, streams + 1, sizeof streams - 4, "apple-m4").kind, NEED_REQUIRED);
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

static int free_all(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
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
        T(sve_in_streaming_mode_is_not_told),
        T(code_that_may_not_be_read_is_not_told),
    };
    return cmocka_run_group_tests(tests, NULL, free_all);
}
