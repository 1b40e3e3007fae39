/* Fields of an A64 word, as the Arm Architecture Reference Manual (C4) draws them. */
#ifndef ASSAY_CHECKS_CODE_A64_FIELDS_H
#define ASSAY_CHECKS_CODE_A64_FIELDS_H

#include <stdint.h>

static inline unsigned field(uint32_t word, unsigned from, unsigned bits)
{
    return word >> from & ((1u << bits) - 1);
}

/* A number of `bits` bits, the highest of which is its sign, as one of 64. */
static inline uint64_t sign_extend(uint64_t value, unsigned bits)
{
    uint64_t top = (uint64_t)1 << (bits - 1);
    return (value ^ top) - top;
}

#endif
