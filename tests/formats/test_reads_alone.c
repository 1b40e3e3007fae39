/* One read that fails, and all in front of it that succeeded: a file became shorter in between. What cannot be read is no ground for
 * an answer, and the error is told by file_settle() in any case. tests/formats/test_read_errors.c cuts whole files at each page;
 * these are the reads that it does not single out. */
#include "tests/formats/made_image.h"

#include <elf.h>
#include "formats/elf/marks.h"
#include "formats/go/go.h"

enum { PAGES = 16, SIZE = PAGES * PAGE };

static void put(size_t at, const void *from, size_t size)
{
    memcpy(bytes + at, from, size);
}

static void put_word(size_t at, uint64_t value)
{
    put(at, &value, sizeof value);
}

static void cut(uint64_t there, bool failed)
{
    assert_int_equal(file.problem.status, failed ? STATUS_CHANGED : STATUS_OK);
    assert_int_equal(there < SIZE, failed);
}

/* ---- headers ---- */

static void a_header_that_cannot_be_read_is_none(void **state)
{
    static const struct read_options options = {.code = true};
    (void)state;
    memset(bytes, 0x41, SIZE);
    for (unsigned there = 0; there < 2; there++) {
        struct reading reading;
        begin_cut(ARCH_AMD64, SIZE, there ? SIZE : 0);
        put(0,
            "\x7f"
            "ELF\2\1\1",
            7);
        read_elf(&file, &options, &reading);
        assert_int_equal(reading.count, 1);
        assert_false(reading.images[0].judged);
        assert_int_equal(reading.images[0].kind, there ? KIND_OTHER : KIND_UNKNOWN);
        assert_int_equal(reading.images[0].defects.count, !there);
        begin_cut(ARCH_ARM64, SIZE, there ? SIZE : 0);
        read_macho(&file, &options, &reading);
        assert_int_equal(reading.count, 1);
        assert_false(reading.images[0].judged);
        if (!there)
            assert_int_equal(reading.images[0].defects.items[0].id, DEFECT_ID_file_truncated);
    }
}

/* An ELF header, and the program headers that a test puts behind it. */
static void put_elf(uint16_t machine, uint16_t type, uint16_t phnum)
{
    const Elf64_Ehdr header = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
                               .e_type = type,
                               .e_machine = machine,
                               .e_version = EV_CURRENT,
                               .e_phoff = sizeof header,
                               .e_ehsize = sizeof header,
                               .e_phentsize = sizeof(Elf64_Phdr),
                               .e_phnum = phnum};
    memset(bytes, 0, SIZE);
    put(0, &header, sizeof header);
}

static const struct image *read_cut(uint64_t there)
{
    static struct reading reading;
    begin_cut(ARCH_AMD64, SIZE, there);
    read_file(&file, &(struct read_options){.code = true}, &reading);
    assert_int_equal(reading.count, 1);
    return reading.images;
}

/* The ELF header is code at address 0: on amd64, "\x7f" "E" jumps to byte 0x47, the last of the p_flags of the first
 * program header, of which the kernel asks the lowest bits alone. Between the headers and that byte the path of an
 * interpreter is read. */
static void the_byte_at_which_a_library_would_start(void **state)
{
    static const struct {
        uint16_t machine;
        uint32_t flags;
        uint64_t there;
        bool entry;
    } cases[] = {{EM_X86_64, PF_R | PF_X, SIZE, false},
                 {EM_X86_64, PF_R | PF_X | 0x90000000, SIZE, true},
                 {EM_X86_64, PF_R | PF_X | 0x90000000, 8 * PAGE, false},
                 {EM_AARCH64, PF_R | PF_X | 0x90000000, SIZE, false}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const Elf64_Phdr load = {
            .p_type = PT_LOAD, .p_flags = cases[i].flags, .p_filesz = PAGE, .p_memsz = PAGE, .p_align = PAGE};
        const Elf64_Phdr interp = {.p_type = PT_INTERP, .p_offset = 8 * PAGE, .p_filesz = 3};
        put_elf(cases[i].machine, ET_DYN, 2);
        put(64, &load, sizeof load);
        put(64 + 56, &interp, sizeof interp);
        put(8 * PAGE, "/x", 3);
        assert_int_equal(read_cut(cases[i].there)->entry.known, cases[i].entry ? KNOWN_COMPLETE : KNOWN_ABSENT);
        cut(cases[i].there, cases[i].there < SIZE);
    }
}

/* Bytes of the file stand where .bss is: zeros, as long as they can be read. */
static void zeros_that_cannot_be_read_are_none(void **state)
{
    static const uint64_t ends[] = {SIZE, 8 * PAGE};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const Elf64_Phdr load = {.p_type = PT_LOAD,
                                 .p_flags = PF_R | PF_W,
                                 .p_vaddr = 0x400000,
                                 .p_filesz = SIZE,
                                 .p_memsz = SIZE,
                                 .p_align = PAGE};
        const Elf64_Shdr bss = {.sh_name = 1,
                                .sh_type = SHT_NOBITS,
                                .sh_flags = SHF_ALLOC | SHF_WRITE,
                                .sh_addr = 0x400000 + 12 * PAGE,
                                .sh_offset = 12 * PAGE,
                                .sh_size = 16},
                         names = {.sh_name = 6, .sh_type = SHT_STRTAB, .sh_offset = 2 * PAGE, .sh_size = 16};
        put_elf(EM_X86_64, ET_EXEC, 1);
        put(64, &load, sizeof load);
        put(PAGE + sizeof bss, &bss, sizeof bss);
        put(PAGE + 2 * sizeof bss, &names, sizeof names);
        put(2 * PAGE, "\0.bss\0.shstrtab", 16);
        put_word(40, PAGE);
        bytes[58] = sizeof bss;
        bytes[60] = 3;
        bytes[62] = 2;
        const struct image *found = read_cut(ends[i]);
        size_t filled = 0;
        for (size_t k = 0; k < found->defects.count; k++)
            filled += found->defects.items[k].id == DEFECT_ID_elf_section_view;
        assert_int_equal(filled, i);
        cut(ends[i], ends[i] < SIZE);
    }
}

/* The first of the section headers can be read, and the rest of them no more. */
static void a_table_of_sections_that_ends_with_what_there_is(void **state)
{
    enum { TABLE = 8 * PAGE - 64 };
    (void)state;
    for (uint64_t there = 8 * PAGE; there <= SIZE; there += 8 * PAGE) {
        const Elf64_Shdr names = {.sh_type = SHT_STRTAB, .sh_offset = 0x200, .sh_size = 1};
        put_elf(EM_X86_64, ET_REL, 0);
        put_word(40, TABLE);
        put(58, (const uint16_t[]){64, 2, 1}, 6); /* e_shentsize, e_shnum, e_shstrndx */
        put(TABLE + 64, &names, sizeof names);
        const struct image *found = read_cut(there);
        assert_int_equal(found->sections.known, there < SIZE ? KNOWN_BROKEN : KNOWN_COMPLETE);
        assert_int_equal(found->defects.count, there < SIZE);
        cut(there, there < SIZE);
    }
}

/* Where other readers may see another table, libelf is asked; it is shown all of a file, or nothing. */
static void a_file_of_which_libelf_would_see_a_part(void **state)
{
    enum { TABLE = 0x404 };
    (void)state;
    for (uint64_t there = 8 * PAGE; there <= SIZE; there += 8 * PAGE) {
        const Elf64_Shdr names = {.sh_type = SHT_STRTAB, .sh_offset = 0x200, .sh_size = 1};
        put_elf(EM_X86_64, ET_REL, 0);
        put_word(40, TABLE);
        put(58, (const uint16_t[]){64, 2, 1}, 6);
        put(TABLE + 64, &names, sizeof names);
        const struct image *found = read_cut(there);
        assert_int_equal(found->sections.known, there < SIZE ? KNOWN_BROKEN : KNOWN_COMPLETE);
        assert_int_equal(found->defects.count, 0);
        cut(there, there < SIZE);
    }
}

/* ---- what stands on other pages than what leads there ---- */

static void links_to_debug_files_that_cannot_be_read(void **state)
{
    enum { TABLE = 0x400, NAMES = 0x200, LINK = 8 * PAGE };
    (void)state;
    for (uint64_t there = LINK; there <= SIZE; there += SIZE - LINK) {
        const Elf64_Shdr headers[] = {{0},
                                      {.sh_type = SHT_STRTAB, .sh_offset = NAMES, .sh_size = 20},
                                      {.sh_name = 1, .sh_type = SHT_PROGBITS, .sh_offset = LINK, .sh_size = 8}};
        put_elf(EM_X86_64, ET_REL, 0);
        put_word(40, TABLE);
        put(58, (const uint16_t[]){64, 3, 1}, 6);
        put(NAMES, "\0.gnu_debuglink", 16);
        put(TABLE, headers, sizeof headers);
        put(LINK, "x\0\0\0\1\2\3\4", 8);
        assert_int_equal(read_cut(there)->debug.count, there == SIZE); /* a link that is none is no debug information */
        cut(there, there < SIZE);
    }
}

/* The header of the table is not enough before Go 1.16: how much of it there is decides. */
static void a_function_table_of_go_that_cannot_be_read(void **state)
{
    enum { TABLE = 4 * PAGE, FUNCTIONS = 9, BEHIND = 8 + 8 + FUNCTIONS * 16 + 8 };
    static const uint8_t magic[] = {0xfb, 0xff, 0xff, 0xff, 0, 0, 1, 8};
    static const struct {
        uint64_t there;
        uint32_t files;
        bool found;
    } cases[] = {{SIZE, BEHIND, true}, {SIZE, BEHIND - 1, false}, {5 * PAGE, BEHIND, false}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        memset(bytes, 0, SIZE);
        put(TABLE, magic, sizeof magic);
        put_word(TABLE + 8, FUNCTIONS);
        put_word(TABLE + 24, BEHIND);
        put_word(TABLE + BEHIND, cases[i].files);
        begin_cut(ARCH_AMD64, SIZE, cases[i].there);
        sections[0] = (struct section){.name = ".gopclntab", .offset = TABLE, .size = 2 * PAGE, .has_bytes = true};
        image.sections.count = 1;
        read_go(&image, &(struct read_options){.code = false});
        assert_int_equal(image.go != NULL, cases[i].found);
        if (image.go)
            assert_true(image.go->pclntab && image.go->pclntab_offset == TABLE);
        cut(cases[i].there, cases[i].there < SIZE);
    }
}

/* Whether symbols could be read decides whether a lone mark is excused. */
static void a_section_header_that_cannot_be_read_again(void **state)
{
    enum { HEADER = 8 * PAGE, SYMBOLS = 2 * PAGE, STRINGS = 3 * PAGE };
    static const struct marks marks = {.at = {[MARK_NSS_SWITCH] = CODE}, .complete = true};
    (void)state;
    for (uint64_t there = HEADER; there <= SIZE; there += SIZE - HEADER) {
        memset(bytes, 0, SIZE);
        put_word(HEADER + 40, 1); /* sh_link */
        begin_cut(ARCH_AMD64, SIZE, there);
        sections[0] = (struct section){
            .type = SHT_SYMTAB, .offset = SYMBOLS, .size = 48, .has_bytes = true, .header_offset = HEADER};
        sections[1] = (struct section){.type = SHT_STRTAB, .offset = STRINGS, .size = 16, .has_bytes = true};
        image.sections.count = 2;
        image.symbols.known = KNOWN_COMPLETE;
        read_latent(&image, &marks);
        assert_int_equal(image.latent.known, there == SIZE ? KNOWN_COMPLETE : KNOWN_BROKEN);
        assert_int_equal(image.latent.possible & LATENT_NSS, there == SIZE ? 0 : LATENT_NSS);
        cut(there, there < SIZE);
    }
}

/* ---- who calls whom ---- */

enum { TEXT = 2 * PAGE, ELSEWHERE = 3 * PAGE, FUNCTION = 8 * PAGE };

/* The text in a segment of its own; code at FUNCTION, of which the first reference is LEA of the text. */
static void put_code(uint64_t there)
{
    memset(bytes, 0x90, SIZE);
    put(FUNCTION + 0x120, "\x48\x8d\x35", 3);
    const uint32_t distance = (uint32_t)(TEXT - (FUNCTION + 0x127));
    put(FUNCTION + 0x123, &distance, 4);
    begin_cut(ARCH_AMD64, SIZE, there);
    segments[0] = (struct segment){
        .access = ACCESS_READ, .address = TEXT, .memory_size = PAGE, .offset = TEXT, .file_size = PAGE};
    segments[1] = (struct segment){.access = ACCESS_READ | ACCESS_EXECUTE,
                                   .address = FUNCTION,
                                   .memory_size = PAGE,
                                   .offset = FUNCTION,
                                   .file_size = PAGE};
    image.segments.count = 2;
}

static void call(size_t from, size_t to)
{
    const uint32_t distance = (uint32_t)(to - (from + 5));
    put(from, "\xe8", 1);
    put(from + 1, &distance, 4);
}

/* A CIE, and the FDE of a function. */
static void put_frame(size_t at, size_t start, uint32_t size)
{
    const uint32_t words[] = {20,   0, 0x00527a01, 0x01107801, 0x0000001b, 0, 20, 28, (uint32_t)(start - (at + 32)),
                              size, 0};
    put(at, words, sizeof words);
}

static void code_that_cannot_be_read_calls_whatever_it_may(void **state)
{
    uint64_t where = 0;
    (void)state;
    for (uint64_t there = FUNCTION; there <= SIZE; there += SIZE - FUNCTION) {
        put_code(there);
        assert_int_equal(dlopen_called(&image, TEXT, &where), ANSWER_UNKNOWN); /* nobody refers to the part before it */
        cut(there, there < SIZE);
        memset(bytes, 0x90, SIZE);
        put_code(there);
        assert_false(iconv_is_of_libstdcxx(&image, TEXT));
        cut(there, there < SIZE);
    }
}

/* A text that no segment holds has no address, and nobody can refer to it. */
static void a_text_in_no_segment_leaves_it_open(void **state)
{
    uint64_t where = 0;
    (void)state;
    for (unsigned outside = 0; outside < 2; outside++) {
        put_code(SIZE);
        image.segments.items[0].file_size = outside ? 0 : PAGE;
        file_close(&file); /* bytes with the rest of dlopen.o, and a call from afar */
        put(FUNCTION + 0x190, "\x48\x8d\x3d", 3);
        put(FUNCTION + 0x193, &(const int32_t){0x50 - 0x197}, 4);
        call(FUNCTION + 0xc00, FUNCTION + 0x180);
        call(FUNCTION + 0xd00, FUNCTION + 0x50); /* and of the function that refers to the text, as iconv() does */
        put_frame(TEXT + 0x100, FUNCTION + 0x50, 0x100);
        const struct segment kept[2] = {segments[0], segments[1]};
        for (unsigned iconv = 0; iconv < 2; iconv++) {
            if (iconv)
                put(FUNCTION + 0x190, "\x90\x90\x90", 3); /* nobody else takes its address */
            begin(ARCH_AMD64, SIZE);
            segments[0] = kept[0];
            segments[1] = kept[1];
            image.segments.count = 2;
            if (iconv)
                assert_int_equal(iconv_is_of_libstdcxx(&image, TEXT), !outside);
            else
                assert_int_equal(dlopen_called(&image, TEXT, &where), outside ? ANSWER_UNKNOWN : ANSWER_YES);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_header_that_cannot_be_read_is_none),
        cmocka_unit_test(the_byte_at_which_a_library_would_start),
        cmocka_unit_test(zeros_that_cannot_be_read_are_none),
        cmocka_unit_test(a_table_of_sections_that_ends_with_what_there_is),
        cmocka_unit_test(a_file_of_which_libelf_would_see_a_part),
        cmocka_unit_test(links_to_debug_files_that_cannot_be_read),
        cmocka_unit_test(a_function_table_of_go_that_cannot_be_read),
        cmocka_unit_test(a_section_header_that_cannot_be_read_again),
        cmocka_unit_test(code_that_cannot_be_read_calls_whatever_it_may),
        cmocka_unit_test(a_text_in_no_segment_leaves_it_open),
    };
    int failed = cmocka_run_group_tests_name("test_reads_alone", tests, start, end);
    file_close(&file);
    return failed;
}
