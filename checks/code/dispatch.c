/* Who asks the processor what it can do, and where the answers are kept. Functions that ask, that are called by such,
 * or that use the answers are taken apart; of the others the outline is enough. */
#include <stdlib.h>

#include "checks/code/keeps.h"
#include "checks/code/program.h"

enum { ROUNDS = 6 };

/* A quick no to "is this address among those?". */
struct filter {
    uint64_t bits[256];
};

static unsigned place_in_filter(uint64_t address)
{
    return (unsigned)(address * 0x9e3779b97f4a7c15u >> 50);
}

static void filter_add(struct filter *filter, uint64_t address)
{
    unsigned at = place_in_filter(address);
    filter->bits[at / 64] |= (uint64_t)1 << (at % 64);
}

static void filter_make(struct filter *filter, const struct words *words)
{
    *filter = (struct filter){0};
    for (size_t i = 0; i < words->count; i++)
        filter_add(filter, words->items[i]);
}

static bool filtered_have(const struct filter *filter, const struct words *words, uint64_t address)
{
    unsigned at = place_in_filter(address);
    return filter->bits[at / 64] >> (at % 64) & 1 && words_have(words, address);
}

static bool strong(void *context, struct value value)
{
    const struct program *p = context;
    return value.kind == VALUE_CPU || (value.kind == VALUE_BITS && words_have(&p->cells, value_cell(value)));
}

/* What a function gives back that is called at `target`, which may be in its midst: so Go calls runtime.duffzero(). */
static uint32_t kept_by(struct program *p, uint64_t target)
{
    enum { COST = 12 };
    uint32_t number = p->image->go && !p->amd64 ? function_at(p, target) : NO_FUNCTION;
    struct function *f = number == NO_FUNCTION ? NULL : &p->functions[number];
    if (f && f->start != target)
        return body_burn(&p->body, COST) ? keeps_registers(&p->map, target, f->start + f->size) : 0;
    if (f && !f->kept_known)
        f->kept = keeps_registers(&p->map, f->start, f->start + f->size);
    if (f)
        f->kept_known = true;
    return f ? f->kept : 0;
}

static struct callee callee_of(void *context, uint64_t target)
{
    struct program *p = context;
    uint32_t number = function_from(p, target);
    if (number == NO_FUNCTION)
        return (struct callee){.may_end = p->always, .kept = kept_by(p, target)};
    const struct function *f = &p->functions[number];
    return (struct callee){.never_returns = f->never_returns,
                           .may_end = p->always && ends_may(p, number),
                           .asks_cpu = f->near_cpu == 1,
                           .knows_auxv = f->knows_auxv,
                           .result = f->result,
                           .results = f->results,
                           .kept = kept_by(p, target)};
}

/* Marks the functions that mention one of `addresses` as whole; `called`: by calls, else by forming the address. Of
 * those that ask nobody, `near` is set to `distance`. Those that `changes` are to be taken apart again. How many are
 * new. */
static size_t mark(struct program *p, const struct words *addresses, bool called, uint8_t distance, bool changes)
{
    struct filter filter;
    size_t marked = 0;
    filter_make(&filter, addresses);
    for (size_t i = 0; addresses->count && i < p->function_count; i++) {
        struct function *f = &p->functions[i];
        for (uint32_t k = 0;
             k < f->mention_count && !(f->whole && (f->near_cpu || !distance) && (f->stale || !changes)); k++) {
            const struct mention *m = &p->outline.mentions[f->first_mention + k];
            if ((m->kind <= MENTION_JUMP) != called || !filtered_have(&filter, addresses, m->target))
                continue;
            f->stale |= changes || !f->whole;
            marked += !f->whole;
            f->whole = true;
            if (!f->near_cpu)
                f->near_cpu = distance;
        }
    }
    return marked;
}

/* Notes what a function that was taken apart sets. */
void dispatch_note_stores(struct program *p, uint32_t number)
{
    for (size_t i = 0; i < p->body.site_count; i++) {
        const struct site *site = &p->body.sites[i];
        bool zero = site->stored.kind == VALUE_CONSTANT && site->stored.at == 0;
        if (site->kind != SITE_STORE || zero)
            continue;
        struct stored *stored = program_grow(p, p->stored, &p->stored_room, p->stored_count, sizeof *stored);
        if (!stored)
            return;
        p->stored = stored;
        p->stored[p->stored_count++] = (struct stored){.cell = site->target,
                                                       .value = site->stored,
                                                       .function = number,
                                                       .size = site->size,
                                                       .reach = p->body.blocks[site->block].reach};
    }
}

/* What the function is known to return of what the processor said. */
static struct value result_of(struct program *p, const struct function *f)
{
    return strong(p, f->returned) ? f->returned : (struct value){0};
}

bool dispatch_take_apart(struct program *p, uint32_t number)
{
    struct function *f = &p->functions[number];
    p->body.knows_auxv = f->knows_auxv;
    p->body.is_main = f->is_main;
    uint64_t end = f->start + f->size;
    size_t more = strays_have(p->strays, end) ? strays_room(&p->map, end) : 0;
    if (!body_build(&p->body, f->start, end, more, f->resolver))
        return false;
    f->told |= f->never_returns != p->body.never_returns || f->results != p->body.results;
    f->never_returns = p->body.never_returns;
    f->asks_kernel = p->body.asked;
    f->returned = p->body.result;
    const bool clear = about_cpu(f->returned) && f->returned.polarity != SET_MEANS_EITHER;
    if (f->detects && f->near_cpu == 1 && !clear) /* as good as in the variable that is set to it */
        f->returned = value_marked(value_of(VALUE_CPU, 0));
    f->result = result_of(p, f);
    f->results = p->body.results;
    f->stale = false;
    return true;
}

void dispatch_set_elsewhere(struct program *p, const struct words *cells, struct words *others)
{
    struct filter filter;
    filter_make(&filter, cells);
    for (size_t i = 0; i < p->function_count; i++) {
        const struct function *f = &p->functions[i];
        for (uint32_t k = 0; !f->whole && k < f->mention_count; k++) {
            const struct mention *m = &p->outline.mentions[f->first_mention + k];
            if (m->kind == MENTION_STORE && filtered_have(&filter, cells, m->target))
                words_add(p, others, m->target);
        }
    }
    words_sort(others);
}

/* Who compares with AT_HWCAP and sets one of `cells`, which hold what another found there, reads the vector as well, as
 * Go packages do from /proc/self/auxv. Those cells are kept back in `others` until such a function was taken apart. How
 * many were not known. */
static size_t find_readers(struct program *p, const struct words *cells, struct words *others)
{
    size_t found = 0;
    for (size_t i = 0; i < p->function_count; i++) {
        struct function *f = &p->functions[i];
        for (uint32_t k = 0; outline_compares_capability(f->compares) && !f->whole && k < f->mention_count; k++) {
            const struct mention *m = &p->outline.mentions[f->first_mention + k];
            if (m->kind != MENTION_STORE || !words_have(cells, m->target))
                continue;
            words_add(p, others, m->target);
            f->knows_auxv = f->whole = f->stale = true;
            found++;
        }
    }
    return found;
}

/* Variables that are set to what the processor said, and to nothing else by anybody far from it. */
static bool find_cells(struct program *p, struct words *fresh, size_t *readers)
{
    struct words others = {0}, known = {0};
    fresh->count = 0;
    for (size_t i = 0; i < p->stored_count; i++) {
        const struct stored *s = &p->stored[i];
        bool derived = strong(p, s->value), unknown = s->value.kind == VALUE_NONE || s->value.kind == VALUE_CHOSEN;
        unsigned near = p->functions[s->function].near_cpu;
        if (words_have(&p->cells, s->cell))
            continue;
        bool self = s->value.kind == VALUE_BITS && value_cell(s->value) == s->cell;
        if (self && s->value.polarity == SET_MEANS_PRESENT)
            continue;    /* some of its bits are cleared */
        unknown |= self; /* some are set, as __cpu_indicator_init() of libgcc does for each answer */
        const bool asks = p->functions[s->function].asks_kernel; /* OPENSSL_cpuid_setup() */
        struct words *list = derived || (self && asks) || (unknown && near == 1) ? fresh
                             : near == 0 && !asks && (s->value.kind != VALUE_CONSTANT || words_have(&p->gates, s->cell))
                                 ? &others
                                 : NULL;
        for (unsigned k = 0; list && k < (s->size ? s->size : 1u); k++) /* a test may look at one byte of it */
            if (list == &others || !words_have(&p->cells, s->cell + k))
                words_add(p, list, s->cell + k);
    }
    words_sort(fresh);
    *readers = find_readers(p, fresh, &others);
    dispatch_set_elsewhere(p, fresh, &others);
    for (size_t i = 0; i < fresh->count; i++)
        if (!words_have(&others, fresh->items[i]))
            words_add(p, &known, fresh->items[i]);
    free(others.items);
    free(fresh->items);
    *fresh = known;
    for (size_t i = 0; i < fresh->count; i++)
        words_add(p, &p->cells, fresh->items[i]);
    words_sort(&p->cells);
    return !p->failed;
}

/* Functions that tell their callers something else than before, what the processor said among it. */
static void find_tellers(struct program *p, struct words *tellers)
{
    tellers->count = 0;
    for (size_t i = 0; i < p->function_count; i++) {
        struct function *f = &p->functions[i];
        struct value result = result_of(p, f);
        if (f->told || !value_same(result, f->result) || (!f->heard && (result.kind != VALUE_NONE || f->results))) {
            words_add(p, tellers, f->start);
            f->heard = true;
        }
        f->told = false;
        f->result = result;
    }
    words_sort(tellers);
}

/* Takes apart those functions that have to be, again or for the first time, and keeps what the others set. */
static bool take_stale_apart(struct program *p)
{
    size_t kept = 0;
    for (size_t i = 0; i < p->stored_count; i++)
        if (!p->functions[p->stored[i].function].stale)
            p->stored[kept++] = p->stored[i];
    p->stored_count = kept;
    for (uint32_t i = 0; i < p->function_count; i++) {
        if (!p->functions[i].stale)
            continue;
        if (!dispatch_take_apart(p, i))
            return false;
        dispatch_note_stores(p, i);
    }
    return true;
}

/* Takes apart what asks and who is near, and follows the answers from variable to variable. What a function sets and
 * returns depends on those that it calls, and on nothing else that is learnt here. */
static bool learn(struct program *p)
{
    struct words fresh = {0}, tellers = {0};
    size_t readers = 0;
    bool good = true;
    for (size_t i = 0; i < p->function_count; i++)
        p->functions[i].stale = p->functions[i].whole;
    for (unsigned round = 0; good && round < ROUNDS; round++) {
        good = take_stale_apart(p);
        meanings_note(p);
        good = good && find_cells(p, &fresh, &readers);
        if (!good)
            break;
        find_tellers(p, &tellers);
        if (mark(p, &fresh, false, 0, false) + mark(p, &tellers, true, 0, true) + readers + fresh.count +
                tellers.count ==
            0)
            break;
    }
    free(fresh.items);
    free(tellers.items);
    return good && !p->failed;
}

static bool summarize_all(struct program *p)
{
    p->mention_count = p->need_count = p->stored_count = 0;
    for (uint32_t i = 0; i < p->function_count; i++)
        if (p->functions[i].whole && !dispatch_build(p, i))
            return false;
    return true;
}

bool dispatch_again(struct program *p, const struct words *fresh)
{
    size_t kept = 0;
    for (size_t i = 0; i < fresh->count; i++)
        words_add(p, &p->cells, fresh->items[i]);
    words_sort(&p->cells);
    for (size_t i = 0; i < p->function_count; i++)
        p->functions[i].fresh = p->functions[i].whole;
    for (size_t i = 0; i < p->function_count; i++)
        p->functions[i].whole = false;
    (void)mark(p, fresh, false, 0, false);
    for (size_t i = 0; i < p->stored_count; i++)
        if (!p->functions[p->stored[i].function].whole)
            p->stored[kept++] = p->stored[i];
    p->stored_count = kept;
    for (uint32_t i = 0; i < p->function_count; i++) {
        struct function *f = &p->functions[i];
        if (f->whole && !dispatch_build(p, i))
            return false;
        f->whole |= f->fresh;
        f->fresh = false;
    }
    return !p->failed;
}

bool dispatch_study(struct program *p)
{
    struct words asking = {0}, auxv = {0};
    p->body = (struct body){.map = &p->map,
                            .step = p->amd64 ? step_x86 : step_a64,
                            .unit = p->unit,
                            .entries = &p->entries,
                            .labels = p->amd64 ? NULL : &p->labels,
                            .callee = callee_of,
                            .strong = strong,
                            .answer = meaning_of_value,
                            .guards = &p->guards,
                            .context = p,
                            .split_stack = p->image->go != NULL,
                            .noted = p->noted,
                            .fuel = p->body.fuel};
    always_note_main(p);
    for (size_t i = 0; i < p->function_count; i++) {
        struct function *f = &p->functions[i];
        f->whole = f->near_cpu || f->resolver || f->knows_auxv;
        if (f->knows_auxv)
            words_add(p, &auxv, f->start);
        if (f->near_cpu)
            words_add(p, &asking, f->start);
    }
    words_sort(&asking);
    words_sort(&auxv);
    (void)mark(p, &asking, true, 2, false);
    (void)mark(p, &auxv, true, 0, false);
    gates_find(p);
    free(asking.items);
    free(auxv.items);
    if (p->failed || !learn(p))
        return false;
    for (size_t i = 0; i < p->function_count; i++)
        p->functions[i].whole |= p->functions[i].has_features;
    return summarize_all(p);
}
