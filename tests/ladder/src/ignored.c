/* A wrong guard: asked, told, and not heeded. */
#include "feature.h"
int main(void)
{
    printf("feature: %s\n", has() ? "yes" : "no");
    return done(rich(1));
}
