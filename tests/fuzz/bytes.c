#include "tests/fuzz/fuzz.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
enum { SANITIZED = 1 };
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
enum { SANITIZED = 1 };
#else
enum { SANITIZED = 0 };
#endif
#else
enum { SANITIZED = 0 };
#endif

enum { ROOM = 1 << 20, PAGE = 4096 };

/* A copy that ends where memory ends. Longer ones stay where they are. */
static uint8_t *before_the_edge(const uint8_t *data, size_t size)
{
    static uint8_t *room;
    if (!room) {
        room = mmap(NULL, ROOM + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (room == MAP_FAILED || mprotect(room + ROOM, PAGE, PROT_NONE) != 0)
            _exit(2);
    }
    if (SANITIZED || size > ROOM)
        return (uint8_t *)(uintptr_t)data;
    return size ? memcpy(room + ROOM - size, data, size) : room + ROOM;
}

static struct arena kept;

struct arena *case_arena(jmp_buf *escape)
{
    arena_reset(&kept);
    kept.escape = escape;
    return &kept;
}

void with_file(const uint8_t *data, size_t size, void (*use)(struct file *file))
{
    jmp_buf escape;
    static struct file file;
    kept.escape = &escape;
    file = (struct file){.fd = -1, .size = size, .bytes = before_the_edge(data, size), .arena = kept};
    if (setjmp(escape) == 0)
        use(&file);
    kept = file.arena;
    arena_reset(&kept);
}
