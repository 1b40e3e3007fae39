#include "tests/props/outcomes.h"

#include <string.h>

bool outcomes_take(const struct record *record, struct outcomes *outcomes)
{
    *outcomes = (struct outcomes){.verdict = record->verdict, .image_count = record->image_count};
    if (record->image_count > OUTCOMES_IMAGES)
        return false;
    for (size_t i = 0; i < record->image_count; i++) {
        const struct record_image *image = &record->images[i];
        if (image->result_count > OUTCOMES_RULES)
            return false;
        outcomes->images[i].judged = image->judged;
        outcomes->images[i].count = image->result_count;
        for (size_t k = 0; k < image->result_count; k++) {
            outcomes->images[i].items[k] = image->results[k].outcome;
            if (strcmp(image->results[k].message, "the rule gave no answer") == 0)
                return false;
        }
    }
    return true;
}

bool outcome_gained(enum outcome before, enum outcome now)
{
    return (before == OUTCOME_FAIL || before == OUTCOME_UNKNOWN) &&
           (now == OUTCOME_PASS || now == OUTCOME_NOT_APPLICABLE);
}

bool verdict_gained(enum verdict before, enum verdict now)
{
    return before != VERDICT_PASS && now == VERDICT_PASS;
}

size_t outcomes_gained(const struct outcomes *before, const struct outcomes *now)
{
    for (size_t i = 0; i < before->image_count && i < now->image_count; i++)
        for (size_t k = 0; now->images[i].judged && k < before->images[i].count && k < now->images[i].count; k++)
            if (outcome_gained(before->images[i].items[k], now->images[i].items[k]))
                return k;
    return rule_count;
}
