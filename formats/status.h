/* How library code says that it could not do its work. A broken *file* is not
 * such a case: that is a defect, which is data (defect.h). */
#ifndef ASSAY_FORMATS_STATUS_H
#define ASSAY_FORMATS_STATUS_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#define MUST_CHECK        __attribute__((warn_unused_result))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))

enum status {
    STATUS_OK,
    STATUS_CANNOT_OPEN, /* no such file, no permission */
    STATUS_NOT_REGULAR, /* a FIFO, device, socket or directory */
    STATUS_TOO_LARGE,   /* larger than --max-file-size */
    STATUS_READ_FAILED, /* the system could not give the bytes */
    STATUS_CHANGED,     /* the file changed while it was read */
    STATUS_NO_MEMORY,
    STATUS_WORKER_DIED, /* the process that audited the file ended before it answered */
};

/* Text for a person, filled in by whoever returns a status other than OK. */
struct problem {
    enum status status;
    char text[240];
};

/* Fills in `problem` (which may be NULL) and returns `status`. */
enum status problem_set(struct problem *problem, enum status status, const char *format, ...) PRINTF_LIKE(3, 4);

#endif
