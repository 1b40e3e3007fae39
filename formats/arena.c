#include "formats/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Under the address sanitizer, what was not asked for cannot be touched, and a gap follows each piece. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer) && !defined(__SANITIZE_ADDRESS__)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
enum { GAP = 16 };
#define HIDE(at, size) ASAN_POISON_MEMORY_REGION(at, size)
#define SHOW(at, size) ASAN_UNPOISON_MEMORY_REGION(at, size)
#else
enum { GAP = 0 };
#define HIDE(at, size) ((void)(at), (void)(size))
#define SHOW(at, size) ((void)(at), (void)(size))
#endif

/* An arena that has grown to MANY is filled by thousands of records: it takes memory by the huge page, so that not every
 * 4 KiB of them are a page fault. */
enum { BLOCK = 32 * 1024, MANY = 1 << 20, HUGE_BLOCK = 2 << 20, ALIGN = 16 };

struct arena_block {
    struct arena_block *older;
    size_t size;
    _Alignas(ALIGN) char bytes[];
};

_Noreturn void arena_exhausted(struct arena *arena)
{
    if (arena->escape)
        longjmp(*arena->escape, 1);
    abort();
}

static struct arena_block *take_block(const struct arena *arena, size_t *room)
{
    struct arena_block *block = NULL;
#ifdef MADV_HUGEPAGE
    if (arena->held >= MANY && *room <= HUGE_BLOCK - sizeof *block) {
        block = aligned_alloc(HUGE_BLOCK, HUGE_BLOCK);
        if (block) {
            (void)madvise(block, HUGE_BLOCK, MADV_HUGEPAGE); /* only a wish */
            *room = HUGE_BLOCK - sizeof *block;
            return block;
        }
    }
#else
    (void)arena;
#endif
    return *room > SIZE_MAX - sizeof *block ? NULL : malloc(sizeof *block + *room);
}

static void push(struct arena *arena, size_t size)
{
    size_t room = size > BLOCK ? size : BLOCK;
    struct arena_block *block = take_block(arena, &room);
    if (!block)
        arena_exhausted(arena);
    block->older = arena->blocks;
    block->size = room;
    arena->blocks = block;
    arena->next = block->bytes;
    arena->left = room;
    arena->held += room;
    HIDE(arena->next, room);
}

void *arena_room(struct arena *arena, size_t size)
{
    if (size > SIZE_MAX - ALIGN - GAP)
        arena_exhausted(arena);
    size_t rounded = ((size + ALIGN - 1) & ~(size_t)(ALIGN - 1)) + GAP;
    if (rounded > arena->left || !arena->next) /* no bytes have an address, too */
        push(arena, rounded);
    void *memory = arena->next;
    arena->next += rounded;
    arena->left -= rounded;
    SHOW(memory, size);
    return memory;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    return memset(arena_room(arena, size), 0, size);
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
    if (size && count > SIZE_MAX / size)
        arena_exhausted(arena);
    return arena_alloc(arena, count * size);
}

char *arena_copy(struct arena *arena, const void *bytes, size_t size)
{
    if (size == SIZE_MAX)
        arena_exhausted(arena);
    char *copy = arena_room(arena, size + 1);
    if (size)
        memcpy(copy, bytes, size);
    copy[size] = 0;
    return copy;
}

enum { SHORT = 256 };

/* Writes `value` so that it ends before `end`; returns where it begins. */
static char *write_number(char *end, uint64_t value, unsigned base)
{
    do
        *--end = "0123456789abcdef"[value % base];
    while (value /= base);
    return end;
}

/* The conversion at `at`, of those that nearly every text has: its argument's text, of *size bytes,
 * and what follows it. NULL: another conversion, or no text. */
static const char *convert(const char **at, va_list *args, char *end, size_t *size)
{
    const char *format = *at, *text = NULL;
    if (format[0] == 's') {
        text = va_arg(*args, const char *);
        *size = text ? strlen(text) : 0;
        *at += 1;
        return text;
    }
    if (strncmp(format, "llu", 3) == 0) {
        text = write_number(end, va_arg(*args, unsigned long long), 10);
        *at += 3;
    } else if (strncmp(format, "lu", 2) == 0) { /* NOLINT(bugprone-branch-clone): arguments of other types */
        text = write_number(end, va_arg(*args, unsigned long), 10);
        *at += 2;
    } else if (strncmp(format, "zu", 2) == 0) {
        text = write_number(end, va_arg(*args, size_t), 10);
        *at += 2;
    } else if (strncmp(format, "#llx", 4) == 0) {
        unsigned long long value = va_arg(*args, unsigned long long);
        char *begin = write_number(end, value, 16);
        if (value) {
            *--begin = 'x';
            *--begin = '0';
        }
        text = begin;
        *at += 4;
    }
    *size = text ? (size_t)(end - text) : 0;
    return text;
}

/* What vsnprintf writes, without its cost, where it is short and of simple conversions; else -1. */
static int print_short(char *out, const char *format, va_list *args)
{
    size_t used = 0;
    for (const char *at = format; *at;) {
        char number[24];
        const char *from = at;
        at = strchrnul(at, '%');
        size_t size = (size_t)(at - from);
        if (size == 0) {
            at++;
            from = convert(&at, args, number + sizeof number, &size);
        }
        if (!from || size >= SHORT - used)
            return -1;
        memcpy(out + used, from, size);
        used += size;
    }
    out[used] = 0;
    return (int)used;
}

char *arena_vprint(struct arena *arena, const char *format, va_list args)
{
    char small[SHORT];
    va_list again, once;
    if (strcmp(format, "%s") == 0) {
        const char *text = va_arg(args, const char *);
        return arena_copy(arena, text ? text : "(null)", strlen(text ? text : "(null)"));
    }
    va_copy(again, args);
    va_copy(once, args);
    int size = print_short(small, format, &once);
    va_end(once);
    if (size < 0)
        size = vsnprintf(small, sizeof small, format, args);
    if (size < 0)
        size = 0, small[0] = 0;
    char *text = arena_room(arena, (size_t)size + 1);
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
        arena_exhausted(arena);
    void *wider = arena_array(arena, count < 4 ? 4 : count * 2, item_size);
    if (count)
        memcpy(wider, items, count * item_size);
    return wider;
}

bool arena_holds(const struct arena *arena, const void *memory)
{
    for (const struct arena_block *block = arena->blocks; block; block = block->older)
        if ((uintptr_t)memory - (uintptr_t)block->bytes < block->size)
            return true;
    return false;
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
    arena->left = arena->held = keep ? keep->size : 0;
    if (keep) {
        keep->older = NULL;
        HIDE(keep->bytes, keep->size);
    }
}

void arena_free(struct arena *arena)
{
    arena_reset(arena);
    free(arena->blocks);
    *arena = (struct arena){0};
}
