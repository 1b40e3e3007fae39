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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_entry_is_the_beginning_of_a_function),
        cmocka_unit_test(it_is_looked_for_where_it_may_be),
        cmocka_unit_test(of_a_dynamic_program_nothing_is_asked),
    };
    return cmocka_run_group_tests_name("test_entry", tests, NULL, NULL);
}
