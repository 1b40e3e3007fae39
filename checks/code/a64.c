#include "checks/code/a64.h"

#include "a64_tables.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

static inline unsigned classify(uint32_t word)
{
    unsigned class = a64_cells[a64_top[word >> 21] * 2048u + (word >> 10 & 2047)];
    if (class < 256)
        return class;
    unsigned test = a64_lists[class - 256]; /* the last test of a list has an empty mask */
    while ((word & a64_tests[test].mask) != a64_tests[test].value)
        test++;
    return a64_tests[test].class;
}

enum a64_class a64_classify(uint32_t word)
{
    return (enum a64_class)classify(word);
}

static inline uint32_t word_at(const unsigned char *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

void a64_filter_init(struct a64_filter *filter, bool avx2)
{
    *filter = (struct a64_filter){.wide = false};
#ifdef __x86_64__
    filter->wide = avx2 && __builtin_cpu_supports("avx2");
#endif
    for (unsigned top = 0; top < 2048; top++)
        if (a64_needs_some[top]) {
            uint8_t *bits = &filter->set[top >> 10][top >> 3 & 15];
            *bits = (uint8_t)(*bits | 1u << (top >> 7 & 7));
        }
}

static inline void look(const unsigned char *at, size_t i, uint64_t address, uint64_t *first)
{
    uint32_t word = word_at(at + 4 * i);
    if (!a64_needs_some[word >> 21])
        return;
    unsigned class = classify(word);
    if (!first[class])
        first[class] = address + 4 * i + 1;
}

#ifdef __x86_64__
/* Bits 31 to 24 of eight words; zero, which no word with a feature has, for the most frequent words that need none although
 * their neighbours do: B.cond (not BC.cond), ADD and SUB of an immediate (not ADDG, SUBG, SMAX and the like), NOP. */
static __attribute__((target("avx2"))) inline __m256i tops_of(const unsigned char *at)
{
    __m256i words = _mm256_loadu_si256((const void *)at);
    __m256i condition = _mm256_and_si256(words, _mm256_set1_epi32((int)0xff000010));
    __m256i immediate = _mm256_and_si256(words, _mm256_set1_epi32(0x1f800000));
    __m256i skip = _mm256_or_si256(_mm256_cmpeq_epi32(condition, _mm256_set1_epi32(0x54000000)),
                                   _mm256_or_si256(_mm256_cmpeq_epi32(immediate, _mm256_set1_epi32(0x11000000)),
                                                   _mm256_cmpeq_epi32(words, _mm256_set1_epi32((int)0xd503201f))));
    return _mm256_srli_epi32(_mm256_andnot_si256(skip, words), 24);
}

/* The words among the 32 at `at` whose bits 31 to 24 are in the filter's set, as bits. */
static __attribute__((target("avx2"))) uint32_t filtered(const struct a64_filter *filter, const unsigned char *at)
{
    const __m256i powers = _mm256_setr_epi8(1, 2, 4, 8, 16, 32, 64, -128, 1, 2, 4, 8, 16, 32, 64, -128, 1, 2, 4, 8, 16,
                                            32, 64, -128, 1, 2, 4, 8, 16, 32, 64, -128);
    __m256i half = _mm256_packus_epi32(tops_of(at), tops_of(at + 32));
    __m256i other = _mm256_packus_epi32(tops_of(at + 64), tops_of(at + 96));
    __m256i tops =
        _mm256_permutevar8x32_epi32(_mm256_packus_epi16(half, other), _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
    __m256i low = _mm256_and_si256(tops, _mm256_set1_epi8((char)0x8f));
    __m256i upper = _mm256_and_si256(_mm256_srli_epi16(tops, 4), _mm256_set1_epi8(7));
    __m256i bit = _mm256_shuffle_epi8(powers, upper);
    __m256i one = _mm256_broadcastsi128_si256(_mm_loadu_si128((const void *)filter->set[0]));
    __m256i two = _mm256_broadcastsi128_si256(_mm_loadu_si128((const void *)filter->set[1]));
    __m256i bits = _mm256_or_si256(_mm256_shuffle_epi8(one, low),
                                   _mm256_shuffle_epi8(two, _mm256_xor_si256(low, _mm256_set1_epi8((char)0x80))));
    return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_and_si256(bits, bit), bit));
}
#endif

void a64_first(const struct a64_filter *filter, const unsigned char *at, size_t n, uint64_t address, uint64_t *first)
{
    size_t i = 0;
#ifdef __x86_64__
    for (; filter->wide && i + 32 <= n; i += 32)
        for (uint32_t bits = filtered(filter, at + 4 * i); bits; bits &= bits - 1)
            look(at, i + (unsigned)__builtin_ctz(bits), address, first);
#endif
    for (; i < n; i++)
        look(at, i, address, first);
}

void a64_count(const unsigned char *at, size_t n, uint32_t *counts)
{
    for (size_t i = 0; i < n; i++)
        counts[classify(word_at(at + 4 * i))]++;
}
