#include "tests/make/elf.h"

#include <stdlib.h>
#include <string.h>

/* exit(0), then functions as compilers write them: what looks at instructions needs some. */
static const uint8_t amd64_exit[] = {0xbf, 0,    0,    0,   0,   /* mov $0, %edi */
                                     0xb8, 60,   0,    0,   0,   /* mov $60, %eax */
                                     0x0f, 0x05, 0x0f, 0x0b};    /* syscall; ud2 */
static const uint8_t amd64_function[] = {0x55,                   /* push %rbp */
                                         0x48, 0x89, 0xe5,       /* mov %rsp, %rbp */
                                         0x48, 0x83, 0xec, 0x10, /* sub $16, %rsp */
                                         0x48, 0x89, 0x7d, 0xf8, /* mov %rdi, -8(%rbp) */
                                         0x48, 0x8b, 0x45, 0xf8, /* mov -8(%rbp), %rax */
                                         0xc9, 0xc3};            /* leave; ret */
static const uint32_t arm64_exit[] = {0xd2800000, 0xd2800ba8, 0xd4000001,
                                      0xd4200000};     /* mov x0, #0; mov x8, #93; svc #0; brk #0 */
static const uint32_t arm64_function[] = {0xa9be7bfd,  /* stp x29, x30, [sp, #-32]! */
                                          0x910003fd,  /* mov x29, sp */
                                          0xf9000fe0,  /* str x0, [sp, #24] */
                                          0xf9400fe0,  /* ldr x0, [sp, #24] */
                                          0xa8c27bfd,  /* ldp x29, x30, [sp], #32 */
                                          0xd65f03c0}; /* ret */

void make_elf_put(struct make_elf *elf, uint64_t offset, const void *bytes, size_t size)
{
    if (!range_fits(MAKE_ELF_ROOM, offset, size))
        abort();
    memcpy(elf->bytes + offset, bytes, size);
    if (elf->size < offset + size)
        elf->size = (size_t)offset + size;
}

uint64_t make_elf_address(uint64_t offset)
{
    return MAKE_ELF_BASE + offset + (offset >= MAKE_ELF_DATA ? 0x10000 : 0);
}

static void put_code(struct make_elf *elf)
{
    bool amd64 = elf->arch == ARCH_AMD64;
    const void *function = amd64 ? (const void *)amd64_function : arm64_function;
    size_t step = amd64 ? sizeof amd64_function : sizeof arm64_function;
    size_t at = amd64 ? sizeof amd64_exit : sizeof arm64_exit;
    make_elf_put(elf, MAKE_ELF_CODE, amd64 ? (const void *)amd64_exit : arm64_exit, at);
    for (; at + step <= MAKE_ELF_CODE_SIZE; at += step)
        make_elf_put(elf, MAKE_ELF_CODE + at, function, step);
    for (step = amd64 ? 1 : 4; at < MAKE_ELF_CODE_SIZE; at += step)
        make_elf_put(elf, MAKE_ELF_CODE + at, amd64 ? "\x90" : "\x1f\x20\x03\xd5", step); /* nop */
}

void make_elf_clean(struct make_elf *elf, enum arch arch)
{
    memset(elf, 0, sizeof *elf);
    elf->arch = arch;
    elf->header = (Elf64_Ehdr){.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
                               .e_type = ET_EXEC,
                               .e_machine = arch == ARCH_AMD64 ? EM_X86_64 : EM_AARCH64,
                               .e_version = EV_CURRENT,
                               .e_entry = MAKE_ELF_BASE + MAKE_ELF_CODE,
                               .e_phoff = sizeof(Elf64_Ehdr),
                               .e_ehsize = sizeof(Elf64_Ehdr),
                               .e_phentsize = sizeof(Elf64_Phdr),
                               .e_shentsize = sizeof(Elf64_Shdr)};
    put_code(elf);
    make_elf_phdr(elf, PT_LOAD, PF_R | PF_X, 0, MAKE_ELF_CODE + MAKE_ELF_CODE_SIZE);
    make_elf_phdr(elf, PT_LOAD, PF_R | PF_W, MAKE_ELF_DATA, MAKE_ELF_END - MAKE_ELF_DATA);
    make_elf_phdr(elf, PT_GNU_STACK, PF_R | PF_W, 0, 0)->p_align = 16;
    elf->phdrs[MAKE_ELF_STACK].p_vaddr = elf->phdrs[MAKE_ELF_STACK].p_paddr = 0;
    elf->size = MAKE_ELF_END;
    Elf64_Shdr *text = &make_elf_section(elf, ".text", SHT_PROGBITS, NULL, MAKE_ELF_CODE_SIZE)->header;
    text->sh_flags = SHF_ALLOC | SHF_EXECINSTR;
    text->sh_addr = elf->header.e_entry;
    text->sh_offset = MAKE_ELF_CODE;
    text->sh_addralign = 16;
}

Elf64_Phdr *make_elf_phdr(struct make_elf *elf, uint32_t type, uint32_t flags, uint64_t offset, uint64_t size)
{
    if (elf->phdr_count == MAKE_ELF_PHDRS)
        abort();
    Elf64_Phdr *p = &elf->phdrs[elf->phdr_count++];
    elf->header.e_phnum++;
    *p = (Elf64_Phdr){.p_type = type,
                      .p_flags = flags,
                      .p_offset = offset,
                      .p_vaddr = make_elf_address(offset),
                      .p_paddr = make_elf_address(offset),
                      .p_filesz = size,
                      .p_memsz = size,
                      .p_align = type == PT_LOAD ? 0x10000 : 1}; /* arm64 kernels have pages of up to 64 KiB */
    return p;
}

Elf64_Phdr *make_elf_interp(struct make_elf *elf, const char *path)
{
    make_elf_put(elf, MAKE_ELF_INTERP, path, strlen(path) + 1);
    return make_elf_phdr(elf, PT_INTERP, PF_R, MAKE_ELF_INTERP, strlen(path) + 1);
}

Elf64_Phdr *make_elf_find(struct make_elf *elf, uint32_t type)
{
    for (size_t i = elf->phdr_count; i-- > 0;)
        if (elf->phdrs[i].p_type == type)
            return &elf->phdrs[i];
    return NULL;
}

Elf64_Dyn *make_elf_find_dyn(struct make_elf *elf, int64_t tag)
{
    for (size_t i = elf->dyn_count; i-- > 0;)
        if (elf->dyns[i].d_tag == tag)
            return &elf->dyns[i];
    return NULL;
}

static void start_dynamic(struct make_elf *elf)
{
    uint64_t address = make_elf_address(MAKE_ELF_STRINGS);
    make_elf_phdr(elf, PT_DYNAMIC, PF_R | PF_W, MAKE_ELF_DATA, 0)->p_align = 8;
    elf->strings_size = 1; /* the empty string */
    elf->dyns[elf->dyn_count++] = (Elf64_Dyn){DT_STRTAB, {address}};
    elf->dyns[elf->dyn_count++] = (Elf64_Dyn){DT_STRSZ, {1}};
    elf->dyns[elf->dyn_count++] = (Elf64_Dyn){DT_SYMTAB, {address + 0x1e8}}; /* the null symbol */
    elf->dyns[elf->dyn_count++] = (Elf64_Dyn){DT_SYMENT, {sizeof(Elf64_Sym)}};
}

Elf64_Dyn *make_elf_dyn(struct make_elf *elf, int64_t tag, uint64_t value)
{
    static const Elf64_Dyn forms[][2] = {{{DT_RELA, {0}}, {DT_RELAENT, {sizeof(Elf64_Rela)}}},
                                         {{DT_JMPREL, {0}}, {DT_PLTREL, {DT_RELA}}},
                                         {{DT_RELR, {0}}, {DT_RELRENT, {8}}}};
    if (elf->dyn_count == 0)
        start_dynamic(elf);
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (tag == forms[i][0].d_tag && !make_elf_find_dyn(elf, forms[i][1].d_tag))
            (void)make_elf_dyn(elf, forms[i][1].d_tag, forms[i][1].d_un.d_val);
    if (elf->dyn_count + 1 >= MAKE_ELF_DYNS)
        abort();
    Elf64_Dyn *d = &elf->dyns[elf->dyn_count++];
    *d = (Elf64_Dyn){tag, {value}};
    Elf64_Phdr *p = make_elf_find(elf, PT_DYNAMIC);
    p->p_filesz = p->p_memsz = (elf->dyn_count + 1) * sizeof *d;
    return d;
}

Elf64_Dyn *make_elf_dyn_text(struct make_elf *elf, int64_t tag, const char *text)
{
    Elf64_Dyn *d = make_elf_dyn(elf, tag, 0);
    d->d_un.d_val = elf->strings_size;
    make_elf_put(elf, MAKE_ELF_STRINGS + elf->strings_size, text, strlen(text) + 1);
    elf->strings_size += strlen(text) + 1;
    make_elf_find_dyn(elf, DT_STRSZ)->d_un.d_val = elf->strings_size;
    return d;
}

void make_elf_note(struct make_elf *elf, const char *name, uint32_t type, const void *desc, uint32_t size)
{
    uint32_t head[] = {(uint32_t)strlen(name) + 1, size, type};
    uint64_t at = MAKE_ELF_NOTES + elf->notes_size;
    Elf64_Phdr *p = make_elf_find(elf, PT_NOTE);
    if (!p) {
        p = make_elf_phdr(elf, PT_NOTE, PF_R, MAKE_ELF_NOTES, 0);
        p->p_align = 4;
    }
    make_elf_put(elf, at, head, sizeof head);
    make_elf_put(elf, at + sizeof head, name, head[0]);
    make_elf_put(elf, at + sizeof head + ((head[0] + 3) & ~3u), desc, size);
    elf->notes_size += sizeof head + ((head[0] + 3) & ~3u) + ((size + 3) & ~3u);
    p->p_filesz = p->p_memsz = elf->notes_size;
}

struct make_elf_section *make_elf_section(struct make_elf *elf, const char *name, uint32_t type, const void *bytes,
                                          size_t size)
{
    if (elf->section_count == MAKE_ELF_SECTIONS)
        abort();
    struct make_elf_section *s = &elf->sections[elf->section_count++];
    *s = (struct make_elf_section){name, {.sh_type = type, .sh_size = size, .sh_addralign = 1}, bytes};
    return s;
}

void make_elf_symtab(struct make_elf *elf)
{
    static const Elf64_Sym symbols[] = {
        {0}, {1, STT_FUNC | STB_GLOBAL << 4, STV_DEFAULT, 1, MAKE_ELF_BASE + MAKE_ELF_CODE, 14}};
    Elf64_Shdr *table = &make_elf_section(elf, ".symtab", SHT_SYMTAB, symbols, sizeof symbols)->header;
    make_elf_section(elf, ".strtab", SHT_STRTAB, "\0main", 6);
    table->sh_link = (Elf64_Word)elf->section_count;
    table->sh_info = 1;
    table->sh_entsize = sizeof(Elf64_Sym);
    table->sh_addralign = 8;
}

/* Contents, names and headers of the sections; returns where they end. */
static size_t put_sections(const struct make_elf *elf, Elf64_Ehdr *header, uint8_t *bytes, size_t end)
{
    Elf64_Shdr headers[MAKE_ELF_SECTIONS + 2] = {0};
    char names[MAKE_ELF_SECTIONS * 32] = "";
    size_t names_size = 1, count = elf->section_count + 2;
    for (size_t i = 1; i < count; i++) {
        bool last = i == count - 1;
        const struct make_elf_section *s = last ? NULL : &elf->sections[i - 1];
        const char *name = last ? ".shstrtab" : s->name;
        headers[i] = last ? (Elf64_Shdr){.sh_type = SHT_STRTAB, .sh_addralign = 1} : s->header;
        headers[i].sh_name = (Elf64_Word)names_size;
        memcpy(names + names_size, name, strlen(name));
        names_size += strlen(name) + 1;
        if (last)
            headers[i].sh_size = names_size;
        if (!last && !s->bytes)
            continue;
        headers[i].sh_offset = end = (end + 7) & ~(size_t)7;
        memcpy(bytes + end, last ? names : s->bytes, headers[i].sh_size);
        end += headers[i].sh_size;
    }
    end = (end + 7) & ~(size_t)7;
    memcpy(bytes + end, headers, count * sizeof *headers);
    header->e_shoff = header->e_shoff ? header->e_shoff : end;
    header->e_shnum = header->e_shnum ? header->e_shnum : (Elf64_Half)count;
    header->e_shstrndx = header->e_shstrndx ? header->e_shstrndx : (Elf64_Half)(count - 1);
    return end + count * sizeof *headers;
}

size_t make_elf_write(const struct make_elf *elf, uint8_t **out)
{
    Elf64_Ehdr header = elf->header;
    size_t end = elf->size, room = MAKE_ELF_ROOM + elf->trailing_size + (MAKE_ELF_SECTIONS + 2) * 128;
    for (size_t i = 0; i < elf->section_count; i++)
        room += elf->sections[i].bytes ? elf->sections[i].header.sh_size : 0;
    uint8_t *bytes = calloc(1, room);
    if (!bytes || !range_fits(MAKE_ELF_ROOM, header.e_phoff, elf->phdr_count * sizeof *elf->phdrs))
        abort();
    memcpy(bytes, elf->bytes, end);
    memcpy(bytes + header.e_phoff, elf->phdrs, elf->phdr_count * sizeof *elf->phdrs);
    memcpy(bytes + MAKE_ELF_DATA, elf->dyns, elf->dyn_count * sizeof *elf->dyns);
    if (elf->section_count)
        end = put_sections(elf, &header, bytes, end);
    if (elf->trailing_size)
        memcpy(bytes + end, elf->trailing, elf->trailing_size);
    memcpy(bytes, &header, sizeof header);
    *out = bytes;
    return end + elf->trailing_size;
}
