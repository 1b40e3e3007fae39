/* The processors that people name: levels of the two architectures, cores, boards and servers, and what each has. */
#ifndef ASSAY_CHECKS_CODE_CPU_H
#define ASSAY_CHECKS_CODE_CPU_H

#include "checks/code/isa.h"

enum { CPU_ADDS = 16, CPU_LACKS = 4 };
struct cpu {
    const char *name;
    enum arch arch;
    bool level;                /* every processor of a generation, not one that can be bought */
    const char *base;          /* the row that it is built on, which stands before; NULL: the architecture alone */
    uint8_t adds[CPU_ADDS];    /* enum feature, beside those of `base`; FEATURE_NONE ends the list */
    uint8_t lacks[CPU_LACKS];  /* those of `base` that it is without */
    const char *aliases;       /* other names, separated by blanks */
    const char *what, *source; /* a line of what it is, and where the features come from; of a level: cpus.def */
};

/* Every row, bases before what is built on them; how many. */
size_t cpu_rows(const struct cpu **rows);
/* The row of that name or alias, in any case; NULL: there is none. */
const struct cpu *cpu_find(const char *name);
struct features cpu_features(const struct cpu *cpu);

/* A CPU as people write it: a name, and behind that of an arm64 one what GOARM64 calls ",lse" and ",crypto". These two
 * alone stand behind Armv8.0. NULL: not known. */
const struct cpu *cpu_read(const char *text, struct features *features);

/* Whether the start of a Go program that records this GOAMD64 asks for what a CPU has not that has `had`. */
bool cpu_go_asks(enum arch arch, const char *recorded, const struct features *had);

/* The least level of an architecture that has all of `needs` but what no level has, such as FEAT_AES or FEAT_SVE: that is
 * `beyond`. */
const struct cpu *cpu_level(enum arch arch, const struct features *needs, struct features *beyond);

#endif
