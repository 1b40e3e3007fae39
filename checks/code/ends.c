/* Which calls may end the program. What comes behind one is not on every run, since `--help` is a run as well. In a program
 * that is linked dynamically exit() and others are imports; the start code of a static C library calls exit() with what
 * main returned; Go's is os.Exit. What goes through a pointer or asks the kernel may end it as well; where no exit is found,
 * everything that never comes back does. */
#include <stdlib.h>

#include "checks/code/program.h"

enum ends { ENDS_UNKNOWN, ENDS_NOT, ENDS_MAY };
enum { LOOKS = 1 << 23, STARTS = 64, TAKEN_APART = 16 };

static bool is_call(const struct program *p, uint32_t to, const struct mention *m)
{
    return m->kind <= MENTION_JUMP && to != NO_FUNCTION && p->functions[to].start == m->target;
}

/* Whether the function mentions a slot of what ends a program. */
static bool mentions_ending(const struct program *p, const struct function *f)
{
    for (uint32_t k = 0; k < f->mention_count && p->map.ending_count; k++) {
        const struct mention *m = &p->outline.mentions[f->first_mention + k];
        for (size_t i = 0; i < p->map.ending_count; i++)
            if (m->kind > MENTION_JUMP && m->target == (p->map.ending[i] & VALUE_MASK))
                return true;
    }
    return false;
}

/* Whether the function ends the program itself. */
static bool ends(const struct program *p, struct function *f)
{
    if (f->unsure || f->broken || f->understood == 0)
        return true;
    if (!p->exits_known)
        return f->never_returns;
    if (f->ending == ENDS_UNKNOWN)
        f->ending = mentions_ending(p, f) ? ENDS_MAY : ENDS_NOT;
    return f->ending == ENDS_MAY || words_have(&p->exits, f->start);
}

/* From a function on by calls, until one is found that ends the program. Those on the way to it may end it as well; if
 * there is none, all that were seen do not. */
static bool search(struct program *p, uint32_t number, struct words *way, struct words *seen)
{
    way->count = seen->count = 0;
    words_add(p, way, (uint64_t)number << 32);
    words_add(p, seen, number);
    p->functions[number].ends = ENDS_NOT;
    bool found = ends(p, &p->functions[number]);
    while (way->count && !found && !p->failed) {
        uint64_t *top = &way->items[way->count - 1];
        const struct function *f = &p->functions[*top >> 32];
        uint32_t k = (uint32_t)*top;
        if (k == f->mention_count) {
            way->count--;
            continue;
        }
        ++*top;
        const struct mention *m = &p->outline.mentions[f->first_mention + k];
        uint32_t to = p->outline_to[f->first_mention + k];
        bool into = m->kind <= MENTION_JUMP && to != NO_FUNCTION && to != *top >> 32 && !is_call(p, to, m);
        found = ++p->looks >= LOOKS || (into && ends(p, &p->functions[to])); /* the midst of it: a stub of .plt */
        if (found || !is_call(p, to, m) || p->functions[to].ends == ENDS_NOT)
            continue;
        found = p->functions[to].ends == ENDS_MAY || ends(p, &p->functions[to]);
        p->functions[to].ends = found ? ENDS_MAY : ENDS_NOT;
        words_add(p, found ? way : seen, found ? (uint64_t)to << 32 : to);
        if (!found)
            words_add(p, way, (uint64_t)to << 32);
    }
    return found;
}

bool ends_may(struct program *p, uint32_t number)
{
    struct words way = {0}, seen = {0};
    if (p->functions[number].ends == ENDS_UNKNOWN && p->looks < LOOKS && search(p, number, &way, &seen)) {
        for (size_t i = 0; i < seen.count; i++)
            p->functions[seen.items[i]].ends = ENDS_UNKNOWN;
        for (size_t i = 0; i < way.count; i++)
            p->functions[way.items[i] >> 32].ends = ENDS_MAY;
    }
    free(way.items);
    free(seen.items);
    return p->functions[number].ends != ENDS_NOT;
}

/* Whether the function calls through a pointer, and one that never returns. */
static bool may_call_main(const struct program *p, const struct function *f)
{
    bool never = false;
    for (uint32_t k = 0; f->unsure && k < f->mention_count && !never; k++) {
        uint32_t to = p->outline_to[f->first_mention + k];
        never = is_call(p, to, &p->outline.mentions[f->first_mention + k]) && p->functions[to].never_returns;
    }
    return never;
}

/* exit() of a static program, among what its start code calls. */
static bool find_exit(struct program *p, uint32_t entry)
{
    uint32_t starts[STARTS] = {entry};
    unsigned taken = 0;
    for (size_t count = entry != NO_FUNCTION, done = 0; done < count && p->exits.count == 0; done++) {
        const struct function *f = &p->functions[starts[done]];
        if (may_call_main(p, f) && taken++ < TAKEN_APART) {
            if (!dispatch_take_apart(p, starts[done]))
                return false;
            if (p->body.after_main)
                words_add(p, &p->exits, p->body.after_main);
        }
        for (uint32_t k = 0; k < f->mention_count && count < STARTS; k++) {
            uint32_t to = p->outline_to[f->first_mention + k];
            size_t known = 0;
            if (!is_call(p, to, &p->outline.mentions[f->first_mention + k]))
                continue;
            while (known < count && starts[known] != to)
                known++;
            if (known == count)
                starts[count++] = to;
        }
    }
    return !p->failed;
}

bool ends_find(struct program *p, uint32_t entry)
{
    bool go = false;
    for (size_t i = 0; i < p->ground->starts.count; i++) {
        const struct start *start = &p->ground->starts.items[i];
        go |= start->go_main;
        if (start->go_exit)
            words_add(p, &p->exits, start->address);
    }
    bool good = go || p->map.imports_read || find_exit(p, entry);
    words_sort(&p->exits);
    p->exits_known = go || p->map.imports_read || p->exits.count;
    return good && !p->failed;
}
