/* The blocks of a function that every path from the entry takes: a walk from each to the next that no way leads past.
 * Ways on which the program is aborted do not count; those on which it ends do, and what may end it ends the walk.
 *
 * Where the ways part and meet again around no more than a block the walk goes on. Where they part for longer (a loop, a
 * chain of conditions) the next is the immediate post-dominator, found as Cooper, Harvey and Kennedy do (A Simple, Fast
 * Dominance Algorithm, 2001), and the walk goes on to it only if nothing is called between that may end the program. */
#include <stdlib.h>
#include <string.h>

#include "checks/code/body_parts.h"

enum { FUEL = 1 << 18 }; /* steps; functions that compilers make need a few for each block */

bool body_turn(const struct body *b, struct backwards *back)
{
    size_t edges = 0;
    for (size_t i = 0; i < b->block_count; i++)
        for (unsigned k = 0; k < 2; k++)
            edges += b->blocks[i].next[k] != NO_BLOCK;
    back->first = calloc(b->block_count + 2, sizeof *back->first);
    back->from = calloc(edges + 1, sizeof *back->from);
    if (!back->first || !back->from)
        return false;
    uint32_t *count = back->first + 1; /* becomes `first` while the edges are put in place */
    for (size_t i = 0; i < b->block_count; i++)
        for (unsigned k = 0; k < 2; k++)
            if (b->blocks[i].next[k] != NO_BLOCK)
                count[b->blocks[i].next[k]]++;
    for (size_t i = 1; i < b->block_count; i++)
        count[i] += count[i - 1];
    for (size_t i = b->block_count; i-- > 0;)
        for (unsigned k = 0; k < 2; k++)
            if (b->blocks[i].next[k] != NO_BLOCK)
                back->from[--count[b->blocks[i].next[k]]] = (uint32_t)i;
    memmove(back->first, count, b->block_count * sizeof *count);
    back->first[b->block_count] = (uint32_t)edges;
    return true;
}

bool body_comes_back(const struct body *b, const struct block *block)
{
    if (block->exit == EXIT_TAIL)
        return !b->callee(b->context, block->start).never_returns;
    return block->exit == EXIT_RETURN || block->exit == EXIT_INDIRECT;
}

/* All blocks that come back, and as the last node the way out that they all take. In a function that never comes back, all
 * blocks, and the ends of its ways. */
struct tree {
    uint32_t exit;
    uint32_t *after;  /* by node: its immediate post-dominator; NO_BLOCK: not known */
    uint32_t *number; /* by node: its place in `order`, plus one; 0: none */
    uint32_t *order;  /* nodes, each behind those before it on the ways back from the exit */
    uint32_t *cursor, *stamp;
    uint32_t fuel, round;
    bool made, ends; /* ends: the function never comes back */
};

static bool counts(const struct tree *t, const struct block *block)
{
    return t->ends || block->returns;
}

static bool leads_out(const struct body *b, const struct tree *t, const struct block *block)
{
    return t->ends ? block->next[0] == NO_BLOCK && block->next[1] == NO_BLOCK : body_comes_back(b, block);
}

static void free_tree(struct tree *t)
{
    free(t->after);
    free(t->number);
    free(t->order);
    free(t->cursor);
    free(t->stamp);
}

static bool room_for(struct tree *t, size_t nodes)
{
    t->after = malloc(nodes * sizeof *t->after);
    t->number = calloc(nodes, sizeof *t->number);
    t->order = calloc(nodes, sizeof *t->order);
    t->cursor = calloc(nodes, sizeof *t->cursor);
    t->stamp = t->stamp ? t->stamp : calloc(nodes, sizeof *t->stamp);
    return t->after && t->number && t->order && t->cursor && t->stamp;
}

/* The `k`th node that leads to `node`; NO_BLOCK: no more. */
static uint32_t before(const struct body *b, const struct backwards *back, const struct tree *t, uint32_t node,
                       uint32_t *k)
{
    if (node != t->exit)
        return back->first[node] + *k < back->first[node + 1] ? back->from[back->first[node] + (*k)++] : NO_BLOCK;
    while (*k < b->block_count && !leads_out(b, t, &b->blocks[*k]))
        ++*k;
    return *k < b->block_count ? (*k)++ : NO_BLOCK;
}

/* Numbers the nodes from the exit back: a node after all that are only come to through it. */
static bool number_all(struct body *b, const struct backwards *back, struct tree *t, uint32_t *count)
{
    const uint32_t open = UINT32_MAX; /* on the way to it */
    b->queue_count = 0;
    t->number[t->exit] = open;
    if (!body_enqueue(b, t->exit))
        return false;
    while (b->queue_count) {
        uint32_t node = (uint32_t)b->queue[b->queue_count - 1], one = before(b, back, t, node, &t->cursor[node]);
        if (one == NO_BLOCK) {
            t->order[*count] = node;
            t->number[node] = ++*count;
            b->queue_count--;
        } else if (t->number[one] == 0) {
            t->number[one] = open;
            if (!body_enqueue(b, one))
                return false;
        }
    }
    return true;
}

/* Where the ways from both to the exit meet. */
static uint32_t meet(struct tree *t, uint32_t one, uint32_t other)
{
    while (one != other && t->fuel) {
        t->fuel--;
        if (t->number[one] < t->number[other])
            one = t->after[one];
        else
            other = t->after[other];
    }
    return one;
}

static uint32_t meet_known(struct tree *t, uint32_t known, uint32_t next)
{
    if (t->number[next] == 0 || t->after[next] == NO_BLOCK)
        return known;
    return known == NO_BLOCK ? next : meet(t, known, next);
}

static bool make_tree(struct body *b, struct tree *t)
{
    struct backwards back = {0};
    uint32_t count = 0;
    t->made = true;
    t->exit = (uint32_t)b->block_count;
    bool good = room_for(t, b->block_count + 1) && body_turn(b, &back) && number_all(b, &back, t, &count);
    for (size_t i = 0; good && i <= b->block_count; i++)
        t->after[i] = NO_BLOCK;
    if (good)
        t->after[t->exit] = t->exit;
    for (bool changed = good; changed && t->fuel;) {
        changed = false;
        for (uint32_t i = count; i-- > 0 && t->fuel;) {
            uint32_t node = t->order[i], known = NO_BLOCK;
            if (node == t->exit)
                continue;
            t->fuel--;
            if (leads_out(b, t, &b->blocks[node]))
                known = t->exit;
            for (unsigned k = 0; k < 2; k++)
                if (b->blocks[node].next[k] != NO_BLOCK)
                    known = meet_known(t, known, b->blocks[node].next[k]);
            changed |= known != t->after[node];
            t->after[node] = known;
        }
    }
    free(back.first);
    free(back.from);
    return good;
}

/* The way of Go's functions back to their start, with more stack. */
static bool restarts(const struct body *b, const struct block *block)
{
    return b->split_stack && block->next[0] == 0 && block->next[1] == NO_BLOCK;
}

/* Whether the program may end in a block that is one of several. */
static bool may_end(const struct body *b, const struct block *block)
{
    bool leaves = block->exit == EXIT_TAIL && b->callee(b->context, block->start).may_end;
    return leaves || ((block->calls || block->until != UINT64_MAX) && !restarts(b, block));
}

/* Whether nothing on the ways from `from` to `to` may end the program. */
static bool is_quiet(struct body *b, struct tree *t, uint32_t from, uint32_t to)
{
    b->queue_count = 0;
    t->round++;
    t->stamp[to] = t->round;
    if (!body_enqueue(b, from))
        return false;
    while (b->queue_count && t->fuel) {
        const struct block *block = &b->blocks[b->queue[--b->queue_count]];
        t->fuel--;
        for (unsigned k = 0; k < 2; k++) {
            uint32_t next = block->next[k];
            if (next == NO_BLOCK || !counts(t, &b->blocks[next]) || t->stamp[next] == t->round)
                continue;
            t->stamp[next] = t->round;
            if (may_end(b, &b->blocks[next]) || !body_enqueue(b, next))
                return false;
        }
    }
    return t->fuel != 0;
}

/* Whether nothing on the ways from `from`, which never come back, may end the program. */
static bool is_abort(struct body *b, struct tree *t, uint32_t from)
{
    b->queue_count = 0;
    t->round++;
    if (!t->stamp && !(t->stamp = calloc(b->block_count + 1, sizeof *t->stamp)))
        b->failed = true;
    if (b->failed || !body_enqueue(b, from))
        return false;
    while (b->queue_count && t->fuel) {
        uint32_t at = (uint32_t)b->queue[--b->queue_count];
        const struct block *block = &b->blocks[at];
        if (t->stamp[at] == t->round)
            continue;
        t->stamp[at] = t->round;
        t->fuel--;
        if (may_end(b, block))
            return false;
        for (unsigned k = 0; k < 2; k++)
            if (block->next[k] != NO_BLOCK && !body_enqueue(b, block->next[k]))
                return false;
    }
    return t->fuel != 0;
}

/* The block after a diamond or a triangle: both ways meet again in it. */
static uint32_t meeting(const struct body *b, uint32_t one, uint32_t other)
{
    const struct block *x = &b->blocks[one], *y = &b->blocks[other];
    if (x->next[0] == other && x->next[1] == NO_BLOCK)
        return other;
    if (y->next[0] == one && y->next[1] == NO_BLOCK)
        return one;
    if (x->next[0] == y->next[0] && x->next[1] == NO_BLOCK && y->next[1] == NO_BLOCK)
        return x->next[0];
    return NO_BLOCK;
}

/* The next block that is surely taken after `at`, which has two ways on that do not meet at once; NO_BLOCK: none. */
static uint32_t later(struct body *b, struct tree *t, uint32_t at)
{
    if (!counts(t, &b->blocks[at]))
        return NO_BLOCK;
    if (!t->made && !make_tree(b, t)) {
        b->failed = true;
        return NO_BLOCK;
    }
    uint32_t next = t->fuel ? t->after[at] : NO_BLOCK;
    return next != NO_BLOCK && next != t->exit && is_quiet(b, t, at, next) ? next : NO_BLOCK;
}

/* The block that is surely taken after `at`; NO_BLOCK: none, or nobody knows. */
static uint32_t next_of(struct body *b, struct tree *t, uint32_t at)
{
    uint32_t one = b->blocks[at].next[0], other = b->blocks[at].next[1], met;
    if (one == NO_BLOCK || other == NO_BLOCK)
        return one == NO_BLOCK ? other : one;
    if (b->blocks[one].returns != b->blocks[other].returns) {
        met = b->blocks[one].returns ? one : other; /* the other way never comes back */
        return is_abort(b, t, met == one ? other : one) ? met : NO_BLOCK;
    }
    met = one == other ? one : meeting(b, one, other);
    if (met == NO_BLOCK)
        return later(b, t, at);
    bool ends = (one != met && may_end(b, &b->blocks[one])) || (other != met && may_end(b, &b->blocks[other]));
    return ends ? NO_BLOCK : met;
}

bool body_always(struct body *b)
{
    struct tree tree = {.fuel = FUEL};
    uint32_t block = 0;
    tree.ends = !b->blocks[0].returns;
    while (block != NO_BLOCK && b->blocks[block].reach == REACH_POSSIBLE) {
        b->blocks[block].reach = REACH_ALWAYS;
        block = b->blocks[block].until == UINT64_MAX ? next_of(b, &tree, block) : NO_BLOCK;
    }
    free_tree(&tree);
    return !b->failed;
}
