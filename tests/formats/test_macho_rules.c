/* Conditions of XNU and dyld, each alone: which commands and segments they look at. The clauses are quoted where the reader has
 * them (formats/macho): mach_loader.c, ubc_subr.c, UnsafeHeader.cpp. */
#include "tests/formats/small_macho.h"

static struct make_macho *fresh(struct subject *s, enum arch arch)
{
    forget(s);
    return begin(s, arch);
}

static void expect_defects(struct subject *s, const char *sentence, enum defect_id id, size_t count)
{
    const struct image *image = look(s);
    if (defects(image, id) != count)
        print_error("%s\n", sentence);
    assert_int_equal(defects(image, id), count);
}

/* A zippered library has two, in either order, and is told as macOS; of others the first counts. */
static void of_two_platforms_macos_counts(void **state)
{
    enum { MACOS = 1, IOS = 2, CATALYST = 6 };
    static const struct {
        uint32_t first, second;
        enum os os;
        const char *minimum;
    } cases[] = {{MACOS, CATALYST, OS_MACOS, "11.0"},     {CATALYST, MACOS, OS_MACOS, "12.0"},
                 {MACOS, IOS, OS_MACOS, "11.0"},          {IOS, MACOS, OS_IOS, "11.0"},
                 {CATALYST, IOS, OS_MACCATALYST, "11.0"}, {MACOS, MACOS, OS_MACOS, "11.0"},
                 {IOS, CATALYST, OS_IOS, "11.0"}};
    struct subject *s = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct make_macho *m = fresh(s, ARCH_ARM64);
        m->filetype = MH_DYLIB;
        make_macho_set(make_macho_find(m, LC_BUILD_VERSION), 8, cases[i].first);
        make_macho_version(m, cases[i].second, 0xc0000, 0xe0000);
        const struct image *image = look(s);
        assert_int_equal(image->os, cases[i].os);
        assert_string_equal(image->min_os, cases[i].minimum);
    }
}

static void the_end_of_a_process_is_that_of_its_cpu(void **state)
{
    static const struct {
        enum arch arch;
        uint64_t top;
    } cases[] = {{ARCH_ARM64, 0x7ffffe000000}, {ARCH_AMD64, 0x7fffffe00000}};
    struct subject *s = *state;
    for (size_t i = 0; i < 2; i++)
        for (unsigned more = 0; more < 2; more++) {
            struct make_macho *m = fresh(s, cases[i].arch);
            make_macho_segment(m, "__TOP", cases[i].top - 0x4000, 0x4000 + more, 0, 0, 3);
            expect_defects(s, "the top", DEFECT_ID_macho_segment, more);
        }
}

static void segments_in_any_order_do_not_meet_in_a_page(void **state)
{
    static const uint64_t places[] = {0x110000000, 0x110008000, 0x110004000};
    struct subject *s = *state;
    for (unsigned near = 0; near < 2; near++)
        for (size_t first = 0; first < 3; first++) {
            struct make_macho *m = fresh(s, ARCH_ARM64);
            for (size_t i = 0; i < 3; i++) {
                size_t k = (first + i) % 3;
                char name[8] = {'_', '_', (char)('A' + k)};
                make_macho_segment(m, name, places[k] + (near && k == 1 ? 0x100 : 0), k == 2 && near ? 0x4010 : 0x4000,
                                   0, 0, 3);
            }
            const struct image *image = look(s);
            assert_int_equal(image->defects.total != 0, near);
        }
}

/* dyld looks for __TEXT in what it loads; a static program need not have it. */
static void only_programs_for_dyld_need_the_name_of_text(void **state)
{
    static const struct {
        const char *sentence;
        bool dyldlink, loader, renamed;
        size_t defects;
    } cases[] = {{"for dyld, by flag and command", true, true, true, 1},
                 {"by flag alone", true, false, true, 1},
                 {"by command alone", false, true, true, 1},
                 {"neither", false, false, true, 0},
                 {"with the name", true, true, false, 0}};
    struct subject *s = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct make_macho *m = fresh(s, ARCH_AMD64);
        if (!cases[i].dyldlink)
            m->flags &= ~(uint32_t)MH_DYLDLINK;
        if (!cases[i].loader)
            make_macho_remove(m, LC_LOAD_DYLINKER);
        if (cases[i].renamed)
            memcpy(make_macho_find_segment(m, "__TEXT")->bytes + 8, "__TEXX", 6);
        const struct image *image = look(s);
        size_t told = 0;
        for (size_t k = 0; k < image->defects.count; k++)
            told +=
                strcmp(image->defects.items[k].expected, "a segment __TEXT that holds header and load commands") == 0;
        if (told != cases[i].defects)
            print_error("%s\n", cases[i].sentence);
        assert_int_equal(told, cases[i].defects);
    }
}

/* Of what is loaded, somebody must map the header; objects and debug files are not. */
static void images_that_are_loaded_map_their_header(void **state)
{
    static const struct {
        uint32_t filetype;
        bool wrong;
    } cases[] = {{MH_EXECUTE, true},   {MH_DYLIB, true},        {MH_BUNDLE, true},
                 {MH_DYLINKER, false}, {MH_KEXT_BUNDLE, false}, {MH_OBJECT, false}};
    struct subject *s = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (unsigned how = 0; how < 3; how++) { /* mapped; not executable; a CPU that is not judged */
            struct make_macho *m = fresh(s, ARCH_ARM64);
            m->filetype = cases[i].filetype;
            if (how)
                make_macho_set(make_macho_find_segment(m, "__TEXT"), 60, 1); /* initprot */
            if (how == 2)
                m->cputype = CPU_TYPE_ARM64 + 1;
            const struct image *image = look(s);
            size_t told = 0;
            for (size_t k = 0; k < image->defects.count; k++)
                told +=
                    strcmp(image->defects.items[k].expected, "an executable segment that begins with the header") == 0;
            assert_int_equal(told, how == 1 && cases[i].wrong);
        }
}

static void loaders_have_an_entry_too(void **state)
{
    static const struct {
        uint32_t filetype;
        bool entry;
    } cases[] = {{MH_EXECUTE, true}, {MH_DYLINKER, true}, {MH_DYLIB, false}, {MH_BUNDLE, false}};
    struct subject *s = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fresh(s, ARCH_ARM64)->filetype = cases[i].filetype;
        assert_int_equal(look(s)->entry.in_code, cases[i].entry);
    }
}

/* Relocations of an object belong to it, and bytes of sections do; in other images those of segments. */
static void bytes_of_an_object_are_those_of_its_sections(void **state)
{
    struct subject *s = *state;
    for (unsigned object = 0; object < 2; object++)
        for (unsigned zero = 0; zero < 2; zero++) {
            struct make_macho *m = fresh(s, ARCH_ARM64);
            m->filetype = object ? MH_OBJECT : MH_DYLIB;
            struct make_macho_command *text = make_macho_find_segment(m, "__TEXT");
            memcpy(m->text + 0x2000, "payload", 8);
            make_macho_section(text, "__x", MAKE_MACHO_BASE + 0x2000, 8, 0x2000, zero ? 1 : 0);
            const struct image *image = look(s);
            bool found = false;
            for (size_t i = 0; i < image->unowned.count; i++)
                found |= image->unowned.items[i].offset <= 0x2000 &&
                         image->unowned.items[i].offset + image->unowned.items[i].size > 0x2000;
            assert_int_equal(found, object && zero);
        }
    for (unsigned object = 0; object < 2; object++) {
        struct make_macho *m = fresh(s, ARCH_ARM64);
        m->filetype = object ? MH_OBJECT : MH_DYLIB;
        struct make_macho_command *text = make_macho_find_segment(m, "__TEXT");
        make_macho_section(text, "__x", MAKE_MACHO_BASE + 0x2000, 8, 0x2000, 0);
        make_macho_set(text, 72 + 80 * 2 + 56, 0x900000); /* reloff */
        make_macho_set(text, 72 + 80 * 2 + 60, 1);        /* nreloc */
        expect_defects(s, "relocations", DEFECT_ID_macho_linkedit, object);
    }
}

/* A section stands in its segment's bytes and in the image's; one without bytes in neither. */
static void sections_stand_inside(void **state)
{
    static const struct {
        const char *sentence;
        uint64_t address, size;
        uint32_t offset, type;
        bool wrong;
    } cases[] = {
        {"inside", 0x2000, 0x100, 0x2000, 0, false},
        {"to the end", 0x3f00, 0x100, 0x3f00, 0, false},
        {"past the end of memory", 0x3f01, 0x100, 0x3f00, 0, true},
        {"past the end of bytes", 0x3e00, 0x100, 0x3f01, 0, true},
        {"larger than the segment", 0x2000, 0x4001, 0, 0, true},
        {"in front of it", UINT64_MAX - 0xff, 0x100, 0x2000, 0, true},
        {"of no bytes, anywhere behind its beginning", 0x900000, 0, 0x900000, 0, false},
        {"of no bytes, before it", UINT64_MAX - 0xff, 0, 0x2000, 0, true},
        {"zeros, anywhere in the file", 0x2000, 0x100, 0x900000, 1, false},
        {"zeros past the end of memory", 0x3f01, 0x100, 0, 1, true},
    };
    struct subject *s = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct make_macho *m = fresh(s, ARCH_ARM64);
        make_macho_section(make_macho_find_segment(m, "__TEXT"), "__x", MAKE_MACHO_BASE + cases[i].address,
                           cases[i].size, cases[i].offset, cases[i].type);
        expect_defects(s, cases[i].sentence, DEFECT_ID_macho_segment, cases[i].wrong);
    }
}

/* A unit of DWARF and its abbreviation among the constants of a program or a library. */
static void debug_information_that_no_section_names(void **state)
{
    static const char hidden[] = "\x08\0\0\0\4\0\0\0\0\0\x08\1 \1\x11\1\x25\x0e\x13\x0b";
    static const struct {
        uint32_t filetype;
        bool found;
    } cases[] = {{MH_EXECUTE, true}, {MH_DYLIB, true}, {MH_OBJECT, false}};
    struct subject *s = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (unsigned code = 0; code < 2; code++) {
            struct problem problem;
            forget(s);
            begin(s, ARCH_ARM64)->filetype = cases[i].filetype;
            memcpy(s->m.text + MAKE_MACHO_FREE, hidden, sizeof hidden);
            seal(s);
            assert_int_equal(
                file_from_memory(&s->file, s->bytes, s->size, &(struct file_options){1 << 24, false}, &problem),
                STATUS_OK);
            s->open = true;
            read_file(&s->file, &(struct read_options){.code = code}, &s->reading);
            const struct debug_list *debug = &s->reading.images->debug;
            assert_int_equal(debug->count, code && cases[i].found);
            if (debug->count)
                assert_int_equal(debug->items[0].offset, MAKE_MACHO_FREE);
        }
}

/* Go's __DWARF: bytes, no memory, and addresses that mean nothing; without bytes it is nothing either. */
static void sections_of_a_segment_that_is_never_mapped(void **state)
{
    struct subject *s = *state;
    for (unsigned bytes = 0; bytes < 2; bytes++) {
        struct make_macho *m = fresh(s, ARCH_ARM64);
        uint32_t at = make_macho_linkedit(m, "0123456789abcdef", 16);
        struct make_macho_command *c = make_macho_segment(m, "__DWARF", 0, 0, at, bytes ? 16 : 0, 0);
        make_macho_section(c, "__debug_x", 0x77, 8, at, 0);
        const struct image *image = look(s);
        size_t inside = 0;
        for (size_t i = 0; i < image->defects.count; i++)
            inside += strcmp(image->defects.items[i].expected, "a section inside its segment") == 0;
        assert_int_equal(inside, !bytes);
    }
}

/* dyld's opcodes (mach_o/BindOpcodes.cpp): what follows each; only the first form of THREADED has a count. */
static void opcodes_have_operands(void **state)
{
    enum { REBASE, BIND };
    static const struct {
        const char *sentence;
        unsigned stream;
        uint8_t bytes[6];
        size_t size;
        bool ends;
    } cases[] = {
        {"done", REBASE, {0}, 1, true},
        {"a number", REBASE, {0x20, 5}, 2, true},
        {"a number that is missing", REBASE, {0x20}, 1, false},
        {"two", REBASE, {0x80, 0, 2}, 3, true},
        {"one of two", REBASE, {0x80, 0}, 2, false},
        {"no opcode of rebasing", REBASE, {0x90}, 1, false},
        {"a string", BIND, {0x40, 'a', 0}, 3, true},
        {"a string without an end", BIND, {0x40, 'a'}, 2, false},
        {"THREADED with a count", BIND, {0xd0, 5}, 2, true},
        {"without", BIND, {0xd0}, 1, false},
        {"the other form", BIND, {0xd1}, 1, true},
        {"no opcode of binding", BIND, {0xe0}, 1, false},
        {"a number of too many bytes", REBASE, {0x20, 0xff, 0xff, 0xff, 0xff, 0xff}, 6, false},
        {"rebasing by 0xd", REBASE, {0xd1}, 1, false},
    };
    struct subject *s = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct make_macho *m = fresh(s, ARCH_ARM64);
        struct make_macho_command *c = make_macho_find(m, LC_DYLD_INFO);
        uint32_t at = make_macho_linkedit(m, cases[i].bytes, cases[i].size);
        make_macho_set(c, 8 + 8 * cases[i].stream, at);
        make_macho_set(c, 12 + 8 * cases[i].stream, (uint32_t)cases[i].size);
        expect_defects(s, cases[i].sentence, DEFECT_ID_macho_linkedit, !cases[i].ends);
        if (!cases[i].ends)
            assert_int_equal(s->reading.images->defects.items[0].offset, at);
    }
}

/* Which segment is __LINKEDIT matters for bytes of nobody: they are not the segment's. */
static void bytes_of_linkedit_belong_to_commands(void **state)
{
    struct subject *s = *state;
    for (unsigned other = 0; other < 2; other++) {
        struct make_macho *m = fresh(s, ARCH_AMD64);
        make_macho_linkedit(m, "nobody's", 8);
        if (other)
            memcpy(make_macho_find_segment(m, "__LINKEDIT")->bytes + 8, "__LINKEDIX", 10);
        if (other)
            make_macho_set64(&m->commands[2], 48, 0x200);
        if (other)
            make_macho_set64(&m->commands[2], 32, 0x4000);
        assert_int_equal(look(s)->unowned.count != 0, !other);
    }
}

/* A type with or without LC_REQ_DYLD, which it should not or should have: what was expected is told. */
static void the_wrong_bit_is_told_by_name(void **state)
{
    struct subject *s = *state;
    for (unsigned required = 0; required < 2; required++) {
        struct make_macho *m = fresh(s, ARCH_ARM64);
        struct make_macho_command *c = make_macho_find(m, required ? LC_MAIN : LC_UUID);
        make_macho_set(c, 0, (uint32_t)make_macho_get(c->bytes, 4) ^ MAKE_REQ_DYLD);
        const struct image *image = look(s);
        assert_string_equal(image->defects.items[0].expected,
                            required ? "its type with LC_REQ_DYLD" : "its type without LC_REQ_DYLD");
    }
}

static void a_scatter_list_is_told_as_one(void **state)
{
    struct subject *s = *state;
    for (unsigned scatter = 0; scatter < 2; scatter++) {
        struct make_macho *m = fresh(s, ARCH_ARM64);
        m->signature.scatter = scatter;
        m->signature.limit = scatter ? 0 : 0x1000;
        const struct image *image = look(s);
        assert_int_equal(defects(image, DEFECT_ID_macho_signature_cover), 1);
        assert_int_equal(strncmp(image->defects.items[0].observed, "a scatter list", 14) == 0, scatter);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(of_two_platforms_macos_counts),
        CASE(the_end_of_a_process_is_that_of_its_cpu),
        CASE(segments_in_any_order_do_not_meet_in_a_page),
        CASE(only_programs_for_dyld_need_the_name_of_text),
        CASE(images_that_are_loaded_map_their_header),
        CASE(loaders_have_an_entry_too),
        CASE(bytes_of_an_object_are_those_of_its_sections),
        CASE(debug_information_that_no_section_names),
        CASE(sections_stand_inside),
        CASE(sections_of_a_segment_that_is_never_mapped),
        CASE(opcodes_have_operands),
        CASE(bytes_of_linkedit_belong_to_commands),
        CASE(the_wrong_bit_is_told_by_name),
        CASE(a_scatter_list_is_told_as_one),
    };
    return cmocka_run_group_tests_name("test_macho_rules", tests, NULL, NULL);
}
