/* make_jail ARCHITECTURE [sanitized]: the filter of system calls that workers live behind (jail.c), as the items of a C
 * array, for meson's name of the processor that assay is built for. */
/* NOLINTNEXTLINE(bugprone-reserved-identifier,cert-*): the C library asks for it by this name */
#define _GNU_SOURCE /* of a program that runs while building, meson says less */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "src/jail.h"

/* All that a worker asks of the kernel; SECURITY.md has the same list, and a test holds them together. */
static const struct call {
    int number;
    unsigned conditions;
    struct scmp_arg_cmp when[2];
} calls[] = {
    {SCMP_SYS(recvmsg), 1, {{0, SCMP_CMP_EQ, JAIL_REQUESTS, 0}}},
    {SCMP_SYS(write), 1, {{0, SCMP_CMP_EQ, JAIL_ANSWERS, 0}}},
    {SCMP_SYS(read), 0, {{0}}},
    {SCMP_SYS(pread64), 0, {{0}}},
    /* Of neither end, whose place another descriptor could take: one of the bits above the first is set, and the kernel
     * looks at no more than 32 of them. There are never as many as 64. */
    {SCMP_SYS(close), 1, {{0, SCMP_CMP_MASKED_EQ, 2, 2}}},
    {SCMP_SYS(close), 1, {{0, SCMP_CMP_MASKED_EQ, 4, 4}}},
    {SCMP_SYS(close), 1, {{0, SCMP_CMP_MASKED_EQ, 8, 8}}},
    {SCMP_SYS(close), 1, {{0, SCMP_CMP_MASKED_EQ, 16, 16}}},
    {SCMP_SYS(close), 1, {{0, SCMP_CMP_MASKED_EQ, 32, 32}}},
    {SCMP_SYS(fstat), 0, {{0}}},
    {SCMP_SYS(newfstatat), 1, {{3, SCMP_CMP_EQ, AT_EMPTY_PATH, 0}}}, /* fstat() of glibc */
    {SCMP_SYS(mmap), 2, {{2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0}, {3, SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, MAP_ANONYMOUS}}},
    {SCMP_SYS(mprotect), 1, {{2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0}}},
    {SCMP_SYS(mremap), 0, {{0}}},
    {SCMP_SYS(munmap), 0, {{0}}},
    {SCMP_SYS(madvise), 0, {{0}}},
    {SCMP_SYS(brk), 0, {{0}}},
    {SCMP_SYS(exit_group), 0, {{0}}},
};

/* What a sanitizer asks for besides. */
static const struct call more_calls[] = {
    {SCMP_SYS(write), 1, {{0, SCMP_CMP_EQ, STDERR_FILENO, 0}}},
    {SCMP_SYS(sigaltstack), 0, {{0}}},
    {SCMP_SYS(futex), 0, {{0}}},
    {SCMP_SYS(sched_yield), 0, {{0}}},
    {SCMP_SYS(getpid), 0, {{0}}},
    {SCMP_SYS(gettid), 0, {{0}}},
};

static bool choose_architecture(scmp_filter_ctx filter, const char *name)
{
    const uint32_t wanted = strcmp(name, "x86_64") == 0    ? SCMP_ARCH_X86_64
                            : strcmp(name, "aarch64") == 0 ? SCMP_ARCH_AARCH64
                                                           : seccomp_arch_resolve_name(name);
    if (wanted == 0)
        return false;
    if (wanted == seccomp_arch_native())
        return true;
    return seccomp_arch_add(filter, wanted) == 0 && seccomp_arch_remove(filter, seccomp_arch_native()) == 0;
}

static bool allow(scmp_filter_ctx filter, const struct call *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, list[i].number, list[i].conditions, list[i].when) != 0)
            return false;
    return true;
}

static bool write_filter(scmp_filter_ctx filter)
{
    struct sock_filter step;
    ssize_t size;
    int ends[2];
    if (pipe(ends) != 0 || seccomp_export_bpf(filter, ends[1]) != 0) /* some eighty steps, which a pipe has room for */
        return false;
    close(ends[1]);
    while ((size = read(ends[0], &step, sizeof step)) == (ssize_t)sizeof step)
        printf("{0x%04x, %u, %u, 0x%08x},\n", step.code, step.jt, step.jf, step.k);
    close(ends[0]);
    return size == 0;
}

int main(int argc, char **argv)
{
    bool sanitized = argc == 3 && strcmp(argv[2], "sanitized") == 0;
    scmp_filter_ctx filter = seccomp_init(sanitized ? SCMP_ACT_ERRNO(EPERM) : SCMP_ACT_KILL_PROCESS);
    bool good = argc >= 2 && filter && choose_architecture(filter, argv[1]) &&
                allow(filter, calls, sizeof calls / sizeof *calls) &&
                (!sanitized || allow(filter, more_calls, sizeof more_calls / sizeof *more_calls)) &&
                write_filter(filter);
    seccomp_release(filter);
    if (!good)
        fprintf(stderr, "no filter of system calls can be made for %s\n", argc >= 2 ? argv[1] : "no processor");
    return !good || fflush(stdout) != 0;
}
