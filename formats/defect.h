/* A defect: the bytes break the format, or two places of the file contradict each
 * other. Readers report them and read on as far as that is safe; they never decide
 * anything. defects.def says which rule answers for each. */
#ifndef ASSAY_FORMATS_DEFECT_H
#define ASSAY_FORMATS_DEFECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "formats/arena.h"

enum defect_family {
    DEFECT_FORMAT,  /* structure/well-formed */
    DEFECT_TRUTH,   /* structure/one-truth: two places of the file say different things */
    DEFECT_OVERLAY, /* structure/no-overlay: bytes that nobody owns */
    DEFECT_HASHES,  /* signature/page-hashes-match */
    DEFECT_COVER,   /* signature/covers-file */
};

enum defect_id {
#define DEFECT(id, family, text) DEFECT_ID_##id,
#include "formats/defects.def"
#undef DEFECT
    DEFECT_ID_COUNT
};

struct defect {
    enum defect_id id;
    uint64_t offset; /* in the file */
    const char *observed, *expected;
};
struct defect_list {
    size_t count; /* items kept: at most LIMIT_DEFECTS */
    size_t total; /* defects reported */
    struct defect *items;
};

/* Appends a defect. `observed` is a format; `expected` is a constant string. */
void defect_add(struct arena *arena, struct defect_list *list, enum defect_id id, uint64_t offset, const char *expected,
                const char *observed, ...) PRINTF_LIKE(6, 7);

const char *defect_name(enum defect_id id); /* "elf-phdr-table" */
const char *defect_text(enum defect_id id); /* one sentence */
enum defect_family defect_family(enum defect_id id);

#endif
