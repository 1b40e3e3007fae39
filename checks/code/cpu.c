#include "checks/code/cpu.h"

#include <string.h>
#include <strings.h>

enum { FEATURE_X86_NONE = FEATURE_NONE, FEATURE_A64_NONE = FEATURE_NONE };

static const struct cpu cpus[] = {
#define X86(ident) FEATURE_X86_##ident,
#define A64(ident) FEATURE_A64_##ident,
#define LEVEL(name, arch, base, adds, aliases, what)                                                                   \
    {name, arch, true, base, {adds}, {FEATURE_NONE}, aliases, what, ""},
#define CPU(name, arch, base, adds, lacks, also, w, s) {name, arch, false, base, {adds}, {lacks}, also, w, s},
#include "checks/code/cpus.def"
#undef X86
#undef A64
#undef LEVEL
#undef CPU
};
enum { CPUS = sizeof cpus / sizeof cpus[0] };

size_t cpu_rows(const struct cpu **rows)
{
    *rows = cpus;
    return CPUS;
}

static bool is_word(const char *word, const char *text, size_t size)
{
    return strncasecmp(word, text, size) == 0 && (word[size] == 0 || word[size] == ' ');
}

static const struct cpu *find(const char *name, size_t size)
{
    for (size_t i = 0; size && !memchr(name, ' ', size) && i < CPUS; i++) {
        if (is_word(cpus[i].name, name, size))
            return &cpus[i];
        for (const char *at = cpus[i].aliases; *at; at += strspn(at, " ")) {
            if (is_word(at, name, size))
                return &cpus[i];
            at += strcspn(at, " ");
        }
    }
    return NULL;
}

const struct cpu *cpu_find(const char *name)
{
    return find(name, strlen(name));
}

struct features cpu_features(const struct cpu *cpu) /* NOLINT(misc-no-recursion): as deep as the table says */
{
    struct features has = {0}, lacks = {0};
    for (unsigned i = 0; i < CPU_ADDS && cpu->adds[i] != FEATURE_NONE; i++)
        features_add(&has, (enum feature)cpu->adds[i]);
    for (unsigned i = 0; i < CPU_LACKS && cpu->lacks[i] != FEATURE_NONE; i++)
        features_add(&lacks, (enum feature)cpu->lacks[i]);
    if (cpu->base) {
        struct features below = cpu_features(cpu_find(cpu->base));
        below = features_without(&below, &lacks);
        features_unite(&has, &below);
    }
    return has;
}

/* What GOARM64 adds to a level: internal/buildcfg of Go. */
static bool add_option(const char *text, size_t size, struct features *features)
{
    static const struct {
        const char *name;
        uint8_t adds[4];
    } options[] = {
        {"lse", {FEATURE_A64_LSE}},
        {"crypto", {FEATURE_A64_AES, FEATURE_A64_PMULL, FEATURE_A64_SHA1, FEATURE_A64_SHA256}},
    };
    for (size_t i = 0; size && i < sizeof options / sizeof options[0]; i++) {
        if (!is_word(options[i].name, text, size))
            continue;
        for (unsigned k = 0; k < 4 && options[i].adds[k] != FEATURE_NONE; k++)
            features_add(features, (enum feature)options[i].adds[k]);
        return true;
    }
    return false;
}

const struct cpu *cpu_read(const char *text, struct features *features)
{
    size_t size = strcspn(text, ",");
    const struct cpu *cpu = find(text, size);
    bool more = !cpu || text[size] == ',';
    if (size == 0)
        return NULL;
    if (cpu)
        text += size;
    else
        cpu = cpu_find("armv8.0");
    *features = cpu_features(cpu);
    for (; more; text += size) {
        text += *text == ',';
        size = strcspn(text, ",");
        more = text[size] == ',';
        if (cpu->arch != ARCH_ARM64 || !add_option(text, size, features))
            return NULL;
    }
    return cpu;
}

const struct cpu *cpu_level(enum arch arch, const struct features *needs, struct features *beyond)
{
    const struct cpu *least = NULL;
    *beyond = *needs;
    for (size_t i = 0; i < CPUS; i++)
        if (cpus[i].level && cpus[i].arch == arch) {
            struct features has = cpu_features(&cpus[i]);
            *beyond = features_without(beyond, &has);
        }
    struct features needed = features_without(needs, beyond);
    for (size_t i = 0; i < CPUS && !least; i++) {
        struct features has = cpu_features(&cpus[i]), missing = features_without(&needed, &has);
        if (cpus[i].level && cpus[i].arch == arch && !features_any(&missing))
            least = &cpus[i];
    }
    return least;
}

bool cpu_go_asks(enum arch arch, const char *recorded, const struct features *had)
{
    const struct cpu *level = arch == ARCH_AMD64 && recorded ? cpu_find(recorded) : NULL;
    if (!level || !level->level || level->arch != ARCH_AMD64)
        return false;
    struct features asked = cpu_features(level);
    asked = features_without(&asked, had);
    return features_any(&asked);
}
