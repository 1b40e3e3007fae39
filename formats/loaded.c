#include "formats/loaded.h"

#include <stdlib.h>

#include "formats/certain.h"
#include "formats/limits.h"

static int by_offset(const void *a, const void *b)
{
    const struct range *x = a, *y = b;
    return (x->offset > y->offset) - (x->offset < y->offset);
}

size_t ranges_join(struct range *ranges, size_t count)
{
    size_t kept = 0;
    qsort(ranges, count, sizeof *ranges, by_offset);
    for (size_t i = 0; i < count; i++) {
        struct range *last = kept ? &ranges[kept - 1] : NULL;
        if (last && ranges[i].offset <= last->offset + last->size) {
            uint64_t end = ranges[i].offset + ranges[i].size;
            if (end > last->offset + last->size)
                last->size = end - last->offset;
        } else if (ALWAYS(ranges[i].size)) {
            ranges[kept++] = ranges[i];
        }
    }
    return kept;
}

size_t loaded_ranges(const struct image *image, struct range **ranges, bool *whole)
{
    size_t count = 0;
    uint64_t end = image->offset + image->size;
    *whole = true;
    *ranges = arena_array(&image->file->arena, image->segments.count + 1, sizeof **ranges);
    for (size_t i = 0; i < image->segments.count; i++) {
        const struct segment *s = &image->segments.items[i];
        if (s->file_size == 0)
            continue;
        uint64_t from = s->offset < image->offset ? image->offset : s->offset, to = range_end(s->offset, s->file_size);
        if (from != s->offset || to > end)
            *whole = false;
        if (to > end)
            to = end;
        if (from < to)
            (*ranges)[count++] = (struct range){.offset = from, .size = to - from};
    }
    return ranges_join(*ranges, count);
}
