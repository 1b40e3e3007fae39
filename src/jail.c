#include "src/jail.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "src/patient.h"
#include "src/wire.h"

/* Closes every descriptor from `first` on. */
static bool close_from(unsigned first)
{
    struct rlimit limit;
#ifdef SYS_close_range
    if (syscall(SYS_close_range, first, ~0U, 0) == 0)
        return true;
#endif
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return false;
    for (rlim_t fd = first; fd < limit.rlim_cur; fd++) /* Linux before 5.9 */
        close((int)fd);
    return true;
}

bool jail_prepare(pid_t parent, int requests, int answers)
{
    /* after the signal was asked for, so that a parent that ended before is noticed as well */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 || getppid() != parent)
        return false;
    int spare = fcntl(answers, F_DUPFD_CLOEXEC, STDERR_FILENO + 1); /* one end may stand in the place of the other */
    int nothing = patient_open("/dev/null", O_RDONLY | O_CLOEXEC, 0);
    if (spare < 0 || dup2(requests, JAIL_REQUESTS) < 0 || dup2(spare, JAIL_ANSWERS) < 0)
        return false;
    if (!JAIL_SANITIZED && (nothing < 0 ? close(STDERR_FILENO) : dup2(nothing, STDERR_FILENO)) < 0 && errno != EBADF)
        return false;
    return close_from(STDERR_FILENO + 1);
}

/* Bytes of this process's address space; 0: not known. */
static uint64_t address_space(void)
{
    char text[32];
    int fd = patient_open("/proc/self/statm", O_RDONLY | O_CLOEXEC, 0);
    ssize_t size = fd < 0 ? -1 : patient_read(fd, text, sizeof text - 1);
    if (fd >= 0)
        close(fd);
    if (size <= 0)
        return 0;
    text[size] = 0;
    return strtoull(text, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
}

static bool limit(unsigned what, uint64_t most)
{
    struct rlimit now;
    if (getrlimit(what, &now) != 0)
        return false;
    if (now.rlim_max < most)
        most = now.rlim_max;
    return setrlimit(what, &(struct rlimit){most, most}) == 0;
}

static bool enter_limits(uint64_t memory, uint64_t *base)
{
    bool good = limit(RLIMIT_CORE, 0) && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 && limit(RLIMIT_FSIZE, 0) &&
                limit(RLIMIT_NPROC, 0) && limit(RLIMIT_NOFILE, STDERR_FILENO + 1 + WIRE_FILES);
    *base = JAIL_SANITIZED ? 0 : address_space();
    return good && (JAIL_SANITIZED || (*base != 0 && limit(RLIMIT_AS, *base + memory)));
}

/* landlock(7); by number, since older headers know neither the calls nor all of the rights. */
static bool enter_landlock(void)
{
    enum { CREATE_RULESET = 444, RESTRICT_SELF = 446, VERSION = 1 };
    struct {
        uint64_t files, network, scopes;
    } denied = {0};
    long abi = syscall(CREATE_RULESET, NULL, 0, VERSION);
    if (abi < 1)
        return false;
    denied.files = abi >= 5 ? 0xffff : abi >= 3 ? 0x7fff : abi >= 2 ? 0x3fff : 0x1fff;
    denied.network = abi >= 4 ? 3 : 0; /* bind and connect of TCP */
    denied.scopes = abi >= 6 ? 3 : 0;  /* abstract sockets and signals */
    long rules = syscall(CREATE_RULESET, &denied, sizeof denied, 0);
    if (rules < 0)
        return false;
    bool good = syscall(RESTRICT_SELF, (int)rules, 0) == 0;
    close((int)rules);
    return good;
}

struct sorted {
    uint64_t words[8];
};

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct sorted));
}

/* The list of allowed calls is made when assay is built, by make_jail.c: to make it takes longer than to audit a file. */
static bool enter_seccomp(void)
{
    struct sorted items[64] = {{{0}}};
    static const struct sock_filter filter[] = {
#if JAIL_SANITIZED
#include "jail_filter_sanitized.h"
#else
#include "jail_filter.h"
#endif
    };
    /* the kernel only reads it, but its interface dates from before const */
    const struct sock_fprog program = {sizeof filter / sizeof *filter, (struct sock_filter *)(uintptr_t)filter};
    qsort(items, sizeof items / sizeof *items, sizeof *items,
          compare); /* glibc's, before 2.37, asks once for the memory there is */
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0;
}

unsigned jail_enter(unsigned wanted, uint64_t memory, uint64_t *base)
{
    unsigned layers = 0;
    *base = 0;
    if (wanted & JAIL_PRIVILEGES && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
        layers |= JAIL_PRIVILEGES;
    if (wanted & JAIL_LIMITS && enter_limits(memory, base))
        layers |= JAIL_LIMITS;
    if (wanted & JAIL_LANDLOCK && enter_landlock())
        layers |= JAIL_LANDLOCK;
    if (wanted & JAIL_SECCOMP && enter_seccomp())
        layers |= JAIL_SECCOMP;
    return layers;
}
