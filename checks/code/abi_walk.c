/* Blocks begin at the entry and where branches lead. What is known at the beginning of each is what all ways to it that
 * were found agree in; then every block is looked at once more, and only then is anything told, if there was reason. */
#include "checks/code/abi_walk.h"

#include <stdlib.h>
#include <string.h>

#include "checks/code/a64.h"
#include "checks/code/abi_quick.h"

enum { NOP = (int)0xd503201f };

static bool room_for(struct abi_walk *w, size_t units)
{
    if (units >= w->room) {
        free(w->flags);
        free(w->numbers);
        w->room = 0;
        w->flags = malloc(units + 1);
        w->numbers = malloc((units + 1) * sizeof *w->numbers);
        if (!w->flags || !w->numbers)
            return false;
        w->room = units + 1;
    }
    memset(w->flags, 0, units);
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

static bool branches(uint32_t word)
{
    return (word & 0xfc000000u) == 0x14000000u || (word & 0x7c000000u) == 0x34000000u || word >> 24 == 0x54;
}

static size_t lead_a64(struct abi_walk *w)
{
    struct operands o;
    size_t count = 0;
    for (size_t at = 0; at < w->units; at++) {
        uint32_t word = abi_word(w, at);
        if (!branches(word))
            continue;
        a64_operands(word, &o);
        size_t to = inside(w, at, o.offset);
        if (to != SIZE_MAX && !(w->flags[to] & ABI_LEADER)) {
            w->flags[to] |= ABI_LEADER;
            count++;
        }
    }
    return count;
}

/* The leaders among the units, where all branches of the program were seen. */
static size_t lead_as_seen(struct abi_walk *w)
{
    const struct abi_bits *bits = w->branched;
    const uint64_t first = (w->f->start - bits->base) >> bits->shift, end = first + w->units;
    size_t count = 0;
    for (uint64_t from = first; from < end && from < bits->count; from = (from | 63) + 1) {
        uint64_t word = bits->words[from / 64] & (UINT64_MAX << (from % 64));
        if ((from | 63) >= end)
            word &= UINT64_MAX >> (63 - (end - 1) % 64);
        for (; word; word &= word - 1) {
            size_t at = (size_t)((from & ~(uint64_t)63) + (unsigned)__builtin_ctzll(word) - first);
            count += !(w->flags[at] & ABI_LEADER);
            w->flags[at] |= ABI_LEADER;
        }
    }
    return count;
}

/* Numbers the leaders, of which there are `count`. */
static bool number_leaders(struct abi_walk *w, size_t count)
{
    uint64_t eight;
    if (count > w->leader_room) {
        free(w->leaders);
        free(w->states);
        w->leaders = malloc(count * sizeof *w->leaders);
        w->states = malloc(count * sizeof *w->states);
        w->leader_room = w->leaders && w->states ? count : 0;
        if (!w->leader_room)
            return false;
    }
    w->leader_count = 0;
    for (size_t at = 0; at < w->units; at++) {
        if (at + sizeof eight <= w->units) {
            memcpy(&eight, w->flags + at, sizeof eight);
            if (eight == 0) {
                at += sizeof eight - 1;
                continue;
            }
        }
        if (w->flags[at] & ABI_LEADER) {
            w->numbers[at] = (uint32_t)w->leader_count;
            w->leaders[w->leader_count++] = (uint32_t)at;
        }
    }
    return true;
}

static bool find_leaders(struct abi_walk *w)
{
    size_t count = 1;
    w->flags[0] = ABI_LEADER;
    if (w->branched)
        count += lead_as_seen(w);
    else if (w->arch == ARCH_ARM64)
        count += lead_a64(w);
    else if (!abi_lead_x86(w, &count))
        return false;
    return number_leaders(w, count);
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
        w->flags[at] |= ABI_KNOWN | ABI_PENDING;
    } else if (abi_join(known, state)) {
        w->flags[at] |= ABI_PENDING;
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

static inline void visit(struct abi_walk *w, size_t at)
{
    w->understood += w->flags[at] & ABI_VISITED ? 0 : 4;
    w->flags[at] |= ABI_VISITED;
}

static void walk_block_a64(struct abi_walk *w, size_t at, const struct abi_state *begin)
{
    struct abi_state state, before;
    struct operands o;
    size_t first = at;
    abi_copy(&state, begin);
    for (; at < w->units; at++) {
        uint32_t word = abi_word(w, at);
        if (at != first && w->flags[at] & ABI_LEADER) {
            abi_arrive(w, at, &state);
            return;
        }
        if (word == (uint32_t)NOP) {
            visit(w, at);
            if (w->trace && w->reporting)
                w->trace(w->context, at, &state, &state, w->loose);
            continue;
        }
        enum abi_quickly quickly = w->trace ? ABI_LONG_WAY : abi_quick(w, at, word, &state);
        if (quickly != ABI_LONG_WAY) {
            visit(w, at);
            if (quickly == ABI_LEFT)
                return;
            continue;
        }
        if (a64_classify(word) == A64_UNALLOCATED) {
            w->loose_broken |= w->loose;
            w->odd |= !w->loose;
            return;
        }
        visit(w, at);
        if (!w->trace && abi_compute(word, &state))
            continue;
        a64_operands(word, &o);
        abi_look(w, at, word, &o, &state);
        if (w->trace && w->reporting)
            abi_copy(&before, &state);
        abi_step(&state, &o);
        bool on = abi_flow(w, at, &o, &state);
        if (w->trace && w->reporting)
            w->trace(w->context, at, &before, &state, w->loose);
        if (!on)
            return;
    }
}

static void walk_block(struct abi_walk *w, size_t at, const struct abi_state *begin)
{
    if (w->arch == ARCH_AMD64)
        abi_walk_block_x86(w, at, begin);
    else
        walk_block_a64(w, at, begin);
}

static void follow(struct abi_walk *w)
{
    bool again = true;
    while (again) {
        again = false;
        for (size_t i = 0; i < w->leader_count; i++) {
            size_t at = w->leaders[i];
            if (!(w->flags[at] & ABI_PENDING))
                continue;
            w->flags[at] &= (uint8_t)~ABI_PENDING;
            walk_block(w, at, &w->states[i]);
            again = true;
        }
    }
}

/* What no branch leads to. */
static void follow_loosely(struct abi_walk *w)
{
    struct abi_state begin;
    abi_forget(&begin, w->pool);
    w->loose = true;
    for (size_t at = 0; at < w->units && w->pooled && w->arch == ARCH_ARM64; at++) {
        uint32_t word = abi_word(w, at);
        if (!(w->flags[at] & ABI_VISITED) && word != 0 && word != (uint32_t)NOP)
            walk_block(w, at, &begin);
    }
    w->loose = false;
}

static void report(struct abi_walk *w)
{
    w->reporting = true;
    for (size_t i = 0; i < w->leader_count; i++)
        if (w->flags[w->leaders[i]] & ABI_KNOWN)
            walk_block(w, w->leaders[i], &w->states[i]);
    w->reporting = false;
}

/* What was found of the function before is forgotten. */
static void begin(struct abi_walk *w, const struct abi_function *function)
{
    w->f = function;
    w->units = function->size / unit(w);
    w->bytes = map_bytes(w->map, function->start, w->units * unit(w));
    w->hit_count = 0;
    w->understood = w->saves = w->stores = w->away = 0;
    w->odd = w->jumps = w->pooled = w->suspect = w->loose_broken = w->failed = false;
    w->pool = (struct abi_value){0};
}

bool abi_walk(struct abi_walk *w, const struct abi_function *function)
{
    struct abi_state entry;
    begin(w, function);
    if (!w->bytes || w->units == 0)
        return true;
    if (!room_for(w, w->units) || !find_leaders(w))
        return false;
    abi_entry(&entry);
    if (w->arch == ARCH_AMD64)
        abi_entry_x86(&entry);
    abi_arrive(w, 0, &entry);
    follow(w);
    if (w->suspect || w->trace)
        report(w);
    size_t strict = w->hit_count;
    w->reporting = true;
    follow_loosely(w);
    w->reporting = false;
    if (w->loose_broken)
        w->hit_count = strict;
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
}
