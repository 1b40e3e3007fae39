#include "checks/code/level.h"

#include <string.h>

enum { MOST = 12, FEATURE_X86_NONE = FEATURE_NONE, FEATURE_A64_NONE = FEATURE_NONE };

static const struct level_row {
    const char *name;
    enum arch arch;
    const char *below;
    uint8_t features[MOST]; /* enum feature */
} levels[] = {
#define X86(ident)                         FEATURE_X86_##ident,
#define A64(ident)                         FEATURE_A64_##ident,
#define LEVEL(name, arch, below, features) {name, arch, below, {features}},
#include "checks/code/levels.def"
#undef X86
#undef A64
#undef LEVEL
};

bool level_features(const char *name, struct features *features)
{
    const char *wanted = name;
    *features = (struct features){0};
    for (size_t i = sizeof levels / sizeof levels[0]; i-- > 0;) { /* those below stand before */
        if (!wanted || strcmp(levels[i].name, wanted) != 0)
            continue;
        for (unsigned k = 0; k < MOST && levels[i].features[k] != FEATURE_NONE; k++)
            features_add(features, (enum feature)levels[i].features[k]);
        wanted = levels[i].below;
    }
    return wanted == NULL;
}
