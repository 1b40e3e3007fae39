/* A worker that a file has taken over, against its jail. The audit of this program is not that of the library: it does
 * what the name of its file says, with the workers, the jail and the parent that the product has. What stopped it is
 * the kernel's own word: the signal that it died by, or the error that it was given. */
#include "src/budget.h"
#include "src/jail.h"
#include "src/workers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECOND UINT64_C(1000000000)
enum { MEMORY = 96 << 20 };

/* In place of src/budget.c, so that nobody waits for long. */
uint64_t budget_processor(uint64_t size)
{
    (void)size;
    return SECOND;
}

/* Of the file that waits, and is not empty; a loaded machine may let others wait as well. */
uint64_t budget_wait(uint64_t size)
{
    return size ? 3 * SECOND : 600 * SECOND;
}

uint64_t budget_memory(uint64_t size)
{
    (void)size;
    return MEMORY;
}

static int audited; /* the descriptor of the file that is audited */

static long call_open(void)
{
    return syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY);
}

static long call_create(void)
{
    return syscall(SYS_openat, AT_FDCWD, "made-by-a-worker", O_RDWR | O_CREAT, 0600);
}

static long call_openat2(void)
{
    const uint64_t how[3] = {0};
    return syscall(SYS_openat2, AT_FDCWD, "/etc/passwd", how, sizeof how);
}

static long call_unlink(void)
{
    return syscall(SYS_unlinkat, AT_FDCWD, "good", 0);
}

static long call_socket(void)
{
    return syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);
}

static long call_connect(void)
{
    const struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = 9};
    return syscall(SYS_connect, JAIL_REQUESTS, &address, sizeof address);
}

static long call_sendmsg(void)
{
    const struct msghdr message = {0};
    return syscall(SYS_sendmsg, JAIL_REQUESTS, &message, 0);
}

static long call_exec(void)
{
    char *const words[] = {NULL};
    return syscall(SYS_execve, "/bin/true", words, words);
}

static long call_execveat(void)
{
    char *const words[] = {NULL};
    return syscall(SYS_execveat, audited, "", words, words, AT_EMPTY_PATH);
}

static long call_fork(void)
{
    return syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}

static long call_thread(void)
{
    return syscall(SYS_clone3, NULL, 0);
}

static long call_ptrace(void)
{
    return syscall(SYS_ptrace, PTRACE_ATTACH, getppid(), 0, 0);
}

static long call_write_memory(void)
{
    char byte = 0;
    const struct iovec part = {&byte, 1};
    return syscall(SYS_process_vm_writev, 1, &part, 1, &part, 1, 0);
}

static long call_kill(void)
{
    return syscall(SYS_kill, -1, SIGTERM); /* the parent among them, if it could */
}

static long call_write_to_file(void)
{
    return syscall(SYS_write, audited, "x", 1);
}

static long call_write_to_error(void)
{
    return JAIL_SANITIZED ? (errno = EPERM, -1) : syscall(SYS_write, STDERR_FILENO, "x", 1);
}

static long call_dup(void)
{
    return syscall(SYS_dup, JAIL_ANSWERS);
}

static long call_map_code(void)
{
    void *p = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? -1 : 0;
}

static long call_map_file(void)
{
    void *p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, audited, 0);
    return p == MAP_FAILED ? -1 : 0;
}

static long call_make_code(void)
{
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? -1 : mprotect(p, 4096, PROT_READ | PROT_EXEC);
}

static long call_uring(void)
{
    return syscall(SYS_io_uring_setup, 1, NULL);
}

static long call_limit(void)
{
    const struct {
        uint64_t now, most;
    } all = {UINT64_MAX, UINT64_MAX};
    return syscall(SYS_prlimit64, 0, 9 /* RLIMIT_AS */, &all, NULL);
}

static long call_filter(void)
{
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 0, NULL);
}

/* What the worker receives next would stand in the place of its answers, and it may write there. */
static long call_close_answers(void)
{
    return close(JAIL_ANSWERS);
}

static long call_close_requests(void)
{
    return close(JAIL_REQUESTS);
}

/* The kernel looks at 32 bits of a descriptor, and a filter at 64. */
static long call_close_high(void)
{
    return syscall(SYS_close, UINT64_C(1) << 32 | JAIL_ANSWERS);
}

static long call_write_high(void)
{
    return syscall(SYS_write, UINT64_C(1) << 32 | JAIL_ANSWERS, "x", 1);
}

static long call_stat_path(void)
{
    static char room[256];
#ifdef SYS_newfstatat
    return syscall(SYS_newfstatat, AT_FDCWD, "/etc/passwd", room, 0);
#else
    return syscall(SYS_fstatat64, AT_FDCWD, "/etc/passwd", room, 0);
#endif
}

#ifdef __x86_64__
/* The numbers of other tables, by the same processor. A filter that does not know them ends the process in each build. */
static long call_of_32_bits(void)
{
    long result = 20; /* getpid */
    if (!JAIL_SANITIZED)
        __asm__ volatile("int $0x80" : "+a"(result)::"memory", "r8", "r9", "r10", "r11");
    return JAIL_SANITIZED ? (errno = EPERM, -1) : result;
}

static long call_of_x32(void)
{
    return JAIL_SANITIZED ? (errno = EPERM, -1) : syscall(0x40000000 + SYS_getpid);
}
#endif

static const struct deed {
    const char *name;
    long (*call)(void);
} deeds[] = {
    {"openat", call_open},
    {"openat, to make a file", call_create},
    {"openat2", call_openat2},
    {"unlinkat", call_unlink},
    {"socket", call_socket},
    {"connect", call_connect},
    {"sendmsg", call_sendmsg},
    {"execve", call_exec},
    {"execveat", call_execveat},
    {"clone", call_fork},
    {"clone3", call_thread},
    {"ptrace", call_ptrace},
    {"kill", call_kill},
    {"process_vm_writev", call_write_memory},
    {"dup", call_dup},
    {"write to the file", call_write_to_file},
    {"mmap of code", call_map_code},
    {"write to standard error", call_write_to_error},
    {"mmap of a file", call_map_file},
    {"mprotect to code", call_make_code},
    {"prlimit64", call_limit},
    {"io_uring_setup", call_uring},
    {"seccomp", call_filter},
    {"close of the answers", call_close_answers},
    {"close of the requests", call_close_requests},
    {"close of a descriptor of 33 bits", call_close_high},
    {"write to one", call_write_high},
    {"fstatat of a path", call_stat_path},
#ifdef __x86_64__
    {"a call of 32 bits", call_of_32_bits},
    {"a call of x32", call_of_x32},
#endif
};
enum { DEEDS = sizeof deeds / sizeof *deeds };

static struct record *tell(struct arena *arena, const char *path, long result)
{
    int error = result < 0 ? errno : 0;
    return record_error(arena, path, 0, error ? arena_print(arena, "refused: error %d", error) : "done");
}

static struct record *misbehave(struct arena *arena, const char *path)
{
    if (strcmp(path, "crash") == 0)
        return (struct record *)tell(arena, path, *(volatile int *)NULL);
    while (strcmp(path, "spin") == 0)
        continue;
    while (strcmp(path, "wait") == 0)
        (void)syscall(SYS_recvmsg, JAIL_REQUESTS, &(struct msghdr){0}, 0); /* swallows what else it is given, too */
    if (strcmp(path, "end") == 0)
        _exit(0);
    if (strcmp(path, "babble") == 0)
        return tell(arena, path, syscall(SYS_write, JAIL_ANSWERS, "no record at all", 16));
    if (strcmp(path, "descriptors") == 0) {
        unsigned count = 0, behind = 0;
        struct stat status;
        for (int fd = 0; fd < 256; fd++)
            if (fstat(fd, &status) == 0) {
                count++;
                behind += fd > audited;
            }
        return record_error(arena, path, 0,
                            arena_print(arena, "%u descriptors, %u of them behind the file", count, behind));
    }
    if (strcmp(path, "grow") == 0) {
        uint64_t size = 0;
        void *last = NULL;
        for (void *p; size < 16 * (uint64_t)MEMORY; size += 1 << 20, last = p)
            if ((p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) == MAP_FAILED)
                break;
        munmap(last, 1 << 20); /* for the record */
        return record_error(arena, path, size, size < 2 * (uint64_t)MEMORY ? "refused" : "had all it asked for");
    }
    return NULL;
}

struct record *audit_fd(struct arena *arena, const char *path, int fd, bool in_tree,
                        const struct audit_options *options)
{
    (void)in_tree;
    (void)options;
    audited = fd;
    struct record *record = misbehave(arena, path);
    for (size_t i = 0; !record && i < DEEDS; i++)
        if (strcmp(deeds[i].name, path) == 0)
            record = tell(arena, path, deeds[i].call());
    close(fd);
    return record ? record : record_error(arena, path, 0, "good");
}

struct record *audit_stream(struct arena *arena, const char *path, int fd, const struct audit_options *options)
{
    char byte;
    (void)options;
    ssize_t got = read(fd, &byte, 1);
    close(fd);
    return record_error(arena, path, 0, arena_print(arena, "read %zd byte", got));
}

enum { MOST = 2 * DEEDS };

struct trial {
    struct arena arena;
    struct record *records[MOST];
    struct sandbox sandbox;
    struct problem problem;
    bool done;
};

/* Audits the files of these names, in one worker or more. */
static void run(struct trial *trial, const char *const *names, size_t count, unsigned jobs, enum sandbox_wish wish)
{
    static const struct audit_options options = {.file = {.max_size = 1 << 30}};
    struct item items[MOST];
    struct walk walk = {.arena = &trial->arena, .count = count, .items = items};
    const struct crew crew = {.jobs = jobs, .sandbox = &trial->sandbox};
    jmp_buf escape;
    assert_true(count <= MOST);
    *trial = (struct trial){.sandbox = {.wish = wish}};
    trial->arena.escape = &escape;
    if (setjmp(escape) != 0)
        fail_msg("no memory");
    for (size_t i = 0; i < count; i++) {
        int fd = open(names[i], O_CREAT | O_WRONLY | O_CLOEXEC, 0700);
        assert_true(fd >= 0 && (strcmp(names[i], "wait") != 0 || ftruncate(fd, 1) == 0));
        close(fd);
        const bool stream = strcmp(names[i], "stream") == 0;
        items[i] = (struct item){names[i], stream ? ORIGIN_STREAM : ORIGIN_NAMED, NULL, 0};
    }
    trial->done = audit_all(&trial->arena, &walk, &options, &crew, trial->records, &trial->problem);
    for (size_t i = 0; trial->done && i < count; i++)
        if (trial->records[i]->verdict != VERDICT_ERROR)
            fail_msg("%s: no record, or a verdict", names[i]);
}

static void expect(const struct trial *trial, size_t index, const char *text)
{
    const char *error = trial->records[index]->error;
    if (!strstr(error, text))
        fail_msg("%s: \"%s\", not \"%s\"", trial->records[index]->path, error, text);
}

static void each_deed_ends_the_worker_and_costs_one_file(void **state)
{
    (void)state;
    const char *names[MOST];
    struct trial trial;
    for (size_t i = 0; i < DEEDS; i++) {
        names[2 * i] = deeds[i].name;
        names[2 * i + 1] = "good";
    }
    for (unsigned jobs = 1; jobs <= 3; jobs += 2) {
        run(&trial, names, (size_t)MOST, jobs, SANDBOX_REQUIRE);
        assert_true(trial.done);
        assert_int_equal(trial.sandbox.layers, JAIL_ALL);
        for (size_t i = 0; i < DEEDS; i++) {
            expect(&trial, 2 * i, JAIL_SANITIZED ? "refused: error 1" : "signal 31"); /* EPERM, SIGSYS */
            expect(&trial, 2 * i + 1, "good");
        }
        arena_free(&trial.arena);
    }
    assert_int_equal(access("made-by-a-worker", F_OK), -1);
    assert_int_equal(access("good", F_OK), 0);
}

/* Without a jail the same deeds are done, or refused for other reasons: it is the jail that stops them. */
static void without_a_jail_files_can_be_opened(void **state)
{
    (void)state;
    const char *const names[] = {"openat", "dup", "write to the file"};
    struct trial trial;
    run(&trial, names, 3, 3, SANDBOX_OFF);
    assert_true(trial.done);
    assert_int_equal(trial.sandbox.layers, 0);
    expect(&trial, 0, "done");
    expect(&trial, 1, "done");
    expect(&trial, 2, "refused: error 9"); /* EBADF: it is open to be read */
    arena_free(&trial.arena);
}

/* However many this process has: requests, answers, what stands in the place of standard error, and the file. */
static void a_worker_has_four_descriptors(void **state)
{
    (void)state;
    const char *const names[] = {"descriptors", "descriptors"};
    struct trial trial;
    int more[8];
    for (size_t i = 0; i < sizeof more / sizeof *more; i++)
        assert_true((more[i] = dup(STDERR_FILENO)) >= 0);
    for (unsigned off = 0; off < 2; off++) {
        run(&trial, names, 2, 2, off ? SANDBOX_OFF : SANDBOX_AUTO);
        assert_true(trial.done);
        for (size_t i = 0; i < 2; i++)
            expect(&trial, i, "4 descriptors, 0 of them behind the file");
        arena_free(&trial.arena);
    }
    for (size_t i = 0; i < sizeof more / sizeof *more; i++)
        close(more[i]);
}

/* Which file of several it is that babbles cannot be told for sure; one is. */
static void what_is_no_record_is_not_taken(void **state)
{
    const char *const names[] = {"babble"};
    struct trial trial;
    (void)state;
    run(&trial, names, 1, 1, SANDBOX_AUTO);
    assert_true(trial.done);
    expect(&trial, 0, "what is no record");
    arena_free(&trial.arena);
}

static void what_ends_or_stalls_a_worker_costs_one_file_and_says_so(void **state)
{
    (void)state;
    const char *const names[] = {"crash", "good", "spin", "good", "wait", "good", "end", "good", "grow", "good"};
    static const char *const said[] = {JAIL_SANITIZED ? "" : "signal 11", "more processor time than 1 s",
                                       "did nothing for 3 s", "ended before it answered",
                                       JAIL_SANITIZED ? "had all" : "refused"};
    const size_t count = sizeof names / sizeof *names;
    struct trial trial;
    if (!JAIL_SANITIZED)
        signal(SIGSEGV, SIG_DFL); /* cmocka has a handler, which would be what the jail ends */
    for (unsigned jobs = 1; jobs <= 2; jobs++) {
        run(&trial, names, count, jobs, SANDBOX_AUTO);
        assert_true(trial.done);
        for (size_t i = 0; i < count; i += 2) {
            expect(&trial, i, said[i / 2]);
            expect(&trial, i + 1, "good");
        }
        arena_free(&trial.arena);
    }
}

/* Longer than any file may. */
static void a_stream_may_wait_for_whoever_writes_it(void **state)
{
    (void)state;
    const char *const names[] = {"stream"};
    struct trial trial;
    int ends[2], before = dup(STDIN_FILENO), status;
    assert_true(before >= 0 && pipe(ends) == 0);
    pid_t writer = fork();
    assert_true(writer >= 0);
    if (writer == 0) {
        sleep(4);
        _exit(write(ends[1], "x", 1) != 1);
    }
    assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    run(&trial, names, 1, 1, SANDBOX_AUTO);
    assert_int_equal(dup2(before, STDIN_FILENO), STDIN_FILENO);
    assert_true(trial.done);
    expect(&trial, 0, "read 1 byte");
    arena_free(&trial.arena);
    close(before);
    close(ends[0]);
    close(ends[1]);
    assert_int_equal(waitpid(writer, &status, 0), writer);
    assert_int_equal(status, 0);
}

/* Runs `check` in a process of its own, which ends with what that returns. */
static int apart(int (*check)(void))
{
    int status;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(check());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (!WIFEXITED(status))
        fail_msg("signal %d", WTERMSIG(status));
    return WEXITSTATUS(status);
}

/* The error of a call, 0 where it succeeds. */
static int error_of(long result)
{
    return result < 0 ? errno : 0;
}

/* A socket of this process that the kernel found an abstract name for. */
static struct sockaddr_un heard_name;
static socklen_t heard_size = sizeof heard_name;

static int listen_somewhere(void)
{
    const sa_family_t family = AF_UNIX;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0 && bind(fd, (const struct sockaddr *)&family, sizeof family) == 0 && listen(fd, 4) == 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&heard_name, &heard_size), 0);
    return fd;
}

static long connect_to_name(void)
{
    return connect(socket(AF_UNIX, SOCK_STREAM, 0), (const struct sockaddr *)&heard_name, heard_size);
}

static int landlock_alone(void)
{
    uint64_t base;
    int socket_of = socket(AF_INET, SOCK_STREAM, 0);
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(9), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    const pid_t parent = getppid();
    const long abi = syscall(444, NULL, 0, 1);
    if (connect_to_name() != 0 || kill(parent, 0) != 0)
        return 11;
    if (jail_enter(JAIL_PRIVILEGES | JAIL_LANDLOCK, 0, &base) != (JAIL_PRIVILEGES | JAIL_LANDLOCK))
        return 10;
    if (error_of(call_open()) != EACCES || error_of(call_create()) != EACCES || error_of(call_unlink()) != EACCES)
        return 1;
    if (error_of(call_exec()) != EACCES)
        return 2;
    if (abi >= 4 && error_of(connect(socket_of, (const struct sockaddr *)&address, sizeof address)) != EACCES)
        return 3;
    if (abi >= 6 && error_of(kill(parent, 0)) != EPERM)
        return 4;
    if (abi >= 6 && error_of(connect_to_name()) != EPERM)
        return 5;
    return 0;
}

static void landlock_alone_refuses_files_connections_and_signals(void **state)
{
    (void)state;
    if (syscall(444, NULL, 0, 1) < 1)
        skip();
    int heard = listen_somewhere();
    assert_int_equal(apart(landlock_alone), 0);
    close(heard);
}

static int limits_alone(void)
{
    uint64_t base;
    int fd = open("written", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit core;
    if (jail_enter(JAIL_LIMITS, MEMORY, &base) != JAIL_LIMITS)
        return 10;
    if (error_of(write(fd, "x", 1)) != EFBIG)
        return 1;
    if (getrlimit(RLIMIT_CORE, &core) != 0 || core.rlim_max != 0 || prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
        return 5;
    if (!JAIL_SANITIZED && mmap(NULL, 2 * (size_t)MEMORY, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
        return 2;
    int last = fd, next;
    while ((next = dup(fd)) >= 0)
        last = next;
    if (errno != EMFILE || last != 34)
        return 4;
    return geteuid() == 0 || error_of(call_fork()) == EAGAIN ? 0 : 3; /* root may have any number of processes */
}

static void limits_alone_refuse_writes_memory_descriptors_and_processes(void **state)
{
    (void)state;
    assert_int_equal(apart(limits_alone), 0);
}

static int privileges_alone(void)
{
    uint64_t base;
    return jail_enter(JAIL_PRIVILEGES, 0, &base) != JAIL_PRIVILEGES || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1;
}

static void privileges_cannot_be_gained(void **state)
{
    (void)state;
    assert_int_equal(apart(privileges_alone), 0);
}

/* From now on, as on a kernel without Landlock. */
static bool forget_landlock(void)
{
    const struct sock_filter steps[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 444, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = {4, (struct sock_filter *)(uintptr_t)steps};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0;
}

static int without_landlock(void)
{
    const char *const names[] = {"good", "openat"};
    struct trial trial;
    if (!forget_landlock())
        return 10;
    run(&trial, names, 2, 1, SANDBOX_REQUIRE);
    if (trial.done || !strstr(trial.problem.text, "--sandbox=require: not to be had here: landlock"))
        return 1;
    arena_free(&trial.arena);
    run(&trial, names, 2, 2, SANDBOX_AUTO);
    if (!trial.done || trial.sandbox.layers != (JAIL_ALL & ~(unsigned)JAIL_LANDLOCK))
        return 2;
    expect(&trial, 0, "good");
    expect(&trial, 1, JAIL_SANITIZED ? "refused: error 1" : "signal 31");
    arena_free(&trial.arena);
    return 0;
}

static void what_a_kernel_lacks_is_told_and_ends_a_run_that_requires_it(void **state)
{
    (void)state;
    assert_int_equal(apart(without_landlock), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_deed_ends_the_worker_and_costs_one_file),
        cmocka_unit_test(without_a_jail_files_can_be_opened),
        cmocka_unit_test(a_worker_has_four_descriptors),
        cmocka_unit_test(a_stream_may_wait_for_whoever_writes_it),
        cmocka_unit_test(what_is_no_record_is_not_taken),
        cmocka_unit_test(what_ends_or_stalls_a_worker_costs_one_file_and_says_so),
        cmocka_unit_test(landlock_alone_refuses_files_connections_and_signals),
        cmocka_unit_test(limits_alone_refuse_writes_memory_descriptors_and_processes),
        cmocka_unit_test(privileges_cannot_be_gained),
        cmocka_unit_test(what_a_kernel_lacks_is_told_and_ends_a_run_that_requires_it),
    };
    char folder[] = "/tmp/assay-jail-XXXXXX", command[64];
    if (!mkdtemp(folder) || chdir(folder) != 0)
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return chdir("/") != 0 || system(command) != 0 || failed != 0;
}
