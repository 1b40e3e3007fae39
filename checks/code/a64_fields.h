/* Fields of an A64 word, as the Arm Architecture Reference Manual (C4) draws them. */
#ifndef ASSAY_CHECKS_CODE_A64_FIELDS_H
#define ASSAY_CHECKS_CODE_A64_FIELDS_H

#include <stdbool.h>
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

static inline bool a64_is_svc(uint32_t word)
{
    return (word & 0xffe0001fu) == 0xd4000001u;
}

/* What ADR or ADRP at `address` makes. */
static inline uint64_t a64_page(uint32_t word, uint64_t address)
{
    uint64_t offset = sign_extend((uint64_t)field(word, 5, 19) << 2 | field(word, 29, 2), 21);
    return word >> 31 ? (address & ~(uint64_t)0xfff) + (offset << 12) : address + offset;
}

/* Where B, BL, B.cond, CBZ, CBNZ, TBZ and TBNZ lead; they are told by their bits 30 to 26. */
static inline bool a64_target(uint32_t word, uint64_t address, uint64_t *target)
{
    unsigned bits;
    uint32_t offset;
    if ((word & 0x7c000000u) == 0x14000000u) {
        bits = 26;
        offset = word;
    } else if ((word & 0x7e000000u) == 0x34000000u || (word & 0xff000000u) == 0x54000000u) {
        bits = 19;
        offset = word >> 5;
    } else if ((word & 0x7e000000u) == 0x36000000u) {
        bits = 14;
        offset = word >> 5;
    } else {
        return false;
    }
    *target = address + sign_extend(offset & ((1u << bits) - 1), bits) * 4;
    return true;
}

#endif
