/* A wrong guard: the answers are swapped. */
#include "feature.h"
int main(void)
{
    return done(has() ? plain(1) : rich(1));
}
