/* What consumers do not take more of: the gravest is kept, and what is left out is said. */
#include "tests/src/sample_record.h" /* before cmocka.h, whose macro fail() it must not meet */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "src/report/findings.h"

enum { FILES = 2000 };
static struct record *records[FILES];
static struct gate gate;
static struct run run;
static struct arena arena;

static int many_files(void **state)
{
    (void)state;
    gate = (struct gate){.profile = profile_find("release"), .fail_on = LEVEL_ERROR};
    run = (struct run){.gate = &gate, .count = FILES, .records = records};
    for (size_t i = 0; i < FILES; i++)
        records[i] = sample_record(&arena, arena_print(&arena, "dist/%05zu", i));
    gate_decide(&arena, &run);
    return 0;
}

static int no_files(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

static char *report(const struct reporter *reporter, size_t *size)
{
    static const struct report_options look;
    char *text = NULL;
    FILE *out = open_memstream(&text, size);
    assert_non_null(out);
    assert_true(reporter->run(&run, &look, out));
    assert_int_equal(fclose(out), 0);
    return text;
}

static size_t count(const char *text, const char *what)
{
    size_t found = 0, size = strlen(what);
    for (const char *at = text; *at; at++) /* strstr() looks at all that is left, each time, under a sanitizer */
        found += *at == *what && strncmp(at, what, size) == 0;
    return found;
}

static size_t told(bool closing)
{
    struct telling telling = {0};
    struct told one;
    size_t found = 0;
    while (telling_next(&run, &telling, &one))
        found += !closing || one.closes != VERDICT_PASS;
    return found;
}

static void sarif_keeps_what_closes_the_gate(void **state)
{
    (void)state;
    size_t size, closing = told(true), all = told(false);
    char *text = report(&report_sarif, &size), left[64];
    assert_in_range(all, 25001, 1000000);
    assert_int_equal(count(text, "{\"ruleId\":"), 25000);
    assert_int_equal(count(text, "\"closesGate\":true"), closing < 24999 ? closing : 24999);
    assert_int_equal(count(text, "\"ruleId\":\"run/report-whole\""), 1);
    (void)snprintf(left, sizeof left, "%zu findings are left out", all - 24999);
    assert_non_null(strstr(text, left));
    free(text);
}

static void markdown_stays_below_what_github_takes(void **state)
{
    (void)state;
    size_t size;
    char *text = report(&report_markdown, &size), left[64];
    assert_in_range(size, 500000, 1 << 20);
    (void)snprintf(left, sizeof left, "**%zu of these are not shown", FILES - count(text, "<details>"));
    assert_non_null(strstr(text, left));
    assert_non_null(strstr(text, "| 2000 |"));
    free(text);
}

static void github_annotates_ten_of_a_kind(void **state)
{
    (void)state;
    size_t size;
    char *text = report(&report_github, &size);
    assert_int_equal(count(text, "::error file="), 10);
    assert_int_equal(count(text, "\n::warning file="), 10);
    assert_int_equal(count(text, "\n"),
                     told(false) + 3); /* two lines around those that are no annotations, and the last */
    free(text);
}

static void a_page_has_every_file(void **state)
{
    (void)state;
    size_t size;
    char *text = report(&report_html, &size);
    assert_int_equal(count(text, "<details class=\"file"), FILES);
    assert_int_equal(count(text, "<th scope=\"row\">"), 500);
    assert_non_null(strstr(text, "1500 more files have no row here"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sarif_keeps_what_closes_the_gate),
        cmocka_unit_test(markdown_stays_below_what_github_takes),
        cmocka_unit_test(github_annotates_ten_of_a_kind),
        cmocka_unit_test(a_page_has_every_file),
    };
    return cmocka_run_group_tests(tests, many_files, no_files);
}
