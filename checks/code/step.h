/* What one instruction does to the things that dispatch analysis follows: where control goes, and constants and the
 * bits that say what the processor can do, on their way through registers, flags, the stack and global variables. The
 * two decoders (step_x86.c, step_a64.c) say it in the same words. */
#ifndef ASSAY_CHECKS_CODE_STEP_H
#define ASSAY_CHECKS_CODE_STEP_H

#include "checks/code/guards.h"
#include "checks/code/map.h"

enum { REGISTERS = 32, SLOTS = 4 };

enum flow {
    FLOW_NEXT,
    FLOW_BRANCH,
    FLOW_JUMP,
    FLOW_CALL,
    FLOW_JUMP_INDIRECT,
    FLOW_CALL_INDIRECT,
    FLOW_RETURN,
    FLOW_STOP
};

enum value_kind {
    VALUE_NONE,
    VALUE_CONSTANT, /* at: an address or number */
    VALUE_BITS,     /* bits that came from a global variable; at: its address, and which of them, see value_cell() */
    VALUE_CPU,    /* bits that the processor or the kernel gave: CPUID, XGETBV, MRS ID_*, AT_HWCAP; at: see guards.h */
    VALUE_CHOSEN, /* one of several constants */
};
enum polarity { SET_MEANS_PRESENT, SET_MEANS_ABSENT, SET_MEANS_EITHER };

struct value {
    uint64_t at : 58;
    uint64_t kind : 3;     /* enum value_kind */
    uint64_t polarity : 3; /* enum polarity; of BITS and CPU */
};
#define VALUE_MASK (((uint64_t)1 << 58) - 1)
/* Of BITS, the address takes these of `at`; above it is 0 where all bits are in their places, PLACE_BIT and more where one
 * was masked out, PLACE_SHIFTED and more where they were shifted to the right, PLACE_UNKNOWN, or PLACE_MARKED where the
 * topmost was set whatever the processor can do, as a mark that it was asked. Thread-local variables have addresses in a
 * space of their own. */
enum { CELL_BITS = 51, PLACE_BIT = 1, PLACE_SHIFTED = 64, PLACE_MARKED = 126, PLACE_UNKNOWN = 127 };
#define THREAD_LOCAL ((uint64_t)1 << (CELL_BITS - 1))

enum compared { /* how the flags came from a value */
                COMPARED_NOT,
                COMPARED_WITH_ZERO,     /* or masked and compared with zero */
                COMPARED_WITH_CONSTANT, /* not zero */
                COMPARED_BIT,           /* carry is the bit */
};
struct flags {
    struct value value;
    uint32_t constant; /* its low half */
    uint8_t compared;  /* enum compared */
    uint8_t sign;      /* the bit that conditions on the sign look at; x86-64 */
};

struct slot { /* a word of the stack that holds bits of the processor */
    int32_t displacement;
    uint8_t base; /* register, plus one; 0: none */
    struct value value;
};

struct state {
    struct value registers[REGISTERS];
    struct flags flags;
    struct slot slots[SLOTS];
    struct value under;       /* bits of the processor that were found set on the way here */
    bool hardware_capability; /* on the path where an auxiliary vector's type was found to be AT_HWCAP */
    bool stack_holds_cpu; /* the function called last asked the processor, and may return on the stack (Go's ABI0) */
};

enum condition { /* of a branch or a set, on flags or on a register being zero */
                 CONDITION_OTHER,
                 CONDITION_ZERO,
                 CONDITION_NONZERO,
                 CONDITION_SET, /* carry or sign */
                 CONDITION_CLEAR,
                 CONDITION_ABOVE, /* or equal; signed or not */
                 CONDITION_BELOW,
};

struct step {
    uint8_t length, class; /* of the architecture's classes */
    uint8_t flow;          /* enum flow */
    bool allocated;
    bool idle; /* a no-operation, as padding is made of */
    bool has_reference, stores;
    bool word;           /* has_reference: it loads or stores the one word that stands there */
    uint8_t condition;   /* of FLOW_BRANCH */
    uint64_t target;     /* of a direct branch, jump or call */
    uint64_t reference;  /* an address that the instruction forms */
    uint64_t cell;       /* stores: of the global variable */
    uint8_t store_size;  /* bytes of it */
    struct value stored; /* what it is set to */
    struct value chosen; /* by a conditional move or select where `chooser` says that the processor can */
    struct value chooser;
    struct flags tested;   /* what a FLOW_BRANCH looks at */
    struct value argument; /* of a FLOW_CALL: the first */
};

/* Decodes the instruction at `address`, of which `n` bytes are at `at`, and changes `state` as it does. False: cut off. */
bool step_x86(const struct map *map, uint64_t address, const uint8_t *at, size_t n, struct state *state,
              struct step *step);
bool step_a64(const struct map *map, uint64_t address, const uint8_t *at, size_t n, struct state *state,
              struct step *step);

static inline bool about_cpu(struct value value)
{
    return value.kind == VALUE_BITS || value.kind == VALUE_CPU;
}

static inline struct value value_of(enum value_kind kind, uint64_t at)
{
    return (struct value){.at = at & VALUE_MASK, .kind = (uint64_t)kind & 7};
}

/* A number that does not fit, as no address does not, is not known. */
static inline struct value value_constant(uint64_t at)
{
    if (at & ~VALUE_MASK)
        return (struct value){0};
    return value_of(VALUE_CONSTANT, at);
}

static inline struct value value_with(struct value value, enum polarity polarity)
{
    value.polarity = (uint64_t)polarity & 7;
    return value;
}

/* The address of the variable that BITS came from. */
static inline uint64_t value_cell(struct value value)
{
    return value.at & (((uint64_t)1 << CELL_BITS) - 1);
}

static inline unsigned value_place(struct value value)
{
    return (unsigned)(value.at >> CELL_BITS);
}

static inline struct value value_placed(struct value value, unsigned place)
{
    value.at = (value_cell(value) | (uint64_t)place << CELL_BITS) & VALUE_MASK;
    return value;
}

/* What is left of bits by a mask, a shift to the right, by the lowest so many; and by what is not followed: which bits
 * they are is told by `at` of CPU and BITS, as far as it is known. */
struct value value_masked(struct value value, uint64_t mask);
struct value value_shifted(struct value value, uint64_t by);
struct value value_cut(struct value value, unsigned bits);
struct value value_mixed(struct value value);
/* The topmost bit was set. */
struct value value_marked(struct value value);
bool value_is_marked(struct value value);

static inline struct value value_flipped(struct value value)
{
    if (value.polarity == SET_MEANS_EITHER)
        return value;
    return value_with(value, value.polarity == SET_MEANS_PRESENT ? SET_MEANS_ABSENT : SET_MEANS_PRESENT);
}

static inline bool value_same(struct value one, struct value other)
{
    return one.kind == other.kind && one.at == other.at && one.polarity == other.polarity;
}

/* One of two values, if both are numbers. */
static inline struct value value_either(struct value one, struct value other)
{
    bool numbers = (one.kind == VALUE_CONSTANT || one.kind == VALUE_CHOSEN) &&
                   (other.kind == VALUE_CONSTANT || other.kind == VALUE_CHOSEN);
    return numbers ? value_of(VALUE_CHOSEN, 0) : (struct value){0};
}

/* What memory at a known address holds: bits of a global variable, or the constant that stands in read-only data. */
struct value value_loaded(const struct map *map, uint64_t address, unsigned size);
/* What a word of the stack holds; what is put there. */
struct value slot_load(const struct state *state, unsigned base, int64_t displacement);
void slot_store(struct state *state, unsigned base, int64_t displacement, struct value value);
/* The stack pointer moved: words are found at other displacements now. */
void slots_forget(struct state *state, unsigned base);

/* What the condition being true says of the tested bits; ABSENT and PRESENT in the sense of the processor's ability. */
enum meaning { MEANS_NOTHING, MEANS_PRESENT, MEANS_ABSENT, MEANS_UNCLEAR };
enum meaning meaning_of(const struct flags *flags, enum condition condition);
/* What a register holds that is set to whether the condition is true. */
struct value value_of_condition(const struct flags *flags, enum condition condition);
/* Keeps in `state` what `other`, which comes to the same place, says too. Whether anything was lost. */
bool state_join(struct state *state, const struct state *other);

#endif
