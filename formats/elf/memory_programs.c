/* Does a static program start another from memory? What it starts may be packed in any way, so that nothing of it is seen
 * (structure/not-packed, and the search for whole programs in static_libc.c, see what is not). What starts it is seen:
 * memfd_create() makes a file that has no path, and execveat(), which fexecve() calls, or execve() of /proc/self/fd/N,
 * starts it (man-pages memfd_create(2), execveat(2); asm/unistd_64.h, asm-generic/unistd.h). System calls are found as
 * musl, glibc and compilers make them: a move of the number, and the instruction close behind it; or a move of the
 * number to where the first argument goes, and a call of syscall(), which has the instruction, or of Go's
 * syscall.Syscall(), which comes to it by two more calls. */
#include "formats/elf/marks.h"

enum {
    NEAR_SVC = 8,      /* instructions between the number and the system call */
    NEAR_SYSCALL = 32, /* bytes */
    NEAR_BL = 16,      /* instructions between the number and the call of a function that makes it */
    NEAR_CALL = 64,    /* bytes */
    BODY = 160,        /* bytes of such a function that are looked at */
    GO_CALLS = 2,
};

struct system_call {
    uint32_t amd64, arm64;
};
static const struct system_call memfd_create = {319, 279}, execveat = {322, 281}, execve = {59, 221};

static bool is_syscall(struct view v, size_t at)
{
    return at + 2 <= v.size && v.data[at] == 0x0f && v.data[at + 1] == 0x05;
}

static bool is_svc(struct view v, size_t at)
{
    return at + 4 <= v.size && load_le32(v.data + at) == 0xd4000001;
}

/* Where CALL rel32 or JMP rel32 leads to; SIZE_MAX: it is none. */
static size_t call_amd64(struct view v, size_t at)
{
    if (at + 5 > v.size || (v.data[at] & 0xfe) != 0xe8)
        return SIZE_MAX;
    return at + 5 + (size_t)(int64_t)(int32_t)load_le32(v.data + at + 1);
}

static size_t call_arm64(struct view v, size_t at)
{
    if (at + 4 > v.size || (load_le32(v.data + at) & 0x7c000000) != 0x14000000)
        return SIZE_MAX;
    uint32_t distance = load_le32(v.data + at) & 0x3ffffff;
    return at + (size_t)distance * 4 - (distance >> 25 ? (size_t)1 << 28 : 0);
}

/* How code of one machine is read; at or behind the end of it there is nothing. */
struct machine {
    size_t step, near; /* bytes; near: between the number and a call */
    bool (*is_system_call)(struct view v, size_t at);
    size_t (*call)(struct view v, size_t at);
};
static const struct machine amd64 = {1, NEAR_CALL, is_syscall, call_amd64},
                            arm64 = {4, 4 * NEAR_BL, is_svc, call_arm64};

/* Whether the function at `at` makes a system call, by `calls` more calls at most. */
/* NOLINTNEXTLINE(misc-no-recursion): GO_CALLS bounds it */
static bool comes_to_system_call(struct view v, size_t at, const struct machine *machine, unsigned calls)
{
    for (size_t k = at; k < at + BODY; k += machine->step)
        if (machine->is_system_call(v, k) ||
            (calls && machine->call(v, k) < v.size && comes_to_system_call(v, machine->call(v, k), machine, calls - 1)))
            return true;
    return false;
}

/* Whether a call close behind the number is of such a function. */
static bool hands_on(struct view v, size_t at, const struct machine *machine, bool go)
{
    for (size_t k = at; k < at + machine->near; k += machine->step)
        if (machine->call(v, k) < v.size && comes_to_system_call(v, machine->call(v, k), machine, go ? GO_CALLS : 0))
            return true;
    return false;
}

/* MOV EAX, imm32: b8; MOV RAX, simm32: 48 c7 c0; of EDI and RDI: bf, 48 c7 c7. Go's first argument is in RAX. */
static int64_t find_amd64(struct view v, uint32_t number, bool go)
{
    for (size_t i = 0; i + 5 <= v.size; i++) {
        if (load_le32(v.data + i + 1) != number)
            continue;
        bool wide = i && v.data[i - 1] == 0xc7;
        bool first = v.data[i] == 0xbf || (wide && v.data[i] == 0xc7);
        if (v.data[i] != 0xb8 && (!wide || v.data[i] != 0xc0) && !first)
            continue;
        for (size_t k = i + 5; !first && k < i + 5 + NEAR_SYSCALL; k++)
            if (is_syscall(v, k))
                return (int64_t)i;
        if ((first || go) && hands_on(v, i + 5, &amd64, go))
            return (int64_t)i;
    }
    return -1;
}

/* MOVZ W8 or X8, imm16; SVC #0. Or MOVZ W0 or X0, imm16. */
static int64_t find_arm64(struct view v, uint32_t number, bool go)
{
    for (size_t i = 0; i + 4 <= v.size; i += 4) {
        uint32_t word = load_le32(v.data + i) & 0x7fffffff;
        if (word == (0x52800000 | number << 5) && hands_on(v, i + 4, &arm64, go))
            return (int64_t)i;
        for (size_t k = i + 4; word == (0x52800008 | number << 5) && k <= i + 4 * NEAR_SVC; k += 4)
            if (is_svc(v, k))
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
        int64_t at =
            image->arch == ARCH_AMD64 ? find_amd64(v, call->amd64, image->go) : find_arm64(v, call->arm64, image->go);
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
