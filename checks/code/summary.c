/* What is kept of a function that was taken apart: what it mentions and what it needs, each as surely as it is reached,
 * and where only behind guards, what those have answered for. */
#include <stdlib.h>

#include "checks/code/program.h"
#include "checks/code/unwinder.h"
#include "checks/code/x86_classes.h"

static void add_mention(struct program *p, enum mention_kind kind, uint64_t target, enum reach reach, uint8_t guards)
{
    uint8_t *all = program_grow(p, p->mention_guards, &p->mention_guards_room, p->mention_count, sizeof *all);
    if (all)
        p->mention_guards = all;
    struct mention *mentions =
        all ? program_grow(p, p->mentions, &p->mention_room, p->mention_count, sizeof *mentions) : NULL;
    if (!mentions)
        return;
    p->mentions = mentions;
    p->mention_guards[p->mention_count] = guards;
    p->mentions[p->mention_count++] =
        (struct mention){.target = target & VALUE_MASK, .kind = (uint64_t)kind & 7, .reach = (uint64_t)reach & 7};
}

/* Of a class the best-reached site; of those that are guarded one that the guards have not answered for goes first. */
static void add_need(struct program *p, uint32_t *at, const struct site *site, enum reach reach, uint8_t guards)
{
    struct need need = {.address = site->address, .class = site->class, .reach = (uint8_t)reach, .guards = guards};
    if (*at) {
        struct need *known = &p->needs[*at - 1];
        if (known->reach == REACH_GUARDED && reach == REACH_GUARDED)
            need.guards = guards_meet(&p->guards, known->guards, guards);
        if (need.reach > known->reach || (need.reach == known->reach && need.guards != known->guards))
            *known = need;
        return;
    }
    struct need *needs = program_grow(p, p->needs, &p->need_room, p->need_count, sizeof *needs);
    if (!needs)
        return;
    p->needs = needs;
    p->needs[p->need_count++] = need;
    *at = (uint32_t)p->need_count;
}

/* How surely a site is reached: behind what may end the program not as surely as its block. */
static enum reach reach_at(const struct block *block, const struct site *site)
{
    return block->reach == REACH_ALWAYS && site->address > block->until ? REACH_POSSIBLE : (enum reach)block->reach;
}

static int by_target(const void *a, const void *b)
{
    const struct choice *one = a, *other = b;
    if (one->target != other->target)
        return one->target < other->target ? -1 : 1;
    return (one->site > other->site) - (one->site < other->site);
}

/* The sites where code chooses an address by what the processor can do. */
static void find_choices(struct program *p)
{
    const struct body *b = &p->body;
    p->choice_count = 0;
    for (size_t i = 0; i < b->site_count; i++) {
        if (b->sites[i].kind != SITE_CHOICE || !b->strong(b->context, b->sites[i].stored))
            continue;
        struct choice *choices = program_grow(p, p->choices, &p->choice_room, p->choice_count, sizeof *choices);
        if (!choices)
            return;
        p->choices = choices;
        p->choices[p->choice_count++] = (struct choice){.target = b->sites[i].target, .site = i};
    }
    if (p->choice_count)
        qsort(p->choices, p->choice_count, sizeof *p->choices, by_target);
}

/* The first of them that chooses this address, or NULL. */
static const struct site *choice_of(const struct program *p, const struct site *reference)
{
    size_t low = 0, high = p->choice_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (p->choices[middle].target < reference->target)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < p->choice_count && p->choices[low].target == reference->target;
    return found ? &p->body.sites[p->choices[low].site] : NULL;
}

/* An address that is formed; one that is chosen, of a function or of a table of them, is guarded by what it is chosen by. */
static void add_reference(struct program *p, const struct function *f, const struct site *site)
{
    const struct block *block = &p->body.blocks[site->block];
    const struct site *choice = f->resolver ? NULL : choice_of(p, site);
    enum reach reach = reach_at(block, site);
    uint8_t guards = block->guards;
    if (choice || (f->resolver && ground_executes(p->ground, site->target))) {
        guards = choice ? guards_behind(&p->guards, guards, reach == REACH_GUARDED, meaning_of_value(p, choice->stored))
                        : GUARDS_TRUSTED;
        reach = REACH_GUARDED;
    }
    add_mention(p, site->size ? MENTION_WORD : MENTION_ADDRESS, site->target, reach, guards);
}

/* Whether XGETBV at `address` stands behind a look at CPUID's bit that says that the system lets programs use it (OSXSAVE,
 * 27): BT of it, a mask with it, or a shift by it. The word may come in as an argument, which is not followed. */
static bool asks_osxsave(const struct map *map, uint64_t start, uint64_t address)
{
    enum { LONGEST = 512 };
    uint64_t from = address - start > LONGEST ? address - LONGEST : start;
    const uint8_t *p = map_bytes(map, from, (size_t)(address - from) + 4);
    if (!p || (load_le32(p + (address - from)) & 0xffffff) != 0xd0010f)
        return false;
    for (uint64_t i = 0; i + 4 <= address - from; i++) {
        bool bt = p[i] == 0x0f && p[i + 1] == 0xba && (p[i + 2] & 0xf8) == 0xe0 && p[i + 3] == 27;
        bool shift = p[i] == 0xc1 && (p[i + 1] & 0xf8) == 0xe8 && (p[i + 2] == 26 || p[i + 2] == 27);
        uint32_t mask = load_le32(p + i);
        if (bt || shift || (mask & 0x08000000u && (mask & 0x00ffffffu) == 0 && !(mask & 0xe0000000u)))
            return true;
    }
    return false;
}

static void add_feature(struct program *p, const struct function *f, struct unwinder *unwinder, const struct site *site,
                        uint32_t *at)
{
    enum { LOOK = 64 /* of fuel */ };
    const struct block *block = &p->body.blocks[site->block];
    bool trusted = f->trusted || (!p->amd64 && unwinder_keeps(unwinder, site->address));
    trusted |= p->amd64 && site->class == X86_XSAVE && body_burn(&p->body, LOOK) &&
               asks_osxsave(&p->map, f->start, site->address);
    if (trusted)
        add_need(p, at, site, REACH_GUARDED, GUARDS_TRUSTED);
    else
        add_need(p, at, site, reach_at(block, site), block->guards);
}

bool dispatch_build(struct program *p, uint32_t number)
{
    struct function *f = &p->functions[number];
    const struct body *b = &p->body;
    uint32_t need_of[256] = {0};
    struct unwinder unwinder = {&p->map, f->start, f->start + f->size, TAGS_UNKNOWN};
    if (!dispatch_take_apart(p, number) || !body_reach(&p->body) || (p->always && !body_always(&p->body)) ||
        p->mention_count >= UINT32_MAX || p->need_count >= UINT32_MAX)
        return false;
    f->first_own = (uint32_t)p->mention_count;
    f->first_need = (uint32_t)p->need_count;
    find_choices(p);
    for (size_t i = 0; i < b->site_count && !p->failed; i++) {
        const struct site *site = &b->sites[i];
        const struct block *block = &b->blocks[site->block];
        if (block->reach == REACH_NONE)
            continue;
        if (site->kind == SITE_CALL || site->kind == SITE_TAIL)
            add_mention(p, site->kind == SITE_CALL ? MENTION_CALL : MENTION_JUMP, site->target, reach_at(block, site),
                        block->guards);
        else if (site->kind == SITE_REFERENCE)
            add_reference(p, f, site);
        else if (site->kind == SITE_FEATURE)
            add_feature(p, f, &unwinder, site, &need_of[site->class]);
    }
    dispatch_note_stores(p, number);
    f->own_count = (uint32_t)(p->mention_count - f->first_own);
    f->need_count = (uint32_t)(p->need_count - f->first_need);
    f->whole = f->built = true;
    return !p->failed;
}
