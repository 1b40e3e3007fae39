/* Pointers in data. A table of them counts as reached when code that is reached forms the table's address. */
#include <stdlib.h>
#include <string.h>

#include "checks/code/program.h"

enum { R_X86_64_RELATIVE = 8, R_X86_64_IRELATIVE = 37, R_AARCH64_RELATIVE = 1027, R_AARCH64_IRELATIVE = 1032 };

static bool is_pointer(const struct program *p, uint64_t value)
{
    return value != 0 && map_find(&p->map, value) != NULL;
}

static void add_pointer(struct program *p, uint64_t place, uint64_t target)
{
    struct pointer *pointers = program_grow(p, p->pointers, &p->pointer_room, p->pointer_count, sizeof *pointers);
    if (!pointers)
        return;
    p->pointers = pointers;
    bool code = target % p->unit == 0 && map_is_code(&p->map, target);
    p->pointers[p->pointer_count++] = (struct pointer){.place = place, .target = target, .code = code};
}

/* A pointer as a Mach-O file may hold it: as it is, or with chained fixups the target in the low bits. */
static uint64_t pointer_value(const struct program *p, uint64_t word)
{
    enum { TARGET_BITS = 36 };
    if (p->image->format != FORMAT_MACHO || is_pointer(p, word))
        return word;
    uint64_t low = word & (((uint64_t)1 << TARGET_BITS) - 1);
    if (is_pointer(p, low))
        return low;
    for (size_t i = 0; i < p->map.count; i++) /* DYLD_CHAINED_PTR_64_OFFSET counts from the image's start */
        if (p->map.spans[i].executes)
            return word >> 62 ? 0 : p->map.spans[i].address + (low & 0xffffffff);
    return 0;
}

/* Whether a table of relocations is at `address`, as far as sections tell; where there are none, it may be anywhere. */
static bool in_relocations(const struct program *p, uint64_t address)
{
    enum { SHT_RELA = 4 };
    const struct section_list *sections = &p->image->sections;
    bool none = true;
    for (size_t i = 0; sections->known == KNOWN_COMPLETE && i < sections->count; i++) {
        const struct section *section = &sections->items[i];
        none &= section->type != SHT_RELA;
        if (section->type == SHT_RELA && address - section->address < section->size)
            return true;
    }
    return none;
}

/* The words of one span. Relocations with addends (24 bytes: place, type, addend) stand among them and are told by
 * their types; IRELATIVE ones name resolvers. */
static void scan(struct program *p, const struct span *span)
{
    uint64_t irelative = p->amd64 ? R_X86_64_IRELATIVE : R_AARCH64_IRELATIVE;
    uint64_t relative = p->amd64 ? R_X86_64_RELATIVE : R_AARCH64_RELATIVE;
    bool low = p->image->format == FORMAT_ELF && !p->map.absolute;
    for (uint64_t at = (8 - span->address % 8) % 8; at + 8 <= span->size && !p->failed; at += 8) {
        uint64_t word = load_le64(span->data + at), place = span->address + at;
        uint64_t value = word ? pointer_value(p, word) : 0;
        if (!is_pointer(p, value))
            continue;
        if (at >= 16 && p->image->format == FORMAT_ELF) {
            uint64_t type = load_le64(span->data + at - 8), slot = load_le64(span->data + at - 16);
            const struct span *target = type == irelative ? map_find(&p->map, slot) : NULL;
            if (target && target->writes && map_is_code(&p->map, value) && in_relocations(p, place)) {
                words_add(p, &p->resolvers, value);
                continue;
            }
            bool relocated = type == relative && map_find(&p->map, slot);
            if (relocated)
                place = slot;
            else if (low && !span->writes)
                continue; /* numbers look like addresses */
        }
        if (!span->executes || map_is_code(&p->map, value))
            add_pointer(p, place, value);
    }
}

static int by_place(const void *a, const void *b)
{
    const struct pointer *one = a, *other = b;
    return (one->place > other->place) - (one->place < other->place);
}

/* Whether the loader makes `place` read-only before the program runs. */
static bool is_constant(const struct image *image, uint64_t place)
{
    if (image->format == FORMAT_ELF)
        return image->elf->has_relro && place - image->elf->relro_address < image->elf->relro_size;
    for (size_t i = 0; i < image->segments.count; i++)
        if (place - image->segments.items[i].address < image->segments.items[i].memory_size)
            return strcmp(image->segments.items[i].name, "__DATA_CONST") == 0;
    return false;
}

/* Slots in memory that the loader makes read-only, for loads from them. */
static void keep_relocated(struct program *p)
{
    struct relocated *kept = calloc(p->pointer_count + 1, sizeof *kept);
    size_t count = 0;
    for (size_t i = 0; kept && i < p->pointer_count; i++)
        if (is_constant(p->image, p->pointers[i].place) &&
            (count == 0 || kept[count - 1].place != p->pointers[i].place))
            kept[count++] = (struct relocated){p->pointers[i].place, p->pointers[i].target};
    p->failed |= !kept;
    p->map.relocated = kept;
    p->map.relocated_count = kept ? count : 0;
}

void pointers_find(struct program *p)
{
    for (size_t i = 0; i < p->map.count; i++)
        scan(p, &p->map.spans[i]);
    words_sort(&p->resolvers);
    bool sorted = true;
    for (size_t i = 1; i < p->pointer_count; i++)
        sorted &= p->pointers[i - 1].place <= p->pointers[i].place;
    if (!sorted)
        qsort(p->pointers, p->pointer_count, sizeof *p->pointers, by_place);
    keep_relocated(p);
    p->failed |= !pages_make(&p->pointer_pages, p->pointers, p->pointer_count, sizeof *p->pointers);
}

size_t pointers_from(const struct program *p, uint64_t place)
{
    return place == 0 ? 0
                      : pages_find(&p->pointer_pages, p->pointers, p->pointer_count, sizeof *p->pointers, place - 1);
}
