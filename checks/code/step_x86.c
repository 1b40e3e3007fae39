#include "checks/code/flow_x86.h"
#include "checks/code/step_x86_work.h"

static const uint8_t conditions[16] = {CONDITION_OTHER, CONDITION_OTHER,   CONDITION_BELOW, CONDITION_ABOVE,
                                       CONDITION_ZERO,  CONDITION_NONZERO, CONDITION_BELOW, CONDITION_ABOVE,
                                       CONDITION_SET,   CONDITION_CLEAR,   CONDITION_OTHER, CONDITION_OTHER,
                                       CONDITION_BELOW, CONDITION_ABOVE,   CONDITION_BELOW, CONDITION_ABOVE};

/* The condition of the low four bits of an opcode; after a bit test, carry is the bit. */
static enum condition condition_of(const struct state *state, unsigned code)
{
    if (state->flags.compared == COMPARED_BIT)
        return code == 2 ? CONDITION_SET : code == 3 ? CONDITION_CLEAR : CONDITION_OTHER;
    return (enum condition)conditions[code];
}

static void find_operands(struct work *w, uint64_t next)
{
    const struct x86_insn *i = w->i;
    w->memory = i->has_modrm && i->modrm < 0xc0;
    w->reg = (i->modrm >> 3 & 7u) | (i->rex & 4 ? 8 : 0);
    w->rm = (i->modrm & 7u) | (i->rex & 1 ? 8 : 0);
    w->size = i->rex & 8 ? 8 : i->operand_16 ? 2 : 4;
    if (!w->memory)
        return;
    if (i->segment) { /* thread-local: the displacement names the variable, in a space of its own */
        w->known = i->has_sib && i->sib == 0x25 && i->modrm >> 6 == 0;
        w->at = THREAD_LOCAL | (uint32_t)i->displacement;
        return;
    }
    if (i->rip_relative) {
        w->known = true;
        w->at = next + (uint64_t)(int64_t)i->displacement;
        return;
    }
    unsigned base = w->rm;
    if (i->has_sib) {
        base = (i->sib & 7u) | (i->rex & 1 ? 8 : 0);
        if ((i->sib >> 3 & 7) != 4 || i->rex & 2)
            return;
        if ((i->sib & 7) == 5 && i->modrm >> 6 == 0) {
            w->known = true;
            w->at = (uint64_t)(int64_t)i->displacement;
            return;
        }
    }
    w->base = base + 1;
    if (w->state->registers[base].kind == VALUE_CONSTANT) {
        w->known = true;
        w->at = w->state->registers[base].at + (uint64_t)(int64_t)i->displacement;
    }
}

/* CMOVcc, SETcc, MOVZX, MOVSX, BT and its like. Whether it was one of them. */
static bool two_byte_bits(struct work *w)
{
    unsigned op = w->i->opcode;
    if (op >= 0x40 && op <= 0x4f) {
        struct value from = operand(w, w->size), old = w->state->registers[w->reg];
        if (about_cpu(w->state->flags.value)) {
            enum meaning meaning = meaning_of(&w->state->flags, condition_of(w->state, op & 15));
            w->step->chosen = meaning == MEANS_PRESENT ? from : meaning == MEANS_ABSENT ? old : (struct value){0};
            w->step->chooser = w->state->flags.value;
        }
        set(w, w->reg, about_cpu(from) ? from : about_cpu(old) ? old : value_either(from, old));
    } else if (op >= 0x90 && op <= 0x9f) {
        set_operand(w, value_of_condition(&w->state->flags, condition_of(w->state, op & 15)));
    } else if (op == 0xb6 || op == 0xb7 || op == 0xbe || op == 0xbf) {
        struct value from = operand(w, op & 1 ? 2 : 1);
        set(w, w->reg, about_cpu(from) || !w->memory ? from : (struct value){0});
    } else if (op == 0xa3 || op == 0xba) { /* BT and, in 0F BA, BTS, BTR, BTC */
        struct value bits = operand(w, w->size);
        uint64_t mask = op == 0xba ? (uint64_t)1 << (w->i->immediate & 63) : 0;
        compare(w, value_masked(bits, mask), COMPARED_BIT, 0);
        if (op == 0xba && (w->i->modrm >> 3 & 7) > 4 && !w->memory && !about_cpu(w->state->registers[w->rm]))
            clear(w, w->rm);
    } else {
        return false;
    }
    return true;
}

/* The leaf that CPUID is asked for, as guards.def writes it; 0: another, or not known; 0xff: which leaves there are. */
static unsigned leaf_of(const struct work *w)
{
    struct value leaf = w->state->registers[RAX], part = w->state->registers[RCX];
    if (leaf.kind != VALUE_CONSTANT)
        return 0;
    if (leaf.at == 0 || (uint32_t)leaf.at == 0x80000000)
        return 0xff;
    if (leaf.at == 7)
        return part.kind == VALUE_CONSTANT && (uint32_t)part.at == 0 ? 7 : 0;
    return leaf.at == 1 ? 1 : (uint32_t)leaf.at == 0x80000001 ? 0x81 : 0;
}

static void two_byte(struct work *w)
{
    unsigned op = w->i->opcode;
    if (op == 0xa2 || (op == 0x01 && w->i->modrm == 0xd0)) { /* CPUID, XGETBV */
        unsigned leaf = op == 0xa2 ? leaf_of(w) : 0;
        set(w, RAX, value_of(VALUE_CPU, leaf ? answer_of(leaf, 0) : 0));
        set(w, RDX, value_of(VALUE_CPU, leaf ? answer_of(leaf, 3) : 0));
        if (op == 0xa2) {
            set(w, RBX, value_of(VALUE_CPU, leaf ? answer_of(leaf, 1) : 0));
            set(w, RCX, value_of(VALUE_CPU, leaf ? answer_of(leaf, 2) : 0));
        }
    } else if (op == 0x1e && w->i->prefix == 0xf3 && !w->memory && (w->i->modrm >> 3 & 7) == 1) {
        set(w, w->rm, value_of(VALUE_CPU, 0)); /* RDSSP: 0 without shadow stacks */
    } else if (two_byte_bits(w)) {
        return;
    } else if (op == 0xaf || op == 0xb8 || op == 0xbc || op == 0xbd || op == 0x2c || op == 0x2d || op == 0x50 ||
               op == 0xd7 || op == 0xc5 || op == 0x02 || op == 0x03) {
        clear(w, w->reg);
    } else if (op == 0x7e || op == 0xab || op == 0xb3 || op == 0xbb || op == 0xa4 || op == 0xa5 || op == 0xac ||
               op == 0xad) {
        if (!w->memory)
            clear(w, w->rm);
    } else if (op == 0xb0 || op == 0xb1 || op == 0xc0 || op == 0xc1) { /* CMPXCHG, XADD */
        if (w->memory && w->known)
            store(w, op <= 0xb1 ? w->state->registers[w->reg] : (struct value){0});
        clear(w, RAX);
        if (op >= 0xc0)
            clear(w, w->reg);
        if (!w->memory)
            clear(w, w->rm);
    } else if (op >= 0xc8 && op <= 0xcf) { /* BSWAP */
        clear(w, (op & 7) | (w->i->rex & 1 ? 8u : 0u));
    } else if (op == 0xc7 || op == 0x31 || op == 0x33 || (op == 0x01 && w->i->modrm == 0xf9)) {
        clear(w, RAX);
        clear(w, RDX);
        clear(w, RCX);
        clear(w, w->rm);
    }
}

static void call(struct work *w)
{
    static const uint8_t clobbered[] = {RAX, RCX, RDX, RSI, RDI, R8, R9, R10, R11};
    for (unsigned k = 0; k < sizeof clobbered; k++)
        w->state->registers[clobbered[k]] = (struct value){0};
    forget_flags(w);
    w->state->stack_holds_cpu = false;
}

bool step_x86(const struct map *map, uint64_t address, const uint8_t *at, size_t n, struct state *state,
              struct step *step)
{
    struct x86_insn i;
    if (!x86_decode(at, n, &i))
        return false;
    struct work w = {.map = map, .i = &i, .state = state, .step = step};
    *step = (struct step){.length = i.length,
                          .class = i.class,
                          .flow = (uint8_t)flow_of_x86((enum x86_flow)i.flow),
                          .allocated = i.class != X86_INVALID};
    step->idle = i.class == X86_HINT || (i.map == MAP_ONE && i.opcode == 0x90 && !(i.rex & 1)) ||
                 (i.map == MAP_ONE && i.opcode == 0x87 && i.modrm == 0xc0);
    if (i.flow == X86_BRANCH || i.flow == X86_JUMP || i.flow == X86_CALL)
        step->target = x86_target(&i, address);
    if (i.flow == X86_BRANCH) {
        bool jcc = (i.map == MAP_ONE && i.opcode >> 4 == 7) || (i.map == MAP_0F && i.opcode >> 4 == 8);
        step->condition = jcc ? (uint8_t)condition_of(state, i.opcode & 15) : CONDITION_OTHER;
        step->tested = jcc ? state->flags : (struct flags){0};
        if ((i.opcode & 0xe) == 8 && step->tested.compared == COMPARED_WITH_ZERO) /* JS, JNS */
            step->tested.value = value_masked(step->tested.value, (uint64_t)1 << step->tested.sign);
        if (i.class == X86_RTM)
            clear(&w, RAX);
        return true;
    }
    find_operands(&w, address + i.length);
    if (w.known && i.has_modrm && i.class != X86_HINT) {
        refer(&w, w.at);
        step->word = i.map == MAP_ONE && i.opcode != 0x8d;
    } else if (w.memory && map->absolute && i.displacement > INT8_MAX) {
        refer(&w, (uint32_t)i.displacement); /* of a table, before an index */
    }
    bool byte = i.map == MAP_ONE ? !(i.opcode & 1) : i.opcode >> 4 == 9 || i.opcode == 0xb0 || i.opcode == 0xc0;
    step->store_size = (uint8_t)(byte ? 1 : w.size);
    bool indirect = i.flow == X86_CALL_INDIRECT || i.flow == X86_JUMP_INDIRECT;
    uint64_t slot = indirect && w.known ? map_relocated(map, w.at) : 0;
    if (indirect && !w.memory && state->registers[w.rm].kind == VALUE_CONSTANT)
        slot = state->registers[w.rm].at;
    if (slot) { /* through a slot or a register whose contents are known */
        step->target = slot;
        step->flow = i.flow == X86_CALL_INDIRECT ? FLOW_CALL : FLOW_JUMP;
    }
    if (i.flow == X86_CALL || i.flow == X86_CALL_INDIRECT) {
        call(&w);
    } else if (i.flow == X86_SYSCALL) {
        clear(&w, RAX);
        clear(&w, RCX);
        clear(&w, R11);
    } else if (i.map == MAP_ONE) {
        x86_one_byte(&w);
    } else if (i.map == MAP_0F) {
        two_byte(&w);
    } else if (i.map == MAP_0F38 && i.opcode >= 0xf0 && i.class != X86_BASELINE) {
        clear(&w, w.reg); /* MOVBE, CRC32, ADCX */
    } else if (i.map >= MAP_VEX_0F && i.map <= MAP_VEX_0F3A && (i.class == X86_BMI1 || i.class == X86_BMI2)) {
        clear(&w, w.reg);
        clear(&w, i.vector);
    } else if (i.map >= MAP_VEX_0F && (i.opcode == 0x7e || i.opcode == 0x93)) {
        clear(&w, w.rm);
        clear(&w, w.reg);
    }
    return true;
}
