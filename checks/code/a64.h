/* A64 words: the class of each (a64.def), by a table made from the rows while the project is built. */
#ifndef ASSAY_CHECKS_CODE_A64_H
#define ASSAY_CHECKS_CODE_A64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "checks/code/a64_classes.h"

enum a64_class a64_classify(uint32_t word);
/* Which words may need a feature, by their bits 31 to 24. */
struct a64_filter {
    bool wide; /* look at 32 words at once */
    uint8_t set[2][16];
};
/* `avx2`: if the processor has it. */
void a64_filter_init(struct a64_filter *filter, bool avx2);
/* Goes over the `n` words at `at`, the first of which is at `address`: of each class that needs a feature and has no
 * address yet, first[class] becomes the address of its first word, plus one (of the others it may). */
void a64_first(const struct a64_filter *filter, const unsigned char *at, size_t n, uint64_t address, uint64_t *first);
/* Counts the classes of `n` words at `at` (little-endian, any alignment): counts[A64_CLASS_COUNT] is added to. */
void a64_count(const unsigned char *at, size_t n, uint32_t *counts);

#endif
