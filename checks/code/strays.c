#include "checks/code/strays.h"

#include <stdlib.h>
#include <string.h>

#include "checks/code/strays_work.h"
#include "formats/arena.h"

static bool is_zero(const uint8_t *bytes, uint64_t size)
{
    while (size && *bytes == 0)
        bytes++, size--;
    return size == 0;
}

/* Whether segments that execute hold anything but zeros beside what was swept. */
static bool has_outside(const struct map *map)
{
    for (size_t i = 0, k = 0; i < map->count; i++) {
        const struct span *span = &map->spans[i];
        uint64_t at = 0;
        for (; k < map->code_count && map->code[k].address - span->address < span->size; k++) {
            const struct code_range *code = &map->code[k];
            if (span->executes && !is_zero(span->data + at, code->address - span->address - at))
                return true;
            at = code->address - span->address + code->size;
        }
        if (span->executes && !is_zero(span->data + at, span->size - at))
            return true;
    }
    return false;
}

/* Whether a table of jumps is at `start`: words that lead to code, counted from its beginning. */
static bool is_table(const struct straying *s, uint64_t start)
{
    enum { FEWEST = 3 };
    const uint8_t *words = map_bytes(&s->g->map, start, FEWEST * 4);
    unsigned led = 0;
    while (words && led < FEWEST && strays_known(s, start + (uint64_t)(int64_t)(int32_t)load_le32(words + 4 * led)))
        led++;
    return led == FEWEST;
}

/* Every place in `marks` that was not swept; false: there is more than is followed. */
static bool follow_all(struct straying *s, const struct marks *marks, enum told told, struct strays *strays)
{
    enum { PROBES_A_STEP = 8 };
    s->fuel = FUEL;
    const struct marks *swept = s->g->amd64 ? s->begins : NULL;
    for (uint64_t at = marks_next_without(marks, swept, 0); at != UINT64_MAX;
         at = marks_next_without(marks, swept, at + 1)) {
        if (strays_known(s, at) || (told != TOLD_BY_BRANCH && marks_have(&s->led, at)))
            continue;
        if (s->fuel < STEPS || strays->count == MOST)
            return false;
        bool code = !(told != TOLD_BY_BRANCH && is_table(s, at)) && strays_follow(s, at, told);
        uint32_t burnt = s->steps + s->probes / PROBES_A_STEP;
        s->fuel -= burnt < s->fuel ? burnt : s->fuel;
        if (!code)
            continue;
        strays->starts[strays->count++] = at;
        for (unsigned i = 0; i < s->hit_count; i++)
            if (!strays->first[s->hits[i].class])
                strays->first[s->hits[i].class] = s->hits[i].address + 1;
    }
    return true;
}

static int by_address(const void *a, const void *b)
{
    uint64_t x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

static void search(struct straying *s, struct strays *strays)
{
    const struct ground *g = s->g;
    strays_set_kinds(s->kinds, g->map.absolute);
    for (size_t i = 0; i < g->map.code_count; i++) {
        if (g->amd64)
            strays_look_over(s, g->map.code[i].address, g->map.code[i].size);
        else
            strays_sweep_a64(s, g->map.code[i].address, g->map.code[i].size);
    }
    for (size_t i = 0; i < g->pointer_count; i++)
        (void)marks_put(&s->named, g->pointers[i].target);
    strays_tables(s);
    bool all = follow_all(s, &s->led, TOLD_BY_BRANCH, strays) && follow_all(s, &s->named, TOLD_BY_ADDRESS, strays);
    strays->tangled = !all || s->efforts == 0;
    strays->hidden = s->hidden;
    /* Few of these are tables of jumps: what is not followed of them says nothing. */
    (void)follow_all(s, &s->offset, TOLD_BY_OFFSET, strays);
    qsort(strays->starts, strays->count, sizeof *strays->starts, by_address);
}

bool strays_have(const struct strays *strays, uint64_t address)
{
    size_t low = 0, high = strays->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strays->starts[middle] < address)
            low = middle + 1;
        else
            high = middle;
    }
    return low < strays->count && strays->starts[low] == address;
}

bool strays_or_swept(const struct strays *strays, uint64_t address)
{
    return !strays->begins || marks_have(strays->begins, address) || strays_have(strays, address);
}

/* Where calls lead, as a list. */
static void keep_calls(struct straying *s, struct strays *strays)
{
    strays->called = arena_array(s->g->arena, marks_count(&s->called) + 1, sizeof *strays->called);
    for (uint64_t at = marks_next(&s->called, 0); at != UINT64_MAX; at = marks_next(&s->called, at + 1))
        strays->called[strays->called_count++] = at;
}

void strays_find(struct ground *ground, const struct marks *begins, struct strays *strays)
{
    *strays = (struct strays){.begins = ground->amd64 ? begins : NULL};
    if (!ground->amd64 && !has_outside(&ground->map))
        return;
    ground_pointers(ground);
    struct straying *s = arena_array(ground->arena, 1, sizeof *s);
    strays->starts = arena_room(ground->arena, MOST * sizeof *strays->starts);
    s->tables = arena_room(ground->arena, MOST * sizeof *s->tables);
    s->g = ground;
    s->begins = begins;
    s->efforts = EFFORTS + ground->map.code_size / LEAST_APART;
    isa_classes(ground->image->arch, &s->classes);
    bool good = marks_make(&s->led, &ground->map, ground->unit) && marks_make(&s->named, &ground->map, ground->unit) &&
                marks_make(&s->offset, &ground->map, ground->unit);
    s->wants_calls = ground->amd64 && starts_cover(&ground->starts) < ground->map.code_size / 2;
    if (s->wants_calls)
        good = good && marks_make(&s->called, &ground->map, ground->unit);
    if (good)
        search(s, strays);
    if (good && s->wants_calls)
        keep_calls(s, strays);
    marks_free(&s->led);
    marks_free(&s->named);
    marks_free(&s->offset);
    marks_free(&s->called);
    if (!good)
        arena_exhausted(ground->arena);
}
