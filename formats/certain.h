/* Conditions that cannot be otherwise, because what makes them so was proved a few lines above. They stay all the same: where
 * that proof is broken one day, the reader does the careful thing. As in SQLite, a release asks them like any other, a build
 * for debugging (and so every fuzzer and sanitizer) ends where one does not hold, and in a build that measures which branches
 * tests take they have none. Unlike there, the condition is worked out in each of them. */
#ifndef ASSAY_FORMATS_CERTAIN_H
#define ASSAY_FORMATS_CERTAIN_H

#include <assert.h>
#include <stdbool.h>

#if defined(ASSAY_COVERAGE) && defined(__clang__)
/* No macros: what stands in one is to clang's MC/DC a condition of another place. */
static inline bool ALWAYS(bool condition)
{
    (void)condition;
    return true;
}

static inline bool NEVER(bool condition)
{
    (void)condition;
    return false;
}
#elif defined(ASSAY_COVERAGE)
#define ALWAYS(condition) ((condition) || true)
#define NEVER(condition)  ((condition) && false)
#elif defined(ASSAY_DEBUG)
#define ALWAYS(condition) ((condition) ? true : (assert(!"always"), false))
#define NEVER(condition)  ((condition) ? (assert(!"never"), true) : false)
#else
#define ALWAYS(condition) (condition)
#define NEVER(condition)  (condition)
#endif

#endif
