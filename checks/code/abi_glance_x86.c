/* A glance at x86-64 code. What is at the stack, and what is rare, is taken apart as operands_x86.c has it. */
#include "checks/code/abi_glance.h"
#include "checks/code/operands_x86_work.h"
#include "checks/code/x86_short.h"

enum { NOBODY = X86_NOTHING };

static inline unsigned reg_number(const struct x86_short *i)
{
    return numbers[(i->modrm >> 3 & 7u) | (i->rex & R ? 8 : 0)];
}

static inline unsigned rm_number(const struct x86_short *i)
{
    return numbers[(i->modrm & 7u) | (i->rex & B ? 8 : 0)];
}

/* The same of a byte: AH, CH, DH and BH have the numbers 4 to 7. */
static inline unsigned byte_number(const struct x86_short *i, unsigned r, unsigned extends)
{
    return numbers[!i->rex && r >= 4 ? r - 4 : r | (i->rex & extends ? 8u : 0u)];
}

/* How far from here it goes. */
static inline int64_t offset(const struct x86_short *i)
{
    return i->length + (int64_t)x86_short_immediate(i);
}

/* The register that a memory operand is based on; NOBODY: none that could hold an address of the stack. */
static inline unsigned base_of(const struct x86_short *i)
{
    unsigned rm = i->modrm & 7, mod = i->modrm >> 6;
    if (rm == 4)
        rm = i->sib & 7;
    if (rm == 5 && mod == 0)
        return NOBODY;
    return numbers[rm | (i->rex & B ? 8u : 0u)];
}

static inline bool on_stack(const struct x86_short *i, const struct abi_glance *g)
{
    return i->what & SHORT_MODRM && i->modrm < 0xc0 && glance_is_place(g, base_of(i));
}

/* An access of the stack: `r` is loaded, or what it holds is stored. */
static inline bool at_stack(struct abi_walk *w, const struct x86_short *i, enum form form, unsigned r, unsigned size,
                            struct abi_glance *g)
{
    const struct operands o = {.form = (uint8_t)form,
                               .size = (uint8_t)size,
                               .count = r != NOBODY || form == FORM_STORE,
                               .base = (uint8_t)base_of(i),
                               .indexed = (i->modrm & 7) == 4 && ((i->sib >> 3 & 7) != 4 || i->rex & X),
                               .narrow = size < QUADWORD || r == NOBODY,
                               .regs = {(uint8_t)r},
                               .offset = x86_short_displacement(i)};
    return glance_transfer(w, &o, g);
}

/* Whether it is done: a register other than RSP becomes what is not known. */
static inline bool result(unsigned r, struct abi_glance *g)
{
    if (r == REGISTER_SP)
        return false;
    glance_spoil_one(g, r);
    return true;
}

enum quickly { LONG_WAY, DONE, GAVE_UP };

static inline enum quickly done(bool good)
{
    return good ? DONE : GAVE_UP;
}

static inline enum quickly computes(unsigned r, struct abi_glance *g)
{
    return result(r, g) ? DONE : LONG_WAY;
}

/* The operand that is read, if it is of the stack, or of a register that no address of the stack is in; then `r` is written. */
static inline enum quickly reads_into(struct abi_walk *w, const struct x86_short *i, unsigned r, unsigned size,
                                      struct abi_glance *g)
{
    if (on_stack(i, g) && !at_stack(w, i, FORM_LOAD, NOBODY, size, g))
        return GAVE_UP;
    return r == NOBODY ? DONE : computes(r, g);
}

static enum quickly arithmetic(struct abi_walk *w, const struct x86_short *i, struct abi_glance *g)
{
    const bool grouped = i->opcode >= 0x80, byte = !(i->opcode & 1), memory = i->modrm < 0xc0;
    const unsigned operation = grouped ? i->modrm >> 3 & 7u : i->opcode >> 3, form = i->opcode & 7;
    const unsigned size = byte ? 1 : i->rex & W ? QUADWORD : 4;
    const bool compares = operation == CMP;
    if (!grouped && form >= 4)
        return compares ? DONE : glance_is_place(g, numbers[RAX]) ? LONG_WAY : computes(numbers[RAX], g);
    if (memory && (grouped || form < 2) && !compares) {
        if (!on_stack(i, g))
            return DONE;
        return grouped && !x86_short_immediate(i) ? LONG_WAY : done(at_stack(w, i, FORM_STORE, NOBODY, size, g));
    }
    const unsigned reg = byte ? byte_number(i, i->modrm >> 3 & 7, R) : reg_number(i);
    if (memory)
        return reads_into(w, i, compares || grouped ? NOBODY : reg, size, g);
    const unsigned rm = byte ? byte_number(i, i->modrm & 7, B) : rm_number(i), to = grouped || form < 2 ? rm : reg;
    if (compares)
        return DONE;
    if (!byte && grouped && glance_is_place(g, rm) && i->rex & W && (operation == ADD || operation == SUB))
        return done(
            glance_add(w, g, rm, rm, operation == ADD ? x86_short_immediate(i) : -(int64_t)x86_short_immediate(i)));
    if (!byte && (glance_is_place(g, rm) || (!grouped && glance_is_place(g, reg))))
        return LONG_WAY;
    return computes(to, g);
}

static inline enum quickly move(struct abi_walk *w, const struct x86_short *i, struct abi_glance *g)
{
    const bool byte = !(i->opcode & 1), wide = i->rex & W && !byte, loads = i->opcode & 2;
    const unsigned reg = byte ? byte_number(i, i->modrm >> 3 & 7, R) : reg_number(i), size = byte   ? 1
                                                                                             : wide ? QUADWORD
                                                                                                    : 4;
    if (i->modrm < 0xc0) {
        if (on_stack(i, g))
            return reg == REGISTER_SP ? LONG_WAY : done(at_stack(w, i, loads ? FORM_LOAD : FORM_STORE, reg, size, g));
        return loads ? computes(reg, g) : DONE;
    }
    const unsigned rm = byte ? byte_number(i, i->modrm & 7, B) : rm_number(i), to = loads ? reg : rm,
                   from = loads ? rm : reg;
    if (wide && (to == REGISTER_SP || glance_is_place(g, from)))
        return done(glance_add(w, g, to, from, 0));
    return wide && to == from ? DONE : computes(to, g);
}

static inline enum quickly lea(struct abi_walk *w, const struct x86_short *i, struct abi_glance *g)
{
    const bool indexed = (i->modrm & 7) == 4 && ((i->sib >> 3 & 7) != 4 || i->rex & X);
    if (!on_stack(i, g) || indexed || !(i->rex & W))
        return computes(reg_number(i), g);
    return done(glance_add(w, g, reg_number(i), base_of(i), x86_short_displacement(i)));
}

static inline enum quickly push_or_pop(struct abi_walk *w, const struct x86_short *i, struct abi_glance *g)
{
    const unsigned r = (i->opcode & 7u) | (i->rex & B ? 8u : 0u);
    struct operands o = {.base = REGISTER_NONE};
    if (r == RSP)
        return LONG_WAY;
    if (i->opcode < 0x58)
        push(&o, r);
    else
        pop(&o, r);
    return done(glance_transfer(w, &o, g));
}

/* Of the map 0F: CMOV, SETcc, NOP, IMUL, MOVZX and MOVSX. */
static inline enum quickly two_byte(struct abi_walk *w, const struct x86_short *i, struct abi_glance *g)
{
    if (i->opcode == 0x1f)
        return DONE;
    if ((i->opcode & 0xf0) == 0x90) {
        if (i->modrm >= 0xc0)
            return computes(byte_number(i, i->modrm & 7, B), g);
        return on_stack(i, g) ? done(at_stack(w, i, FORM_STORE, NOBODY, 1, g)) : DONE;
    }
    if ((i->opcode & 0xf0) == 0x40) /* it reads nothing that is looked at */
        return computes(reg_number(i), g);
    return reads_into(w, i, reg_number(i), i->rex & W ? QUADWORD : 4, g);
}

static inline enum quickly one_byte(struct abi_walk *w, const struct x86_short *i, struct abi_glance *g)
{
    const unsigned op = i->opcode, low = numbers[(op & 7) | (i->rex & B ? 8u : 0u)];
    const bool memory = i->modrm < 0xc0;
    if (op < 0x40 || (op >= 0x80 && op <= 0x83))
        return arithmetic(w, i, g);
    if (op >= 0x88 && op <= 0x8b)
        return move(w, i, g);
    if (op == 0x8d)
        return lea(w, i, g);
    if (op == 0x84 || op == 0x85 || op == 0x90 || op == 0xa8 || op == 0xa9) /* TEST, NOP */
        return DONE;
    if (op >= 0x50 && op <= 0x5f)
        return push_or_pop(w, i, g);
    if (op >= 0xb8 && op <= 0xbf)
        return computes(low, g);
    if (op == 0x63 || op == 0x69 || op == 0x6b)
        return reads_into(w, i, reg_number(i), 4, g);
    if (memory && (op == 0xc6 || op == 0xc7)) /* MOV of a number */
        return on_stack(i, g) ? done(at_stack(w, i, FORM_STORE, NOBODY,
                                              op == 0xc6   ? 1
                                              : i->rex & W ? QUADWORD
                                                           : 4,
                                              g))
                              : DONE;
    if (!memory && (op == 0xc1 || op == 0xd1 || op == 0xd3 || op == 0xc7))
        return computes(rm_number(i), g);
    return LONG_WAY;
}

static bool long_way(struct abi_walk *w, size_t at, const struct x86_insn *insn, struct abi_glance *g)
{
    struct operands o[X86_STEPS];
    const unsigned count = x86_operands(insn, o);
    bool on = true;
    for (unsigned i = 0; on && i < count; i++)
        on = glance_at(w, at, &o[i], g);
    return on && insn->flow != X86_JUMP;
}

/* One instruction that x86_short_decode() does not take; *length is 0 where there is none. */
static bool rare(struct abi_walk *w, size_t at, unsigned *length, struct abi_glance *g)
{
    struct x86_insn insn;
    *length = x86_decode(w->bytes + at, w->units - at, &insn);
    if (!*length || insn.class == X86_INVALID)
        return glance_up(w);
    return long_way(w, at, &insn, g);
}

static inline bool call(struct abi_walk *w, size_t at, const struct x86_short *i, struct abi_glance *g)
{
    const struct operands o = {.form = FORM_CALL, .base = REGISTER_NONE, .offset = offset(i)};
    return glance_call(w, &o, at, g);
}

/* Of SSE: as x86_from_vector() has it. */
static inline bool vector_at_stack(struct abi_walk *w, const struct x86_short *i, struct abi_glance *g)
{
    const bool stores = i->opcode == 0x11 || i->opcode == 0x29 || i->opcode == 0x7f || i->opcode == 0xd6;
    const bool four = i->opcode == 0x11 && i->bytes[0] == 0xf3;
    return at_stack(w, i, stores ? FORM_STORE : FORM_LOAD, NOBODY, four ? 4 : QUADWORD, g);
}

static inline bool step(struct abi_walk *w, size_t at, const struct x86_short *i, struct abi_glance *g)
{
    static const struct operands ret = {.form = FORM_RETURN};
    enum quickly quickly;
    unsigned length;
    if (x86_short_is_branch(i))
        return glance_branch(w, at, offset(i), g);
    if (i->map == SHORT_ONE && i->opcode >= 0xe8)
        return i->opcode == 0xe8 ? call(w, at, i, g) : glance_jump(w, at, offset(i), g);
    if (i->map == SHORT_ONE && i->opcode == 0xc3)
        return glance_return(w, &ret, g);
    if (i->map == SHORT_VECTOR)
        quickly = on_stack(i, g) ? done(vector_at_stack(w, i, g)) : DONE;
    else
        quickly = i->map == SHORT_0F ? two_byte(w, i, g) : one_byte(w, i, g);
    return quickly == LONG_WAY ? rare(w, at, &length, g) : quickly == DONE;
}

/* The code from `at` on: where it ends too soon, a copy with zeros behind it. */
static inline const uint8_t *may_read(const struct abi_walk *w, size_t at, uint8_t tail[SHORT_READS])
{
    const size_t left = w->units - at;
    if (left >= SHORT_READS)
        return w->bytes + at;
    memset(tail, 0, SHORT_READS);
    memcpy(tail, w->bytes + at, left);
    return tail;
}

size_t glance_block_x86(struct abi_walk *w, size_t at, const struct abi_glance *begin)
{
    struct abi_glance g = *begin;
    size_t leader = at;
    uint64_t away = 0; /* where the instruction before calls, if it does */
    unsigned length;
    uint8_t tail[SHORT_READS];
    for (bool on = true; on && at < w->units; at += length) {
        uint8_t *flags = &w->flags[at];
        struct x86_short i;
        if (at != leader && *flags & ABI_LEADER) {
            if (!glance_fall_into(w, at, away && *flags & ABI_KNOWN && abi_is_stub(w, away), &g))
                break;
            leader = at;
        }
        away = 0;
        length = x86_short_decode(may_read(w, at, tail), &i);
        if (!length || length > w->units - at) {
            on = rare(w, at, &length, &g);
        } else {
            if (i.map == SHORT_ONE && i.opcode == 0xe8)
                away = w->f->start + at + (uint64_t)offset(&i);
            on = step(w, at, &i, &g);
        }
        w->understood += *flags & ABI_VISITED ? 0 : length;
        *flags |= ABI_VISITED;
    }
    return leader;
}
