/* Build information, field by field: versions, strings behind pointers, quoted settings (the Go specification, "String
 * literals"), counts that are bounded, and which of several records counts (debug/buildinfo). */
#include "tests/formats/small_go.h"

#include <stdio.h>
#include <stdlib.h>
#include "formats/limits.h"

static struct small s = {.file = {.fd = -1}};

static void start_over(void)
{
    file_close(&s.file);
    small_start(&s, EM_X86_64);
    s.file.fd = -1;
}

static const struct go_info *go_of(void)
{
    return small_read(&s)->go;
}

static int end(void **state)
{
    (void)state;
    file_close(&s.file);
    return 0;
}

/* A record with a version of any bytes and length, and no modules. */
static const struct go_info *version_of(const char *version, size_t size)
{
    start_over();
    put(&s, DATA, "\xff Go buildinf:\x08\x02", 16);
    put(&s, DATA + 32, (const uint8_t[]){(uint8_t)(size & 0x7f) | 0x80, (uint8_t)(size >> 7)}, 2);
    put(&s, DATA + 34, version, size);
    return go_of();
}

static void a_version_is_text_that_the_go_command_prints(void **state)
{
    char text[258];
    static const struct {
        const char *text;
        bool is;
    } cases[] = {{"go1.23.5", true}, {"go1", true},      {"go", false},      {"g", false},
                 {"", false},        {"devel +x", true}, {"devel ", true},   {"devel", false},
                 {"deve x", false},  {"Go1.23", false},  {"go1\x1f", false}, {"go1 ", true},
                 {"go1\x7f", false}, {"go1~", true},     {"go1\x80", false}, {"go1.22 X:a", true}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct go_info *go = version_of(cases[i].text, strlen(cases[i].text));
        assert_int_equal(go != NULL, cases[i].is);
    }
    memset(text, 'x', sizeof text);
    memcpy(text, "go", 2);
    assert_non_null(version_of(text, 256));
    assert_null(version_of(text, 257));
    assert_string_equal(version_of("go1.22 X:boringcrypto", 21)->version, "go1.22");
}

/* ---- pointers to strings ---- */

enum { HEADERS = DATA + 0x100, TEXTS = DATA + 0x200, FILE_END = TABLE };

static void word_of(size_t at, uint64_t value, size_t size, bool big)
{
    for (size_t i = 0; i < size; i++)
        s.bytes[at + (big ? size - 1 - i : i)] = (uint8_t)(value >> 8 * i);
}

/* The record of Go before 1.18, and the two string headers. */
static void pointer_record(size_t size, bool big, uint64_t first, uint64_t second)
{
    start_over();
    put(&s, DATA, "\xff Go buildinf:", 14);
    s.bytes[DATA + 14] = (uint8_t)size;
    s.bytes[DATA + 15] = big;
    word_of(DATA + 16, first, size, big);
    word_of(DATA + 16 + size, second, size, big);
    put(&s, TEXTS, "go1.12", 6);
    put(&s, TEXTS + 16, SENTINEL_START "path\tx\n" SENTINEL_END, 39);
    word_of(HEADERS, BASE + TEXTS, size, big);
    word_of(HEADERS + size, 6, size, big);
    word_of(HEADERS + 2 * size, BASE + TEXTS + 16, size, big);
    word_of(HEADERS + 3 * size, 39, size, big);
}

static void pointers_have_a_size_and_an_order(void **state)
{
    static const size_t sizes[] = {4, 8, 2, 16};
    (void)state;
    for (size_t i = 0; i < 4; i++)
        for (unsigned big = 0; big < 2; big++) {
            pointer_record(sizes[i] == 4 || sizes[i] == 8 ? sizes[i] : 8, big, BASE + HEADERS,
                           BASE + HEADERS + 2 * sizes[i]);
            s.bytes[DATA + 14] = (uint8_t)sizes[i];
            const struct go_info *go = go_of();
            assert_int_equal(go != NULL, i < 2);
            if (go) {
                assert_string_equal(go->version, "go1.12");
                assert_string_equal(go->path, "x");
            }
        }
}

static void pointers_lead_to_strings_inside_of_the_file(void **state)
{
    static const struct {
        const char *sentence;
        uint64_t first, second, data, size; /* the last two: of the second string */
        const char *path;
        bool version;
    } cases[] = {
        {"as it should be", BASE + HEADERS, BASE + HEADERS + 16, BASE + TEXTS + 16, 39, "x", true},
        {"no version", 1, BASE + HEADERS + 16, BASE + TEXTS + 16, 39, NULL, false},
        {"a version header across the end", BASE + FILE_END - 8, BASE + HEADERS + 16, BASE + TEXTS + 16, 39, NULL,
         false},
        {"modules for a version", BASE + HEADERS + 16, BASE + HEADERS + 16, BASE + TEXTS + 16, 39, NULL, false},
        {"no modules", BASE + HEADERS, 1, BASE + TEXTS + 16, 39, NULL, true},
        {"a module header across the end", BASE + HEADERS, BASE + FILE_END - 8, BASE + TEXTS + 16, 39, NULL, true},
        {"modules elsewhere", BASE + HEADERS, BASE + HEADERS + 16, 1, 39, NULL, true},
        {"modules across the end", BASE + HEADERS, BASE + HEADERS + 16, BASE + TEXTS + 16, 0x2000, NULL, true},
        {"modules of no bytes", BASE + HEADERS, BASE + HEADERS + 16, 1, 0, NULL, true},
        {"modules of sentinels alone", BASE + HEADERS, BASE + HEADERS + 16, BASE + TEXTS + 16, 32, NULL, true},
        {"modules without a last newline", BASE + HEADERS, BASE + HEADERS + 16, BASE + TEXTS + 16, 38, NULL, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        pointer_record(8, false, cases[i].first, cases[i].second);
        word_of(HEADERS + 16, cases[i].data, 8, false);
        word_of(HEADERS + 24, cases[i].size, 8, false);
        const struct go_info *go = go_of();
        if ((go != NULL) != cases[i].version)
            print_error("%s\n", cases[i].sentence);
        assert_int_equal(go != NULL, cases[i].version);
        if (cases[i].path)
            assert_string_equal(go->path, cases[i].path);
        else if (go)
            assert_null(go->path);
    }
}

/* ---- settings ---- */

static const struct go_info *settings(const char *line)
{
    char lines[600];
    start_over();
    (void)snprintf(lines, sizeof lines, "path\tx\nbuild\t%s\n", line);
    put_record(&s, DATA, "go1.23.5", lines);
    return go_of();
}

static void quoted_settings(void **state)
{
    static const struct {
        const char *line, *value;
    } cases[] = {{"-ldflags=-s", "-s"},
                 {"-ldflags=\"-s -w\"", "-s -w"},
                 {"-ldflags=`-s \"-w\"`", "-s \"-w\""},
                 {"-ldflags=`a\\b`", "a\\b"},
                 {"-ldflags=\"a\\\"b\"", "a\"b"},
                 {"-ldflags=\"a\\\\b\"", "a\\b"},
                 {"-ldflags=\"a\\\"", "a\\"}, /* no end: as it stands, but for the quotes */
                 {"-ldflags=\"", "\""},
                 {"-ldflags=", ""},
                 {"-ldflags=\"\"", ""},
                 {"-ldflags=\"a", "\"a"},
                 {"-ldflags='a'", "'a'"},
                 {"-ldflags=`a\"", "`a\""}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(settings(cases[i].line)->ldflags, cases[i].value);
}

static void cgo_is_on_off_or_not_known(void **state)
{
    static const struct {
        const char *line;
        enum answer cgo;
    } cases[] = {{"CGO_ENABLED=1", ANSWER_YES},      {"CGO_ENABLED=0", ANSWER_NO},
                 {"CGO_ENABLED=", ANSWER_UNKNOWN},   {"CGO_ENABLED=2", ANSWER_UNKNOWN},
                 {"CGO_ENABLED=10", ANSWER_UNKNOWN}, {"CGO_ENABLED", ANSWER_UNKNOWN},
                 {"CGO_CFLAGS=1", ANSWER_UNKNOWN}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(settings(cases[i].line)->cgo_enabled, cases[i].cgo);
}

static void a_long_setting_is_cut(void **state)
{
    enum { LONG = LIMIT_TEXT + 100 };
    static char lines[LONG + 64];
    (void)state;
    for (unsigned path = 0; path < 2; path++) {
        start_over();
        memset(lines, 'x', sizeof lines);
        memcpy(lines, path ? "path\t" : "build\t-ldflags=", path ? 5 : 15);
        lines[LONG] = '\n';
        lines[LONG + 1] = 0;
        put_record(&s, CONSTANTS, "go1.23.5", lines);
        const struct go_info *go = go_of();
        assert_int_equal(strlen(path ? go->path : go->ldflags), LIMIT_TEXT);
    }
}

static void as_many_settings_as_are_read(void **state)
{
    static char lines[7 * (LIMIT_GO_SETTINGS + 1) + 32];
    (void)state;
    for (size_t more = 0; more < 4; more++) {
        lines[0] = 0;
        char *at = lines;
        for (size_t i = 0; i < LIMIT_GO_SETTINGS - 1 + more % 2; i++)
            at += sprintf(at, "%s", i % 2 ? "path\t\n" : "build\t\n");
        sprintf(at, more < 2 ? "build\tGOOS=linux\n" : "path\tlast\n");
        start_over();
        put_record(&s, CONSTANTS, "go1.23.5", lines);
        const struct go_info *go = go_of();
        assert_int_equal(go->known, more % 2 ? KNOWN_BROKEN : KNOWN_COMPLETE);
        assert_int_equal(go->goos != NULL, more == 0);
        assert_int_equal(strcmp(go->path, "last") == 0, more == 2);
    }
}

/* ---- modules ---- */

static size_t modules_of(const char *text, enum known known, struct arena *arena, struct go_module **modules,
                         bool *whole)
{
    struct go_info go = {.known = known, .module_text = {(const uint8_t *)text, strlen(text)}};
    return go_modules(&go, arena, modules, whole);
}

static void modules_are_whole_where_all_of_them_were_read(void **state)
{
    static const struct {
        const char *text;
        enum known known;
        size_t count;
        bool whole;
    } cases[] = {{"mod\ta\tv1\n", KNOWN_COMPLETE, 1, true},
                 {"mod\ta\tv1\n", KNOWN_BROKEN, 1, false},
                 {"", KNOWN_COMPLETE, 0, false},
                 {"path\ta\n", KNOWN_COMPLETE, 0, true},
                 {"dep\ta\tv1\ndep\tb", KNOWN_COMPLETE, 1, true},
                 {"dep\ta\tv1\n=>\tb\tv2\n", KNOWN_COMPLETE, 1, true},
                 {"=>\tb\tv2\ndep\ta\tv1\n", KNOWN_COMPLETE, 1, true},
                 {"dep\t\n", KNOWN_COMPLETE, 1, true}};
    struct arena arena = {0};
    struct go_module *modules;
    bool whole;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(modules_of(cases[i].text, cases[i].known, &arena, &modules, &whole), cases[i].count);
        assert_int_equal(whole, cases[i].whole);
    }
    assert_int_equal(
        modules_of("mod\tm\tv0\tsum\ndep\ta\tv1\n=>\tb\tv2\th1:x\n", KNOWN_COMPLETE, &arena, &modules, &whole), 2);
    assert_true(modules[0].main && !modules[1].main);
    assert_string_equal(modules[0].sum, "sum");
    assert_string_equal(modules[1].path, "b");
    assert_string_equal(modules[1].version, "v2");
    assert_string_equal(modules[1].sum, "h1:x");
    arena_free(&arena);
}

static void as_many_modules_as_are_kept(void **state)
{
    struct arena arena = {0};
    struct go_module *modules;
    bool whole;
    char *text = malloc(5 * (LIMIT_GO_MODULES + 2) + 16), *at = text;
    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < LIMIT_GO_MODULES; i++)
        at += sprintf(at, "dep\t\n");
    sprintf(at, "=>\tx\n"); /* replaces the last */
    assert_int_equal(modules_of(text, KNOWN_COMPLETE, &arena, &modules, &whole), LIMIT_GO_MODULES);
    assert_true(whole);
    assert_string_equal(modules[LIMIT_GO_MODULES - 1].path, "x");
    sprintf(at, "dep\tx\n");
    assert_int_equal(modules_of(text, KNOWN_COMPLETE, &arena, &modules, &whole), LIMIT_GO_MODULES);
    assert_false(whole);
    assert_string_equal(modules[LIMIT_GO_MODULES - 1].path, "");
    free(text);
    arena_free(&arena);
}

/* ---- which record ---- */

static void the_record_in_writable_data_counts(void **state)
{
    static const struct {
        size_t first, second;
        const char *version;
    } cases[] = {{CONSTANTS, DATA, "go1.2"},
                 {DATA, DATA + 0x100, "go1.1"},
                 {CONSTANTS, CONSTANTS + 0x100, "go1.1"},
                 {DATA, DATA + 0x108, "go1.1"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        start_over();
        put_record(&s, cases[i].first, "go1.1", "");
        put_record(&s, cases[i].second, "go1.2", "");
        assert_string_equal(go_of()->version, cases[i].version);
    }
    start_over(); /* only aligned ones count */
    put_record(&s, DATA + 8, "go1.1", "");
    assert_null(go_of());
}

/* Sections of the Go linker's names hold what they say, or it is damaged. */
static void a_section_for_the_record_holds_it(void **state)
{
    static const char *const names[] = {".go.buildinfo"};
    static const struct {
        const char *sentence;
        size_t record; /* where it stands from the section on; 0xffff: nowhere */
        uint64_t size, type;
        bool known, damaged;
    } cases[] = {{"at its beginning", 0, 0x100, SHT_PROGBITS, true, false},
                 {"later", 0x20, 0x100, SHT_PROGBITS, true, false},
                 {"not aligned", 8, 0x100, SHT_PROGBITS, false, true},
                 {"nowhere", 0xffff, 0x100, SHT_PROGBITS, false, true},
                 {"in a section that is too short", 0, 0x18, SHT_PROGBITS, false, true},
                 {"in a section of no bytes", 0, 0x100, SHT_NOBITS, true, false} /* found in the data */};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Elf64_Shdr h = {.sh_type = (Elf64_Word)cases[i].type,
                        .sh_flags = SHF_ALLOC | SHF_WRITE,
                        .sh_addr = BASE + DATA,
                        .sh_offset = DATA,
                        .sh_size = cases[i].size};
        start_over();
        if (cases[i].record != 0xffff)
            put_record(&s, DATA + cases[i].record, "go1.23", "");
        if (cases[i].size == 0x18)
            memset(s.bytes + DATA + 0x18, 0xff, 0x40);
        small_sections(&s, names, &h, 1);
        const struct go_info *go = go_of();
        if ((go && go->known == KNOWN_COMPLETE) != cases[i].known)
            print_error("%s\n", cases[i].sentence);
        assert_int_equal(go && go->known == KNOWN_COMPLETE, cases[i].known);
        assert_int_equal(small_defects(s.reading.images, DEFECT_ID_go_build_info) != 0, cases[i].damaged);
    }
}

/* Go 1.20's header; the fields that prove it, and the section that may name it. */
static void a_function_table_is_proved_by_its_header(void **state)
{
    static const char *const names[] = {".gopclntab"};
    static const struct {
        const char *sentence;
        size_t at, width;
        uint64_t value, size; /* of the section */
        bool table;
    } cases[] = {
        {"as it should be", 0, 0, 0, 0x100, true},      {"in few bytes", 0, 0, 0, 0x90, true},
        {"in a part of its header", 0, 0, 0, 7, false}, {"padding that is none", 4, 1, 1, 0x100, false},
        {"one function", 8, 8, 1, 0x100, false},        {"more files than bytes", 16, 8, 1 << 30, 0x100, false},
        {"as many", 16, 8, 0x100, 0x100, true},         {"pointers of 4 bytes", 7, 1, 4, 0x100, false}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        static const uint64_t words[] = {3, 1, 0, 0x48, 0x60, 0x70, 0x80, 0x90};
        Elf64_Shdr h = {.sh_type = SHT_PROGBITS,
                        .sh_flags = SHF_ALLOC,
                        .sh_addr = BASE + CONSTANTS,
                        .sh_offset = CONSTANTS,
                        .sh_size = cases[i].size};
        start_over();
        put(&s, CONSTANTS, "\xf1\xff\xff\xff\0\0\1\x08", 8);
        put(&s, CONSTANTS + 8, words, sizeof words);
        put(&s, CONSTANTS + cases[i].at, &cases[i].value, cases[i].width);
        if (cases[i].size == 7)
            memset(s.bytes + CONSTANTS, 0, 0x100);
        small_sections(&s, names, &h, 1);
        const struct go_info *go = go_of();
        if ((go && go->pclntab) != cases[i].table)
            print_error("%s\n", cases[i].sentence);
        assert_int_equal(go && go->pclntab, cases[i].table);
    }
}

/* Where names alone are asked, a page of the section is looked through. */
static void a_record_stands_near_the_beginning_of_its_section(void **state)
{
    static const char *const names[] = {".go.buildinfo"};
    (void)state;
    for (size_t at = 0xfe0; at <= 0x1000; at += 0x10) {
        Elf64_Shdr h = {.sh_type = SHT_PROGBITS,
                        .sh_flags = SHF_ALLOC,
                        .sh_addr = BASE + CONSTANTS,
                        .sh_offset = CONSTANTS,
                        .sh_size = 0x1f00};
        struct problem problem;
        start_over();
        put_record(&s, CONSTANTS + at, "go1.23", "");
        small_sections(&s, names, &h, 1);
        assert_int_equal(file_from_memory(&s.file, s.bytes, s.size, &(struct file_options){1 << 20, false}, &problem),
                         STATUS_OK);
        read_file(&s.file, &(struct read_options){.code = false}, &s.reading);
        const struct go_info *go = s.reading.images->go;
        assert_int_equal(go && go->version, at < 0x1000);
    }
}

/* Content is searched but in what a C linker made for a loader, unless a name speaks of Go. */
static void where_a_record_without_a_name_is_looked_for(void **state)
{
    static const struct {
        const char *sentence, *section;
        bool library, sections, found;
    } cases[] = {{"a library of a C linker", ".eh_frame", true, true, false},
                 {"one of another", ".text", true, true, true},
                 {"a static program of a C linker", ".eh_frame", false, true, true},
                 {"a library without sections", ".eh_frame", true, false, true},
                 {"a C library with Go's name", ".gopclntab", true, true, true}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        static const Elf64_Shdr headers[2] = {{.sh_type = SHT_PROGBITS, .sh_offset = CONSTANTS, .sh_size = 16},
                                              {.sh_type = SHT_PROGBITS, .sh_offset = CONSTANTS, .sh_size = 16}};
        const char *names[] = {cases[i].section, ".eh_frame"};
        start_over();
        put_record(&s, DATA, "go1.23", "");
        if (cases[i].library) {
            s.bytes[16] = ET_DYN;
            put_word(&s, 24, 0);
        }
        if (cases[i].sections)
            small_sections(&s, names, headers, strcmp(cases[i].section, ".gopclntab") == 0 ? 2 : 1);
        const struct go_info *go = go_of();
        if ((go && go->version) != cases[i].found)
            print_error("%s\n", cases[i].sentence);
        assert_int_equal(go && go->version, cases[i].found);
    }
}

/* Where names told both, nothing else is looked for; else the record in writable data is preferred. */
static void what_names_tell_is_enough(void **state)
{
    static const uint64_t words[] = {3, 1, 0, 0x48, 0x60, 0x70, 0x80, 0x90};
    (void)state;
    for (unsigned table = 0; table < 2; table++)
        for (unsigned record = 0; record < 2; record++) {
            const char *const names[] = {record ? ".go.buildinfo" : ".x", table ? ".gopclntab" : ".y"};
            const Elf64_Shdr headers[] = {{.sh_type = SHT_PROGBITS, .sh_offset = CONSTANTS, .sh_size = 0x80},
                                          {.sh_type = SHT_PROGBITS, .sh_offset = CONSTANTS + 0x200, .sh_size = 0x100}};
            start_over();
            put_record(&s, CONSTANTS, "go1.1", "");
            put_record(&s, DATA, "go1.2", "");
            put(&s, CONSTANTS + 0x200, "\xf1\xff\xff\xff\0\0\1\x08", 8);
            put(&s, CONSTANTS + 0x208, words, sizeof words);
            small_sections(&s, names, headers, 2);
            assert_string_equal(go_of()->version, table && record ? "go1.1" : "go1.2");
            assert_true(s.reading.images->go->pclntab);
        }
}

/* Go 1.16 has no textStart; a magic that is none, and tables that begin in the header. */
static void headers_of_function_tables(void **state)
{
    static const struct {
        uint8_t magic;
        uint64_t first;
        bool table;
    } cases[] = {{0xf1, 0x48, true},  {0xf1, 0x47, false}, {0xf0, 0x48, true},  {0xfa, 0x40, true},
                 {0xfa, 0x3f, false}, {0xf2, 0x48, false}, {0xef, 0x48, false}, {0xf9, 0x48, false}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool start = cases[i].magic != 0xfa;
        const uint64_t words[] = {
            3, 1, start ? 0 : cases[i].first, start ? cases[i].first : 0x60, 0x60, 0x70, 0x80, start ? 0x90 : 0};
        start_over();
        put(&s, CONSTANTS, (const uint8_t[]){cases[i].magic, 0xff, 0xff, 0xff, 0, 0, 1, 8}, 8);
        put(&s, CONSTANTS + 8, words, sizeof words);
        const struct go_info *go = go_of();
        if ((go && go->pclntab) != cases[i].table)
            print_error("%#x from %#llx\n", cases[i].magic, (unsigned long long)cases[i].first);
        assert_int_equal(go && go->pclntab, cases[i].table);
    }
}

#define T(name) cmocka_unit_test_teardown(name, end)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(headers_of_function_tables),
        T(what_names_tell_is_enough),
        T(where_a_record_without_a_name_is_looked_for),
        T(a_version_is_text_that_the_go_command_prints),
        T(pointers_have_a_size_and_an_order),
        T(pointers_lead_to_strings_inside_of_the_file),
        T(quoted_settings),
        T(cgo_is_on_off_or_not_known),
        T(a_long_setting_is_cut),
        T(as_many_settings_as_are_read),
        T(modules_are_whole_where_all_of_them_were_read),
        T(as_many_modules_as_are_kept),
        T(the_record_in_writable_data_counts),
        T(a_section_for_the_record_holds_it),
        T(a_function_table_is_proved_by_its_header),
        T(a_record_stands_near_the_beginning_of_its_section),
    };
    return cmocka_run_group_tests_name("test_go_records", tests, NULL, NULL);
}
