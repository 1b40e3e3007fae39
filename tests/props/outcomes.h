/* What was said of a file, kept so that it can be held against what is said once less of it can be seen. */
#ifndef ASSAY_TESTS_PROPS_OUTCOMES_H
#define ASSAY_TESTS_PROPS_OUTCOMES_H

#include "src/record.h"

enum { OUTCOMES_IMAGES = 8, OUTCOMES_RULES = 64 };

struct outcomes {
    enum verdict verdict;
    size_t image_count;
    struct {
        bool judged;
        size_t count; /* of rules */
        enum outcome items[OUTCOMES_RULES];
    } images[OUTCOMES_IMAGES];
};

/* False: more images or rules than there is room for, or a rule that gave no answer. */
bool outcomes_take(const struct record *record, struct outcomes *outcomes);

/* Whether a verdict or outcome is nearer to a pass than one that was given when more was known. What was a pass may turn
 * into anything, a fail may turn into unknown, unknown into a fail; nothing may turn into a pass or into not-applicable. */
bool outcome_gained(enum outcome before, enum outcome now);
bool verdict_gained(enum verdict before, enum verdict now);
/* The index of the first rule that gained in some image of both, or rule_count. An image that is judged no more is passed
 * over: the gate closes over it whatever its rules say. */
size_t outcomes_gained(const struct outcomes *before, const struct outcomes *now);

#endif
