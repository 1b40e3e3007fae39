#include "checks/code/operands_x86_work.h"

static const struct operands nothing = {.base = REGISTER_NONE};

const char *x86_register_name(unsigned number)
{
    static const char *const names[32] = {"rax", "rcx",        "rdx", "rsi", "rdi", "r8",  "r9",         "r10",
                                          "r11", [19] = "rbx", "r12", "r13", "r14", "r15", [29] = "rbp", [31] = "rsp"};
    return number < 32 && names[number] ? names[number] : "?";
}

/* The number of bits that a mask such as -16 clears; 0: another mask. */
static unsigned cleared(int64_t mask)
{
    uint64_t low = ~(uint64_t)mask;
    return mask < -1 && mask >= -(1 << 30) && (low & (low + 1)) == 0 ? (unsigned)__builtin_ctzll((uint64_t)mask) : 0;
}

/* An operation with an immediate on a register. */
static void with_immediate(const struct x86_insn *i, struct operands *o, unsigned operation, unsigned r, bool wide)
{
    unsigned bits = cleared(i->immediate);
    writes(o, r);
    if (wide && (operation == ADD || operation == SUB)) {
        add(o, r, r, operation == ADD ? i->immediate : -i->immediate);
    } else if (wide && operation == AND && bits) {
        o->form = FORM_ALIGN;
        o->base = numbers[r];
        o->offset = bits;
    }
}

/* An operation of two registers. */
static void with_register(struct operands *o, unsigned operation, unsigned to, unsigned from, bool wide)
{
    if (to == from && (operation == XOR || operation == SUB)) {
        constant(o, to, 0);
    } else if (to == from && wide && (operation == AND || operation == OR)) {
        o->form = FORM_PREFETCH;
    } else if (wide && (operation == ADD || operation == SUB) && from != RSP) {
        writes(o, to);
        o->form = FORM_ADD_REGISTER;
        o->base = numbers[to];
        o->regs[1] = numbers[from];
        o->offset = operation == ADD ? 1 : -1;
    } else {
        writes(o, to);
    }
}

/* ADD, OR, ADC, SBB, AND, SUB, XOR and CMP: opcodes 00 to 3D, and 80 to 83. */
static void arithmetic(const struct x86_insn *i, struct operands *o)
{
    bool grouped = i->opcode >= 0x80, wide = i->rex & W && i->opcode & 1, byte = !(i->opcode & 1);
    unsigned operation = grouped ? i->modrm >> 3 & 7 : i->opcode >> 3, form = i->opcode & 7;
    unsigned size = byte ? 1 : wide ? QUADWORD : 4, reg = reg_of(i), rm = rm_of(i);
    if (operation == CMP) {
        o->form = FORM_PREFETCH;
        if (in_memory(i))
            reads(i, o, size);
    } else if (!grouped && form >= 4) {
        with_immediate(i, o, operation, RAX, wide);
    } else if (in_memory(i) && grouped && !i->immediate && operation != AND) {
        o->form = FORM_PREFETCH; /* a fence, or a probe */
    } else if (in_memory(i)) {
        if (grouped || form < 2) {
            changes(i, o, size);
        } else {
            writes(o, byte ? byte_register(i, reg) : reg);
            reads(i, o, size);
        }
    } else if (byte) {
        writes(o, byte_register(i, grouped || form < 2 ? rm : reg));
    } else if (grouped) {
        with_immediate(i, o, operation, rm, wide);
    } else {
        with_register(o, operation, form < 2 ? rm : reg, form < 2 ? reg : rm, wide);
    }
}

static void lea(const struct x86_insn *i, struct operands *o)
{
    struct operands at = {.base = REGISTER_NONE};
    bool known = i->rex & W && address(i, &at) && !at.indexed;
    writes(o, reg_of(i));
    if (known) {
        o->form = FORM_ADD;
        o->base = at.base;
        o->offset = at.offset;
    }
}

static void move(const struct x86_insn *i, struct operands *o)
{
    bool byte = !(i->opcode & 1), wide = i->rex & W, to_reg = i->opcode & 2;
    unsigned reg = reg_of(i), rm = rm_of(i);
    if (!byte && wide && in_memory(i)) {
        if (to_reg)
            load(i, o, reg);
        else
            store(i, o, reg);
    } else if (!byte && wide) {
        add(o, to_reg ? reg : rm, to_reg ? rm : reg, 0);
    } else if (to_reg) {
        writes(o, byte ? byte_register(i, reg) : reg);
        if (in_memory(i))
            reads(i, o, byte ? 1 : 4);
    } else {
        spoils(i, o, byte ? 1 : 4);
    }
}

static void move_immediate(const struct x86_insn *i, struct operands *o)
{
    bool byte = i->opcode == 0xc6;
    if (in_memory(i) || byte)
        spoils(i, o, byte ? 1 : i->rex & W ? QUADWORD : 4);
    else if (i->operand_16 && !(i->rex & W))
        writes(o, rm_of(i));
    else
        constant(o, rm_of(i), i->rex & W ? i->immediate : (uint32_t)i->immediate);
}

/* What is exchanged may come back another time. */
static unsigned exchange(const struct x86_insn *i, struct operands out[X86_STEPS], unsigned reg)
{
    struct operands *last = &out[0];
    if (in_memory(i)) {
        changes(i, &out[0], QUADWORD);
        out[0].narrow = false;
        out[0].regs[0] = X86_NOTHING;
        last = &out[1];
        *last = nothing;
    }
    last->form = FORM_MEMORY;
    last->gprs = bit(reg) | (in_memory(i) ? 0 : bit(i->has_modrm ? rm_of(i) : RAX));
    return in_memory(i) ? 2 : 1;
}

/* F6, F7, FE, FF but for what transfers control. */
static void group(const struct x86_insn *i, struct operands *o)
{
    unsigned sub = i->modrm >> 3 & 7, size = !(i->opcode & 1) ? 1 : i->rex & W ? QUADWORD : 4;
    if (i->opcode >= 0xfe && sub == 6) {
        push(o, RSP);
    } else if (i->opcode == 0xff && !in_memory(i) && i->rex & W) {
        add(o, rm_of(i), rm_of(i), sub == 0 ? 1 : -1);
    } else if (i->opcode >= 0xfe || sub == 2 || sub == 3) {
        spoils(i, o, size);
    } else if (sub < 2) {
        o->form = FORM_PREFETCH;
        if (in_memory(i))
            reads(i, o, size);
    } else { /* MUL, IMUL, DIV, IDIV */
        o->gprs = bit(RAX) | bit(RDX);
    }
}

static unsigned leave(struct operands out[X86_STEPS])
{
    add(&out[0], RSP, RBP, 0);
    pop(&out[1], RBP);
    return 2;
}

/* POP of what ModRM names. */
static unsigned pop_operand(const struct x86_insn *i, struct operands out[X86_STEPS])
{
    if (!in_memory(i)) {
        pop(&out[0], rm_of(i));
        return 1;
    }
    add(&out[0], RSP, RSP, QUADWORD);
    out[1] = nothing;
    changes(i, &out[1], QUADWORD);
    return 2;
}

/* Opcodes whose registers are their own. */
static void one_byte_fixed(const struct x86_insn *i, struct operands *o)
{
    unsigned op = i->opcode, low = (op & 7) | (i->rex & B ? 8u : 0u);
    if (op >= 0x50 && op <= 0x57) {
        push(o, low);
    } else if (op >= 0x58 && op <= 0x5f) {
        pop(o, low);
    } else if (op == 0x68 || op == 0x6a || op == 0x9c) {
        push(o, RSP);
        o->narrow = op != 0x9c;
    } else if (op == 0x9d) {
        add(o, RSP, RSP, QUADWORD);
    } else if (op >= 0xb0 && op <= 0xb7) {
        writes(o, byte_register(i, low));
    } else if (op >= 0xb8 && op <= 0xbf) {
        if (i->operand_16 && !(i->rex & W))
            writes(o, low);
        else
            constant(o, low, i->rex & W ? i->immediate : (uint32_t)i->immediate);
    } else if (op == 0x99) {
        o->gprs = bit(RDX);
    } else if (op == 0x98 || op == 0x9f || op == 0xa0 || op == 0xa1 || op == 0xd7 || (op & 0xf6) == 0xe4) {
        o->gprs = bit(RAX);
    } else if ((op >= 0x6c && op <= 0x6f) || (op >= 0xa4 && op <= 0xa7) || (op >= 0xaa && op <= 0xaf)) {
        o->gprs = bit(RAX) | bit(RCX) | bit(RSI) | bit(RDI);
    } else if (op == 0xc8) {
        o->form = FORM_SCALABLE; /* ENTER: nobody makes it */
        o->gprs = bit(RSP) | bit(RBP);
    }
}

static unsigned one_byte(const struct x86_insn *i, struct operands out[X86_STEPS])
{
    unsigned op = i->opcode, size = op & 1 ? (i->rex & W ? QUADWORD : 4) : 1;
    struct operands *o = &out[0];
    if (op < 0x40 || (op >= 0x80 && op <= 0x83))
        arithmetic(i, o);
    else if (op >= 0x88 && op <= 0x8b)
        move(i, o);
    else if (op == 0x8d)
        lea(i, o);
    else if (op == 0x84 || op == 0x85)
        reads(i, o, size);
    else if (op == 0x86 || op == 0x87)
        return exchange(i, out, op == 0x86 ? byte_register(i, reg_of(i)) : reg_of(i));
    else if (op >= 0x90 && op <= 0x97 && (op != 0x90 || i->rex & B))
        return exchange(i, out, (op & 7) | (i->rex & B ? 8u : 0u));
    else if (op == 0xc6 || op == 0xc7)
        move_immediate(i, o);
    else if (op == 0xc9)
        return leave(out);
    else if (op == 0x8f)
        return pop_operand(i, out);
    else if (op == 0xf6 || op == 0xf7 || op == 0xfe || op == 0xff)
        group(i, o);
    else if (op == 0xc0 || op == 0xc1 || (op >= 0xd0 && op <= 0xd3) || op == 0x8c)
        spoils(i, o, op == 0x8c ? 2 : size);
    else if (op == 0x63 || op == 0x69 || op == 0x6b) {
        writes(o, reg_of(i));
        if (in_memory(i))
            reads(i, o, 4);
    } else if (op >= 0xd8 && op <= 0xdf) {
        if (in_memory(i))
            changes(i, o, 1); /* or is read */
        else
            o->gprs = op == 0xdf ? bit(RAX) : 0; /* FNSTSW */
    } else {
        one_byte_fixed(i, o);
    }
    return 1;
}

static unsigned by_map(const struct x86_insn *i, struct operands out[X86_STEPS])
{
    switch ((enum x86_map)i->map) {
    case MAP_ONE:
        return one_byte(i, out);
    case MAP_0F:
        return x86_two_byte(i, out);
    case MAP_VEX_0F:
    case MAP_EVEX_0F:
    case MAP_EVEX_5:
        x86_from_vector(i, &out[0]);
        return 1;
    case MAP_0F38:
    case MAP_0F3A:
    case MAP_VEX_0F38:
    case MAP_VEX_0F3A:
    case MAP_EVEX_0F38:
    case MAP_EVEX_0F3A:
        x86_three_byte(i, &out[0]);
        return 1;
    case MAP_XOP_8:
    case MAP_XOP_9:
    case MAP_XOP_A:
        out[0].form = FORM_MEMORY;
        out[0].gprs = (bit(reg_of(i)) | bit(i->vector) | bit(rm_of(i))) & ~bit(RSP);
        return 1;
    case MAP_EVEX_4: /* APX: as many registers again */
    case MAP_EVEX_6:
    case MAP_EVEX_7:
    case MAP_VEX_7:
    case MAP_COUNT:
    default:
        out[0].form = FORM_SCALABLE;
        out[0].gprs = UINT32_MAX;
        return 1;
    }
}

unsigned x86_operands(const struct x86_insn *i, struct operands out[X86_STEPS])
{
    static const uint8_t forms[] = {
        [X86_BRANCH] = FORM_BRANCH,
        [X86_JUMP] = FORM_JUMP,
        [X86_CALL] = FORM_CALL,
        [X86_JUMP_INDIRECT] = FORM_JUMP_REGISTER,
        [X86_CALL_INDIRECT] = FORM_CALL_REGISTER,
        [X86_RETURN] = FORM_RETURN,
        [X86_STOP] = FORM_STOP,
        [X86_SYSCALL] = FORM_OTHER,
    };
    struct operands *o = &out[0];
    *o = nothing;
    if (i->class == X86_APX_F) {
        o->form = FORM_SCALABLE;
        o->gprs = UINT32_MAX;
        return 1;
    }
    if (i->flow == X86_NEXT)
        return by_map(i, out);
    o->form = forms[i->flow];
    o->offset = i->length + i->immediate;
    if (i->flow == X86_SYSCALL)
        o->gprs = bit(RAX) | bit(RCX) | bit(R11);
    return 1;
}
