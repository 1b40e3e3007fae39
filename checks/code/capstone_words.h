/* The doorway to capstone, which has names of its own for what x86.h names. */
#ifndef ASSAY_CHECKS_CODE_CAPSTONE_WORDS_H
#define ASSAY_CHECKS_CODE_CAPSTONE_WORDS_H

#include <stdbool.h>
#include <stdint.h>
#include "formats/arena.h"

/* " vpaddd ymm0, ymm0, ymm1" of the instruction of `size` bytes; "" where capstone does not know one of that size. */
const char *capstone_words(struct arena *arena, bool amd64, const uint8_t *bytes, size_t size, uint64_t address);

#endif
