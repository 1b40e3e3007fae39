/* Segments and sections, the entry, platform and release, symbols, link-edit data. */
#include "tests/formats/small_macho.h"

enum { ADDRESS = 24, MEMORY = 32, OFFSET = 40, SIZE = 48, SECTIONS = 64, SECTION = 72 /* of a segment command */ };

static struct make_macho_command *text(struct subject *s)
{
    return make_macho_find_segment(&s->m, "__TEXT");
}

static void segments_and_sections_are_listed(void **state)
{
    const struct image *image = look(*state);
    assert_int_equal(image->segments.count, 3);
    assert_string_equal(image->segments.items[0].name, "__PAGEZERO");
    assert_int_equal(image->segments.items[1].access, ACCESS_READ | ACCESS_EXECUTE);
    assert_int_equal(image->segments.items[2].access, ACCESS_READ);
    assert_int_equal(image->sections.count, 2);
    assert_string_equal(image->sections.items[0].name, "__text");
    assert_string_equal(image->sections.items[0].segment, "__TEXT");
    assert_int_equal(image->sections.items[0].offset, MAKE_MACHO_CODE);
}

static void names_of_sixteen_bytes_have_no_nul(void **state)
{
    struct subject *s = *state;
    make_macho_section(text(s), "__sixteen_bytes_", MAKE_MACHO_BASE + 0x3c00, 8, 0x3c00, 0);
    assert_string_equal(look(s)->sections.items[2].name, "__sixteen_bytes_");
    assert_string_equal(s->reading.images->sections.items[2].segment, "__TEXT");
}

static void bad_bounds_break_the_segments(void **state)
{
    static const struct {
        size_t at;
        uint64_t value;
    } lies[] = {
        {OFFSET, 0x100000}, {OFFSET, UINT64_MAX},           {SIZE, 0x100000},     {SIZE, UINT64_MAX},
        {MEMORY, 0x1000},   {ADDRESS, UINT64_MAX - 0x1000}, {MEMORY, UINT64_MAX}, {OFFSET, UINT64_MAX - 0x3fff}};
    struct subject *s = *state;
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        forget(s);
        begin(s, ARCH_ARM64);
        make_macho_set64(text(s), lies[i].at, lies[i].value);
        const struct image *image = look(s);
        assert_true(defects(image, DEFECT_ID_macho_segment) > 0);
        assert_int_equal(image->segments.known, KNOWN_BROKEN);
        assert_int_equal(image->entry.known, KNOWN_BROKEN);
    }
}

static void the_command_holds_as_many_sections_as_it_says(void **state)
{
    static const uint32_t counts[] = {1, 3, 0x10000, 0x03333334, 0xffffffff};
    struct subject *s = *state;
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        forget(s);
        make_macho_set(text(s), SECTIONS, counts[i]);
        assert_only(look(s), macho_segment);
        assert_int_equal(s->reading.images->sections.known, KNOWN_BROKEN);
    }
}

static void a_segment_of_the_other_word_size_is_refused(void **state)
{
    struct subject *s = *state;
    make_macho_command(&s->m, LC_SEGMENT, (const uint32_t[12]){0}, 12);
    assert_only(look(s), macho_segment);
    assert_int_equal(s->reading.images->segments.known, KNOWN_BROKEN);
}

static void segments_may_not_share_memory(void **state)
{
    struct subject *s = *state;
    make_macho_segment(&s->m, "__DATA", MAKE_MACHO_BASE + 0x3000, 0x1000, 0, 0, 3);
    assert_only(look(s), macho_segment_overlap);
}

static void segments_may_not_share_bytes(void **state)
{
    struct subject *s = *state;
    make_macho_segment(&s->m, "__DATA", MAKE_MACHO_BASE + 0x100000, 0x4000, 0x4000, 0x10, 3);
    assert_only(look(s), macho_segment_overlap);
}

static void one_segment_alone_begins_with_the_header(void **state)
{
    struct subject *s = *state;
    make_macho_segment(&s->m, "__TEXT2", MAKE_MACHO_BASE + 0x100000, 0x4000, 0, 0x4000, 5);
    assert_true(defects(look(s), DEFECT_ID_macho_segment) == 1);
}

static void a_section_stays_inside_its_segment(void **state)
{
    static const struct {
        size_t at;
        uint64_t value;
    } lies[] = {{32, MAKE_MACHO_BASE - 8}, {32, MAKE_MACHO_BASE + 0x4000}, {40, 0x1001}, {40, UINT64_MAX}, {48, 0x3f90},
                {48, 0xffffffff}};
    struct subject *s = *state;
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        forget(s);
        begin(s, ARCH_ARM64);
        if (lies[i].at == 48)
            make_macho_set(text(s), SECTION + 48, (uint32_t)lies[i].value);
        else
            make_macho_set64(text(s), SECTION + lies[i].at, lies[i].value);
        assert_only(look(s), macho_segment);
        assert_int_equal(s->reading.images->sections.known, KNOWN_BROKEN);
        assert_int_equal(s->reading.images->debug.known, KNOWN_BROKEN);
    }
}

static void zeros_to_fill_take_no_bytes_of_the_file(void **state)
{
    struct subject *s = *state;
    struct make_macho_command *data = make_macho_segment(&s->m, "__DATA", MAKE_MACHO_BASE + 0x100000, 0x4000, 0, 0, 3);
    make_macho_section(data, "__bss", MAKE_MACHO_BASE + 0x100000, 0x4000, 0, 1 /* S_ZEROFILL */);
    assert_clean(look(s));
    assert_false(s->reading.images->sections.items[2].has_bytes);
}

/* As Go's linker writes it: in the file, never in memory. */
static void debug_information_that_is_not_mapped_is_accepted(void **state)
{
    struct subject *s = *state;
    static uint8_t behind[MAKE_MACHO_PAGE + 16]; /* zeros up to a page, and the section */
    seal(s);
    forget(s);
    uint64_t at = (s->m.at.end + MAKE_MACHO_PAGE - 1) / MAKE_MACHO_PAGE * MAKE_MACHO_PAGE;
    struct make_macho_command *dwarf = make_macho_segment(&s->m, "__DWARF", MAKE_MACHO_BASE + 0x100000, 0, at, 16, 0);
    make_macho_section(dwarf, "__zdebug_info", MAKE_MACHO_BASE + 0x100000, 16, (uint32_t)at, 0);
    memcpy(behind + (at - s->m.at.end), "ZLIB debug info", 16);
    s->m.trailing = behind;
    s->m.trailing_size = (size_t)(at - s->m.at.end) + 16;
    const struct image *image = look(s);
    assert_clean(image);
    assert_int_equal(image->debug.count, 2);
    assert_int_equal(image->debug.items[0].kind, DEBUG_DWARF);
    assert_int_equal(image->debug.items[1].kind, DEBUG_DWARF_COMPRESSED);
    assert_int_equal(image->stripped, ANSWER_NO);
    assert_int_equal(image->unowned.count, 0);
}

static void bytes_that_nobody_may_read_could_be_debug_information(void **state)
{
    struct subject *s = *state;
    seal(s);
    forget(s);
    make_macho_segment(&s->m, "__HIDDEN", MAKE_MACHO_BASE + 0x100000, 0, s->m.at.end, 16, 0);
    s->m.trailing = "anything at all";
    s->m.trailing_size = 16;
    assert_int_equal(look(s)->debug.known, KNOWN_BROKEN);
    assert_int_equal(s->reading.images->stripped, ANSWER_UNKNOWN);
}

static void an_entry_inside_code_is_resolved(void **state)
{
    const struct image *image = look(*state);
    assert_int_equal(image->entry.known, KNOWN_COMPLETE);
    assert_true(image->entry.in_code);
    assert_int_equal(image->entry.offset, MAKE_MACHO_CODE);
    assert_int_equal(image->entry.address, MAKE_MACHO_BASE + MAKE_MACHO_CODE);
}

static void an_entry_outside_code_is_told(void **state)
{
    static const uint64_t entries[] = {MAKE_MACHO_LINKEDIT, 0x100000, UINT64_MAX};
    struct subject *s = *state;
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
        forget(s);
        make_macho_set64(make_macho_find(&s->m, LC_MAIN), 8, entries[i]);
        assert_false(look(s)->entry.in_code);
    }
}

static void a_short_entry_command_is_refused(void **state)
{
    struct subject *s = *state;
    struct make_macho_command *c = make_macho_find(&s->m, LC_MAIN);
    c->size = 16;
    make_macho_set(c, 4, 16);
    assert_int_equal(defects(look(s), DEFECT_ID_macho_entry), 1);
}

/* LC_UNIXTHREAD with the program counter at the clean entry. */
static struct make_macho_command *thread(struct subject *s, enum arch arch)
{
    uint32_t words[2 + 68] = {arch == ARCH_AMD64 ? 4 : 6, arch == ARCH_AMD64 ? 42 : 68};
    size_t pc = 2 + (arch == ARCH_AMD64 ? 32 : 64);
    words[pc] = MAKE_MACHO_CODE;
    words[pc + 1] = 1;
    return make_macho_command(&s->m, LC_UNIXTHREAD, words, 2 + words[1]);
}

static void a_thread_state_names_the_entry_too(void **state)
{
    struct subject *s = *state;
    for (int i = 0; i < 2; i++) {
        enum arch arch = i ? ARCH_AMD64 : ARCH_ARM64;
        forget(s);
        begin(s, arch);
        make_macho_remove(&s->m, LC_MAIN);
        thread(s, arch);
        const struct image *image = look(s);
        assert_clean(image);
        assert_true(image->macho->has_unixthread && image->entry.in_code);
        assert_int_equal(image->entry.offset, MAKE_MACHO_CODE);
        assert_int_equal(image->entry.address, MAKE_MACHO_BASE + MAKE_MACHO_CODE);
    }
}

static void a_thread_state_of_another_cpu_is_no_entry(void **state)
{
    struct subject *s = *state;
    make_macho_remove(&s->m, LC_MAIN);
    thread(s, ARCH_AMD64);
    assert_int_equal(look(s)->entry.known, KNOWN_ABSENT);
    assert_false(s->reading.images->entry.in_code);
}

static void a_thread_state_past_its_command_is_refused(void **state)
{
    struct subject *s = *state;
    make_macho_remove(&s->m, LC_MAIN);
    struct make_macho_command *c = thread(s, ARCH_ARM64);
    make_macho_set(c, 12, 0xffffffff);
    assert_only(look(s), macho_entry);
}

static void two_kinds_of_entry_are_one_too_many(void **state)
{
    struct subject *s = *state;
    thread(s, ARCH_ARM64);
    assert_only(look(s), macho_entry);
}

static void every_platform_has_its_name(void **state)
{
    static const enum os platforms[] = {OS_UNKNOWN,
                                        OS_MACOS,
                                        OS_IOS,
                                        OS_TVOS,
                                        OS_WATCHOS,
                                        OS_BRIDGEOS,
                                        OS_MACCATALYST,
                                        OS_IOS_SIMULATOR,
                                        OS_TVOS_SIMULATOR,
                                        OS_WATCHOS_SIMULATOR,
                                        OS_DRIVERKIT,
                                        OS_VISIONOS,
                                        OS_VISIONOS_SIMULATOR,
                                        OS_UNKNOWN};
    struct subject *s = *state;
    for (uint32_t i = 0; i < sizeof platforms / sizeof *platforms; i++) {
        forget(s);
        make_macho_set(make_macho_find(&s->m, LC_BUILD_VERSION), 8, i);
        assert_int_equal(look(s)->os, platforms[i]);
    }
}

static void older_commands_name_the_platform_too(void **state)
{
    static const struct {
        uint32_t type;
        enum os os[2]; /* on Intel there are simulators alone */
    } old[] = {{LC_VERSION_MIN_MACOSX, {OS_MACOS, OS_MACOS}},
               {LC_VERSION_MIN_IPHONEOS, {OS_IOS, OS_IOS_SIMULATOR}},
               {LC_VERSION_MIN_TVOS, {OS_TVOS, OS_TVOS_SIMULATOR}},
               {LC_VERSION_MIN_WATCHOS, {OS_WATCHOS, OS_WATCHOS_SIMULATOR}}};
    struct subject *s = *state;
    for (size_t n = 0; n < 8; n++) {
        size_t i = n / 2, intel = n & 1;
        forget(s);
        begin(s, intel ? ARCH_AMD64 : ARCH_ARM64);
        make_macho_remove(&s->m, LC_BUILD_VERSION);
        make_macho_command(&s->m, old[i].type, (const uint32_t[]){0xa0f06, 0xb0100}, 2);
        assert_int_equal(look(s)->os, old[i].os[intel]);
        assert_string_equal(s->reading.images->min_os, "10.15.6");
        assert_string_equal(s->reading.images->sdk, "11.1");
    }
}

/* dyld of macOS takes such an image for one of macOS, and no other system's does (mach_o/Header.cpp); objects are not loaded. */
static void what_names_no_platform_is_for_macos(void **state)
{
    static const struct {
        uint32_t filetype;
        enum os os;
    } cases[] = {{MH_EXECUTE, OS_MACOS},
                 {MH_DYLIB, OS_MACOS},
                 {MH_BUNDLE, OS_MACOS},
                 {MH_OBJECT, OS_UNKNOWN},
                 {MH_KEXT_BUNDLE, OS_UNKNOWN}};
    struct subject *s = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        forget(s);
        begin(s, i & 1 ? ARCH_AMD64 : ARCH_ARM64)->filetype = cases[i].filetype;
        make_macho_remove(&s->m, LC_BUILD_VERSION);
        assert_int_equal(look(s)->os, cases[i].os);
        assert_null(s->reading.images->min_os);
    }
    forget(s);
    begin(s, ARCH_ARM64);
    make_macho_remove(&s->m, LC_BUILD_VERSION);
    make_macho_find(&s->m, LC_UUID)->size = 4; /* so that not all commands are read */
    assert_int_equal(look(s)->os, OS_UNKNOWN);
}

static void a_program_has_one_platform(void **state)
{
    struct subject *s = *state;
    make_macho_version(&s->m, 6, 0xd0000, 0xd0000);
    assert_only(look(s), macho_command_twice);
    assert_int_equal(s->reading.images->os, OS_MACOS);
}

static void a_zippered_library_has_two(void **state)
{
    struct subject *s = *state;
    static const struct {
        uint32_t platforms[3]; /* macOS 1, iOS 2, Mac Catalyst 6 */
        size_t twice;
    } cases[] = {{{6, 1}, 0}, {{1, 6}, 0}, {{1, 1}, 1}, {{1, 2}, 1}, {{6, 6}, 1}, {{1, 6, 6}, 1}, {{6, 1, 1}, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        forget(s);
        begin(s, ARCH_ARM64)->filetype = MH_DYLIB;
        make_macho_text(&s->m, LC_ID_DYLIB, "@rpath/a.dylib");
        make_macho_remove(&s->m, LC_BUILD_VERSION);
        for (size_t k = 0; k < 3 && cases[i].platforms[k]; k++)
            make_macho_version(&s->m, cases[i].platforms[k], cases[i].platforms[k] == 1 ? 0xb0000 : 0xe0000, 0xe0000);
        assert_int_equal(look(s)->defects.total, cases[i].twice);
        assert_int_equal(defects(s->reading.images, DEFECT_ID_macho_command_twice), cases[i].twice);
        if (cases[i].twice)
            continue;
        assert_int_equal(s->reading.images->os, OS_MACOS);
        assert_string_equal(s->reading.images->min_os, "11.0");
    }
}

static void damaged_version_and_uuid_are_told(void **state)
{
    struct subject *s = *state;
    make_macho_set(make_macho_find(&s->m, LC_BUILD_VERSION), 20, 0x20000001); /* tools */
    assert_only(look(s), macho_command);
    assert_int_equal(s->reading.images->os, OS_UNKNOWN);
    forget(s);
    struct make_macho_command *uuid = (begin(s, ARCH_ARM64), make_macho_find(&s->m, LC_UUID));
    uuid->size = 16;
    make_macho_set(uuid, 4, 16);
    assert_only(look(s), macho_command);
    assert_null(s->reading.images->uuid);
}

static void a_thread_that_no_loader_starts_is_no_entry(void **state)
{
    struct subject *s = *state;
    make_macho_remove(&s->m, LC_MAIN);
    thread(s, ARCH_ARM64);
    struct make_macho_command *c = thread(s, ARCH_ARM64);
    make_macho_set(c, 0, LC_THREAD);
    make_macho_set64(c, 16 + 64 * 4, MAKE_MACHO_BASE + MAKE_MACHO_FREE);
    assert_clean(look(s));
    assert_int_equal(s->reading.images->entry.offset, MAKE_MACHO_CODE);
}

static void an_encrypted_range_is_told(void **state)
{
    struct subject *s = *state;
    struct make_macho_command *c =
        make_macho_command(&s->m, LC_ENCRYPTION_INFO_64, (const uint32_t[]){0x3000, 0x80, 1, 0}, 4);
    assert_true(look(s)->macho->encrypted);
    assert_int_equal(s->reading.images->macho->encrypted_offset, 0x3000);
    forget(s);
    make_macho_set(c, 16, 0); /* room for it, not done yet */
    assert_false(look(s)->macho->encrypted);
    assert_clean(s->reading.images);
    forget(s);
    make_macho_set(c, 12, 0x100000);
    assert_only(look(s), macho_command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(segments_and_sections_are_listed),
        CASE(names_of_sixteen_bytes_have_no_nul),
        CASE(bad_bounds_break_the_segments),
        CASE(the_command_holds_as_many_sections_as_it_says),
        CASE(a_segment_of_the_other_word_size_is_refused),
        CASE(segments_may_not_share_memory),
        CASE(segments_may_not_share_bytes),
        CASE(one_segment_alone_begins_with_the_header),
        CASE(a_section_stays_inside_its_segment),
        CASE(zeros_to_fill_take_no_bytes_of_the_file),
        CASE(debug_information_that_is_not_mapped_is_accepted),
        CASE(bytes_that_nobody_may_read_could_be_debug_information),
        CASE(an_entry_inside_code_is_resolved),
        CASE(an_entry_outside_code_is_told),
        CASE(a_short_entry_command_is_refused),
        CASE(a_thread_state_names_the_entry_too),
        CASE(a_thread_state_of_another_cpu_is_no_entry),
        CASE(a_thread_state_past_its_command_is_refused),
        CASE(two_kinds_of_entry_are_one_too_many),
        CASE(every_platform_has_its_name),
        CASE(older_commands_name_the_platform_too),
        CASE(what_names_no_platform_is_for_macos),
        CASE(a_program_has_one_platform),
        CASE(a_zippered_library_has_two),
        CASE(damaged_version_and_uuid_are_told),
        CASE(a_thread_that_no_loader_starts_is_no_entry),
        CASE(an_encrypted_range_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
