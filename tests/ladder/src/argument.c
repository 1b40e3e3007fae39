/* Nobody asks; only some arguments lead there. */
#include "feature.h"
int main(int argc, char **argv)
{
    return done(argc > 1 && !strcmp(argv[1], "fast") ? rich(1) : plain(1));
}
