/* Small ELF files for tests: make_elf_clean() gives a static program that really runs,
 * and a test changes the one thing that it is about, in front of make_elf_write(). All
 * fields are public and written as they stand; only what is zero is filled in.
 *
 *   file offset                                         address
 *   0x0000  headers, interpreter, notes  } PT_LOAD R X  MAKE_ELF_BASE
 *   0x1000  code                         }
 *   0x2000  dynamic table, strings, data   PT_LOAD RW   MAKE_ELF_BASE + 0x10000 + offset
 *   behind  contents of sections, their names, section headers, trailing bytes */
#ifndef ASSAY_TESTS_MAKE_ELF_H
#define ASSAY_TESTS_MAKE_ELF_H

#include <elf.h>
#include "formats/model.h"

enum {
    MAKE_ELF_BASE = 0x400000,
    MAKE_ELF_INTERP = 0xd00, /* path of the interpreter */
    MAKE_ELF_NOTES = 0xe00,
    MAKE_ELF_CODE = 0x1000, /* entry */
    MAKE_ELF_CODE_SIZE = 0x60,
    MAKE_ELF_DATA = 0x2000, /* the dynamic table, where there is one */
    MAKE_ELF_STRINGS = 0x2400,
    MAKE_ELF_FREE = 0x2600, /* data that no helper writes to */
    MAKE_ELF_END = 0x2800,
    MAKE_ELF_ROOM = 0x6000, /* most bytes in front of the sections */
    MAKE_ELF_PHDRS = 80,
    MAKE_ELF_DYNS = 32,
    MAKE_ELF_SECTIONS = 12,
};

struct make_elf_section {
    const char *name;
    Elf64_Shdr header; /* sh_name is filled in */
    const void *bytes; /* written behind the program, sh_offset is filled in; NULL: the header says where */
};

struct make_elf {
    enum arch arch;
    Elf64_Ehdr header; /* e_shoff, e_shnum and e_shstrndx are filled in where zero and there are sections */
    size_t phdr_count;
    Elf64_Phdr phdrs[MAKE_ELF_PHDRS];
    size_t dyn_count; /* 0: no table is written; DT_NULL is added */
    Elf64_Dyn dyns[MAKE_ELF_DYNS];
    size_t strings_size, notes_size;
    size_t section_count; /* without the null section and .shstrtab; 0: no section table */
    struct make_elf_section sections[MAKE_ELF_SECTIONS];
    const void *trailing; /* bytes behind everything */
    size_t trailing_size;
    size_t size; /* of `bytes`: all that stands in front of the sections */
    uint8_t bytes[MAKE_ELF_ROOM];
};

/* The program headers of the clean program. */
enum { MAKE_ELF_LOAD_CODE, MAKE_ELF_LOAD_DATA, MAKE_ELF_STACK };

/* A static program that exits with 0, with the sections .text and .shstrtab. */
void make_elf_clean(struct make_elf *elf, enum arch arch);
/* Where the clean program has a file offset in memory. */
uint64_t make_elf_address(uint64_t offset);
void make_elf_put(struct make_elf *elf, uint64_t offset, const void *bytes, size_t size);
/* One more program header, over bytes that stand in the file already. */
Elf64_Phdr *make_elf_phdr(struct make_elf *elf, uint32_t type, uint32_t flags, uint64_t offset, uint64_t size);
/* PT_INTERP and its path. */
Elf64_Phdr *make_elf_interp(struct make_elf *elf, const char *path);
/* One more dynamic entry; the first brings PT_DYNAMIC, DT_STRTAB, DT_STRSZ and DT_SYMTAB with it, and a table of
 * relocations the form of its entries. */
Elf64_Dyn *make_elf_dyn(struct make_elf *elf, int64_t tag, uint64_t value);
Elf64_Dyn *make_elf_dyn_text(struct make_elf *elf, int64_t tag, const char *text);
/* The last program header or dynamic entry of a kind; NULL: there is none. */
Elf64_Phdr *make_elf_find(struct make_elf *elf, uint32_t type);
Elf64_Dyn *make_elf_find_dyn(struct make_elf *elf, int64_t tag);
/* One more note, and PT_NOTE over all of them. */
void make_elf_note(struct make_elf *elf, const char *name, uint32_t type, const void *desc, uint32_t size);
struct make_elf_section *make_elf_section(struct make_elf *elf, const char *name, uint32_t type, const void *bytes,
                                          size_t size);
/* .symtab with one function, "main", and its .strtab. */
void make_elf_symtab(struct make_elf *elf);

/* The file; *out is for free(). */
size_t make_elf_write(const struct make_elf *elf, uint8_t **out);

#endif
