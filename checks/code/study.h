/* What is known of an image's code, made when a rule first asks for it and shared by all of them. Two tiers: the scan
 * says what cannot be asked of a processor, for it does not occur; only where it found something that matters does
 * anybody follow the code from the entry (reach.h). */
#ifndef ASSAY_CHECKS_CODE_STUDY_H
#define ASSAY_CHECKS_CODE_STUDY_H

#include "checks/code/abi.h"
#include "checks/code/reach.h"
#include "checks/code/scan.h"
#include "checks/code/strays.h"

enum studied { STUDY_NOT_ASKED, STUDY_DONE, STUDY_IMPOSSIBLE };

struct code_study {
    const struct image *image;
    struct arena *arena; /* of all that is learnt; lives at least as long as the study */
    unsigned floor;      /* percent of the code that must be understood, as a policy says; 0: COVERAGE_FLOOR */
    bool allowed;        /* false (--no-code): nobody may look */
    enum studied grounded, scanned, astray, followed, convened;
    bool swept; /* `scan` is made, whether or not anybody asked for it */
    struct ground ground;
    struct scan scan;
    struct strays strays;
    struct reach_report reach;
    struct abi_study abi;
};

/* Whether the code is there to be looked at: allowed, of a kind that is judged, neither packed nor encrypted. */
bool study_readable(const struct code_study *study);
/* The first tier. False: not allowed, or the code cannot be read in full (packed, encrypted, cut off). */
bool study_scan(struct code_study *study) MUST_CHECK;
/* Adds to the scan what it may not have come upon (strays.h); after that, what is not there is surely absent. False: as
 * above. */
bool study_strays(struct code_study *study) MUST_CHECK;
/* The second. False: as above. */
bool study_follow(struct code_study *study) MUST_CHECK;

/* How arm64 code keeps its calling convention; on its own, beside the two. False: as above. */
bool study_conventions(struct code_study *study) MUST_CHECK;

enum { COVERAGE_FLOOR = 90 /* percent */ };
/* Bytes of code that were understood, in percent of those that can be run; after study_follow(). */
unsigned study_coverage(const struct code_study *study);
unsigned study_floor(const struct code_study *study);

/* What a program asks of a processor that lacks something, at its surest. */
enum need_kind {
    NEED_NOTHING,   /* all that occurs is there */
    NEED_UNREACHED, /* what is lacking is not reached */
    NEED_GUARDED,   /* it is reached only where the processor was asked for it */
    NEED_POSSIBLE,  /* it may be reached; which branches are taken, and what pointers lead to, is not known */
    NEED_REQUIRED,  /* it is reached on every run, or most of the program is made of it */
    NEED_UNKNOWN,   /* too little of the code was understood to tell */
};
struct need_report {
    enum need_kind kind;
    struct features lacking;       /* that make it so */
    enum feature feature;          /* one of them */
    const struct reached *witness; /* the instruction; NULL: none */
    bool by_prevalence;            /* REQUIRED because most functions that had a choice took it */
};
/* Holds the program against a processor with `had`, by the scan where that is enough. False: the code cannot be read. */
bool study_against(struct code_study *study, const struct features *had, struct need_report *report) MUST_CHECK;

/* All features that are reached at `kind` (UNREACHED to REQUIRED) and not more surely; after study_follow(). */
struct features study_features(const struct code_study *study, enum need_kind kind);

#endif
