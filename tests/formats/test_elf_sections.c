/* What stands beside the loaded program: sections, symbols, bytes of nobody; and files cut off. */
#include "tests/formats/made_elf.h"

#include <string.h>

TEST(a_program_without_sections_is_read_by_its_segments)
{
    clean();
    made.section_count = 0;
    const struct image *image = read_made();
    assert_int_equal(image->defects.total, 0);
    assert_int_equal(image->sections.known, KNOWN_ABSENT);
    assert_int_equal(image->linkage, LINKAGE_STATIC);
}

TEST(bytes_behind_everything_belong_to_nobody)
{
    clean();
    made.trailing = "PK\3\4payload";
    made.trailing_size = 11;
    const struct image *image = read_made();
    assert_int_equal(image->unowned.count, 1);
    assert_true(image->unowned.items[0].offset + 11 == image->size);
    assert_int_equal(image->unowned.items[0].size, 11);
    assert_string_equal(image->unowned.items[0].what, "ZIP archive");
}

TEST(bytes_between_segments_belong_to_nobody)
{
    clean();
    make_elf_put(&made, MAKE_ELF_CODE + 0x800, "hidden", 6);
    const struct image *image = read_made();
    assert_int_equal(image->unowned.count, 1);
    assert_false(image->unowned.items[0].padding);
}

TEST(a_symbol_table_is_counted)
{
    clean();
    make_elf_symtab(&made);
    const struct image *image = read_made();
    assert_int_equal(image->defects.total, 0);
    assert_int_equal(image->symbols.known, KNOWN_COMPLETE);
    assert_int_equal(image->symbols.count, 2);
    assert_int_equal(image->stripped, ANSWER_NO);
}

TEST(debug_information_is_found_by_name)
{
    static const char unit[32] = {28, 0, 0, 0, 4};
    clean();
    make_elf_section(&made, ".debug_info", SHT_PROGBITS, unit, sizeof unit);
    const struct image *image = read_made();
    assert_int_equal(image->debug.count, 1);
    assert_int_equal(image->debug.items[0].kind, DEBUG_DWARF);
    assert_int_equal(image->stripped, ANSWER_NO);
}

TEST(debug_information_under_another_name_is_found_by_content)
{
    static const char unit[32] = {28, 0, 0, 0, 4, 0, 0, 0, 0, 0, 8, 1};
    clean();
    make_elf_section(&made, ".harmless", SHT_PROGBITS, unit, sizeof unit);
    const struct image *image = read_made();
    assert_int_equal(image->debug.count, 1);
    assert_string_equal(image->debug.items[0].where, ".harmless");
}

/* A unit of 32 bytes, of which there can be several in a row. */
static const char unit4[32] = {28, 0, 0, 0, 4, 0, 0, 0, 0, 0, 8, 1};
static const char abbreviation[] = {1,    0x11, 1,   0x25,
                                    0x0e, 0x13, 0x0b}; /* code 1: a compile unit with a producer and a language */

static void one_find(const struct image *image, const char *where)
{
    assert_int_equal(image->debug.count, 1);
    assert_int_equal(image->debug.items[0].kind, DEBUG_DWARF);
    assert_string_equal(image->debug.items[0].where, where);
    assert_int_equal(image->stripped, ANSWER_NO);
}

TEST(debug_information_of_another_type_is_found_by_content)
{
    static const uint32_t types[] = {SHT_STRTAB, SHT_RELA, SHT_NOTE};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        clean();
        make_elf_section(&made, ".names", types[i], unit4, sizeof unit4);
        one_find(read_made(), ".names");
        file_close(&file);
    }
}

TEST(debug_information_under_the_name_of_a_comment_or_a_link_is_found)
{
    static const char *const names[] = {".comment", ".gnu_debuglink", ".gnu_debugaltlink"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        clean();
        make_elf_section(&made, names[i], SHT_PROGBITS, unit4, sizeof unit4);
        one_find(read_made(), names[i]);
        file_close(&file);
    }
}

TEST(a_link_to_debug_information_is_one)
{
    static const char link[16] = "app.debug\0\0\0\1\2\3";
    clean();
    make_elf_section(&made, ".gnu_debuglink", SHT_PROGBITS, link, sizeof link);
    const struct image *image = read_made();
    assert_int_equal(image->debug.count, 1);
    assert_int_equal(image->debug.items[0].kind, DEBUG_LINK);
    assert_int_equal(image->stripped, ANSWER_YES);
}

TEST(a_compressed_section_under_another_name_is_debug_information)
{
    static const Elf64_Chdr header = {.ch_type = ELFCOMPRESS_ZLIB, .ch_size = 100, .ch_addralign = 1};
    clean();
    make_elf_section(&made, ".harmless", SHT_PROGBITS, &header, sizeof header)->header.sh_flags = SHF_COMPRESSED;
    const struct image *image = read_made();
    assert_int_equal(image->debug.count, 2);
    assert_int_equal(image->debug.items[0].kind, DEBUG_DWARF);
    assert_int_equal(image->debug.items[1].kind, DEBUG_DWARF_COMPRESSED);
    assert_int_equal(image->stripped, ANSWER_NO);
}

TEST(debug_information_behind_other_bytes_of_a_section_is_found)
{
    char bytes[200] = "other bytes";
    memcpy(bytes + 20, abbreviation, sizeof abbreviation);
    for (size_t i = 0; i < 4; i++)
        memcpy(bytes + 61 + i * sizeof unit4, unit4, sizeof unit4);
    clean();
    make_elf_section(&made, ".harmless", SHT_PROGBITS, bytes, sizeof bytes);
    one_find(read_made(), "bytes that no section names so");
}

TEST(debug_information_that_is_loaded_is_found)
{
    clean();
    make_elf_put(&made, MAKE_ELF_FREE + 0x100, abbreviation, sizeof abbreviation);
    for (uint64_t i = 0; i < 4; i++)
        make_elf_put(&made, MAKE_ELF_FREE + 5 + i * sizeof unit4, unit4, sizeof unit4);
    one_find(read_made(), "bytes that no section names so");
}

TEST(one_loaded_unit_is_found_with_its_abbreviation)
{
    for (int with = 0; with < 2; with++) {
        clean();
        make_elf_put(&made, MAKE_ELF_FREE, unit4, sizeof unit4);
        if (with)
            make_elf_put(&made, MAKE_ELF_FREE + 0x40, abbreviation, sizeof abbreviation);
        assert_int_equal(read_made()->debug.count, with);
        file_close(&file);
    }
    clean();
    assert_int_equal(read_made()->debug.count, 0);
}

TEST(a_note_that_is_not_loaded_belongs_to_nobody)
{
    clean();
    make_elf_put(&made, MAKE_ELF_END + 0x800, "\4\0\0\0\4\0\0\0\1\0\0\0ABC\0hide", 20);
    make_elf_phdr(&made, PT_NOTE, PF_R, MAKE_ELF_END + 0x800, 20)->p_align = 4;
    const struct image *image = read_made();
    assert_int_equal(image->defects.total, 0);
    assert_int_equal(image->unowned.count, 1);
    assert_false(image->unowned.items[0].padding);
}

TEST(what_a_note_and_a_section_say_is_theirs_is_the_sections)
{
    clean();
    make_elf_put(&made, MAKE_ELF_END + 0x800, "\4\0\0\0\4\0\0\0\1\0\0\0ABC\0hide", 20);
    make_elf_phdr(&made, PT_NOTE, PF_R, MAKE_ELF_END + 0x800, 20)->p_align = 4;
    struct make_elf_section *section = make_elf_section(&made, ".note.abc", SHT_NOTE, NULL, 20);
    section->header.sh_flags = SHF_ALLOC;
    section->header.sh_addr = make_elf_address(MAKE_ELF_END + 0x800);
    section->header.sh_offset = MAKE_ELF_END + 0x800;
    assert_int_equal(read_made()->unowned.count, 0);
}

TEST(a_program_or_an_archive_in_a_section_is_packed)
{
    static const struct {
        const char *bytes, *what;
    } payloads[] = {{"\x7f"
                     "ELF\2\1\1",
                     "ELF file in the section .payload"},
                    {"PK\3\4....", "ZIP archive in the section .payload"},
                    {"\x1f\x8b\10.....", "gzip data in the section .payload"}};
    for (size_t i = 0; i < sizeof payloads / sizeof *payloads; i++) {
        clean();
        make_elf_section(&made, ".payload", SHT_PROGBITS, payloads[i].bytes, 8);
        const struct image *image = read_made();
        assert_non_null(image->packer.text);
        assert_string_equal(image->packer.text, payloads[i].what);
        file_close(&file);
    }
    char archive[512] = "a name";
    memcpy(archive + 257, "ustar", 5);
    clean();
    make_elf_section(&made, ".payload", SHT_PROGBITS, archive, sizeof archive);
    assert_string_equal(read_made()->packer.text, "a tar archive in the section .payload");
    file_close(&file);
    clean();
    make_elf_section(&made, ".payload", SHT_PROGBITS, "{\"json\": 1}", 11);
    assert_null(read_made()->packer.text);
}

TEST(a_symbol_table_of_another_type_is_found_by_content)
{
    static const Elf64_Sym symbols[4] = {{0}, {1, 0x12, 0, 1, 1, 1}, {1, 0x12, 0, 1, 2, 1}, {1, 0x12, 0, 1, 3, 1}};
    clean();
    make_elf_section(&made, ".harmless", SHT_PROGBITS, symbols, sizeof symbols);
    const struct image *image = read_made();
    assert_int_equal(image->symbols.known, KNOWN_COMPLETE);
    assert_int_equal(image->stripped, ANSWER_NO);
    only_defect(image, DEFECT_ID_elf_section_view);
}

TEST(a_section_without_bytes_over_bytes_is_a_defect)
{
    clean();
    make_elf_section(&made, ".debug_info", SHT_NOBITS, NULL, 0x200)->header.sh_offset = MAKE_ELF_DATA;
    only_defect(read_made(), DEFECT_ID_elf_nobits_bytes);
}

/* One header more, and every reader of sections takes the program for a companion with debug information. */
TEST(a_section_that_denies_the_code_does_not_make_a_debug_file)
{
    clean();
    make_elf_interp(&made, "/lib/ld.so");
    make_elf_section(&made, ".plt.sec", SHT_NOBITS, NULL, 64)->header.sh_flags = SHF_ALLOC | SHF_EXECINSTR;
    const struct image *image = read_made();
    assert_int_equal(image->kind, KIND_EXECUTABLE);
    assert_int_equal(image->linkage, LINKAGE_INTERP_WITHOUT_NEEDED);
}

TEST(a_loaded_dynamic_section_without_its_segment_is_a_defect)
{
    clean();
    struct make_elf_section *s = make_elf_section(&made, ".dynamic", SHT_DYNAMIC, NULL, 64);
    s->header.sh_flags = SHF_ALLOC | SHF_WRITE;
    s->header.sh_offset = MAKE_ELF_FREE;
    s->header.sh_addr = make_elf_address(MAKE_ELF_FREE);
    only_defect(read_made(), DEFECT_ID_elf_section_view);
}

TEST(a_section_elsewhere_than_its_segment_is_a_defect)
{
    clean();
    made.sections[0].header.sh_offset += 0x10;
    only_defect(read_made(), DEFECT_ID_elf_section_view);
}

/* As Node's single executables have them; Linux runs those (--build-sea of Node 26, postject 1.0.0-alpha.6). */
TEST(a_note_without_an_address_is_one_where_pt_note_holds_it)
{
    static const struct {
        uint32_t type;
        uint64_t address, shift, size;
        bool fine;
    } cases[] = {{SHT_NOTE, 0, 0, 20, true},
                 {SHT_NOTE, 0, 4, 16, true},
                 {SHT_NOTE, 0, 4, 17, false},
                 {SHT_NOTE, 0, 20, 1, false},
                 {SHT_NOTE, 0x1000, 0, 20, false},
                 {SHT_PROGBITS, 0, 0, 20, false},
                 {SHT_NOTE, 0, (uint64_t)-4, 20, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        clean();
        make_elf_note(&made, "APP", 1, "data", 4);
        Elf64_Shdr *note = &make_elf_section(&made, ".note.app", cases[i].type, NULL, cases[i].size)->header;
        note->sh_flags = SHF_ALLOC;
        note->sh_addr = cases[i].address;
        note->sh_offset = MAKE_ELF_NOTES + cases[i].shift;
        assert_int_equal(defects(read_made(), DEFECT_ID_elf_section_view), !cases[i].fine);
        file_close(&file);
    }
    clean(); /* what PT_NOTE holds, and no PT_LOAD, is not looked into as what is not loaded */
    Elf64_Shdr *note = &make_elf_section(&made, ".note.app", SHT_NOTE, NULL, 0x20)->header;
    note->sh_flags = SHF_ALLOC;
    note->sh_offset = MAKE_ELF_END + 0x10;
    make_elf_phdr(&made, PT_NOTE, PF_R, MAKE_ELF_END, 0x40)->p_align = 4;
    made.size = MAKE_ELF_END + 0x40;
    assert_int_equal(defects(read_made(), DEFECT_ID_elf_section_view), 1);
}

TEST(a_section_past_the_end_breaks_the_list)
{
    clean();
    made.sections[0].header.sh_size = UINT64_MAX - 8;
    const struct image *image = read_made();
    assert_int_equal(image->sections.known, KNOWN_BROKEN);
    assert_true(defects(image, DEFECT_ID_elf_section) > 0);
    assert_int_equal(image->linkage, LINKAGE_STATIC);
}

/* Nothing cut off may be what a rule would have looked at. */
static void cut_everywhere(void)
{
    uint8_t *bytes;
    size_t size = make_elf_write(&made, &bytes);
    for (size_t n = 0; n < size; n++) {
        const struct image *image = read_bytes(bytes, n);
        bool fine = image->judged && image->defects.total == 0 && image->segments.known == KNOWN_COMPLETE &&
                    (image->linkage == LINKAGE_STATIC || image->linkage == LINKAGE_STATIC_PIE);
        assert_false(fine);
        assert_int_equal(end(NULL), 0);
    }
    (void)read_bytes(bytes, size);
    free(bytes);
}

TEST(a_program_cut_off_anywhere_is_never_fine)
{
    clean();
    cut_everywhere();
}

TEST(a_program_without_sections_cut_off_anywhere_is_never_fine)
{
    clean();
    made.section_count = 0;
    cut_everywhere();
}

TEST(a_static_pie_cut_off_anywhere_is_never_fine)
{
    clean_pie();
    cut_everywhere();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_program_without_sections_is_read_by_its_segments),
        T(bytes_behind_everything_belong_to_nobody),
        T(bytes_between_segments_belong_to_nobody),
        T(a_symbol_table_is_counted),
        T(debug_information_is_found_by_name),
        T(debug_information_under_another_name_is_found_by_content),
        T(debug_information_of_another_type_is_found_by_content),
        T(debug_information_under_the_name_of_a_comment_or_a_link_is_found),
        T(a_link_to_debug_information_is_one),
        T(a_compressed_section_under_another_name_is_debug_information),
        T(debug_information_behind_other_bytes_of_a_section_is_found),
        T(debug_information_that_is_loaded_is_found),
        T(one_loaded_unit_is_found_with_its_abbreviation),
        T(a_note_that_is_not_loaded_belongs_to_nobody),
        T(what_a_note_and_a_section_say_is_theirs_is_the_sections),
        T(a_program_or_an_archive_in_a_section_is_packed),
        T(a_symbol_table_of_another_type_is_found_by_content),
        T(a_section_without_bytes_over_bytes_is_a_defect),
        T(a_section_that_denies_the_code_does_not_make_a_debug_file),
        T(a_loaded_dynamic_section_without_its_segment_is_a_defect),
        T(a_section_elsewhere_than_its_segment_is_a_defect),
        T(a_note_without_an_address_is_one_where_pt_note_holds_it),
        T(a_section_past_the_end_breaks_the_list),
        T(a_program_cut_off_anywhere_is_never_fine),
        T(a_program_without_sections_cut_off_anywhere_is_never_fine),
        T(a_static_pie_cut_off_anywhere_is_never_fine),
    };
    return cmocka_run_group_tests_name("test_elf_sections", tests, NULL, NULL);
}
