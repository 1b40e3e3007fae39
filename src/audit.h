/* One file from bytes to record: the pipeline of the program. */
#ifndef ASSAY_SRC_AUDIT_H
#define ASSAY_SRC_AUDIT_H

#include "formats/read.h"
#include "src/policy/policy.h"
#include "src/record.h"

struct audit_options {
    struct file_options file;
    struct read_options read;
    struct record_options record;
    bool rules;          /* judge; false for `inspect` */
    const bool *off;     /* by rule: nobody wants to know; NULL: none */
    bool literal_static; /* profile `static` */
    bool has_target;     /* --target was given, not auto */
    struct target target;
    const char *cpus[DEMANDED_CPUS]; /* --cpu; NULL: not given */
    const struct policy *policy;     /* NULL: none */
};

/* Each audits one file and returns its record, allocated in `arena` (whose escape must be
 * free for use). Never fails: what goes wrong is the record's `error`. Takes over `fd`.
 * `in_tree`: the file was found, not named, and is left out (`skipped`) if it is no program. */
struct record *audit_fd(struct arena *arena, const char *path, int fd, bool in_tree,
                        const struct audit_options *options);
struct record *audit_stream(struct arena *arena, const char *path, int fd, const struct audit_options *options);
struct record *audit_memory(struct arena *arena, const char *path, const void *bytes, size_t size,
                            const struct audit_options *options);

#endif
