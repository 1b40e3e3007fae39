/* Mach-O files made to look better than they are, one lie each: what XNU and dyld make of them decides. */
#include "tests/formats/small_macho.h"

enum { SUBTYPE_ARM64E = 2, PTR_AUTH_VERSION_1 = 0x01000000, PTRAUTH_ABI = (int)0x80000000, PLATFORM = 38 };

static struct make_macho *library(struct subject *s)
{
    forget(s);
    begin(s, ARCH_ARM64)->filetype = MH_DYLIB;
    make_macho_text(&s->m, LC_ID_DYLIB, "@rpath/a.dylib");
    return &s->m;
}

static void arm64_starts_no_program_for_fixed_addresses(void **state)
{
    struct subject *s = *state;
    s->m.flags &= ~(uint32_t)MH_PIE;
    assert_only(look(s), macho_header);
    forget(s);
    begin(s, ARCH_AMD64)->flags &= ~(uint32_t)MH_PIE;
    assert_clean(look(s));
}

static void programs_for_arm64e_are_those_of_the_system(void **state)
{
    struct subject *s = *state;
    s->m.cpusubtype = (uint32_t)PTRAUTH_ABI | SUBTYPE_ARM64E;
    assert_only(look(s), macho_header);
    s->bytes[s->m.at.directory + PLATFORM] = 15;
    assert_clean(look(s));
    assert_int_equal(s->reading.images->macho->signature_platform, 15);
    forget(s);
    s->m.cpusubtype |= PTR_AUTH_VERSION_1; /* starts, and runs as arm64 */
    assert_clean(look(s));
    forget(s);
    s->m.cpusubtype = SUBTYPE_ARM64E;
    make_macho_set(make_macho_find(&s->m, LC_BUILD_VERSION), 8, 2); /* iOS */
    assert_clean(look(s));
    library(s)->cpusubtype = (uint32_t)PTRAUTH_ABI | SUBTYPE_ARM64E;
    assert_clean(look(s));
}

static void a_protected_segment_is_encrypted(void **state)
{
    enum { FLAGS = 68, SG_PROTECTED_VERSION_1 = 8 };
    struct subject *s = *state;
    assert_false(look(s)->macho->encrypted);
    forget(s);
    make_macho_set(make_macho_find_segment(&s->m, "__TEXT"), FLAGS, SG_PROTECTED_VERSION_1);
    assert_true(look(s)->macho->encrypted);
    assert_int_equal(s->reading.images->macho->encrypted_offset, 0);
    forget(s);
    begin(s, ARCH_ARM64);
    make_macho_set(make_macho_find_segment(&s->m, "__PAGEZERO"), FLAGS, SG_PROTECTED_VERSION_1); /* no bytes of it */
    assert_false(look(s)->macho->encrypted);
}

static void a_library_says_what_it_is_called_and_nothing_else_does(void **state)
{
    struct subject *s = *state;
    library(s);
    assert_clean(look(s));
    assert_string_equal(s->reading.images->macho->install_name, "@rpath/a.dylib");
    library(s);
    make_macho_remove(&s->m, LC_ID_DYLIB);
    assert_only(look(s), macho_header);
    library(s)->filetype = MH_BUNDLE;
    assert_only(look(s), macho_command);
    library(s)->filetype = MH_BUNDLE;
    make_macho_remove(&s->m, LC_ID_DYLIB);
    assert_clean(look(s));
}

static void a_release_that_nobody_has_is_told(void **state)
{
    struct subject *s = *state;
    for (uint32_t release = 50; release < 52; release++) {
        forget(s);
        begin(s, ARCH_ARM64);
        make_macho_set(make_macho_find(&s->m, LC_BUILD_VERSION), 12, release << 16);
        assert_int_equal(look(s)->defects.total, release > 50);
        assert_int_equal(defects(s->reading.images, DEFECT_ID_macho_version), release > 50);
    }
}

static void images_out_of_a_cache_are_not_loaded(void **state)
{
    struct subject *s = *state;
    library(s)->flags |= MH_DYLIB_IN_CACHE;
    assert_only(look(s), macho_header);
}

static void a_library_that_is_loaded_late_is_needed_too(void **state)
{
    static const uint8_t info[40] = {28, [28] = '/', 'o', 'p', 't', '/', 'l', 'a', 't', 'e'};
    static const uint8_t outside[] = {64, 0, 0, 0, 0, 0, 0, 0}, cut[8] = {4};
    static const struct {
        const void *bytes;
        uint32_t size;
    } broken[] = {{outside, sizeof outside}, {cut, 2}, {info, 0}, {info, 0x100000}};
    struct subject *s = *state;
    uint32_t at = make_macho_linkedit(&s->m, info, sizeof info);
    make_macho_command(&s->m, LC_LAZY_LOAD_DYLIB_INFO, (const uint32_t[]){at, sizeof info}, 2);
    const struct image *image = look(s);
    assert_clean(image);
    assert_int_equal(image->needed.count, 2);
    assert_string_equal(image->needed.items[1].text, "/opt/late");
    assert_int_equal(image->needed.items[1].detail, DEPENDENCY_LAZY);
    assert_int_equal(image->needed.items[1].offset, at + 28);
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        forget(s);
        at = make_macho_linkedit(begin(s, ARCH_ARM64), broken[i].bytes, 8);
        make_macho_command(&s->m, LC_LAZY_LOAD_DYLIB_INFO, (const uint32_t[]){at, broken[i].size}, 2);
        assert_only(look(s), macho_linkedit);
        assert_int_equal(s->reading.images->needed.known, KNOWN_BROKEN);
    }
}

static void a_wide_table_of_libraries_is_loaded(void **state)
{
    struct subject *s = *state;
    for (unsigned program = 0; program < 2; program++) {
        uint8_t *bytes = NULL;
        library(s);
        if (program)
            begin(s, ARCH_ARM64);
        seal(s);
        struct make_universal u = {.wide = true, .count = 1, .slices = {{.bytes = s->bytes, .size = s->size}}};
        size_t size = make_universal_write(&u, &bytes);
        read_bytes(s, bytes, size);
        assert_int_equal(s->reading.defects.total, program);
        assert_int_equal(defects(s->reading.images, DEFECT_ID_fat_magic_64), program);
        free(bytes);
    }
}

/* dyld adds entryoff to the address of the header, whatever stands at that place of the file. */
static void an_entry_counts_from_the_header_in_memory(void **state)
{
    struct subject *s = *state;
    for (unsigned far = 0; far < 2; far++) {
        forget(s);
        begin(s, ARCH_AMD64);
        make_macho_segment(&s->m, "__MORE", MAKE_MACHO_BASE + 0x100000, 0x1000, 0x3000, 0x1000, 5);
        make_macho_set64(make_macho_find(&s->m, LC_MAIN), 8, far ? 0x100010 : 0x4010);
        const struct image *image = look(s);
        assert_int_equal(image->entry.in_code, far);
        assert_int_equal(image->entry.address, MAKE_MACHO_BASE + (far ? 0x100010 : 0x4010));
        assert_true(!far || image->entry.offset == 0x3010);
    }
}

static void debuggers_find_more_than_dwarf_by_its_names(void **state)
{
    static const struct {
        const char *name;
        enum debug kind;
    } names[] = {{"__apple_names", DEBUG_DWARF}, {"__apple_types", DEBUG_DWARF}, {"__apple_namespac", DEBUG_DWARF},
                 {"__apple_objc", DEBUG_DWARF},  {"__swift_ast", DEBUG_DWARF},   {"__ctf", DEBUG_CTF}};
    struct subject *s = *state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        forget(s);
        struct make_macho *m = begin(s, ARCH_ARM64);
        make_macho_section(make_macho_find_segment(m, "__TEXT"), names[i].name, MAKE_MACHO_BASE + MAKE_MACHO_FREE, 64,
                           MAKE_MACHO_FREE, 0);
        assert_int_equal(look(s)->debug.count, 1);
        assert_int_equal(s->reading.images->debug.items[0].kind, names[i].kind);
        assert_int_equal(s->reading.images->stripped, ANSWER_NO);
    }
}

static void compressed_dwarf_begins_as_such_under_any_name(void **state)
{
    static const uint8_t begins[] = {'Z', 'L', 'I', 'B', 0, 0, 0, 0, 0, 0, 1, 0, 0x78, 0x9c};
    struct subject *s = *state;
    for (uint32_t size = 12; size < 15; size++) {
        forget(s);
        struct make_macho *m = begin(s, ARCH_ARM64);
        memcpy(m->text + MAKE_MACHO_FREE + 64, begins, sizeof begins);
        make_macho_section(make_macho_find_segment(m, "__TEXT"), "__const2", MAKE_MACHO_BASE + MAKE_MACHO_FREE + 64,
                           size, MAKE_MACHO_FREE + 64, 0);
        assert_int_equal(look(s)->debug.count, size > 12 ? 2 : 0);
    }
}

/* A command that claims link-edit data owns it only where the data is what the command says. */
static void a_table_holds_what_its_command_says(void **state)
{
    static const uint8_t elf[] = {0x7f, 'E', 'L', 'F', 0, 0, 0, 0};
    static const uint8_t fixups[40] = {[4] = 32, [8] = 32, [12] = 32, [20] = 1};
    static const struct {
        uint32_t type;
        enum kind kind; /* KIND_UNKNOWN: a program */
        const char *bytes;
        size_t size;
        enum { GOOD, BROKEN, UNOWNED } what;
    } cases[] = {
        {LC_FUNCTION_STARTS, 0, "\x80\x40\4\0\0\0\0\0", 8, GOOD},
        {LC_FUNCTION_STARTS, 0, "main\0f\0\0", 8, BROKEN},
        {LC_FUNCTION_STARTS, 0, "\1\2\3\4\5\6\7\x08", 8, GOOD},
        {LC_FUNCTION_STARTS, 0, "\xff\xff\xff\x7f\0\0\0\0", 8, BROKEN},
        {LC_FUNCTION_STARTS, 0, "\1\2\3\4\5\6\7\x88", 8, BROKEN},
        {LC_DATA_IN_CODE, 0, "\0\x30\0\0\4\0\1\0", 8, GOOD},
        {LC_DATA_IN_CODE, 0, "\0\x30\0\0\4\0\5\0", 8, GOOD},
        {LC_DATA_IN_CODE, 0, "\0\x30\0\0\4\0\6\0", 8, BROKEN},
        {LC_DATA_IN_CODE, 0, "\0\x30\0\0\4\0\0\0", 8, BROKEN},
        {LC_DATA_IN_CODE, 0, "\0\0\0\1\4\0\1\0", 8, BROKEN},
        {LC_DATA_IN_CODE, 0, "\0\x30\0\0\4\0\1\0", 7, BROKEN},
        {LC_DYLD_CHAINED_FIXUPS | MAKE_REQ_DYLD, 0, (const char *)fixups, sizeof fixups, GOOD},
        {LC_DYLD_CHAINED_FIXUPS | MAKE_REQ_DYLD, 0, (const char *)fixups, 24, BROKEN},
        {LC_DYLD_CHAINED_FIXUPS | MAKE_REQ_DYLD, 0, (const char *)fixups, 30, BROKEN},
        {LC_DYLD_CHAINED_FIXUPS | MAKE_REQ_DYLD, 0, (const char *)elf, 8, BROKEN},
        {LC_DYLIB_CODE_SIGN_DRS, 0, "\xfa\xde\x0c\5\0\0\0\x08\0\0\0\0", 12, GOOD},
        {LC_DYLIB_CODE_SIGN_DRS, 0, "\xfa\xde\x0c\5\0\0\0\x08\0\0\0\1", 12, BROKEN},
        {LC_DYLIB_CODE_SIGN_DRS, 0, "\xfa\xde\x0c\5\0\0\0\x10\0\0\0\0", 12, BROKEN},
        {LC_DYLIB_CODE_SIGN_DRS, 0, "\xfa\xde\x0c\6\0\0\0\x08\0\0\0\0", 12, BROKEN},
        {LC_SEGMENT_SPLIT_INFO, 0, "\x7f\1\2\3\4\5\6\7", 8, UNOWNED},
        {LC_SEGMENT_SPLIT_INFO, KIND_SHARED_LIBRARY, "\x7f\1\2\3\4\5\6\7", 8, GOOD},
        {LC_SEGMENT_SPLIT_INFO, KIND_SHARED_LIBRARY, (const char *)elf, 8, UNOWNED},
        {LC_LINKER_OPTIMIZATION_HINT, 0, "\1\2\3\4\5\6\7\x08", 8, UNOWNED},
        {LC_ATOM_INFO, 0, "\1\2\3\4\5\6\7\x08", 8, UNOWNED},
        {LC_FUNCTION_VARIANTS, 0, "\1\2\3\4\5\6\7\x08", 8, GOOD},
        {LC_FUNCTION_VARIANTS, 0, (const char *)elf, 8, UNOWNED},
    };
    struct subject *s = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        forget(s);
        begin(s, ARCH_ARM64);
        if (cases[i].kind)
            library(s);
        if (make_macho_find(&s->m, cases[i].type & 0xff))
            make_macho_remove(&s->m, cases[i].type & 0xff);
        uint32_t at = make_macho_linkedit(&s->m, cases[i].bytes, cases[i].size);
        make_macho_command(&s->m, cases[i].type, (const uint32_t[]){at, (uint32_t)cases[i].size}, 2);
        const struct image *image = look(s);
        if (image->unowned.count != (cases[i].what == UNOWNED) || image->defects.total != (cases[i].what == BROKEN))
            print_error("case %zu\n", i);
        assert_int_equal(image->unowned.count, cases[i].what == UNOWNED);
        assert_int_equal(image->defects.total, cases[i].what == BROKEN);
        assert_int_equal(defects(image, DEFECT_ID_macho_linkedit), cases[i].what == BROKEN);
    }
}

/* The string table is stretched over bytes that are no names: those of an archive, or of symbols that were removed. */
static void strings_that_no_symbol_has_belong_to_nobody(void **state)
{
    enum { N_INDR = 0x0a, N_EXT = 1, NAMES = 24 };
    static const char payload[NAMES + 1] = "\0_shown\0_secret\0_target\0";
    struct subject *s = *state;
    for (unsigned left = 0; left < 3; left++) {
        forget(s);
        begin(s, ARCH_AMD64);
        make_macho_symbol(&s->m, "a name that is longer than all the others are", N_INDR | N_EXT);
        uint8_t *bytes = seal(s), *strings = bytes + s->m.at.strings, *symbol = bytes + s->m.at.symbols;
        while (symbol[4] != (N_INDR | N_EXT))
            symbol += 16;
        size_t shown = (size_t)make_macho_get(symbol, 4);
        memset(strings + shown, 0, strlen((const char *)strings + shown));
        memcpy(strings + shown, payload, NAMES);
        memset(symbol + 8, 0, 8);
        symbol[0] = (uint8_t)(shown + 1);                    /* _shown */
        symbol[8] = (uint8_t)(shown + (left == 1 ? 16 : 8)); /* the other name: _target, or _secret */
        if (left == 2)
            symbol[8] = (uint8_t)(shown + 11); /* the end of _secret */
        const struct image *image = look(s);
        assert_clean(image);
        assert_int_equal(image->unowned.count, left == 2 ? 2 : 1);
        assert_int_equal(image->unowned.items[0].offset, s->m.at.strings + shown + (left == 0 ? 16 : 8));
        assert_false(image->unowned.items[0].padding);
    }
}

static void pages_are_those_of_the_machine(void **state)
{
    struct subject *s = *state;
    make_macho_clean(&s->m, ARCH_AMD64);
    make_macho_command(&s->m, LC_CODE_SIGNATURE, (const uint32_t[]){0, 0}, 2);
    s->m.signature = (struct make_macho_signature){.present = true, .flags = 2, .page = 12, .identifier = "a"};
    assert_int_equal(look(s)->signature, SIGNATURE_AD_HOC);
    forget(s);
    s->m.signature.page = 14; /* of arm64 */
    assert_int_equal(look(s)->signature, SIGNATURE_BROKEN);
}

static void the_linker_signs_ad_hoc(void **state)
{
    struct subject *s = *state;
    s->m.signature.flags = 0x20000;
    assert_int_equal(look(s)->signature, SIGNATURE_BROKEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(arm64_starts_no_program_for_fixed_addresses),
        CASE(programs_for_arm64e_are_those_of_the_system),
        CASE(a_protected_segment_is_encrypted),
        CASE(a_library_says_what_it_is_called_and_nothing_else_does),
        CASE(a_release_that_nobody_has_is_told),
        CASE(images_out_of_a_cache_are_not_loaded),
        CASE(a_library_that_is_loaded_late_is_needed_too),
        CASE(a_wide_table_of_libraries_is_loaded),
        CASE(an_entry_counts_from_the_header_in_memory),
        CASE(debuggers_find_more_than_dwarf_by_its_names),
        CASE(compressed_dwarf_begins_as_such_under_any_name),
        CASE(a_table_holds_what_its_command_says),
        CASE(strings_that_no_symbol_has_belong_to_nobody),
        CASE(pages_are_those_of_the_machine),
        CASE(the_linker_signs_ad_hoc),
    };
    return cmocka_run_group_tests_name("test_macho_evasions", tests, NULL, NULL);
}
