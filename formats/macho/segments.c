/* Segments are what the kernel maps, sections a finer table for linkers and debuggers.
 * XNU wants file ranges inside the image and no more file than memory (mach_loader.c,
 * load_segment); dyld wants segments that do not overlap (mach_o/Image.cpp). The segment
 * that begins with the header is __TEXT to both, whatever it is called. */
#include "formats/macho/macho.h"

#include <stdlib.h>
#include <string.h>

#include "formats/certain.h"
#include "formats/limits.h"

enum {
    NAME_SIZE = 16,
    PROT_READ = 1,
    PROT_WRITE = 2,
    PROT_EXECUTE = 4,
    SG_PROTECTED_VERSION_1 = 8,
    SG_READ_ONLY = 0x10,
    SECTION_TYPE = 0xff,
    S_ZEROFILL = 1,
    S_GB_ZEROFILL = 0xc,
    S_THREAD_LOCAL_ZEROFILL = 0x12,
    RELOCATION_SIZE = 8
};

/* A name of at most 16 bytes, which has a NUL only where it is shorter. */
static const char *fixed_name(struct macho_view *view, struct view v)
{
    size_t size = v.size ? strnlen((const char *)v.data, v.size) : 0;
    return arena_copy(&view->file->arena, v.data ? (const void *)v.data : "", size);
}

static unsigned access_of(uint32_t protection)
{
    return (protection & PROT_READ ? (unsigned)ACCESS_READ : 0) |
           (protection & PROT_WRITE ? (unsigned)ACCESS_WRITE : 0) |
           (protection & PROT_EXECUTE ? (unsigned)ACCESS_EXECUTE : 0);
}

/* Sections by which debuggers find what they want, in whatever segment: lldb's index of DWARF, modules of Swift. */
static bool is_debug_name(const char *name)
{
    static const char *const names[] = {"__apple_names", "__apple_types", "__apple_namespac", "__apple_objc",
                                        "__swift_ast"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return strncmp(name, "__debug_", 8) == 0;
}

/* How compressed DWARF begins: "ZLIB", and its size in eight bytes. */
static bool is_compressed(const struct macho_view *view, const struct section *s)
{
    struct view v;
    return strncmp(s->name, "__zdebug_", 9) == 0 ||
           (s->size > 12 && file_view(view->file, s->offset, 12, &v) && memcmp(v.data, "ZLIB\0\0\0", 7) == 0);
}

static void take_debug(struct macho_view *view, const struct section *s)
{
    struct arena *arena = &view->file->arena;
    if (s->size == 0 || !s->has_bytes)
        return;
    if (strcmp(s->name, "__ctf") == 0)
        debug_add(arena, &view->image->debug, DEBUG_CTF, s->name, s->offset, s->size);
    bool compressed = is_compressed(view, s);
    if (strcmp(s->segment, "__DWARF") != 0 && !is_debug_name(s->name) && !compressed)
        return;
    debug_add(arena, &view->image->debug, DEBUG_DWARF, s->name, s->offset, s->size);
    if (compressed)
        debug_add(arena, &view->image->debug, DEBUG_DWARF_COMPRESSED, s->name, s->offset, s->size);
}

/* Bytes of a section stand inside its segment's, both in the file and in memory. */
static void check_section(struct macho_view *view, const struct segment *segment, const struct section *s)
{
    bool inside = (segment->memory_size == 0 && segment->file_size) || /* never mapped: Go's __DWARF */
                  (s->size <= segment->memory_size && s->address >= segment->address &&
                   s->address - segment->address <= segment->memory_size - s->size);
    bool in_file = !s->has_bytes || (s->offset >= segment->offset &&
                                     range_fits(segment->file_size, s->offset - segment->offset, s->size));
    bool in_image = !s->has_bytes || range_fits(view->image->size, s->offset - view->image->offset, s->size);
    bool empty = s->size == 0 && s->address >= segment->address; /* dyld asks as much of one */
    if (empty || (inside && in_file && in_image))
        return;
    view->image->sections.known = KNOWN_BROKEN;
    defect_add(&view->file->arena, &view->image->defects, DEFECT_ID_macho_segment, s->header_offset,
               "a section inside its segment", "%s,%s: %#llx bytes at address %#llx, offset %#llx", s->segment, s->name,
               (unsigned long long)s->size, (unsigned long long)s->address, (unsigned long long)s->offset);
}

static void read_section(struct macho_view *view, struct cursor *c, const struct segment *segment, uint64_t at)
{
    struct section_list *list = &view->image->sections;
    struct section s = {.header_offset = macho_at(view, at)};
    int bits = view->image->bits;
    s.name = fixed_name(view, cursor_take(c, NAME_SIZE));
    s.segment = fixed_name(view, cursor_take(c, NAME_SIZE));
    s.address = cursor_word(c, bits);
    s.size = cursor_word(c, bits);
    s.offset = macho_at(view, cursor_u32(c));
    cursor_skip(c, 4);
    uint32_t relocations = cursor_u32(c), relocation_count = cursor_u32(c), flags = cursor_u32(c);
    cursor_skip(c, bits == 64 ? 12 : 8);
    s.type = flags & SECTION_TYPE;
    s.flags = flags;
    s.has_bytes = s.type != S_ZEROFILL && s.type != S_GB_ZEROFILL && s.type != S_THREAD_LOCAL_ZEROFILL;
    if (view->extra->filetype == MH_OBJECT)
        claim(view, relocations, (uint64_t)relocation_count * RELOCATION_SIZE, "relocations of a section");
    list->items = arena_grow(&view->file->arena, list->items, list->count, sizeof *list->items);
    list->items[list->count++] = s;
    if (view->extra->filetype != MH_DSYM || strcmp(s.segment, "__DWARF") == 0)
        check_section(view, segment, &s);
    take_debug(view, &s);
}

static void take_segment(struct macho_view *view, const struct segment *s)
{
    struct image *image = view->image;
    struct segment_list *list = &image->segments;
    uint64_t offset = s->offset - image->offset;
    if (NEVER(s->offset < image->offset) || !range_fits(image->size, offset, s->file_size) ||
        (s->file_size > s->memory_size && (s->memory_size || s->access)) ||
        range_end(s->address, s->memory_size) == UINT64_MAX) {
        defect_add(&view->file->arena, &image->defects, DEFECT_ID_macho_segment, s->header_offset,
                   "a file range inside the image, and no larger than the memory",
                   "%s: %#llx bytes at %#llx for %#llx bytes of memory", s->name, (unsigned long long)s->file_size,
                   (unsigned long long)offset, (unsigned long long)s->memory_size);
        list->known = KNOWN_BROKEN;
    }
    if (offset == 0 && s->file_size && s->access & ACCESS_EXECUTE) {
        if (view->has_text && view->extra->filetype == MH_EXECUTE)
            defect_add(&view->file->arena, &image->defects, DEFECT_ID_macho_segment, s->header_offset,
                       "one executable segment that begins with the header", "another one, %s", s->name);
        view->has_text = true;
        view->text_address = s->address;
    }
    list->items = arena_grow(&view->file->arena, list->items, list->count, sizeof *list->items);
    list->items[list->count++] = *s;
}

void read_segment(struct macho_view *view, const struct command *c)
{
    int bits = view->image->bits;
    uint64_t head = bits == 64 ? 72 : 56, stride = bits == 64 ? 80 : 68;
    struct cursor cursor = command_cursor(view, c);
    struct segment s = {.align = LIMIT_PAGE, .header_offset = macho_at(view, c->at)};
    struct view table;
    s.name = fixed_name(view, cursor_take(&cursor, NAME_SIZE));
    s.address = cursor_word(&cursor, bits);
    s.memory_size = cursor_word(&cursor, bits);
    s.offset = macho_at(view, cursor_word(&cursor, bits));
    s.file_size = cursor_word(&cursor, bits);
    s.max_access = access_of(cursor_u32(&cursor));
    uint32_t initial = cursor_u32(&cursor), count = cursor_u32(&cursor), flags = cursor_u32(&cursor);
    s.access = access_of(initial);
    if (cursor.failed || (c->type == LC_SEGMENT_64) != (bits == 64) || !view_table(c->v, head, stride, count, &table) ||
        c->v.size != head + count * stride) { /* dyld wants the command to end with them */
        MACHO_DEFECT(view, macho_segment, c->at, "a segment command of this image's word size that holds its sections",
                     "%zu bytes for %u sections", c->v.size, count);
        view->image->segments.known = view->image->sections.known = KNOWN_BROKEN;
        return;
    }
    if (initial & ~(uint32_t)(PROT_READ | PROT_WRITE | PROT_EXECUTE))
        MACHO_DEFECT(view, macho_segment, c->at, "an initprot of r, w and x alone", "%s: initprot %#x", s.name,
                     initial);
    if (flags & SG_READ_ONLY && s.memory_size && (s.address || s.file_size || initial)) /* __PAGEZERO is not mapped */
        view->read_only_segments++;
    if (flags & SG_PROTECTED_VERSION_1 && s.file_size) { /* its pages are decrypted as they are mapped */
        view->extra->encrypted = true;
        view->extra->encrypted_offset = s.offset;
    }
    if (view->image->segments.count >= LIMIT_SEGMENTS || view->image->sections.count + count > LIMIT_SEGMENTS) {
        MACHO_DEFECT(view, macho_segment, c->at, "at most 65536 segments and sections", "%u sections more", count);
        view->image->segments.known = view->image->sections.known = KNOWN_BROKEN;
        return;
    }
    take_segment(view, &s);
    cursor = cursor_at(table, view->big_endian);
    for (uint32_t i = 0; i < count; i++)
        read_section(view, &cursor, &s, c->at + head + i * stride);
}

static int by_address(const void *a, const void *b)
{
    const struct segment *x = a, *y = b;
    return (x->address > y->address) - (x->address < y->address);
}

static int by_offset(const void *a, const void *b)
{
    const struct segment *x = a, *y = b;
    return (x->offset > y->offset) - (x->offset < y->offset);
}

/* XNU starts no program, and dyld loads no library, whose header and load commands no executable segment maps. */
static void check_text(struct macho_view *view)
{
    enum kind kind = view->image->kind;
    if (view->whole && view->extra->ncmds && !view->has_text && view->image->judged &&
        (kind == KIND_EXECUTABLE || kind == KIND_SHARED_LIBRARY || kind == KIND_BUNDLE))
        MACHO_DEFECT(view, macho_segment, 0, "an executable segment that begins with the header", "none");
}

void check_segments(struct macho_view *view)
{
    struct image *image = view->image;
    size_t count = image->segments.count, kept = 0;
    struct segment *sorted = arena_array(&view->file->arena, count, sizeof *sorted);
    if (view->extra->filetype == MH_DSYM || view->extra->filetype == MH_OBJECT)
        return;
    check_text(view);
    for (size_t i = 0; i < count; i++)
        if (image->segments.items[i].memory_size)
            sorted[kept++] = image->segments.items[i];
    qsort(sorted, kept, sizeof *sorted, by_address);
    for (size_t i = 1; i < kept; i++)
        if (range_end(sorted[i - 1].address, sorted[i - 1].memory_size) > sorted[i].address)
            defect_add(&view->file->arena, &image->defects, DEFECT_ID_macho_segment_overlap, sorted[i].header_offset,
                       "segments apart in memory", "%s begins inside %s", sorted[i].name, sorted[i - 1].name);
    kept = 0;
    for (size_t i = 0; i < count; i++)
        if (image->segments.items[i].file_size)
            sorted[kept++] = image->segments.items[i];
    qsort(sorted, kept, sizeof *sorted, by_offset);
    for (size_t i = 1; i < kept; i++)
        if (range_end(sorted[i - 1].offset, sorted[i - 1].file_size) > sorted[i].offset)
            defect_add(&view->file->arena, &image->defects, DEFECT_ID_macho_segment_overlap, sorted[i].header_offset,
                       "segments apart in the file", "%s begins inside %s", sorted[i].name, sorted[i - 1].name);
}

void read_main(struct macho_view *view, const struct command *c)
{
    struct cursor cursor = command_cursor(view, c);
    view->main_offset = cursor_u64(&cursor);
    cursor_skip(&cursor, 8);
    if (cursor.failed) {
        MACHO_DEFECT(view, macho_entry, c->at, "an LC_MAIN of 24 bytes", "%zu bytes", c->v.size);
        return;
    }
    view->extra->has_main = true;
    view->image->entry.header_offset = macho_at(view, c->at);
}

/* LC_UNIXTHREAD is a list of flavor, count of words and that many words of registers; the kernel refuses a
 * program with a state that it does not know. LC_THREAD, of core files, is the same and not read. */
void read_thread(struct macho_view *view, const struct command *c)
{
    static const struct {
        uint32_t cputype, flavor, count, pc; /* pc: the byte offset of the program counter in the state */
    } states[] = {{CPU_TYPE_X86_64, 4, 42, 16 * 8},
                  {CPU_TYPE_ARM64, 6, 68, 32 * 8},
                  {CPU_TYPE_X86, 1, 16, 10 * 4},
                  {CPU_TYPE_ARM, 1, 17, 15 * 4}};
    struct cursor cursor = command_cursor(view, c);
    while (c->type == LC_UNIXTHREAD && cursor.at < c->v.size) {
        bool taken = false;
        uint32_t flavor = cursor_u32(&cursor), count = cursor_u32(&cursor);
        struct view state = cursor_take(&cursor, (uint64_t)count * 4);
        for (size_t i = 0; i < sizeof states / sizeof *states && !cursor.failed; i++) {
            struct view pc;
            int bits = states[i].cputype & CPU_ARCH_ABI64 ? 64 : 32;
            if (states[i].cputype != view->extra->cputype || states[i].flavor != flavor || states[i].count != count ||
                NEVER(!view_sub(state, states[i].pc, bits == 64 ? 8 : 4, &pc)))
                continue;
            struct cursor at = cursor_at(pc, view->big_endian);
            view->thread_pc = cursor_word(&at, bits);
            view->extra->has_unixthread = taken = true;
            view->image->entry.header_offset = macho_at(view, c->at);
        }
        if (cursor.failed || (view->image->judged && !taken)) {
            MACHO_DEFECT(view, macho_entry, c->at, "thread states of this CPU, inside the command",
                         "flavor %u of %u words", flavor, count);
            return;
        }
    }
}

void resolve_entry(struct macho_view *view)
{
    struct image *image = view->image;
    struct entry *entry = &image->entry;
    if (view->extra->filetype != MH_EXECUTE && view->extra->filetype != MH_DYLINKER)
        return;
    if (view->extra->has_main && view->extra->has_unixthread)
        defect_add(&view->file->arena, &image->defects, DEFECT_ID_macho_entry, entry->header_offset,
                   "LC_MAIN or LC_UNIXTHREAD", "both");
    entry->known = view->extra->has_main || view->extra->has_unixthread ? KNOWN_COMPLETE : KNOWN_ABSENT;
    if (!view->whole || image->segments.known == KNOWN_BROKEN)
        entry->known = KNOWN_BROKEN;
    bool found = view->extra->has_unixthread;
    entry->address = view->thread_pc;
    if (view->extra->has_main) { /* dyld counts from where the header is, not from the start of the file */
        entry->address = range_end(view->text_address, view->main_offset);
        found = view->has_text;
    }
    for (size_t i = 0; found && i < image->segments.count; i++) {
        const struct segment *s = &image->segments.items[i];
        uint64_t size = s->file_size < s->memory_size ? s->file_size : s->memory_size;
        if (!(s->access & ACCESS_EXECUTE) || entry->address < s->address || entry->address - s->address >= size)
            continue;
        entry->in_code = true;
        entry->offset = range_end(s->offset, entry->address - s->address);
    }
}
