/* In front of the C library (nth.h): one allocation fails. */
#include "tests/faults/nth.h"

#include <sys/mman.h>

static struct {
    void *(*malloc)(size_t);
    void *(*calloc)(size_t, size_t);
    void *(*realloc)(void *, size_t);
    void *(*aligned_alloc)(size_t, size_t);
    int (*posix_memalign)(void **, size_t, size_t);
    void *(*mmap)(void *, size_t, int, int, int, off_t);
    void (*free)(void *);
    bool looking;
    size_t lent;
    _Alignas(16) char room[4096]; /* what dlsym() asks for while it looks for these */
} real;

static void look(void)
{
    if (real.free || real.looking)
        return;
    real.looking = true;
    *(void **)&real.malloc = nth_find("malloc");
    *(void **)&real.calloc = nth_find("calloc");
    *(void **)&real.realloc = nth_find("realloc");
    *(void **)&real.aligned_alloc = nth_find("aligned_alloc");
    *(void **)&real.posix_memalign = nth_find("posix_memalign");
    *(void **)&real.mmap = nth_find("mmap");
    *(void **)&real.free = nth_find("free");
    real.looking = false;
}

static void *lend(size_t size)
{
    size_t rounded = (size + 15) & ~(size_t)15;
    if (rounded > sizeof real.room - real.lent)
        abort();
    real.lent += rounded;
    return real.room + real.lent - rounded;
}

static bool is_lent(const void *memory)
{
    return (uintptr_t)memory - (uintptr_t)real.room < sizeof real.room;
}

static bool fails(const char *name, const void *caller)
{
    if (nth_way(name, 1U << WAY_FAILS | 1U << WAY_ALL_FAIL, caller) == WAY_AS_EVER)
        return false;
    errno = ENOMEM;
    return true;
}

/* What a program that was linked with wrap.c asks as well, for each piece of an arena. */
SHOWN bool nth_fails(const char *name, const void *caller);

bool nth_fails(const char *name, const void *caller)
{
    return fails(name, caller);
}

#define FAILS() fails(__func__, __builtin_return_address(0))

SHOWN void *malloc(size_t size)
{
    look();
    return real.looking ? lend(size) : FAILS() ? NULL : real.malloc(size);
}

SHOWN void *calloc(size_t count, size_t size)
{
    look();
    return real.looking ? lend(count * size) : FAILS() ? NULL : real.calloc(count, size);
}

SHOWN void *realloc(void *memory, size_t size)
{
    look();
    if (is_lent(memory) || real.looking)
        abort();
    return FAILS() ? NULL : real.realloc(memory, size);
}

SHOWN void *aligned_alloc(size_t align, size_t size)
{
    look();
    return FAILS() ? NULL : real.aligned_alloc(align, size);
}

SHOWN int posix_memalign(void **memory, size_t align, size_t size)
{
    look();
    return FAILS() ? ENOMEM : real.posix_memalign(memory, align, size);
}

SHOWN void *mmap(void *at, size_t size, int access, int flags, int fd, off_t offset)
{
    look();
    return FAILS() ? MAP_FAILED : real.mmap(at, size, access, flags, fd, offset);
}

SHOWN void free(void *memory)
{
    look();
    if (!is_lent(memory))
        real.free(memory);
}

__attribute__((constructor)) static void begin(void)
{
    look();
    nth_begin(real.mmap, open);
}
