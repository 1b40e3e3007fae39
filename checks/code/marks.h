/* A mark for each place in code where a function may begin: one bit a unit, and the number of marks before any place, so
 * that "the function that this address is in" costs a few instructions. */
#ifndef ASSAY_CHECKS_CODE_MARKS_H
#define ASSAY_CHECKS_CODE_MARKS_H

#include "checks/code/map.h"

struct mark_span {
    uint64_t address, size;
    uint64_t *bits;
    uint32_t *before; /* marks before each word of bits, as marks_count() left them */
};
struct marks {
    unsigned shift; /* of an address to its unit */
    size_t count;
    struct mark_span *spans; /* by address; those that execute */
};

/* Free of marks; `unit` is 1 or 4. False: no memory. */
bool marks_make(struct marks *marks, const struct map *map, unsigned unit) MUST_CHECK;
/* The same in an arena, not to be freed or counted. */
void marks_make_in(struct marks *marks, const struct map *map, unsigned unit, struct arena *arena);
void marks_free(struct marks *marks);
/* Marks `address`. True: it had none, and may have one. */
bool marks_put(struct marks *marks, uint64_t address);
bool marks_have(const struct marks *marks, uint64_t address);
/* The span that `address` is in, or NULL. */
struct mark_span *marks_span(const struct marks *marks, uint64_t address);
/* Counts them anew; how many there are. SIZE_MAX: no memory. */
size_t marks_count(struct marks *marks);
/* How many marks are at or before `address`; 0 where it is in no span. After marks_count(). */
size_t marks_rank(const struct marks *marks, uint64_t address);
/* The first mark at or after `address` in a span, or UINT64_MAX. */
uint64_t marks_next(const struct marks *marks, uint64_t address);
/* The same before `end`, which is in the same span. */
uint64_t marks_next_before(const struct marks *marks, uint64_t address, uint64_t end);
/* The same, of those that `other`, made of the same map, has not. */
uint64_t marks_next_without(const struct marks *marks, const struct marks *other, uint64_t address);

#endif
