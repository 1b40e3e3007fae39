/* Relocations that a static program applies to itself (psABI of x86-64, AAELF64, gABI "Relative Relocation Table"). */
#include "tests/formats/written_elf.h"

enum { TABLE = 0x2600, PLACE = 0x12700, CODE = MAKE_ELF_CODE + 0x20 };

struct entry_case {
    const char *sentence;
    struct {
        uint64_t place, type, addend;
    } entries[2];
    size_t wrong;
};

static void put_entries(const struct entry_case *c, uint64_t base)
{
    for (size_t i = 0; i < 2; i++) {
        const uint64_t words[] = {base + c->entries[i].place, c->entries[i].type, base + c->entries[i].addend};
        make_elf_put(&made, TABLE + i * 24, words, sizeof words);
    }
}

static void expect_wrong(const char *sentence, size_t wrong)
{
    size_t found = defects(read_written(size), DEFECT_ID_elf_relocations);
    if (found != wrong)
        print_error("%s\n", sentence);
    assert_int_equal(found, wrong);
}

enum { RELATIVE = R_X86_64_RELATIVE, IRELATIVE = R_X86_64_IRELATIVE, SLOT = R_X86_64_JUMP_SLOT, ZEROS = 0x30000 };

TEST(a_static_pie_can_apply_its_relocations)
{
    static const struct entry_case cases[] = {
        {"the first and the last address", {{PLACE, RELATIVE, 0}, {PLACE + 8, RELATIVE, 0x13000}}, 0},
        {"an address behind the end", {{PLACE, RELATIVE, 0}, {PLACE + 8, RELATIVE, 0x13001}}, 1},
        {"a negative one", {{PLACE, RELATIVE, UINT64_MAX}, {PLACE + 8, RELATIVE, 0}}, 1},
        {"the same word twice", {{PLACE, RELATIVE, 0}, {PLACE, RELATIVE, 0}}, 1},
        {"half a word", {{PLACE, RELATIVE, 0}, {PLACE + 4, RELATIVE, 0}}, 1},
        {"all but a byte, from behind", {{PLACE + 8, RELATIVE, 0}, {PLACE + 1, RELATIVE, 0}}, 1},
        {"the next word, from behind", {{PLACE + 8, RELATIVE, 0}, {PLACE, RELATIVE, 0}}, 0},
        {"words of packed structures", {{PLACE + 1, RELATIVE, 0}, {PLACE + 9, RELATIVE, 0}}, 0},
        {"none between others", {{PLACE, R_X86_64_NONE, 0}, {PLACE + 8, RELATIVE, 0}}, 0},
        {"a function that chooses", {{PLACE, IRELATIVE, CODE}, {PLACE + 8, R_X86_64_TPOFF64, 0}}, 0},
        {"data that chooses", {{PLACE, IRELATIVE, PLACE}, {PLACE + 8, RELATIVE, 0}}, 1},
        {"zeros that choose", {{PLACE, IRELATIVE, ZEROS}, {PLACE + 8, RELATIVE, 0}}, 1},
        {"nothing that chooses", {{PLACE, IRELATIVE, 0x5000}, {PLACE + 8, RELATIVE, 0}}, 1},
        {"what only linkers apply", {{PLACE, R_X86_64_PLT32, 0}, {PLACE + 8, RELATIVE, 0}}, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        clean_pie();
        make_elf_dyn(&made, DT_RELA, 0x10000 + TABLE);
        make_elf_dyn(&made, DT_RELASZ, 48);
        if (cases[i].entries[0].addend == ZEROS) {
            Elf64_Phdr *p = make_elf_phdr(&made, PT_LOAD, PF_R | PF_X, 0, 0);
            p->p_vaddr = ZEROS;
            p->p_memsz = 16;
            p->p_align = 0x1000;
        }
        put_entries(&cases[i], 0);
        write_made(0);
        expect_wrong(cases[i].sentence, cases[i].wrong);
    }
}

TEST(slots_of_a_static_pie_are_filled_by_functions)
{
    static const struct entry_case cases[] = {
        {"functions that choose", {{PLACE, IRELATIVE, CODE}, {PLACE + 8, IRELATIVE, CODE}}, 0},
        {"a name that is bound", {{PLACE, IRELATIVE, CODE}, {PLACE + 8, SLOT, 0}}, 0},
        {"a descriptor", {{PLACE, R_X86_64_TLSDESC, 0}, {PLACE + 16, IRELATIVE, CODE}}, 0},
        {"an address", {{PLACE, IRELATIVE, CODE}, {PLACE + 8, RELATIVE, CODE}}, 1},
        {"none", {{PLACE, IRELATIVE, CODE}, {PLACE + 8, R_X86_64_NONE, 0}}, 1},
        {"no slot begins there", {{PLACE, IRELATIVE, CODE}, {PLACE + 12, IRELATIVE, CODE}}, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        clean_pie();
        make_elf_dyn(&made, DT_JMPREL, 0x10000 + TABLE);
        make_elf_dyn(&made, DT_PLTRELSZ, 48);
        make_elf_dyn(&made, DT_PLTREL, DT_RELA);
        put_entries(&cases[i], 0);
        write_made(0);
        expect_wrong(cases[i].sentence, cases[i].wrong);
    }
}

/* The start code of glibc knows one type, where nothing but a section leads to the table. */
TEST(a_static_program_has_functions_that_choose_others)
{
    static const struct entry_case cases[] = {
        {"two of them", {{PLACE, IRELATIVE, CODE}, {PLACE + 8, IRELATIVE, CODE}}, 0},
        {"none", {{PLACE, IRELATIVE, CODE}, {PLACE + 8, R_X86_64_NONE, CODE}}, 1},
        {"an address", {{PLACE, RELATIVE, CODE}, {PLACE + 8, IRELATIVE, CODE}}, 1},
        {"data", {{PLACE, IRELATIVE, PLACE}, {PLACE + 8, IRELATIVE, CODE}}, 1},
        {"one slot for both", {{PLACE, IRELATIVE, CODE}, {PLACE, IRELATIVE, CODE}}, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t k = 0; k < 3; k++) {
            clean();
            struct make_elf_section *s =
                make_elf_section(&made, ".rela.plt", k == 2 ? SHT_PROGBITS : SHT_RELA, NULL, 48);
            s->header.sh_flags = k == 1 ? 0 : SHF_ALLOC; /* others are not loaded, or no relocations */
            s->header.sh_offset = TABLE;
            s->header.sh_addr = make_elf_address(TABLE);
            put_entries(&cases[i], MAKE_ELF_BASE);
            write_made(0);
            expect_wrong(cases[i].sentence, k ? 0 : cases[i].wrong);
        }
}

/* A library is relocated by a loader, which looks up what it does not have itself. */
TEST(relocations_of_a_library_are_those_of_its_loader)
{
    static const struct entry_case other = {"", {{PLACE, R_X86_64_COPY, 0}, {PLACE, RELATIVE, 0x900000}}, 0};
    clean_pie();
    make_elf_find_dyn(&made, DT_FLAGS_1)->d_un.d_val = 0;
    make_elf_dyn_text(&made, DT_SONAME, "libx.so");
    made.header.e_entry = 0;
    make_elf_dyn(&made, DT_RELA, 0x10000 + TABLE);
    make_elf_dyn(&made, DT_RELASZ, 48);
    put_entries(&other, 0);
    write_made(0);
    expect_wrong("a library", 0);
}

TEST(packed_relocations_stand_for_words_that_can_be_written)
{
    static const struct {
        const char *sentence;
        uint64_t entries[3], size, word; /* word: at PLACE */
        size_t wrong;
    } cases[] = {
        {"an address", {PLACE}, 8, 0x1000, 0},
        {"its word leads to the end", {PLACE}, 8, 0x13000, 0},
        {"and behind it", {PLACE}, 8, 0x13001, 1},
        {"a bitmap", {PLACE, 7}, 16, 0, 0},
        {"two bitmaps", {PLACE - 64 * 8, 1, 3}, 24, 0x1000, 0},
        {"of the second the word leads nowhere", {PLACE - 64 * 8, 1, 3}, 24, 0x99000, 1},
        {"of the first the last one does", {PLACE - 63 * 8, UINT64_C(1) << 63 | 1}, 16, 0x99000, 1},
        {"a bit less", {PLACE - 63 * 8, UINT64_C(1) << 62 | 1}, 16, 0x99000, 0},
        {"the same word twice", {PLACE, PLACE}, 16, 0, 1},
        {"a word in front of the last one", {PLACE, PLACE - 8}, 16, 0, 1},
        {"a word of code", {CODE}, 8, 0, 1},
        {"no memory", {0x90000}, 8, 0, 1},
        {"memory without bytes", {0x12900}, 8, 0, 1},
        {"a bitmap first", {3}, 8, 0, 1},
        {"a table outside of the program", {PLACE}, 0x10000, 0, 1},
        {"an empty one", {0x90000}, 0, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        clean_pie();
        make_elf_dyn(&made, DT_RELR, 0x10000 + TABLE);
        make_elf_dyn(&made, DT_RELRSZ, cases[i].size);
        make_elf_dyn(&made, DT_RELRENT, 8);
        make_elf_put(&made, TABLE, cases[i].entries, sizeof cases[i].entries);
        make_elf_put(&made, PLACE - 0x10000, &cases[i].word, 8);
        write_made(0);
        expect_wrong(cases[i].sentence, cases[i].wrong);
    }
}

TEST(relocations_for_arm64_have_numbers_of_their_own)
{
    static const struct entry_case cases[] = {
        {"", {{PLACE, R_AARCH64_RELATIVE, 0}, {PLACE + 8, R_AARCH64_IRELATIVE, CODE}}, 0},
        {"", {{PLACE, R_AARCH64_ABS64, 0}, {PLACE + 8, R_AARCH64_TLSDESC, 0}}, 0},
        {"", {{PLACE, RELATIVE, 0}, {PLACE + 8, IRELATIVE, CODE}}, 1},
        {"", {{PLACE, R_AARCH64_RELATIVE, 0x99000}, {PLACE + 8, R_AARCH64_IRELATIVE, CODE}}, 1},
        {"", {{PLACE, R_AARCH64_RELATIVE, 0}, {PLACE + 8, R_AARCH64_IRELATIVE, PLACE}}, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        clean_pie();
        made.header.e_machine = EM_AARCH64;
        make_elf_dyn(&made, DT_RELA, 0x10000 + TABLE);
        make_elf_dyn(&made, DT_RELASZ, 48);
        put_entries(&cases[i], 0);
        write_made(0);
        expect_wrong("arm64", cases[i].wrong);
    }
}

#define F(name) cmocka_unit_test_teardown(name, finish)
int main(void)
{
    const struct CMUnitTest tests[] = {
        F(a_static_pie_can_apply_its_relocations),
        F(slots_of_a_static_pie_are_filled_by_functions),
        F(a_static_program_has_functions_that_choose_others),
        F(relocations_of_a_library_are_those_of_its_loader),
        F(packed_relocations_stand_for_words_that_can_be_written),
        F(relocations_for_arm64_have_numbers_of_their_own),
    };
    return cmocka_run_group_tests_name("test_elf_own_relocations", tests, NULL, NULL);
}
