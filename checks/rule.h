/* A rule: one sentence that a release must satisfy, with all that people are told
 * about it. It reads the model, calls exactly one of pass, fail, unknown and
 * not_applicable, and shows evidence. It does no I/O and prints nothing. */
#ifndef ASSAY_CHECKS_RULE_H
#define ASSAY_CHECKS_RULE_H

#include "checks/finding.h"
#include "checks/subject.h"

enum level { LEVEL_OFF, LEVEL_NOTE, LEVEL_WARNING, LEVEL_ERROR };
enum applies { /* to what a rule speaks; run.c answers not-applicable for the rest */
               APPLIES_ELF = 1,
               APPLIES_MACHO = 2,
               APPLIES_PROGRAMS = 4,  /* executables only */
               APPLIES_LOADABLE = 8,  /* executables, shared libraries, bundles */
               APPLIES_ANYTHING = 16, /* every image, objects, cores and foreign machines too */
};

struct rule {
    const char *id;    /* "linkage/no-interpreter" */
    enum level level;  /* in the profile `release` */
    unsigned applies;  /* enum applies */
    const char *title; /* the good state, at most 60 characters */
    const char *why;   /* one paragraph */
    struct {
        const char *go, *c, *rust; /* a flag or a command; NULL: nothing special for that toolchain */
    } fix;
    const char *refs[4]; /* specifications and sources */
    struct {
        const char *fails, *passes; /* samples of corpus/samples.def */
    } example;
    void (*check)(const struct subject *subject, struct finding *finding);
};

extern const struct rule *const rules[];
extern const size_t rule_count;
const struct rule *rule_find(const char *id); /* NULL: no such rule */
const char *level_name(enum level level);     /* "error", "warning", "note", "off" */

#endif
