/* pclntab, the table with which the Go runtime turns program counters into functions,
 * files and lines. Every Go program carries one, stripped or not: the garbage collector
 * needs it. It begins with pcHeader (runtime/symtab.go; debug/gosym/pclntab.go tells the
 * versions apart):
 *
 *     magic    uint32   0xfffffffb Go 1.2, fa Go 1.16, f0 Go 1.18, f1 Go 1.20
 *     pad      2 zeros
 *     minLC    uint8    instruction quantum: 1 amd64, 4 arm64
 *     ptrSize  uint8
 *     nfunc, nfiles     words, then (from 1.18 on) textStart, then the offsets of the
 *     funcname, cu, filetab, pctab and functab tables, ascending
 *
 * The magic alone is four bytes that any table of numbers may hold, so the header is
 * believed only where the quantum is the machine's and its tables fit one behind another
 * into the bytes that follow.
 *
 * functab tells where each function begins, ascending: up to Go 1.17 pairs of words, the address and the offset of a
 * record; then pairs of 32 bits, the first from textStart on. The address at which the last one ends follows. */
#include "formats/go/go.h"

#include <string.h>

enum {
    GO_1_2 = 0xfb,
    GO_1_16 = 0xfa,
    GO_1_18 = 0xf0,
    GO_1_20 = 0xf1,
    TABLES = 5,
    LEAST_FUNCTIONS = 2,
};

/* The words from nfunc on; functab has `entry` bytes a function. */
static bool tables_fit(struct view v, uint64_t size, bool has_text_start, uint64_t entry)
{
    struct cursor c = cursor_at(v, false);
    cursor_skip(&c, 8);
    uint64_t functions = cursor_u64(&c), files = cursor_u64(&c), last = has_text_start ? 72 : 64, table = 0;
    if (has_text_start)
        cursor_skip(&c, 8); /* zero where the loader or a relocation fills it in */
    for (size_t i = 0; i < TABLES; i++) {
        table = cursor_u64(&c);
        if (c.failed || table < last || table > size)
            return false;
        last = table;
    }
    return functions >= LEAST_FUNCTIONS && functions <= (size - table) / entry && files <= size;
}

/* Go 1.2 to 1.15: functab follows at once, pairs of address and offset, then a last address
 * and the 32-bit offset of the file table. */
static bool old_table_fits(struct view v)
{
    struct cursor c = cursor_at(v, false);
    cursor_skip(&c, 8);
    uint64_t functions = cursor_u64(&c);
    if (c.failed || functions < LEAST_FUNCTIONS || functions > v.size / 16)
        return false;
    uint64_t behind = 8 + 8 + functions * 16 + 8;
    cursor_skip(&c, 8);
    uint64_t first = cursor_u64(&c);
    cursor_skip(&c, behind - 32);
    uint32_t files = cursor_u32(&c);
    return !c.failed && first >= behind && first < v.size && files >= behind && files < v.size;
}

bool pclntab_is(const struct image *image, struct view v, uint64_t size)
{
    struct cursor c = cursor_at(v, false);
    uint32_t magic = cursor_u32(&c);
    unsigned pad = cursor_u16(&c), quantum = cursor_u8(&c), pointer = cursor_u8(&c);
    if (c.failed || magic >> 8 != 0xffffff || pad != 0 || pointer != 8 ||
        quantum != (image->arch == ARCH_AMD64 ? 1 : 4))
        return false;
    switch (magic & 0xff) {
    case GO_1_2:
        return old_table_fits(v);
    case GO_1_16:
        return tables_fit(v, size, false, 16);
    case GO_1_18:
    case GO_1_20:
        return tables_fit(v, size, true, 8);
    default:
        return false;
    }
}

/* Where the text begins, `size` bytes of it: since Go 1.26 the header does not say so (it is in the moduledata). Where no
 * linker of C has put other code in front of it, or behind, it is all of .text but a few bytes. 0: not known. */
static uint64_t text_start(const struct image *image, uint64_t in_header, uint64_t size)
{
    enum { MORE = 64 };
    uint64_t offset;
    if (in_header)
        return image_address(image, in_header, &offset) ? in_header : 0;
    for (size_t i = 0; i < image->sections.count; i++) {
        const struct section *s = &image->sections.items[i];
        if (strcmp(s->name, ".text") == 0 && s->size >= size && s->size - size <= MORE)
            return s->address;
    }
    return 0;
}

/* functab: `count` functions, and where the last one ends; the first of each entry counts from `text` on, the second, where
 * its record stands, from the table on. */
struct functab {
    struct view rest; /* from the table on */
    uint64_t count, text;
    bool wide; /* words, not 32 bits */
};

static uint64_t number(const struct functab *table, const uint8_t *at)
{
    return table->wide ? load_le64(at) : load_le32(at);
}

static const uint8_t *entry_at(const struct functab *table, uint64_t index)
{
    return table->rest.data + index * (table->wide ? 16 : 8);
}

static uint64_t function_at(const struct functab *table, uint64_t index)
{
    return table->text + number(table, entry_at(table, index));
}

static bool find_functab(const struct image *image, struct functab *table)
{
    enum { HEADER = 72 };
    struct view v, list;
    const uint64_t at = image->go->pclntab_offset - image->offset;
    if (!image->go->pclntab || !image_view(image, at, image->size - at, &v) || v.size < HEADER)
        return false;
    const unsigned version = v.data[0];
    table->wide = version == GO_1_2 || version == GO_1_16;
    table->count = load_le64(v.data + 8);
    const uint64_t entry = table->wide ? 16 : 8,
                   from = version == GO_1_2 ? 16 : load_le64(v.data + (table->wide ? 56 : 64));
    if (!view_table(v, from, entry, table->count, &list) || v.size - from - list.size < entry / 2)
        return false;
    table->rest = (struct view){list.data, (size_t)(v.size - from)};
    table->text = 0;
    if (!table->wide)
        table->text = text_start(image, load_le64(v.data + 24), function_at(table, table->count));
    return true;
}

bool go_function(const struct image *image, uint64_t address, uint64_t *begin)
{
    struct functab table;
    if (!find_functab(image, &table) || (!table.wide && !table.text) || address >= function_at(&table, table.count))
        return false;
    uint64_t low = 0, high = table.count; /* the last that begins at the address or before it is one of these */
    while (high - low > 1) {
        const uint64_t middle = low + (high - low) / 2;
        if (function_at(&table, middle) <= address)
            low = middle;
        else
            high = middle;
    }
    *begin = function_at(&table, low);
    return *begin <= address;
}

/* Since Go 1.18 the record of a function (runtime/runtime2.go, type _func) begins with the number by which functab lists it. Before,
 * loaders of PIEs fill in both. */
bool go_table_agrees(const struct image *image, uint64_t *function)
{
    struct functab table;
    *function = 0;
    if (!find_functab(image, &table) || table.wide)
        return true;
    for (; *function < table.count; ++*function) {
        const uint8_t *p = entry_at(&table, *function);
        const uint64_t begin = load_le32(p);
        struct view record;
        if (!view_sub(table.rest, load_le32(p + 4), 4, &record) || load_le32(record.data) != begin ||
            begin >= load_le32(entry_at(&table, *function + 1)))
            return false;
    }
    return true;
}
