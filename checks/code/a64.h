/* A64 words: the class of each (a64.def), by a table made from the rows while the project is built. */
#ifndef ASSAY_CHECKS_CODE_A64_H
#define ASSAY_CHECKS_CODE_A64_H

#include <stddef.h>
#include <stdint.h>
#include "checks/code/a64_classes.h"

enum a64_class a64_classify(uint32_t word);
/* The first of the `n` words at `at`, from word `from` on, that may need a feature; n: there is none. */
size_t a64_next(const unsigned char *at, size_t from, size_t n);
/* Counts the classes of `n` words at `at` (little-endian, any alignment): counts[A64_CLASS_COUNT] is added to. */
void a64_count(const unsigned char *at, size_t n, uint32_t *counts);

#endif
