/* A table of functions, filled at the start by what the processor has. */
#include "feature.h"
static struct {
    uint32_t (*first)(uint32_t), (*second)(uint32_t);
} table;
__attribute__((noinline)) static void fill(void)
{
    table.first = table.second = plain;
    if (has())
        table.second = rich;
}
int main(void)
{
    fill();
    return done(table.first(1) + table.second(2));
}
