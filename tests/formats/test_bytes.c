/* Bounded reading at its bounds: first and last byte, empty ranges, sums and products that wrap. */
#include "formats/bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <string.h>

enum { SIZE = 16 };

/* Sixteen bytes 0xf0, 0xf1, … with nothing that may be read behind them. */
static struct view counted(void)
{
    uint8_t *bytes = malloc(SIZE);
    assert_non_null(bytes);
    for (size_t i = 0; i < SIZE; i++)
        bytes[i] = (uint8_t)(0xf0 + i);
    return (struct view){bytes, SIZE};
}

static void drop(struct view v)
{
    free((void *)(uintptr_t)v.data);
}

static void a_range_fits_only_where_all_of_it_does(void **state)
{
    (void)state;
    static const struct {
        uint64_t size, off, n;
        bool fits;
    } rows[] = {{16, 0, 16, true},
                {16, 0, 17, false},
                {16, 15, 1, true},
                {16, 16, 0, true},
                {16, 16, 1, false},
                {16, 17, 0, false},
                {0, 0, 0, true},
                {0, 0, 1, false},
                {16, UINT64_MAX, 0, false},
                {16, UINT64_MAX, 1, false}, /* the sum is 0 */
                {16, 1, UINT64_MAX, false},
                {16, 8, UINT64_MAX - 7, false},
                {UINT64_MAX, UINT64_MAX, 0, true},
                {UINT64_MAX, 1, UINT64_MAX - 1, true},
                {UINT64_MAX, 1, UINT64_MAX, false}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(range_fits(rows[i].size, rows[i].off, rows[i].n), rows[i].fits);
}

static void the_end_of_a_range_never_wraps(void **state)
{
    (void)state;
    assert_true(range_end(3, 4) == 7);
    assert_true(range_end(UINT64_MAX, 0) == UINT64_MAX);
    assert_true(range_end(UINT64_MAX - 1, 1) == UINT64_MAX);
    assert_true(range_end(UINT64_MAX, 1) == UINT64_MAX);
    assert_true(range_end(UINT64_MAX, UINT64_MAX) == UINT64_MAX);
}

static void a_part_is_given_only_where_all_of_it_is_there(void **state)
{
    (void)state;
    struct view v = counted(), mark = {(const uint8_t *)"mark", 4}, out = mark;
    assert_true(view_sub(v, 4, 12, &out));
    assert_ptr_equal(out.data, v.data + 4);
    assert_int_equal(out.size, 12);
    assert_true(view_sub(v, SIZE, 0, &out));
    assert_int_equal(out.size, 0);
    out = mark;
    assert_false(view_sub(v, 4, 13, &out));
    assert_false(view_sub(v, 17, 0, &out));
    assert_false(view_sub(v, UINT64_MAX, 2, &out));
    assert_ptr_equal(out.data, mark.data); /* not touched */
    assert_int_equal(out.size, mark.size);
    drop(v);
}

static void an_empty_view_has_an_empty_part_and_no_other(void **state)
{
    (void)state;
    struct view none = {NULL, 0}, out = {(const uint8_t *)"x", 1};
    assert_true(view_sub(none, 0, 0, &out));
    assert_int_equal(out.size, 0);
    assert_false(view_sub(none, 0, 1, &out));
    assert_true(view_is_zero(none));
    assert_true(view_string(none, 0) == -1);
    assert_true(view_find(none, 0, "x", 1) == -1);
}

static void a_table_is_counted_without_wrapping(void **state)
{
    (void)state;
    struct view v = counted(), out;
    assert_true(view_table(v, 0, 4, 4, &out));
    assert_int_equal(out.size, 16);
    assert_true(view_table(v, 4, 4, 3, &out));
    assert_ptr_equal(out.data, v.data + 4);
    assert_true(view_table(v, 16, 4, 0, &out));
    assert_false(view_table(v, 4, 4, 4, &out));
    assert_false(view_table(v, 0, 0, 1, &out)); /* entries of no size have no count */
    assert_false(view_table(v, 0, 0, 0, &out));
    assert_false(view_table(v, 0, 1, 17, &out));
    assert_false(view_table(v, 0, 16, UINT64_C(1) << 60, &out)); /* 2^64 */
    assert_false(view_table(v, 0, UINT64_MAX, 2, &out));
    assert_false(view_table(v, 8, UINT64_C(1) << 63, 2, &out));
    drop(v);
}

static void a_string_needs_its_end(void **state)
{
    (void)state;
    struct view v = {(const uint8_t *)"ab\0cd", 5}; /* no NUL behind cd that belongs to it */
    assert_true(view_string(v, 0) == 2);
    assert_true(view_string(v, 2) == 0);
    assert_true(view_string(v, 3) == -1);
    assert_true(view_string(v, 5) == -1);
    assert_true(view_string(v, UINT64_MAX) == -1);
}

static void a_needle_is_found_at_either_end(void **state)
{
    (void)state;
    struct view v = {(const uint8_t *)"abcab", 5};
    assert_true(view_find(v, 0, "ab", 2) == 0);
    assert_true(view_find(v, 1, "ab", 2) == 3);
    assert_true(view_find(v, 4, "ab", 2) == -1);
    assert_true(view_find(v, 0, "abcab", 5) == 0);
    assert_true(view_find(v, 0, "abcabc", 6) == -1);
    assert_true(view_find(v, 5, "b", 1) == -1);
    assert_true(view_find(v, 6, "b", 1) == -1);
    assert_true(view_find(v, UINT64_MAX, "b", 1) == -1);
    assert_true(view_find(v, 0, "", 0) == -1);
}

static void names_are_the_same_to_their_ends(void **state)
{
    (void)state;
    static const char *const names[] = {"", "a", "b", "ab", "ac", "abc", "abd", "abcd"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        for (size_t k = 0; k < sizeof names / sizeof *names; k++)
            assert_int_equal(same_name(names[i], names[k]), strcmp(names[i], names[k]) == 0);
}

static void one_byte_that_is_not_zero_is_seen(void **state)
{
    (void)state;
    uint8_t bytes[9] = {0};
    assert_true(view_is_zero((struct view){bytes, sizeof bytes}));
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = 1;
        assert_false(view_is_zero((struct view){bytes, sizeof bytes}));
        bytes[i] = 0;
    }
}

static void words_have_the_byte_order_of_the_file(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88};
    struct view v = {bytes, sizeof bytes};
    struct cursor little = cursor_at(v, false), big = cursor_at(v, true);
    assert_int_equal(load_le16(bytes), 0x8281);
    assert_true(load_le32(bytes) == 0x84838281);
    assert_true(load_le64(bytes) == UINT64_C(0x8887868584838281));
    assert_true(load_be32(bytes) == 0x81828384);
    assert_true(load_be64(bytes) == UINT64_C(0x8182838485868788));
    assert_int_equal(cursor_u16(&little), 0x8281);
    assert_int_equal(cursor_u16(&big), 0x8182);
    assert_true(cursor_u32(&little) == 0x86858483);
    assert_true(cursor_u32(&big) == 0x83848586);
    assert_int_equal(cursor_u8(&little), 0x87);
    big = cursor_at(v, true);
    assert_true(cursor_word(&big, 64) == UINT64_C(0x8182838485868788));
    big = cursor_at(v, true);
    assert_true(cursor_word(&big, 32) == 0x81828384);
    assert_int_equal(big.at, 4);
}

static void a_cursor_past_its_end_gives_zeros_for_ever(void **state)
{
    (void)state;
    struct view v = counted();
    struct cursor c = cursor_at(v, false);
    cursor_skip(&c, SIZE - 3);
    assert_false(c.failed);
    assert_true(cursor_u32(&c) == 0); /* three bytes are left */
    assert_true(c.failed);
    assert_int_equal(cursor_u8(&c), 0); /* though one would be there */
    assert_int_equal(cursor_u16(&c), 0);
    assert_true(cursor_u64(&c) == 0);
    assert_int_equal(cursor_take(&c, 0).size, 0);
    assert_int_equal(c.at, SIZE - 3);
    drop(v);
}

static void a_cursor_may_stand_at_its_end(void **state)
{
    (void)state;
    struct view v = counted();
    struct cursor c = cursor_at(v, false);
    assert_int_equal(cursor_take(&c, SIZE).size, SIZE);
    assert_int_equal(cursor_take(&c, 0).size, 0);
    assert_false(c.failed);
    cursor_skip(&c, UINT64_MAX);
    assert_true(c.failed);
    drop(v);
}

static void a_leb128_ends_where_it_says(void **state)
{
    (void)state;
    static const struct {
        uint8_t bytes[12];
        size_t size, used;
        uint64_t value;
    } rows[] = {{{0x00}, 1, 1, 0},
                {{0x7f, 0xff}, 2, 1, 127},
                {{0x80, 0x01}, 2, 2, 128},
                {{0xe5, 0x8e, 0x26}, 3, 3, 624485}, /* the example of DWARF 5, appendix C */
                {{0x80, 0x80, 0x00}, 3, 3, 0},      /* longer than needed is no error */
                {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}, 10, 10, UINT64_MAX}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct cursor c = cursor_at((struct view){rows[i].bytes, rows[i].size}, false);
        assert_true(cursor_uleb(&c) == rows[i].value);
        assert_false(c.failed);
        assert_int_equal(c.at, rows[i].used);
    }
}

static void a_leb128_without_an_end_fails(void **state)
{
    (void)state;
    uint8_t bytes[64];
    memset(bytes, 0x80, sizeof bytes);
    for (size_t size = 0; size <= sizeof bytes; size++) {
        struct cursor c = cursor_at((struct view){bytes, size}, false);
        (void)cursor_uleb(&c);
        assert_true(c.failed);
        assert_in_range(c.at, 0, 10);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_range_fits_only_where_all_of_it_does),
        cmocka_unit_test(the_end_of_a_range_never_wraps),
        cmocka_unit_test(a_part_is_given_only_where_all_of_it_is_there),
        cmocka_unit_test(an_empty_view_has_an_empty_part_and_no_other),
        cmocka_unit_test(a_table_is_counted_without_wrapping),
        cmocka_unit_test(a_string_needs_its_end),
        cmocka_unit_test(a_needle_is_found_at_either_end),
        cmocka_unit_test(names_are_the_same_to_their_ends),
        cmocka_unit_test(one_byte_that_is_not_zero_is_seen),
        cmocka_unit_test(words_have_the_byte_order_of_the_file),
        cmocka_unit_test(a_cursor_past_its_end_gives_zeros_for_ever),
        cmocka_unit_test(a_cursor_may_stand_at_its_end),
        cmocka_unit_test(a_leb128_ends_where_it_says),
        cmocka_unit_test(a_leb128_without_an_end_fails),
    };
    return cmocka_run_group_tests_name("test_bytes", tests, NULL, NULL);
}
