/* TZCNT of a number that is not 0 is right everywhere: its bytes are BSF where it is missing, which answers the same. */
#include <stdint.h>
#include <stdio.h>
int main(int argc, char **argv)
{
    uint64_t x = (uint64_t)argc << 7, zeros;
    (void)argv;
    __asm__ volatile("tzcnt %1, %0" : "=r"(zeros) : "r"(x) : "cc");
    printf("done %u\n", (unsigned)zeros);
    return 0;
}
