/* Nobody asks: it runs when the program ends. */
#include "feature.h"
static void last(void)
{
    done(rich(1));
}
int main(void)
{
    return atexit(last);
}
