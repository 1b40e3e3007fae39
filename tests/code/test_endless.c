/* Which functions never return, so that what stands behind their calls is not come to. The words are of LLVM's assembler, from
 * the instructions beside them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "checks/code/abi_work.h"

enum { BASE = 0x400000, MOST = 12 };

static const struct {
    const char *name;
    bool endless;
    uint32_t words[MOST]; /* up to a 0 */
} functions[] = {
    {"ret", false, {0xd65f03c0}},
    {"br x16: a call at the end", false, {0xd61f0200}},
    {"b to another function", false, {0x14000100}},
    {"1: nop; b 1b", true, {0xd503201f, 0x17ffffff}},
    {"brk #1", true, {0xd4200020}},
    /* stp x29, x30, [sp, #-16]!; mov x29, sp; ldp x0, x1, [x0, #16]; ldr x2, [x2, #16]; mov sp, x2; mov x29, x0; br x1 */
    {"__builtin_longjmp()", true, {0xa9bf7bfd, 0x910003fd, 0xa9410400, 0xf9400842, 0x9100005f, 0xaa0003fd, 0xd61f0020}},
    /* mov sp, x29; ldp x29, x30, [sp], #16; br x1 */
    {"a frame of any size, and a call at the end", false, {0x910003bf, 0xa8c17bfd, 0xd61f0020}},
    /* mov sp, x2; then more words than GCC and LLVM put there; br x1 */
    {"another stack long before", false, {0x9100005f, 0xd503201f, 0xd503201f, 0xd503201f, 0xd503201f, 0xd61f0020}},
    /* mov sp, x2; ret */
    {"another stack, and a return", false, {0x9100005f, 0xd65f03c0}},
};

static void a_function_without_a_way_back_never_returns(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        uint8_t bytes[MOST * 4];
        size_t size = 0;
        for (; functions[i].words[size / 4]; size++)
            bytes[size] = (uint8_t)(functions[i].words[size / 4] >> (8 * (size % 4)));
        struct span span = {.address = BASE, .size = size, .memory_size = size, .data = bytes, .executes = true};
        struct code_range range = {BASE, size};
        struct map map = {.count = 1, .spans = &span, .code_count = 1, .code = &range, .code_size = size};
        uint64_t words[1] = {0};
        struct abi_bits endless = {.base = BASE, .count = size / 4, .words = words, .shift = 2};
        struct abi_function function = {.start = BASE, .size = size, .profile = ABI_AAPCS64};
        abi_note_endless(&endless, &map, &function);
        if (abi_has(&endless, BASE) != functions[i].endless)
            fail_msg("%s: %s", functions[i].name,
                     functions[i].endless ? "is said to return" : "is said never to return");
    }
}

/* Nor do calls through stubs whose slots imports.c says are of __cxa_throw() and the like. */
static void a_stub_of_what_never_returns_never_does(void **state)
{
    enum { WORDS = 4, SLOT = BASE + 0x3728 };
    static const struct {
        const char *name;
        bool endless;
        uint32_t words[WORDS];
    } stubs[] = {
        /* adrp x16, #0x3000; ldr x17, [x16, #0x728]; add x16, x16, #0x728; br x17 */
        {"a stub of GNU ld's", true, {0xf0000010, 0xf9439611, 0x911ca210, 0xd61f0220}},
        {"behind bti c", true, {0xd503245f, 0xf0000010, 0xf9439611, 0x911ca210}},
        {"of another slot", false, {0xf0000010, 0xf9439211, 0x911c8210, 0xd61f0220}},
        {"of another page", false, {0xd0000010, 0xf9439611, 0x911ca210, 0xd61f0220}},
        {"by another register", false, {0xf0000011, 0xf9439631, 0x911ca231, 0xd61f0220}},
        {"a function", false, {0xa9bf7bfd, 0x910003fd, 0xd503201f, 0xd65f03c0}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof stubs / sizeof *stubs; i++) {
        uint8_t bytes[WORDS * 4];
        for (size_t at = 0; at < sizeof bytes; at++)
            bytes[at] = (uint8_t)(stubs[i].words[at / 4] >> (8 * (at % 4)));
        struct span span = {.address = BASE, .size = sizeof bytes, .memory_size = sizeof bytes, .data = bytes};
        struct map map = {.count = 1, .spans = &span, .endless_count = 1, .endless = {SLOT}};
        if (abi_is_endless_stub(&map, BASE) != stubs[i].endless)
            fail_msg("%s", stubs[i].name);
        map.endless_count = 0;
        assert_false(abi_is_endless_stub(&map, BASE));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stub_of_what_never_returns_never_does),
        cmocka_unit_test(a_function_without_a_way_back_never_returns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
