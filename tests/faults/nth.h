/* What the two libraries that tests put in front of the C library with LD_PRELOAD have in common: one call of a program
 * fails, or ends in another unusual way. The calls of the process that was started and those of the processes that it
 * forks are counted apart, in a file that is mapped before anything else happens: a worker in its jail could write to
 * no other. Nothing is counted until it is there, so what the dynamic loader does on its own behalf never fails.
 *
 *   NTH_TALLY=FILE     zeros, but for `at` and `way`; as large as struct tally */
#ifndef ASSAY_TESTS_FAULTS_NTH_H
#define ASSAY_TESTS_FAULTS_NTH_H

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SHOWN __attribute__((visibility("default")))

enum side { SIDE_FIRST, SIDE_FORKED, SIDES };

/* How the call ends; each has some of these ways. */
enum way {
    WAY_FAILS,       /* with its usual error */
    WAY_ALL_FAIL,    /* it, and all calls after it that can fail */
    WAY_OTHERWISE,   /* with another error */
    WAY_INTERRUPTED, /* with EINTR */
    WAY_SHORT,       /* with less than was asked for */
    WAY_AS_EVER = -1,
};

enum { MOST_CALLS = 1 << 15, NAME_SIZE = 32 };

struct tally {
    uint64_t at[SIDES]; /* the number of the call; 0: none */
    uint64_t way;
    uint64_t calls[SIDES];           /* made so far */
    uint64_t failed;                 /* of them, how many ended in an unusual way */
    uint64_t where;                  /* the first that did was called from here */
    char name[NAME_SIZE];            /* its name */
    uint8_t ways[SIDES][MOST_CALLS]; /* of each call, a bit for each way that it can end */
};

static struct {
    struct tally *tally;
    enum side side;
} nth;

/* Counts a call; whether it is to end in an unusual way. */
static inline enum way nth_way(const char *name, unsigned ways, const void *caller)
{
    struct tally *tally = nth.tally;
    if (!tally)
        return WAY_AS_EVER;
    uint64_t call = __atomic_add_fetch(&tally->calls[nth.side], 1, __ATOMIC_RELAXED), at = tally->at[nth.side];
    if (call <= MOST_CALLS)
        tally->ways[nth.side][call - 1] = (uint8_t)ways;
    bool chosen = at && (call == at || (tally->way == WAY_ALL_FAIL && call > at)) && ways >> tally->way & 1;
    if (!chosen)
        return WAY_AS_EVER;
    if (__atomic_fetch_add(&tally->failed, 1, __ATOMIC_RELAXED) == 0) {
        tally->where = (uint64_t)(uintptr_t)caller;
        strncpy(tally->name, name, NAME_SIZE - 1);
    }
    return (enum way)tally->way;
}

static inline void *nth_find(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    if (!found)
        abort();
    return found;
}

static void nth_forked(void)
{
    nth.side = SIDE_FORKED;
}

/* `map` and `open_file`: the C library's own. */
static inline void nth_begin(void *(*map)(void *, size_t, int, int, int, off_t),
                             int (*open_file)(const char *, int, ...))
{
    const char *name = getenv("NTH_TALLY");
    int fd = name ? open_file(name, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    void *tally = map(NULL, sizeof *nth.tally, 3 /* to read and write */, 1 /* shared */, fd, 0);
    if (tally == (void *)-1 || pthread_atfork(NULL, NULL, nth_forked) != 0)
        abort();
    nth.tally = tally; /* the descriptor stays open until the program, or its worker, closes what it does not know */
}

#endif
