/* Relocations by their kind, their place and what they write (psABI of x86-64, AAELF64). */
#include "tests/formats/written_elf.h"

enum { RELA = MAKE_ELF_FREE };

static void rela(size_t index, uint64_t address, uint32_t type)
{
    const uint64_t words[] = {address, type, 0};
    make_elf_put(&made, RELA + index * 24, words, sizeof words);
}

TEST(relocations_are_counted_by_their_kind)
{
    static const struct {
        enum arch arch;
        uint32_t type;
        uint64_t slots, irelative, tls, symbolic;
    } cases[] = {{ARCH_AMD64, R_X86_64_GLOB_DAT, 1, 0, 0, 0},   {ARCH_AMD64, R_X86_64_JUMP_SLOT, 1, 0, 0, 0},
                 {ARCH_AMD64, R_X86_64_IRELATIVE, 1, 1, 0, 0},  {ARCH_AMD64, R_X86_64_RELATIVE, 0, 0, 0, 0},
                 {ARCH_AMD64, R_X86_64_DTPMOD64, 0, 0, 1, 1},   {ARCH_AMD64, R_X86_64_TLSDESC, 0, 0, 1, 1},
                 {ARCH_AMD64, R_X86_64_64, 0, 0, 0, 1},         {ARCH_ARM64, R_AARCH64_GLOB_DAT, 1, 0, 0, 0},
                 {ARCH_ARM64, R_AARCH64_JUMP_SLOT, 1, 0, 0, 0}, {ARCH_ARM64, R_AARCH64_IRELATIVE, 1, 1, 0, 0},
                 {ARCH_ARM64, R_AARCH64_RELATIVE, 0, 0, 0, 0},  {ARCH_ARM64, R_AARCH64_TLS_DTPMOD, 0, 0, 1, 1},
                 {ARCH_ARM64, R_AARCH64_TLSDESC, 0, 0, 1, 1},   {ARCH_ARM64, R_AARCH64_ABS64, 0, 0, 0, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        make_elf_clean(&made, cases[i].arch);
        make_elf_dyn(&made, DT_RELA, make_elf_address(RELA));
        make_elf_dyn(&made, DT_RELASZ, 72);
        rela(0, make_elf_address(0x2700), cases[i].arch == ARCH_AMD64 ? R_X86_64_RELATIVE : R_AARCH64_RELATIVE);
        rela(1, make_elf_address(0x2708), cases[i].type);
        rela(2, make_elf_address(0x2710), cases[i].type);
        write_made(0);
        const struct elf_extra *extra = read_written(size)->elf;
        assert_int_equal(extra->relocations, 3);
        assert_int_equal(extra->slots, 2 * cases[i].slots);
        assert_int_equal(extra->irelative, 2 * cases[i].irelative);
        assert_int_equal(extra->dynamic_tls, 2 * cases[i].tls);
        assert_int_equal(extra->first_dynamic_tls_offset, cases[i].tls ? RELA + 24 : 0);
        assert_int_equal(extra->symbolic_relocations, 2 * cases[i].symbolic);
        assert_int_equal(extra->text_relocation_offset, 0);
    }
}

TEST(relocations_of_what_nobody_may_write)
{
    static const struct {
        uint64_t first, second;
        uint32_t type;
        uint64_t told;
    } cases[] = {{0x2700, 0x1010, R_X86_64_64, RELA + 24},
                 {0x1010, 0x1018, R_X86_64_64, RELA},
                 {0x1010, 0x2700, R_X86_64_64, RELA},
                 {0x1010, 0x1018, R_X86_64_NONE, 0},
                 {0x9000, 0x2700, R_X86_64_64, 0} /* where no memory is, nobody says that it cannot be written */};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        clean();
        make_elf_dyn(&made, DT_RELA, make_elf_address(RELA));
        make_elf_dyn(&made, DT_RELASZ, 48);
        rela(0, make_elf_address(cases[i].first), cases[i].type);
        rela(1, make_elf_address(cases[i].second), cases[i].type);
        write_made(0);
        assert_int_equal(read_written(size)->elf->text_relocation_offset, cases[i].told);
    }
}

TEST(a_table_of_relocations_is_inside_of_a_segment)
{
    static const struct {
        uint64_t address, size, count; /* of DT_RELACOUNT */
        bool broken;
        uint64_t relocations;
    } cases[] = {{RELA, 48, 0, false, 2},  {RELA, 48, 1, false, 2},      {RELA, 48, 2, false, 2},
                 {RELA, 48, 3, false, 2},  {RELA, 0, 0, false, 0},       {RELA, 47, 0, true, 0},
                 {0x9000, 48, 0, true, 0}, {RELA, 24 * 100, 0, true, 0}, {RELA, 24 * 100, 2, true, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        clean();
        make_elf_dyn(&made, DT_RELA, make_elf_address(cases[i].address));
        make_elf_dyn(&made, DT_RELASZ, cases[i].size);
        make_elf_dyn(&made, DT_RELACOUNT, cases[i].count);
        write_made(0);
        const struct image *image = read_written(size);
        assert_int_equal(image->elf->relocations_known, cases[i].broken ? KNOWN_BROKEN : KNOWN_COMPLETE);
        assert_int_equal(image->elf->relocations, cases[i].relocations);
        assert_int_equal(defects(image, DEFECT_ID_elf_relocations), cases[i].broken);
    }
    clean(); /* no size: no table */
    make_elf_dyn(&made, DT_RELA, make_elf_address(RELA));
    write_made(0);
    assert_int_equal(read_written(size)->elf->relocations_known, KNOWN_COMPLETE);
}

/* DT_RELACOUNT passes over those that it counts: they write no slot. */
TEST(counted_relative_relocations_are_passed_over)
{
    for (uint64_t count = 0; count <= 3; count++) {
        clean();
        make_elf_dyn(&made, DT_RELA, make_elf_address(RELA));
        make_elf_dyn(&made, DT_RELASZ, 72);
        make_elf_dyn(&made, DT_RELACOUNT, count);
        for (size_t i = 0; i < 3; i++)
            rela(i, make_elf_address(0x2700 + 8 * i), R_X86_64_GLOB_DAT);
        write_made(0);
        const struct elf_extra *extra = read_written(size)->elf;
        assert_int_equal(extra->slots, 3 - count);
        assert_int_equal(extra->relocations, 3);
    }
}

/* Without PT_DYNAMIC the sections say where IRELATIVE relocations stand: loaded ones, each byte once. */
TEST(a_static_program_has_relocations_in_sections)
{
    static const struct {
        uint32_t type;
        uint64_t flags, size;
        size_t copies;
        uint64_t slots;
        bool broken;
    } cases[] = {{SHT_RELA, SHF_ALLOC, 48, 1, 2, false},     {SHT_RELA, 0, 48, 1, 0, false},
                 {SHT_PROGBITS, SHF_ALLOC, 48, 1, 0, false}, {SHT_RELA, SHF_ALLOC, 0, 1, 0, false},
                 {SHT_RELA, SHF_ALLOC, 47, 1, 1, false},     {SHT_RELA, SHF_ALLOC, 48, 2, 4, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        clean();
        for (size_t k = 0; k < cases[i].copies; k++) {
            Elf64_Shdr *h = &make_elf_section(&made, ".rela.plt", cases[i].type, NULL, cases[i].size)->header;
            h->sh_flags = cases[i].flags;
            h->sh_offset = RELA;
            h->sh_addr = make_elf_address(RELA);
        }
        rela(0, make_elf_address(0x2700), R_X86_64_IRELATIVE);
        rela(1, make_elf_address(0x2708), R_X86_64_IRELATIVE);
        write_made(0);
        const struct elf_extra *extra = read_written(size)->elf;
        assert_int_equal(extra->slots, cases[i].slots);
        assert_int_equal(extra->slots_known, cases[i].broken ? KNOWN_BROKEN : KNOWN_COMPLETE);
    }
    clean(); /* two that are larger than the file together */
    for (size_t k = 0; k < 2; k++) {
        Elf64_Shdr *h = &make_elf_section(&made, ".rela.plt", SHT_RELA, NULL, 0x2000)->header;
        h->sh_flags = SHF_ALLOC;
        h->sh_offset = 0x800;
    }
    write_made(0);
    assert_int_equal(read_written(size)->elf->slots_known, KNOWN_BROKEN);
    clean();
    made.section_count = 0; /* nothing says where they would be */
    write_made(0);
    assert_int_equal(read_written(size)->elf->slots_known, KNOWN_BROKEN);
}

/* A slot in RELRO, in memory that was never writable, in neither. */
TEST(slots_are_protected_by_relro_or_by_their_segment)
{
    static const struct {
        uint64_t first, second;
        uint64_t unprotected, told;
    } cases[] = {{0x2000, 0x2ff8, 0, 0},
                 {0x2000, 0x3000, 1, 0x3000},
                 {0x1010, 0x2010, 0, 0},
                 {0x3000, 0x2000, 1, 0x3000},
                 {0x3000, 0x3008, 2, 0x3000}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        clean();
        made.phdrs[MAKE_ELF_LOAD_DATA].p_memsz = 0x3000;
        make_elf_phdr(&made, PT_GNU_RELRO, PF_R, 0x2000, 0x800)->p_memsz = 0x1000;
        make_elf_dyn(&made, DT_RELA, make_elf_address(RELA));
        make_elf_dyn(&made, DT_RELASZ, 48);
        rela(0, make_elf_address(cases[i].first), R_X86_64_GLOB_DAT);
        rela(1, make_elf_address(cases[i].second), R_X86_64_GLOB_DAT);
        write_made(0);
        const struct elf_extra *extra = read_written(size)->elf;
        assert_int_equal(extra->slots, 2);
        assert_int_equal(extra->slots_unprotected, cases[i].unprotected);
        assert_int_equal(extra->first_unprotected, cases[i].told ? make_elf_address(cases[i].told) : 0);
    }
}

/* RELRO protects neither what stands in front of it nor what stands behind it. */
TEST(relro_begins_and_ends_somewhere)
{
    for (uint64_t relro = 0x2000; relro <= 0x4000; relro += 0x1000)
        for (uint64_t slot = 0x2000; slot <= 0x4000; slot += 0x1000) {
            clean();
            made.phdrs[MAKE_ELF_LOAD_DATA].p_memsz = 0x3000;
            make_elf_phdr(&made, PT_GNU_RELRO, PF_R, relro, 0)->p_memsz = 0x1000;
            make_elf_dyn(&made, DT_RELA, make_elf_address(RELA));
            make_elf_dyn(&made, DT_RELASZ, 24);
            rela(0, make_elf_address(slot), R_X86_64_GLOB_DAT);
            write_made(0);
            assert_int_equal(read_written(size)->elf->slots_unprotected, slot != relro);
        }
}

#define F(name) cmocka_unit_test_teardown(name, finish)
int main(void)
{
    const struct CMUnitTest tests[] = {
        F(relocations_are_counted_by_their_kind),
        F(relocations_of_what_nobody_may_write),
        F(a_table_of_relocations_is_inside_of_a_segment),
        F(counted_relative_relocations_are_passed_over),
        F(a_static_program_has_relocations_in_sections),
        F(slots_are_protected_by_relro_or_by_their_segment),
        F(relro_begins_and_ends_somewhere),
    };
    return cmocka_run_group_tests_name("test_elf_relocations", tests, NULL, NULL);
}
