/* Nobody asks: the constructor of a static object. */
#include "feature.h"
struct early {
    uint32_t sum;
    early() : sum(rich(1)) {}
};
static early object;
int main(int argc, char **)
{
    return done(object.sum + (argc > 100 ? plain(1) + (uint32_t)has() : 0));
}
