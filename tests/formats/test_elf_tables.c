/* Headers of machines that are named and not judged, section tables of every shape (gABI "Section Header": extended numbering),
 * and notes. */
#include "tests/formats/written_elf.h"

/* ---- headers ---- */

TEST(foreign_machines_are_named)
{
    static const struct {
        unsigned machine, class, data, phentsize, bits;
        const char *name;
        bool judged;
    } cases[] = {
        {EM_X86_64, ELFCLASS32, ELFDATA2LSB, 32, 32, "x32", false},
        {EM_X86_64, ELFCLASS32, ELFDATA2LSB, 56, 64, "amd64", true}, /* the kernel reads 64 bits */
        {EM_AARCH64, ELFCLASS32, ELFDATA2LSB, 32, 32, "arm64_ilp32", false},
        {EM_AARCH64, ELFCLASS64, ELFDATA2MSB, 56, 64, "arm64be", false},
        {EM_AARCH64, ELFCLASS32, ELFDATA2MSB, 32, 32, "arm64be", false},
        {EM_386, ELFCLASS32, ELFDATA2LSB, 32, 32, "386", false},
        {EM_ARM, ELFCLASS32, ELFDATA2LSB, 32, 32, "arm", false},
        {EM_RISCV, ELFCLASS64, ELFDATA2LSB, 56, 64, "riscv", false},
        {EM_S390, ELFCLASS64, ELFDATA2MSB, 56, 64, "s390x", false},
        {EM_PPC64, ELFCLASS64, ELFDATA2MSB, 56, 64, "ppc64", false},
        {258, ELFCLASS64, ELFDATA2LSB, 56, 64, "loong64", false},
        {4711, ELFCLASS64, ELFDATA2LSB, 56, 64, "e_machine 4711", false},
        {EM_RISCV, 3, ELFDATA2LSB, 56, 0, "riscv", false},
        {EM_NONE, ELFCLASS64, ELFDATA2LSB, 56, 64, "e_machine 0", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (unsigned type = ET_NONE; type <= ET_CORE + 1; type++) {
            static const enum kind kinds[] = {KIND_UNKNOWN,        KIND_OBJECT, KIND_EXECUTABLE,
                                              KIND_SHARED_LIBRARY, KIND_CORE,   KIND_OTHER};
            bool big = cases[i].data == ELFDATA2MSB,
                 odd = type == ET_NONE || cases[i].machine == EM_NONE || !cases[i].bits;
            clean();
            write_made(0);
            header.e_ident[EI_CLASS] = (uint8_t)cases[i].class;
            header.e_ident[EI_DATA] = (uint8_t)cases[i].data;
            header.e_phentsize = (Elf64_Half)cases[i].phentsize;
            header.e_machine = (Elf64_Half)(big ? cases[i].machine << 8 : cases[i].machine);
            header.e_type = (Elf64_Half)(big ? type << 8 : type);
            const struct image *image = read_written(size);
            assert_string_equal(image->name, cases[i].name);
            assert_int_equal(image->judged, cases[i].judged);
            if (cases[i].judged)
                continue;
            assert_int_equal(image->bits, cases[i].bits);
            assert_int_equal(image->big_endian, big);
            assert_int_equal(image->kind, kinds[type]);
            assert_true(image->arch != ARCH_AMD64 && image->arch != ARCH_ARM64);
            assert_int_equal(defects(image, DEFECT_ID_elf_header), odd);
            assert_int_equal(image->needed.known, KNOWN_BROKEN);
        }
}

TEST(a_header_that_is_cut_is_named_as_far_as_it_goes)
{
    static const size_t sizes[] = {20, 55, 63};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (unsigned arm64 = 0; arm64 < 2; arm64++) {
            make_elf_clean(&made, arm64 ? ARCH_ARM64 : ARCH_AMD64);
            write_made(0);
            const struct image *image = read_written(sizes[i]);
            assert_string_equal(image->name, arm64 ? "arm64" : "amd64");
            assert_false(image->judged);
            assert_int_equal(image->arch, ARCH_OTHER);
            only_defect(image, DEFECT_ID_file_truncated);
        }
    assert_string_equal(read_written(19)->name, "elf");
}

TEST(the_abi_byte_names_a_system)
{
    static const enum os systems[256] = {
        [ELFOSABI_SYSV] = OS_LINUX,    [ELFOSABI_GNU] = OS_LINUX,       [ELFOSABI_FREEBSD] = OS_FREEBSD,
        [ELFOSABI_NETBSD] = OS_NETBSD, [ELFOSABI_OPENBSD] = OS_OPENBSD, [ELFOSABI_SOLARIS] = OS_SOLARIS};
    for (unsigned abi = 0; abi < 256; abi++) {
        clean();
        write_made(0);
        header.e_ident[EI_OSABI] = (uint8_t)abi;
        assert_int_equal(read_written(size)->os, systems[abi] ? systems[abi] : OS_UNKNOWN);
    }
}

/* ---- section tables; readelf -S lists the same sections of each ---- */

static void put_word(size_t at, uint64_t value, size_t width)
{
    memcpy(bytes + at, &value, width);
}

TEST(the_number_of_sections_may_stand_in_the_first)
{
    enum { SIZE_AT = 32, LINK_AT = 40 };
    for (unsigned how = 0; how < 4; how++) { /* bit 0: the number; bit 1: the index of the names */
        clean();
        make_elf_symtab(&made);
        write_made(0);
        unsigned count = header.e_shnum;
        if (how & 1)
            put_word(header.e_shoff + SIZE_AT, header.e_shnum, 8);
        if (how & 2)
            put_word(header.e_shoff + LINK_AT, header.e_shstrndx, 4);
        header.e_shnum = how & 1 ? 0 : header.e_shnum;
        header.e_shstrndx = how & 2 ? SHN_XINDEX : header.e_shstrndx;
        const struct image *image = read_written(size);
        assert_int_equal(image->defects.total, 0);
        assert_int_equal(image->sections.known, KNOWN_COMPLETE);
        assert_int_equal(image->sections.count, count);
        assert_string_equal(image->sections.items[2].name, ".symtab");
        assert_int_equal(image->symbols.count, 2);
    }
}

/* As readelf, eu-readelf and llvm-readelf have it, too. */
TEST(a_table_of_sections_may_stand_anywhere)
{
    for (size_t off = 0; off <= 8; off++) {
        clean();
        write_made(8);
        memmove(bytes + header.e_shoff + off, bytes + header.e_shoff, size - header.e_shoff);
        header.e_shoff += off;
        const struct image *image = read_written(size + off);
        assert_int_equal(image->defects.total, 0);
        assert_int_equal(image->sections.known, KNOWN_COMPLETE);
        assert_int_equal(image->sections.count, 3);
        assert_string_equal(image->sections.items[1].name, ".text");
    }
}

TEST(a_table_needs_names_for_more_than_the_null_section)
{
    for (Elf64_Half count = 0; count <= 2; count++) {
        clean();
        write_made(0);
        header.e_shnum = count;
        header.e_shstrndx = SHN_UNDEF;
        const struct image *image = read_written(size);
        assert_int_equal(image->sections.count, count);
        assert_int_equal(defects(image, DEFECT_ID_elf_section_names), count == 2);
        assert_int_equal(image->sections.known, count == 0 ? KNOWN_ABSENT : count == 1 ? KNOWN_COMPLETE : KNOWN_BROKEN);
    }
}

TEST(names_are_those_of_a_string_table_with_bytes)
{
    static const uint32_t types[] = {SHT_STRTAB, SHT_PROGBITS, SHT_NOBITS};
    for (size_t i = 0; i < 3; i++) {
        clean();
        write_made(0);
        put_word(header.e_shoff + header.e_shstrndx * sizeof(Elf64_Shdr) + 4, types[i], 4);
        const struct image *image = read_written(size);
        assert_int_equal(defects(image, DEFECT_ID_elf_section_names), i != 0);
        assert_string_equal(image->sections.items[1].name, i ? "" : ".text");
    }
}

/* Sections without a name have sh_name 0; where a name is empty elsewhere, its bytes are lost. */
TEST(a_name_that_is_led_to_is_there)
{
    for (unsigned how = 0; how < 6; how++) {
        clean();
        write_made(0);
        const size_t first = header.e_shoff + sizeof(Elf64_Shdr);
        uint32_t at = load_le32(bytes + first);
        size_t table = (size_t)load_le64(bytes + header.e_shoff + header.e_shstrndx * sizeof(Elf64_Shdr) + 24);
        if (how == 1)
            put_word(first, 0, 4);
        if (how >= 2)
            put_word(table + at, 0, how == 4 ? 3 : 4);
        if (how == 3)
            put_word(first + 4, SHT_NULL, 4);
        if (how == 5) /* one NUL, at the end of the table */
            put_word(first, load_le64(bytes + header.e_shoff + header.e_shstrndx * sizeof(Elf64_Shdr) + 32) - 1, 4);
        const struct image *image = read_written(size);
        assert_int_equal(defects(image, DEFECT_ID_bytes_lost), how == 2);
        assert_string_equal(image->sections.items[1].name, how ? "" : ".text");
    }
}

TEST(a_symbol_table_is_of_whole_entries_and_has_strings)
{
    static const struct {
        uint64_t entsize, size, link, defects;
    } cases[] = {{24, 48, 3, 0}, {24, 47, 3, 1},  {23, 48, 3, 1}, {0, 48, 3, 1},
                 {24, 48, 1, 1}, {24, 48, 99, 1}, {24, 0, 3, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        clean();
        make_elf_symtab(&made);
        made.sections[1].header.sh_entsize = cases[i].entsize;
        made.sections[1].header.sh_size = cases[i].size;
        made.sections[1].header.sh_link = (Elf64_Word)cases[i].link;
        write_made(0);
        const struct image *image = read_written(size);
        assert_int_equal(defects(image, DEFECT_ID_elf_symbol_table), cases[i].defects);
        assert_int_equal(image->symbols.count, cases[i].entsize ? cases[i].size / cases[i].entsize : 0);
        assert_int_equal(image->symbols.known, KNOWN_COMPLETE);
    }
}

/* ---- notes ---- */

TEST(a_note_of_a_system_names_it)
{
    static const struct {
        const char *name;
        uint32_t type;
        enum os os;
    } cases[] = {{"FreeBSD", 1, OS_FREEBSD},   {"NetBSD", 1, OS_NETBSD}, {"OpenBSD", 1, OS_OPENBSD},
                 {"Android", 1, OS_ANDROID},   {"Android", 2, OS_LINUX}, {"Androic", 1, OS_LINUX},
                 {"DragonFly", 1, OS_UNKNOWN}, {"Minix", 1, OS_UNKNOWN}, {"FreeBS", 1, OS_LINUX}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        clean();
        make_elf_note(&made, cases[i].name, cases[i].type, "\1\0\0", 4);
        write_made(0);
        assert_int_equal(read_written(size)->os, cases[i].os);
    }
}

/* As Cosmopolitan's programs have them, which Linux runs (PyPI: cosmo-file 5.46.6): what is left is EI_OSABI. */
TEST(notes_of_several_systems_name_none)
{
    static const struct {
        const char *names[3];
        uint8_t abi;
        enum os os;
    } cases[] = {
        {{"OpenBSD", "NetBSD"}, ELFOSABI_SYSV, OS_LINUX}, {{"OpenBSD", "NetBSD"}, ELFOSABI_FREEBSD, OS_FREEBSD},
        {{"NetBSD", "NetBSD"}, ELFOSABI_SYSV, OS_NETBSD}, {{"NetBSD", "OpenBSD", "NetBSD"}, ELFOSABI_SYSV, OS_LINUX},
        {{"NetBSD", "Minix"}, ELFOSABI_SYSV, OS_LINUX},   {{"OpenBSD", "NetBSD", "Xen"}, ELFOSABI_SYSV, OS_UNKNOWN},
        {{"OpenBSD", "Other"}, ELFOSABI_SYSV, OS_OPENBSD}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        clean();
        for (size_t k = 0; k < 3 && cases[i].names[k]; k++)
            make_elf_note(&made, cases[i].names[k], 1, "\1\0\0", 4);
        made.header.e_ident[EI_OSABI] = cases[i].abi;
        write_made(0);
        assert_int_equal(read_written(size)->os, cases[i].os);
    }
    static const uint32_t desc[] = {0, 3, 2, 0};
    for (unsigned abi = 0; abi < 2; abi++) { /* the tag of Linux is one of them */
        clean();
        make_elf_note(&made, "NetBSD", 1, "\1\0\0", 4);
        make_elf_note(&made, "GNU", NT_GNU_ABI_TAG, desc, sizeof desc);
        made.header.e_ident[EI_OSABI] = abi ? ELFOSABI_NETBSD : ELFOSABI_SYSV;
        write_made(0);
        assert_int_equal(read_written(size)->os, abi ? OS_NETBSD : OS_LINUX);
    }
}

TEST(the_abi_tag_names_a_system_too)
{
    static const enum os systems[] = {OS_LINUX, OS_UNKNOWN, OS_SOLARIS, OS_FREEBSD, OS_UNKNOWN};
    for (uint32_t tag = 0; tag < 5; tag++)
        for (uint32_t less = 0; less < 2; less++) {
            uint32_t desc[] = {tag, 3, 2, 0};
            clean();
            make_elf_note(&made, "GNU", NT_GNU_ABI_TAG, desc, sizeof desc - 4 * less);
            write_made(0);
            const struct image *image = read_written(size);
            assert_int_equal(image->elf->abi_tag, !less);
            assert_int_equal(image->os, less ? OS_LINUX : systems[tag]);
            assert_int_equal(image->defects.total, 0);
        }
}

TEST(properties_are_those_of_the_machine)
{
    static const struct {
        enum arch arch;
        uint32_t type, length;
        bool feature, isa;
    } cases[] = {{ARCH_AMD64, 0xc0000002, 4, true, false},  {ARCH_AMD64, 0xc0008002, 4, false, true},
                 {ARCH_AMD64, 0xc0000000, 4, false, false}, {ARCH_ARM64, 0xc0000000, 4, true, false},
                 {ARCH_ARM64, 0xc0000002, 4, false, false}, {ARCH_ARM64, 0xc0008002, 4, false, false},
                 {ARCH_AMD64, 0xc0000002, 3, false, false}, {ARCH_AMD64, 0xc0000002, 0, false, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint32_t desc[] = {cases[i].type, cases[i].length, 3, 0};
        make_elf_clean(&made, cases[i].arch);
        make_elf_note(&made, "GNU", 5 /* NT_GNU_PROPERTY_TYPE_0 */, desc, cases[i].length ? 16 : 8);
        write_made(0);
        const struct image *image = read_written(size);
        assert_int_equal(image->elf->has_feature_1, cases[i].feature);
        assert_int_equal(image->elf->feature_1, cases[i].feature ? 3 : 0);
        assert_int_equal(image->elf->has_isa_needed, cases[i].isa);
        assert_int_equal(image->defects.total, 0);
    }
}

/* A build id is shown up to 64 bytes; SHA-1 has 20, and nobody more than that. */
TEST(a_build_id_has_a_size)
{
    static const uint8_t id[68] = {0xab};
    for (uint32_t length = 60; length <= 68; length += 4) {
        clean();
        make_elf_note(&made, "GNU", NT_GNU_BUILD_ID, id, length);
        write_made(0);
        assert_int_equal(read_written(size)->elf->build_id != NULL, length <= 64);
    }
}

/* How many bytes stand behind the last note, and what the segment is aligned to. */
TEST(notes_fill_their_segment)
{
    static const struct {
        uint32_t align, last; /* bytes of the last descriptor */
        int more;             /* bytes of the segment behind the padding of that */
        bool fills;
    } cases[] = {{4, 4, 0, true}, {4, 4, 3, true},   {4, 4, 4, false}, {4, 4, 12, true}, {4, 1, -3, true},
                 {4, 1, 0, true}, {4, 1, -4, false}, {8, 4, 0, true},  {8, 4, 3, true},  {8, 4, 7, true},
                 {8, 4, 8, true}, {8, 4, -1, false}, {1, 4, 0, true},  {16, 4, 4, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        clean();
        make_elf_note(&made, "GNU", 99, "\1\2\3", cases[i].last);
        Elf64_Phdr *p = make_elf_find(&made, PT_NOTE);
        p->p_filesz = (uint64_t)((int64_t)p->p_filesz + cases[i].more);
        p->p_align = cases[i].align;
        write_made(0);
        if (defects(read_written(size), DEFECT_ID_elf_note) == cases[i].fills)
            print_error("case %zu\n", i);
        assert_int_equal(defects(read_written(size), DEFECT_ID_elf_note), !cases[i].fills);
    }
}

/* Segments that name the same notes again and again are not followed. */
TEST(notes_stand_once_in_the_file)
{
    for (unsigned more = 0; more < 2; more++) {
        clean();
        made.section_count = 0;
        make_elf_note(&made, "GNU", 99, "\1\2\3", 4);
        make_elf_phdr(&made, PT_NOTE, PF_R, 0, MAKE_ELF_END - 20 + more)->p_align = 4;
        write_made(0);
        const struct image *image = read_written(size);
        assert_int_equal(image->defects.count, 1);
        assert_int_equal(strcmp(image->defects.items[0].expected, "notes that stand once in the file") == 0, more);
    }
}

#define F(name) cmocka_unit_test_teardown(name, finish)
int main(void)
{
    const struct CMUnitTest tests[] = {
        F(foreign_machines_are_named),
        F(a_header_that_is_cut_is_named_as_far_as_it_goes),
        F(the_abi_byte_names_a_system),
        F(the_number_of_sections_may_stand_in_the_first),
        F(a_table_of_sections_may_stand_anywhere),
        F(a_table_needs_names_for_more_than_the_null_section),
        F(names_are_those_of_a_string_table_with_bytes),
        F(a_name_that_is_led_to_is_there),
        F(a_symbol_table_is_of_whole_entries_and_has_strings),
        F(a_note_of_a_system_names_it),
        F(notes_of_several_systems_name_none),
        F(the_abi_tag_names_a_system_too),
        F(properties_are_those_of_the_machine),
        F(a_build_id_has_a_size),
        F(notes_fill_their_segment),
        F(notes_stand_once_in_the_file),
    };
    return cmocka_run_group_tests_name("test_elf_tables", tests, NULL, NULL);
}
