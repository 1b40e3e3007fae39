/* Files as a build machine holds them: what is no file, what is too large, what changes under
 * the reader; and the same bytes whether they are read at once or block by block. */
#include "formats/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SIZE = 100 * 1000 /* many blocks and a part of one */ };

static char folder[64];
static uint8_t content[SIZE];

static const char *path_of(const char *name)
{
    static char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void write_file(const char *name, const void *bytes, size_t size)
{
    FILE *out = fopen(path_of(name), "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(bytes, 1, size, out), size);
    assert_int_equal(fclose(out), 0);
}

/* As the product opens what it is given: without waiting for a FIFO's writer. */
static int open_file(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    assert_true(fd >= 0);
    return fd;
}

static enum status open_as(const char *path, bool digest, uint64_t most, struct file *file, struct problem *problem)
{
    *problem = (struct problem){0};
    return file_from_fd(file, open_file(path), &(struct file_options){most, digest}, problem);
}

static void what_is_no_regular_file_is_refused(void **state)
{
    (void)state;
    struct file file;
    struct problem problem = {0};
    static const char *const devices[] = {"/dev/null", "/dev/zero"};
    assert_int_equal(mkfifo(path_of("fifo"), 0600), 0);
    assert_int_equal(open_as(path_of("fifo"), true, SIZE, &file, &problem), STATUS_NOT_REGULAR);
    assert_non_null(strstr(problem.text, "FIFO"));
    assert_int_equal(open_as(folder, true, SIZE, &file, &problem), STATUS_NOT_REGULAR);
    assert_non_null(strstr(problem.text, "directory"));
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(open_as(devices[i], true, SIZE, &file, &problem), STATUS_NOT_REGULAR);
        assert_non_null(strstr(problem.text, "character device"));
    }
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    assert_int_equal(file_from_fd(&file, pair[0], &(struct file_options){SIZE, true}, &problem), STATUS_NOT_REGULAR);
    assert_non_null(strstr(problem.text, "socket"));
    assert_int_equal(fcntl(pair[0], F_GETFD), -1); /* taken over, and closed */
    close(pair[1]);
}

static void a_file_may_be_as_large_as_allowed_and_no_larger(void **state)
{
    (void)state;
    struct file file;
    struct problem problem;
    write_file("sized", content, SIZE);
    assert_int_equal(open_as(path_of("sized"), true, SIZE, &file, &problem), STATUS_OK);
    file_close(&file);
    assert_int_equal(open_as(path_of("sized"), true, SIZE - 1, &file, &problem), STATUS_TOO_LARGE);
    assert_non_null(strstr(problem.text, "--max-file-size"));
    assert_int_equal(file_from_memory(&file, content, SIZE, &(struct file_options){SIZE - 1, false}, &problem),
                     STATUS_TOO_LARGE);
}

static void bytes_are_the_same_at_once_and_block_by_block(void **state)
{
    (void)state;
    struct file whole, lazy;
    struct problem problem;
    struct view a, b;
    uint32_t noise = 7;
    write_file("same", content, SIZE);
    assert_int_equal(open_as(path_of("same"), true, SIZE, &whole, &problem), STATUS_OK);
    assert_int_equal(open_as(path_of("same"), false, SIZE, &lazy, &problem), STATUS_OK);
    for (int i = 0; i < 2000; i++) {
        noise = noise * 1664525 + 1013904223;
        uint64_t off = (noise >> 4) % (SIZE + 1), n = (noise >> 20) % 9000;
        bool inside = range_fits(SIZE, off, n);
        assert_int_equal(file_view(&whole, off, n, &a), inside);
        assert_int_equal(file_view(&lazy, off, n, &b), inside);
        if (inside && n) {
            assert_memory_equal(a.data, content + off, n);
            assert_memory_equal(b.data, content + off, n);
        }
    }
    assert_true(whole.has_digest);
    assert_false(lazy.has_digest);
    assert_int_equal(file_settle(&whole, &problem), STATUS_OK);
    assert_int_equal(file_settle(&lazy, &problem), STATUS_OK);
    file_close(&whole);
    file_close(&lazy);
}

/* So large that the kernel is asked for large pages, of a file that ends in the midst of one. */
static void many_bytes_at_once_are_those_of_the_file(void **state)
{
    (void)state;
    enum { LARGE = (9 << 20) + 4097, PIECE = 8 << 20 };
    static const uint64_t places[] = {0, LARGE - PIECE, 1 << 14};
    struct problem problem;
    uint8_t *large = malloc(LARGE);
    assert_non_null(large);
    for (size_t i = 0; i < LARGE; i++)
        large[i] = content[(i + i / SIZE) % SIZE];
    write_file("large", large, LARGE);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        struct file file;
        struct view v;
        assert_int_equal(open_as(path_of("large"), false, LARGE, &file, &problem), STATUS_OK);
        assert_true(file_view(&file, places[i], PIECE, &v));
        assert_memory_equal(v.data, large + places[i], PIECE);
        assert_true(file_view(&file, 0, LARGE, &v));
        assert_memory_equal(v.data, large, LARGE);
        assert_int_equal(file_settle(&file, &problem), STATUS_OK);
        file_close(&file);
    }
    free(large);
}

/* Few bytes are kept as parts, many in room for the whole file: what was seen once must not look otherwise later,
 * though the file was written over meanwhile (and is then no file to be judged). */
static void bytes_that_were_seen_stay_what_they_were(void **state)
{
    (void)state;
    enum { FEW = 8, MANY = 200, NEAR = 300 };
    static uint8_t other[SIZE];
    uint32_t noise = 11;
    for (int round = 0; round < 20; round++) {
        struct file file;
        struct problem problem;
        struct file_room room;
        struct view early[FEW], v;
        uint64_t at[FEW], size = round % 2 ? SIZE : SIZE - SIZE % 4096; /* that ends a block, and that does not */
        write_file("seen", content, size);
        assert_int_equal(open_as(path_of("seen"), false, SIZE, &file, &problem), STATUS_OK);
        for (size_t i = 0; i < FEW; i++) {
            noise = noise * 1664525 + 1013904223;
            at[i] = i ? (noise >> 4) % (size - NEAR) : size - 4096 - NEAR + (uint64_t)round; /* and near the end */
            assert_true(file_view(&file, at[i], NEAR, &early[i]));
            assert_true(file_view_briefly(&file, at[i] / 2, NEAR, &room, &v));
            assert_memory_equal(v.data, content + at[i] / 2, NEAR);
        }
        for (size_t i = 0; i < SIZE; i++)
            other[i] = (uint8_t)~content[i];
        int fd = open(path_of("seen"), O_WRONLY | O_CLOEXEC);
        assert_int_equal(pwrite(fd, other, size, 0), size);
        assert_int_equal(close(fd), 0);
        for (int i = 0; i < MANY; i++) {
            noise = noise * 1664525 + 1013904223;
            uint64_t which = (noise >> 8) % FEW, from = at[which] > NEAR ? at[which] - NEAR : 0;
            assert_true(i % 2 ? file_view(&file, from, 2 * NEAR, &v)
                              : file_view_briefly(&file, from, 2 * NEAR, &room, &v));
            assert_memory_equal(v.data + (at[which] - from), content + at[which], NEAR);
            assert_memory_equal(early[which].data, content + at[which], NEAR);
            if (i == MANY / 2)
                assert_true(file_make_whole(&file));
        }
        assert_int_equal(file_settle(&file, &problem), STATUS_CHANGED);
        file_close(&file);
    }
}

/* What lies behind is given as far as it has been read, never more than was asked for, and never other bytes. */
static void what_is_there_comes_with_what_was_asked_for(void **state)
{
    (void)state;
    enum { AT = 40 * 1000, MOST = 3 * 4096 };
    write_file("near", content, SIZE);
    for (int whole = 0; whole < 3; whole++) { /* in parts, in one piece block by block, and at once */
        struct file file;
        struct problem problem;
        struct view v;
        assert_int_equal(open_as(path_of("near"), whole == 2, SIZE, &file, &problem), STATUS_OK);
        if (whole == 1)
            assert_true(file_make_whole(&file));
        assert_false(file_view_near(&file, SIZE - 7, 8, MOST, &v));
        assert_true(file_view_near(&file, AT, 1, 1, &v));
        assert_int_equal(v.size, 1);
        assert_true(file_view_near(&file, AT, 1, MOST, &v));
        assert_int_equal(v.size, whole == 0 ? 4096 - AT % 4096 : whole == 1 ? 1 : MOST);
        assert_memory_equal(v.data, content + AT, v.size);
        assert_true(file_view_near(&file, SIZE - 8, 8, MOST, &v));
        assert_int_equal(v.size, 8);
        assert_memory_equal(v.data, content + SIZE - 8, 8);
        assert_int_equal(file_settle(&file, &problem), STATUS_OK);
        file_close(&file);
    }
}

static void ranges_outside_the_file_are_not_there(void **state)
{
    (void)state;
    struct problem problem;
    static const uint64_t rows[][2] = {{0, SIZE + 1}, {SIZE, 1}, {SIZE + 1, 0}, {UINT64_MAX, 1}, {1, UINT64_MAX}};
    for (int digest = 0; digest < 2; digest++) {
        struct file file;
        struct view out;
        assert_int_equal(open_as(path_of("same"), digest != 0, SIZE, &file, &problem), STATUS_OK);
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
            assert_false(file_view(&file, rows[i][0], rows[i][1], &out));
        assert_true(file_view(&file, SIZE, 0, &out));
        assert_true(file_view(&file, SIZE - 1, 1, &out));
        assert_int_equal(out.data[0], content[SIZE - 1]);
        assert_int_equal(file_settle(&file, &problem), STATUS_OK);
        file_close(&file);
    }
}

static void the_digest_is_sha_256(void **state)
{
    (void)state;
    struct file file;
    struct problem problem;
    static const uint8_t abc[] = {0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40,
                                  0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17,
                                  0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad}; /* FIPS 180-2, B.1 */
    static const uint8_t none[] = {0xe3, 0xb0, 0xc4, 0x42};                                    /* of no bytes */
    write_file("abc", "abc", 3);
    write_file("empty", "", 0);
    assert_int_equal(open_as(path_of("abc"), true, SIZE, &file, &problem), STATUS_OK);
    assert_memory_equal(file.digest, abc, sizeof abc);
    file_close(&file);
    assert_int_equal(file_from_memory(&file, "abc", 3, &(struct file_options){SIZE, true}, &problem), STATUS_OK);
    assert_memory_equal(file.digest, abc, sizeof abc);
    file_close(&file);
    assert_int_equal(open_as(path_of("empty"), true, SIZE, &file, &problem), STATUS_OK);
    assert_memory_equal(file.digest, none, sizeof none);
    assert_int_equal(file.size, 0);
    file_close(&file);
}

static void a_stream_gives_what_a_file_gives(void **state)
{
    (void)state;
    struct file file;
    struct problem problem;
    struct view out;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], content, 5000), 5000);
    close(ends[1]);
    assert_int_equal(file_from_stream(&file, ends[0], &(struct file_options){5000, true}, &problem), STATUS_OK);
    assert_true(file_view(&file, 0, 5000, &out));
    assert_memory_equal(out.data, content, 5000);
    assert_int_equal(file_settle(&file, &problem), STATUS_OK);
    file_close(&file);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], content, 5001), 5001);
    close(ends[1]);
    assert_int_equal(file_from_stream(&file, ends[0], &(struct file_options){5000, true}, &problem), STATUS_TOO_LARGE);
}

/* Opens "moving", lets `change` happen, and says what the reader makes of it at the end. */
static enum status settle_after(bool digest, void (*change)(const char *path))
{
    struct file file;
    struct problem problem;
    struct view out;
    write_file("moving", content, SIZE);
    /* times of long ago, so that a change in the same tick is one */
    static const struct timespec old[2] = {{1000000, 0}, {1000000, 0}};
    assert_int_equal(utimensat(AT_FDCWD, path_of("moving"), old, 0), 0);
    assert_int_equal(open_as(path_of("moving"), digest, SIZE * 2, &file, &problem), STATUS_OK);
    bool first = file_view(&file, 0, 64, &out);
    change(path_of("moving"));
    bool second = file_view(&file, SIZE - 10, 10, &out);
    enum status status = file_settle(&file, &problem);
    assert_true(first && (second || status != STATUS_OK));
    file_close(&file);
    return status;
}

static void nothing(const char *path)
{
    (void)path;
}

static void cut(const char *path)
{
    assert_int_equal(truncate(path, 100), 0);
}

static void lengthen(const char *path)
{
    assert_int_equal(truncate(path, SIZE + 1), 0);
}

static void rewrite(const char *path)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_int_equal(pwrite(fd, "X", 1, SIZE - 5), 1);
    close(fd);
}

static void replace(const char *path)
{
    char other[128];
    (void)snprintf(other, sizeof other, "%s.new", path);
    FILE *out = fopen(other, "wb");
    assert_non_null(out);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(rename(other, path), 0); /* what was opened stays what it was */
}

static void a_file_that_changes_is_an_error(void **state)
{
    (void)state;
    for (int digest = 0; digest < 2; digest++) {
        assert_int_equal(settle_after(digest != 0, nothing), STATUS_OK);
        assert_int_equal(settle_after(digest != 0, cut), STATUS_CHANGED);
        assert_int_equal(settle_after(digest != 0, lengthen), STATUS_CHANGED);
        assert_int_equal(settle_after(digest != 0, rewrite), STATUS_CHANGED);
        assert_int_equal(settle_after(digest != 0, replace), STATUS_OK);
    }
}

static void a_file_that_is_cut_never_gives_bytes_that_were_not_read(void **state)
{
    (void)state;
    struct file file;
    struct problem problem;
    struct view out;
    write_file("cut", content, SIZE);
    assert_int_equal(open_as(path_of("cut"), false, SIZE, &file, &problem), STATUS_OK);
    assert_int_equal(truncate(path_of("cut"), 10), 0);
    assert_false(file_view(&file, 0, 64, &out));
    assert_false(file_view(&file, 0, 4, &out)); /* once it failed, nothing of it is believed */
    assert_int_equal(file_settle(&file, &problem), STATUS_CHANGED);
    assert_non_null(strstr(problem.text, "shorter"));
    file_close(&file);
}

static void closing_twice_is_harmless(void **state)
{
    (void)state;
    struct file file;
    struct problem problem;
    assert_int_equal(open_as(path_of("same"), true, SIZE, &file, &problem), STATUS_OK);
    file_close(&file);
    file_close(&file);
}

static int make_folder(void **state)
{
    (void)state;
    uint32_t noise = 1;
    for (size_t i = 0; i < SIZE; i++) {
        noise = noise * 1664525 + 1013904223;
        content[i] = (uint8_t)(noise >> 24);
    }
    (void)snprintf(folder, sizeof folder, "%s", "/tmp/assay-file-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int drop_folder(void **state)
{
    (void)state;
    static const char *const names[] = {"fifo", "sized", "same", "abc", "empty", "moving", "cut", "seen", "large"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        (void)unlink(path_of(names[i]));
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_regular_file_is_refused),
        cmocka_unit_test(a_file_may_be_as_large_as_allowed_and_no_larger),
        cmocka_unit_test(bytes_are_the_same_at_once_and_block_by_block),
        cmocka_unit_test(many_bytes_at_once_are_those_of_the_file),
        cmocka_unit_test(bytes_that_were_seen_stay_what_they_were),
        cmocka_unit_test(what_is_there_comes_with_what_was_asked_for),
        cmocka_unit_test(ranges_outside_the_file_are_not_there),
        cmocka_unit_test(the_digest_is_sha_256),
        cmocka_unit_test(a_stream_gives_what_a_file_gives),
        cmocka_unit_test(a_file_that_changes_is_an_error),
        cmocka_unit_test(a_file_that_is_cut_never_gives_bytes_that_were_not_read),
        cmocka_unit_test(closing_twice_is_harmless),
    };
    return cmocka_run_group_tests_name("test_file", tests, make_folder, drop_folder);
}
