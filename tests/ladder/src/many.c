/* Six hundred functions in a table, as a library of kernels for one processor has them, and a program that runs none: that
 * most of the code is of the newer kind does not say that a run comes by it. */
#include "feature.h"
#define KERNEL(n)                                                                                                      \
    __attribute__((target(TARGET), noinline)) static uint32_t kernel_##n(uint32_t x)                                   \
    {                                                                                                                  \
        USE();                                                                                                         \
        return x + n;                                                                                                  \
    }
#define TEN(of, n) of(n##0) of(n##1) of(n##2) of(n##3) of(n##4) of(n##5) of(n##6) of(n##7) of(n##8) of(n##9)
#define HUNDRED(of, n)                                                                                                 \
    TEN(of, n##0)                                                                                                      \
    TEN(of, n##1)                                                                                                      \
    TEN(of, n##2) TEN(of, n##3) TEN(of, n##4) TEN(of, n##5) TEN(of, n##6) TEN(of, n##7) TEN(of, n##8) TEN(of, n##9)
#define ALL(of) HUNDRED(of, 1) HUNDRED(of, 2) HUNDRED(of, 3) HUNDRED(of, 4) HUNDRED(of, 5) HUNDRED(of, 6)
ALL(KERNEL)
#define NAME(n) kernel_##n,
static uint32_t (*volatile kernels[])(uint32_t) = {ALL(NAME)};
int main(int argc, char **argv)
{
    (void)argv;
    return done(argc > 1 ? kernels[argc](1) : 1);
}
