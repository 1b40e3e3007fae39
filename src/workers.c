#include "src/workers.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/found.h"
#include "src/patient.h"
#include "src/pool.h"
#include "src/wire.h"

enum {
    PIPE_SIZE = 1 << 20,
    BATCH_BYTES = 4 << 20, /* of files in one datagram, so that large ones spread over the workers */
    OTHER_FILES = 16,      /* descriptors of this process that are neither a worker's nor a file's */
};

enum { NOTHING_TO_OPEN = -1, TOO_MANY_OPEN = -2 }; /* in place of a descriptor */

static int open_item(const struct item *item)
{
    if (item->origin == ORIGIN_STREAM)
        return fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
    int links = item->origin == ORIGIN_TREE ? O_NOFOLLOW : 0;
    return patient_open(item->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | links, 0);
}

static void give_error(struct pool *pool, size_t index, const char *why)
{
    pool->records[index] = record_error(pool->arena, pool->walk->items[index].path, 0, why);
    pool->done++;
}

/* The descriptor of an item; NOTHING_TO_OPEN, and the item is done; or, where `may_wait`, TOO_MANY_OPEN. */
static int open_or_tell(struct pool *pool, size_t index, bool may_wait)
{
    const struct item *item = &pool->walk->items[index];
    if (item->problem) {
        give_error(pool, index, item->problem);
        return NOTHING_TO_OPEN;
    }
    int fd = open_item(item);
    const char *skipped = fd >= 0 && item->origin == ORIGIN_TREE ? found_no_program(fd) : NULL;
    if (skipped) { /* most of a tree: handing them over would cost more than the look */
        close(fd);
        pool->records[index] = record_skipped(pool->arena, item->path, skipped);
        pool->done++;
        return NOTHING_TO_OPEN;
    }
    if (fd >= 0)
        return fd;
    if (may_wait && (errno == EMFILE || errno == ENFILE))
        return TOO_MANY_OPEN;
    give_error(pool, index, arena_print(pool->arena, "cannot be opened: %s", strerror(errno)));
    return NOTHING_TO_OPEN;
}

/* What other workers tell of themselves is not for this one to write to. */
static void leave_others(const struct pool *pool, const struct worker *own)
{
    for (unsigned i = 0; i < pool->count; i++)
        if (&pool->workers[i] != own)
            munmap((void *)(uintptr_t)pool->workers[i].begun, sizeof *own->begun);
}

static bool start(struct pool *pool, struct worker *worker)
{
    int requests[2], answers[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, requests) != 0)
        return false;
    if (pipe2(answers, O_CLOEXEC) != 0) {
        close(requests[0]);
        close(requests[1]);
        return false;
    }
    (void)fcntl(answers[1], F_SETPIPE_SZ, PIPE_SIZE); /* so that a worker seldom waits for its reader */
    *worker->begun = 0;
    pid_t parent = getpid(), pid = fork();
    if (pid == 0) {
        leave_others(pool, worker);
        worker_main(&(struct wire){requests[1], answers[1], worker->begun, parent, pool->sandbox->wish}, pool->options);
    }
    close(requests[1]);
    close(answers[1]);
    if (pid < 0) {
        close(requests[0]);
        close(answers[0]);
        return false;
    }
    *worker = (struct worker){.pid = pid, .requests = requests[0], .answers = answers[0], .begun = worker->begun};
    return true;
}

static void stop(struct worker *worker, int *status)
{
    close(worker->requests);
    close(worker->answers);
    while (waitpid(worker->pid, status, 0) < 0 && errno == EINTR)
        continue;
    worker->pid = 0;
}

static bool is_more(const struct pool *pool)
{
    return pool->again_count || pool->next < pool->walk->count;
}

/* How many files the next datagram may have: fewer towards the end, so that all workers end together. */
static size_t batch_size(const struct pool *pool)
{
    size_t share = (pool->walk->count - pool->next + pool->again_count) / (2 * (size_t)pool->count);
    return share < 1 ? 1 : share < pool->batch ? share : pool->batch;
}

/* The bytes that a worker may have to read; of a stream, all that it may be. They bound what the file may cost, and one
 * that has grown since it was found is not asked for its size again. */
static uint64_t size_of(const struct pool *pool, const struct item *item, int fd)
{
    struct stat status;
    uint64_t size = item->size, most = pool->options->file.max_size;
    if (item->origin == ORIGIN_STREAM)
        return most;
    if (size == 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0)
        size = (uint64_t)status.st_size;
    return size < most ? size : most;
}

/* Fills a datagram with the next items, and puts them into the worker's queue; how many. */
static size_t gather(struct pool *pool, struct worker *worker, char *text, size_t *size, int *fds)
{
    size_t count = 0, most = batch_size(pool);
    uint64_t bytes = 0; /* nothing where only headers are read */
    bool whole = pool->options->file.digest || pool->options->read.code;
    *size = 0;
    while (count < most && bytes < BATCH_BYTES && is_more(pool)) {
        size_t index = pool->again_count ? pool->again[pool->again_count - 1] : pool->next;
        const struct item *item = &pool->walk->items[index];
        size_t length = strlen(item->path) + 1;
        if (*size + 1 + length > WIRE_SIZE && count)
            break;
        int fd = NOTHING_TO_OPEN;
        if (1 + length > WIRE_SIZE)
            give_error(pool, index, "a path longer than can be handed to a worker");
        else
            fd = open_or_tell(pool, index, count > 0);
        if (fd == TOO_MANY_OPEN)
            break;
        pool->again_count ? pool->again_count-- : pool->next++;
        if (fd < 0)
            continue;
        uint64_t file_size = size_of(pool, item, fd);
        bytes += whole ? file_size : 0;
        text[*size] = item->origin == ORIGIN_TREE ? WIRE_TREE : item->origin == ORIGIN_STREAM ? WIRE_STREAM : 0;
        memcpy(text + *size + 1, item->path, length);
        *size += 1 + length;
        fds[count++] = fd;
        worker->sizes[(worker->first + worker->count) % QUEUE] = file_size;
        worker->queue[(worker->first + worker->count++) % QUEUE] = index;
    }
    return count;
}

/* Gives a worker its next files. False: not now, because it is gone, which its end of file will
 * tell, or has enough waiting, or because this user has too many descriptors under way (unix(7),
 * ETOOMANYREFS). Nothing here ever waits: the worker may be waiting for its answers to be read. */
static bool feed(struct pool *pool, struct worker *worker, char *text)
{
    union {
        struct cmsghdr align;
        char room[CMSG_SPACE(WIRE_FILES * sizeof(int))];
    } control;
    int fds[WIRE_FILES];
    size_t size, count = gather(pool, worker, text, &size, fds);
    struct iovec part = {text, size};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = CMSG_SPACE(count * sizeof(int))};
    if (count == 0)
        return true;
    memset(&control, 0, sizeof control);
    struct cmsghdr *c = CMSG_FIRSTHDR(&message);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(count * sizeof(int));
    memcpy(CMSG_DATA(c), fds, count * sizeof(int));
    ssize_t sent;
    do
        sent = sendmsg(worker->requests, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (sent < 0 && errno == EINTR);
    pool->send_error = sent < 0 ? errno : 0;
    if (sent >= 0)
        watch_memory(worker);
    for (size_t i = 0; i < count; i++) {
        close(fds[i]);
        if (sent < 0)
            pool->again[pool->again_count++] = worker->queue[(worker->first + --worker->count) % QUEUE];
    }
    return sent >= 0;
}

static const char *cause_of_death(struct pool *pool, const struct worker *worker, int status)
{
    if (worker->babbles)
        return "the process that audited this file answered with what is no record";
    if (worker->ended)
        return worker->ended;
    if (WIFSIGNALED(status))
        return arena_print(pool->arena, "the process that audited this file was ended by signal %d (%s)",
                           WTERMSIG(status), strsignal(WTERMSIG(status)));
    if (WIFEXITED(status) && WEXITSTATUS(status) == WORKER_NO_MEMORY)
        return "no memory for the record of this file";
    return "the process that audited this file ended before it answered";
}

/* A dead worker costs the file it was at, if any; what else it had goes to another. */
static bool replace(struct pool *pool, struct worker *worker)
{
    int status = 0;
    kill(worker->pid, SIGKILL);
    stop(worker, &status);
    if (worker->count == 0)
        return worker->greeted; /* it is started again if there is more to do, but not where it cannot even begin */
    const char *why = cause_of_death(pool, worker, status);
    /* what is no record stands where the first answer should, though the worker may have gone on */
    for (size_t place = worker->babbles ? 0 : worker_place(worker); worker->count; place--) {
        size_t index = worker_pop(worker);
        if (place == 0)
            give_error(pool, index, why);
        else
            pool->again[pool->again_count++] = index;
    }
    return start(pool, worker);
}

/* Gives a worker enough to do, after starting it again where it died idle. */
static bool keep_busy(struct pool *pool, struct worker *worker, char *text)
{
    if (worker->pid == 0 && is_more(pool) && !start(pool, worker))
        return false;
    while (worker->count <= pool->batch / 2 && is_more(pool) && feed(pool, worker, text) && worker->count == 0)
        continue; /* nothing in that batch could be opened */
    return true;
}

/* Whether nothing will ever happen again: files are left, and no worker has or can get any. */
static bool is_stuck(const struct pool *pool)
{
    for (unsigned i = 0; i < pool->count; i++)
        if (pool->workers[i].count)
            return false;
    return is_more(pool) && pool->send_error && pool->send_error != EPIPE && pool->send_error != ECONNRESET;
}

/* Gives every worker enough to do. False: that is not possible. */
static bool feed_all(struct pool *pool, char *text, struct pollfd *polls, struct problem *problem)
{
    for (unsigned i = 0; i < pool->count; i++) {
        struct worker *worker = &pool->workers[i];
        if (!keep_busy(pool, worker, text)) {
            problem_set(problem, STATUS_NO_MEMORY, "a worker cannot be started again: %s", strerror(errno));
            return false;
        }
        polls[i] = (struct pollfd){.fd = worker->pid ? worker->answers : -1, .events = POLLIN};
    }
    if (is_stuck(pool))
        problem_set(problem, STATUS_NO_MEMORY, "files cannot be handed to workers: %s", strerror(pool->send_error));
    return !is_stuck(pool);
}

static bool serve(struct pool *pool, char *text, void (*progress)(size_t, size_t), struct problem *problem)
{
    struct pollfd polls[MOST_JOBS];
    size_t all = pool->walk->count;
    while (pool->done < all) {
        if (!feed_all(pool, text, polls, problem))
            return false;
        if (pool->done == all)
            break;
        if (poll(polls, pool->count, WATCH_EVERY) < 0 && errno != EINTR) {
            problem_set(problem, STATUS_READ_FAILED, "poll: %s", strerror(errno));
            return false;
        }
        for (unsigned i = 0; i < pool->count; i++)
            if (polls[i].revents && !worker_listen(pool, &pool->workers[i]) && !replace(pool, &pool->workers[i])) {
                problem_set(problem, STATUS_NO_MEMORY, "no new process for one that ended: %s", strerror(errno));
                return false;
            }
        if (!sandbox_suffices(pool->sandbox, problem))
            return false;
        watch_time(pool);
        if (progress)
            progress(pool->done, all);
    }
    if (progress)
        progress(all, all);
    return true;
}

static bool start_all(struct pool *pool, unsigned jobs, struct problem *problem)
{
    for (; pool->count < jobs; pool->count++) {
        struct worker *worker = &pool->workers[pool->count];
        worker->begun =
            mmap(NULL, sizeof *worker->begun, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0); /* a page */
        if (worker->begun == MAP_FAILED)
            break;
        if (!start(pool, worker)) {
            munmap((void *)(uintptr_t)worker->begun, sizeof *worker->begun);
            break;
        }
    }
    if (pool->count == 0)
        problem_set(problem, STATUS_NO_MEMORY, "a worker cannot be started: %s", strerror(errno));
    return pool->count > 0; /* fewer than wanted are enough */
}

static bool audit_apart(struct pool *pool, unsigned jobs, void (*progress)(size_t, size_t), struct problem *problem)
{
    char *text = arena_alloc(pool->arena, WIRE_SIZE);
    pool->workers = arena_array(pool->arena, jobs, sizeof *pool->workers);
    pool->again = arena_array(pool->arena, (size_t)jobs * QUEUE, sizeof *pool->again);
    bool good = start_all(pool, jobs, problem) && serve(pool, text, progress, problem);
    for (unsigned i = 0; i < pool->count; i++) {
        int status;
        if (pool->workers[i].pid > 0) {
            kill(pool->workers[i].pid, SIGKILL); /* an honest one waits, and no other one is to be waited for */
            stop(&pool->workers[i], &status);
        }
        munmap((void *)(uintptr_t)pool->workers[i].begun, sizeof *pool->workers[i].begun);
    }
    return good;
}

static void audit_here(struct pool *pool, void (*progress)(size_t, size_t))
{
    pool->sandbox->needed = pool->walk->count > 0;
    for (size_t i = 0; i < pool->walk->count; i++) {
        const struct item *item = &pool->walk->items[i];
        int fd = open_or_tell(pool, i, false);
        if (fd >= 0) {
            pool->records[i] = item->origin == ORIGIN_STREAM
                                   ? audit_stream(pool->arena, item->path, fd, pool->options)
                                   : audit_fd(pool->arena, item->path, fd, item->origin == ORIGIN_TREE, pool->options);
            pool->done++;
        }
        if (progress)
            progress(pool->done, pool->walk->count);
    }
}

/* Two descriptors a worker, and the files: those that are open here, and those that are under way to
 * workers, of which an unprivileged user may have no more than may be open (unix(7), ETOOMANYREFS). */
static unsigned jobs_within_limits(unsigned jobs, unsigned *batch)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur > MOST_JOBS * WIRE_FILES * 3)
        limit.rlim_cur = MOST_JOBS * WIRE_FILES * 3;
    unsigned spare = limit.rlim_cur > OTHER_FILES ? (unsigned)limit.rlim_cur - OTHER_FILES : 0;
    jobs = jobs > MOST_JOBS ? MOST_JOBS : jobs;
    jobs = jobs > spare / 4 ? spare / 4 : jobs;
    *batch = jobs ? spare / (3 * jobs) : 1;
    *batch = *batch > WIRE_FILES ? WIRE_FILES : *batch;
    return jobs;
}

bool audit_all(struct arena *arena, const struct walk *walk, const struct audit_options *options,
               const struct crew *crew, struct record **records, struct problem *problem)
{
    struct pool pool = {.arena = arena, .walk = walk, .options = options, .records = records, .sandbox = crew->sandbox};
    const enum sandbox_wish wish = crew->sandbox->wish;
    unsigned wanted = crew->jobs > walk->count ? (unsigned)walk->count : crew->jobs;
    unsigned jobs = jobs_within_limits(wanted, &pool.batch);
    *crew->sandbox = (struct sandbox){.wish = wish};
    if (jobs > 1 || (jobs == 1 && wish != SANDBOX_OFF))
        return audit_apart(&pool, jobs, crew->progress, problem);
    if (wanted && wish == SANDBOX_REQUIRE) {
        problem_set(problem, STATUS_NO_MEMORY, "--sandbox=require: too few descriptors for a worker");
        return false;
    }
    audit_here(&pool, crew->progress);
    return true;
}
