/* LC_SYMTAB holds everything at once: what dyld binds (undefined and external symbols),
 * what only debuggers use (local ones), and stabs, which name source and object files
 * (<mach-o/nlist.h>, <mach-o/stab.h>). strip(1) leaves one stab behind as its mark. */
#include "formats/macho/macho.h"

#include <string.h>

#include "formats/limits.h"

enum { N_STAB = 0xe0, N_TYPE = 0x0e, N_INDR = 0x0a, N_EXT = 1, N_SO = 0x64, N_OSO = 0x66 };

static const char strip_mark[] = "radr://5614542";

struct nlist {
    uint32_t name;
    uint8_t type, section;
    uint64_t value;
};

/* Of a string table that may have no NUL, as many symbols as there may be look at no more than a path's length. */
static void take_path(struct macho_view *view, struct view strings, uint32_t name, uint64_t at)
{
    struct named_list *paths = &view->image->build_paths;
    uint64_t most = name < strings.size ? strings.size - name : 0;
    struct view v;
    if (paths->count >= LIMIT_PATHS || !view_sub(strings, name, most < LIMIT_TEXT ? most : LIMIT_TEXT, &v) ||
        v.size == 0 || v.data[0] != '/' || view_string(v, 0) < 0)
        return;
    if (paths->count == 0 || strcmp(paths->items[paths->count - 1].text, (const char *)v.data) != 0)
        named_add(&view->file->arena, paths, image_string(view->image, v, 0), at, 0);
}

/* Whether the name is `text`. */
static bool is_named(struct view strings, uint32_t name, const char *text)
{
    struct view v;
    return view_sub(strings, name, strlen(text) + 1, &v) && memcmp(v.data, text, v.size) == 0;
}

static void take_stab(struct macho_view *view, const struct nlist *n, struct view strings, uint64_t at)
{
    struct symbols *symbols = &view->image->symbols;
    symbols->stabs++;
    symbols->strip_mark = symbols->stabs == 1 && is_named(strings, n->name, strip_mark);
    if (n->type == N_OSO || n->type == N_SO)
        take_path(view, strings, n->name, at);
}

/* What dyld is to find elsewhere is external and has neither place nor value; in an object a value is the size
 * of a common symbol. Another symbol without a type is the name of one that was retyped. */
static bool is_import(const struct macho_view *view, const struct nlist *n)
{
    bool nowhere = n->type & N_EXT && n->section == 0 && n->value == 0;
    return (n->type & N_TYPE) == 0 && (nowhere || view->extra->filetype == MH_OBJECT);
}

static void take_symbol(struct macho_view *view, const struct nlist *n, struct view strings, uint64_t at)
{
    struct symbols *symbols = &view->image->symbols;
    bool program = view->extra->filetype == MH_EXECUTE, superfluous = false;
    if (n->type & N_STAB) {
        take_stab(view, n, strings, at);
    } else if (is_import(view, n)) {
        symbols->undefined++;
    } else if (n->type & N_EXT) {
        symbols->external++;
        superfluous = program && !is_named(strings, n->name, "__mh_execute_header");
    } else {
        symbols->local++;
        superfluous = true;
    }
    if (superfluous && !symbols->first_named)
        symbols->first_named = image_string(view->image, strings, n->name);
    if (superfluous && !symbols->first_named)
        symbols->first_named = "";
}

/* Names of the string table that something leads to, by a bit for each byte. Where one byte of a name is marked, all
 * behind it are. */
static void mark_name(struct macho_view *view, uint64_t name)
{
    struct view strings = view->strings;
    uint8_t *marks = view->names;
    for (; marks && name < strings.size && !(marks[name / 8] & 1 << name % 8); name++) {
        marks[name / 8] |= (uint8_t)(1 << name % 8);
        if (!strings.data[name])
            break;
    }
}

/* A string table is as large as its command says; what no symbol is called may be anything. */
void claim_names(struct macho_view *view)
{
    enum { MODULE = 56 }; /* which begins with its name */
    uint64_t at = 0, from = 0;
    struct view modules, module;
    if (!image_view(view->image, view->modules_at, view->module_count * MODULE, &modules))
        modules = (struct view){0};
    for (; view_sub(modules, at, MODULE, &module); at += MODULE)
        mark_name(view, load_le32(module.data));
    at = 0;
    for (; view->names && at <= view->strings.size; at++) {
        bool marked = at < view->strings.size && view->names[at / 8] & 1 << at % 8;
        if (marked)
            continue;
        if (at > from)
            claim(view, view->strings_at + from, at - from, "names of symbols");
        from = at + 1;
    }
}

void read_symtab(struct macho_view *view, const struct command *c)
{
    struct symbols *symbols = &view->image->symbols;
    struct cursor cursor = command_cursor(view, c);
    uint32_t offset = cursor_u32(&cursor), count = cursor_u32(&cursor), strings_at = cursor_u32(&cursor);
    uint32_t strings_size = cursor_u32(&cursor), strange = 0;
    uint64_t stride = view->image->bits == 64 ? 16 : 12;
    struct view table, strings = {0};
    symbols->known = KNOWN_BROKEN;
    if (cursor.failed || !range_fits(view->image->size, offset, count * stride) ||
        !range_fits(view->image->size, strings_at, strings_size)) {
        MACHO_DEFECT(view, macho_symbols, c->at, "a symbol table and its strings inside the image",
                     "%u symbols at %#x, %#x bytes of strings at %#x", count, offset, strings_size, strings_at);
        return;
    }
    claim(view, offset, count * stride, "the symbol table");
    if (!view->image->judged)
        claim(view, strings_at, strings_size, "the string table");
    if (!spend(view, offset, count * stride + strings_size, "the symbol table and its strings") ||
        !image_view(view->image, offset, count * stride, &table) ||
        !image_view(view->image, strings_at, strings_size, &strings))
        return;
    if (view->image->judged) {
        view->strings = strings;
        view->strings_at = strings_at;
        view->names = arena_array(&view->file->arena, (size_t)strings_size / 8 + 1, 1);
        mark_name(view, 0); /* no name: a space, or nothing */
    }
    symbols->known = KNOWN_COMPLETE;
    symbols->offset = macho_at(view, offset);
    symbols->count = view->symbol_count = count;
    cursor = cursor_at(table, view->big_endian);
    for (uint32_t i = 0; i < count; i++) {
        struct nlist n = {.name = cursor_u32(&cursor), .type = cursor_u8(&cursor), .section = cursor_u8(&cursor)};
        cursor_skip(&cursor, 2); /* n_desc */
        n.value = cursor_word(&cursor, view->image->bits);
        strange += n.name >= strings_size && n.name != 0;
        take_symbol(view, &n, strings, macho_at(view, offset + i * stride));
        mark_name(view, n.name);
        if (!(n.type & N_STAB) && (n.type & N_TYPE) == N_INDR)
            mark_name(view, n.value);
    }
    if (strange)
        MACHO_DEFECT(view, macho_symbols, offset, "names inside the string table",
                     "%u symbols with names outside of it", strange);
    if (symbols->stabs > symbols->strip_mark)
        debug_add(&view->file->arena, &view->image->debug, DEBUG_STABS, "LC_SYMTAB", symbols->offset,
                  symbols->stabs * stride);
}

void read_dysymtab(struct macho_view *view, const struct command *c)
{
    static const struct {
        unsigned field; /* the word that holds the offset; the next one holds the count */
        unsigned stride;
        const char *what;
    } tables[] = {{6, 8, "the table of contents"}, {8, 0, "the module table"},      {10, 4, "external references"},
                  {12, 4, "indirect symbols"},     {14, 8, "external relocations"}, {16, 8, "local relocations"}};
    struct cursor cursor = command_cursor(view, c);
    uint32_t words[18];
    for (size_t i = 0; i < 18; i++)
        words[i] = cursor_u32(&cursor);
    if (cursor.failed) {
        MACHO_DEFECT(view, macho_symbols, c->at, "an LC_DYSYMTAB of 80 bytes", "%zu bytes", c->v.size);
        return;
    }
    for (size_t i = 0; i < 6; i += 2)
        if (words[i + 1] && !range_fits(view->symbol_count, words[i], words[i + 1]))
            MACHO_DEFECT(view, macho_symbols, c->at, "groups of symbols inside the symbol table",
                         "%u symbols from %u of %llu", words[i + 1], words[i], (unsigned long long)view->symbol_count);
    view->modules_at = words[8];
    view->module_count = words[9];
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        uint64_t stride = tables[i].stride ? tables[i].stride : view->image->bits == 64 ? 56 : 52;
        claim(view, words[tables[i].field], words[tables[i].field + 1] * stride, tables[i].what);
    }
}
