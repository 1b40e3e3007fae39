/* The set of blocks that wait, against an array of flags, in functions of many sizes one after the other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "checks/code/abi_walk.h"

enum { MOST = 70000 };
static bool waits[MOST + 1];

static uint32_t chance(uint64_t *seed, uint32_t below)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*seed >> 33) % below;
}

static size_t next(size_t from, size_t most)
{
    while (from <= most && !waits[from])
        from++;
    return from <= most ? from : SIZE_MAX;
}

static void what_waits_is_found(void **state)
{
    static const size_t sizes[] = {0, 1, 63, 64, 65, 4095, 4096, 4097, 3, MOST, 100, 65535, 64};
    struct abi_waiting waiting = {0};
    uint64_t seed = 1;
    (void)state;
    for (size_t n = 0; n < sizeof sizes / sizeof *sizes; n++) {
        const size_t most = sizes[n];
        const unsigned rare = 2 + chance(&seed, 60);
        memset(waits, 0, sizeof waits);
        assert_true(abi_waiting_make(&waiting, most));
        assert_true(abi_waiting_next(&waiting, 0) == SIZE_MAX);
        for (unsigned step = 0; step < 3000; step++) {
            const size_t number = chance(&seed, (uint32_t)most + 1), from = chance(&seed, (uint32_t)most + 2);
            if (waits[number])
                abi_waiting_take(&waiting, number);
            else if (chance(&seed, 64) < rare)
                abi_waiting_put(&waiting, number);
            else
                continue;
            waits[number] = !waits[number];
            assert_true(abi_waiting_next(&waiting, from) == next(from, most));
            assert_true(abi_waiting_next(&waiting, 0) == next(0, most));
        }
    }
    abi_waiting_free(&waiting);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_waits_is_found)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
