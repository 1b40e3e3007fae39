#include "checks/code/a64.h"

#include "a64_tables.h"

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

size_t a64_next(const unsigned char *at, size_t from, size_t n)
{
    size_t i = from;
    for (; i + 4 <= n; i += 4) {
        unsigned some = a64_needs_some[word_at(at + 4 * i) >> 21] | a64_needs_some[word_at(at + 4 * i + 4) >> 21] |
                        a64_needs_some[word_at(at + 4 * i + 8) >> 21] | a64_needs_some[word_at(at + 4 * i + 12) >> 21];
        if (some)
            break;
    }
    while (i < n && !a64_needs_some[word_at(at + 4 * i) >> 21])
        i++;
    return i;
}

void a64_count(const unsigned char *at, size_t n, uint32_t *counts)
{
    for (size_t i = 0; i < n; i++)
        counts[classify(word_at(at + 4 * i))]++;
}
