/* Pointers in data. A table of them counts as reached when code that is reached forms the table's address. */
#include <stdlib.h>
#include <string.h>

#include "checks/code/ground.h"
#include "checks/code/imports.h"
#include "formats/arena.h"

enum { R_X86_64_RELATIVE = 8, R_X86_64_IRELATIVE = 37, R_AARCH64_RELATIVE = 1027, R_AARCH64_IRELATIVE = 1032 };
enum { PAGE_SHIFT = 10 };

struct search {
    struct ground *ground;
    uint64_t lowest, extent; /* of all that is mapped */
    bool counted;            /* at first pointers and resolvers are counted only, for there may be millions */
    bool anywhere;           /* no section says where relocations are */
    size_t table_count;
    struct code_range *tables; /* where they are */
};

static bool is_pointer(const struct search *s, uint64_t value)
{
    return value != 0 && value - s->lowest < s->extent && map_find(&s->ground->map, value) != NULL;
}

static void found(struct search *s, uint64_t place, uint64_t target)
{
    struct ground *g = s->ground;
    g->pointer_count++;
    if (!s->counted)
        return;
    bool code = target % g->unit == 0 && map_is_code(&g->map, target);
    g->pointers[g->pointer_count - 1] =
        (struct pointer){.place = place, .target = target & ((UINT64_C(1) << ADDRESS_BITS) - 1), .code = code};
}

/* Where tables of relocations are, as far as sections tell; where there are none, they may be anywhere. */
static void find_tables(struct search *s)
{
    enum { SHT_RELA = 4 };
    const struct section_list *sections = &s->ground->image->sections;
    s->tables = arena_array(s->ground->arena, sections->count + 1, sizeof *s->tables);
    for (size_t i = 0; sections->known == KNOWN_COMPLETE && i < sections->count; i++)
        if (sections->items[i].type == SHT_RELA)
            s->tables[s->table_count++] = (struct code_range){sections->items[i].address, sections->items[i].size};
    s->anywhere = s->table_count == 0;
    s->table_count = ranges_merge(s->tables, s->table_count);
}

static bool in_relocations(const struct search *s, uint64_t address)
{
    return s->anywhere || ranges_have(s->tables, s->table_count, address);
}

/* A word of a span, `at` bytes into it, that leads to `value`. Relocations with addends (24 bytes: place, type, addend)
 * stand among the words and are told by their types; IRELATIVE ones name resolvers. */
static void look_at(struct search *s, const struct span *span, uint64_t at, uint64_t value)
{
    struct ground *g = s->ground;
    uint64_t irelative = g->amd64 ? R_X86_64_IRELATIVE : R_AARCH64_IRELATIVE;
    uint64_t relative = g->amd64 ? R_X86_64_RELATIVE : R_AARCH64_RELATIVE;
    uint64_t place = span->address + at;
    if (at >= 16 && g->image->format == FORMAT_ELF) {
        uint64_t type = load_le64(span->data + at - 8), slot = load_le64(span->data + at - 16);
        const struct span *target = type == irelative ? map_find(&g->map, slot) : NULL;
        if (target && target->writes && map_is_code(&g->map, value) && in_relocations(s, place)) {
            g->resolver_count++;
            if (s->counted)
                g->resolvers[g->resolver_count - 1] = value;
            return;
        }
        if (type == relative && map_find(&g->map, slot))
            place = slot;
        else if (!g->map.absolute && !span->writes)
            return; /* numbers look like addresses */
    }
    if (!span->executes || map_is_code(&g->map, value) || !map_is_code(&g->map, place))
        found(s, place, value);
}

static void search(struct search *s)
{
    const struct map *map = &s->ground->map;
    bool elf = s->ground->image->format == FORMAT_ELF;
    for (size_t i = 0; i < map->count; i++) {
        const struct span *span = &map->spans[i];
        for (uint64_t at = (8 - span->address % 8) % 8; at + 8 <= span->size; at += 8) {
            uint64_t word = load_le64(span->data + at);
            if (elf && word - s->lowest >= s->extent)
                continue;
            uint64_t value = elf || word == 0 || is_pointer(s, word) ? word : map_chained(map, word);
            if (is_pointer(s, value))
                look_at(s, span, at, value);
        }
    }
}

static int by_place(const void *a, const void *b)
{
    const struct pointer *one = a, *other = b;
    return (one->place > other->place) - (one->place < other->place);
}

/* What the loader makes read-only before the program runs. */
static size_t find_constant(const struct ground *g, struct code_range *ranges)
{
    const struct image *image = g->image;
    size_t count = 0;
    if (image->format == FORMAT_ELF && image->elf->has_relro)
        ranges[count++] = (struct code_range){image->elf->relro_address, image->elf->relro_size};
    for (size_t i = 0; image->format != FORMAT_ELF && i < image->segments.count; i++) {
        const struct segment *segment = &image->segments.items[i];
        if (strcmp(segment->name, "__DATA_CONST") == 0)
            ranges[count++] = (struct code_range){segment->address, segment->memory_size};
    }
    return ranges_merge(ranges, count);
}

/* Slots in memory that the loader makes read-only, for loads from them. */
static void keep_relocated(struct ground *g)
{
    struct code_range *ranges = arena_array(g->arena, g->image->segments.count + 1, sizeof *ranges);
    size_t range_count = find_constant(g, ranges), constant = 0, count = 0;
    for (size_t i = 0; i < g->pointer_count; i++)
        constant += ranges_have(ranges, range_count, g->pointers[i].place);
    struct relocated *kept = arena_array(g->arena, constant + 1, sizeof *kept);
    for (size_t i = 0; i < g->pointer_count && count < constant; i++)
        if (ranges_have(ranges, range_count, g->pointers[i].place) &&
            (!count || kept[count - 1].place != g->pointers[i].place))
            kept[count++] = (struct relocated){g->pointers[i].place, g->pointers[i].target};
    g->map.relocated = kept;
    g->map.relocated_count = count;
}

/* Where to begin to look for the pointers at each KiB. */
static void index_pages(struct ground *g)
{
    enum { MOST = 1 << 20 }; /* of a GiB */
    struct pages *pages = &g->pages;
    if (g->pointer_count == 0)
        return;
    pages->base = g->pointers[0].place;
    uint64_t span = (g->pointers[g->pointer_count - 1].place - pages->base) >> PAGE_SHIFT;
    pages->count = (size_t)(span < MOST ? span : MOST) + 1; /* the last stands for all that follow */
    pages->first = arena_array(g->arena, pages->count + 1, sizeof *pages->first);
    size_t page = 0;
    for (size_t i = 0; i < g->pointer_count; i++)
        while (page < pages->count && page <= (g->pointers[i].place - pages->base) >> PAGE_SHIFT)
            pages->first[page++] = (uint32_t)i;
    while (page <= pages->count)
        pages->first[page++] = (uint32_t)g->pointer_count;
}

size_t pointers_from(const struct ground *g, uint64_t place)
{
    const struct pages *pages = &g->pages;
    if (g->pointer_count == 0 || place <= pages->base)
        return 0;
    uint64_t page = (place - pages->base) >> PAGE_SHIFT;
    size_t low = page < pages->count ? pages->first[page] : pages->first[pages->count - 1];
    size_t high = page + 1 < pages->count ? pages->first[page + 1] : g->pointer_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (g->pointers[middle].place < place)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void ground_pointers(struct ground *g)
{
    struct search s = {.ground = g};
    if (g->has_pointers)
        return;
    g->has_pointers = true;
    for (size_t i = 0; i < g->map.count; i++) {
        const struct span *span = &g->map.spans[i];
        if (i == 0)
            s.lowest = span->address;
        if (span->address - s.lowest + span->memory_size > s.extent)
            s.extent = span->address - s.lowest + span->memory_size;
    }
    find_tables(&s);
    search(&s);
    g->pointers = arena_array(g->arena, g->pointer_count + 1, sizeof *g->pointers);
    g->resolvers = arena_array(g->arena, g->resolver_count + 1, sizeof *g->resolvers);
    g->pointer_count = g->resolver_count = 0;
    s.counted = true;
    search(&s);
    bool sorted = true;
    for (size_t i = 1; i < g->pointer_count && sorted; i++)
        sorted = g->pointers[i - 1].place <= g->pointers[i].place;
    if (!sorted)
        qsort(g->pointers, g->pointer_count, sizeof *g->pointers, by_place);
    keep_relocated(g);
    index_pages(g);
    imports_find(g->image, &g->map);
}

bool ground_make(const struct image *image, struct arena *arena, struct ground *g)
{
    *g = (struct ground){
        .image = image, .arena = arena, .amd64 = image->arch == ARCH_AMD64, .unit = image->arch == ARCH_AMD64 ? 1 : 4};
    if (!map_make(image, arena, &g->map) || g->map.code_size == 0)
        return false;
    starts_find(image, &g->map, arena, &g->starts);
    return !g->starts.crowded;
}

bool ground_executes(const struct ground *g, uint64_t address)
{
    const struct span *span = map_find(&g->map, address);
    return span && span->executes && address - span->address < span->size && address % g->unit == 0;
}
