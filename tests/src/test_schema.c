/* What the library says of real files, and of files that were cut and bent, against the
 * published schema. Each argument is a directory whose files are audited. */
#include "src/assay.h"
#include "tests/src/schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { MOST_FILES = 400, MOST_BYTES = 4 << 20 };

static json_t *schema;
static char **folders;
static size_t files_left;

static int load_schema(void **state)
{
    (void)state;
    schema = json_load_file(ASSAY_SOURCE_ROOT "/src/report/assay-report-1.schema.json", JSON_REJECT_DUPLICATES, NULL);
    return schema ? 0 : -1;
}

static int drop_schema(void **state)
{
    (void)state;
    json_decref(schema);
    return 0;
}

/* Takes over `text`. */
static json_t *expect_schema(const char *name, char *text)
{
    char why[512] = "no report";
    json_t *json = text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;
    if (!json || !schema_accepts(schema, schema, json, why, sizeof why))
        fail_msg("%s: %s", name, why);
    free(text);
    return json;
}

static int audit_one(const char *path, const struct stat *status, int flag, struct FTW *at)
{
    static const struct assay_options kinds[] = {{0},
                                                 {.profile = "static", .target = "linux/amd64", .no_digest = true}};
    (void)at;
    if (flag != FTW_F || !S_ISREG(status->st_mode) || status->st_size > MOST_BYTES || files_left == 0)
        return 0;
    files_left--;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        char *text;
        assay_check_file(path, &kinds[i], &text);
        json_decref(expect_schema(path, text));
    }
    return 0;
}

static void reports_of_real_files_fit(void **state)
{
    (void)state;
    if (!folders[0])
        skip();
    for (size_t i = 0; folders[i]; i++) {
        files_left = MOST_FILES;
        assert_int_equal(nftw(folders[i], audit_one, 16, FTW_PHYS), 0);
    }
}

/* This very program: cut anywhere, and with any byte of its headers turned over. */
static void reports_of_broken_files_fit(void **state)
{
    (void)state;
    enum { ROOM = 1 << 16, HEADERS = 1024, STEP = 61 };
    uint8_t *bytes = malloc(ROOM);
    FILE *self = fopen("/proc/self/exe", "re");
    assert_non_null(bytes);
    assert_non_null(self);
    size_t size = fread(bytes, 1, ROOM, self);
    assert_int_equal(fclose(self), 0);
    for (size_t cut = 0; cut < size; cut += cut < HEADERS ? STEP : ROOM / 16) {
        char *text;
        assay_check_memory("cut", bytes, cut, NULL, &text);
        json_decref(expect_schema("cut", text));
    }
    for (size_t at = 0; at < HEADERS && at < size; at += 3) {
        char *text;
        bytes[at] ^= 0xff;
        assay_check_memory("\xff\x1b", bytes, size, NULL, &text);
        json_decref(expect_schema("bent", text));
        bytes[at] ^= 0xff;
    }
    free(bytes);
}

/* Whatever object of a report lacks one of its keys, at whatever depth, is refused. */
static void refuse_each_missing_key(json_t *report, json_t *part, size_t *refused)
{
    char why[512];
    size_t i;
    json_t *item, *all = json_copy(part); /* a key that is put back moves to the end */
    const char *name;
    json_array_foreach(part, i, item) refuse_each_missing_key(report, item, refused);
    json_object_foreach(all, name, item)
    {
        json_object_del(part, name);
        if (schema_accepts(schema, schema, report, why, sizeof why))
            fail_msg("a report without %s fits", name);
        *refused += 1;
        json_object_set(part, name, item);
        refuse_each_missing_key(report, item, refused);
    }
    json_decref(all);
}

static void a_missing_key_is_refused(void **state)
{
    (void)state;
    size_t refused = 0;
    char *text;
    assay_check_file("/proc/self/exe", &(struct assay_options){.target = "linux/amd64"}, &text);
    json_t *report = expect_schema("this program", text);
    refuse_each_missing_key(report, report, &refused);
    assert_true(refused > 100);
    json_decref(report);
}

static void a_wrong_value_is_refused(void **state)
{
    (void)state;
    static const char *const keys[] = {"schema", "tool", "fail_on", "verdict", "summary", "files", "complete"};
    char why[512], *text;
    assay_check_memory("x", "x", 1, NULL, &text);
    json_t *report = expect_schema("x", text);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        json_t *bent = json_copy(report);
        json_object_set_new(bent, keys[i], json_string("no such value"));
        assert_false(schema_accepts(schema, schema, bent, why, sizeof why));
        json_object_set_new(bent, keys[i], json_integer(-1));
        assert_false(schema_accepts(schema, schema, bent, why, sizeof why));
        json_decref(bent);
    }
    json_decref(report);
}

static void a_new_key_is_allowed(void **state)
{
    (void)state;
    char *text;
    assay_check_memory("x", "x", 1, NULL, &text);
    json_t *report = expect_schema("x", text);
    json_object_set_new(report, "added_later", json_integer(1));
    char why[512];
    assert_true(schema_accepts(schema, schema, report, why, sizeof why));
    json_decref(report);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reports_of_real_files_fit), cmocka_unit_test(reports_of_broken_files_fit),
        cmocka_unit_test(a_missing_key_is_refused),  cmocka_unit_test(a_wrong_value_is_refused),
        cmocka_unit_test(a_new_key_is_allowed),
    };
    folders = argv + (argc > 0);
    return cmocka_run_group_tests(tests, load_schema, drop_schema);
}
