/* Over the blocks of a function: which can come to a return, and how surely each is reached from the entry. */
#include <stdlib.h>

#include "checks/code/body_parts.h"

/* Whether a block, a short one, leaves the register of results as it is. */
static bool keeps_result(const struct body *b, const struct block *block)
{
    enum { MARK = 1, LONGEST = 128 /* bytes */ };
    struct state state = {.registers[0] = value_constant(MARK)};
    if (block->size > LONGEST)
        return false;
    for (uint64_t at = block->start, end = at + block->size; at < end;) {
        struct step step;
        size_t left = (size_t)(b->end - at) + b->more;
        const uint8_t *bytes = at < b->end ? map_bytes(b->map, at, left < 16 ? left : 16) : NULL;
        if (!bytes || !b->step(b->map, at, bytes, left, &state, &step) || !step.allocated || step.length == 0)
            return false;
        at += step.length;
    }
    return state.registers[0].kind == VALUE_CONSTANT && state.registers[0].at == MARK;
}

/* Whether main() gives a number other than zero at the end of `block`, and all that comes behind, a few blocks, returns it. */
static bool ends_badly(const struct body *b, uint32_t block)
{
    enum { MOST = 8 };
    uint32_t ways[MOST] = {block};
    size_t count = 1;
    if (!b->is_main || !b->blocks[block].gives)
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct block *at = &b->blocks[ways[i]];
        if (at->exit == EXIT_TAIL || at->exit == EXIT_INDIRECT || (i && !keeps_result(b, at)))
            return false;
        for (unsigned k = 0; k < 2; k++) {
            size_t known = 0;
            while (known < count && ways[known] != at->next[k])
                known++;
            if (at->next[k] == NO_BLOCK || known < count)
                continue;
            if (count == MOST)
                return false;
            ways[count++] = at->next[k];
        }
    }
    return true;
}

bool body_returns(struct body *b)
{
    struct backwards back = {0};
    bool good = body_turn(b, &back);
    b->queue_count = 0;
    for (size_t i = 0; good && i < b->block_count; i++) {
        b->blocks[i].returns = body_comes_back(b, &b->blocks[i]) && !ends_badly(b, (uint32_t)i);
        if (b->blocks[i].returns)
            good = body_enqueue(b, (uint32_t)i);
    }
    while (good && b->queue_count) {
        size_t block = b->queue[--b->queue_count];
        for (uint32_t e = back.first[block]; good && e < back.first[block + 1]; e++)
            if (!b->blocks[back.from[e]].returns && !ends_badly(b, back.from[e])) {
                b->blocks[back.from[e]].returns = true;
                good = body_enqueue(b, back.from[e]);
            }
    }
    free(back.first);
    free(back.from);
    return good;
}

/* What is left of a block's reach after its edge `which`. */
static enum reach along(const struct body *b, const struct block *block, unsigned which)
{
    enum reach reach = (enum reach)block->reach;
    enum meaning meaning = (enum meaning)block->meaning[which];
    if (meaning != MEANS_PRESENT || reach <= REACH_GUARDED || !b->strong(b->context, block->guard) ||
        answers_nothing(b->answer(b->context, block->guard)))
        return reach;
    uint32_t other = block->next[1 - which];
    if (other != NO_BLOCK && !b->blocks[other].returns && block->next[which] != NO_BLOCK &&
        b->blocks[block->next[which]].returns)
        return reach; /* without the feature the program refuses to go on: no guard, but a demand */
    return REACH_GUARDED;
}

/* Targets of jumps through tables are reached as the best of those jumps are. */
static enum reach loosely(const struct body *b)
{
    enum reach best = REACH_NONE;
    bool jumps = false;
    for (size_t i = 0; i < b->block_count; i++)
        if (b->blocks[i].exit == EXIT_INDIRECT && !b->blocks[i].loose) {
            jumps = true;
            if (b->blocks[i].reach > best)
                best = (enum reach)b->blocks[i].reach;
        }
    return jumps && best < REACH_POSSIBLE ? best : REACH_POSSIBLE;
}

/* What the guards have answered for after the edge `which`. */
static uint8_t guards_along(const struct body *b, const struct block *block, unsigned which)
{
    bool guarded = block->reach <= REACH_GUARDED;
    if (block->meaning[which] != MEANS_PRESENT || !b->strong(b->context, block->guard) ||
        answers_nothing(b->answer(b->context, block->guard)))
        return block->guards;
    return guards_behind(b->guards, block->guards, guarded, b->answer(b->context, block->guard));
}

static bool spread(struct body *b, enum reach level)
{
    b->queue_count = 0;
    for (size_t i = 0; i < b->block_count; i++)
        if (b->blocks[i].reach == level && !body_enqueue(b, (uint32_t)i))
            return false;
    while (b->queue_count) {
        const struct block *block = &b->blocks[b->queue[--b->queue_count]];
        if (block->reach != level)
            continue;
        for (unsigned k = 0; k < 2; k++) {
            uint32_t next = block->next[k];
            enum reach reach = next == NO_BLOCK ? REACH_NONE : along(b, block, k);
            if (reach == REACH_NONE || b->blocks[next].reach > reach)
                continue;
            bool known = b->blocks[next].reach == reach;
            uint8_t guards = reach == REACH_GUARDED ? guards_along(b, block, k) : GUARDS_TRUSTED;
            if (known)
                guards = guards_meet(b->guards, b->blocks[next].guards, guards);
            if (known && guards == b->blocks[next].guards)
                continue;
            b->blocks[next].reach = (uint8_t)reach;
            b->blocks[next].guards = guards;
            if (reach == level && !body_enqueue(b, next))
                return false;
        }
    }
    return true;
}

bool body_reach(struct body *b)
{
    for (size_t i = 0; i < b->block_count; i++) {
        b->blocks[i].reach = b->blocks[i].entered ? REACH_POSSIBLE : REACH_NONE;
        b->blocks[i].guards = 0;
    }
    b->blocks[0].reach = REACH_POSSIBLE;
    if (!spread(b, REACH_POSSIBLE) || !spread(b, REACH_GUARDED))
        return false;
    enum reach loose = loosely(b);
    for (size_t i = 0; i < b->block_count; i++)
        if (b->blocks[i].head && b->blocks[i].reach < loose)
            b->blocks[i].reach = (uint8_t)loose;
    return spread(b, REACH_POSSIBLE) && spread(b, REACH_GUARDED);
}
