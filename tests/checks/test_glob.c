/* Patterns of paths, held against a matcher that tries everything. */
#include "checks/glob.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

static bool naive(const char *pattern, const char *path, bool start)
{
    if (start && pattern[0] == '*' && pattern[1] == '*' && (pattern[2] == '/' || pattern[2] == 0)) {
        if (pattern[2] == 0 || naive(pattern + 3, path, true))
            return true;
        const char *slash = strchr(path, '/');
        return slash && naive(pattern, slash + 1, true);
    }
    if (*pattern == 0)
        return *path == 0;
    if (*pattern == '*')
        return naive(pattern + 1, path, false) || (*path && *path != '/' && naive(pattern, path + 1, false));
    if (*pattern == '?')
        return *path && *path != '/' && naive(pattern + 1, path + 1, false);
    return *pattern == *path && naive(pattern + 1, path + 1, *pattern == '/');
}

static void every_short_pattern_is_read_as_by_trying(void **state)
{
    (void)state;
    static const char letters[] = "ab/*?", bytes[] = "ab/";
    uint64_t seed = 1;
    size_t fitting = 0;
    for (size_t i = 0; i < 2000000; i++) {
        char pattern[12] = "", path[12] = "";
        for (size_t k = 0; k < 11; k++) {
            seed = seed * 6364136223846793005U + 1442695040888963407U;
            pattern[k] = k < (seed >> 33) % 11 ? letters[(seed >> 40) % 5] : pattern[k];
            path[k] = k < (seed >> 36) % 11 ? bytes[(seed >> 50) % 3] : path[k];
        }
        bool expected = naive(pattern, path, true);
        fitting += expected;
        if (glob_match(pattern, path) != expected)
            fail_msg("\"%s\" on \"%s\": not %d", pattern, path, expected);
    }
    assert_in_range(fitting, 1000, 1000000); /* neither nothing nor everything */
}

static void what_patterns_mean(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *path;
        bool fits;
    } rows[] = {
        {"dist/app", "dist/app", true},
        {"dist/*", "dist/app", true},
        {"dist/*", "dist/a/app", false},
        {"dist/*", "dist/.hidden", true},
        {"dist/**", "dist/a/b/app", true},
        {"**/app", "app", true},
        {"**/app", "a/b/app", true},
        {"**/app", "a/b/happ", false},
        {"a/**/b", "a/b", true},
        {"a/**/b", "a/x/y/b", true},
        {"a**b", "a/b", false},
        {"a**b", "axyb", true},
        {"app-[a-c]", "app-b", true},
        {"app-[!a-c]", "app-b", false},
        {"app-[^a-c]", "app-d", true},
        {"[]]", "]", true},
        {"[a/]", "/", false},
        {"[!a]", "/", false},
        {"[a-]", "-", true},
        {"\\*", "*", true},
        {"\\*", "a", false},
        {"\\[a]", "[a]", true},
        {"[a", "[a", false},
        {"a\\", "a\\", false},
        {"", "", true},
        {"*", "", true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (glob_match(rows[i].pattern, rows[i].path) != rows[i].fits)
            fail_msg("\"%s\" on \"%s\"", rows[i].pattern, rows[i].path);
}

static void many_stars_cost_little(void **state)
{
    (void)state;
    static char pattern[4001], path[4001];
    for (size_t i = 0; i < 4000; i += 2)
        memcpy(pattern + i, "*a", 2);
    memset(path, 'a', 4000);
    path[3999] = 'b';
    clock_t start = clock();
    assert_false(glob_match(pattern, path));
    assert_true(clock() - start < 5 * CLOCKS_PER_SEC); /* trying everything would never end */
}

static void blank_patterns_tell_nothing_apart(void **state)
{
    (void)state;
    assert_true(glob_is_blank("**") && glob_is_blank("*") && glob_is_blank("**/*") && glob_is_blank("./**/?*"));
    assert_false(glob_is_blank("dist/*") || glob_is_blank("**/app") || glob_is_blank("[a]"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_patterns_mean),
        cmocka_unit_test(every_short_pattern_is_read_as_by_trying),
        cmocka_unit_test(many_stars_cost_little),
        cmocka_unit_test(blank_patterns_tell_nothing_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
