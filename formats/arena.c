#include "formats/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 32 * 1024, ALIGN = 16 };

struct arena_block {
    struct arena_block *older;
    size_t size;
    _Alignas(ALIGN) char bytes[];
};

static _Noreturn void exhausted(struct arena *arena)
{
    if (arena->escape)
        longjmp(*arena->escape, 1);
    abort();
}

static void push(struct arena *arena, size_t size)
{
    size_t room = size > BLOCK ? size : BLOCK;
    struct arena_block *block = room > SIZE_MAX - sizeof *block ? NULL : malloc(sizeof *block + room);
    if (!block)
        exhausted(arena);
    block->older = arena->blocks;
    block->size = room;
    arena->blocks = block;
    arena->next = block->bytes;
    arena->left = room;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    if (size > SIZE_MAX - ALIGN)
        exhausted(arena);
    size_t rounded = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    if (rounded > arena->left || !arena->next) /* no bytes have an address, too */
        push(arena, rounded);
    void *memory = arena->next;
    arena->next += rounded;
    arena->left -= rounded;
    return memset(memory, 0, size);
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
    if (size && count > SIZE_MAX / size)
        exhausted(arena);
    return arena_alloc(arena, count * size);
}

char *arena_copy(struct arena *arena, const void *bytes, size_t size)
{
    if (size == SIZE_MAX)
        exhausted(arena);
    char *copy = arena_alloc(arena, size + 1);
    if (size)
        memcpy(copy, bytes, size);
    return copy;
}

char *arena_vprint(struct arena *arena, const char *format, va_list args)
{
    char small[256];
    if (!strchr(format, '%'))
        return arena_copy(arena, format, strlen(format));
    va_list again;
    va_copy(again, args);
    int size = vsnprintf(small, sizeof small, format, args);
    if (size < 0)
        size = 0, small[0] = 0;
    char *text = arena_alloc(arena, (size_t)size + 1);
    if ((size_t)size < sizeof small)
        memcpy(text, small, (size_t)size + 1);
    else
        vsnprintf(text, (size_t)size + 1, format, again);
    va_end(again);
    return text;
}

char *arena_print(struct arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = arena_vprint(arena, format, args);
    va_end(args);
    return text;
}

void *arena_grow(struct arena *arena, void *items, size_t count, size_t item_size)
{
    if (count != 0 && (count < 4 || (count & (count - 1)) != 0))
        return items; /* room is 4, 8, 16, … items */
    if (count > SIZE_MAX / 2)
        exhausted(arena);
    void *wider = arena_array(arena, count < 4 ? 4 : count * 2, item_size);
    if (count)
        memcpy(wider, items, count * item_size);
    return wider;
}

void arena_reset(struct arena *arena)
{
    struct arena_block *keep = NULL;
    for (struct arena_block *block = arena->blocks, *older; block; block = older) {
        older = block->older;
        if (!keep && block->size == BLOCK)
            keep = block;
        else
            free(block);
    }
    arena->blocks = keep;
    arena->next = keep ? keep->bytes : NULL;
    arena->left = keep ? keep->size : 0;
    if (keep)
        keep->older = NULL;
}

void arena_free(struct arena *arena)
{
    arena_reset(arena);
    free(arena->blocks);
    *arena = (struct arena){0};
}
