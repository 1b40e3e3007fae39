/* What counts as debug information, by name and by content: DWARF 5 §7.5.1.1 and §6.2.4 (headers of units and line tables),
 * gABI "Symbol Table" and "Compression Header" (fields and their values), elfutils and gdb for the other names. */
#include "tests/formats/made_elf.h"

#include <stdio.h>
#include <string.h>
#include "formats/limits.h"

#define BYTES(...)                                                                                                     \
    (const uint8_t[]){__VA_ARGS__}, sizeof(const uint8_t[])                                                            \
    {                                                                                                                  \
        __VA_ARGS__                                                                                                    \
    }
#define LE32(n)    (uint8_t)(n), (uint8_t)((n) >> 8), (uint8_t)((n) >> 16), (uint8_t)((n) >> 24)
#define TEXT(text) (const uint8_t *)(text), sizeof(text) - 1
enum { NOTHING = 0, DWARF = 1 << DEBUG_DWARF, PRESSED = DWARF | 1 << DEBUG_DWARF_COMPRESSED, HARMLESS = -1 };

struct debug_case {
    const char *sentence, *name;
    const uint8_t *bytes;
    size_t size;
    unsigned kinds; /* bit 1 << DEBUG_… of all that is found */
};

static unsigned kinds_of(const struct image *image)
{
    unsigned kinds = 0;
    for (size_t i = 0; i < image->debug.count; i++)
        kinds |= 1U << image->debug.items[i].kind;
    return kinds;
}

static void check(const struct debug_case *c)
{
    clean();
    make_elf_section(&made, c->name, SHT_PROGBITS, c->bytes, c->size);
    const struct image *image = read_made();
    if (kinds_of(image) != c->kinds)
        print_error("%s: %#x, not %#x\n", c->sentence, kinds_of(image), c->kinds);
    assert_int_equal(kinds_of(image), c->kinds);
    assert_int_equal(image->debug.known, KNOWN_COMPLETE);
    assert_int_equal(image->symbols.known, KNOWN_ABSENT);
    assert_int_equal(image->stripped, c->kinds & DWARF ? ANSWER_NO : ANSWER_YES);
    assert_int_equal(image->defects.total, 0);
    file_close(&file);
}

TEST(debug_information_has_many_names)
{
    static const char long_id[66] = "x";
    static uint8_t long_name[LIMIT_TEXT], longer_name[LIMIT_TEXT + 1];
    memset(long_name, 'x', sizeof long_name - 5); /* and a NUL, and four bytes of checksum */
    memset(longer_name, 'x', sizeof longer_name - 5);
    const struct debug_case cases[] = {
        {"DWARF", ".debug_info", TEXT("x"), DWARF},
        {"the first of the names", ".debug_abbrev", TEXT("x"), DWARF},
        {"the last of the names", ".debug_types", TEXT("x"), DWARF},
        {"the old way to compress", ".zdebug_line", TEXT("x"), PRESSED},
        {"split DWARF", ".debug_info.dwo", TEXT("x"), DWARF},
        {"no name of DWARF", ".debug_gear", TEXT("x"), NOTHING},
        {"nor with the end of split DWARF", ".debug_gear.dwo", TEXT("x"), NOTHING},
        {"nothing behind the prefix", ".debug_", TEXT("x"), NOTHING},
        {"only an end", ".debug_.dwo", TEXT("x"), NOTHING},
        {"longer than all names", ".debug_information_of_all_sorts", TEXT("x"), NOTHING},
        {"without the underscore", ".debug", TEXT("x"), NOTHING},
        {"a name that begins alike", ".dynamite", TEXT("x"), NOTHING},
        {"without the dot", "debug_info", TEXT("x"), NOTHING},
        {"stabs", ".stab", TEXT("x"), 1 << DEBUG_STABS},
        {"strings of stabs, as any strings", ".stabstr", TEXT("x"), NOTHING},
        {"a link", ".gnu_debuglink", TEXT("x.debug\0\1\2\3\4"), 1 << DEBUG_LINK},
        {"a link to no name", ".gnu_debuglink", TEXT("\0\1\2\3\4"), NOTHING},
        {"a name without an end", ".gnu_debuglink", TEXT("x.debug"), NOTHING},
        {"a name of other letters", ".gnu_debuglink", TEXT("x\n\0\1\2\3\4"), NOTHING},
        {"a link to a shared file", ".gnu_debugaltlink", TEXT("x\0\1\2\3\4\5\6\7\10"), 1 << DEBUG_LINK},
        {"a small symbol table", ".gnu_debugdata", TEXT("x"), 1 << DEBUG_MINI},
        {"an index of gdb", ".gdb_index", TEXT("x"), 1 << DEBUG_GDB_INDEX},
        {"CTF", ".ctf", TEXT("x"), 1 << DEBUG_CTF},
        {"CTF of Solaris", ".SUNW_ctf", TEXT("x"), 1 << DEBUG_CTF},
        {"BTF", ".BTF", TEXT("x"), 1 << DEBUG_BTF},
        {"BTF of functions", ".BTF.ext", TEXT("x"), 1 << DEBUG_BTF},
        {"a link to a shared file by an id of 63 bytes and a NUL", ".gnu_debugaltlink", (const uint8_t *)long_id, 65,
         1 << DEBUG_LINK},
        {"by more than is an id", ".gnu_debugaltlink", (const uint8_t *)long_id, 66, NOTHING},
        {"as long a name as there may be", ".gnu_debuglink", long_name, LIMIT_TEXT, 1 << DEBUG_LINK},
        {"longer", ".gnu_debuglink", longer_name, LIMIT_TEXT + 1, NOTHING},
        {"no name", "", TEXT("x"), NOTHING},
        {"a comment that is none", ".comment", BYTES(LE32(7), 4, 0, LE32(0), 8), DWARF},
        {"no bytes", ".debug_info", TEXT(""), NOTHING},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check(&cases[i]);
}

/* clang-format off */
TEST(debug_information_is_known_by_its_bytes)
{
    const struct debug_case cases[] = {
        /* unit_length, version, debug_abbrev_offset, address_size */
        {"a unit of DWARF 4", ".x", BYTES(LE32(7), 4, 0, LE32(0), 8), DWARF},
        {"of DWARF 2", ".x", BYTES(LE32(7), 2, 0, LE32(0), 8), DWARF},
        {"with short addresses", ".x", BYTES(LE32(7), 4, 0, LE32(0), 4), DWARF},
        {"addresses of two bytes", ".x", BYTES(LE32(7), 4, 0, LE32(0), 2), NOTHING},
        {"of DWARF 1", ".x", BYTES(LE32(7), 1, 0, LE32(0), 8), NOTHING},
        {"of DWARF 6", ".x", BYTES(LE32(7), 6, 0, LE32(0), 8), NOTHING},
        {"shorter than its header", ".x", BYTES(LE32(6), 4, 0, LE32(0), 8), NOTHING},
        {"longer than its section", ".x", BYTES(LE32(8), 4, 0, LE32(0), 8), NOTHING},
        {"a section that ends within the length", ".x", BYTES(7, 0, 0), NOTHING},
        /* unit_length, version, unit_type, address_size, debug_abbrev_offset */
        {"a unit of DWARF 5", ".x", BYTES(LE32(8), 5, 0, 1, 8, LE32(0)), DWARF},
        {"of the last type", ".x", BYTES(LE32(8), 5, 0, 6, 8, LE32(0)), DWARF},
        {"of no type", ".x", BYTES(LE32(8), 5, 0, 0, 8, LE32(0)), NOTHING},
        {"of a type behind the last", ".x", BYTES(LE32(8), 5, 0, 7, 8, LE32(0)), NOTHING},
        {"with short addresses", ".x", BYTES(LE32(8), 5, 0, 1, 4, LE32(0)), DWARF},
        {"with addresses of two bytes", ".x", BYTES(LE32(8), 5, 0, 1, 2, LE32(0)), NOTHING},
        {"without its last byte", ".x", BYTES(LE32(7), 5, 0, 1, 8, 0, 0, 0), NOTHING},
        /* unit_length, version, header_length, minimum_instruction_length */
        {"a line table of DWARF 4", ".x", BYTES(LE32(11), 4, 0, LE32(10), 1, 0, 0, 0, 0), DWARF},
        {"with a header too short", ".x", BYTES(LE32(11), 4, 0, LE32(9), 1, 0, 0, 0, 0), NOTHING},
        {"with a header as long as itself", ".x", BYTES(LE32(11), 4, 0, LE32(11), 1, 0, 0, 0, 0), NOTHING},
        {"of instructions of three bytes", ".x", BYTES(LE32(11), 4, 0, LE32(10), 3, 0, 0, 0, 0), NOTHING},
        /* unit_length, version, address_size, segment_selector_size, header_length, minimum_instruction_length */
        {"a line table of DWARF 5", ".x", BYTES(LE32(11), 5, 0, 8, 0, LE32(10), 1, 0, 0), DWARF},
        {"of instructions of four bytes", ".x", BYTES(LE32(11), 5, 0, 8, 0, LE32(10), 4, 0, 0), DWARF},
        {"of two", ".x", BYTES(LE32(11), 5, 0, 8, 0, LE32(10), 2, 0, 0), NOTHING},
        {"without its last byte", ".x", BYTES(LE32(8), 5, 0, 8, 0, LE32(10)), NOTHING},
        {"what GNU tools compressed", ".x", TEXT("ZLIB\0\0\0\0\0\0\0\1"), PRESSED},
        {"without its size", ".x", TEXT("ZLIB\0\0\0\0\0\0\0"), NOTHING},
        {"another word", ".x", TEXT("ZLID\0\0\0\0\0\0\0\1"), NOTHING},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check(&cases[i]);
}
/* clang-format on */

/* ---- in the midst of other bytes ---- */

/* A unit of DWARF 4 with an entry of the code 1, and the abbreviation of that: a compile unit with a producer. */
#define HIDDEN "no unit begins here: \x08\0\0\0\4\0\0\0\0\0\x08\1 \1\x11\1\x25\x0e\x13\x0b"
enum { HIDDEN_AT = 21 };

static void hidden_in(uint64_t flags, const char *other, const struct image **image)
{
    clean();
    if (other)
        make_elf_section(&made, other, SHT_PROGBITS, "x.debug\0\1\2\3\4", 12);
    struct make_elf_section *s = make_elf_section(&made, ".x", SHT_PROGBITS, HIDDEN, sizeof HIDDEN);
    s->header.sh_flags = flags;
    *image = read_made();
}

TEST(units_in_the_midst_of_a_section)
{
    static const struct {
        const char *other;
        unsigned kinds;
        size_t count;
    } cases[] = {{NULL, DWARF, 1}, {".gnu_debuglink", DWARF | 1 << DEBUG_LINK, 2}, {".debug_info", DWARF, 1}};
    const struct image *image;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hidden_in(0, cases[i].other, &image);
        assert_int_equal(kinds_of(image), cases[i].kinds);
        assert_int_equal(image->debug.count, cases[i].count); /* where DWARF is known, no more is looked for */
        const struct debug_info *last = &image->debug.items[cases[i].count - 1];
        if (!cases[i].other || i == 1)
            assert_int_equal(last->offset, image->sections.items[i == 1 ? 3 : 2].offset + HIDDEN_AT);
        assert_int_equal(image->stripped, ANSWER_NO);
        file_close(&file);
    }
    hidden_in(SHF_ALLOC, NULL, &image); /* no part of memory, whatever it says */
    assert_int_equal(kinds_of(image), NOTHING);
    file_close(&file);
}

/* Programs and libraries are looked into. Objects are what a linker makes them of. */
TEST(units_in_the_midst_of_what_is_loaded)
{
    static const struct {
        uint16_t type;
        enum kind kind;
        unsigned kinds;
    } cases[] = {
        {ET_EXEC, KIND_EXECUTABLE, DWARF}, {ET_DYN, KIND_SHARED_LIBRARY, DWARF}, {ET_REL, KIND_OBJECT, NOTHING}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (unsigned code = 0; code < 2; code++) {
            uint8_t *bytes;
            clean();
            made.header.e_type = cases[i].type;
            made.header.e_entry = cases[i].type == ET_DYN ? 0 : made.header.e_entry;
            make_elf_put(&made, MAKE_ELF_FREE, HIDDEN, sizeof HIDDEN);
            size_t size = make_elf_write(&made, &bytes);
            struct problem problem;
            assert_int_equal(file_from_memory(&file, bytes, size, &(struct file_options){1 << 20, false}, &problem),
                             STATUS_OK);
            read_file(&file, &(struct read_options){.code = code}, &reading);
            assert_int_equal(reading.images->kind, cases[i].kind);
            assert_int_equal(kinds_of(reading.images), code ? cases[i].kinds : NOTHING);
            file_close(&file);
            free(bytes);
        }
}

/* ---- programs and archives ---- */

static const char *payload(const char *name, uint16_t type, const void *content, size_t there)
{
    static char text[128];
    clean();
    made.header.e_type = type;
    made.header.e_entry = type == ET_DYN ? 0 : made.header.e_entry; /* a library */
    make_elf_section(&made, name, SHT_PROGBITS, content, there);
    const struct image *image = read_made();
    assert_int_equal(image->packer.text ? image->packer.detail : 1, 1); /* not the program itself */
    (void)snprintf(text, sizeof text, "%s", image->packer.text ? image->packer.text : "");
    file_close(&file);
    return text;
}

TEST(a_program_in_a_section_that_is_not_loaded_is_told)
{
    static const struct {
        const char *sentence, *name;
        const uint8_t *bytes;
        size_t size;
        const char *told;
    } cases[] = {
        {"another ELF file", ".x",
         TEXT("\x7f"
              "ELF\2"),
         "ELF file in the section .x"},
        {"in a section without a name", "", TEXT("PK\3\4\0"), "ZIP archive in the section without a name"},
        {"five bytes of gzip data", ".x", TEXT("\x1f\x8b\0\0\0"), "gzip data in the section .x"},
        {"four bytes are too few", ".x", TEXT("\x1f\x8b\0\0"), ""},
        {"a script", ".x", TEXT("#!/bin/sh"), ""},
        {"two letters of DOS", ".x", TEXT("MZabc"), ""},
        {"a text", ".x", TEXT("hello"), ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *told = payload(cases[i].name, ET_EXEC, cases[i].bytes, cases[i].size);
        if (strcmp(told, cases[i].told) != 0)
            print_error("%s\n", cases[i].sentence);
        assert_string_equal(told, cases[i].told);
    }
    static const struct {
        uint16_t type;
        bool told;
    } kinds[] = {{ET_EXEC, true}, {ET_DYN, true}, {ET_REL, false}, {ET_CORE, false}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        assert_int_equal(*payload(".x", kinds[i].type, "PK\3\4\0", 5) != 0, kinds[i].told);
}

/* POSIX ustar: the magic stands at 257. */
TEST(a_tar_archive_in_a_section_is_told)
{
    enum { MAGIC = 257 };
    static uint8_t archive[512];
    memcpy(archive, "name", 4);
    memcpy(archive + MAGIC, "ustar", 5);
    assert_string_equal(payload(".x", ET_EXEC, archive, sizeof archive), "a tar archive in the section .x");
    assert_string_equal(payload(".x", ET_EXEC, archive, MAGIC + 5), "a tar archive in the section .x");
    assert_string_equal(payload(".x", ET_EXEC, archive, MAGIC + 4), "");
    archive[MAGIC] = 'U';
    assert_string_equal(payload(".x", ET_EXEC, archive, sizeof archive), "");
}

/* A small symbol table under another name, or an archive, as in .staticx.archive of staticx 0.14.2: not to be told apart. */
TEST(what_xz_data_of_a_section_are_cannot_be_told)
{
    static const struct {
        const char *name, *bytes, *told;
        size_t size;
        enum known known;
    } cases[] = {
        {".x",
         "\xfd"
         "7zXZ\0\0\1",
         "xz data in the section .x", 8, KNOWN_BROKEN},
        {".x",
         "\xfd"
         "7zXZ",
         "xz data in the section .x", 5, KNOWN_COMPLETE},
        {".x",
         "\xfd"
         "7zXz\0\0\1",
         NULL, 8, KNOWN_COMPLETE},
        {".gnu_debugdata",
         "\xfd"
         "7zXZ\0\0\1",
         NULL, 8, KNOWN_COMPLETE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        clean();
        make_elf_section(&made, cases[i].name, SHT_PROGBITS, cases[i].bytes, cases[i].size);
        const struct image *image = read_made();
        assert_int_equal(image->debug.known, cases[i].known);
        assert_int_equal(image->debug.count, i == 3);
        assert_true(cases[i].told ? image->packer.text && strcmp(image->packer.text, cases[i].told) == 0
                                  : !image->packer.text);
        file_close(&file);
    }
}

/* What PyInstaller 6 puts into the section `pydata`: of bytes that come equally often, as zlib makes them. */
TEST(compressed_data_in_a_section_are_told)
{
    enum { LEAST = 1 << 14 };
    static uint8_t even[LEAST], text[LEAST];
    for (size_t i = 0; i < LEAST; i++) {
        even[i] = (uint8_t)(i * 167 + i / 256);
        text[i] = (uint8_t)('a' + i % 26);
    }
    assert_string_equal(payload("pydata", ET_EXEC, even, LEAST), "compressed data in the section pydata");
    assert_string_equal(payload("pydata", ET_DYN, even, LEAST), "compressed data in the section pydata");
    assert_string_equal(payload("pydata", ET_REL, even, LEAST), "");
    assert_string_equal(payload("pydata", ET_EXEC, even, LEAST - 1), "");
    assert_string_equal(payload("pydata", ET_EXEC, text, LEAST), "");
    assert_string_equal(payload(".gnu_debugdata", ET_EXEC, even, LEAST), "");
}

TEST(sections_of_the_same_bytes_are_looked_at_as_often_as_the_file_is_large)
{
    enum { LEAST = 1 << 14 };
    static uint8_t text[LEAST];
    for (unsigned count = 1; count <= 3; count++) {
        clean();
        make_elf_section(&made, ".x", SHT_PROGBITS, text, LEAST);
        for (unsigned i = 1; i < count; i++) {
            Elf64_Shdr *again = &make_elf_section(&made, ".y", SHT_PROGBITS, NULL, LEAST)->header;
            again->sh_offset = MAKE_ELF_END;
        }
        memset(text, 'a', LEAST);
        assert_int_equal(read_made()->sections.known, count < 2 ? KNOWN_COMPLETE : KNOWN_BROKEN);
        file_close(&file);
    }
}

/* strace of `staticx /bin/ls`: execve() of the file that was taken out, with the loader and libraries beside it. */
TEST(what_a_section_carries_may_be_started)
{
    for (unsigned i = 0; i < 6; i++) {
        bool code = i & 1, full = i < 4, loaded = i == 2 || i == 3;
        uint8_t *bytes;
        struct problem problem;
        clean();
        if (loaded)
            make_elf_interp(&made, "/lib64/ld-linux-x86-64.so.2");
        if (full)
            make_elf_section(&made, ".archive", SHT_PROGBITS, "PK\3\4\0", 5);
        size_t size = make_elf_write(&made, &bytes);
        assert_int_equal(file_from_memory(&file, bytes, size, &(struct file_options){1 << 20, false}, &problem),
                         STATUS_OK);
        read_file(&file, &(struct read_options){.code = code}, &reading);
        const struct latent_loads *latent = &reading.images->latent;
        bool may = full && !loaded;
        assert_int_equal(latent->known == KNOWN_BROKEN, may);
        assert_int_equal(latent->possible, may ? LATENT_PROGRAM : 0);
        assert_int_equal(latent->count, may);
        file_close(&file);
        free(bytes);
    }
}

TEST(the_first_of_several_programs_is_told)
{
    clean();
    make_elf_section(&made, ".x", SHT_PROGBITS, "hsqs\0", 5);
    make_elf_section(&made, ".y", SHT_PROGBITS, "PK\3\4\0", 5);
    const struct image *image = read_made();
    assert_string_equal(image->packer.text, "SquashFS in the section .x");
    assert_int_equal(image->packer.offset, image->sections.items[2].offset);
    file_close(&file);
}

enum { FEW = 3, MANY = 40 };

/* A table of symbols in a section of another type; `at` is what the test changes. */
static size_t symbols_in_disguise(size_t count, size_t size, size_t index, const Elf64_Sym *at)
{
    static Elf64_Sym symbols[MANY];
    memset(symbols, 0, sizeof symbols);
    for (size_t i = 1; i < count; i++)
        symbols[i] = (Elf64_Sym){.st_name = 1, .st_info = 0x12, .st_shndx = 1};
    symbols[index] = *at;
    clean();
    make_elf_section(&made, ".x", SHT_PROGBITS, symbols, size);
    const struct image *image = read_made();
    size_t found = image->symbols.known == KNOWN_COMPLETE ? image->symbols.count : 0;
    assert_int_equal(defects(image, DEFECT_ID_elf_section_view), found != 0);
    file_close(&file);
    return found;
}

TEST(a_symbol_table_is_known_by_its_fields)
{
    static const struct {
        Elf64_Sym symbol;
        bool good;
    } cases[] = {
        {{.st_name = 1, .st_info = 0x26, .st_other = 3, .st_shndx = 3}, true}, /* STB_WEAK, STT_TLS, the last section */
        {{.st_name = 1, .st_info = 0xaa, .st_shndx = 0xfff1}, true}, /* STB_GNU_UNIQUE, STT_GNU_IFUNC, SHN_ABS */
        {{.st_name = 1, .st_info = 0x07, .st_shndx = 1}, false},     /* a type that is none */
        {{.st_name = 1, .st_info = 0x0b, .st_shndx = 1}, false},
        {{.st_name = 1, .st_info = 0x32, .st_shndx = 1}, false}, /* a binding that is none */
        {{.st_name = 1, .st_info = 0x92, .st_shndx = 1}, false},
        {{.st_name = 1, .st_info = 0x12, .st_other = 4, .st_shndx = 1}, false}, /* st_other above the visibilities */
        {{.st_name = 1, .st_info = 0x12, .st_shndx = 4}, false},                /* there are four sections */
        {{.st_name = 1, .st_info = 0x12, .st_shndx = 0xfff0}, false},
        {{.st_info = 0x12, .st_shndx = 1}, true},               /* a name is not needed */
        {{.st_name = 1, .st_shndx = 1}, true},                  /* nor more than a name */
        {{.st_name = 1, .st_info = 0xa2, .st_shndx = 1}, true}, /* STB_GNU_UNIQUE, STT_FUNC */
        {{.st_name = 1, .st_info = 0x1a, .st_shndx = 1}, true}, /* STB_GLOBAL, STT_GNU_IFUNC */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(symbols_in_disguise(FEW, FEW * 24, 1, &cases[i].symbol), cases[i].good ? FEW : 0);
    const Elf64_Sym zero = {0}, good = cases[0].symbol, bad = cases[2].symbol;
    assert_int_equal(symbols_in_disguise(FEW, FEW * 24, 0, &good), 0);                 /* the first is all zeros */
    assert_int_equal(symbols_in_disguise(FEW, FEW * 24, 1, &zero), 0);                 /* half of them say nothing */
    assert_int_equal(symbols_in_disguise(FEW + 1, (FEW + 1) * 24, 1, &zero), FEW + 1); /* a third of them */
    assert_int_equal(symbols_in_disguise(FEW, FEW * 24 - 24, 0, &zero), 0);            /* two entries are too few */
    assert_int_equal(symbols_in_disguise(FEW + 1, FEW * 24 + 1, 0, &zero), 0);
    assert_int_equal(symbols_in_disguise(MANY, MANY * 24, 31, &bad), 0);
    assert_int_equal(symbols_in_disguise(MANY, MANY * 24, 32, &bad), MANY); /* it is not read to its end */
}

/* A loaded section of dynamic symbols at `address`, in a program without a dynamic table or with one. */
static size_t dynamic_symbols(uint32_t type, bool dynamic, uint64_t address, size_t count)
{
    clean();
    if (dynamic)
        make_elf_dyn(&made, DT_DEBUG, 0); /* and DT_SYMTAB */
    Elf64_Shdr *header = &make_elf_section(&made, ".dynsym", type, NULL, count * sizeof(Elf64_Sym))->header;
    header->sh_flags = SHF_ALLOC;
    header->sh_addr = address ? address : make_elf_find_dyn(&made, DT_SYMTAB)->d_un.d_val;
    header->sh_offset = MAKE_ELF_FREE;
    const struct image *image = read_made();
    size_t found = image->symbols.known == KNOWN_COMPLETE ? image->symbols.count : 0;
    assert_int_equal(image->stripped, found ? ANSWER_NO : ANSWER_YES);
    file_close(&file);
    return found;
}

/* readelf, nm -D and gdb show what stands there; a loader reads only what DT_SYMTAB leads to. */
TEST(dynamic_symbols_that_no_loader_reads_are_left)
{
    const uint64_t elsewhere = make_elf_address(MAKE_ELF_FREE);
    assert_int_equal(dynamic_symbols(SHT_DYNSYM, false, elsewhere, 2), 2);
    assert_int_equal(dynamic_symbols(SHT_DYNSYM, true, elsewhere, 2), 2);
    assert_int_equal(dynamic_symbols(SHT_DYNSYM, true, 0, 2), 0);
    assert_int_equal(dynamic_symbols(SHT_PROGBITS, false, elsewhere, 2), 0);
    assert_int_equal(dynamic_symbols(SHT_DYNSYM, false, elsewhere, 1), 0); /* the entry that names nobody */
}

/* A linker makes of an object what it will, and a file for debuggers has no dynamic table whose word could be held against. */
TEST(dynamic_symbols_of_what_no_loader_loads_are_not_told)
{
    static const enum kind kinds[] = {KIND_EXECUTABLE, KIND_OBJECT, KIND_DEBUG_FILE};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        clean();
        Elf64_Shdr *header = &make_elf_section(&made, ".dynsym", SHT_DYNSYM, NULL, 48)->header;
        header->sh_flags = SHF_ALLOC;
        header->sh_addr = make_elf_address(MAKE_ELF_FREE);
        header->sh_offset = MAKE_ELF_FREE;
        if (kinds[i] == KIND_OBJECT)
            made.header.e_type = ET_REL;
        if (kinds[i] == KIND_DEBUG_FILE) {
            made.sections[0].header.sh_type = SHT_NOBITS;
            made.phdrs[MAKE_ELF_LOAD_CODE].p_filesz = 0;
        }
        const struct image *image = read_made();
        assert_int_equal(image->kind, kinds[i]);
        assert_int_equal(image->symbols.known, i == 0 ? KNOWN_COMPLETE : KNOWN_ABSENT);
        assert_int_equal(defects(image, DEFECT_ID_elf_section_view), i == 0);
        file_close(&file);
    }
}

static const struct image *compressed(uint32_t type, uint64_t size, size_t there)
{
    static Elf64_Chdr header;
    header = (Elf64_Chdr){.ch_type = type, .ch_size = size, .ch_addralign = 1};
    clean();
    make_elf_section(&made, ".debug_info", SHT_PROGBITS, &header, there)->header.sh_flags = SHF_COMPRESSED;
    return read_made();
}

TEST(a_compressed_section_says_how)
{
    static const struct {
        uint32_t type;
        uint64_t size;
        size_t there, defects;
    } cases[] = {{ELFCOMPRESS_ZLIB, 1, 24, 0},
                 {2 /* ELFCOMPRESS_ZSTD */, 1, 24, 0},
                 {0, 1, 24, 1},
                 {3, 1, 24, 1},
                 {1, 1, 23, 1},
                 {1, (UINT64_C(1) << 40) - 1, 24, 0},
                 {1, UINT64_C(1) << 40, 24, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct image *image = compressed(cases[i].type, cases[i].size, cases[i].there);
        assert_int_equal(kinds_of(image), PRESSED);
        assert_int_equal(image->debug.known, KNOWN_COMPLETE);
        assert_int_equal(defects(image, DEFECT_ID_elf_compression), cases[i].defects);
        assert_int_equal(image->defects.total, cases[i].defects);
        file_close(&file);
    }
}

TEST(sections_are_looked_into_whatever_their_type_says)
{
    static const uint8_t unit[] = {LE32(7), 4, 0, LE32(0), 8};
    static const struct {
        uint32_t type;
        uint64_t flags;
        unsigned kinds;
    } cases[] = {{SHT_STRTAB, 0, DWARF}, {SHT_RELA, 0, DWARF}, {SHT_NOTE, 0, DWARF}, {SHT_PROGBITS, SHF_ALLOC, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        clean();
        make_elf_section(&made, ".x", cases[i].type, unit, sizeof unit)->header.sh_flags = cases[i].flags;
        assert_int_equal(kinds_of(read_made()), cases[i].kinds);
        file_close(&file);
    }
}

TEST(sections_without_bytes_are_for_memory)
{
    static const struct {
        uint64_t flags, size, defects;
    } cases[] = {{0, 16, 1}, {0, 0, 0}, {SHF_ALLOC, 16, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        clean();
        Elf64_Shdr *h = &make_elf_section(&made, ".bss", SHT_NOBITS, NULL, cases[i].size)->header;
        h->sh_flags = cases[i].flags;
        h->sh_addr = make_elf_address(MAKE_ELF_FREE);
        h->sh_offset = MAKE_ELF_FREE;
        assert_int_equal(defects(read_made(), DEFECT_ID_elf_nobits_bytes), cases[i].defects);
        file_close(&file);
    }
}

/* What `objcopy --only-keep-debug` leaves: no section has bytes but those for debugging. */
TEST(a_debug_file_has_sections_without_bytes)
{
    clean();
    made.sections[0].header.sh_type = SHT_NOBITS;
    made.phdrs[MAKE_ELF_LOAD_CODE].p_filesz = 0;
    make_elf_section(&made, ".tail", SHT_NOBITS, NULL, 16);
    const struct image *image = read_made();
    assert_int_equal(image->kind, KIND_DEBUG_FILE);
    assert_int_equal(defects(image, DEFECT_ID_elf_nobits_bytes), 0);
    file_close(&file);
}

/* Of a large section the beginning is looked at. */
TEST(a_large_section_is_known_by_its_beginning)
{
    static uint8_t large[5000] = {LE32(0x1000), 4, 0, LE32(0), 8};
    for (size_t length = 4095 - 4; length <= 4097; length++) {
        large[0] = (uint8_t)length;
        large[1] = (uint8_t)(length >> 8);
        clean();
        make_elf_section(&made, ".x", SHT_PROGBITS, large, sizeof large);
        assert_int_equal(kinds_of(read_made()), length <= 4096 - 4096 % 24 - 4 ? DWARF : 0);
        file_close(&file);
    }
    clean();
    make_elf_section(&made, ".x", SHT_PROGBITS, large, 4095);
    assert_int_equal(kinds_of(read_made()), 0);
    file_close(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(debug_information_has_many_names),
        cmocka_unit_test(debug_information_is_known_by_its_bytes),
        cmocka_unit_test(units_in_the_midst_of_a_section),
        cmocka_unit_test(units_in_the_midst_of_what_is_loaded),
        cmocka_unit_test(a_program_in_a_section_that_is_not_loaded_is_told),
        cmocka_unit_test(a_tar_archive_in_a_section_is_told),
        cmocka_unit_test(what_xz_data_of_a_section_are_cannot_be_told),
        cmocka_unit_test(compressed_data_in_a_section_are_told),
        cmocka_unit_test(sections_of_the_same_bytes_are_looked_at_as_often_as_the_file_is_large),
        cmocka_unit_test(what_a_section_carries_may_be_started),
        cmocka_unit_test(the_first_of_several_programs_is_told),
        cmocka_unit_test(a_symbol_table_is_known_by_its_fields),
        cmocka_unit_test(dynamic_symbols_that_no_loader_reads_are_left),
        cmocka_unit_test(dynamic_symbols_of_what_no_loader_loads_are_not_told),
        cmocka_unit_test(a_compressed_section_says_how),
        cmocka_unit_test(sections_are_looked_into_whatever_their_type_says),
        cmocka_unit_test(sections_without_bytes_are_for_memory),
        cmocka_unit_test(a_debug_file_has_sections_without_bytes),
        cmocka_unit_test(a_large_section_is_known_by_its_beginning),
    };
    return cmocka_run_group_tests_name("test_elf_debug", tests, NULL, NULL);
}
