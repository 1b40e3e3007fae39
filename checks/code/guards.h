/* What a question to the processor answers, where that is known: a guard that asks for SSE4.2 is none for AVX2. Where it
 * is not known which bit of an answer was looked at (it came through memory, or several at once), the guard is trusted. */
#ifndef ASSAY_CHECKS_CODE_GUARDS_H
#define ASSAY_CHECKS_CODE_GUARDS_H

#include "checks/code/isa.h"

enum { AT_HWCAP = 16, AT_HWCAP2 = 26 };

/* Which bit of which answer a value is: leaf, word of it, how far it was shifted, and the bit that was masked out, plus
 * one. 0: not known. (struct value.at of VALUE_CPU.) */
static inline uint64_t answer_of(unsigned leaf, unsigned word)
{
    return (uint64_t)leaf | (uint64_t)word << 8;
}
/* Whether it speaks of no feature at all: which leaves CPUID has. */
static inline bool answers_nothing(uint64_t answer)
{
    return (answer & 0xff) == 0xff;
}
/* Of bits of which the topmost was set whatever the processor can do. */
enum { ANSWER_MARKED = 0xfe };
/* What MRS of the ID register with these fields (op0 3, op1 0, CRn 0) answers: one of the leaves below, a feature in four bits
 * each; nothing, for what only names the processor; 0 for the others. */
enum { LEAF_ISAR0 = 0xc0, LEAF_ISAR1, LEAF_PFR0 };
enum { LEAF_CPU_MODEL = 0x90 }; /* no leaf of CPUID: features as libgcc and compiler-rt count them */
uint64_t answer_of_register(unsigned crm, unsigned op2);
uint64_t answer_shifted(uint64_t answer, uint64_t by);
/* The lowest bits of it, that many. */
uint64_t answer_cut(uint64_t answer, unsigned bits);
uint64_t answer_masked(uint64_t answer, uint64_t mask); /* 0 where several bits were */

/* A set of features that guards on the way have answered for, by number. */
enum { GUARDS_TRUSTED /* by all guards, or none */, GUARDS_MOST = 250 };
struct guards {
    unsigned count;
    struct features sets[GUARDS_MOST]; /* that of GUARDS_TRUSTED has no meaning */
};
/* What is answered for behind a guard of this answer, where `before` was; `guarded`: there was a guard before. */
uint8_t guards_behind(struct guards *guards, uint8_t before, bool guarded, uint64_t answer);
/* On each of two ways; on one after the other. */
uint8_t guards_meet(struct guards *guards, uint8_t one, uint8_t other);
uint8_t guards_both(struct guards *guards, uint8_t one, uint8_t other);
/* Whether all that instructions of the class need is answered for. */
bool guards_cover(const struct guards *guards, uint8_t set, const struct isa_class *class);

#endif
