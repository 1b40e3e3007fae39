/* What languages with conventions of their own owe their callers: sections that only their tools make tell of them. The words
 * are of LLVM's assembler, from the instructions beside them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "checks/code/abi_work.h"
#include "formats/arena.h"
#include "formats/model.h"

enum { BASE = 0x400000, WORDS = 2, SHOWN = 8 };

/* Which registers LLVM's lists CSR_AArch64_AAPCS and CSR_64 have, and SwiftError and SwiftTail do not. R12 to R14 have the
 * numbers of X20 to X22. */
static const struct {
    const char *name, *section;
    uint32_t first; /* ret follows */
    bool lent, kept, graal;
} cases[] = {
    {"mov x21, x0: an error of Swift's", "__swift5_types", 0xaa0003f5, true, false, false},
    {"mov x20, x0: a context, on Linux", "swift5_fieldmd", 0xaa0003f4, true, false, false},
    {"mov x22, x0", "__swift5_proto", 0xaa0003f6, true, false, false},
    {"mov x19, x0", "__swift5_types", 0xaa0003f3, false, true, false},
    {"mov x23, x0", "__swift5_types", 0xaa0003f7, false, true, false},
    {"mov x21, x0: no Swift", "__text", 0xaa0003f5, false, true, false},
    {"mov x21, x0: its debugger's modules say nothing", "__swift_ast", 0xaa0003f5, false, true, false},
    {"nop", "__svm_heap", 0xd503201f, false, false, true},
    {"nop, on Linux", ".svm_heap", 0xd503201f, false, false, true},
};

static void sections_tell_of_languages(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const uint32_t words[WORDS] = {cases[i].first, 0xd65f03c0};
        uint8_t bytes[sizeof words];
        for (size_t at = 0; at < sizeof bytes; at++)
            bytes[at] = (uint8_t)(words[at / 4] >> (8 * (at % 4)));
        struct arena arena = {0};
        struct section sections[] = {{.name = ""}, {.name = cases[i].section}};
        const struct image image = {
            .format = FORMAT_ELF, .arch = ARCH_ARM64, .sections = {.items = sections, .count = 2}};
        struct span span = {
            .address = BASE, .size = sizeof bytes, .memory_size = sizeof bytes, .data = bytes, .executes = true};
        struct code_range range = {BASE, sizeof bytes};
        struct start start = {.address = BASE, .end = BASE + sizeof bytes, .source = START_EH_FRAME};
        const struct ground ground = {
            .image = &image,
            .arena = &arena,
            .unit = 4,
            .map = {.count = 1, .spans = &span, .code_count = 1, .code = &range, .code_size = sizeof bytes},
            .starts = {.arena = &arena, .items = &start, .count = 1}};
        struct abi_study study;
        abi_study(&ground, NULL, SHOWN, &study);
        if (study.lent != cases[i].lent || study.hits[BREACH_CALLEE_SAVED].count != cases[i].kept)
            fail_msg("%s: %u lent, %u lost", cases[i].name, (unsigned)study.lent,
                     (unsigned)study.hits[BREACH_CALLEE_SAVED].count);
        assert_int_equal(study.graal, cases[i].graal);
        arena_free(&arena);
    }
}

/* Apple's linker says of the calls into runtime.duffcopy() (npm: @dbmate/darwin-arm64 2.24.0) that functions begin there. Before and
 * behind Go's functions are those of C. */
static void within_go_code_functions_are_of_go(void **state)
{
    enum { EACH = 8, COUNT = 6, SIZE = COUNT * EACH };
    static const struct {
        enum start_source source;
        enum abi_profile profile;
    } functions[COUNT] = {
        {START_FUNCTION_STARTS, ABI_APPLE}, {START_PCLNTAB, ABI_GO}, {START_FUNCTION_STARTS, ABI_GO},
        {START_EH_FRAME, ABI_APPLE},        {START_PCLNTAB, ABI_GO}, {START_FUNCTION_STARTS, ABI_APPLE}};
    (void)state;
    for (unsigned go = 0; go < 2; go++) {
        static const uint8_t bytes[SIZE];
        struct arena arena = {0};
        struct go_info info = {0};
        const struct image image = {.format = FORMAT_MACHO, .arch = ARCH_ARM64, .go = go ? &info : NULL};
        struct span span = {.address = BASE, .size = SIZE, .memory_size = SIZE, .data = bytes, .executes = true};
        struct code_range range = {BASE, SIZE};
        struct start starts[COUNT];
        for (size_t i = 0; i < COUNT; i++)
            starts[i] = (struct start){.address = BASE + i * EACH, .source = functions[i].source};
        const struct ground ground = {
            .image = &image,
            .arena = &arena,
            .unit = 4,
            .map = {.count = 1, .spans = &span, .code_count = 1, .code = &range, .code_size = SIZE},
            .starts = {.arena = &arena, .items = starts, .count = COUNT}};
        struct abi_work work = abi_work_on(&ground);
        for (size_t i = 0; i < COUNT; i++)
            assert_int_equal(abi_function_of(&work, i).profile, go ? functions[i].profile : ABI_APPLE);
        arena_free(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(within_go_code_functions_are_of_go),
        cmocka_unit_test(sections_tell_of_languages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
