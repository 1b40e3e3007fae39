/* Nobody asks: the instruction stands in main() itself. */
#include "feature.h"
int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 100)
        return done(plain(1)) + (int)rich(1);
    USE();
    return done(1);
}
