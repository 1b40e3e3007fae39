/* Patterns of paths, as policies write them. */
#ifndef ASSAY_CHECKS_GLOB_H
#define ASSAY_CHECKS_GLOB_H

#include <stdbool.h>

/* Whether all of `path` fits `pattern`: `*` is any run of characters but a slash, `?` one of them, `[a-z]` and `[!a-z]`
 * one of a set; a component `**` is any number of components, none among them. A backslash takes away the meaning of
 * the next character. Every character stands for itself otherwise, a leading dot too. Takes time in proportion to both
 * lengths multiplied, whatever the pattern. */
bool glob_match(const char *pattern, const char *path);
/* Whether a pattern can be read: every `[` has its `]`, no backslash stands at the end. */
bool glob_is_valid(const char *pattern);
/* Whether there is nothing in a pattern that tells one file from another: only wildcards and slashes. */
bool glob_is_blank(const char *pattern);

#endif
