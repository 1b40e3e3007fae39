#include "formats/needle.h"

#include <string.h>

#ifdef __x86_64__
#include <immintrin.h>
#endif

static unsigned pair(const uint8_t *p)
{
    return ((unsigned)p[0] << 4 ^ p[1]) & (NEEDLE_PAIRS - 1);
}

static void prepare_groups(struct needle_set *set)
{
    memset(set->low, 0, sizeof set->low);
    memset(set->high, 0, sizeof set->high);
    for (size_t i = 0; i < set->count; i++)
        for (unsigned k = 0; k < NEEDLE_FIRST; k++) {
            uint8_t byte = (uint8_t)set->needles[i][k], group = (uint8_t)(1u << (i & 7));
            set->low[k][byte & 15] = (uint8_t)(set->low[k][byte & 15] | group);
            set->high[k][byte >> 4] = (uint8_t)(set->high[k][byte >> 4] | group);
        }
}

void needle_prepare(struct needle_set *set, const char *const *needles, size_t count)
{
    set->needles = needles;
    set->count = count;
    set->window = 255;
    set->wide = false;
#ifdef __x86_64__
    set->wide = __builtin_cpu_supports("avx2");
#endif
    for (size_t i = 0; i < count; i++) {
        set->sizes[i] = (uint8_t)strlen(needles[i]);
        if (set->sizes[i] < set->window)
            set->window = set->sizes[i];
    }
    prepare_groups(set);
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

#ifdef __x86_64__
enum { STEP = 32 };

/* The places from `at` on, of STEP, where a group of needles may begin, as bits. */
static inline __attribute__((target("avx2"))) uint32_t begins(const struct needle_set *set, const uint8_t *at)
{
    const __m256i half = _mm256_set1_epi8(15);
    __m256i groups = _mm256_set1_epi8(-1);
    for (unsigned k = 0; k < NEEDLE_FIRST; k++) {
        __m256i bytes = _mm256_loadu_si256((const void *)(at + k));
        __m256i low = _mm256_broadcastsi128_si256(_mm_loadu_si128((const void *)set->low[k]));
        __m256i high = _mm256_broadcastsi128_si256(_mm_loadu_si128((const void *)set->high[k]));
        low = _mm256_shuffle_epi8(low, _mm256_and_si256(bytes, half));
        high = _mm256_shuffle_epi8(high, _mm256_and_si256(_mm256_srli_epi16(bytes, 4), half));
        groups = _mm256_and_si256(groups, _mm256_and_si256(low, high));
    }
    return ~(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(groups, _mm256_setzero_si256()));
}

/* Goes on from *at, while all that is looked at is inside; true: a needle stands there. */
static __attribute__((target("avx2"))) bool find_wide(const struct needle_set *set, struct view v, size_t *at,
                                                      size_t *which)
{
    for (; v.size - *at >= STEP + NEEDLE_MOST; *at += STEP)
        for (uint32_t bits = begins(set, v.data + *at); bits; bits &= bits - 1) {
            size_t place = *at + (unsigned)__builtin_ctz(bits);
            if (stands(set, v, place, which)) {
                *at = place;
                return true;
            }
        }
    return false;
}
#endif

int64_t needle_find(const struct needle_set *set, struct view v, uint64_t from, size_t *which)
{
    if (v.size < set->window || from > v.size - set->window)
        return -1;
    size_t last = v.size - set->window, at = (size_t)from;
#ifdef __x86_64__
    if (set->wide && find_wide(set, v, &at, which))
        return (int64_t)at;
#endif
    while (at <= last) {
        size_t shift = set->shift[pair(v.data + at + set->window - 2)];
        if (shift == 0 && stands(set, v, at, which))
            return (int64_t)at;
        at += shift ? shift : 1;
    }
    return -1;
}
