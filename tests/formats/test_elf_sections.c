/* What stands beside the loaded program: sections, symbols, bytes of nobody; and files cut off. */
#include "tests/formats/made_elf.h"

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
    assert_false(image->unowned.items[0].zero);
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
        T(a_symbol_table_of_another_type_is_found_by_content),
        T(a_section_without_bytes_over_bytes_is_a_defect),
        T(a_section_that_denies_the_code_does_not_make_a_debug_file),
        T(a_loaded_dynamic_section_without_its_segment_is_a_defect),
        T(a_section_elsewhere_than_its_segment_is_a_defect),
        T(a_section_past_the_end_breaks_the_list),
        T(a_program_cut_off_anywhere_is_never_fine),
        T(a_program_without_sections_cut_off_anywhere_is_never_fine),
        T(a_static_pie_cut_off_anywhere_is_never_fine),
    };
    return cmocka_run_group_tests_name("test_elf_sections", tests, NULL, NULL);
}
