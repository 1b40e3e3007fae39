/* The most frequent instructions of A64, done at once: what abi_look.c looks for cannot be in them, and what abi_state.c says
 * they do is little. test_abi.c holds these ways against the long one. Part of abi_walk.c; nothing else includes this. */
#ifndef ASSAY_CHECKS_CODE_ABI_QUICK_H
#define ASSAY_CHECKS_CODE_ABI_QUICK_H

#include "checks/code/a64_fields.h"
#include "checks/code/abi_walk.h"

/* Whether all that the instruction does is to put a result into its register Rd, by its bits 28 to 24: operations of registers,
 * bit fields, comparisons with a number. Those that may do more, or copy a register, are not among them. */
static inline bool abi_computes(uint32_t word)
{
    enum { LOGICAL = 1, SUM, PLAIN, FLAGS };
    static const uint8_t groups[32] = {[0x0a] = LOGICAL, [0x0b] = SUM, [0x13] = PLAIN, [0x1b] = PLAIN, [0x11] = FLAGS};
    switch (groups[word >> 24 & 31]) {
    case LOGICAL: /* ORR of XZR is MOV */
        return (word >> 5 & 31) != 31;
    case SUM:
        return !(word >> 21 & 1);
    case PLAIN: /* among them AUTIASPPC, with 31 in the place of Rd */
        return (word & 31) != REGISTER_SP;
    case FLAGS:
        return word >> 29 & 1 && !(word >> 23 & 1);
    default:
        return false;
    }
}

/* Whether it was done at once: nothing that is looked for can be in the instruction. */
static inline bool abi_compute(uint32_t word, struct abi_state *state)
{
    unsigned rd = word & 31;
    if (!abi_computes(word) || rd == REGISTER_PLATFORM)
        return false;
    if (rd != REGISTER_SP) /* XZR here */
        state->x[rd] = abi_value(ABI_COMPUTED, 0, 0);
    return true;
}

/* LDR, STR and their kin of a general register at an address that is not of the stack, without an index. */
static inline bool abi_quick_access(struct abi_walk *w, uint32_t word, struct abi_state *state)
{
    unsigned size = word >> 30, opc = word >> 22 & 3, rn = word >> 5 & 31, rt = word & 31;
    struct abi_value base = state->x[rn];
    if (rn == REGISTER_SP || base.kind == ABI_STACK || rt == REGISTER_PLATFORM || (opc >= 2 && size + opc > 4))
        return false;
    if (rt == REGISTER_SP) /* XZR */
        return true;
    if (opc) {
        bool known = base.kind == ABI_ENTRY || base.kind == ABI_COMPUTED || base.kind == ABI_CONSTANT;
        bool result = known || size < 3 || opc >= 2;
        state->x[rt] = abi_value(result ? ABI_COMPUTED : ABI_UNKNOWN, 0, 0);
        return true;
    }
    struct abi_value value = state->x[rt];
    w->stores |= (uint64_t)1 << rt;
    if (value.kind == ABI_ENTRY || value.kind == ABI_SIGNED)
        w->stores |= (uint64_t)1 << (value.kind == ABI_SIGNED ? REGISTER_LR : value.reg);
    if (value.kind == ABI_ENTRY && size == 3)
        w->away |= (uint64_t)1 << value.reg;
    return true;
}

enum abi_quickly { ABI_LONG_WAY, ABI_DONE, ABI_LEFT /* and control goes elsewhere */ };

/* Whether the instruction was done at once. */
static inline enum abi_quickly abi_quick(struct abi_walk *w, size_t at, uint32_t word, struct abi_state *state)
{
    enum { PAGE = 1, ADD, MOVE, ACCESS, IF, TEST, CONDITION, JUMP };
    static const uint8_t kinds[256] = {
        [0x10] = PAGE, [0x30] = PAGE,      [0x50] = PAGE,   [0x70] = PAGE,   [0x90] = PAGE,   [0xb0] = PAGE,
        [0xd0] = PAGE, [0xf0] = PAGE,      [0x11] = ADD,    [0x51] = ADD,    [0x91] = ADD,    [0xd1] = ADD,
        [0xaa] = MOVE, [0x39] = ACCESS,    [0x79] = ACCESS, [0xb9] = ACCESS, [0xf9] = ACCESS, [0x34] = IF,
        [0x35] = IF,   [0xb4] = IF,        [0xb5] = IF,     [0x36] = TEST,   [0x37] = TEST,   [0xb6] = TEST,
        [0xb7] = TEST, [0x54] = CONDITION, [0x14] = JUMP,   [0x15] = JUMP,   [0x16] = JUMP,   [0x17] = JUMP};
    unsigned rd = word & 31, rn = word >> 5 & 31;
    bool other = rd == REGISTER_PLATFORM || rd == REGISTER_SP;
    int64_t to;
    switch (kinds[word >> 24]) {
    case PAGE: /* ADR, ADRP */
        if (other)
            return ABI_LONG_WAY;
        state->x[rd] = abi_value(ABI_COMPUTED, 0, 0);
        return ABI_DONE;
    case ADD: /* and SUB, of a number */
        if (other || word >> 23 & 1)
            return ABI_LONG_WAY;
        to = (int64_t)(word >> 10 & 0xfff) << (word >> 22 & 1 ? 12 : 0);
        state->x[rd] = word >> 31 ? abi_moved(state->x[rn], word >> 30 & 1 ? -to : to) : abi_value(ABI_COMPUTED, 0, 0);
        return ABI_DONE;
    case MOVE:
        if (other || (word & 0xffe0ffe0u) != 0xaa0003e0u)
            return ABI_LONG_WAY;
        rn = word >> 16 & 31;
        state->x[rd] = rn == REGISTER_SP ? abi_value(ABI_CONSTANT, 0, 0) : state->x[rn];
        return ABI_DONE;
    case ACCESS:
        return abi_quick_access(w, word, state) ? ABI_DONE : ABI_LONG_WAY;
    case IF: /* CBZ, CBNZ */
        to = (int64_t)at + (int64_t)sign_extend(word >> 5 & 0x7ffff, 19);
        break;
    case TEST: /* TBZ, TBNZ */
        to = (int64_t)at + (int64_t)sign_extend(word >> 5 & 0x3fff, 14);
        break;
    case CONDITION: /* but for AL */
        if ((word & 15) >= 14)
            return ABI_LONG_WAY;
        to = (int64_t)at + (int64_t)sign_extend(word >> 5 & 0x7ffff, 19);
        break;
    case JUMP:
        to = (int64_t)at + (int64_t)sign_extend(word & 0x03ffffff, 26);
        if (to < 0 || (uint64_t)to >= w->units)
            return ABI_LONG_WAY;
        break;
    default:
        return ABI_LONG_WAY;
    }
    if (to >= 0 && (uint64_t)to < w->units)
        abi_arrive(w, (size_t)to, state);
    return kinds[word >> 24] == JUMP ? ABI_LEFT : ABI_DONE;
}

#endif
