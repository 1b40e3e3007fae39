/* The words in which a listing tells what a walk knows. Parts of abi_listing.c and abi_tell.c; nothing else includes this. */
#ifndef ASSAY_CHECKS_CODE_ABI_TELL_H
#define ASSAY_CHECKS_CODE_ABI_TELL_H

#include "checks/code/abi_verdict.h"
#include "checks/code/abi_work.h"
#include "checks/code/listing.h"

enum { TRACED_NOT, TRACED, TRACED_LOOSELY };
struct traced { /* an instruction */
    uint32_t at;
    uint8_t length, followed;
    struct abi_state before, after;
};

/* What is known at the first instruction of a function. */
void abi_entry_of(const struct image *image, struct abi_state *state);
/* In what the two differ, of the registers that calling conventions speak of and of the stack; how many. */
size_t abi_changes(const struct image *image, struct arena *arena, const struct abi_state *from,
                   const struct abi_state *to, struct listing_change **changes);
const char *abi_profile_reason(const struct image *image, const struct abi_function *function);
/* What of the convention is judged in the function walked last. */
const char *abi_judged(const struct abi_walk *walk, const struct abi_function *function);
/* "abi/stack-alignment"; NULL: a matter of no rule of the family. */
const char *abi_rule_of(enum abi_breach breach);

#endif
