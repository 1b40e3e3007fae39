/* The one-byte map: arithmetic, moves, shifts, the stack. */
#include "checks/code/step_x86_work.h"

/* ADD, OR, ADC, SBB, AND, SUB, XOR, CMP of a (the destination) and b; returns what the destination becomes. */
static struct value arithmetic(struct work *w, unsigned operation, struct value a, struct value b, bool same)
{
    enum { ADD = 0, OR = 1, AND = 4, SUB = 5, XOR = 6, CMP = 7 };
    const uint64_t topmost = 0x80000000; /* of 32 bits */
    struct value both = about_cpu(a) ? a : about_cpu(b) ? b : (struct value){0};
    bool constant = b.kind == VALUE_CONSTANT, zero = constant && b.at == 0,
         constants = constant && a.kind == VALUE_CONSTANT;
    switch (operation) {
    case OR:
        if (constant && b.at == topmost && about_cpu(both))
            both = value_marked(both);
        else if (constant && !zero && about_cpu(both))
            both = value_with(value_mixed(both), SET_MEANS_EITHER); /* bits are set whatever the processor can do */
        else
            both = value_is_marked(both) ? both : value_mixed(both);
        compare(w, both, COMPARED_WITH_ZERO, 0);
        return both;
    case AND:
        both = same ? both : constant ? value_masked(both, b.at) : value_mixed(both);
        compare(w, both, COMPARED_WITH_ZERO, 0);
        return both;
    case XOR:
        if (same) {
            forget_flags(w);
            return value_constant(0);
        }
        both = constant ? value_flipped(both) : both;
        compare(w, both, COMPARED_WITH_ZERO, 0);
        return both;
    case CMP:
        compare(w, both, zero ? COMPARED_WITH_ZERO : COMPARED_WITH_CONSTANT, b.at);
        return a;
    case SUB:
        compare(w, both, COMPARED_WITH_CONSTANT, 0);
        return constants ? value_constant(a.at - b.at) : (struct value){0};
    case ADD:
        forget_flags(w);
        return constants ? value_constant(a.at + b.at) : (struct value){0};
    default:
        forget_flags(w);
        return (struct value){0};
    }
}

/* The immediate as a mask of so many bytes: it is sign-extended. */
static uint64_t mask_of(const struct work *w, unsigned size)
{
    return (uint64_t)w->i->immediate & (size < 8 ? ((uint64_t)1 << size * 8) - 1 : UINT64_MAX);
}

/* The eight operations of opcodes 00 to 3F, each in six forms, and 80 to 83 with an immediate. */
static void operate(struct work *w)
{
    enum { OR = 1, AND = 4, CMP = 7 };
    const struct x86_insn *i = w->i;
    bool same = !w->memory && w->reg == w->rm;
    unsigned operation = i->opcode >= 0x80 ? i->modrm >> 3 & 7 : i->opcode >> 3, form = i->opcode & 7;
    unsigned size = i->opcode & 1 ? w->size : 1;
    struct value immediate =
        value_constant(operation == AND || operation == OR ? mask_of(w, size) : (uint64_t)i->immediate);
    if (i->opcode >= 0x80 || form < 2) {
        struct value other = i->opcode >= 0x80 ? immediate : w->state->registers[w->reg];
        struct value result = arithmetic(w, operation, operand(w, size), other, same && i->opcode < 0x80);
        if (operation != CMP)
            set_operand(w, result);
    } else if (form < 4) {
        struct value result = arithmetic(w, operation, w->state->registers[w->reg], operand(w, size), same);
        if (operation != CMP)
            set(w, w->reg, result);
    } else if (form < 6) {
        struct value result = arithmetic(w, operation, w->state->registers[RAX], immediate, false);
        if (operation != CMP)
            set(w, RAX, result);
    }
}

/* F6 and F7: TEST, NOT, NEG, MUL, IMUL, DIV, IDIV. */
static void group_three(struct work *w)
{
    unsigned sub = w->i->modrm >> 3 & 7;
    if (sub <= 1) {
        unsigned size = w->i->opcode == 0xf6 ? 1 : w->size;
        struct value bits = value_masked(operand(w, size), mask_of(w, size));
        compare(w, bits, COMPARED_WITH_ZERO, 0);
    } else if (sub == 2) {
        if (!w->memory)
            set(w, w->rm,
                about_cpu(w->state->registers[w->rm]) ? value_flipped(w->state->registers[w->rm]) : (struct value){0});
    } else if (sub == 3) {
        if (!w->memory && !about_cpu(w->state->registers[w->rm]))
            clear(w, w->rm);
    } else {
        clear(w, RAX);
        clear(w, RDX);
    }
}

/* FE, FF, 8F: INC, DEC, PUSH, POP. */
static void group_five(struct work *w)
{
    unsigned sub = w->i->modrm >> 3 & 7;
    if (w->i->opcode == 0x8f || sub == 6)
        slots_forget(w->state, RSP);
    if (w->i->opcode == 0x8f || sub <= 1) {
        forget_flags(w);
        if (w->memory)
            store(w, (struct value){0});
        else
            clear(w, w->rm);
    }
}

static void move(struct work *w)
{
    const struct x86_insn *i = w->i;
    unsigned op = i->opcode;
    struct value immediate = value_constant((uint64_t)i->immediate);
    if (op == 0x88 || op == 0x89) {
        struct value value = w->state->registers[w->reg];
        set_operand(w, value);
        /* What was put together from answers is as good in the register as it is once it is loaded again. */
        if (w->known && value.kind == VALUE_CPU && value.polarity == SET_MEANS_EITHER && w->at <= THREAD_LOCAL)
            set(w, w->reg,
                value_is_marked(value) ? value_marked(value_of(VALUE_BITS, w->at)) : value_of(VALUE_BITS, w->at));
    } else if (op == 0x8a || op == 0x8b) {
        set(w, w->reg, operand(w, op == 0x8a ? 1 : w->size));
    } else if (op == 0x8d) { /* LEA */
        set(w, w->reg, w->known ? value_constant(w->at) : (struct value){0});
    } else if (i->class == X86_RTM) { /* XABORT; XBEGIN is a branch */
        clear(w, RAX);
    } else if (op == 0xc6 || op == 0xc7) {
        set_operand(w, immediate);
        if (op == 0xc7 && w->map->absolute)
            refer(w, (uint64_t)i->immediate);
    } else { /* B0 to BF */
        unsigned r = (op & 7) | (i->rex & 1 ? 8u : 0u);
        set(w, r, op >= 0xb8 && w->size == 4 ? value_constant((uint32_t)i->immediate) : immediate);
        if (op >= 0xb8 && (w->map->absolute || i->immediate_size == 8))
            refer(w, w->size == 4 ? (uint32_t)i->immediate : (uint64_t)i->immediate);
    }
}

static void exchange(struct work *w, unsigned one, unsigned other)
{
    struct value was = w->state->registers[one];
    set(w, one, w->state->registers[other]);
    set(w, other, was);
}

/* Opcodes that change a register to what is not followed. */
static void one_byte_rest(struct work *w)
{
    unsigned op = w->i->opcode, low = (op & 7) | (w->i->rex & 1 ? 8u : 0u);
    if (op >= 0x50 && op <= 0x5f) { /* PUSH, POP */
        slots_forget(w->state, RSP);
        if (op >= 0x58)
            clear(w, low);
    } else if (op == 0x68 || op == 0x6a || op == 0x9c || op == 0x9d) {
        slots_forget(w->state, RSP);
        if (op == 0x68 && w->map->absolute)
            refer(w, (uint64_t)w->i->immediate);                            /* PUSH of an address */
    } else if (op >= 0x90 && op <= 0x97 && (op != 0x90 || w->i->rex & 1)) { /* XCHG */
        exchange(w, RAX, low);
    } else if (op >= 0xa0 && op <= 0xaf) {
        clear(w, RAX);
        clear(w, RSI);
        clear(w, RDI);
        clear(w, RCX);
    } else if (op == 0xc8 || op == 0xc9) { /* ENTER, LEAVE */
        clear(w, RBP);
        slots_forget(w->state, RSP);
    } else if (op == 0x63) { /* MOVSXD */
        struct value from = operand(w, 4);
        set(w, w->reg, about_cpu(from) ? from : (struct value){0});
    } else if (op == 0x69 || op == 0x6b) {
        clear(w, w->reg);
    } else if (op == 0x86 || op == 0x87) { /* XCHG */
        if (w->memory || op == 0x86) {
            set_operand(w, (struct value){0});
            clear(w, w->reg);
        } else {
            exchange(w, w->reg, w->rm);
        }
    } else if (op == 0x98 || op == 0x99) {
        clear(w, op == 0x98 ? RAX : RDX);
    } else if (op == 0xc0 || op == 0xc1 || (op >= 0xd0 && op <= 0xd3)) { /* shifts: bits stay bits */
        struct value was = operand(w, w->size);
        bool right = (w->i->modrm >> 3 & 5) == 5, once = op == 0xd0 || op == 0xd1, by_cl = op == 0xd2 || op == 0xd3;
        uint64_t by = once ? 1 : (uint64_t)w->i->immediate & 63;
        was = right && !by_cl ? value_shifted(was, by) : value_mixed(was);
        set_operand(w, about_cpu(was) ? was : (struct value){0});
        compare(w, was, COMPARED_WITH_ZERO, 0);
    }
}

void x86_one_byte(struct work *w)
{
    unsigned op = w->i->opcode;
    if (op < 0x40 || (op >= 0x80 && op <= 0x83)) {
        operate(w);
    } else if (op == 0x84 || op == 0x85) { /* TEST */
        struct value a = operand(w, op == 0x84 ? 1 : w->size), b = w->state->registers[w->reg];
        a = about_cpu(a) ? a : b;
        compare(w, op == 0x84 ? value_masked(a, 0xff) : a, COMPARED_WITH_ZERO, 0);
    } else if (op == 0xa8 || op == 0xa9) { /* TEST of AL or EAX with an immediate */
        struct value bits = value_masked(w->state->registers[RAX], mask_of(w, op == 0xa8 ? 1 : w->size));
        compare(w, bits, COMPARED_WITH_ZERO, 0);
    } else if ((op >= 0x88 && op <= 0x8b) || op == 0x8d || op == 0xc6 || op == 0xc7 || (op >= 0xb0 && op <= 0xbf)) {
        move(w);
    } else if (op == 0xf6 || op == 0xf7) {
        group_three(w);
    } else if (op == 0xfe || op == 0xff || op == 0x8f) {
        group_five(w);
    } else {
        one_byte_rest(w);
    }
}
