#include "tests/oracle/macho_probe.h"

#include <string.h>

enum { HEADER = 32, PAGE = 0x1000, MOST_CHANGES = 5, SEGMENT_64 = 0x19, ARCH_SIZE = 20 };
enum { CPUTYPE = 4, CPUSUBTYPE = 8, FILETYPE = 12, NCMDS = 16, SIZEOFCMDS = 20, FLAGS = 24 };
enum { VMADDR = 24, VMSIZE = 32, FILEOFF = 40, FILESIZE = 48, MAXPROT = 56, INITPROT = 60, NSECTS = 64, SEGFLAGS = 68 };

static uint64_t get(const struct macho_probe *p, size_t at, size_t size)
{
    uint64_t value = 0;
    if (at <= p->size && size <= p->size - at)
        memcpy(&value, p->bytes + at, size);
    return value;
}

static void put(struct macho_probe *p, size_t at, size_t size, uint64_t value)
{
    if (at <= p->size && size <= p->size - at)
        memcpy(p->bytes + at, &value, size);
}

static void put_be(struct macho_probe *p, size_t at, uint32_t value)
{
    put(p, at, 4, __builtin_bswap32(value));
}

static uint32_t get_be(const struct macho_probe *p, size_t at)
{
    return __builtin_bswap32((uint32_t)get(p, at, 4));
}

static size_t any_command(const struct macho_probe *p, struct random *r)
{
    return p->commands[random_below(r, p->command_count)];
}

static size_t some_command(const struct macho_probe *p, struct random *r, uint32_t type)
{
    size_t start = random_below(r, p->command_count);
    for (size_t i = 0; i < p->command_count; i++)
        if (get(p, p->commands[(start + i) % p->command_count], 4) == type)
            return p->commands[(start + i) % p->command_count];
    return p->commands[start];
}

static uint64_t some_value(const struct macho_probe *p, struct random *r)
{
    static const uint64_t fixed[] = {0,
                                     1,
                                     4,
                                     8,
                                     16,
                                     24,
                                     PAGE - 1,
                                     PAGE,
                                     PAGE + 1,
                                     4 * PAGE,
                                     8 * PAGE,
                                     UINT64_C(1) << 31,
                                     UINT64_C(1) << 32,
                                     UINT64_C(0x100000000),
                                     UINT64_C(0x7fffffe00000),
                                     UINT64_C(1) << 47,
                                     UINT64_C(1) << 63,
                                     UINT64_MAX - PAGE + 1,
                                     UINT64_MAX};
    static const int64_t steps[] = {0, 0, 0, 1, -1, 8, -8, PAGE, -PAGE, 4 * PAGE, -4 * PAGE};
    static const size_t words[] = {VMADDR, VMSIZE, FILEOFF, FILESIZE};
    uint64_t value = fixed[random_below(r, sizeof fixed / sizeof *fixed)];
    size_t how = random_below(r, 6);
    if (how < 3)
        value = get(p, some_command(p, r, SEGMENT_64) + words[random_below(r, 4)], 8);
    else if (how == 3)
        value = p->size - p->image;
    return value + (uint64_t)steps[random_below(r, sizeof steps / sizeof *steps)];
}

/* ---- changes of an image ---- */

static void change_header(struct macho_probe *p, struct random *r)
{
    static const uint32_t cpus[] = {0x01000007, 0x0100000c, 7, 12, 0x0200000c, 18};
    static const uint32_t subtypes[] = {0, 1, 2, 3, 4, 8, 9, 0x80000003, 0x80000002};
    static const uint32_t magics[] = {0xfeedfacf, 0xfeedface, 0xcffaedfe, 0xcefaedfe, 0xbebafeca};
    switch (random_below(r, 7)) {
    case 0:
        put(p, p->image + CPUTYPE, 4, cpus[random_below(r, sizeof cpus / sizeof *cpus)]);
        break;
    case 1:
        put(p, p->image + CPUSUBTYPE, 4, subtypes[random_below(r, sizeof subtypes / sizeof *subtypes)]);
        break;
    case 2:
        put(p, p->image + FILETYPE, 4, random_below(r, 14));
        break;
    case 3:
        put(p, p->image + NCMDS, 4, get(p, p->image + NCMDS, 4) + random_below(r, 5) - 2);
        break;
    case 4:
        put(p, p->image + SIZEOFCMDS, 4,
            random_below(r, 2) ? get(p, p->image + SIZEOFCMDS, 4) + 8 * random_below(r, 9) - 32 : some_value(p, r));
        break;
    case 5:
        put(p, p->image + FLAGS, 4, get(p, p->image + FLAGS, 4) ^ UINT32_C(1) << random_below(r, 26));
        break;
    default:
        put(p, p->image, 4, magics[random_below(r, sizeof magics / sizeof *magics)]);
        break;
    }
}

static void change_type(struct macho_probe *p, struct random *r)
{
    static const uint32_t types[] = {1,    2,    4,    5,    0xb,  0xc,  0xd,  0xe,  0xe,  0xf,  0x18,  0x19, 0x1b,
                                     0x1c, 0x1d, 0x1e, 0x1f, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26,  0x27, 0x28,
                                     0x29, 0x2a, 0x2c, 0x2f, 0x30, 0x32, 0x33, 0x34, 0x39, 0x3a, 0x7fff};
    size_t at = any_command(p, r);
    uint32_t type = types[random_below(r, sizeof types / sizeof *types)];
    if (random_below(r, 3) == 0)
        put(p, at, 4, get(p, at, 4) ^ 0x80000000);
    else
        put(p, at, 4, type | (random_below(r, 2) ? 0x80000000 : 0));
}

static void change_segment(struct macho_probe *p, struct random *r)
{
    static const size_t words[] = {VMADDR, VMSIZE, FILEOFF, FILESIZE};
    size_t at = some_command(p, r, SEGMENT_64), how = random_below(r, 8);
    if (how < 4)
        put(p, at + words[random_below(r, 4)], 8, some_value(p, r));
    else if (how == 4)
        put(p, at + (random_below(r, 2) ? MAXPROT : INITPROT), 4, random_below(r, 9));
    else if (how == 5)
        put(p, at + INITPROT, 4, random_below(r, 8));
    else if (how == 6)
        put(p, at + NSECTS, 4, random_below(r, 4));
    else
        put(p, at + SEGFLAGS, 4, UINT64_C(1) << random_below(r, 6));
}

static void move_segment(struct macho_probe *p, struct random *r)
{
    static const int64_t steps[] = {PAGE, -PAGE, 4 * PAGE, -4 * PAGE, 8 * PAGE, 0x800, 8};
    size_t at = some_command(p, r, SEGMENT_64);
    uint64_t step = (uint64_t)steps[random_below(r, sizeof steps / sizeof *steps)];
    put(p, at + VMADDR, 8, get(p, at + VMADDR, 8) + step);
    if (random_below(r, 2))
        put(p, at + FILEOFF, 8, get(p, at + FILEOFF, 8) + step);
    if (random_below(r, 3) == 0)
        put(p, at + FILESIZE, 8, get(p, at + FILESIZE, 8) - step);
}

static void change_section(struct macho_probe *p, struct random *r)
{
    size_t at = some_command(p, r, SEGMENT_64);
    if (get(p, at + NSECTS, 4) == 0)
        return;
    at += 72 + 80 * random_below(r, (size_t)get(p, at + NSECTS, 4) % 8 + 1);
    put(p, at + 32 + 8 * random_below(r, 5), 8, some_value(p, r));
}

static void change_size(struct macho_probe *p, struct random *r)
{
    static const int32_t steps[] = {4, -4, 8, -8, 16, -16, 1};
    size_t at = any_command(p, r);
    put(p, at + 4, 4, get(p, at + 4, 4) + (uint32_t)steps[random_below(r, sizeof steps / sizeof *steps)]);
}

/* A word of any command: offsets and sizes of link-edit data, versions, thread states, strings. */
static void change_word(struct macho_probe *p, struct random *r)
{
    size_t at = any_command(p, r);
    uint64_t size = get(p, at + 4, 4);
    size_t word = 8 + 4 * random_below(r, (size_t)(size % 400) / 4 + 1);
    if (random_below(r, 3) == 0)
        word = 8;
    put(p, at + word, 4, random_below(r, 2) ? some_value(p, r) : random_below(r, 64));
}

static void change_string(struct macho_probe *p, struct random *r)
{
    static const uint32_t types[] = {0xe, 0xe, 0xc, 0x80000018, 0x8000001f, 0x80000023, 0x8000001c, 0x27};
    size_t at = some_command(p, r, types[random_below(r, sizeof types / sizeof *types)]);
    size_t size = (size_t)get(p, at + 4, 4) % 400, from = (size_t)get(p, at + 8, 4) % 400;
    if (random_below(r, 3) == 0)
        put(p, at + 8, 4, random_below(r, size + 8));
    else if (random_below(r, 2))
        put(p, at + from + random_below(r, 24), 1, random_below(r, 2) ? 0 : random_next(r));
    else
        for (size_t i = from; i < size; i++) /* no NUL */
            if (get(p, at + i, 1) == 0)
                put(p, at + i, 1, '/');
}

/* Exchanges two commands, whatever their sizes. */
static void swap_commands(struct macho_probe *p, struct random *r)
{
    uint8_t area[MACHO_PROBE_COMMANDS * 400];
    size_t a = random_below(r, p->command_count), b = random_below(r, p->command_count), out = 0;
    size_t begin = p->commands[0], end = p->image + HEADER + (size_t)get(p, p->image + SIZEOFCMDS, 4);
    if (end > p->size || end < begin || end - begin > sizeof area)
        return;
    size_t places[MACHO_PROBE_COMMANDS];
    for (size_t i = 0; i < p->command_count; i++) {
        size_t from = p->commands[i == a ? b : i == b ? a : i], size = (size_t)get(p, from + 4, 4);
        if (size < 8 || from + size > end || out + size > end - begin)
            return;
        memcpy(area + out, p->bytes + from, size);
        places[i] = begin + out;
        out += size;
    }
    memcpy(p->bytes + begin, area, out);
    memcpy(p->commands, places, p->command_count * sizeof *places);
}

/* One more command behind the others: a copy of one of them. */
static void copy_command(struct macho_probe *p, struct random *r)
{
    size_t from = any_command(p, r), size = (size_t)get(p, from + 4, 4);
    size_t at = p->image + HEADER + (size_t)get(p, p->image + SIZEOFCMDS, 4);
    if (p->command_count == MACHO_PROBE_COMMANDS || size < 8 || size > 400 || at > p->size || size > p->size - at)
        return;
    for (size_t i = 0; i < size; i++)
        if (p->bytes[at + i])
            return; /* no room left */
    memmove(p->bytes + at, p->bytes + from, size);
    p->commands[p->command_count++] = at;
    put(p, p->image + NCMDS, 4, get(p, p->image + NCMDS, 4) + 1);
    put(p, p->image + SIZEOFCMDS, 4, get(p, p->image + SIZEOFCMDS, 4) + size);
}

/* A command less: the others move up, or it becomes one that nobody knows. */
static void remove_command(struct macho_probe *p, struct random *r)
{
    size_t i = random_below(r, p->command_count), at = p->commands[i], size = (size_t)get(p, at + 4, 4);
    size_t end = p->image + HEADER + (size_t)get(p, p->image + SIZEOFCMDS, 4);
    if (p->command_count < 2 || size < 8 || end > p->size || at + size > end)
        return;
    memmove(p->bytes + at, p->bytes + at + size, end - at - size);
    memset(p->bytes + end - size, 0, size);
    p->command_count--;
    for (; i < p->command_count; i++)
        p->commands[i] = p->commands[i + 1] - size;
    put(p, p->image + NCMDS, 4, get(p, p->image + NCMDS, 4) - 1);
    put(p, p->image + SIZEOFCMDS, 4, get(p, p->image + SIZEOFCMDS, 4) - size);
}

static void change_length(struct macho_probe *p, struct random *r)
{
    size_t size = random_below(r, 2) ? p->size - random_below(r, PAGE) : p->size + random_below(r, PAGE);
    if (random_below(r, 8) == 0)
        size = random_below(r, p->size);
    if (size < HEADER + 8 || size > MACHO_PROBE_ROOM)
        return;
    if (size > p->size)
        memset(p->bytes + p->size, 0, size - p->size);
    p->size = size;
}

static void change_byte(struct macho_probe *p, struct random *r)
{
    size_t at = random_below(r, 3) ? any_command(p, r) + random_below(r, 96) : p->image + random_below(r, HEADER);
    put(p, at, 1, random_below(r, 2) ? random_next(r) : get(p, at, 1) ^ UINT64_C(1) << random_below(r, 8));
}

/* ---- changes of a universal header ---- */

static void change_universal(struct macho_probe *p, struct random *r)
{
    static const uint32_t cpus[] = {0x01000007, 0x0100000c, 7, 12, 18, 0};
    static const uint32_t subtypes[] = {0, 1, 2, 3, 4, 8, 0x80000003};
    uint32_t count = get_be(p, 4), values[] = {0, 8, 28, 48, 0x1000, 0x4000, (uint32_t)p->size, UINT32_MAX, 1};
    size_t last = p->seed->bytes[7] - 2u; /* the two that are programs, and what follows */
    size_t a = 8 + ARCH_SIZE * (last + random_below(r, 3)), b = 8 + ARCH_SIZE * (last + random_below(r, 3));
    uint8_t one[ARCH_SIZE];
    switch (random_below(r, 7)) {
    case 0:
        put_be(p, 4,
               random_below(r, 4) ? count + (uint32_t)random_below(r, 3) - 1 : (uint32_t)(40 + random_below(r, 170)));
        break;
    case 1:
        put_be(p, a, cpus[random_below(r, sizeof cpus / sizeof *cpus)]);
        break;
    case 2:
        put_be(p, a + 4, subtypes[random_below(r, sizeof subtypes / sizeof *subtypes)]);
        break;
    case 3:
        memcpy(one, p->bytes + a, sizeof one);
        memmove(p->bytes + a, p->bytes + b, sizeof one);
        memcpy(p->bytes + b, one, sizeof one);
        break;
    case 4:
        put_be(p, a + 8 + 4 * random_below(r, 3), values[random_below(r, sizeof values / sizeof *values)]);
        break;
    case 5:
        put_be(p, a + 8 + 4 * random_below(r, 2),
               get_be(p, b + 8 + 4 * random_below(r, 2)) + (uint32_t)random_below(r, 3) * PAGE - PAGE);
        break;
    default:
        put(p, random_below(r, 8 + 3 * ARCH_SIZE), 1, random_next(r));
        break;
    }
}

static const struct {
    unsigned weight;
    void (*change)(struct macho_probe *p, struct random *r);
} changes[] = {{4, change_header},  {4, change_type},   {5, change_segment}, {3, move_segment},  {2, change_section},
               {2, change_size},    {3, change_word},   {3, change_string},  {3, swap_commands}, {3, copy_command},
               {3, remove_command}, {1, change_length}, {2, change_byte}};

static void change(struct macho_probe *p, struct random *r)
{
    unsigned total = 0;
    if (p->universal && random_below(r, 2)) {
        change_universal(p, r);
        return;
    }
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
        total += changes[i].weight;
    size_t pick = random_below(r, total), i = 0;
    for (; pick >= changes[i].weight; i++)
        pick -= changes[i].weight;
    changes[i].change(p, r);
}

/* ---- repairs ---- */

static void mend_header(struct macho_probe *p)
{
    if (!p->universal)
        memcpy(p->bytes, p->seed->bytes, NCMDS);
}

static void mend_counts(struct macho_probe *p)
{
    size_t size = 0;
    for (size_t i = 0; i < p->command_count; i++)
        size += (size_t)get(p, p->commands[i] + 4, 4);
    put(p, p->image + NCMDS, 4, p->command_count);
    put(p, p->image + SIZEOFCMDS, 4, size);
}

static void mend_segments(struct macho_probe *p)
{
    for (size_t i = 0; i < p->command_count; i++) {
        size_t at = p->commands[i];
        uint64_t offset = get(p, at + FILEOFF, 8), size = get(p, at + FILESIZE, 8), there = p->size - p->image;
        if (get(p, at, 4) != SEGMENT_64)
            continue;
        put(p, at + FILEOFF, 8, offset = offset & ~(uint64_t)0x3fff);
        if (offset <= there && size > there - offset)
            put(p, at + FILESIZE, 8, size = there - offset);
        if (get(p, at + VMSIZE, 8) < size)
            put(p, at + VMSIZE, 8, (size + 0x3fff) & ~(uint64_t)0x3fff);
    }
}

static void mend_universal(struct macho_probe *p)
{
    if (p->universal)
        memcpy(p->bytes, p->seed->bytes, PAGE);
}

static void (*const repairs[])(struct macho_probe *p) = {mend_header, mend_counts, mend_segments, mend_universal};

/* Finds the image that is changed, and its commands. */
static void find_commands(struct macho_probe *p, struct random *r)
{
    p->universal = get_be(p, 0) == 0xcafebabe;
    p->image =
        p->universal
            ? get_be(p, 8 + ARCH_SIZE * (get_be(p, 4) - 1 - random_below(r, 2)) + 8) /* the last two are programs */
            : 0;
    p->command_count = 0;
    size_t at = p->image + HEADER;
    for (uint64_t i = get(p, p->image + NCMDS, 4); i > 0 && p->command_count < MACHO_PROBE_COMMANDS; i--) {
        p->commands[p->command_count++] = at;
        at += (size_t)get(p, at + 4, 4);
    }
}

void macho_probe_make(struct macho_probe *probe, const struct macho_seed *seeds, size_t count, uint64_t seed,
                      uint64_t index)
{
    struct random r = random_of(seed, index);
    probe->seed = &seeds[random_below(&r, count)];
    probe->size = probe->seed->size;
    memcpy(probe->bytes, probe->seed->bytes, probe->size);
    find_commands(probe, &r);
    for (size_t i = 1 + random_below(&r, MOST_CHANGES); i > 0; i--)
        change(probe, &r);
    uint64_t which = random_next(&r);
    for (size_t i = 0; i < sizeof repairs / sizeof *repairs; i++)
        if (which >> i & 1)
            repairs[i](probe);
}
