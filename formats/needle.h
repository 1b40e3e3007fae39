/* Many strings searched for at once, in one pass over the bytes.
 *
 * After S. Wu, U. Manber, "A Fast Algorithm for Multi-Pattern Searching" (1994): a window
 * as long as the shortest needle slides over the bytes, and the pair that ends it tells
 * how far it may move before any needle can begin there. The longer the shortest needle,
 * the fewer bytes are looked at. */
#ifndef ASSAY_FORMATS_NEEDLE_H
#define ASSAY_FORMATS_NEEDLE_H

#include "formats/bytes.h"

enum { NEEDLE_PAIRS = 4096, NEEDLE_LEAST = 4, NEEDLE_MOST = 64 };

struct needle_set {
    const char *const *needles;
    size_t count;
    size_t window; /* bytes of the shortest needle, at most 255 */
    uint8_t shift[NEEDLE_PAIRS];
    uint8_t sizes[NEEDLE_MOST];
};

/* At most NEEDLE_MOST needles, each of NEEDLE_LEAST to 255 bytes. */
void needle_prepare(struct needle_set *set, const char *const *needles, size_t count);
/* The first place at or after `from` where a needle stands, and which; -1: there is none. */
int64_t needle_find(const struct needle_set *set, struct view v, uint64_t from, size_t *which);

#endif
