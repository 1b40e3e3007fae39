/* Nobody asks: it runs before main(). */
#include "feature.h"
static uint32_t first;
__attribute__((constructor)) static void begin(void)
{
    first = rich(1);
}
int main(void)
{
    return done(first);
}
