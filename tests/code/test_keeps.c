/* Which registers functions for arm64 give back as they were given them, and what comes of that. The first function is
 * runtime.gcWriteBarrier() of Go 1.19; those below that come back were run under qemu-aarch64 with a number of its own in each register,
 * and a callee that changes all of them and the second of its argument words. */
#include "checks/code/a64_classes.h"
#include "checks/code/keeps.h"
#include "checks/code/program.h" /* before what includes elf.h */

#include <string.h>

#include "tests/formats/made_elf.h"

enum { AT = 0x400000, BARRIER = 44, X = 1 };
static const uint32_t barrier[BARRIER] = {
    0xf8120ffe, 0xf81f83fd, 0xd10023fd, 0xa90b87e0, 0xf9401b80, 0xf9406800, 0xf9493401, 0x91004021, 0xf9093401,
    0xf9493800, 0xeb01001f, 0xf81f0023, 0xf9400040, 0xf81f8020, 0x540000c0, 0xa94b87e0, 0xf9000043, 0xa97ffbfd,
    0x910383ff, 0xd65f03c0, 0xa9008fe2, 0xa90197e4, 0xa9029fe6, 0xa903a7e8, 0xa904afea, 0xa905b7ec, 0xa906bfee,
    0xa907d3f3, 0xa908dbf5, 0xa909e3f7, 0xa90aebf9, 0x940005d9, 0xa9408fe2, 0xa94197e4, 0xa9429fe6, 0xa943a7e8,
    0xa944afea, 0xa945b7ec, 0xa946bfee, 0xa947d3f3, 0xa948dbf5, 0xa949e3f7, 0xa94aebf9, 0x17ffffe4};

static struct map map_of(const uint32_t *words, size_t size, uint8_t *bytes, struct span *span)
{
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(words[i / 4] >> (8 * (i % 4)));
    *span = (struct span){.address = AT, .size = size, .memory_size = size, .data = bytes, .executes = true};
    return (struct map){.count = 1, .spans = span};
}

/* All but X2 and X3, which are the callee's arguments, X16 to X18, X27 to X29, and SP. */
enum { ALL = 0x47f8fff3 };

static const struct {
    const char *name;
    unsigned at;
    uint32_t word, kept;
} changes[] = {
    {"as it is", 0, 0xf8120ffe, ALL},
    {"x8 is not put back", 35, 0xa943a7ea, ALL & ~(UINT32_C(1) << 8)},
    {"x4 and x5 the other way round", 33, 0xa94193e5, ALL & ~(UINT32_C(3) << 4)},
    {"one register twice, which is left open", 33, 0xa94197e5, ALL & ~(UINT32_C(3) << 4)},
    {"x8 and x7 from where x6 and x7 are", 35, 0xa9429fe8, ALL & ~(UINT32_C(3) << 8)},
    {"x6 and x7 are not saved", 22, 0xd503201f, ALL & ~(UINT32_C(3) << 6)},
    {"vectors are put over x6 and x7", 23, 0xad0123e7, 0},
    {"more is taken off the stack", 18, 0x910403ff, 0},
    {"a callee may be told where its frame is: add x9, sp, #40", 21, 0x9100a3e9, 0},
    {"add x9, sp, x3", 21, 0x8b2363e9, 0},
    {"add x9, sp, x3, lsl #3", 21, 0x8b236fe9, 0},
    {"mov x9, x29", 21, 0xaa1d03e9, 0},
    {"memory may: str x29, [x0]", 21, 0xf900001d, 0},
    {"it goes elsewhere", 19, 0xd61f0200, 0},
    {"it goes to a call of its own", 17, 0xd503201f, 0},
    {"it jumps out", 43, 0x14000010, 0},
    {"it never comes back", 43, 0x14000000, 0},
};

TEST(what_a_function_saves_it_keeps)
{
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        uint32_t words[BARRIER];
        uint8_t bytes[sizeof words];
        struct span span;
        memcpy(words, barrier, sizeof words);
        words[changes[i].at] = changes[i].word;
        const struct map map = map_of(words, sizeof words, bytes, &span);
        const uint32_t kept = keeps_registers(&map, AT, AT + sizeof words);
        if (kept != changes[i].kept)
            fail_msg("%s: %#x", changes[i].name, (unsigned)kept);
    }
}

static bool is_cell(void *context, struct value value)
{
    (void)context;
    return value.kind == VALUE_BITS;
}

static uint64_t no_answer(void *context, struct value value)
{
    (void)context;
    (void)value;
    return 0;
}

static struct callee callee_that_keeps(void *context, uint64_t target)
{
    const uint32_t *kept = context;
    (void)target;
    return (struct callee){.kept = *kept};
}

/* How surely the LDADDAL is reached. */
static enum reach reach_of_atomic(const uint32_t *words, size_t size, uint32_t kept, bool of_go, uint64_t label)
{
    static bool noted[256];
    uint8_t bytes[256];
    struct span spans[2];
    struct map map = map_of(words, size, bytes, spans);
    struct marks none, labels;
    struct guards guards = {0};
    enum reach reach = REACH_NONE;
    spans[1] = (struct span){.address = 0x411000, .memory_size = 0x1000, .writes = true};
    map.count = 2;
    map.spans = spans;
    noted[A64_LSE] = true;
    assert_true(marks_make(&none, &map, 4) && marks_make(&labels, &map, 4));
    if (label)
        (void)marks_put(&labels, label);
    struct body body = {.map = &map,
                        .step = step_a64,
                        .unit = 4,
                        .entries = &none,
                        .labels = &labels,
                        .callee = callee_that_keeps,
                        .strong = is_cell,
                        .answer = no_answer,
                        .guards = &guards,
                        .context = &kept,
                        .noted = noted,
                        .fuel = 1 << 16,
                        .split_stack = of_go};
    assert_true(body_build(&body, AT, AT + size, 0, false) && body_reach(&body));
    for (size_t i = 0; i < body.site_count; i++)
        if (body.sites[i].kind == SITE_FEATURE && (enum reach)body.blocks[body.sites[i].block].reach > reach)
            reach = (enum reach)body.blocks[body.sites[i].block].reach;
    body_free(&body);
    marks_free(&none);
    marks_free(&labels);
    return reach;
}

/* adrp x8, page; bl f; ldrb w9, [x8]; tbz w9, #0, over; ldaddal w0, w0, [x1]; over: ret */
TEST(an_address_is_kept_over_a_call_that_keeps_it)
{
    static const uint32_t words[] = {0xb0000088, 0x94000400, 0x39400109, 0x36000049, 0xb8e00020, 0xd65f03c0};
    assert_int_equal(reach_of_atomic(words, sizeof words, ALL, true, 0), REACH_GUARDED);
    assert_int_equal(reach_of_atomic(words, sizeof words, ALL & ~(X << 8), true, 0), REACH_POSSIBLE);
    assert_int_equal(reach_of_atomic(words, sizeof words, 0, true, 0), REACH_POSSIBLE);
}

/* br x2; 1: ldrb w9, [x8]; tbz w9, #0, over; ldaddal w0, w0, [x1]; over: ret; 2: adrp x8, page; b 1b. The table has 2, or both. */
TEST(what_a_label_branches_to_is_no_label_for_that)
{
    static const uint32_t words[] = {0xd61f0040, 0x39400109, 0x36000049, 0xb8e00020,
                                     0xd65f03c0, 0xb0000088, 0x17fffffb};
    assert_int_equal(reach_of_atomic(words, sizeof words, 0, false, AT + 20), REACH_GUARDED);
    assert_int_equal(reach_of_atomic(words, sizeof words, 0, false, AT + 4), REACH_POSSIBLE);
    assert_int_equal(reach_of_atomic(words, sizeof words, 0, false, 0), REACH_POSSIBLE);
}

/* Two functions of eight words, and words of data: a table of two that lead into the first; two words of which one leads into the
 * other function; one by itself; one that leads to a start; and a table of which a relocation says something else. */
TEST(words_side_by_side_are_a_table)
{
    enum { WORDS = 16, SECOND = AT + 32, DATA = 0x411000 };
    static const uint32_t words[WORDS];
    static struct pointer pointers[] = {
        {.place = DATA, .target = AT + 4, .code = 1},           {.place = DATA + 8, .target = AT + 8, .code = 1},
        {.place = DATA + 32, .target = AT + 12, .code = 1},     {.place = DATA + 40, .target = SECOND + 4, .code = 1},
        {.place = DATA + 64, .target = AT + 16, .code = 1},     {.place = DATA + 96, .target = SECOND, .code = 1},
        {.place = DATA + 104, .target = SECOND + 8, .code = 1}, {.place = DATA + 128, .target = AT + 20, .code = 1},
        {.place = DATA + 136, .target = AT + 24, .code = 1},    {.place = DATA + 144, .target = AT + 28, .code = 1},
    };
    static struct relocated relocated[] = {{DATA + 128, AT + 24}};
    struct function functions[] = {{.start = AT, .size = 32}, {.start = SECOND, .size = 32}};
    uint8_t bytes[sizeof words];
    struct span span;
    struct program p = {.unit = 4,
                        .functions = functions,
                        .function_count = 2,
                        .pointers = pointers,
                        .pointer_count = sizeof pointers / sizeof *pointers};
    p.map = map_of(words, sizeof words, bytes, &span);
    p.map.relocated = relocated;
    p.map.relocated_count = 1;
    assert_true(marks_make(&p.marks, &p.map, 4));
    (void)marks_put(&p.marks, AT);
    (void)marks_put(&p.marks, SECOND);
    assert_int_equal(marks_count(&p.marks), 2);
    assert_true(tables_find_labels(&p));
    for (uint64_t at = AT; at < AT + sizeof words; at += 4)
        assert_int_equal(marks_have(&p.labels, at), at == AT + 4 || at == AT + 8 || at == AT + 24 || at == AT + 28);
    marks_free(&p.marks);
    marks_free(&p.labels);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(what_a_function_saves_it_keeps),
        T(an_address_is_kept_over_a_call_that_keeps_it),
        T(what_a_label_branches_to_is_no_label_for_that),
        T(words_side_by_side_are_a_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
