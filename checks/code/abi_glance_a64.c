/* A glance at A64 code. */
#include "checks/code/abi_glance.h"

#include "checks/code/a64.h"
#include "checks/code/abi_quick.h"

static bool long_way(struct abi_walk *w, size_t at, uint32_t word, struct abi_glance *g)
{
    struct operands o;
    if (a64_classify(word) == A64_UNALLOCATED) {
        w->flags[at] &= (uint8_t)~ABI_VISITED;
        if (!w->loose) /* data, where nothing but a guess led to */
            (void)glance_odd(w);
        return false;
    }
    if (word == (uint32_t)ABI_SWIFT_FRAME && !glance_odd(w))
        return false;
    a64_operands(word, &o);
    if (o.gprs & w->glancing->reserved)
        return glance_up(w);
    return glance_at(w, at, &o, g);
}

static inline bool result(struct abi_walk *w, unsigned rd, struct abi_glance *g)
{
    if (w->glancing->reserved >> rd & 1)
        return glance_up(w);
    if (rd != REGISTER_SP) /* XZR here */
        glance_spoil_one(g, rd);
    return true;
}

static inline bool add(struct abi_walk *w, uint32_t word, struct abi_glance *g)
{
    const unsigned rd = field(word, 0, 5), rn = field(word, 5, 5);
    const int64_t by = (int64_t)field(word, 10, 12) << (field(word, 22, 1) ? 12 : 0);
    if (word >> 31 && (rd == REGISTER_SP || glance_is_place(g, rn)))
        return !(w->glancing->reserved >> rd & 1) ? glance_add(w, g, rd, rn, field(word, 30, 1) ? -by : by)
                                                  : glance_up(w);
    return rd == REGISTER_SP ? glance_up(w) : result(w, rd, g);
}

/* MOV of a register. */
static inline bool move(struct abi_walk *w, uint32_t word, struct abi_glance *g)
{
    const unsigned rd = field(word, 0, 5), rm = field(word, 16, 5);
    if (rm != REGISTER_SP && rd != REGISTER_SP && glance_is_place(g, rm) && !(w->glancing->reserved >> rd & 1))
        return glance_add(w, g, rd, rm, 0);
    return rd == rm ? true : result(w, rd, g);
}

static inline bool access(struct abi_walk *w, uint32_t word, struct abi_glance *g)
{
    const unsigned rt = field(word, 0, 5);
    const bool vector = field(word, 26, 1), load = vector ? field(word, 22, 1) : field(word, 22, 2) != 0;
    if (!glance_is_place(g, field(word, 5, 5)) && !abi_access_moves(word)) {
        if (load && !vector)
            return result(w, rt, g);
        if (load && rt - ABI_FIRST_VECTOR < ABI_VECTORS)
            g->intact &= ~((uint64_t)1 << (rt - ABI_FIRST_VECTOR + ABI_ENTRY_VECTOR));
        return true;
    }
    const struct operands o = abi_access(word);
    return o.gprs & w->glancing->reserved ? glance_up(w) : glance_transfer(w, &o, g);
}

static inline bool pair(struct abi_walk *w, uint32_t word, struct abi_glance *g)
{
    const struct operands o = abi_pair(word);
    return o.gprs & w->glancing->reserved ? glance_up(w) : glance_transfer(w, &o, g);
}

static inline bool call(struct abi_walk *w, size_t at, uint32_t word, struct abi_glance *g)
{
    const struct operands o = {
        .form = FORM_CALL, .base = REGISTER_NONE, .offset = (int64_t)sign_extend(field(word, 0, 26), 26) * 4};
    return glance_call(w, &o, at, g);
}

static inline bool step(struct abi_walk *w, size_t at, uint32_t word, struct abi_glance *g)
{
    const enum abi_quick_kind kind = (enum abi_quick_kind)abi_quick_kinds[word >> 24];
    switch (kind) {
    case KIND_LOGICAL:
        if ((word & 0xffe0ffe0u) == 0xaa0003e0u)
            return move(w, word, g);
        break;
    case KIND_MASK:
        if (field(word, 23, 1))
            return field(word, 29, 2) == 1 || (!(word >> 31) && field(word, 22, 1)) ? long_way(w, at, word, g)
                                                                                    : result(w, field(word, 0, 5), g);
        break;
    case KIND_ADD:
        return field(word, 23, 1) ? long_way(w, at, word, g) : add(w, word, g);
    case KIND_PAIR:
        return pair(w, word, g);
    case KIND_ACCESS:
        return (abi_is_access(word) ? access(w, word, g) : long_way(w, at, word, g)) &&
               !(w->f->called && abi_faults(w, at));
    case KIND_IF:
        return glance_branch(w, at, (int64_t)sign_extend(field(word, 5, 19), 19), g);
    case KIND_TEST:
        return glance_branch(w, at, (int64_t)sign_extend(field(word, 5, 14), 14), g);
    case KIND_CONDITION: /* but for AL, and BC.cond as any other */
        return (word & 15) < 14 ? glance_branch(w, at, (int64_t)sign_extend(field(word, 5, 19), 19), g)
                                : long_way(w, at, word, g);
    case KIND_JUMP:
        return glance_jump(w, at, (int64_t)sign_extend(field(word, 0, 26), 26) * 4, g);
    case KIND_CALL:
        return call(w, at, word, g);
    case KIND_HINT:
        return word == (uint32_t)ABI_NOP ? true : long_way(w, at, word, g);
    case KIND_RARE:
        return long_way(w, at, word, g);
    case KIND_PAGE:
    case KIND_SUM:
    case KIND_FIELD:
    case KIND_PRODUCT:
    case KIND_SELECT:
    case KIND_FLAGS:
    default:
        break;
    }
    return abi_computes(kind, word) ? result(w, field(word, 0, 5), g) : long_way(w, at, word, g);
}

size_t glance_block_a64(struct abi_walk *w, size_t at, const struct abi_glance *begin)
{
    struct abi_glance g = *begin;
    uint8_t *const flags = w->flags;
    const size_t units = w->units;
    size_t leader = at;
    for (bool on = true, first = true; on && at < units; at++, first = false) {
        if (!first && flags[at] & ABI_LEADER) {
            if (!glance_fall_into(w, at, abi_calls_away(w, at - 1), &g))
                break;
            leader = at;
        }
        flags[at] |= ABI_VISITED;
        on = step(w, at, abi_word(w, at), &g);
    }
    return leader;
}
