/* A wrong guard: the table is filled by an older feature's answer. */
#include "feature.h"
static uint32_t (*work)(uint32_t) = plain;
__attribute__((constructor)) static void fill(void)
{
#if defined __x86_64__
    if (cpuid_bit(1, 2, 20))
        work = rich; /* SSE4.2 */
#else
    if (HWCAP(8))
        work = rich; /* LSE */
#endif
}
int main(void)
{
    return done(work(1));
}
