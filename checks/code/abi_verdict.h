/* How the rules of the family abi answer: one study of an image serves all of them, and they differ in what they ask. */
#ifndef ASSAY_CHECKS_CODE_ABI_VERDICT_H
#define ASSAY_CHECKS_CODE_ABI_VERDICT_H

#include "checks/code/abi.h"
#include "checks/finding.h"
#include "checks/subject.h"

enum {
    ABI_OF_PLATFORMS = 1 << ABI_AAPCS64 | 1 << ABI_APPLE | 1 << ABI_ANDROID,
    ABI_OF_X86 = 1 << ABI_SYSV,
    ABI_OF_ALL = (1 << ABI_PROFILES) - 1
};

struct abi_question {
    enum abi_breach breach;
    const char *expected;                  /* the clause that is kept, for evidence */
    const char *broken;                    /* "%" PRIu64 " functions …": what fails */
    const char *expected_x86, *broken_x86; /* the same on amd64; NULL: nothing is asked there */
    unsigned profiles;                     /* bits 1 << enum abi_profile: whose functions it speaks of */
    const char *not_here;                  /* why it says nothing of an image for another platform */
    bool of_conventions;                   /* functions that could not be followed to their end are not judged */
};

/* A row of evidence for each of the first hits. */
void abi_show(const struct subject *subject, struct finding *f, const struct abi_question *question);
/* What is known of the registers at a hit, that proves it. */
const char *abi_state_of(const struct image *image, struct arena *arena, const struct abi_hit *hit);
const char *abi_source_name(unsigned source); /* enum start_source: ".eh_frame", "a call" */
void abi_answer(const struct subject *subject, struct finding *f, const struct abi_question *question);

#endif
