/* Sources: Go runtime/symtab.go (pcHeader, functab); Linux Standard Base, "Exception Frames" (.eh_frame); Apple's
 * mach-o/loader.h and dyld's function starts (ULEB128 deltas from the start of __TEXT). */
#include "checks/code/starts.h"

#include <stdlib.h>
#include <string.h>

void starts_add(struct starts *starts, struct start start)
{
    starts->crowded |= starts->count >= starts->most;
    if (starts->crowded)
        return;
    starts->items[starts->count++] = start;
}

uint64_t starts_cover(const struct starts *starts)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i + 1 < starts->count; i++) {
        const struct start *start = &starts->items[i];
        if (start->source == START_PCLNTAB || start->source == START_FUNCTION_STARTS)
            bytes += start[1].address - start->address;
        else if (start->end)
            bytes += start->end - start->address;
    }
    return bytes;
}

size_t starts_from(const struct starts *starts, uint64_t address)
{
    size_t low = 0, high = starts->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (starts->items[middle].address < address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int by_address(const void *a, const void *b)
{
    const struct start *one = a, *other = b;
    if (one->address != other->address)
        return one->address < other->address ? -1 : 1;
    return (int)one->source - (int)other->source;
}

void starts_sort(struct starts *starts)
{
    size_t kept = 0;
    bool sorted = true;
    for (size_t i = 1; i < starts->count && sorted; i++)
        sorted = by_address(&starts->items[i - 1], &starts->items[i]) <= 0;
    if (!sorted)
        qsort(starts->items, starts->count, sizeof *starts->items, by_address);
    for (size_t i = 0; i < starts->count; i++) {
        struct start *last = kept ? &starts->items[kept - 1] : NULL;
        if (last && last->address == starts->items[i].address) {
            if (!last->end)
                last->end = starts->items[i].end;
            last->part |= starts->items[i].part;
            last->go_assembly |= starts->items[i].go_assembly;
            last->go_main |= starts->items[i].go_main;
            last->go_exit |= starts->items[i].go_exit;
        } else {
            starts->items[kept++] = starts->items[i];
        }
    }
    starts->count = kept;
}

static const struct section *section_named(const struct image *image, const char *name)
{
    for (size_t i = 0; i < image->sections.count; i++)
        if (strcmp(image->sections.items[i].name, name) == 0)
            return &image->sections.items[i];
    return NULL;
}

static bool begins_with(struct view v, uint64_t at, const char *text, size_t size)
{
    struct view there;
    return view_sub(v, at, size, &there) && memcmp(there.data, text, size) == 0;
}

/* What the record of a function (runtime/runtime2.go, type _func, from Go 1.18 on) says: that it is assembly, and by its
 * name that it is of the standard library: of a package with no dot in its first element, or one of those local symbols
 * that are only called where a variable made from internal/cpu allows it (bytealg.MaxLen, runtime.useAeshash, the
 * garbage collector's table of kernels). Or that it is the main of the program. */
static void read_record(struct view v, uint64_t record, bool start_line, struct start *start)
{
    enum { NAME = 4, FLAG = 37, FUNC_FLAG_ASM = 4 };
    static const char *const packages[] = {"runtime",   "internal/",   "crypto/",      "hash/",    "math",
                                           "vendor/",   "reflect",     "sync",         "syscall.", "bytes.",
                                           "indexbody", "aeshashbody", "expandAVX512_"};
    struct view func;
    if (!view_sub(v, record, FLAG + 8, &func))
        return;
    uint64_t name = load_le64(v.data + 32) + load_le32(func.data + NAME);
    bool assembly = func.data[FLAG + (start_line ? 4 : 0)] & FUNC_FLAG_ASM;
    for (size_t i = 0; assembly && i < sizeof packages / sizeof packages[0]; i++)
        start->go_assembly |= begins_with(v, name, packages[i], strlen(packages[i]));
    start->go_main = begins_with(v, name, "main.main", sizeof "main.main");
    start->go_exit = begins_with(v, name, "os.Exit", sizeof "os.Exit");
}

/* Go's functab: from 1.18 on pairs of 32-bit offsets from the start of the text, before it pairs of words. */
static void from_pclntab(const struct image *image, const struct map *map, struct starts *starts)
{
    struct view v;
    uint64_t at = image->go->pclntab_offset - image->offset;
    if (!image_view(image, at, image->size - at, &v) || v.size < 72)
        return;
    uint32_t magic = load_le32(v.data);
    uint64_t functions = load_le64(v.data + 8), text = 0, table = 0, entry = 16;
    if (magic == 0xfffffff0 || magic == 0xfffffff1) {
        const struct section *section = section_named(image, image->format == FORMAT_ELF ? ".text" : "__text");
        text = load_le64(v.data + 24);
        if (!map_is_code(map, text))
            text = section ? section->address : 0;
        table = load_le64(v.data + 64);
        entry = 8;
    } else if (magic == 0xfffffffa) {
        table = load_le64(v.data + 56);
    } else {
        table = 16;
    }
    struct view list;
    if (!view_table(v, table, entry, functions, &list))
        return;
    for (uint64_t i = 0; i < functions; i++) {
        const uint8_t *p = list.data + i * entry;
        struct start start = {.address = entry == 8 ? text + load_le32(p) : load_le64(p), .source = START_PCLNTAB};
        if (entry == 8)
            read_record(v, table + load_le32(p + 4), magic == 0xfffffff1, &start);
        if (map_is_code(map, start.address))
            starts_add(starts, start);
    }
}

enum { DW_EH_PE_ABSPTR = 0x00, DW_EH_PE_UDATA4 = 0x03, DW_EH_PE_UDATA8 = 0x04, DW_EH_PE_SDATA4 = 0x0b };
enum { DW_EH_PE_SDATA8 = 0x0c, DW_EH_PE_PCREL = 0x10, DW_EH_PE_NONE = 0xff };

/* A pointer of an encoding that linkers use for code; false: another one. `place` is the address of the field. */
static bool pointer(struct cursor *c, unsigned encoding, uint64_t place, uint64_t *value)
{
    switch (encoding & 0x0f) {
    case DW_EH_PE_ABSPTR:
    case DW_EH_PE_UDATA8:
    case DW_EH_PE_SDATA8:
        *value = cursor_u64(c);
        break;
    case DW_EH_PE_UDATA4:
        *value = cursor_u32(c);
        break;
    case DW_EH_PE_SDATA4:
        *value = (uint64_t)(int64_t)(int32_t)cursor_u32(c);
        break;
    default:
        return false;
    }
    if ((encoding & 0x70) == DW_EH_PE_PCREL)
        *value += place;
    else if (encoding & 0x70)
        return false;
    return !c->failed;
}

enum { AUGMENTED = 0x100 /* with the encoding: FDEs have augmentation data */, INSIDE = 0x200 /* and see below */ };

/* Whether the instructions of a CIE make another frame than that of a function's first instruction: RSP plus 8 on amd64, with
 * the return address below that, and SP on arm64. Assemblers put what an FDE begins with there. */
static bool of_other_frame(struct cursor c)
{
    enum {
        DW_CFA_NOP = 0,
        DW_CFA_DEF_CFA = 0x0c,
        DW_CFA_OFFSET = 0x80,
        RSP = 7,
        RETURN_ADDRESS = 16,
        SP = 31,
        WORD = 8
    };
    unsigned opcode = cursor_u8(&c);
    uint64_t reg = cursor_uleb(&c), offset = cursor_uleb(&c);
    bool other = opcode != DW_CFA_DEF_CFA || !((reg == RSP && offset == WORD) || (reg == SP && offset == 0));
    while (!other && !c.failed && c.at < c.view.size) {
        opcode = cursor_u8(&c);
        other = opcode != DW_CFA_NOP && opcode != (DW_CFA_OFFSET | RETURN_ADDRESS);
        if (opcode == (DW_CFA_OFFSET | RETURN_ADDRESS))
            other = cursor_uleb(&c) != 1;
    }
    return other || c.failed;
}

/* Whether what an FDE says from its first address on is not what its CIE says: the frame is another one there. GCC has it
 * so one byte later, behind a NOP: no instruction of a byte makes a frame of more than one word. */
static bool begins_inside(struct cursor c, unsigned encoding, bool amd64)
{
    enum { DW_CFA_ADVANCE_LOC4 = 4, DW_CFA_DEF_CFA_OFFSET = 0x0e, ONE_BYTE = 0x41, ONE_WORD = 16 };
    if (encoding & INSIDE)
        return true;
    if (encoding & AUGMENTED)
        cursor_skip(&c, cursor_uleb(&c));
    unsigned opcode = 0;
    while (!c.failed && opcode == 0)
        opcode = cursor_u8(&c);
    if (amd64 && opcode == ONE_BYTE)
        return cursor_u8(&c) == DW_CFA_DEF_CFA_OFFSET && cursor_uleb(&c) > ONE_WORD && !c.failed;
    return !c.failed && opcode >> 6 != 1 /* DW_CFA_advance_loc */ && opcode > DW_CFA_ADVANCE_LOC4;
}

/* The pointer encoding that a CIE declares for its FDEs, with AUGMENTED and INSIDE. */
static unsigned cie_encoding(struct cursor c)
{
    char augmentation[8] = "";
    size_t n = 0;
    unsigned version = cursor_u8(&c);
    for (unsigned char byte; (byte = cursor_u8(&c)) != 0 && !c.failed;)
        if (n + 1 < sizeof augmentation)
            augmentation[n++] = (char)byte;
    (void)cursor_uleb(&c);
    (void)cursor_uleb(&c); /* signed, but skipped alike */
    (void)(version == 1 ? cursor_u8(&c) : cursor_uleb(&c));
    if (augmentation[0] != 'z')
        return augmentation[0] ? DW_EH_PE_NONE : DW_EH_PE_ABSPTR | (of_other_frame(c) ? INSIDE : 0);
    uint64_t size = cursor_uleb(&c);
    struct cursor instructions = c;
    cursor_skip(&instructions, size);
    const unsigned more = AUGMENTED | (of_other_frame(instructions) ? INSIDE : 0);
    for (const char *letter = augmentation + 1; *letter; letter++) {
        if (*letter == 'R')
            return cursor_u8(&c) | more;
        if (*letter == 'L') {
            (void)cursor_u8(&c);
        } else if (*letter == 'P') {
            unsigned encoding = cursor_u8(&c);
            uint64_t ignored;
            if (!pointer(&c, encoding & 0x0f, 0, &ignored))
                return DW_EH_PE_NONE;
        } else if (*letter != 'S' && *letter != 'B' && *letter != 'G') {
            return DW_EH_PE_NONE;
        }
    }
    return c.failed ? DW_EH_PE_NONE : DW_EH_PE_ABSPTR | more;
}

enum { LARGEST_CIE = 128 /* linkers write some twenty bytes; each may be read as often as there are FDEs */ };

static void from_eh_frame(const struct image *image, const struct map *map, uint64_t base, struct view v,
                          struct starts *starts)
{
    uint64_t last_cie = UINT64_MAX;
    unsigned encoding = DW_EH_PE_NONE;
    struct cursor c = cursor_at(v, false);
    while (c.at + 8 <= v.size) {
        uint64_t size = cursor_u32(&c);
        if (size == 0)
            break;
        if (size == 0xffffffff)
            size = cursor_u64(&c);
        uint64_t body = c.at;
        struct cursor record = cursor_at(cursor_take(&c, size), false);
        uint32_t id = cursor_u32(&record);
        if (c.failed)
            break;
        if (id == 0)
            continue; /* a CIE, read when an FDE names it */
        uint64_t cie = body - id, start, length;
        if (cie != last_cie) {
            struct cursor other = cursor_at(v, false);
            cursor_skip(&other, cie);
            uint64_t cie_size = cursor_u32(&other);
            if (cie_size == 0xffffffff)
                cie_size = cursor_u64(&other);
            struct cursor inside = cursor_at(cursor_take(&other, cie_size), false);
            bool good = cie_size <= LARGEST_CIE && cursor_u32(&inside) == 0 && !inside.failed;
            encoding = good ? cie_encoding(inside) : DW_EH_PE_NONE;
            last_cie = cie;
        }
        if (encoding == DW_EH_PE_NONE || !pointer(&record, encoding & 0xff, base + body + 4, &start) ||
            !pointer(&record, encoding & 0x0f, 0, &length))
            continue;
        bool part = begins_inside(record, encoding, image->arch == ARCH_AMD64);
        if (length && map_is_code(map, start) && length <= map->code_size)
            starts_add(starts,
                       (struct start){.address = start, .end = start + length, .source = START_EH_FRAME, .part = part});
    }
}

/* LC_FUNCTION_STARTS: command 0x26, data offset and size in __LINKEDIT. */
static void from_function_starts(const struct image *image, const struct map *map, struct starts *starts)
{
    enum { HEADER = 32, LC_FUNCTION_STARTS = 0x26 };
    struct view commands, data;
    uint64_t text = UINT64_MAX, value = 0;
    for (size_t i = 0; i < image->segments.count; i++)
        if (strcmp(image->segments.items[i].name, "__TEXT") == 0)
            text = image->segments.items[i].address;
    if (text == UINT64_MAX || !image_view(image, HEADER, image->macho->sizeofcmds, &commands))
        return;
    struct cursor c = cursor_at(commands, false);
    for (uint32_t i = 0; i < image->macho->ncmds && !c.failed; i++) {
        uint32_t command = cursor_u32(&c), size = cursor_u32(&c);
        struct cursor rest = cursor_at(cursor_take(&c, size < 8 ? 0 : size - 8), false);
        if (size < 8)
            break;
        if (command != LC_FUNCTION_STARTS)
            continue;
        uint32_t at = cursor_u32(&rest), length = cursor_u32(&rest);
        if (rest.failed || !image_view(image, at, length, &data))
            return;
        struct cursor deltas = cursor_at(data, false);
        for (uint64_t delta; deltas.at < data.size && (delta = cursor_uleb(&deltas)) != 0 && !deltas.failed;) {
            value += delta;
            if (map_is_code(map, text + value))
                starts_add(starts, (struct start){.address = text + value, .source = START_FUNCTION_STARTS});
        }
        return; /* there is one */
    }
}

void starts_find(const struct image *image, const struct map *map, struct arena *arena, struct starts *starts)
{
    struct view v;
    enum { SOME = 1 << 12, BYTES_EACH = 32 };
    *starts = (struct starts){.arena = arena, .most = SOME + (size_t)(image->size / BYTES_EACH)};
    starts->items = arena_room(arena, starts->most * sizeof *starts->items);
    if (image->entry.in_code && map_is_code(map, image->entry.address))
        starts_add(starts, (struct start){.address = image->entry.address, .source = START_ENTRY});
    if (image->go && image->go->pclntab)
        from_pclntab(image, map, starts);
    if (image->format == FORMAT_MACHO)
        from_function_starts(image, map, starts);
    const struct section *frames = section_named(image, image->format == FORMAT_ELF ? ".eh_frame" : "__eh_frame");
    if (frames && frames->has_bytes && frames->offset >= image->offset &&
        image_view(image, frames->offset - image->offset, frames->size, &v))
        from_eh_frame(image, map, frames->address, v, starts);
    starts_sort(starts);
}
