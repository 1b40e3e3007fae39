/* A level is told from several answers, and a switch picks the variant. */
#include "feature.h"
enum level { LEVEL_UNKNOWN, LEVEL_PLAIN, LEVEL_ODD, LEVEL_EVEN, LEVEL_RICH };
static volatile enum level level;
__attribute__((noinline)) static enum level told(void)
{
    if (!level)
        level = has() ? LEVEL_RICH : LEVEL_PLAIN;
    return level;
}
__attribute__((noinline)) static uint32_t work(uint32_t x)
{
    switch (told()) {
    case LEVEL_RICH:
        return rich(x);
    case LEVEL_ODD:
        return x | 1;
    case LEVEL_EVEN:
        return x & ~1u;
    case LEVEL_UNKNOWN:
    case LEVEL_PLAIN:
        break;
    }
    return plain(x);
}
int main(void)
{
    return done(work(1));
}
