/* Work that compilers do with what the level they build for has: vectors, bits, bytes in the other order, 16-bit
 * floats, locks. */
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
enum { MANY = 512 };
static uint32_t whole[MANY];
static float real[MANY];
static signed char small[MANY], other[MANY];
static atomic_uint count;
__attribute__((noinline)) static uint32_t whole_sum(uint32_t x)
{
    uint32_t sum = 0;
    for (int i = 0; i < MANY; i++)
        sum += whole[i] * x;
    return sum;
}
__attribute__((noinline)) static float real_sum(float x)
{
    float sum[8] = {0};
    for (int i = 0; i < MANY; i++)
        sum[i % 8] += real[i] * x;
    return sum[0] + sum[7];
}
__attribute__((noinline)) static int dot(void)
{
    int sum = 0;
    for (int i = 0; i < MANY; i++)
        sum += small[i] * other[i];
    return sum;
}
__attribute__((noinline)) static uint32_t bits(uint64_t x, int by)
{
    uint64_t turned = __builtin_bswap64(x) << by;
    return (uint32_t)(__builtin_popcountll(turned) + (x ? __builtin_clzll(x) : 64)) + (uint32_t)(turned & ~x);
}
int main(int argc, char **argv)
{
    (void)argv;
    for (int i = 0; i < MANY; i++) {
        whole[i] = (uint32_t)(i * argc);
        real[i] = (float)i;
        small[i] = (signed char)i;
        other[i] = (signed char)(i * 3);
        atomic_fetch_add(&count, 1);
    }
    uint32_t sum = whole_sum(3) + (uint32_t)real_sum(2.0f) + (uint32_t)dot() + bits(0x123456789abcdefull, argc);
    printf("done %u %u\n", (unsigned)sum, (unsigned)count);
    return 0;
}
