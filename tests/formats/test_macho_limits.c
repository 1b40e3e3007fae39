/* Images that ld never writes: of 32 bits, with more commands than anybody has, with tables that share bytes. */
#include "tests/formats/raw_macho.h"

#include "formats/limits.h"

/* ---- 32 bits ---- */

enum { SECTION_32 = 68, SEGMENT_32 = 56, SYMBOL_32 = 12, MODULE_32 = 52, MODULE_64 = 56 };

static void an_image_of_32_bits_has_narrower_records(void **state)
{
    raw_image(false, MH_EXECUTE);
    uint32_t symbols = 28 + SEGMENT_32 + 2 * SECTION_32 + 24;
    size_t at = command(LC_SEGMENT, SEGMENT_32 + 2 * SECTION_32, NULL, 0);
    const uint32_t segment[] = {0x1000, 0x1000, 0, symbols, 7, 5, 2, 0}; /* vmaddr, vmsize, fileoff, filesize, … */
    memcpy(raw.bytes + at + 8, "__TEXT", 6);
    for (size_t i = 0; i < 8; i++)
        word(at + 24 + i * 4, segment[i], 4);
    for (size_t i = 0; i < 2; i++) {
        size_t section = at + SEGMENT_32 + i * SECTION_32;
        memcpy(raw.bytes + section, i ? "__const" : "__text", i ? 7 : 6);
        memcpy(raw.bytes + section + 16, "__TEXT", 6);
        word(section + 32, 0x1000 + 16 * i, 4);
        word(section + 36, 16, 4);
        word(section + 40, 16 * i, 4);
    }
    const uint32_t table[] = {symbols, 3, symbols + 3 * SYMBOL_32, 8};
    command(LC_SYMTAB, 24, table, 4);
    for (size_t i = 0; i < 3; i++)
        word(symbols + i * SYMBOL_32 + 4, i == 0 ? 0x0e : i == 1 ? 0x0f : 0x01, 1); /* local, external, undefined */
    const struct image *image = read_raw(*state, 3 * SYMBOL_32 + 8);
    assert_int_equal(image->bits, 32);
    assert_int_equal(image->sections.count, 2);
    assert_string_equal(image->sections.items[1].name, "__const");
    assert_int_equal(image->sections.items[1].address, 0x1010);
    assert_int_equal(image->sections.items[1].offset, 16);
    assert_int_equal(image->symbols.local, 1);
    assert_int_equal(image->symbols.external, 1);
    assert_int_equal(image->symbols.undefined, 1);
    assert_clean(image);
}

static void modules_are_as_large_as_words_are(void **state)
{
    for (unsigned wide = 0; wide < 2; wide++)
        for (unsigned less = 0; less < 2; less++) {
            uint32_t words[18] = {0};
            raw_image(wide, MH_OBJECT);
            words[6 + 2] = (wide ? 32 : 28) + 80; /* modtaboff, behind the commands */
            words[6 + 3] = 2;
            command(LC_DYSYMTAB, 80, words, 18);
            const struct image *image = read_raw(*state, 2U * (wide ? MODULE_64 : MODULE_32) - less);
            assert_int_equal(defects(image, DEFECT_ID_macho_linkedit), less);
        }
}

/* ---- as many as are kept ---- */

static void as_many_segments_as_are_kept(void **state)
{
    for (uint32_t more = 0; more < 2; more++) {
        raw_image(true, MH_DYLIB);
        for (uint32_t i = 0; i < LIMIT_SEGMENTS + more; i++)
            command(LC_SEGMENT_64, 72, NULL, 0);
        const struct image *image = read_raw(*state, 0);
        assert_int_equal(image->segments.count, LIMIT_SEGMENTS);
        assert_int_equal(image->segments.known, more ? KNOWN_BROKEN : KNOWN_COMPLETE);
    }
    for (uint32_t more = 0; more < 2; more++) {
        raw_image(true, MH_DYLIB);
        size_t at = command(LC_SEGMENT_64, 72 + 80 * (LIMIT_SEGMENTS + more), NULL, 0);
        word(at + 64, LIMIT_SEGMENTS + more, 4);
        const struct image *image = read_raw(*state, 0);
        assert_int_equal(image->sections.count, more ? 0 : LIMIT_SEGMENTS);
        assert_int_equal(image->sections.known, more ? KNOWN_BROKEN : KNOWN_COMPLETE);
    }
}

static void as_many_names_as_are_kept(void **state)
{
    static const struct {
        uint32_t type, at;
        bool paths;
    } cases[] = {{LC_LOAD_DYLIB, 24, false}, {LC_RPATH | MAKE_REQ_DYLD, 12, true}, {LC_DYLD_ENVIRONMENT, 12, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (uint32_t more = 0; more < 2; more++) {
            raw_image(true, MH_DYLIB);
            for (uint32_t k = 0; k < LIMIT_NEEDED + more; k++)
                raw.bytes[command(cases[i].type, 32, &cases[i].at, 1) + cases[i].at] = 'x';
            const struct image *image = read_raw(*state, 0);
            const struct named_list *list = cases[i].paths ? &image->search_paths : &image->needed;
            assert_int_equal(list->count, LIMIT_NEEDED);
            assert_int_equal(list->known, more ? KNOWN_BROKEN : KNOWN_COMPLETE);
            assert_string_equal(list->items[LIMIT_NEEDED - 1].text, "x");
        }
}

/* What commands claim beyond that is not remembered, so nothing can be said of bytes that nobody owns. */
static void as_many_claims_as_are_kept(void **state)
{
    static const uint32_t data[] = {0, 8};
    for (uint32_t more = 0; more < 2; more++) {
        raw_image(true, MH_DYLIB);
        for (uint32_t i = 0; i < LIMIT_CLAIMS - 16 + more * 32; i++)
            command(LC_FUNCTION_STARTS, 16, data, 2);
        assert_int_equal(read_raw(*state, 0)->unowned.known, more ? KNOWN_BROKEN : KNOWN_COMPLETE);
    }
}

/* A compressed section is two finds. */
static void as_many_places_of_debug_information_as_are_kept(void **state)
{
    for (uint32_t more = 0; more < 2; more++) {
        uint32_t count = LIMIT_DEBUG / 2 + more;
        raw_image(true, MH_OBJECT);
        size_t at = command(LC_SEGMENT_64, 72 + 80 * count, NULL, 0);
        word(at + 32, 0x1000, 8);
        word(at + 48, 0x1000, 8);
        word(at + 64, count, 4);
        for (uint32_t i = 0; i < count; i++) {
            memcpy(raw.bytes + at + 72 + i * 80, "__zdebug_x", 10);
            word(at + 72 + i * 80 + 40, 1, 8);
        }
        const struct image *image = read_raw(*state, 0);
        assert_int_equal(image->debug.count, LIMIT_DEBUG);
        assert_int_equal(image->debug.known, more ? KNOWN_BROKEN : KNOWN_COMPLETE);
    }
}

static void a_long_text_is_cut(void **state)
{
    for (uint32_t size = LIMIT_TEXT - 1; size <= LIMIT_TEXT + 1; size++) {
        raw_image(true, MH_DYLIB);
        size_t at = command(LC_RPATH | MAKE_REQ_DYLD, 12 + LIMIT_TEXT + 4, (const uint32_t[]){12}, 1);
        memset(raw.bytes + at + 12, 'x', size);
        const struct image *image = read_raw(*state, 0);
        assert_int_equal(strlen(image->search_paths.items[0].text), size < LIMIT_TEXT ? size : LIMIT_TEXT);
    }
}

/* ARM_THREAD_STATE: r15 is the program counter. */
static void a_thread_of_32_bits_has_narrow_registers(void **state)
{
    raw_image(false, MH_EXECUTE);
    uint32_t words[2 + 17] = {1, 17, [2 + 15] = 0x1010};
    size_t at = command(LC_SEGMENT, SEGMENT_32, NULL, 0);
    const uint32_t segment[] = {0x1000, 0x1000, 0, 0x100, 7, 5, 0, 0};
    memcpy(raw.bytes + at + 8, "__TEXT", 6);
    for (size_t i = 0; i < 8; i++)
        word(at + 24 + i * 4, segment[i], 4);
    command(LC_UNIXTHREAD, 8 + sizeof words, words, 19);
    const struct image *image = read_raw(*state, 0x100);
    assert_true(image->macho->has_unixthread);
    assert_int_equal(image->entry.address, 0x1010);
    assert_true(image->entry.in_code);
}

/* ---- fields ---- */

static void a_section_without_bytes_is_of_one_of_three_types(void **state)
{
    struct subject *s = *state;
    for (uint32_t type = 0; type < 0x17; type++) {
        forget(s);
        make_macho_clean(&s->m, ARCH_ARM64);
        struct make_macho_command *text = make_macho_find_segment(&s->m, "__TEXT");
        make_macho_section(text, "__more", MAKE_MACHO_BASE + MAKE_MACHO_FREE + 0x400, 0x10, MAKE_MACHO_FREE + 0x400,
                           type);
        const struct image *image = look(s);
        assert_int_equal(image->sections.items[2].has_bytes, type != 1 && type != 0xc && type != 0x12);
    }
}

static void of_a_dsym_only_sections_of_debug_information_have_bytes(void **state)
{
    static const struct {
        const char *segment;
        bool wrong;
    } cases[] = {{"__TEXT", false}, {"__DWARF", true}};
    for (size_t i = 0; i < 2; i++) {
        raw_image(true, MH_DSYM);
        size_t at = command(LC_SEGMENT_64, 72 + 80, NULL, 0);
        word(at + 24, 0x1000, 8); /* vmaddr, vmsize: no bytes in the file */
        word(at + 32, 0x1000, 8);
        word(at + 64, 1, 4);
        memcpy(raw.bytes + at + 72, "__debug_x", 9);
        memcpy(raw.bytes + at + 72 + 16, cases[i].segment, strlen(cases[i].segment));
        word(at + 72 + 32, 0x1000, 8);
        word(at + 72 + 40, 0x10, 8);
        word(at + 72 + 48, 0x100000, 4);
        assert_int_equal(defects(read_raw(*state, 0), DEFECT_ID_macho_segment), cases[i].wrong);
    }
}

/* SG_READ_ONLY counts of a segment that is mapped: one with memory that is not a page zero. */
static void read_only_segments_are_those_that_are_mapped(void **state)
{
    enum { READ_ONLY = 0x10, FLAGS = 68 };
    struct subject *s = *state;
    static const struct {
        uint64_t address, memory, size;
        uint32_t access, flags;
        bool counts;
    } cases[] = {{0x110000000, 0x4000, 0, 3, READ_ONLY, true},
                 {0x110000000, 0x4000, 0, 3, 0, false},
                 {0x110000000, 0x4000, 0, 0, READ_ONLY, true},
                 {0x110000000, 0, 0, 3, READ_ONLY, false},
                 {0, 0, 0, 3, READ_ONLY, false},
                 {0, 0x4000, 0, 0, READ_ONLY, false},
                 {0, 0x4000, 0, 3, READ_ONLY, true},
                 {0, 0x4000, 0x1000, 0, READ_ONLY, true}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (unsigned twice = 0; twice < 2; twice++) {
            size_t told = 0;
            forget(s);
            make_macho_clean(&s->m, ARCH_ARM64);
            struct make_macho_command *c = make_macho_segment(&s->m, "__ONE", cases[i].address, cases[i].memory, 0,
                                                              cases[i].size, cases[i].access);
            make_macho_set(c, FLAGS, cases[i].flags);
            c = make_macho_segment(&s->m, "__TWO", 0x120000000, 0x4000, 0, 0, 3);
            make_macho_set(c, FLAGS, twice ? READ_ONLY : 0);
            const struct image *image = look(s);
            for (size_t k = 0; k < image->defects.count; k++)
                told += strcmp(image->defects.items[k].expected, "one segment with SG_READ_ONLY") == 0;
            assert_int_equal(told, cases[i].counts && twice ? 1 : 0);
        }
}

/* A page zero is for nothing: whoever may make it readable later does not give it up. */
static void a_page_zero_gives_its_addresses_up_for_good(void **state)
{
    enum { MAXPROT = 56 };
    struct subject *s = *state;
    for (unsigned access = 0; access < 2; access++) {
        forget(s);
        make_macho_clean(&s->m, ARCH_ARM64);
        make_macho_set(make_macho_find_segment(&s->m, "__PAGEZERO"), MAXPROT, access);
        assert_int_equal(look(s)->defects.total != 0, access);
    }
}

static void a_marker_alone_makes_no_new_dylib_command(void **state)
{
    struct subject *s = *state;
    enum { MARKER = 0x1a741800, WEAK = 1 };
    static const struct {
        uint32_t marker, name;
        enum dependency how;
    } cases[] = {{MARKER, 28, DEPENDENCY_WEAK}, {MARKER, 32, DEPENDENCY_NEEDED}, {MARKER + 1, 28, DEPENDENCY_NEEDED}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        forget(s);
        make_macho_clean(&s->m, ARCH_ARM64);
        const uint32_t words[] = {cases[i].name, cases[i].marker, 0, 0, WEAK, 0x78, 0};
        if (cases[i].name == 28)
            make_macho_command(&s->m, LC_LOAD_DYLIB, words, 6);
        else
            make_macho_command(&s->m, LC_LOAD_DYLIB, (const uint32_t[]){32, cases[i].marker, 0, 0, WEAK, 0, 0x78, 0},
                               8);
        const struct image *image = look(s);
        assert_int_equal(image->needed.count, 2);
        assert_string_equal(image->needed.items[1].text, "x");
        assert_int_equal(image->needed.items[1].detail, cases[i].how);
    }
}

/* ---- paths in stabs ---- */

static void stabs_name_a_path_once(void **state)
{
    enum { N_SO = 0x64, N_OSO = 0x66, N_FUN = 0x24 };
    struct subject *s = *state;
    static const struct {
        const char *name;
        uint8_t type;
    } symbols[] = {{"/a/x.c", N_SO}, {"/a/x.c", N_SO},  {"", N_SO},       {"main.c", N_SO},
                   {NULL, N_OSO},    {"/b/y.o", N_OSO}, {"/a/x.c", N_SO}, {"/c", N_FUN}};
    static const char *const paths[] = {"/a/x.c", "/b/y.o", "/a/x.c"};
    for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++)
        make_macho_symbol(&s->m, symbols[i].name, symbols[i].type);
    const struct image *image = look(s);
    assert_int_equal(image->build_paths.count, 3);
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(image->build_paths.items[i].text, paths[i]);
}

/* A table of symbols and its strings, raw: names anywhere. */
static const struct image *stabs(struct subject *s, uint32_t count, const uint32_t *names, const char *strings,
                                 uint32_t size)
{
    raw_image(true, MH_OBJECT);
    uint32_t at = 32 + 24;
    command(LC_SYMTAB, 24, (const uint32_t[]){at, count, at + count * 16, size}, 4);
    for (uint32_t i = 0; i < count; i++) {
        word(at + i * 16, names[i], 4);
        word(at + i * 16 + 4, 0x64, 1);
    }
    memcpy(raw.bytes + at + count * 16, strings, size);
    return read_raw(s, count * 16 + size);
}

static void paths_stand_inside_the_strings(void **state)
{
    static const uint32_t names[] = {1, 4, 6, 7, 100};
    const struct image *image = stabs(*state, 5, names, "\0/a\0/b", 6); /* the second has no end, the others no place */
    assert_int_equal(image->build_paths.count, 1);
    assert_string_equal(image->build_paths.items[0].text, "/a");
    assert_int_equal(defects(image, DEFECT_ID_macho_symbols), 1);
    image = stabs(*state, 2, (const uint32_t[]){0, 3}, "\0/b\0", 3); /* a name where the strings end */
    assert_int_equal(image->build_paths.count, 0);
    char strings[3 * (LIMIT_PATHS + 2)];
    uint32_t many[LIMIT_PATHS + 2];
    for (uint32_t i = 0; i < LIMIT_PATHS + 2; i++) {
        memcpy(strings + 3 * i, (const char[]){'/', (char)('a' + i), 0}, 3);
        many[i] = 3 * i;
    }
    assert_int_equal(stabs(*state, LIMIT_PATHS + 2, many, strings, sizeof strings)->build_paths.count, LIMIT_PATHS);
}

static void a_second_mark_of_strip_is_a_stab(void **state)
{
    struct subject *s = *state;
    make_macho_symbol(&s->m, "radr://5614542", 0x3c);
    make_macho_symbol(&s->m, "radr://5614542", 0x3c);
    const struct image *image = look(s);
    assert_false(image->symbols.strip_mark);
    assert_int_equal(image->debug.items[0].kind, DEBUG_STABS);
    forget(s);
    make_macho_clean(&s->m, ARCH_ARM64);
    make_macho_symbol(&s->m, "radr://5614543", 0x3c);
    assert_false(look(s)->symbols.strip_mark);
}

/* Tables that are read share no bytes: together they are no larger than the image. */
static void tables_that_share_bytes_are_not_read(void **state)
{
    for (unsigned which = 0; which < 2; which++)
        for (unsigned more = 0; more < 2; more++) {
            uint32_t at = 32 + 48 + 16 + 24, all = at + AREA;
            raw_image(true, MH_DYLIB);
            uint32_t first = all - AREA + more;
            const uint32_t info[10] = {[8] = 0, first}; /* an export trie over all but the last page */
            command(LC_DYLD_INFO | MAKE_REQ_DYLD, 48, info, 10);
            if (which)
                command(LC_CODE_SIGNATURE, 16, (const uint32_t[]){at, AREA}, 2);
            else
                command(LC_SYMTAB, 24, (const uint32_t[]){at, AREA / 32, at + AREA / 2, AREA / 2}, 4);
            if (which)
                raw.size += 24;
            else
                raw.size += 16;
            const struct image *image = read_raw(*state, AREA);
            size_t spent = 0;
            for (size_t i = 0; i < image->defects.count; i++)
                spent += strcmp(image->defects.items[i].expected, "tables that share no bytes") == 0;
            assert_int_equal(spent, more);
            if (!which)
                assert_int_equal(image->symbols.known, more ? KNOWN_BROKEN : KNOWN_COMPLETE);
        }
}

#define L(f) cmocka_unit_test_setup_teardown(f, start, end)
int main(void)
{
    const struct CMUnitTest tests[] = {
        L(an_image_of_32_bits_has_narrower_records),
        L(modules_are_as_large_as_words_are),
        L(as_many_segments_as_are_kept),
        L(as_many_names_as_are_kept),
        L(as_many_claims_as_are_kept),
        L(as_many_places_of_debug_information_as_are_kept),
        L(a_long_text_is_cut),
        L(a_thread_of_32_bits_has_narrow_registers),
        L(a_page_zero_gives_its_addresses_up_for_good),
        L(a_section_without_bytes_is_of_one_of_three_types),
        L(of_a_dsym_only_sections_of_debug_information_have_bytes),
        L(read_only_segments_are_those_that_are_mapped),
        L(a_marker_alone_makes_no_new_dylib_command),
        L(stabs_name_a_path_once),
        L(paths_stand_inside_the_strings),
        L(a_second_mark_of_strip_is_a_stab),
        L(tables_that_share_bytes_are_not_read),
    };
    return cmocka_run_group_tests_name("test_macho_limits", tests, NULL, NULL);
}
