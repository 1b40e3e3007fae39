/* Days, held against the C library's calendar. */
#include "src/policy/date.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

static void every_day_of_four_centuries_is_the_calendars(void **state)
{
    (void)state;
    for (int64_t day = -40000; day < 150000; day++) {
        char text[DATE_SIZE], expected[32];
        struct tm parts;
        time_t seconds = (time_t)(day * SECONDS_A_DAY);
        int64_t again = 0;
        assert_non_null(gmtime_r(&seconds, &parts));
        assert_int_equal(strftime(expected, sizeof expected, "%Y-%m-%d", &parts), DATE_SIZE - 1);
        date_write(day, text);
        assert_string_equal(text, expected);
        assert_true(date_read(text, &again));
        assert_int_equal(again, day);
    }
}

static void what_is_no_day_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",           "2027",        "2027-1-31",  "2027-01-32", "2027-00-10",
                                        "2027-13-01", "2027-02-29",  "2027-02-30", "2100-02-29", "27-01-31",
                                        "2027/01/31", "2027-01-31T", "2027-01-3a", "-027-01-31", " 2027-01-31"};
    int64_t day;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(date_read(wrong[i], &day));
    assert_true(date_read("2028-02-29", &day) && date_read("2000-02-29", &day));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_day_of_four_centuries_is_the_calendars),
        cmocka_unit_test(what_is_no_day_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
