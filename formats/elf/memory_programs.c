/* Does a static program start another from memory? What it starts may be packed in any way, so that nothing of it is seen
 * (structure/not-packed, and the search for whole programs in static_libc.c, see what is not). What starts it is seen:
 * memfd_create() makes a file that has no path, and execveat(), which fexecve() calls, or execve() of /proc/self/fd/N,
 * starts it (man-pages memfd_create(2), execveat(2); asm/unistd_64.h, asm-generic/unistd.h). System calls are found as
 * musl, glibc and compilers make them: a move of the number, and the instruction close behind it. */
#include "formats/elf/marks.h"

enum { NEAR_SVC = 8, NEAR_SYSCALL = 32 }; /* instructions and bytes between the number and the call */

struct system_call {
    uint32_t amd64, arm64;
};
static const struct system_call memfd_create = {319, 279}, execveat = {322, 281}, execve = {59, 221};

/* MOV EAX, imm32: b8; SYSCALL: 0f 05. */
static int64_t find_amd64(struct view v, uint32_t number)
{
    for (size_t i = 0; i + 5 + 2 <= v.size; i++) {
        if (v.data[i] != 0xb8 || load_le32(v.data + i + 1) != number)
            continue;
        for (size_t k = i + 5; k < i + 5 + NEAR_SYSCALL && k + 2 <= v.size; k++)
            if (v.data[k] == 0x0f && v.data[k + 1] == 0x05)
                return (int64_t)i;
    }
    return -1;
}

/* MOVZ W8 or X8, imm16; SVC #0. */
static int64_t find_arm64(struct view v, uint32_t number)
{
    for (size_t i = 0; i + 8 <= v.size; i += 4) {
        if ((load_le32(v.data + i) & 0x7fffffff) != (0x52800008 | number << 5))
            continue;
        for (size_t k = i + 4; k <= i + 4 * NEAR_SVC && k + 4 <= v.size; k += 4)
            if (load_le32(v.data + k) == 0xd4000001)
                return (int64_t)i;
    }
    return -1;
}

static bool calls(const struct image *image, const struct system_call *call, uint64_t *where)
{
    struct view v;
    uint64_t left = image->size; /* segments that name the same bytes again and again are not followed */
    for (size_t i = 0; i < image->segments.count; i++) {
        const struct segment *s = &image->segments.items[i];
        if (!(s->access & ACCESS_EXECUTE) || s->file_size > left ||
            !file_view(image->file, s->offset, s->file_size, &v))
            continue;
        left -= s->file_size;
        int64_t at = image->arch == ARCH_AMD64 ? find_amd64(v, call->amd64) : find_arm64(v, call->arm64);
        if (at >= 0) {
            *where = s->offset + (uint64_t)at;
            return true;
        }
    }
    return false;
}

bool starts_from_memory(const struct image *image, bool names_descriptors, uint64_t *where)
{
    uint64_t start = 0;
    return calls(image, &memfd_create, where) &&
           (calls(image, &execveat, &start) || (names_descriptors && calls(image, &execve, &start)));
}
