/* Bytes that nobody owns: between and behind what headers, segments and sections
 * claim. A payload appended to a program, a slice behind a universal table, debug
 * information whose section headers were removed: none of it is seen by a reader that
 * follows the tables. Padding is zeros, or INT3, with which lld fills the last page of code
 * (ELF/Writer.cpp, writeTrapInstr); anything else is reported, with what its first bytes
 * say it is. Sorts once, so the cost is that of the bytes. */
#include "formats/read.h"

#include <stdlib.h>
#include <string.h>

#include "formats/limits.h"

enum { MOVES = 16 }; /* of one range, on average, until another way of sorting pays */

static int by_offset(const void *a, const void *b)
{
    const struct range *x = a, *y = b;
    return (x->offset > y->offset) - (x->offset < y->offset);
}

/* Tables list their ranges in order as a rule, and then each moves a few places. A file in which
 * they would move far is sorted at the cost that any order has. */
static void sort(struct range *ranges, size_t count)
{
    size_t moves = 0;
    for (size_t i = 1; i < count && moves < MOVES * count; i++) {
        struct range range = ranges[i];
        size_t at = i;
        for (; at > 0 && ranges[at - 1].offset > range.offset; at--, moves++)
            ranges[at] = ranges[at - 1];
        ranges[at] = range;
    }
    if (moves >= MOVES * count)
        qsort(ranges, count, sizeof *ranges, by_offset);
}

const char *range_recognise(struct view v)
{
    static const struct {
        const char *bytes;
        size_t size;
        const char *what;
    } magics[] = {{"\x7f"
                   "ELF",
                   4, "ELF file"},
                  {"\xcf\xfa\xed\xfe", 4, "Mach-O file"},
                  {"\xce\xfa\xed\xfe", 4, "Mach-O file"},
                  {"\xca\xfe\xba\xbe", 4, "universal Mach-O file"},
                  {"PK\3\4", 4, "ZIP archive"},
                  {"\x1f\x8b", 2, "gzip data"},
                  {"\xfd"
                   "7zXZ",
                   5, "xz data"},
                  {"\x28\xb5\x2f\xfd", 4, "Zstandard data"},
                  {"BZh", 3, "bzip2 data"},
                  {"\x04\x22\x4d\x18", 4, "LZ4 data"},
                  {"\x89LZO", 4, "LZO data"},
                  {"LZIP", 4, "lzip data"},
                  {"7z\xbc\xaf\x27\x1c", 6, "7z archive"},
                  {"070701", 6, "cpio archive"},
                  {"!<arch>", 7, "ar archive"},
                  {"hsqs", 4, "SquashFS"},
                  {"UPX!", 4, "UPX data"},
                  {"MZ", 2, "DOS or Windows program"},
                  {"#!", 2, "script"}};
    for (size_t i = 0; i < sizeof magics / sizeof *magics; i++)
        if (v.size >= magics[i].size && memcmp(v.data, magics[i].bytes, magics[i].size) == 0)
            return magics[i].what;
    return NULL;
}

static bool is_padding(struct view v)
{
    static const uint8_t INT3 = 0xcc;
    return view_is_zero(v) || (v.data[0] == INT3 && memcmp(v.data, v.data + 1, v.size - 1) == 0);
}

static void take(struct image *image, uint64_t from, uint64_t to, uint64_t slack)
{
    struct view v;
    struct file_room room;
    struct range range = {.offset = from, .size = to - from};
    if (!file_view_briefly(image->file, from, to - from, &room, &v)) {
        image->unowned.known = KNOWN_BROKEN;
        return;
    }
    range.padding = is_padding(v);
    if (range.padding && range.size < slack)
        return;
    if (!range.padding) {
        size_t lead = 0;
        while (v.data[lead] == 0)
            lead++;
        struct view rest = {v.data + lead, v.size - lead};
        range.what = range_recognise(rest);
    }
    range_add(&image->file->arena, &image->unowned, range);
}

void read_ranges(struct image *image, const struct range *owned, size_t count, uint64_t slack)
{
    uint64_t at = image->offset, end = image->offset + image->size;
    struct range *sorted = arena_array(&image->file->arena, count, sizeof *sorted);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (owned[i].size)
            sorted[kept++] = owned[i];
    sort(sorted, kept);
    if (image->unowned.known != KNOWN_BROKEN)
        image->unowned.known = KNOWN_COMPLETE;
    for (size_t i = 0; i < kept && at < end; i++) {
        if (sorted[i].offset > at)
            take(image, at, sorted[i].offset < end ? sorted[i].offset : end, slack);
        uint64_t next = range_end(sorted[i].offset, sorted[i].size);
        if (next > at)
            at = next;
    }
    if (at < end)
        take(image, at, end, slack);
}
