/* Asked once, the answer kept: 0 not yet, 1 no, 2 yes. */
#include "feature.h"
__attribute__((noinline)) static int cached(void)
{
    static int state;
    if (!state)
        state = 1 + has();
    return state == 2;
}
int main(void)
{
    uint32_t sum = 0;
    for (uint32_t i = 0; i < 3; i++)
        sum += cached() ? rich(i) : plain(i);
    return done(sum);
}
