/* From what is known of functions to what is told of classes of instructions. */
#include <string.h>

#include "checks/code/a64_classes.h"
#include "checks/code/program.h"
#include "checks/code/x86_classes.h"

void reach_found(const struct program *p, struct reach_report *report, const struct function *f,
                 const struct need *need, enum reach reach)
{
    struct reached *r = &report->classes[need->class];
    if (r->address && reach <= r->reach)
        return;
    r->reach = reach;
    r->address = need->address;
    memset(r->path, 0, sizeof r->path);
    for (unsigned i = 0; i < PATH && f; i++) {
        r->path[i] = f->start;
        f = f->caller == NO_FUNCTION ? NULL : &p->functions[f->caller];
    }
}

/* Whether a class is the newer of two ways to do the same. */
static bool is_newer(const struct program *p, unsigned class)
{
    return p->amd64 ? class == X86_AVX || class == X86_AVX2 || class == X86_FMA : class == A64_LSE;
}

/* What a static glibc keeps behind switches of its own, which it only turns on where the processor can do it, and which
 * it hands on in memory: the elision of locks (sysdeps/unix/sysv/linux/x86/elision-conf.c) and memory tagging
 * (malloc/arena.c). Few functions use them. */
static void trust_libc(const struct program *p, struct reach_report *report)
{
    enum { FEW = 16 };
    unsigned class = p->amd64 ? X86_RTM : A64_MTE;
    struct reached *r = &report->classes[class];
    if (p->image->libc == LIBC_GLIBC && p->image->needed.count == 0 && r->functions <= FEW &&
        r->reach == REACH_POSSIBLE)
        r->reach = REACH_GUARDED;
}

/* How surely an instruction is reached. A guard that asks for something else is none. */
static enum reach reach_of(struct program *p, const struct function *f, const struct need *need)
{
    const struct isa_class *classes;
    isa_classes(p->image->arch, &classes);
    enum reach reach = (enum reach)(need->reach < f->reach ? need->reach : f->reach);
    if (reach != REACH_GUARDED)
        return reach;
    bool here = need->reach == REACH_GUARDED, before = f->reach == REACH_GUARDED;
    uint8_t guards = here && before ? guards_both(&p->guards, f->guards, need->guards)
                     : here         ? need->guards
                                    : f->guards;
    return guards_cover(&p->guards, guards, &classes[need->class]) ? reach : REACH_POSSIBLE;
}

/* Functions that control comes to by calls and jumps alone: from the entry, what every run comes by, and what nothing
 * mentions. What is handed on by its address may be one of several that do the same for different processors. */
static void mark_direct(struct program *p)
{
    uint32_t entry = p->image->entry.in_code ? function_at(p, p->image->entry.address) : NO_FUNCTION;
    p->queue.count = 0;
    for (uint32_t i = 0; i < p->function_count; i++) {
        struct function *f = &p->functions[i];
        f->direct = i == entry || f->reach == REACH_ALWAYS || (f->bounded && !f->mentioned);
        if (f->direct)
            words_add(p, &p->queue, i);
    }
    while (p->queue.count && !p->failed) {
        const struct function *f = &p->functions[p->queue.items[--p->queue.count]];
        for (uint32_t k = 0; k < f->mention_count; k++) {
            uint32_t to = p->outline_to[f->first_mention + k];
            if (p->outline.mentions[f->first_mention + k].kind > MENTION_JUMP || to == NO_FUNCTION ||
                p->functions[to].direct)
                continue;
            p->functions[to].direct = true;
            words_add(p, &p->queue, to);
        }
    }
}

void reach_tell(struct program *p, struct reach_report *report)
{
    mark_direct(p);
    for (size_t i = 0; i < p->function_count; i++) {
        const struct function *f = &p->functions[i];
        bool newer = false, unguarded = f->reach >= REACH_POSSIBLE;
        report->understood += f->understood;
        report->broken += f->broken;
        for (uint32_t k = 0; f->built && k < f->need_count; k++) {
            const struct need *need = &p->needs[f->first_need + k];
            enum reach reach = reach_of(p, f, need);
            reach_found(p, report, f, need, reach > REACH_POSSIBLE ? REACH_POSSIBLE : reach);
            report->classes[need->class].functions += reach >= REACH_POSSIBLE;
            newer |= reach >= REACH_POSSIBLE && is_newer(p, need->class);
        }
        if (unguarded && f->direct) {
            report->choosers += newer || f->has_older;
            report->choosers_new += newer && !f->has_older;
        }
        if (f->reach > REACH_NONE) {
            report->words += f->words;
            report->vectors += f->vectors;
            report->looped += f->looped;
            report->unguarded += unguarded ? f->vectors : 0;
            report->vector_functions += f->vectors != 0;
        }
    }
    trust_libc(p, report);
}
