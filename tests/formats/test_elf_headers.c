/* Program headers that tell of memory, and sections that tell of the same. Each fault was first told by the kernel, by
 * qemu, or by a program of glibc or musl that died of it. */
#include <sys/mman.h>
#include <unistd.h>

#include "tests/formats/made_elf.h"

#include <string.h>

enum { THREADS = MAKE_ELF_FREE, THREADS_SIZE = 16 };

/* Whether a program header tells of memory that is not so; `is_told`: and nothing else is wrong. */
static void told(bool is_told, const char *sentence)
{
    const struct image *image = read_made();
    size_t count = defects(image, DEFECT_ID_elf_segment);
    if (count != is_told || image->defects.total != count)
        print_error("%s: %zu of %zu\n", sentence, count, (size_t)image->defects.total);
    assert_int_equal(count, is_told);
    assert_int_equal(image->defects.total, count);
    file_close(&file);
}

static Elf64_Phdr *thread_local(void)
{
    clean();
    made.section_count = 0;
    Elf64_Phdr *p = make_elf_phdr(&made, PT_TLS, PF_R, THREADS, THREADS_SIZE);
    p->p_align = 8;
    return p;
}

TEST(what_threads_begin_with_is_loaded_as_it_stands)
{
    static const struct {
        const char *sentence;
        uint64_t vaddr, filesz, memsz, align;
        bool wrong;
    } cases[] = {{"as it is", 0, THREADS_SIZE, THREADS_SIZE, 8, false},
                 {"and zeros behind it", 0, THREADS_SIZE, 0x1000, 1, false},
                 {"nothing but zeros", 0x900000, 0, 16, 8, false},
                 {"more bytes than memory", 0, THREADS_SIZE, 8, 8, true},
                 {"no alignment", 0, THREADS_SIZE, THREADS_SIZE, 0, true},
                 {"an odd alignment", 0, THREADS_SIZE, THREADS_SIZE, 12, true},
                 {"an alignment that no address has", 0, THREADS_SIZE, THREADS_SIZE, UINT64_C(1) << 62, true},
                 {"as much memory as machines may have", 0, THREADS_SIZE, UINT64_C(1) << 40, 8, false},
                 {"more memory", 0, THREADS_SIZE, (UINT64_C(1) << 40) + 1, 8, true},
                 {"other bytes", 8, THREADS_SIZE, THREADS_SIZE, 8, true},
                 {"bytes that are not loaded", 0x900000, THREADS_SIZE, THREADS_SIZE, 8, true}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Elf64_Phdr *p = thread_local();
        p->p_vaddr += cases[i].vaddr;
        p->p_filesz = cases[i].filesz;
        p->p_memsz = cases[i].memsz;
        p->p_align = cases[i].align;
        told(cases[i].wrong, cases[i].sentence);
    }
}

enum { INDEX = MAKE_ELF_FREE, FRAMES = INDEX + 64, CIE = 20, FDE = 16, BEGINS = MAKE_ELF_CODE, EACH = 16 };

/* An index of two functions, the CIE of both, and their frame description entries; without the index's first three words. */
static void put_frames(void)
{
    static const uint8_t cie[CIE] = {CIE - 4, 0, 0, 0, 0, 0, 0, 0, 1, 'z', 'R', 0, 1, 0x78, 16, 1, 0x1b};
    make_elf_put(&made, FRAMES, cie, sizeof cie);
    for (uint32_t i = 0; i < 2; i++) {
        const uint32_t at = FRAMES + CIE + i * FDE, begins = BEGINS + i * EACH;
        const uint32_t fde[] = {FDE - 4, at + 4 - FRAMES, begins - (at + 8), EACH},
                       entry[] = {begins - INDEX, at - INDEX};
        make_elf_put(&made, at, fde, sizeof fde);
        make_elf_put(&made, INDEX + 12 + i * 8, entry, sizeof entry);
    }
}

/* What exceptions find there is of the function that they look for. */
TEST(the_index_of_unwind_information_leads_to_it)
{
    enum { SECOND = FRAMES + CIE + FDE, COUNT = INDEX + 8, ENTRY = INDEX + 12, MOVED = 0x10000 /* data */ };
    static const struct {
        const char *sentence;
        uint32_t at, size, value;
        const char *fault; /* NULL: there is none */
    } cases[] = {{"as it is", INDEX, 1, 1, NULL},
                 {"another start", ENTRY, 4, (uint32_t)(BEGINS + 4 - INDEX), "another function: number 0"},
                 {"starts that descend", ENTRY + 8, 4, (uint32_t)(BEGINS - 4 - INDEX), "before the last one: number 1"},
                 {"the same start", ENTRY + 8, 4, (uint32_t)(BEGINS - INDEX), "another function: number 1"},
                 {"only one is listed", COUNT, 4, 1, NULL},
                 {"the entry of the other", ENTRY + 4, 4, SECOND - INDEX, "another function: number 0"},
                 {"a CIE", ENTRY + 4, 4, FRAMES - INDEX, "no frame description entry: number 0"},
                 {"in front of all", ENTRY + 4, 4, FRAMES - 4 - INDEX, "an entry outside .eh_frame: number 0"},
                 {"behind all", ENTRY + 4, 4, 0x7fffff00, "an entry outside .eh_frame: number 0"},
                 {"too short", SECOND, 4, FDE - 5, "no frame description entry: number 1"},
                 {"too long", SECOND, 4, 0x7ffffff0, "no frame description entry: number 1"},
                 {"a CIE in front of all", SECOND + 4, 4, CIE + FDE + 5, "no frame description entry: number 1"},
                 {"another function in it", SECOND + 8, 4, 0, "another function: number 1"},
                 {"an address as it is", SECOND + 8, 4, MAKE_ELF_BASE + MOVED + BEGINS + EACH, NULL},
                 {"no such list of functions", INDEX + 2, 1, 0xff, NULL},
                 {"another list of functions", INDEX + 3, 1, 0xff, NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const uint32_t words[] = {0x3b031b01, FRAMES - INDEX - 4, 2};
        uint8_t bytes[4];
        clean();
        made.section_count = 0;
        put_frames();
        make_elf_put(&made, INDEX, words, sizeof words);
        for (size_t k = 0; k < sizeof bytes; k++)
            bytes[k] = (uint8_t)(cases[i].value >> (8 * k));
        make_elf_put(&made, cases[i].at, bytes, cases[i].size);
        make_elf_phdr(&made, PT_GNU_EH_FRAME, PF_R, INDEX, 28);
        const struct image *image = read_made();
        const bool told = image->defects.total == 1 && image->defects.items[0].id == DEFECT_ID_elf_unwind &&
                          cases[i].fault && strstr(image->defects.items[0].observed, cases[i].fault);
        if (told != (cases[i].fault != NULL) || image->defects.total != told)
            fail_msg("%s: %zu, %s", cases[i].sentence, (size_t)image->defects.total,
                     image->defects.total ? image->defects.items[0].observed : "nothing");
        file_close(&file);
    }
}

/* Without the index of unwind information, or with another, no exception finds who catches it. */
TEST(unwind_information_is_found_by_its_index)
{
    const uint32_t index = 0x3b031b01, other = 0x3b031b02, absolute = 0x3b030001, unlisted = 0xff031b01;
    const struct {
        const char *sentence;
        uint64_t vaddr, size;
        uint32_t head, place, count;
        bool wrong;
    } cases[] = {{"as it is", 0, 28, index, 0, 2, false},
                 {"room for one more", 0, 28, index, 0, 1, false},
                 {"no room for another", 0, 28, index, 0, 3, true},
                 {"no list", 0, 28, unlisted, 0, 3, false},
                 {"another version", 0, 28, other, 0, 2, true},
                 {"not the bytes of p_offset", 4, 28, index, 0, 2, true},
                 {"not loaded", 0x90000, 28, index, 0, 2, true},
                 {"more than is loaded", 0, 0x100000, index, 0, 2, true},
                 {"of what is not loaded", 0, 28, index, 0x900000, 2, true},
                 {"of an address", 0, 28, absolute, 0x900000, 2, false},
                 {"a short one", 0, 11, index, 0x900000, 9, false},
                 {"nothing", 0x90000, 0, index, 0, 0, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const uint32_t words[] = {cases[i].head, FRAMES - INDEX - 4 + cases[i].place, cases[i].count};
        clean();
        made.section_count = 0;
        put_frames();
        make_elf_put(&made, INDEX, words, sizeof words);
        make_elf_phdr(&made, PT_GNU_EH_FRAME, PF_R, INDEX, cases[i].size)->p_vaddr += cases[i].vaddr;
        told(cases[i].wrong, cases[i].sentence);
    }
    for (unsigned how = 0; how < 3; how++) { /* a section of that name, and no program header; two; one */
        const uint32_t words[] = {index, FRAMES - INDEX - 4, 2};
        clean();
        put_frames();
        Elf64_Shdr *h = &make_elf_section(&made, ".eh_frame_hdr", SHT_PROGBITS, NULL, 28)->header;
        h->sh_flags = SHF_ALLOC;
        h->sh_offset = INDEX;
        h->sh_addr = make_elf_address(INDEX);
        make_elf_put(&made, INDEX, words, sizeof words);
        for (unsigned k = 0; k < how; k++)
            make_elf_phdr(&made, PT_GNU_EH_FRAME, PF_R, INDEX, 28);
        const struct image *image = read_made();
        assert_int_equal(defects(image, DEFECT_ID_elf_section_view), how == 0);
        assert_int_equal(defects(image, DEFECT_ID_elf_segment_twice), how == 2);
        assert_int_equal(defects(image, DEFECT_ID_elf_segment), 0);
        file_close(&file);
    }
}

TEST(pt_phdr_leads_to_the_program_headers)
{
    for (unsigned off = 0; off < 3; off++) {
        clean();
        Elf64_Phdr *p = make_elf_phdr(&made, PT_PHDR, PF_R, 64, 0);
        p->p_filesz = p->p_memsz = made.phdr_count * sizeof *p;
        p->p_vaddr += off == 1 ? 8 : off == 2 ? 0x900000 : 0;
        told(off, off ? "elsewhere" : "there");
    }
}

TEST(what_becomes_read_only_is_mapped_and_no_code)
{
    static const struct {
        const char *sentence;
        uint64_t address, size;
        unsigned access; /* of the code */
        bool wrong;
    } cases[] = {{"a page of data", 0x12000, 0x1000, PF_R | PF_X, false},
                 {"all of it that has pages", 0x12000, 0x2fff, PF_R | PF_X, false},
                 {"a page behind it", 0x12000, 0x3000, PF_R | PF_X, true},
                 {"an address that is not mapped, and no page", 0x92000, 8, PF_R | PF_X, true},
                 {"the last address there is", UINT64_MAX - MAKE_ELF_BASE, 0x1000, PF_R | PF_X, true},
                 {"nothing at all", 0x92000, 0, PF_R | PF_X, false},
                 {"code", 0, 0x1000, PF_R | PF_X, true},
                 {"code that can be written", 0, 0x1000, PF_R | PF_W | PF_X, false},
                 {"constants", 0, 0x1000, PF_R, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        clean();
        made.section_count = 0;
        made.phdrs[MAKE_ELF_LOAD_CODE].p_flags = cases[i].access;
        made.phdrs[MAKE_ELF_LOAD_DATA].p_memsz = 0x2000;
        Elf64_Phdr *p = make_elf_phdr(&made, PT_GNU_RELRO, PF_R, MAKE_ELF_DATA, 0);
        p->p_vaddr = MAKE_ELF_BASE + cases[i].address;
        p->p_memsz = cases[i].size;
        told(cases[i].wrong, cases[i].sentence);
    }
}

/* One note of properties, and PT_GNU_PROPERTY over the first `size` bytes of it. */
static void property(enum arch arch, const uint32_t *words, size_t count, uint64_t size)
{
    make_elf_clean(&made, arch);
    made.section_count = 0;
    make_elf_put(&made, MAKE_ELF_NOTES, words, count * 4);
    make_elf_phdr(&made, PT_GNU_PROPERTY, PF_R, MAKE_ELF_NOTES, size)->p_align = 8;
}

#define GNU      0x554e47
#define FEATURES GNU_PROPERTY_AARCH64_FEATURE_1_AND
#define OTHER    (FEATURES + 1)

TEST(properties_are_those_that_the_kernel_for_arm64_takes)
{
    static const struct {
        const char *sentence;
        uint64_t size;
        bool wrong;
        uint32_t words[12];
    } cases[] = {
        {"features", 32, false, {4, 16, 5, GNU, FEATURES, 4, 1, 0}},
        {"none", 16, false, {4, 0, 5, GNU}},
        {"two", 48, false, {4, 32, 5, GNU, FEATURES, 4, 1, 0, OTHER, 4, 0, 0}},
        {"another of any size", 24, false, {4, 8, 5, GNU, OTHER, 0}},
        {"no note", 15, true, {4, 0, 5, GNU}},
        {"more than the kernel reads", 1025, true, {4, 0, 5, GNU}},
        {"another name", 16, true, {4, 0, 5, 0x584e47}},
        {"a longer name", 16, true, {5, 0, 5, GNU}},
        {"another note", 16, true, {4, 0, 4, GNU}},
        {"a note that runs past it", 24, true, {4, 16, 5, GNU, FEATURES, 4, 1, 0}},
        {"a property that runs past it", 32, true, {4, 16, 5, GNU, OTHER, 9, 1, 0}},
        {"one without padding", 28, true, {4, 12, 5, GNU, FEATURES, 4, 1}},
        {"the same twice", 48, true, {4, 32, 5, GNU, FEATURES, 4, 1, 0, FEATURES, 4, 0, 0}},
        {"another order", 48, true, {4, 32, 5, GNU, OTHER, 4, 1, 0, FEATURES, 4, 0, 0}},
        {"features of another size", 32, true, {4, 16, 5, GNU, FEATURES, 8, 1, 0}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        property(ARCH_ARM64, cases[i].words, 12, cases[i].size);
        told(cases[i].wrong, cases[i].sentence);
        property(ARCH_AMD64, cases[i].words, 12, cases[i].size);
        told(false, "nobody reads them on amd64");
    }
    property(ARCH_ARM64, cases[0].words, 12, 32);
    make_elf_find(&made, PT_GNU_PROPERTY)->p_offset = 1 << 20;
    told(true, "behind the end of the file");
}

/* The table of a program without thread-local variables and without a C library is read by nobody. */
TEST(program_headers_are_loaded_for_who_reads_them)
{
    enum { TABLE = MAKE_ELF_END + 0x100 };
    for (unsigned threads = 0; threads < 2; threads++)
        for (unsigned moved = 0; moved < 4; moved++) {
            clean();
            made.section_count = 0;
            if (threads)
                make_elf_phdr(&made, PT_TLS, PF_R, THREADS, THREADS_SIZE)->p_align = 8;
            made.header.e_phoff = moved ? TABLE : 64;
            made.size = MAKE_ELF_ROOM;
            if (moved == 2) { /* the segment holds the first of them, and clears the others */
                made.phdrs[MAKE_ELF_LOAD_DATA].p_filesz = 0x918;
                made.phdrs[MAKE_ELF_LOAD_DATA].p_memsz = 0x1000;
            }
            if (moved == 3)
                made.phdrs[MAKE_ELF_LOAD_DATA].p_filesz = made.phdrs[MAKE_ELF_LOAD_DATA].p_memsz = 0x1000;
            const struct image *image = read_made();
            assert_int_equal(image->libc, LIBC_NONE);
            assert_int_equal(defects(image, DEFECT_ID_elf_segment), threads && (moved == 1 || moved == 2));
            file_close(&file);
        }
}

/* One that is none of those known here may do without: PyPI's cosmo-file 5.46.6 runs on Linux. Whether it is, its bytes tell. */
TEST(program_headers_need_not_be_loaded_for_another_c_library)
{
    for (unsigned i = 0; i < 4; i++) {
        bool code = i & 1, interpreter = i & 2;
        uint8_t *bytes;
        struct problem problem;
        clean();
        made.section_count = 0;
        make_elf_phdr(&made, PT_TLS, PF_R, THREADS, THREADS_SIZE)->p_align = 8;
        make_elf_put(&made, MAKE_ELF_FREE, "\0/etc/ld-musl-x86_64.path", 26);
        if (interpreter)
            make_elf_interp(&made, "/lib/loader");
        made.header.e_phoff = MAKE_ELF_END + 0x100;
        made.size = MAKE_ELF_ROOM;
        size_t size = make_elf_write(&made, &bytes);
        assert_int_equal(file_from_memory(&file, bytes, size, &(struct file_options){1 << 20, false}, &problem),
                         STATUS_OK);
        read_file(&file, &(struct read_options){.code = code}, &reading);
        assert_int_equal(reading.images->libc, LIBC_UNKNOWN);
        assert_int_equal(defects(reading.images, DEFECT_ID_elf_segment), !code || interpreter);
        file_close(&file);
        free(bytes);
    }
}

/* What the start code of a C library makes of a static PIE: glibc, musl, and none. */
TEST(static_pies_suit_their_c_library)
{
    static const char *const texts[][2] = {{"GLIBC_TUNABLES", "gconv-modules"}, {"No error information", ""}, {"", ""}};
    static const enum libc libcs[] = {LIBC_GLIBC, LIBC_MUSL, LIBC_NONE};
    enum {
        RELA = MAKE_ELF_FREE,
        FIRST = MAKE_ELF_FREE + 0x40,
        SECOND = MAKE_ELF_FREE + 0x80,
        AT_0 = 1,
        LOOKS_UP = 2,
        INTERP = 4,
        MARKED = 8,
        ALL = 16
    };
    for (size_t libc = 0; libc < 3; libc++)
        for (unsigned how = 0; how < ALL; how++) {
            if (how & AT_0)
                clean_pie();
            else
                clean();
            const uint64_t base = how & AT_0 ? 0 : MAKE_ELF_BASE;
            const uint64_t words[] = {base + 0x12700, how & LOOKS_UP ? R_X86_64_TPOFF64 : R_X86_64_64, 0};
            made.header.e_type = ET_DYN;
            made.section_count = 0;
            make_elf_dyn(&made, DT_FLAGS_1, 0);
            for (size_t i = 0; i < made.dyn_count; i++)
                if (made.dyns[i].d_tag == DT_FLAGS_1)
                    made.dyns[i].d_un.d_val = how & MARKED ? DF_1_PIE : 0;
            make_elf_dyn(&made, DT_RELA, base + 0x10000 + RELA);
            make_elf_dyn(&made, DT_RELASZ, sizeof words);
            make_elf_put(&made, RELA, words, sizeof words);
            for (size_t i = 0; i < 2; i++)
                make_elf_put(&made, i ? SECOND : FIRST, texts[libc][i], strlen(texts[libc][i]) + 1);
            if (how & INTERP)
                make_elf_interp(&made, "/lib/ld.so")->p_vaddr = base + MAKE_ELF_INTERP;
            const struct image *image = read_made();
            const bool starts = how & MARKED && !(how & INTERP) && image->kind == KIND_EXECUTABLE;
            if (starts)
                assert_int_equal(image->libc, libcs[libc]);
            assert_int_equal(defects(image, DEFECT_ID_elf_segment), starts && libc == 0 && !(how & AT_0));
            assert_int_equal(defects(image, DEFECT_ID_elf_relocations), starts && libc < 2 && (how & LOOKS_UP) != 0);
            file_close(&file);
        }
    clean();
    (void)read_made();
}

static void thread_section(const char *name, uint32_t type, uint64_t at, uint64_t section_size, uint64_t align)
{
    Elf64_Shdr *h = &make_elf_section(&made, name, type, NULL, section_size)->header;
    h->sh_flags = SHF_ALLOC | SHF_WRITE | SHF_TLS;
    h->sh_addr = make_elf_address(at);
    h->sh_offset = at;
    h->sh_addralign = align;
}

TEST(pt_tls_is_what_its_sections_make_together)
{
    static const struct {
        const char *sentence;
        int64_t address, filesz, memsz, align;
        bool wrong;
    } cases[] = {{"the same", 0, 0, 0, 0, false},       {"rounded up, as lld does", 0, 0, 4, 0, false},
                 {"a little more", 0, 0, 3, 0, true},   {"less", 0, 0, -1, 0, true},
                 {"from elsewhere", -8, 0, 0, 0, true}, {"more bytes", 0, 4, 0, 0, true},
                 {"less alignment", 0, 0, 0, -8, true}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        clean();
        thread_section(".tdata", SHT_PROGBITS, THREADS, 16, 8);
        thread_section(".tbss", SHT_NOBITS, THREADS + 16, 12, 16);
        thread_section(".tempty", SHT_PROGBITS, THREADS - 64, 0, 4096);
        Elf64_Phdr *p = make_elf_phdr(&made, PT_TLS, PF_R, (uint64_t)(THREADS + cases[i].address), 0);
        p->p_filesz = (uint64_t)(16 + cases[i].filesz);
        p->p_memsz = (uint64_t)(28 + cases[i].memsz);
        p->p_align = (uint64_t)(16 + cases[i].align);
        const struct image *image = read_made();
        if (defects(image, DEFECT_ID_elf_section_view) != cases[i].wrong)
            print_error("%s\n", cases[i].sentence);
        assert_int_equal(defects(image, DEFECT_ID_elf_section_view), cases[i].wrong);
        assert_int_equal(image->defects.total, cases[i].wrong);
        file_close(&file);
    }
    for (unsigned kind = 0; kind < 3; kind++) { /* without PT_TLS; of sections that are not loaded nobody asks for it */
        clean();
        thread_section(kind == 1 ? ".tdata" : ".tbss", kind == 1 ? SHT_PROGBITS : SHT_NOBITS, THREADS, 16, 8);
        if (kind == 2)
            made.sections[made.section_count - 1].header.sh_flags = SHF_TLS;
        assert_int_equal(defects(read_made(), DEFECT_ID_elf_section_view), kind < 2);
        file_close(&file);
    }
}

TEST(what_becomes_read_only_ends_with_a_section)
{
    static const struct {
        const char *sentence;
        uint64_t at, size;
        bool wrong;
    } cases[] = {{"in front of it", 0x2500, 0x100, false},
                 {"behind it", 0x2600, 0x100, false},
                 {"across the end", 0x2580, 0x81, true},
                 {"up to the end", 0x2580, 0x80, false},
                 {"three words, as .got.plt", 0x25e8, 0x100, false},
                 {"four words", 0x25e0, 0x100, true}};
    for (unsigned relro = 0; relro < 2; relro++)
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            clean();
            if (relro)
                make_elf_phdr(&made, PT_GNU_RELRO, PF_R, MAKE_ELF_DATA, 0x600);
            Elf64_Shdr *h = &make_elf_section(&made, ".data", SHT_PROGBITS, NULL, cases[i].size)->header;
            h->sh_flags = SHF_ALLOC | SHF_WRITE;
            h->sh_addr = make_elf_address(cases[i].at);
            h->sh_offset = cases[i].at;
            const struct image *image = read_made();
            if (defects(image, DEFECT_ID_elf_section_view) != (relro && cases[i].wrong))
                print_error("%s\n", cases[i].sentence);
            assert_int_equal(image->defects.total, relro && cases[i].wrong);
            file_close(&file);
        }
    clean(); /* variables of threads that have no bytes take no room there; those that begin before it are not its own */
    thread_section(".tbss", SHT_NOBITS, 0x25c0, 0x100, 8);
    Elf64_Phdr *p = make_elf_phdr(&made, PT_TLS, PF_R, 0x25c0, 0);
    p->p_memsz = 0x100;
    p->p_align = 8;
    make_elf_phdr(&made, PT_GNU_RELRO, PF_R, MAKE_ELF_DATA, 0x600);
    assert_int_equal(read_made()->defects.total, 0);
    file_close(&file);
    clean(); /* those that have bytes do */
    thread_section(".tdata", SHT_PROGBITS, 0x25c0, 0x100, 8);
    make_elf_phdr(&made, PT_TLS, PF_R, 0x25c0, 0x100)->p_align = 8;
    make_elf_phdr(&made, PT_GNU_RELRO, PF_R, MAKE_ELF_DATA, 0x600);
    assert_int_equal(defects(read_made(), DEFECT_ID_elf_section_view), 1);
    file_close(&file);
    clean();
    Elf64_Shdr *h = &make_elf_section(&made, ".data", SHT_PROGBITS, NULL, 0x200)->header;
    h->sh_flags = SHF_ALLOC | SHF_WRITE;
    h->sh_addr = make_elf_address(h->sh_offset = 0x2500);
    make_elf_phdr(&made, PT_GNU_RELRO, PF_R, 0x2580, 0x80);
    assert_int_equal(defects(read_made(), DEFECT_ID_elf_section_view), 1);
}

TEST(what_becomes_read_only_begins_with_a_section)
{
    static const struct {
        const char *sentence;
        uint64_t flags, at, size;
        uint32_t type;
        bool wrong;
    } cases[] = {{"within what can be written", SHF_WRITE, 0x2580, 0x80, SHT_PROGBITS, true},
                 {"within what cannot", 0, 0x2580, 0x80, SHT_PROGBITS, false},
                 {"no bytes", SHF_WRITE, 0x2580, 0, SHT_PROGBITS, false},
                 {"at its beginning", SHF_WRITE, 0x2500, 0x100, SHT_PROGBITS, false},
                 {"at its last byte", SHF_WRITE, 0x25ff, 1, SHT_PROGBITS, true},
                 {"behind it", SHF_WRITE, 0x2600, 0x40, SHT_PROGBITS, false},
                 {"within what every thread begins with", SHF_WRITE | SHF_TLS, 0x2580, 0x80, SHT_PROGBITS, true},
                 {"within what every thread has", SHF_WRITE | SHF_TLS, 0x2580, 0x80, SHT_NOBITS, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        clean();
        Elf64_Shdr *h = &make_elf_section(&made, ".x", cases[i].type, NULL, 0x100)->header;
        h->sh_flags = SHF_ALLOC | cases[i].flags;
        h->sh_addr = make_elf_address(h->sh_offset = 0x2500);
        make_elf_phdr(&made, PT_GNU_RELRO, PF_R, cases[i].at, cases[i].size);
        if (cases[i].flags & SHF_TLS) {
            Elf64_Phdr *p = make_elf_phdr(&made, PT_TLS, PF_R, 0x2500, cases[i].type == SHT_PROGBITS ? 0x100 : 0);
            p->p_memsz = 0x100;
            p->p_align = 1;
        }
        const struct image *image = read_made();
        if (defects(image, DEFECT_ID_elf_section_view) != cases[i].wrong)
            print_error("%s: %s\n", cases[i].sentence, image->defects.total ? image->defects.items[0].observed : "");
        assert_int_equal(defects(image, DEFECT_ID_elf_section_view), cases[i].wrong);
        file_close(&file);
    }
}

/* .bss over bytes of the file: zeros, as gold writes them, or others. */
TEST(a_section_without_bytes_is_zeros)
{
    for (unsigned how = 0; how < 4; how++) {
        clean();
        Elf64_Shdr *h = &make_elf_section(&made, ".bss", how == 3 ? SHT_PROGBITS : SHT_NOBITS, NULL, 0x100)->header;
        h->sh_flags = SHF_ALLOC | SHF_WRITE;
        h->sh_addr = make_elf_address(h->sh_offset = how == 2 ? 0x2780 : 0x2600);
        if (how)
            make_elf_put(&made, how == 2 ? 0x27f0 : 0x26ff, "x", 1);
        if (how == 2) /* the last of it is behind the bytes of the file */
            made.phdrs[MAKE_ELF_LOAD_DATA].p_memsz += 0x1000;
        assert_int_equal(defects(read_made(), DEFECT_ID_elf_section_view), how == 1 || how == 2);
        file_close(&file);
    }
}

/* Bytes that are lost behind what was read of the file are no zeros. */
TEST(zeros_that_cannot_be_read_are_none)
{
    enum { MORE = 1 << 20, FAR = MORE / 2 };
    static uint8_t zeros[MORE];
    static const struct file_options options = {4 << 20, false};
    struct problem problem;
    struct view v;
    uint8_t *bytes;
    for (unsigned cut = 0; cut < 2; cut++) {
        bool told = false;
        clean();
        Elf64_Shdr *h = &make_elf_section(&made, ".bss", SHT_NOBITS, NULL, 0x100)->header;
        h->sh_flags = SHF_ALLOC | SHF_WRITE;
        h->sh_addr = make_elf_address(h->sh_offset = FAR);
        made.trailing = zeros;
        made.trailing_size = sizeof zeros;
        made.phdrs[MAKE_ELF_LOAD_DATA].p_filesz = made.phdrs[MAKE_ELF_LOAD_DATA].p_memsz = MORE;
        const size_t size = make_elf_write(&made, &bytes);
        const int fd = memfd_create("zeros", 0);
        assert_true(fd >= 0);
        assert_int_equal(write(fd, bytes, size), size);
        free(bytes);
        assert_int_equal(file_from_fd(&file, fd, &options, &problem), STATUS_OK);
        assert_true(file_view(&file, 0, MAKE_ELF_END + 0x400, &v));
        assert_int_equal(ftruncate(fd, cut ? 0 : (off_t)size), 0);
        reading = (struct reading){0};
        read_file(&file, &(struct read_options){true}, &reading);
        const struct defect_list *list = &reading.images[0].defects;
        for (size_t i = 0; i < list->count; i++)
            told |= strcmp(list->items[i].expected, "zeros for a section without bytes") == 0;
        assert_int_equal(told, cut);
        file_close(&file);
    }
    made.trailing_size = 0;
    (void)read_made();
}

/* What the kernel puts elsewhere than it was linked for must have relocations, and a table that leads to them. */
TEST(a_program_that_is_moved_hears_of_it)
{
    for (unsigned how = 0; how < 4; how++) { /* ET_EXEC, ET_DYN, ET_DYN with PT_DYNAMIC, ET_DYN at 0 */
        clean();
        if (how == 2)
            make_elf_dyn(&made, DT_FLAGS_1, DF_1_PIE);
        if (how)
            made.header.e_type = ET_DYN;
        for (size_t i = 0; how == 3 && i < made.phdr_count; i++)
            if (made.phdrs[i].p_vaddr)
                made.phdrs[i].p_vaddr -= MAKE_ELF_BASE;
        if (how == 3)
            made.header.e_entry -= MAKE_ELF_BASE;
        assert_int_equal(defects(read_made(), DEFECT_ID_elf_relocations), how == 1);
        file_close(&file);
    }
    clean(); /* nothing is mapped at all */
    made.header.e_type = ET_DYN;
    make_elf_interp(&made, "/lib/ld.so");
    made.phdrs[MAKE_ELF_LOAD_CODE].p_type = made.phdrs[MAKE_ELF_LOAD_DATA].p_type = PT_NULL;
    const struct image *image = read_made();
    assert_int_equal(image->kind, KIND_EXECUTABLE);
    assert_int_equal(defects(image, DEFECT_ID_elf_relocations), 0);
    file_close(&file);
}

TEST(loaded_relocations_are_those_that_loaders_are_led_to)
{
    enum { RELA = MAKE_ELF_FREE, SIZE = 48 };
    static const struct {
        const char *sentence;
        uint32_t type;
        int64_t table, size_of; /* the tags */
        uint64_t address, size;
        bool wrong;
    } cases[] = {{"DT_RELA", SHT_RELA, DT_RELA, DT_RELASZ, RELA, SIZE, false},
                 {"DT_JMPREL", SHT_RELA, DT_JMPREL, DT_PLTRELSZ, RELA, SIZE, false},
                 {"a part of DT_RELA", SHT_RELA, DT_RELA, DT_RELASZ, RELA - 24, SIZE + 48, false},
                 {"none", SHT_RELA, DT_HASH, DT_NULL, RELA, SIZE, true},
                 {"a table without a size", SHT_RELA, DT_RELA, DT_NULL, RELA, SIZE, true},
                 {"a table that ends before", SHT_RELA, DT_RELA, DT_RELASZ, RELA, SIZE - 24, true},
                 {"a table that begins behind it", SHT_RELA, DT_RELA, DT_RELASZ, RELA + 24, SIZE, true},
                 {"DT_RELR", SHT_RELR, DT_RELR, DT_RELRSZ, RELA, SIZE, false},
                 {"DT_RELA for packed ones", SHT_RELR, DT_RELA, DT_RELASZ, RELA, SIZE, true},
                 {"no relocations", SHT_PROGBITS, DT_HASH, DT_NULL, RELA, SIZE, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        clean();
        make_elf_dyn(&made, cases[i].table, make_elf_address(cases[i].address));
        if (cases[i].size_of)
            make_elf_dyn(&made, cases[i].size_of, cases[i].size);
        Elf64_Shdr *h = &make_elf_section(&made, ".rela.dyn", cases[i].type, NULL, SIZE)->header;
        h->sh_flags = SHF_ALLOC;
        h->sh_addr = make_elf_address(h->sh_offset = RELA);
        const Elf64_Phdr *dynamic = make_elf_find(&made, PT_DYNAMIC);
        h = &make_elf_section(&made, ".dynamic", SHT_DYNAMIC, NULL, dynamic->p_filesz)->header;
        h->sh_flags = SHF_ALLOC | SHF_WRITE;
        h->sh_addr = dynamic->p_vaddr;
        h->sh_offset = dynamic->p_offset;
        const struct image *image = read_made();
        if (defects(image, DEFECT_ID_elf_section_view) != cases[i].wrong)
            print_error("%s\n", cases[i].sentence);
        assert_int_equal(defects(image, DEFECT_ID_elf_section_view), cases[i].wrong);
        file_close(&file);
    }
    clean();
    (void)read_made();
}

/* A program dies where it writes to what is not mapped so; the vDSO, which is none, has .dynamic in its code. */
TEST(sections_have_the_access_of_their_segment)
{
    static const struct {
        const char *sentence;
        uint16_t type;
        bool interp, pie, wrong;
    } cases[] = {{"a program", ET_EXEC, false, false, true},
                 {"a PIE without its mark", ET_DYN, true, false, true},
                 {"a static PIE", ET_DYN, false, true, true},
                 {"a library", ET_DYN, false, false, false}};
    static const uint64_t flags[] = {SHF_WRITE, SHF_EXECINSTR, 0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t k = 0; k < sizeof flags / sizeof *flags; k++) {
            bool told = false;
            clean();
            made.header.e_type = cases[i].type;
            if (cases[i].interp)
                make_elf_interp(&made, "/lib/ld.so");
            if (cases[i].type == ET_DYN)
                make_elf_dyn(&made, DT_FLAGS_1, cases[i].pie ? DF_1_PIE : 0);
            Elf64_Shdr *h = &make_elf_section(&made, ".own", SHT_PROGBITS, NULL, 16)->header;
            h->sh_flags = SHF_ALLOC | flags[k];
            h->sh_offset = flags[k] == SHF_WRITE ? MAKE_ELF_CODE : MAKE_ELF_FREE;
            h->sh_addr = make_elf_address(h->sh_offset);
            const struct image *image = read_made();
            for (size_t n = 0; n < image->defects.count; n++)
                told |= strcmp(image->defects.items[n].expected, "a segment with the access that the section has") == 0;
            if (told != (cases[i].wrong && flags[k]))
                fail_msg("%s, %#llx", cases[i].sentence, (unsigned long long)flags[k]);
            file_close(&file);
        }
}

/* Each thread has memory of its own for .tbss, which may end anywhere. */
TEST(only_variables_of_threads_need_no_segment)
{
    enum { LAST = MAKE_ELF_END - 64, SIZE = 0x1000 /* into the next page */ };
    for (unsigned threads = 0; threads < 2; threads++) {
        clean();
        thread_section(threads ? ".tbss" : ".bss", SHT_NOBITS, LAST, SIZE, 8);
        if (!threads)
            made.sections[made.section_count - 1].header.sh_flags = SHF_ALLOC | SHF_WRITE;
        Elf64_Phdr *p = threads ? make_elf_phdr(&made, PT_TLS, PF_R, LAST, 0) : NULL;
        if (p) {
            p->p_memsz = SIZE;
            p->p_align = 8;
        }
        assert_int_equal(read_made()->defects.total, !threads);
        file_close(&file);
    }
    clean();
    (void)read_made();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(the_index_of_unwind_information_leads_to_it),
        T(unwind_information_is_found_by_its_index),
        T(what_threads_begin_with_is_loaded_as_it_stands),
        T(pt_phdr_leads_to_the_program_headers),
        T(what_becomes_read_only_is_mapped_and_no_code),
        T(properties_are_those_that_the_kernel_for_arm64_takes),
        T(program_headers_are_loaded_for_who_reads_them),
        T(program_headers_need_not_be_loaded_for_another_c_library),
        T(static_pies_suit_their_c_library),
        T(pt_tls_is_what_its_sections_make_together),
        T(what_becomes_read_only_ends_with_a_section),
        T(what_becomes_read_only_begins_with_a_section),
        T(zeros_that_cannot_be_read_are_none),
        T(a_section_without_bytes_is_zeros),
        T(a_program_that_is_moved_hears_of_it),
        T(loaded_relocations_are_those_that_loaders_are_led_to),
        T(sections_have_the_access_of_their_segment),
        T(only_variables_of_threads_need_no_segment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
