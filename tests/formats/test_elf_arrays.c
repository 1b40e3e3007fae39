/* What start code calls: words of arrays, as they stand or as relocations fill them in. Each fault was first told by the
 * kernel, or by qemu, of a program that died of it in front of main(). */
#include "tests/formats/written_elf.h"

enum { ARRAY = 0x2600, RELA = 0x2680, CODE = MAKE_ELF_CODE + 0x20, MOVED = 0x10000 };

static void expect_array(const char *sentence, bool wrong)
{
    write_made(0);
    size_t found = defects(read_written(size), DEFECT_ID_elf_array);
    if (found != wrong)
        print_error("%s\n", sentence);
    assert_int_equal(found, wrong);
}

static void put_words(uint64_t first, uint64_t second)
{
    const uint64_t words[] = {first, second};
    make_elf_put(&made, ARRAY, words, sizeof words);
}

static Elf64_Shdr *array_section(uint32_t type)
{
    Elf64_Shdr *h = &make_elf_section(&made, ".init_array", type, NULL, 16)->header;
    h->sh_flags = SHF_ALLOC | SHF_WRITE;
    h->sh_offset = ARRAY;
    h->sh_addr = make_elf_address(ARRAY);
    return h;
}

TEST(a_static_program_calls_code)
{
    static const struct {
        const char *sentence;
        uint64_t first, second;
        bool wrong;
    } cases[] = {
        {"two functions", MAKE_ELF_BASE + CODE, MAKE_ELF_BASE + CODE + 16, false},
        {"nothing", 0, MAKE_ELF_BASE + CODE, true},
        {"nothing at the end", MAKE_ELF_BASE + CODE, 0, true},
        {"data", MAKE_ELF_BASE + CODE, MAKE_ELF_BASE + MOVED + ARRAY, true},
        {"no memory", MAKE_ELF_BASE + CODE, (MAKE_ELF_BASE + CODE) ^ UINT64_C(1) << 40, true},
    };
    static const uint32_t types[] = {SHT_INIT_ARRAY, SHT_FINI_ARRAY, SHT_PREINIT_ARRAY, SHT_PROGBITS};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t k = 0; k < 4; k++) {
            clean();
            array_section(types[k]);
            put_words(cases[i].first, cases[i].second);
            expect_array(cases[i].sentence, cases[i].wrong && types[k] != SHT_PROGBITS);
        }
}

TEST(an_array_is_of_words_that_stand_in_the_file)
{
    static const struct {
        const char *sentence;
        uint64_t at, size, flags;
        bool wrong;
    } cases[] = {{"as it is", 0, 16, SHF_ALLOC, false},
                 {"not loaded", 0, 12, 0, false},
                 {"a part of a word", 0, 12, SHF_ALLOC, true},
                 {"no word begins there", 4, 8, SHF_ALLOC, true},
                 {"no memory", 0x90000, 16, SHF_ALLOC, true},
                 {"none", 0x90000, 0, SHF_ALLOC, false},
                 {"larger than the file", 0, 1 << 20, SHF_ALLOC, false /* sections.known tells */}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        clean();
        Elf64_Shdr *h = array_section(SHT_INIT_ARRAY);
        h->sh_addr += cases[i].at;
        h->sh_size = cases[i].size;
        h->sh_flags = cases[i].flags;
        put_words(MAKE_ELF_BASE + CODE, MAKE_ELF_BASE + CODE);
        expect_array(cases[i].sentence, cases[i].wrong);
    }
}

static void array_of_pie(int64_t tag, int64_t size_tag)
{
    clean_pie();
    make_elf_dyn(&made, tag, MOVED + ARRAY);
    make_elf_dyn(&made, size_tag, 16);
}

static void put_rela(size_t index, uint64_t place, uint64_t type, uint64_t addend)
{
    const uint64_t words[] = {place, type, addend};
    make_elf_put(&made, RELA + index * 24, words, sizeof words);
}

TEST(a_static_pie_calls_what_its_relocations_fill_in)
{
    static const struct {
        const char *sentence;
        uint64_t place, type, addend;
        bool wrong;
    } cases[] = {{"another function", MOVED + ARRAY + 8, R_X86_64_RELATIVE, CODE, false},
                 {"data", MOVED + ARRAY + 8, R_X86_64_RELATIVE, MOVED + ARRAY, true},
                 {"the header", MOVED + ARRAY + 8, R_X86_64_RELATIVE, 0x20000, true},
                 {"what a name stands for", MOVED + ARRAY + 8, R_X86_64_64, 0, false},
                 {"nothing", MOVED + ARRAY + 8, R_X86_64_NONE, CODE, true},
                 {"the word behind it", MOVED + ARRAY + 16, R_X86_64_RELATIVE, CODE, true}};
    static const int64_t tags[][2] = {
        {DT_INIT_ARRAY, DT_INIT_ARRAYSZ}, {DT_FINI_ARRAY, DT_FINI_ARRAYSZ}, {DT_PREINIT_ARRAY, DT_PREINIT_ARRAYSZ}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t k = 0; k < 3; k++) {
            array_of_pie(tags[k][0], tags[k][1]);
            make_elf_dyn(&made, DT_RELA, MOVED + RELA);
            make_elf_dyn(&made, DT_RELASZ, 48);
            put_rela(0, MOVED + ARRAY, R_X86_64_RELATIVE, CODE);
            put_rela(1, cases[i].place, cases[i].type, cases[i].addend);
            expect_array(cases[i].sentence, cases[i].wrong);
        }
    array_of_pie(DT_INIT_ARRAY, DT_INIT_ARRAYSZ);
    put_words(CODE, CODE);
    expect_array("nothing fills them in", true);
}

TEST(an_array_and_the_relocations_have_sizes)
{
    static const struct {
        const char *sentence;
        uint64_t array, relocations; /* bytes; 0: nothing says how many */
        bool lost, wrong;            /* lost: the dynamic table is nowhere */
    } cases[] = {{"both", 16, 48, false, false},
                 {"no array", 0, 48, false, false},
                 {"an array of more than memory", 0x100000, 48, false, true},
                 {"no relocations", 16, 0, false, true},
                 {"relocations in no memory", 16, 0x100000, false, true},
                 {"a table that is told of elsewhere", 16, 0, true, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        clean_pie();
        make_elf_dyn(&made, DT_INIT_ARRAY, MOVED + ARRAY);
        if (cases[i].array)
            make_elf_dyn(&made, DT_INIT_ARRAYSZ, cases[i].array);
        make_elf_dyn(&made, DT_RELA, MOVED + RELA);
        if (cases[i].relocations)
            make_elf_dyn(&made, DT_RELASZ, cases[i].relocations);
        put_rela(0, MOVED + ARRAY, R_X86_64_RELATIVE, CODE);
        put_rela(1, MOVED + ARRAY + 8, R_X86_64_RELATIVE, CODE);
        if (cases[i].lost)
            make_elf_find(&made, PT_DYNAMIC)->p_vaddr += 0x100000;
        expect_array(cases[i].sentence, cases[i].wrong);
    }
}

/* Packed relocations have their addends where they are added. */
TEST(a_static_pie_with_packed_relocations_calls_the_words_themselves)
{
    for (unsigned wrong = 0; wrong < 3; wrong++) {
        array_of_pie(DT_INIT_ARRAY, DT_INIT_ARRAYSZ);
        if (wrong == 2) { /* nor is it known which of them others fill in */
            make_elf_dyn(&made, DT_RELA, MOVED + RELA + 16);
            make_elf_dyn(&made, DT_RELASZ, 24);
            const uint64_t words[] = {MOVED + ARRAY, R_X86_64_RELATIVE, CODE};
            make_elf_put(&made, RELA + 16, words, sizeof words);
        }
        make_elf_dyn(&made, DT_RELR, MOVED + RELA);
        make_elf_dyn(&made, DT_RELRSZ, 16);
        make_elf_dyn(&made, DT_RELRENT, 8);
        const uint64_t packed[] = {MOVED + ARRAY, 3};
        make_elf_put(&made, RELA, packed, sizeof packed);
        put_words(CODE, wrong ? MOVED + ARRAY : CODE);
        expect_array("packed", wrong == 1);
    }
}

TEST(relocations_for_arm64_have_numbers_of_their_own)
{
    for (unsigned wrong = 0; wrong < 2; wrong++) {
        array_of_pie(DT_INIT_ARRAY, DT_INIT_ARRAYSZ);
        made.header.e_machine = EM_AARCH64;
        make_elf_dyn(&made, DT_RELA, MOVED + RELA);
        make_elf_dyn(&made, DT_RELASZ, 48);
        put_rela(0, MOVED + ARRAY, R_AARCH64_RELATIVE, CODE);
        put_rela(1, MOVED + ARRAY + 8, R_AARCH64_RELATIVE, wrong ? MOVED : CODE);
        expect_array("arm64", wrong);
    }
}

/* What a loader relocates, it calls. */
TEST(arrays_of_dynamic_programs_are_those_of_their_loader)
{
    array_of_pie(DT_INIT_ARRAY, DT_INIT_ARRAYSZ);
    make_elf_interp(&made, "/lib/ld.so");
    expect_array("a loader", false);
}

#define F(name) cmocka_unit_test_teardown(name, finish)
int main(void)
{
    const struct CMUnitTest tests[] = {
        F(a_static_program_calls_code),
        F(an_array_is_of_words_that_stand_in_the_file),
        F(a_static_pie_calls_what_its_relocations_fill_in),
        F(an_array_and_the_relocations_have_sizes),
        F(a_static_pie_with_packed_relocations_calls_the_words_themselves),
        F(relocations_for_arm64_have_numbers_of_their_own),
        F(arrays_of_dynamic_programs_are_those_of_their_loader),
    };
    return cmocka_run_group_tests_name("test_elf_arrays", tests, NULL, NULL);
}
