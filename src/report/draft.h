/* Text that is written with stdio and then read in memory. Of open_memstream() glibc does not say when memory ran out:
 * the text would end early, and nobody would know. */
#ifndef ASSAY_SRC_REPORT_DRAFT_H
#define ASSAY_SRC_REPORT_DRAFT_H

#include <stdbool.h>
#include <stdio.h>

#include "formats/status.h"

struct draft { /* stays where it is from draft_open() to draft_close() */
    FILE *out;
    char *text; /* after draft_close(): all that was written, and a NUL; free() it */
    size_t size, room;
};

/* False: no memory, and nothing is open. */
bool draft_open(struct draft *draft) MUST_CHECK;
/* Ends `out`. False: memory ran out on the way, and there is no text. */
bool draft_close(struct draft *draft) MUST_CHECK;
/* Gives back whatever there is, open or not; of a zeroed draft, nothing. */
void draft_drop(struct draft *draft);

#endif
