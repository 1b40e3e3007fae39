/* A wrong guard: another, older feature is asked for. */
#include "feature.h"
static int older(void)
{
#if defined __x86_64__
    return cpuid_bit(1, 2, 20); /* SSE4.2 */
#else
    return HWCAP(8); /* LSE */
#endif
}
int main(void)
{
    return done(older() ? rich(1) : plain(1));
}
