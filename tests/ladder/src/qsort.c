/* Nobody asks: qsort() of the C library calls it. */
#include "feature.h"
static int order(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (int)((x + rich(x) % 2) - y);
}
int main(void)
{
    uint32_t some[8] = {5, 3, 8, 1, 9, 2, 7, 4};
    qsort(some, 8, sizeof *some, order);
    return done(some[0] > 0);
}
