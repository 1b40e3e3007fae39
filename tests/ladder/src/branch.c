/* Asked where it is used. */
#include "feature.h"
int main(void)
{
    return done(has() ? rich(1) : plain(1));
}
