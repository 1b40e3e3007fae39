/* What reports tell, one by one and in the order of the run: every result that is neither pass nor not-applicable,
 * every file that could not be read, and what is wrong with the run as a whole. What a waiver excuses is told too. */
#ifndef ASSAY_SRC_REPORT_FINDINGS_H
#define ASSAY_SRC_REPORT_FINDINGS_H

#include "formats/digest.h"
#include "src/gate.h"

struct told {
    const struct rule *rule; /* of a file that was not read or judged: rule_run_file_judged */
    enum level level;        /* LEVEL_OFF is never told */
    bool unknown;            /* undecided, not failed */
    enum verdict closes;     /* the gate: VERDICT_PASS where it does not */
    const char *message;
    const char *path;                        /* the file; of a finding about the run, the policy */
    const char *image;                       /* name of the image; "" where it is about the whole file or run */
    size_t line;                             /* of the policy; 0: `path` is an audited file */
    const struct record *record;             /* NULL: about the run */
    const struct record_image *record_image; /* NULL: about the file or the run */
    size_t evidence_count;
    const struct evidence *evidence;
    const struct waiver *waiver; /* NULL: not waived */
    const char *key;             /* what tells it from others of its rule and path: image name, or subject */
};

/* Where the walk stands; zero at first. */
struct telling {
    size_t record, image, result, finding;
    struct evidence row; /* of a finding about the run */
};
/* The next one. False: that was all. */
bool telling_next(const struct run *run, struct telling *telling, struct told *told);
/* 64 hexadecimal digits that are the same in every run for the same rule, path and image: no offset is in it. */
void telling_fingerprint(const struct told *told, char text[DIGEST_TEXT]);
/* Why the gate closes over a file of which no rule says so: it was not read, or not judged. NULL: it does not. */
const char *told_unjudged(const struct run *run, const struct record *record);
/* The fix in the words of the toolchain that made the image; C's where none is known, or `image` is NULL. */
const char *told_fix(const struct rule *rule, const struct record_image *image);

#endif
