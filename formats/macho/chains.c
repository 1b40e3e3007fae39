/* Chained fixups: a table of what is imported, and for each segment where in each of its pages a chain of pointers begins,
 * which lie in the data itself (<mach-o/fixup-chains.h>). dyld takes no table whose parts are not inside it or that is for
 * other segments, and no pointer to a symbol that the table does not have (dyld mach_o/ChainedFixups.cpp, validLinkedit;
 * dyld/Loader.cpp, applyFixups). */
#include "formats/macho/macho.h"

#include "formats/certain.h"

enum {
    SEGMENT_HEAD = 22, /* dyld_chained_starts_in_segment without its page_start */
    START_NONE = 0xffff,
    PAGE_4K = 0x1000,
    PAGE_16K = 0x4000,
    ROOM = 1 << 20 /* for last pages that are not whole */
};

/* Of pointers of 64 bits: how far the next one is at most is counted in `stride` bytes; a bind has its bit and the number
 * of its symbol in the lowest bits. Stride 0: a format of kernels, whose chains are left alone. */
static const struct pointer_format {
    uint8_t stride, next_bits, bind_bit, ordinal_bits;
} formats[] = {{0, 0, 0, 0}, {8, 11, 62, 16}, {4, 12, 63, 24}, {0, 0, 0, 0}, {0, 0, 0, 0},
               {0, 0, 0, 0}, {4, 12, 63, 24}, {0, 0, 0, 0},    {0, 0, 0, 0}, {8, 11, 62, 16},
               {0, 0, 0, 0}, {0, 0, 0, 0},    {8, 11, 62, 24}};
enum { NEXT_AT = 51 };

struct chains {
    struct macho_view *view;
    struct view v;
    uint64_t at, starts, imports, symbols, count, spent, walked;
    uint32_t format; /* of imports */
};

static bool tell(const struct chains *t, uint64_t at, const char *expected, const char *observed, uint64_t value)
{
    MACHO_DEFECT(t->view, macho_linkedit, t->at + at, expected, "%s %#llx", observed, (unsigned long long)value);
    return false;
}

/* The parts begin inside (linkedit.c). The names end inside the pool, the libraries are those of the load commands. */
static bool check_imports(const struct chains *t)
{
    const uint64_t sizes[] = {0, 4, 8, 16}, size = sizes[t->format];
    struct view table, pool;
    if (t->symbols < t->imports || !view_table(t->v, t->imports, size, t->count, &table) ||
        size * t->count > t->symbols - t->imports || NEVER(!view_sub(t->v, t->symbols, t->v.size - t->symbols, &pool)))
        return tell(t, 16, "imports in front of the names of symbols", "imports_count", t->count);
    uint64_t last = pool.size;
    while (last > 0 && pool.data[last - 1])
        last--;
    for (uint64_t i = 0; i < t->count; i++) {
        const uint8_t *import = table.data + i * size;
        const uint64_t word = t->format == 3 ? load_le64(import) : load_le32(import);
        const uint64_t name = t->format == 3 ? word >> 32 : word >> 9;
        const int64_t library =
            t->format == 3 ? (word & 0xffff) > 0xfff0 ? (int64_t)(word & 0xffff) - 0x10000 : (int64_t)(word & 0xffff)
            : (word & 0xff) > 0xf0 ? (int64_t)(word & 0xff) - 0x100
                                   : (int64_t)(word & 0xff);
        if (name >= last)
            return tell(t, t->imports + i * size, "a name that ends inside the table", "name_offset", name);
        if (!is_library(t->view, library))
            return tell(t, t->imports + i * size, "symbols of libraries that load commands name", "of library number",
                        (uint64_t)library);
    }
    return true;
}

/* A chain from `offset` of the segment on, which ends in its page. */
static bool follow(const struct chains *t, const struct segment *s, const struct pointer_format *format,
                   uint64_t offset, uint64_t page_end)
{
    const uint64_t next_mask = (UINT64_C(1) << format->next_bits) - 1;
    for (;;) {
        struct view v;
        if (offset > page_end - 8 || !range_fits(s->file_size, offset, 8) ||
            !file_view(t->view->file, s->offset + offset, 8, &v))
            return tell(t, 0, "chains of pointers that end in their page", "one that reaches offset", offset);
        const uint64_t word = load_le64(v.data), next = word >> NEXT_AT & next_mask;
        const uint64_t ordinal = word & ((UINT64_C(1) << format->ordinal_bits) - 1);
        if (word >> format->bind_bit & 1 && ordinal >= t->count)
            return tell(t, 0, "pointers to symbols of the table", "one to number", ordinal);
        if (next == 0)
            return true;
        offset += next * format->stride;
    }
}

static bool check_pages(struct chains *t, const struct segment *s, struct view starts, uint64_t page_size,
                        const struct pointer_format *format, bool code)
{
    for (uint64_t i = 0; i * 2 < starts.size; i++) {
        const uint64_t start = load_le16(starts.data + i * 2), page = i * page_size;
        if (start == START_NONE)
            continue;
        if (start >= page_size || page >= s->memory_size)
            return tell(t, t->starts, "chains that begin in a page of their segment", "page_start", start);
        t->walked += page_size; /* no more than the image has: segments that share their bytes are told elsewhere */
        if (code && format->stride && t->walked <= 2 * t->view->image->size + ROOM &&
            !follow(t, s, format, page + start, page + page_size))
            return false;
    }
    return true;
}

/* dyld_chained_starts_in_segment */
static bool check_starts(struct chains *t, const struct segment *s, uint64_t offset, bool code)
{
    const uint64_t at = t->starts + offset;
    struct cursor c = cursor_at(t->v, false);
    cursor_skip(&c, at);
    const uint64_t size = cursor_u32(&c), page_size = cursor_u16(&c), format = cursor_u16(&c), place = cursor_u64(&c);
    cursor_skip(&c, 4); /* max_valid_pointer, of 32 bits */
    const uint64_t pages = cursor_u16(&c);
    struct view starts;
    t->spent += SEGMENT_HEAD + pages * 2;
    if (at > t->imports)
        return tell(t, t->starts, "starts of chains in front of the imports", "an offset of", offset);
    if (c.failed || size > t->imports - at || size < SEGMENT_HEAD + pages * 2 ||
        NEVER(!view_sub(t->v, at + SEGMENT_HEAD, pages * 2, &starts)) || t->spent > t->v.size)
        return tell(t, at, "starts of chains in front of the imports", "bytes:", size);
    if ((page_size != PAGE_4K && page_size != PAGE_16K) || format == 0 || format == 3 || format == 4 || format == 5 ||
        format > 13)
        return tell(t, at, "pages of 4 or 16 KiB, and pointers of 64 bits", "pointer_format", format);
    if (place != s->address - t->view->text_address)
        return tell(t, at, "the place of the segment, counted from the header", "segment_offset", place);
    return check_pages(t, s, starts, page_size, &formats[format < sizeof formats / sizeof *formats ? format : 0], code);
}

void check_chains(struct macho_view *view, bool code)
{
    const struct linked_table *table = &view->fixups;
    struct chains t = {.view = view, .v = table->v, .at = table->at};
    struct cursor c = cursor_at(table->v, false);
    const struct segment_list *list = &view->image->segments;
    if (!table->v.size)
        return;
    cursor_skip(&c, 4);
    t.starts = cursor_u32(&c);
    t.imports = cursor_u32(&c);
    t.symbols = cursor_u32(&c);
    t.count = cursor_u32(&c);
    t.format = cursor_u32(&c);
    const uint64_t packing = cursor_u32(&c);
    c = cursor_at(table->v, false);
    cursor_skip(&c, t.starts);
    const uint64_t count = cursor_u32(&c);
    if (packing) {
        (void)tell(&t, 24, "names of symbols as they are", "symbols_format", packing);
        return;
    }
    if (!check_imports(&t))
        return;
    if (c.failed || count > list->count) {
        (void)tell(&t, t.starts, "starts for the segments that there are", "seg_count", count);
        return;
    }
    for (uint64_t i = 0; i < count; i++) {
        const uint64_t offset = cursor_u32(&c);
        if (offset && !check_starts(&t, &list->items[i], offset, code))
            return;
    }
}
