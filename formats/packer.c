/* A packed program shows a loader's few instructions and hides everything else: what its
 * headers, strings and symbols say is true of the packer's stub alone. UPX signs what it
 * makes with "UPX!" in l_info, straight behind the program headers or load commands, and
 * in the pack header that ends the file (UPX, src/stub/src/include/linux.h, struct l_info;
 * src/packhead.cpp). Signatures are easily wiped, so the shape is looked at as well:
 * machine code uses some bytes far more often than others, compressed data does not, and a
 * program that unpacks itself needs far more memory than it has bytes. One that is content
 * with what it has shows by its sections which bytes are to be code; there, tables among
 * code must not count, such as the 150 KiB of P-256 that OpenSSL had in .text. */
#include "formats/read.h"

#include <string.h>

#include "formats/certain.h"
#include "formats/limits.h"

enum {
    HEAD = 4096,      /* UPX keeps l_info within the first page */
    TAIL = 64,        /* and its pack header, 36 bytes and padding, at the end */
    SAMPLE = 1 << 16, /* from the middle: the stub stands at an end */
    PART = SAMPLE / 4,
    LEAST = 1024, /* fewer bytes say nothing */
    PACKED_SAMENESS = 9000,
    LEAST_SECTION = 1 << 14,
    PACKED_SECTION = 5500, /* where three quarters or more are as even as compressed data */
    UPX = 0x21585055,      /* "UPX!" in a little-endian word; it stands aligned */
};

/* Whether one of `count` words is the signature; without a branch in it, so that compilers compare several at once. */
static bool has_signature(const uint8_t *words, size_t count)
{
    uint32_t hits = 0;
    for (size_t i = 0; i < count; i++)
        hits |= load_le32(words + i * 4) == UPX;
    return hits;
}

static bool signed_by_upx(struct image *image, uint64_t from, uint64_t size)
{
    struct view v;
    if (size > image->size - from)
        size = image->size - from;
    size_t at = -from & 3;
    if (!image_view(image, from, size, &v) || NEVER(v.size < at) || !has_signature(v.data + at, (v.size - at) / 4))
        return false;
    while (load_le32(v.data + at) != UPX)
        at += 4;
    image->packer = (struct named){"UPX, by its signature", image->offset + from + at, 0};
    return true;
}

/* Counts of byte values; apart, so that equal neighbours need not wait for each other. A last one without a neighbour is
 * left out: it is one of a thousand or more. */
struct counts {
    uint64_t odd[256], even[256];
};

static void count_bytes(struct counts *counts, struct view v)
{
    for (size_t i = 0; i + 2 <= v.size; i += 2) {
        counts->even[v.data[i]]++;
        counts->odd[v.data[i + 1]]++;
    }
}

/* The chance, in a million, that two of `size` bytes taken at random are equal: 3,906 in random
 * bytes, 4,500 at most in compressed ones, above 18,000 in all code that was measured (2,900 ELF files). Those that were
 * not counted yet can only add to it. */
static uint64_t sameness(const struct counts *counts, uint64_t size)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < 256; i++)
        sum += (counts->even[i] + counts->odd[i]) * (counts->even[i] + counts->odd[i]);
    return sum * 1000 / size * 1000 / size;
}

/* Whether `size` bytes are as even as compressed data, in parts that begin `apart` bytes from each other. They are read a
 * part at a time, until there are too many equal ones whatever the rest is. False, too, where they cannot be read. */
static bool is_even(struct image *image, uint64_t offset, uint64_t size, uint64_t apart, uint64_t most)
{
    struct counts counts = {{0}, {0}};
    struct view v;
    for (uint64_t done = 0; done < size; done += v.size, offset += apart) {
        uint64_t n = size - done < PART ? size - done : PART;
        if (!file_view(image->file, offset, n, &v))
            return false;
        count_bytes(&counts, v);
        if (sameness(&counts, size) >= most)
            return false;
    }
    return true;
}

/* Whether more memory is asked for than the file has bytes for: half as much again, and a page. */
static bool grows(const struct image *image)
{
    uint64_t file = 0, memory = 0;
    for (size_t i = 0; i < image->segments.count; i++) {
        const struct segment *s = &image->segments.items[i];
        if (s->access == 0)
            continue; /* __PAGEZERO */
        file = range_end(file, s->file_size);
        memory = range_end(memory, s->memory_size);
    }
    return memory > file && memory - file > file / 2 + LIMIT_PAGE;
}

static bool is_code(const struct image *image, const struct section *s)
{
    static const uint64_t elf = 2 | 4 /* SHF_ALLOC, SHF_EXECINSTR */, macho = 0x80000000 /* S_ATTR_PURE_INSTRUCTIONS */;
    uint64_t flags = image->format == FORMAT_ELF ? elf : macho;
    return s->has_bytes && (s->flags & flags) == flags;
}

/* Of each a sample, the midst of every quarter: a stub stands at an end. */
enum answer section_is_even(struct image *image, const struct section *s, uint64_t *left)
{
    bool large = s->size > SAMPLE;
    uint64_t size = large ? SAMPLE : s->size, apart = large ? s->size / (SAMPLE / PART) : PART;
    if (s->size < LEAST_SECTION)
        return ANSWER_NO;
    if (size > *left)
        return ANSWER_UNKNOWN;
    *left -= size;
    return is_even(image, s->offset + (apart - PART) / 2, size, apart, PACKED_SECTION) ? ANSWER_YES : ANSWER_NO;
}

static void look_at_sections(struct image *image)
{
    uint64_t left = image->size; /* as in read_packer */
    for (size_t i = 0; i < image->sections.count && !image->packer.text; i++) {
        const struct section *s = &image->sections.items[i];
        enum answer even = is_code(image, s) ? section_is_even(image, s, &left) : ANSWER_NO;
        if (even == ANSWER_UNKNOWN) {
            image->sections.known = KNOWN_BROKEN;
            return;
        }
        if (even == ANSWER_YES)
            image->packer = (struct named){
                "a packer without signature: the bytes of code are as even as compressed data", s->offset, 0};
    }
}

void read_packer(struct image *image, bool code)
{
    uint64_t tail = image->size < TAIL ? image->size : TAIL;
    if (signed_by_upx(image, 0, HEAD) || signed_by_upx(image, image->size - tail, tail))
        return;
    if (image->sections.known == KNOWN_COMPLETE && !grows(image)) {
        if (code)
            look_at_sections(image);
        return;
    }
    uint64_t left = image->size; /* segments that name the same bytes again and again are not followed */
    for (size_t i = 0; i < image->segments.count; i++) {
        const struct segment *s = &image->segments.items[i];
        uint64_t size = s->file_size < SAMPLE ? s->file_size : SAMPLE;
        if (!(s->access & ACCESS_EXECUTE) || size < LEAST)
            continue;
        if (size > left) {
            image->segments.known = KNOWN_BROKEN;
            return;
        }
        left -= size;
        if (is_even(image, s->offset + (s->file_size - size) / 2, size, PART, PACKED_SAMENESS))
            image->packer = (struct named){
                "a packer without signature: the bytes of code are as even as compressed data", s->offset, 0};
    }
}
