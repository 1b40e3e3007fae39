/* What variables hold that were set from an answer of the processor: which bit of which answer. */
#include <stdlib.h>

#include "checks/code/program.h"

static int by_cell(const void *a, const void *b)
{
    const struct cell_answer *one = a, *other = b;
    return (one->cell > other->cell) - (one->cell < other->cell);
}

uint64_t meaning_of_value(void *context, struct value value)
{
    const struct program *p = context;
    const struct cell_answer key = {.cell = value.at}, *found;
    if (value.kind == VALUE_CPU)
        return value.at;
    found = p->meaning_count && value.kind == VALUE_BITS
                ? bsearch(&key, p->meanings, p->meaning_count, sizeof key, by_cell)
                : NULL;
    return found ? found->answer : 0;
}

/* Each variable once: with the answer, if all who set it from one set it from the same. */
static void settle(struct program *p)
{
    size_t kept = 0;
    if (p->meaning_count)
        qsort(p->meanings, p->meaning_count, sizeof *p->meanings, by_cell);
    for (size_t i = 0; i < p->meaning_count; i++) {
        struct cell_answer *last = kept ? &p->meanings[kept - 1] : NULL;
        if (last && last->cell == p->meanings[i].cell)
            last->answer = last->answer == p->meanings[i].answer ? last->answer : 0;
        else
            p->meanings[kept++] = p->meanings[i];
    }
    p->meaning_count = kept;
}

void meanings_note(struct program *p)
{
    p->meaning_count = 0;
    for (size_t i = 0; i < p->stored_count; i++) {
        const struct stored *s = &p->stored[i];
        for (unsigned k = 0; s->value.kind == VALUE_CPU && k < (s->size ? s->size : 1u); k++) {
            struct cell_answer *meanings =
                program_grow(p, p->meanings, &p->meaning_room, p->meaning_count, sizeof *meanings);
            if (!meanings)
                return;
            p->meanings = meanings;
            p->meanings[p->meaning_count++] = (struct cell_answer){s->cell + k, s->value.at};
        }
    }
    settle(p);
}
