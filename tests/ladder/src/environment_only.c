/* Only a variable of the environment is asked, never the processor. */
#include "feature.h"
int main(void)
{
    return done(getenv("NO_RICH") ? plain(1) : rich(1));
}
