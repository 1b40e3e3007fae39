/* What a worker may cost, as SECURITY.md tells it. */
#include "src/budget.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define SECOND   UINT64_C(1000000000)
#define MEGABYTE (UINT64_C(1) << 20)

static void processor_time_and_waiting_are_those_that_are_promised(void **state)
{
    static const struct {
        uint64_t size, seconds;
    } cases[] = {
        {0, 10}, {1, 10}, {100 * MEGABYTE - 1, 10}, {100 * MEGABYTE, 20}, {250 * MEGABYTE, 30}, {2000 * MEGABYTE, 210}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(budget_processor(cases[i].size), cases[i].seconds * SECOND);
        assert_int_equal(budget_wait(cases[i].size), 6 * cases[i].seconds * SECOND);
    }
}

/* Never more than four times the file and 256 MB; less by no more than a step. */
static void memory_is_what_is_promised(void **state)
{
    (void)state;
    for (uint64_t size = 0; size < 4096 * MEGABYTE; size += 7 * MEGABYTE + 13) {
        const uint64_t most = 4 * size + 256 * MEGABYTE;
        assert_in_range(budget_memory(size), most - 64 * MEGABYTE + 1, most);
    }
    assert_int_equal(budget_memory(0), 256 * MEGABYTE);
    assert_int_equal(budget_memory(16 * MEGABYTE), 320 * MEGABYTE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(processor_time_and_waiting_are_those_that_are_promised),
        cmocka_unit_test(memory_is_what_is_promised),
    };
    return cmocka_run_group_tests_name("test_budget", tests, NULL, NULL);
}
