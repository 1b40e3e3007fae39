#include "src/gate.h"

#include <string.h>

#include "src/decide.h"

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

enum level gate_level(const struct gate *gate, const struct policy_target *target, const struct rule *rule,
                      struct place *place)
{
    const struct profile_level *levels = gate->profile->levels;
    const struct level_entry *entry = target ? policy_level(&target->levels, rule->id) : NULL;
    if (!entry && gate->policy)
        entry = policy_level(&gate->policy->levels, rule->id);
    if (place)
        *place = entry ? entry->place : (struct place){NULL, 0, 0};
    if (entry)
        return entry->level;
    for (size_t i = 0; i < sizeof gate->profile->levels / sizeof *levels && levels[i].rule; i++)
        if (strcmp(levels[i].rule, rule->id) == 0)
            return levels[i].level;
    return rule->level;
}

static enum verdict closes(const struct gate *gate, enum level level, enum outcome outcome)
{
    if (level == LEVEL_OFF || level < gate->fail_on)
        return VERDICT_PASS;
    switch (outcome) {
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

enum verdict gate_result(const struct gate *gate, const struct record_result *result)
{
    return result->waiver ? VERDICT_PASS : closes(gate, result->level, result->outcome);
}

enum verdict gate_finding(const struct gate *gate, const struct run_finding *finding)
{
    return closes(gate, finding->level, finding->outcome);
}

/* A failure says most: it stays true whatever else could not be decided. */
static enum verdict worse(enum verdict a, enum verdict b)
{
    static const int weight[] = {[VERDICT_PASS] = 0, [VERDICT_UNKNOWN] = 1, [VERDICT_ERROR] = 2, [VERDICT_FAIL] = 3};
    return weight[a] >= weight[b] ? a : b;
}

/* Whether every rule answered, each for itself: a worker that was taken over may have answered twice for one. */
static bool is_complete(const struct record_image *image)
{
    if (image->result_count != rule_count)
        return false;
    for (size_t i = 0; i < rule_count; i++)
        if (image->results[i].rule != rules[i])
            return false;
    return true;
}

/* A file without images, an image without results, or one that no rule about its format could speak of, was not
 * judged: no pass, whatever levels a policy sets. */
static enum verdict file_verdict(const struct gate *gate, const struct record *record)
{
    enum verdict verdict = record->image_count ? VERDICT_PASS : VERDICT_UNKNOWN;
    if (record->error)
        return VERDICT_ERROR;
    for (size_t i = 0; i < record->image_count; i++) {
        const struct record_image *image = &record->images[i];
        if (!image->judged || !is_complete(image))
            verdict = worse(verdict, VERDICT_UNKNOWN);
        for (size_t k = 0; k < image->result_count; k++)
            if (image->results[k].outcome != OUTCOME_PASS && image->results[k].outcome != OUTCOME_NOT_APPLICABLE)
                verdict = worse(verdict, gate_result(gate, &image->results[k]));
    }
    return verdict;
}

/* Levels by the index of a rule, for every item of `targets:` and, first, for files that none of them fits. */
static enum level *level_table(struct arena *arena, const struct gate *gate)
{
    size_t count = gate->policy ? gate->policy->target_count + 1 : 1;
    enum level *table = arena_array(arena, count * rule_count, sizeof *table);
    for (size_t i = 0; i < count; i++)
        for (size_t r = 0; r < rule_count; r++)
            table[i * rule_count + r] = gate_level(gate, i ? &gate->policy->targets[i - 1] : NULL, rules[r], NULL);
    return table;
}

const bool *gate_off(struct arena *arena, const struct gate *gate)
{
    size_t count = gate->policy ? gate->policy->target_count + 1 : 1;
    const enum level *table = level_table(arena, gate);
    bool *off = arena_array(arena, rule_count, sizeof *off);
    for (size_t r = 0; r < rule_count; r++) {
        off[r] = true;
        for (size_t i = 0; i < count; i++)
            off[r] &= table[i * rule_count + r] == LEVEL_OFF;
    }
    return off;
}

static void set_levels(const struct gate *gate, const enum level *levels, struct record *record)
{
    for (size_t i = 0; i < record->image_count; i++)
        for (size_t k = 0; k < record->images[i].result_count; k++) {
            struct record_result *result = &record->images[i].results[k];
            bool own = k < rule_count && result->rule == rules[k];
            enum level level = own ? levels[k] : gate_level(gate, NULL, result->rule, NULL);
            result->level = level;
            result->waiver = NULL;
        }
}

void run_finding_add(struct decision *decision, struct run_finding finding)
{
    struct run *run = decision->run;
    finding.level = gate_level(run->gate, NULL, finding.rule, NULL);
    if (finding.level == LEVEL_OFF)
        return;
    run->findings = arena_grow(decision->arena, run->findings, run->finding_count, sizeof *run->findings);
    run->findings[run->finding_count++] = finding;
}

/* What a policy adds: levels by path, waivers, and findings about the run. */
static void obey_policy(struct arena *arena, struct run *run, const enum level *table)
{
    const struct policy *policy = run->gate->policy;
    struct decision decision = {arena, run, policy, arena_array(arena, run->count, sizeof(char *))};
    for (size_t i = 0; i < run->count; i++) {
        decision.paths[i] = policy_path(policy, arena, run->records[i]->path);
        const struct policy_target *target = policy_target(policy, decision.paths[i]);
        size_t row = target ? (size_t)(target - policy->targets) + 1 : 0;
        set_levels(run->gate, table + row * rule_count, run->records[i]);
    }
    waivers_apply(&decision);
    if (!run->gate->partial)
        release_judge(&decision);
}

void gate_decide(struct arena *arena, struct run *run)
{
    const enum level *table = level_table(arena, run->gate);
    run->summary = (struct summary){.files = run->count};
    run->verdict = run->count ? VERDICT_PASS : VERDICT_UNKNOWN;
    run->finding_count = 0;
    if (run->gate->policy)
        obey_policy(arena, run, table);
    for (size_t i = 0; i < run->count; i++) {
        struct record *record = run->records[i];
        size_t *const counts[] = {[VERDICT_PASS] = &run->summary.pass,
                                  [VERDICT_FAIL] = &run->summary.fail,
                                  [VERDICT_UNKNOWN] = &run->summary.unknown,
                                  [VERDICT_ERROR] = &run->summary.error};
        if (!run->gate->policy)
            set_levels(run->gate, table, record);
        record->verdict = file_verdict(run->gate, record);
        ++*counts[record->verdict];
        run->verdict = worse(run->verdict, record->verdict);
    }
    for (size_t i = 0; i < run->finding_count; i++)
        run->verdict = worse(run->verdict, gate_finding(run->gate, &run->findings[i]));
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
