/* Nobody asks: main() calls it. */
#include "feature.h"
int main(void)
{
    return done(rich(1));
}
