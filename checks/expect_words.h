/* The words of targets (checks/expect.c): what each of them is, and which. */
#ifndef ASSAY_CHECKS_EXPECT_WORDS_H
#define ASSAY_CHECKS_EXPECT_WORDS_H

enum { WORD_SIZE = 32 }; /* of a word that may be known, with its NUL */

enum word_sort {
    WORD_NONE,
    WORD_OS,
    WORD_ARCH,
    WORD_CHIP, /* an architecture where it stands behind macOS: foo-macos-intel */
    WORD_UNIVERSAL,
    WORD_KIND, /* of a system that stands before it: ios-arm64-simulator */
    WORD_FEATURE,
    WORD_LIBC,
    WORD_FILLER
};

struct word {
    const char *text;
    enum word_sort sort;
    int value;
    const char *libc;
};

/* NULL: no word that is known. "macos11" and "darwin23.1" are systems with a release. */
const struct word *word_find(const char *text);

#endif
