/* Linked into an assay of the tests' own with ld's --wrap: each piece of an arena may be the one that there is no memory
 * for, and not only the first of a block of 32 KiB. Without memory.c in front of the C library, nothing ever fails. */
#include <stdarg.h>
#include <stdint.h>

#include "formats/arena.h"

__attribute__((weak)) bool nth_fails(const char *name, const void *caller);

void *__real_arena_alloc(struct arena *arena, size_t size);
void *__real_arena_room(struct arena *arena, size_t size);
void *__real_arena_array(struct arena *arena, size_t count, size_t size);
char *__real_arena_copy(struct arena *arena, const void *bytes, size_t size);
char *__real_arena_vprint(struct arena *arena, const char *format, va_list args);
void *__real_arena_grow(struct arena *arena, void *items, size_t count, size_t item_size);

void *__wrap_arena_alloc(struct arena *arena, size_t size);
void *__wrap_arena_room(struct arena *arena, size_t size);
void *__wrap_arena_array(struct arena *arena, size_t count, size_t size);
char *__wrap_arena_copy(struct arena *arena, const void *bytes, size_t size);
char *__wrap_arena_print(struct arena *arena, const char *format, ...) PRINTF_LIKE(2, 3);
char *__wrap_arena_vprint(struct arena *arena, const char *format, va_list args);
void *__wrap_arena_grow(struct arena *arena, void *items, size_t count, size_t item_size);

static void ask(struct arena *arena, const char *name, const void *caller)
{
    if (nth_fails && nth_fails(name, caller))
        (void)__real_arena_room(arena, SIZE_MAX); /* more than there is: the arena says so in its own way */
}

#define ASK() ask(arena, __func__, __builtin_return_address(0))

void *__wrap_arena_alloc(struct arena *arena, size_t size)
{
    ASK();
    return __real_arena_alloc(arena, size);
}

void *__wrap_arena_room(struct arena *arena, size_t size)
{
    ASK();
    return __real_arena_room(arena, size);
}

void *__wrap_arena_array(struct arena *arena, size_t count, size_t size)
{
    ASK();
    return __real_arena_array(arena, count, size);
}

char *__wrap_arena_copy(struct arena *arena, const void *bytes, size_t size)
{
    ASK();
    return __real_arena_copy(arena, bytes, size);
}

char *__wrap_arena_vprint(struct arena *arena, const char *format, va_list args)
{
    ASK();
    return __real_arena_vprint(arena, format, args);
}

char *__wrap_arena_print(struct arena *arena, const char *format, ...)
{
    va_list args;
    ASK();
    va_start(args, format);
    char *text = __real_arena_vprint(arena, format, args);
    va_end(args);
    return text;
}

void *__wrap_arena_grow(struct arena *arena, void *items, size_t count, size_t item_size)
{
    if (count == 0 || (count >= 4 && (count & (count - 1)) == 0)) /* else nothing is asked for */
        ASK();
    return __real_arena_grow(arena, items, count, item_size);
}
