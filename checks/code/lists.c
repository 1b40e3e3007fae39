/* Lists that grow. */
#include <stdlib.h>
#include <string.h>

#include "checks/code/program.h"

void *program_grow(struct program *p, void *items, size_t *room, size_t count, size_t size)
{
    if (count < *room)
        return items;
    size_t more = *room ? *room * 2 : 256;
    void *grown = realloc(items, more * size);
    if (!grown) {
        p->failed = true;
        return NULL;
    }
    *room = more;
    return grown;
}

void words_add(struct program *p, struct words *words, uint64_t value)
{
    uint64_t *items = program_grow(p, words->items, &words->room, words->count, sizeof *items);
    if (items) {
        words->items = items;
        words->items[words->count++] = value;
    }
}

static int compare_words(const void *a, const void *b)
{
    uint64_t x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

void words_sort(struct words *words)
{
    size_t kept = 0;
    if (words->count)
        qsort(words->items, words->count, sizeof *words->items, compare_words);
    for (size_t i = 0; i < words->count; i++)
        if (kept == 0 || words->items[kept - 1] != words->items[i])
            words->items[kept++] = words->items[i];
    words->count = kept;
}

bool words_have(const struct words *words, uint64_t value)
{
    return words->count && bsearch(&value, words->items, words->count, sizeof value, compare_words);
}
