/* Bytes that nobody owns, of an image that stands somewhere in a file: the input is a list of ranges that are owned, and
 * the file. A map with a mark for each byte finds the same runs. */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "formats/bytes.h"

enum { HEAD = 3, ENTRY = 3, MOST = 64 };

static const uint8_t *plan; /* of the case: slack, edges of the image, ranges */
static size_t planned;

static uint64_t scaled(uint8_t value, uint64_t size)
{
    return value == 255 ? UINT64_MAX : value >= 250 ? UINT64_MAX / 2 - value : value * (size / 128 + 1);
}

static void mark(uint8_t *owned, uint64_t size, const struct range *range)
{
    for (uint64_t at = range->offset; at < size && at - range->offset < range->size; at++)
        owned[at] = 1;
}

/* Nothing but zeros, or but INT3. */
static bool is_padding(const uint8_t *bytes, uint64_t from, uint64_t to)
{
    const uint8_t filler = bytes[from];
    while (from < to && bytes[from] == filler)
        from++;
    return from == to && (filler == 0 || filler == 0xcc);
}

static void compare(const struct image *image, const uint8_t *owned, uint64_t slack)
{
    const uint8_t *bytes = image->file->bytes;
    uint64_t end = image->offset + image->size;
    size_t told = 0;
    for (uint64_t at = image->offset; at < end;) {
        uint64_t to = at;
        while (to < end && owned[to] == owned[at])
            to++;
        bool padding = is_padding(bytes, at, to);
        if (!owned[at] && !(padding && to - at < slack)) {
            const struct range *range = &image->unowned.items[told++];
            if (told > image->unowned.count || range->offset != at || range->size != to - at ||
                range->padding != padding || (padding && range->what))
                abort();
        }
        at = to;
    }
    if (told != image->unowned.count || image->unowned.known != KNOWN_COMPLETE)
        abort();
}

static void read_it(struct file *file)
{
    uint64_t begins = plan[0] % (file->size + 1), slack = plan[2] & 15;
    struct image image = {.file = file, .offset = begins, .size = plan[1] % (file->size - begins + 1)};
    size_t count = (planned - HEAD) / ENTRY;
    struct range *ranges = arena_array(&file->arena, count, sizeof *ranges);
    uint8_t *owned = arena_array(&file->arena, file->size + 1, 1);
    for (size_t i = 0; i < count; i++) {
        const uint8_t *at = plan + HEAD + i * ENTRY;
        ranges[i] = (struct range){.offset = scaled(at[0], file->size) + at[2] / 64, .size = scaled(at[1], file->size)};
        mark(owned, file->size, &ranges[i]);
    }
    read_ranges(&image, ranges, count, slack);
    compare(&image, owned, slack);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t count = size ? data[0] % MOST : 0;
    if (size < 1 + HEAD + count * ENTRY)
        return 0;
    plan = data + 1;
    planned = HEAD + count * ENTRY;
    with_file(data + 1 + planned, size - 1 - planned, read_it);
    return 0;
}
