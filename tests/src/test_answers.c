/* The parent's side of what workers send: in however many pieces it comes, and what of it is no answer. */
#include "src/pool.h" /* before cmocka.h, whose macro fail() it must not meet */

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>
#include <cmocka.h>
#include "formats/limits.h"

static struct arena arena;
static struct sandbox sandbox;
static struct item items[2];
static struct record *records[2];
static struct pool pool;
static struct worker worker;
static struct walk walk;
static int sender;

static void start_worker(size_t given)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    items[0].path = "first";
    items[1].path = "second";
    walk = (struct walk){.items = items};
    sandbox = (struct sandbox){0};
    records[0] = records[1] = NULL;
    pool = (struct pool){.arena = &arena, .walk = &walk, .records = records, .sandbox = &sandbox};
    worker = (struct worker){.answers = ends[0], .count = given};
    worker.queue[0] = 0;
    worker.queue[1] = 1;
    sender = ends[1];
}

static void end_worker(void)
{
    close(worker.answers);
    close(sender);
}

/* A hello and two records, as a worker of this program sends them. */
static size_t stream(uint8_t *out, size_t room)
{
    struct hello hello = {.layers = 5};
    struct bytes packed = {0};
    struct record *one = record_error(&arena, "", 1, "first error"),
                  *other = record_error(&arena, "", 2, "second error");
    struct record *const both[] = {one, other};
    struct record_memory memory = {0};
    size_t used = sizeof hello;
    memcpy(out, &hello, sizeof hello);
    for (size_t i = 0; i < 2; i++) {
        packed.size = 0;
        assert_true(record_pack_next(both[i], &arena, &memory, &packed));
        uint64_t length = packed.size;
        assert_true(used + sizeof length + length <= room);
        memcpy(out + used, &length, sizeof length);
        memcpy(out + used + sizeof length, packed.data, packed.size);
        used += sizeof length + packed.size;
    }
    free(packed.data);
    return used;
}

/* However the stream is cut into pieces. */
static void answers_come_in_pieces(void **state)
{
    static uint8_t text[8192];
    size_t all = stream(text, sizeof text);
    (void)state;
    for (size_t first = 1; first <= all; first++) {
        start_worker(2);
        assert_int_equal(write(sender, text, first), (ssize_t)first);
        assert_true(worker_listen(&pool, &worker));
        size_t done = pool.done;
        assert_true(done <= 2 && (first < all || done == 2));
        if (first < all) {
            assert_int_equal(write(sender, text + first, all - first), (ssize_t)(all - first));
            assert_true(worker_listen(&pool, &worker));
        }
        assert_int_equal(pool.done, 2);
        assert_int_equal(worker.answered, 2);
        assert_int_equal(worker.count, 0);
        assert_int_equal(sandbox.layers, 5);
        assert_string_equal(records[0]->error, "first error");
        assert_string_equal(records[0]->path, "first");
        assert_string_equal(records[1]->error, "second error");
        assert_string_equal(records[1]->path, "second");
        end_worker();
    }
}

static void each_byte_by_itself(void **state)
{
    static uint8_t text[8192];
    size_t all = stream(text, sizeof text);
    (void)state;
    start_worker(2);
    for (size_t i = 0; i < all; i++) {
        assert_int_equal(write(sender, text + i, 1), 1);
        assert_true(worker_listen(&pool, &worker));
        assert_int_equal(worker.greeted, i + 1 >= sizeof(struct hello));
    }
    assert_int_equal(pool.done, 2);
    end_worker();
}

/* A record that is larger than what is read at once: what came of it moves with it. */
static void a_large_answer_comes_in_pieces(void **state)
{
    enum { LARGE = 1 << 20, PIECE = 30000 };
    struct hello hello = {.layers = 1};
    struct bytes packed = {0};
    char *text = arena_alloc(&arena, LARGE + 1);
    (void)state;
    memset(text, 'e', LARGE);
    assert_true(record_pack(record_error(&arena, "", 1, text), &packed));
    uint64_t length = packed.size;
    start_worker(1);
    assert_int_equal(write(sender, &hello, sizeof hello), sizeof hello);
    assert_int_equal(write(sender, &length, sizeof length), sizeof length);
    for (size_t done = 0; done < packed.size; done += PIECE) {
        size_t piece = packed.size - done < PIECE ? packed.size - done : PIECE;
        assert_int_equal(write(sender, packed.data + done, piece), (ssize_t)piece);
        assert_true(worker_listen(&pool, &worker));
        assert_int_equal(pool.done, done + piece == packed.size);
    }
    assert_int_equal(strlen(records[0]->error), LARGE);
    free(packed.data);
    end_worker();
}

static void layers_are_those_that_all_workers_had(void **state)
{
    static const uint64_t layers[] = {7, 3, 6};
    (void)state;
    start_worker(0);
    for (size_t i = 0; i < 3; i++) {
        struct hello hello = {.layers = layers[i]};
        worker.greeted = false;
        assert_int_equal(write(sender, &hello, sizeof hello), sizeof hello);
        assert_true(worker_listen(&pool, &worker));
    }
    assert_int_equal(sandbox.layers, 2);
    assert_true(sandbox.needed);
    end_worker();
}

static void what_is_no_answer_ends_a_worker(void **state)
{
    static uint8_t text[8192];
    size_t all = stream(text, sizeof text), head = sizeof(struct hello);
    const uint64_t limit = LIMIT_RECORD, beyond = LIMIT_RECORD + 1;
    (void)state;
    start_worker(1); /* two answers, of which one was asked for */
    assert_int_equal(write(sender, text, all), (ssize_t)all);
    assert_false(worker_listen(&pool, &worker));
    assert_true(worker.babbles);
    assert_int_equal(pool.done, 1);
    end_worker();

    start_worker(2); /* larger than any record */
    assert_int_equal(write(sender, text, head), (ssize_t)head);
    assert_int_equal(write(sender, &beyond, sizeof beyond), sizeof beyond);
    assert_false(worker_listen(&pool, &worker));
    assert_true(worker.babbles);
    end_worker();

    start_worker(2); /* as large as one may be: the rest is waited for */
    assert_int_equal(write(sender, text, head), (ssize_t)head);
    assert_int_equal(write(sender, &limit, sizeof limit), sizeof limit);
    assert_true(worker_listen(&pool, &worker));
    assert_false(worker.babbles);
    end_worker();

    start_worker(2); /* another byte in the record */
    text[head + 8 + 20] ^= 1;
    assert_int_equal(write(sender, text, all), (ssize_t)all);
    assert_false(worker_listen(&pool, &worker));
    assert_true(worker.babbles);
    end_worker();

    start_worker(2); /* it ended */
    close(sender);
    assert_false(worker_listen(&pool, &worker));
    assert_false(worker.babbles);
    close(worker.answers);
    worker.answers = -1; /* nothing to read from */
    assert_false(worker_listen(&pool, &worker));
    assert_false(worker.babbles);
}

static void on_alarm(int signal)
{
    (void)signal;
}

static void a_signal_ends_nothing(void **state)
{
    const struct sigaction action = {.sa_handler = on_alarm}; /* without SA_RESTART */
    const struct itimerval soon = {{0, 20000}, {0, 20000}}, never = {{0, 0}, {0, 0}};
    (void)state;
    start_worker(1);
    assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
    assert_int_equal(setitimer(ITIMER_REAL, &soon, NULL), 0);
    assert_true(worker_listen(&pool, &worker));
    assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
    assert_false(worker.babbles);
    end_worker();
}

/* A queue is a ring; who died is told by how many files were taken up and how many answered. */
static void the_place_of_a_file_in_the_queue(void **state)
{
    static const struct {
        uint32_t begun;
        size_t answered, count, place;
    } cases[] = {{0, 0, 2, 0}, {1, 0, 2, 0},          {2, 0, 2, 1},           {3, 0, 2, 0},           {5, 4, 2, 0},
                 {6, 4, 2, 1}, {0xffffffff, 0, 2, 0}, {1, 0x100000000, 2, 0}, {2, 0x100000000, 2, 1}, {4, 4, 2, 0}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        volatile uint32_t begun = cases[i].begun;
        worker = (struct worker){.begun = &begun, .answered = cases[i].answered, .count = cases[i].count};
        assert_int_equal(worker_place(&worker), cases[i].place);
    }
    worker = (struct worker){.first = QUEUE - 1, .count = 2};
    worker.queue[QUEUE - 1] = 7;
    worker.queue[0] = 8;
    assert_int_equal(worker_pop(&worker), 7);
    assert_int_equal(worker_pop(&worker), 8);
    assert_int_equal(worker.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_come_in_pieces),           cmocka_unit_test(each_byte_by_itself),
        cmocka_unit_test(a_large_answer_comes_in_pieces),   cmocka_unit_test(layers_are_those_that_all_workers_had),
        cmocka_unit_test(what_is_no_answer_ends_a_worker),  cmocka_unit_test(a_signal_ends_nothing),
        cmocka_unit_test(the_place_of_a_file_in_the_queue),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_free(&arena);
    return failed;
}
