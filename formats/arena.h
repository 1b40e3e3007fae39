/* One arena a file: everything a reader, a rule or a record allocates for that
 * file comes from it and dies with it. `arena_alloc` never returns NULL: where
 * memory runs out it jumps to `escape`, which whoever owns the arena has set
 * (file audits: audit.c), so no caller can forget the case. */
#ifndef ASSAY_FORMATS_ARENA_H
#define ASSAY_FORMATS_ARENA_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include "formats/status.h"

struct arena_block;

struct arena {
    struct arena_block *blocks;
    char *next;
    size_t left;
    size_t held;     /* bytes of all blocks */
    jmp_buf *escape; /* where an exhausted arena jumps; NULL: abort() */
};

/* Zeroed memory, aligned for any type, alive until arena_reset or arena_free. */
void *arena_alloc(struct arena *arena, size_t size) __attribute__((malloc, returns_nonnull));
/* The same, not zeroed: for what is written before it is read. */
void *arena_room(struct arena *arena, size_t size) __attribute__((malloc, returns_nonnull));
/* Zeroed memory for `count` items; a product that overflows counts as exhausted memory. */
void *arena_array(struct arena *arena, size_t count, size_t size) __attribute__((returns_nonnull));
char *arena_copy(struct arena *arena, const void *bytes, size_t size) __attribute__((returns_nonnull)); /* adds a NUL */
char *arena_print(struct arena *arena, const char *format, ...) PRINTF_LIKE(2, 3) __attribute__((returns_nonnull));
char *arena_vprint(struct arena *arena, const char *format, va_list args) __attribute__((returns_nonnull));

/* For those who need memory that is not the arena's, and got none: ends as an allocation that fails. */
_Noreturn void arena_exhausted(struct arena *arena);

/* Whether memory is of this arena. */
bool arena_holds(const struct arena *arena, const void *memory);

/* Forgets everything allocated and keeps one block for reuse. */
void arena_reset(struct arena *arena);
void arena_free(struct arena *arena);

/* Room for one more item in a list that is grown by doubling: the items, moved if needed. */
void *arena_grow(struct arena *arena, void *items, size_t count, size_t item_size);

#endif
