/* The pointer to the variant lies in an object on the heap. */
#include "feature.h"
struct worker {
    uint32_t seed;
    uint32_t (*work)(uint32_t);
};
__attribute__((noinline)) static struct worker *make(void)
{
    struct worker *worker = malloc(sizeof *worker);
    if (!worker)
        exit(1);
    worker->seed = 7;
    worker->work = has() ? rich : plain;
    return worker;
}
__attribute__((noinline)) static uint32_t run(const struct worker *worker)
{
    return worker->work(worker->seed);
}
int main(void)
{
    return done(run(make()));
}
