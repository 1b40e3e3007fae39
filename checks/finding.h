/* What one rule says of one image. A finding starts as `unknown: the rule gave no
 * answer`, so a rule that forgets a case closes the gate. */
#ifndef ASSAY_CHECKS_FINDING_H
#define ASSAY_CHECKS_FINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "formats/arena.h"

struct rule;
enum outcome { OUTCOME_PASS, OUTCOME_FAIL, OUTCOME_UNKNOWN, OUTCOME_NOT_APPLICABLE };

struct evidence {
    uint64_t offset; /* in the file; EVIDENCE_NOWHERE: no one place */
    const char *observed, *expected;
};
#define EVIDENCE_NOWHERE UINT64_MAX

struct finding {
    const struct rule *rule;
    enum outcome outcome;
    const char *message; /* one sentence; pass: what was seen */
    size_t count, total; /* evidence rows kept (LIMIT_EVIDENCE) and given */
    struct evidence *evidence;
    struct arena *arena; /* of text and evidence; what is in neither is part of the program */
};

void pass(struct finding *f, const char *format, ...) PRINTF_LIKE(2, 3);
void fail(struct finding *f, const char *format, ...) PRINTF_LIKE(2, 3);
void unknown(struct finding *f, const char *format, ...) PRINTF_LIKE(2, 3);
void not_applicable(struct finding *f, const char *format, ...) PRINTF_LIKE(2, 3);
/* `expected` must outlive the finding; `observed` is a format. */
void evidence(struct finding *f, uint64_t offset, const char *expected, const char *observed, ...) PRINTF_LIKE(4, 5);

const char *outcome_name(enum outcome outcome); /* "pass", "fail", "unknown", "not-applicable" */

#endif
