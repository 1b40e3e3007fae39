/* What is known of registers, stack pointer and stack at a place of a function, in terms of what they held when it was
 * entered. Part of abi.c and abi_walk.c; nothing else includes this. */
#ifndef ASSAY_CHECKS_CODE_ABI_STATE_H
#define ASSAY_CHECKS_CODE_ABI_STATE_H

#include <string.h>

#include "checks/code/operands.h"

/* The bits of kinds say what becomes of two values that meet: see abi_join(). */
enum abi_kind {
    ABI_UNKNOWN = 0,
    ABI_MIXED = 0x01,    /* COMPUTED or CONSTANT on one way here, and on another not */
    ABI_COMPUTED = 0x03, /* the result of an instruction, or of a load from elsewhere than the stack */
    ABI_CONSTANT = 0x07, /* n */
    ABI_ENTRY = 0x08,    /* what register `reg` held at the entry: 19 to 30 X, 40 to 47 the low half of V8 to V15 */
    ABI_LINKED = 0x80,   /* LINK on one way here, and on another not */
    ABI_LINK = 0xa0,     /* a return address that a call in this very function left in X30 */
    ABI_SIGNED = 0x28,   /* X30 of the entry, signed with key `reg` while SP was that of the entry plus n */
    ABI_STACK = 0x10,    /* SP of the entry, plus n */
    ABI_NEAR = 0x18,     /* an address or number that is n modulo 16 */
    ABI_RELOADED =
        0x40 /* a word of this function's frame, n bytes from SP of the entry, not known to have been saved */
};
enum { ABI_WAYS = ABI_MIXED | ABI_LINKED /* what is left of a value that comes on one way alone */ };
enum { ABI_VECTORS = 8, ABI_FIRST_VECTOR = 8, ABI_ENTRY_VECTOR = 40, ABI_SLOTS = 26, ABI_ANYWHERE = INT32_MIN };

struct abi_value {
    int32_t n;
    uint8_t kind, reg; /* enum abi_kind */
    uint16_t unused;   /* 0: values are compared as words */
};
struct abi_slot { /* eight bytes of the stack */
    int32_t at;   /* from SP of the entry */
    struct abi_value value;
};
struct abi_state {
    struct abi_value x[32]; /* 31: SP */
    struct abi_value v[ABI_VECTORS];
    uint32_t slot_count;
    struct abi_slot slots[ABI_SLOTS]; /* by address */
};

static inline struct abi_value abi_value(enum abi_kind kind, unsigned reg, int64_t n)
{
    bool fits = n == (int32_t)n;
    return (struct abi_value){fits ? (int32_t)n : 0, (uint8_t)(fits ? kind : ABI_COMPUTED), (uint8_t)reg, 0};
}

static inline uint64_t abi_bits_of(struct abi_value value)
{
    uint64_t bits;
    _Static_assert(sizeof bits == sizeof value, "a value is one word");
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline bool abi_same(struct abi_value a, struct abi_value b)
{
    return abi_bits_of(a) == abi_bits_of(b);
}

/* Whether to store the register may be to save it: what it holds is not known to be something else. X30 is stored where
 * coroutines are made, too. */
static inline bool abi_may_save(unsigned reg, struct abi_value value)
{
    bool other = (value.kind & ABI_COMPUTED) == ABI_COMPUTED || value.kind == ABI_STACK || value.kind == ABI_NEAR;
    return !other || reg == REGISTER_LR;
}

/* SP modulo 16, or -1 where it is not known. */
static inline int abi_alignment(struct abi_value value)
{
    return value.kind == ABI_STACK || value.kind == ABI_NEAR ? (int)(value.n & 15) : -1;
}

/* The sum of a value and a number. */
static inline struct abi_value abi_moved(struct abi_value value, int64_t by)
{
    if (value.kind == ABI_STACK || value.kind == ABI_CONSTANT)
        return abi_value((enum abi_kind)value.kind, 0, value.n + by);
    if (value.kind == ABI_NEAR)
        return abi_value(ABI_NEAR, 0, (value.n + by) & 15);
    if (by == 0)
        return value;
    if (value.kind == ABI_RELOADED)
        return abi_value(ABI_COMPUTED, 0, 0);
    if (!(value.kind & ~ABI_WAYS))
        return (struct abi_value){0};
    return abi_value(ABI_COMPUTED, 0, 0);
}

void abi_copy(struct abi_state *state, const struct abi_state *from); /* slots in use alone */
void abi_entry(struct abi_state *state);
/* The same on x86-64, where numbers count from RSP before the call: the return address stands at -8, as if it were X30. */
void abi_entry_x86(struct abi_state *state);
/* What is known where nothing but the stack pointer is. */
void abi_forget(struct abi_state *state, struct abi_value sp);
/* Keeps what both say; whether anything was lost. */
bool abi_join(struct abi_state *state, const struct abi_state *other);
/* What the instruction at `address` does. A call keeps what AAPCS64 says it does; the callee's return address is LINK. */
void abi_step(struct abi_state *state, const struct operands *o);
/* The word of the stack at `at`; UNKNOWN where nothing is known. */
struct abi_value abi_slot(const struct abi_state *state, int32_t at);

#endif
