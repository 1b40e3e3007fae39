#include "src/gate.h"

#include <string.h>

const struct profile profiles[] = {
    {"release",
     "fully static on Linux, as static as the platform allows on macOS, stripped, right target",
     false,
     {{0}}},
    {"static", "the literal demand on every format: no interpreter, no dyld, no dylib", true, {{0}}},
};
const size_t profile_count = sizeof profiles / sizeof *profiles;

const struct profile *profile_find(const char *name)
{
    for (size_t i = 0; i < profile_count; i++)
        if (strcmp(profiles[i].name, name) == 0)
            return &profiles[i];
    return NULL;
}

enum level gate_level(const struct gate *gate, const struct rule *rule)
{
    const struct profile_level *levels = gate->profile->levels;
    for (size_t i = 0; i < sizeof gate->profile->levels / sizeof *levels && levels[i].rule; i++)
        if (strcmp(levels[i].rule, rule->id) == 0)
            return levels[i].level;
    return rule->level;
}

enum verdict gate_result(const struct gate *gate, const struct record_result *result)
{
    enum level level = gate_level(gate, result->rule);
    if (level == LEVEL_OFF || level < gate->fail_on)
        return VERDICT_PASS;
    switch (result->outcome) {
    case OUTCOME_PASS:
    case OUTCOME_NOT_APPLICABLE:
        return VERDICT_PASS;
    case OUTCOME_FAIL:
        return VERDICT_FAIL;
    case OUTCOME_UNKNOWN:
        break;
    }
    return VERDICT_UNKNOWN;
}

/* A failure says most: it stays true whatever else could not be decided. */
static enum verdict worse(enum verdict a, enum verdict b)
{
    static const int weight[] = {[VERDICT_PASS] = 0, [VERDICT_UNKNOWN] = 1, [VERDICT_ERROR] = 2, [VERDICT_FAIL] = 3};
    return weight[a] >= weight[b] ? a : b;
}

/* A file without images, or an image without results, was not judged: no pass. */
static enum verdict file_verdict(const struct gate *gate, const struct record *record)
{
    enum verdict verdict = record->image_count ? VERDICT_PASS : VERDICT_UNKNOWN;
    if (record->error)
        return VERDICT_ERROR;
    for (size_t i = 0; i < record->image_count; i++) {
        const struct record_image *image = &record->images[i];
        if (image->result_count != rule_count)
            verdict = worse(verdict, VERDICT_UNKNOWN);
        for (size_t k = 0; k < image->result_count; k++)
            verdict = worse(verdict, gate_result(gate, &image->results[k]));
    }
    return verdict;
}

void gate_decide(struct run *run)
{
    run->summary = (struct summary){.files = run->count};
    run->verdict = run->count ? VERDICT_PASS : VERDICT_UNKNOWN;
    for (size_t i = 0; i < run->count; i++) {
        struct record *record = run->records[i];
        size_t *const counts[] = {[VERDICT_PASS] = &run->summary.pass,
                                  [VERDICT_FAIL] = &run->summary.fail,
                                  [VERDICT_UNKNOWN] = &run->summary.unknown,
                                  [VERDICT_ERROR] = &run->summary.error};
        record->verdict = file_verdict(run->gate, record);
        ++*counts[record->verdict];
        run->verdict = worse(run->verdict, record->verdict);
    }
}

int gate_status(const struct run *run)
{
    if (run->count == 0)
        return 2;
    switch (run->verdict) {
    case VERDICT_PASS:
        return 0;
    case VERDICT_FAIL:
        return 1;
    case VERDICT_UNKNOWN:
    case VERDICT_ERROR:
        break;
    }
    return 3;
}
