/* Numbers that look random and are the same on every machine: probe `index` of `seed` is one file, always. SplitMix64,
 * as in Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators" (OOPSLA 2014). */
#ifndef ASSAY_TESTS_ORACLE_RANDOM_H
#define ASSAY_TESTS_ORACLE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

struct random {
    uint64_t state;
};

static inline uint64_t random_next(struct random *r)
{
    uint64_t z = r->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* 0 to below - 1; `below` is small, so that the bias does not matter. */
static inline size_t random_below(struct random *r, size_t below)
{
    return (size_t)((random_next(r) >> 32) % below);
}

static inline struct random random_of(uint64_t seed, uint64_t index)
{
    struct random r = {seed};
    r.state = random_next(&r) ^ index * UINT64_C(0xd1342543de82ef95);
    return r;
}

#endif
