/* Repairs: what the kernel insists on, so that a probe is not refused for the first of several things. */
#include "tests/oracle/elf_words.h"

static void mend_ident(struct elf_probe *p)
{
    static const uint8_t magic[] = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3};
    if (p->size >= sizeof magic)
        memcpy(p->bytes, magic, sizeof magic);
    memcpy(p->bytes + 18, p->seed->bytes + 18, 2);
    if (get(p, EHDR_AT(e_type)) != ET_EXEC)
        put(p, EHDR_AT(e_type), ET_DYN);
}

static void mend_table(struct elf_probe *p)
{
    put(p, EHDR_AT(e_phoff), p->table);
    put(p, EHDR_AT(e_phnum), p->count);
    put(p, EHDR_AT(e_phentsize), sizeof(Elf64_Phdr));
}

static void mend_pages(struct elf_probe *p)
{
    for (size_t i = 0; i < p->count; i++)
        if (type_of(p, i) == PT_LOAD)
            put_word(p, i, OFFSET,
                     (get_word(p, i, OFFSET) & ~(uint64_t)(ELF_PAGE - 1)) | get_word(p, i, VADDR) % ELF_PAGE);
}

static void mend_sizes(struct elf_probe *p)
{
    for (size_t i = 0; i < p->count; i++) {
        uint64_t offset = get_word(p, i, OFFSET), filesz = get_word(p, i, FILESZ);
        if (type_of(p, i) != PT_LOAD)
            continue;
        if (offset > p->size)
            put_word(p, i, OFFSET, offset = offset % ELF_PAGE);
        if (offset < p->size && filesz > p->size - offset)
            put_word(p, i, FILESZ, filesz = p->size - offset);
        if (get_word(p, i, MEMSZ) < filesz || get_word(p, i, MEMSZ) > UINT64_C(1) << 40)
            put_word(p, i, MEMSZ, filesz);
    }
}

static void mend_addresses(struct elf_probe *p)
{
    for (size_t i = 0; i < p->count; i++)
        if (type_of(p, i) == PT_LOAD && get_word(p, i, VADDR) > UINT64_C(1) << 46)
            put_word(p, i, VADDR, 0x600000 + 0x10000 * i + get_word(p, i, VADDR) % ELF_PAGE);
}

static void mend_interpreter(struct elf_probe *p)
{
    for (size_t i = 0; i < p->count; i++)
        if (type_of(p, i) == PT_INTERP && p->interp) {
            put_word(p, i, OFFSET, p->interp);
            put_word(p, i, FILESZ, strlen((const char *)p->seed->bytes + p->interp) + 1);
            memcpy(p->bytes + p->interp, p->seed->bytes + p->interp, sizeof ELF_PROBE_LOADER);
            return;
        }
}

static void mend_flags(struct elf_probe *p)
{
    for (size_t i = 0; i < p->count; i++)
        if (type_of(p, i) == PT_LOAD)
            put(p, phdr_at(p, i) + offsetof(Elf64_Phdr, p_flags), 4,
                get(p, phdr_at(p, i) + offsetof(Elf64_Phdr, p_flags), 4) | PF_R);
}

static void (*const repairs[])(struct elf_probe *p) = {mend_ident,     mend_table,       mend_pages, mend_sizes,
                                                       mend_addresses, mend_interpreter, mend_flags};

void elf_mend(struct elf_probe *probe, uint64_t which)
{
    for (size_t i = 0; i < sizeof repairs / sizeof *repairs; i++)
        if (which >> i & 1)
            repairs[i](probe);
}
