#include "checks/finding.h"

#include <string.h>

#include "formats/limits.h"

#define SAY(f, result, format)                                                                                         \
    do {                                                                                                               \
        va_list args;                                                                                                  \
        va_start(args, format);                                                                                        \
        (f)->outcome = (result);                                                                                       \
        (f)->message = strchr(format, '%') ? arena_vprint((f)->arena, format, args) : (format);                        \
        va_end(args);                                                                                                  \
    } while (0)

void pass(struct finding *f, const char *format, ...)
{
    SAY(f, OUTCOME_PASS, format);
}

void fail(struct finding *f, const char *format, ...)
{
    SAY(f, OUTCOME_FAIL, format);
}

void unknown(struct finding *f, const char *format, ...)
{
    SAY(f, OUTCOME_UNKNOWN, format);
}

void not_applicable(struct finding *f, const char *format, ...)
{
    SAY(f, OUTCOME_NOT_APPLICABLE, format);
}

void evidence(struct finding *f, uint64_t offset, const char *expected, const char *observed, ...)
{
    f->total++;
    if (f->count >= LIMIT_EVIDENCE)
        return;
    va_list args;
    va_start(args, observed);
    f->evidence = arena_grow(f->arena, f->evidence, f->count, sizeof *f->evidence);
    f->evidence[f->count++] = (struct evidence){offset, arena_vprint(f->arena, observed, args), expected};
    va_end(args);
}

const char *outcome_name(enum outcome outcome)
{
    static const char *const names[] = {"pass", "fail", "unknown", "not-applicable"};
    return names[outcome];
}
