/* Functions: those that the program's tables name, the targets of pointers, and what is called, until nothing new turns
 * up. Each ends where its table says or the next begins. */
#include <stdlib.h>
#include <string.h>

#include "checks/code/a64_fields.h"
#include "checks/code/program.h"

enum { ROUNDS = 6, ENDLESS_ROUNDS = 12, LONGEST = 64 << 20, LONGEST_OUTSIDE = 256 << 10 };
/* What is studied: so many functions, or one for so many bytes of code. The largest programs measured have one for 52. */
enum { MOST_FUNCTIONS = 1 << 18, LEAST_SIZE = 32 };

uint32_t function_at(const struct program *p, uint64_t address)
{
    size_t n = marks_rank(&p->marks, address);
    return n && address - p->functions[n - 1].start < p->functions[n - 1].size ? (uint32_t)(n - 1) : NO_FUNCTION;
}

uint32_t function_from(const struct program *p, uint64_t address)
{
    uint32_t number = function_at(p, address);
    return number != NO_FUNCTION && p->functions[number].start == address ? number : NO_FUNCTION;
}

/* Where the section ends that `address` is in, or the span. `hint`: the section looked at last. */
static uint64_t code_end(const struct program *p, uint64_t address, size_t *hint)
{
    while (*hint < p->map.code_count && address >= p->map.code[*hint].address + p->map.code[*hint].size)
        ++*hint;
    if (*hint < p->map.code_count && address >= p->map.code[*hint].address)
        return p->map.code[*hint].address + p->map.code[*hint].size;
    const struct span *span = map_find(&p->map, address);
    uint64_t left = span->address + span->size - address;
    return address + (left < LONGEST_OUTSIDE ? left : LONGEST_OUTSIDE); /* there may be data; branches lead on */
}

/* The row of the tables for a start, or one of a start that only code or pointers name; `next`: the row to look at. */
static struct start row_of(const struct starts *starts, size_t *next, uint64_t address)
{
    while (*next < starts->count && starts->items[*next].address < address)
        ++*next;
    return *next < starts->count && starts->items[*next].address == address
               ? starts->items[*next]
               : (struct start){.address = address, .source = START_CALL};
}

/* Where functions are made, by address: the section and the row of the tables looked at last. */
struct making {
    size_t section, row;
};

/* The function at `at`, when the next begins at `next`. */
static struct function make_function(const struct program *p, struct making *making, uint64_t at, uint64_t next)
{
    const struct start start = row_of(&p->ground->starts, &making->row, at);
    uint64_t end = code_end(p, at, &making->section);
    end = next < end ? next : end;
    end = start.end && start.end < end ? start.end : end;
    return (struct function){.start = at,
                             .size = end - at < LONGEST ? (uint32_t)(end - at) : LONGEST,
                             .fresh = true,
                             .caller = NO_FUNCTION,
                             .source = (uint8_t)start.source,
                             .bounded = start.source == START_PCLNTAB || start.source == START_EH_FRAME ||
                                        start.source == START_FUNCTION_STARTS,
                             .trusted = start.go_assembly};
}

/* Whether so many functions are more than are studied. */
static bool is_crowd(const struct program *p, size_t count)
{
    return count >= NO_FUNCTION || (count > MOST_FUNCTIONS && count > p->map.code_size / LEAST_SIZE);
}

/* Room for a function at each mark; how many there are. SIZE_MAX: no memory, or there are too many. */
static size_t room_for_all(struct program *p)
{
    const size_t count = marks_count(&p->marks);
    if (count == SIZE_MAX)
        return SIZE_MAX;
    p->crowded = is_crowd(p, count);
    if (!p->crowded && count >= p->function_room) {
        p->function_room = count + 1;
        struct function *functions = realloc(p->functions, p->function_room * sizeof *functions);
        if (!functions)
            return SIZE_MAX;
        p->functions = functions;
    }
    return p->crowded ? SIZE_MAX : count;
}

/* Functions from the marks. */
static bool set_functions(struct program *p)
{
    const size_t count = room_for_all(p);
    struct making making = {0};
    if (count == SIZE_MAX)
        return false;
    p->function_count = 0;
    for (uint64_t at = marks_next(&p->marks, 0), next; p->function_count < count; at = next) {
        next = marks_next(&p->marks, at + 1);
        p->functions[p->function_count++] = make_function(p, &making, at, next);
    }
    return true;
}

/* Functions at the places in `added` (sorted), too. Keeps what is known of those that stay as they were. */
static bool add_functions(struct program *p, const struct words *added)
{
    const size_t count = room_for_all(p);
    struct making making = {0};
    if (count == SIZE_MAX)
        return false;
    struct function *all = p->functions;
    size_t from = added->count, k = 0; /* the old ones stand behind those that are placed already */
    memmove(all + from, all, p->function_count * sizeof *all);
    for (size_t n = 0; k < added->count; n++) {
        const bool is_new = from == count || added->items[k] < all[from].start;
        const uint64_t start = is_new ? added->items[k] : all[from].start;
        k += is_new;
        from += !is_new;
        uint64_t next = k < added->count ? added->items[k] : UINT64_MAX;
        if (from < count && all[from].start < next)
            next = all[from].start;
        const bool cut = k < added->count && next == added->items[k];
        if (!is_new)
            all[n] = all[from - 1];
        if (!is_new && !cut)
            continue;
        const struct function made = make_function(p, &making, start, next);
        if (is_new || all[n].size != made.size)
            all[n] = made;
    }
    p->function_count = count;
    return true;
}

/* Whether a function may begin where `from` leads; one that ran into undefined encodings may be data. */
static bool may_begin(const struct program *p, const struct function *from, uint64_t target)
{
    return from->broken ? map_is_code(&p->map, target) : ground_executes(p->ground, target);
}

static bool look_at(struct program *p, struct function *f)
{
    struct outline *o = &p->outline;
    f->first_mention = (uint32_t)o->mention_count;
    if (!outline_function(o, f->start, f->start + f->size))
        return false;
    f->mention_count = (uint32_t)(o->mention_count - f->first_mention);
    f->understood = o->understood;
    f->broken = o->broken;
    f->words = o->words;
    f->vectors = o->vectors;
    f->looped = o->looped;
    f->near_cpu = o->asks_cpu;
    f->has_features = o->has_features;
    f->has_older = o->has_older;
    f->returns = o->returns;
    f->leaves = o->leaves;
    f->branches = o->branches;
    f->unsure = o->unsure;
    f->knows_auxv = outline_knows_auxv(o);
    f->compares = o->compares;
    f->detects = outline_detects(o);
    f->fresh = false;
    for (size_t i = f->first_mention; i < o->mention_count && !p->failed; i++) {
        const struct mention *m = &o->mentions[i];
        if (m->kind > MENTION_JUMP &&
            !(m->kind == MENTION_ADDRESS && f->source == START_ENTRY && map_is_code(&p->map, m->target)))
            continue; /* the start code of a C library hands main() over by its address */
        if (marks_have(&p->marks, m->target))
            continue;
        uint32_t to = function_at(p, m->target);
        if ((to == NO_FUNCTION || (m->kind != MENTION_JUMP && !p->functions[to].bounded)) && may_begin(p, f, m->target))
            (void)marks_put(&p->fresh, m->target); /* the marks stay as the functions are, until all were looked at */
    }
    return o->mention_count < UINT32_MAX && !p->failed;
}

/* Whether it matters by which way an instruction of the function is reached. */
static bool matters(const struct function *f)
{
    return f->has_features || f->near_cpu || f->knows_auxv || f->resolver;
}

/* Whether nothing runs into the code at `target`, in the midst of a function that has no table of jumps: it stands behind zeros,
 * which no processor for arm64 executes, where compilers begin functions. */
static bool stands_alone(const struct program *p, const struct function *f, uint64_t target)
{
    enum { WORD = 4, ALIGNMENT = 16 };
    const uint8_t *before =
        p->amd64 || f->unsure || target % ALIGNMENT ? NULL : map_bytes(&p->map, target - WORD, WORD);
    return before && load_le32(before) == 0;
}

/* Jumps into the midst of a function that no table bounds: cold parts of others, which compilers put together, and back.
 * Where it matters what is reached by them, another function begins there; all others are ways in (`entries`). */
static void look_at_jumps(struct program *p, struct marks *entries)
{
    for (size_t i = 0; i < p->function_count; i++) {
        const struct function *f = &p->functions[i];
        for (uint32_t k = 0; (f->recent || entries) && k < f->mention_count; k++) {
            const struct mention *m = &p->outline.mentions[f->first_mention + k];
            uint32_t to = m->kind == MENTION_JUMP ? function_at(p, m->target) : NO_FUNCTION;
            if (to == NO_FUNCTION || p->functions[to].start == m->target || p->functions[to].bounded)
                continue;
            if (entries)
                (void)marks_put(entries, m->target);
            else if ((matters(f) || matters(&p->functions[to]) || stands_alone(p, &p->functions[to], m->target)) &&
                     may_begin(p, f, m->target))
                (void)marks_put(&p->fresh, m->target);
        }
    }
}

/* Where tables name few functions, the targets of calls in a sweep over the code do. */
static void add_called(struct program *p)
{
    for (size_t i = 0; i < p->strays->called_count; i++)
        marks_put(&p->marks, p->strays->called[i]);
    for (size_t i = 0; !p->amd64 && i < p->map.code_count; i++) {
        uint64_t address = p->map.code[i].address, size = p->map.code[i].size;
        const uint8_t *bytes = map_bytes(&p->map, address, (size_t)size);
        for (uint64_t at = 0; bytes && at + 4 <= size; at += 4) {
            uint32_t word = load_le32(bytes + at);
            uint64_t target = address + at + sign_extend(field(word, 0, 26), 26) * 4;
            if (word >> 26 == 0x25 && map_is_code(&p->map, target)) /* BL */
                marks_put(&p->marks, target);
        }
    }
}

/* Starts that pointers name in code that no table bounds. */
static void add_pointed(struct program *p)
{
    for (size_t i = 0; i < p->pointer_count; i++) {
        uint32_t f = p->pointers[i].code ? function_at(p, p->pointers[i].target) : NO_FUNCTION;
        if (p->pointers[i].code && (f == NO_FUNCTION || !p->functions[f].bounded))
            (void)marks_put(&p->fresh, p->pointers[i].target);
    }
}

/* Marks what is fresh, and makes functions of it; `any`: there was some that had no mark. False: no memory, or too many. */
static bool mark_fresh(struct program *p, bool *any)
{
    struct words added = {0};
    for (uint64_t at = marks_next_without(&p->fresh, &p->marks, 0); at != UINT64_MAX && !p->failed && !p->crowded;
         at = marks_next_without(&p->fresh, &p->marks, at + 1)) {
        (void)marks_put(&p->marks, at);
        words_add(p, &added, at);
        p->crowded = is_crowd(p, p->function_count + added.count);
    }
    const bool good = !p->failed && !p->crowded && (added.count == 0 || add_functions(p, &added));
    *any = added.count;
    free(added.items);
    return good;
}

/* Whether a function never returns: it has no return, and every jump out of it leads to one that never does; or it has
 * no branch by which to pass a call of such a one. */
static bool is_endless(const struct program *p, const struct function *f)
{
    bool endless = !f->returns;
    if (f->returns && f->branches)
        return false;
    for (uint32_t k = 0; (f->leaves || !f->branches) && k < f->mention_count; k++) {
        const struct mention *m = &p->outline.mentions[f->first_mention + k];
        if (m->kind > MENTION_JUMP)
            continue;
        uint32_t to = p->outline_to[f->first_mention + k];
        bool there = to != NO_FUNCTION && p->functions[to].start == m->target && p->functions[to].never_returns;
        if (there && !f->branches)
            return true;
        if (!there && m->kind == MENTION_JUMP)
            endless = false;
    }
    return endless;
}

static void find_endless(struct program *p)
{
    bool changed = true;
    for (unsigned round = 0; changed && round < ENDLESS_ROUNDS; round++) {
        changed = false;
        for (size_t i = 0; i < p->function_count; i++) {
            struct function *f = &p->functions[i];
            if (f->never_returns || f->understood == 0 || !is_endless(p, f))
                continue;
            f->never_returns = changed = true;
        }
    }
}

/* Functions that are handed the entries of an auxiliary vector by one that tells others of them apart. */
static void find_told_auxv(struct program *p)
{
    for (size_t i = 0; i < p->function_count; i++) {
        const struct function *f = &p->functions[i];
        for (uint32_t k = 0; f->compares && k < f->mention_count; k++) {
            const struct mention *m = &p->outline.mentions[f->first_mention + k];
            uint32_t to = m->kind == MENTION_CALL ? p->outline_to[f->first_mention + k] : NO_FUNCTION;
            if (to != NO_FUNCTION &&
                outline_is_told_auxv(p->functions[to].compares, p->functions[to].words, f->compares))
                p->functions[to].knows_auxv = true;
        }
    }
}

/* What asks getauxval() and keeps the answers as std_detect does asks the processor. */
static void find_detectors(struct program *p)
{
    for (size_t i = 0; i < p->function_count; i++) {
        struct function *f = &p->functions[i];
        for (uint32_t k = 0; f->detects && k < f->mention_count; k++) {
            const uint32_t to = p->outline.mentions[f->first_mention + k].kind == MENTION_CALL
                                    ? p->outline_to[f->first_mention + k]
                                    : NO_FUNCTION;
            if (to != NO_FUNCTION && p->functions[to].knows_auxv)
                f->near_cpu = 1;
        }
    }
}

static bool resolve_mentions(struct program *p)
{
    p->outline_to = malloc((p->outline.mention_count + 1) * sizeof *p->outline_to);
    for (size_t i = 0; p->outline_to && i < p->outline.mention_count; i++)
        p->outline_to[i] = function_at(p, p->outline.mentions[i].target);
    return p->outline_to != NULL;
}

bool functions_find(struct program *p)
{
    if (!marks_make(&p->marks, &p->map, p->unit) || !marks_make(&p->fresh, &p->map, p->unit))
        return false;
    for (size_t i = 0; i < p->ground->resolver_count; i++)
        words_add(p, &p->resolvers, p->ground->resolvers[i]);
    words_sort(&p->resolvers);
    for (size_t i = 0; i < p->strays->count; i++)
        marks_put(&p->marks, p->strays->starts[i]);
    for (size_t i = 0; i < p->pointer_count; i++)
        p->pointers[i].code = (p->pointers[i].code && strays_or_swept(p->strays, p->pointers[i].target)) ||
                              marks_have(&p->marks, p->pointers[i].target);
    for (size_t i = 0; i < p->ground->starts.count; i++)
        marks_put(&p->marks, p->ground->starts.items[i].address);
    for (size_t i = 0; i < p->resolvers.count; i++)
        marks_put(&p->marks, p->resolvers.items[i]);
    for (size_t i = 0; i < p->exports.count; i++)
        if (map_is_code(&p->map, p->exports.addresses[i]) && strays_or_swept(p->strays, p->exports.addresses[i]))
            marks_put(&p->marks, p->exports.addresses[i]);
    if (starts_cover(&p->ground->starts) < p->map.code_size / 2)
        add_called(p);
    bool any;
    if (!set_functions(p))
        return false;
    add_pointed(p);
    if (!mark_fresh(p, &any))
        return false;
    any = true; /* all are new */
    for (unsigned round = 0; any && round < ROUNDS; round++) {
        for (size_t i = 0; i < p->function_count; i++) {
            p->functions[i].recent = p->functions[i].fresh;
            if (p->functions[i].fresh && !look_at(p, &p->functions[i]))
                return false;
        }
        look_at_jumps(p, NULL);
        if (!mark_fresh(p, &any))
            return false;
    }
    for (size_t i = 0; i < p->function_count; i++) {
        p->functions[i].resolver = words_have(&p->resolvers, p->functions[i].start);
        p->functions[i].stray = strays_have(p->strays, p->functions[i].start);
    }
    if (!marks_make(&p->entries, &p->map, p->unit) || !resolve_mentions(p))
        return false;
    look_at_jumps(p, &p->entries);
    if (!p->amd64 && !tables_find_labels(p))
        return false;
    find_endless(p);
    find_told_auxv(p);
    find_detectors(p);
    return true;
}
