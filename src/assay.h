/* The public library: audit one file in this process and get its record as JSON.
 * No function prints, exits, or reads clock, locale or environment. */
#ifndef ASSAY_H
#define ASSAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ASSAY_VERSION "0.1.0"

/* What to do and what the release claims; zeros are the defaults of the command line. */
struct assay_options {
    const char *profile;    /* "release" (also where NULL) or "static" */
    const char *target;     /* "auto" (also where NULL), or any spelling of --target */
    uint64_t max_file_size; /* bytes; 0: 2 GiB */
    bool no_code, no_digest;
};

/* Exit status of `check` for one file. */
enum assay_status { ASSAY_PASS = 0, ASSAY_FAIL = 1, ASSAY_USAGE = 2, ASSAY_UNDECIDED = 3 };

/* Audits `size` bytes at `bytes` as the file `name`. *json is a complete assay-report/1
 * document in malloc'ed memory that the caller frees, or NULL where memory ran out or an
 * option is not understood (ASSAY_USAGE is then returned). */
enum assay_status assay_check_memory(const char *name, const void *bytes, size_t size,
                                     const struct assay_options *options, char **json);
/* The same for a regular file. A file that cannot be read gives a report with its error, and ASSAY_UNDECIDED. */
enum assay_status assay_check_file(const char *path, const struct assay_options *options, char **json);

#endif
