/* Bytes that nobody owns, ranges, paths of the build, first bytes of files, and small tools that all of these stand on. */
#include "tests/formats/made_image.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>
#include "formats/digest.h"
#include "formats/loaded.h"

/* ---- ranges ---- */

static void bytes_of_nobody_are_recognised(void **state)
{
    static const struct {
        const char *bytes;
        size_t size;
        const char *what;
    } cases[] = {{"\x7f"
                  "ELF",
                  4, "ELF file"},
                 {"\xcf\xfa\xed\xfe", 4, "Mach-O file"},
                 {"\xce\xfa\xed\xfe", 4, "Mach-O file"},
                 {"\xca\xfe\xba\xbe", 4, "universal Mach-O file"},
                 {"PK\3\4", 4, "ZIP archive"},
                 {"\x1f\x8b", 2, "gzip data"},
                 {"\xfd"
                  "7zXZ",
                  5, "xz data"},
                 {"\x28\xb5\x2f\xfd", 4, "Zstandard data"},
                 {"hsqs", 4, "SquashFS"},
                 {"BZh", 3, "bzip2 data"},
                 {"\x04\x22\x4d\x18", 4, "LZ4 data"},
                 {"\x89LZO", 4, "LZO data"},
                 {"LZIP", 4, "lzip data"},
                 {"7z\xbc\xaf\x27\x1c", 6, "7z archive"},
                 {"070701", 6, "cpio archive"},
                 {"!<arch>", 7, "ar archive"},
                 {"UPX!", 4, "UPX data"},
                 {"MZ", 2, "DOS or Windows program"},
                 {"#!", 2, "script"},
                 {"#?", 2, NULL},
                 {"\xfd"
                  "7zX",
                  4, NULL}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t zeros = 0; zeros < 3; zeros++) {
            struct range owned = {.offset = 0, .size = 100};
            memset(bytes, 0, 200);
            memcpy(bytes + 100 + zeros, cases[i].bytes, cases[i].size);
            begin(ARCH_AMD64, CODE + 1);
            image.size = 100 + zeros + cases[i].size;
            read_ranges(&image, &owned, 1, PAGE);
            assert_int_equal(image.unowned.count, 1);
            assert_false(image.unowned.items[0].padding);
            assert_int_equal(image.unowned.items[0].offset, 100);
            if (cases[i].what)
                assert_string_equal(image.unowned.items[0].what, cases[i].what);
            else
                assert_null(image.unowned.items[0].what);
        }
}

static void zeros_are_padding_up_to_some_size(void **state)
{
    (void)state;
    for (unsigned more = 0; more < 2; more++) {
        struct range owned[] = {{.offset = 0, .size = 64}, {.offset = 64 + 99 + more, .size = 64}};
        memset(bytes, 0, CODE);
        begin(ARCH_AMD64, CODE + 1);
        image.size = 64 + 99 + more + 64;
        read_ranges(&image, owned, 2, 100);
        assert_int_equal(image.unowned.count, more);
        assert_true(!more || image.unowned.items[0].padding);
        image.unowned = (struct range_list){.known = KNOWN_BROKEN};
        read_ranges(&image, owned, 2, 100);
        assert_int_equal(image.unowned.known, KNOWN_BROKEN);
    }
}

/* As lld -z separate-code leaves the last page of code. */
static void traps_are_padding_and_no_other_byte_is(void **state)
{
    static const struct {
        const char *sentence;
        uint8_t filler, first, last;
        bool padding;
    } cases[] = {{"INT3", 0xcc, 0xcc, 0xcc, true},           {"zeros", 0, 0, 0, true},
                 {"NOP", 0x90, 0x90, 0x90, false},           {"something in front", 0xcc, 0xcb, 0xcc, false},
                 {"something behind", 0xcc, 0xcc, 0, false}, {"one of zeros", 0, 0xcc, 0, false}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct range owned = {.offset = 0, .size = 100};
        memset(bytes, 0, 200);
        memset(bytes + 100, cases[i].filler, 100);
        bytes[100] = cases[i].first;
        bytes[199] = cases[i].last;
        begin(ARCH_AMD64, CODE + 1);
        image.size = 200;
        read_ranges(&image, &owned, 1, 101);
        if ((image.unowned.count == 0) != cases[i].padding)
            print_error("%s\n", cases[i].sentence);
        assert_int_equal(image.unowned.count, !cases[i].padding);
        image.unowned = (struct range_list){.known = KNOWN_ABSENT};
        read_ranges(&image, &owned, 1, 100);
        assert_int_equal(image.unowned.count, 1);
        assert_int_equal(image.unowned.items[0].padding, cases[i].padding);
    }
}

/* In whatever order the ranges come: few that move a little, and many that move far. */
static void ranges_come_in_any_order(void **state)
{
    enum { COUNT = 200, EACH = 10, GAP = 10 };
    static const size_t steps[] = {1, COUNT - 1, 77, 3}; /* as they stand, backwards, and mixed */
    struct range owned[COUNT];
    (void)state;
    memset(bytes, 0xcc, CODE);
    for (size_t k = 0; k < sizeof steps / sizeof *steps; k++) {
        for (size_t i = 0; i < COUNT; i++) {
            size_t at = (i * steps[k] + (steps[k] == COUNT - 1 ? COUNT - 1 : 0)) % COUNT;
            owned[i] = (struct range){.offset = at * (EACH + GAP), .size = EACH + (at % 10 ? GAP : 0)};
        }
        begin(ARCH_AMD64, CODE + 1);
        image.size = COUNT * (EACH + GAP);
        read_ranges(&image, owned, COUNT, 1);
        assert_int_equal(image.unowned.count, COUNT / 10);
        for (size_t i = 0; i < COUNT / 10; i++) {
            assert_int_equal(image.unowned.items[i].offset, i * 10 * (EACH + GAP) + EACH);
            assert_int_equal(image.unowned.items[i].size, GAP);
        }
    }
}

static void ranges_that_touch_are_one(void **state)
{
    static const struct {
        struct range in[3], out[3];
        size_t count;
    } cases[] = {{{{.offset = 20, .size = 5}, {.offset = 0, .size = 5}, {.offset = 10, .size = 5}},
                  {{.offset = 0, .size = 5}, {.offset = 10, .size = 5}, {.offset = 20, .size = 5}},
                  3},
                 {{{.offset = 10, .size = 5}, {.offset = 5, .size = 5}, {.offset = 0, .size = 5}},
                  {{.offset = 0, .size = 15}},
                  1},
                 {{{.offset = 2, .size = 3}, {.offset = 0, .size = 20}, {.offset = 4, .size = 20}},
                  {{.offset = 0, .size = 24}},
                  1}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct range ranges[3];
        memcpy(ranges, cases[i].in, sizeof ranges);
        assert_int_equal(ranges_join(ranges, 3), cases[i].count);
        for (size_t k = 0; k < cases[i].count; k++) {
            assert_int_equal(ranges[k].offset, cases[i].out[k].offset);
            assert_int_equal(ranges[k].size, cases[i].out[k].size);
        }
    }
}

static void what_lies_outside_of_the_image_is_cut(void **state)
{
    static const struct {
        uint64_t offset, size, from, to;
        bool whole;
    } cases[] = {{100, 50, 100, 150, true},          {100, 900, 100, 1000, true}, {100, 901, 100, 1000, false},
                 {99, 2, 100, 101, false},           {50, 50, 0, 0, false},       {1000, 5, 0, 0, false},
                 {100, UINT64_MAX, 100, 1000, false}};
    struct range *ranges;
    bool whole;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        begin(ARCH_AMD64, CODE + PAGE);
        image.offset = 100;
        image.size = 900;
        segments[0].offset = cases[i].offset;
        segments[0].file_size = cases[i].size;
        assert_int_equal(loaded_ranges(&image, &ranges, &whole), cases[i].to != 0);
        assert_int_equal(whole, cases[i].whole);
        if (cases[i].to) {
            assert_int_equal(ranges[0].offset, cases[i].from);
            assert_int_equal(ranges[0].size, cases[i].to - cases[i].from);
        }
    }
}

/* ---- paths of the build ---- */

static void paths_stand_alone_or_belong_to_cargo(void **state)
{
    static char far[80] = "x/home/u/123456789012345678901234567890123456789012345678901234/.cargo/x";
    static const struct {
        const char *sentence, *text;
        size_t at; /* from the beginning of the segment on */
        const char *path;
    } cases[] = {
        {"at the beginning of all bytes", "/home/u/src/x.c", 0, "/home/u/src/x.c"},
        {"behind a NUL", "/home/u/src/x.c", 16, "/home/u/src/x.c"},
        {"behind an equals sign", "=/home/u/src/x.c", 16, "/home/u/src/x.c"},
        {"in the middle of another", "/var/home/u/src/x.c", 16, NULL},
        {"of cargo", "x/home/u/.cargo/registry/x.rs", 16, "/home/u/.cargo/registry/x.rs"},
        {"of rustup", "x/home/u/.rustup/toolchains/x.rs", 16, "/home/u/.rustup/toolchains/x.rs"},
        {"of cargo on Windows", "xC:\\Users\\u\\.cargo\\registry", 16, "C:\\Users\\u\\.cargo\\registry"},
        {"of cargo, too far away", far, 16, NULL},
        {"a folder alone", "/home/u", 16, NULL},
        {"a root alone", "/usr/local/go/", 16, NULL},
        {"a root and a name", "/usr/local/go/src", 16, "/usr/local/go/src"},
        {"that ends at a quote", "/home/u/a\"b/c", 16, "/home/u/a"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (unsigned broken = 0; broken < 2; broken++) {
            memset(bytes, 0, CODE + 256);
            memcpy(bytes + CODE + cases[i].at, cases[i].text, strlen(cases[i].text));
            begin(ARCH_AMD64, CODE + 256);
            image.build_paths.known = broken ? KNOWN_BROKEN : KNOWN_ABSENT;
            read_build_paths(&image);
            if ((image.build_paths.count != 0) != (cases[i].path != NULL))
                print_error("%s\n", cases[i].sentence);
            assert_int_equal(image.build_paths.count, cases[i].path ? 1 : 0);
            if (cases[i].path)
                assert_string_equal(image.build_paths.items[0].text, cases[i].path);
            assert_int_equal(image.build_paths.known, broken ? KNOWN_BROKEN : KNOWN_COMPLETE);
        }
}

/* ---- first bytes ---- */

static void the_first_bytes_name_a_file(void **state)
{
    static const struct {
        const char *bytes;
        size_t size;
        enum kind kind;
    } cases[] = {{"hello\n", 6, KIND_TEXT}, {"tab\tand\x1b[0m", 11, KIND_TEXT}, {"no\x01text", 7, KIND_DATA},
                 {"\0", 1, KIND_DATA},      {"#!/bin/sh", 9, KIND_SCRIPT},      {"#", 1, KIND_TEXT},
                 {"MZ", 2, KIND_PE},        {"!<arch>\n", 8, KIND_ARCHIVE},     {"!<arch>", 7, KIND_TEXT},
                 {"\0asm", 4, KIND_WASM},   {"BZh", 3, KIND_COMPRESSED},        {"\xca\xfe\xba", 3, KIND_TEXT}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct view head = {(const uint8_t *)cases[i].bytes, cases[i].size};
        assert_int_equal(sniff(head, cases[i].size).kind, cases[i].kind);
    }
    assert_int_equal(sniff((struct view){0}, 0).kind, KIND_EMPTY);
    assert_int_equal(sniff((struct view){0}, 1).kind, KIND_DATA); /* bytes that could not be read */
    memset(bytes, 'a', PAGE);
    bytes[512] = 1; /* behind what is looked at */
    assert_int_equal(sniff((struct view){bytes, 513}, 513).kind, KIND_TEXT);
    bytes[511] = 1;
    assert_int_equal(sniff((struct view){bytes, 513}, 513).kind, KIND_DATA);
    memcpy(bytes + 257, "ustar", 5);
    assert_int_equal(sniff((struct view){bytes, 262}, 262).kind, KIND_COMPRESSED);
    assert_int_equal(sniff((struct view){bytes, 261}, 261).kind, KIND_TEXT);
}

/* 0xcafebabe and 50: Java 1.6, or as many slices, of which one must be an image that is judged. */
static void java_classes_and_universal_files_begin_alike(void **state)
{
    static const struct {
        uint32_t count, cputype, offset, size;
        enum container container;
    } cases[] = {{50, 0x01000007, 4096, 28, CONTAINER_UNIVERSAL},
                 {50, 0x0100000c, 4096, 28, CONTAINER_UNIVERSAL},
                 {50, 0x0000000c, 4096, 28, CONTAINER_UNKNOWN},
                 {50, 0x01000007, 4096, 27, CONTAINER_UNKNOWN},
                 {50, 0x01000007, 4097, 4096, CONTAINER_UNKNOWN},
                 {50, 0x01000007, 4096, 4096, CONTAINER_UNIVERSAL},
                 {44, 0, 0, 0, CONTAINER_UNIVERSAL},
                 {45, 0, 0, 0, CONTAINER_UNKNOWN},
                 {204, 0, 0, 0, CONTAINER_UNKNOWN},
                 {205, 0, 0, 0, CONTAINER_UNIVERSAL},
                 {0x30032, 0x01000007, 4096, 28, CONTAINER_UNKNOWN}}; /* a minor version: no count */
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (unsigned last = 0; last < 2; last++) { /* the first entry, and the last that there is room for */
            size_t at = last && cases[i].count == 50 ? 8 + 49 * 20 : 8;
            const uint32_t fields[] = {cases[i].cputype, 0, cases[i].offset, cases[i].size};
            memset(bytes, 0, PAGE);
            memcpy(bytes, "\xca\xfe\xba\xbe", 4);
            for (size_t b = 0; b < 4; b++) {
                bytes[4 + b] = (uint8_t)(cases[i].count >> 8 * (3 - b));
                for (size_t k = 0; k < 4; k++)
                    bytes[at + k * 4 + b] = (uint8_t)(fields[k] >> 8 * (3 - b));
            }
            assert_int_equal(sniff((struct view){bytes, PAGE}, 8192).container, cases[i].container);
            size_t cut = at + 19; /* the entry is cut off */
            if (cases[i].count == 50)
                assert_int_equal(sniff((struct view){bytes, cut}, 8192).container, CONTAINER_UNKNOWN);
        }
    assert_int_equal(sniff((struct view){bytes, 7}, 7).container, CONTAINER_UNIVERSAL);
}

/* ---- tools ---- */

static void a_digest_is_written_in_hexadecimal(void **state)
{
    char text[DIGEST_TEXT];
    (void)state;
    digest_text("abc", 3, text); /* FIPS 180-2, appendix B.1 */
    assert_string_equal(text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void an_arena_prints_what_printf_prints(void **state)
{
    struct arena arena = {0};
    char other[600], many[300];
    (void)state;
    memset(many, 'm', sizeof many - 1);
    many[sizeof many - 1] = 0;
    assert_string_equal(arena_print(&arena, "%#llx %#llx", 0ULL, 0xabcULL), "0 0xabc");
    assert_string_equal(arena_print(&arena, "%d%%", 42), "42%");
    assert_string_equal(arena_print(&arena, "%llu %lu %zu", ULLONG_MAX, ULONG_MAX, (size_t)7),
                        "18446744073709551615 18446744073709551615 7");
    for (size_t size = 250; size < sizeof many; size++) {
        snprintf(other, sizeof other, "%s-%llu", many + sizeof many - 1 - size, 1234567ULL);
        assert_string_equal(arena_print(&arena, "%s-%llu", many + sizeof many - 1 - size, 1234567ULL), other);
    }
    const char *volatile text = "%s", *volatile texts = "%s %s", *volatile wide = "%2147483648d"; /* beyond any int */
    assert_string_equal(arena_print(&arena, text, NULL), "(null)");
    assert_string_equal(arena_print(&arena, texts, NULL, "one"), "(null) one");
    assert_string_equal(arena_print(&arena, text, many), many);
    assert_string_equal(arena_print(&arena, wide, 1), "");
    arena_free(&arena);
}

static void an_arena_knows_its_memory(void **state)
{
    struct arena arena = {0};
    char other = 0;
    (void)state;
    assert_false(arena_holds(&arena, &other));
    char *first = arena_alloc(&arena, 100), *large = arena_alloc(&arena, 100000),
         *last = arena_alloc(&arena, 32 * 1024);
    assert_true(arena_holds(&arena, first) && arena_holds(&arena, first + 99));
    assert_true(arena_holds(&arena, large) && arena_holds(&arena, large + 99999));
    assert_true(arena_holds(&arena, last));
    assert_false(arena_holds(&arena, &other));
    arena_reset(&arena);
    assert_int_equal(arena.held, 32 * 1024); /* one block is kept, of the usual size */
    assert_non_null(arena.next);
    arena_free(&arena);
    (void)arena_alloc(&arena, 100000);
    arena_reset(&arena);
    assert_int_equal(arena.held, 0);
    assert_null(arena.next);
    arena_free(&arena);
}

static void on_abort(int signal)
{
    exit(signal == SIGABRT ? 42 : 1); /* and not _exit(), so that coverage is written */
}

static void an_arena_that_nobody_guards_ends_the_process(void **state)
{
    struct arena arena = {0};
    int status = 0;
    jmp_buf escape;
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        signal(SIGABRT, on_abort);
        (void)arena_array(&arena, SIZE_MAX, 2);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 42);
    arena.escape = &escape;
    volatile unsigned escaped = 0;
    if (setjmp(escape) == 0)
        (void)arena_grow(&arena, NULL, (size_t)1 << 63, 1); /* room for twice as many has no size */
    else
        escaped++;
    assert_int_equal(escaped, 1);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_of_nobody_are_recognised),
        cmocka_unit_test(zeros_are_padding_up_to_some_size),
        cmocka_unit_test(traps_are_padding_and_no_other_byte_is),
        cmocka_unit_test(ranges_come_in_any_order),
        cmocka_unit_test(ranges_that_touch_are_one),
        cmocka_unit_test(what_lies_outside_of_the_image_is_cut),
        cmocka_unit_test(paths_stand_alone_or_belong_to_cargo),
        cmocka_unit_test(the_first_bytes_name_a_file),
        cmocka_unit_test(java_classes_and_universal_files_begin_alike),
        cmocka_unit_test(a_digest_is_written_in_hexadecimal),
        cmocka_unit_test(an_arena_prints_what_printf_prints),
        cmocka_unit_test(an_arena_knows_its_memory),
        cmocka_unit_test(an_arena_that_nobody_guards_ends_the_process),
    };
    int failed = cmocka_run_group_tests_name("test_tools", tests, start, end);
    file_close(&file);
    return failed;
}
