/* Many strings searched for at once, in one pass over the bytes.
 *
 * After S. Wu, U. Manber, "A Fast Algorithm for Multi-Pattern Searching" (1994): a window
 * as long as the shortest needle slides over the bytes, and the pair that ends it tells
 * how far it may move before any needle can begin there. The longer the shortest needle,
 * the fewer bytes are looked at. With AVX2 the first three bytes of every place are looked
 * up instead, 32 places at once, in eight groups of needles. */
#ifndef ASSAY_FORMATS_NEEDLE_H
#define ASSAY_FORMATS_NEEDLE_H

#include "formats/bytes.h"

enum { NEEDLE_PAIRS = 4096, NEEDLE_LEAST = 4, NEEDLE_MOST = 64, NEEDLE_FIRST = 3 };

struct needle_set {
    const char *const *needles;
    size_t count;
    size_t window; /* bytes of the shortest needle, at most 255 */
    bool wide;
    uint8_t low[NEEDLE_FIRST][16], high[NEEDLE_FIRST][16]; /* groups with such a lower or upper half of a byte */
    uint8_t shift[NEEDLE_PAIRS];
    uint8_t sizes[NEEDLE_MOST];
};

/* At most NEEDLE_MOST needles, each of NEEDLE_LEAST to 255 bytes. */
void needle_prepare(struct needle_set *set, const char *const *needles, size_t count);
/* The first place at or after `from` where a needle stands, and which; -1: there is none. */
int64_t needle_find(const struct needle_set *set, struct view v, uint64_t from, size_t *which);

#endif
