/* The parent's side of the workers: between workers.c, which gives them files, and
 * answers.c, which takes what they answer. */
#ifndef ASSAY_SRC_POOL_H
#define ASSAY_SRC_POOL_H

#include <sys/types.h>

#include "src/wire.h"
#include "src/workers.h"

enum { MOST_JOBS = 256, QUEUE = WIRE_FILES * 2 };

struct worker {
    pid_t pid;
    int requests, answers;
    size_t first, count; /* its queue: items it was given and has not answered, a ring of indices */
    size_t queue[QUEUE];
    uint64_t sizes[QUEUE];    /* of the files in the queue */
    size_t answered;          /* since it was started */
    volatile uint32_t *begun; /* shared with it and nobody else, as untrusted as its answers */
    bool babbles;             /* it sent what is no record */
    struct record_memory memory;
    bool greeted;         /* its hello came */
    uint64_t base, limit; /* bytes of its address space at first, and its limit now; 0: none */
    struct watch {
        size_t turn;              /* the file it was last seen at, counted from 1 */
        uint64_t processor, last; /* nanoseconds: its clock then, and when it was last looked at */
        uint64_t waited;          /* since then, without computing */
    } watch;
    const char *ended; /* why the parent ended it */
    struct {
        uint8_t *data; /* in the run's arena: records point into it */
        size_t taken, size, room;
    } inbox;
};

struct pool {
    struct arena *arena;
    const struct walk *walk;
    const struct audit_options *options;
    struct record **records;
    size_t next, done, again_count;
    size_t *again;  /* items whose worker died before it came to them, or that could not be sent yet */
    int send_error; /* why the last datagram could not be sent; 0: it was */
    unsigned count, batch;
    uint64_t looked; /* nanoseconds: when workers were last looked after */
    struct sandbox *sandbox;
    struct worker *workers;
};

/* The next item in a worker's queue, which it leaves. */
size_t worker_pop(struct worker *worker);
/* Reads what a worker has to say, and takes its records. False: it ended, or talks nonsense. */
bool worker_listen(struct pool *pool, struct worker *worker) MUST_CHECK;
/* The place in its queue of the file that a worker died at. */
size_t worker_place(const struct worker *worker);

enum { WATCH_EVERY = 100 /* milliseconds */ };
/* Ends workers whose file took too much time, now and then; the end of their answers tells the rest. */
void watch_time(struct pool *pool);
/* Limits a worker's memory by the largest of the files that it has. */
void watch_memory(struct worker *worker);

#endif
