/* The most frequent instructions of A64, done at once: what abi_look.c looks for is not in them, and what abi_state.c says
 * that they do is little. Each is allocated whatever the fields hold that are not asked for here. test_abi.c holds these ways
 * against the long one. Part of abi_walk.c; nothing else includes this. */
#ifndef ASSAY_CHECKS_CODE_ABI_QUICK_H
#define ASSAY_CHECKS_CODE_ABI_QUICK_H

#include "checks/code/a64_fields.h"
#include "checks/code/abi_walk.h"

enum abi_quickly { ABI_LONG_WAY, ABI_DONE, ABI_LEFT /* and control goes elsewhere */ };

enum abi_quick_kind {
    KIND_RARE,
    /* what may do no more than to put a result into Rd */
    KIND_PAGE,    /* ADR, ADRP */
    KIND_LOGICAL, /* AND and its kin of registers, MOV */
    KIND_SUM,     /* ADD, SUB, ADDS, SUBS of registers */
    KIND_FIELD,   /* bit fields, EXTR */
    KIND_PRODUCT, /* MADD, MSUB, and the long ones */
    KIND_SELECT,  /* CSEL, divisions, shifts */
    KIND_FLAGS,   /* ADDS, SUBS of a number */
    KIND_MASK,    /* AND and its kin of a number; MOVZ, MOVN, MOVK */
    /* others */
    KIND_ADD, /* ADD, SUB of a number */
    KIND_PAIR,
    KIND_ACCESS,
    KIND_IF,   /* CBZ, CBNZ */
    KIND_TEST, /* TBZ, TBNZ */
    KIND_CONDITION,
    KIND_JUMP,
    KIND_CALL,
    KIND_HINT /* NOP */
};

/* By bits 31 to 24. */
static const uint8_t abi_quick_kinds[256] = {
    [0x10] = KIND_PAGE,    [0x30] = KIND_PAGE,      [0x50] = KIND_PAGE,    [0x70] = KIND_PAGE,    [0x90] = KIND_PAGE,
    [0xb0] = KIND_PAGE,    [0xd0] = KIND_PAGE,      [0xf0] = KIND_PAGE,    [0x0a] = KIND_LOGICAL, [0x2a] = KIND_LOGICAL,
    [0x4a] = KIND_LOGICAL, [0x6a] = KIND_LOGICAL,   [0x8a] = KIND_LOGICAL, [0xaa] = KIND_LOGICAL, [0xca] = KIND_LOGICAL,
    [0xea] = KIND_LOGICAL, [0x0b] = KIND_SUM,       [0x2b] = KIND_SUM,     [0x4b] = KIND_SUM,     [0x6b] = KIND_SUM,
    [0x8b] = KIND_SUM,     [0xab] = KIND_SUM,       [0xcb] = KIND_SUM,     [0xeb] = KIND_SUM,     [0x13] = KIND_FIELD,
    [0x33] = KIND_FIELD,   [0x53] = KIND_FIELD,     [0x93] = KIND_FIELD,   [0xb3] = KIND_FIELD,   [0xd3] = KIND_FIELD,
    [0x1b] = KIND_PRODUCT, [0x9b] = KIND_PRODUCT,   [0x1a] = KIND_SELECT,  [0x5a] = KIND_SELECT,  [0x9a] = KIND_SELECT,
    [0xda] = KIND_SELECT,  [0x31] = KIND_FLAGS,     [0x71] = KIND_FLAGS,   [0xb1] = KIND_FLAGS,   [0xf1] = KIND_FLAGS,
    [0x12] = KIND_MASK,    [0x32] = KIND_MASK,      [0x52] = KIND_MASK,    [0x72] = KIND_MASK,    [0x92] = KIND_MASK,
    [0xb2] = KIND_MASK,    [0xd2] = KIND_MASK,      [0xf2] = KIND_MASK,    [0x11] = KIND_ADD,     [0x51] = KIND_ADD,
    [0x91] = KIND_ADD,     [0xd1] = KIND_ADD,       [0x28] = KIND_PAIR,    [0x29] = KIND_PAIR,    [0xa8] = KIND_PAIR,
    [0xa9] = KIND_PAIR,    [0x2c] = KIND_PAIR,      [0x2d] = KIND_PAIR,    [0x6c] = KIND_PAIR,    [0x6d] = KIND_PAIR,
    [0xac] = KIND_PAIR,    [0xad] = KIND_PAIR,      [0x38] = KIND_ACCESS,  [0x39] = KIND_ACCESS,  [0x78] = KIND_ACCESS,
    [0x79] = KIND_ACCESS,  [0xb8] = KIND_ACCESS,    [0xb9] = KIND_ACCESS,  [0xf8] = KIND_ACCESS,  [0xf9] = KIND_ACCESS,
    [0x3c] = KIND_ACCESS,  [0x3d] = KIND_ACCESS,    [0x7c] = KIND_ACCESS,  [0x7d] = KIND_ACCESS,  [0xbc] = KIND_ACCESS,
    [0xbd] = KIND_ACCESS,  [0xfc] = KIND_ACCESS,    [0xfd] = KIND_ACCESS,  [0x34] = KIND_IF,      [0x35] = KIND_IF,
    [0xb4] = KIND_IF,      [0xb5] = KIND_IF,        [0x36] = KIND_TEST,    [0x37] = KIND_TEST,    [0xb6] = KIND_TEST,
    [0xb7] = KIND_TEST,    [0x54] = KIND_CONDITION, [0x14] = KIND_JUMP,    [0x15] = KIND_JUMP,    [0x16] = KIND_JUMP,
    [0x17] = KIND_JUMP,    [0x94] = KIND_CALL,      [0x95] = KIND_CALL,    [0x96] = KIND_CALL,    [0x97] = KIND_CALL,
    [0xd5] = KIND_HINT};

/* AND, ORR, EOR, ANDS of a number: whether bits 22 and 15 to 10 say one that there is. */
static inline bool abi_is_mask(uint32_t word)
{
    static const uint64_t narrow = ~(UINT64_C(1) << 31 | UINT64_C(1) << 47 | UINT64_C(1) << 55 | UINT64_C(1) << 59 |
                                     UINT64_C(1) << 61 | UINT64_C(3) << 62);
    const unsigned imms = field(word, 10, 6);
    return field(word, 22, 1) ? word >> 31 && imms != 63 : narrow >> imms & 1;
}

/* Whether AND of a number is one that aligns; see FORM_ALIGN. */
static inline bool abi_aligns(uint32_t word)
{
    return field(word, 29, 2) == 0 && field(word, 22, 1) && field(word, 10, 6) + 1 == field(word, 16, 6);
}

/* Bit fields, and EXTR: N is sf, and what W registers do not have is not named. */
static inline bool abi_is_field(uint32_t word)
{
    const bool wide = word >> 31, extracts = field(word, 23, 1);
    if (field(word, 22, 1) != wide || (extracts && word & 0x60200000u))
        return false;
    return wide || !(word & (1u << 21 | 1u << 15));
}

/* CSEL and its kin, divisions and shifts by a register, and what reverses and counts bits. */
static inline bool abi_selects(uint32_t word)
{
    const unsigned kind = field(word, 21, 3), opcode = field(word, 10, 6);
    const bool wide = word >> 31, flags = field(word, 29, 1);
    if (kind == 4)
        return !flags && !field(word, 11, 1);
    if (kind != 6 || flags)
        return false;
    if (!field(word, 30, 1))
        return 0xf0cu >> (opcode & 15) & 1 && opcode < 16;
    return field(word, 16, 5) == 0 && opcode < 6 && (wide || opcode != 3);
}

/* A transfer between registers and memory; false: it may tell something. */
static inline bool abi_quick_transfer(struct abi_walk *w, const struct operands *o, struct abi_state *state)
{
    const struct abi_value base = state->x[o->base], sp = state->x[REGISTER_SP];
    if (o->gprs >> REGISTER_PLATFORM & 1)
        return false;
    if (o->base == REGISTER_SP) {
        if (abi_alignment(sp) > 0 || (!o->moves && o->offset < 0))
            return false;
    } else if (base.kind == ABI_STACK && sp.kind == ABI_STACK && base.n + (o->post ? 0 : o->offset) < sp.n) {
        return false;
    }
    if (o->form == FORM_STORE)
        abi_note_saves(w, o, state);
    abi_step(state, o);
    w->odd |= o->gprs >> REGISTER_SP && abi_alignment(state->x[REGISTER_SP]) < 0;
    return true;
}

/* LDP, STP and those that hint that they are not used again. */
static inline struct operands abi_pair(uint32_t word)
{
    const unsigned opc = word >> 30, mode = field(word, 23, 2);
    const bool vector = field(word, 26, 1), load = field(word, 22, 1), moves = mode & 1;
    const uint8_t size = (uint8_t)(vector || opc == 0 ? 4u << opc : 8), base = (uint8_t)field(word, 5, 5);
    const unsigned one = field(word, 0, 5), other = field(word, 10, 5);
    const uint32_t loaded = load && !vector ? (1u << one | 1u << other) & ~(1u << REGISTER_SP) : 0;
    return (struct operands){.form = load ? FORM_LOAD : FORM_STORE,
                             .size = size,
                             .count = 2,
                             .base = base,
                             .vector = vector,
                             .post = mode == 1,
                             .moves = moves,
                             .narrow = size < 8,
                             .regs = {(uint8_t)one, (uint8_t)other},
                             .offset = (int64_t)sign_extend(field(word, 15, 7), 7) * size,
                             .gprs = loaded | (moves ? 1u << base : 0)};
}

/* What LDR, STR and their kin of one register do that is no access of the stack. */
static inline bool abi_quick_elsewhere(struct abi_walk *w, uint32_t word, struct abi_state *state)
{
    const unsigned size = word >> 30, opc = field(word, 22, 2), rt = field(word, 0, 5);
    const struct abi_value base = state->x[field(word, 5, 5)];
    if (field(word, 26, 1))
        return rt - ABI_FIRST_VECTOR >= ABI_VECTORS; /* nobody asks what is in it */
    if (rt == REGISTER_PLATFORM)
        return false;
    if (rt == REGISTER_SP) /* XZR */
        return true;
    if (opc) {
        bool known = base.kind == ABI_ENTRY || base.kind == ABI_COMPUTED || base.kind == ABI_CONSTANT;
        bool result = known || size < 3 || opc >= 2;
        state->x[rt] = abi_value(result ? ABI_COMPUTED : ABI_UNKNOWN, 0, 0);
        return true;
    }
    const struct abi_value value = state->x[rt];
    w->stores |= (uint64_t)abi_may_save(rt, value) << rt;
    if (value.kind == ABI_ENTRY || value.kind == ABI_SIGNED)
        w->stores |= (uint64_t)1 << (value.kind == ABI_SIGNED ? REGISTER_LR : value.reg);
    if (value.kind == ABI_ENTRY && size == 3)
        w->away |= (uint64_t)1 << value.reg;
    return true;
}

/* LDR, STR and their kin of one register: whether the instruction is one of them; prefetches are not. */
static inline bool abi_is_access(uint32_t word)
{
    const unsigned size = word >> 30, opc = field(word, 22, 2), mode = field(word, 10, 2);
    const bool scaled = field(word, 24, 1), indexed = field(word, 21, 1);
    if (opc >= 2 && (field(word, 26, 1) ? size != 0 : size + opc > 4))
        return false;
    return scaled || (indexed ? mode == 2 && field(word, 14, 1) : mode != 2);
}

static inline bool abi_access_moves(uint32_t word)
{
    return !field(word, 24, 1) && field(word, 10, 1);
}

static inline struct operands abi_access(uint32_t word)
{
    const unsigned size = word >> 30, opc = field(word, 22, 2), mode = field(word, 10, 2), rt = field(word, 0, 5);
    const bool vector = field(word, 26, 1), scaled = field(word, 24, 1), indexed = !scaled && field(word, 21, 1);
    const bool moves = abi_access_moves(word), load = vector ? opc & 1 : opc != 0;
    const uint8_t base = (uint8_t)field(word, 5, 5), bytes = (uint8_t)(vector && opc & 2 ? 16 : 1u << size);
    const int64_t offset = scaled    ? (int64_t)field(word, 10, 12) * bytes
                           : indexed ? 0
                                     : (int64_t)sign_extend(field(word, 12, 9), 9);
    return (struct operands){.form = load ? FORM_LOAD : FORM_STORE,
                             .size = bytes,
                             .count = 1,
                             .base = base,
                             .vector = vector,
                             .post = !scaled && mode == 1,
                             .indexed = indexed,
                             .moves = moves,
                             .narrow = bytes < 8 || (!vector && opc >= 2),
                             .regs = {(uint8_t)rt},
                             .offset = offset,
                             .gprs = (load && !vector && rt != REGISTER_SP ? 1u << rt : 0) | (moves ? 1u << base : 0)};
}

static inline bool abi_quick_access(struct abi_walk *w, uint32_t word, struct abi_state *state)
{
    const uint8_t base = (uint8_t)field(word, 5, 5);
    if (!abi_is_access(word))
        return false;
    if (base != REGISTER_SP && state->x[base].kind != ABI_STACK && !abi_access_moves(word))
        return abi_quick_elsewhere(w, word, state);
    const struct operands o = abi_access(word);
    return !o.indexed && abi_quick_transfer(w, &o, state);
}

/* MOVZ, MOVN and MOVK. */
static inline bool abi_quick_wide(uint32_t word, struct abi_state *state)
{
    const unsigned rd = field(word, 0, 5), opc = field(word, 29, 2), shift = field(word, 21, 2) * 16;
    const uint64_t part = (uint64_t)field(word, 5, 16) << shift;
    const bool wide = word >> 31;
    if (opc == 1 || (!wide && shift > 16) || rd == REGISTER_PLATFORM || rd == REGISTER_SP)
        return false;
    if (opc != 3)
        state->x[rd] = abi_value(ABI_CONSTANT, 0, (int64_t)(opc == 2 ? part : wide ? ~part : (uint32_t)~part));
    else if (state->x[rd].kind == ABI_CONSTANT && shift < 32)
        state->x[rd] = abi_value(ABI_CONSTANT, 0, (state->x[rd].n & ~((int64_t)0xffff << shift)) | (int64_t)part);
    else
        state->x[rd] = abi_value(ABI_COMPUTED, 0, 0);
    return true;
}

static inline bool abi_quick_move(uint32_t word, struct abi_state *state)
{
    const unsigned rd = field(word, 0, 5), rm = field(word, 16, 5);
    if (rd == REGISTER_PLATFORM || rd == REGISTER_SP)
        return false;
    state->x[rd] = rm == REGISTER_SP ? abi_value(ABI_CONSTANT, 0, 0) : state->x[rm];
    return true;
}

/* ADD and SUB of a number. */
static inline bool abi_quick_add(struct abi_walk *w, uint32_t word, struct abi_state *state)
{
    const unsigned rd = field(word, 0, 5);
    const int64_t by = (int64_t)field(word, 10, 12) << (field(word, 22, 1) ? 12 : 0);
    const struct abi_value base = state->x[field(word, 5, 5)];
    if (field(word, 23, 1) || rd == REGISTER_PLATFORM)
        return false;
    state->x[rd] = word >> 31 ? abi_moved(base, field(word, 30, 1) ? -by : by) : abi_value(ABI_COMPUTED, 0, 0);
    w->odd |= rd == REGISTER_SP && abi_alignment(state->x[rd]) < 0;
    return true;
}

static inline enum abi_quickly abi_quick_call(struct abi_walk *w, size_t at, uint32_t word, struct abi_state *state)
{
    const struct operands o = {.form = FORM_CALL,
                               .base = REGISTER_NONE,
                               .offset = (int64_t)sign_extend(field(word, 0, 26), 26) * 4,
                               .gprs = 1u << REGISTER_LR};
    abi_look_at_call(w, at, state);
    abi_step(state, &o);
    return abi_flow(w, at, &o, state) ? ABI_DONE : ABI_LEFT;
}

/* A branch to `by` words further on, if there is where it may go on as well. */
static inline enum abi_quickly abi_quick_branch(struct abi_walk *w, size_t at, uint64_t by,
                                                const struct abi_state *state)
{
    if (at + by < w->units)
        abi_arrive(w, at + by, state);
    return ABI_DONE;
}

/* What may do no more than to put a result into Rd: whether it does just that. */
static inline bool abi_computes(enum abi_quick_kind kind, uint32_t word)
{
    const bool wide = word >> 31, shift_fits = wide || !field(word, 15, 1);
    const unsigned op = field(word, 21, 3);
    switch (kind) {
    case KIND_PAGE:
        return true;
    case KIND_LOGICAL:
        return shift_fits;
    case KIND_SUM:
        return shift_fits && !field(word, 21, 1) && field(word, 22, 2) != 3;
    case KIND_FIELD:
        return abi_is_field(word);
    case KIND_PRODUCT:
        return op == 0 || (wide && (op == 1 || op == 5));
    case KIND_SELECT:
        return abi_selects(word);
    case KIND_FLAGS:
        return !field(word, 23, 1);
    case KIND_MASK: /* but for ANDS, 31 is SP */
        return abi_is_mask(word) && !abi_aligns(word) && word != (uint32_t)ABI_SWIFT_FRAME &&
               (field(word, 0, 5) != REGISTER_SP || field(word, 29, 2) == 3);
    case KIND_RARE:
    case KIND_ADD:
    case KIND_PAIR:
    case KIND_ACCESS:
    case KIND_IF:
    case KIND_TEST:
    case KIND_CONDITION:
    case KIND_JUMP:
    case KIND_CALL:
    case KIND_HINT:
    default:
        return false;
    }
}

/* Whether the instruction was done at once. */
static inline enum abi_quickly abi_quick(struct abi_walk *w, size_t at, uint32_t word, struct abi_state *state)
{
    const enum abi_quick_kind kind = (enum abi_quick_kind)abi_quick_kinds[word >> 24];
    const unsigned rd = field(word, 0, 5);
    struct operands pair;
    switch (kind) {
    case KIND_LOGICAL:
        if ((word & 0xffe0ffe0u) == 0xaa0003e0u)
            return abi_quick_move(word, state) ? ABI_DONE : ABI_LONG_WAY;
        break;
    case KIND_MASK:
        if (field(word, 23, 1))
            return abi_quick_wide(word, state) ? ABI_DONE : ABI_LONG_WAY;
        break;
    case KIND_ADD:
        return abi_quick_add(w, word, state) ? ABI_DONE : ABI_LONG_WAY;
    case KIND_PAIR:
        pair = abi_pair(word);
        return abi_quick_transfer(w, &pair, state) ? ABI_DONE : ABI_LONG_WAY;
    case KIND_ACCESS:
        return abi_quick_access(w, word, state) ? ABI_DONE : ABI_LONG_WAY;
    case KIND_IF:
        return abi_quick_branch(w, at, sign_extend(field(word, 5, 19), 19), state);
    case KIND_TEST:
        return abi_quick_branch(w, at, sign_extend(field(word, 5, 14), 14), state);
    case KIND_CONDITION: /* but for AL, and BC.cond as any other */
        return (word & 15) < 14 ? abi_quick_branch(w, at, sign_extend(field(word, 5, 19), 19), state) : ABI_LONG_WAY;
    case KIND_JUMP: /* to another function is looked at */
        if (at + sign_extend(field(word, 0, 26), 26) >= w->units)
            return ABI_LONG_WAY;
        abi_arrive(w, at + sign_extend(field(word, 0, 26), 26), state);
        return ABI_LEFT;
    case KIND_CALL:
        return abi_quick_call(w, at, word, state);
    case KIND_HINT:
        return word == (uint32_t)ABI_NOP ? ABI_DONE : ABI_LONG_WAY;
    case KIND_RARE:
        return ABI_LONG_WAY;
    case KIND_PAGE:
    case KIND_SUM:
    case KIND_FIELD:
    case KIND_PRODUCT:
    case KIND_SELECT:
    case KIND_FLAGS:
    default:
        break;
    }
    if (!abi_computes(kind, word) || rd == REGISTER_PLATFORM)
        return ABI_LONG_WAY;
    if (rd != REGISTER_SP) /* XZR here */
        state->x[rd] = abi_value(ABI_COMPUTED, 0, 0);
    return ABI_DONE;
}

#endif
