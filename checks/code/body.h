/* One function taken apart: its basic blocks, found by following control flow from its start, and the sites in them
 * that matter to its callers' question "what does this ask of the processor?". */
#ifndef ASSAY_CHECKS_CODE_BODY_H
#define ASSAY_CHECKS_CODE_BODY_H

#include "checks/code/marks.h"
#include "checks/code/reach.h"
#include "checks/code/step.h"

enum site_kind { SITE_NONE, SITE_CALL, SITE_TAIL, SITE_REFERENCE, SITE_CHOICE, SITE_FEATURE, SITE_STORE };

struct site {
    uint64_t address;    /* of the instruction */
    uint64_t target;     /* CALL, TAIL: where to; REFERENCE, CHOICE: the address formed; STORE: the global variable */
    struct value stored; /* STORE: that; CHOICE: the bits that chose */
    uint32_t block;
    uint8_t kind, class;
    uint8_t size; /* STORE: bytes; REFERENCE: 1 where the one word that stands there is used, 0: all that does */
};

enum block_exit { EXIT_ON, EXIT_RETURN, EXIT_TAIL, EXIT_INDIRECT, EXIT_STOP };
static const uint32_t NO_BLOCK = 0xffffffff;

struct block {
    uint64_t start;
    uint32_t size; /* bytes; 0: stands for a jump out of the function */
    uint32_t next[2];
    uint8_t meaning[2]; /* enum meaning: of taking that edge */
    struct value guard; /* what was tested */
    uint32_t first_site, site_count;
    uint8_t exit; /* enum block_exit */
    uint8_t visits;
    uint8_t reach;  /* enum reach */
    uint8_t guards; /* GUARDED: what the guards on the way have answered for */
    bool loose;     /* found by sweeping what no branch leads to */
    bool head;      /* of that: where the sweep came upon it */
    bool entered;   /* by a jump from outside */
    bool returns;   /* a return can be reached from here */
    bool calls;     /* through a pointer */
    bool gives;     /* the register of results holds a number other than zero at its end */
    uint64_t until; /* the first call that may end the program; UINT64_MAX: there is none */
};

struct callee {                                        /* what is known of a function that is called */
    bool never_returns, may_end, asks_cpu, knows_auxv; /* may_end: the program */
    struct value result;                               /* bits that it returns in the first register */
    uint16_t results; /* registers, of the first 16, that hold bits of the processor when it returns */
    uint32_t kept;    /* registers that it gives back as they were, whatever conventions say; of Go, on arm64 */
};

struct body {
    /* given */
    const struct map *map;
    bool (*step)(const struct map *map, uint64_t address, const uint8_t *at, size_t n, struct state *state,
                 struct step *step);
    unsigned unit;               /* bytes: the alignment of instructions */
    const struct marks *entries; /* where others jump into the midst of functions */
    const struct marks *labels;  /* where tables of jumps may lead to; NULL: not known */
    struct callee (*callee)(void *context, uint64_t target);
    bool (*strong)(void *context, struct value value);     /* the bits surely say what the processor can do */
    uint64_t (*answer)(void *context, struct value value); /* which bit they are, see guards.h */
    struct guards *guards;
    void *context;
    const bool *noted; /* by class: a feature of the processor, to be made a site */
    uint64_t fuel;     /* for what is done to instructions, over all functions */
    bool split_stack;  /* of Go: functions begin by asking for more stack */
    bool is_main;      /* the program ends with what the function returns: not well, if that is not zero */
    bool knows_auxv;   /* the function tells the entries of an auxiliary vector apart: those of AT_HWCAP matter */
    /* of the function that was built last */
    uint64_t start, end;
    size_t more; /* bytes after `end` that its last instruction may reach into */
    size_t block_count, site_count;
    struct block *blocks; /* the first is the entry */
    struct site *sites;
    uint64_t understood; /* bytes */
    uint64_t broken;     /* undefined encodings that were reached by branches */
    bool has_indirect, never_returns;
    bool asked;          /* the kernel, for AT_HWCAP or AT_HWCAP2 */
    uint64_t after_main; /* a function that never returns, called behind a call through a pointer; 0: none */
    struct value result; /* of the first return that gives bits */
    uint16_t results;
    /* its own */
    size_t block_room, site_room, state_room, unit_room;
    struct state *states;
    uint32_t *owner; /* by unit: the block an instruction begins in, plus one */
    uint8_t *length;
    size_t *queue, queue_count, queue_room;
    bool failed;  /* no memory */
    bool tangled; /* the fuel was not enough, or a function is too large: not all was found */
};

/* Builds the function in [start, end), whose last instruction may reach `more` bytes further. `resolver`: it is called with
 * the processor's abilities in its first argument. False: no memory. */
bool body_build(struct body *body, uint64_t start, uint64_t end, size_t more, bool resolver) MUST_CHECK;
/* Sets `reach` of every block, for an entry that is always reached. False: no memory. */
bool body_reach(struct body *body) MUST_CHECK;
/* Raises to REACH_ALWAYS the blocks that every path from the entry takes, of which `reach` is known. False: no memory. */
bool body_always(struct body *body) MUST_CHECK;
/* Whether a return can be reached from each block, and so from the entry. False: no memory. */
bool body_returns(struct body *body) MUST_CHECK;
bool body_enqueue(struct body *body, uint32_t block);
/* Whether there is fuel for so much more; `tangled` is set where there is none. */
bool body_burn(struct body *body, uint64_t amount);
void body_free(struct body *body);

#endif
