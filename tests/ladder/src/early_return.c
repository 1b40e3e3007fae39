/* The question leaves the function. */
#include "feature.h"
__attribute__((noinline)) static uint32_t work(uint32_t x)
{
    if (!has())
        return plain(x);
    return rich(x);
}
int main(void)
{
    return done(work(1));
}
