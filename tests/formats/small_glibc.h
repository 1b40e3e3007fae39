/* A static glibc program as far as the reader knows one: its constants, and code that refers to them. */
#ifndef ASSAY_TESTS_FORMATS_SMALL_GLIBC_H
#define ASSAY_TESTS_FORMATS_SMALL_GLIBC_H

#include "tests/formats/small_elf.h"

/* A constant as compilers leave it: behind a NUL, with its own. */
static inline void put_text(struct small *s, size_t at, const char *text)
{
    put(s, at, "", 1);
    put(s, at + 1, text, strlen(text) + 1);
}

static inline void start_glibc(struct small *s, unsigned machine)
{
    small_start(s, machine);
    small_abi_tag(s);
    put_text(s, CONSTANTS + 0x100, "GLIBC_TUNABLES");
    put_text(s, CONSTANTS + 0x200, "gconv-modules");
}

static inline void put_nss(struct small *s)
{
    put_text(s, CONSTANTS + 0x300, "libnss_%s.so%s");
    put_text(s, CONSTANTS + 0x320, "_nss_%s_%s");
    put_text(s, CONSTANTS + 0x340, "/etc/nsswitch.conf");
}

/* Records by which the start code of a static glibc chooses functions. */
static inline void put_resolvers(struct small *s, size_t at, size_t count, uint64_t type)
{
    for (size_t i = 0; i < count; i++) {
        put_word(s, at + i * 24, BASE + DATA + i * 8);
        put_word(s, at + i * 24 + 8, type);
        put_word(s, at + i * 24 + 16, BASE + CODE + i * 16);
    }
}

enum { FRAMES = CONSTANTS + 0x800 };

/* A CIE at FRAMES, and behind it, in the place `index`, the FDE of the function at `start`. */
static inline void put_frame(struct small *s, unsigned index, size_t start, uint32_t size)
{
    static const uint32_t cie[] = {20, 0, 0x00527a01, 0x01107801, 0x0000001b, 0};
    size_t at = FRAMES + 0x18 + index * 0x18;
    uint32_t fde[] = {20, (uint32_t)(at + 4 - FRAMES), (uint32_t)start - (uint32_t)(at + 8), size, 0, 0};
    put(s, FRAMES, cie, sizeof cie);
    put(s, at, fde, sizeof fde);
}

static inline void put_pointer(struct small *s, size_t at, size_t to)
{
    uint64_t address = BASE + to;
    put(s, at, &address, sizeof address);
}

/* dlopen.o, as x86-64 code: dlopen_doit() at +0x10 refers to the text, dlopen() at +0x80 to dlopen_doit(). */
static inline void put_named_dlopen(struct small *s, const char *error)
{
    uint8_t lea_text[7] = {0x48, 0x8d, 0x35}, lea_doit[7] = {0x48, 0x8d, 0x3d};
    uint32_t text = CONSTANTS + 0x501 - (CODE + 0x120 + 7), doit = (uint32_t) - (0x190 + 7 - 0x110);
    put_text(s, CONSTANTS + 0x500, error);
    memcpy(lea_text + 3, &text, 4);
    memcpy(lea_doit + 3, &doit, 4);
    put(s, CODE + 0x120, lea_text, sizeof lea_text);
    put(s, CODE + 0x190, lea_doit, sizeof lea_doit);
}

static inline void put_dlopen(struct small *s)
{
    put_named_dlopen(s, "invalid mode parameter");
}

/* A symbol table of one function. */
static inline void put_symbol(struct small *s, const char *name)
{
    static const char *const names[] = {".symtab", ".strtab"};
    Elf64_Sym symbol = {.st_name = 1,
                        .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC),
                        .st_shndx = 1,
                        .st_value = BASE + CODE,
                        .st_size = 16};
    Elf64_Shdr headers[] = {{.sh_type = SHT_SYMTAB,
                             .sh_offset = DATA + 0x100,
                             .sh_size = 48,
                             .sh_entsize = 24,
                             .sh_link = 2,
                             .sh_addralign = 8},
                            {.sh_type = SHT_STRTAB, .sh_offset = DATA + 0x200, .sh_size = 64, .sh_addralign = 1}};
    put(s, DATA + 0x118, &symbol, sizeof symbol);
    put(s, DATA + 0x201, name, strlen(name));
    small_sections(s, names, headers, 2);
}

static inline void put_a64(struct small *s, size_t at, uint32_t word)
{
    put(s, at, &word, sizeof word);
}

/* ADRP and ADD of register `n`, `apart` bytes from each other: the address of a place of the file. */
static inline void put_address(struct small *s, size_t at, size_t apart, unsigned n, size_t place)
{
    uint32_t pages = (uint32_t)((place >> 12) - (at >> 12));
    put_a64(s, at, 0x90000000 | (pages & 3) << 29 | (pages >> 2 & 0x7ffff) << 5 | n);
    put_a64(s, at + apart, 0x91000000 | (uint32_t)(place & 0xfff) << 10 | n << 5 | n);
}

/* BL, or B with another first byte. */
static inline void put_branch(struct small *s, size_t at, uint32_t opcode, size_t to)
{
    put_a64(s, at, opcode | ((uint32_t)(to - at) >> 2 & 0x3ffffff));
}

/* dlopen.o, as A64 code, at the places of the other. */
static inline void put_dlopen_a64(struct small *s)
{
    put_text(s, CONSTANTS + 0x500, "invalid mode parameter");
    put_address(s, CODE + 0x120, 4, 1, CONSTANTS + 0x501);
    put_address(s, CODE + 0x190, 8, 0, CODE + 0x110);
}

#endif
