/* Does code call dlopen(), and who calls iconv()? Since glibc 2.34 every static program contains dlopen(), for the
 * loader's own hook table points at it, so only a call tells. A stripped program has no
 * name for it; but its parts lead to each other (glibc dlfcn/dlopen.c):
 *
 *     "invalid mode parameter"  <- dlopen_doit(), which alone refers to that text
 *     dlopen_doit()             <- dlopen() and its twin for the hooks, which pass its
 *                                  address to _dlerror_run()
 *     dlopen()                  <- whoever calls it
 *
 * dlopen.o is some dozen instructions: dlopen_doit() and, behind it, the two that pass its
 * address. So what code refers to between the first reference and the last is dlopen().
 *
 * libstdc++ calls iconv() in one function, __narrow_multibyte_chars(), for the separators of
 * a named locale, and does without where that fails; every C++ program that prints has it.
 * iconv() is found by its assertion, and calls from one place alone are those of libstdc++.
 *
 * No instruction is decoded. On x86-64 the displacement of a call or LEA is the last four
 * bytes of the instruction: at every byte it is tried whether the four bytes there lead into
 * the wanted range, which other bytes do once in billions. On A64, BL and B and pairs of
 * ADRP and ADD are recognised by their fixed bits. */
#include "formats/elf/marks.h"
#include "formats/certain.h"

enum {
    ICONV = 1024, /* bytes that iconv() does not exceed: 0x1a0 on amd64 */
    NEAR = 512,   /* bytes that dlopen.o does not exceed: 0x160 on amd64, 0x180 on arm64 */
    PAIR = 8,     /* instructions between ADRP and its ADD */
};

struct target { /* addresses [low, high), and what was found to refer to them */
    uint64_t low, high;
    bool calls;                  /* calls and jumps count, too; otherwise only taking an address */
    uint64_t ignore, ignore_end; /* references from here do not count */
    size_t count;
    uint64_t highest, place; /* the highest address referred to, and from where first */
    uint64_t last_place;     /* from where it is last referred to */
};

static void hit(struct target *t, uint64_t address, uint64_t place)
{
    if (address < t->low || address >= t->high || (place >= t->ignore && place < t->ignore_end))
        return;
    if (t->count++ == 0 || address > t->highest) {
        t->highest = address;
        t->place = t->last_place = place;
    } else if (address == t->highest && place > t->last_place) {
        t->last_place = place;
    }
}

/* LEA with a displacement from RIP: 8d, ModRM with mod 00 and rm 101. MOV r32, imm32: b8+r; MOV r/m64, imm32: c7. */
static void refer_amd64(struct target *t, struct view v, uint64_t base)
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
        } else if (word - t->low < t->high - t->low) {
            uint8_t before = v.data[i - 1];
            if ((before & 0xf8) == 0xb8 || (v.data[i - 2] == 0xc7 && before >= 0xc0))
                hit(t, word, base + i);
        }
    }
}

static uint64_t page_of_adrp(uint32_t word, uint64_t pc)
{
    uint64_t pages = (uint64_t)(word >> 29 & 3) | (uint64_t)(word >> 5 & 0x7ffff) << 2;
    if (pages & (UINT64_C(1) << 20))
        pages |= ~UINT64_C(0) << 21;
    return (pc & ~UINT64_C(0xfff)) + (pages << 12);
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
        if ((word & 0x9f000000) != 0x90000000)
            continue;
        uint64_t page = page_of_adrp(word, base + i);
        if (page >= t->high || page + 0x1000 <= t->low)
            continue;
        for (size_t k = i + 4; k <= i + PAIR * 4 && k + 4 <= v.size; k += 4) {
            uint32_t add = load_le32(v.data + k);
            if ((add & 0xffc00000) == 0x91000000 && (add >> 5 & 31) == (word & 31))
                hit(t, page + (add >> 10 & 0xfff), base + k);
        }
    }
}

/* All references from code; false where code could not be read, or segments name bytes twice. */
static bool refer(const struct image *image, struct target *t)
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
            refer_amd64(t, v, s->address);
        else
            refer_arm64(t, v, s->address);
    }
    return true;
}

static bool address_of(const struct image *image, uint64_t offset, uint64_t *address)
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

enum answer dlopen_called(const struct image *image, uint64_t text, uint64_t *where)
{
    struct target string = {0}, doit = {0}, function = {.calls = true};
    if (NEVER(!address_of(image, text, &string.low)))
        return ANSWER_UNKNOWN;
    string.high = string.low + 1;
    if (!refer(image, &string) || string.count != 1)
        return ANSWER_UNKNOWN;
    doit.low = string.place - NEAR;
    doit.high = string.place;
    if (!refer(image, &doit) || doit.count == 0 || doit.place < string.place || doit.last_place - string.place > NEAR)
        return ANSWER_UNKNOWN;
    function.low = string.place + 4;
    function.high = function.ignore_end = doit.last_place;
    function.ignore = doit.highest;
    if (!refer(image, &function))
        return ANSWER_UNKNOWN;
    if (function.count && NEVER(!image_address(image, function.place, where)))
        *where = text;
    return function.count ? ANSWER_YES : ANSWER_NO;
}

bool iconv_is_of_libstdcxx(const struct image *image, uint64_t text)
{
    struct target string = {0}, function = {.calls = true};
    if (NEVER(!address_of(image, text, &string.low)))
        return false;
    string.high = string.low + 1;
    if (!refer(image, &string) || string.count != 1)
        return false;
    function.low = function.ignore = string.place - ICONV;
    function.high = string.place;
    function.ignore_end = string.place + ICONV;
    return refer(image, &function) && function.count && function.last_place - function.place <= NEAR;
}
