/* In front of the C library (nth.h): one of the calls that a program asks the kernel for something by fails, is
 * interrupted, or gives less than was asked for. strace(1) could not do this to a worker: the filter of its jail sees a
 * call that was taken away as one that it does not know. What the C library calls on its own behalf is left alone. */
#include "tests/faults/nth.h"

#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

enum { FAILS = 1U << WAY_FAILS | 1U << WAY_ALL_FAIL };

struct errors {
    int usual, other; /* other 0: there is none */
    bool interrupted, shortened;
};

/* Whether the call ends here, with an error; *size is less afterwards where it is to end short. */
static bool ends(const char *name, struct errors errors, size_t *size, const void *caller)
{
    unsigned ways = FAILS | (errors.other ? 1U << WAY_OTHERWISE : 0) |
                    (errors.interrupted ? 1U << WAY_INTERRUPTED : 0) |
                    (errors.shortened && *size > 1 ? 1U << WAY_SHORT : 0);
    switch (nth_way(name, ways, caller)) {
    case WAY_FAILS:
    case WAY_ALL_FAIL:
        errno = errors.usual;
        return true;
    case WAY_OTHERWISE:
        errno = errors.other;
        return true;
    case WAY_INTERRUPTED:
        errno = EINTR;
        return true;
    case WAY_SHORT:
        *size = (*size + 1) / 2;
        return false;
    case WAY_AS_EVER:
        break;
    }
    return false;
}

#define INTERRUPTED .interrupted = true
#define SHORT       .shortened = true

/* A call with its parameters and arguments, what it returns where it fails, and its errors. */
#define CALL(type, name, parameters, arguments, failure, ...)                                                          \
    SHOWN type name parameters                                                                                         \
    {                                                                                                                  \
        static type(*real) parameters;                                                                                 \
        size_t none = 0;                                                                                               \
        if (!real)                                                                                                     \
            *(void **)&real = nth_find(#name);                                                                         \
        return ends(#name, (struct errors){.usual = __VA_ARGS__}, &none, __builtin_return_address(0))                  \
                   ? failure                                                                                           \
                   : real arguments;                                                                                   \
    }
/* The same with a parameter `size` that may be less. */
#define SIZED_CALL(type, name, parameters, arguments, ...)                                                             \
    SHOWN type name parameters                                                                                         \
    {                                                                                                                  \
        static type(*real) parameters;                                                                                 \
        if (!real)                                                                                                     \
            *(void **)&real = nth_find(#name);                                                                         \
        return ends(#name, (struct errors){.usual = __VA_ARGS__}, &size, __builtin_return_address(0))                  \
                   ? -1                                                                                                \
                   : real arguments;                                                                                   \
    }

SIZED_CALL(ssize_t, read, (int fd, void *to, size_t size), (fd, to, size), EIO, INTERRUPTED, SHORT)
SIZED_CALL(ssize_t, pread, (int fd, void *to, size_t size, off_t at), (fd, to, size, at), EIO, INTERRUPTED, SHORT)
SIZED_CALL(ssize_t, write, (int fd, const void *from, size_t size), (fd, from, size), ENOSPC, EPIPE, INTERRUPTED, SHORT)

CALL(int, fstat, (int fd, struct stat *s), (fd, s), -1, EIO, ENOMEM)
CALL(int, stat, (const char *path, struct stat *s), (path, s), -1, EACCES, ENOMEM)
CALL(int, lstat, (const char *path, struct stat *s), (path, s), -1, EACCES, ENOMEM)
CALL(int, fstatat, (int fd, const char *path, struct stat *s, int flags), (fd, path, s, flags), -1, EACCES, ENOMEM)
CALL(int, dup2, (int from, int to), (from, to), -1, EMFILE, EBUSY)
CALL(int, socketpair, (int domain, int kind, int protocol, int fds[2]), (domain, kind, protocol, fds), -1, EMFILE,
     ENOBUFS)
CALL(int, pipe2, (int fds[2], int flags), (fds, flags), -1, EMFILE, ENFILE)
CALL(pid_t, fork, (void), (), -1, EAGAIN, ENOMEM)
CALL(pid_t, waitpid, (pid_t pid, int *status, int options), (pid, status, options), -1, ECHILD, INTERRUPTED)
CALL(int, poll, (struct pollfd * polls, nfds_t count, int time), (polls, count, time), -1, ENOMEM, INTERRUPTED)
CALL(ssize_t, recvmsg, (int fd, struct msghdr *m, int flags), (fd, m, flags), -1, ECONNRESET, ENOMEM, INTERRUPTED)
CALL(ssize_t, sendmsg, (int fd, const struct msghdr *m, int flags), (fd, m, flags), -1, ENOBUFS, EPIPE, INTERRUPTED)
#ifdef __GLIBC__ /* which has a type of its own for what is limited */
CALL(int, getrlimit, (__rlimit_resource_t what, struct rlimit *limit), (what, limit), -1, EINVAL)
CALL(int, setrlimit, (__rlimit_resource_t what, const struct rlimit *limit), (what, limit), -1, EPERM)
CALL(int, prlimit, (pid_t pid, enum __rlimit_resource what, const struct rlimit *wanted, struct rlimit *had),
     (pid, what, wanted, had), -1, EPERM, ESRCH)
#endif
CALL(int, munmap, (void *at, size_t size), (at, size), -1, EINVAL)
CALL(int, madvise, (void *at, size_t size, int advice), (at, size, advice), -1, EINVAL)
CALL(int, fsync, (int fd), (fd), -1, EIO, ENOSPC)
CALL(int, fchmod, (int fd, mode_t mode), (fd, mode), -1, EPERM)
CALL(int, ftruncate, (int fd, off_t size), (fd, size), -1, EIO)
CALL(off_t, lseek, (int fd, off_t to, int whence), (fd, to, whence), -1, ESPIPE)
CALL(int, rename, (const char *from, const char *to), (from, to), -1, EACCES, ENOSPC)
CALL(int, unlink, (const char *path), (path), -1, EACCES, EIO)
CALL(int, mkostemp, (char *name, int flags), (name, flags), -1, EACCES, EMFILE)
CALL(char *, realpath, (const char *path, char *place), (path, place), NULL, EACCES, ENOMEM)
CALL(char *, getcwd, (char *place, size_t room), (place, room), NULL, ENOENT, EACCES)
CALL(DIR *, fdopendir, (int fd), (fd), NULL, ENOMEM)
CALL(struct dirent *, readdir, (DIR * folder), (folder), NULL, EIO, ENOENT)
CALL(int, isatty, (int fd), (fd), 0, ENOTTY)
CALL(int, clock_gettime, (clockid_t clock, struct timespec *now), (clock, now), -1, EINVAL)

/* A descriptor is closed, whatever close() says (close(2)). */
SHOWN int close(int fd)
{
    static int (*real)(int);
    size_t none = 0;
    if (!real)
        *(void **)&real = nth_find("close");
    int status = real(fd);
    return ends("close", (struct errors){.usual = EIO, EINTR}, &none, __builtin_return_address(0)) ? -1 : status;
}

SHOWN int open(const char *path, int flags, ...)
{
    static int (*real)(const char *, int, ...);
    size_t none = 0;
    va_list args;
    va_start(args, flags);
    int mode = va_arg(args, int); /* not there for most flags, and then not looked at */
    va_end(args);
    if (!real)
        *(void **)&real = nth_find("open");
    return ends("open", (struct errors){.usual = EMFILE, EACCES, INTERRUPTED}, &none, __builtin_return_address(0))
               ? -1
               : real(path, flags, mode);
}

/* Some calls with as many arguments as they have, of which none is larger than a long. */
#define LOOSE_CALL(type, name, first, ...)                                                                             \
    SHOWN type name(first one, ...)                                                                                    \
    {                                                                                                                  \
        static type (*real)(first, ...);                                                                               \
        size_t none = 0;                                                                                               \
        long more[5];                                                                                                  \
        va_list args;                                                                                                  \
        va_start(args, one);                                                                                           \
        for (unsigned i = 0; i < 5; i++)                                                                               \
            more[i] = va_arg(args, long);                                                                              \
        va_end(args);                                                                                                  \
        if (!real)                                                                                                     \
            *(void **)&real = nth_find(#name);                                                                         \
        return ends(#name, (struct errors){.usual = __VA_ARGS__}, &none, __builtin_return_address(0))                  \
                   ? -1                                                                                                \
                   : real(one, more[0], more[1], more[2], more[3], more[4]);                                           \
    }

LOOSE_CALL(int, prctl, int, EINVAL, EPERM)
LOOSE_CALL(long, syscall, long, ENOSYS, EPERM)

SHOWN int fcntl(int fd, int command, ...)
{
    static int (*real)(int, int, ...);
    size_t none = 0;
    va_list args;
    va_start(args, command);
    long argument = va_arg(args, long);
    va_end(args);
    if (!real)
        *(void **)&real = nth_find("fcntl");
    return ends("fcntl", (struct errors){.usual = EMFILE, EINVAL}, &none, __builtin_return_address(0))
               ? -1
               : real(fd, command, argument);
}

__attribute__((constructor)) static void begin(void)
{
    void *(*map)(void *, size_t, int, int, int, off_t);
    int (*open_file)(const char *, int, ...);
    *(void **)&map = nth_find("mmap");
    *(void **)&open_file = nth_find("open");
    nth_begin(map, open_file);
}
