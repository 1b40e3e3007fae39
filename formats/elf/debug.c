/* Debug information and symbols under any name. By name and type first (DWARF 5
 * §7.4, gdb's .gdb_index, elfutils' .gnu_debugdata, stabs, CTF, BTF); what stands in a
 * section that is not loaded and has another name is then recognised by content, whatever
 * its type says: a unit of DWARF (formats/dwarf.c), a symbol table, xz or zlib data. A table
 * of dynamic symbols to which no loader is led is one for debuggers, loaded or not.
 * Loaders never read such sections, so a renamed one costs its author nothing and would
 * pass any check by name. Compressed sections are those of debug information (gABI
 * chapter 4, SHF_COMPRESSED), and a link to debug information is a file's name and a
 * checksum or build id, nothing longer. */
#include "formats/elf/elf.h"

#include <string.h>

#include "formats/certain.h"
#include "formats/limits.h"

static const char *const dwarf_names[] = {
    "abbrev",       "addr",     "aranges",  "cu_index", "frame",       "info",     "line",     "line_str",
    "loc",          "loclists", "macinfo",  "macro",    "names",       "pubnames", "pubtypes", "gnu_pubnames",
    "gnu_pubtypes", "ranges",   "rnglists", "str",      "str_offsets", "sup",      "tu_index", "types"};

static bool is_dwarf_name(const char *name)
{
    char stem[24];
    if (name[0] != '.' || (name[1] != 'z' && (name[1] != 'd' || name[2] != 'e')))
        return false;
    size_t skip = strncmp(name, ".debug_", 7) == 0 ? 7 : strncmp(name, ".zdebug_", 8) == 0 ? 8 : 0;
    size_t size = skip ? strlen(name + skip) : 0;
    if (size > 4 && strcmp(name + skip + size - 4, ".dwo") == 0)
        size -= 4;
    if (size == 0 || size >= sizeof stem)
        return false;
    memcpy(stem, name + skip, size);
    stem[size] = 0;
    for (size_t i = 0; i < sizeof dwarf_names / sizeof *dwarf_names; i++)
        if (same_name(stem, dwarf_names[i]))
            return true;
    return false;
}

static const struct {
    const char *name;
    enum debug kind;
} others[] = {{".stab", DEBUG_STABS},
              {".gnu_debuglink", DEBUG_LINK},
              {".gnu_debugaltlink", DEBUG_LINK},
              {".gnu_debugdata", DEBUG_MINI},
              {".gdb_index", DEBUG_GDB_INDEX},
              {".ctf", DEBUG_CTF},
              {".SUNW_ctf", DEBUG_CTF},
              {".BTF", DEBUG_BTF},
              {".BTF.ext", DEBUG_BTF}};

/* Entry 0 is all zeros, and the next ones have only values that Elf64_Sym allows. */
static bool is_symbol_table(struct view v, size_t sections)
{
    struct view zero;
    if (v.size < 72 || v.size % 24 != 0 || NEVER(!view_sub(v, 0, 24, &zero)) || !view_is_zero(zero))
        return false;
    size_t good = 0, filled = 0;
    for (size_t i = 24; i + 24 <= v.size && i < 24 * 32; i += 24) {
        unsigned type = v.data[i + 4] & 15, bind = v.data[i + 4] >> 4, other = v.data[i + 5];
        unsigned index = load_le16(v.data + i + 6);
        good += (type <= 6 || type == 10) && (bind <= 2 || bind == 10) && other <= 3 &&
                (index < sections || index >= 0xfff1);
        filled += load_le32(v.data + i) != 0 || v.data[i + 4] != 0;
    }
    size_t seen = (v.size < (size_t)24 * 32 ? v.size : (size_t)24 * 32) / 24 - 1;
    return good == seen && filled * 2 > seen;
}

static void check_compressed(struct elf_view *view, const struct section *s, struct view v)
{
    struct cursor c = cursor_at(v, false);
    uint32_t type = cursor_u32(&c);
    cursor_skip(&c, 4);
    uint64_t size = cursor_u64(&c);
    cursor_skip(&c, 8);
    if (c.failed || type < ELFCOMPRESS_ZLIB || type > 2 || size >> 40 != 0)
        ELF_DEFECT(view, elf_compression, s->offset, "a zlib or Zstandard section of less than 1 TiB",
                   "ch_type %u, ch_size %#llx", type, (unsigned long long)size);
}

/* What a section that no loader maps carries, by its beginning, or by all of it: PyInstaller's `pydata` is an archive of its
 * own, of pieces that zlib made. NULL: nothing that is to be taken out again. */
static const char *carried(struct elf_view *view, const struct section *s, struct view v)
{
    enum { USTAR_AT = 257 };
    const char *what = range_recognise(v);
    if (v.size >= USTAR_AT + 5 && memcmp(v.data + USTAR_AT, "ustar", 5) == 0)
        return "a tar archive";
    if (what && v.size > 4 && memcmp(v.data, "#!", 2) != 0 && memcmp(v.data, "MZ", 2) != 0)
        return what;
    enum answer even = section_is_even(view->image, s, &view->sampled);
    if (even == ANSWER_UNKNOWN)
        view->image->sections.known = KNOWN_BROKEN;
    return even == ANSWER_YES ? "compressed data" : NULL;
}

/* A program or an archive in a section that no loader maps: what is released is only what takes it out again. */
static void find_payload(struct elf_view *view, const struct section *s, struct view v)
{
    struct image *image = view->image;
    if (image->packer.text || (image->kind != KIND_EXECUTABLE && image->kind != KIND_SHARED_LIBRARY))
        return;
    const char *what = carried(view, s, v);
    if (what)
        image->packer = (struct named){
            arena_print(&view->file->arena, "%s in the section %s", what, *s->name ? s->name : "without a name"),
            s->offset, 1};
}

/* Symbols that no loader needs, and that are not called SHT_SYMTAB. */
static void take_symbols(struct elf_view *view, const struct section *s, const char *expected)
{
    struct symbols *symbols = &view->image->symbols;
    symbols->known = KNOWN_COMPLETE;
    symbols->count += s->size / sizeof(Elf64_Sym);
    symbols->offset = s->offset;
    ELF_DEFECT(view, elf_section_view, s->header_offset, expected, "symbols in a section of type %#x", s->type);
}

/* Debuggers read a table of this type wherever it stands; loaders only the one that DT_SYMTAB leads to. One of nothing but the
 * entry that every table begins with names nobody (u-boot's linker script keeps it for its relocations). */
static bool is_hidden_table(const struct elf_view *view, const struct section *s)
{
    const struct dyn *table = dynamic_last(view, DT_SYMTAB);
    bool loaded = view->extra->type == ET_EXEC || view->extra->type == ET_DYN;
    return s->type == SHT_DYNSYM && s->size > sizeof(Elf64_Sym) && loaded && !view->debug_file &&
           (!table || table->value != s->address);
}

static bool is_xz(struct view v)
{
    static const uint8_t magic[] = {0xfd, '7', 'z', 'X', 'Z', 0};
    return v.size >= sizeof magic && memcmp(v.data, magic, sizeof magic) == 0;
}

static void by_content(struct elf_view *view, const struct section *s, struct view v)
{
    struct arena *arena = &view->file->arena;
    struct image *image = view->image;
    if (dwarf_begins(v)) {
        debug_add(arena, &image->debug, DEBUG_DWARF, s->name, s->offset, s->size);
    } else if (v.size >= 12 && memcmp(v.data, "ZLIB", 4) == 0) {
        debug_add(arena, &image->debug, DEBUG_DWARF, s->name, s->offset, s->size);
        debug_add(arena, &image->debug, DEBUG_DWARF_COMPRESSED, s->name, s->offset, s->size);
    } else if (is_symbol_table(v, image->sections.count)) {
        take_symbols(view, s, "a symbol table of type SHT_SYMTAB");
    } else {
        if (is_xz(v)) /* MiniDebugInfo under another name, or an archive, as staticx has one */
            image->debug.known = KNOWN_BROKEN;
        find_payload(view, s, v);
    }
}

/* .gnu_debuglink: a file's name, padded to a word, and a CRC-32; .gnu_debugaltlink: a name and a build id. */
static bool is_link(const struct elf_view *view, const struct section *s)
{
    enum { BUILD_ID_MOST = 64 };
    struct view v;
    if (s->size > LIMIT_TEXT || !image_view(view->image, s->offset - view->image->offset, s->size, &v))
        return false;
    int64_t size = view_string(v, 0);
    for (int64_t i = 0; i < size; i++)
        if (v.data[i] < ' ')
            return false;
    return size > 0 && v.size - (size_t)size <= BUILD_ID_MOST;
}

static void take_section(struct elf_view *view, const struct section *s)
{
    struct arena *arena = &view->file->arena;
    struct image *image = view->image;
    struct view v = {0};
    bool dwarf = is_dwarf_name(s->name);
    char second = *s->name ? s->name[1] : 0;
    if (s->type == SHT_NOBITS && !(s->flags & SHF_ALLOC) && s->size && !view->debug_file)
        ELF_DEFECT(view, elf_nobits_bytes, s->header_offset, "SHT_NOBITS only for memory",
                   "SHT_NOBITS section of %llu bytes that is not loaded", (unsigned long long)s->size);
    if (!s->has_bytes || s->size == 0)
        return;
    if (s->flags & SHF_COMPRESSED) {
        if (!image_view(image, s->offset - image->offset, s->size < 24 ? s->size : 24, &v))
            image->debug.known = KNOWN_BROKEN;
        check_compressed(view, s, v);
    }
    if (dwarf || s->flags & SHF_COMPRESSED) {
        debug_add(arena, &image->debug, DEBUG_DWARF, s->name, s->offset, s->size);
        if (s->flags & SHF_COMPRESSED || second == 'z')
            debug_add(arena, &image->debug, DEBUG_DWARF_COMPRESSED, s->name, s->offset, s->size);
        return;
    }
    const bool may_be = second == 's' || second == 'g' || second == 'c' || second == 'S' || second == 'B';
    for (size_t i = 0; may_be && i < sizeof others / sizeof *others; i++)
        if (others[i].name[1] == second && same_name(s->name, others[i].name) &&
            (others[i].kind != DEBUG_LINK || is_link(view, s))) {
            debug_add(arena, &image->debug, others[i].kind, s->name, s->offset, s->size);
            return;
        }
    if (is_hidden_table(view, s)) {
        take_symbols(view, s, "SHT_DYNSYM where DT_SYMTAB leads to");
        return;
    }
    if (s->flags & SHF_ALLOC || s->type == SHT_SYMTAB)
        return;
    if (image_view(image, s->offset - image->offset, s->size < 4096 ? s->size : 4096 - 4096 % 24, &v))
        by_content(view, s, v);
    else
        image->debug.known = KNOWN_BROKEN;
}

void read_debug(struct elf_view *view)
{
    struct image *image = view->image;
    image->debug.known = image->sections.known;
    view->sampled = image->size; /* sections that name the same bytes again and again are not followed */
    for (size_t i = 0; i < image->sections.count; i++)
        take_section(view, &image->sections.items[i]);
}
