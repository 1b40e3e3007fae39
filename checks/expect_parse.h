/* Private to checks/expect*.c: a text that may be a target, taken apart into words. */
#ifndef ASSAY_CHECKS_EXPECT_PARSE_H
#define ASSAY_CHECKS_EXPECT_PARSE_H

#include "checks/expect.h"

struct parse {
    struct target target;
    bool is_name; /* of a file: words that mean nothing are allowed */
    bool has_os, has_arch, contradicts, strange;
    bool says_all;                        /* "universal" or "all" */
    bool vendor;                          /* all that is known of the system is "apple" */
    bool both;                            /* amd64 and arm64 as one: arm64_x86_64, x64+arm64 */
    unsigned place, os_place, arch_place; /* of the word, of the last one that is a system, and an architecture */
    bool arch_first;                      /* the architecture is the first word: aarch64-linux-gnu-… */
    bool is_triple;                       /* a C library, Android, or Apple and one of its systems is named as well */
    bool is_tool;  /* and a name follows the triple, as of a cross compiler: the triple is what it works for */
    unsigned bits; /* of "linux64" and "linux-64", where no architecture is named */
    unsigned last; /* the place of the last word that is no version, C library or kind of file */
    bool numbered; /* the system is, or comes behind, something with a digit: cpython-312-darwin */
    const char *os_word, *arch_word;
    char level[5], features[11]; /* of the variant: "v8.2" and "lse,crypto" */
};

struct parse parse_target(const char *text, bool is_name);
/* Whether it names a system and an architecture that are judged. */
bool parse_is_ours(const struct parse *p);
/* Whether it names a system and an architecture, and one of them is not. */
bool parse_is_foreign(const struct parse *p);

#endif
