/* The compiler makes the variants, the resolver and the question. */
#include "feature.h"
__attribute__((target_clones("default", TARGET))) uint32_t work(const uint32_t *at, uint32_t x)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < 256; i++)
        sum += at[i] * x + (uint32_t)__builtin_popcount(at[i]);
    return sum;
}
int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 100)
        return (int)(plain(1) + rich(1)) + has();
    for (uint32_t i = 0; i < 256; i++)
        numbers[i] = i * (uint32_t)argc;
    return done(work(numbers, 3));
}
