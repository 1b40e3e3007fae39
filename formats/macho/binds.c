/* Where dyld writes addresses as it loads an image, and whose: opcodes, or chained fixups. A place outside of its segment,
 * or a symbol of a library by a number that no command has, ends the program at its start (dyld mach_o/BindOpcodes.cpp,
 * RebaseOpcodes.cpp and ChainedFixups.cpp, valid). Whoever takes a library out of the load commands leaves such numbers
 * behind, and shifts all others to libraries that have no such symbol. */
#include "formats/macho/macho.h"

#include "formats/certain.h"

enum {
    POINTER = 8,
    SPECIAL_LEAST = -3, /* BIND_SPECIAL_DYLIB_WEAK_LOOKUP; 0 is the image itself */
    REBASE = 0,
    LAZY = 3,
};

struct binding {
    struct macho_view *view;
    uint64_t segment, offset;
    int64_t library;
    bool placed, named, from, threaded;
};

static bool tell(struct macho_view *view, uint64_t at, const char *expected, const char *observed, uint64_t value)
{
    MACHO_DEFECT(view, macho_linkedit, at, expected, "%s %#llx", observed, (unsigned long long)value);
    return false;
}

/* Libraries are counted from 1, in the order of the commands that dyld loads at the start. */
bool is_library(const struct macho_view *view, int64_t ordinal)
{
    uint64_t most =
        view->extra->filetype == MH_EXECUTE && !view->linked ? 1 : view->linked; /* dyld supplies libSystem */
    return ordinal >= SPECIAL_LEAST && (ordinal < 0 || (uint64_t)ordinal <= most);
}

/* `count` pointers, `step` bytes apart; either may be any number. */
static bool write_pointers(struct binding *b, bool bind, uint64_t count, uint64_t step, uint64_t at)
{
    const struct segment_list *list = &b->view->image->segments;
    uint64_t first = b->offset;
    b->offset += count * step; /* which wraps, as distances backwards do */
    if (count == 0)
        return true;
    if (!b->placed || b->segment >= list->count)
        return tell(b->view, at, "addresses that are written into a segment", "no segment with number", b->segment);
    uint64_t size = list->items[b->segment].memory_size;
    if (first > size || size - first < POINTER || (count > 1 && step && count - 1 > (size - POINTER - first) / step))
        return tell(b->view, at, "addresses that are written into their segment", "beyond its end, from offset", first);
    if (bind && !b->named)
        return tell(b->view, at, "a symbol whose address is written", "none, at offset", first);
    if (bind && (!b->from || !is_library(b->view, b->library)))
        return tell(b->view, at, "symbols of libraries that load commands name", "of library number",
                    (uint64_t)b->library);
    return true;
}

/* REBASE_OPCODE_DO_… and those before them (<mach-o/loader.h>). */
static bool rebase_step(struct binding *b, struct cursor *c, uint8_t opcode, uint8_t immediate, uint64_t at)
{
    uint64_t count = 1;
    switch (opcode) {
    case 2: /* SET_SEGMENT_AND_OFFSET_ULEB */
        b->placed = true;
        b->segment = immediate;
        b->offset = cursor_uleb(c);
        return true;
    case 3: /* ADD_ADDR_ULEB */
        b->offset += cursor_uleb(c);
        return true;
    case 4: /* ADD_ADDR_IMM_SCALED */
        b->offset += (uint64_t)immediate * POINTER;
        return true;
    case 5: /* DO_REBASE_IMM_TIMES */
        return write_pointers(b, false, immediate, POINTER, at);
    case 6: /* DO_REBASE_ULEB_TIMES */
        return write_pointers(b, false, cursor_uleb(c), POINTER, at);
    case 7: /* DO_REBASE_ADD_ADDR_ULEB */
        return write_pointers(b, false, 1, cursor_uleb(c) + POINTER, at);
    case 8: /* DO_REBASE_ULEB_TIMES_SKIPPING_ULEB */
        count = cursor_uleb(c);
        return write_pointers(b, false, count, cursor_uleb(c) + POINTER, at);
    default:
        return true;
    }
}

static bool bind_step(struct binding *b, struct cursor *c, uint8_t opcode, uint8_t immediate, uint64_t at)
{
    uint64_t count = 1;
    switch (opcode) {
    case 1: /* SET_DYLIB_ORDINAL_IMM */
        b->from = true;
        b->library = immediate;
        return true;
    case 2: /* SET_DYLIB_ORDINAL_ULEB */
        b->from = true;
        b->library = (int32_t)cursor_uleb(c);
        return true;
    case 3: /* SET_DYLIB_SPECIAL_IMM */
        b->from = true;
        b->library = immediate ? (int64_t)immediate - 16 : 0;
        return true;
    case 4: /* SET_SYMBOL_TRAILING_FLAGS_IMM */
        b->named = true;
        cursor_skip(c, (uint64_t)view_string(c->view, c->at) + 1);
        return true;
    case 6: /* SET_ADDEND_SLEB */
        (void)cursor_uleb(c);
        return true;
    case 7: /* SET_SEGMENT_AND_OFFSET_ULEB */
        return rebase_step(b, c, 2, immediate, at);
    case 8: /* ADD_ADDR_ULEB */
        return rebase_step(b, c, 3, immediate, at);
    case 9: /* DO_BIND */
        return write_pointers(b, true, 1, POINTER, at);
    case 0xa: /* DO_BIND_ADD_ADDR_ULEB */
        return write_pointers(b, true, 1, cursor_uleb(c) + POINTER, at);
    case 0xb: /* DO_BIND_ADD_ADDR_IMM_SCALED */
        return write_pointers(b, true, 1, ((uint64_t)immediate + 1) * POINTER, at);
    case 0xc: /* DO_BIND_ULEB_TIMES_SKIPPING_ULEB */
        count = cursor_uleb(c);
        return write_pointers(b, true, count, cursor_uleb(c) + POINTER, at);
    case 0xd: /* THREADED: of arm64e, once; what is bound from here on stands in the segments */
        b->threaded = true;
        return true;
    default:
        return true;
    }
}

/* Opcodes that end with their bytes (linkedit.c). DONE ends all of them but lazy ones, which it stands between. */
static void check_stream(struct macho_view *view, unsigned stream)
{
    enum { WEAK = 2 };
    const struct linked_table *table = &view->streams[stream];
    struct cursor c = cursor_at(table->v, false);
    struct binding b = {.view = view, .from = stream == WEAK}; /* of any library */
    bool good = true;
    while (good && !b.threaded && ALWAYS(!c.failed) && c.at < table->v.size) {
        uint64_t at = table->at + c.at;
        uint8_t opcode = cursor_u8(&c), immediate = opcode & 15;
        opcode >>= 4;
        if (opcode == 0 && stream != LAZY)
            return;
        good = stream == REBASE ? rebase_step(&b, &c, opcode, immediate, at) : bind_step(&b, &c, opcode, immediate, at);
    }
}

void check_binds(struct macho_view *view, bool code)
{
    const struct image *image = view->image;
    if (!view->whole || !image->judged || image->segments.known != KNOWN_COMPLETE ||
        (image->kind != KIND_EXECUTABLE && image->kind != KIND_SHARED_LIBRARY && image->kind != KIND_BUNDLE))
        return;
    for (unsigned i = 0; i < STREAMS; i++)
        check_stream(view, i);
    check_chains(view, code);
}
