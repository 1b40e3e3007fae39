/* Where the fields of an ELF file are: gABI chapters 4 and 5. */
#include "tests/fuzz/mutate.h"

#include <elf.h>
#include <string.h>

#define VALUES(name, ...)                                                                                              \
    static const uint32_t name##_items[] = {__VA_ARGS__};                                                              \
    static const struct values name = {sizeof name##_items / sizeof *name##_items, name##_items}

VALUES(header_types, ET_NONE, ET_REL, ET_EXEC, ET_DYN, ET_CORE, EM_X86_64, EM_AARCH64, EM_386, EM_ARM, EM_RISCV,
       EV_CURRENT);
VALUES(phdr_types, PT_NULL, PT_LOAD, PT_DYNAMIC, PT_INTERP, PT_NOTE, PT_SHLIB, PT_PHDR, PT_TLS, PT_GNU_EH_FRAME,
       PT_GNU_STACK, PT_GNU_RELRO, PT_GNU_PROPERTY);
VALUES(shdr_types, SHT_NULL, SHT_PROGBITS, SHT_SYMTAB, SHT_STRTAB, SHT_RELA, SHT_HASH, SHT_DYNAMIC, SHT_NOTE,
       SHT_NOBITS, SHT_REL, SHT_DYNSYM, SHT_INIT_ARRAY, SHT_GROUP, SHT_SYMTAB_SHNDX, SHT_GNU_HASH, SHT_GNU_verdef,
       SHT_GNU_verneed, SHT_GNU_versym);
VALUES(dyn_tags, DT_NULL, DT_NEEDED, DT_PLTRELSZ, DT_PLTGOT, DT_HASH, DT_STRTAB, DT_SYMTAB, DT_RELA, DT_RELASZ,
       DT_RELAENT, DT_STRSZ, DT_SYMENT, DT_INIT, DT_SONAME, DT_RPATH, DT_SYMBOLIC, DT_REL, DT_RELSZ, DT_RELENT,
       DT_PLTREL, DT_TEXTREL, DT_JMPREL, DT_BIND_NOW, DT_INIT_ARRAY, DT_RUNPATH, DT_FLAGS, DT_PREINIT_ARRAY,
       DT_GNU_HASH, DT_RELACOUNT, DT_FLAGS_1, DT_VERDEF, DT_VERDEFNUM, DT_VERNEED, DT_VERNEEDNUM, DT_VERSYM, DT_AUDIT,
       DT_DEPAUDIT, DT_CONFIG, 0x7ffffffd /* DT_AUXILIARY */, DT_FILTER, 36 /* DT_RELR */, 35, 37);
VALUES(relocation_types, R_X86_64_64, R_X86_64_GLOB_DAT, R_X86_64_JUMP_SLOT, R_X86_64_RELATIVE, R_X86_64_IRELATIVE,
       R_X86_64_DTPMOD64, R_X86_64_COPY, R_AARCH64_GLOB_DAT, R_AARCH64_JUMP_SLOT, R_AARCH64_RELATIVE);
VALUES(note_types, NT_GNU_ABI_TAG, NT_GNU_BUILD_ID, NT_GNU_PROPERTY_TYPE_0, NT_GNU_GOLD_VERSION);

enum { EHDR = sizeof(Elf64_Ehdr), PHDR = sizeof(Elf64_Phdr), SHDR = sizeof(Elf64_Shdr), DYN = sizeof(Elf64_Dyn) };

static uint64_t word(const uint8_t *data, size_t at, size_t width)
{
    return get_number(data + at, width, false);
}

static bool fits(const struct shape *shape, uint64_t at, uint64_t size)
{
    return at <= shape->size && size <= shape->size - at;
}

/* Records of one size in a range. */
static void table(struct shape *shape, uint64_t at, uint64_t size, size_t stride, const char *layout,
                  const struct values *values, unsigned group)
{
    for (size_t i = 0; i < TABLE_MOST && (i + 1) * stride <= size && fits(shape, at + i * stride, stride); i++) {
        shape_record(shape, (size_t)at + i * stride, false, layout, values);
        if (group != GROUP_RANGE)
            shape_part(shape, at + i * stride, stride, group);
    }
}

static void shape_segment(const uint8_t *data, struct shape *shape, size_t at)
{
    uint32_t type = (uint32_t)word(data, at, 4);
    uint64_t offset = word(data, at + 8, 8), size = word(data, at + 32, 8);
    shape_record(shape, at, false, "T4F4O8A8A8Z8Z8Z8", &phdr_types);
    shape_part(shape, at, PHDR, GROUP_PHDR);
    if (!fits(shape, offset, size) || !size)
        return;
    shape_part(shape, offset, size, GROUP_RANGE);
    if (type == PT_DYNAMIC)
        table(shape, offset, size, DYN, "T8A8", &dyn_tags, GROUP_DYN);
    if (type == PT_NOTE || type == PT_GNU_PROPERTY)
        shape_record(shape, (size_t)offset, false, "Z4Z4T4S4", &note_types);
    if (type == PT_INTERP)
        shape_text(shape, offset, size);
}

static void shape_section(const uint8_t *data, struct shape *shape, size_t at)
{
    uint32_t type = (uint32_t)word(data, at + 4, 4);
    uint64_t offset = word(data, at + 24, 8), size = word(data, at + 32, 8);
    shape_record(shape, at, false, "O4T4F8A8O8Z8C4C4Z8Z8", &shdr_types);
    shape_part(shape, at, SHDR, GROUP_SHDR);
    if (type == SHT_NOBITS || !fits(shape, offset, size))
        return;
    shape_part(shape, offset, size, GROUP_RANGE);
    if (type == SHT_RELA)
        table(shape, offset, size, sizeof(Elf64_Rela), "A8T4C4A8", &relocation_types, GROUP_RANGE);
    if (type == SHT_SYMTAB || type == SHT_DYNSYM)
        table(shape, offset, size, sizeof(Elf64_Sym), "O4F1F1C2A8Z8", NULL, GROUP_RANGE);
    if (type == SHT_GNU_verneed)
        table(shape, offset, size, 16, "C2C2O4O4O4", NULL, GROUP_RANGE);
    if (type == SHT_NOTE)
        table(shape, offset, size, 16, "Z4Z4T4S4", &note_types, GROUP_RANGE);
    if (type == SHT_GNU_HASH)
        table(shape, offset, size, 16, "C4C4C4C4", NULL, GROUP_RANGE);
    if (type == SHT_STRTAB)
        shape_text(shape, offset, size);
}

bool shape_elf(const uint8_t *data, size_t size, struct shape *shape)
{
    if (size < EHDR || memcmp(data, ELFMAG, SELFMAG) != 0)
        return false;
    uint64_t phoff = word(data, 32, 8), shoff = word(data, 40, 8);
    size_t phnum = (size_t)word(data, 56, 2), shnum = (size_t)word(data, 60, 2);
    shape_record(shape, 4, false, "T1T1T1T1.8T2T2T4A8O8O8F4Z2Z2C2Z2C2C2", &header_types);
    for (size_t i = 0; i < phnum && i < TABLE_MOST && fits(shape, phoff, (i + 1) * PHDR); i++)
        shape_segment(data, shape, (size_t)phoff + i * PHDR);
    for (size_t i = 0; i < shnum && i < TABLE_MOST && fits(shape, shoff, (i + 1) * SHDR); i++)
        shape_section(data, shape, (size_t)shoff + i * SHDR);
    return true;
}

/* What keeps a program header from being read at all. */
static void mend_segment(uint8_t *p, size_t size, struct dice *dice)
{
    uint64_t offset = word(p, 8, 8), filesz = word(p, 32, 8), memsz = word(p, 40, 8), vaddr = word(p, 16, 8);
    if (roll(dice, 2) && offset > size)
        put_number(p + 8, 8, false, offset = roll(dice, size));
    if (roll(dice, 2) && offset <= size && filesz > size - offset)
        put_number(p + 32, 8, false, filesz = size - offset);
    if (roll(dice, 2) && memsz < filesz)
        put_number(p + 40, 8, false, filesz);
    if (roll(dice, 2) && (vaddr ^ offset) & 4095)
        put_number(p + 16, 8, false, (vaddr & ~4095ULL) | (offset & 4095));
    if (roll(dice, 2) && word(p, 16, 8) >> 47)
        put_number(p + 16, 8, false, word(p, 16, 8) & 0x7fffffffffULL);
}

void mend_elf(uint8_t *data, size_t size, struct dice *dice)
{
    if (size < EHDR)
        return;
    static const uint8_t ident[] = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT};
    memcpy(data, ident, roll(dice, 4) ? sizeof ident : 4);
    uint64_t phoff = word(data, 32, 8), shoff = word(data, 40, 8), phnum = word(data, 56, 2);
    if (roll(dice, 2) && word(data, 18, 2) != EM_X86_64 && word(data, 18, 2) != EM_AARCH64)
        put_number(data + 18, 2, false, roll(dice, 2) ? EM_X86_64 : EM_AARCH64);
    if (roll(dice, 2) && word(data, 16, 2) != ET_EXEC)
        put_number(data + 16, 2, false, roll(dice, 4) ? ET_DYN : ET_EXEC);
    if (roll(dice, 8))
        put_number(data + 54, 2, false, PHDR);
    if (roll(dice, 8))
        put_number(data + 58, 2, false, SHDR);
    if (roll(dice, 2) && phoff >= size)
        put_number(data + 32, 8, false, phoff = EHDR);
    if (roll(dice, 2) && phoff < size && phnum * PHDR > size - phoff)
        put_number(data + 56, 2, false, phnum = (size - phoff) / PHDR);
    if (roll(dice, 2) && shoff < size && word(data, 60, 2) * SHDR > size - shoff)
        put_number(data + 60, 2, false, (size - shoff) / SHDR);
    for (uint64_t i = 0; i < phnum && i < TABLE_MOST && phoff < size && (i + 1) * PHDR <= size - phoff; i++)
        mend_segment(data + phoff + i * PHDR, size, dice);
}
