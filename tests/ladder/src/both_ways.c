/* A wrong guard: the question decides something else, and both ways lead there. */
#include "feature.h"
static volatile uint32_t seed;
int main(void)
{
    if (has())
        seed = plain(3);
    else
        seed = 5;
    return done(rich(seed));
}
