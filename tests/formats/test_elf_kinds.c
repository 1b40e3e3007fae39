/* What kind of a file it is, and how it is linked: each thing that says so, alone and together; and pieces of memory that lie over
 * each other. Of programs, the kernel was asked (tests/oracle); what a library is, is what
 * `file` and ld.so make of the same marks. */
#include "tests/formats/made_elf.h"

#include <string.h>

enum {
    INTERP = 1,   /* PT_INTERP */
    NEEDED = 2,   /* DT_NEEDED */
    MARK = 4,     /* DF_1_PIE */
    NAME = 8,     /* DT_SONAME */
    FILTER = 16,  /* DT_FILTER */
    SYMBOL = 32,  /* a relocation against a symbol */
    VERSION = 64, /* DT_VERDEF */
    IMPORT = 128, /* a slot for a function of another file */
    EXPORT = 256, /* DT_GNU_HASH over a symbol */
    HASH = 512    /* DT_GNU_HASH over none */
};

/* Of ET_DYN, linked at 0, with an entry in code and a dynamic table. */
static void shared(unsigned marks)
{
    static const uint64_t relocation[] = {0x12700, R_X86_64_64, 0},
                          import[] = {0x12700, ELF64_R_INFO(1, R_X86_64_JUMP_SLOT), 0};
    clean_pie();
    Elf64_Dyn *mark = make_elf_find_dyn(&made, DT_FLAGS_1);
    mark->d_un.d_val = marks & MARK ? DF_1_PIE : 0;
    if (marks & INTERP) {
        Elf64_Phdr *p = make_elf_interp(&made, "/lib64/ld-linux-x86-64.so.2");
        p->p_vaddr -= MAKE_ELF_BASE;
    }
    if (marks & NEEDED)
        make_elf_dyn_text(&made, DT_NEEDED, "libc.so.6");
    if (marks & FILTER)
        make_elf_dyn_text(&made, DT_FILTER, "libf.so");
    if (marks & NAME)
        make_elf_dyn_text(&made, DT_SONAME, "libx.so");
    if (marks & VERSION)
        make_elf_dyn(&made, DT_VERDEF, 0x12600);
    if (marks & (EXPORT | HASH)) { /* one bucket, one word of filter */
        const uint32_t hash[] = {1, 1, 1, 6, 0, 0, marks & EXPORT ? 1 : 0};
        make_elf_put(&made, MAKE_ELF_FREE + 0x40, hash, sizeof hash);
        make_elf_dyn(&made, DT_GNU_HASH, 0x10000 + MAKE_ELF_FREE + 0x40);
    }
    if (marks & (SYMBOL | IMPORT)) {
        make_elf_put(&made, MAKE_ELF_FREE, marks & IMPORT ? import : relocation, sizeof relocation);
        make_elf_dyn(&made, DT_RELA, 0x10000 + MAKE_ELF_FREE);
        make_elf_dyn(&made, DT_RELASZ, sizeof relocation);
    }
}

static void is(const char *sentence, enum kind kind, enum linkage linkage, enum answer pie)
{
    const struct image *image = read_made();
    if (image->kind != kind || image->linkage != linkage || image->pie != pie)
        print_error("%s: kind %d, linkage %d, pie %d\n", sentence, (int)image->kind, (int)image->linkage,
                    (int)image->pie);
    assert_int_equal(image->kind, kind);
    assert_int_equal(image->linkage, linkage);
    assert_int_equal(image->pie, pie);
    file_close(&file);
}

TEST(what_a_shared_object_is)
{
    static const struct {
        const char *sentence;
        unsigned marks;
        enum kind kind;
        enum linkage linkage;
    } cases[] = {
        {"a PIE", INTERP | NEEDED | MARK, KIND_EXECUTABLE, LINKAGE_DYNAMIC},
        {"a PIE without the mark", INTERP | NEEDED, KIND_EXECUTABLE, LINKAGE_DYNAMIC},
        {"a PIE that needs nothing", INTERP | MARK, KIND_EXECUTABLE, LINKAGE_INTERP_WITHOUT_NEEDED},
        {"a PIE that needs a filter alone", INTERP | FILTER, KIND_EXECUTABLE, LINKAGE_INTERP_WITHOUT_NEEDED},
        {"a library that can be started", INTERP | NEEDED | NAME, KIND_SHARED_LIBRARY, LINKAGE_NOT_APPLICABLE},
        {"a static PIE", MARK, KIND_EXECUTABLE, LINKAGE_STATIC_PIE},
        {"a static PIE with a name", MARK | NAME, KIND_EXECUTABLE, LINKAGE_STATIC_PIE},
        {"a program that nobody completes", MARK | NEEDED, KIND_EXECUTABLE, LINKAGE_NEEDED_WITHOUT_INTERP},
        {"a static PIE without the mark", 0, KIND_EXECUTABLE, LINKAGE_STATIC_PIE},
        {"a library", NEEDED, KIND_SHARED_LIBRARY, LINKAGE_NOT_APPLICABLE},
        {"a library with a name", NEEDED | NAME, KIND_SHARED_LIBRARY, LINKAGE_NOT_APPLICABLE},
        {"a library that needs nothing", NAME, KIND_SHARED_LIBRARY, LINKAGE_NOT_APPLICABLE},
        {"one that binds by name", SYMBOL, KIND_SHARED_LIBRARY, LINKAGE_NOT_APPLICABLE},
        {"one that calls by name", IMPORT, KIND_SHARED_LIBRARY, LINKAGE_NOT_APPLICABLE},
        {"one that is called by name", EXPORT, KIND_SHARED_LIBRARY, LINKAGE_NOT_APPLICABLE},
        {"a marked one that is called by name", EXPORT | MARK, KIND_EXECUTABLE, LINKAGE_STATIC_PIE},
        {"one that nobody can call by name", HASH, KIND_EXECUTABLE, LINKAGE_STATIC_PIE},
        {"one that defines versions", VERSION, KIND_SHARED_LIBRARY, LINKAGE_NOT_APPLICABLE},
        {"one that is filtered", FILTER, KIND_SHARED_LIBRARY, LINKAGE_NOT_APPLICABLE},
        {"a marked one that is filtered", FILTER | MARK, KIND_EXECUTABLE, LINKAGE_STATIC_PIE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        shared(cases[i].marks);
        is(cases[i].sentence, cases[i].kind, cases[i].linkage,
           cases[i].kind == KIND_EXECUTABLE ? ANSWER_YES : ANSWER_UNKNOWN);
    }
    shared(0);
    made.header.e_entry = 0x10000 + MAKE_ELF_FREE;
    is("an entry in data", KIND_SHARED_LIBRARY, LINKAGE_NOT_APPLICABLE, ANSWER_UNKNOWN);
    shared(0);
    make_elf_dyn(&made, DT_RELA, 0x900000);
    make_elf_dyn(&made, DT_RELASZ, 24);
    is("relocations that nobody can read", KIND_SHARED_LIBRARY, LINKAGE_NOT_APPLICABLE, ANSWER_UNKNOWN);
}

/* Go links at 0x400000 and relocates all the same. */
TEST(what_moves)
{
    static const uint64_t relocation[] = {MAKE_ELF_BASE + 0x12700, R_X86_64_RELATIVE, 0};
    static const struct {
        const char *sentence;
        bool mark, relocations;
        enum answer pie;
    } cases[] = {{"marked, with relocations", true, true, ANSWER_YES},
                 {"marked, without", true, false, ANSWER_UNKNOWN},
                 {"with relocations, not marked", false, true, ANSWER_NO},
                 {"neither", false, false, ANSWER_NO}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        clean();
        made.section_count = 0;
        made.header.e_type = ET_DYN;
        make_elf_put(&made, MAKE_ELF_FREE, relocation, sizeof relocation);
        make_elf_dyn(&made, DT_FLAGS_1, cases[i].mark ? DF_1_PIE : 0);
        make_elf_dyn(&made, DT_RELA, make_elf_address(MAKE_ELF_FREE));
        make_elf_dyn(&made, DT_RELASZ, cases[i].relocations ? sizeof relocation : 0);
        is(cases[i].sentence, KIND_EXECUTABLE, LINKAGE_STATIC_PIE, cases[i].pie);
    }
    clean();
    made.header.e_type = ET_DYN; /* an executable with another type: nothing relocates it */
    is("no dynamic table", KIND_EXECUTABLE, LINKAGE_STATIC, ANSWER_NO);
    made.header.e_entry = make_elf_address(MAKE_ELF_FREE);
    is("no dynamic table, and an entry in data", KIND_SHARED_LIBRARY, LINKAGE_NOT_APPLICABLE, ANSWER_UNKNOWN);
}

TEST(what_is_broken_is_not_static)
{
    static const enum linkage linkages[] = {LINKAGE_STATIC, LINKAGE_UNKNOWN, LINKAGE_UNKNOWN,
                                            LINKAGE_INTERP_WITHOUT_NEEDED};
    for (unsigned how = 0; how < 4; how++) {
        clean();
        if (how == 1)
            made.header.e_phentsize--; /* no program header can be read */
        if (how == 2)
            make_elf_dyn(&made, DT_NEEDED, 1 << 20);
        if (how == 3)
            make_elf_interp(&made, "/lib/ld.so")->p_filesz--;
        assert_int_equal(read_made()->linkage, linkages[how]);
        file_close(&file);
    }
}

/* Android's linker names the system where nothing else does. */
TEST(the_linker_of_android_names_it)
{
    static const struct {
        const char *interpreter;
        unsigned char abi;
        enum os os;
    } cases[] = {{"/system/bin/linker64", ELFOSABI_SYSV, OS_ANDROID},
                 {"/system/bin/linker64", ELFOSABI_FREEBSD, OS_FREEBSD},
                 {"/lib64/ld-linux-x86-64.so.2", ELFOSABI_SYSV, OS_LINUX},
                 {NULL, ELFOSABI_SYSV, OS_LINUX}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        clean();
        if (cases[i].interpreter)
            make_elf_interp(&made, cases[i].interpreter);
        made.header.e_ident[EI_OSABI] = cases[i].abi;
        assert_int_equal(read_made()->os, cases[i].os);
        file_close(&file);
    }
}

/* ---- memory ---- */

/* The same bytes at the same addresses twice are no contradiction; others are. */
TEST(each_address_is_in_one_segment)
{
    static const struct {
        const char *sentence;
        uint64_t offset, address, size, memory;
        size_t overlaps;
    } cases[] = {
        {"the same once more", 0, MAKE_ELF_BASE, 0x1060, 0x1060, 0},
        {"a part of it", 0x1000, MAKE_ELF_BASE + 0x1000, 0x60, 0x60, 0},
        {"other bytes there", 0x2000, MAKE_ELF_BASE + 0x1000, 0x60, 0x60, 1},
        {"cleared memory there", 0x2000, MAKE_ELF_BASE, 0, 0x2000, 1},
        {"behind it", 0x2000, MAKE_ELF_BASE + 0x2000, 0x60, 0x60, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        clean();
        made.section_count = 0;
        Elf64_Phdr *p = make_elf_phdr(&made, PT_LOAD, PF_R | PF_X, cases[i].offset, cases[i].size);
        p->p_vaddr = cases[i].address;
        p->p_memsz = cases[i].memory;
        const struct image *image = read_made();
        if ((defects(image, DEFECT_ID_elf_load_overlap) != 0) != (cases[i].overlaps != 0))
            print_error("%s\n", cases[i].sentence);
        assert_int_equal(defects(image, DEFECT_ID_elf_load_overlap) != 0, cases[i].overlaps != 0);
        file_close(&file);
    }
    clean(); /* cleared memory twice is the same zeros */
    made.section_count = 0;
    for (unsigned i = 0; i < 2; i++) {
        Elf64_Phdr *p = make_elf_phdr(&made, PT_LOAD, PF_R | PF_W, 0, 0);
        p->p_vaddr = 0x500000 + i * 0x1000;
        p->p_memsz = 0x3000;
    }
    assert_int_equal(defects(read_made(), DEFECT_ID_elf_load_overlap), 0);
    file_close(&file);
}

TEST(a_segment_that_cannot_be_mapped_says_why)
{
    for (unsigned odd = 0; odd < 2; odd++) {
        clean();
        Elf64_Phdr *p = make_elf_phdr(&made, PT_LOAD, odd ? 0 : PF_R, 0x2000, 0x10);
        p->p_vaddr = 0x500000;
        p->p_memsz = odd ? 0x10 : 0xf;
        const struct image *image = read_made();
        only_defect(image, DEFECT_ID_elf_load);
        assert_string_equal(image->defects.items[0].observed,
                            odd ? "PT_LOAD with no access at all" : "PT_LOAD with p_filesz greater than p_memsz");
        file_close(&file);
    }
}

/* More segments than there is room for at first, from the last to the first. */
TEST(many_segments_are_pieces_of_one_memory)
{
    clean();
    made.section_count = 0;
    for (uint64_t i = 0; i < 40; i++)
        make_elf_phdr(&made, PT_LOAD, PF_R, 0x2000, 0x100)->p_vaddr = 0x600000 + i * 0x1000;
    const struct image *image = read_made();
    assert_int_equal(image->defects.total, 0);
    assert_int_equal(image->segments.count, 42);
    for (uint64_t i = 0; i < 40; i++) {
        uint64_t offset = 0;
        assert_true(image_address(image, 0x600000 + i * 0x1000 + 8, &offset));
        assert_int_equal(offset, 0x2008);
    }
    file_close(&file);
}

/* An image that says of its code that it has no bytes is a debug file, unless its entry leads to bytes that no other section has. */
TEST(a_debug_file_has_no_code_to_run)
{
    static const struct {
        const char *sentence;
        uint32_t type, offset, size;
        uint64_t flags;
        bool runs;
    } cases[] = {
        {"no other section", SHT_NULL, 0, 0, 0, true},
        {"debug sections over the entry", SHT_PROGBITS, MAKE_ELF_CODE, 1, 0, false},
        {"in front of it", SHT_PROGBITS, MAKE_ELF_CODE - 16, 16, 0, true},
        {"up to it", SHT_PROGBITS, MAKE_ELF_CODE - 16, 17, 0, false},
        {"behind it", SHT_PROGBITS, MAKE_ELF_CODE + 1, 16, 0, true},
        {"a loaded section there", SHT_PROGBITS, MAKE_ELF_CODE, 16, SHF_ALLOC, true},
        {"a section without bytes there", SHT_NOBITS, MAKE_ELF_CODE, 16, 0, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        clean();
        made.sections[0].header.sh_type = SHT_NOBITS;
        Elf64_Shdr *h = &make_elf_section(&made, ".x", cases[i].type, NULL, cases[i].size)->header;
        h->sh_offset = cases[i].offset;
        h->sh_flags = cases[i].flags;
        const struct image *image = read_made();
        if ((image->kind == KIND_EXECUTABLE) != cases[i].runs)
            print_error("%s\n", cases[i].sentence);
        assert_int_equal(image->kind, cases[i].runs ? KIND_EXECUTABLE : KIND_DEBUG_FILE);
        file_close(&file);
    }
    static const uint64_t tables[] = {MAKE_ELF_CODE + 8, MAKE_ELF_CODE, MAKE_ELF_CODE - 184, MAKE_ELF_CODE - 192};
    for (size_t i = 0; i < sizeof tables / sizeof *tables;
         i++) { /* three section headers over the entry, or beside it */
        clean();
        made.sections[0].header.sh_type = SHT_NOBITS;
        uint8_t *bytes;
        size_t size = make_elf_write(&made, &bytes);
        memcpy(bytes + tables[i], bytes + size - 192, 192);
        memcpy(bytes + 40, &tables[i], 8);
        const struct image *image = read_bytes(bytes, size);
        free(bytes);
        assert_int_equal(image->kind, i == 0 || i == 3 ? KIND_EXECUTABLE : KIND_DEBUG_FILE);
        file_close(&file);
    }
    for (unsigned zeros = 15; zeros <= 16; zeros++) { /* zeros where code was: no program begins with them */
        clean();
        made.sections[0].header.sh_type = SHT_NOBITS;
        uint8_t *bytes;
        size_t size = make_elf_write(&made, &bytes);
        memset(bytes + MAKE_ELF_CODE, 0, zeros);
        bytes[MAKE_ELF_CODE + 15] |= zeros == 15;
        assert_int_equal(read_bytes(bytes, size)->kind, zeros == 15 ? KIND_EXECUTABLE : KIND_DEBUG_FILE);
        free(bytes);
        file_close(&file);
    }
    static const uint8_t last[8] = {0}; /* nor is there room for zeros where the file ends */
    clean();
    made.sections[0].header.sh_type = SHT_NOBITS;
    made.trailing = last;
    made.trailing_size = sizeof last;
    uint8_t *whole;
    size_t length = make_elf_write(&made, &whole);
    Elf64_Phdr *p = (Elf64_Phdr *)(void *)(whole + sizeof(Elf64_Ehdr));
    while (p->p_type != PT_LOAD || !(p->p_flags & PF_X))
        p++;
    p->p_filesz = p->p_memsz = length - p->p_offset;
    ((Elf64_Ehdr *)(void *)whole)->e_entry = p->p_vaddr + p->p_filesz - sizeof last;
    assert_int_equal(read_bytes(whole, length)->kind, KIND_EXECUTABLE);
    free(whole);
    file_close(&file);
    static const struct {
        uint64_t entry;
        uint32_t flags;
        bool runs;
    } entries[] = {{MAKE_ELF_BASE + MAKE_ELF_CODE, PF_R | PF_X, true},
                   {MAKE_ELF_BASE + MAKE_ELF_CODE, PF_R, false},
                   {0, PF_R | PF_X, false},
                   {MAKE_ELF_BASE - 1, PF_R | PF_X, false},
                   {MAKE_ELF_BASE, PF_R | PF_X, true},
                   {MAKE_ELF_BASE + MAKE_ELF_CODE + MAKE_ELF_CODE_SIZE, PF_R | PF_X, false}};
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
        clean();
        made.sections[0].header.sh_type = SHT_NOBITS;
        made.header.e_entry = entries[i].entry;
        made.phdrs[MAKE_ELF_LOAD_CODE].p_flags = entries[i].flags;
        assert_int_equal(read_made()->kind == KIND_EXECUTABLE, entries[i].runs);
        file_close(&file);
    }
}

/* ET_DYN with entry 0 has nothing to start; ET_EXEC would be started there. */
TEST(an_entry_of_0)
{
    for (unsigned shared_too = 0; shared_too < 2; shared_too++) {
        clean();
        made.header.e_type = shared_too ? ET_DYN : ET_EXEC;
        made.header.e_entry = 0;
        const struct image *image = read_made();
        assert_int_equal(image->entry.known, shared_too ? KNOWN_ABSENT : KNOWN_COMPLETE);
        assert_false(image->entry.in_code);
        file_close(&file);
    }
}

/* A library that the kernel starts as it is, and that needs no other, is a program to whoever starts it: what it contains
 * counts. Of another one, and where nobody looks at the bytes, the names of what it needs tell. */
TEST(the_c_library_of_a_library_that_stands_alone)
{
    static const struct {
        const char *sentence;
        unsigned marks;
        const char *needed, *interpreter;
        bool no_entry, no_code, torn;
        enum libc libc;
    } cases[] = {
        {"alone", NAME, NULL, NULL, false, false, false, LIBC_GLIBC},
        {"without an entry", NAME, NULL, NULL, true, false, false, LIBC_NONE},
        {"with a library that it needs", NAME, "liby.so", NULL, false, false, false, LIBC_UNKNOWN},
        {"with a loader", NAME, NULL, "/lib/ld-musl-x86_64.so.1", false, false, false, LIBC_MUSL},
        {"with a name that cannot be read", NAME, NULL, NULL, false, false, true, LIBC_UNKNOWN},
        {"by its headers", NAME, NULL, NULL, false, true, false, LIBC_NONE},
        {"a program", MARK, NULL, NULL, false, false, false, LIBC_GLIBC},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t *bytes;
        struct problem problem;
        shared(cases[i].marks);
        if (cases[i].needed)
            make_elf_dyn_text(&made, DT_NEEDED, cases[i].needed);
        if (cases[i].interpreter)
            make_elf_interp(&made, cases[i].interpreter)->p_vaddr -= MAKE_ELF_BASE;
        if (cases[i].torn)
            make_elf_dyn(&made, DT_NEEDED, 1 << 20);
        if (cases[i].no_entry)
            made.header.e_entry = 0;
        make_elf_put(&made, MAKE_ELF_FREE, "\0GLIBC_TUNABLES\0gconv-modules", 30);
        make_elf_note(&made, "GNU", NT_GNU_ABI_TAG, "\0\0\0\0\3\0\0\0\2\0\0\0\0\0\0\0", 16);
        size_t size = make_elf_write(&made, &bytes);
        assert_int_equal(file_from_memory(&file, bytes, size, &(struct file_options){1 << 20, false}, &problem),
                         STATUS_OK);
        read_file(&file, &(struct read_options){.code = !cases[i].no_code}, &reading);
        if (reading.images->libc != cases[i].libc)
            print_error("%s: %s\n", cases[i].sentence, libc_name(reading.images->libc));
        assert_int_equal(reading.images->kind, cases[i].marks & NAME ? KIND_SHARED_LIBRARY : KIND_EXECUTABLE);
        assert_int_equal(reading.images->libc, cases[i].libc);
        assert_int_equal(reading.images->latent.known, cases[i].libc == LIBC_GLIBC ? KNOWN_COMPLETE : KNOWN_ABSENT);
        file_close(&file);
        free(bytes);
    }
}

/* A table of buckets that is not there exports nothing. */
TEST(buckets_outside_of_memory_are_none)
{
    for (unsigned outside = 0; outside < 2; outside++) {
        shared(EXPORT);
        made.header.e_entry = 0;
        const uint32_t words = 1 << 20;
        if (outside)
            make_elf_put(&made, MAKE_ELF_FREE + 0x48, &words, sizeof words);
        const struct image *image = read_made();
        assert_int_equal(image->kind, KIND_SHARED_LIBRARY);
        file_close(&file);
        shared(EXPORT);
        if (outside)
            make_elf_put(&made, MAKE_ELF_FREE + 0x48, &words, sizeof words);
        assert_int_equal(read_made()->kind, outside ? KIND_EXECUTABLE : KIND_SHARED_LIBRARY);
        file_close(&file);
    }
}

#define U(name) cmocka_unit_test(name)
int main(void)
{
    const struct CMUnitTest tests[] = {
        U(a_segment_that_cannot_be_mapped_says_why),
        U(what_a_shared_object_is),
        U(what_moves),
        U(what_is_broken_is_not_static),
        U(the_linker_of_android_names_it),
        U(each_address_is_in_one_segment),
        U(many_segments_are_pieces_of_one_memory),
        U(a_debug_file_has_no_code_to_run),
        U(an_entry_of_0),
        U(buckets_outside_of_memory_are_none),
        U(the_c_library_of_a_library_that_stands_alone),
    };
    return cmocka_run_group_tests_name("test_elf_kinds", tests, NULL, NULL);
}
