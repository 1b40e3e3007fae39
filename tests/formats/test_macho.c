/* The header and the load commands of a thin image. */
#include "tests/formats/small_macho.h"

static void the_clean_program_is_read_in_full(void **state)
{
    const struct image *image = look(*state);
    assert_true(is_sound(image));
    assert_int_equal(image->format, FORMAT_MACHO);
    assert_string_equal(image->name, "arm64");
    assert_int_equal(image->kind, KIND_EXECUTABLE);
    assert_int_equal(image->bits, 64);
    assert_int_equal(image->os, OS_MACOS);
    assert_int_equal(image->pie, ANSWER_YES);
    assert_int_equal(image->libc, LIBC_LIBSYSTEM);
    assert_int_equal(image->stripped, ANSWER_YES);
    assert_int_equal(image->code_looks, CODE_LIKE_ARM64);
    assert_int_equal(image->unowned.count, 0);
    assert_int_equal(image->interpreter_known, KNOWN_COMPLETE);
    assert_string_equal(image->interpreter.text, "/usr/lib/dyld");
    assert_string_equal(image->min_os, "11.0");
    assert_string_equal(image->sdk, "14.0");
    assert_string_equal(image->uuid, "00112233445566778899aabbccddeeff");
    assert_true(image->macho->dyldlink && image->macho->two_level && image->macho->has_main);
}

static void the_clean_program_for_amd64_is_too(void **state)
{
    struct subject *s = *state;
    begin(s, ARCH_AMD64);
    const struct image *image = look(s);
    assert_true(is_sound(image));
    assert_string_equal(image->name, "amd64");
    assert_int_equal(image->code_looks, CODE_LIKE_AMD64);
    assert_int_equal(image->unowned.count, 0);
}

static void flags_of_the_header_are_kept(void **state)
{
    struct subject *s = *state;
    s->m.flags = MH_ALLOW_STACK_EXECUTION | MH_NO_HEAP_EXECUTION;
    const struct image *image = look(s);
    assert_int_equal(image->pie, ANSWER_NO);
    assert_true(image->macho->allow_stack_execution && image->macho->no_heap_execution);
    assert_false(image->macho->dyldlink || image->macho->two_level);
}

static void filetypes_are_kinds(void **state)
{
    static const enum kind kinds[] = {[MH_OBJECT] = KIND_OBJECT,
                                      [MH_EXECUTE] = KIND_EXECUTABLE,
                                      [3] = KIND_OTHER,
                                      [MH_CORE] = KIND_CORE,
                                      [5] = KIND_OTHER,
                                      [MH_DYLIB] = KIND_SHARED_LIBRARY,
                                      [MH_DYLINKER] = KIND_LOADER,
                                      [MH_BUNDLE] = KIND_BUNDLE,
                                      [MH_DYLIB_STUB] = KIND_OTHER,
                                      [MH_DSYM] = KIND_DEBUG_FILE,
                                      [MH_KEXT_BUNDLE] = KIND_KERNEL_EXTENSION,
                                      [12] = KIND_OTHER};
    struct subject *s = *state;
    for (uint32_t type = 1; type < sizeof kinds / sizeof *kinds; type++) {
        forget(s);
        s->m.filetype = type;
        assert_int_equal(look(s)->kind, kinds[type]);
        assert_int_equal(defects(s->reading.images, DEFECT_ID_macho_header), type == MH_DYLIB); /* it has no name */
    }
}

static void an_unknown_filetype_is_refused(void **state)
{
    struct subject *s = *state;
    begin(s, ARCH_AMD64)->filetype = 13;
    assert_only(look(s), macho_header);
    s->bytes[12] = 0;
    assert_only(look(s), macho_header);
}

static void a_header_without_commands_is_refused(void **state)
{
    struct subject *s = *state;
    begin(s, ARCH_AMD64);
    memset(seal(s) + 16, 0, 8);
    assert_only(look(s), macho_header);
}

static void an_image_of_32_bits_is_named_and_not_judged(void **state)
{
    static const uint8_t image[32] = {0xce, 0xfa, 0xed, 0xfe, 12, 0, 0, 0, 9, 0, 0, 0, 2};
    struct subject *s = *state;
    read_bytes(s, image, sizeof image);
    assert_string_equal(s->reading.images->name, "armv7");
    assert_true(s->reading.images->bits == 32 && !s->reading.images->judged);
    assert_clean(s->reading.images);
}

static void a_big_endian_image_is_named_and_not_judged(void **state)
{
    static const uint8_t ppc[32] = {0xfe, 0xed, 0xfa, 0xce, 0, 0, 0, 18, 0, 0, 0, 0, 0, 0, 0, 2};
    static const uint8_t wide[32] = {0xfe, 0xed, 0xfa, 0xcf, 1, 0, 0, 12, 0, 0, 0, 0, 0, 0, 0, 2};
    struct subject *s = *state;
    read_bytes(s, ppc, sizeof ppc);
    assert_string_equal(s->reading.images->name, "ppc");
    assert_true(s->reading.images->big_endian && !s->reading.images->judged);
    read_bytes(s, wide, sizeof wide);
    assert_string_equal(s->reading.images->name, "arm64");
    assert_false(s->reading.images->judged);
}

static void subtypes_have_names_and_unknown_cpus_a_number(void **state)
{
    struct subject *s = *state;
    s->m.cpusubtype = 0x80000002;
    assert_string_equal(look(s)->name, "arm64e");
    assert_true(s->reading.images->judged);
    forget(s);
    begin(s, ARCH_AMD64)->cpusubtype = 8;
    assert_string_equal(look(s)->name, "x86_64h");
    forget(s);
    s->m.cputype = 0x1000063;
    assert_string_equal(look(s)->name, "cputype 0x1000063");
    assert_false(s->reading.images->judged);
}

static void an_unknown_command_is_told_required_or_not(void **state)
{
    static const uint32_t types[] = {0, 0x3b, 0x7f, 0x1234, 0x7fffffff};
    struct subject *s = *state;
    for (size_t i = 0; i < 2 * sizeof types / sizeof *types; i++) {
        forget(s);
        begin(s, ARCH_ARM64);
        make_macho_command(&s->m, types[i / 2] | (i & 1 ? MAKE_REQ_DYLD : 0), NULL, 0);
        assert_only(look(s), macho_command_unknown);
    }
}

static void a_type_with_the_wrong_bit_is_unknown_to_loaders(void **state)
{
    struct subject *s = *state;
    static const uint32_t types[] = {LC_LOAD_WEAK_DYLIB, LC_RPATH, LC_LOAD_DYLIB | MAKE_REQ_DYLD, LC_REEXPORT_DYLIB};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        forget(s);
        begin(s, ARCH_ARM64);
        make_macho_text(&s->m, types[i], "/usr/lib/libz.dylib");
        assert_only(look(s), macho_command_unknown);
    }
    forget(s);
    make_macho_set((begin(s, ARCH_ARM64), make_macho_find(&s->m, LC_MAIN)), 0, LC_MAIN);
    assert_only(look(s), macho_command_unknown);
}

static void commands_behind_the_counted_ones_are_hidden(void **state)
{
    struct subject *s = *state;
    make_macho_text(&s->m, LC_LOAD_DYLIB, "/opt/hidden.dylib");
    s->m.ncmds = (uint32_t)s->m.command_count - 1;
    const struct image *image = look(s);
    assert_only(image, macho_hidden_commands);
    assert_int_equal(image->needed.count, 1);
    assert_int_equal(image->defects.items[0].offset, make_macho_place(&s->m, &s->m.commands[s->m.ncmds]));
}

static void room_of_zeros_behind_the_commands_hides_nothing(void **state)
{
    struct subject *s = *state;
    s->m.sizeofcmds = MAKE_MACHO_CODE - MAKE_MACHO_HEADER;
    assert_clean(look(s));
}

static void broken_area(const struct image *image)
{
    assert_only(image, macho_commands);
    assert_int_equal(image->segments.known, KNOWN_BROKEN);
    assert_int_equal(image->needed.known, KNOWN_BROKEN);
    assert_int_equal(image->interpreter_known, KNOWN_BROKEN);
    assert_int_equal(image->symbols.known, KNOWN_BROKEN);
    assert_int_equal(image->stripped, ANSWER_UNKNOWN);
}

static void a_count_or_an_area_too_large_breaks_all_lists(void **state)
{
    struct subject *s = *state;
    begin(s, ARCH_AMD64)->ncmds = (uint32_t)s->m.command_count + 1;
    broken_area(look(s));
    s->bytes[19] = 0xff;
    broken_area(look(s));
    forget(s);
    s->m.ncmds = 0;
    s->m.sizeofcmds = 0x100000;
    broken_area(look(s));
    s->bytes[23] = 0xff;
    broken_area(look(s));
}

static void an_impossible_cmdsize_breaks_all_lists(void **state)
{
    static const uint32_t sizes[] = {0, 4, 7, 0x4000, 0x7ffffff8, 0xfffffff8, 0xffffffff};
    struct subject *s = *state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        forget(s);
        make_macho_set(make_macho_find(&s->m, LC_UUID), 4, sizes[i]);
        const struct image *image = look(s);
        assert_int_equal(defects(image, DEFECT_ID_macho_commands), 1);
        assert_int_equal(image->segments.known, KNOWN_BROKEN);
        assert_false(is_sound(image));
    }
}

static void an_unaligned_cmdsize_is_malformed(void **state)
{
    struct subject *s = *state;
    struct make_macho_command *c = make_macho_command(&s->m, 0x31 /* LC_NOTE */, NULL, 0);
    c->size = 12;
    make_macho_set(c, 4, 12);
    assert_only(look(s), macho_command);
}

static void what_must_be_unique_is(void **state)
{
    static const uint32_t types[] = {LC_SYMTAB, LC_DYSYMTAB, LC_UUID, LC_LOAD_DYLINKER, LC_MAIN, LC_DYLD_INFO};
    struct subject *s = *state;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        forget(s);
        begin(s, ARCH_ARM64);
        free(seal(s)); /* fills in what the copy must have too */
        s->bytes = NULL;
        s->m.commands[s->m.command_count++] = *make_macho_find(&s->m, types[i]);
        make_macho_set(make_macho_find(&s->m, LC_CODE_SIGNATURE), 8, 0);
        assert_true(defects(look(s), DEFECT_ID_macho_command_twice) == 1);
    }
}

static void every_kind_of_dylib_command_is_a_dependency(void **state)
{
    static const struct {
        uint32_t type;
        enum dependency how;
    } kinds[] = {{LC_LOAD_DYLIB, DEPENDENCY_NEEDED},
                 {LC_LOAD_WEAK_DYLIB | MAKE_REQ_DYLD, DEPENDENCY_WEAK},
                 {LC_REEXPORT_DYLIB | MAKE_REQ_DYLD, DEPENDENCY_REEXPORT},
                 {LC_LOAD_UPWARD_DYLIB | MAKE_REQ_DYLD, DEPENDENCY_UPWARD},
                 {LC_LAZY_LOAD_DYLIB, DEPENDENCY_LAZY}};
    struct subject *s = *state;
    size_t count = sizeof kinds / sizeof *kinds;
    for (size_t i = 0; i < count; i++)
        make_macho_text(&s->m, kinds[i].type, "@rpath/libx.dylib");
    const struct named_list *needed = &look(s)->needed;
    assert_clean(s->reading.images);
    assert_int_equal(needed->known, KNOWN_COMPLETE);
    assert_int_equal(needed->count, 1 + count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(needed->items[1 + i].detail, kinds[i].how);
        assert_string_equal(needed->items[1 + i].text, "@rpath/libx.dylib");
        assert_string_equal((const char *)s->bytes + needed->items[1 + i].offset, "@rpath/libx.dylib");
    }
}

static void the_new_dylib_command_tells_its_use_in_flags(void **state)
{
    static const struct {
        uint32_t flags;
        enum dependency how;
    } uses[] = {{0, DEPENDENCY_NEEDED}, {1, DEPENDENCY_WEAK}, {2, DEPENDENCY_REEXPORT},
                {4, DEPENDENCY_UPWARD}, {8, DEPENDENCY_LAZY}, {16, DEPENDENCY_NEEDED}};
    struct subject *s = *state;
    for (size_t i = 0; i < sizeof uses / sizeof *uses; i++) {
        uint32_t words[] = {28, 0x1a741800, 0, 0, uses[i].flags, 0, 0};
        memcpy(&words[5], "/a/b", 4);
        make_macho_command(&s->m, LC_LOAD_DYLIB, words, 7);
    }
    const struct named_list *needed = &look(s)->needed;
    assert_clean(s->reading.images);
    for (size_t i = 0; i < sizeof uses / sizeof *uses; i++) {
        assert_int_equal(needed->items[1 + i].detail, uses[i].how);
        assert_string_equal(needed->items[1 + i].text, "/a/b");
    }
}

static void a_name_outside_its_command_breaks_the_list(void **state)
{
    static const uint32_t types[] = {LC_LOAD_DYLIB, LC_RPATH | MAKE_REQ_DYLD, LC_DYLD_ENVIRONMENT, LC_ID_DYLIB};
    static const uint32_t offsets[] = {0, 8, 11, 40, 0xfffffff0};
    struct subject *s = *state;
    for (size_t i = 0; i < 20; i++) {
        forget(s);
        begin(s, ARCH_ARM64);
        make_macho_set(make_macho_text(&s->m, types[i / 5], "short"), 8, offsets[i % 5]);
        const struct image *image = look(s);
        assert_only(image, macho_command);
        assert_int_equal(image->needed.known, i / 5 % 2 == 0 ? KNOWN_BROKEN : KNOWN_COMPLETE);
        if (i / 5 == 1)
            assert_int_equal(image->search_paths.known, KNOWN_BROKEN);
    }
}

static void a_name_without_an_end_breaks_the_list(void **state)
{
    struct subject *s = *state;
    struct make_macho_command *c = make_macho_text(&s->m, LC_LAZY_LOAD_DYLIB, "/unended");
    memset(c->bytes + 24, 'x', c->size - 24);
    assert_only(look(s), macho_command);
    assert_int_equal(s->reading.images->needed.known, KNOWN_BROKEN);
}

static void the_name_of_a_library_is_kept(void **state)
{
    struct subject *s = *state;
    s->m.filetype = MH_DYLIB;
    make_macho_text(&s->m, LC_ID_DYLIB, "@rpath/libself.dylib");
    assert_string_equal(look(s)->macho->install_name, "@rpath/libself.dylib");
    assert_int_equal(s->reading.images->needed.count, 1);
}

static void search_paths_and_environment_are_listed(void **state)
{
    struct subject *s = *state;
    make_macho_text(&s->m, LC_RPATH | MAKE_REQ_DYLD, "@executable_path/../lib");
    make_macho_text(&s->m, LC_RPATH | MAKE_REQ_DYLD, "/usr/local/lib");
    make_macho_text(&s->m, LC_DYLD_ENVIRONMENT, "DYLD_LIBRARY_PATH=/x");
    const struct image *image = look(s);
    assert_clean(image);
    assert_int_equal(image->search_paths.count, 2);
    assert_string_equal(image->search_paths.items[1].text, "/usr/local/lib");
    assert_int_equal(image->needed.items[1].detail, DEPENDENCY_ENVIRONMENT);
}

static void a_program_without_libraries_gets_libsystem(void **state)
{
    struct subject *s = *state;
    make_macho_remove(&s->m, LC_LOAD_DYLIB);
    assert_int_equal(look(s)->needed.count, 1);
    assert_int_equal(s->reading.images->needed.items[0].detail, DEPENDENCY_IMPLIED);
    assert_int_equal(s->reading.images->libc, LIBC_LIBSYSTEM);
}

static void a_program_without_a_loader_gets_nothing(void **state)
{
    struct subject *s = *state;
    make_macho_remove(&s->m, LC_LOAD_DYLIB);
    make_macho_remove(&s->m, LC_LOAD_DYLINKER);
    const struct image *image = look(s);
    assert_int_equal(image->interpreter_known, KNOWN_ABSENT);
    assert_null(image->interpreter.text);
    assert_int_equal(image->needed.count, 0);
    assert_int_equal(image->libc, LIBC_NONE);
}

static void a_second_loader_does_not_replace_the_first(void **state)
{
    struct subject *s = *state;
    make_macho_text(&s->m, LC_LOAD_DYLINKER, "/opt/dyld");
    assert_only(look(s), macho_command_twice);
    assert_string_equal(s->reading.images->interpreter.text, "/usr/lib/dyld");
}

static void a_loader_without_an_end_is_refused(void **state)
{
    struct subject *s = *state;
    struct make_macho_command *c = make_macho_find(&s->m, LC_LOAD_DYLINKER);
    memset(c->bytes + 12, 'x', c->size - 12);
    assert_only(look(s), macho_dylinker);
    assert_int_equal(s->reading.images->interpreter_known, KNOWN_BROKEN);
    forget(s);
    make_macho_set(c, 8, 4);
    assert_only(look(s), macho_dylinker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(the_clean_program_is_read_in_full),
        CASE(the_clean_program_for_amd64_is_too),
        CASE(flags_of_the_header_are_kept),
        CASE(filetypes_are_kinds),
        CASE(an_unknown_filetype_is_refused),
        CASE(a_header_without_commands_is_refused),
        CASE(an_image_of_32_bits_is_named_and_not_judged),
        CASE(a_big_endian_image_is_named_and_not_judged),
        CASE(subtypes_have_names_and_unknown_cpus_a_number),
        CASE(an_unknown_command_is_told_required_or_not),
        CASE(a_type_with_the_wrong_bit_is_unknown_to_loaders),
        CASE(commands_behind_the_counted_ones_are_hidden),
        CASE(room_of_zeros_behind_the_commands_hides_nothing),
        CASE(a_count_or_an_area_too_large_breaks_all_lists),
        CASE(an_impossible_cmdsize_breaks_all_lists),
        CASE(an_unaligned_cmdsize_is_malformed),
        CASE(what_must_be_unique_is),
        CASE(every_kind_of_dylib_command_is_a_dependency),
        CASE(the_new_dylib_command_tells_its_use_in_flags),
        CASE(a_name_outside_its_command_breaks_the_list),
        CASE(a_name_without_an_end_breaks_the_list),
        CASE(the_name_of_a_library_is_kept),
        CASE(search_paths_and_environment_are_listed),
        CASE(a_program_without_libraries_gets_libsystem),
        CASE(a_program_without_a_loader_gets_nothing),
        CASE(a_second_loader_does_not_replace_the_first),
        CASE(a_loader_without_an_end_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
