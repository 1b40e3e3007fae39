/* Blocks begin at the entry and where branches lead. What is known at the beginning of each is what all ways to it that
 * were found agree in; then every block is looked at once more, and only then is anything told, if there was reason. */
#include "checks/code/abi_walk.h"

#include <stdlib.h>
#include <string.h>

#include "checks/code/a64.h"

enum { LEADER = 1, VISITED = 2, PENDING = 4, KNOWN = 8, NOP = (int)0xd503201f };

static bool room_for(struct abi_walk *w, size_t words)
{
    if (words >= w->room) {
        free(w->flags);
        free(w->numbers);
        w->room = 0;
        w->flags = malloc(words + 1);
        w->numbers = malloc((words + 1) * sizeof *w->numbers);
        if (!w->flags || !w->numbers)
            return false;
        w->room = words + 1;
    }
    memset(w->flags, 0, words);
    return true;
}

/* The word of the function that a direct branch at `at` leads to; SIZE_MAX: none. */
static size_t inside(const struct abi_walk *w, size_t at, int64_t offset)
{
    int64_t to = (int64_t)at + offset / 4;
    return to >= 0 && (uint64_t)to < w->words ? (size_t)to : SIZE_MAX;
}

static bool branches(uint32_t word)
{
    return (word & 0xfc000000u) == 0x14000000u || (word & 0x7c000000u) == 0x34000000u || word >> 24 == 0x54;
}

static bool find_leaders(struct abi_walk *w)
{
    struct operands o;
    size_t count = 1;
    w->flags[0] = LEADER;
    for (size_t at = 0; at < w->words; at++) {
        uint32_t word = abi_word(w, at);
        if (!branches(word))
            continue;
        a64_operands(word, &o);
        size_t to = inside(w, at, o.offset);
        if (to != SIZE_MAX && !(w->flags[to] & LEADER)) {
            w->flags[to] |= LEADER;
            count++;
        }
    }
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
    for (size_t at = 0; at < w->words; at++)
        if (w->flags[at] & LEADER) {
            w->numbers[at] = (uint32_t)w->leader_count;
            w->leaders[w->leader_count++] = (uint32_t)at;
        }
    return true;
}

static void arrive(struct abi_walk *w, size_t at, const struct abi_state *state)
{
    struct abi_state *known = &w->states[w->numbers[at]];
    if (w->loose || w->reporting)
        return;
    if (!(w->flags[at] & KNOWN)) {
        abi_copy(known, state);
        w->flags[at] |= KNOWN | PENDING;
    } else if (abi_join(known, state)) {
        w->flags[at] |= PENDING;
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
static bool flow(struct abi_walk *w, size_t at, const struct operands *o, struct abi_state *state)
{
    size_t to;
    switch ((enum form)o->form) {
    case FORM_BRANCH:
    case FORM_JUMP:
        to = inside(w, at, o->offset);
        if (to != SIZE_MAX)
            arrive(w, to, state);
        return o->form == FORM_BRANCH;
    case FORM_CALL:
        if (inside(w, at, o->offset) != SIZE_MAX && o->offset != -(int64_t)at * 4) {
            w->odd = true; /* BL to find out where it is, or a part of the function called as one */
            abi_forget(state, state->x[REGISTER_SP]);
        } else if (abi_has(w->fragments, w->f->start + at * 4 + (uint64_t)o->offset)) {
            w->odd = true;
            abi_forget(state, (struct abi_value){0});
        }
        pool(w, state->x[REGISTER_SP]);
        return !abi_has(w->endless, w->f->start + at * 4 + (uint64_t)o->offset);
    case FORM_CALL_REGISTER:
        pool(w, state->x[REGISTER_SP]);
        return true;
    case FORM_JUMP_REGISTER:
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

static void walk_block(struct abi_walk *w, size_t at, const struct abi_state *begin)
{
    struct abi_state state;
    struct operands o;
    size_t first = at;
    abi_copy(&state, begin);
    for (; at < w->words; at++) {
        uint32_t word = abi_word(w, at);
        if (at != first && w->flags[at] & LEADER) {
            arrive(w, at, &state);
            return;
        }
        if (word == (uint32_t)NOP) {
            w->flags[at] |= VISITED;
            continue;
        }
        if (a64_classify(word) == A64_UNALLOCATED) {
            w->loose_broken |= w->loose;
            w->odd |= !w->loose;
            return;
        }
        w->flags[at] |= VISITED;
        a64_operands(word, &o);
        abi_look(w, at, word, &o, &state);
        abi_step(&state, &o);
        if (!flow(w, at, &o, &state))
            return;
    }
}

static void follow(struct abi_walk *w)
{
    bool again = true;
    while (again) {
        again = false;
        for (size_t i = 0; i < w->leader_count; i++) {
            size_t at = w->leaders[i];
            if (!(w->flags[at] & PENDING))
                continue;
            w->flags[at] &= (uint8_t)~PENDING;
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
    for (size_t at = 0; at < w->words && w->pooled; at++) {
        uint32_t word = abi_word(w, at);
        if (!(w->flags[at] & VISITED) && word != 0 && word != (uint32_t)NOP)
            walk_block(w, at, &begin);
    }
    w->loose = false;
}

static void report(struct abi_walk *w)
{
    w->reporting = true;
    for (size_t i = 0; i < w->leader_count; i++)
        if (w->flags[w->leaders[i]] & KNOWN)
            walk_block(w, w->leaders[i], &w->states[i]);
    w->reporting = false;
}

bool abi_walk(struct abi_walk *w, const struct abi_function *function)
{
    struct abi_state entry;
    w->f = function;
    w->words = function->size / 4;
    w->bytes = map_bytes(w->map, function->start, w->words * 4);
    w->hit_count = 0;
    w->understood = w->saves = w->stores = 0;
    w->odd = w->pooled = w->suspect = w->loose_broken = w->failed = false;
    w->pool = (struct abi_value){0};
    if (!w->bytes || w->words == 0)
        return true;
    if (!room_for(w, w->words) || !find_leaders(w))
        return false;
    abi_entry(&entry);
    arrive(w, 0, &entry);
    follow(w);
    if (w->suspect)
        report(w);
    size_t strict = w->hit_count;
    w->reporting = true;
    follow_loosely(w);
    w->reporting = false;
    if (w->loose_broken)
        w->hit_count = strict;
    for (size_t at = 0; at < w->words; at++)
        w->understood += w->flags[at] & VISITED ? 4 : 0;
    return !w->failed;
}

/* Whether the function has an instruction that leaves it for good. */
static bool may_return(const uint8_t *bytes, uint64_t size)
{
    struct operands o;
    for (uint64_t at = 0; at + 4 <= size; at += 4) {
        uint32_t word = load_le32(bytes + at);
        if (word >> 25 == 0x6b && (word >> 21 & 7) != 1) /* BR, RET; not BLR */
            return true;
        if (!branches(word) || word >> 26 == 0x25)
            continue;
        a64_operands(word, &o);
        if (at + (uint64_t)o.offset >= size)
            return true;
    }
    return false;
}

void abi_note_endless(struct abi_bits *endless, const struct map *map, const struct abi_function *f)
{
    const uint8_t *bytes = f->profile == ABI_GUESSED ? NULL : map_bytes(map, f->start, f->size);
    struct operands o;
    uint64_t at = f->size & ~(uint64_t)3;
    while (bytes && at && (load_le32(bytes + at - 4) == 0 || load_le32(bytes + at - 4) == (uint32_t)NOP))
        at -= 4;
    if (!bytes || at == 0)
        return;
    if (!may_return(bytes, at))
        abi_set(endless, f->start);
    if (load_le32(bytes + at - 4) >> 26 != 0x25)
        return;
    a64_operands(load_le32(bytes + at - 4), &o);
    abi_set(endless, f->start + at - 4 + (uint64_t)o.offset);
}

void abi_walk_free(struct abi_walk *w)
{
    free(w->flags);
    free(w->numbers);
    free(w->leaders);
    free(w->states);
    free(w->hits);
}
