/* The public library on what it is not meant for: garbage, nothing, options that are not understood. */
#include "src/assay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The verdict in a report, which must be whole; frees the report. */
static void expect_report(char *text, const char *verdict, const char *path)
{
    assert_non_null(text);
    json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(json);
    const json_t *files = json_object_get(json, "files");
    assert_int_equal(json_array_size(files), 1);
    assert_string_equal(json_string_value(json_object_get(json, "schema")), "assay-report/1");
    assert_string_equal(json_string_value(json_object_get(json, "verdict")), verdict);
    assert_string_equal(json_string_value(json_object_get(json_array_get(files, 0), "path")), path);
    assert_true(json_is_true(json_object_get(json, "complete")));
    json_decref(json);
    free(text);
}

static void garbage_is_never_a_pass(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
    } rows[] = {{"", 0},
                {"x", 1},
                {"\x7f"
                 "ELF",
                 4},
                {"\xcf\xfa\xed\xfe", 4},
                {"\xca\xfe\xba\xbe\0\0\0\2", 8},
                {"#!/bin/sh\n", 10},
                {"!<arch>\n", 8},
                {"MZ\0\0", 4},
                {"\0asm\1\0\0\0", 8}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *json;
        enum assay_status status = assay_check_memory("name", rows[i].bytes, rows[i].size, NULL, &json);
        assert_true(status == ASSAY_FAIL || status == ASSAY_UNDECIDED);
        expect_report(json, status == ASSAY_FAIL ? "fail" : "unknown", "name");
    }
}

/* Every beginning of a header, and every filling behind it. */
static void headers_with_noise_are_never_a_pass(void **state)
{
    (void)state;
    static const char *const magics[] = {"\177ELF\2\1\1", "\xcf\xfa\xed\xfe\x0c", "\xca\xfe\xba\xbe"};
    uint32_t noise = 1;
    for (int round = 0; round < 300; round++) {
        uint8_t bytes[700];
        char *json;
        const char *magic = magics[round % 3];
        for (size_t i = 0; i < sizeof bytes; i++) {
            noise = noise * 1664525 + 1013904223;
            bytes[i] = noise & 0x3000000 ? 0 : (uint8_t)(noise >> 8);
        }
        memcpy(bytes, magic, strlen(magic));
        enum assay_status status = assay_check_memory("noise", bytes, sizeof bytes - (size_t)round, NULL, &json);
        assert_true(status == ASSAY_FAIL || status == ASSAY_UNDECIDED);
        assert_non_null(json);
        free(json);
    }
}

static void no_bytes_may_be_null(void **state)
{
    (void)state;
    char *json;
    assert_int_not_equal(assay_check_memory("empty", NULL, 0, NULL, &json), ASSAY_PASS);
    assert_non_null(json);
    free(json);
}

static void options_that_are_not_understood_are_usage(void **state)
{
    (void)state;
    static const struct assay_options rows[] = {
        {.profile = "strict"}, {.profile = ""}, {.target = "linux"}, {.target = ""}, {.target = "linux/arm64/\x1b"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *json = (char *)"not touched";
        assert_int_equal(assay_check_memory("x", "x", 1, &rows[i], &json), ASSAY_USAGE);
        assert_null(json);
        json = (char *)"not touched";
        assert_int_equal(assay_check_file("/dev/null", &rows[i], &json), ASSAY_USAGE);
        assert_null(json);
    }
}

static void files_that_cannot_be_read_are_undecided(void **state)
{
    (void)state;
    static const char *const paths[] = {"/nonexistent/file", "/dev/null", "/", ""};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        char *json;
        assert_int_equal(assay_check_file(paths[i], NULL, &json), ASSAY_UNDECIDED);
        expect_report(json, "error", paths[i]);
    }
}

static void a_file_too_large_is_undecided(void **state)
{
    (void)state;
    const struct assay_options options = {.max_file_size = 3};
    char *json;
    assert_int_equal(assay_check_memory("four",
                                        "\x7f"
                                        "ELF",
                                        4, &options, &json),
                     ASSAY_UNDECIDED);
    expect_report(json, "error", "four");
}

static void memory_and_file_agree(void **state)
{
    (void)state;
    char path[] = "/tmp/assay-library-XXXXXX", *one, *two;
    static const char bytes[] = "no program";
    const struct assay_options rows[] = {{0},
                                         {.no_digest = true},
                                         {.no_code = true},
                                         {.profile = "static"},
                                         {.target = "linux/arm64"},
                                         {.target = "auto", .profile = "release"}};
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, sizeof bytes), sizeof bytes);
    close(fd);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        enum assay_status a = assay_check_file(path, &rows[i], &one);
        enum assay_status b = assay_check_memory(path, bytes, sizeof bytes, &rows[i], &two);
        assert_int_equal(a, b);
        assert_non_null(one);
        assert_non_null(two);
        assert_string_equal(one, two);
        free(one);
        free(two);
    }
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(garbage_is_never_a_pass),
        cmocka_unit_test(headers_with_noise_are_never_a_pass),
        cmocka_unit_test(no_bytes_may_be_null),
        cmocka_unit_test(options_that_are_not_understood_are_usage),
        cmocka_unit_test(files_that_cannot_be_read_are_undecided),
        cmocka_unit_test(a_file_too_large_is_undecided),
        cmocka_unit_test(memory_and_file_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
