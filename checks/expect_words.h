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
    WORD_ABI,  /* of an architecture that stands before it: what it makes of it is none that is judged */
    WORD_BITS,
    WORD_FEATURE,
    WORD_LIBC,
    WORD_FILLER
};

struct word {
    const char *text;
    enum word_sort sort;
    int value;
    const char
        *detail; /* WORD_LIBC: which; WORD_OS: "64" in linux64; WORD_ABI: what the architecture is called with it */
};

/* NULL: no word that is known. "macos11" and "freebsd14" are systems with a release. */
const struct word *word_find(const char *text);

#endif
