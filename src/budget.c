#include "src/budget.h"

#define SECOND   UINT64_C(1000000000)
#define MEGABYTE (UINT64_C(1) << 20)

uint64_t budget_processor(uint64_t size)
{
    return 10 * SECOND + size / (100 * MEGABYTE) * 10 * SECOND;
}

/* Six times as much: the file may lie on another machine. */
uint64_t budget_wait(uint64_t size)
{
    return 6 * budget_processor(size);
}

/* In steps, so that files of about the same size need no other limit. */
uint64_t budget_memory(uint64_t size)
{
    return (4 * size / (64 * MEGABYTE) + 4) * (64 * MEGABYTE);
}
