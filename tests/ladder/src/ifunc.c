/* The loader asks: a resolver behind an IRELATIVE relocation. */
#include "feature.h"
static uint32_t (*resolve(void))(uint32_t)
{
#if defined __x86_64__
    __builtin_cpu_init();
    return __builtin_cpu_supports(TARGET) ? rich : plain;
#else
    return AUX() ? rich : plain;
#endif
}
uint32_t work(uint32_t x) __attribute__((ifunc("resolve")));
int main(void)
{
    return done(work(1));
}
