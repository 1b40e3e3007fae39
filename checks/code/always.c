/* What every run of a program comes by: from its entry along calls that every path takes (body_always.c). */
#include <string.h>

#include "checks/code/program.h"

enum { MOST = 4096, START_SIZE = 128 };

/* Functions that run before main: the pointers in the arrays of them, by the names that linkers give their sections. */
static void add_initializers(struct program *p)
{
    static const char *const names[] = {".preinit_array", ".init_array", "__mod_init_func"};
    for (size_t i = 0; i < p->image->sections.count; i++) {
        const struct section *s = &p->image->sections.items[i];
        bool named = false;
        for (size_t k = 0; k < sizeof names / sizeof *names; k++)
            named |= strcmp(s->name, names[k]) == 0;
        for (size_t k = named ? pointers_from(p->ground, s->address) : p->pointer_count;
             k < p->pointer_count && p->pointers[k].place - s->address < s->size; k++) {
            uint32_t to = function_at(p, p->pointers[k].target);
            if (to != NO_FUNCTION && p->functions[to].start == p->pointers[k].target)
                words_add(p, &p->queue, to);
        }
    }
}

/* Where a run begins: at the entry, in what runs before main, and in main.main, which Go's runtime calls by a variable. */
static void add_beginnings(struct program *p, uint32_t entry)
{
    p->queue.count = 0;
    if (program_is_library(p))
        return;
    for (size_t i = 0; i < p->ground->starts.count; i++) {
        uint32_t to =
            p->ground->starts.items[i].go_main ? function_at(p, p->ground->starts.items[i].address) : NO_FUNCTION;
        if (to != NO_FUNCTION)
            words_add(p, &p->queue, to);
    }
    add_initializers(p);
    if (entry != NO_FUNCTION)
        words_add(p, &p->queue, entry);
}

/* The start code of a C library hands main over by its address. Each function is taken apart once more, for what every
 * path takes is only found here. */
bool always_walk(struct program *p, struct reach_report *report)
{
    uint32_t entry = p->image->entry.in_code ? function_at(p, p->image->entry.address) : NO_FUNCTION;
    unsigned fuel = MOST;
    if (!ends_find(p, entry))
        return false;
    p->always = true;
    add_beginnings(p, entry);
    while (p->queue.count && fuel-- && !p->failed) {
        uint32_t number = (uint32_t)p->queue.items[--p->queue.count];
        struct function *f = &p->functions[number];
        if (f->reach == REACH_ALWAYS)
            continue;
        f->reach = REACH_ALWAYS;
        if (!dispatch_build(p, number))
            return false;
        bool starts = !p->image->go && f->size <= START_SIZE && (number == entry || f->caller == entry);
        for (uint32_t i = 0; i < f->need_count; i++)
            if (p->needs[f->first_need + i].reach == REACH_ALWAYS)
                reach_found(p, report, f, &p->needs[f->first_need + i], REACH_ALWAYS);
        for (uint32_t i = 0; i < f->own_count; i++) {
            const struct mention *m = &p->mentions[f->first_own + i];
            bool leads = m->reach == REACH_ALWAYS && (m->kind <= MENTION_JUMP || starts);
            uint64_t slot = leads && m->kind > MENTION_JUMP ? map_relocated(&p->map, m->target) : 0;
            uint64_t target = slot ? slot : m->target;
            uint32_t to = leads ? function_at(p, target) : NO_FUNCTION;
            if (to == NO_FUNCTION || p->functions[to].start != target || p->functions[to].reach == REACH_ALWAYS)
                continue;
            p->functions[to].caller = number;
            words_add(p, &p->queue, to);
        }
    }
    return !p->failed;
}
