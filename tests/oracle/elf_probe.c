#include "tests/oracle/elf_words.h"

enum { PAGE = ELF_PAGE, MOST_CHANGES = 6, MOST_HEADERS = 80 };

static size_t any_phdr(const struct elf_probe *p, struct random *r)
{
    return random_below(r, p->count);
}

/* A program header of the type, where there is one: most changes are about those that the kernel reads. */
static size_t some_phdr(const struct elf_probe *p, struct random *r, uint32_t type)
{
    size_t start = any_phdr(p, r);
    for (size_t i = 0; i < p->count; i++)
        if (type_of(p, (start + i) % p->count) == type)
            return (start + i) % p->count;
    return start;
}

/* A number that is next to one that means something here. */
static uint64_t some_value(const struct elf_probe *p, struct random *r)
{
    static const uint64_t fixed[] = {0,
                                     1,
                                     2,
                                     3,
                                     8,
                                     16,
                                     55,
                                     56,
                                     57,
                                     64,
                                     PAGE - 1,
                                     PAGE,
                                     PAGE + 1,
                                     2 * PAGE,
                                     0x10000,
                                     0x400000,
                                     UINT64_C(1) << 31,
                                     UINT64_C(1) << 32,
                                     (UINT64_C(1) << 47) - PAGE,
                                     UINT64_C(1) << 47,
                                     UINT64_C(1) << 63,
                                     UINT64_MAX - PAGE + 1,
                                     UINT64_MAX};
    static const int64_t steps[] = {0, 0, 0, 1, -1, 16, -16, PAGE, -PAGE, 0x100};
    uint64_t value = fixed[random_below(r, sizeof fixed / sizeof *fixed)];
    size_t how = random_below(r, 8);
    if (how < 4)
        value = get_word(p, any_phdr(p, r), (int)random_below(r, WORDS));
    else if (how == 4)
        value = get_word(p, any_phdr(p, r), VADDR) + get_word(p, any_phdr(p, r), (int)(FILESZ + random_below(r, 2)));
    else if (how == 5)
        value = p->size;
    if (random_below(r, 4) == 0)
        value &= ~(uint64_t)(PAGE - 1);
    return value + (uint64_t)steps[random_below(r, sizeof steps / sizeof *steps)];
}

/* ---- changes ---- */

static void change_header(struct elf_probe *p, struct random *r)
{
    static const uint16_t types[] = {0, 1, 2, 2, 3, 3, 4, 5, 0xfe00, 0xffff};
    static const uint16_t machines[] = {EM_X86_64, EM_AARCH64, EM_386, EM_ARM, EM_RISCV, 0, 0xffff};
    static const uint16_t sizes[] = {0, 32, 55, 56, 57, 64, 112};
    uint16_t counts[] = {0, 1, 2, (uint16_t)(p->count - 1), (uint16_t)(p->count + 1), 73, 74, 1170, 1171, PN_XNUM};
    switch (random_below(r, 12)) {
    case 0:
        put(p, EI_CLASS + random_below(r, 5), 1, random_below(r, 4));
        break;
    case 1:
        put(p, random_below(r, EI_NIDENT), 1, random_next(r));
        break;
    case 2:
        put(p, EHDR_AT(e_type), types[random_below(r, sizeof types / sizeof *types)]);
        break;
    case 3:
        put(p, EHDR_AT(e_machine), machines[random_below(r, sizeof machines / sizeof *machines)]);
        break;
    case 4:
    case 5:
        put(p, EHDR_AT(e_entry), some_value(p, r));
        break;
    case 6:
        put(p, EHDR_AT(e_phoff), random_below(r, 2) ? some_value(p, r) : p->table + 56 * random_below(r, p->count));
        break;
    case 7:
        put(p, EHDR_AT(e_phentsize), sizes[random_below(r, sizeof sizes / sizeof *sizes)]);
        break;
    case 8:
    case 9:
        put(p, EHDR_AT(e_phnum), counts[random_below(r, sizeof counts / sizeof *counts)]);
        break;
    case 10:
        put(p, offsetof(Elf64_Ehdr, e_shoff) + 4 * random_below(r, 6), 4, some_value(p, r));
        break;
    default:
        put(p, EHDR_AT(e_type), random_below(r, 2) ? ET_DYN : ET_EXEC);
        break;
    }
}

static void change_type(struct elf_probe *p, struct random *r)
{
    static const uint32_t types[] = {PT_NULL,         PT_LOAD,       PT_LOAD,      PT_DYNAMIC,   PT_INTERP,
                                     PT_INTERP,       PT_NOTE,       PT_SHLIB,     PT_PHDR,      PT_TLS,
                                     PT_GNU_EH_FRAME, PT_GNU_STACK,  PT_GNU_STACK, PT_GNU_RELRO, PT_GNU_PROPERTY,
                                     PT_LOPROC,       PT_LOPROC + 1, 0xffffffff};
    put(p, phdr_at(p, any_phdr(p, r)), 4, types[random_below(r, sizeof types / sizeof *types)]);
}

static void change_flags(struct elf_probe *p, struct random *r)
{
    size_t i = random_below(r, 2) ? some_phdr(p, r, PT_LOAD) : any_phdr(p, r);
    uint32_t flags = (uint32_t)random_below(r, 8);
    if (random_below(r, 8) == 0)
        flags |= (uint32_t)random_next(r) & ~UINT32_C(7);
    put(p, phdr_at(p, i) + offsetof(Elf64_Phdr, p_flags), 4, flags);
}

static void change_word(struct elf_probe *p, struct random *r)
{
    size_t i = random_below(r, 3) ? some_phdr(p, r, PT_LOAD) : any_phdr(p, r);
    put_word(p, i, (int)random_below(r, WORDS), some_value(p, r));
}

/* Moves a segment in file and memory alike, so that it still fits its pages. */
static void move_segment(struct elf_probe *p, struct random *r)
{
    static const int64_t steps[] = {PAGE, -PAGE, 0x10000, 0x10, -0x10, 0x800, 0x200000};
    size_t i = some_phdr(p, r, PT_LOAD);
    uint64_t step = (uint64_t)steps[random_below(r, sizeof steps / sizeof *steps)];
    put_word(p, i, VADDR, get_word(p, i, VADDR) + step);
    if (random_below(r, 2))
        put_word(p, i, OFFSET, get_word(p, i, OFFSET) + step % PAGE);
    else
        put_word(p, i, OFFSET, get_word(p, i, OFFSET) + step);
}

/* Lays one segment over another. */
static void lay_over(struct elf_probe *p, struct random *r)
{
    size_t over = some_phdr(p, r, PT_LOAD), under = some_phdr(p, r, PT_LOAD);
    uint64_t address = get_word(p, under, VADDR) + PAGE * random_below(r, 3), offset = get_word(p, over, OFFSET);
    put_word(p, over, VADDR, (address & ~(uint64_t)(PAGE - 1)) | (offset & (PAGE - 1)));
}

/* Memory behind the bytes of a segment, or none. */
static void resize(struct elf_probe *p, struct random *r)
{
    static const uint64_t more[] = {0, 1, 0x10, 0x100, PAGE, PAGE + 1, 3 * PAGE, 0x100000};
    size_t i = some_phdr(p, r, PT_LOAD);
    if (random_below(r, 3) == 0)
        put_word(p, i, FILESZ, random_below(r, 2) ? 0 : get_word(p, i, FILESZ) / 2);
    put_word(p, i, MEMSZ, get_word(p, i, FILESZ) + more[random_below(r, sizeof more / sizeof *more)]);
}

static void swap_headers(struct elf_probe *p, struct random *r)
{
    uint8_t one[sizeof(Elf64_Phdr)];
    size_t a = phdr_at(p, any_phdr(p, r)), b = phdr_at(p, any_phdr(p, r));
    memcpy(one, p->bytes + a, sizeof one);
    memmove(p->bytes + a, p->bytes + b, sizeof one);
    memcpy(p->bytes + b, one, sizeof one);
}

/* Writes the table anew behind everything else, with room for more headers. */
static void move_table(struct elf_probe *p)
{
    size_t at = (p->size + 7) & ~(size_t)7, size = p->count * sizeof(Elf64_Phdr);
    if (at + MOST_HEADERS * sizeof(Elf64_Phdr) > ELF_PROBE_ROOM)
        return;
    memset(p->bytes + p->size, 0, at - p->size);
    memmove(p->bytes + at, p->bytes + p->table, size); /* a file that was cut may end in the old one */
    p->size = at + size;
    p->table = at;
    put(p, EHDR_AT(e_phoff), at);
}

static void copy_header(struct elf_probe *p, struct random *r)
{
    size_t from = any_phdr(p, r), to = any_phdr(p, r);
    if (random_below(r, 2) && p->count < MOST_HEADERS && p->size + 2 * PAGE < ELF_PROBE_ROOM) {
        move_table(p);
        if (p->table + p->count * sizeof(Elf64_Phdr) == p->size) {
            to = p->count++;
            p->size += sizeof(Elf64_Phdr);
            put(p, EHDR_AT(e_phnum), p->count);
        }
    }
    memmove(p->bytes + phdr_at(p, to), p->bytes + phdr_at(p, from), sizeof(Elf64_Phdr));
}

static void change_dynamic(struct elf_probe *p, struct random *r)
{
    static const uint64_t tags[] = {DT_NULL,    DT_NEEDED, DT_STRTAB,  DT_SYMTAB,  DT_STRSZ,
                                    DT_SONAME,  DT_RPATH,  DT_TEXTREL, DT_JMPREL,  DT_FLAGS,
                                    DT_FLAGS_1, DT_RELA,   DT_RUNPATH, DT_VERNEED, DT_GNU_HASH};
    if (p->dyn_count == 0)
        return;
    size_t a = p->dynamic + 16 * random_below(r, p->dyn_count), b = p->dynamic + 16 * random_below(r, p->dyn_count);
    switch (random_below(r, 4)) {
    case 0:
        put(p, a, 8, tags[random_below(r, sizeof tags / sizeof *tags)]);
        break;
    case 1:
        put(p, a + 8, 8, some_value(p, r));
        break;
    case 2:
        memmove(p->bytes + a, p->bytes + b, 16);
        break;
    default:
        put(p, a + 8, 8, get(p, b + 8, 8));
        break;
    }
}

static void change_interpreter(struct elf_probe *p, struct random *r)
{
    static const char *const names[] = {ELF_PROBE_LOADER, "/lib64/ld-linux-x86-64.so.2", "/nonexistent", "./loader",
                                        "lo"};
    size_t i = some_phdr(p, r, PT_INTERP);
    uint64_t size = get_word(p, i, FILESZ), offset = get_word(p, i, OFFSET);
    const char *name = names[random_below(r, sizeof names / sizeof *names)];
    switch (random_below(r, 6)) {
    case 0:
        put_word(p, i, FILESZ, random_below(r, 2) ? size + random_below(r, 5) - 2 : some_value(p, r));
        break;
    case 1:
        put(p, (size_t)(offset + random_below(r, (size_t)(size % PAGE) + 1)), 1, 0);
        break;
    case 2:
        put(p, (size_t)(offset + size - 1), 1, 'x');
        break;
    case 3:
        put_word(p, i, OFFSET, some_value(p, r));
        break;
    case 4:
        put(p, (size_t)(offset + random_below(r, (size_t)(size % PAGE) + 1)), 1, random_next(r));
        break;
    default: /* a whole path, at the end of the file */
        if (p->size + 64 > ELF_PROBE_ROOM || type_of(p, i) != PT_INTERP)
            break;
        put_word(p, i, OFFSET, p->size);
        put_word(p, i, FILESZ, strlen(name) + 1);
        memcpy(p->bytes + p->size, name, strlen(name) + 1);
        p->size += strlen(name) + 1;
        break;
    }
}

static void change_section(struct elf_probe *p, struct random *r)
{
    uint64_t at = get(p, EHDR_AT(e_shoff)), count = get(p, EHDR_AT(e_shnum));
    if (count == 0 || at > p->size)
        return;
    at += sizeof(Elf64_Shdr) * random_below(r, (size_t)count) + 4 * random_below(r, 16);
    put(p, (size_t)at, 4, random_below(r, 2) ? random_below(r, 16) : some_value(p, r));
}

static void change_length(struct elf_probe *p, struct random *r)
{
    uint64_t size = random_below(r, 3) ? p->size - random_below(r, PAGE) : some_value(p, r);
    if (size < sizeof(Elf64_Ehdr) || size > p->size + PAGE || size > ELF_PROBE_ROOM)
        return;
    if (size > p->size)
        memset(p->bytes + p->size, 0, (size_t)size - p->size);
    p->size = (size_t)size;
}

static void change_byte(struct elf_probe *p, struct random *r)
{
    size_t at = random_below(r, 2) ? random_below(r, sizeof(Elf64_Ehdr))
                                   : p->table + random_below(r, p->count * sizeof(Elf64_Phdr));
    put(p, at, 1, random_below(r, 2) ? random_next(r) : get(p, at, 1) ^ UINT64_C(1) << random_below(r, 8));
}

/* How often each is chosen: what decides about loading comes first. */
static const struct {
    unsigned weight;
    void (*change)(struct elf_probe *p, struct random *r);
} changes[] = {{6, change_word},        {4, change_header},  {3, change_type},   {3, change_flags}, {3, move_segment},
               {3, lay_over},           {3, resize},         {3, swap_headers},  {3, copy_header},  {3, change_dynamic},
               {4, change_interpreter}, {1, change_section}, {1, change_length}, {1, change_byte}};

static void change(struct elf_probe *p, struct random *r)
{
    unsigned total = 0;
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
        total += changes[i].weight;
    size_t pick = random_below(r, total), i = 0;
    for (; pick >= changes[i].weight; i++)
        pick -= changes[i].weight;
    changes[i].change(p, r);
}

/* Finds the tables of the seed. */
static void find_tables(struct elf_probe *p)
{
    p->table = (size_t)get(p, EHDR_AT(e_phoff));
    p->count = (size_t)get(p, EHDR_AT(e_phnum));
    p->interp = p->dynamic = p->dyn_count = 0;
    for (size_t i = 0; i < p->count; i++) {
        if (type_of(p, i) == PT_INTERP && p->interp == 0)
            p->interp = (size_t)get_word(p, i, OFFSET);
        if (type_of(p, i) == PT_DYNAMIC) {
            p->dynamic = (size_t)get_word(p, i, OFFSET);
            p->dyn_count = (size_t)get_word(p, i, FILESZ) / 16;
        }
    }
}

void elf_probe_make(struct elf_probe *probe, const struct elf_seed *seeds, size_t count, uint64_t seed, uint64_t index)
{
    struct random r = random_of(seed, index);
    probe->seed = &seeds[random_below(&r, count)];
    probe->size = probe->seed->size;
    memcpy(probe->bytes, probe->seed->bytes, probe->size);
    find_tables(probe);
    for (size_t i = 1 + random_below(&r, MOST_CHANGES); i > 0; i--)
        change(probe, &r);
    uint64_t which = random_next(&r) | random_next(&r); /* each with three chances of four */
    elf_mend(probe, which);
}
