#include "checks/glob.h"

#include <stddef.h>
#include <string.h>

/* The end of one element of a pattern: a set, a backslash with its character, or one character. */
static const char *element_end(const char *at)
{
    if (*at == '\\')
        return at[1] ? at + 2 : NULL;
    if (*at != '[')
        return at + 1;
    at += at[1] == '!' || at[1] == '^' ? 2 : 1;
    for (const char *first = at; *at; at++)
        if (*at == ']' && at > first)
            return at + 1;
    return NULL;
}

bool glob_is_valid(const char *pattern)
{
    while (pattern && *pattern)
        pattern = element_end(pattern);
    return pattern != NULL;
}

bool glob_is_blank(const char *pattern)
{
    return pattern[strspn(pattern, "*?/.")] == 0;
}

static bool in_set(const char *set, char c)
{
    bool negated = set[1] == '!' || set[1] == '^', found = false;
    const char *at = set + (negated ? 2 : 1), *first = at;
    for (; *at != ']' || at == first; at++) {
        unsigned char low = (unsigned char)*at, high = low;
        if (at[1] == '-' && at[2] != ']') {
            high = (unsigned char)at[2];
            at += 2;
        }
        found |= (unsigned char)c >= low && (unsigned char)c <= high;
    }
    return found != negated;
}

/* Whether the element at `at`, no `*`, fits one character. */
static bool fits(const char *at, char c)
{
    if (c == 0)
        return false;
    switch (*at) {
    case '?':
        return c != '/';
    case '[':
        return c != '/' && in_set(at, c);
    case '\\':
        return at[1] == c;
    default:
        return *at == c;
    }
}

/* Whether `**` stands at `at` as a whole component; what follows it and its slash. */
static const char *behind_tree(const char *pattern, const char *at)
{
    if (at[0] != '*' || at[1] != '*' || (at > pattern && at[-1] != '/'))
        return NULL;
    return at[2] == '/' ? at + 3 : at[2] == 0 ? at + 2 : NULL;
}

/* One place to come back to for `*`, and one for `**`, are enough: a later wildcard of the same kind that was reached
 * can do all that an earlier one could. */
bool glob_match(const char *pattern, const char *path)
{
    const char *at = pattern, *star = NULL, *star_path = NULL, *tree = NULL, *tree_path = NULL;
    if (!glob_is_valid(pattern))
        return false;
    for (;;) {
        const char *behind = behind_tree(pattern, at);
        if (behind) {
            tree = behind;
            tree_path = path;
            star = NULL;
            at = behind;
            if (at[-1] == '*')
                return true; /* the last component: all that is left */
        } else if (*at == '*') {
            star = ++at;
            star_path = path;
        } else if (*at && fits(at, *path)) {
            at = element_end(at);
            path++;
        } else if (*at == 0 && *path == 0) {
            return true;
        } else if (star && *star_path && *star_path != '/') {
            path = ++star_path;
            at = star;
        } else if (tree && (tree_path = strchr(tree_path, '/'))) {
            path = ++tree_path;
            at = tree;
            star = NULL;
        } else {
            return false;
        }
    }
}
