/* cpus: writes every row of the table of processors, one a line: name, architecture, "level" or "cpu", then the features.
 * For cpus.py, which holds them against what compilers know. */
#include <stdio.h>

#include "checks/code/cpu.h"

int main(void)
{
    const struct cpu *cpus;
    size_t count = cpu_rows(&cpus);
    for (size_t i = 0; i < count; i++) {
        struct features features = cpu_features(&cpus[i]);
        printf("%s %s %s", cpus[i].name, cpus[i].arch == ARCH_AMD64 ? "amd64" : "arm64",
               cpus[i].level ? "level" : "cpu");
        for (unsigned k = 1; k < FEATURE_COUNT; k++)
            if (features_have(&features, (enum feature)k))
                printf(" %s", feature_name((enum feature)k));
        putchar('\n');
    }
    return 0;
}
