/* Nobody asks: one case of a switch that becomes a jump table. */
#include "feature.h"
__attribute__((noinline)) static uint32_t step(int kind, uint32_t x)
{
    switch (kind) {
    case 0:
        return x * 3;
    case 1:
        return plain(x);
    case 2:
        return x ^ 0x55;
    case 3:
        return rich(x);
    case 4:
        return x / 7;
    case 5:
        return x - 11;
    case 6:
        return x << 3;
    default:
        return x;
    }
}
int main(int argc, char **argv)
{
    uint32_t x = (uint32_t)argc;
    (void)argv;
    for (int i = 0; i < 8; i++)
        x = step((i * 3) % 8, x);
    return done(x);
}
