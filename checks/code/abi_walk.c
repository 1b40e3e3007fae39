/* Blocks begin at the entry and where branches lead. What is known at the beginning of each is what all ways to it that
 * were found agree in; then every block is looked at once more, and only then is anything told, if there was reason. */
#include "checks/code/abi_walk.h"

#include <stdlib.h>
#include <string.h>

#include "checks/code/a64.h"
#include "checks/code/a64_fields.h"
#include "checks/code/abi_glance.h"
#include "checks/code/abi_quick.h"

static bool room_for(struct abi_walk *w, size_t units)
{
    const size_t room = (units / ABI_STRIDE + 1) * ABI_STRIDE;
    if (room > w->room) {
        free(w->flags);
        free(w->numbers);
        free(w->leaders);
        w->room = 0;
        w->flags = malloc(room);
        w->numbers = malloc(room * sizeof *w->numbers);
        w->leaders = malloc(room * sizeof *w->leaders);
        if (!w->flags || !w->numbers || !w->leaders)
            return false;
        w->room = room;
    }
    memset(w->flags, 0, room);
    w->leader_count = 0;
    return true;
}

static inline unsigned unit(const struct abi_walk *w)
{
    return w->arch == ARCH_AMD64 ? 1 : 4;
}

/* The unit of the function that a direct branch at `at` leads to; SIZE_MAX: none. */
static inline size_t inside(const struct abi_walk *w, size_t at, int64_t offset)
{
    int64_t to = (int64_t)at + offset / (int64_t)unit(w);
    return to >= 0 && (uint64_t)to < w->units ? (size_t)to : SIZE_MAX;
}

/* The leader at `at` is to be walked, or again. */
static void await(struct abi_walk *w, size_t at)
{
    if (!(w->flags[at] & ABI_PENDING))
        abi_waiting_put(&w->waiting, w->numbers[at]);
    w->flags[at] |= ABI_KNOWN | ABI_PENDING;
}

static void awaited(struct abi_walk *w, size_t at)
{
    if (w->flags[at] & ABI_PENDING)
        abi_waiting_take(&w->waiting, w->numbers[at]);
    w->flags[at] &= (uint8_t)~ABI_PENDING;
}

void abi_arrive(struct abi_walk *w, size_t at, const struct abi_state *state)
{
    struct abi_state *known = &w->states[w->numbers[at]];
    if (w->loose || w->reporting)
        return;
    if (!(w->flags[at] &
          ABI_LEADER)) { /* into the midst of an instruction of x86-64, from one that was not seen before */
        w->odd = true;
        return;
    }
    if (!(w->flags[at] & ABI_KNOWN)) {
        abi_copy(known, state);
        await(w, at);
    } else if (abi_join(known, state)) {
        await(w, at);
    }
}

static void pool(struct abi_walk *w, struct abi_value sp)
{
    int one = abi_alignment(w->pool), other = abi_alignment(sp);
    if (!w->pooled)
        w->pool = sp;
    else if (!abi_same(w->pool, sp))
        w->pool = one >= 0 && one == other ? abi_value(ABI_NEAR, 0, one) : (struct abi_value){0};
    w->pooled = true;
}

/* Where control goes after the instruction; false: nowhere in this block. */
bool abi_flow(struct abi_walk *w, size_t at, const struct operands *o, struct abi_state *state)
{
    size_t to;
    uint64_t call = w->f->start + at * unit(w) + (uint64_t)o->offset;
    switch ((enum form)o->form) {
    case FORM_BRANCH:
    case FORM_JUMP:
        to = inside(w, at, o->offset);
        if (to != SIZE_MAX)
            abi_arrive(w, to, state);
        return o->form == FORM_BRANCH;
    case FORM_CALL:
        if (inside(w, at, o->offset) != SIZE_MAX && call != w->f->start) {
            w->odd = true; /* BL to find out where it is, or a part of the function called as one */
            abi_forget(state, state->x[REGISTER_SP]);
        } else if (abi_has(w->fragments, call)) {
            w->odd = true;
            abi_forget(state, (struct abi_value){0});
        }
        pool(w, state->x[REGISTER_SP]);
        return !abi_has(w->endless, call);
    case FORM_CALL_REGISTER:
        pool(w, state->x[REGISTER_SP]);
        return true;
    case FORM_JUMP_REGISTER:
        w->jumps = true;
        pool(w, state->x[REGISTER_SP]);
        return false;
    case FORM_SCALABLE:
        w->odd = true;
        return true;
    case FORM_RETURN:
    case FORM_STOP:
        return false;
    case FORM_OTHER:
    case FORM_LOAD:
    case FORM_STORE:
    case FORM_MEMORY:
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
    case FORM_AUTHENTICATE:
    case FORM_SUPERVISOR:
    default:
        if (o->gprs >> REGISTER_SP && abi_alignment(state->x[REGISTER_SP]) < 0)
            w->odd = true; /* another stack, or one of a size that is not known */
        return true;
    }
}

/* An instruction that is taken apart; false: control goes elsewhere. */
static bool step_a64(struct abi_walk *w, size_t at, uint32_t word, struct abi_state *state)
{
    struct abi_state before;
    struct operands o;
    if (a64_classify(word) == A64_UNALLOCATED) {
        w->flags[at] &= (uint8_t)~ABI_VISITED;
        w->loose_broken |= w->loose;
        w->odd |= !w->loose;
        return false;
    }
    a64_operands(word, &o);
    abi_look(w, at, word, &o, state);
    if (w->trace && w->reporting)
        abi_copy(&before, state);
    abi_step(state, &o);
    bool on = abi_flow(w, at, &o, state);
    if (w->trace && w->reporting)
        w->trace(w->context, at, &before, state, w->loose);
    return on;
}

bool abi_fall_into(struct abi_walk *w, size_t at, bool doubted, struct abi_state *state)
{
    struct abi_state *known = &w->states[w->numbers[at]];
    if (w->loose || w->reporting)
        return false;
    if (doubted) { /* what branches lead to counts, if any are found that do */
        if (!(w->flags[at] & (ABI_KNOWN | ABI_DOUBTED)))
            abi_copy(known, state);
        else if (!(w->flags[at] & ABI_KNOWN))
            (void)abi_join(known, state);
        w->flags[at] |= ABI_DOUBTED;
        w->doubted = w->numbers[at] < w->doubted ? w->numbers[at] : w->doubted;
        return false;
    }
    if (!(w->flags[at] & ABI_KNOWN)) {
        abi_copy(known, state);
        w->flags[at] |= ABI_KNOWN;
        return true;
    }
    if (!abi_join(known, state) && !(w->flags[at] & ABI_PENDING))
        return false;
    awaited(w, at);
    abi_copy(state, known);
    return true;
}

/* Walks on until control goes elsewhere; returns where the block begins that it ends in. */
static size_t walk_block_a64(struct abi_walk *w, size_t at, const struct abi_state *begin)
{
    struct abi_state state;
    uint8_t *const flags = w->flags;
    const size_t units = w->units;
    const bool traced = w->trace;
    size_t leader = at;
    abi_copy(&state, begin);
    for (bool on = true, first = true; on && at < units; at++, first = false) {
        const uint32_t word = abi_word(w, at);
        if (!first && flags[at] & ABI_LEADER) {
            if (!abi_fall_into(w, at, abi_calls_away(w, at - 1), &state))
                break;
            leader = at;
        }
        flags[at] |= ABI_VISITED;
        enum abi_quickly quickly = traced ? ABI_LONG_WAY : abi_quick(w, at, word, &state);
        on = (quickly == ABI_LONG_WAY ? step_a64(w, at, word, &state) : quickly == ABI_DONE) && !abi_faults(w, at);
    }
    return leader;
}

/* Walks the block of the i-th leader; returns the number of the one that was walked last. */
static size_t walk_block(struct abi_walk *w, size_t i)
{
    const size_t at = w->leaders[i];
    const struct abi_state *state = &w->states[i];
    return w->numbers[w->arch == ARCH_ARM64 ? walk_block_a64(w, at, state) : abi_walk_block_x86(w, at, state)];
}

/* From the first to the last, again and again. One in the midst of an instruction may be passed over. */
static void follow_pending(struct abi_walk *w)
{
    size_t from = 0, i;
    while ((i = abi_waiting_next(&w->waiting, from)) != SIZE_MAX ||
           (i = abi_waiting_next(&w->waiting, 0)) != SIZE_MAX) {
        awaited(w, w->leaders[i]);
        from = walk_block(w, i) + 1;
    }
}

/* What only calls lead to that may never return comes last. */
static void follow(struct abi_walk *w)
{
    follow_pending(w);
    for (size_t i = 0; i < w->leader_count;) {
        const size_t at = w->leaders[i++];
        if ((w->flags[at] & (ABI_DOUBTED | ABI_KNOWN | ABI_OTHERS)) != ABI_DOUBTED)
            continue;
        await(w, at);
        w->doubted = i;
        follow_pending(w);
        i = w->doubted; /* it may have led to one that stands before it */
    }
}

/* Nothing is known yet but where blocks begin, and which of them are others'. */
static void begin_anew(struct abi_walk *w)
{
    w->understood = w->surely = 0;
    w->odd = w->jumps = w->pooled = w->suspect = false;
    w->pool = (struct abi_value){0};
    for (size_t at = 0; at < w->units; at++)
        w->flags[at] &= ABI_LEADER | ABI_OTHERS;
}

/* Where a computed jump may lead to code that was not come to, what that code branches to is its, and no call's. */
static bool leave_to_others(struct abi_walk *w)
{
    bool any = false;
    uint64_t to;
    for (size_t at = 0; at < w->units; at++) {
        if (w->flags[at] & ABI_VISITED || !a64_target(abi_word(w, at), at * 4, &to) || to / 4 >= w->units)
            continue;
        any |= (w->flags[to / 4] & (ABI_DOUBTED | ABI_OTHERS)) == ABI_DOUBTED;
        w->flags[to / 4] |= ABI_OTHERS;
    }
    return any;
}

/* From the entry on. */
static void follow_all(struct abi_walk *w)
{
    enum { TURNS = 4 };
    struct abi_state entry;
    abi_entry(&entry);
    if (w->arch == ARCH_AMD64)
        abi_entry_x86(&entry);
    abi_arrive(w, 0, &entry);
    follow(w);
    for (unsigned i = 1; w->suspect && w->jumps && w->arch == ARCH_ARM64 && leave_to_others(w) && !w->odd; i++) {
        begin_anew(w);
        w->odd = i == TURNS;
        abi_arrive(w, 0, &entry);
        follow(w);
    }
}

/* What no branch leads to. */
static void follow_loosely(struct abi_walk *w)
{
    struct abi_state begin;
    abi_forget(&begin, w->pool);
    w->loose = true;
    for (size_t from = 0; from < w->units && w->pooled; from += ABI_STRIDE)
        for (size_t at = from; at < w->units && at < from + ABI_STRIDE && !abi_all_visited(w, from); at++) {
            uint32_t word = abi_word(w, at);
            if (!(w->flags[at] & ABI_VISITED) && word != 0 && word != (uint32_t)ABI_NOP)
                (void)walk_block_a64(w, at, &begin);
        }
    w->loose = false;
}

static void report(struct abi_walk *w)
{
    w->reporting = true;
    for (size_t i = 0; i < w->leader_count; i++)
        if (w->flags[w->leaders[i]] & ABI_KNOWN)
            (void)walk_block(w, i);
    w->reporting = false;
}

/* What was found of the function before is forgotten. */
static void begin(struct abi_walk *w, const struct abi_function *function)
{
    w->f = function;
    w->units = function->size / unit(w);
    w->bytes = map_bytes(w->map, function->start, w->units * unit(w));
    w->hit_count = 0;
    w->understood = w->surely = w->saves = w->stores = w->away = 0;
    w->odd = w->jumps = w->pooled = w->suspect = w->loose_broken = w->failed = w->glanced = false;
    w->pool = (struct abi_value){0};
}

bool abi_walk(struct abi_walk *w, const struct abi_function *function)
{
    begin(w, function);
    if (!w->bytes || w->units == 0)
        return true;
    w->odd = abi_is_large(w->units, 0);
    if (!w->odd && (!room_for(w, w->units) || !abi_find_leaders(w)))
        return false;
    w->odd = w->odd || abi_is_large(w->units, w->leader_count);
    if (w->odd)
        return true;
    w->glanced = !w->trace && !w->thorough && abi_glance(w);
    if (w->glanced && w->arch == ARCH_ARM64)
        w->understood = abi_visited_bytes(w);
    if (w->glanced)
        return true;
    begin_anew(w);
    if (!abi_waiting_make(&w->waiting, w->leader_count) || (w->arch == ARCH_AMD64 && !abi_decode_x86(w)))
        return false;
    if (w->odd)
        return true;
    follow_all(w);
    if (w->suspect || w->trace)
        report(w);
    if (w->arch == ARCH_AMD64)
        return !w->failed;
    size_t strict = w->hit_count;
    w->surely = w->f->called ? abi_visited_bytes(w) : 0;
    w->reporting = true;
    follow_loosely(w);
    w->reporting = false;
    if (w->loose_broken)
        w->hit_count = strict;
    w->understood = abi_visited_bytes(w);
    return !w->failed;
}

void abi_walk_free(struct abi_walk *w)
{
    free(w->flags);
    free(w->numbers);
    free(w->leaders);
    free(w->states);
    free(w->insns);
    free(w->order);
    free(w->hits);
    abi_waiting_free(&w->waiting);
}
