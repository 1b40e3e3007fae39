/* What every run of a program comes by: from its entry along calls that every path takes (body_always.c). */
#include <string.h>

#include "checks/code/a64_fields.h"
#include "checks/code/program.h"

enum { MOST = 4096, START_SIZE = 128, ARGUMENTS = 4, FORMED = 4 };

/* Functions that run before main: the pointers in the arrays of them, by the names that linkers give their sections. */
static void add_initializers(struct program *p)
{
    static const char *const names[] = {".preinit_array", ".init_array", "__mod_init_func", NULL};
    struct code_range *arrays = arena_array(p->ground->arena, p->image->sections.count + 1, sizeof *arrays);
    size_t count = tables_named(p, names, arrays, p->image->sections.count);
    for (size_t i = 0; i < count; i++)
        for (size_t k = pointers_from(p->ground, arrays[i].address);
             k < p->pointer_count && p->pointers[k].place - arrays[i].address < arrays[i].size; k++) {
            uint32_t to = function_from(p, p->pointers[k].target);
            if (to != NO_FUNCTION)
                words_add(p, &p->queue, to);
        }
}

struct handover { /* the last call of start code, from which nothing comes back */
    bool made;
    uint64_t target; /* 0: through a pointer */
    struct value given[ARGUMENTS];
    unsigned formed_count;
    uint64_t formed[FORMED]; /* addresses before it */
};

static bool asks_kernel(const struct program *p, const uint8_t *bytes)
{
    return p->amd64 ? (bytes[0] == 0x0f && bytes[1] == 0x05) || (bytes[0] == 0xcd && bytes[1] == 0x80)
                    : a64_is_svc(load_le32(bytes));
}

/* Start code is short and has no branches: the stack is laid out, and all is handed over, main among the arguments (glibc,
 * musl: __libc_start_main(main, argc, argv, init, …); bionic: __libc_init(args, onexit, main, …)). */
static struct handover handover_of(const struct program *p, const struct function *f)
{
    static const uint8_t registers[2][ARGUMENTS] = {{0, 1, 2, 3}, {7, 6, 2, 1}}; /* X0 to X3; RDI, RSI, RDX, RCX */
    struct handover h = {0};
    struct state state = {0};
    uint64_t end = f->start + f->size, behind = 0;
    for (uint64_t at = f->start; at < end && f->size <= START_SIZE;) {
        struct state was = state;
        struct step step;
        size_t left = (size_t)(end - at);
        const uint8_t *bytes = map_bytes(&p->map, at, left);
        if (!bytes || left < p->unit || !p->body.step(&p->map, at, bytes, left, &state, &step) || !step.allocated)
            break;
        uint32_t to = step.flow == FLOW_CALL ? function_at(p, step.target) : NO_FUNCTION;
        bool calls = step.flow == FLOW_CALL || step.flow == FLOW_CALL_INDIRECT || step.flow == FLOW_JUMP ||
                     step.flow == FLOW_JUMP_INDIRECT;
        if (step.flow == FLOW_BRANCH || (h.made && left >= 2 && asks_kernel(p, bytes)))
            return (struct handover){0};
        if (h.made && calls && (at == behind || (to != NO_FUNCTION && p->functions[to].never_returns)))
            break; /* BL abort */
        if (step.has_reference && !h.made && h.formed_count < FORMED)
            h.formed[h.formed_count++] = step.reference;
        if (calls) {
            h.made = true;
            h.target = step.target;
            behind = at + step.length;
            for (unsigned i = 0; i < ARGUMENTS; i++)
                h.given[i] = was.registers[registers[p->amd64][i]];
        }
        if (step.flow == FLOW_JUMP || step.flow == FLOW_JUMP_INDIRECT || step.flow == FLOW_RETURN ||
            step.flow == FLOW_STOP)
            break;
        at += step.length;
    }
    return h;
}

static uint32_t given_function(const struct program *p, struct value given)
{
    const uint8_t *word = given.kind == VALUE_BITS ? map_bytes(&p->map, value_cell(given), 8) : NULL; /* of the GOT */
    return word                           ? function_from(p, load_le64(word))
           : given.kind == VALUE_CONSTANT ? function_from(p, given.at)
                                          : NO_FUNCTION;
}

static uint64_t word_of(const struct program *p, uint64_t place)
{
    const uint8_t *bytes = map_bytes(&p->map, place, 8);
    uint64_t target = map_relocated(&p->map, place);
    return target ? target : bytes ? load_le64(bytes) : 0;
}

/* Whether this is the table of a closure of Rust that holds a pointer: drop, size, alignment, and three ways to call it. */
static bool is_closure(const struct program *p, struct value table)
{
    bool good = table.kind == VALUE_CONSTANT && word_of(p, table.at + 8) == 8 && word_of(p, table.at + 16) == 8;
    for (unsigned i = 3; i < 6 && good; i++)
        good = map_is_code(&p->map, word_of(p, table.at + 8 * i));
    return good;
}

static void begin_with(struct program *p, uint32_t number, uint32_t caller)
{
    if (number == NO_FUNCTION || number == caller)
        return;
    p->functions[number].caller = caller;
    words_add(p, &p->queue, number);
}

/* Of Rust, main() hands a closure with the real one over to std::rt::lang_start_internal, or that to what does so. */
static void add_rust_main(struct program *p, uint32_t main)
{
    struct handover h = handover_of(p, &p->functions[main]), inner = {0};
    uint32_t start = h.made && h.target ? function_from(p, h.target) : NO_FUNCTION;
    if (start != NO_FUNCTION)
        inner = handover_of(p, &p->functions[start]);
    if ((!h.made || !is_closure(p, h.given[1])) && (!inner.made || !is_closure(p, inner.given[1])))
        return;
    for (unsigned i = 0; i < h.formed_count; i++)
        begin_with(p, function_from(p, h.formed[i]), main);
}

/* main, which the start code of a C library hands over by its address, and what else it hands over; that of musl is in two
 * parts. How many there are. */
static unsigned find_mains(const struct program *p, uint32_t entry, uint32_t mains[2 * ARGUMENTS])
{
    uint32_t part = p->image->format == FORMAT_ELF && !p->image->go ? entry : NO_FUNCTION;
    unsigned count = 0;
    for (unsigned parts = 0; parts < 2 && part != NO_FUNCTION; parts++) {
        struct handover h = handover_of(p, &p->functions[part]);
        part = h.made && h.target ? function_from(p, h.target) : NO_FUNCTION;
        for (unsigned i = 0; h.made && i < ARGUMENTS; i++) {
            uint32_t main = given_function(p, h.given[i]);
            if (main != NO_FUNCTION)
                mains[count++] = main;
        }
    }
    return count;
}

static void add_main(struct program *p, uint32_t entry)
{
    uint32_t mains[2 * ARGUMENTS];
    for (unsigned i = 0, count = find_mains(p, entry, mains); i < count; i++) {
        begin_with(p, mains[i], entry);
        add_rust_main(p, mains[i]);
    }
}

/* The function that one which does nothing else jumps to (__wrap_main of glibc for arm64), or NO_FUNCTION. */
static uint32_t jumps_to(const struct program *p, const struct function *f)
{
    const struct mention *m = &p->outline.mentions[f->first_mention];
    return f->mention_count == 1 && m->kind == MENTION_JUMP && !f->returns && !f->branches ? function_from(p, m->target)
                                                                                           : NO_FUNCTION;
}

void always_note_main(struct program *p)
{
    uint32_t entry = p->image->entry.in_code ? function_from(p, p->image->entry.address) : NO_FUNCTION;
    uint32_t mains[2 * ARGUMENTS] = {entry}; /* that of LC_MAIN */
    bool is_main = p->image->format == FORMAT_MACHO && p->image->macho->has_main && entry != NO_FUNCTION;
    if (program_is_library(p))
        return;
    for (unsigned i = 0, count = is_main ? 1 : find_mains(p, entry, mains); i < count; i++)
        for (uint32_t main = mains[i]; main != NO_FUNCTION && !p->functions[main].is_main;) {
            p->functions[main].is_main = true;
            main = jumps_to(p, &p->functions[main]);
        }
}

/* Where a run begins: at the entry, in what runs before main, and in main; Go's runtime calls
 * main.main by a variable. */
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
    add_main(p, entry);
    if (entry != NO_FUNCTION)
        words_add(p, &p->queue, entry);
}

/* Each function is taken apart once more, for what every path takes is only found here. */
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
        for (uint32_t i = 0; i < f->need_count; i++)
            if (p->needs[f->first_need + i].reach == REACH_ALWAYS)
                reach_found(p, report, f, &p->needs[f->first_need + i], REACH_ALWAYS);
        for (uint32_t i = 0; i < f->own_count; i++) {
            const struct mention *m = &p->mentions[f->first_own + i];
            bool leads = m->reach == REACH_ALWAYS && m->kind <= MENTION_JUMP;
            uint32_t to = leads ? function_from(p, m->target) : NO_FUNCTION;
            if (to == NO_FUNCTION || p->functions[to].reach == REACH_ALWAYS)
                continue;
            p->functions[to].caller = number;
            words_add(p, &p->queue, to);
        }
    }
    return !p->failed;
}
