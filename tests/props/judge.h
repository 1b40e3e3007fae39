/* Audits bytes as `assay check` does with its defaults, and decides over them. */
#ifndef ASSAY_TESTS_PROPS_JUDGE_H
#define ASSAY_TESTS_PROPS_JUDGE_H

#include "corpus/samples/samples.h"
#include "formats/arena.h"
#include "src/gate.h"

#ifndef ASSAY_CORPUS
#define ASSAY_CORPUS "corpus"
#endif

/* A record in `arena`, with its verdict set; NULL: out of memory, or a target that is none. */
struct record *judge_bytes(struct arena *arena, const char *name, const void *bytes, size_t size, const char *target);
/* The same, with or without a look at the code. */
struct record *judge_with(struct arena *arena, const char *name, const void *bytes, size_t size, const char *target,
                          bool code);

#endif
