/* DWARF by its content alone: units of .debug_info (DWARF 5 §7.5.1.1; version 4 §7.5.1.1 has the fields in another order) and
 * abbreviations of compile units (§7.5.3: code, DW_TAG_compile_unit, DW_CHILDREN_yes, attribute and form). How many units, how
 * near, and how often it is tried: dwarf.c has the reasons. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <cmocka.h>
#include "formats/read.h"

enum { ROOM = 5 << 18, AT = 100, FAR = 1 << 20, NEAR = 1 << 16, ALONE_MOST = 1 << 20, TRIES = 4096 };
enum { COMPILE = 1, ABBREVIATION = 7 /* bytes of its beginning */, PRODUCER = 0x25, NAME = 0x03, LANGUAGE = 0x13 };

static uint8_t bytes[ROOM];

struct unit {
    uint32_t size; /* with its length */
    uint16_t version;
    uint32_t abbreviations;
    uint8_t type, address_size, code;
};

static void put_le32(size_t at, uint32_t value)
{
    for (size_t i = 0; i < 4; i++)
        bytes[at + i] = (uint8_t)(value >> 8 * i);
}

static size_t put_unit(size_t at, struct unit u)
{
    bool five = u.version == 5;
    put_le32(at, u.size - 4);
    bytes[at + 4] = (uint8_t)u.version;
    bytes[at + 5] = (uint8_t)(u.version >> 8);
    if (five)
        bytes[at + 6] = u.type, bytes[at + 7] = u.address_size;
    put_le32(at + (five ? 8 : 6), u.abbreviations);
    if (!five)
        bytes[at + 10] = u.address_size;
    bytes[at + (five ? 12 : 11)] = u.code;
    return at + u.size;
}

static void put_abbreviation(size_t at, uint8_t code, uint8_t attribute)
{
    memcpy(bytes + at, (const uint8_t[]){code, 0x11, 1, attribute, 0x0e, LANGUAGE, 0x0b}, ABBREVIATION);
}

static int64_t find(size_t size)
{
    return dwarf_find((struct view){bytes, size});
}

static void clear(void)
{
    memset(bytes, 0, sizeof bytes);
}

#define PLAIN                                                                                                          \
    {                                                                                                                  \
        40, 4, 8, COMPILE, 8, 1                                                                                        \
    }

/* What producers and names may be (DWARF 5 §7.5.5, §7.5.6, and GNU's), and what may follow. The last two are from the metadata of
 * .NET, where `08 01 00 04 00 00 00 00 00 08 01` looks like a unit, too (npm: @azure/mcp-darwin-arm64 2.0.5). */
static void an_abbreviation_begins_with_a_text_and_goes_on(void **state)
{
    static const struct {
        uint8_t words[8];
        bool found;
    } cases[] = {
        {{0x0e, LANGUAGE, 0x0b}, true},
        {{0x08, LANGUAGE, 0x0b}, true},               /* DW_FORM_string: Go */
        {{0x1f, LANGUAGE, 0x05}, true},               /* DW_FORM_line_strp */
        {{0x25, 0x76, 0x25}, true},                   /* DW_FORM_strx1, DW_AT_dwo_name */
        {{0x82, 0x3e, LANGUAGE, 0x05}, true},         /* DW_FORM_GNU_str_index */
        {{0xa1, 0x3e, 0xb1, 0x42, 0xa1, 0x3e}, true}, /* DW_FORM_GNU_strp_alt, DW_AT_GNU_dwo_id */
        {{0x0e, LANGUAGE, 0x2c}, true},               /* DW_FORM_addrx4, the last one */
        {{0x0e, LANGUAGE, 0x2d}, false},
        {{0x0e, LANGUAGE, 0}, false},
        {{0x0e, 0, 0}, false},
        {{0x0e, 0x80, 0x80, 1, 0x0b}, false}, /* an attribute behind DW_AT_hi_user */
        {{0x0b, LANGUAGE, 0x0b}, false},      /* DW_FORM_data1 */
        {{0x82, 0x3f, LANGUAGE, 0x05}, false},
        {{0x01, 0x45, 0x07, 0x4d}, false},
        {{0x00, 0x08, 0x01, 0x00}, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        clear();
        (void)put_unit(put_unit(put_unit(AT, (struct unit)PLAIN), (struct unit)PLAIN), (struct unit)PLAIN);
        put_abbreviation(FAR, 1, PRODUCER);
        memcpy(bytes + FAR + 4, cases[i].words, sizeof cases[i].words);
        assert_int_equal(find(ROOM), cases[i].found ? AT : -1);
        put_abbreviation(FAR + 0x100, 1, NAME); /* a good one behind it is found in any case */
        assert_int_equal(find(ROOM), AT);
    }
    clear();
    (void)put_unit(put_unit(put_unit(AT, (struct unit)PLAIN), (struct unit)PLAIN), (struct unit)PLAIN);
    put_abbreviation(FAR, 1, PRODUCER);
    for (size_t size = FAR + 4; size < FAR + 7; size++) /* the view ends in it */
        assert_int_equal(find(size), -1);
    assert_int_equal(find(FAR + 7), AT);
}

static void three_units_in_a_row_are_debug_information(void **state)
{
    static const struct {
        const char *sentence;
        struct unit units[3];
        uint8_t code, attribute; /* of the abbreviation */
        bool found;
    } cases[] = {
        {"as compilers write them", {PLAIN, PLAIN, PLAIN}, 1, PRODUCER, true},
        {"with a name first", {PLAIN, PLAIN, PLAIN}, 1, NAME, true},
        {"with a language first", {PLAIN, PLAIN, PLAIN}, 1, LANGUAGE, false},
        {"with an abbreviation of another code", {PLAIN, PLAIN, PLAIN}, 2, PRODUCER, false},
        {"version 2", {{40, 2, 8, COMPILE, 8, 1}, PLAIN, PLAIN}, 1, PRODUCER, true},
        {"version 1", {{40, 1, 8, COMPILE, 8, 1}, PLAIN, PLAIN}, 1, PRODUCER, false},
        {"version 5", {{40, 5, 8, COMPILE, 8, 1}, PLAIN, PLAIN}, 1, PRODUCER, true},
        {"version 6", {{40, 6, 8, COMPILE, 8, 1}, PLAIN, PLAIN}, 1, PRODUCER, false},
        {"no version for the third", {PLAIN, PLAIN, {40, 6, 8, COMPILE, 8, 1}}, 1, PRODUCER, false},
        {"of the last type", {{40, 5, 8, 6, 8, 1}, PLAIN, PLAIN}, 1, PRODUCER, true},
        {"of a type behind the last", {{40, 5, 8, 7, 8, 1}, PLAIN, PLAIN}, 1, PRODUCER, false},
        {"of no type", {{40, 5, 8, 0, 8, 1}, PLAIN, PLAIN}, 1, PRODUCER, false},
        {"for addresses of four bytes", {{40, 4, 8, COMPILE, 4, 1}, PLAIN, PLAIN}, 1, PRODUCER, false},
        {"without an entry", {{40, 4, 8, COMPILE, 8, 0}, PLAIN, PLAIN}, 0, PRODUCER, false},
        {"the last code of one byte", {{40, 4, 8, COMPILE, 8, 127}, PLAIN, PLAIN}, 127, PRODUCER, true},
        {"a code of two bytes", {{40, 4, 8, COMPILE, 8, 128}, PLAIN, PLAIN}, 128, PRODUCER, false},
        {"abbreviations at the end",
         {{40, 4, ROOM - 1, 1, 8, 1}, {40, 4, ROOM - 1, 1, 8, 1}, {40, 4, ROOM - 1, 1, 8, 1}},
         1,
         PRODUCER,
         true},
        {"abbreviations behind it", {PLAIN, PLAIN, {40, 4, ROOM, COMPILE, 8, 1}}, 1, PRODUCER, false},
        {"abbreviations of their own",
         {PLAIN, {40, 4, 9, COMPILE, 8, 2}, {40, 4, 10, COMPILE, 8, 3}},
         1,
         PRODUCER,
         true},
        {"in another order", {PLAIN, PLAIN, {40, 4, 7, COMPILE, 8, 1}}, 1, PRODUCER, false},
        {"of headers alone",
         {{12, 4, 8, COMPILE, 8, 1}, {12, 4, 8, COMPILE, 8, 1}, {12, 4, 8, COMPILE, 8, 1}},
         1,
         PRODUCER,
         true},
        {"one that is shorter", {{11, 4, 8, COMPILE, 8, 35}, PLAIN, PLAIN}, 35, PRODUCER, false},
        {"one longer than all there is",
         {PLAIN, PLAIN, {UINT32_C(0x80000028), 4, 8, COMPILE, 8, 1}},
         1,
         PRODUCER,
         false},
        {"one that is no unit", {{10, 4, 8, COMPILE, 8, 1}, PLAIN, PLAIN}, 1, PRODUCER, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t at = AT;
        clear();
        for (size_t k = 0; k < 3; k++)
            at = put_unit(at, cases[i].units[k]);
        put_abbreviation(FAR, cases[i].code, cases[i].attribute);
        if ((find(ROOM) == AT) != cases[i].found)
            print_error("%s\n", cases[i].sentence);
        assert_int_equal(find(ROOM), cases[i].found ? AT : -1);
    }
}

/* Each is looked for once, wherever it stands. */
static void rows_of_one_code_after_the_other(void **state)
{
    (void)state;
    for (uint8_t present = 1; present <= 4; present++) {
        clear();
        for (size_t row = 0; row < 4; row++)
            for (size_t k = 0; k < 3; k++)
                put_unit(row * 150 + 40 * k, (struct unit){40, 4, 8, COMPILE, 8, (uint8_t)(row % 3 + 1)});
        put_abbreviation(FAR, present, PRODUCER);
        assert_int_equal(find(ROOM), present == 4 ? -1 : (present - 1) * 150); /* the fourth row has the first code */
    }
}

static void a_last_unit_ends_with_the_bytes(void **state)
{
    (void)state;
    clear();
    put_abbreviation(0, 1, PRODUCER);
    for (size_t k = 0; k < 3; k++)
        put_unit(AT + 40 * k, (struct unit)PLAIN);
    assert_int_equal(find(AT + 120), AT);
    assert_int_equal(find(AT + 119), -1);
    assert_int_equal(find(AT), -1);
    assert_int_equal(find(0), -1);
}

/* The beginning of .debug_info, with .debug_abbrev near by. */
static void one_unit_is_enough_with_its_abbreviations(void **state)
{
    static const struct {
        const char *sentence;
        struct unit unit;
        uint8_t attribute;
        bool found;
    } cases[] = {
        {"version 4", {40, 4, 0, COMPILE, 8, 1}, PRODUCER, true},
        {"version 5", {40, 5, 0, COMPILE, 8, 1}, PRODUCER, true},
        {"version 3", {40, 3, 0, COMPILE, 8, 1}, PRODUCER, false},
        {"a name", {40, 4, 0, COMPILE, 8, 1}, NAME, true},
        {"a language", {40, 4, 0, COMPILE, 8, 1}, LANGUAGE, false},
        {"a unit of types", {40, 5, 0, 2, 8, 1}, PRODUCER, false},
        {"not the first of its abbreviations", {40, 4, 1, COMPILE, 8, 1}, PRODUCER, false},
        {"for addresses of four bytes", {40, 4, 0, COMPILE, 4, 1}, PRODUCER, false},
        {"a code of two bytes", {40, 4, 0, COMPILE, 8, 128}, PRODUCER, true},
        {"as large as one may be", {ALONE_MOST, 4, 0, COMPILE, 8, 1}, PRODUCER, true},
        {"larger", {ALONE_MOST + 1, 4, 0, COMPILE, 8, 1}, PRODUCER, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        clear();
        put_abbreviation(put_unit(AT, cases[i].unit) + 100, cases[i].unit.code, cases[i].attribute);
        if ((find(ROOM) == AT) != cases[i].found)
            print_error("%s\n", cases[i].sentence);
        assert_int_equal(find(ROOM), cases[i].found ? AT : -1);
    }
    clear(); /* two, and then something else */
    put_abbreviation(put_unit(put_unit(AT, (struct unit){40, 4, 0, COMPILE, 8, 1}), (struct unit)PLAIN) + 40, 1,
                     PRODUCER);
    assert_int_equal(find(ROOM), AT);
}

static void near_by_is_some_pages_before_and_behind(void **state)
{
    enum { MIDDLE = 2 * NEAR, SIZE = 40 };
    static const struct {
        size_t at;
        bool found;
    } cases[] = {{MIDDLE - NEAR, true},
                 {MIDDLE - NEAR - 1, false},
                 {MIDDLE - ABBREVIATION, true},
                 {MIDDLE + SIZE, true},
                 {MIDDLE + SIZE + NEAR - ABBREVIATION, true},
                 {MIDDLE + SIZE + NEAR - ABBREVIATION + 1, false}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        clear();
        put_abbreviation(cases[i].at, 1, PRODUCER);
        put_unit(MIDDLE, (struct unit){SIZE, 4, 0, COMPILE, 8, 1});
        assert_int_equal(find(ROOM), cases[i].found ? MIDDLE : -1);
        if (cases[i].at > MIDDLE)
            assert_int_equal(find(cases[i].at + ABBREVIATION), cases[i].found ? MIDDLE : -1); /* the bytes end there */
    }
}

/* However often bytes look like the first unit of a program, the search ends. */
static void it_is_tried_some_thousand_times(void **state)
{
    (void)state;
    for (size_t count = TRIES - 1; count <= TRIES; count++) {
        size_t at = 0;
        clear();
        for (size_t i = 0; i < count; i++)
            at = put_unit(at, (struct unit){12, 4, 0, COMPILE, 8, 9}) + 4;
        put_abbreviation(put_unit(at, (struct unit){12, 4, 0, COMPILE, 8, 1}) + 4, 1, PRODUCER);
        assert_int_equal(find(at + 40), count < TRIES ? (int64_t)at : -1);
    }
}

/* Bytes are passed over by the block where none may be a version. */
static void units_begin_anywhere(void **state)
{
    enum { SOME = 1000 };
    (void)state;
    clear();
    for (size_t at = 0; at < 300; at++) {
        memset(bytes, 0, SOME);
        put_abbreviation(put_unit(at, (struct unit){12, 4, 0, COMPILE, 8, 1}) + 4, 1, PRODUCER);
        assert_int_equal(find(SOME), at);
        assert_int_equal(find(at + 16 + ABBREVIATION), at);
        if (at < 8)
            continue;
        memset(bytes, 0, SOME);
        put_abbreviation(0, 1, PRODUCER);
        put_unit(at, (struct unit){12, 4, 0, COMPILE, 8, 1});
        assert_int_equal(find(at + 12), at);
        assert_int_equal(find(at + 11), -1);
    }
}

/* No byte is zero but behind one that may be a version. */
static void a_version_is_what_is_looked_for(void **state)
{
    enum { SIZE = 0x020304 + 4, ABBREVIATIONS = 0x020304 };
    (void)state;
    memset(bytes, 0xff, sizeof bytes);
    for (size_t k = 0; k < 3; k++)
        put_unit(k * SIZE, (struct unit){SIZE, 4, ABBREVIATIONS, COMPILE, 8, 1});
    put_abbreviation(FAR, 1, PRODUCER);
    assert_int_equal(find(ROOM), 0);
}

static void put_le64(size_t at, uint64_t value)
{
    put_le32(at, (uint32_t)value);
    put_le32(at + 4, (uint32_t)(value >> 32));
}

/* A unit of the 64-bit format (DWARF 5 §7.4): the length behind 0xffffffff, and offsets of eight bytes. */
static size_t put_wide_unit(size_t at, struct unit u, uint64_t length)
{
    bool five = u.version == 5;
    put_le32(at, UINT32_MAX);
    put_le64(at + 4, length);
    bytes[at + 12] = (uint8_t)u.version;
    if (five)
        bytes[at + 14] = u.type, bytes[at + 15] = u.address_size;
    put_le64(at + (five ? 16 : 14), u.abbreviations);
    if (!five)
        bytes[at + 22] = u.address_size;
    bytes[at + (five ? 24 : 23)] = u.code;
    return at + u.size;
}

static void units_of_the_64_bit_format(void **state)
{
    static const size_t places[] = {0, 1, 7, AT, 4096 + 61};
    (void)state;
    for (uint16_t version = 4; version <= 5; version++)
        for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
            const struct unit unit = {48, version, 8, COMPILE, 8, 1};
            size_t at = places[i];
            clear();
            for (size_t k = 0; k < 3; k++)
                at = put_wide_unit(at, unit, 36);
            put_abbreviation(FAR, 1, PRODUCER);
            assert_int_equal(find(ROOM), places[i]);
            assert_true(dwarf_begins((struct view){bytes + places[i], ROOM - places[i]}));
            put_le64(places[i] + 4, UINT64_C(1) << 40 | 36); /* longer than all there is */
            put_le64(places[i] + 52, UINT64_C(1) << 40 | 36);
            assert_int_equal(find(ROOM), -1);
        }
    clear();
    put_wide_unit(AT, (struct unit){48, 5, 0, COMPILE, 8, 1}, 36); /* the only one, with its abbreviations behind it */
    put_abbreviation(AT + 60, 1, PRODUCER);
    assert_int_equal(find(ROOM), AT);
    put_le64(AT + 16, UINT64_C(1) << 32); /* abbreviations behind all there is */
    assert_int_equal(find(ROOM), -1);
}

/* The header of a line table, behind a length of either form (§6.2.4). */
static void line_tables_of_the_64_bit_format(void **state)
{
    (void)state;
    for (uint8_t minimum = 1; minimum <= 3; minimum++) {
        clear();
        put_le32(0, UINT32_MAX);
        put_le64(4, 100);
        bytes[12] = 4;
        put_le64(14, 40); /* header_length */
        bytes[22] = minimum;
        assert_int_equal(dwarf_begins((struct view){bytes, 200}), minimum == 1);
    }
}

/* Units of 16 MiB, in bytes of which there are more than a length can count. Only what is asked for is there, which a
 * sanitizer does not take. */
static void lengths_of_four_bytes(void **state)
{
    enum { LARGE = (1 << 24) + 4 };
    static const size_t sizes[] = {3 * LARGE, (size_t)255 << 24, (size_t)256 << 24};
    uint8_t *region = mmap(NULL, 3 * LARGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    (void)state;
    assert_true(region != MAP_FAILED);
    clear();
    put_unit(0, (struct unit){LARGE, 4, 1, COMPILE, 8, 1});
    for (size_t k = 0; k < 3; k++)
        memcpy(region + k * LARGE, bytes, 12);
    put_abbreviation(12, 1, PRODUCER);
    memcpy(region + 12, bytes + 12, ABBREVIATION);
    size_t count = sizeof sizes / sizeof *sizes;
#if defined(__SANITIZE_ADDRESS__)
    count = 1;
#endif
    for (size_t i = 0; i < count; i++)
        assert_int_equal(dwarf_find((struct view){region, sizes[i]}), 0);
    assert_int_equal(munmap(region, 3 * LARGE), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_abbreviation_begins_with_a_text_and_goes_on),
        cmocka_unit_test(three_units_in_a_row_are_debug_information),
        cmocka_unit_test(rows_of_one_code_after_the_other),
        cmocka_unit_test(a_last_unit_ends_with_the_bytes),
        cmocka_unit_test(one_unit_is_enough_with_its_abbreviations),
        cmocka_unit_test(near_by_is_some_pages_before_and_behind),
        cmocka_unit_test(it_is_tried_some_thousand_times),
        cmocka_unit_test(units_begin_anywhere),
        cmocka_unit_test(a_version_is_what_is_looked_for),
        cmocka_unit_test(lengths_of_four_bytes),
        cmocka_unit_test(units_of_the_64_bit_format),
        cmocka_unit_test(line_tables_of_the_64_bit_format),
    };
    return cmocka_run_group_tests_name("test_dwarf", tests, NULL, NULL);
}
