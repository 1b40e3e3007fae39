/* LZCNT does not trap where it is missing: the same bytes are BSR there, and the answer is wrong without a word. */
#include <stdint.h>
#include <stdio.h>
int main(int argc, char **argv)
{
    uint64_t x = (uint64_t)argc << 7, zeros;
    (void)argv;
    __asm__ volatile("lzcnt %1, %0" : "=r"(zeros) : "r"(x) : "cc");
    printf("done %u\n", (unsigned)zeros);
    return 0;
}
