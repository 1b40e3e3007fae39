/* A variable of the environment may forbid what the processor has. */
#include "feature.h"
int main(void)
{
    const char *forbid = getenv("NO_RICH");
    int use = has();
    if (forbid && *forbid == '1')
        use = 0;
    return done(use ? rich(1) : plain(1));
}
