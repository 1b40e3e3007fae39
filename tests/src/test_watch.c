/* When a worker is ended, as SECURITY.md tells it, over clocks that the test sets. */
#include "src/budget.h"
#include "src/pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define SECONDS UINT64_C(1000000000)
enum { STEP_MS = 100, WORKERS_CLOCK = 4711, FILES = 4, HUNDRED_MB = 100 << 20 };

static uint64_t wall, computed; /* nanoseconds: of the machine, and of the worker */
static unsigned kills;

static int set_clock(clockid_t clock, struct timespec *time)
{
    const uint64_t value = clock == WORKERS_CLOCK ? computed : wall;
    *time = (struct timespec){(time_t)(value / SECONDS), (long)(value % SECONDS)};
    return 0;
}

static int clock_of(pid_t pid, clockid_t *clock)
{
    *clock = WORKERS_CLOCK;
    return pid == 1 ? 0 : -1;
}

static int count_kill(pid_t pid, int number)
{
    kills += pid == 1 && number == SIGKILL;
    return 0;
}

#define clock_gettime       set_clock
#define clock_getcpuclockid clock_of
#define kill                count_kill
#include "src/watch.c" /* NOLINT(bugprone-suspicious-include): with the clocks of the test */
#undef kill

static struct arena arena;
static struct item items[FILES];
static struct walk walk = {.count = FILES, .items = items};
static struct worker worker;
static struct pool pool;
static uint32_t begun;

/* One worker, which is at the first of as many files as it can be given here, of `size` bytes each. */
static void begin(enum origin origin, uint64_t size)
{
    wall = 1000 * SECONDS;
    computed = kills = begun = 0;
    worker = (struct worker){.pid = 1, .count = FILES, .begun = &begun};
    pool = (struct pool){.arena = &arena, .walk = &walk, .count = 1, .workers = &worker};
    for (size_t i = 0; i < FILES; i++) {
        items[i] = (struct item){"file", origin, NULL, size};
        worker.queue[i] = i;
        worker.sizes[i] = size;
    }
    begun = 1;
    watch_time(&pool);
}

/* So much time, of which the worker has so many parts in a thousand: those of so many steps at once. Whether it lives. */
static bool lives_by_turns(uint64_t seconds, unsigned parts, unsigned turn)
{
    for (uint64_t step = 1; step <= seconds * 1000 / STEP_MS; step++) {
        wall += STEP_MS * (SECONDS / 1000);
        computed += step % turn ? 0 : STEP_MS * (SECONDS / 1000) / 1000 * parts * turn;
        watch_time(&pool);
    }
    assert_int_equal(kills, worker.ended != NULL);
    return !worker.ended;
}

static bool lives(uint64_t seconds, unsigned parts)
{
    return lives_by_turns(seconds, parts, 1);
}

static void a_file_has_ten_seconds_of_processor_time(void **state)
{
    (void)state;
    begin(ORIGIN_NAMED, 0);
    assert_true(lives(10, 1000));
    assert_false(lives(1, 1000));
    assert_non_null(strstr(worker.ended, "more processor time than 10 s"));
    begin(ORIGIN_NAMED, 5 * (uint64_t)HUNDRED_MB);
    assert_true(lives(60, 1000));
    assert_false(lives(1, 1000));
}

/* One part in fifty for eight minutes, steadily, or 20 ms each second; one in a hundred for a quarter of an hour. Of a worker
 * that does nothing afterwards the time counts from then. */
static void a_loaded_machine_ends_nobody(void **state)
{
    (void)state;
    begin(ORIGIN_NAMED, 0);
    assert_true(lives(480, 20));
    begin(ORIGIN_NAMED, 0);
    assert_true(lives_by_turns(480, 20, 10));
    begin(ORIGIN_NAMED, 0);
    assert_true(lives_by_turns(900, 10, 50));
    assert_true(lives(50, 0));
    assert_false(lives(15, 0));
}

static void a_worker_that_does_nothing_is_ended_after_six_times_as_long(void **state)
{
    (void)state;
    begin(ORIGIN_NAMED, 0);
    assert_true(lives(60, 0));
    assert_false(lives(1, 0));
    assert_non_null(strstr(worker.ended, "did nothing for 60 s"));
    begin(ORIGIN_TREE, HUNDRED_MB);
    assert_true(lives(120, 0));
    assert_false(lives(1, 0));
}

static void standard_input_may_wait_for_whoever_writes_it(void **state)
{
    (void)state;
    begin(ORIGIN_STREAM, 0);
    assert_true(lives(10000, 0));
    assert_true(lives(10, 1000));
    assert_false(lives(1, 1000));
}

/* Ctrl-Z, or a lid that is closed. */
static void while_this_process_is_stopped_no_clock_runs(void **state)
{
    (void)state;
    begin(ORIGIN_NAMED, 0);
    for (unsigned i = 0; i < 50; i++) {
        wall += 3600 * SECONDS;
        watch_time(&pool);
    }
    assert_null(worker.ended);
    assert_true(lives(9, 0));
}

/* A file that took its worker over may say that it is at another, no further than it was given any; and never back. */
static void a_worker_that_lies_about_its_place_has_no_more_than_its_files(void **state)
{
    (void)state;
    begin(ORIGIN_NAMED, 0);
    for (unsigned i = 1; i <= FILES; i++) {
        begun = i;
        assert_true(lives(9, 1000));
    }
    begun = 1;
    assert_true(lives(1, 1000));
    begun = 3;
    assert_false(lives(1, 1000));
    begin(ORIGIN_NAMED, 0);
    begun = FILES + 1; /* nobody gave it that */
    assert_true(lives(10, 1000));
    begun = UINT32_MAX;
    assert_false(lives(1, 1000));
}

static void an_answer_gives_the_next_file_its_time(void **state)
{
    (void)state;
    begin(ORIGIN_NAMED, 0);
    for (unsigned i = 1; i <= FILES; i++) {
        assert_true(lives(9, 1000));
        worker.first = i % QUEUE;
        worker.count--;
        worker.answered++;
        begun++;
    }
    assert_true(lives(1000, 0)); /* it waits for files */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_has_ten_seconds_of_processor_time),
        cmocka_unit_test(a_loaded_machine_ends_nobody),
        cmocka_unit_test(a_worker_that_does_nothing_is_ended_after_six_times_as_long),
        cmocka_unit_test(standard_input_may_wait_for_whoever_writes_it),
        cmocka_unit_test(while_this_process_is_stopped_no_clock_runs),
        cmocka_unit_test(a_worker_that_lies_about_its_place_has_no_more_than_its_files),
        cmocka_unit_test(an_answer_gives_the_next_file_its_time),
    };
    int failed = cmocka_run_group_tests_name("test_watch", tests, NULL, NULL);
    arena_free(&arena);
    return failed;
}
