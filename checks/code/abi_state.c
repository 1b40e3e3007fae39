#include "checks/code/abi_state.h"

#include <stddef.h>
#include <string.h>

enum { WORD = 8, LAST_RESULT = 8, LAST_TEMPORARY = 18, FIRST_SAVED = 19 };

static const struct abi_value nothing = {0, ABI_UNKNOWN, 0, 0};
static const struct abi_value computed = {0, ABI_COMPUTED, 0, 0};

void abi_entry(struct abi_state *state)
{
    *state = (struct abi_state){.slot_count = 0};
    for (unsigned r = 0; r <= LAST_TEMPORARY;
         r++) /* what callers put there is no more to be given back than a result */
        state->x[r] = computed;
    for (unsigned r = FIRST_SAVED; r < REGISTER_SP; r++)
        state->x[r] = abi_value(ABI_ENTRY, r, 0);
    state->x[REGISTER_SP] = abi_value(ABI_STACK, 0, 0);
    for (unsigned i = 0; i < ABI_VECTORS; i++)
        state->v[i] = abi_value(ABI_ENTRY, ABI_ENTRY_VECTOR + i, 0);
}

void abi_entry_x86(struct abi_state *state)
{
    state->x[REGISTER_SP] = abi_value(ABI_STACK, 0, -WORD);
    state->slots[0] = (struct abi_slot){-WORD, abi_value(ABI_ENTRY, REGISTER_LR, 0)};
    state->slot_count = 1;
    for (unsigned r = LAST_RESULT + 1; r <= LAST_TEMPORARY; r++)
        state->x[r] = nothing; /* registers that nobody has */
}

void abi_forget(struct abi_state *state, struct abi_value sp)
{
    *state = (struct abi_state){.slot_count = 0};
    state->x[REGISTER_SP] = sp;
}

/* What no register that must be given back held at the entry. */
static inline bool is_number(struct abi_value value)
{
    return value.kind == ABI_COMPUTED || value.kind == ABI_CONSTANT ||
           (value.kind == ABI_ENTRY && value.reg <= LAST_TEMPORARY);
}

/* A way that a number comes on stays one, whatever comes on others. */
static struct abi_value meet(struct abi_value a, struct abi_value b)
{
    int one = abi_alignment(a), other = abi_alignment(b);
    if (one >= 0 && one == other)
        return abi_value(ABI_NEAR, 0, one);
    if (is_number(a) && is_number(b))
        return computed;
    if (a.kind == ABI_RELOADED && b.kind == ABI_RELOADED)
        return abi_value(ABI_RELOADED, 0, ABI_ANYWHERE);
    bool way = is_number(a) || is_number(b) || a.kind == ABI_MIXED || b.kind == ABI_MIXED;
    return way ? abi_value(ABI_MIXED, 0, 0) : nothing;
}

static bool join_value(struct abi_value *value, struct abi_value other)
{
    if (abi_same(*value, other))
        return false;
    struct abi_value both = meet(*value, other);
    bool lost = !abi_same(both, *value);
    *value = both;
    return lost;
}

void abi_copy(struct abi_state *state, const struct abi_state *from)
{
    memcpy(state, from, offsetof(struct abi_state, slots) + from->slot_count * sizeof from->slots[0]);
}

struct abi_value abi_slot(const struct abi_state *state, int32_t at)
{
    for (uint32_t i = 0; i < state->slot_count && state->slots[i].at <= at; i++)
        if (state->slots[i].at == at)
            return state->slots[i].value;
    return nothing;
}

/* Of `count` values, a multiple of eight; most are the same. */
static bool join_values(struct abi_value *values, const struct abi_value *others, size_t count)
{
    bool lost = false;
    for (size_t from = 0; from < count; from += 8) {
        uint64_t differ = 0;
        for (size_t i = from; i < from + 8; i++)
            differ |= abi_bits_of(values[i]) ^ abi_bits_of(others[i]);
        for (size_t i = from; differ && i < from + 8; i++) {
            if (values[i].kind == ABI_MIXED || abi_same(values[i], others[i]))
                continue;
            if (!is_number(values[i]) || !is_number(others[i])) {
                lost |= join_value(&values[i], others[i]);
            } else if (values[i].kind != ABI_COMPUTED) {
                values[i] = computed;
                lost = true;
            }
        }
    }
    return lost;
}

bool abi_join(struct abi_state *state, const struct abi_state *other)
{
    bool lost = join_values(state->x, other->x, 32);
    lost |= join_values(state->v, other->v, ABI_VECTORS);
    uint32_t kept = 0;
    size_t slots = state->slot_count * sizeof state->slots[0];
    if (state->slot_count == other->slot_count && memcmp(state->slots, other->slots, slots) == 0)
        return lost;
    for (uint32_t i = 0; i < state->slot_count; i++) {
        struct abi_slot slot = state->slots[i];
        lost |= join_value(&slot.value, abi_slot(other, slot.at));
        if (slot.value.kind != ABI_UNKNOWN && slot.value.kind != ABI_MIXED)
            state->slots[kept++] = slot;
    }
    state->slot_count = kept;
    return lost;
}

/* Forgets what stood in [at, at + size) of the stack, and puts `value` there if it is worth it: what a function must
 * give back, what stands in such a register, or what takes the place of either. */
static void put(struct abi_state *state, int32_t at, int32_t size, struct abi_value value, bool worth)
{
    uint32_t kept = 0, place;
    for (uint32_t i = 0; i < state->slot_count; i++) {
        bool hit = state->slots[i].at < at + size && at < state->slots[i].at + WORD;
        worth |= hit;
        if (!hit)
            state->slots[kept++] = state->slots[i];
    }
    state->slot_count = kept;
    worth |= value.kind == ABI_SIGNED || (value.kind == ABI_ENTRY && value.reg >= FIRST_SAVED);
    if (value.kind == ABI_UNKNOWN || !worth || kept == ABI_SLOTS)
        return;
    for (place = kept; place > 0 && state->slots[place - 1].at > at; place--)
        state->slots[place] = state->slots[place - 1];
    state->slots[place] = (struct abi_slot){at, value};
    state->slot_count = kept + 1;
}

static struct abi_value read_register(const struct abi_state *state, const struct operands *o, unsigned r)
{
    if (o->vector)
        return r - ABI_FIRST_VECTOR < ABI_VECTORS ? state->v[r - ABI_FIRST_VECTOR] : nothing;
    return r == REGISTER_SP ? abi_value(ABI_CONSTANT, 0, 0) : state->x[r];
}

static struct abi_value read_vector(const struct abi_state *state, unsigned r)
{
    return r - ABI_FIRST_VECTOR < ABI_VECTORS ? state->v[r - ABI_FIRST_VECTOR] : computed;
}

static void write_register(struct abi_state *state, bool vector, unsigned r, struct abi_value value)
{
    if (vector && r - ABI_FIRST_VECTOR < ABI_VECTORS)
        state->v[r - ABI_FIRST_VECTOR] = value;
    else if (!vector && r != REGISTER_SP)
        state->x[r] = value;
}

/* All that is written becomes `value`. */
static void clobber(struct abi_state *state, const struct operands *o, struct abi_value value)
{
    for (uint32_t left = o->gprs; left; left &= left - 1)
        state->x[__builtin_ctz(left)] = value;
    for (uint32_t left = o->vectors; left; left &= left - 1)
        write_register(state, true, (unsigned)__builtin_ctz(left), value);
}

/* Where the access is; false: not on the stack as far as can be told. */
static bool place(const struct abi_state *state, const struct operands *o, int64_t *at)
{
    struct abi_value base = state->x[o->base];
    *at = base.n + (o->post ? 0 : o->offset);
    return base.kind == ABI_STACK && !o->indexed && *at > -(1 << 30) && *at < 1 << 30;
}

static void load(struct abi_state *state, const struct operands *o)
{
    struct abi_value base = state->x[o->base];
    int64_t at;
    bool known = place(state, o, &at);
    bool elsewhere = base.kind == ABI_ENTRY || base.kind == ABI_COMPUTED || base.kind == ABI_CONSTANT;
    for (unsigned i = 0; i < o->count; i++) {
        int32_t from = (int32_t)at + (int32_t)(i * o->size);
        struct abi_value value = known ? abi_slot(state, from) : elsewhere ? computed : nothing;
        if (known && value.kind == ABI_UNKNOWN && from < 0)
            value = abi_value(ABI_RELOADED, 0, from);
        write_register(state, o->vector, o->regs[i], o->narrow ? computed : value);
    }
}

static void store(struct abi_state *state, const struct operands *o)
{
    int64_t at;
    if (!place(state, o, &at))
        return;
    for (unsigned i = 0; i < o->count; i++) {
        struct abi_value value = o->narrow ? computed : read_register(state, o, o->regs[i]);
        put(state, (int32_t)at + (int32_t)(i * o->size), o->size, value, !o->vector && o->regs[i] >= FIRST_SAVED);
    }
}

static void move_base(struct abi_state *state, const struct operands *o)
{
    if (o->moves)
        state->x[o->base] = o->indexed ? nothing : abi_moved(state->x[o->base], o->offset);
}

static void call(struct abi_state *state)
{
    uint32_t kept = 0;
    for (unsigned r = 0; r <= LAST_TEMPORARY; r++) /* compilers know of some callees that they leave X9 and on alone */
        state->x[r] = r <= LAST_RESULT ? computed : nothing;
    state->x[REGISTER_LR] = abi_value(ABI_LINK, 0, 0);
    for (uint32_t i = 0; i < state->slot_count; i++)
        if (state->slots[i].value.kind == ABI_ENTRY || state->slots[i].value.kind == ABI_SIGNED)
            state->slots[kept++] = state->slots[i];
    state->slot_count = kept;
}

static void sign(struct abi_state *state, const struct operands *o)
{
    struct abi_value lr = state->x[REGISTER_LR], sp = state->x[REGISTER_SP];
    bool plain = lr.kind == ABI_ENTRY && lr.reg == REGISTER_LR;
    state->x[REGISTER_LR] = plain ? abi_value(ABI_SIGNED, o->key, sp.kind == ABI_STACK ? sp.n : ABI_ANYWHERE) : nothing;
}

static void authenticate(struct abi_state *state)
{
    struct abi_value lr = state->x[REGISTER_LR];
    if (lr.kind == ABI_SIGNED || lr.kind == ABI_ENTRY)
        state->x[REGISTER_LR] = abi_value(ABI_ENTRY, REGISTER_LR, 0);
    else if (lr.kind != ABI_LINK && lr.kind != ABI_CONSTANT && lr.kind != ABI_RELOADED)
        state->x[REGISTER_LR] = nothing;
}

/* Sums of a stack address and a constant, or of what is known modulo 16. */
static struct abi_value sum(struct abi_value a, struct abi_value b, int64_t sign_of_b)
{
    int one = abi_alignment(a), other = abi_alignment(b);
    if (b.kind == ABI_CONSTANT)
        return abi_moved(a, sign_of_b * b.n);
    if (a.kind == ABI_CONSTANT && sign_of_b > 0)
        return abi_moved(b, a.n);
    if (one >= 0 && other >= 0)
        return abi_value(ABI_NEAR, 0, (one + sign_of_b * other) & 15);
    return !is_number(a) || !is_number(b) || one >= 0 || other >= 0 ? nothing : computed;
}

/* What clearing low bits makes of a value. */
static struct abi_value aligned(struct abi_value value, int64_t bits)
{
    if (value.kind == ABI_CONSTANT)
        return abi_value(ABI_CONSTANT, 0, value.n & -((int64_t)1 << bits));
    if (value.kind == ABI_STACK && bits <= 4 && (value.n & ((1 << bits) - 1)) == 0)
        return value;
    return bits >= 4 ? abi_value(ABI_NEAR, 0, 0) : nothing;
}

static void arithmetic(struct abi_state *state, const struct operands *o)
{
    struct abi_value value = computed, base = o->base < 32 ? state->x[o->base] : nothing;
    if (o->form == FORM_ADD)
        value = abi_moved(base, o->offset);
    else if (o->form == FORM_MOVE)
        value = o->base == REGISTER_SP ? abi_value(ABI_CONSTANT, 0, 0) : base;
    else if (o->form == FORM_ADD_REGISTER)
        value = sum(base, o->regs[1] == REGISTER_SP ? abi_value(ABI_CONSTANT, 0, 0) : state->x[o->regs[1]], o->offset);
    else if (o->form == FORM_ALIGN)
        value = aligned(base, o->offset);
    else if (o->form == FORM_CONSTANT)
        value = abi_value(ABI_CONSTANT, 0, o->offset);
    else if (o->form == FORM_KEEP && state->x[o->regs[0]].kind == ABI_CONSTANT && o->size < 4)
        value = abi_value(ABI_CONSTANT, 0,
                          (state->x[o->regs[0]].n & ~((int64_t)0xffff << (o->size * 8))) | o->offset << (o->size * 8));
    if (o->gprs >> o->regs[0] & 1)
        state->x[o->regs[0]] = value;
}

void abi_step(struct abi_state *state, const struct operands *o)
{
    switch ((enum form)o->form) {
    case FORM_LOAD:
        load(state, o);
        move_base(state, o);
        break;
    case FORM_STORE:
        store(state, o);
        move_base(state, o);
        break;
    case FORM_MEMORY:
    case FORM_SCALABLE:
        clobber(state, o, nothing);
        break;
    case FORM_ADD:
    case FORM_ADD_REGISTER:
    case FORM_MOVE:
    case FORM_ALIGN:
    case FORM_CONSTANT:
    case FORM_KEEP:
        arithmetic(state, o);
        break;
    case FORM_VECTOR_MOVE:
        write_register(state, true, o->regs[0], read_vector(state, o->base));
        break;
    case FORM_TO_VECTOR:
        write_register(state, true, o->regs[0], o->base == REGISTER_SP ? computed : state->x[o->base]);
        break;
    case FORM_FROM_VECTOR:
        write_register(state, false, o->regs[0], read_vector(state, o->base));
        break;
    case FORM_SIGN:
        sign(state, o);
        break;
    case FORM_AUTHENTICATE:
        authenticate(state);
        break;
    case FORM_CALL:
    case FORM_CALL_REGISTER:
        call(state);
        break;
    case FORM_OTHER:
    case FORM_PAGE:
        clobber(state, o, computed);
        break;
    case FORM_PREFETCH:
    case FORM_BRANCH:
    case FORM_JUMP:
    case FORM_JUMP_REGISTER:
    case FORM_RETURN:
    case FORM_STOP:
    case FORM_SUPERVISOR:
    default:
        break;
    }
}
