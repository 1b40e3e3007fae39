/* What a rule is given: one image, and what the release expects of it. */
#ifndef ASSAY_CHECKS_SUBJECT_H
#define ASSAY_CHECKS_SUBJECT_H

#include "checks/code/study.h"
#include "checks/expect.h"
#include "formats/model.h"

struct abi_study;

struct subject {
    const struct reading *reading; /* the file's other slices */
    const struct image *image;
    const struct expect *expect;
    bool code_was_read;       /* false under --no-code */
    struct code_study *study; /* what is known of its instructions: made when a rule asks, shared by all */
};

#endif
