/* The sweep's fast way over instructions that every x86-64 processor has: their lengths alone, by opcode, ModRM and SIB.
 * What it does not know (prefixes but REX and those of the 0F map, VEX, EVEX, 0F38, 0F3A, everything with a feature) is
 * left to x86_decode(). With AVX2 the lengths are told at every byte of a block at once and walked over afterwards. */
#ifndef ASSAY_CHECKS_CODE_QUICK_H
#define ASSAY_CHECKS_CODE_QUICK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    QUICK_BLOCK = 1024,
    QUICK_ROOM = 160, /* bytes that have to follow; and further than a branch of eight bits goes */
    QUICK_PROPERTIES = 11,
    QUICK_OPERAND = 0x80,
    QUICK_SIB = 0x80,   /* four bytes more where the base of the SIB byte is 5 */
    QUICK_REL32 = 0x80, /* in a length: a direct branch, whose last four bytes say where to */
};

struct quick {
    bool avx2;
    uint64_t *begins;    /* a bit for each byte of the code, set where an instruction begins; NULL: not asked for */
    uint64_t first;      /* the bit of the first byte */
    size_t base, filled; /* lengths[0] is of offset `base`; how many are told */
    uint8_t bits[QUICK_PROPERTIES][2][16];
    uint8_t opcodes[256];  /* their length without an operand, and QUICK_OPERAND; 0: not as simple as that */
    uint8_t operands[256]; /* the length of an operand by ModRM, and QUICK_SIB */
    uint8_t lengths[QUICK_BLOCK + 64];
};

/* `avx2`: if the processor has it. */
void quick_init(struct quick *quick, bool avx2);
/* The length of the simplest ones, REX or none before the opcode, without a branch that depends on them; 0: another one. */
static inline unsigned quick_simple(const struct quick *quick, const uint8_t *at)
{
    unsigned rex = (*at & 0xf0) == 0x40, opcode = quick->opcodes[at[rex]], operand = quick->operands[at[rex + 1]];
    unsigned wide = (at[rex + 2] & 7) == 5 && operand & QUICK_SIB ? 4 : 0;
    unsigned length = opcode & QUICK_OPERAND ? (operand & (QUICK_SIB - 1u)) + wide : 0;
    return opcode ? rex + (opcode & (QUICK_OPERAND - 1u)) + length : 0;
}
/* The length of the instruction at `at`, of which 16 bytes can be read, or 0: ask x86_decode(). */
uint8_t quick_length(const uint8_t *at);
/* Goes from `at` (< stop <= size - QUICK_ROOM) to the first instruction at or after `stop`, or the first before it that
 * is not a quick one or branches out of the `size` bytes. */
size_t quick_walk(struct quick *quick, const uint8_t *bytes, size_t size, size_t at, size_t stop);

#endif
