/* What Linux makes of memory that no byte of the file fills. Each case was first told by the kernel (tests/oracle). */
#include "tests/formats/made_elf.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const struct segment *segment_at(const struct image *image, uint64_t address)
{
    for (size_t i = 0; i < image->segments.count; i++)
        if (image->segments.items[i].address == address)
            return &image->segments.items[i];
    return NULL;
}

enum { EVERYTHING = ACCESS_READ | ACCESS_WRITE | ACCESS_EXECUTE };

TEST(pages_behind_the_bytes_of_code_can_be_written)
{
    clean();
    made.phdrs[MAKE_ELF_LOAD_CODE].p_memsz = 0x3000;
    const struct segment *s = segment_at(read_made(), MAKE_ELF_BASE);
    assert_non_null(s);
    assert_int_equal(s->access, ACCESS_READ | ACCESS_EXECUTE);
    assert_int_equal(s->cleared_access, EVERYTHING);
}

TEST(pages_of_code_without_any_bytes_can_be_written)
{
    clean();
    Elf64_Phdr *p = make_elf_phdr(&made, PT_LOAD, PF_X, 0, 0);
    p->p_vaddr = 0x500000;
    p->p_memsz = 0x1000;
    const struct image *image = read_made();
    assert_int_equal(segment_at(image, 0x500000)->cleared_access, EVERYTHING);
    assert_int_equal(image->defects.total, 0); /* it keeps to the format */
}

TEST(pages_behind_constants_can_be_written_and_not_executed)
{
    clean();
    make_elf_phdr(&made, PT_LOAD, PF_R, MAKE_ELF_DATA, 0x100)->p_vaddr = 0x500000;
    make_elf_find(&made, PT_LOAD)->p_memsz = 0x1001;
    assert_int_equal(segment_at(read_made(), 0x500000)->cleared_access, ACCESS_READ | ACCESS_WRITE);
}

TEST(memory_that_ends_in_the_page_of_the_bytes_has_no_pages_of_its_own)
{
    clean();
    made.phdrs[MAKE_ELF_LOAD_DATA].p_memsz = 0x1000;
    const struct image *image = read_made();
    assert_int_equal(segment_at(image, make_elf_address(MAKE_ELF_DATA))->cleared_access, 0);
    assert_int_equal(image->defects.total, 0);
}

TEST(the_rest_of_a_page_is_cleared_where_it_can_be_written)
{
    clean();
    made.phdrs[MAKE_ELF_LOAD_CODE].p_flags |= PF_W;
    made.phdrs[MAKE_ELF_LOAD_CODE].p_filesz = MAKE_ELF_CODE + 8;
    made.header.e_entry += 16;
    const struct image *image = read_made();
    assert_int_equal(image->entry.known, KNOWN_COMPLETE);
    assert_false(image->entry.in_code);
}

TEST(the_rest_of_a_page_keeps_its_bytes_where_it_cannot_be_written)
{
    clean();
    made.phdrs[MAKE_ELF_LOAD_CODE].p_filesz = MAKE_ELF_CODE + 8;
    made.header.e_entry += 16;
    const struct image *image = read_made();
    assert_true(image->entry.in_code);
    assert_int_equal(image->entry.offset, MAKE_ELF_CODE + 16);
    only_defect(image, DEFECT_ID_elf_load);
}

/* The file ends in the page that is mapped last: zeros follow, not what an earlier segment has there. */
TEST(the_page_in_which_the_file_ends_hides_an_earlier_one)
{
    clean();
    made.section_count = 0;
    made.size = 0x3000;
    made.header.e_entry = made.phdrs[MAKE_ELF_LOAD_CODE].p_vaddr + MAKE_ELF_CODE + 0x20;
    Elf64_Phdr *p = make_elf_phdr(&made, PT_LOAD, PF_R | PF_X, 0x3000, 0x10);
    p->p_vaddr = MAKE_ELF_BASE + MAKE_ELF_CODE;
    make_elf_put(&made, 0x3000, "sixteen bytes...", 0x10);
    const struct image *image = read_made();
    assert_int_equal(image->entry.known, KNOWN_COMPLETE);
    assert_false(image->entry.in_code);
}

/* As in what ld.lld -n makes: Linux starts it, and it dies on the first instruction of the page. */
TEST(a_page_of_two_segments_has_the_access_of_the_later)
{
    enum { NEXT = 0x1000, SIZE = 0x100 };
    static const struct {
        uint32_t before, flags;
        uint64_t away, size;
        bool dies;
    } cases[] = {{PF_R | PF_X, PF_R | PF_W, 0, SIZE, true},
                 {PF_R | PF_X, PF_R, 0, SIZE, true},
                 {PF_R | PF_W, PF_R | PF_X, 0, SIZE, true},
                 {PF_R | PF_W, PF_R, 0, SIZE, true},
                 {PF_R | PF_X, PF_R | PF_X, 0, SIZE, false},
                 {PF_R | PF_W, PF_R | PF_W, 0, SIZE, false},
                 {PF_R, PF_R | PF_W, 0, SIZE, false},
                 {PF_R, PF_R | PF_X, 0, SIZE, false},
                 {PF_R | PF_X, PF_R | PF_W, NEXT, SIZE, false},
                 {PF_R | PF_X, PF_R | PF_W, 0, 0, false},
                 {PF_R | PF_W | PF_X, PF_R | PF_W, 0, SIZE, true}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        clean();
        made.phdrs[MAKE_ELF_LOAD_DATA].p_flags = cases[i].before;
        made.phdrs[MAKE_ELF_LOAD_DATA].p_filesz = made.phdrs[MAKE_ELF_LOAD_DATA].p_memsz =
            MAKE_ELF_FREE - MAKE_ELF_DATA;
        make_elf_phdr(&made, PT_LOAD, cases[i].flags, MAKE_ELF_FREE, cases[i].size)->p_vaddr += cases[i].away;
        const struct image *image = read_made();
        assert_int_equal(defects(image, DEFECT_ID_elf_load), cases[i].dies);
        assert_int_equal(image->segments.known, KNOWN_COMPLETE);
        file_close(&file);
    }
    clean(); /* the segment before it is none that can be mapped */
    made.phdrs[MAKE_ELF_LOAD_CODE].p_memsz = 1;
    made.phdrs[MAKE_ELF_LOAD_DATA].p_vaddr = MAKE_ELF_BASE;
    assert_int_equal(defects(read_made(), DEFECT_ID_elf_load), 1);
    file_close(&file);
    clean(); /* its memory ends where the page begins */
    made.section_count = 0;
    made.phdrs[MAKE_ELF_LOAD_CODE].p_filesz = made.phdrs[MAKE_ELF_LOAD_CODE].p_memsz = MAKE_ELF_DATA;
    made.phdrs[MAKE_ELF_LOAD_DATA].p_vaddr = MAKE_ELF_BASE + MAKE_ELF_DATA;
    assert_int_equal(read_made()->defects.total, 0);
}

TEST(no_process_has_the_last_page_of_addresses)
{
    clean();
    Elf64_Phdr *p = make_elf_phdr(&made, PT_LOAD, PF_R | PF_W, 0, 0);
    p->p_vaddr = (UINT64_C(1) << 47) - 0x2000;
    p->p_memsz = 0x2000;
    const struct image *image = read_made();
    only_defect(image, DEFECT_ID_elf_load);
    assert_int_equal(image->segments.known, KNOWN_BROKEN);
}

TEST(an_alignment_beyond_all_addresses_is_told)
{
    clean();
    made.phdrs[MAKE_ELF_LOAD_DATA].p_align = UINT64_C(1) << 47;
    only_defect(read_made(), DEFECT_ID_elf_load);
}

/* A property is told where it stands in the file, however the file's bytes are held: read from a descriptor, too,
 * where only the parts that were asked for are in memory. */
static void check_property(const struct image *image)
{
    enum { NOTE = 12, NAME = 4, HEAD = 8 };
    assert_int_equal(image->defects.total, 0);
    assert_true(image->elf->has_isa_needed);
    assert_int_equal(image->elf->isa_needed, 2);
    assert_int_equal(image->elf->isa_needed_offset, MAKE_ELF_NOTES + NOTE + NAME + HEAD);
}

TEST(a_property_is_told_where_it_stands)
{
    const uint32_t property[] = {0xc0008002, 4, 2, 0}; /* GNU_PROPERTY_X86_ISA_1_NEEDED: x86-64-v2 */
    const struct file_options options = {1 << 20, false};
    struct problem problem;
    uint8_t *bytes;
    clean();
    make_elf_note(&made, "GNU", NT_GNU_PROPERTY_TYPE_0, property, sizeof property);
    check_property(read_made());
    file_close(&file);
    size_t size = make_elf_write(&made, &bytes);
    int fd = memfd_create("program", 0);
    assert_int_equal(write(fd, bytes, size), size);
    free(bytes);
    assert_int_equal(file_from_fd(&file, fd, &options, &problem), STATUS_OK);
    read_file(&file, &(struct read_options){true}, &reading);
    assert_null(file.bytes);
    check_property(reading.images);
}

TEST(addresses_that_only_root_may_use_are_a_defect)
{
    static const struct {
        uint64_t address;
        size_t defects;
    } tries[] = {{0xf000, 1}, {0x10000, 0}};
    for (size_t i = 0; i < 2; i++) {
        clean();
        Elf64_Phdr first = made.phdrs[0];
        memmove(made.phdrs + 1, made.phdrs, made.phdr_count++ * sizeof *made.phdrs); /* in ascending order */
        made.phdrs[0] = first;
        made.phdrs[0].p_offset = MAKE_ELF_DATA;
        made.phdrs[0].p_flags = PF_R;
        made.phdrs[0].p_vaddr = tries[i].address;
        made.phdrs[0].p_filesz = made.phdrs[0].p_memsz = 16;
        const struct image *image = read_made();
        assert_int_equal(image->defects.total, tries[i].defects);
        file_close(&file);
    }
}

TEST(more_memory_than_machines_have_is_a_defect)
{
    clean();
    made.phdrs[MAKE_ELF_LOAD_DATA].p_memsz = (UINT64_C(1) << 40) + made.phdrs[MAKE_ELF_LOAD_DATA].p_filesz;
    assert_int_equal(read_made()->defects.total, 0);
    file_close(&file);
    made.phdrs[MAKE_ELF_LOAD_DATA].p_memsz++;
    only_defect(read_made(), DEFECT_ID_elf_load);
}

/* Linux 6.18 starts a program with more, and 6.12 does not. */
TEST(more_program_headers_than_a_page_holds_are_a_defect)
{
    for (size_t count = 73; count <= 74; count++) {
        clean();
        made.section_count = 0;
        while (made.phdr_count < count)
            (void)make_elf_phdr(&made, PT_NULL, 0, 0, 0);
        const struct image *image = read_made();
        assert_int_equal(image->defects.total, count == 74);
        assert_int_equal(image->linkage, LINKAGE_STATIC);
        file_close(&file);
    }
    clean();
    (void)read_made();
}

/* The kernel starts an ET_DYN with e_entry 0 where its addresses begin: told by execve() and exit status. */
TEST(an_entry_at_address_0_is_one_where_code_is)
{
    clean();
    made.header.e_type = ET_DYN;
    made.header.e_entry = 0;
    made.phdrs[MAKE_ELF_LOAD_CODE].p_vaddr = 0;
    made.phdrs[MAKE_ELF_LOAD_CODE].p_offset = MAKE_ELF_CODE;
    made.phdrs[MAKE_ELF_LOAD_CODE].p_filesz = made.phdrs[MAKE_ELF_LOAD_CODE].p_memsz = MAKE_ELF_CODE_SIZE;
    made.section_count = 0;
    const struct image *image = read_made();
    assert_int_equal(image->kind, KIND_EXECUTABLE);
    assert_true(image->entry.in_code);
    only_defect(image, DEFECT_ID_elf_entry_zero);
}

/* There "\x7fE" of the header is run as JG to byte 0x47. */
TEST(a_header_as_code_is_an_entry_where_its_jump_leads_to_code)
{
    for (unsigned code = 0; code < 2; code++) {
        clean();
        made.header.e_type = ET_DYN;
        made.header.e_entry = 0;
        made.section_count = 0;
        for (size_t i = 0; i < made.phdr_count; i++)
            made.phdrs[i].p_vaddr -= i == MAKE_ELF_STACK ? 0 : MAKE_ELF_BASE;
        made.phdrs[0].p_flags |= code << 24;
        const struct image *image = read_made();
        assert_int_equal(image->entry.in_code, code);
        assert_int_equal(image->defects.total, code);
        file_close(&file);
    }
    clean();
    (void)read_made();
}

/* As `patchelf --add-needed` leaves a program: .dynstr ends in the PT_LOAD behind the one that it begins in. Debian's kernel and
 * glibc run such a program (PyPI: semgrep 1.185.0, semgrep-core). `gap`: of the file, which is not mapped. */
static const struct image *read_over_two(uint64_t gap, uint32_t section_flags)
{
    enum { BORDER = 0x3000, STRINGS = BORDER - 8, SIZE = 0x20 };
    clean();
    make_elf_interp(&made, "/lib64/ld-linux-x86-64.so.2");
    make_elf_dyn_text(&made, DT_NEEDED, "libc.so.6")->d_un.d_val = 1;
    make_elf_find_dyn(&made, DT_STRTAB)->d_un.d_ptr = make_elf_address(STRINGS);
    make_elf_find_dyn(&made, DT_STRSZ)->d_un.d_val = SIZE;
    make_elf_put(&made, STRINGS, "\0libc.so.6", 11);
    make_elf_put(&made, BORDER + 0x1fff, "", 1);
    made.phdrs[MAKE_ELF_LOAD_DATA].p_filesz = made.phdrs[MAKE_ELF_LOAD_DATA].p_memsz = BORDER - MAKE_ELF_DATA;
    make_elf_phdr(&made, PT_LOAD, PF_R, BORDER, 0x1000)->p_offset += gap;
    made.phdrs[made.phdr_count - 1].p_align = 0x1000;
    Elf64_Shdr *table = &make_elf_section(&made, ".dynstr", SHT_STRTAB, NULL, SIZE)->header;
    table->sh_flags = SHF_ALLOC | section_flags;
    table->sh_addr = make_elf_address(STRINGS);
    table->sh_offset = STRINGS;
    Elf64_Shdr *dynamic = &make_elf_section(&made, ".dynamic", SHT_DYNAMIC, NULL, 0x80)->header;
    dynamic->sh_flags = SHF_ALLOC | SHF_WRITE;
    dynamic->sh_addr = make_elf_address(MAKE_ELF_DATA);
    dynamic->sh_offset = MAKE_ELF_DATA;
    return read_made();
}

TEST(what_two_segments_map_in_a_row_is_one_table)
{
    const struct image *image = read_over_two(0, 0);
    assert_int_equal(image->defects.total, 0);
    assert_int_equal(image->needed.count, 1);
    assert_string_equal(image->needed.items[0].text, "libc.so.6");
}

TEST(what_two_segments_map_from_elsewhere_is_no_table)
{
    const struct image *image = read_over_two(0x1000, 0);
    assert_true(defects(image, DEFECT_ID_elf_string) > 0);
    assert_int_equal(defects(image, DEFECT_ID_elf_section_view), 1);
    assert_int_equal(image->needed.known, KNOWN_BROKEN);
}

TEST(a_section_over_two_segments_has_the_access_of_both)
{
    only_defect(read_over_two(0, SHF_WRITE), DEFECT_ID_elf_section_view);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_property_is_told_where_it_stands),
        T(pages_behind_the_bytes_of_code_can_be_written),
        T(pages_of_code_without_any_bytes_can_be_written),
        T(pages_behind_constants_can_be_written_and_not_executed),
        T(memory_that_ends_in_the_page_of_the_bytes_has_no_pages_of_its_own),
        T(the_rest_of_a_page_is_cleared_where_it_can_be_written),
        T(the_rest_of_a_page_keeps_its_bytes_where_it_cannot_be_written),
        T(the_page_in_which_the_file_ends_hides_an_earlier_one),
        T(a_page_of_two_segments_has_the_access_of_the_later),
        T(what_two_segments_map_in_a_row_is_one_table),
        T(what_two_segments_map_from_elsewhere_is_no_table),
        T(a_section_over_two_segments_has_the_access_of_both),
        T(no_process_has_the_last_page_of_addresses),
        T(an_alignment_beyond_all_addresses_is_told),
        T(addresses_that_only_root_may_use_are_a_defect),
        T(more_memory_than_machines_have_is_a_defect),
        T(an_entry_at_address_0_is_one_where_code_is),
        T(a_header_as_code_is_an_entry_where_its_jump_leads_to_code),
        T(more_program_headers_than_a_page_holds_are_a_defect),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
