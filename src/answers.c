/* What workers answer: each answer is the size of a packed record and the record. A worker
 * is not trusted, since a hostile file may have taken it over: sizes are bounded, a record
 * is checked when it is unpacked, and what is no record ends the worker. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "formats/limits.h"
#include "src/pool.h"

enum {
    INBOX = 1 << 18, /* bytes of answers that are received into one piece of memory */
    CHUNK = 1 << 16, /* the least that a read has room for */
};

size_t worker_pop(struct worker *worker)
{
    size_t index = worker->queue[worker->first];
    worker->first = (worker->first + 1) % QUEUE;
    worker->count--;
    return index;
}

/* What a worker says before it sees a file. Reports tell what all of them had. */
static bool take_hello(struct pool *pool, struct worker *worker)
{
    struct hello hello;
    if (worker->greeted || worker->inbox.size - worker->inbox.taken < sizeof hello)
        return worker->greeted;
    memcpy(&hello, worker->inbox.data + worker->inbox.taken, sizeof hello);
    worker->inbox.taken += sizeof hello;
    worker->greeted = true;
    worker->base = hello.base;
    pool->sandbox->layers = (unsigned)hello.layers & (pool->sandbox->needed ? pool->sandbox->layers : JAIL_ALL);
    pool->sandbox->needed = true;
    watch_memory(worker);
    return true;
}

/* Unpacks the whole records that came. False: the worker sends what is no record. */
static bool take_answers(struct pool *pool, struct worker *worker)
{
    uint64_t size;
    if (!take_hello(pool, worker))
        return true;
    for (; worker->inbox.size - worker->inbox.taken >= sizeof size; worker->inbox.taken += sizeof size + (size_t)size) {
        const uint8_t *at = worker->inbox.data + worker->inbox.taken;
        memcpy(&size, at, sizeof size);
        if (size > LIMIT_RECORD)
            return false;
        if (size > worker->inbox.size - worker->inbox.taken - sizeof size)
            break;
        struct record *record = record_unpack_next(pool->arena, &worker->memory, at + sizeof size, (size_t)size);
        if (!record || worker->count == 0)
            return false;
        size_t index = worker_pop(worker);
        worker->answered++;
        record->path = pool->walk->items[index].path;
        pool->records[index] = record;
        pool->done++;
    }
    return true;
}

/* Room for the next read. What was taken stays where it is; what is not whole yet moves to new memory. */
static void make_room(struct pool *pool, struct worker *worker)
{
    size_t left = worker->inbox.size - worker->inbox.taken, room = left * 2 < INBOX ? INBOX : left * 2;
    if (worker->inbox.room - worker->inbox.size >= CHUNK)
        return;
    uint8_t *data = arena_room(pool->arena, room);
    if (left)
        memcpy(data, worker->inbox.data + worker->inbox.taken, left);
    worker->inbox.data = data;
    worker->inbox.taken = 0;
    worker->inbox.size = left;
    worker->inbox.room = room;
}

bool worker_listen(struct pool *pool, struct worker *worker)
{
    make_room(pool, worker);
    ssize_t got =
        read(worker->answers, worker->inbox.data + worker->inbox.size, worker->inbox.room - worker->inbox.size);
    if (got < 0 && errno == EINTR)
        return true;
    if (got <= 0)
        return false;
    worker->inbox.size += (size_t)got;
    worker->babbles = !take_answers(pool, worker);
    return !worker->babbles;
}

/* It may have more answers ready than it sent. */
size_t worker_place(const struct worker *worker)
{
    size_t ahead = (uint32_t)(*worker->begun - (uint32_t)worker->answered);
    return ahead && ahead <= worker->count ? ahead - 1 : 0;
}
