#include "checks/code/step.h"

#include <string.h>

struct value value_loaded(const struct map *map, uint64_t address, unsigned size)
{
    const struct span *span = map_find(map, address);
    if (!span)
        return (struct value){0};
    if (!span->writes) {
        const uint8_t *bytes = map_bytes(map, address, 8);
        return size == 8 && bytes ? value_constant(load_le64(bytes)) : (struct value){0};
    }
    uint64_t target = size == 8 ? map_relocated(map, address) : 0;
    if (target || address >= THREAD_LOCAL)
        return target ? value_constant(target) : (struct value){0};
    return value_of(VALUE_BITS, address);
}

/* Of BITS that stand where they stood, or were shifted: the place of bit `n`. */
static unsigned place_of_bit(struct value value, uint64_t n)
{
    unsigned place = value_place(value);
    uint64_t bit = n + (place >= PLACE_SHIFTED ? place - PLACE_SHIFTED : 0);
    return bit < PLACE_SHIFTED - PLACE_BIT ? PLACE_BIT + (unsigned)bit : PLACE_UNKNOWN;
}

/* Whether one bit is left, wherever it is now, or nobody knows which are. */
static bool is_settled(struct value value)
{
    unsigned place = value_place(value);
    return place == PLACE_UNKNOWN || (place >= PLACE_BIT && place < PLACE_SHIFTED);
}

bool value_is_marked(struct value value)
{
    return (value.kind == VALUE_BITS && value_place(value) == PLACE_MARKED) ||
           (value.kind == VALUE_CPU && value.at == ANSWER_MARKED);
}

struct value value_marked(struct value value)
{
    if (value.kind == VALUE_CPU)
        value.at = ANSWER_MARKED;
    return value.kind == VALUE_BITS ? value_placed(value, PLACE_MARKED) : value;
}

struct value value_masked(struct value value, uint64_t mask)
{
    if (value_is_marked(value)) /* one of 32 bits, if not of 64 */
        return mask >> 31 ? value_with(value_mixed(value), SET_MEANS_EITHER) : value_mixed(value);
    if (value.kind == VALUE_CPU)
        value.at = answer_masked(value.at, mask) & VALUE_MASK;
    if (value.kind != VALUE_BITS || is_settled(value))
        return value;
    bool one = mask && !(mask & (mask - 1));
    return value_placed(value, one ? place_of_bit(value, (uint64_t)__builtin_ctzll(mask)) : PLACE_UNKNOWN);
}

struct value value_shifted(struct value value, uint64_t by)
{
    if (value_is_marked(value))
        return value_with(value_mixed(value), SET_MEANS_EITHER);
    if (value.kind == VALUE_CPU)
        value.at = answer_shifted(value.at, by) & VALUE_MASK;
    if (value.kind != VALUE_BITS || is_settled(value))
        return value;
    unsigned place = value_place(value);
    uint64_t shift = by + (place >= PLACE_SHIFTED ? place - PLACE_SHIFTED : 0);
    return value_placed(value, shift < PLACE_MARKED - PLACE_SHIFTED ? PLACE_SHIFTED + (unsigned)shift : PLACE_UNKNOWN);
}

struct value value_cut(struct value value, unsigned bits)
{
    if (value.kind == VALUE_CPU)
        value.at = answer_cut(value.at, bits) & VALUE_MASK;
    return value.kind == VALUE_BITS && bits == 1 ? value_masked(value, 1) : value;
}

struct value value_mixed(struct value value)
{
    if (value.kind == VALUE_CPU)
        value.at = 0;
    return value.kind == VALUE_BITS ? value_placed(value, PLACE_UNKNOWN) : value;
}

struct value slot_load(const struct state *state, unsigned base, int64_t displacement)
{
    for (unsigned i = 0; i < SLOTS; i++)
        if (state->slots[i].base == base + 1 && state->slots[i].displacement == displacement)
            return state->slots[i].value;
    return state->stack_holds_cpu ? value_of(VALUE_CPU, 0) : (struct value){0};
}

void slot_store(struct state *state, unsigned base, int64_t displacement, struct value value)
{
    unsigned free = SLOTS;
    for (unsigned i = 0; i < SLOTS; i++) {
        struct slot *slot = &state->slots[i];
        if (slot->base == base + 1 && slot->displacement == displacement)
            *slot = (struct slot){0};
        if (slot->base == 0)
            free = i;
    }
    if (about_cpu(value) && displacement == (int32_t)displacement)
        state->slots[free < SLOTS ? free : 0] =
            (struct slot){.displacement = (int32_t)displacement, .base = (uint8_t)(base + 1), .value = value};
}

void slots_forget(struct state *state, unsigned base)
{
    for (unsigned i = 0; i < SLOTS; i++)
        if (state->slots[i].base == base + 1)
            state->slots[i] = (struct slot){0};
}

enum meaning meaning_of(const struct flags *flags, enum condition condition)
{
    bool set; /* the condition says that the bits are set, or equal what was asked for */
    if (flags->compared == COMPARED_NOT || !about_cpu(flags->value))
        return MEANS_NOTHING;
    switch (condition) {
    case CONDITION_ZERO:
        set = flags->compared == COMPARED_WITH_CONSTANT;
        break;
    case CONDITION_NONZERO:
        set = flags->compared != COMPARED_WITH_CONSTANT;
        break;
    case CONDITION_SET:
    case CONDITION_ABOVE:
        set = true;
        break;
    case CONDITION_CLEAR:
    case CONDITION_BELOW:
        set = false;
        break;
    case CONDITION_OTHER:
    default:
        return MEANS_UNCLEAR;
    }
    if (flags->value.polarity == SET_MEANS_EITHER || value_is_marked(flags->value))
        return MEANS_UNCLEAR;
    return set == (flags->value.polarity == SET_MEANS_PRESENT) ? MEANS_PRESENT : MEANS_ABSENT;
}

struct value value_of_condition(const struct flags *flags, enum condition condition)
{
    enum meaning meaning = meaning_of(flags, condition);
    return meaning == MEANS_NOTHING   ? value_of(VALUE_NONE, 0)
           : meaning == MEANS_PRESENT ? value_with(flags->value, SET_MEANS_PRESENT)
           : meaning == MEANS_ABSENT  ? value_with(flags->value, SET_MEANS_ABSENT)
                                      : value_with(flags->value, SET_MEANS_EITHER);
}

/* Whether two values are the same but for which bits they are. */
static bool value_alike(struct value one, struct value other)
{
    return value_same(one.kind == VALUE_BITS ? value_mixed(one) : one,
                      other.kind == VALUE_BITS ? value_mixed(other) : other);
}

static bool is_zero(struct value value)
{
    return value.kind == VALUE_CONSTANT && value.at == 0;
}

/* What two values that meet have in common. Zero beside anything that comes from where bits were found set is as good as
 * the bits: who finds it not zero knows that they are set. */
static struct value join(struct value one, struct value one_under, struct value other, struct value other_under)
{
    struct value none = {0};
    if (value_same(one, other))
        return one;
    if (about_cpu(one) && about_cpu(other)) {
        struct value both = one.kind == VALUE_CPU ? other : one;
        if (one.kind == VALUE_BITS && other.kind == VALUE_BITS && value_cell(one) != value_cell(other))
            return none;
        if (one.at != other.at)
            both = value_is_marked(one) || value_is_marked(other) ? value_marked(both) : value_mixed(both);
        return one.polarity == other.polarity ? both : value_with(both, SET_MEANS_EITHER);
    }
    if (is_zero(one) || is_zero(other)) {
        struct value value = is_zero(one) ? other : one, under = is_zero(one) ? other_under : one_under;
        if (about_cpu(value))
            return value.polarity == SET_MEANS_PRESENT ? value : none;
        return about_cpu(under) ? value_with(under, SET_MEANS_PRESENT) : value_either(one, other);
    }
    if (about_cpu(one) && about_cpu(other_under) && value_alike(one, value_with(other_under, SET_MEANS_PRESENT)))
        return value_same(one, value_with(other_under, SET_MEANS_PRESENT)) ? one : value_mixed(one);
    return value_either(one, other);
}

static bool join_into(struct value *value, struct value under, const struct value *other, struct value other_under)
{
    struct value joined = join(*value, under, *other, other_under);
    bool lost = !value_same(joined, *value);
    *value = joined;
    return lost;
}

/* Keeps what two values that are alike have in common. Whether anything was lost. */
static bool mix_into(struct value *value, struct value other)
{
    bool lost = !value_same(*value, other) && value_place(*value) != PLACE_UNKNOWN;
    *value = lost ? value_mixed(*value) : *value;
    return lost;
}

static bool flags_join(struct flags *flags, const struct flags *other)
{
    if (flags->compared != other->compared || !value_alike(flags->value, other->value) ||
        flags->constant != other->constant || flags->sign != other->sign) {
        *flags = (struct flags){0};
        return true;
    }
    return mix_into(&flags->value, other->value);
}

bool state_join(struct state *state, const struct state *other)
{
    struct value none = {0}, under = state->under;
    bool lost = false;
    /* NOLINTNEXTLINE(bugprone-suspicious-memory-comparison,cert-*): equal bytes are equal; others are looked at below */
    if (memcmp(state, other, sizeof *state) == 0)
        return false;
    for (unsigned r = 0; r < REGISTERS; r++)
        if (!value_same(state->registers[r], other->registers[r]))
            lost |= join_into(&state->registers[r], under, &other->registers[r], other->under);
    lost |= state->flags.compared != COMPARED_NOT && flags_join(&state->flags, &other->flags);
    for (unsigned i = 0; i < SLOTS; i++) {
        struct slot *slot = &state->slots[i];
        struct value there = slot->base ? slot_load(other, slot->base - 1u, slot->displacement) : slot->value;
        if (!value_alike(there, slot->value)) {
            *slot = (struct slot){0};
            lost = true;
        } else {
            lost |= mix_into(&slot->value, there);
        }
    }
    lost |= join_into(&state->under, none, &other->under, none);
    if (state->hardware_capability && !other->hardware_capability) {
        state->hardware_capability = false;
        lost = true;
    }
    if (state->stack_holds_cpu && !other->stack_holds_cpu) {
        state->stack_holds_cpu = false;
        lost = true;
    }
    return lost;
}
