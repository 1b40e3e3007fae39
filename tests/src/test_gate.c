/* The gate fails closed: verdicts and exit statuses over outcomes, levels and --fail-on. */
#include "tests/src/sample_record.h" /* before cmocka.h, whose macro fail() it must not meet */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static struct arena arena;

/* A record whose one image passed every rule. */
static struct record *passed(void)
{
    struct record *record = sample_record(&arena, "file");
    record->image_count = 1;
    for (size_t i = 0; i < rule_count; i++)
        record->images[0].results[i].outcome = i % 2 ? OUTCOME_PASS : OUTCOME_NOT_APPLICABLE;
    return record;
}

static size_t rule_of_level(enum level level)
{
    for (size_t i = 0; i < rule_count; i++)
        if (rules[i]->level == level)
            return i;
    fail_msg("no rule has the level %s", level_name(level));
    return 0;
}

static struct record *with_outcome(enum level level, enum outcome outcome)
{
    struct record *record = passed();
    record->images[0].results[rule_of_level(level)].outcome = outcome;
    return record;
}

static int decide(enum level fail_on, struct record **records, size_t count, struct run *run)
{
    static struct gate gate;
    gate = (struct gate){.profile = profile_find("release"), .fail_on = fail_on};
    *run = (struct run){.gate = &gate, .count = count, .records = records};
    gate_decide(&arena, run);
    return gate_status(run);
}

static void outcome_level_and_fail_on_decide(void **state)
{
    (void)state;
    static const struct {
        enum level level, fail_on;
        bool counts;
    } rows[] = {
        {LEVEL_ERROR, LEVEL_ERROR, true},    {LEVEL_ERROR, LEVEL_WARNING, true},   {LEVEL_ERROR, LEVEL_NOTE, true},
        {LEVEL_WARNING, LEVEL_ERROR, false}, {LEVEL_WARNING, LEVEL_WARNING, true}, {LEVEL_WARNING, LEVEL_NOTE, true},
        {LEVEL_NOTE, LEVEL_ERROR, false},    {LEVEL_NOTE, LEVEL_WARNING, false},   {LEVEL_NOTE, LEVEL_NOTE, true},
    };
    static const struct {
        enum outcome outcome;
        enum verdict verdict;
        int status;
    } outcomes[] = {{OUTCOME_PASS, VERDICT_PASS, 0},
                    {OUTCOME_FAIL, VERDICT_FAIL, 1},
                    {OUTCOME_UNKNOWN, VERDICT_UNKNOWN, 3},
                    {OUTCOME_NOT_APPLICABLE, VERDICT_PASS, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (size_t k = 0; k < sizeof outcomes / sizeof *outcomes; k++) {
            struct run run;
            struct record *record = with_outcome(rows[i].level, outcomes[k].outcome);
            int status = decide(rows[i].fail_on, &record, 1, &run);
            enum verdict expected = rows[i].counts ? outcomes[k].verdict : VERDICT_PASS;
            if (run.verdict != expected || record->verdict != expected ||
                status != (rows[i].counts ? outcomes[k].status : 0))
                fail_msg("%s at level %s with --fail-on %s: %s, exit %d", outcome_name(outcomes[k].outcome),
                         level_name(rows[i].level), level_name(rows[i].fail_on), verdict_name(run.verdict), status);
        }
}

static struct record *of_verdict(enum verdict verdict)
{
    switch (verdict) {
    case VERDICT_PASS:
        return passed();
    case VERDICT_FAIL:
        return with_outcome(LEVEL_ERROR, OUTCOME_FAIL);
    case VERDICT_UNKNOWN:
        return with_outcome(LEVEL_ERROR, OUTCOME_UNKNOWN);
    case VERDICT_ERROR:
        break;
    }
    return record_error(&arena, "file", 0, "cannot be read");
}

/* Fail beats error beats unknown beats pass, in either order. */
static void the_worst_file_decides(void **state)
{
    (void)state;
    static const int weight[] = {[VERDICT_PASS] = 0, [VERDICT_UNKNOWN] = 1, [VERDICT_ERROR] = 2, [VERDICT_FAIL] = 3};
    static const int statuses[] = {[VERDICT_PASS] = 0, [VERDICT_FAIL] = 1, [VERDICT_UNKNOWN] = 3, [VERDICT_ERROR] = 3};
    for (enum verdict a = VERDICT_PASS; a <= VERDICT_ERROR; a++)
        for (enum verdict b = VERDICT_PASS; b <= VERDICT_ERROR; b++) {
            struct record *records[] = {of_verdict(a), of_verdict(b), passed()};
            struct run run;
            enum verdict worse = weight[a] > weight[b] ? a : b;
            assert_int_equal(decide(LEVEL_ERROR, records, 3, &run), statuses[worse]);
            assert_int_equal(run.verdict, worse);
            assert_int_equal(run.summary.files, 3);
            assert_int_equal(run.summary.pass + run.summary.fail + run.summary.unknown + run.summary.error, 3);
        }
}

static void within_a_file_a_failure_says_most(void **state)
{
    (void)state;
    struct run run;
    struct record *record = with_outcome(LEVEL_ERROR, OUTCOME_FAIL);
    for (size_t i = 0; i < rule_count; i++)
        if (record->images[0].results[i].outcome != OUTCOME_FAIL)
            record->images[0].results[i].outcome = OUTCOME_UNKNOWN;
    assert_int_equal(decide(LEVEL_ERROR, &record, 1, &run), 1);
    /* a file that could not be read to its end has no result that can be relied on */
    record->error = "changed while it was read";
    assert_int_equal(decide(LEVEL_ERROR, &record, 1, &run), 3);
    assert_int_equal(record->verdict, VERDICT_ERROR);
}

static void what_was_not_judged_is_no_pass(void **state)
{
    (void)state;
    struct run run;
    struct record *record = passed();
    record->image_count = 0;
    assert_int_equal(decide(LEVEL_ERROR, &record, 1, &run), 3);
    assert_int_equal(record->verdict, VERDICT_UNKNOWN);
    for (size_t count = 0; count < rule_count; count++) {
        record = passed();
        record->images[0].result_count = count;
        assert_int_equal(decide(LEVEL_ERROR, &record, 1, &run), 3);
    }
    record = sample_record(&arena, "file"); /* the second slice has no results */
    for (size_t i = 0; i < rule_count; i++)
        record->images[0].results[i].outcome = OUTCOME_PASS;
    assert_int_equal(decide(LEVEL_ERROR, &record, 1, &run), 3);
}

/* A verdict that came with a record, from a worker, counts for nothing. */
static void only_the_gate_gives_verdicts(void **state)
{
    (void)state;
    struct run run;
    struct record *record = with_outcome(LEVEL_ERROR, OUTCOME_FAIL);
    record->verdict = VERDICT_PASS;
    assert_int_equal(decide(LEVEL_ERROR, &record, 1, &run), 1);
    record = record_error(&arena, "file", 0, "");
    record->verdict = VERDICT_PASS;
    assert_int_equal(decide(LEVEL_ERROR, &record, 1, &run), 3);
}

static void nothing_judged_is_a_status_of_its_own(void **state)
{
    (void)state;
    struct run run;
    assert_int_equal(decide(LEVEL_ERROR, NULL, 0, &run), 2);
    assert_int_not_equal(run.verdict, VERDICT_PASS);
}

static void a_profile_changes_levels(void **state)
{
    (void)state;
    size_t strict = rule_of_level(LEVEL_ERROR), lax = rule_of_level(LEVEL_NOTE);
    struct profile profile = {"test", "", false, {{rules[strict]->id, LEVEL_OFF}, {rules[lax]->id, LEVEL_ERROR}}};
    struct gate gate = {.profile = &profile, .fail_on = LEVEL_NOTE};
    assert_int_equal(gate_level(&gate, NULL, rules[strict], NULL), LEVEL_OFF); /* off is off, whatever --fail-on says */
    assert_int_equal(gate_level(&gate, NULL, rules[lax], NULL), LEVEL_ERROR);
    struct record *record = passed();
    struct run run = {.gate = &gate, .count = 1, .records = &record};
    record->images[0].results[strict].outcome = OUTCOME_FAIL;
    gate_decide(&arena, &run);
    assert_int_equal(record->verdict, VERDICT_PASS);
    gate.fail_on = LEVEL_ERROR;
    record->images[0].results[lax].outcome = OUTCOME_FAIL;
    gate_decide(&arena, &run);
    assert_int_equal(record->verdict, VERDICT_FAIL);
}

static void profiles_are_found_by_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < profile_count; i++)
        assert_ptr_equal(profile_find(profiles[i].name), &profiles[i]);
    assert_null(profile_find(""));
    assert_null(profile_find("Release"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outcome_level_and_fail_on_decide),  cmocka_unit_test(the_worst_file_decides),
        cmocka_unit_test(within_a_file_a_failure_says_most), cmocka_unit_test(what_was_not_judged_is_no_pass),
        cmocka_unit_test(only_the_gate_gives_verdicts),      cmocka_unit_test(nothing_judged_is_a_status_of_its_own),
        cmocka_unit_test(a_profile_changes_levels),          cmocka_unit_test(profiles_are_found_by_name),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_free(&arena);
    return failed;
}
