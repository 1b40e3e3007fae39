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
                 {RELA, 48, 3, true, 2},   {RELA, 0, 0, false, 0},       {RELA, 47, 0, true, 0},
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

/* What a table is for is told with its size and the form of its entries, or not at all. */
TEST(tables_of_relocations_tell_their_form)
{
    static const struct {
        const char *sentence;
        int64_t table, size, form; /* tags; DT_NULL: none */
        uint64_t value;
        size_t wrong;
    } cases[] = {{"DT_RELA", DT_RELA, DT_RELASZ, DT_RELAENT, 24, 0},
                 {"another form", DT_RELA, DT_RELASZ, DT_RELAENT, 16, 1},
                 {"no form", DT_RELA, DT_RELASZ, DT_NULL, 0, 1},
                 {"no size", DT_RELA, DT_NULL, DT_RELAENT, 24, 1},
                 {"no table", DT_NULL, DT_RELASZ, DT_RELAENT, 24, 1},
                 {"neither", DT_NULL, DT_NULL, DT_RELAENT, 16, 0},
                 {"DT_JMPREL", DT_JMPREL, DT_PLTRELSZ, DT_PLTREL, DT_RELA, 0},
                 {"DT_REL", DT_JMPREL, DT_PLTRELSZ, DT_PLTREL, DT_REL, 1},
                 {"DT_RELR", DT_RELR, DT_RELRSZ, DT_RELRENT, 8, 0},
                 {"another form", DT_RELR, DT_RELRSZ, DT_RELRENT, 4, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        clean();
        if (cases[i].form)
            make_elf_dyn(&made, cases[i].form, cases[i].value);
        if (cases[i].size)
            make_elf_dyn(&made, cases[i].size, 24);
        if (cases[i].table)
            make_elf_dyn(&made, cases[i].table, make_elf_address(RELA));
        if (!cases[i].form)
            make_elf_find_dyn(&made, DT_RELAENT)->d_tag = DT_DEBUG;
        make_elf_interp(&made, "/lib/ld.so"); /* what stands in the tables is for the loader */
        write_made(0);
        if (defects(read_written(size), DEFECT_ID_elf_relocations) != cases[i].wrong)
            print_error("%s\n", cases[i].sentence);
        assert_int_equal(defects(reading.images, DEFECT_ID_elf_relocations), cases[i].wrong);
        for (size_t k = 0; cases[i].wrong && k < reading.images->defects.count; k++)
            if (reading.images->defects.items[k].id == DEFECT_ID_elf_relocations)
                assert_int_equal(strncmp(reading.images->defects.items[k].observed, "both", 4) == 0,
                                 cases[i].table && cases[i].size);
    }
    clean();
    make_elf_dyn(&made, DT_RELASZ, 0); /* the size of nothing */
    make_elf_find_dyn(&made, DT_SYMENT)->d_un.d_val = 16;
    write_made(0);
    assert_int_equal(defects(read_written(size), DEFECT_ID_elf_relocations), 1); /* of DT_SYMENT */
    for (unsigned how = 0; how < 2; how++) { /* of DT_JMPREL glibc takes the form for a sign that it is there */
        clean();
        make_elf_dyn(&made, DT_PLTRELSZ, 0);
        if (how)
            make_elf_dyn(&made, DT_PLTREL, DT_RELA);
        write_made(0);
        assert_int_equal(defects(read_written(size), DEFECT_ID_elf_relocations), how);
    }
    clean();
    make_elf_dyn(&made, DT_DEBUG, 0);
    make_elf_find_dyn(&made, DT_SYMTAB)->d_un.d_ptr = 0x900000;
    write_made(0);
    assert_int_equal(defects(read_written(size), DEFECT_ID_elf_hash), 1);
}

/* A table that does not begin where relocations do shows others than there can be. */
TEST(relocations_are_of_what_is_mapped_and_of_some_type)
{
    static const struct {
        uint64_t first, table;
        uint32_t type;
        uint64_t count; /* of DT_RELACOUNT */
        bool program;   /* that applies them itself */
        bool wrong;
    } cases[] = {{0x12700, 0, R_X86_64_64, 0, false, false},
                 {0x12700, 0, 2047, 0, false, false},
                 {0x12700, 0, 2048, 0, false, true},
                 {0x92700, 0, R_X86_64_64, 0, false, true},
                 {0x92700, 0, R_X86_64_NONE, 0, false, false},
                 {0x92700, 0, R_X86_64_RELATIVE, 2, false, false},
                 {0x92700, 0, R_X86_64_RELATIVE, 2, true, true},
                 {0x12700, 0, R_X86_64_RELATIVE, 2, true, false},
                 {0x12700, 0, R_X86_64_RELATIVE, 3, true, true},
                 {0x12700, 0, R_X86_64_IRELATIVE, 1, true, true},
                 {0x12700, 4, R_X86_64_NONE, 0, false, true}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t base = cases[i].program ? 0 : MAKE_ELF_BASE;
        if (cases[i].program)
            clean_pie();
        else
            clean();
        if (!cases[i].program)
            make_elf_interp(&made, "/lib/ld.so");
        make_elf_dyn(&made, DT_RELA, base + 0x10000 + RELA + cases[i].table);
        make_elf_dyn(&made, DT_RELASZ, 48);
        make_elf_dyn(&made, DT_RELACOUNT, cases[i].count);
        rela(0, base + cases[i].first, cases[i].type);
        rela(1, base + cases[i].first + 8, cases[i].type);
        write_made(0);
        assert_int_equal(defects(read_written(size), DEFECT_ID_elf_relocations) > 0, cases[i].wrong);
    }
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
        F(tables_of_relocations_tell_their_form),
        F(relocations_are_of_what_is_mapped_and_of_some_type),
        F(counted_relative_relocations_are_passed_over),
        F(a_static_program_has_relocations_in_sections),
        F(slots_are_protected_by_relro_or_by_their_segment),
        F(relro_begins_and_ends_somewhere),
    };
    return cmocka_run_group_tests_name("test_elf_relocations", tests, NULL, NULL);
}
