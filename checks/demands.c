/* What a policy declares besides the target, and how it is compared. */
#include "checks/expect.h"

#include <stdlib.h>
#include <string.h>

#include "checks/code/cpu.h"
#include "checks/glob.h"

bool expect_allows(const struct demands *demands, const char *library)
{
    const char *slash = strrchr(library, '/');
    for (size_t i = 0; i < demands->library_count; i++) {
        const char *pattern = demands->libraries[i];
        if (glob_match(pattern, strchr(pattern, '/') || !slash ? library : slash + 1))
            return true;
    }
    return false;
}

int expect_compare(const char *a, const char *b)
{
    while (*a || *b) {
        char *a_end, *b_end;
        unsigned long one = strtoul(a, &a_end, 10), other = strtoul(b, &b_end, 10);
        if (one != other)
            return one < other ? -1 : 1;
        a = *a_end == '.' ? a_end + 1 : "";
        b = *b_end == '.' ? b_end + 1 : "";
    }
    return 0;
}

const char *expect_add_cpu(const char *cpus[DEMANDED_CPUS], const char *text)
{
    struct features features;
    const struct cpu *cpu = cpu_read(text, &features), *other;
    if (!cpu)
        return "a CPU that `assay cpu` lists, such as x86-64-v2, armv8.2, raspberry-pi-4, apple-m1 or graviton2";
    for (unsigned i = 0; i < DEMANDED_CPUS; i++) {
        other = cpus[i] ? cpu_read(cpus[i], &features) : NULL;
        if (other && other->arch == cpu->arch)
            break;
        if (other)
            continue;
        cpus[i] = text;
        return NULL;
    }
    return "one CPU of each architecture";
}

const char *expect_cpu(const struct expect *expect, enum arch arch, struct features *had)
{
    const struct cpu *cpu;
    for (unsigned i = 0; i < DEMANDED_CPUS && expect->demands.cpus[i]; i++) {
        cpu = cpu_read(expect->demands.cpus[i], had);
        if (cpu && cpu->arch == arch)
            return expect->demands.cpus[i];
    }
    /* arm64e, the one variant that is no CPU, is a calling convention of macOS */
    cpu = expect->target.arch == arch ? cpu_read(expect->target.variant, had) : NULL;
    return cpu && cpu->arch == arch ? expect->target.variant : NULL;
}
