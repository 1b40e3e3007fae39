/* Between workers.c and worker.c. */
#ifndef ASSAY_SRC_WIRE_H
#define ASSAY_SRC_WIRE_H

#include <stdint.h>

#include "src/jail.h"

enum {
    WIRE_FILES = 32,     /* descriptors in one datagram; the kernel takes 253 */
    WIRE_SIZE = 1 << 16, /* bytes of one datagram, below the smallest default of net.core.wmem */
    WIRE_TREE = 1,       /* flags of a file */
    WIRE_STREAM = 2,
};

/* The worker's ends. */
struct wire {
    int requests, answers;
    volatile uint32_t *begun; /* shared with the parent: files taken up so far, the one at work included */
    pid_t parent;
    enum sandbox_wish wish;
};

/* What a worker says first, before any file has been seen, and so the truth. */
struct hello {
    uint64_t layers; /* of its jail */
    uint64_t base;   /* bytes of its address space; 0: its memory is not limited */
};

enum { WORKER_NO_MEMORY = 3 }; /* its exit status, where there is none to answer with */

#endif
