/* Reach goes from the entry along calls, jumps and addresses that code forms: first by ways on which the processor has
 * no say, then by the others. A function that nothing mentions, and a pointer in no table whose address some code
 * forms, may be used in a way that is not seen; they count as reached, for what is unreached must be surely so. */
#include "checks/code/reach.h"

#include <stdlib.h>
#include <string.h>

#include "checks/code/a64_classes.h"
#include "checks/code/program.h"
#include "checks/code/x86_classes.h"
#include "formats/arena.h"

/* What is noted of all functions: so much, and one thing for so many bytes. Programs have one for 27 to 55. */
enum { MOST_MENTIONS = 1 << 20, MENTIONED = 8 };
enum { CELL_ROUNDS = 3, FUEL = 1 << 24 /* compilers, the largest programs, take a quarter */ };

/* How something is reached. */
struct raising {
    enum reach reach;
    uint32_t caller;
    uint8_t guards; /* what those on the way have answered for; of GUARDED */
};

static void raise_function(struct program *p, uint32_t number, struct raising by)
{
    struct function *f = number == NO_FUNCTION ? NULL : &p->functions[number];
    if (!f || f->reach > by.reach)
        return;
    if (f->reach == by.reach) {
        by.guards = guards_meet(&p->guards, f->guards, by.guards);
        if (by.reach != REACH_GUARDED || by.guards == f->guards)
            return;
    }
    f->reach = (uint8_t)by.reach;
    f->guards = by.reach == REACH_GUARDED ? by.guards : GUARDS_TRUSTED;
    f->caller = by.caller;
    words_add(p, &p->queue, number);
}

/* A pointer into the midst of a function is a label of its own. */
static void raise_start(struct program *p, uint64_t address, struct raising by)
{
    uint32_t f = function_at(p, address);
    if (f != NO_FUNCTION && p->functions[f].start == address)
        raise_function(p, f, by);
}

/* Whether a table is near `address` that is not reached as surely yet. */
static bool leads_on(const struct program *p, uint64_t address, enum reach reach)
{
    size_t i = pointers_from(p->ground, address);
    return i < p->pointer_count && p->pointers[i].place - address < TABLE_HEAD && p->pointers[i].run < reach;
}

/* What a pointer leads to; a table has to wait. */
static void raise_pointer(struct program *p, struct pointer *pointer, struct raising by)
{
    enum { MOST_WAITING = 1 << 18 };
    pointer->reach = by.reach & 3u;
    if (pointer->code)
        raise_start(p, pointer->target, by);
    else if (leads_on(p, pointer->target, by.reach) && !(p->body.tangled |= p->waiting.count == MOST_WAITING))
        words_add(p, &p->waiting, pointer->target);
}

/* The pointers of the table at `address`: a run of words that lead into the image, up to where another table begins. */
static void raise_table(struct program *p, uint64_t address, struct raising by)
{
    size_t i = pointers_from(p->ground, address), head = i;
    if (i >= p->pointer_count || p->pointers[i].place - address >= TABLE_HEAD)
        return;
    for (uint64_t place = p->pointers[i].place; i < p->pointer_count; i++) {
        struct pointer *pointer = &p->pointers[i];
        if (pointer->first && i != head)
            return;
        if (!table_goes_on(p, place, pointer->place) || pointer->run >= by.reach ||
            (i != head && table_is_slot(p, pointer->place)))
            return;
        pointer->run = by.reach & 3u;
        if (pointer->reach < by.reach || by.reach == REACH_GUARDED)
            raise_pointer(p, pointer, by);
        place = pointer->place + 8;
    }
}

/* What stands at `address` itself: once as a relocation has it, and once as the file does. */
static void raise_word(struct program *p, uint64_t address, struct raising by)
{
    size_t i = pointers_from(p->ground, address);
    for (; i < p->pointer_count && p->pointers[i].place == address; i++)
        if (p->pointers[i].reach < by.reach || by.reach == REACH_GUARDED)
            raise_pointer(p, &p->pointers[i], by);
}

/* The tables that wait, and those that they lead to. */
static void raise_waiting(struct program *p, struct raising by)
{
    while (p->waiting.count)
        raise_table(p, p->waiting.items[--p->waiting.count], by);
}

/* `f`: the function that the address is in; `word`: one word of it is used, and nothing beyond. */
static void raise_address(struct program *p, uint64_t address, bool word, uint32_t f, struct raising by)
{
    bool midst = by.reach > REACH_GUARDED && f != NO_FUNCTION && !p->functions[f].bounded; /* a label, or a number */
    if (f != NO_FUNCTION && address % p->unit == 0 && (p->functions[f].start == address || midst))
        raise_function(p, f, by);
    if (word)
        raise_word(p, address, by);
    else
        raise_table(p, address, by);
    raise_waiting(p, by);
}

/* Whoever loads a library comes in where it says, or takes a pointer from a table that it names. */
static void raise_exports(struct program *p, struct raising unguarded)
{
    for (size_t i = 0; i < p->exports.count; i++) {
        uint64_t address = p->exports.addresses[i];
        uint32_t f = function_at(p, address);
        raise_function(p, f, unguarded);
        raise_address(p, address, false, f, unguarded);
    }
}

static uint64_t function_end(const struct program *p, uint32_t number)
{
    return p->functions[number].start + p->functions[number].size;
}

/* What is answered for where a function mentions something: by the guards on the way to it, and by its own. */
static uint8_t guards_of(struct program *p, const struct function *f, const struct mention *m)
{
    if (!f->built || m->reach != REACH_GUARDED)
        return f->guards;
    uint8_t own = p->mention_guards[m - p->mentions];
    return f->reach == REACH_GUARDED ? guards_both(&p->guards, f->guards, own) : own;
}

/* From all functions that are reached at least as surely as `reach`, on by what they mention as surely. */
static bool spread(struct program *p, enum reach reach)
{
    p->queue.count = 0;
    for (uint32_t i = 0; i < p->function_count; i++)
        if (p->functions[i].reach >= reach)
            words_add(p, &p->queue, i);
    while (p->queue.count && !p->failed) {
        uint32_t number = (uint32_t)p->queue.items[--p->queue.count];
        size_t count;
        const struct function *f = &p->functions[number];
        const struct mention *m = function_mentions(p, f, &count);
        for (size_t i = 0; m && i < count; i++, m++) {
            if ((enum reach)m->reach < reach)
                continue;
            uint32_t to = mention_to(p, f, m);
            struct raising by = {reach, number, guards_of(p, f, m)};
            if (m->kind > MENTION_JUMP)
                raise_address(p, m->target, m->kind == MENTION_WORD || table_is_slot(p, m->target), to, by);
            else if (!(f->orphan && m->target == function_end(p, number)))
                raise_function(p, to, by);
        }
    }
    return !p->failed;
}

static bool go_through(struct program *p)
{
    const struct raising unguarded = {REACH_POSSIBLE, NO_FUNCTION, GUARDS_TRUSTED};
    for (size_t i = 0; i < p->function_count; i++) {
        p->functions[i].reach = REACH_NONE;
        p->functions[i].guards = GUARDS_TRUSTED;
        p->functions[i].caller = NO_FUNCTION;
        p->functions[i].orphan = false;
    }
    for (size_t i = 0; i < p->pointer_count; i++)
        p->pointers[i].reach = p->pointers[i].run = REACH_NONE;
    p->queue.count = 0;
    if (p->image->entry.in_code)
        raise_function(p, function_at(p, p->image->entry.address), unguarded);
    if (!spread(p, REACH_POSSIBLE))
        return false;
    for (uint32_t i = 0; i < p->function_count; i++) {
        const struct function *f = &p->functions[i];
        p->functions[i].orphan = f->bounded && !f->mentioned && !f->resolver && !program_is_library(p);
        bool from_outside = program_is_library(p) && !p->exports.known;
        if (f->resolver || (f->stray && !f->mentioned) || (f->bounded && (!f->mentioned || from_outside)))
            raise_function(p, i, unguarded);
    }
    for (size_t i = 0; i < p->pointer_count; i++)
        if (!p->pointers[i].held && p->pointers[i].reach < REACH_POSSIBLE) {
            raise_pointer(p, &p->pointers[i], unguarded);
            raise_waiting(p, unguarded);
        }
    raise_exports(p, unguarded);
    return spread(p, REACH_POSSIBLE) && spread(p, REACH_GUARDED);
}

/* Variables that are only ever set where the processor was asked: they say what it said. */
static bool find_guarded_cells(struct program *p, struct words *fresh)
{
    struct words others = {0}, cells = {0};
    fresh->count = 0;
    stored_sort(p);
    for (size_t i = 0, end; i < p->stored_count; i = end) {
        bool guarded = program_begins_zero(p, p->stored[i].cell) && !words_have(&p->cells, p->stored[i].cell);
        for (end = i; end < p->stored_count && p->stored[end].cell == p->stored[i].cell; end++) {
            const struct stored *s = &p->stored[end];
            bool by_guard = s->reach == REACH_GUARDED || p->functions[s->function].reach <= REACH_GUARDED;
            guarded &= by_guard && s->value.kind == VALUE_CONSTANT;
        }
        if (guarded)
            words_add(p, &cells, p->stored[i].cell);
    }
    dispatch_set_elsewhere(p, &cells, &others);
    for (size_t i = 0; i < cells.count; i++)
        if (!words_have(&others, cells.items[i]))
            words_add(p, fresh, cells.items[i]);
    free(others.items);
    free(cells.items);
    return !p->failed;
}

static bool study(struct program *p, struct reach_report *report)
{
    struct words fresh = {0};
    bool good = functions_find(p) && dispatch_study(p);
    if (good)
        tables_find(p);
    for (unsigned round = 0; good; round++) {
        good = go_through(p);
        if (!good || round == CELL_ROUNDS || !find_guarded_cells(p, &fresh) || fresh.count == 0)
            break;
        good = dispatch_again(p, &fresh);
    }
    free(fresh.items);
    good = good && always_walk(p, report);
    if (good) {
        reach_tell(p, report);
    }
    return good && !p->failed;
}

static void free_program(struct program *p)
{
    free(p->functions);
    marks_free(&p->marks);
    marks_free(&p->entries);
    marks_free(&p->labels);
    free(p->resolvers.items);
    marks_free(&p->fresh);
    free(p->cells.items);
    free(p->gates.items);
    free(p->mentions);
    free(p->mention_guards);
    free(p->meanings);
    free(p->needs);
    free(p->choices);
    free(p->stored);
    free(p->queue.items);
    free(p->waiting.items);
    free(p->exits.items);
    outline_free(&p->outline);
    free(p->outline_to);
    body_free(&p->body);
}

void reach_program(struct ground *ground, const struct strays *strays, struct reach_report *report)
{
    struct program p = {.image = ground->image,
                        .ground = ground,
                        .map = ground->map,
                        .amd64 = ground->amd64,
                        .unit = ground->unit,
                        .strays = strays,
                        .pointer_count = ground->pointer_count,
                        .pointers = ground->pointers};
    const struct isa_class *classes;
    *report = (struct reach_report){.class_count = isa_classes(ground->image->arch, &classes)};
    report->classes = arena_array(ground->arena, report->class_count, sizeof *report->classes);
    for (size_t i = 0; i < report->class_count; i++)
        p.noted[i] = classes[i].needs[0] != FEATURE_NONE;
    struct skips *skips = arena_room(ground->arena, sizeof *skips);
    skips_init(skips, ground->map.absolute);
    p.outline = (struct outline){.map = &p.map,
                                 .amd64 = p.amd64,
                                 .noted = p.noted,
                                 .strays = strays,
                                 .skips = skips,
                                 .fuel = FUEL,
                                 .mention_most = MOST_MENTIONS + p.map.code_size / MENTIONED};
    p.body.fuel = FUEL;
    tables_find_slots(&p);
    if (program_is_library(&p))
        exports_find(p.image, &p.map, ground->arena, &p.exports);
    bool good = study(&p, report);
    bool crowded = p.crowded || p.outline.crowded;
    report->functions = crowded ? 0 : p.function_count;
    report->executable = p.map.code_size;
    report->tangled = p.body.tangled || crowded;
    free_program(&p);
    if (!good && !crowded)
        arena_exhausted(ground->arena);
}
