/* Is it a Go program, and what does it say of itself? Two traces: the build information
 * and pclntab, each with a section of its own name, and each to be known by its content
 * where names are gone or have moved (Go 1.26 lets a PIE's pclntab stand elsewhere).
 *
 * Names cost nothing and are asked first. Content is searched where a Go program may stand
 * without them: everywhere but in what a C linker made for a dynamic loader, known by
 * .eh_frame, .init_array or __unwind_info, none of which the Go linker writes. The bytes
 * are looked at once, eight at a time: both traces begin aligned. Under --no-code names alone
 * are asked.
 *
 * A magic proves nothing. The go command and every tool that reads Go programs hold the
 * same bytes as a constant. A record counts when it can be read to its end; a record that
 * cannot is damaged, a defect, only in a section of that name, or in a writable segment of
 * a program with a pclntab. */
#include "formats/go/go.h"

#include <string.h>

#include "formats/limits.h"
#include "formats/loaded.h"

enum { WORDS = 64 };

struct search {
    struct image *image;
    struct go_info *go;
    unsigned magics;
    bool damaged;
    bool writable; /* the record that was taken stands in a writable segment */
    uint64_t damaged_offset;
};

static const struct section *named(const struct image *image, const char *const *names)
{
    for (size_t i = 0; i < image->sections.count; i++) {
        const struct section *s = &image->sections.items[i];
        for (size_t k = 0; s->has_bytes && s->size && names[k]; k++)
            if (same_name(s->name, names[k]))
                return s;
    }
    return NULL;
}

static bool is_writable(const struct image *image, uint64_t offset)
{
    for (size_t i = 0; i < image->segments.count; i++) {
        const struct segment *s = &image->segments.items[i];
        if (s->access & ACCESS_WRITE && offset >= s->offset && offset - s->offset < s->file_size)
            return true;
    }
    return false;
}

/* As `go version` does, the record in writable data is preferred to a copy elsewhere. */
static void try_record(struct search *search, struct view v, uint64_t offset)
{
    struct go_info *go = search->go, read = *go;
    if ((offset - search->image->offset) % GO_RECORD_ALIGN != 0 || v.size < GO_MAGIC ||
        memcmp(v.data, GO_BUILD_INFO_MAGIC, GO_MAGIC) != 0)
        return;
    if (search->magics++ >= LIMIT_GO_RECORDS) {
        search->damaged = true; /* no program holds so many: the true one is not found among them */
        search->damaged_offset = offset;
        return;
    }
    bool writable = is_writable(search->image, offset);
    if (go->version && (search->writable || !writable))
        return;
    if (build_info_take(search->image, v, offset, &read)) {
        *go = read;
        search->writable = writable;
    } else if (writable && !search->damaged) {
        search->damaged = true;
        search->damaged_offset = offset;
    }
}

static bool may_be_table(uint64_t word)
{
    return (word & UINT64_C(0x0000ffffffffff00)) == UINT64_C(0xffffff00);
}

static void look(struct search *search, struct view v, uint64_t offset)
{
    uint64_t record = load_le64((const uint8_t *)GO_BUILD_INFO_MAGIC);
    for (size_t at = 0; at + 8 <= v.size;) {
        size_t count = (v.size - at) / 8 < WORDS ? (v.size - at) / 8 : WORDS, hits = 0;
        for (size_t i = 0; i < count; i++) {
            uint64_t word = load_le64(v.data + at + i * 8);
            hits += may_be_table(word) | (word == record);
        }
        for (size_t i = 0; hits && i < count; i++) {
            struct view rest = {v.data + at + i * 8, v.size - at - i * 8};
            uint64_t word = load_le64(rest.data);
            if (word == record)
                try_record(search, rest, offset + at + i * 8);
            if (!search->go->pclntab && may_be_table(word) && pclntab_is(search->image, rest, rest.size)) {
                search->go->pclntab = true;
                search->go->pclntab_offset = offset + at + i * 8;
            }
        }
        at += count * 8;
    }
}

static bool is_worth_it(const struct image *image)
{
    static const char *const c_linker[] = {".eh_frame", ".init_array", "__unwind_info", "__eh_frame", NULL};
    bool loaded =
        image->kind == KIND_SHARED_LIBRARY || image->linkage == LINKAGE_DYNAMIC || image->format == FORMAT_MACHO;
    return !loaded || image->sections.known != KNOWN_COMPLETE || !named(image, c_linker);
}

static void search_content(struct search *search)
{
    struct range *ranges;
    bool whole;
    struct view v;
    size_t count = loaded_ranges(search->image, &ranges, &whole);
    for (size_t i = 0; i < count; i++) {
        uint64_t skip = -(ranges[i].offset - search->image->offset) & 7;
        if (skip < ranges[i].size && file_view(search->image->file, ranges[i].offset + skip, ranges[i].size - skip, &v))
            look(search, v, ranges[i].offset + skip);
    }
}

/* The section named for the build information holds it, or it is damaged. */
static void search_section(struct search *search, const struct section *s)
{
    struct view v;
    uint64_t least = s->size < GO_RECORD_HEADER ? s->size : GO_RECORD_HEADER;
    for (uint64_t at = 0; at < s->size && at < LIMIT_PAGE && !search->go->version; at += GO_RECORD_ALIGN)
        if (s->size - at >= least && file_view(search->image->file, s->offset + at, s->size - at, &v))
            try_record(search, v, s->offset + at);
    search->damaged = !search->go->version;
    search->damaged_offset = s->offset;
}

static void search_names(struct search *search, bool content)
{
    static const char *const records[] = {".go.buildinfo", "__go_buildinfo", NULL};
    static const char *const tables[] = {".gopclntab", ".data.rel.ro.gopclntab", "__gopclntab", NULL};
    const struct image *image = search->image;
    const struct section *record = named(image, records), *table = named(image, tables);
    struct view v;
    if (record)
        search_section(search, record);
    uint64_t head = table && table->size < GO_TABLE_HEADER ? table->size : GO_TABLE_HEADER;
    if (table && ((file_view(image->file, table->offset, head, &v) && pclntab_is(image, v, table->size)) ||
                  (file_view(image->file, table->offset, table->size, &v) && pclntab_is(image, v, v.size)))) {
        search->go->pclntab = true;
        search->go->pclntab_offset = table->offset;
    }
    bool missing = !search->go->version || !search->go->pclntab;
    if (content && missing && (record || table || is_worth_it(image)))
        search_content(search);
    search->damaged = search->damaged && !search->go->version && (record || search->go->pclntab);
}

void read_go(struct image *image, const struct read_options *options)
{
    struct go_info found = {.known = KNOWN_ABSENT};
    struct search search = {.image = image, .go = &found};
    search_names(&search, options->code);
    if (search.damaged) {
        found.known = KNOWN_BROKEN;
        found.offset = search.damaged_offset;
        defect_add(&image->file->arena, &image->defects, DEFECT_ID_go_build_info, found.offset,
                   "a Go version and module information", "a record that cannot be read to its end");
    } else if (!found.version) {
        if (!found.pclntab)
            return;
        found.offset = found.pclntab_offset;
    }
    if (found.pclntab && options->code && image->format == FORMAT_ELF)
        found.runtime_os = go_runtime_os(image, found.pclntab_offset, &found.runtime_os_offset);
    struct go_info *go = arena_alloc(&image->file->arena, sizeof *go);
    *go = found;
    image->go = go;
    uint64_t function = 0;
    if (options->code && !go_table_agrees(image, &function))
        defect_add(&image->file->arena, &image->defects, DEFECT_ID_go_table, go->pclntab_offset,
                   "functions in ascending order, each with its own record", "function %llu of pclntab is not",
                   (unsigned long long)function);
    if (go->version)
        named_add(&image->file->arena, &image->toolchains, go->version, go->offset, 0);
    if (go->version && image->toolchains.known == KNOWN_ABSENT)
        image->toolchains.known = KNOWN_COMPLETE;
}
