/* Nobody asks: a handler of a signal calls it. */
#include "feature.h"
#include <signal.h>
static volatile uint32_t sum;
static void handler(int number)
{
    (void)number;
    sum = rich(1);
}
int main(void)
{
    signal(SIGUSR1, handler);
    raise(SIGUSR1);
    return done(sum);
}
