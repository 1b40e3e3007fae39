/* Does the code fit the machine that the header declares?
 *
 * A64 instructions are aligned 32-bit words, and whole groups of them are unallocated:
 * bits 28 to 25 of 0000 (UDF and padding), 0001 and 0011 (Arm ARM C4.1, "A64 instruction
 * set encoding"). Code that a processor runs has none of them; x86-64 code, read as
 * words, has one in four. So two questions are asked of the words from the entry on:
 *
 *  - Declared arm64: does a straight line from the entry, before any instruction that may
 *    leave it (branch, call, return, SVC), meet an unallocated word? Then the program
 *    would die of SIGILL: this is no A64 code.
 *  - Declared amd64: are the first words all allocated, and of the kinds that compilers
 *    emit most? 12 such words in a row happen in x86-64 code once in 100,000 places.
 *
 * Data behind the code is never judged: the count stops at the first unallocated word. */
#include "formats/read.h"

#include "formats/limits.h"

enum { WINDOW = 4096, LEAST_WORDS = 12, MANY_WORDS = 16, FOREIGN_SHARE = 15 /* percent */ };

static bool is_unallocated(uint32_t word)
{
    unsigned group = word >> 25 & 15;
    return group == 0 || group == 1 || group == 3;
}

/* B, BL, BR, BLR, RET, B.cond, CBZ, TBZ, SVC, BRK: what follows need not run. */
static bool may_leave(uint32_t word)
{
    return (word & 0x7c000000) == 0x14000000 || (word & 0xfe000000) == 0xd6000000 ||
           (word & 0xff000000) == 0x54000000 || (word & 0x7c000000) == 0x34000000 || (word & 0xff000000) == 0xd4000000;
}

/* BL, ADRP, LDP/STP, MOVZ, MOV (register), ADD/SUB (immediate), LDR/STR (unsigned offset), RET. */
static bool is_typical(uint32_t word)
{
    return word >> 26 == 0x25 || (word & 0x9f000000) == 0x90000000 || (word & 0x7e000000) == 0x28000000 ||
           (word & 0x7f800000) == 0x52800000 || (word & 0x7fe0ffe0) == 0x2a0003e0 ||
           (word & 0x3f800000) == 0x11000000 || (word & 0xbf800000) == 0xb9000000 || word == 0xd65f03c0;
}

struct tally {
    uint64_t words, typical;
    bool dies; /* the straight line from the entry meets an unallocated word */
};

/* Over the allocated words that `v` begins with. */
static struct tally count(struct view v)
{
    struct tally t = {0};
    bool straight = true;
    for (size_t i = 0; i + 4 <= v.size; i += 4) {
        uint32_t word = load_le32(v.data + i);
        if (is_unallocated(word)) {
            t.dies = straight;
            return t;
        }
        t.words++;
        t.typical += is_typical(word);
        straight = straight && !may_leave(word);
    }
    return t;
}

static bool is_code(const struct image *image, const struct section *s)
{
    const uint64_t code =
        image->format == FORMAT_ELF ? 4 /* SHF_EXECINSTR */ : 0x80000000 /* S_ATTR_PURE_INSTRUCTIONS */;
    return (s->flags & code) && s->has_bytes && s->size;
}

/* The first section of code in a segment. */
static bool code_section(const struct image *image, const struct segment *segment, struct range *code)
{
    for (size_t i = 0; i < image->sections.count; i++) {
        const struct section *s = &image->sections.items[i];
        if (is_code(image, s) && s->offset >= segment->offset &&
            range_fits(segment->file_size, s->offset - segment->offset, s->size)) {
            *code = (struct range){.offset = s->offset, .size = s->size};
            return true;
        }
    }
    return false;
}

/* Bytes of the file from the entry on: to the end of its segment, or, behind that, of what is mapped with it. */
static uint64_t from_entry(const struct image *image)
{
    const uint64_t entry = image->entry.offset;
    for (size_t i = 0; i < image->segments.count; i++) {
        const struct segment *s = &image->segments.items[i];
        if (s->access & ACCESS_EXECUTE && entry >= s->offset && entry - s->offset < s->file_size)
            return s->offset + s->file_size - entry;
    }
    return LIMIT_PAGE - entry % LIMIT_PAGE;
}

/* Where code surely stands: from the entry, else in a section of code; Firefox's elfhack puts a segment that executes before
 * that of its libraries' code. */
static bool code_start(const struct image *image, struct range *code)
{
    enum { MOST_SEGMENTS = 64 };
    size_t looked = 0;
    if (image->entry.in_code) {
        *code = (struct range){.offset = image->entry.offset, .size = from_entry(image)};
        return true;
    }
    for (size_t i = 0; i < image->segments.count && looked < MOST_SEGMENTS; i++) {
        const struct segment *s = &image->segments.items[i];
        if (!(s->access & ACCESS_EXECUTE) || s->file_size == 0)
            continue;
        looked++;
        if (code_section(image, s, code))
            return true;
    }
    return false;
}

/* Whether a 4 KiB sample has more unallocated words than A64 code: x86-64 has one in four or five, data of zeros all. */
static bool is_foreign(struct image *image, uint64_t offset)
{
    struct view v;
    size_t unallocated = 0;
    if (!file_view(image->file, offset & ~(uint64_t)3, WINDOW, &v))
        return false;
    for (size_t i = 0; i + 4 <= v.size; i += 4)
        unallocated += is_unallocated(load_le32(v.data + i));
    return unallocated * 4 * 100 > v.size * FOREIGN_SHARE;
}

/* A section of code may begin with constants (Dart's snapshots do): then samples of the rest decide. */
static bool is_no_a64(struct image *image, const struct range *code)
{
    return code->size < 8 * WINDOW ||
           (is_foreign(image, code->offset + code->size / 4) && is_foreign(image, code->offset + code->size / 2) &&
            is_foreign(image, code->offset + code->size / 4 * 3));
}

void read_code_looks(struct image *image)
{
    struct range code;
    struct view v;
    if (!code_start(image, &code) || !file_view(image->file, code.offset, code.size < WINDOW ? code.size : WINDOW, &v))
        return;
    struct tally t = count(v);
    image->code_words = t.words;
    image->code_typical_words = t.typical;
    bool aligned = code.offset % 4 == 0, dies = !aligned || (t.dies && v.size >= 8);
    bool like_a64 = aligned && ((t.words >= LEAST_WORDS && t.typical * 2 >= t.words) ||
                                (t.words >= MANY_WORDS && t.typical * 10 >= t.words * 3));
    if (image->arch == ARCH_ARM64)
        image->code_looks = dies && (image->entry.in_code || is_no_a64(image, &code)) ? CODE_LIKE_AMD64
                            : t.words < LEAST_WORDS                                   ? CODE_TOO_SHORT
                                                                                      : CODE_LIKE_ARM64;
    else
        image->code_looks = v.size < LEAST_WORDS * 4 ? CODE_TOO_SHORT : like_a64 ? CODE_LIKE_ARM64 : CODE_LIKE_AMD64;
}
