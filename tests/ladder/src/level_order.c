/* A level is a number, and the variant runs at that number and above. */
#include "feature.h"
static int level = -1;
__attribute__((noinline)) static int told(void)
{
    if (level < 0)
        level = has() ? 3 : 1;
    return level;
}
int main(void)
{
    return done(told() >= 3 ? rich(1) : plain(1));
}
