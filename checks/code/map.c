#include "checks/code/map.h"

#include <stdlib.h>
#include <string.h>

static int by_address(const void *a, const void *b)
{
    const struct span *one = a, *other = b;
    return (one->address > other->address) - (one->address < other->address);
}

enum { SHF_EXECINSTR = 4, S_ATTR_SOME_INSTRUCTIONS = 0x400 };

static int by_start(const void *a, const void *b)
{
    const struct code_range *one = a, *other = b;
    return (one->address > other->address) - (one->address < other->address);
}

static void add_code(struct map *map, uint64_t address, uint64_t size)
{
    if (!size)
        return;
    map->code[map->code_count++] = (struct code_range){address, size};
    map->code_size += size;
}

/* Bytes at the start of a span that are the file's own headers. */
static uint64_t headers(const struct image *image, const struct span *span)
{
    enum { EHDR = 64, PHDR = 56, MACH_HEADER = 32 };
    if (span->offset != image->offset)
        return 0;
    return image->format == FORMAT_ELF ? EHDR + (uint64_t)image->elf->phnum * PHDR
                                       : MACH_HEADER + (uint64_t)image->macho->sizeofcmds;
}

static void find_code(const struct image *image, struct arena *arena, struct map *map)
{
    uint64_t mask = image->format == FORMAT_ELF ? SHF_EXECINSTR
                                                : 0x80000000u /* S_ATTR_PURE_INSTRUCTIONS */ | S_ATTR_SOME_INSTRUCTIONS;
    map->code = arena_array(arena, map->count + image->sections.count + 1, sizeof *map->code);
    for (size_t i = 0; image->sections.known == KNOWN_COMPLETE && i < image->sections.count; i++) {
        const struct section *section = &image->sections.items[i];
        const struct span *span = section->flags & mask && section->has_bytes ? map_find(map, section->address) : NULL;
        uint64_t at = span ? section->address - span->address : 0;
        if (span && span->executes && at <= span->size && section->size <= span->size - at)
            add_code(map, section->address, section->size);
    }
    qsort(map->code, map->code_count, sizeof *map->code, by_start);
    for (size_t i = 1; i < map->code_count; i++)
        if (map->code[i].address - map->code[i - 1].address < map->code[i - 1].size)
            map->code_count = 0; /* sections over one another say nothing */
    if (map->code_count && (!image->entry.in_code || map_is_code(map, image->entry.address)))
        return;
    map->code_count = 0;
    map->code_size = 0;
    for (size_t i = 0; i < map->count; i++) {
        const struct span *span = &map->spans[i];
        uint64_t skipped = headers(image, span);
        if (span->executes && (skipped >= span->size || image->entry.address - span->address < skipped))
            skipped = 0; /* programs that start in their own header have been seen */
        if (span->executes)
            add_code(map, span->address + skipped, span->size - skipped);
    }
}

/* Whether the spans are no more than what linkers make of a file: some pages of it twice, and few to execute. All that looks
 * at code takes as long as they are large. */
static bool is_plain(const struct image *image, const struct map *map)
{
    enum { MOST_EXECUTING = 256, SOME = 1 << 20 };
    uint64_t bytes = 0, most = 2 * image->size + SOME;
    size_t executing = 0;
    for (size_t i = 0; i < map->count && bytes <= most; i++) {
        bytes += map->spans[i].size; /* each within the file */
        executing += map->spans[i].executes;
    }
    return bytes <= most && executing <= MOST_EXECUTING;
}

bool map_make(const struct image *image, struct arena *arena, struct map *map)
{
    bool whole = image->segments.known == KNOWN_COMPLETE;
    *map = (struct map){.spans = arena_array(arena, image->segments.count + 1, sizeof *map->spans)};
    for (size_t i = 0; i < image->segments.count; i++) {
        const struct segment *segment = &image->segments.items[i];
        struct view view = {0};
        if (!(segment->access & (ACCESS_READ | ACCESS_EXECUTE)) && !segment->file_size)
            continue; /* __PAGEZERO */
        uint64_t size = segment->file_size < segment->memory_size ? segment->file_size : segment->memory_size;
        if (size && !image_view(image, segment->offset - image->offset, size, &view)) {
            whole = false;
            continue;
        }
        struct span span = {.address = segment->address,
                            .size = size,
                            .memory_size = segment->memory_size,
                            .offset = segment->offset,
                            .data = view.data,
                            .executes = segment->access & ACCESS_EXECUTE,
                            .writes = segment->access & ACCESS_WRITE,
                            .linkedit = strcmp(segment->name, "__LINKEDIT") == 0};
        map->spans[map->count++] = span;
    }
    whole = whole && is_plain(image, map);
    qsort(map->spans, map->count, sizeof *map->spans, by_address);
    for (size_t i = map->count; i-- > 0;)
        map->base = map->spans[i].executes ? map->spans[i].address : map->base;
    enum { LOW = 0x10000 };
    map->absolute = map->count && map->spans[0].address >= LOW && map->spans[0].address >> 32 == 0;
    find_code(image, arena, map);
    return whole;
}

size_t ranges_merge(struct code_range *ranges, size_t count)
{
    size_t kept = 0;
    if (count)
        qsort(ranges, count, sizeof *ranges, by_start);
    for (size_t i = 0; i < count; i++) {
        struct code_range *last = kept ? &ranges[kept - 1] : NULL, *next = &ranges[i];
        uint64_t most = UINT64_MAX - next->address, size = next->size < most ? next->size : most;
        uint64_t apart = last ? next->address - last->address : UINT64_MAX;
        if (!last || apart > last->size)
            ranges[kept++] = (struct code_range){next->address, size};
        else if (apart + size > last->size)
            last->size = apart + size;
    }
    return kept;
}

bool ranges_have(const struct code_range *ranges, size_t count, uint64_t address)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (ranges[middle].address <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low && address - ranges[low - 1].address < ranges[low - 1].size;
}

bool map_is_code(const struct map *map, uint64_t address)
{
    return ranges_have(map->code, map->code_count, address);
}

const struct span *map_find(const struct map *map, uint64_t address)
{
    size_t low = 0, high = map->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct span *span = &map->spans[middle];
        if (address < span->address)
            high = middle;
        else if (address - span->address >= span->memory_size)
            low = middle + 1;
        else
            return span;
    }
    return NULL;
}

uint64_t map_chained(const struct map *map, uint64_t word)
{
    enum { TARGET_BITS = 36 };
    uint64_t low = word & (((uint64_t)1 << TARGET_BITS) - 1);
    if (low && map_find(map, low))
        return low;
    /* DYLD_CHAINED_PTR_64_OFFSET counts from the image's start */
    return word >> 62 || !map->base ? 0 : map->base + (low & 0xffffffff);
}

uint64_t map_relocated(const struct map *map, uint64_t address)
{
    size_t low = 0, high = map->relocated_count;
    if (!high || address < map->relocated[0].place || address > map->relocated[high - 1].place)
        return 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (map->relocated[middle].place < address)
            low = middle + 1;
        else
            high = middle;
    }
    return map->relocated[low].place == address ? map->relocated[low].target : 0;
}
