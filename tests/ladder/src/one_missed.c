/* A wrong guard: one of two callers forgot to ask. */
#include "feature.h"
__attribute__((noinline)) static uint32_t careful(uint32_t x)
{
    return has() ? rich(x) : plain(x);
}
__attribute__((noinline)) static uint32_t careless(uint32_t x)
{
    return rich(x) + 1;
}
int main(void)
{
    return done(careful(1) + careless(2));
}
