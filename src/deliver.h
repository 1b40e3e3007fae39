/* Reports leave the program whole or not at all: each is written beside its place, flushed to the disk and renamed,
 * and only then does standard output get its own. What an earlier run left in their places is removed first, so that
 * no run that fails or is killed leaves a report that looks like its own. */
#ifndef ASSAY_SRC_DELIVER_H
#define ASSAY_SRC_DELIVER_H

#include "src/options.h"
#include "src/walk.h"

/* Before any file is read: that each report has a place of its own, which is none of the files that are judged nor
 * the policy, and that nothing old stands there. False: not so, and that was said. */
bool deliver_prepare(const struct options *options, const struct walk *walk, const char *policy) MUST_CHECK;
/* Writes all reports. False: not all of them could be written in full, and that was said; none of those that have a
 * file of their own is then left. */
bool deliver(const struct options *options, const struct run *run) MUST_CHECK;

#endif
