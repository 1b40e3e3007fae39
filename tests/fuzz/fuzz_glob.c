/* Patterns of paths: a pattern, a NUL, a path. A matcher that tries every way says the same. */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "checks/glob.h"

enum { MOST = 24 }; /* bytes of either, so that every way can be tried */

/* Whether `c` is in the set at `at`; *end is behind it, or NULL where it has no end. */
static bool in_set(const char *at, unsigned char c, const char **end)
{
    bool negated = at[1] == '!' || at[1] == '^', in = false, first = true;
    for (at += negated ? 2 : 1; *at && (first || *at != ']'); first = false) {
        unsigned char low = (unsigned char)*at++, high = low;
        if (at[0] == '-' && at[1] && at[1] != ']') {
            high = (unsigned char)at[1];
            at += 2;
        }
        in = in || (low <= c && c <= high);
    }
    *end = *at ? at + 1 : NULL;
    return in != negated;
}

static bool valid(const char *at)
{
    while (*at) {
        const char *end = at + 1;
        if (*at == '[')
            (void)in_set(at, 0, &end);
        else if (*at == '\\')
            end = at[1] ? at + 2 : NULL;
        if (!end)
            return false;
        at = end;
    }
    return true;
}

static const char *whole, *whole_path;
static bool tried[MOST + 1][MOST + 1]; /* from these two places on, and in vain */

static bool matches(const char *at, const char *path);

static bool try_from(const char *at, const char *path)
{
    bool *in_vain = &tried[at - whole][path - whole_path];
    if (*in_vain)
        return false;
    bool fits = matches(at, path);
    *in_vain = !fits;
    return fits;
}

static bool matches(const char *at, const char *path)
{
    bool start = at == whole || at[-1] == '/';
    if (start && at[0] == '*' && at[1] == '*' && at[2] == 0)
        return true;
    if (start && at[0] == '*' && at[1] == '*' && at[2] == '/') {
        for (const char *rest = path; rest; rest = strchr(rest, '/') ? strchr(rest, '/') + 1 : NULL)
            if (try_from(at + 3, rest))
                return true;
        return false;
    }
    if (*at == '*') {
        for (;; path++) {
            if (try_from(at + 1, path))
                return true;
            if (!*path || *path == '/')
                return false;
        }
    }
    if (!*at || !*path)
        return !*at && !*path;
    const char *end = at + 1;
    bool fits = *at == *path;
    if (*at == '?')
        fits = *path != '/';
    else if (*at == '[')
        fits = in_set(at, (unsigned char)*path, &end) && *path != '/';
    else if (*at == '\\')
        fits = *path == *++at, end = at + 1;
    return fits && try_from(end, path + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char pattern[MOST + 1], path[MOST + 1];
    const uint8_t *middle = memchr(data, 0, size);
    size_t first = middle ? (size_t)(middle - data) : size, second = middle ? size - first - 1 : 0;
    if (first > MOST || second > MOST)
        return 0;
    memcpy(pattern, data, first);
    memcpy(path, data + size - second, second);
    pattern[first] = path[second] = 0;
    if (glob_is_valid(pattern) != valid(pattern))
        abort();
    memset(tried, 0, sizeof tried);
    whole = pattern;
    whole_path = path;
    if (glob_match(pattern, path) != (valid(pattern) && try_from(pattern, path)))
        abort();
    if (glob_is_blank(pattern) && strspn(pattern, "*?/.") != strlen(pattern))
        abort();
    return 0;
}
