#include "checks/code/marks.h"

#include <stdlib.h>

#include "formats/arena.h"

enum { WORD = 64 };

/* Without the instruction, which is none of x86-64-v1, the compiler calls a function. */
static inline unsigned ones(uint64_t x)
{
    x -= x >> 1 & 0x5555555555555555u;
    x = (x & 0x3333333333333333u) + (x >> 2 & 0x3333333333333333u);
    return (unsigned)(((x + (x >> 4)) & 0x0f0f0f0f0f0f0f0fu) * 0x0101010101010101u >> 56);
}

static size_t words_of(const struct marks *marks, const struct mark_span *span)
{
    return (size_t)(span->size >> marks->shift) / WORD + 1;
}

static void set_spans(struct marks *marks, const struct map *map)
{
    for (size_t i = 0; i < map->count; i++)
        if (map->spans[i].executes && map->spans[i].size)
            marks->spans[marks->count++] =
                (struct mark_span){.address = map->spans[i].address, .size = map->spans[i].size};
}

bool marks_make(struct marks *marks, const struct map *map, unsigned unit)
{
    bool good;
    *marks = (struct marks){.shift = unit == 4 ? 2 : 0, .spans = calloc(map->count + 1, sizeof *marks->spans)};
    good = marks->spans != NULL;
    if (good)
        set_spans(marks, map);
    for (size_t i = 0; good && i < marks->count; i++) {
        marks->spans[i].bits = calloc(words_of(marks, &marks->spans[i]), sizeof *marks->spans[i].bits);
        good = marks->spans[i].bits != NULL;
    }
    return good;
}

void marks_make_in(struct marks *marks, const struct map *map, unsigned unit, struct arena *arena)
{
    *marks =
        (struct marks){.shift = unit == 4 ? 2 : 0, .spans = arena_array(arena, map->count + 1, sizeof *marks->spans)};
    set_spans(marks, map);
    for (size_t i = 0; i < marks->count; i++)
        marks->spans[i].bits = arena_array(arena, words_of(marks, &marks->spans[i]), sizeof *marks->spans[i].bits);
}

void marks_free(struct marks *marks)
{
    for (size_t i = 0; i < marks->count; i++) {
        free(marks->spans[i].bits);
        free(marks->spans[i].before);
    }
    free(marks->spans);
}

struct mark_span *marks_span(const struct marks *marks, uint64_t address)
{
    size_t low = 0, high = marks->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        struct mark_span *span = &marks->spans[middle];
        if (address < span->address)
            high = middle;
        else if (address - span->address >= span->size)
            low = middle + 1;
        else
            return span;
    }
    return NULL;
}

bool marks_put(struct marks *marks, uint64_t address)
{
    struct mark_span *span = marks_span(marks, address);
    uint64_t unit = span ? (address - span->address) >> marks->shift : 0;
    if (!span || (address - span->address) & ((1u << marks->shift) - 1) || span->bits[unit / WORD] >> unit % WORD & 1)
        return false;
    span->bits[unit / WORD] |= (uint64_t)1 << unit % WORD;
    return true;
}

bool marks_have(const struct marks *marks, uint64_t address)
{
    const struct mark_span *span = marks_span(marks, address);
    uint64_t unit = span ? (address - span->address) >> marks->shift : 0;
    return span && span->bits[unit / WORD] >> unit % WORD & 1 && span->address + (unit << marks->shift) == address;
}

size_t marks_count(struct marks *marks)
{
    size_t total = 0;
    for (size_t i = 0; i < marks->count; i++) {
        struct mark_span *span = &marks->spans[i];
        size_t words = words_of(marks, span);
        if (!span->before)
            span->before = malloc(words * sizeof *span->before);
        if (!span->before)
            return SIZE_MAX;
        for (size_t w = 0; w < words; w++) {
            span->before[w] = (uint32_t)total;
            total += ones(span->bits[w]);
        }
    }
    return total;
}

size_t marks_rank(const struct marks *marks, uint64_t address)
{
    const struct mark_span *span = marks_span(marks, address);
    if (!span)
        return 0;
    uint64_t unit = (address - span->address) >> marks->shift;
    size_t word = (size_t)(unit / WORD);
    return span->before[word] + ones(span->bits[word] << (WORD - 1 - unit % WORD));
}

static uint64_t next(const struct marks *marks, const struct marks *other, uint64_t address)
{
    for (size_t i = 0; i < marks->count; i++) {
        const struct mark_span *span = &marks->spans[i];
        if (address >= span->address && address - span->address >= span->size)
            continue;
        const uint64_t *without = other ? other->spans[i].bits : NULL;
        uint64_t unit =
            address > span->address ? (address - span->address + (1u << marks->shift) - 1) >> marks->shift : 0;
        size_t words = words_of(marks, span), word = (size_t)(unit / WORD);
        uint64_t from = UINT64_MAX << unit % WORD, bits = 0;
        for (; word < words; word++, from = UINT64_MAX) {
            bits = span->bits[word] & from & (without ? ~without[word] : UINT64_MAX);
            if (bits)
                return span->address + ((word * WORD + (uint64_t)__builtin_ctzll(bits)) << marks->shift);
        }
    }
    return UINT64_MAX;
}

uint64_t marks_next(const struct marks *marks, uint64_t address)
{
    return next(marks, NULL, address);
}

uint64_t marks_next_before(const struct marks *marks, uint64_t address, uint64_t end)
{
    const struct mark_span *span = marks_span(marks, address);
    if (!span || address >= end)
        return UINT64_MAX;
    uint64_t unit = (address - span->address + (1u << marks->shift) - 1) >> marks->shift;
    uint64_t last = (end - 1 - span->address) >> marks->shift, from = UINT64_MAX << unit % WORD;
    for (uint64_t word = unit / WORD; word <= last / WORD; word++, from = UINT64_MAX) {
        uint64_t bits = span->bits[word] & from;
        uint64_t found = bits ? word * WORD + (uint64_t)__builtin_ctzll(bits) : UINT64_MAX;
        if (bits)
            return found <= last ? span->address + (found << marks->shift) : UINT64_MAX;
    }
    return UINT64_MAX;
}

uint64_t marks_next_without(const struct marks *marks, const struct marks *other, uint64_t address)
{
    return next(marks, other, address);
}
