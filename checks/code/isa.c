#include "checks/code/isa.h"

#include <string.h>
#include <strings.h>

static const struct {
    const char *name;
    enum arch arch;
} features[FEATURE_COUNT] = {
    {"", ARCH_OTHER},
#define A64_FEATURE(ident, name) {name, ARCH_ARM64},
#define X86_FEATURE(ident, name) {name, ARCH_AMD64},
#include "checks/code/features.def"
#undef A64_FEATURE
#undef X86_FEATURE
};

enum { FEATURE_A64_NONE = FEATURE_NONE, FEATURE_X86_NONE = FEATURE_NONE };
#define FIRST(a, ...)       a
#define SECOND(a, b, ...)   b
#define THIRD(a, b, c, ...) c
#define NEEDS(prefix, ...)                                                                                             \
    {                                                                                                                  \
        PASTE(prefix, FIRST(__VA_ARGS__, NONE, NONE, NONE)), PASTE(prefix, SECOND(__VA_ARGS__, NONE, NONE, NONE)),     \
            PASTE(prefix, THIRD(__VA_ARGS__, NONE, NONE, NONE))                                                        \
    }
#define PASTE(a, b)  PASTE_(a, b)
#define PASTE_(a, b) a##b

static const struct isa_class a64_classes[] = {
#define A64_CLASS(ident, streaming, ...) {#ident, NEEDS(FEATURE_A64_, __VA_ARGS__), FEATURE_A64_##streaming},
#define X86_CLASS(...)
#include "checks/code/classes.def"
#undef A64_CLASS
#undef X86_CLASS
};
static const struct isa_class x86_classes[] = {
#define A64_CLASS(...)
#define X86_CLASS(ident, ...) {#ident, NEEDS(FEATURE_X86_, __VA_ARGS__), FEATURE_NONE},
#include "checks/code/classes.def"
#undef A64_CLASS
#undef X86_CLASS
};

size_t isa_classes(enum arch arch, const struct isa_class **classes)
{
    *classes = arch == ARCH_AMD64 ? x86_classes : a64_classes;
    return arch == ARCH_AMD64 ? sizeof x86_classes / sizeof x86_classes[0] : sizeof a64_classes / sizeof a64_classes[0];
}

const char *feature_name(enum feature feature)
{
    return features[feature].name;
}

enum arch feature_arch(enum feature feature)
{
    return features[feature].arch;
}

enum feature feature_named(enum arch arch, const char *name)
{
    for (unsigned i = 1; i < FEATURE_COUNT; i++)
        if (features[i].arch == arch && strcasecmp(features[i].name, name) == 0)
            return (enum feature)i;
    return FEATURE_NONE;
}

bool features_any(const struct features *set)
{
    return set->words[0] | set->words[1] | set->words[2];
}

void features_unite(struct features *set, const struct features *other)
{
    for (unsigned i = 0; i < 3; i++)
        set->words[i] |= other->words[i];
}

struct features features_without(const struct features *set, const struct features *other)
{
    struct features left;
    for (unsigned i = 0; i < 3; i++)
        left.words[i] = set->words[i] & ~other->words[i];
    return left;
}
