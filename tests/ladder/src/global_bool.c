/* Asked before main(), the answer kept in a variable that others read. */
#include "feature.h"
#include <stdbool.h>
static bool can;
__attribute__((constructor)) static void ask(void)
{
    can = has();
}
__attribute__((noinline)) static uint32_t work(uint32_t x)
{
    return can ? rich(x) : plain(x);
}
int main(void)
{
    return done(work(1));
}
