/* A file that became shorter after it was opened, at every page: whichever table is the first that cannot be read, the reader goes
 * on, and the error is told in the end. Each table of these files stands on pages of its own. */
#include "tests/formats/small_macho.h"

#include <sys/mman.h>
#include <unistd.h>
#include "tests/formats/small_glibc.h"
#include "tests/make/elf.h"

enum { PAGE = 4096, OWN = 3 * PAGE, RAW = 64 * PAGE };

static struct file file;
static struct reading reading;

/* A symbol table, strings, relocations and what else a section may be, each of three pages. */
static size_t large_elf(uint8_t **out)
{
    static struct make_elf made;
    static uint8_t zeros[OWN], words[OWN];
    static const struct {
        const char *name;
        uint32_t type;
        uint64_t flags;
        bool words;
    } sections[] = {{".symtab", SHT_SYMTAB, 0, false},        {".strtab", SHT_STRTAB, 0, false},
                    {".comment", SHT_PROGBITS, 0, true},      {".debug_info", SHT_PROGBITS, SHF_COMPRESSED, true},
                    {".harmless", SHT_PROGBITS, 0, true},     {".rela.plt", SHT_RELA, SHF_ALLOC, false},
                    {".go.buildinfo", SHT_PROGBITS, 0, true}, {".gopclntab", SHT_PROGBITS, 0, true}};
    memset(words, 0x41, sizeof words);
    make_elf_clean(&made, ARCH_AMD64);
    make_elf_put(&made, MAKE_ELF_FREE, "\0GLIBC_TUNABLES\0gconv-modules", 30);
    make_elf_note(&made, "GNU", NT_GNU_BUILD_ID, "1234", 4);
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
        bool rela = sections[i].type == SHT_RELA;
        Elf64_Shdr *h = &make_elf_section(&made, sections[i].name, sections[i].type, sections[i].words ? words : zeros,
                                          rela ? OWN : OWN)
                             ->header;
        h->sh_flags = sections[i].flags;
        h->sh_entsize = i == 0 || rela ? 24 : 0;
        h->sh_link = i == 0 ? 3 : 0;
    }
    made.trailing = words;
    made.trailing_size = OWN;
    size_t size = make_elf_write(&made, out);
    /* headers and names of sections stand in front, in the page of code: what they lead to is what is missed */
    Elf64_Ehdr header;
    memcpy(&header, *out, sizeof header);
    Elf64_Shdr *headers = (Elf64_Shdr *)(void *)(*out + 0x1200), *names = &headers[header.e_shstrndx];
    memmove(headers, *out + header.e_shoff, header.e_shnum * sizeof *headers);
    memcpy(*out + 0x1e00, *out + names->sh_offset, names->sh_size);
    names->sh_offset = 0x1e00;
    header.e_shoff = 0x1200;
    memcpy(*out, &header, sizeof header);
    return size;
}

/* A static program of glibc whose code calls dlopen(): constants, code and symbols on pages of their own. */
static size_t static_elf(uint8_t **out)
{
    static struct small s;
    start_glibc(&s, EM_X86_64);
    put_text(&s, CONSTANTS + 0x400, "!\"Nothing like this should happen\"");
    put_text(&s, CONSTANTS + 0x480, "NSt6locale5facetE");
    put_dlopen(&s);
    put_symbol(&s, "main");
    *out = calloc(1, sizeof s.bytes + 4 * PAGE);
    assert_non_null(*out);
    memcpy(*out, s.bytes, sizeof s.bytes);
    return sizeof s.bytes + 4 * PAGE;
}

/* A dynamic program of which each part that the kernel and ld.so look at stands elsewhere. */
static size_t spread_elf(uint8_t **out)
{
    enum {
        TEXT = 1,
        INTERP = 4,
        NOTES = 8,
        DYNAMIC = 12,
        STRINGS = 16,
        VERSIONS = 20,
        RELA = 24,
        HASH = 28,
        UNWIND = 32,
        PHDRS = 40,
        SIZE = 48
    };
    static const struct {
        uint32_t type, page, size;
    } parts[] = {{PT_LOAD, 0, SIZE * PAGE},
                 {PT_INTERP, INTERP, 11},
                 {PT_NOTE, NOTES, 24},
                 {PT_DYNAMIC, DYNAMIC, 176},
                 {PT_GNU_EH_FRAME, UNWIND, 12}};
    enum { PARTS = sizeof parts / sizeof *parts };
    static const uint64_t dyns[][2] = {{DT_STRTAB, STRINGS},   {DT_STRSZ, 0},      {DT_NEEDED, 0},
                                       {DT_VERNEED, VERSIONS}, {DT_VERNEEDNUM, 0}, {DT_RELA, RELA},
                                       {DT_RELASZ, 0},         {DT_RELAENT, 0},    {DT_GNU_HASH, HASH}};
    static const uint64_t values[] = {0, 2, 1, 0, 1, 0, 48, 24, 0};
    const uint64_t base = 0x400000;
    uint8_t *bytes = calloc(SIZE, PAGE);
    assert_non_null(bytes);
    const Elf64_Ehdr header = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
                               .e_type = ET_EXEC,
                               .e_machine = EM_X86_64,
                               .e_version = EV_CURRENT,
                               .e_entry = base + TEXT * PAGE,
                               .e_phoff = PHDRS * PAGE,
                               .e_ehsize = 64,
                               .e_phentsize = 56,
                               .e_phnum = PARTS};
    memcpy(bytes, &header, sizeof header);
    for (size_t i = 0; i < PARTS; i++) {
        const Elf64_Phdr p = {.p_type = parts[i].type,
                              .p_flags = PF_R | PF_X,
                              .p_offset = parts[i].page * PAGE,
                              .p_vaddr = base + parts[i].page * PAGE,
                              .p_filesz = parts[i].size,
                              .p_memsz = parts[i].size,
                              .p_align = i ? 4 : PAGE};
        memcpy(bytes + PHDRS * PAGE + i * sizeof p, &p, sizeof p);
    }
    for (size_t i = 0; i < sizeof dyns / sizeof *dyns; i++) {
        const uint64_t entry[] = {dyns[i][0], dyns[i][1] ? base + dyns[i][1] * PAGE : values[i]};
        memcpy(bytes + DYNAMIC * PAGE + i * sizeof entry, entry, sizeof entry);
    }
    memcpy(bytes + INTERP * PAGE, "/lib/ld.so", 11);
    memcpy(bytes + NOTES * PAGE, (const uint32_t[]){4, 8, 3, 0x554e47, 1, 2}, 24);
    memcpy(bytes + STRINGS * PAGE, "\0x", 3);
    memcpy(bytes + VERSIONS * PAGE, (const uint32_t[]){0x10001, 0, 16, 0, 0, 0, 1, 0}, 32);
    bytes[HASH * PAGE] = 1;
    memcpy(bytes + UNWIND * PAGE, (const uint32_t[]){0x3b031b01, 0, 0}, 12);
    *out = bytes;
    return SIZE * PAGE;
}

/* What objcopy --only-keep-debug leaves, but for code that is still there, on a page of its own. */
static size_t companion_elf(uint8_t **out)
{
    static struct make_elf made;
    make_elf_clean(&made, ARCH_AMD64);
    made.sections[0].header.sh_type = SHT_NOBITS;
    return make_elf_write(&made, out);
}

/* A library of which each table stands elsewhere, as a thin file or as the second slice of a universal one. */
static size_t spread_macho(uint8_t **out, bool universal)
{
    enum { SYMBOLS = 8, STRINGS = 12, REBASE = 16, BIND = 20, TRIE = 24, SIGNATURE = 28, SIZE = 36 };
    static const uint32_t commands[][12] = {
        {LC_SYMTAB, 24, SYMBOLS * PAGE, 2, STRINGS * PAGE, 16},
        {LC_DYLD_INFO | MAKE_REQ_DYLD, 48, REBASE * PAGE, 8, BIND * PAGE, 8, 0, 0, 0, 0, TRIE * PAGE, 8},
        {LC_CODE_SIGNATURE, 16, SIGNATURE * PAGE, PAGE}};
    size_t first = universal ? 4 * PAGE : 0, at = first + 32;
    uint8_t *bytes = calloc(SIZE + 4, PAGE);
    assert_non_null(bytes);
    const uint32_t header[] = {0xfeedfacf, CPU_TYPE_ARM64, 0, MH_DYLIB, 3, 24 + 48 + 16, 0, 0};
    memcpy(bytes + first, header, sizeof header);
    for (size_t i = 0; i < 3; i++, at += commands[i - 1][1])
        memcpy(bytes + at, commands[i], commands[i][1]);
    if (universal) {
        const uint8_t table[] = {0xca, 0xfe, 0xba, 0xbe, 0,    0, 0, 1, 1,    0, 0, 12, 0, 0,
                                 0,    0,    0,    0,    0x40, 0, 0, 2, 0x40, 0, 0, 0,  0, 12};
        memcpy(bytes, table, sizeof table);
    }
    *out = bytes;
    return first + SIZE * PAGE;
}

static int open_bytes(const uint8_t *bytes, size_t size)
{
    int fd = memfd_create("file", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, size), (ssize_t)size);
    return fd;
}

/* Cut at each page; and each page by itself, all others of which were read before. */
static void cut_at_each_page(const uint8_t *bytes, size_t size)
{
    static const struct file_options options = {1 << 24, false};
    struct problem problem;
    for (size_t length = 0; length <= size; length += PAGE)
        for (unsigned code = 0; code < 2; code++) {
            assert_int_equal(file_from_fd(&file, open_bytes(bytes, size), &options, &problem), STATUS_OK);
            assert_int_equal(ftruncate(file.fd, (off_t)length), 0);
            read_file(&file, &(struct read_options){.code = code}, &reading);
            assert_true(reading.count >= 1);
            if (length < size)
                assert_int_not_equal(file_settle(&file, &problem), STATUS_OK);
            file_close(&file);
        }
    for (size_t hole = 0; hole + PAGE <= size; hole += PAGE) {
        struct view v;
        assert_int_equal(file_from_fd(&file, open_bytes(bytes, size), &options, &problem), STATUS_OK);
        assert_true(hole == 0 || file_view(&file, 0, hole, &v));
        assert_true(file_view(&file, hole + PAGE, size - hole - PAGE, &v));
        assert_int_equal(ftruncate(file.fd, 0), 0);
        read_file(&file, &(struct read_options){.code = true}, &reading); /* and one page alone cannot be read */
        assert_true(reading.count >= 1);
        file_close(&file);
    }
}

static void elf_files_that_become_shorter(void **state)
{
    uint8_t *bytes;
    (void)state;
    size_t size = large_elf(&bytes);
    cut_at_each_page(bytes, size);
    free(bytes);
    size = spread_elf(&bytes);
    cut_at_each_page(bytes, size);
    free(bytes);
    size = static_elf(&bytes);
    cut_at_each_page(bytes, size);
    free(bytes);
    size = companion_elf(&bytes);
    cut_at_each_page(bytes, size);
    free(bytes);
}

static void macho_files_that_become_shorter(void **state)
{
    (void)state;
    for (unsigned universal = 0; universal < 2; universal++) {
        uint8_t *bytes;
        size_t size = spread_macho(&bytes, universal);
        cut_at_each_page(bytes, size);
        free(bytes);
    }
}

/* The same files, left as they are: what is read of them. */
static void the_same_files_as_they_are(void **state)
{
    static const struct file_options options = {1 << 24, false};
    struct problem problem;
    uint8_t *bytes;
    (void)state;
    size_t size = spread_elf(&bytes);
    assert_int_equal(file_from_fd(&file, open_bytes(bytes, size), &options, &problem), STATUS_OK);
    read_file(&file, &(struct read_options){.code = true}, &reading);
    const struct image *image = reading.images;
    assert_string_equal(image->interpreter.text, "/lib/ld.so");
    assert_string_equal(image->needed.items[0].text, "x");
    assert_string_equal(image->versions.items[0].text, "x");
    assert_int_equal(image->elf->relocations, 2);
    assert_int_equal(image->defects.total, 0);
    assert_int_equal(file_settle(&file, &problem), STATUS_OK);
    file_close(&file);
    free(bytes);
    size = spread_macho(&bytes, true);
    assert_int_equal(file_from_fd(&file, open_bytes(bytes, size), &options, &problem), STATUS_OK);
    read_file(&file, &(struct read_options){.code = true}, &reading);
    assert_string_equal(reading.images[0].name, "arm64");
    assert_int_equal(reading.images[0].symbols.count, 2);
    assert_int_equal(file_settle(&file, &problem), STATUS_OK);
    file_close(&file);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elf_files_that_become_shorter),
        cmocka_unit_test(macho_files_that_become_shorter),
        cmocka_unit_test(the_same_files_as_they_are),
    };
    return cmocka_run_group_tests_name("test_read_errors", tests, NULL, NULL);
}
