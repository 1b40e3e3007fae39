/* Who audits: this process where there is one file or one job, else processes that are
 * forked before any file is opened. The parent opens files and hands descriptors over; a
 * worker opens nothing, audits one file at a time and returns one record for each. A
 * worker that dies costs the file it was at, and is replaced. */
#ifndef ASSAY_SRC_WORKERS_H
#define ASSAY_SRC_WORKERS_H

#include "src/audit.h"
#include "src/walk.h"

/* One record an item, in the order of the items, in `arena`. `jobs` is at least 1. False where the
 * system gives no processes, sockets or memory. `progress`, which may be NULL, is told how many are done. */
bool audit_all(struct arena *arena, const struct walk *walk, const struct audit_options *options, unsigned jobs,
               void (*progress)(size_t done, size_t all), struct record **records, struct problem *problem) MUST_CHECK;

/* What a worker does until its socket is closed; the place for a jail. */
struct wire;
_Noreturn void worker_main(const struct wire *wire, const struct audit_options *options);

#endif
