/* What a policy declares besides the target, and how it is compared. */
#include "checks/expect.h"

#include <stdlib.h>
#include <string.h>

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

bool expect_cpu(const char *text, enum arch *arch, unsigned *level)
{
    static const char amd64[] = "x86-64-v", arm64[] = "armv";
    bool x86 = strncmp(text, amd64, sizeof amd64 - 1) == 0;
    const char *at = text + (x86 ? sizeof amd64 - 1 : sizeof arm64 - 1);
    if (x86) {
        *arch = ARCH_AMD64;
        *level = (unsigned)(*at - '0');
        return *at >= '1' && *at <= '4' && at[1] == 0;
    }
    if (strncmp(text, arm64, sizeof arm64 - 1) != 0 || (*at != '8' && *at != '9') || at[1] != '.' || at[2] < '0' ||
        at[2] > '9' || at[3] != 0)
        return false;
    *arch = ARCH_ARM64;
    *level = (unsigned)(*at - '0') * 10 + (unsigned)(at[2] - '0');
    return *at == '8' || at[2] <= '5';
}
