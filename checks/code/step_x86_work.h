/* One x86-64 instruction on its way through step_x86.c and step_x86_one.c; nothing else includes this. */
#ifndef ASSAY_CHECKS_CODE_STEP_X86_WORK_H
#define ASSAY_CHECKS_CODE_STEP_X86_WORK_H

#include "checks/code/step.h"
#include "checks/code/x86.h"

enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11 };

struct work {
    const struct map *map;
    const struct x86_insn *i;
    struct state *state;
    struct step *step;
    unsigned reg, rm, size; /* of ModRM; bytes of an operand */
    unsigned base;          /* of a memory operand without an index, plus one */
    bool memory, known;     /* known: the operand's address is `at` */
    uint64_t at;
};

static inline struct value operand(const struct work *w, unsigned size)
{
    enum { AH = 4, BYTE = 8 };
    if (size == 1 && !w->memory && !w->i->rex && w->rm >= AH && w->rm < 2 * AH)
        return value_shifted(w->state->registers[w->rm - AH], BYTE);
    if (!w->memory)
        return w->state->registers[w->rm];
    if (w->known)
        return w->at >= THREAD_LOCAL ? value_of(VALUE_BITS, w->at) : value_loaded(w->map, w->at, size);
    if (w->base == RSP + 1 || w->base == RBP + 1)
        return slot_load(w->state, w->base - 1, w->i->displacement);
    return (struct value){0};
}

static inline void set(struct work *w, unsigned r, struct value value)
{
    w->state->registers[r] = value;
    if (r == RSP || r == RBP)
        slots_forget(w->state, r);
}

static inline void clear(struct work *w, unsigned r)
{
    set(w, r, (struct value){0});
}

static inline void store(struct work *w, struct value value)
{
    if (w->known) {
        w->step->stores = true;
        w->step->cell = w->at;
        w->step->stored = value;
    } else if (w->base == RSP + 1 || w->base == RBP + 1) {
        slot_store(w->state, w->base - 1, w->i->displacement, value);
    }
}

static inline void set_operand(struct work *w, struct value value)
{
    if (w->memory)
        store(w, value);
    else
        set(w, w->rm, value);
}

static inline void refer(struct work *w, uint64_t address)
{
    w->step->has_reference = true;
    w->step->word = false;
    w->step->reference = address;
}

static inline void compare(struct work *w, struct value value, enum compared compared, uint64_t constant)
{
    w->state->flags = (struct flags){.value = value,
                                     .compared = (uint8_t)compared,
                                     .constant = (uint32_t)constant,
                                     .sign = (uint8_t)(w->size * 8 - 1)};
}

static inline void forget_flags(struct work *w)
{
    w->state->flags = (struct flags){0};
}

/* The instructions of the one-byte map that change what is followed. */
void x86_one_byte(struct work *w);

#endif
