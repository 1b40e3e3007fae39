/* Who refers to an address?
 *
 * No instruction is decoded. On x86-64 the displacement of a call or LEA is the last four
 * bytes of the instruction: at every byte it is tried whether the four bytes there lead into
 * the wanted range, which other bytes do by chance now and then where it is wide and near. On A64, BL and B, pairs of
 * ADRP and ADD, and ADR, into which lld and mold turn pairs that lead near (AAELF64, "Relocation optimization"), are
 * recognised by their fixed bits. */
#include "formats/elf/references.h"

#include <elf.h>

#include "formats/certain.h"

enum {
    PAIR = 8, /* instructions between ADRP and its ADD */
};

static void hit(struct target *t, uint64_t address, uint64_t place)
{
    if (address < t->low || address >= t->high || (place >= t->ignore && place < t->ignore_end))
        return;
    if (t->count < PLACES) {
        t->places[t->count] = place;
        t->targets[t->count] = address;
    }
    if (t->count++ == 0 || address > t->highest) {
        t->highest = address;
        t->place = t->last_place = place;
    } else if (address == t->highest && place > t->last_place) {
        t->last_place = place;
    }
}

/* LEA with a displacement from RIP: 8d, ModRM with mod 00 and rm 101. MOV r32, imm32: b8+r; MOV r/m64, imm32: c7: addresses
 * where the program is not relocated, else numbers, which are as small as the addresses there. */
static void refer_amd64(struct target *t, struct view v, uint64_t base, bool absolute)
{
    for (size_t i = 3; i + 4 <= v.size; i++) {
        uint32_t word = load_le32(v.data + i);
        uint64_t relative = base + i + 4 + (uint64_t)(int64_t)(int32_t)word;
        if (relative - t->low < t->high - t->low) {
            uint8_t before = v.data[i - 1];
            bool lea = v.data[i - 2] == 0x8d && (before & 0xc7) == 0x05;
            bool call = before == 0xe8 || before == 0xe9 || (v.data[i - 2] == 0x0f && (before & 0xf0) == 0x80);
            if (lea || (t->calls && call))
                hit(t, relative, base + i);
        } else if (absolute && word - t->low < t->high - t->low) {
            uint8_t before = v.data[i - 1];
            if ((before & 0xf8) == 0xb8 || (v.data[i - 2] == 0xc7 && before >= 0xc0))
                hit(t, word, base + i);
        }
    }
}

/* The immediate of ADR, in bytes, and of ADRP, in pages. */
static uint64_t immediate(uint32_t word)
{
    uint64_t value = (uint64_t)(word >> 29 & 3) | (uint64_t)(word >> 5 & 0x7ffff) << 2;
    return value & (UINT64_C(1) << 20) ? value | ~UINT64_C(0) << 21 : value;
}

/* The ADDs that take a page from the ADRP at `at`, up to where its register has another value or code goes elsewhere. */
static void pair(struct target *t, struct view v, size_t at, uint64_t page, uint64_t base)
{
    const uint32_t holder = load_le32(v.data + at) & 31;
    for (size_t k = at + 4; k <= at + PAIR * 4 && k + 4 <= v.size; k += 4) {
        const uint32_t word = load_le32(v.data + k);
        const bool add = (word & 0xffc00000) == 0x91000000, form = (word & 0x1f000000) == 0x10000000; /* ADR, ADRP */
        if (add && (word >> 5 & 31) == holder)
            hit(t, page + (word >> 10 & 0xfff), base + k);
        if (((add || form) && (word & 31) == holder) || word >> 26 == 5 /* B */)
            return;
    }
}

static void refer_arm64(struct target *t, struct view v, uint64_t base)
{
    for (size_t i = 0; i + 4 <= v.size; i += 4) {
        uint32_t word = load_le32(v.data + i);
        if (t->calls && (word & 0x7c000000) == 0x14000000) { /* B, BL */
            uint64_t words = word & 0x3ffffff;
            if (words & 0x2000000)
                words |= ~UINT64_C(0x3ffffff);
            hit(t, base + i + words * 4, base + i);
        }
        if ((word & 0x9f000000) == 0x10000000) /* ADR */
            hit(t, base + i + immediate(word), base + i);
        if ((word & 0x9f000000) != 0x90000000)
            continue;
        uint64_t page = ((base + i) & ~UINT64_C(0xfff)) + (immediate(word) << 12);
        if (page < t->high && page + 0x1000 > t->low)
            pair(t, v, i, page, base);
    }
}

bool refer(const struct image *image, struct target *t)
{
    struct view v;
    uint64_t left = image->size;
    for (size_t i = 0; i < image->segments.count; i++) {
        const struct segment *s = &image->segments.items[i];
        if (!(s->access & ACCESS_EXECUTE) || s->file_size == 0)
            continue;
        if (s->file_size > left || !file_view(image->file, s->offset, s->file_size, &v))
            return false;
        left -= s->file_size;
        if (image->arch == ARCH_AMD64)
            refer_amd64(t, v, s->address, image->linkage == LINKAGE_STATIC);
        else
            refer_arm64(t, v, s->address);
    }
    return true;
}

bool address_of(const struct image *image, uint64_t offset, uint64_t *address)
{
    for (size_t i = 0; i < image->segments.count; i++) {
        const struct segment *s = &image->segments.items[i];
        if (offset >= s->offset && offset - s->offset < s->file_size) {
            *address = s->address + (offset - s->offset);
            return true;
        }
    }
    return false;
}

/* In a program that is relocated, the addends of R_*_RELATIVE: other words are too often as small by chance. Where the
 * relocations are packed, addends are the words that can be written. */
static void point_some(struct target *t, struct view v, uint64_t base, uint64_t relative)
{
    for (size_t i = 8 + (-base & 7); i + 8 <= v.size; i += 8)
        if (!relative || load_le64(v.data + i - 8) == relative)
            hit(t, load_le64(v.data + i), base + i);
}

bool point(const struct image *image, struct target *t)
{
    struct view v;
    uint64_t left = image->size * 2; /* code as well, which refer() limits */
    uint64_t relative = image->arch == ARCH_AMD64 ? R_X86_64_RELATIVE : R_AARCH64_RELATIVE;
    for (size_t i = 0; i < image->segments.count; i++) {
        const struct segment *s = &image->segments.items[i];
        if (s->file_size == 0)
            continue;
        if (s->file_size > left || !file_view(image->file, s->offset, s->file_size, &v))
            return false;
        left -= s->file_size;
        bool any = image->linkage == LINKAGE_STATIC || (image->elf->packed_relocations && s->access & ACCESS_WRITE);
        point_some(t, v, s->address, any ? 0 : relative);
    }
    return true;
}

/* A frame description entry of .eh_frame: its length, how far back its CIE stands, where the function begins, from here,
 * and how long it is (LSB Core, "Exception Frames"; DW_EH_PE_pcrel | DW_EH_PE_sdata4, as compilers write it). */
static bool take_frame(struct view v, size_t at, uint64_t base, uint64_t address, struct frame *frame)
{
    enum { LONGEST = 1 << 16, FUNCTION = 1 << 20 };
    uint32_t length = load_le32(v.data + at), back = load_le32(v.data + at + 4), size = load_le32(v.data + at + 12);
    uint64_t start = base + at + 8 + (uint64_t)(int64_t)(int32_t)load_le32(v.data + at + 8);
    if (address < start || address - start >= size || size > FUNCTION || length < 12 || length > LONGEST || back < 16 ||
        back > at + 4)
        return false;
    const uint8_t *cie = v.data + (at + 4 - back);
    if (load_le32(cie + 4) != 0 || (cie[8] != 1 && cie[8] != 3))
        return false;
    *frame = (struct frame){start, start + size};
    return true;
}

bool frame_among(const struct image *image, uint64_t offset, uint64_t size, uint64_t base, uint64_t address,
                 struct frame *frame)
{
    struct view v;
    if (!file_view(image->file, offset, size, &v))
        return false;
    for (size_t at = -base & 3; at + 16 <= v.size; at += 4)
        if (take_frame(v, at, base, address, frame))
            return true;
    return false;
}

bool frame_of(const struct image *image, uint64_t address, struct frame *frame)
{
    uint64_t left = image->size;
    for (size_t i = 0; i < image->segments.count; i++) {
        const struct segment *s = &image->segments.items[i];
        if (s->file_size > left)
            continue;
        if (frame_among(image, s->offset, s->file_size, s->address, address, frame))
            return true;
        left -= s->file_size;
    }
    return false;
}

bool find_callers(const struct image *image, uint64_t place, struct callers *callers)
{
    struct frame frame;
    if (!frame_of(image, place, &frame))
        return false;
    callers->calls = (struct target){.low = frame.low, .high = frame.low + 1, .calls = true};
    callers->calls.ignore = frame.low;
    callers->calls.ignore_end = frame.high;
    callers->pointers = callers->calls;
    return ALWAYS(refer(image, &callers->calls)) && point(image, &callers->pointers);
}
