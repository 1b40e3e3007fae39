/* Sections held against segments, what belongs to nobody, and single entries: flags, tags, comments. */
#include "tests/formats/made_elf.h"

#include <string.h>

/* ---- sections against segments ---- */

TEST(loaded_sections_stand_where_segments_load_them)
{
    static const struct {
        const char *sentence, *name;
        uint32_t type;
        uint64_t flags, address, offset, size;
        bool wrong;
    } cases[] = {
        {"data", ".data", SHT_PROGBITS, SHF_ALLOC, 0x12600, 0x2600, 16, false},
        {"elsewhere in the file", ".data", SHT_PROGBITS, SHF_ALLOC, 0x12600, 0x2608, 16, true},
        {"in no segment", ".data", SHT_PROGBITS, SHF_ALLOC, 0x92600, 0x2600, 16, true},
        {"in cleared memory", ".data", SHT_PROGBITS, SHF_ALLOC, 0x14000, 0x2600, 16, true},
        {"not loaded", ".data", SHT_PROGBITS, 0, 0x92600, 0x2600, 16, false},
        {"of no bytes", ".data", SHT_PROGBITS, SHF_ALLOC, 0x92600, 0x2600, 0, false},
        {"its end in no segment", ".data", SHT_PROGBITS, SHF_ALLOC, 0x127f8, 0x27f8, 16, true},
        {"without bytes in the file", ".bss", SHT_NOBITS, SHF_ALLOC, 0x14000, 0x2600, 16, false},
        {"without bytes, in no segment", ".bss", SHT_NOBITS, SHF_ALLOC, 0x92600, 0x2600, 16, true},
        {"without bytes, its end in no segment", ".bss", SHT_NOBITS, SHF_ALLOC, 0x14000, 0x2600, 0x2000, true},
        {"that is written", ".data", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, 0x12600, 0x2600, 16, false},
        {"that is written, in code", ".data", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, 0x1000, 0x1000, 16, true},
        {"of code, in data", ".text", SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, 0x12600, 0x2600, 16, true},
        {"of code", ".text", SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, 0x1000, 0x1000, 16, false},
        {"an interpreter without PT_INTERP", ".interp", SHT_PROGBITS, SHF_ALLOC, 0x12600, 0x2600, 16, true},
        {"one that is not loaded", ".interp", SHT_PROGBITS, 0, 0x12600, 0x2600, 16, false},
        {"a dynamic table without PT_DYNAMIC", ".dynamic", SHT_DYNAMIC, SHF_ALLOC, 0x12600, 0x2600, 16, true},
        {"one that is not loaded", ".dynamic", SHT_DYNAMIC, 0, 0x12600, 0x2600, 16, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        clean();
        made.phdrs[MAKE_ELF_LOAD_DATA].p_memsz = 0x3000;
        Elf64_Shdr *h = &make_elf_section(&made, cases[i].name, cases[i].type, NULL, cases[i].size)->header;
        h->sh_flags = cases[i].flags;
        h->sh_addr = MAKE_ELF_BASE + cases[i].address;
        h->sh_offset = cases[i].offset;
        const struct image *image = read_made();
        if (defects(image, DEFECT_ID_elf_section_view) != cases[i].wrong)
            print_error("%s\n", cases[i].sentence);
        assert_int_equal(defects(image, DEFECT_ID_elf_section_view), cases[i].wrong);
        file_close(&file);
    }
    for (unsigned named = 0; named < 2; named++) {
        clean();
        Elf64_Shdr *h = &make_elf_section(&made, named ? ".x" : "", SHT_PROGBITS, NULL, 16)->header;
        h->sh_flags = SHF_ALLOC;
        h->sh_addr = 0x900000;
        h->sh_offset = 0x2600;
        const char *observed = read_made()->defects.items[0].observed;
        assert_int_equal(strncmp(observed, named ? ".x: " : "a section without a name: ", named ? 4 : 26), 0);
        file_close(&file);
    }
}

TEST(the_dynamic_section_is_the_dynamic_segment)
{
    for (unsigned how = 0; how < 3; how++) { /* there, elsewhere, missing */
        clean();
        make_elf_dyn_text(&made, DT_NEEDED, "libc.so.6");
        Elf64_Phdr *p = make_elf_find(&made, PT_DYNAMIC);
        Elf64_Shdr *h =
            &make_elf_section(&made, ".dynamic", how == 2 ? SHT_PROGBITS : SHT_DYNAMIC, NULL, p->p_filesz)->header;
        h->sh_flags = SHF_ALLOC;
        h->sh_addr = p->p_vaddr + (how == 1 ? 16 : 0);
        h->sh_offset = p->p_offset + (how == 1 ? 16 : 0);
        const struct image *image = read_made();
        assert_int_equal(defects(image, DEFECT_ID_elf_section_view), how != 0);
        if (how)
            assert_string_equal(image->defects.items[0].observed, how == 1 ? "SHT_DYNAMIC elsewhere" : "none");
        file_close(&file);
    }
}

/* What is loaded belongs to somebody, and the path of the interpreter. */
TEST(bytes_of_segments_have_owners)
{
    static const struct {
        unsigned type;
        uint32_t segment;
        bool owned;
    } cases[] = {{ET_EXEC, PT_NOTE, false},
                 {ET_EXEC, PT_INTERP, true},
                 {ET_EXEC, PT_TLS, false},
                 {ET_EXEC, PT_LOAD, true},
                 {ET_CORE, PT_TLS, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        clean();
        made.section_count = 0;
        made.header.e_type = (Elf64_Half)cases[i].type;
        made.size = 0x4000;
        make_elf_put(&made, 0x3000, "payload", 8);
        Elf64_Phdr *p = make_elf_phdr(&made, cases[i].segment, PF_R, 0x3000, 8);
        p->p_vaddr = 0x700000;
        const struct image *image = read_made();
        bool found = false;
        for (size_t k = 0; k < image->unowned.count; k++)
            found |= image->unowned.items[k].offset <= 0x3000 && !image->unowned.items[k].padding;
        if (cases[i].type == ET_EXEC)
            assert_int_equal(found, !cases[i].owned);
        file_close(&file);
    }
}

/* Without section headers, bytes of nobody may be debug information; zeros are not. */
TEST(bytes_of_nobody_may_be_symbols)
{
    static const struct {
        bool sections;
        const char *trailing;
        enum answer stripped;
    } cases[] = {{false, NULL, ANSWER_YES},
                 {false, "payload", ANSWER_UNKNOWN},
                 {false, "\0\0\0\0\0\0\0", ANSWER_YES},
                 {true, "payload", ANSWER_YES}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        clean();
        if (!cases[i].sections)
            made.section_count = 0;
        made.trailing = cases[i].trailing;
        made.trailing_size = cases[i].trailing ? 7 : 0;
        assert_int_equal(read_made()->stripped, cases[i].stripped);
        file_close(&file);
    }
}

/* A segment that cannot be mapped runs nothing, and what a debug file names as its interpreter is not read. */
TEST(a_debug_file_is_not_looked_into)
{
    clean();
    made.sections[0].header.sh_type = SHT_NOBITS;
    made.phdrs[MAKE_ELF_LOAD_CODE].p_filesz = made.phdrs[MAKE_ELF_LOAD_CODE].p_memsz = 1 << 20;
    make_elf_interp(&made, "/lib/ld.so");
    const struct image *image = read_made();
    assert_int_equal(image->kind, KIND_DEBUG_FILE);
    assert_true(image->elf->has_interp);
    assert_int_equal(image->interpreter_known, KNOWN_BROKEN);
    assert_null(image->interpreter.text);
    file_close(&file);
}

/* Tables of functions that a loader calls, the last of each. */
TEST(what_a_loader_calls_is_known)
{
    static const int64_t tags[3][2] = {
        {DT_PREINIT_ARRAY, DT_PREINIT_ARRAYSZ}, {DT_INIT_ARRAY, DT_INIT_ARRAYSZ}, {DT_FINI_ARRAY, DT_FINI_ARRAYSZ}};
    clean();
    made.section_count = 0;
    make_elf_dyn(&made, DT_INIT_ARRAY, 1);
    for (unsigned i = 0; i < 3; i++) {
        make_elf_dyn(&made, tags[i][0], make_elf_address(MAKE_ELF_FREE + 64 * i));
        make_elf_dyn(&made, tags[i][1], 8 * (i + 1));
    }
    const struct image *image = read_made();
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(image->elf->arrays[i].address, make_elf_address(MAKE_ELF_FREE + 64 * i));
        assert_int_equal(image->elf->arrays[i].size, 8 * (i + 1));
    }
    file_close(&file);
    clean();
    image = read_made();
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(image->elf->arrays[i].address | image->elf->arrays[i].size, 0);
    file_close(&file);
}

/* Only the tags that loaders act on mean anything; those beside them do not. */
TEST(other_tags_mean_nothing)
{
    static const int64_t tags[] = {DT_HASH,
                                   DT_INIT,
                                   DT_SYMBOLIC,
                                   DT_DEBUG,
                                   DT_INIT_ARRAY,
                                   DT_FINI_ARRAYSZ,
                                   31,
                                   32,
                                   0x6ffffef5 - 1,
                                   DT_CONFIG - 1,
                                   DT_CONFIG + 3,
                                   DT_FLAGS_1 + 1,
                                   DT_AUXILIARY - 1,
                                   DT_FILTER - 1,
                                   0x123456789abc};
    clean();
    made.section_count = 0;
    make_elf_interp(&made, "/lib64/ld-linux-x86-64.so.2");
    make_elf_dyn_text(&made, DT_NEEDED, "libc.so.6");
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
        make_elf_dyn(&made, tags[i], 0xffff);
    const struct image *image = read_made();
    assert_int_equal(image->needed.count, 1);
    assert_int_equal(image->search_paths.count, 0);
    assert_false(image->elf->text_relocations || image->elf->bind_now || image->elf->flag_pie ||
                 image->elf->has_soname);
    assert_int_equal(image->defects.total, 0);
    file_close(&file);
}

TEST(flags_may_stand_in_three_places)
{
    static const struct {
        int64_t tag;
        uint64_t value;
        bool now, text, pie;
    } cases[] = {{DT_BIND_NOW, 0, true, false, false},
                 {DT_TEXTREL, 0, false, true, false},
                 {DT_FLAGS, DF_BIND_NOW, true, false, false},
                 {DT_FLAGS, DF_TEXTREL, false, true, false},
                 {DT_FLAGS, DF_ORIGIN | DF_SYMBOLIC | DF_STATIC_TLS, false, false, false},
                 {DT_FLAGS_1, DF_1_NOW, true, false, false},
                 {DT_FLAGS_1, DF_1_PIE, false, false, true},
                 {DT_FLAGS_1, ~(uint64_t)(DF_1_NOW | DF_1_PIE), false, false, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        clean();
        make_elf_dyn(&made, cases[i].tag, cases[i].value);
        const struct elf_extra *extra = read_made()->elf;
        assert_int_equal(extra->bind_now, cases[i].now);
        assert_int_equal(extra->text_relocations, cases[i].text);
        assert_int_equal(extra->flag_pie, cases[i].pie);
        file_close(&file);
    }
}

TEST(relocations_may_be_packed)
{
    static const int64_t tags[] = {35 /* DT_RELRSZ */, 36 /* DT_RELR */, 37 /* DT_RELRENT */};
    for (size_t i = 0; i < 3; i++) {
        clean();
        make_elf_dyn(&made, tags[i], MAKE_ELF_BASE);
        assert_int_equal(read_made()->elf->packed_relocations, i == 1);
        file_close(&file);
    }
}

TEST(some_entries_stand_once)
{
    static const struct {
        int64_t tag;
        size_t copies, defects;
    } cases[] = {{DT_RPATH, 1, 0}, {DT_RPATH, 2, 1},  {DT_RUNPATH, 3, 1}, {DT_SONAME, 2, 1},
                 {DT_RELA, 2, 1},  {DT_JMPREL, 2, 1}, {DT_NEEDED, 2, 0},  {DT_DEBUG, 2, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        clean();
        for (size_t k = 0; k < cases[i].copies; k++)
            make_elf_dyn(&made, cases[i].tag, 0);
        assert_int_equal(defects(read_made(), DEFECT_ID_elf_dynamic_twice), cases[i].defects);
        file_close(&file);
    }
}

/* .comment: a string for each compiler and linker, once each, at most sixteen. */
TEST(compilers_are_told_by_comments)
{
    static const char many[] = "a\0b\0c\0d\0e\0f\0g\0h\0i\0j\0k\0l\0m\0n\0o\0p\0q";
    static const struct {
        const char *sentence, *text;
        size_t size, count;
        uint32_t type;
        uint64_t flags;
        enum known known;
    } cases[] = {
        {"two", "GCC: 12\0clang 14", 17, 2, SHT_PROGBITS, 0, KNOWN_COMPLETE},
        {"one that begins like another", "GCC: 12\0GCC: 1\0GCC: 123", 24, 3, SHT_PROGBITS, 0, KNOWN_COMPLETE},
        {"empty strings", "\0\0x\0\0", 5, 1, SHT_PROGBITS, 0, KNOWN_COMPLETE},
        {"sixteen", many, 32, 16, SHT_PROGBITS, 0, KNOWN_COMPLETE},
        {"seventeen", many, 33, 16, SHT_PROGBITS, 0, KNOWN_BROKEN},
        {"no bytes", "", 0, 0, SHT_PROGBITS, 0, KNOWN_ABSENT},
        {"without bytes", "", 16, 0, SHT_NOBITS, 0, KNOWN_BROKEN},
        {"compressed", "\1\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0", 24, 0, SHT_PROGBITS, SHF_COMPRESSED,
         KNOWN_BROKEN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        clean();
        Elf64_Shdr *h = &make_elf_section(&made, ".comment", cases[i].type,
                                          cases[i].type == SHT_NOBITS ? NULL : cases[i].text, cases[i].size)
                             ->header;
        h->sh_flags = cases[i].flags;
        const struct image *image = read_made();
        if (image->toolchains.count != cases[i].count || image->toolchains.known != cases[i].known)
            print_error("%s: %zu, %d\n", cases[i].sentence, image->toolchains.count, (int)image->toolchains.known);
        assert_int_equal(image->toolchains.count, cases[i].count);
        assert_int_equal(image->toolchains.known, cases[i].known);
        file_close(&file);
    }
    clean();
    make_elf_section(&made, ".comment", SHT_PROGBITS, "x", 2);
    make_elf_section(&made, ".comment", SHT_PROGBITS, "y", 2);
    assert_int_equal(read_made()->toolchains.known, KNOWN_COMPLETE);
    assert_int_equal(reading.images->toolchains.count, 2);
    file_close(&file);
    clean(); /* one that is broken, then one that is not; and bytes that two name are read once */
    make_elf_section(&made, ".comment", SHT_NOBITS, NULL, 16);
    make_elf_section(&made, ".comment", SHT_PROGBITS, "x", 2);
    const struct image *image = read_made();
    assert_int_equal(image->toolchains.known, KNOWN_BROKEN);
    assert_int_equal(image->toolchains.count, 1);
    file_close(&file);
    clean();
    for (unsigned i = 0; i < 2; i++)
        make_elf_section(&made, ".comment", SHT_PROGBITS, NULL, 0x1800)->header.sh_offset = 0x200;
    assert_int_equal(read_made()->toolchains.known, KNOWN_BROKEN);
    file_close(&file);
}

#define U(name) cmocka_unit_test(name)
int main(void)
{
    const struct CMUnitTest tests[] = {
        U(loaded_sections_stand_where_segments_load_them),
        U(the_dynamic_section_is_the_dynamic_segment),
        U(bytes_of_segments_have_owners),
        U(bytes_of_nobody_may_be_symbols),
        U(a_debug_file_is_not_looked_into),
        U(what_a_loader_calls_is_known),
        U(other_tags_mean_nothing),
        U(flags_may_stand_in_three_places),
        U(relocations_may_be_packed),
        U(some_entries_stand_once),
        U(compilers_are_told_by_comments),
    };
    return cmocka_run_group_tests_name("test_elf_marks", tests, NULL, NULL);
}
