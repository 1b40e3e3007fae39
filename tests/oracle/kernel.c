#include "tests/oracle/kernel.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "formats/model.h"

enum { FAILED = 255 }; /* exit status: not the file's fault; errno of execve() is below */

bool kernel_open(struct kernel *kernel)
{
    struct stat status;
    *kernel = (struct kernel){.program = memfd_create("program", MFD_CLOEXEC), .memory = -1};
    if (kernel->program < 0 || fchmod(kernel->program, 0700) != 0 || fstat(kernel->program, &status) != 0)
        return false;
    kernel->inode = status.st_ino;
    return true;
}

static bool write_program(const struct kernel *kernel, const uint8_t *bytes, size_t size)
{
    if (ftruncate(kernel->program, (off_t)size) != 0)
        return false;
    for (size_t done = 0; done < size;) {
        ssize_t n = pwrite(kernel->program, bytes + done, size - done, (off_t)done);
        if (n <= 0)
            return false;
        done += (size_t)n;
    }
    return true;
}

/* In the child, which shares the parent's memory: system calls and nothing else. */
static void become(int program)
{
    static char name[] = "program";
    char *const arguments[] = {name, NULL}, *const environment[] = {NULL};
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
        _exit(FAILED);
    syscall(SYS_execveat, program, "", arguments, environment, AT_EMPTY_PATH);
    _exit(errno < FAILED ? errno : FAILED);
}

static ssize_t read_proc(pid_t pid, const char *name, char *bytes, size_t room)
{
    char path[64];
    size_t size = 0;
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    for (ssize_t n = 1; n > 0 && size < room;) {
        n = read(fd, bytes + size, room - size);
        size += n > 0 ? (size_t)n : 0;
    }
    close(fd);
    return (ssize_t)size;
}

static bool read_auxv(pid_t pid, struct launch *start)
{
    Elf64_auxv_t items[64];
    ssize_t size = read_proc(pid, "auxv", (char *)items, sizeof items);
    for (size_t i = 0; i < sizeof items / sizeof *items && (ssize_t)((i + 1) * sizeof *items) <= size; i++) {
        uint64_t value = items[i].a_un.a_val;
        switch (items[i].a_type) {
        case AT_ENTRY:
            start->entry = value;
            break;
        case AT_BASE:
            start->base = value;
            break;
        case AT_PHDR:
            start->phdr = value;
            break;
        case AT_PHENT:
            start->phent = value;
            break;
        case AT_PHNUM:
            start->phnum = value;
            break;
        default:
            break;
        }
    }
    return size > 0;
}

static enum mapped what_is(const struct mapping *m, const char *name, uint64_t program)
{
    if (m->inode == program)
        return MAPPED_PROGRAM;
    if (m->inode)
        return MAPPED_INTERPRETER;
    if (strncmp(name, "[stack", 6) == 0)
        return MAPPED_STACK;
    return name[0] == '[' && strncmp(name, "[heap", 5) != 0 ? MAPPED_SPECIAL : MAPPED_ANONYMOUS;
}

/* One line of maps: "start-end rwxp offset device inode  name". */
static bool take_mapping(struct launch *start, const char *line, uint64_t program)
{
    char access[5], name[32] = "";
    struct mapping m = {0};
    if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %*s %" SCNu64 " %31s", &m.start, &m.end, access,
               &m.offset, &m.inode, name) < 5)
        return false;
    m.access = (access[0] == 'r' ? (unsigned)ACCESS_READ : 0) | (access[1] == 'w' ? (unsigned)ACCESS_WRITE : 0) |
               (access[2] == 'x' ? (unsigned)ACCESS_EXECUTE : 0);
    m.what = what_is(&m, name, program);
    if (start->count == KERNEL_MAPPINGS) {
        start->torn = true;
        return true;
    }
    start->mappings[start->count] = m;
    if (m.what == MAPPED_INTERPRETER && !start->interpreter)
        start->interpreter = &start->mappings[start->count];
    start->count++;
    return true;
}

static bool read_maps(pid_t pid, struct launch *start, uint64_t program)
{
    static char text[KERNEL_MAPPINGS * 128];
    ssize_t size = read_proc(pid, "maps", text, sizeof text - 1);
    if (size <= 0)
        return false;
    text[size] = 0;
    for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
        *end = 0;
        if (!take_mapping(start, line, program))
            return false;
    }
    return true;
}

static bool look(struct kernel *kernel, pid_t child, struct launch *start)
{
    char path[64];
    kernel->stopped = child;
    (void)ptrace(PTRACE_SETOPTIONS, child, NULL, PTRACE_O_EXITKILL);
    snprintf(path, sizeof path, "/proc/%d/mem", (int)child);
    kernel->memory = open(path, O_RDONLY | O_CLOEXEC);
    if (kernel->memory >= 0 && read_auxv(child, start) && read_maps(child, start, kernel->inode))
        return true;
    kernel_end(kernel);
    return false;
}

bool kernel_start(struct kernel *kernel, const void *bytes, size_t size, struct launch *start)
{
    int status;
    start->count = 0;
    start->torn = false;
    start->interpreter = NULL;
    start->entry = start->base = start->phdr = start->phent = start->phnum = 0;
    if (!write_program(kernel, bytes, size))
        return false;
    pid_t child = vfork();
    if (child == 0)
        become(kernel->program);
    if (child < 0 || waitpid(child, &status, 0) != child)
        return false;
    if (WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP) {
        start->fate = FATE_STARTED;
        return look(kernel, child, start);
    }
    if (WIFSTOPPED(
            status)) { /* a signal on its way to the new program: it would not have lived to its first instruction */
        start->fate = FATE_KILLED;
        start->error = WSTOPSIG(status);
        kill(child, SIGKILL);
        return waitpid(child, &status, 0) == child;
    }
    start->fate = WIFSIGNALED(status) ? FATE_KILLED : FATE_REFUSED;
    start->error = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
    errno = EPERM; /* where ptrace() is not allowed */
    return !(WIFEXITED(status) && start->error == FAILED);
}

bool kernel_read(const struct kernel *kernel, uint64_t address, void *bytes, size_t size)
{
    return pread(kernel->memory, bytes, size, (off_t)address) == (ssize_t)size;
}

void kernel_end(struct kernel *kernel)
{
    int status;
    if (kernel->memory >= 0)
        close(kernel->memory);
    kernel->memory = -1;
    if (kernel->stopped > 0) {
        kill(kernel->stopped, SIGKILL);
        while (waitpid(kernel->stopped, &status, 0) == kernel->stopped && WIFSTOPPED(status))
            continue;
    }
    kernel->stopped = 0;
}

void kernel_close(struct kernel *kernel)
{
    kernel_end(kernel);
    if (kernel->program >= 0)
        close(kernel->program);
    kernel->program = -1;
}
