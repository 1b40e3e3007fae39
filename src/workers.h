/* Who audits: processes that are forked before any file is opened, each in a jail of its own (jail.h). The parent
 * opens files and hands descriptors over; a worker opens nothing, audits one file at a time and returns one record
 * for each. A worker that dies, or takes too long, costs the file it was at, and is replaced. Without a jail, one job
 * is done in this process. */
#ifndef ASSAY_SRC_WORKERS_H
#define ASSAY_SRC_WORKERS_H

#include "src/audit.h"
#include "src/sandbox.h"
#include "src/walk.h"

struct crew {
    unsigned jobs;                             /* at least 1 */
    void (*progress)(size_t done, size_t all); /* NULL: nobody wants to know */
    struct sandbox *sandbox;                   /* its layers are set to those that every worker had */
};

/* One record an item, in the order of the items, in `arena`. False where the system gives no processes, sockets or
 * memory, or not the jail that is required. */
bool audit_all(struct arena *arena, const struct walk *walk, const struct audit_options *options,
               const struct crew *crew, struct record **records, struct problem *problem) MUST_CHECK;

/* What a worker does until its socket is closed. */
struct wire;
_Noreturn void worker_main(const struct wire *wire, const struct audit_options *options);

#endif
