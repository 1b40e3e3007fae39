#include "checks/code/a64.h"
#include "checks/code/a64_fields.h"
#include "checks/code/step.h"

enum { XZR = 31, SP = 31, FRAME = 29, X0 = 0, LAST_CLOBBERED = 18 };

static inline struct value read_register(const struct state *state, unsigned r)
{
    return r == XZR ? value_constant(0) : state->registers[r];
}

static inline void write_register(struct state *state, unsigned r, struct value value)
{
    if (r != XZR)
        state->registers[r] = value;
    if (r == FRAME)
        slots_forget(state, FRAME);
}

static const uint32_t CHKFEAT = 0xd503251f;
static const uint8_t conditions[16] = {CONDITION_ZERO,  CONDITION_NONZERO, CONDITION_ABOVE, CONDITION_BELOW,
                                       CONDITION_SET,   CONDITION_CLEAR,   CONDITION_OTHER, CONDITION_OTHER,
                                       CONDITION_ABOVE, CONDITION_BELOW,   CONDITION_ABOVE, CONDITION_BELOW,
                                       CONDITION_ABOVE, CONDITION_BELOW,   CONDITION_OTHER, CONDITION_OTHER};

static void branches(const struct map *map, uint32_t word, uint64_t address, struct state *state, struct step *step)
{
    if (field(word, 26, 5) == 0x05) { /* B, BL */
        step->target = address + sign_extend(field(word, 0, 26), 26) * 4;
        step->flow = word >> 31 ? FLOW_CALL : FLOW_JUMP;
    } else if (field(word, 25, 6) == 0x1a) { /* CBZ, CBNZ */
        step->target = address + sign_extend(field(word, 5, 19), 19) * 4;
        step->flow = FLOW_BRANCH;
        step->condition = word >> 24 & 1 ? CONDITION_NONZERO : CONDITION_ZERO;
        step->tested = (struct flags){.value = read_register(state, field(word, 0, 5)), .compared = COMPARED_WITH_ZERO};
    } else if (field(word, 25, 6) == 0x1b) { /* TBZ, TBNZ */
        step->target = address + sign_extend(field(word, 5, 14), 14) * 4;
        step->flow = FLOW_BRANCH;
        step->condition = word >> 24 & 1 ? CONDITION_NONZERO : CONDITION_ZERO;
        unsigned bit = field(word, 19, 5) | (word >> 31 << 5);
        struct value tested = read_register(state, field(word, 0, 5));
        tested = value_masked(tested, (uint64_t)1 << bit);
        step->tested = (struct flags){.value = tested, .compared = COMPARED_WITH_ZERO};
    } else if (word >> 24 == 0x54) { /* B.cond, BC.cond */
        step->target = address + sign_extend(field(word, 5, 19), 19) * 4;
        step->flow = (word & 15) >= 14 ? FLOW_JUMP : FLOW_BRANCH;
        step->condition = conditions[word & 15];
        step->tested = state->flags;
    } else if (word >> 25 == 0x6b) { /* BR, BLR, RET, ERET and their PAC forms */
        unsigned opc = field(word, 21, 4) & 7;
        step->flow = opc == 0 ? FLOW_JUMP_INDIRECT : opc == 1 ? FLOW_CALL_INDIRECT : FLOW_RETURN;
        struct value to = read_register(state, field(word, 5, 5));
        if (opc <= 1 && to.kind == VALUE_CONSTANT && map_is_code(map, to.at)) {
            step->target = to.at;
            step->flow = opc == 0 ? FLOW_JUMP : FLOW_CALL;
        }
    } else if ((word & 0xffe0001fu) == 0xd4200000u || (word & 0xffe0001fu) == 0xd4400000u) { /* BRK, HLT */
        step->flow = FLOW_STOP;
    } else if (word == CHKFEAT) { /* clears the bits of X16 of the features that are there */
        write_register(state, 16, value_with(value_of(VALUE_CPU, 0), SET_MEANS_ABSENT));
    } else if ((word & 0xfffff000u) == 0xd5380000u) { /* MRS of an ID register: op0 3, op1 0, CRn 0 */
        write_register(state, field(word, 0, 5),
                       value_of(VALUE_CPU, answer_of_register(field(word, 8, 4), field(word, 5, 3))));
    } else if ((word & 0xfff00000u) == 0xd5300000u) { /* another MRS */
        write_register(state, field(word, 0, 5), (struct value){0});
    }
}

static void call(struct state *state, struct step *step)
{
    step->argument = state->registers[X0];
    for (unsigned r = 0; r <= LAST_CLOBBERED; r++)
        state->registers[r] = (struct value){0};
    state->flags = (struct flags){0};
    state->stack_holds_cpu = false;
}

static void set_flags(struct state *state, struct value value, enum compared compared, uint64_t constant)
{
    state->flags = (struct flags){.value = value, .compared = (uint8_t)compared, .constant = (uint32_t)constant};
}

/* The operand of a logical instruction: a run of ones, turned right, and repeated (DecodeBitMasks() in the manual). */
static uint64_t bitmask(uint32_t word)
{
    unsigned immr = field(word, 16, 6), imms = field(word, 10, 6), size = 64, length;
    if (!field(word, 22, 1))
        for (size = 32; size > 1 && imms & size; size /= 2)
            ;
    length = (imms & (size - 1)) + 1;
    immr &= size - 1;
    uint64_t ones = length >= 64 ? UINT64_MAX : ((uint64_t)1 << length) - 1;
    uint64_t element = immr ? ones >> immr | ones << (size - immr) : ones;
    if (size < 64)
        element &= ((uint64_t)1 << size) - 1;
    for (unsigned n = size; n < 64; n *= 2)
        element |= element << n;
    return word >> 31 ? element : (uint32_t)element;
}

/* What UBFM, SBFM and BFM take out of a value; EXTR. */
static struct value bitfield(uint32_t word, unsigned kind, struct value source)
{
    unsigned from = field(word, 16, 6), to = field(word, 10, 6);
    if (kind != 6 || to < from)
        return value_mixed(source);
    return value_cut(value_shifted(source, from), to - from + 1);
}

static void immediate(uint32_t word, uint64_t address, struct state *state, struct step *step)
{
    unsigned rd = field(word, 0, 5), rn = field(word, 5, 5), kind = field(word, 23, 3);
    struct value source = read_register(state, rn);
    if (kind <= 1) { /* ADR, ADRP */
        uint64_t value = a64_page(word, address);
        write_register(state, rd, value_constant(value));
        if (!(word >> 31)) {
            step->has_reference = true;
            step->reference = value;
        }
    } else if (kind == 2) { /* ADD, SUB, with and without flags */
        uint64_t amount = (uint64_t)field(word, 10, 12) << (field(word, 22, 1) ? 12 : 0);
        bool subtracts = word >> 30 & 1, flags = word >> 29 & 1;
        struct value result = {0};
        if (source.kind == VALUE_CONSTANT && rn != XZR) {
            result = value_constant(subtracts ? source.at - amount : source.at + amount);
            if (!subtracts && !flags) {
                step->has_reference = true;
                step->reference = result.at;
            }
        }
        if (flags)
            set_flags(state, rn == XZR ? value_of(VALUE_NONE, 0) : source,
                      amount ? COMPARED_WITH_CONSTANT : COMPARED_WITH_ZERO, amount);
        if (!flags && rd == SP)
            slots_forget(state, SP);
        write_register(state, rd, result);
    } else if (kind == 4) { /* AND, ORR, EOR, ANDS of a mask */
        unsigned opc = field(word, 29, 2);
        struct value result = about_cpu(source) ? source : (struct value){0};
        result = opc == 0 || opc == 3 ? value_masked(result, bitmask(word)) : value_mixed(result);
        if (opc == 1 && rn == XZR)
            result = value_constant(bitmask(word));
        if (opc == 2)
            result = value_flipped(result);
        else if (opc == 1 && about_cpu(result))
            result = value_with(result, SET_MEANS_EITHER); /* bits are set whatever the processor can do */
        if (opc == 3)
            set_flags(state, result.kind == VALUE_CPU ? result : source, COMPARED_WITH_ZERO, 0);
        write_register(state, rd, result);
    } else if (kind == 5) { /* MOVN, MOVZ, MOVK */
        unsigned opc = field(word, 29, 2), shift = field(word, 21, 2) * 16;
        uint64_t part = (uint64_t)field(word, 5, 16) << shift;
        struct value old = read_register(state, rd), result = {0};
        if (opc == 2)
            result = value_constant(part);
        else if (opc == 0)
            result = value_constant(word >> 31 ? ~part : (uint32_t)~part);
        else if (old.kind == VALUE_CONSTANT)
            result = value_constant((old.at & ~((uint64_t)0xffff << shift)) | part);
        if (opc == 3 && shift >= 32) {
            step->has_reference = result.kind == VALUE_CONSTANT;
            step->reference = result.at;
        }
        write_register(state, rd, result);
    } else { /* bitfields, EXTR */
        source = bitfield(word, kind, source);
        write_register(state, rd, about_cpu(source) ? source : (struct value){0});
    }
}

static void register_operands(uint32_t word, struct state *state, struct step *step)
{
    unsigned rd = field(word, 0, 5), rn = field(word, 5, 5), rm = field(word, 16, 5);
    struct value n = read_register(state, rn), m = read_register(state, rm), result = {0};
    if ((word & 0x1f000000u) == 0x0a000000u) { /* logical, shifted register */
        unsigned opc = field(word, 29, 2);
        bool inverts = word >> 21 & 1;
        if (opc == 1 && rn == XZR && !inverts && field(word, 10, 6) == 0)
            result = m; /* MOV */
        else if ((opc == 0 || opc == 3) && !inverts && field(word, 10, 6) == 0 && m.kind == VALUE_CONSTANT &&
                 about_cpu(n))
            result = value_masked(n, m.at); /* of more bits than an immediate can have */
        else if (about_cpu(m))
            result = value_mixed(inverts ? value_flipped(m) : m);
        else if (about_cpu(n))
            result = value_mixed(n);
        if (opc == 3)
            set_flags(state, result, COMPARED_WITH_ZERO, 0);
    } else if ((word & 0x1f000000u) == 0x0b000000u) { /* ADD, SUB */
        if (word >> 29 & 1) {
            struct value value = about_cpu(n) ? n : m;
            bool zero = rm == XZR || (m.kind == VALUE_CONSTANT && m.at == 0);
            set_flags(state, value, zero ? COMPARED_WITH_ZERO : COMPARED_WITH_CONSTANT, m.at);
        } else if (n.kind == VALUE_CONSTANT && m.kind == VALUE_CONSTANT && !(word >> 30 & 1) && !field(word, 10, 6) &&
                   rn != XZR && rm != XZR && !(word >> 21 & 1)) {
            result = value_constant(n.at + m.at);
            step->has_reference = true;
            step->reference = result.at;
        }
    } else if ((word & 0x1fe00000u) == 0x1a800000u) { /* CSEL, CSINC, CSINV, CSNEG */
        bool sets = rn == XZR && rm == XZR;
        if (about_cpu(state->flags.value)) {
            if (sets) { /* CSET: 1 where the condition is false */
                result =
                    value_flipped(value_of_condition(&state->flags, (enum condition)conditions[field(word, 12, 4)]));
            } else {
                enum meaning meaning = meaning_of(&state->flags, (enum condition)conditions[field(word, 12, 4)]);
                step->chosen = meaning == MEANS_PRESENT ? n : meaning == MEANS_ABSENT ? m : (struct value){0};
                step->chooser = state->flags.value;
                result = about_cpu(n) ? n : about_cpu(m) ? m : value_either(n, m);
            }
        }
    } else if ((word & 0x1fe00000u) == 0x1a400000u) { /* CCMP, CCMN: the flags of one comparison or another */
        if (about_cpu(state->flags.value))
            state->flags.value = value_with(state->flags.value, SET_MEANS_EITHER);
        else
            set_flags(state, n, field(word, 16, 5) ? COMPARED_WITH_CONSTANT : COMPARED_WITH_ZERO, 0);
        return;
    }
    write_register(state, rd, result);
}

/* Loads and stores of pairs: what they load is not known, but for words of the stack. */
static void pairs(uint32_t word, struct state *state)
{
    unsigned rn = field(word, 5, 5);
    bool load = word >> 22 & 1, writes_back = word >> 23 & 1, plain = field(word, 23, 3) == 2;
    int64_t offset = (int64_t)sign_extend(field(word, 15, 7), 7) * 8;
    if (!(word >> 26 & 1)) {
        for (unsigned k = 0; k < 2; k++) {
            unsigned rt = field(word, k ? 10 : 0, 5);
            bool slot = (rn == SP || rn == FRAME) && plain && word >> 31;
            if (load)
                write_register(state, rt, slot ? slot_load(state, rn, offset + 8 * k) : (struct value){0});
            else if (slot)
                slot_store(state, rn, offset + 8 * k, read_register(state, rt));
        }
    }
    if (writes_back && field(word, 23, 3) != 2) {
        if (rn == SP)
            slots_forget(state, SP);
        else
            write_register(state, rn, (struct value){0});
    }
}

/* Loads and stores that are indexed by a register, write back, are exclusive or atomic. */
static void memory_rest(uint32_t word, struct state *state)
{
    unsigned rn = field(word, 5, 5);
    write_register(state, field(word, 0, 5), (struct value){0});
    if ((word & 0x3b200400u) == 0x38000400u) { /* written back */
        if (rn == SP)
            slots_forget(state, SP);
        else
            write_register(state, rn, (struct value){0});
    }
    if ((word & 0x3f000000u) == 0x08000000u)
        write_register(state, field(word, 16, 5), (struct value){0});
}

/* Loads and stores of one register at an address that is known, or not. */
static void memory(const struct map *map, uint32_t word, uint64_t address, struct state *state, struct step *step)
{
    unsigned rt = field(word, 0, 5), rn = field(word, 5, 5), size = 1u << (word >> 30);
    struct value base = rn == SP ? value_of(VALUE_NONE, 0) : state->registers[rn], loaded = {0};
    if ((word & 0x3b000000u) == 0x18000000u) { /* LDR (literal) */
        uint64_t at = address + sign_extend(field(word, 5, 19), 19) * 4;
        if (!(word >> 26 & 1) && word >> 30 != 3)
            write_register(state, rt, value_loaded(map, at, word >> 30 == 1 ? 8 : 4));
        return;
    }
    if ((word & 0x3a000000u) == 0x28000000u) {
        pairs(word, state);
        return;
    }
    if (word >> 26 & 1) {
        if ((word & 0x3b000000u) == 0x39000000u && base.kind == VALUE_CONSTANT) {
            step->has_reference = true;
            step->reference = base.at;
        }
        return;
    }
    bool ordered = (word & 0x3fa0fc00u) == 0x0880fc00u; /* LDAR, STLR */
    bool scaled = (word & 0x3b000000u) == 0x39000000u, unscaled = (word & 0x3b200c00u) == 0x38000000u;
    bool load = ordered ? word >> 22 & 1 : field(word, 22, 2) != 0;
    if (!ordered && !scaled && !unscaled) {
        memory_rest(word, state);
        return;
    }
    uint64_t offset = ordered ? 0 : scaled ? (uint64_t)field(word, 10, 12) * size : sign_extend(field(word, 12, 9), 9);
    if (base.kind == VALUE_CONSTANT) {
        step->has_reference = true;
        step->reference = base.at + offset;
        step->word = true;
        step->stores = !load;
        step->cell = step->reference;
        step->store_size = (uint8_t)size;
        step->stored = read_register(state, rt);
        loaded = value_loaded(map, step->reference, size);
    } else if (rn == SP || rn == FRAME) {
        loaded = slot_load(state, rn, (int64_t)offset);
        if (!load)
            slot_store(state, rn, (int64_t)offset, read_register(state, rt));
    }
    if (load)
        write_register(state, rt, loaded);
}

bool step_a64(const struct map *map, uint64_t address, const uint8_t *at, size_t n, struct state *state,
              struct step *step)
{
    if (n < 4)
        return false;
    uint32_t word = load_le32(at);
    unsigned class = a64_classify(word);
    *step = (struct step){
        .length = 4, .class = (uint8_t) class, .idle = class == A64_HINT, .allocated = class != A64_UNALLOCATED};
    if (class == A64_UNALLOCATED || word >> 16 == 0) { /* or UDF */
        step->flow = FLOW_STOP;
        return true;
    }
    unsigned op0 = field(word, 25, 4);
    if (op0 >> 1 == 4) {
        immediate(word, address, state, step);
    } else if (op0 >> 1 == 5) {
        branches(map, word, address, state, step);
        if (step->flow == FLOW_CALL || step->flow == FLOW_CALL_INDIRECT)
            call(state, step);
    } else if ((op0 & 5) == 4) {
        memory(map, word, address, state, step);
    } else if ((op0 & 7) == 5) {
        register_operands(word, state, step);
    } else if ((word & 0x5f20fc00u) == 0x1e200000u || (word & 0xbfe08400u) == 0x0e000400u) {
        write_register(state, field(word, 0, 5), (struct value){0}); /* FCVT to a register, UMOV, SMOV */
    }
    return true;
}
