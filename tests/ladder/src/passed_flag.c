/* The answer is an argument that several functions hand on. */
#include "feature.h"
__attribute__((noinline)) static uint32_t inner(uint32_t x, int can)
{
    __asm__ volatile("");
    return can ? rich(x) : plain(x);
}
__attribute__((noinline)) static uint32_t outer(uint32_t x, int can)
{
    return inner(x + 1, can) + inner(x + 2, can);
}
int main(void)
{
    return done(outer(1, has()));
}
