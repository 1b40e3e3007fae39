/* Writes a static PIE (or, without PT_DYNAMIC, a program for fixed addresses) in 3 KiB, as
 * `ld -static -pie` lays it out: headers and constants (R), code (R X), data (R W) that
 * RELRO protects up to the end of its page, and a section table. */
#include "corpus/samples/elf.h"

#include <stdlib.h>
#include <string.h>

enum {
    NOTE = 0x240,
    INTERP = 0x280,
    CONSTANTS = ELF_CONSTANTS,
    PCLNTAB = 0x500,
    FRAMES = 0x500, /* .eh_frame, which Go programs do not have */
    FRAMES_SIZE = 0x100,
    FIRST_FUNCTION = 12,     /* behind the entry's three instructions */
    FIRST_X86_FUNCTION = 16, /* and a round number of bytes */
    CODE = 0x600,
    CODE_SIZE = 0x100,
    DATA = CODE + CODE_SIZE,
    SLOT = DATA,
    RELA = DATA + 0x20,
    SYMBOLS = DATA + 0x40,
    STRINGS = DATA + 0x60,
    STRINGS_SIZE = 0x80,
    VERNEED = STRINGS + STRINGS_SIZE,
    BUILD_INFO = DATA + 0x140,
    DYNAMIC = DATA + 0x300,
    DYNAMIC_ROOM = 0x100,
    DATA_END = DYNAMIC + DYNAMIC_ROOM,
    NAMES = DATA_END,
    NAMES_SIZE = 0x100,
    EXTRA = NAMES + NAMES_SIZE,
    ROOM = ELF_ROOM,
    STEP = ELF_STEP, /* from segment to segment in memory: a page of 64 KiB each */
};

static void put(struct elf *e, size_t at, const void *bytes, size_t size)
{
    if (at > ROOM || size > ROOM - at)
        abort();
    memcpy(e->bytes + at, bytes, size);
    if (at + size > e->size)
        e->size = at + size;
}

/* Where a byte of the file stands in memory. */
static uint64_t address(const struct elf *e, uint64_t offset)
{
    return e->base + offset + (offset >= DATA ? 2 * STEP : offset >= CODE ? STEP : 0);
}

static uint64_t add_string(struct elf *e, const char *text)
{
    uint64_t at = e->strings;
    put(e, STRINGS + at, text, strlen(text) + 1);
    e->strings += strlen(text) + 1;
    return at;
}

static void add_dynamic(struct elf *e, Elf64_Sxword tag, uint64_t value)
{
    Elf64_Dyn d = {.d_tag = tag, .d_un.d_val = value};
    put(e, DYNAMIC + e->dyns++ * sizeof d, &d, sizeof d);
}

static void add_segment(struct elf *e, Elf64_Word type, Elf64_Word access, uint64_t from, uint64_t to, uint64_t align)
{
    Elf64_Phdr p = {.p_type = type,
                    .p_flags = access,
                    .p_offset = from,
                    .p_vaddr = to ? address(e, from) : 0,
                    .p_paddr = to ? address(e, from) : 0,
                    .p_filesz = to - from,
                    .p_memsz = to - from,
                    .p_align = align};
    if (from == DATA && type != PT_DYNAMIC) /* up to the end of the page, so that RELRO can protect all of it */
        p.p_memsz = 0x1000 - from;
    put(e, sizeof(Elf64_Ehdr) + e->segments++ * sizeof p, &p, sizeof p);
}

static void add_section(struct elf *e, const char *name, Elf64_Word type, Elf64_Xword flags, uint64_t from, uint64_t to)
{
    Elf64_Shdr s = {.sh_name = (Elf64_Word)e->names,
                    .sh_type = type,
                    .sh_flags = flags,
                    .sh_addr = flags & SHF_ALLOC ? address(e, from) : 0,
                    .sh_offset = from,
                    .sh_size = to - from,
                    .sh_addralign = 1};
    put(e, NAMES + e->names, name, strlen(name) + 1);
    e->names += strlen(name) + 1;
    e->shdrs[e->sections++] = s;
}

/* What compilers write for functions: where each begins and ends. */
static void write_frames(struct elf *e, size_t at, size_t size, size_t next)
{
    enum { CIE = 24, FDE = 20 };
    /* version 1, "zR", alignments 4 and -8, return address in 30; pointers relative, of 4 bytes; CFA: SP + 0 */
    static const uint8_t arm64[CIE] = {0x14, 0,    0,    0, 0,    0,  0,    0, 1, 'z', 'R', 0,
                                       4,    0x78, 0x1e, 1, 0x1b, 12, 0x1f, 0, 0, 0,   0,   0};
    /* alignments 1 and -8, return address in 16; CFA: RSP + 8, and the return address 8 below that */
    static const uint8_t amd64[CIE] = {0x14, 0,    0,    0, 0,    0,  0, 0, 1,    'z', 'R', 0,
                                       1,    0x78, 0x10, 1, 0x1b, 12, 7, 8, 0x90, 1,   0,   0};
    uint32_t place = FRAMES + CIE;
    put(e, FRAMES, e->arm64 ? arm64 : amd64, CIE);
    for (; at + size <= CODE + CODE_SIZE && place + FDE <= FRAMES + FRAMES_SIZE; place += FDE) {
        const uint32_t fde[] = {FDE - 4, place + 4 - FRAMES, (uint32_t)(address(e, at) - address(e, place + 8)),
                                (uint32_t)size, 0};
        put(e, place, fde, sizeof fde);
        at += size;
        size = next;
    }
}

/* push %rbp; mov %rsp, %rbp; call *%rdi; mov $1, %eax; nops; pop %rbp; ret, behind the function that the sample is about */
static void write_x86_functions(struct elf *e)
{
    static const uint8_t function[] = {0x55, 0x48, 0x89, 0xe5, 0xff, 0xd7, 0xb8, 1, 0, 0,    0,    0x0f,
                                       0x1f, 0x44, 0,    0,    0x0f, 0x1f, 0x44, 0, 0, 0x90, 0x5d, 0xc3};
    size_t first = CODE + FIRST_X86_FUNCTION, at = first + e->x86_function_size;
    put(e, first, e->x86_function, e->x86_function_size);
    for (; at + sizeof function <= CODE + CODE_SIZE; at += sizeof function)
        put(e, at, function, sizeof function);
    write_frames(e, first, e->x86_function_size, sizeof function);
}

static void write_code(struct elf *e)
{
    /* exit_group(0), then calls of a function with a frame */
    static const uint8_t amd64[] = {0x31, 0xff, 0xb8, 0xe7, 0, 0, 0, 0x0f, 0x05, 0xf4};
    static const uint32_t start[] = {0x52800000, 0x52800bc8, 0xd4000001},
                          function[] = {0xa9bf7bfd, 0x910003fd, 0x52800020, 0x97fffffd, 0xa8c17bfd, 0xd65f03c0};
    size_t from = CODE + e->code_size;
    memset(e->bytes + CODE, 0xcc, CODE_SIZE);
    if (e->code)
        put(e, CODE, e->code, e->code_size);
    if (!e->arm64_code) {
        put(e, from, amd64, sizeof amd64);
        if (e->x86_function)
            write_x86_functions(e);
        return;
    }
    put(e, from, start, sizeof start);
    size_t first = from + sizeof start, size = 0;
    for (; e->function && e->function[size / 4]; size += 4)
        put(e, first + size, &e->function[size / 4], 4);
    for (size_t at = first + size; at + sizeof function <= CODE + CODE_SIZE; at += sizeof function)
        put(e, at, function, sizeof function);
    put(e, CODE + CODE_SIZE - 4, function + 5, 4);
    if (!e->go)
        write_frames(e, first, size ? size : sizeof function, sizeof function);
}

static void write_versions(struct elf *e)
{
    Elf64_Verneed need = {.vn_version = 1, .vn_cnt = 1, .vn_aux = sizeof need};
    Elf64_Vernaux aux = {.vna_hash = 0x069691b4, .vna_other = 2};
    need.vn_file = (Elf64_Word)add_string(e, "libc.so.6");
    aux.vna_name = (Elf64_Word)add_string(e, e->version);
    put(e, VERNEED, &need, sizeof need);
    put(e, VERNEED + sizeof need, &aux, sizeof aux);
    add_dynamic(e, DT_VERNEED, address(e, VERNEED));
    add_dynamic(e, DT_VERNEEDNUM, 1);
}

static void write_dynamic(struct elf *e)
{
    Elf64_Rela rela = {.r_offset = address(e, SLOT), .r_addend = (Elf64_Sxword)address(e, CODE)};
    rela.r_info = ELF64_R_INFO(0, (Elf64_Xword)(e->arm64 ? R_AARCH64_IRELATIVE : R_X86_64_IRELATIVE));
    if (e->tls)
        rela.r_info = ELF64_R_INFO(0, R_X86_64_DTPMOD64);
    if (e->guarded) {
        rela.r_info = ELF64_R_INFO(0, R_AARCH64_RELATIVE);
        rela.r_addend = (Elf64_Sxword)address(e, CODE) + FIRST_FUNCTION;
    }
    if (e->x86_function) {
        rela.r_info = ELF64_R_INFO(0, R_X86_64_RELATIVE);
        rela.r_addend = (Elf64_Sxword)address(e, CODE) + FIRST_X86_FUNCTION;
    }
    put(e, RELA, &rela, sizeof rela);
    e->strings = 1;
    if (e->needed)
        add_dynamic(e, DT_NEEDED, add_string(e, e->needed));
    if (e->runpath)
        add_dynamic(e, DT_RUNPATH, add_string(e, e->runpath));
    if (e->version)
        write_versions(e);
    add_dynamic(e, DT_STRTAB, address(e, STRINGS));
    add_dynamic(e, DT_STRSZ, STRINGS_SIZE);
    add_dynamic(e, DT_SYMTAB, address(e, SYMBOLS));
    add_dynamic(e, DT_SYMENT, sizeof(Elf64_Sym));
    add_dynamic(e, DT_RELA, address(e, RELA));
    add_dynamic(e, DT_RELASZ, sizeof rela);
    add_dynamic(e, DT_RELAENT, sizeof rela);
    if (e->dynamic_flags)
        add_dynamic(e, DT_FLAGS, e->dynamic_flags);
    add_dynamic(e, DT_FLAGS_1, DF_1_PIE);
    add_dynamic(e, DT_NULL, 0);
}

/* A string behind its length, as Go's linker writes them. */
static size_t put_counted(struct elf *e, size_t at, const char *text)
{
    size_t size = strlen(text);
    uint8_t low = (uint8_t)(size & 0x7f), high = (uint8_t)(size >> 7);
    if (high)
        low |= 0x80;
    put(e, at++, &low, 1);
    if (high)
        put(e, at++, &high, 1);
    put(e, at, text, size);
    return at + size;
}

static void write_go(struct elf *e)
{
    static const uint8_t head[] = "\xff Go buildinf:\x08\x02", pclntab[] = {0xf1, 0xff, 0xff, 0xff, 0, 0, 1, 8};
    /* runtime/debug marks the module information with 16 bytes on either side */
    static const char before[] = "\x30\x77\xaf\x0c\x92\x74\x08\x02\x41\xe1\xc1\x07\xe6\xd6\x18\xe6",
                      after[] = "\xf9\x32\x43\x31\x86\x18\x20\x72\x00\x82\x42\x10\x41\x16\xd8\xf2";
    /* functions, files, textStart, and the offsets of five tables */
    const uint64_t words[] = {2, 1, address(e, CODE), 72, 80, 88, 96, 104};
    /* functab: where two functions begin and the last one ends, and in front of that where their records stand, which begin alike */
    const uint32_t functab[] = {0, 24, 16, 28, 32, 0, 0, 16};
    char text[512] = "";
    size_t size = strlen(e->settings) + 32, at;
    put(e, PCLNTAB, pclntab, sizeof pclntab);
    put(e, PCLNTAB + 8, words, sizeof words);
    put(e, PCLNTAB + 104, functab, sizeof functab);
    put(e, BUILD_INFO, head, sizeof head - 1);
    at = put_counted(e, BUILD_INFO + 32, "go1.23.5");
    uint8_t length[] = {(uint8_t)(size | 0x80), (uint8_t)(size >> 7)};
    if (size < 0x80 || size > sizeof text)
        abort();
    memcpy(text, before, 16);
    memcpy(text + 16, e->settings, size - 32);
    memcpy(text + size - 16, after, 16);
    put(e, at, length, 2);
    put(e, at + 2, text, size);
}

static void write_constants(struct elf *e)
{
    static const uint32_t tag[] = {4, 16, NT_GNU_ABI_TAG, 0x554e47 /* GNU */, 0, 3, 2, 0};
    size_t at = CONSTANTS + 1;
    for (const char *text = e->constants; text && *text; text += strlen(text) + 1) {
        put(e, at, text, strlen(text) + 1);
        at += strlen(text) + 1;
    }
    static const uint32_t property[] = {4, 16, NT_GNU_PROPERTY_TYPE_0, 0x554e47, 0xc0000000, 4, 1 /* BTI */, 0};
    if (e->abi_tag)
        put(e, NOTE, tag, sizeof tag);
    if (e->guarded)
        put(e, NOTE, property, sizeof property);
    if (e->interpreter)
        put(e, INTERP, e->interpreter, strlen(e->interpreter) + 1);
}

static void write_segments(struct elf *e)
{
    if (e->interpreter)
        add_segment(e, PT_INTERP, PF_R, INTERP, INTERP + strlen(e->interpreter) + 1, 1);
    add_segment(e, PT_LOAD, PF_R, 0, CODE, e->align);
    add_segment(e, PT_LOAD, PF_R | PF_X, CODE, DATA, e->align);
    add_segment(e, PT_LOAD, e->data_access, DATA, DATA_END, e->align);
    if (e->code_memory) {
        Elf64_Phdr p = {.p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_vaddr = e->base + 4 * STEP, .p_align = e->align};
        p.p_paddr = p.p_vaddr;
        p.p_memsz = e->code_memory;
        put(e, sizeof(Elf64_Ehdr) + e->segments++ * sizeof p, &p, sizeof p);
    }
    if (e->dyns)
        add_segment(e, PT_DYNAMIC, PF_R | PF_W, DYNAMIC, DYNAMIC + e->dyns * sizeof(Elf64_Dyn), 8);
    if (e->abi_tag || e->guarded)
        add_segment(e, PT_NOTE, PF_R, NOTE, NOTE + 32, e->guarded ? 8 : 4);
    add_segment(e, PT_GNU_STACK, e->stack, 0, 0, 16);
    if (e->relro)
        add_segment(e, PT_GNU_RELRO, PF_R, DATA, DATA_END, 1);
}

static void write_symbols(struct elf *e)
{
    Elf64_Sym symbols[2] = {{0}, {.st_name = 1, .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), .st_shndx = 2}};
    symbols[1].st_value = address(e, CODE);
    size_t at = e->size = (e->size + 7) & ~(size_t)7;
    put(e, at, symbols, sizeof symbols);
    add_section(e, ".symtab", SHT_SYMTAB, 0, at, at + sizeof symbols);
    e->shdrs[e->sections - 1].sh_entsize = sizeof *symbols;
    e->shdrs[e->sections - 1].sh_link = (Elf64_Word)e->sections;
    e->shdrs[e->sections - 1].sh_info = 1;
    at = e->size;
    put(e, at, "\0_start", 8);
    add_section(e, ".strtab", SHT_STRTAB, 0, at, at + 8);
}

static void write_sections(struct elf *e)
{
    static const uint8_t unit[] = {8, 0, 0, 0, 4, 0, 0, 0, 0, 0, 8, 0}; /* one empty unit of DWARF 4 */
    bool framed = (e->arm64_code && !e->go) || e->x86_function;
    size_t constants_end = e->go ? PCLNTAB : framed ? FRAMES : CODE;
    e->sections = e->names = 1;
    add_section(e, ".rodata", SHT_PROGBITS, SHF_ALLOC, CONSTANTS, constants_end);
    if (framed)
        add_section(e, ".eh_frame", SHT_PROGBITS, SHF_ALLOC, FRAMES, FRAMES + FRAMES_SIZE);
    add_section(e, ".text", SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, CODE, DATA);
    add_section(e, ".data", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, DATA, e->dyns ? STRINGS : BUILD_INFO);
    if (e->go) {
        add_section(e, ".gopclntab", SHT_PROGBITS, SHF_ALLOC, PCLNTAB, CODE);
        add_section(e, ".go.buildinfo", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, BUILD_INFO, DYNAMIC);
        e->shdrs[e->sections - 1].sh_addralign = 16;
    }
    if (e->dyns) {
        add_section(e, ".dynstr", SHT_STRTAB, SHF_ALLOC | SHF_WRITE, STRINGS, VERNEED);
        add_section(e, ".dynamic", SHT_DYNAMIC, SHF_ALLOC | SHF_WRITE, DYNAMIC, DYNAMIC + e->dyns * sizeof(Elf64_Dyn));
        e->shdrs[e->sections - 1].sh_entsize = sizeof(Elf64_Dyn);
        e->shdrs[e->sections - 1].sh_link = (Elf64_Word)e->sections - 2;
    }
    e->size = EXTRA;
    if (e->symbols)
        write_symbols(e);
    if (e->debug) {
        size_t at = e->size;
        put(e, at, unit, sizeof unit);
        add_section(e, ".debug_info", SHT_PROGBITS, 0, at, e->size);
    }
    add_section(e, ".shstrtab", SHT_STRTAB, 0, NAMES, NAMES + NAMES_SIZE);
    e->size = (e->size + 7) & ~(size_t)7;
}

void elf_write(struct elf *e)
{
    write_code(e);
    write_constants(e);
    if (e->type == ET_DYN)
        write_dynamic(e);
    if (e->go)
        write_go(e);
    write_segments(e);
    write_sections(e);
    Elf64_Ehdr header = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
                         .e_type = e->type,
                         .e_machine = e->arm64 ? EM_AARCH64 : EM_X86_64,
                         .e_version = EV_CURRENT,
                         .e_entry = e->entry ? e->entry : address(e, CODE),
                         .e_phoff = sizeof header,
                         .e_shoff = e->size,
                         .e_flags = e->flags,
                         .e_ehsize = sizeof header,
                         .e_phentsize = sizeof(Elf64_Phdr),
                         .e_phnum = (Elf64_Half)e->segments,
                         .e_shentsize = sizeof(Elf64_Shdr),
                         .e_shnum = (Elf64_Half)e->sections,
                         .e_shstrndx = (Elf64_Half)(e->sections - 1)};
    put(e, 0, &header, sizeof header);
    put(e, e->size, e->shdrs, e->sections * sizeof *e->shdrs);
    if (e->appended)
        put(e, e->size, e->appended, strlen(e->appended));
}
