/* One instruction in words, for evidence. capstone writes them; what instructions mean is never taken from it. */
#ifndef ASSAY_CHECKS_CODE_DISASSEMBLY_H
#define ASSAY_CHECKS_CODE_DISASSEMBLY_H

#include "formats/model.h"

/* "c5fdfec1 vpaddd ymm0, ymm0, ymm1" of the instruction at the virtual `address`, in `arena`; the bytes alone where
 * capstone does not know it; "" where no bytes of the file stand there. */
const char *disassembly(const struct image *image, struct arena *arena, uint64_t address);

/* The same of `size` bytes, in two: digits, and words without the blank before them. */
void disassembly_parts(struct arena *arena, bool amd64, const uint8_t *bytes, size_t size, uint64_t address,
                       const char **digits, const char **words);

#endif
