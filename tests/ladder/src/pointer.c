/* Nobody asks: called through a variable that always holds it. */
#include "feature.h"
static uint32_t (*volatile work)(uint32_t) = rich;
int main(void)
{
    return done(work(1));
}
