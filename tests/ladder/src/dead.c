/* It is in the file, exported, and nothing calls it. */
#include "feature.h"
__attribute__((noinline, used, visibility("default"))) uint32_t unused_entry(uint32_t x)
{
    return rich(x);
}
int main(void)
{
    return done(plain(1));
}
