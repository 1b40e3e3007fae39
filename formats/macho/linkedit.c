/* Link-edit data: tables in __LINKEDIT that dyld interprets. They must lie inside the image;
 * rebase and bind opcodes and the export trie are small programs, and one that does not end
 * where its bytes do, or walks in a circle, is damage (<mach-o/loader.h>, dyld_info_command;
 * dyld mach_o/BindOpcodes.cpp, ExportsTrie.cpp). */
#include "formats/macho/macho.h"

#include "formats/certain.h"
#include "formats/limits.h"

/* How far from the header the last executable segment ends, of those that were read. */
static uint64_t code_end(const struct macho_view *view)
{
    const struct segment_list *list = &view->image->segments;
    uint64_t end = view->text_address;
    for (size_t i = 0; i < list->count; i++) {
        uint64_t last = range_end(list->items[i].address, list->items[i].memory_size);
        if (list->items[i].access & ACCESS_EXECUTE && last > end)
            end = last;
    }
    return end - view->text_address;
}

/* Distances in LEB128 that stay in the code, and zeros (dyld mach_o/FunctionStarts.cpp, valid). Nobody reads on behind
 * the table's end: Zig 0.11 writes no zero where the distances fill it. */
static bool are_starts(struct macho_view *view, struct view v)
{
    struct cursor c = cursor_at(v, false);
    uint64_t at = 0, most = code_end(view);
    struct view rest;
    while (c.at < v.size) {
        uint64_t distance = cursor_uleb(&c);
        if (distance == 0)
            return !c.failed && ALWAYS(view_sub(v, c.at, v.size - c.at, &rest)) && view_is_zero(rest);
        at = range_end(at, distance);
        if (at > most)
            return false;
    }
    return !c.failed;
}

/* Places, sizes and kinds of data, 1 to 5 (<mach-o/loader.h>, data_in_code_entry). */
static bool are_data(struct macho_view *view, struct view v)
{
    struct cursor c = cursor_at(v, false);
    while (c.at < v.size) {
        uint32_t offset = cursor_u32(&c), size_and_kind = cursor_u32(&c), kind = size_and_kind >> 16;
        if (c.failed || kind < 1 || kind > 5 || !range_fits(view->image->size, offset, size_and_kind & 0xffff))
            return false;
    }
    return true;
}

/* dyld_chained_fixups_header: its parts stand inside, in formats that there are (dyld mach_o/ChainedFixups.cpp). */
static bool are_fixups(struct macho_view *view, struct view v)
{
    struct cursor c = cursor_at(v, false);
    (void)view;
    uint32_t version = cursor_u32(&c), starts = cursor_u32(&c), imports = cursor_u32(&c), symbols = cursor_u32(&c);
    cursor_skip(&c, 4);
    uint32_t format = cursor_u32(&c), packing = cursor_u32(&c);
    return !c.failed && version == 0 && starts <= v.size && imports <= v.size && symbols <= v.size && format >= 1 &&
           format <= 3 && packing <= 1;
}

/* Requirements of the libraries that were linked with, in a blob as long as it says and padding. */
static bool are_requirements(struct macho_view *view, struct view v)
{
    struct cursor c = cursor_at(v, true);
    uint32_t magic = cursor_u32(&c), size = cursor_u32(&c);
    struct view rest;
    (void)view;
    return !c.failed && magic == 0xfade0c05 && size <= v.size && ALWAYS(view_sub(v, size, v.size - size, &rest)) &&
           view_is_zero(rest);
}

/* Whose bytes are what their command says they are. Hints for the linker stand in objects alone, and where segments
 * may be moved to is told of libraries, which the dyld cache takes in: elsewhere nobody reads them, and nobody owns
 * them; nor does a command own a whole program or archive. */
static const struct table {
    uint32_t type;
    enum kind only; /* KIND_UNKNOWN: any */
    bool (*good)(struct macho_view *view, struct view v);
} tables[] = {
    {LC_FUNCTION_STARTS, KIND_UNKNOWN, are_starts},
    {LC_DATA_IN_CODE, KIND_UNKNOWN, are_data},
    {LC_DYLD_CHAINED_FIXUPS, KIND_UNKNOWN, are_fixups},
    {LC_DYLIB_CODE_SIGN_DRS, KIND_UNKNOWN, are_requirements},
    {LC_SEGMENT_SPLIT_INFO, KIND_SHARED_LIBRARY, NULL},
    {LC_LINKER_OPTIMIZATION_HINT, KIND_OBJECT, NULL},
    {LC_ATOM_INFO, KIND_OBJECT, NULL},
};

void read_linkedit(struct macho_view *view, const struct command *c)
{
    struct cursor cursor = command_cursor(view, c);
    uint32_t offset = cursor_u32(&cursor), size = cursor_u32(&cursor);
    const struct table *table = NULL;
    struct view v;
    if (cursor.failed) {
        MACHO_DEFECT(view, macho_linkedit, c->at, "a command of 16 bytes", "%zu bytes", c->v.size);
        return;
    }
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        if (tables[i].type == c->type)
            table = &tables[i];
    bool there = size && view->image->judged && image_view(view->image, offset, size, &v);
    bool checked = table && table->good;
    bool elsewhere = table && table->only && table->only != view->image->kind;
    bool program = there && !checked && range_recognise(v);
    if ((there && elsewhere) || program)
        return;
    if (!claim(view, offset, size, "link-edit data") || !there || !checked)
        return;
    if (!spend(view, offset, size, "link-edit data"))
        return;
    if (table->good(view, v))
        view->fixups = c->type == LC_DYLD_CHAINED_FIXUPS ? (struct linked_table){v, offset} : view->fixups;
    else
        MACHO_DEFECT(view, macho_linkedit, offset, "what its command says it is, and nothing else",
                     "a table of type %#x that is not", c->type);
}

/* What follows each opcode, by its upper four bits: LEB128 numbers, a string; NO: there is no such opcode. */
enum { NO = 16, STRING = 8 };
static const uint8_t rebase_operands[16] = {0, 0, 1, 1, 0, 0, 1, 1, 2, NO, NO, NO, NO, NO, NO, NO};
static const uint8_t bind_operands[16] = {0, 0, 1, 0, STRING, 0, 1, 1, 1, 0, 1, 0, 2, 1, NO, NO};
enum { BIND_OPCODE_THREADED = 0xd };

static bool opcodes_end(struct view v, const uint8_t *operands)
{
    struct cursor c = cursor_at(v, false);
    while (c.at < v.size && !c.failed) {
        uint8_t opcode = cursor_u8(&c), follows = operands[opcode >> 4];
        if (follows == NO)
            return false;
        if (operands == bind_operands && opcode >> 4 == BIND_OPCODE_THREADED && opcode & 15)
            follows = 0; /* only its first form takes a count */
        if (follows == STRING) {
            int64_t size = view_string(v, c.at);
            if (size < 0)
                return false;
            cursor_skip(&c, (uint64_t)size + 1);
            continue;
        }
        for (; follows; follows--)
            cursor_uleb(&c);
    }
    return !c.failed;
}

/* How many names the trie has, in `names`. Every node once: a node that is reached again is a circle, or shared, which no linker writes. */
static bool trie_ends(struct arena *arena, struct view v, uint64_t *names)
{
    uint8_t *seen = arena_array(arena, v.size / 8 + 1, 1);
    uint32_t *stack = arena_room(arena, (v.size / 2 + 2) * sizeof *stack); /* an edge takes two bytes at least */
    size_t depth = 0;
    stack[depth++] = 0;
    while (depth) {
        uint32_t at = stack[--depth];
        struct cursor c = cursor_at(v, false);
        if (NEVER(at >= v.size) || seen[at / 8] & 1 << at % 8)
            return false;
        seen[at / 8] |= (uint8_t)(1 << at % 8);
        cursor_skip(&c, at);
        uint64_t terminal = cursor_uleb(&c);
        cursor_skip(&c, terminal);
        *names += terminal > 0;
        for (unsigned children = cursor_u8(&c); children; children--) {
            int64_t size = view_string(v, c.at);
            if (size < 0)
                return false;
            cursor_skip(&c, (uint64_t)size + 1);
            uint64_t child = cursor_uleb(&c);
            if (c.failed || child >= v.size || depth > v.size / 2)
                return false;
            stack[depth++] = (uint32_t)child;
        }
        if (c.failed)
            return false;
    }
    return true;
}

static void check_trie(struct macho_view *view, uint64_t offset, uint64_t size)
{
    struct view v;
    view->has_trie = true;
    if (size && claim(view, offset, size, "the export trie") && spend(view, offset, size, "the export trie") &&
        image_view(view->image, offset, size, &v) && !trie_ends(&view->file->arena, v, &view->exports))
        MACHO_DEFECT(view, macho_linkedit, offset, "an export trie whose nodes lie inside it, each reached once",
                     "a node outside, unfinished or reached again");
}

void read_dyld_info(struct macho_view *view, const struct command *c)
{
    static const struct {
        const char *what;
        const uint8_t *operands;
    } streams[] = {{"rebase opcodes", rebase_operands},
                   {"bind opcodes", bind_operands},
                   {"weak bind opcodes", bind_operands},
                   {"lazy bind opcodes", bind_operands}};
    struct cursor cursor = command_cursor(view, c);
    struct view v;
    for (size_t i = 0; i < sizeof streams / sizeof *streams; i++) {
        uint32_t offset = cursor_u32(&cursor), size = cursor_u32(&cursor);
        if (!cursor.failed && size && claim(view, offset, size, streams[i].what) &&
            spend(view, offset, size, streams[i].what) && image_view(view->image, offset, size, &v)) {
            if (opcodes_end(v, streams[i].operands))
                view->streams[i] = (struct linked_table){v, offset};
            else
                MACHO_DEFECT(view, macho_linkedit, offset, "opcodes that dyld knows, ending with their bytes",
                             "%s that do not", streams[i].what);
        }
    }
    uint32_t offset = cursor_u32(&cursor), size = cursor_u32(&cursor);
    if (cursor.failed)
        MACHO_DEFECT(view, macho_linkedit, c->at, "an LC_DYLD_INFO of 48 bytes", "%zu bytes", c->v.size);
    else
        check_trie(view, offset, size);
}

void read_exports(struct macho_view *view, const struct command *c)
{
    struct cursor cursor = command_cursor(view, c);
    uint32_t offset = cursor_u32(&cursor), size = cursor_u32(&cursor);
    if (cursor.failed)
        MACHO_DEFECT(view, macho_linkedit, c->at, "a command of 16 bytes", "%zu bytes", c->v.size);
    else
        check_trie(view, offset, size);
}
