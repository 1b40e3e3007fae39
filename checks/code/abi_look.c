/* What each instruction is looked at for, given what is known of the registers before it. */
#include "checks/code/abi_walk.h"

#include <stdlib.h>

enum { RED_ZONE = 128 };

void abi_tell(struct abi_walk *w, size_t at, enum abi_breach breach, unsigned reg, int32_t n)
{
    w->suspect = true;
    if (!w->reporting)
        return;
    if (w->hit_count == w->hit_room) {
        size_t room = w->hit_room ? w->hit_room * 2 : 64;
        struct abi_hit *hits = realloc(w->hits, room * sizeof *hits);
        if (!hits) {
            w->failed = true;
            return;
        }
        w->hits = hits;
        w->hit_room = room;
    }
    w->hits[w->hit_count++] = (struct abi_hit){.address = w->f->start + at * (w->arch == ARCH_AMD64 ? 1 : 4),
                                               .function = w->f->start,
                                               .word = w->arch == ARCH_AMD64 ? 0 : abi_word(w, at),
                                               .size = (uint32_t)w->f->size,
                                               .n = n,
                                               .breach = (uint8_t)breach,
                                               .reg = (uint8_t)reg,
                                               .source = w->f->source,
                                               .loose = w->loose};
}

/* The stack: alignment, and nothing below SP. */
static void look_at_access(struct abi_walk *w, size_t at, const struct operands *o, const struct abi_state *state)
{
    struct abi_value sp = state->x[REGISTER_SP], base = state->x[o->base];
    int alignment = abi_alignment(sp);
    if (o->base == REGISTER_SP && alignment > 0)
        abi_tell(w, at, BREACH_STACK_ALIGNMENT, 0, alignment);
    if (w->f->profile == ABI_GO || w->f->profile == ABI_GUESSED || o->form == FORM_MEMORY || o->indexed)
        return;
    int64_t lowest = 0, limit = w->f->profile == ABI_APPLE ? -RED_ZONE : 0;
    if (o->base == REGISTER_SP && !o->moves)
        lowest = o->offset;
    else if (o->base != REGISTER_SP && base.kind == ABI_STACK && sp.kind == ABI_STACK && !w->loose)
        lowest = base.n + (o->post ? 0 : o->offset) - sp.n;
    if (lowest < limit)
        abi_tell(w, at, BREACH_BELOW_SP, o->base, (int32_t)lowest);
}

static bool is_entry(struct abi_value value, unsigned reg)
{
    return value.kind == ABI_ENTRY && value.reg == reg;
}

static bool saved(struct abi_value value, unsigned reg)
{
    return !(value.kind & ~ABI_LINKED) || value.kind == ABI_RELOADED || is_entry(value, reg);
}

/* Whether a register surely does not hold what it did at the entry; nobody knows where that was put elsewhere than on the
 * stack. A word of the frame that it was loaded from may be its save in disguise, unless the function never stores the
 * register, or the save is known to stand elsewhere. */
bool abi_lost(const struct abi_walk *w, const struct abi_state *state, struct abi_value value, unsigned reg)
{
    if (w->away >> reg & 1)
        return false;
    if (value.kind != ABI_RELOADED)
        return !saved(value, reg);
    if (!(w->stores >> reg & 1))
        return true;
    for (uint32_t i = 0; value.n != ABI_ANYWHERE && i < state->slot_count; i++)
        if (is_entry(state->slots[i].value, reg) && state->slots[i].at != value.n)
            return true;
    return false;
}

/* STR X30, [X18], #8 and LDR X30, [X18, #-8]!: the shadow call stack of Android, which X18 is reserved for. */
static bool is_shadow_stack(uint32_t word)
{
    return word == 0xf800865eu || word == 0xf85f8e5eu;
}

static void look_at_registers(struct abi_walk *w, size_t at, const struct abi_state *state)
{
    for (unsigned r = 19; r <= 29; r++)
        if (abi_lost(w, state, state->x[r], r))
            abi_tell(w, at, BREACH_CALLEE_SAVED, r, state->x[r].kind);
    for (unsigned i = 0; i < ABI_VECTORS; i++)
        if (abi_lost(w, state, state->v[i], ABI_ENTRY_VECTOR + i))
            abi_tell(w, at, BREACH_CALLEE_SAVED, ABI_REGISTER_VECTOR + ABI_FIRST_VECTOR + i, state->v[i].kind);
}

/* Whether X30 surely is not the caller's, on one way here at least if the stack is as it was at the entry. */
static bool lost_link(const struct abi_walk *w, const struct abi_state *state)
{
    struct abi_value lr = state->x[REGISTER_LR], sp = state->x[REGISTER_SP];
    if (lr.kind == ABI_RELOADED)
        return !(w->stores >> REGISTER_LR & 1);
    return lr.kind == ABI_LINK || (lr.kind & ABI_LINKED && sp.kind == ABI_STACK && sp.n == 0);
}

/* A jump to another function, in place of a call and a return. */
static void look_at_jump(struct abi_walk *w, size_t at, const struct operands *o, const struct abi_state *state)
{
    uint64_t to = w->f->start + at * 4 + (uint64_t)o->offset;
    struct abi_value sp = state->x[REGISTER_SP];
    if (w->loose || w->f->profile == ABI_GUESSED || w->f->profile == ABI_GO || to - w->f->start < w->f->size ||
        !abi_has(w->called, to) || abi_has(w->fragments, to))
        return;
    if (sp.kind == ABI_STACK && sp.n == 0 && lost_link(w, state) && !abi_has(w->endless, to))
        abi_tell(w, at, BREACH_RETURN_ADDRESS, REGISTER_LR, 0);
    if (is_entry(state->x[REGISTER_LR], REGISTER_LR) && sp.kind == ABI_STACK && sp.n == 0)
        look_at_registers(w, at, state);
}

static void look_at_return(struct abi_walk *w, size_t at, const struct operands *o, const struct abi_state *state)
{
    struct abi_value sp = state->x[REGISTER_SP];
    if (w->loose || w->f->profile == ABI_GUESSED || w->f->profile == ABI_GO)
        return;
    struct abi_value to = o->base < 32 ? state->x[o->base] : (struct abi_value){0};
    if (to.kind == ABI_SIGNED && !o->key)
        abi_tell(w, at, BREACH_PAC_PAIRING, o->base, 0);
    if (to.kind == ABI_CONSTANT || (o->base == REGISTER_LR ? lost_link(w, state) : to.kind == ABI_LINK))
        abi_tell(w, at, BREACH_RETURN_ADDRESS, o->base, 0);
    if (to.kind != ABI_ENTRY || to.reg != REGISTER_LR) /* to the caller, surely */
        return;
    if (sp.kind == ABI_STACK && sp.n < 0)
        abi_tell(w, at, BREACH_CALLEE_SAVED, REGISTER_SP, sp.n);
    if (sp.kind != ABI_STACK || sp.n != 0)
        return;
    look_at_registers(w, at, state);
}

static void look_at_authentication(struct abi_walk *w, size_t at, const struct operands *o,
                                   const struct abi_state *state)
{
    struct abi_value lr = state->x[REGISTER_LR], sp = state->x[REGISTER_SP];
    if (w->loose || w->f->profile == ABI_GUESSED || w->f->profile == ABI_GO)
        return;
    bool unsigned_yet = lr.kind == ABI_ENTRY && lr.reg == REGISTER_LR && sp.kind == ABI_STACK && sp.n == 0;
    bool other_key = lr.kind == ABI_SIGNED && lr.reg != o->key;
    bool other_place = lr.kind == ABI_SIGNED && lr.n != ABI_ANYWHERE && sp.kind == ABI_STACK && sp.n != lr.n;
    if (unsigned_yet || other_key || other_place)
        abi_tell(w, at, BREACH_PAC_PAIRING, REGISTER_LR, 0);
}

void abi_look_at_call(struct abi_walk *w, size_t at, const struct abi_state *state)
{
    struct abi_value fp = state->x[REGISTER_FP];
    if (w->loose || w->f->profile != ABI_APPLE)
        return;
    if (fp.kind == ABI_STACK) {
        struct abi_value first = abi_slot(state, fp.n), second = abi_slot(state, fp.n + 8);
        bool bad = (first.kind == ABI_ENTRY && first.reg != REGISTER_FP) ||
                   (second.kind == ABI_ENTRY && second.reg != REGISTER_LR) || first.kind == ABI_SIGNED;
        if (bad)
            abi_tell(w, at, BREACH_FRAME_RECORD, REGISTER_FP, fp.n);
    } else if (!saved(fp, REGISTER_FP) && fp.kind != ABI_NEAR && fp.kind & ~ABI_WAYS) {
        abi_tell(w, at, BREACH_FRAME_RECORD, REGISTER_FP, 0);
    }
}

/* What the function keeps of its caller's, and what it stores at all. */
void abi_note_saves(struct abi_walk *w, const struct operands *o, const struct abi_state *state)
{
    bool based = o->form == FORM_STORE, on_stack = based && state->x[o->base].kind == ABI_STACK && !o->narrow;
    for (unsigned i = 0; i < o->count; i++) {
        unsigned r = o->regs[i], v = r - ABI_FIRST_VECTOR;
        if (o->vector ? v >= ABI_VECTORS : r >= REGISTER_SP)
            continue;
        unsigned number = o->vector ? ABI_ENTRY_VECTOR + v : r;
        struct abi_value value = o->vector ? state->v[v] : state->x[r];
        w->stores |= (uint64_t)abi_may_save(number, value) << number;
        if (value.kind == ABI_ENTRY || value.kind == ABI_SIGNED)
            w->stores |= (uint64_t)1 << (value.kind == ABI_SIGNED ? REGISTER_LR : value.reg);
        if (value.kind == ABI_ENTRY && !on_stack && !o->narrow)
            w->away |= (uint64_t)1 << value.reg;
        if (on_stack && (is_entry(value, number) || value.kind == ABI_SIGNED))
            w->saves |= (uint64_t)1 << number;
    }
}

/* Linux: SVC #0 with the number in X8. Darwin: SVC #0x80 with the number in X16. */
static void look_at_system_call(struct abi_walk *w, size_t at, const struct operands *o, const struct abi_state *state)
{
    enum { LINUX_NUMBER = 8, DARWIN_CALL = 0x80, DARWIN_NUMBER = REGISTER_IP0 };
    bool apple = w->platform == ABI_APPLE;
    unsigned reg = apple ? LINUX_NUMBER : DARWIN_NUMBER;
    if (w->loose || w->f->profile == ABI_GUESSED || o->offset != (apple ? 0 : DARWIN_CALL) ||
        state->x[reg].kind != ABI_CONSTANT)
        return;
    abi_tell(w, at, BREACH_SYSTEM_CALL, reg, state->x[reg].n);
}

void abi_look(struct abi_walk *w, size_t at, uint32_t word, const struct operands *o, const struct abi_state *state)
{
    if (o->gprs >> REGISTER_PLATFORM & 1 && !w->loose && !is_shadow_stack(word) && w->f->profile != ABI_GUESSED &&
        (w->platform == ABI_APPLE || w->platform == ABI_ANDROID))
        abi_tell(w, at, BREACH_PLATFORM_REGISTER, REGISTER_PLATFORM, 0);
    w->odd |= word == (uint32_t)ABI_SWIFT_FRAME;
    switch ((enum form)o->form) {
    case FORM_STORE:
        abi_note_saves(w, o, state);
        look_at_access(w, at, o, state);
        break;
    case FORM_LOAD:
        look_at_access(w, at, o, state);
        break;
    case FORM_MEMORY: /* ST1 and its like may store any of them */
        w->stores |= (word & 0xbe400000u) == 0x0c000000u ? UINT64_MAX : 0;
        if (o->base == REGISTER_SP)
            look_at_access(w, at, o, state);
        break;
    case FORM_SCALABLE:
        w->stores = UINT64_MAX;
        break;
    case FORM_SUPERVISOR:
        look_at_system_call(w, at, o, state);
        break;
    case FORM_JUMP:
        look_at_jump(w, at, o, state);
        break;
    case FORM_AUTHENTICATE:
        look_at_authentication(w, at, o, state);
        break;
    case FORM_CALL:
    case FORM_CALL_REGISTER:
        abi_look_at_call(w, at, state);
        break;
    case FORM_RETURN:
        if (o->key)
            look_at_authentication(w, at, o, state);
        look_at_return(w, at, o, state);
        break;
    case FORM_OTHER:
    case FORM_PREFETCH:
    case FORM_ADD:
    case FORM_ADD_REGISTER:
    case FORM_MOVE:
    case FORM_ALIGN:
    case FORM_CONSTANT:
    case FORM_KEEP:
    case FORM_PAGE:
    case FORM_VECTOR_MOVE:
    case FORM_TO_VECTOR:
    case FORM_FROM_VECTOR:
    case FORM_SIGN:
    case FORM_BRANCH:
    case FORM_JUMP_REGISTER:
    case FORM_STOP:
    default:
        break;
    }
}
