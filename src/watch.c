/* What bounds a worker from outside, since a file may have taken it over: its processor time and its memory for the
 * file that it is at. The clock is the worker's own processor time, so that a loaded machine ends nobody; the other
 * clock runs only while a worker does not compute, and in steps of a second at most, so that it stands still while
 * this process is stopped as well. */
#include <signal.h>
#include <sys/resource.h>
#include <time.h>

#include "src/budget.h"
#include "src/pool.h"

#define SECOND UINT64_C(1000000000)

/* A worker that has had one part in so many of the time computes, if slowly, and does not wait: however long it stood in line
 * before that, as it does by the second where there are many. */
enum { BUSY = 100 };

static uint64_t read_clock(clockid_t clock)
{
    struct timespec now;
    if (clock_gettime(clock, &now) != 0)
        return 0;
    return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

static uint64_t processor_time(pid_t pid)
{
    clockid_t clock;
    return clock_getcpuclockid(pid, &clock) == 0 ? read_clock(clock) : 0;
}

static void end(struct pool *pool, struct worker *worker, const char *what, uint64_t most)
{
    worker->ended = arena_print(pool->arena, "the process that audited this file was ended: %s %llu s", what,
                                (unsigned long long)(most / SECOND));
    kill(worker->pid, SIGKILL);
}

static void look_after(struct pool *pool, struct worker *worker, uint64_t step)
{
    const size_t place = worker_place(worker), turn = worker->answered + place + 1;
    const size_t slot = (worker->first + place) % QUEUE;
    const uint64_t size = worker->sizes[slot], processor = processor_time(worker->pid);
    const bool stream = pool->walk->items[worker->queue[slot]].origin == ORIGIN_STREAM; /* it may wait for others */
    struct watch *watch = &worker->watch;
    if (turn > watch->turn) { /* never back: the worker itself says where it is */
        *watch = (struct watch){turn, processor, processor, 0};
        return;
    }
    const uint64_t busy = processor > watch->last ? (processor - watch->last) * BUSY : 0;
    watch->waited = busy < watch->waited + step ? watch->waited + step - busy : 0;
    watch->last = processor;
    if (processor > watch->processor && processor - watch->processor > budget_processor(size))
        end(pool, worker, "it took more processor time than", budget_processor(size));
    else if (!stream && watch->waited > budget_wait(size))
        end(pool, worker, "it did nothing for", budget_wait(size));
}

void watch_time(struct pool *pool)
{
    uint64_t now = read_clock(CLOCK_MONOTONIC);
    uint64_t step = now - pool->looked < SECOND ? now - pool->looked : SECOND;
    if (pool->looked && step < (uint64_t)WATCH_EVERY * (SECOND / 1000))
        return;
    for (unsigned i = 0; pool->looked && i < pool->count; i++)
        if (pool->workers[i].pid > 0 && pool->workers[i].count && !pool->workers[i].ended)
            look_after(pool, &pool->workers[i], step);
    pool->looked = now;
}

/* Only the soft limit: the worker cannot raise it, as it may make no such call. */
void watch_memory(struct worker *worker)
{
    uint64_t largest = 0;
    struct rlimit limit;
    if (!worker->base)
        return;
    for (size_t i = 0; i < worker->count; i++)
        if (worker->sizes[(worker->first + i) % QUEUE] > largest)
            largest = worker->sizes[(worker->first + i) % QUEUE];
    uint64_t memory = worker->base + budget_memory(largest);
    if (memory == worker->limit || prlimit(worker->pid, RLIMIT_AS, NULL, &limit) != 0)
        return;
    limit.rlim_cur = memory < limit.rlim_max ? memory : limit.rlim_max;
    if (prlimit(worker->pid, RLIMIT_AS, &limit, NULL) == 0)
        worker->limit = memory;
}
