/* What stands in __LINKEDIT: symbols, opcodes, the export trie, and bytes that no command claims. */
#include "tests/formats/small_macho.h"

enum { N_SECT = 0x0e, N_ABS = 2, N_EXT = 1, N_PEXT = 0x10, N_SO = 0x64, N_OSO = 0x66, N_FUN = 0x24, N_OPT = 0x3c };

static void symbols_fall_into_classes(void **state)
{
    struct subject *s = *state;
    make_macho_symbol(&s->m, "_local", N_SECT);
    make_macho_symbol(&s->m, "_hidden", N_SECT | N_PEXT);
    make_macho_symbol(&s->m, "_main", N_SECT | N_EXT);
    make_macho_symbol(&s->m, "_absolute", N_ABS | N_EXT);
    make_macho_symbol(&s->m, "_other", N_EXT);
    make_macho_symbol(&s->m, "f", N_FUN);
    const struct symbols *symbols = &look(s)->symbols;
    assert_clean(s->reading.images);
    assert_int_equal(symbols->known, KNOWN_COMPLETE);
    assert_int_equal(symbols->count, 8);
    assert_int_equal(symbols->local, 2);
    assert_int_equal(symbols->external, 3);
    assert_int_equal(symbols->undefined, 2);
    assert_int_equal(symbols->stabs, 1);
    assert_string_equal(symbols->first_named, "_local");
}

static void a_name_without_type_is_no_import(void **state)
{
    struct subject *s = *state;
    make_macho_symbol(&s->m, "_private", 0);
    make_macho_symbol(&s->m, "_somewhere", N_EXT)->value = 0x1000;
    make_macho_symbol(&s->m, "_in_a_section", N_EXT)->section = 1;
    const struct symbols *symbols = &look(s)->symbols;
    assert_int_equal(symbols->undefined, 1); /* the one of the clean program */
    assert_int_equal(symbols->local, 1);
    assert_int_equal(symbols->external, 3);
    assert_string_equal(symbols->first_named, "_private");
    assert_int_equal(s->reading.images->stripped, ANSWER_NO);
}

/* A common symbol of an object has a size, and is allotted by the linker; elsewhere it is the name of something. */
static void a_common_symbol_is_one_of_objects(void **state)
{
    struct subject *s = *state;
    for (unsigned object = 0; object < 2; object++) {
        forget(s);
        begin(s, ARCH_ARM64)->filetype = object ? MH_OBJECT : MH_DYLIB;
        make_macho_symbol(&s->m, "_common", N_EXT)->value = 16;
        const struct symbols *symbols = &look(s)->symbols;
        assert_int_equal(symbols->undefined, 1 + object); /* and the one of the clean program */
        assert_int_equal(symbols->external, 2 - object);
    }
}

static void the_mark_of_strip_alone_is_stripped(void **state)
{
    struct subject *s = *state;
    make_macho_symbol(&s->m, "radr://5614542", N_OPT);
    const struct image *image = look(s);
    assert_true(image->symbols.strip_mark);
    assert_int_equal(image->debug.count, 0);
    assert_int_equal(image->stripped, ANSWER_YES);
}

static void the_mark_of_strip_excuses_no_other_stab(void **state)
{
    struct subject *s = *state;
    make_macho_symbol(&s->m, "radr://5614542", N_OPT);
    make_macho_symbol(&s->m, "/src/main.c", N_SO);
    const struct image *image = look(s);
    assert_false(image->symbols.strip_mark);
    assert_int_equal(image->debug.items[0].kind, DEBUG_STABS);
    assert_int_equal(image->stripped, ANSWER_NO);
}

static void a_stab_in_front_of_the_mark_counts_too(void **state)
{
    struct subject *s = *state;
    make_macho_symbol(&s->m, "f", N_FUN);
    make_macho_symbol(&s->m, "radr://5614542", N_OPT);
    assert_false(look(s)->symbols.strip_mark);
    assert_int_equal(s->reading.images->stripped, ANSWER_NO);
}

static void a_local_symbol_should_have_gone(void **state)
{
    struct subject *s = *state;
    make_macho_symbol(&s->m, NULL, N_SECT);
    assert_int_equal(look(s)->stripped, ANSWER_NO);
    assert_string_equal(s->reading.images->symbols.first_named, "");
}

static void a_program_exports_its_header_alone(void **state)
{
    struct subject *s = *state;
    make_macho_symbol(&s->m, "_main", N_SECT | N_EXT);
    assert_int_equal(look(s)->stripped, ANSWER_NO);
    assert_string_equal(s->reading.images->symbols.first_named, "_main");
}

static void a_longer_name_is_not_that_of_the_header(void **state)
{
    struct subject *s = *state;
    s->m.symbols[0].name = "__mh_execute_headers";
    assert_int_equal(look(s)->stripped, ANSWER_NO);
}

static void a_library_may_export(void **state)
{
    static const uint8_t trie[] = {0, 2, '_', 'a', 0, 10, '_', 'b', 0, 14, 2, 0, 0, 0, 2, 0, 0, 0};
    struct subject *s = *state;
    for (int more = 0; more < 2; more++) {
        forget(s);
        begin(s, ARCH_ARM64)->filetype = MH_DYLIB;
        make_macho_text(&s->m, LC_ID_DYLIB, "@rpath/a.dylib");
        make_macho_remove(&s->m, LC_DYLD_INFO);
        uint32_t at = make_macho_linkedit(&s->m, trie, sizeof trie);
        make_macho_command(&s->m, LC_DYLD_EXPORTS_TRIE | MAKE_REQ_DYLD, (const uint32_t[]){at, sizeof trie}, 2);
        make_macho_symbol(&s->m, "_api", N_SECT | N_EXT);
        if (more) /* a third name, and the trie has two */
            make_macho_symbol(&s->m, "_inner", N_SECT | N_EXT);
        assert_int_equal(look(s)->symbols.unexported, more);
        assert_int_equal(s->reading.images->stripped, more ? ANSWER_NO : ANSWER_YES);
        assert_clean(s->reading.images);
    }
    forget(s); /* an old library has no trie, and exports by its symbols */
    make_macho_remove(&s->m, LC_DYLD_EXPORTS_TRIE);
    assert_int_equal(look(s)->stripped, ANSWER_YES);
}

/* So does a bundle, and a program does not. */
static void a_bundle_exports_by_its_trie(void **state)
{
    static const uint8_t trie[] = {0, 1, '_', 'a', 0, 6, 2, 0, 0, 0};
    static const uint32_t types[] = {MH_BUNDLE, MH_EXECUTE};
    struct subject *s = *state;
    for (unsigned i = 0; i < 2; i++) {
        forget(s);
        begin(s, ARCH_ARM64)->filetype = types[i];
        uint32_t at = make_macho_linkedit(&s->m, trie, sizeof trie);
        make_macho_command(&s->m, LC_DYLD_EXPORTS_TRIE | MAKE_REQ_DYLD, (const uint32_t[]){at, sizeof trie}, 2);
        make_macho_symbol(&s->m, "_api", N_SECT | N_EXT);
        make_macho_symbol(&s->m, "_inner", N_SECT | N_EXT);
        make_macho_symbol(&s->m, "_other", N_SECT | N_EXT);
        const struct symbols *symbols = &look(s)->symbols;
        assert_int_equal(symbols->unexported > 0, types[i] == MH_BUNDLE);
    }
}

static void no_symbol_table_is_stripped(void **state)
{
    struct subject *s = *state;
    make_macho_remove(&s->m, LC_SYMTAB);
    make_macho_remove(&s->m, LC_DYSYMTAB);
    assert_int_equal(look(s)->symbols.known, KNOWN_ABSENT);
    assert_clean(s->reading.images);
    assert_int_equal(s->reading.images->stripped, ANSWER_YES);
}

static void stabs_name_the_places_of_the_build(void **state)
{
    struct subject *s = *state;
    make_macho_symbol(&s->m, "/Users/ci/src/", N_SO);
    make_macho_symbol(&s->m, "/Users/ci/obj/main.o", N_OSO);
    make_macho_symbol(&s->m, "/Users/ci/obj/main.o", N_OSO);
    make_macho_symbol(&s->m, "relative.c", N_SO);
    make_macho_symbol(&s->m, "/not/a/path", N_FUN);
    const struct named_list *paths = &look(s)->build_paths;
    assert_true(paths->count >= 2);
    assert_string_equal(paths->items[0].text, "/Users/ci/src/");
    assert_string_equal(paths->items[1].text, "/Users/ci/obj/main.o");
    assert_int_equal(paths->items[1].offset, s->m.at.symbols + 3 * 16);
}

static void a_symbol_table_outside_is_broken(void **state)
{
    static const struct {
        size_t at;
        uint32_t value;
    } lies[] = {{8, 0x100000},    {8, 0xffffffff}, {12, 0x1000},   {12, 0x10000000},
                {12, 0xffffffff}, {16, 0x100000},  {20, 0x100000}, {20, 0xffffffff}};
    struct subject *s = *state;
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        forget(s);
        begin(s, ARCH_AMD64);
        make_macho_set(make_macho_find(&s->m, LC_SYMTAB), lies[i].at, lies[i].value);
        assert_only(look(s), macho_symbols);
        assert_int_equal(s->reading.images->symbols.known, KNOWN_BROKEN);
        assert_int_equal(s->reading.images->stripped, ANSWER_UNKNOWN);
    }
}

static void names_outside_the_strings_are_told_once(void **state)
{
    struct subject *s = *state;
    begin(s, ARCH_AMD64);
    memset(seal(s) + s->m.at.symbols, 0xff, 4);
    memset(s->bytes + s->m.at.symbols + 16, 0xff, 4);
    assert_only(look(s), macho_symbols);
    assert_int_equal(s->reading.images->defects.count, 1);
}

static void groups_outside_the_symbol_table_are_told(void **state)
{
    struct subject *s = *state;
    make_macho_set(make_macho_find(&s->m, LC_DYSYMTAB), 12, 100); /* nlocalsym */
    assert_only(look(s), macho_symbols);
    forget(s);
    begin(s, ARCH_ARM64);
    make_macho_set(make_macho_find(&s->m, LC_DYSYMTAB), 56, 0x100000); /* indirectsymoff */
    make_macho_set(make_macho_find(&s->m, LC_DYSYMTAB), 60, 1);
    assert_only(look(s), macho_linkedit);
}

static void every_link_edit_table_lies_inside(void **state)
{
    static const uint32_t types[] = {LC_SEGMENT_SPLIT_INFO,
                                     LC_FUNCTION_STARTS,
                                     LC_DATA_IN_CODE,
                                     LC_DYLIB_CODE_SIGN_DRS,
                                     LC_LINKER_OPTIMIZATION_HINT,
                                     LC_DYLD_EXPORTS_TRIE | MAKE_REQ_DYLD,
                                     LC_DYLD_CHAINED_FIXUPS | MAKE_REQ_DYLD,
                                     LC_ATOM_INFO,
                                     LC_FUNCTION_VARIANTS,
                                     LC_FUNCTION_VARIANT_FIXUPS};
    struct subject *s = *state;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        forget(s);
        begin(s, ARCH_ARM64);
        make_macho_command(&s->m, types[i], (const uint32_t[]){0xffffff00, 0xff}, 2);
        assert_only(look(s), macho_linkedit);
    }
}

/* Replaces stream 0 to 4 of LC_DYLD_INFO: rebase, bind, weak, lazy, exports. */
static const struct image *with_stream(struct subject *s, size_t stream, const void *bytes, size_t size)
{
    forget(s);
    begin(s, ARCH_ARM64);
    struct make_macho_command *c = make_macho_find(&s->m, LC_DYLD_INFO);
    make_macho_set(c, 8 + stream * 8, make_macho_linkedit(&s->m, bytes, size));
    make_macho_set(c, 12 + stream * 8, (uint32_t)size);
    if (stream == 4) /* what stood there before is claimed no more */
        memset(s->m.linkedit, 0, 32);
    return look(s);
}

static void sane_opcodes_are_accepted(void **state)
{
    static const uint8_t rebase[] = {0x11, 0x22, 0x80, 0x01, 0x35, 0x41, 0x51, 0x60, 5, 0x70, 8, 0x80, 2, 8, 0};
    static const uint8_t bind[] = {0x11, 0x40, '_', 'f', 0, 0x51, 0x72, 0x08, 0x90, 0xa0, 8, 0xb1, 0xc0, 2, 8, 0};
    struct subject *s = *state;
    assert_clean(with_stream(s, 0, rebase, sizeof rebase));
    for (size_t i = 1; i < 4; i++)
        assert_clean(with_stream(s, i, bind, sizeof bind));
    assert_int_equal(s->reading.images->unowned.count, 0);
}

static void opcodes_that_do_not_end_are_told(void **state)
{
    static const uint8_t uleb[] = {0x72, 0x80, 0x80, 0x80}, text[] = {0x40, '_', 'f', 'o'}, none[] = {0xe0, 0},
                         nothing[] = {0x72};
    static const uint8_t wide[] = {0x72, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f};
    struct subject *s = *state;
    for (size_t i = 1; i < 4; i++) {
        assert_only(with_stream(s, i, uleb, sizeof uleb), macho_linkedit);
        assert_only(with_stream(s, i, text, sizeof text), macho_linkedit);
        assert_only(with_stream(s, i, none, sizeof none), macho_linkedit);
        assert_only(with_stream(s, i, nothing, sizeof nothing), macho_linkedit);
        assert_only(with_stream(s, i, wide, sizeof wide), macho_linkedit);
    }
    assert_only(with_stream(s, 0, (const uint8_t[]){0x90}, 1), macho_linkedit);
    assert_only(with_stream(s, 0, (const uint8_t[]){0x80, 1}, 2), macho_linkedit);
    assert_only(with_stream(s, 0, (const uint8_t[]){0x20, 0x80}, 2), macho_linkedit);
}

static void opcodes_outside_the_image_are_told(void **state)
{
    struct subject *s = *state;
    make_macho_set(make_macho_find(&s->m, LC_DYLD_INFO), 16, 0x100000);
    make_macho_set(make_macho_find(&s->m, LC_DYLD_INFO), 20, 16);
    assert_only(look(s), macho_linkedit);
}

static void an_export_trie_that_does_not_end_is_told(void **state)
{
    static const struct {
        const char *what;
        uint8_t bytes[16];
        size_t size;
    } tries[] = {{"a circle to the root", {0, 1, 'a', 0, 0}, 5},
                 {"a circle further down", {0, 1, 'a', 0, 5, 0, 1, 'b', 0, 5}, 10},
                 {"a node of two parents", {0, 2, 'a', 0, 8, 'b', 0, 8, 0, 0}, 10},
                 {"a child outside", {0, 1, 'a', 0, 100}, 5},
                 {"a child far outside", {0, 1, 'a', 0, 0xff, 0xff, 0xff, 0xff, 0x7f}, 9},
                 {"an endless number", {0, 1, 'a', 0, 0x80, 0x80, 0x80}, 7},
                 {"an endless terminal", {0x80, 0x80, 0x80}, 3},
                 {"a terminal past the end", {9, 0, 0}, 3},
                 {"an endless edge", {0, 1, 'a', 'b', 'c'}, 5},
                 {"more children than bytes", {0, 255, 'a', 0, 5, 0, 0}, 7}};
    struct subject *s = *state;
    for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
        const struct image *image = with_stream(s, 4, tries[i].bytes, tries[i].size);
        if (defects(image, DEFECT_ID_macho_linkedit) != 1)
            print_error("%s goes unnoticed\n", tries[i].what);
        assert_only(image, macho_linkedit);
    }
}

static void the_trie_may_have_a_command_of_its_own(void **state)
{
    struct subject *s = *state;
    for (uint8_t child = 0; child < 6; child += 5) { /* a circle, and a leaf */
        forget(s);
        begin(s, ARCH_ARM64);
        uint8_t trie[] = {0, 1, 'a', 0, child, 0, 0};
        uint32_t at = make_macho_linkedit(&s->m, trie, sizeof trie);
        make_macho_command(&s->m, LC_DYLD_EXPORTS_TRIE | MAKE_REQ_DYLD, (const uint32_t[]){at, sizeof trie}, 2);
        assert_int_equal(look(s)->defects.total, child == 0);
    }
}

static void bytes_that_no_command_claims_have_no_owner(void **state)
{
    struct subject *s = *state;
    uint32_t at = make_macho_linkedit(&s->m, "PK\3\4 and more", 13);
    const struct range_list *unowned = &look(s)->unowned;
    assert_clean(s->reading.images);
    assert_int_equal(unowned->count, 1);
    assert_true(unowned->items[0].offset <= at && unowned->items[0].offset + unowned->items[0].size >= at + 13);
    assert_string_equal(unowned->items[0].what, "ZIP archive");
}

static void no_changed_command_byte_upsets_the_reader(void **state)
{
    struct subject *s = *state;
    seal(s);
    size_t end = make_macho_place(&s->m, &s->m.commands[s->m.command_count]);
    for (size_t at = 0; at < end; at++)
        for (unsigned i = 0; i < 4; i++) {
            static const uint8_t values[] = {0, 1, 0x7f, 0xff};
            uint8_t before = s->bytes[at];
            s->bytes[at] = values[i];
            read_bytes(s, s->bytes, s->size);
            assert_true(s->reading.count >= 1);
            s->bytes[at] = before;
        }
}

static void a_file_cut_short_is_never_sound(void **state)
{
    struct subject *s = *state;
    for (int arch = 0; arch < 2; arch++) {
        forget(s);
        begin(s, arch ? ARCH_ARM64 : ARCH_AMD64);
        seal(s);
        for (size_t size = 0; size < s->size; size++) {
            uint8_t *cut = malloc(size + 1); /* of its own, so that a reader beyond the end is caught */
            memcpy(cut, s->bytes, size);
            read_bytes(s, cut, size);
            for (size_t i = 0; i < s->reading.count; i++)
                assert_false(is_sound(&s->reading.images[i]));
            if (size >= 4 && size < MAKE_MACHO_HEADER)
                assert_only(s->reading.images, file_truncated);
            free(cut);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(symbols_fall_into_classes),
        CASE(a_name_without_type_is_no_import),
        CASE(the_mark_of_strip_alone_is_stripped),
        CASE(a_common_symbol_is_one_of_objects),
        CASE(the_mark_of_strip_excuses_no_other_stab),
        CASE(a_stab_in_front_of_the_mark_counts_too),
        CASE(a_local_symbol_should_have_gone),
        CASE(a_program_exports_its_header_alone),
        CASE(a_longer_name_is_not_that_of_the_header),
        CASE(a_library_may_export),
        CASE(a_bundle_exports_by_its_trie),
        CASE(no_symbol_table_is_stripped),
        CASE(stabs_name_the_places_of_the_build),
        CASE(a_symbol_table_outside_is_broken),
        CASE(names_outside_the_strings_are_told_once),
        CASE(groups_outside_the_symbol_table_are_told),
        CASE(every_link_edit_table_lies_inside),
        CASE(sane_opcodes_are_accepted),
        CASE(opcodes_that_do_not_end_are_told),
        CASE(opcodes_outside_the_image_are_told),
        CASE(an_export_trie_that_does_not_end_is_told),
        CASE(the_trie_may_have_a_command_of_its_own),
        CASE(bytes_that_no_command_claims_have_no_owner),
        CASE(no_changed_command_byte_upsets_the_reader),
        CASE(a_file_cut_short_is_never_sound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
