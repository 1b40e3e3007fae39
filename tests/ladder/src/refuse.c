/* The program says what it needs, and ends. */
#include "feature.h"
int main(void)
{
    if (!has()) {
        fputs("this processor lacks " TARGET ", which this program requires\n", stderr);
        return 3;
    }
    return done(rich(1));
}
