/* words: reads A64 words as eight hexadecimal digits in memory order, one a line, and writes what the table says of each:
 * the features it needs after "4", its length, and after "or" the one that does instead of them, or "undefined". For words.py, which holds the answers against a
 * disassembler. */
#include <stdio.h>

#include "checks/code/a64.h"
#include "checks/code/isa.h"

int main(void)
{
    const struct isa_class *classes;
    char line[64];
    isa_classes(ARCH_ARM64, &classes);
    while (fgets(line, sizeof line, stdin)) {
        unsigned byte[4] = {0};
        if (sscanf(line, "%2x%2x%2x%2x", &byte[0], &byte[1], &byte[2], &byte[3]) != 4)
            break;
        enum a64_class class = a64_classify(byte[0] | byte[1] << 8 | byte[2] << 16 | byte[3] << 24);
        if (class == A64_UNALLOCATED) {
            puts("undefined");
            continue;
        }
        putchar('4');
        for (unsigned i = 0; i < CLASS_NEEDS && classes[class].needs[i] != FEATURE_NONE; i++)
            printf(" %s", feature_name((enum feature)classes[class].needs[i]));
        if (classes[class].streaming != FEATURE_NONE)
            printf(" or %s", feature_name((enum feature)classes[class].streaming));
        putchar('\n');
    }
    return 0;
}
