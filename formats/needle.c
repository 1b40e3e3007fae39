#include "formats/needle.h"

#include <string.h>

static unsigned pair(const uint8_t *p)
{
    return ((unsigned)p[0] << 4 ^ p[1]) & (NEEDLE_PAIRS - 1);
}

void needle_prepare(struct needle_set *set, const char *const *needles, size_t count)
{
    set->needles = needles;
    set->count = count;
    set->window = 255;
    for (size_t i = 0; i < count; i++) {
        set->sizes[i] = (uint8_t)strlen(needles[i]);
        if (set->sizes[i] < set->window)
            set->window = set->sizes[i];
    }
    memset(set->shift, (int)set->window - 1, sizeof set->shift);
    for (size_t i = 0; i < count; i++)
        for (size_t at = 0; at + 2 <= set->window; at++) {
            uint8_t *shift = &set->shift[pair((const uint8_t *)needles[i] + at)];
            if (set->window - 2 - at < *shift)
                *shift = (uint8_t)(set->window - 2 - at);
        }
}

static bool stands(const struct needle_set *set, struct view v, size_t at, size_t *which)
{
    for (size_t i = 0; i < set->count; i++)
        if (v.data[at] == (uint8_t)set->needles[i][0] && v.size - at >= set->sizes[i] &&
            memcmp(v.data + at, set->needles[i], set->sizes[i]) == 0) {
            *which = i;
            return true;
        }
    return false;
}

int64_t needle_find(const struct needle_set *set, struct view v, uint64_t from, size_t *which)
{
    if (v.size < set->window || from > v.size - set->window)
        return -1;
    size_t last = v.size - set->window;
    for (size_t at = (size_t)from; at <= last;) {
        size_t shift = set->shift[pair(v.data + at + set->window - 2)];
        if (shift == 0 && stands(set, v, at, which))
            return (int64_t)at;
        at += shift ? shift : 1;
    }
    return -1;
}
