/* The most frequent instructions of x86-64, done at once: those that read registers, or memory that is not of the stack, and
 * put a result into a register; moves; PUSH and POP. Nothing is looked for in them. test_abi.c holds these ways against the long
 * one, operands_x86.c and abi_state.c. Part of abi_walk_x86.c; nothing else includes this. */
#ifndef ASSAY_CHECKS_CODE_ABI_QUICK_X86_H
#define ASSAY_CHECKS_CODE_ABI_QUICK_X86_H

#include "checks/code/abi_walk.h"
#include "checks/code/operands_x86_work.h"

static inline bool abi_x86_result(struct abi_state *state, unsigned r)
{
    if (r == RSP)
        return false;
    state->x[numbers[r]] = abi_value(ABI_COMPUTED, 0, 0);
    return true;
}

static inline bool abi_x86_constant(struct abi_state *state, unsigned r, int64_t n)
{
    if (r == RSP)
        return false;
    state->x[numbers[r]] = abi_value(ABI_CONSTANT, 0, n);
    return true;
}

static inline bool abi_x86_moved(struct abi_state *state, unsigned to, unsigned from, int64_t by)
{
    if (to == RSP || from == RSP)
        return false;
    state->x[numbers[to]] = abi_moved(state->x[numbers[from]], by);
    return true;
}

/* What the base register of a memory operand holds, if it is not RSP; of one without a base, a number. */
static inline struct abi_value abi_x86_base(const struct x86_insn *i, const struct abi_state *state)
{
    struct operands at = {.base = REGISTER_NONE};
    if (!address(i, &at))
        return abi_value(ABI_COMPUTED, 0, 0);
    return at.base == REGISTER_SP ? abi_value(ABI_STACK, 0, 0) : state->x[at.base];
}

/* Whether what ModRM names is a register, or memory that is not of the stack. */
static inline bool abi_x86_elsewhere(const struct x86_insn *i, const struct abi_state *state)
{
    return !in_memory(i) || abi_x86_base(i, state).kind != ABI_STACK;
}

/* Of a register: with another, or with a number. */
static inline bool abi_x86_registers(const struct x86_insn *i, unsigned operation, struct abi_state *state)
{
    const bool wide = i->rex & W && i->opcode & 1, byte = !(i->opcode & 1), grouped = i->opcode >= 0x80;
    const unsigned form = i->opcode & 7, reg = reg_of(i), rm = rm_of(i);
    const unsigned to = grouped || form < 2 ? rm : form < 4 ? reg : RAX, from = form < 2 ? reg : rm;
    const bool number = grouped || form >= 4, same = !number && to == from, sum = operation == ADD || operation == SUB;
    if (operation == CMP)
        return true;
    if (byte)
        return abi_x86_result(state, number && form >= 4 && !grouped ? RAX : byte_register(i, to));
    if (number && wide && sum)
        return abi_x86_moved(state, to, to, operation == ADD ? i->immediate : -i->immediate);
    if (same && (operation == XOR || operation == SUB))
        return abi_x86_constant(state, to, 0);
    if (wide && (sum || operation == AND || (same && operation == OR)))
        return false;
    return abi_x86_result(state, to);
}

/* ADD, OR, ADC, SBB, AND, SUB, XOR and CMP. */
static inline bool abi_x86_arithmetic(const struct x86_insn *i, struct abi_state *state)
{
    const unsigned operation = i->opcode >= 0x80 ? i->modrm >> 3 & 7u : i->opcode >> 3, form = i->opcode & 7;
    if (!in_memory(i))
        return abi_x86_registers(i, operation, state);
    if (abi_x86_base(i, state).kind == ABI_STACK || (operation != CMP && (i->opcode >= 0x80 || form < 2)))
        return false;
    return operation == CMP || abi_x86_result(state, i->opcode & 1 ? reg_of(i) : byte_register(i, reg_of(i)));
}

/* MOV between registers, and from memory. */
static inline bool abi_x86_move(const struct x86_insn *i, struct abi_state *state)
{
    const bool byte = !(i->opcode & 1), wide = i->rex & W && !byte, to_reg = i->opcode & 2;
    const unsigned reg = reg_of(i), rm = rm_of(i), to = to_reg ? reg : rm;
    if (in_memory(i)) {
        const struct abi_value base = abi_x86_base(i, state);
        const bool known = base.kind == ABI_ENTRY || base.kind == ABI_COMPUTED || base.kind == ABI_CONSTANT;
        if (base.kind == ABI_STACK || !to_reg || (wide && !known))
            return false;
    } else if (wide) {
        return abi_x86_moved(state, to, to_reg ? rm : reg, 0);
    }
    return abi_x86_result(state, byte ? byte_register(i, to) : to);
}

static inline bool abi_x86_lea(const struct x86_insn *i, struct abi_state *state)
{
    struct operands at = {.base = REGISTER_NONE};
    if (!(i->rex & W) || !address(i, &at) || at.indexed)
        return abi_x86_result(state, reg_of(i));
    if (reg_of(i) == RSP)
        return false;
    state->x[numbers[reg_of(i)]] = abi_moved(state->x[at.base], at.offset);
    return true;
}

static inline bool abi_x86_push_or_pop(struct abi_walk *w, const struct x86_insn *i, struct abi_state *state)
{
    const unsigned r = (i->opcode & 7u) | (i->rex & B ? 8u : 0u);
    struct operands o = {.base = REGISTER_NONE};
    if (r == RSP)
        return false;
    if (i->opcode < 0x58) {
        push(&o, r);
        abi_note_saves(w, &o, state);
    } else {
        pop(&o, r);
    }
    abi_step(state, &o);
    w->odd |= abi_alignment(state->x[REGISTER_SP]) < 0;
    return true;
}

/* Whether the instruction was done at once; it transfers no control. */
static inline bool abi_quick_x86(struct abi_walk *w, const struct x86_insn *i, struct abi_state *state)
{
    const unsigned op = i->opcode, low = (op & 7) | (i->rex & B ? 8u : 0u);
    if (i->class != X86_BASELINE || i->operand_16)
        return false;
    if (i->map == MAP_0F) /* IMUL, MOVZX, MOVSX */
        return (op == 0xaf || op == 0xb6 || op == 0xb7 || op == 0xbe || op == 0xbf) && abi_x86_elsewhere(i, state) &&
               abi_x86_result(state, reg_of(i));
    if (i->map != MAP_ONE)
        return false;
    if ((op < 0x40 && (op & 7) < 6) || (op >= 0x80 && op <= 0x83))
        return abi_x86_arithmetic(i, state);
    if (op >= 0x50 && op <= 0x5f)
        return abi_x86_push_or_pop(w, i, state);
    if (op >= 0x88 && op <= 0x8b)
        return abi_x86_move(i, state);
    if (op == 0x8d)
        return abi_x86_lea(i, state);
    if (op == 0x84 || op == 0x85) /* TEST */
        return abi_x86_elsewhere(i, state);
    if (op >= 0xb8 && op <= 0xbf)
        return abi_x86_constant(state, low, i->rex & W ? i->immediate : (uint32_t)i->immediate);
    if (op == 0x63 || op == 0x69 || op == 0x6b) /* MOVSXD, IMUL */
        return abi_x86_elsewhere(i, state) && abi_x86_result(state, reg_of(i));
    if (op == 0xc1 || op == 0xd1 || op == 0xd3) /* shifts */
        return !in_memory(i) && abi_x86_result(state, rm_of(i));
    return op == 0x90 && !(i->rex & B); /* NOP */
}

#endif
