/* The answers as bits of one word, tested far away. */
#include "feature.h"
enum { ASKED = 1, RICH_BIT = 8, OTHER_BIT = 64 };
static volatile uint32_t word;
__attribute__((noinline)) static void ask(void)
{
    word = ASKED | OTHER_BIT | (has() ? RICH_BIT : 0);
}
__attribute__((noinline)) static uint32_t work(uint32_t x)
{
    if (word & RICH_BIT)
        return rich(x);
    return plain(x);
}
int main(void)
{
    ask();
    return done(work(1));
}
