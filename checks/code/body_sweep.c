/* What no branch led to is swept at the end; and a body from its start to its end. */
#include <stdlib.h>
#include <string.h>

#include "checks/code/body_parts.h"

enum { MOST_UNITS = 1 << 22 };

/* Bytes of padding at `at`: zeros, INT3, no-operations; 0: none. */
static unsigned padding(const struct body *b, uint64_t at)
{
    struct state nothing = {0};
    struct step step;
    size_t left = (size_t)(b->end - at);
    const uint8_t *p = map_bytes(b->map, at, left < 16 ? left : 16);
    if (!p || left < b->unit)
        return (unsigned)b->unit;
    if (b->unit == 4)
        return load_le32(p) == 0 || load_le32(p) == 0xd503201f ? 4 : 0;
    if (*p == 0 || *p == 0xcc)
        return 1;
    bool good = b->step(b->map, at, p, left, &nothing, &step);
    return good && step.idle ? step.length : 0;
}

/* Blocks from `at` on, where no branch led. False: that is no code after all, but data between functions. */
static bool begin_loosely(struct body *b, uint64_t at)
{
    const struct state nothing = {0};
    uint32_t first = (uint32_t)b->block_count, block = body_block(b, at);
    uint64_t broken = b->broken;
    if (block == NO_BLOCK)
        return true;
    body_arrive(b, NO_BLOCK, block, &nothing);
    body_walk(b);
    for (size_t i = first; i < b->block_count; i++)
        b->blocks[i].loose = true;
    b->blocks[block].head = true;
    if (b->broken == broken && b->length[(at - b->start) / b->unit])
        return true;
    for (size_t i = first; i < b->block_count; i++)
        for (uint32_t k = 0; k < b->blocks[i].site_count; k++)
            b->sites[b->blocks[i].first_site + k].kind = SITE_NONE;
    b->broken = broken;
    return false;
}

/* Targets of tables come first: what they branch to is no target for that. */
static void begin_at_labels(struct body *b)
{
    for (uint64_t at = b->labels ? marks_next_before(b->labels, b->start + 1, b->end) : UINT64_MAX;
         at != UINT64_MAX && !b->failed && !b->tangled; at = marks_next_before(b->labels, at + 1, b->end))
        if (!b->owner[(at - b->start) / b->unit])
            (void)begin_loosely(b, at);
}

/* Blocks for what no branch led to. */
static void sweep(struct body *b)
{
    uint64_t at = b->start;
    while (at < b->end && !b->failed && !b->tangled) {
        size_t unit = (size_t)((at - b->start) / b->unit);
        if (b->owner[unit] && b->length[unit]) {
            at += b->length[unit];
            continue;
        }
        unsigned idle = padding(b, at);
        if (idle)
            at += idle;
        else if (!begin_loosely(b, at))
            do
                at += b->unit;
            while (at < b->end && !b->length[(at - b->start) / b->unit]);
    }
}

/* Blocks where others jump in. */
static void enter(struct body *b)
{
    const struct state nothing = {0};
    for (uint64_t at = marks_next_before(b->entries, b->start + 1, b->end);
         at != UINT64_MAX && !b->failed && !b->tangled; at = marks_next_before(b->entries, at + 1, b->end)) {
        uint32_t block = body_block(b, at);
        if (block == NO_BLOCK)
            return;
        b->blocks[block].entered = true;
        body_arrive(b, NO_BLOCK, block, &nothing);
        body_walk(b);
    }
}

static bool room_for(struct body *b, size_t units)
{
    if (units <= b->unit_room)
        return true;
    free(b->owner);
    free(b->length);
    b->owner = calloc(units, sizeof *b->owner);
    b->length = calloc(units, sizeof *b->length);
    b->unit_room = b->owner && b->length ? units : 0;
    return b->unit_room != 0;
}

static void forget(struct body *b)
{
    size_t units = (size_t)((b->end - b->start) / b->unit) + 1;
    if (b->unit_room) {
        memset(b->owner, 0, (units < b->unit_room ? units : b->unit_room) * sizeof *b->owner);
        memset(b->length, 0, units < b->unit_room ? units : b->unit_room);
    }
    b->block_count = b->site_count = b->queue_count = 0;
    b->understood = b->broken = 0;
    b->has_indirect = b->never_returns = b->asked = false;
    b->after_main = 0;
    b->result = (struct value){0};
    b->results = 0;
}

bool body_build(struct body *b, uint64_t start, uint64_t end, size_t more, bool resolver)
{
    b->start = start;
    b->tangled |= (end - start) / b->unit > MOST_UNITS;
    if (b->tangled && end - start > b->unit)
        end = start + b->unit; /* nothing is followed any more */
    b->end = end;
    forget(b);
    b->more = more;
    if (!room_for(b, (size_t)((end - start) / b->unit) + 1))
        return false;
    struct state entry = {0};
    if (resolver)
        entry.registers[0] = value_of(VALUE_CPU, b->unit == 4 ? answer_of(AT_HWCAP, 0) : 0);
    uint32_t block = body_block(b, start);
    if (block == NO_BLOCK)
        return false;
    body_arrive(b, NO_BLOCK, block, &entry);
    body_walk(b);
    enter(b);
    begin_at_labels(b);
    sweep(b);
    for (uint64_t at = start; at < end; at += b->unit)
        b->understood += b->owner[(at - start) / b->unit] ? b->length[(at - start) / b->unit] : 0;
    if (b->failed || !body_returns(b))
        return false;
    b->never_returns = !b->blocks[0].returns && !b->has_indirect && !b->tangled;
    return true;
}

void body_free(struct body *b)
{
    free(b->blocks);
    free(b->sites);
    free(b->states);
    free(b->owner);
    free(b->length);
    free(b->queue);
}
