/* Parts of operands_x86.c, operands_x86_maps.c and abi_quick_x86.h; nothing else includes this. Where the size of what a vector instruction
 * stores is not known here, fewer bytes are said to be stored than may be: what stood there is then taken to stand there
 * still, and nothing is told of it. */
#ifndef ASSAY_CHECKS_CODE_OPERANDS_X86_WORK_H
#define ASSAY_CHECKS_CODE_OPERANDS_X86_WORK_H

#include "checks/code/operands_x86.h"

enum { W = 8, R = 4, X = 2, B = 1, REX = 16 };
enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R11 = 11 };
enum { QUADWORD = 8, ADD = 0, OR = 1, AND = 4, SUB = 5, XOR = 6, CMP = 7 };

static const uint8_t numbers[16] = {0, 1, 2, 19, REGISTER_SP, REGISTER_FP, 3, 4, 5, 6, 7, 8, 20, 21, 22, 23};

static inline uint32_t bit(unsigned r)
{
    return 1u << numbers[r];
}

static inline unsigned reg_of(const struct x86_insn *i)
{
    return (i->modrm >> 3 & 7u) | (i->rex & R ? 8 : 0);
}

static inline unsigned rm_of(const struct x86_insn *i)
{
    return (i->modrm & 7u) | (i->rex & B ? 8 : 0);
}

static inline bool in_memory(const struct x86_insn *i)
{
    return i->has_modrm && i->modrm < 0xc0;
}

/* Without REX, AH, CH, DH and BH have the numbers 4 to 7. */
static inline unsigned byte_register(const struct x86_insn *i, unsigned r)
{
    return !(i->rex & REX) && r >= 4 && r < 8 ? r - 4 : r;
}

static inline void writes(struct operands *o, unsigned r)
{
    o->gprs |= bit(r);
    o->regs[0] = numbers[r];
}

/* The address of the memory operand; false: nothing that a register is the base of. */
static inline bool address(const struct x86_insn *i, struct operands *o)
{
    unsigned base = rm_of(i);
    bool compressed = i->map >= MAP_EVEX_0F && i->map <= MAP_EVEX_7 && i->modrm >> 6 == 1;
    if (i->segment || i->rip_relative || i->address_32)
        return false;
    if (i->has_sib) {
        base = (i->sib & 7u) | (i->rex & B ? 8 : 0);
        if ((i->sib & 7) == 5 && i->modrm >> 6 == 0)
            return false;
        o->indexed = (i->sib >> 3 & 7) != 4 || i->rex & X;
    }
    o->indexed |= compressed;
    o->base = numbers[base];
    o->offset = i->displacement;
    return true;
}

/* Memory that is read for `count` registers, or for none that is followed. */
static inline void reads(const struct x86_insn *i, struct operands *o, unsigned size)
{
    struct operands with = *o;
    if (!address(i, &with))
        return;
    with.form = FORM_LOAD;
    with.size = (uint8_t)size;
    with.narrow = true;
    with.count = with.gprs != 0;
    *o = with;
}

/* Memory that becomes what is not followed. */
static inline void changes(const struct x86_insn *i, struct operands *o, unsigned size)
{
    o->form = address(i, o) ? FORM_STORE : FORM_PREFETCH;
    o->size = (uint8_t)size;
    o->narrow = true;
    o->count = 1;
}

static inline void load(const struct x86_insn *i, struct operands *o, unsigned r)
{
    writes(o, r);
    reads(i, o, QUADWORD);
    o->narrow = false;
}

/* FORM_PREFETCH: to where no register leads. */
static inline void store(const struct x86_insn *i, struct operands *o, unsigned r)
{
    changes(i, o, QUADWORD);
    o->narrow = false;
    o->regs[0] = r == RSP ? X86_NOTHING : numbers[r];
}

/* The operand of ModRM becomes what is not followed. */
static inline void spoils(const struct x86_insn *i, struct operands *o, unsigned size)
{
    if (in_memory(i))
        changes(i, o, size);
    else
        writes(o, size == 1 ? byte_register(i, rm_of(i)) : rm_of(i));
}

static inline void add(struct operands *o, unsigned to, unsigned from, int64_t offset)
{
    writes(o, to);
    o->form = FORM_ADD;
    o->base = numbers[from];
    o->offset = offset;
}

static inline void constant(struct operands *o, unsigned r, int64_t value)
{
    writes(o, r);
    o->form = FORM_CONSTANT;
    o->offset = value;
}

/* PUSH; of RSP, it is not followed what. */
static inline void push(struct operands *o, unsigned r)
{
    *o = (struct operands){.form = FORM_STORE,
                           .size = QUADWORD,
                           .count = 1,
                           .base = REGISTER_SP,
                           .moves = true,
                           .regs = {(uint8_t)(r == RSP ? X86_NOTHING : numbers[r])},
                           .offset = -QUADWORD,
                           .gprs = 1u << REGISTER_SP};
}

static inline void pop(struct operands *o, unsigned r)
{
    if (r == RSP) {
        o->form = FORM_MEMORY;
        o->gprs = bit(RSP);
        return;
    }
    *o = (struct operands){.form = FORM_LOAD,
                           .size = QUADWORD,
                           .count = 1,
                           .base = REGISTER_SP,
                           .moves = true,
                           .post = true,
                           .regs = {numbers[r]},
                           .offset = QUADWORD,
                           .gprs = bit(RSP) | bit(r)};
}

/* The map 0F. */
unsigned x86_two_byte(const struct x86_insn *i, struct operands out[X86_STEPS]);
/* The maps 0F 38 and 0F 3A, of legacy, VEX and EVEX encodings. */
void x86_three_byte(const struct x86_insn *i, struct operands *o);
/* The map 0F of VEX and EVEX, and the map 5. */
void x86_from_vector(const struct x86_insn *i, struct operands *o);

#endif
