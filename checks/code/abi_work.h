/* What is known of a program as a whole before its functions are followed. Parts of abi.c, abi_find.c, abi_find_x86.c and
 * abi_listing.c; nothing else includes this. */
#ifndef ASSAY_CHECKS_CODE_ABI_WORK_H
#define ASSAY_CHECKS_CODE_ABI_WORK_H

#include "checks/code/abi_walk.h"
#include "checks/code/ground.h"

struct abi_work {
    const struct image *image;
    struct map map;
    struct starts starts;
    struct abi_bits called, led_to, taken, pointed, fragments, endless,
        branched; /* by calls; by any branch; by pointers, and by those in data; branched: by all but calls, of arm64 */
    const struct marks *begins; /* as abi_study() is given them */
    struct code_range go;       /* from the first to the last function that pclntab names, of a Go program */
    size_t hint;                /* of the range of code that the function before was in */
};

/* Whether the code is further apart than any linker would have it. */
bool abi_is_scattered(const struct map *map);
/* Nothing is found yet; the functions are those of the tables. */
struct abi_work abi_work_on(const struct ground *ground);
/* Functions, and who leads to them. */
void abi_find(struct abi_work *work);
/* Parts of it: a set for all code, nothing in it. Functions that pointers in data lead to. */
void abi_bits_make(struct abi_bits *bits, struct arena *arena, enum arch arch, const struct map *map);
void abi_find_pointers(struct abi_work *work);
/* The function that begins with starts.items[i]; the next one is cheapest. */
struct abi_function abi_function_of(struct abi_work *work, size_t i);
/* A walk over functions of this program. */
struct abi_walk abi_walk_of(const struct abi_work *work);
/* Which functions are parts of others, and which never return. Of arm64 alone. */
void abi_note_parts(struct abi_work *work);
/* Whether a call to `at` goes to a function of another program that never returns. Of arm64 alone. */
bool abi_is_endless_stub(const struct map *map, uint64_t at);
/* For abi.c: a hit that is told. */
void abi_keep(struct abi_study *study, struct abi_hits *hits, const struct abi_hit *hit, size_t most);
/* The study of a program for amd64. False: no memory. */
bool abi_study_x86(struct abi_work *work, size_t most, struct abi_study *study) MUST_CHECK;
/* Targets of branches, and addresses that instructions form. */
void abi_sweep_x86(struct abi_work *work, uint64_t address, const uint8_t *bytes, uint64_t size);

#endif
