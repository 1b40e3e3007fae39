/* A packed program shows a loader's few instructions and hides everything else: what its
 * headers, strings and symbols say is true of the packer's stub alone. UPX signs what it
 * makes with "UPX!" in l_info, straight behind the program headers or load commands, and
 * in the pack header that ends the file (UPX, src/stub/src/include/linux.h, struct l_info;
 * src/packhead.cpp). Signatures are easily wiped, so the shape is looked at as well:
 * machine code uses some bytes far more often than others, compressed data does not, and a
 * program that unpacks itself needs far more memory than it has bytes. */
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
    UPX = 0x21585055, /* "UPX!" in a little-endian word; it stands aligned */
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

/* Counts of byte values; apart, so that equal neighbours need not wait for each other. */
struct counts {
    uint64_t odd[256], even[256];
};

static void count_bytes(struct counts *counts, struct view v)
{
    size_t i = 0;
    for (; i + 2 <= v.size; i += 2) {
        counts->even[v.data[i]]++;
        counts->odd[v.data[i + 1]]++;
    }
    if (i < v.size)
        counts->even[v.data[i]]++;
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

/* Whether `size` bytes are as even as compressed data. They are read a part at a time, until there are too many equal
 * ones whatever the rest is. False, too, where they cannot be read. */
static bool is_even(struct image *image, uint64_t offset, uint64_t size)
{
    struct counts counts = {{0}, {0}};
    struct view v;
    for (uint64_t done = 0; done < size; done += v.size) {
        uint64_t n = size - done < PART ? size - done : PART;
        if (!file_view(image->file, offset + done, n, &v))
            return false;
        count_bytes(&counts, v);
        if (sameness(&counts, size) >= PACKED_SAMENESS)
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

void read_packer(struct image *image)
{
    uint64_t tail = image->size < TAIL ? image->size : TAIL;
    if (signed_by_upx(image, 0, HEAD) || signed_by_upx(image, image->size - tail, tail))
        return;
    if (image->sections.known == KNOWN_COMPLETE && !grows(image))
        return;
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
        if (is_even(image, s->offset + (s->file_size - size) / 2, size))
            image->packer = (struct named){
                "a packer without signature: the bytes of code are as even as compressed data", s->offset, 0};
    }
}
