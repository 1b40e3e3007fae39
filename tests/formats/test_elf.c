/* What the reader says of one small program as loaders see it, and of one change to it. */
#include <string.h>

#include "formats/limits.h"
#include "tests/formats/made_elf.h"

static void check_clean(enum arch arch, enum code_looks code)
{
    make_elf_clean(&made, arch);
    const struct image *image = read_made();
    assert_true(image->judged && image->arch == arch && image->bits == 64 && !image->big_endian);
    assert_int_equal(image->defects.total, 0);
    assert_int_equal(image->kind, KIND_EXECUTABLE);
    assert_int_equal(image->linkage, LINKAGE_STATIC);
    assert_int_equal(image->interpreter_known, KNOWN_ABSENT);
    assert_int_equal(image->needed.known, KNOWN_ABSENT);
    assert_int_equal(image->segments.known, KNOWN_COMPLETE);
    assert_int_equal(image->segments.count, 2);
    assert_int_equal(image->sections.known, KNOWN_COMPLETE);
    assert_int_equal(image->sections.count, 3);
    assert_int_equal(image->symbols.known, KNOWN_ABSENT);
    assert_int_equal(image->stripped, ANSWER_YES);
    assert_int_equal(image->pie, ANSWER_NO);
    assert_int_equal(image->code_looks, code);
    assert_int_equal(image->unowned.count, 0);
    assert_true(image->entry.in_code && image->entry.offset == MAKE_ELF_CODE);
}

TEST(a_clean_amd64_program_is_static_and_without_defects)
{
    check_clean(ARCH_AMD64, CODE_LIKE_AMD64);
}

TEST(a_clean_arm64_program_is_static_and_without_defects)
{
    check_clean(ARCH_ARM64, CODE_LIKE_ARM64);
}

TEST(arm64_code_declared_amd64_looks_like_arm64)
{
    make_elf_clean(&made, ARCH_ARM64);
    made.header.e_machine = EM_X86_64;
    const struct image *image = read_made();
    assert_int_equal(image->arch, ARCH_AMD64);
    assert_int_equal(image->code_looks, CODE_LIKE_ARM64);
}

TEST(amd64_code_declared_arm64_looks_like_amd64)
{
    clean();
    made.header.e_machine = EM_AARCH64;
    const struct image *image = read_made();
    assert_int_equal(image->arch, ARCH_ARM64);
    assert_int_equal(image->code_looks, CODE_LIKE_AMD64);
}

TEST(a_lying_ident_is_a_defect)
{
    clean();
    made.header.e_ident[EI_CLASS] = ELFCLASS32;
    const struct image *image = read_made();
    assert_int_equal(image->linkage, LINKAGE_STATIC);
    assert_int_equal(image->sections.known, KNOWN_BROKEN);
    only_defect(image, DEFECT_ID_elf_ident);
}

TEST(of_two_stack_headers_the_last_counts)
{
    clean();
    make_elf_phdr(&made, PT_GNU_STACK, PF_R | PF_W | PF_X, 0, 0);
    const struct image *image = read_made();
    assert_int_equal(image->elf->gnu_stack_access, ACCESS_READ | ACCESS_WRITE | ACCESS_EXECUTE);
    only_defect(image, DEFECT_ID_elf_segment_twice);
}

TEST(an_executable_stack_in_front_of_a_plain_one_does_not_count)
{
    clean();
    made.phdrs[MAKE_ELF_STACK].p_flags |= PF_X;
    make_elf_phdr(&made, PT_GNU_STACK, PF_R | PF_W, 0, 0);
    const struct image *image = read_made();
    assert_int_equal(image->elf->gnu_stack_access, ACCESS_READ | ACCESS_WRITE);
    only_defect(image, DEFECT_ID_elf_segment_twice);
}

TEST(a_program_without_stack_header_has_none)
{
    clean();
    made.phdrs[MAKE_ELF_STACK].p_type = PT_NULL;
    assert_false(read_made()->elf->has_gnu_stack);
}

TEST(a_segment_to_write_and_execute_keeps_its_access)
{
    clean();
    made.phdrs[MAKE_ELF_LOAD_DATA].p_flags |= PF_X;
    const struct image *image = read_made();
    assert_int_equal(image->segments.items[1].access, ACCESS_READ | ACCESS_WRITE | ACCESS_EXECUTE);
    assert_int_equal(image->segments.items[1].header_offset, 64 + 56);
}

TEST(a_marked_program_at_address_0_is_a_static_pie)
{
    clean_pie();
    const struct image *image = read_made();
    assert_int_equal(image->defects.total, 0);
    assert_int_equal(image->linkage, LINKAGE_STATIC_PIE);
    assert_int_equal(image->pie, ANSWER_YES);
    assert_true(image->elf->flag_pie && image->elf->bind_now);
}

TEST(a_program_at_address_0_without_the_mark_is_a_static_pie)
{
    clean_pie();
    make_elf_find_dyn(&made, DT_FLAGS_1)->d_un.d_val = 0;
    const struct image *image = read_made();
    assert_int_equal(image->linkage, LINKAGE_STATIC_PIE);
    assert_int_equal(image->pie, ANSWER_YES);
    assert_false(image->elf->flag_pie);
}

TEST(a_library_name_without_the_mark_makes_a_library)
{
    clean_pie();
    make_elf_find_dyn(&made, DT_FLAGS_1)->d_un.d_val = 0;
    make_elf_dyn_text(&made, DT_SONAME, "libx.so.1");
    const struct image *image = read_made();
    assert_int_equal(image->kind, KIND_SHARED_LIBRARY);
    assert_int_equal(image->linkage, LINKAGE_NOT_APPLICABLE);
    assert_string_equal(image->elf->soname, "libx.so.1");
}

TEST(an_executable_relabelled_as_library_is_no_pie)
{
    clean();
    made.header.e_type = ET_DYN;
    const struct image *image = read_made();
    assert_int_equal(image->kind, KIND_EXECUTABLE);
    assert_int_equal(image->linkage, LINKAGE_STATIC);
    assert_int_equal(image->pie, ANSWER_NO);
}

static void check_dependency(int64_t tag, enum dependency how)
{
    clean();
    make_elf_dyn_text(&made, tag, "libother.so");
    const struct image *image = read_made();
    assert_int_equal(image->needed.known, KNOWN_COMPLETE);
    assert_int_equal(image->needed.count, 1);
    assert_string_equal(image->needed.items[0].text, "libother.so");
    assert_int_equal(image->needed.items[0].detail, how);
    assert_int_equal(image->needed.items[0].offset, MAKE_ELF_DATA + 4 * 16);
    assert_int_equal(end(NULL), 0);
}

TEST(auditors_and_filters_are_dependencies)
{
    check_dependency(DT_NEEDED, DEPENDENCY_NEEDED);
    check_dependency(DT_AUDIT, DEPENDENCY_AUDIT);
    check_dependency(DT_DEPAUDIT, DEPENDENCY_AUDIT);
    check_dependency(DT_FILTER, DEPENDENCY_FILTER);
    check_dependency(DT_AUXILIARY, DEPENDENCY_FILTER);
    check_dependency(DT_CONFIG, DEPENDENCY_ENVIRONMENT);
    clean();
    (void)read_made();
}

TEST(a_search_path_is_split_at_its_colons)
{
    clean();
    make_elf_dyn_text(&made, DT_RUNPATH, "$ORIGIN/lib::/opt/x");
    const struct image *image = read_made();
    assert_int_equal(image->search_paths.count, 3);
    assert_string_equal(image->search_paths.items[0].text, "$ORIGIN/lib");
    assert_string_equal(image->search_paths.items[1].text, "");
    assert_string_equal(image->search_paths.items[2].text, "/opt/x");
    assert_int_equal(image->search_paths.items[2].detail, 0);
}

TEST(a_name_outside_the_image_breaks_the_list)
{
    clean();
    make_elf_dyn(&made, DT_NEEDED, 0x10000000);
    const struct image *image = read_made();
    assert_int_equal(image->needed.known, KNOWN_BROKEN);
    assert_int_not_equal(image->linkage, LINKAGE_STATIC);
    assert_true(defects(image, DEFECT_ID_elf_string) > 0);
}

TEST(a_list_of_names_is_full_by_number_and_by_bytes)
{
    static char name[LIMIT_TEXT];
    struct named_list many = {0}, large = {0};
    struct arena arena = {0};
    memset(name, 'a', sizeof name - 1);
    while (!named_full(&many))
        named_add(&arena, &many, "a", 0, 0);
    while (!named_full(&large))
        named_add(&arena, &large, name, 0, 0);
    assert_int_equal(many.count, LIMIT_NEEDED);
    assert_int_equal(large.count, LIMIT_NAMES / (LIMIT_TEXT - 1) + 1);
    arena_free(&arena);
}

TEST(text_relocations_are_seen_in_either_place)
{
    clean();
    make_elf_dyn(&made, DT_FLAGS, DF_TEXTREL);
    assert_true(read_made()->elf->text_relocations);
    assert_int_equal(end(NULL), 0);
    clean();
    make_elf_dyn(&made, DT_TEXTREL, 0);
    assert_true(read_made()->elf->text_relocations);
}

/* A JUMP_SLOT relocation of `slot`, and PT_GNU_RELRO over `size` bytes of the data. */
static const struct image *relocated(uint64_t slot, uint32_t type, uint64_t size)
{
    Elf64_Rela rela = {slot, ELF64_R_INFO(0, type), 0};
    clean();
    made.phdrs[MAKE_ELF_LOAD_DATA].p_memsz = 0x3000;
    make_elf_put(&made, MAKE_ELF_FREE, &rela, sizeof rela);
    make_elf_dyn(&made, DT_JMPREL, make_elf_address(MAKE_ELF_FREE));
    make_elf_dyn(&made, DT_PLTRELSZ, sizeof rela);
    make_elf_dyn(&made, DT_PLTREL, DT_RELA);
    if (size)
        make_elf_phdr(&made, PT_GNU_RELRO, PF_R, MAKE_ELF_DATA, size);
    return read_made();
}

TEST(a_slot_inside_relro_is_protected)
{
    const struct image *image = relocated(make_elf_address(MAKE_ELF_DATA + 0xff8), R_X86_64_JUMP_SLOT, 0x1000);
    assert_true(image->elf->has_relro);
    assert_int_equal(image->elf->slots_known, KNOWN_COMPLETE);
    assert_int_equal(image->elf->slots, 1);
    assert_int_equal(image->elf->slots_unprotected, 0);
}

TEST(a_slot_behind_relro_is_not_protected)
{
    uint64_t slot = make_elf_address(MAKE_ELF_DATA + 0x1000);
    const struct image *image = relocated(slot, R_X86_64_JUMP_SLOT, 0x1000);
    assert_int_equal(image->elf->slots_unprotected, 1);
    assert_true(image->elf->first_unprotected == slot);
    assert_int_equal(image->elf->first_unprotected_reloc_offset, MAKE_ELF_FREE);
}

TEST(a_part_of_a_page_is_not_protected)
{
    const struct image *image = relocated(make_elf_address(MAKE_ELF_DATA + 8), R_X86_64_JUMP_SLOT, 0xff0);
    assert_int_equal(image->elf->slots_unprotected, 1);
}

TEST(a_slot_without_relro_is_not_protected)
{
    const struct image *image = relocated(make_elf_address(MAKE_ELF_DATA + 8), R_X86_64_GLOB_DAT, 0);
    assert_false(image->elf->has_relro);
    assert_int_equal(image->elf->slots_unprotected, 1);
}

TEST(a_relocation_of_code_is_placed)
{
    const struct image *image = relocated(MAKE_ELF_BASE + MAKE_ELF_CODE, R_X86_64_64, 0x1000);
    assert_int_equal(image->elf->text_relocation_offset, MAKE_ELF_FREE);
    assert_int_equal(image->elf->symbolic_relocations, 1);
}

TEST(an_entry_in_data_is_not_in_code)
{
    clean();
    made.header.e_entry = make_elf_address(MAKE_ELF_DATA);
    assert_false(read_made()->entry.in_code);
}

TEST(a_build_id_may_stand_in_a_section_that_no_segment_of_notes_covers)
{
    static const uint8_t note[] = {4,   0,   0,   0, 4,    0,    0,    0,   NT_GNU_BUILD_ID, 0, 0, 0,
                                   'G', 'N', 'U', 0, 0xde, 0xad, 0xbe, 0xef};
    static const struct {
        uint32_t type;
        size_t size;
        bool read;
    } cases[] = {{SHT_NOTE, sizeof note, true}, {SHT_PROGBITS, sizeof note, false}, {SHT_NOTE, 19, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        clean();
        make_elf_section(&made, ".note.gnu.build-id", cases[i].type, note, cases[i].size);
        const char *build_id = read_made()->elf->build_id;
        assert_int_equal(build_id != NULL, cases[i].read);
        if (build_id)
            assert_string_equal(build_id, "deadbeef");
        file_close(&file);
    }
}

TEST(a_build_id_is_read_from_its_note)
{
    clean();
    make_elf_note(&made, "GNU", NT_GNU_BUILD_ID, "\xde\xad\xbe\xef", 4);
    const struct image *image = read_made();
    assert_int_equal(image->defects.total, 0);
    assert_string_equal(image->elf->build_id, "deadbeef");
}

TEST(the_loader_tells_the_system)
{
    static const struct {
        const char *path;
        enum os os;
    } loaders[] = {{"/lib64/ld-linux-x86-64.so.2", OS_LINUX},
                   {"/system/bin/linker64", OS_ANDROID},
                   {"/lib/amd64/ld.so.1", OS_SOLARIS},
                   {"/libexec/ld-elf.so.1", OS_FREEBSD},
                   {"/usr/libexec/ld-elf.so.2", OS_UNKNOWN},
                   {"/usr/lib/ldqnx-64.so.2", OS_UNKNOWN},
                   {"ld.so.1", OS_UNKNOWN}};
    for (size_t i = 0; i < sizeof loaders / sizeof *loaders; i++) {
        clean();
        make_elf_interp(&made, loaders[i].path);
        assert_int_equal(read_made()->os, loaders[i].os);
        file_close(&file);
    }
    clean();
    (void)read_made();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_clean_amd64_program_is_static_and_without_defects),
        T(a_clean_arm64_program_is_static_and_without_defects),
        T(arm64_code_declared_amd64_looks_like_arm64),
        T(amd64_code_declared_arm64_looks_like_amd64),
        T(a_lying_ident_is_a_defect),
        T(of_two_stack_headers_the_last_counts),
        T(an_executable_stack_in_front_of_a_plain_one_does_not_count),
        T(a_program_without_stack_header_has_none),
        T(a_segment_to_write_and_execute_keeps_its_access),
        T(a_marked_program_at_address_0_is_a_static_pie),
        T(a_program_at_address_0_without_the_mark_is_a_static_pie),
        T(a_library_name_without_the_mark_makes_a_library),
        T(an_executable_relabelled_as_library_is_no_pie),
        T(auditors_and_filters_are_dependencies),
        T(a_search_path_is_split_at_its_colons),
        T(a_name_outside_the_image_breaks_the_list),
        T(a_list_of_names_is_full_by_number_and_by_bytes),
        T(text_relocations_are_seen_in_either_place),
        T(a_slot_inside_relro_is_protected),
        T(a_slot_behind_relro_is_not_protected),
        T(a_part_of_a_page_is_not_protected),
        T(a_slot_without_relro_is_not_protected),
        T(a_relocation_of_code_is_placed),
        T(an_entry_in_data_is_not_in_code),
        T(a_build_id_may_stand_in_a_section_that_no_segment_of_notes_covers),
        T(a_build_id_is_read_from_its_note),
        T(the_loader_tells_the_system),
    };
    return cmocka_run_group_tests_name("test_elf", tests, NULL, NULL);
}
