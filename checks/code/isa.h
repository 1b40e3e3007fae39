/* What instructions ask of a processor: features, sets of them, and the classes that the tables of the two
 * architectures give to instructions. The .def files say where the names come from. */
#ifndef ASSAY_CHECKS_CODE_ISA_H
#define ASSAY_CHECKS_CODE_ISA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "formats/model.h"

enum feature {
    FEATURE_NONE,
#define A64_FEATURE(ident, name) FEATURE_A64_##ident,
#define X86_FEATURE(ident, name) FEATURE_X86_##ident,
#include "checks/code/features.def"
#undef A64_FEATURE
#undef X86_FEATURE
    FEATURE_COUNT
};

struct features { /* a set of enum feature */
    uint64_t words[3];
};

enum { CLASS_NEEDS = 3 };
struct isa_class {
    const char *ident;
    uint8_t needs[CLASS_NEEDS]; /* enum feature, all of them; FEATURE_NONE ends the list */
    uint8_t streaming;          /* enum feature that makes it legal in streaming SVE mode; FEATURE_NONE: nothing */
};
/* The classes of an architecture (ARCH_AMD64 or ARCH_ARM64), indexed by enum x86_class or a64_class; how many. */
size_t isa_classes(enum arch arch, const struct isa_class **classes);

const char *feature_name(enum feature feature); /* "FEAT_LSE", "AVX2" */
enum arch feature_arch(enum feature feature);
/* The feature of that name, in any case; FEATURE_NONE: there is none. */
enum feature feature_named(enum arch arch, const char *name);

static inline void features_add(struct features *set, enum feature feature)
{
    set->words[(unsigned)feature / 64] |= (uint64_t)1 << ((unsigned)feature % 64);
}
static inline bool features_have(const struct features *set, enum feature feature)
{
    return set->words[(unsigned)feature / 64] >> ((unsigned)feature % 64) & 1;
}
bool features_any(const struct features *set);
void features_unite(struct features *set, const struct features *other);
/* The features of `set` that are not in `other`. */
struct features features_without(const struct features *set, const struct features *other);

#endif
