/* To which functions addresses lead that A64 code forms: ADRP and ADD far apart belong together only while the register is kept.
 * LLVM's outliner makes functions that keep no convention; one to which an address seems to lead would be held against it. The words
 * are of LLVM's assembler, from the instructions beside them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "checks/code/abi_work.h"
#include "formats/arena.h"
#include "formats/model.h"

enum { BASE = 0x400000, PAGE = 0x1000, TARGET = BASE + PAGE + 8, SIZE = PAGE + 64, MOST = 8, FAR = 600 };

enum {
    ADRP_X8 = (int)0xb0000008,    /* adrp x8, #4096 */
    ADRP_X19 = (int)0xb0000013,   /* adrp x19, #4096 */
    ADD_OF_X8 = (int)0x91002100,  /* add x0, x8, #8 */
    ADD_OF_X19 = (int)0x91002260, /* add x0, x19, #8 */
    ADD_TO_X8 = (int)0x91002108,  /* add x8, x8, #8 */
    MOV_X8 = (int)0xaa0103e8,     /* mov x8, x1 */
    LDR_X8 = (int)0xf9400028,     /* ldr x8, [x1] */
    LDR_POST = (int)0xf8410501,   /* ldr x1, [x8], #16 */
    LDP_X19 = (int)0xa94153f3,    /* ldp x19, x20, [sp, #16] */
    STR_X8 = (int)0xf9000028,     /* str x8, [x1] */
    BL = (int)0x94000400,         /* bl #4096 */
    BLR = (int)0xd63f0040,        /* blr x2 */
    CBZ_OVER = (int)0xb4000040,   /* cbz x0, #8 */
    RET = (int)0xd65f03c0,
    NOP = (int)0xd503201f,
};

static const struct {
    const char *name;
    bool taken;
    int words[MOST]; /* up to a 0 */
} cases[] = {
    {"one after the other", true, {ADRP_X8, ADD_OF_X8}},
    {"in place", true, {ADRP_X8, ADD_TO_X8}},
    {"the register is read between", true, {ADRP_X8, STR_X8, ADD_OF_X8}},
    {"a register that calls keep", true, {ADRP_X19, BL, BLR, ADD_OF_X19}},
    {"a register that calls do not keep", false, {ADRP_X8, BL, ADD_OF_X8}},
    {"a call through a register", false, {ADRP_X8, BLR, ADD_OF_X8}},
    {"another value", false, {ADRP_X8, MOV_X8, ADD_OF_X8}},
    {"loaded", false, {ADRP_X8, LDR_X8, ADD_OF_X8}},
    {"moved on", false, {ADRP_X8, LDR_POST, ADD_OF_X8}},
    {"given back to the caller", false, {ADRP_X19, LDP_X19, ADD_OF_X19}},
    {"a call that never returns between",
     true,
     {ADRP_X8, CBZ_OVER, BL, ADD_OF_X8}}, /* cbz x0, over; bl abort; over: add */
    {"the other way has another value", true, {ADRP_X8, CBZ_OVER, MOV_X8, ADD_OF_X8}},
    {"the other way returns", true, {ADRP_X19, CBZ_OVER, RET, ADD_OF_X19}},
    {"of another function", false, {ADRP_X19, RET, ADD_OF_X19}},
};

static void put(uint8_t *at, int word)
{
    for (unsigned i = 0; i < 4; i++)
        at[i] = (uint8_t)((uint32_t)word >> (8 * i));
}

/* Whether an address of TARGET is found in `size` bytes of code at BASE. */
static bool finds(const uint8_t *bytes, size_t size, struct start *start)
{
    static const struct image image = {.format = FORMAT_ELF, .arch = ARCH_ARM64};
    struct arena arena = {0};
    struct span span = {.address = BASE, .size = size, .memory_size = size, .data = bytes, .executes = true};
    struct code_range range = {BASE, size};
    struct abi_work work = {.image = &image,
                            .map = {.count = 1, .spans = &span, .code_count = 1, .code = &range, .code_size = size},
                            .starts = {.arena = &arena, .items = start, .count = start != NULL}};
    abi_find(&work);
    const bool found = abi_has(&work.taken, TARGET);
    arena_free(&arena);
    return found;
}

static void an_address_is_formed_by_a_page_that_the_register_still_holds(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t bytes[SIZE];
        for (size_t at = 0; at < sizeof bytes; at += 4)
            put(bytes + at, NOP);
        for (size_t k = 0; k < MOST && cases[i].words[k]; k++)
            put(bytes + k * 4, cases[i].words[k]);
        if (finds(bytes, sizeof bytes, NULL) != cases[i].taken)
            fail_msg("%s: %s", cases[i].name, cases[i].taken ? "is not seen" : "is believed");
    }
}

/* What an earlier function left in a register says nothing, wherever branches lead: a table names where one begins. Nor where
 * this one puts something else there, and a branch leads behind that. */
static void what_another_function_left_is_not_believed(void **state)
{
    enum { WORDS = 6 };
    static const int words[][WORDS] = {{ADRP_X19, NOP, CBZ_OVER, NOP, ADD_OF_X19, RET},
                                       {ADRP_X19, LDP_X19, CBZ_OVER, NOP, ADD_OF_X19, RET}};
    static struct start start = {.address = BASE + 4, .source = START_EH_FRAME};
    uint8_t bytes[SIZE];
    (void)state;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        for (size_t at = 0; at < sizeof bytes; at += 4)
            put(bytes + at, at / 4 < WORDS ? words[i][at / 4] : NOP);
        for (unsigned named = 0; named < 2; named++)
            if (finds(bytes, sizeof bytes, named ? &start : NULL) != !named)
                fail_msg("%zu: with %u function named", i, named);
    }
}

/* A word of a Mach-O file is a pointer if a chain leads on from it, or to it (<mach-o/fixup-chains.h>); any other is a number.
 * arm64e has other pointers. */
static void a_number_is_no_pointer_of_a_chain(void **state)
{
    enum { CODE = 16, WORDS = 3, ARM64E = 2 };
    const uint64_t program = UINT64_C(0x100000000), next = (uint64_t)2 << 51, bind = (uint64_t)1 << 63;
    const struct {
        const char *name;
        uint64_t words[WORDS];
        uint32_t subtype;
        bool taken;
    } chains[] = {
        {"an address", {program + 8}, 0, true},
        {"a number", {8}, 0, false},
        {"two numbers", {8 | (uint64_t)5 << 36}, 0, false},
        {"the first of a chain", {8 | next, 4}, 0, true},
        {"an address, the first of a chain", {(program + 8) | next, 4}, 0, true},
        {"the last of a chain", {4 | next, 8}, 0, true},
        {"behind what is bound", {bind | next, 8}, 0, true},
        {"beside a chain", {4 | next << 1, 8, 4}, 0, false},
        {"a number of what is bound", {bind | next | 8, 4}, 0, false},
        {"arm64e", {8}, ARM64E, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof chains / sizeof *chains; i++) {
        uint8_t code[CODE] = {0}, data[WORDS * 8];
        struct macho_extra extra = {.cpusubtype = chains[i].subtype};
        const struct image image = {.format = FORMAT_MACHO, .arch = ARCH_ARM64, .macho = &extra};
        for (size_t at = 0; at < sizeof data; at++)
            data[at] = (uint8_t)(chains[i].words[at / 8] >> (at % 8 * 8));
        struct span spans[2] = {
            {.address = program, .size = CODE, .memory_size = CODE, .data = code, .executes = true},
            {.address = program + 0x4000, .size = sizeof data, .memory_size = sizeof data, .data = data}};
        struct code_range range = {program, CODE};
        struct arena arena = {0};
        struct abi_work work = {
            .image = &image,
            .map = {.count = 2, .spans = spans, .code_count = 1, .code = &range, .code_size = CODE, .base = program},
            .starts = {.arena = &arena}};
        abi_find(&work);
        if (abi_has(&work.taken, program + 8) != chains[i].taken)
            fail_msg("%s: %s", chains[i].name, chains[i].taken ? "is not seen" : "is believed");
        arena_free(&arena);
    }
}

/* Nobody looks back for ever: what is far away is believed. */
static void what_is_far_away_is_believed(void **state)
{
    uint8_t bytes[SIZE];
    (void)state;
    for (size_t at = 0; at < sizeof bytes; at += 4)
        put(bytes + at, NOP);
    put(bytes, ADRP_X8);
    put(bytes + 4, MOV_X8);
    put(bytes + FAR * 4, ADD_OF_X8);
    assert_true(finds(bytes, sizeof bytes, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_is_formed_by_a_page_that_the_register_still_holds),
        cmocka_unit_test(what_another_function_left_is_not_believed),
        cmocka_unit_test(a_number_is_no_pointer_of_a_chain),
        cmocka_unit_test(what_is_far_away_is_believed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
