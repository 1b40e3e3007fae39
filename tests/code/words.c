/* words [x86]: reads instructions as hexadecimal digits in memory order, one a line, and writes what the table says of each:
 * its length, the features it needs, and after "or" the one that does instead of them; or "undefined". For words.py and
 * execute.py, which hold the answers against others. */
#include <stdio.h>
#include <string.h>

#include "checks/code/a64.h"
#include "checks/code/isa.h"
#include "checks/code/x86.h"
#include "formats/bytes.h"

static void tell(const struct isa_class *class, unsigned length)
{
    printf("%u", length);
    for (unsigned i = 0; i < CLASS_NEEDS && class->needs[i] != FEATURE_NONE; i++)
        printf(" %s", feature_name((enum feature) class->needs[i]));
    if (class->streaming != FEATURE_NONE)
        printf(" or %s", feature_name((enum feature) class->streaming));
    putchar('\n');
}

int main(int argc, char **argv)
{
    bool x86 = argc > 1 && strcmp(argv[1], "x86") == 0;
    const struct isa_class *classes;
    char line[64];
    isa_classes(x86 ? ARCH_AMD64 : ARCH_ARM64, &classes);
    while (fgets(line, sizeof line, stdin)) {
        unsigned char bytes[24] = {0};
        unsigned byte;
        for (size_t i = 0; i < 20 && sscanf(line + 2 * i, "%2x", &byte) == 1; i++)
            bytes[i] = (unsigned char)byte;
        struct x86_insn insn = {0};
        unsigned length = x86 ? x86_decode(bytes, sizeof bytes, &insn) : 4, class = insn.class;
        if (!x86)
            class = a64_classify(load_le32(bytes));
        if (!length || class == (x86 ? (unsigned)X86_INVALID : (unsigned)A64_UNALLOCATED))
            puts("undefined");
        else
            tell(&classes[class], length);
    }
    return 0;
}
