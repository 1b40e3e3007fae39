/* The set of files against `matrix:`, and waivers against results, over records made by hand. */
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

enum { TODAY = 20000, MOST = 4 };

static void obey(const char *text)
{
    struct complaints complaints = {.arena = &arena};
    policy = (struct policy){.folder = "/release", .here = "/release"};
    if (!policy_read("policy", text, strlen(text), TODAY, &policy, &complaints))
        fail_msg("the policy is refused");
    gate = (struct gate){.profile = profile_find("release"), .fail_on = LEVEL_ERROR, .policy = &policy, .today = TODAY};
}

static size_t number; /* of files made: each has bytes of its own */

/* A file of one image that passed all. */
static struct record *file_of(const char *path, const char *os, const char *arch)
{
    struct record *record = sample_record(&arena, path);
    struct record_image *image = &record->images[0];
    record->image_count = 1;
    record->sha256 = arena_print(&arena, "%064zu", ++number);
    *image = (struct record_image){.name = arch,
                                   .os = os,
                                   .arch = arch,
                                   .judged = true,
                                   .linkage = "static",
                                   .result_count = image->result_count,
                                   .results = image->results};
    for (size_t i = 0; i < rule_count; i++)
        image->results[i].outcome = OUTCOME_PASS;
    return record;
}

static struct record *universal(const char *path, const char *one, const char *other)
{
    struct record *record = file_of(path, "macos", one);
    struct record_image *images = arena_array(&arena, 3, sizeof *images);
    images[0] = images[1] = images[2] = record->images[0];
    images[1].name = images[1].arch = other;
    record->images = images;
    record->image_count = 2;
    return record;
}

static enum verdict decide(struct record **records, size_t count)
{
    run = (struct run){.gate = &gate, .count = count, .records = records};
    gate_decide(&arena, &run);
    return run.verdict;
}

/* The findings of a rule; `message`, if not NULL, is in one of them. */
static size_t told(const struct rule *rule, const char *message)
{
    size_t count = 0;
    bool seen = !message;
    for (size_t i = 0; i < run.finding_count; i++) {
        count += run.findings[i].rule == rule;
        seen |= run.findings[i].rule == rule && message && strstr(run.findings[i].message, message);
    }
    if (!seen)
        for (size_t i = 0; i < run.finding_count; i++)
            print_error("%s: %s\n", run.findings[i].rule->id, run.findings[i].message);
    assert_true(seen);
    return count;
}

#define LINUX "version: 1\nmatrix:\n  - names: [\"app-{os}-{arch}\"]\n    os: [linux]\n    arch: [amd64, arm64]\n"
#define MACOS "version: 1\nmatrix:\n  - names: [\"app-{os}-{arch}\"]\n    os: [macos]\n    arch: [universal]\n"

/* ---- places ---- */

static void a_place_wants_a_file_of_its_system_and_architecture(void **state)
{
    (void)state;
    static const struct {
        const char *os, *arch, *message;
    } cases[] = {{"linux", "amd64", NULL},
                 {"linux", "arm64", "belongs to app-linux-arm64"},
                 {"macos", "amd64", "is macos/amd64, not linux/amd64"},
                 {"linux", "386", "is linux/386, not linux/amd64"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct record *records[] = {file_of("app-linux-amd64", cases[i].os, cases[i].arch)};
        obey(LINUX);
        decide(records, 1);
        assert_int_equal(told(&rule_release_right_places, cases[i].message), cases[i].message ? 1 : 0);
        assert_int_equal(told(&rule_release_complete, "no file for linux/arm64"), 1);
    }
}

static void a_file_of_two_images_is_for_no_place_of_one(void **state)
{
    (void)state;
    struct record *records[] = {file_of("app-linux-amd64", "linux", "amd64"),
                                file_of("app-linux-arm64", "linux", "arm64")};
    struct record_image images[2] = {records[0]->images[0], records[0]->images[0]};
    obey(LINUX);
    assert_int_equal(decide(records, 2), VERDICT_PASS);
    records[0]->images = images;
    records[0]->image_count = 2;
    decide(records, 2);
    assert_int_equal(told(&rule_release_right_places, "is linux/amd64 + linux/amd64, not linux/amd64"), 1);
    images[1].arch = "arm64";
    decide(records, 2);
    assert_int_equal(told(&rule_release_right_places, "is linux/amd64 + linux/arm64, not linux/amd64"), 1);
}

static void of_many_images_four_are_told(void **state)
{
    (void)state;
    struct record *records[] = {file_of("app-linux-amd64", "linux", "386")};
    struct record_image images[6];
    for (size_t i = 0; i < 6; i++)
        images[i] = records[0]->images[0];
    records[0]->images = images;
    records[0]->image_count = 6;
    obey(LINUX);
    decide(records, 1);
    told(&rule_release_right_places, "is linux/386 + linux/386 + linux/386 + linux/386, not");
}

static void a_universal_file_has_both_architectures(void **state)
{
    (void)state;
    static const struct {
        const char *one, *other;
        size_t count, wrong;
    } cases[] = {{"amd64", "arm64", 2, 0}, {"arm64", "amd64", 2, 0}, {"amd64", "amd64", 2, 1}, {"arm64", "arm64", 2, 1},
                 {"amd64", "386", 2, 1},   {"amd64", "arm64", 1, 1}, {"amd64", "arm64", 3, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct record *records[] = {universal("app-macos-universal", cases[i].one, cases[i].other)};
        records[0]->image_count = cases[i].count;
        if (cases[i].count == 3)
            records[0]->images[2].arch = "386";
        obey(MACOS);
        decide(records, 1);
        assert_int_equal(told(&rule_release_right_places, NULL), cases[i].wrong);
        records[0]->images[1].os = "ios";
        decide(records, 1);
        assert_int_equal(told(&rule_release_right_places, NULL), cases[i].count == 1 ? cases[i].wrong : 1);
    }
}

static void what_was_not_read_is_in_no_wrong_place(void **state)
{
    (void)state;
    for (unsigned torn = 0; torn < 2; torn++) {
        struct record *records[] = {file_of("app-linux-amd64", "linux", "arm64"),
                                    file_of("app-linux-arm64", "linux", "arm64")};
        records[0]->error = torn ? "cannot be read" : NULL;
        records[0]->image_count = 0;
        obey(LINUX);
        assert_int_not_equal(decide(records, 2), VERDICT_PASS);
        assert_int_equal(told(&rule_release_right_places, NULL), 0);
        assert_int_equal(told(&rule_release_complete, NULL), 0);
    }
}

static void swapped_files_are_told_apart_from_a_misplaced_one(void **state)
{
    (void)state;
    struct record *records[] = {file_of("app-linux-amd64", "linux", "arm64"),
                                file_of("app-linux-arm64", "linux", "amd64")};
    obey(LINUX);
    assert_int_equal(decide(records, 2), VERDICT_FAIL);
    assert_int_equal(told(&rule_release_right_places, "app-linux-amd64 and app-linux-arm64 are swapped"), 2);
    records[1] = file_of("app-linux-arm64", "linux", "arm64");
    decide(records, 2);
    assert_int_equal(told(&rule_release_right_places, "app-linux-amd64 is linux/arm64, and belongs to app-linux-arm64"),
                     1);
}

/* Another name of the matrix is no home, whatever its target. */
static void a_place_of_another_name_is_no_home(void **state)
{
    (void)state;
    struct record *records[] = {file_of("a-linux-amd64", "linux", "arm64"), file_of("b-linux-arm64", "linux", "arm64")};
    obey("version: 1\nmatrix:\n  - {names: [\"a-{os}-{arch}\"], os: [linux], arch: [amd64]}\n"
         "  - {names: [\"b-{os}-{arch}\"], os: [linux], arch: [arm64]}\n");
    decide(records, 2);
    assert_int_equal(told(&rule_release_right_places, "a-linux-amd64 is linux/arm64, not linux/amd64"), 1);
}

static void a_file_without_a_place_and_a_second_one_are_extra(void **state)
{
    (void)state;
    struct record *records[] = {file_of("app-linux-amd64-1", "linux", "amd64"),
                                file_of("app-linux-amd64-2", "linux", "amd64"),
                                file_of("app-linux-arm64-1", "linux", "arm64"), file_of("helper", "linux", "arm64")};
    obey("version: 1\nmatrix: [{names: [\"app-{os}-{arch}-*\"], os: [linux], arch: [amd64, arm64]}]\n");
    assert_int_equal(decide(records, 4), VERDICT_FAIL);
    assert_int_equal(
        told(&rule_release_no_extra_files, "app-linux-amd64-2 is a second file for the place of app-linux-amd64-1"), 2);
    told(&rule_release_no_extra_files, "helper is no part of the release");
    gate.partial = true;
    assert_int_equal(decide(records, 4), VERDICT_PASS);
}

/* ---- bytes ---- */

static void each_target_has_bytes_of_its_own(void **state)
{
    (void)state;
    static const struct {
        const char *one, *other;
        uint64_t size;
        bool error, fails, unknown;
    } cases[] = {{"aa", "aa", 1, false, true, false}, {"aa", "ab", 1, false, false, false},
                 {"aa", "aa", 2, false, true, false}, {"", "", 1, false, false, true},
                 {"", "", 2, false, false, false},    {"aa", "", 1, false, false, true},
                 {"", "aa", 1, false, false, true},   {"aa", "aa", 1, true, false, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (unsigned which = 0; which < (cases[i].error ? 2 : 1); which++) {
            struct record *records[] = {file_of("app-linux-amd64", "linux", "amd64"),
                                        file_of("app-linux-arm64", "linux", "arm64")};
            records[0]->size = 1;
            records[1]->size = cases[i].size;
            records[0]->sha256 = cases[i].one;
            records[1]->sha256 = cases[i].other;
            records[which]->error = cases[i].error ? "cannot be read" : NULL;
            obey(LINUX);
            decide(records, 2);
            const char *message = cases[i].fails     ? "are the same bytes"
                                  : cases[i].unknown ? "nothing tells them apart"
                                                     : NULL;
            assert_int_equal(told(&rule_release_distinct_architectures, message), message ? 1 : 0);
            if (message)
                assert_int_equal(run.findings[0].outcome, cases[i].fails ? OUTCOME_FAIL : OUTCOME_UNKNOWN);
            if (message)
                assert_string_equal(run.findings[0].observed, cases[i].fails ? cases[i].one : "no SHA-256");
        }
    }
}

/* Files of different names may be the same (a link), and of the same target (two names of a matrix). */
static void the_same_bytes_under_another_name_are_fine(void **state)
{
    (void)state;
    struct record *records[] = {file_of("a-linux-amd64", "linux", "amd64"), file_of("b-linux-amd64", "linux", "amd64")};
    records[1]->sha256 = records[0]->sha256;
    obey("version: 1\nmatrix: [{names: [\"a-{os}-{arch}\", \"b-{os}-{arch}\"], os: [linux], arch: [amd64]}]\n");
    assert_int_equal(decide(records, 2), VERDICT_PASS);
    assert_int_equal(run.finding_count, 0);
    static const struct {
        const char *os, *arch;
        bool told;
    } cases[] = {{"[linux, macos]", "[amd64]", true},
                 {"[macos]", "[amd64, universal]", true},
                 {"[linux]", "[amd64, amd64/v3]", false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        obey(arena_print(&arena, "version: 1\nmatrix: [{names: [\"a-{os}-{arch}\"], os: %s, arch: %s}]\n", cases[i].os,
                         cases[i].arch));
        assert_int_equal(policy.matrices[0].slot_count, 2);
        for (size_t k = 0; k < 2; k++) {
            records[k] = file_of(policy.matrices[0].slots[k].pattern, "linux", "amd64");
            records[k]->sha256 = "aa";
        }
        decide(records, 2);
        assert_int_equal(told(&rule_release_distinct_architectures, NULL), cases[i].told);
    }
}

/* ---- facts ---- */

static struct record_image *second;

static void other_linkage(void)
{
    second->linkage = "dynamic";
}
static void other_libc(void)
{
    second->libc = "musl";
}
static void other_library(void)
{
    second->needed = sample_list(&arena, "libz.so");
}
static void other_pie(void)
{
    second->pie = ANSWER_YES;
}
static void other_strip(void)
{
    second->stripped = ANSWER_NO;
}
static void other_go(void)
{
    second->go_version = "go1.23";
}
static void other_cgo(void)
{
    second->go_cgo = ANSWER_YES;
}
static void less_known(void)
{
    second->needed_known = false;
}
static void not_judged(void)
{
    second->judged = false;
}
static void nothing(void)
{
}

static void files_of_one_name_are_alike(void **state)
{
    (void)state;
    static const struct {
        void (*change)(void);
        const char *observed, *expected;
    } cases[] = {{nothing, NULL, NULL},
                 {other_linkage, "linkage: dynamic", "linkage: static"},
                 {other_libc, "C library: musl", "C library: none"},
                 {other_library, "libraries: libz.so second", "libraries: none"},
                 {other_pie, "position independent: yes", "position independent: not known"},
                 {other_strip, "stripped: no", "stripped: not known"},
                 {other_go, "Go: go1.23", "Go: none"},
                 {other_cgo, "cgo: yes", "cgo: not known"},
                 {less_known, "libraries: not known", "libraries: none"},
                 {not_judged, NULL, NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (unsigned swapped = 0; swapped < 2; swapped++) {
            struct record *records[] = {file_of("app-linux-amd64", "linux", "amd64"),
                                        file_of("app-linux-arm64", "linux", "arm64")};
            records[0]->images[0].needed_known = records[1]->images[0].needed_known = true;
            second = &records[!swapped]->images[0];
            cases[i].change();
            obey(LINUX);
            decide(records, 2);
            assert_int_equal(told(&rule_release_equal_capabilities, NULL), cases[i].observed ? 1 : 0);
            if (!cases[i].observed)
                continue;
            assert_string_equal(run.findings[0].observed, swapped ? cases[i].expected : cases[i].observed);
            assert_string_equal(run.findings[0].expected, swapped ? cases[i].observed : cases[i].expected);
            assert_string_equal(run.findings[0].subject, "app-linux-arm64 (arm64)");
        }
}

static void loaders_have_the_name_of_their_architecture(void **state)
{
    (void)state;
    const char *one[] = {"ld-linux-x86-64.so.2", "libc.so.6"}, *other[] = {"libc.so.6", "ld-linux-aarch64.so.1"};
    struct record *records[] = {file_of("app-linux-amd64", "linux", "amd64"),
                                file_of("app-linux-arm64", "linux", "arm64")};
    records[0]->images[0].needed = (struct text_list){2, one};
    records[1]->images[0].needed = (struct text_list){2, other};
    obey(LINUX);
    decide(records, 2);
    assert_int_equal(told(&rule_release_equal_capabilities, NULL), 0);
}

static void several_differences_are_one_finding(void **state)
{
    (void)state;
    struct record *records[] = {file_of("app-linux-amd64", "linux", "amd64"),
                                file_of("app-linux-arm64", "linux", "arm64")};
    records[1]->images[0].linkage = NULL;
    records[1]->images[0].libc = "musl";
    obey(LINUX);
    decide(records, 2);
    assert_int_equal(told(&rule_release_equal_capabilities, NULL), 1);
    assert_string_equal(run.findings[0].observed, "linkage: none; C library: musl");
    assert_string_equal(run.findings[0].expected, "linkage: static; C library: none");
}

/* Slices of one file are held against each other; other names and systems are not, and what is missing is passed over. */
static void what_is_compared_with_what(void **state)
{
    (void)state;
    struct record *slices[] = {universal("app-macos-universal", "amd64", "arm64")};
    slices[0]->images[1].libc = "musl";
    obey(MACOS);
    decide(slices, 1);
    assert_int_equal(told(&rule_release_equal_capabilities, "(arm64) is not what app-macos-universal (amd64) is"), 1);

    static const char *const names[] = {"a-linux-amd64", "a-linux-arm64", "a-macos-amd64", "a-macos-arm64",
                                        "b-linux-amd64"};
    obey("version: 1\nmatrix:\n  - {names: [\"a-{os}-{arch}\"], os: [linux, macos], arch: [amd64, arm64]}\n"
         "  - {names: [\"b-{os}-{arch}\"], os: [linux], arch: [amd64]}\n");
    for (size_t odd = 0; odd < 5; odd++)
        for (size_t gone = 0; gone <= 5; gone++) {
            struct record *records[5];
            size_t count = 0, linux_count = 0, macos_count = 0;
            for (size_t i = 0; i < 5; i++) {
                if (i == gone)
                    continue;
                linux_count += i < 2;
                macos_count += i == 2 || i == 3;
                records[count] = file_of(names[i], i == 2 || i == 3 ? "macos" : "linux",
                                         strstr(names[i], "amd64") ? "amd64" : "arm64");
                records[count++]->images[0].libc = i == odd ? "musl" : NULL;
            }
            decide(records, count);
            bool differs =
                odd != gone && ((odd < 2 && linux_count == 2) || ((odd == 2 || odd == 3) && macos_count == 2));
            assert_int_equal(told(&rule_release_equal_capabilities, NULL), differs);
        }
}

static void a_first_file_without_images_is_compared_with_nothing(void **state)
{
    (void)state;
    struct record *records[] = {file_of("app-linux-386", "linux", "386"), file_of("app-linux-amd64", "linux", "amd64"),
                                file_of("app-linux-arm64", "linux", "arm64")};
    records[0]->image_count = 0;
    records[1]->images[0].libc = "musl";
    obey("version: 1\nmatrix: [{names: [\"app-{os}-{arch}\"], os: [linux], arch: [\"386\", amd64, arm64]}]\n");
    decide(records, 3);
    assert_int_equal(told(&rule_release_equal_capabilities, "app-linux-arm64 (arm64) is not what app-linux-amd64"), 1);
}

/* Of three files the second and the third are held against the first; those of another name against their own first. */
static void each_file_is_held_against_the_first_of_its_name(void **state)
{
    (void)state;
    static const char *const paths[] = {"a-linux-386", "a-linux-amd64", "a-linux-arm64", "b-linux-amd64",
                                        "b-linux-arm64"};
    for (size_t odd = 0; odd < 5; odd++) {
        struct record *records[5];
        for (size_t i = 0; i < 5; i++) {
            records[i] = file_of(paths[i], "linux", paths[i] + 8);
            records[i]->images[0].libc = i == odd ? "musl" : NULL;
        }
        obey("version: 1\nmatrix:\n  - {names: [\"a-{os}-{arch}\"], os: [linux], arch: [\"386\", amd64, arm64]}\n"
             "  - {names: [\"b-{os}-{arch}\"], os: [linux], arch: [amd64, arm64]}\n");
        decide(records, 5);
        assert_int_equal(told(&rule_release_equal_capabilities, NULL), odd == 0 ? 2 : 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_file_is_held_against_the_first_of_its_name),
        cmocka_unit_test(a_place_wants_a_file_of_its_system_and_architecture),
        cmocka_unit_test(a_file_of_two_images_is_for_no_place_of_one),
        cmocka_unit_test(of_many_images_four_are_told),
        cmocka_unit_test(a_universal_file_has_both_architectures),
        cmocka_unit_test(what_was_not_read_is_in_no_wrong_place),
        cmocka_unit_test(swapped_files_are_told_apart_from_a_misplaced_one),
        cmocka_unit_test(a_place_of_another_name_is_no_home),
        cmocka_unit_test(a_file_without_a_place_and_a_second_one_are_extra),
        cmocka_unit_test(each_target_has_bytes_of_its_own),
        cmocka_unit_test(the_same_bytes_under_another_name_are_fine),
        cmocka_unit_test(files_of_one_name_are_alike),
        cmocka_unit_test(loaders_have_the_name_of_their_architecture),
        cmocka_unit_test(several_differences_are_one_finding),
        cmocka_unit_test(what_is_compared_with_what),
        cmocka_unit_test(a_first_file_without_images_is_compared_with_nothing),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_free(&arena);
    return failed;
}
