/* What variables hold that were set from an answer of the processor: which bit of which answer. */
#include <stdlib.h>

#include "checks/code/program.h"

static int by_cell(const void *a, const void *b)
{
    const struct cell_answer *one = a, *other = b;
    return (one->cell > other->cell) - (one->cell < other->cell);
}

static uint64_t answer_in(const struct program *p, uint64_t cell)
{
    const struct cell_answer key = {.cell = cell}, *found;
    found = p->meaning_count ? bsearch(&key, p->meanings, p->meaning_count, sizeof key, by_cell) : NULL;
    return found ? found->answer : 0;
}

uint64_t meaning_of_value(void *context, struct value value)
{
    const struct program *p = context;
    if (value.kind != VALUE_BITS)
        return value.kind == VALUE_CPU ? value.at : 0;
    unsigned place = value_place(value), bit = place - PLACE_BIT;
    if (place >= PLACE_BIT && place < PLACE_SHIFTED)
        return answer_masked(answer_in(p, value_cell(value) + bit / 8), (uint64_t)1 << bit % 8);
    uint64_t answer = answer_in(p, value_cell(value));
    return place == 0             ? answer
           : place < PLACE_MARKED ? answer_shifted(answer, place - PLACE_SHIFTED)
                                  : answer_masked(answer, UINT64_MAX); /* one bit, if only one was kept */
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

static bool note(struct program *p, uint64_t cell, uint64_t answer, unsigned size)
{
    for (unsigned k = 0; k < (size ? size : 1u); k++) {
        struct cell_answer *meanings =
            program_grow(p, p->meanings, &p->meaning_room, p->meaning_count, sizeof *meanings);
        if (!meanings)
            return false;
        p->meanings = meanings;
        p->meanings[p->meaning_count++] = (struct cell_answer){cell + k, answer_shifted(answer, (uint64_t)8 * k)};
    }
    return true;
}

static int by_stored_cell(const void *a, const void *b)
{
    const struct stored *one = a, *other = b;
    return (one->cell > other->cell) - (one->cell < other->cell);
}

void stored_sort(struct program *p)
{
    if (p->stored_count)
        qsort(p->stored, p->stored_count, sizeof *p->stored, by_stored_cell);
}

/* The first that sets `cell`, or a variable behind it; they are sorted. */
static size_t stored_from(const struct program *p, uint64_t cell)
{
    size_t low = 0, high = p->stored_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (p->stored[middle].cell < cell)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* How a word is set by functions that ask the processor. */
struct setting {
    bool number, answer, other; /* to numbers; to an answer as it is; to what is not followed */
    bool gathers;               /* to what it was, and a bit more */
};
static struct setting setting_of(const struct program *p, uint64_t cell)
{
    enum { WORD = 4 };
    struct setting setting = {0};
    for (size_t i = stored_from(p, cell); i < p->stored_count && p->stored[i].cell == cell; i++) {
        const struct stored *s = &p->stored[i];
        bool near = p->functions[s->function].near_cpu == 1;
        bool number = s->value.kind == VALUE_CONSTANT || s->value.kind == VALUE_CHOSEN;
        setting.number |= near && number;
        setting.answer |= near && s->value.kind == VALUE_CPU && s->value.at;
        setting.other |= near && !number;
        setting.gathers |= near && s->size == WORD && s->value.kind == VALUE_BITS && value_cell(s->value) == cell;
    }
    return setting;
}

/* __cpu_model of libgcc and compiler-rt: vendor, type and subtype, which are numbers, and a word of features that are put
 * together bit by bit. Where other variables look like that, a guard is held to answer for less than it may. */
static bool note_cpu_model(struct program *p)
{
    enum { TYPE = 8, VENDOR = 12, WORD = 4 };
    for (size_t i = 0; p->amd64 && i < p->stored_count; i++) {
        uint64_t cell = p->stored[i].cell;
        if ((i && p->stored[i - 1].cell == cell) || !setting_of(p, cell).gathers)
            continue;
        struct setting type = setting_of(p, cell - TYPE), vendor = setting_of(p, cell - VENDOR);
        if (type.number && !type.answer && !type.other && vendor.number && !vendor.answer &&
            !note(p, cell, answer_of(LEAF_CPU_MODEL, 0), WORD))
            return false;
    }
    return true;
}

void meanings_note(struct program *p)
{
    p->meaning_count = 0;
    stored_sort(p);
    bool good = note_cpu_model(p);
    for (size_t i = 0; good && i < p->stored_count; i++)
        if (p->stored[i].value.kind == VALUE_CPU)
            good = note(p, p->stored[i].cell, p->stored[i].value.at, p->stored[i].size);
    settle(p);
}
