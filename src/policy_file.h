/* Which policy a run obeys, and what day it is: the two things that the command line takes from its surroundings. */
#ifndef ASSAY_SRC_POLICY_FILE_H
#define ASSAY_SRC_POLICY_FILE_H

#include "src/options.h"
#include "src/walk.h"

/* Loads the policy that the options ask for: --policy FILE, none, or the nearest .assay.yaml from the working
 * directory up to the root of its repository; and puts it, the day, and the levels that no option gave into the gate.
 * False: there is none that can be obeyed, and that was said. */
bool policy_load(struct arena *arena, struct options *options) MUST_CHECK;
/* Whether a policy that was found, not named, lies in a tree that is to be judged: whoever wrote that tree would decide
 * over it. That is said. */
bool policy_is_judged(const struct options *options, const struct walk *walk) MUST_CHECK;
/* The bytes of a policy, with a NUL; NULL, and that was said, where it cannot be read. */
char *policy_bytes(struct arena *arena, const char *path, size_t *size);
/* One line on standard error for each complaint. */
void policy_complain(const struct complaints *complaints);
/* The day of --now, of SOURCE_DATE_EPOCH, or of the clock. False: it is no day, and that was said. */
bool policy_today(const char *now, int64_t *today) MUST_CHECK;

#endif
