/* Private to the probes of ELF: words of the file, and of its program headers; what lies outside is zero, and is not
 * written. */
#ifndef ASSAY_TESTS_ORACLE_ELF_WORDS_H
#define ASSAY_TESTS_ORACLE_ELF_WORDS_H

#include <string.h>

#include "tests/oracle/elf_probe.h"

enum { ELF_PAGE = 4096 };

static inline uint64_t get(const struct elf_probe *p, size_t at, size_t size)
{
    uint64_t value = 0;
    if (at <= p->size && size <= p->size - at)
        memcpy(&value, p->bytes + at, size);
    return value;
}

static inline void put(struct elf_probe *p, size_t at, size_t size, uint64_t value)
{
    if (at <= p->size && size <= p->size - at)
        memcpy(p->bytes + at, &value, size);
}

#define EHDR_AT(field) offsetof(Elf64_Ehdr, field), sizeof(((Elf64_Ehdr *)0)->field)
#define PHDR_FIELD(field)                                                                                              \
    {                                                                                                                  \
        offsetof(Elf64_Phdr, field), sizeof(((Elf64_Phdr *)0)->field)                                                  \
    }

struct field {
    size_t at, size;
};
static const struct field words[] = {PHDR_FIELD(p_offset), PHDR_FIELD(p_vaddr), PHDR_FIELD(p_filesz),
                                     PHDR_FIELD(p_memsz), PHDR_FIELD(p_align)};
enum { OFFSET, VADDR, FILESZ, MEMSZ, ALIGN, WORDS };

static inline size_t phdr_at(const struct elf_probe *p, size_t i)
{
    return p->table + i * sizeof(Elf64_Phdr);
}

static inline uint64_t get_word(const struct elf_probe *p, size_t i, int word)
{
    return get(p, phdr_at(p, i) + words[word].at, words[word].size);
}

static inline void put_word(struct elf_probe *p, size_t i, int word, uint64_t value)
{
    put(p, phdr_at(p, i) + words[word].at, words[word].size, value);
}

static inline uint64_t type_of(const struct elf_probe *p, size_t i)
{
    return get(p, phdr_at(p, i), 4);
}

/* elf_mend.c: puts right what the bits of `which` say. */
void elf_mend(struct elf_probe *probe, uint64_t which);

#endif
