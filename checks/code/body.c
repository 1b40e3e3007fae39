/* Recursive descent. Blocks are found by following branches from the start; where a branch lands inside a block, the
 * block is split. With each block goes what is known of registers and flags when it is entered; where paths meet, only
 * what they agree on is kept, and the block is walked again. What no branch leads to (targets of jumps through tables,
 * landing pads of exceptions) is swept at the end, and is taken for reached less surely.
 *
 * Nothing here trusts the file: a function ends where its bytes end, a block is walked at most a few times, every list is
 * as long as the bytes that make it, and where code is written to be cut into ever smaller blocks the fuel ends. */
#include <string.h>

#include "checks/code/a64_fields.h"
#include "checks/code/body_parts.h"

enum { VISITS = 12, MOST_BLOCKS = 1 << 16, MOST_SITES = 1 << 18, UNITS_A_STEP = 16, CLOBBERED = 19 /* X0 to X18 */ };

static uint32_t add_block(struct body *b, uint64_t start)
{
    struct block *blocks = body_grown(b, b->blocks, &b->block_room, b->block_count, sizeof *blocks);
    if (!blocks)
        return NO_BLOCK;
    b->blocks = blocks;
    struct state *states = body_grown(b, b->states, &b->state_room, b->block_count, sizeof *states);
    if (!states)
        return NO_BLOCK;
    b->states = states;
    b->blocks[b->block_count] = (struct block){.start = start, .next = {NO_BLOCK, NO_BLOCK}, .until = UINT64_MAX};
    return (uint32_t)b->block_count++;
}

bool body_burn(struct body *b, uint64_t amount)
{
    b->tangled |= b->fuel < amount;
    b->fuel -= b->tangled ? 0 : amount;
    return !b->tangled;
}

bool body_enqueue(struct body *b, uint32_t block)
{
    size_t *queue = body_grown(b, b->queue, &b->queue_room, b->queue_count, sizeof *queue);
    if (!queue)
        return false;
    b->queue = queue;
    b->queue[b->queue_count++] = block;
    return true;
}

void body_arrive(struct body *b, uint32_t from, uint32_t block, const struct state *state)
{
    struct block *to = &b->blocks[block];
    if (to->visits == 0) {
        b->states[block] = *state;
        to->visits = 1;
        body_enqueue(b, block);
        return;
    }
    if (from != NO_BLOCK)
        body_note_choices(b, from, to->start, &b->states[block], state);
    if (to->visits <= VISITS && state_join(&b->states[block], state)) {
        if (++to->visits > VISITS)
            memset(&b->states[block], 0, sizeof b->states[block]);
        body_enqueue(b, block);
    }
}

/* Cuts the block in two at an instruction in its midst; the second is new. */
static uint32_t split(struct body *b, uint32_t first, uint64_t at)
{
    uint32_t second = add_block(b, at);
    if (second == NO_BLOCK)
        return NO_BLOCK;
    struct block *one = &b->blocks[first], *other = &b->blocks[second];
    uint64_t end = one->start + one->size;
    memcpy(other->next, one->next, sizeof other->next);
    memcpy(other->meaning, one->meaning, sizeof other->meaning);
    other->guard = one->guard;
    other->exit = one->exit;
    other->size = (uint32_t)(end - at);
    other->loose = one->loose;
    other->calls = one->calls;
    other->gives = one->gives;
    other->until = one->until;
    one->size = (uint32_t)(at - one->start);
    one->next[0] = second;
    one->next[1] = NO_BLOCK;
    one->meaning[0] = one->meaning[1] = MEANS_NOTHING;
    one->exit = EXIT_ON;
    one->gives = false;                          /* found again, too */
    uint64_t last = end < b->end ? end : b->end; /* an instruction may reach further */
    (void)body_burn(b, (last - at) / b->unit / UNITS_A_STEP);
    for (uint64_t unit = (at - b->start) / b->unit; unit < (last - b->start) / b->unit; unit++)
        if (b->owner[unit] == first + 1)
            b->owner[unit] = second + 1;
    for (uint32_t i = 0; i < one->site_count; i++)
        if (b->sites[one->first_site + i].address >= at)
            b->sites[one->first_site + i].kind = SITE_NONE; /* found again when the second is walked */
    body_enqueue(b, first);                                 /* to bring what it knows */
    return second;
}

/* The block that begins at `at`, made or cut off where there is none; NO_BLOCK: no memory. */
uint32_t body_block(struct body *b, uint64_t at)
{
    uint32_t owner = b->owner[(at - b->start) / b->unit];
    if (owner)
        return b->blocks[owner - 1].start == at ? owner - 1 : split(b, owner - 1, at);
    uint32_t block = add_block(b, at);
    if (block != NO_BLOCK)
        b->owner[(at - b->start) / b->unit] = block + 1;
    return block;
}

static bool inside(const struct body *b, uint64_t at)
{
    return at >= b->start && at < b->end && (at - b->start) % b->unit == 0;
}

/* Leads an edge of `from` to `target`. */
static void edge(struct body *b, uint32_t from, unsigned which, uint64_t target, uint64_t instruction,
                 const struct state *state)
{
    uint32_t to;
    if (inside(b, target)) {
        to = body_block(b, target);
        if (to == NO_BLOCK)
            return;
        if (to == from || (b->blocks[from].start < target && target < b->blocks[from].start + b->blocks[from].size))
            from = b->owner[(instruction - b->start) / b->unit] - 1; /* it may have been cut itself */
        b->blocks[from].next[which] = to;
        body_arrive(b, from, to, state);
        return;
    }
    to = add_block(b, target);
    if (to == NO_BLOCK)
        return;
    b->blocks[to].exit = EXIT_TAIL;
    b->blocks[to].visits = 1;
    b->blocks[to].first_site = (uint32_t)b->site_count;
    b->blocks[from].next[which] = to;
    struct site *site = body_site(b, to, SITE_TAIL, instruction);
    if (site)
        site->target = target;
}

/* The two ways on from a conditional branch. */
static void branch(struct body *b, uint32_t block, uint64_t at, const struct step *step, struct state *state)
{
    struct flags tested = step->tested;
    enum meaning taken = meaning_of(&tested, (enum condition)step->condition), other = taken;
    if (taken == MEANS_PRESENT || taken == MEANS_ABSENT)
        other = taken == MEANS_PRESENT ? MEANS_ABSENT : MEANS_PRESENT;
    bool equal = step->condition == CONDITION_ZERO;
    if ((equal || step->condition == CONDITION_NONZERO) &&
        body_asks_vector_granule(b, &tested, equal ? step->target : at + step->length)) {
        taken = equal ? MEANS_PRESENT : MEANS_ABSENT;
        other = equal ? MEANS_ABSENT : MEANS_PRESENT;
        tested.value = value_of(VALUE_CPU, 0);
    }
    b->blocks[block].meaning[0] = (uint8_t)taken;
    b->blocks[block].meaning[1] = (uint8_t)other;
    b->blocks[block].guard = tested.value;
    bool capability = tested.compared == COMPARED_WITH_CONSTANT && !about_cpu(tested.value) &&
                      (tested.constant == AT_HWCAP || tested.constant == AT_HWCAP2) && b->knows_auxv;
    struct state was = *state;
    state->hardware_capability |= capability && step->condition == CONDITION_ZERO;
    if (taken == MEANS_PRESENT)
        state->under = tested.value;
    edge(b, block, 0, step->target, at, state);
    *state = was;
    state->hardware_capability |= capability && step->condition == CONDITION_NONZERO;
    if (other == MEANS_PRESENT)
        state->under = tested.value;
    block = b->owner[(at - b->start) / b->unit] - 1;
    edge(b, block, 1, at + step->length, at, state);
}

/* What comes behind `at` is not on every run. */
static void may_end_at(struct body *b, uint32_t block, uint64_t at)
{
    if (at < b->blocks[block].until)
        b->blocks[block].until = at;
}

/* `before`: the registers that a call may change, before it. */
static void calls(struct body *b, uint32_t block, uint64_t at, const struct step *step, struct state *state,
                  const struct value *before, bool *stops)
{
    struct site *site = body_site(b, block, SITE_CALL, at);
    if (site)
        site->target = step->target;
    struct callee callee = b->callee(b->context, step->target);
    *stops = callee.never_returns;
    if (callee.may_end)
        may_end_at(b, block, at);
    state->stack_holds_cpu = callee.asks_cpu;
    for (unsigned r = 0; r < CLOBBERED && callee.kept; r++)
        if (callee.kept >> r & 1)
            state->registers[r] = before[r];
    for (unsigned r = 0; r < 16 && callee.results; r++)
        if (callee.results >> r & 1)
            state->registers[r] = value_of(VALUE_CPU, 0);
    bool hwcap = callee.knows_auxv && step->argument.kind == VALUE_CONSTANT &&
                 (step->argument.at == AT_HWCAP || step->argument.at == AT_HWCAP2);
    b->asked |= hwcap;
    if (hwcap)
        state->registers[0] = value_of(VALUE_CPU, answer_of((unsigned)step->argument.at, 0));
    else if (callee.result.kind != VALUE_NONE)
        state->registers[0] = callee.result;
}

/* Forgets what was found the last time. */
static void begin(struct body *b, uint32_t block)
{
    struct block *of = &b->blocks[block];
    for (uint32_t i = 0; i < of->site_count; i++)
        b->sites[of->first_site + i].kind = SITE_NONE;
    of->first_site = (uint32_t)b->site_count;
    of->site_count = 0;
    of->calls = of->gives = false;
    of->until = UINT64_MAX;
}

/* What the function returns, if it goes straight on to a return. */
static void note_result(struct body *b, uint32_t block, const struct state *state)
{
    b->blocks[block].gives = state->registers[0].kind == VALUE_CONSTANT && state->registers[0].at != 0; /* RAX, X0 */
}

/* The walk comes to a block at `at` that is known. */
static void run_into(struct body *b, uint32_t block, uint64_t at, const struct state *state)
{
    b->blocks[block].size = (uint32_t)(at - b->blocks[block].start);
    b->blocks[block].exit = EXIT_ON;
    note_result(b, block, state);
    uint32_t next = body_block(b, at);
    if (next == NO_BLOCK)
        return;
    b->blocks[block].next[0] = next;
    body_arrive(b, block, next, state);
}

/* Whether the instruction is SYSCALL or SVC, and `number` says that the program ends (exit, exit_group). It may go on as another
 * program where that is asked for, or where the number is not known. */
static bool asks(struct body *b, uint32_t block, uint64_t at, const uint8_t *bytes, struct value number)
{
    enum { EXIT = 60, EXIT_GROUP = 231, EXECVE = 59, EXECVEAT = 322 };                 /* of amd64 */
    enum { A64_EXIT = 93, A64_EXIT_GROUP = 94, A64_EXECVE = 221, A64_EXECVEAT = 281 }; /* of arm64 */
    bool amd64 = b->unit == 1;
    if (amd64 ? bytes[0] != 0x0f || bytes[1] != 0x05 : !a64_is_svc(load_le32(bytes)))
        return false;
    uint64_t n = number.kind == VALUE_CONSTANT ? number.at : amd64 ? EXECVE : A64_EXECVE;
    bool replaced = amd64 ? n == EXECVE || n == EXECVEAT : n == A64_EXECVE || n == A64_EXECVEAT;
    if (replaced)
        may_end_at(b, block, at);
    return amd64 ? n == EXIT || n == EXIT_GROUP : n == A64_EXIT || n == A64_EXIT_GROUP;
}

/* No instruction stands at `at`. */
static void break_off(struct body *b, uint32_t block, uint64_t at)
{
    b->broken += at < b->end;
    b->blocks[block].size = (uint32_t)(at - b->blocks[block].start);
    b->blocks[block].exit = EXIT_STOP;
}

/* Walks a block from its entry state to its end. */
static void walk(struct body *b, uint32_t block)
{
    struct state state = b->states[block];
    uint64_t at = b->blocks[block].start;
    struct step step;
    bool through = false; /* a pointer something was called last */
    bool called = false;  /* by the last instruction but for padding */
    begin(b, block);
    while (!b->failed && body_burn(b, 1)) {
        size_t left = at < b->end ? (size_t)(b->end - at) + b->more : 0;
        const uint8_t *bytes = at < b->end ? map_bytes(b->map, at, left < 16 ? left : 16) : NULL;
        uint32_t owner = at < b->end ? b->owner[(at - b->start) / b->unit] : 0;
        if (owner && owner != block + 1) {
            run_into(b, block, at, &state);
            return;
        }
        struct value number = state.registers[b->unit == 1 ? 0 : 8], before[CLOBBERED];
        if (b->split_stack && b->unit == 4)
            memcpy(before, state.registers, sizeof before);
        if (!bytes || !b->step(b->map, at, bytes, left, &state, &step) || !step.allocated || step.length > left) {
            break_off(b, block, at);
            return;
        }
        if (step.flow == FLOW_NEXT && step.length > 1 && asks(b, block, at, bytes, number))
            step.flow = FLOW_STOP;
        b->owner[(at - b->start) / b->unit] = block + 1;
        b->length[(at - b->start) / b->unit] = step.length;
        body_note(b, block, at, &step, &state);
        uint64_t next = at + step.length;
        bool stops = false;
        if (step.flow == FLOW_CALL)
            calls(b, block, at, &step, &state, before, &stops);
        if (stops && through)
            b->after_main = step.target;
        through = step.flow == FLOW_CALL_INDIRECT || (through && step.flow == FLOW_NEXT);
        b->blocks[block].calls |= step.flow == FLOW_CALL_INDIRECT;
        if (step.flow == FLOW_CALL_INDIRECT && !step.has_reference) /* through a slot, it is an import */
            may_end_at(b, block, at);
        if (step.flow == FLOW_NEXT || step.flow == FLOW_CALL_INDIRECT || (step.flow == FLOW_CALL && !stops)) {
            called = step.flow != FLOW_NEXT || (called && step.idle);
            if (next < b->end) {
                at = next;
                continue;
            }
            stops = true; /* a call before another function: it does not come back */
        }
        b->blocks[block].size = (uint32_t)(next - b->blocks[block].start);
        b->blocks[block].exit = EXIT_ON;
        note_result(b, block, &state);
        if (step.flow == FLOW_BRANCH) {
            branch(b, block, at, &step, &state);
        } else if (step.flow == FLOW_JUMP || (step.flow == FLOW_NEXT && !called)) { /* or on into another function */
            edge(b, block, 0, step.flow == FLOW_JUMP ? step.target : next, at, &state);
        } else if (step.flow == FLOW_RETURN) {
            b->blocks[block].exit = EXIT_RETURN;
            body_returned(b, block, at, &state);
        } else {
            b->blocks[block].exit = step.flow == FLOW_JUMP_INDIRECT ? EXIT_INDIRECT : EXIT_STOP;
            b->has_indirect |= step.flow == FLOW_JUMP_INDIRECT;
        }
        return;
    }
}

void body_walk(struct body *b)
{
    while (b->queue_count && !b->failed && !b->tangled) {
        walk(b, (uint32_t)b->queue[--b->queue_count]);
        b->tangled |= b->block_count > MOST_BLOCKS || b->site_count > MOST_SITES;
    }
}
