/* Where a program starts: at the beginning of a function, as far as unwind information tells of functions. */
#include "tests/formats/small_glibc.h"

static struct small s;

enum { FUNCTION = CODE + 0x100, SIZE = 0x40 };

/* What is said of an entry, with a function behind it, and the sections that there are. */
static uint64_t inside(size_t entry, const char *name, uint32_t type, unsigned elf_type)
{
    const char *const names[] = {name};
    Elf64_Shdr h = {.sh_type = type,
                    .sh_flags = SHF_ALLOC,
                    .sh_addr = BASE + CONSTANTS,
                    .sh_offset = CONSTANTS,
                    .sh_size = 0x1000,
                    .sh_addralign = 8};
    small_start(&s, EM_X86_64);
    put(&s, CODE + 0x800, "\x0f\x05", 2);
    put_word(&s, 24, BASE + entry);
    s.bytes[16] = (uint8_t)elf_type;
    put_frame(&s, 0, FUNCTION, SIZE);
    if (name)
        small_sections(&s, names, &h, 1);
    uint64_t begins = small_read(&s)->entry.inside;
    file_close(&s.file);
    return begins;
}

static void an_entry_is_the_beginning_of_a_function(void **state)
{
    static const struct {
        size_t entry;
        bool within;
    } cases[] = {{FUNCTION - 1, false},
                 {FUNCTION, false},
                 {FUNCTION + 1, true},
                 {FUNCTION + SIZE - 1, true},
                 {FUNCTION + SIZE, false}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t begins = cases[i].within ? BASE + FUNCTION : 0;
        assert_int_equal(inside(cases[i].entry, ".eh_frame", SHT_PROGBITS, ET_EXEC), begins);
        assert_int_equal(inside(cases[i].entry, NULL, 0, ET_EXEC), begins);
    }
}

static void it_is_looked_for_where_it_may_be(void **state)
{
    (void)state;
    assert_int_equal(inside(FUNCTION + 1, ".eh_frame", SHT_PROGBITS, ET_EXEC), BASE + FUNCTION);
    assert_int_equal(inside(FUNCTION + 1, ".rodata", SHT_PROGBITS, ET_EXEC), 0);
    assert_int_equal(inside(FUNCTION + 1, ".eh_frame", SHT_NOBITS, ET_EXEC), 0);
    assert_int_equal(inside(FUNCTION + 1, NULL, 0, ET_REL), 0);
    assert_int_equal(inside(FUNCTION + 1, NULL, 0, ET_DYN), BASE + FUNCTION); /* a static PIE */
    assert_int_equal(inside(CONSTANTS + 1, NULL, 0, ET_EXEC), 0);             /* in no code */
}

/* The start of a program that a loader starts is the loader's. */
static void of_a_dynamic_program_nothing_is_asked(void **state)
{
    static const char loader[] = "/lib64/ld-linux-x86-64.so.2";
    const Elf64_Phdr p = {.p_type = PT_INTERP,
                          .p_flags = PF_R,
                          .p_offset = NOTE,
                          .p_vaddr = BASE + NOTE,
                          .p_filesz = sizeof loader,
                          .p_memsz = sizeof loader,
                          .p_align = 1};
    (void)state;
    small_start(&s, EM_X86_64);
    put(&s, 64 + 4 * 56, &p, sizeof p);
    put(&s, NOTE, loader, sizeof loader);
    s.bytes[56] = 5;
    put(&s, CODE + 0x800, "\x0f\x05", 2);
    put_word(&s, 24, BASE + FUNCTION + 1);
    put_frame(&s, 0, FUNCTION, SIZE);
    const struct image *image = small_read(&s);
    assert_true(image->linkage == LINKAGE_DYNAMIC || image->linkage == LINKAGE_INTERP_WITHOUT_NEEDED);
    assert_int_equal(image->entry.inside, 0);
    file_close(&s.file);
}

/* A table of two functions: from the start of the text on, and 0x40 bytes behind it, to byte 0x80 of it. */
static void put_go(uint8_t magic, uint64_t text, uint64_t functions)
{
    const bool wide = magic == 0xfa;
    const uint64_t table = wide ? 64 : 72;
    put(&s, CONSTANTS, "\0\xff\xff\xff\0\0\1\x08", 8);
    s.bytes[CONSTANTS] = magic;
    put_word(&s, CONSTANTS + 8, functions);
    if (!wide)
        put_word(&s, CONSTANTS + 24, text);
    for (size_t i = 0; i < 5; i++)
        put_word(&s, CONSTANTS + (wide ? 24U : 32U) + i * 8, table);
    for (uint32_t i = 0; i < 3; i++) {
        const uint32_t pair[] = {i * 0x40, 0};
        const uint64_t words[] = {BASE + CODE + 0x100 + i * 0x40, 0};
        put(&s, CONSTANTS + table + i * (wide ? 16 : 8), wide ? (const void *)words : pair, wide ? 16 : 8);
    }
}

static void an_entry_of_go_is_one_of_its_functions(void **state)
{
    static const struct {
        size_t entry;
        uint64_t begins;
    } cases[] = {{FUNCTION - 1, 0},
                 {FUNCTION, 0},
                 {FUNCTION + 1, FUNCTION},
                 {FUNCTION + 0x3f, FUNCTION},
                 {FUNCTION + 0x40, 0},
                 {FUNCTION + 0x44, FUNCTION + 0x40},
                 {FUNCTION + 0x7f, FUNCTION + 0x40},
                 {FUNCTION + 0x80, 0}};
    static const uint8_t magics[] = {0xf1, 0xf0, 0xfa};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t k = 0; k < sizeof magics; k++) {
            small_start(&s, EM_X86_64);
            put(&s, CODE + 0x800, "\x0f\x05", 2);
            put_word(&s, 24, BASE + cases[i].entry);
            put_go(magics[k], BASE + FUNCTION, 2);
            assert_int_equal(small_read(&s)->entry.inside, cases[i].begins ? BASE + cases[i].begins : 0);
            file_close(&s.file);
        }
}

/* Newer linkers leave the start of the text to the section .text. */
static void where_the_text_of_go_begins(void **state)
{
    static const struct {
        const char *name;
        uint64_t text, size; /* textStart of the header; bytes of the section */
        bool known;
    } cases[] = {{".text", 0, 0x80, true},  {".text", 0, 0x80 + 64, true}, {".text", 0, 0x80 + 65, false},
                 {".text", 0, 0x7f, false}, {".other", 0, 0x80, false},    {NULL, 0, 0, false},
                 {".text", 1, 0x80, false}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const Elf64_Shdr h = {.sh_type = SHT_PROGBITS,
                              .sh_flags = SHF_ALLOC | SHF_EXECINSTR,
                              .sh_addr = BASE + FUNCTION,
                              .sh_offset = FUNCTION,
                              .sh_size = cases[i].size,
                              .sh_addralign = 16};
        small_start(&s, EM_X86_64);
        put(&s, CODE + 0x800, "\x0f\x05", 2);
        put_word(&s, 24, BASE + FUNCTION + 8);
        put_go(0xf1, cases[i].text, 2);
        if (cases[i].name)
            small_sections(&s, &cases[i].name, &h, 1);
        assert_int_equal(small_read(&s)->entry.inside, cases[i].known ? BASE + FUNCTION : 0);
        file_close(&s.file);
    }
}

/* A table whose functions are not all in the file tells of none of them. */
static void a_table_of_go_is_whole_or_tells_nothing(void **state)
{
    enum { NEW = 72 + 2 * 8 + 4, OLD = 64 + 2 * 16 + 8 }; /* bytes up to where the last function ends */
    static const struct {
        const char *sentence;
        uint8_t magic;
        uint64_t size, functions, place; /* of the file; of the table, and of functab, if it is another */
        bool known;
    } cases[] = {{"as it should be", 0xf1, CONSTANTS + 0x1000, 2, 0, true},
                 {"the file ends with it", 0xf1, CONSTANTS + NEW, 2, 0, true},
                 {"a byte is missing", 0xf1, CONSTANTS + NEW - 1, 2, 0, false},
                 {"the end of the last function is", 0xf1, CONSTANTS + NEW - 4, 2, 0, false},
                 {"the last function is", 0xf1, CONSTANTS + NEW - 5, 2, 0, false},
                 {"its header alone", 0xf1, CONSTANTS + 72, 2, 0, false},
                 {"less than its header", 0xf1, CONSTANTS + 71, 2, 0, false},
                 {"it begins where the file ends", 0xf1, CONSTANTS, 2, 0, false},
                 {"it begins behind the file", 0xf1, CONSTANTS - 1, 2, 0, false},
                 {"more functions than there are bytes", 0xf1, TABLE, 0x2000, 0, false},
                 {"functions without end", 0xf1, TABLE, UINT64_MAX, 0, false},
                 {"functions behind the file", 0xf1, TABLE, 2, 0x2000, false},
                 {"functions in front of it", 0xf1, TABLE, 2, UINT64_MAX - 7, false},
                 {"as Go 1.16 has it", 0xfa, CONSTANTS + OLD, 2, 0, true},
                 {"as Go 1.16 has it, but a byte", 0xfa, CONSTANTS + OLD - 1, 2, 0, false}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct go_info go = {.pclntab = true, .pclntab_offset = CONSTANTS};
        uint64_t begin = 0;
        small_start(&s, EM_X86_64);
        put_go(cases[i].magic, BASE + FUNCTION, cases[i].functions);
        if (cases[i].place)
            put_word(&s, CONSTANTS + 64, cases[i].place);
        struct image image = *small_read(&s);
        image.go = &go;
        image.size = cases[i].size;
        if (go_function(&image, BASE + FUNCTION + 0x44, &begin) != cases[i].known)
            fail_msg("%s", cases[i].sentence);
        assert_int_equal(begin, cases[i].known ? BASE + FUNCTION + 0x40 : 0);
        file_close(&s.file);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_entry_is_the_beginning_of_a_function),
        cmocka_unit_test(it_is_looked_for_where_it_may_be),
        cmocka_unit_test(of_a_dynamic_program_nothing_is_asked),
        cmocka_unit_test(an_entry_of_go_is_one_of_its_functions),
        cmocka_unit_test(where_the_text_of_go_begins),
        cmocka_unit_test(a_table_of_go_is_whole_or_tells_nothing),
    };
    return cmocka_run_group_tests_name("test_entry", tests, NULL, NULL);
}
