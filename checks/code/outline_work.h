/* What the parts of an outline's making share (outline.c, outline_x86.c); nothing else includes this. */
#ifndef ASSAY_CHECKS_CODE_OUTLINE_WORK_H
#define ASSAY_CHECKS_CODE_OUTLINE_WORK_H

#include "checks/code/outline.h"
#include "checks/code/step.h"

struct glance { /* at one instruction */
    unsigned length, class;
    enum flow flow;
    uint64_t target;  /* of a direct branch, jump or call */
    uint64_t address; /* that is formed; 0: none */
    bool loads, stores, asks_cpu, idle, asks_kernel;
    bool word; /* it is of one word, or a part of one */
};

/* Of the x86-64 instruction at `at`, of which `n` bytes can be read. False: there is none. */
bool outline_glance_x86(const struct map *map, uint64_t address, const uint8_t *at, size_t n, struct glance *glance);
/* Over x86-64 instructions that mean nothing here; `end` leaves room for reading on. The first that may mean something. */
const uint8_t *outline_skip(const struct outline *outline, const uint8_t *at, const uint8_t *end);

#endif
