/* Reports over hostile text: JSON always parses and tells different texts apart, what a
 * terminal gets has no control byte but the newline, and the same run gives the same bytes. */
#include "tests/src/hostile.h"
#include "tests/src/sample_record.h" /* before cmocka.h, whose macro fail() it must not meet */

#include "src/report/escape.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <jansson.h>

static struct arena arena;

static json_t *parse(const char *text, size_t flags)
{
    json_error_t error;
    json_t *json = json_loads(text, flags | JSON_REJECT_DUPLICATES, &error);
    if (!json)
        fail_msg("no JSON: line %d, column %d: %s", error.line, error.column, error.text);
    return json;
}

static char *written(void (*write)(FILE *, const char *), const char *text)
{
    char *out = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&out, &size);
    assert_non_null(file);
    write(file, text);
    assert_int_equal(fclose(file), 0);
    return out;
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/* Gets the bytes back as escape.h promises: each \x with its two digits is a byte. */
static void decode(char *text)
{
    char *to = text;
    for (const char *at = text; *at; at++) {
        char digits[3] = {0};
        if (at[0] == '\\' && at[1] == 'x' && is_hex(at[2]) && is_hex(at[3])) {
            memcpy(digits, at + 2, 2);
            *to++ = (char)strtol(digits, NULL, 16);
            at += 3;
        } else {
            *to++ = *at;
        }
    }
    *to = 0;
}

static void check_json_form(const char *text)
{
    char *form = written(escape_json, text);
    json_t *json = parse(form, JSON_DECODE_ANY);
    char *back = strdup(json_string_value(json));
    assert_non_null(back);
    for (const char *at = form; *at; at++)
        assert_true((unsigned char)*at >= 0x20 && *at != 0x7f);
    decode(back);
    assert_string_equal(back, text);
    free(back);
    json_decref(json);
    free(form);
}

static void a_json_string_gives_its_bytes_back(void **state)
{
    (void)state;
    char text[4] = "";
    for (size_t i = 0; i < HOSTILE_TEXTS; i++)
        check_json_form(hostile_texts[i]);
    for (int a = 1; a < 256; a++)
        for (int b = 0; b < 256; b++) {
            text[0] = (char)a;
            text[1] = (char)b;
            text[2] = b ? (char)(a ^ b) : 0;
            check_json_form(text);
        }
}

static void different_texts_are_written_differently(void **state)
{
    (void)state;
    static void (*const forms[])(FILE *, const char *) = {escape_json, escape_terminal};
    for (size_t f = 0; f < 2; f++) {
        char *all[HOSTILE_TEXTS];
        for (size_t i = 0; i < HOSTILE_TEXTS; i++)
            all[i] = written(forms[f], hostile_texts[i]);
        for (size_t i = 0; i < HOSTILE_TEXTS; i++)
            for (size_t k = 0; k < i; k++)
                if (strcmp(all[i], all[k]) == 0)
                    fail_msg("texts %zu and %zu are both written %s", k, i, all[i]);
        for (size_t i = 0; i < HOSTILE_TEXTS; i++)
            free(all[i]);
    }
}

/* What is left of a report for people: printable ASCII, newlines, and UTF-8 that is neither C1 nor invisible. */
static void check_terminal(const char *report)
{
    static const char *const never[] = {"\xe2\x80\xae", "\xe2\x80\x8b", "\xe2\x80\xad", "\xe2\x81\xa6", "\xef\xbb\xbf",
                                        "\xe2\x80\xa8", "\xc2\x9b",     "\xc2\xad",     "##[",          "##vso"};
    json_t *text = json_string(report); /* refuses what is no UTF-8 */
    assert_non_null(text);
    json_decref(text);
    for (const char *at = report; *at; at++) {
        if (((unsigned char)*at < 0x20 && *at != '\n') || *at == 0x7f)
            fail_msg("the control byte %02x in %.40s", (unsigned)*at, at);
        if ((at == report || at[-1] == '\n') && strncmp(at + strspn(at, " "), "::", 2) == 0)
            fail_msg("a line begins with a command: %.40s", at);
    }
    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
        if (strstr(report, never[i]))
            fail_msg("%s in a report for people", never[i]);
}

/* All reports of a record whose every text is `text`; the JSON of the run. */
static json_t *check_reports(const char *text)
{
    struct record *record = sample_record(&arena, text);
    for (int form = 0; form < 4; form++) {
        char *report = sample_report(&report_text, record, form & 1, form & 2);
        check_terminal(report);
        free(report);
    }
    char *inspection = sample_report(&report_json, record, true, false);
    json_decref(parse(inspection, 0));
    free(inspection);
    char *report = sample_report(&report_json, record, false, false);
    json_t *json = parse(report, 0);
    free(report);
    arena_reset(&arena);
    return json;
}

static void hostile_texts_harm_no_report(void **state)
{
    (void)state;
    for (size_t i = 0; i < HOSTILE_TEXTS; i++) {
        json_t *json = check_reports(hostile_texts[i]);
        const json_t *file = json_array_get(json_object_get(json, "files"), 0);
        const json_t *image = json_array_get(json_object_get(file, "images"), 0);
        const json_t *needed = json_array_get(json_object_get(json_object_get(image, "facts"), "needed"), 0);
        char *back = strdup(json_string_value(needed));
        assert_non_null(back);
        assert_string_equal(back, json_string_value(json_object_get(file, "path")));
        decode(back);
        assert_string_equal(back, hostile_texts[i]);
        assert_true(json_is_true(json_object_get(json, "complete")));
        free(back);
        json_decref(json);
    }
}

static void long_names_harm_no_report(void **state)
{
    (void)state;
    static const char *const bricks[] = {"a", "\xff", "\x1b", "\xe2\x80\xae", "\\", "\"", "#"};
    for (size_t i = 0; i < sizeof bricks / sizeof *bricks; i++) {
        char name[4097] = "";
        size_t size = strlen(bricks[i]);
        for (size_t at = 0; at + size < sizeof name; at += size)
            memcpy(name + at, bricks[i], size);
        json_decref(check_reports(name));
    }
}

static void every_byte_harms_no_report(void **state)
{
    (void)state;
    for (int c = 1; c < 256; c++) {
        const char text[] = {(char)c, '[', (char)c, (char)c, 0};
        json_decref(check_reports(text));
    }
}

static void the_same_run_gives_the_same_bytes(void **state)
{
    (void)state;
    static const struct reporter *const all[] = {&report_json, &report_text};
    for (size_t i = 0; i < 8; i++) {
        char *first = sample_report(all[i & 1], sample_record(&arena, "text"), i & 2, i & 4);
        char *second = sample_report(all[i & 1], sample_record(&arena, "text"), i & 2, i & 4);
        assert_string_equal(first, second);
        free(first);
        free(second);
    }
}

/* Take the colours away, and the report without colour is left. */
static void colour_changes_nothing_but_colour(void **state)
{
    (void)state;
    struct record *record = sample_record(&arena, "text");
    const struct report_options look = {.colour = true};
    struct run run = {.gate = sample_gate(), .count = 1, .records = &record};
    char *coloured = NULL, *plain = sample_report(&report_text, record, false, false);
    size_t size = 0;
    FILE *out = open_memstream(&coloured, &size);
    assert_non_null(out);
    gate_decide(&arena, &run);
    assert_true(report_text.run(&run, &look, out));
    assert_int_equal(fclose(out), 0);
    assert_non_null(strchr(coloured, 0x1b));
    char *to = coloured;
    for (const char *at = coloured; *at; at++) {
        if (*at == 0x1b)
            at += strcspn(at, "m");
        else
            *to++ = *at;
    }
    *to = 0;
    assert_string_equal(coloured, plain);
    free(coloured);
    free(plain);
}

static void a_run_of_nothing_is_a_report_too(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size = 0;
    const struct report_options look = {0};
    struct skipped left_out = {"\x1b[2J", "\nempty"};
    struct run run = {.gate = sample_gate(), .skipped_count = 1, .skipped = &left_out};
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    gate_decide(&arena, &run);
    assert_true(report_json.run(&run, &look, out));
    assert_int_equal(fclose(out), 0);
    json_t *json = parse(text, 0);
    assert_string_equal(json_string_value(json_object_get(json, "verdict")), "unknown");
    json_decref(json);
    free(text);
}

static void reporters_are_found_by_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < reporter_count; i++)
        assert_ptr_equal(report_find(reporters[i]->name), reporters[i]);
    assert_null(report_find(""));
    assert_null(report_find("JSON"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_json_string_gives_its_bytes_back), cmocka_unit_test(different_texts_are_written_differently),
        cmocka_unit_test(hostile_texts_harm_no_report),       cmocka_unit_test(long_names_harm_no_report),
        cmocka_unit_test(every_byte_harms_no_report),         cmocka_unit_test(the_same_run_gives_the_same_bytes),
        cmocka_unit_test(colour_changes_nothing_but_colour),  cmocka_unit_test(a_run_of_nothing_is_a_report_too),
        cmocka_unit_test(reporters_are_found_by_name),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_free(&arena);
    return failed;
}
