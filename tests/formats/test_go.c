#include "formats/go/go.h"
#include "tests/formats/small_go.h"

#include <stdio.h>

/* Go 1.20's table of three functions. */
static void put_table(struct small *s, size_t at, uint32_t magic, uint8_t quantum)
{
    static const uint64_t words[] = {3, 1, 0, 0x48, 0x60, 0x70, 0x80, 0x90};
    uint8_t head[8] = {(uint8_t)magic, 0xff, 0xff, 0xff, 0, 0, quantum, 8};
    put(s, at, head, sizeof head);
    put(s, at + 8, words, sizeof words);
}

/* Its functab: three functions, and their records. */
static void put_functions(struct small *s, size_t table, const uint32_t *entries, size_t count)
{
    put(s, table + 0x90, entries, count * sizeof *entries);
}

static const struct go_info *go_of(struct small *s)
{
    return small_read(s)->go;
}

static void a_program_without_traces_is_not_go(void **state)
{
    static struct small s;
    (void)state;
    small_start(&s, EM_X86_64);
    assert_null(go_of(&s));
    file_close(&s.file);
}

static void an_inline_record_is_read_in_full(void **state)
{
    static struct small s;
    (void)state;
    small_start(&s, EM_X86_64);
    put_record(&s, DATA + 0x20, "go1.23.5", LINES);
    const struct go_info *go = go_of(&s);
    assert_non_null(go);
    assert_int_equal(go->known, KNOWN_COMPLETE);
    assert_int_equal(go->offset, DATA + 0x20);
    assert_string_equal(go->version, "go1.23.5");
    assert_string_equal(go->path, "example.test/prog");
    assert_string_equal(go->goos, "linux");
    assert_string_equal(go->goarch, "amd64");
    assert_string_equal(go->level, "v3");
    assert_string_equal(go->buildmode, "exe");
    assert_string_equal(go->trimpath, "true");
    assert_int_equal(go->cgo_enabled, ANSWER_NO);
    assert_int_equal(go->modules, 2);
    assert_false(go->pclntab);
    file_close(&s.file);
}

static void a_quoted_setting_loses_its_quotes(void **state)
{
    static struct small s;
    (void)state;
    small_start(&s, EM_X86_64);
    put_record(&s, DATA, "go1.23.5", LINES);
    assert_string_equal(go_of(&s)->ldflags, "-s -w -X main.v=\"1\"");
    file_close(&s.file);
}

static void the_version_becomes_a_toolchain(void **state)
{
    static struct small s;
    (void)state;
    small_start(&s, EM_X86_64);
    put_record(&s, DATA, "go1.23.5", "");
    const struct image *image = small_read(&s);
    assert_int_equal(image->toolchains.count, 1);
    assert_string_equal(image->toolchains.items[0].text, "go1.23.5");
    assert_int_equal(image->toolchains.known, KNOWN_COMPLETE);
    file_close(&s.file);
}

static void a_record_without_modules_has_a_version_alone(void **state)
{
    static struct small s;
    (void)state;
    small_start(&s, EM_X86_64);
    put_record(&s, DATA, "devel go1.24-abcdef", "");
    const struct go_info *go = go_of(&s);
    assert_string_equal(go->version, "devel go1.24-abcdef");
    assert_null(go->goos);
    assert_int_equal(go->cgo_enabled, ANSWER_UNKNOWN);
    file_close(&s.file);
}

static void a_record_at_an_odd_place_is_a_constant(void **state)
{
    static struct small s;
    (void)state;
    small_start(&s, EM_X86_64);
    put_record(&s, DATA + 8, "go1.23.5", LINES);
    assert_null(go_of(&s));
    file_close(&s.file);
}

static void a_stray_magic_is_no_go_and_no_defect(void **state)
{
    static struct small s;
    (void)state;
    small_start(&s, EM_X86_64);
    put(&s, DATA + 0x40, "\xff Go buildinf:", 14);
    put(&s, CONSTANTS + 0x40, "\xff Go buildinf:", 14);
    const struct image *image = small_read(&s);
    assert_null(image->go);
    assert_int_equal(small_defects(image, DEFECT_ID_go_build_info), 0);
    file_close(&s.file);
}

static void a_constant_before_the_record_is_passed_over(void **state)
{
    static struct small s;
    (void)state;
    small_start(&s, EM_X86_64);
    put(&s, CONSTANTS + 0x40, "\xff Go buildinf:", 14);
    put_record(&s, DATA + 0x80, "go1.26.8", LINES);
    assert_string_equal(go_of(&s)->version, "go1.26.8");
    file_close(&s.file);
}

static void the_record_in_writable_data_wins_over_a_copy(void **state)
{
    static struct small s;
    (void)state;
    small_start(&s, EM_X86_64);
    put_record(&s, CONSTANTS, "go1.2.3", "");
    put_record(&s, DATA, "go1.26.8", LINES);
    assert_string_equal(go_of(&s)->version, "go1.26.8");
    file_close(&s.file);
}

static void a_damaged_record_beside_a_pclntab_is_a_defect(void **state)
{
    static struct small s;
    (void)state;
    small_start(&s, EM_X86_64);
    put_record(&s, DATA, "go1.23.5", LINES);
    s.bytes[DATA + 32] = 0xff; /* the length of the version */
    put_table(&s, CONSTANTS, 0xf1, 1);
    const struct image *image = small_read(&s);
    assert_non_null(image->go);
    assert_int_equal(image->go->known, KNOWN_BROKEN);
    assert_true(image->go->pclntab);
    assert_int_equal(small_defects(image, DEFECT_ID_go_build_info), 1);
    file_close(&s.file);
}

static void a_damaged_record_in_its_section_is_a_defect(void **state)
{
    static struct small s;
    static const char *const names[] = {".go.buildinfo"};
    Elf64_Shdr h = {.sh_type = SHT_PROGBITS,
                    .sh_flags = SHF_ALLOC | SHF_WRITE,
                    .sh_addr = BASE + DATA,
                    .sh_offset = DATA,
                    .sh_size = 0x100,
                    .sh_addralign = 16};
    (void)state;
    small_start(&s, EM_X86_64);
    small_sections(&s, names, &h, 1);
    const struct image *image = small_read(&s);
    assert_non_null(image->go);
    assert_int_equal(image->go->known, KNOWN_BROKEN);
    assert_int_equal(small_defects(image, DEFECT_ID_go_build_info), 1);
    file_close(&s.file);
}

static void a_string_past_the_segment_is_damage(void **state)
{
    static struct small s;
    (void)state;
    small_start(&s, EM_X86_64);
    put_record(&s, DATA + 0xfd0, "go1.23.5", "");
    s.bytes[DATA + 0xfd0 + 41] = 0xff; /* 127 bytes of modules, where the segment has five */
    s.bytes[DATA + 0xfd0 + 42] = 0;
    put_table(&s, CONSTANTS, 0xf1, 1);
    assert_int_equal(go_of(&s)->known, KNOWN_BROKEN);
    file_close(&s.file);
}

static void the_pointer_form_is_followed_through_the_segments(void **state)
{
    static struct small s;
    (void)state;
    small_start(&s, EM_X86_64);
    put(&s, DATA, "\xff Go buildinf:\x08\x00", 16);
    put_word(&s, DATA + 16, BASE + DATA + 0x40);
    put_word(&s, DATA + 24, BASE + DATA + 0x50);
    put_word(&s, DATA + 0x40, BASE + CONSTANTS);
    put_word(&s, DATA + 0x48, 8);
    put(&s, CONSTANTS, "go1.16.7", 8);
    const struct go_info *go = go_of(&s);
    assert_non_null(go);
    assert_string_equal(go->version, "go1.16.7");
    file_close(&s.file);
}

static void pointers_that_lead_nowhere_are_no_record(void **state)
{
    static struct small s;
    (void)state;
    small_start(&s, EM_X86_64);
    put(&s, DATA, "\xff Go buildinf:\x08\x00", 16);
    put_word(&s, DATA + 16, UINT64_MAX);
    assert_null(go_of(&s));
    file_close(&s.file);
}

static void a_pclntab_alone_is_go_without_build_info(void **state)
{
    static struct small s;
    (void)state;
    small_start(&s, EM_X86_64);
    put_table(&s, CONSTANTS + 0x40, 0xf1, 1);
    const struct go_info *go = go_of(&s);
    assert_non_null(go);
    assert_int_equal(go->known, KNOWN_ABSENT);
    assert_true(go->pclntab);
    assert_int_equal(go->pclntab_offset, CONSTANTS + 0x40);
    assert_null(go->version);
    file_close(&s.file);
}

static void functions_are_listed_as_their_records_say(void **state)
{
    static struct small s;
    static const struct {
        const char *sentence;
        size_t at; /* what is changed, and to what */
        uint32_t value;
        bool wrong;
    } cases[] = {{"as it should be", 0, 0, false},        {"another beginning", 2, 17, true},
                 {"another record", 9, 18, true},         {"no order", 2, 32, true},
                 {"an end before the last", 6, 32, true}, {"a record behind the file", 5, 0x7fffffff, true},
                 {"the record of another", 5, 32, true}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint32_t entries[] = {0, 32, 16, 36, 32, 40, 48, 0, 0, 16, 32};
        entries[cases[i].at] = cases[i].value;
        small_start(&s, EM_X86_64);
        put_table(&s, CONSTANTS + 0x40, 0xf1, 1);
        put_functions(&s, CONSTANTS + 0x40, entries, sizeof entries / sizeof *entries);
        assert_true(go_of(&s)->pclntab);
        if (small_defects(s.reading.images, DEFECT_ID_go_table) != cases[i].wrong)
            fail_msg("%s", cases[i].sentence);
        file_close(&s.file);
    }
}

static void a_pclntab_names_the_files_of_the_runtime(void **state)
{
    static struct small s;
    static const struct {
        const char *file, *os;
    } cases[] = {{"runtime/os_linux.go", "linux"},
                 {"/usr/local/go/src/runtime/os_dragonfly.go", "dragonfly"},
                 {"runtime/os_linux_generic.go", NULL},
                 {"runtime/os_linux.goo", NULL},
                 {"runtime/os_", NULL}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        small_start(&s, EM_X86_64);
        put_table(&s, CONSTANTS + 0x40, 0xf1, 1);
        put(&s, CONSTANTS + 0x800, cases[i].file, strlen(cases[i].file) + 1);
        const struct go_info *go = go_of(&s);
        if (cases[i].os)
            assert_string_equal(go->runtime_os, cases[i].os);
        else
            assert_null(go->runtime_os);
        if (cases[i].os)
            assert_int_equal(go->runtime_os_offset,
                             CONSTANTS + 0x800 + (strstr(cases[i].file, "runtime/") - cases[i].file));
        file_close(&s.file);
    }
}

/* Nor does a name that the file ends in, or a table elsewhere. */
static void a_file_of_the_runtime_is_named_in_full(void **state)
{
    static struct small s;
    static const char whole[] = "runtime/os_linux.go";
    uint64_t offset;
    (void)state;
    for (size_t cut = 0; cut < 2; cut++) {
        small_start(&s, EM_X86_64);
        put_table(&s, CONSTANTS + 0x40, 0xf1, 1);
        put(&s, TABLE - sizeof whole + cut, whole, sizeof whole - cut);
        const struct image *image = small_read(&s);
        struct image other = *image;
        assert_int_equal(image->go->runtime_os != NULL, cut == 0);
        other.size = UINT64_MAX;
        assert_null(go_runtime_os(&other, TABLE + 1, &offset));
        other = *image;
        other.format = FORMAT_MACHO; /* which says so itself */
        read_go(&other, &(struct read_options){.code = true});
        assert_non_null(other.go);
        assert_null(other.go->runtime_os);
        file_close(&s.file);
    }
}

static void a_pclntab_may_stand_in_writable_data(void **state)
{
    static struct small s;
    (void)state;
    small_start(&s, EM_X86_64);
    put_table(&s, DATA + 0x800, 0xf1, 1);
    assert_true(go_of(&s)->pclntab);
    file_close(&s.file);
}

static void a_table_for_another_machine_is_none(void **state)
{
    static struct small s;
    (void)state;
    small_start(&s, EM_X86_64);
    put_table(&s, CONSTANTS, 0xf1, 4);
    assert_null(go_of(&s));
    file_close(&s.file);
}

static void the_quantum_of_arm64_is_four(void **state)
{
    static struct small s;
    (void)state;
    small_start(&s, EM_AARCH64);
    put_table(&s, CONSTANTS, 0xf0, 4);
    assert_non_null(go_of(&s));
    file_close(&s.file);
}

static void minus_one_and_zeros_are_no_table(void **state)
{
    static struct small s;
    (void)state;
    small_start(&s, EM_X86_64);
    put(&s, CONSTANTS, "\xff\xff\xff\xff\0\0\1\x08", 8);
    put(&s, CONSTANTS + 0x80, "\xf1\xff\xff\xff\0\0\1\x08", 8);
    assert_null(go_of(&s));
    file_close(&s.file);
}

static void a_table_that_runs_past_its_segment_is_none(void **state)
{
    static struct small s;
    (void)state;
    small_start(&s, EM_X86_64);
    put_table(&s, CONSTANTS, 0xf1, 1);
    put_word(&s, CONSTANTS + 8, UINT64_MAX / 8);
    assert_null(go_of(&s));
    file_close(&s.file);
}

static void tables_out_of_order_are_none(void **state)
{
    static struct small s;
    (void)state;
    small_start(&s, EM_X86_64);
    put_table(&s, CONSTANTS, 0xf1, 1);
    put_word(&s, CONSTANTS + 8 + 4 * 8, 0x40);
    assert_null(go_of(&s));
    file_close(&s.file);
}

static void the_table_of_go_1_2_is_known(void **state)
{
    static struct small s;
    (void)state;
    small_start(&s, EM_X86_64);
    put(&s, CONSTANTS, "\xfb\xff\xff\xff\0\0\1\x08", 8);
    put_word(&s, CONSTANTS + 8, 2);
    put_word(&s, CONSTANTS + 24, 0x60);
    put_word(&s, CONSTANTS + 56, 0x50);
    assert_true(go_of(&s)->pclntab);
    file_close(&s.file);
}

static void magics_without_end_cost_little_and_prove_nothing(void **state)
{
    static struct small s;
    (void)state;
    small_start(&s, EM_X86_64);
    for (size_t at = 0; at < 0x1000; at += 16)
        put(&s, DATA + at, "\xff Go buildinf:\0\2", 16);
    assert_null(go_of(&s));
    file_close(&s.file);
}

static size_t modules_of(const char *text, struct go_module **modules, bool *whole)
{
    static struct arena arena; /* of this process: each test looks at what it took last */
    const struct go_info go = {.known = KNOWN_COMPLETE, .module_text = {(const uint8_t *)text, strlen(text)}};
    arena_reset(&arena);
    return go_modules(&go, &arena, modules, whole);
}

static void modules_are_those_of_go_version_m(void **state)
{
    (void)state;
    struct go_module *modules;
    bool whole;
    size_t count = modules_of("path\texample.test/cmd\nmod\texample.test\tv1.2.3\th1:abc=\n"
                              "dep\tgolang.org/x/sys\tv0.1.0\th1:def=\ndep\told.test/a\tv1.0.0\n"
                              "=>\tnew.test/a\tv1.0.1\th1:ghi=\nbuild\tGOOS=linux\n",
                              &modules, &whole);
    assert_int_equal(count, 3);
    assert_true(whole && modules[0].main && !modules[1].main && !modules[2].main);
    assert_string_equal(modules[0].path, "example.test");
    assert_string_equal(modules[0].version, "v1.2.3");
    assert_string_equal(modules[1].sum, "h1:def=");
    assert_string_equal(modules[2].path, "new.test/a"); /* what is linked in, not what was asked for */
    assert_string_equal(modules[2].sum, "h1:ghi=");
}

static void odd_module_lines_harm_nobody(void **state)
{
    (void)state;
    struct go_module *modules;
    bool whole;
    assert_int_equal(modules_of("=>\tfirst\tv1\n", &modules, &whole), 0); /* replaces nothing */
    assert_int_equal(modules_of("dep\t\n", &modules, &whole), 1);
    assert_string_equal(modules[0].path, "");
    assert_string_equal(modules[0].version, "");
    assert_int_equal(modules_of("dep\ta\tv1\tsum\tmore\ndep\tb", &modules, &whole), 1); /* the last has no end */
    assert_string_equal(modules[0].sum, "sum");
    assert_int_equal(modules_of("", &modules, &whole), 0);
    assert_false(whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_program_without_traces_is_not_go),
        cmocka_unit_test(an_inline_record_is_read_in_full),
        cmocka_unit_test(a_quoted_setting_loses_its_quotes),
        cmocka_unit_test(the_version_becomes_a_toolchain),
        cmocka_unit_test(a_record_without_modules_has_a_version_alone),
        cmocka_unit_test(a_record_at_an_odd_place_is_a_constant),
        cmocka_unit_test(a_stray_magic_is_no_go_and_no_defect),
        cmocka_unit_test(a_constant_before_the_record_is_passed_over),
        cmocka_unit_test(the_record_in_writable_data_wins_over_a_copy),
        cmocka_unit_test(a_damaged_record_beside_a_pclntab_is_a_defect),
        cmocka_unit_test(a_damaged_record_in_its_section_is_a_defect),
        cmocka_unit_test(a_string_past_the_segment_is_damage),
        cmocka_unit_test(the_pointer_form_is_followed_through_the_segments),
        cmocka_unit_test(pointers_that_lead_nowhere_are_no_record),
        cmocka_unit_test(a_pclntab_alone_is_go_without_build_info),
        cmocka_unit_test(functions_are_listed_as_their_records_say),
        cmocka_unit_test(a_pclntab_names_the_files_of_the_runtime),
        cmocka_unit_test(a_file_of_the_runtime_is_named_in_full),
        cmocka_unit_test(a_pclntab_may_stand_in_writable_data),
        cmocka_unit_test(a_table_for_another_machine_is_none),
        cmocka_unit_test(the_quantum_of_arm64_is_four),
        cmocka_unit_test(minus_one_and_zeros_are_no_table),
        cmocka_unit_test(a_table_that_runs_past_its_segment_is_none),
        cmocka_unit_test(tables_out_of_order_are_none),
        cmocka_unit_test(the_table_of_go_1_2_is_known),
        cmocka_unit_test(magics_without_end_cost_little_and_prove_nothing),
        cmocka_unit_test(modules_are_those_of_go_version_m),
        cmocka_unit_test(odd_module_lines_harm_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
