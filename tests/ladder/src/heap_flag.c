/* The answer lies in a field of an object on the heap, as zstd keeps bmi2. */
#include "feature.h"
struct context {
    uint32_t seed;
    int can;
};
__attribute__((noinline)) static struct context *make(void)
{
    struct context *context = malloc(sizeof *context);
    if (!context)
        exit(1);
    context->seed = 7;
    context->can = has();
    return context;
}
__attribute__((noinline)) static uint32_t run(const struct context *context)
{
    return context->can ? rich(context->seed) : plain(context->seed);
}
int main(void)
{
    return done(run(make()));
}
