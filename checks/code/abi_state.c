#include "checks/code/abi_state.h"

#include <stddef.h>
#include <string.h>

enum { WORD = 8, LAST_RESULT = 8, LAST_TEMPORARY = 18, FIRST_SAVED = 19 };

static const struct abi_value nothing = {0, ABI_UNKNOWN, 0, 0};
static const struct abi_value computed = {0, ABI_COMPUTED, 0, 0};

void abi_entry(struct abi_state *state)
{
    state->slot_count = 0;
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
    memset(state, 0, offsetof(struct abi_state, slots));
    state->x[REGISTER_SP] = sp;
}

/* What no register that must be given back held at the entry. */
static inline bool is_number(struct abi_value value)
{
    return (value.kind & ABI_COMPUTED) == ABI_COMPUTED;
}

/* What is known where either of two values may be. A way that a number comes on stays one, whatever comes on others; so does
 * one that a return address of this function's own calls comes on. */
static struct abi_value meet(struct abi_value a, struct abi_value b)
{
    const int one = abi_alignment(a), other = abi_alignment(b);
    if (abi_same(a, b))
        return a;
    if (a.kind & b.kind & (ABI_STACK & ABI_NEAR))
        return one == other ? abi_value(ABI_NEAR, 0, one) : nothing;
    if (a.kind & b.kind & ABI_RELOADED)
        return abi_value(ABI_RELOADED, 0, ABI_ANYWHERE);
    const unsigned way = (a.kind | b.kind) & ABI_WAYS, number = a.kind & b.kind & (ABI_COMPUTED & ~ABI_MIXED);
    return abi_value((enum abi_kind)(way | number), 0, 0);
}

static bool join_value(struct abi_value *value, struct abi_value other)
{
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

/* Two values at once, each a word: as meet() has it, where neither two places nor two words of the frame meet. */
typedef uint64_t two_words __attribute__((vector_size(16)));
typedef uint32_t four_halves __attribute__((vector_size(16)));

/* All bits of the words that are the same. */
static inline two_words same_words(two_words a, two_words b)
{
    const two_words halves = (two_words)((four_halves)a == (four_halves)b);
    return halves & (halves << 32 | halves >> 32);
}

static inline two_words two_of(struct abi_value value)
{
    const uint64_t bits = abi_bits_of(value);
    return (two_words){bits, bits};
}

/* Of GROUP values; most are the same. */
enum { GROUP = 8 };

static inline bool join_group(struct abi_value *values, const struct abi_value *others)
{
    const two_words way = two_of(abi_value((enum abi_kind)ABI_WAYS, 0, 0)),
                    special = two_of(abi_value(ABI_STACK | ABI_RELOADED, 0, 0)),
                    number = two_of(abi_value(ABI_COMPUTED & ~ABI_MIXED, 0, 0));
    two_words a[GROUP / 2], b[GROUP / 2], differ = {0}, hard = {0}, lost = {0};
    memcpy(a, values, sizeof a);
    memcpy(b, others, sizeof b);
    for (unsigned i = 0; i < GROUP / 2; i++)
        differ |= a[i] ^ b[i];
    if (!(differ[0] | differ[1]))
        return false;
    for (unsigned i = 0; i < GROUP / 2; i++) {
        two_words same = same_words(a[i], b[i]), met = ((a[i] | b[i]) & way) | (a[i] & b[i] & number);
        hard |= a[i] & b[i] & special & ~same;
        met = (a[i] & same) | (met & ~same);
        lost |= met ^ a[i];
        a[i] = met;
    }
    if (hard[0] | hard[1]) {
        bool any = false;
        for (unsigned i = 0; i < GROUP; i++)
            any |= join_value(&values[i], others[i]);
        return any;
    }
    memcpy(values, a, sizeof a);
    return lost[0] | lost[1];
}

static inline bool join_values(struct abi_value *values, const struct abi_value *others, size_t count)
{
    bool lost = false;
    for (size_t from = 0; from < count; from += GROUP)
        lost |= join_group(values + from, others + from);
    return lost;
}

static bool join_slots(struct abi_state *state, const struct abi_state *other)
{
    uint32_t kept = 0, k = 0;
    bool lost = false;
    for (uint32_t i = 0; i < state->slot_count; i++) {
        const struct abi_slot *slot = &state->slots[i];
        const int32_t at = slot->at;
        while (k < other->slot_count && other->slots[k].at < at)
            k++;
        bool both = k < other->slot_count && other->slots[k].at == at;
        const struct abi_value value = meet(slot->value, both ? other->slots[k].value : nothing);
        const bool same = abi_same(slot->value, value);
        lost |= !same;
        if (!(value.kind & ~ABI_WAYS))
            continue;
        if (kept != i || !same)
            state->slots[kept] = (struct abi_slot){at, value};
        kept++;
    }
    state->slot_count = kept;
    return lost;
}

bool abi_join(struct abi_state *state, const struct abi_state *other)
{
    bool lost = join_values(state->x, other->x, 32);
    lost |= join_values(state->v, other->v, ABI_VECTORS);
    size_t slots = state->slot_count * sizeof state->slots[0];
    if (state->slot_count != other->slot_count || memcmp(state->slots, other->slots, slots) != 0)
        lost |= join_slots(state, other);
    return lost;
}

/* Forgets what stood in [at, at + size) of the stack, and puts `value` there if it is worth it: what a function must
 * give back, what stands in such a register, or what takes the place of either. */
static void put(struct abi_state *state, int32_t at, int32_t size, struct abi_value value, bool worth)
{
    struct abi_slot *slots = state->slots;
    uint32_t first = 0, next, count = state->slot_count;
    while (first < count && slots[first].at + WORD <= at)
        first++;
    for (next = first; next < count && slots[next].at < at + size;)
        next++;
    worth |= next > first || value.kind == ABI_SIGNED || value.kind == ABI_ENTRY;
    const bool puts = worth && value.kind & ~ABI_LINKED && count - (next - first) < ABI_SLOTS;
    if (next - first != puts) {
        memmove(slots + first + puts, slots + next, (count - next) * sizeof *slots);
        state->slot_count = count - (next - first) + puts;
    }
    if (puts)
        slots[first] = (struct abi_slot){at, value};
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

static inline bool is_saved(struct abi_value value)
{
    return value.kind == ABI_ENTRY || value.kind == ABI_SIGNED;
}

static void call(struct abi_state *state)
{
    uint32_t kept = 0;
    for (unsigned r = 0; r <= LAST_RESULT; r++)
        state->x[r] = computed;
    for (unsigned r = LAST_RESULT + 1; r <= LAST_TEMPORARY; r++) /* some callees are known to leave them alone */
        state->x[r] = nothing;
    state->x[REGISTER_LR] = abi_value(ABI_LINK, 0, 0);
    while (kept < state->slot_count && is_saved(state->slots[kept].value))
        kept++;
    for (uint32_t i = kept; i < state->slot_count; i++)
        if (is_saved(state->slots[i].value))
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
    else if (!(lr.kind & ABI_LINKED) && lr.kind != ABI_CONSTANT && lr.kind != ABI_RELOADED)
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
