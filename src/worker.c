/* The worker's side. A request is one datagram: for each file a word (1: found in a tree,
 * 2: a stream) and its path with a NUL, with the descriptors beside it. The answer to a
 * file is the size of a packed record and the record. Answers are sent together, since
 * each one sent alone would wake the parent; `begun` tells it where a worker died. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "src/budget.h"
#include "src/patient.h"
#include "src/wire.h"
#include "src/workers.h"

enum { ENOUGH = 1 << 16 /* bytes of answers that are worth a write */ };

struct desk {
    const struct wire *wire;
    const struct audit_options *options;
    char *text; /* the datagram */
    struct arena arena;
    struct bytes out; /* answers that are not sent yet */
    struct record_memory memory;
};

static bool send_answers(struct desk *desk)
{
    const uint8_t *at = desk->out.data;
    size_t left = desk->out.size;
    while (left) {
        ssize_t sent = patient_write(JAIL_ANSWERS, at, left);
        if (sent <= 0)
            return false;
        at += sent;
        left -= (size_t)sent;
    }
    desk->out.size = 0;
    return true;
}

static bool answer(struct desk *desk, const char *path, int fd, unsigned flags)
{
    const size_t start = desk->out.size;
    jmp_buf escape;
    volatile bool good = false;
    desk->arena.escape = &escape;
    ++*desk->wire->begun;
    if (setjmp(escape) == 0) {
        const struct record *record = flags & WIRE_STREAM
                                          ? audit_stream(&desk->arena, path, fd, desk->options)
                                          : audit_fd(&desk->arena, path, fd, flags & WIRE_TREE, desk->options);
        struct record told = *record;
        uint64_t size = 0;
        told.path = ""; /* the parent knows which it asked for */
        if (bytes_add(&desk->out, &size, sizeof size) &&
            record_pack_next(&told, &desk->arena, &desk->memory, &desk->out)) {
            size = desk->out.size - start - sizeof size;
            memcpy(desk->out.data + start, &size, sizeof size);
            good = true;
        }
    }
    arena_reset(&desk->arena);
    if (!good)
        _exit(WORKER_NO_MEMORY);
    return desk->out.size < ENOUGH || send_answers(desk);
}

/* The descriptors that came with a datagram. */
static size_t take_descriptors(struct msghdr *message, int *fds)
{
    size_t count = 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        size_t size = c->cmsg_len - CMSG_LEN(0);
        memcpy(fds + count, CMSG_DATA(c), size);
        count += size / sizeof(int);
    }
    return count;
}

static bool serve(struct desk *desk)
{
    union {
        struct cmsghdr align;
        char room[CMSG_SPACE(WIRE_FILES * sizeof(int))];
    } control;
    struct iovec part = {desk->text, WIRE_SIZE};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    int fds[WIRE_FILES];
    ssize_t size;
    do
        size = recvmsg(JAIL_REQUESTS, &message, MSG_CMSG_CLOEXEC);
    while (size < 0 && errno == EINTR);
    if (size <= 0 || message.msg_flags & MSG_CTRUNC) /* files without descriptors could never be answered */
        return false;
    size_t count = take_descriptors(&message, fds), at = 0;
    for (size_t i = 0; i < count; i++) {
        const char *path = desk->text + at + 1;
        if (!answer(desk, path, fds[i], (unsigned char)desk->text[at]))
            return false;
        at += strlen(path) + 2;
    }
    return count > 0 && send_answers(desk);
}

/* Into the jail, and tells the parent how much of one there is. */
static bool enter(struct desk *desk)
{
    const struct wire *wire = desk->wire;
    struct hello hello = {0};
    if (!jail_prepare(wire->parent, wire->requests, wire->answers))
        return false;
    if (wire->wish != SANDBOX_OFF)
        hello.layers = jail_enter(JAIL_ALL, budget_memory(desk->options->file.max_size), &hello.base);
    return bytes_add(&desk->out, &hello, sizeof hello) && send_answers(desk) &&
           (wire->wish != SANDBOX_REQUIRE || hello.layers == JAIL_ALL);
}

_Noreturn void worker_main(const struct wire *wire, const struct audit_options *options)
{
    struct desk desk = {.wire = wire, .options = options, .text = malloc(WIRE_SIZE)};
    bool inside = desk.text && enter(&desk);
    while (inside && serve(&desk))
        continue;
    _exit(desk.text ? 0 : WORKER_NO_MEMORY);
}
