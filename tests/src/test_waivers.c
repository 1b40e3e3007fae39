/* What a waiver excuses, and what is said of waivers: each field of one, against results made by hand. */
#include "tests/src/sample_record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "src/gate_rules.h"

static struct arena arena;
static struct policy policy;
static struct gate gate;
static struct run run;
static struct waiver waivers[2];
static struct record *record;
static size_t waived_rule, other_rule, structure_rule; /* indices: two of one family, and one about structure */

enum { TODAY = 20000 };

static size_t rule_of(const char *family, size_t skip)
{
    for (size_t i = 0; i < rule_count; i++)
        if (policy_names(family, rules[i]->id) && rules[i]->level == LEVEL_ERROR && skip-- == 0)
            return i;
    fail_msg("no rule of %s", family);
    return 0;
}

/* One file, one image, one failure, and one waiver that excuses it. */
static void begin(void)
{
    waived_rule = rule_of("linkage", 0);
    other_rule = rule_of("linkage", 1);
    structure_rule = rule_of("structure", 0);
    record = sample_record(&arena, "/release/dist/app");
    record->image_count = 1;
    record->sha256 = "5566";
    record->images[0].name = "amd64";
    record->images[0].build_id = "aabb";
    for (size_t i = 0; i < rule_count; i++)
        record->images[0].results[i].outcome = OUTCOME_PASS;
    record->images[0].results[waived_rule].outcome = OUTCOME_FAIL;
    waivers[0] =
        (struct waiver){.rule = rules[waived_rule]->id, .path = "dist/app", .expires = "a day", .last_day = TODAY};
    waivers[1] =
        (struct waiver){.rule = rules[other_rule]->id, .path = "dist/app", .expires = "a day", .last_day = TODAY};
    policy = (struct policy){.folder = "/release", .here = "/release", .waiver_count = 1, .waivers = waivers};
    gate = (struct gate){.profile = profile_find("release"), .fail_on = LEVEL_ERROR, .policy = &policy, .today = TODAY};
}

static enum verdict decide(void)
{
    run = (struct run){.gate = &gate, .count = 1, .records = &record};
    gate_decide(&arena, &run);
    return record->verdict;
}

static const struct run_finding *told(const struct rule *rule)
{
    for (size_t i = 0; i < run.finding_count; i++)
        if (run.findings[i].rule == rule)
            return &run.findings[i];
    return NULL;
}

/* The failure is excused, or the waiver excuses nothing and that is told. */
static void excuses(const char *sentence, bool excused)
{
    enum verdict verdict = decide();
    if ((run.summary.waived == 1) != excused)
        print_error("%s\n", sentence);
    assert_int_equal(run.summary.waived, excused ? 1 : 0);
    assert_int_equal(verdict == VERDICT_PASS, excused);
    assert_int_equal(told(&rule_waiver_in_use) == NULL, excused);
    assert_ptr_equal(record->images[0].results[waived_rule].waiver, excused ? &waivers[0] : NULL);
}

static void a_waiver_fits_the_file_that_it_names(void **state)
{
    static const struct {
        const char *sentence, *path, *sha256, *build_id, *image;
        bool excused;
    } cases[] = {
        {"the path", "dist/app", NULL, NULL, NULL, true},
        {"a pattern", "dist/*", NULL, NULL, NULL, true},
        {"another path", "dist/ap", NULL, NULL, NULL, false},
        {"the digest", NULL, "5566", NULL, NULL, true},
        {"another digest", NULL, "5567", NULL, NULL, false},
        {"the build id", NULL, NULL, "aabb", NULL, true},
        {"another build id", NULL, NULL, "aabc", NULL, false},
        {"the image", "dist/app", NULL, NULL, "amd64", true},
        {"another image", "dist/app", NULL, NULL, "arm64", false},
        {"all of it", "dist/app", "5566", "aabb", "amd64", true},
        {"all but one", "dist/app", "5567", "aabb", "amd64", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        begin();
        waivers[0].path = cases[i].path;
        waivers[0].sha256 = cases[i].sha256;
        waivers[0].build_id = cases[i].build_id;
        waivers[0].image = cases[i].image;
        excuses(cases[i].sentence, cases[i].excused);
        assert_null(told(&rule_waiver_narrow));
    }
    begin();
    waivers[0].path = NULL;
    waivers[0].build_id = "aabb";
    record->images[0].build_id = NULL;
    excuses("an image without build id", false);
}

static void a_waiver_excuses_what_was_seen(void **state)
{
    (void)state;
    begin();
    record->images[0].judged = false;
    excuses("an image that was not judged", false);
    begin();
    decide();
    record->error = "cannot be read";
    decide();
    assert_int_equal(run.summary.waived, 0);
    assert_int_equal(record->verdict, VERDICT_ERROR);

    static const struct {
        const char *sentence;
        enum outcome outcome, structure;
        bool excused;
    } cases[] = {
        {"a failure", OUTCOME_FAIL, OUTCOME_PASS, true},
        {"a failure in broken bytes", OUTCOME_FAIL, OUTCOME_FAIL, true},
        {"what is not known", OUTCOME_UNKNOWN, OUTCOME_PASS, true},
        {"what is not known where a rule does not apply", OUTCOME_UNKNOWN, OUTCOME_NOT_APPLICABLE, true},
        {"what is not known of broken bytes", OUTCOME_UNKNOWN, OUTCOME_FAIL, false},
        {"what is not known of bytes that may be broken", OUTCOME_UNKNOWN, OUTCOME_UNKNOWN, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        begin();
        record->images[0].results[waived_rule].outcome = cases[i].outcome;
        record->images[0].results[structure_rule].outcome = cases[i].structure;
        decide();
        if ((run.summary.waived == 1) != cases[i].excused)
            print_error("%s\n", cases[i].sentence);
        assert_int_equal(run.summary.waived, cases[i].excused ? 1 : 0);
    }
    for (unsigned applies = 0; applies < 2; applies++) {
        begin();
        record->images[0].results[waived_rule].outcome = applies ? OUTCOME_PASS : OUTCOME_NOT_APPLICABLE;
        decide();
        assert_int_equal(run.summary.waived, 0);
        assert_non_null(told(&rule_waiver_in_use));
    }
}

static void a_waiver_is_for_its_rule_alone(void **state)
{
    (void)state;
    begin();
    waivers[0].rule = rules[other_rule]->id;
    excuses("another rule", false);
    begin();
    policy.waiver_count = 2;
    record->images[0].results[other_rule].outcome = OUTCOME_FAIL;
    assert_int_equal(decide(), VERDICT_PASS);
    assert_int_equal(run.summary.waived, 2);
    assert_int_equal(run.finding_count, 0);
    waivers[1].rule = rules[waived_rule]->id; /* the second for the same: of no use */
    assert_int_equal(decide(), VERDICT_FAIL);
    assert_int_equal(run.summary.waived, 1);
    assert_ptr_equal(record->images[0].results[waived_rule].waiver, &waivers[0]);
    assert_non_null(told(&rule_waiver_in_use));
}

static void what_is_off_needs_no_excuse(void **state)
{
    (void)state;
    begin();
    struct level_entry entry = {rules[waived_rule]->id, LEVEL_OFF, {NULL, 0, 0}};
    policy.levels = (struct level_list){1, &entry};
    assert_int_equal(decide(), VERDICT_PASS);
    assert_int_equal(run.summary.waived, 0);
    assert_non_null(told(&rule_waiver_in_use));
    gate.partial = true; /* what else the release has may need it */
    decide();
    assert_null(told(&rule_waiver_in_use));
}

static void a_waiver_ends_with_its_last_day(void **state)
{
    (void)state;
    begin();
    waivers[0].last_day = TODAY - 1;
    assert_int_equal(decide(), VERDICT_FAIL);
    assert_int_equal(run.summary.waived, 0);
    assert_non_null(told(&rule_waiver_not_expired));
    assert_null(told(&rule_waiver_in_use));
    assert_int_equal(run.verdict, VERDICT_FAIL);
    begin();
    waivers[0].last_day = TODAY - 1;
    record->images[0].results[waived_rule].outcome = OUTCOME_PASS;
    decide();
    assert_null(told(&rule_waiver_not_expired)); /* nothing leans on it */
    assert_non_null(told(&rule_waiver_in_use));
}

static void a_waiver_is_narrow(void **state)
{
    static const struct {
        const char *rule, *path, *sha256, *build_id;
        bool narrow;
    } cases[] = {{NULL, "dist/app", NULL, NULL, true}, {"linkage", "dist/app", NULL, NULL, false},
                 {NULL, "**", NULL, NULL, false},      {NULL, "**", "5566", NULL, true},
                 {NULL, "**", NULL, "aabb", true},     {"linkage", "**", "5566", NULL, false},
                 {NULL, "dist/*", NULL, NULL, true}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        begin();
        waivers[0].rule = cases[i].rule ? cases[i].rule : waivers[0].rule;
        waivers[0].path = cases[i].path;
        waivers[0].sha256 = cases[i].sha256;
        waivers[0].build_id = cases[i].build_id;
        decide();
        assert_int_equal(run.summary.waived, 1);
        assert_int_equal(told(&rule_waiver_narrow) == NULL, cases[i].narrow);
    }
}

static void a_finding_says_which_waiver(void **state)
{
    static const struct {
        struct waiver waiver;
        const char *subject;
    } cases[] = {{{.rule = "linkage", .path = "x"}, "linkage in x"},
                 {{.rule = "linkage", .sha256 = "00"}, "linkage sha256:00"},
                 {{.rule = "linkage", .build_id = "11"}, "linkage build-id:11"},
                 {{.rule = "linkage", .path = "x", .image = "amd64"}, "linkage in x image amd64"},
                 {{.rule = "linkage", .path = "x", .sha256 = "00", .build_id = "11", .image = "amd64"},
                  "linkage in x sha256:00 build-id:11 image amd64"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        begin();
        waivers[0] = cases[i].waiver;
        waivers[0].last_day = TODAY;
        decide();
        assert_string_equal(told(&rule_waiver_narrow)->subject, cases[i].subject);
    }
}

/* ---- the gate, where no policy says anything ---- */

static void what_is_no_outcome_is_no_pass(void **state)
{
    (void)state;
    begin();
    policy.waiver_count = 0;
    record->images[0].results[waived_rule].outcome = (enum outcome)(OUTCOME_NOT_APPLICABLE + 1);
    assert_int_equal(decide(), VERDICT_UNKNOWN);
    assert_int_equal(gate_status(&run), 3);
    run.verdict = (enum verdict)(VERDICT_ERROR + 1);
    assert_int_equal(gate_status(&run), 3);
}

static void results_in_another_order_are_not_all_of_them(void **state)
{
    (void)state;
    begin();
    policy.waiver_count = 0;
    struct record_result *results = record->images[0].results, first = results[0];
    results[waived_rule].outcome = OUTCOME_PASS;
    assert_int_equal(decide(), VERDICT_PASS);
    results[0] = results[1];
    results[1] = first;
    assert_int_equal(decide(), VERDICT_UNKNOWN);
    assert_int_equal(results[0].level, rules[1]->level);
    assert_int_equal(results[1].level, rules[0]->level);
}

static void more_results_than_rules_are_no_answer(void **state)
{
    (void)state;
    begin();
    policy.waiver_count = 0;
    struct record_image *image = &record->images[0];
    struct record_result *results = arena_array(&arena, rule_count + 1, sizeof *results);
    memcpy(results, image->results, rule_count * sizeof *results);
    results[waived_rule].outcome = OUTCOME_PASS;
    results[rule_count] = results[other_rule];
    image->results = results;
    image->result_count = rule_count + 1;
    assert_int_equal(decide(), VERDICT_UNKNOWN);
    assert_int_equal(results[rule_count].level, rules[other_rule]->level);
}

static void a_finding_of_a_rule_that_is_off_is_not_told(void **state)
{
    (void)state;
    begin();
    struct level_entry entry = {"waiver/in-use", LEVEL_OFF, {NULL, 0, 0}};
    waivers[0].path = "elsewhere";
    decide();
    assert_int_equal(run.finding_count, 1);
    policy.levels = (struct level_list){1, &entry};
    decide();
    assert_int_equal(run.finding_count, 0);
}

static void a_profile_may_change_as_many_levels_as_it_has_room_for(void **state)
{
    (void)state;
    struct profile full = {.name = "full"};
    size_t room = sizeof full.levels / sizeof *full.levels;
    for (size_t i = 0; i < room; i++)
        full.levels[i] = (struct profile_level){rules[i]->id, LEVEL_OFF};
    begin();
    gate.profile = &full;
    gate.policy = NULL;
    for (size_t i = 0; i < rule_count; i++)
        assert_int_equal(gate_level(&gate, NULL, rules[i], NULL), i < room ? LEVEL_OFF : rules[i]->level);
}

static void every_rule_is_found_by_its_id(void **state)
{
    (void)state;
    for (size_t i = 0; i < any_rule_count(); i++)
        assert_ptr_equal(any_rule_find(any_rule(i)->id), any_rule(i));
    assert_int_equal(any_rule_count(), rule_count + gate_rule_count);
    assert_ptr_equal(any_rule(rule_count), gate_rules[0]);
    assert_null(any_rule_find("linkage"));
}

/* ---- what a worker must send ---- */

static void a_record_lacks_no_text(void **state)
{
    (void)state;
    begin();
    record->sha256 = "";
    assert_true(record_is_whole(record));
    const char **const texts[] = {
        &record->path,          &record->sha256,         &record->container,         &record->target,
        &record->target_source, &record->images[0].name, &record->images[0].machine, &record->images[0].format,
        &record->images[0].os,  &record->images[0].arch, &record->images[0].endian,  &record->images[0].kind};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const char *text = *texts[i];
        *texts[i] = NULL;
        assert_false(record_is_whole(record));
        *texts[i] = text;
        assert_true(record_is_whole(record));
    }
}

static void a_digest_is_of_64_digits_or_none(void **state)
{
    char text[66] = "";
    (void)state;
    begin();
    record->sha256 = text;
    for (size_t size = 0; size < sizeof text; size++) {
        memset(text, 'f', size);
        text[size] = 0;
        assert_int_equal(record_is_whole(record), size == 0 || size == 64);
    }
    text[64] = 0;
    static const char wrong[] = {'g', 'F', '/', ':', ' '};
    for (size_t i = 0; i < sizeof wrong; i++) {
        text[63] = wrong[i];
        assert_false(record_is_whole(record));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_waiver_fits_the_file_that_it_names),
        cmocka_unit_test(a_waiver_excuses_what_was_seen),
        cmocka_unit_test(a_waiver_is_for_its_rule_alone),
        cmocka_unit_test(what_is_off_needs_no_excuse),
        cmocka_unit_test(a_waiver_ends_with_its_last_day),
        cmocka_unit_test(a_waiver_is_narrow),
        cmocka_unit_test(a_finding_says_which_waiver),
        cmocka_unit_test(what_is_no_outcome_is_no_pass),
        cmocka_unit_test(results_in_another_order_are_not_all_of_them),
        cmocka_unit_test(more_results_than_rules_are_no_answer),
        cmocka_unit_test(a_finding_of_a_rule_that_is_off_is_not_told),
        cmocka_unit_test(a_profile_may_change_as_many_levels_as_it_has_room_for),
        cmocka_unit_test(every_rule_is_found_by_its_id),
        cmocka_unit_test(a_record_lacks_no_text),
        cmocka_unit_test(a_digest_is_of_64_digits_or_none),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_free(&arena);
    return failed;
}
