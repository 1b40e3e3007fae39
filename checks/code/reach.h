/* From the entry of a program to its instructions: which features of the processor they need, how surely they are
 * reached, and whether the program asks the processor first. */
#ifndef ASSAY_CHECKS_CODE_REACH_H
#define ASSAY_CHECKS_CODE_REACH_H

#include "checks/code/ground.h"
#include "checks/code/isa.h"
#include "checks/code/strays.h"

/* How sure it is that an instruction is reached, least first. */
enum reach {
    REACH_NONE,
    REACH_GUARDED,  /* only where the processor was found to have a feature */
    REACH_POSSIBLE, /* by branches, calls and pointers that the processor has no say in */
    REACH_ALWAYS,   /* on every path that a start of the program takes */
};

enum { PATH = 8 };
struct reached { /* the best-reached instruction of a class */
    enum reach reach;
    uint64_t address;    /* of the instruction; 0: the class does not occur in code that was understood */
    uint64_t path[PATH]; /* functions on the way to it, its own first; 0 ends the list */
    uint64_t functions;  /* in which it is reached unguarded */
    bool prevalent;      /* ALWAYS for the weight of these functions, see study.c */
};

struct reach_report {
    uint64_t functions;          /* that were recovered */
    uint64_t executable;         /* bytes of code */
    uint64_t understood, broken; /* bytes in functions; undefined encodings that were run into */
    bool tangled;                /* there is more in functions than is followed */
    size_t class_count;
    struct reached *classes; /* by class of the architecture */
    /* Functions that are reached unguarded, by calls and jumps alone, and had a choice between old and new instructions,
     * and those that took the new: SSE and VEX on amd64, exclusives and FEAT_LSE on arm64. */
    uint64_t choosers, choosers_new;
    /* Advanced SIMD arithmetic in reached code of arm64: words of all code that is reached, of such arithmetic, of that
     * in loops, of that which is reached unguarded; functions that have it. */
    uint64_t words, vectors, looped, unguarded, vector_functions;
};

/* Says of every class of the architecture how it is reached; all of it in the arena of `ground`, which has its pointers. */
void reach_program(struct ground *ground, const struct strays *strays, struct reach_report *report);

#endif
