/* Files that fail while they are read: descriptors that are none, signals, no memory, another file than at first; and the
 * borders between what is read in parts, at once and block by block. */
#include "formats/file.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

/* In the place of the C library's: what kind of file it is, and how large, where a test says so. */
static mode_t pretended;
static uint64_t pretended_size;

int fstat(int fd, struct stat *status)
{
    int result = fstatat(fd, "", status, AT_EMPTY_PATH);
    if (result == 0 && pretended)
        status->st_mode = pretended;
    if (result == 0 && pretended_size)
        status->st_size = (off_t)pretended_size;
    return result;
}

/* And a signal comes first. */
static unsigned interruptions;

ssize_t pread(int fd, void *to, size_t size, off_t off)
{
    if (interruptions && interruptions--) {
        errno = EINTR;
        return -1;
    }
    return (ssize_t)syscall(SYS_pread64, fd, to, size, off);
}

enum { SMALL = 4 * 4096, SIZE = 1 << 20, LARGE = 9 << 20, PARTS_ROOM = 512 * 1024 };

static uint8_t *content;
static struct file file;
static struct problem problem;

static int start(void **state)
{
    (void)state;
    content = malloc(LARGE);
    for (size_t i = 0; content && i < LARGE; i++)
        content[i] = (uint8_t)(i * 131 + (i >> 8) * 17 + (i >> 16));
    return content == NULL;
}

static int end(void **state)
{
    (void)state;
    free(content);
    return 0;
}

static int content_of(size_t size)
{
    int fd = memfd_create("file", MFD_CLOEXEC);
    assert_true(fd >= 0);
    for (size_t done = 0; done < size;) {
        ssize_t put = write(fd, content + done, size - done);
        assert_true(put > 0);
        done += (size_t)put;
    }
    return fd;
}

static enum status open_fd(int fd, bool digest)
{
    problem = (struct problem){0};
    return file_from_fd(&file, fd, &(struct file_options){LARGE, digest}, &problem);
}

static bool same(uint64_t off, uint64_t n)
{
    struct view v;
    return file_view(&file, off, n, &v) && v.size == n && memcmp(v.data, content + off, (size_t)n) == 0;
}

static bool same_briefly(uint64_t off, uint64_t n)
{
    static struct file_room room;
    struct view v;
    return file_view_briefly(&file, off, n, &room, &v) && v.size == n && memcmp(v.data, content + off, (size_t)n) == 0;
}

/* ---- descriptors ---- */

static void what_is_no_descriptor_is_an_error(void **state)
{
    (void)state;
    assert_int_equal(open_fd(-1, false), STATUS_READ_FAILED);
    assert_string_equal(problem.text, strerror(EBADF));
    assert_int_equal(file_from_stream(&file, -1, &(struct file_options){LARGE, false}, &problem), STATUS_READ_FAILED);
    assert_string_equal(problem.text, strerror(EBADF));
    assert_int_equal(problem_set(NULL, STATUS_READ_FAILED, "nobody asks"), STATUS_READ_FAILED);
}

static void a_file_of_another_kind_is_named(void **state)
{
    static const struct {
        mode_t mode;
        const char *text;
    } cases[] = {{S_IFDIR, "not a regular file but a directory"},
                 {S_IFIFO, "not a regular file but a FIFO"},
                 {S_IFSOCK, "not a regular file but a socket"},
                 {S_IFCHR, "not a regular file but a character device"},
                 {S_IFBLK, "not a regular file but a block device"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int fd = content_of(1);
        pretended = cases[i].mode | 0600;
        assert_int_equal(open_fd(fd, false), STATUS_NOT_REGULAR);
        pretended = 0;
        assert_string_equal(problem.text, cases[i].text);
        assert_int_equal(fcntl(fd, F_GETFD), -1); /* closed */
    }
}

static void a_descriptor_that_cannot_be_read_is_told_once(void **state)
{
    (void)state;
    for (unsigned digest = 0; digest < 2; digest++) {
        char path[] = "/tmp/assay-file-XXXXXX";
        int made = mkstemp(path), fd = open(path, O_WRONLY);
        struct view v;
        assert_int_equal(ftruncate(made, SIZE), 0);
        close(made);
        unlink(path);
        assert_int_equal(open_fd(fd, digest), STATUS_OK);
        assert_int_equal(digest, file.problem.status == STATUS_READ_FAILED);
        for (uint64_t off = 0; off < SIZE; off += SIZE / 4)
            assert_false(file_view(&file, off, 16, &v));
        assert_false(same_briefly(0, 16));
        assert_int_equal(file_settle(&file, &problem), STATUS_READ_FAILED);
        assert_non_null(strstr(problem.text, "at offset 0"));
        assert_non_null(strstr(problem.text, strerror(EBADF)));
        file_close(&file);
    }
}

static void on_alarm(int number)
{
    (void)number;
}

static void a_signal_does_not_end_a_stream(void **state)
{
    const struct sigaction action = {.sa_handler = on_alarm}; /* without SA_RESTART */
    const struct itimerval often = {{0, 1000}, {0, 1000}}, never = {{0, 0}, {0, 0}};
    int ends[2];
    (void)state;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        for (size_t done = 0; done < SIZE;) {
            ssize_t put = write(ends[1], content + done, SIZE - done < 50000 ? SIZE - done : 50000);
            done += put > 0 ? (size_t)put : 0;
            usleep(2500);
        }
        _exit(0);
    }
    close(ends[1]);
    assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
    assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
    assert_int_equal(file_from_stream(&file, ends[0], &(struct file_options){SIZE, true}, &problem), STATUS_OK);
    assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(file.size, SIZE);
    assert_true(same(0, SIZE));
    file_close(&file);
}

static void a_signal_does_not_end_a_read(void **state)
{
    (void)state;
    assert_int_equal(open_fd(content_of(SIZE), false), STATUS_OK);
    interruptions = 3;
    assert_true(same(5000, 100));
    assert_int_equal(interruptions, 0);
    file_close(&file);
}

static void large_files_are_read_at_once_as_well(void **state)
{
    (void)state;
    for (size_t size = (8 << 20) - 1; size <= LARGE; size += size == (8 << 20) - 1 ? 1 : LARGE - (8 << 20)) {
        assert_int_equal(open_fd(content_of(size), true), STATUS_OK);
        assert_true(file.has_digest);
        assert_int_equal(file.mapped, size >= 8 << 20);
        uint8_t digest[32];
        memcpy(digest, file.digest, sizeof digest);
        assert_true(same(0, size));
        file_close(&file);
        assert_false(file.mapped);
        assert_int_equal(file_from_memory(&file, content, size, &(struct file_options){LARGE, true}, &problem),
                         STATUS_OK);
        assert_memory_equal(digest, file.digest, sizeof digest);
        file_close(&file);
    }
}

/* ---- the file is still the one that was opened ---- */

enum field { SIZE_OF, INODE, MTIME, MTIME_NS, CTIME, CTIME_NS, LINKS, LINKS_AND_CTIME, NOTHING, FIELDS };

static void any_sign_of_a_change_counts(void **state)
{
    static const bool changed[FIELDS] = {
        [SIZE_OF] = true, [INODE] = true, [MTIME] = true, [MTIME_NS] = true, [CTIME] = true, [CTIME_NS] = true};
    (void)state;
    for (enum field field = 0; field < FIELDS; field++) {
        assert_int_equal(open_fd(content_of(SIZE), false), STATUS_OK);
        struct stat *before = &file.before;
        before->st_size += field == SIZE_OF;
        before->st_ino += field == INODE;
        before->st_mtim.tv_sec += field == MTIME;
        before->st_mtim.tv_nsec ^= field == MTIME_NS;
        before->st_ctim.tv_sec += field == CTIME || field == LINKS_AND_CTIME;
        before->st_ctim.tv_nsec ^= field == CTIME_NS;
        before->st_nlink += field == LINKS || field == LINKS_AND_CTIME;
        assert_int_equal(file_settle(&file, &problem), changed[field] ? STATUS_CHANGED : STATUS_OK);
        file_close(&file);
    }
    assert_int_equal(open_fd(content_of(SIZE), false), STATUS_OK);
    close(file.fd);
    assert_int_equal(file_settle(&file, &problem), STATUS_READ_FAILED);
    file.fd = -1;
    assert_int_equal(file_settle(&file, &problem), STATUS_OK); /* bytes of memory do not change */
    file_close(&file);
}

/* ---- parts, blocks, and briefly ---- */

static void a_small_file_is_read_at_once_and_another_in_parts(void **state)
{
    (void)state;
    for (size_t size = SMALL - 1; size <= SMALL + 1; size++) {
        assert_int_equal(open_fd(content_of(size), false), STATUS_OK);
        assert_true(same(size / 2, 1));
        assert_int_equal(file.part_count, 1);
        assert_int_equal(file.part_room, size <= SMALL ? size : 4096);
        assert_true(same_briefly(0, 5000));
        assert_int_equal(file.part_count, 1);
        assert_true(same(0, 5000));
        assert_int_equal(file.part_count, size <= SMALL ? 1 : 2);
        file_close(&file);
    }
}

static void briefly_leaves_nothing_behind(void **state)
{
    (void)state;
    assert_int_equal(open_fd(content_of(SIZE), false), STATUS_OK);
    assert_true(same_briefly(100, FILE_BRIEF));
    assert_true(same_briefly(SIZE - 1, 1));
    assert_int_equal(file.part_count, 0);
    assert_true(same_briefly(200, 0)); /* no bytes are everywhere */
    assert_false(same_briefly(SIZE, 1));
    assert_false(same_briefly(SIZE - 1, 2));
    assert_int_equal(file.part_count, 0);
    assert_true(same_briefly(100, FILE_BRIEF + 1)); /* more than its room: a part */
    assert_int_equal(file.part_count, 1);
    content[150] ^= 1; /* the part keeps what it had */
    struct file_room room;
    struct view v;
    assert_int_equal(pwrite(file.fd, content + 150, 1, 150), 1);
    assert_true(file_view_briefly(&file, 100, FILE_BRIEF, &room, &v));
    content[150] ^= 1;
    assert_memory_equal(v.data, content + 100, FILE_BRIEF);
    file_close(&file);
}

/* The last blocks of a file stand together in one part. */
static void parts_are_whole_blocks(void **state)
{
    static const struct {
        uint64_t off, n, room;
    } cases[] = {{4096, 1, 4096},        {4096, 4096, 4096},     {4095, 2, 8192},        {SIZE - 1, 1, 8192},
                 {SIZE - 4096, 1, 8192}, {SIZE - 4097, 1, 8192}, {SIZE - 8193, 1, 4096}, {SIZE - 8192, 4096, 8192}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(open_fd(content_of(SIZE), false), STATUS_OK);
        assert_true(same(cases[i].off, cases[i].n));
        assert_int_equal(file.part_room, cases[i].room);
        file_close(&file);
    }
}

static void many_parts_become_a_whole(void **state)
{
    (void)state;
    assert_int_equal(open_fd(content_of(SIZE), false), STATUS_OK);
    for (size_t i = 0; i <= FILE_PARTS; i++) {
        assert_true(same(i * 3 * 4096, 4096));
        assert_int_equal(file.bytes != NULL, i == FILE_PARTS);
    }
    for (uint64_t off = 0; off < SIZE; off += 10000)
        assert_true(same(off, SIZE - off < 10000 ? SIZE - off : 10000) && same_briefly(off, 100));
    file_close(&file);
    assert_int_equal(open_fd(content_of(SIZE), false), STATUS_OK);
    assert_true(same(0, PARTS_ROOM));
    assert_null(file.bytes);
    assert_true(same(PARTS_ROOM, 1));
    assert_non_null(file.bytes);
    file_close(&file);
    assert_int_equal(open_fd(content_of(SIZE), false), STATUS_OK);
    assert_true(same(0, PARTS_ROOM + 1));
    assert_non_null(file.bytes);
    file_close(&file);
}

/* Reading ahead stops where something was read before: what was seen stays what it was. */
static void no_block_is_read_twice(void **state)
{
    (void)state;
    assert_int_equal(open_fd(content_of(SIZE), false), STATUS_OK);
    assert_true(file_make_whole(&file) && file_make_whole(&file)); /* twice is once */
    assert_true(same(5 * 4096, 1));
    for (uint64_t at = 5 * 4096; at < 6 * 4096; at += 64)
        assert_int_equal(pwrite(file.fd, "changed", 7, (off_t)at), 7);
    assert_true(same(4 * 4096, 1) && same(5 * 4096, 4096) && same(3 * 4096, 3 * 4096));
    file_close(&file);
}

static void a_file_that_is_cut_after_some_of_it_was_read(void **state)
{
    (void)state;
    for (unsigned whole = 0; whole < 2; whole++) {
        assert_int_equal(open_fd(content_of(SIZE), false), STATUS_OK);
        assert_true(same(0, 100) && (!whole || file_make_whole(&file)));
        assert_int_equal(ftruncate(file.fd, SIZE / 2), 0);
        assert_true(same(0, 100) && same(SIZE / 2 - 5000, 5000));
        assert_false(same(SIZE / 2 + 10000, 1));
        assert_false(same(0, 100)); /* nothing more is to be had of it */
        assert_false(same_briefly(0, 100));
        assert_int_equal(file_settle(&file, &problem), STATUS_CHANGED);
        assert_non_null(strstr(problem.text, "became shorter"));
        file_close(&file);
    }
    assert_int_equal(open_fd(content_of(SIZE), false), STATUS_OK);
    assert_int_equal(ftruncate(file.fd, 0), 0);
    assert_false(same_briefly(0, 100));
    file_close(&file);
    assert_int_equal(open_fd(content_of(SIZE), false), STATUS_OK);
    assert_int_equal(ftruncate(file.fd, SIZE - 1), 0);
    assert_false(same(0, SIZE));
    file_close(&file);
}

/* ---- no memory ---- */

static int without_memory(void)
{
    const struct rlimit none = {1 << 20, 1 << 20};
    const uint64_t vast = UINT64_C(1) << 40; /* the list of its blocks is too large, too */
    int fds[] = {content_of(LARGE), content_of(LARGE), content_of(SIZE),
                 content_of(SIZE),  content_of(LARGE), content_of(0)};
    setrlimit(RLIMIT_AS, &none);
    void *volatile last = NULL; /* volatile: or the compiler does without */
    for (size_t piece = 1 << 20; piece >= 4096; piece /= 2)
        for (void **next; (next = malloc(piece)); last = next)
            *next = last;
    struct view v;
    int wrong = open_fd(fds[0], true) != STATUS_NO_MEMORY;
    wrong += file_from_memory(&file, content, SIZE, &(struct file_options){LARGE, false}, &problem) != STATUS_NO_MEMORY;
    wrong +=
        file_from_memory(&file, content, LARGE, &(struct file_options){LARGE, false}, &problem) != STATUS_NO_MEMORY;
    wrong += file_from_stream(&file, fds[2], &(struct file_options){LARGE, false}, &problem) != STATUS_NO_MEMORY;
    for (size_t i = 3; i < 6; i++) {
        pretended_size = i == 5 ? vast : 0;
        wrong += file_from_fd(&file, fds[i], &(struct file_options){vast, false}, &problem) != STATUS_OK;
        wrong += file_view(&file, 0, PARTS_ROOM + 1, &v);
        wrong += file_settle(&file, &problem) != STATUS_NO_MEMORY;
        file_close(&file);
    }
    return wrong;
}

static void without_memory_nothing_is_read(void **state)
{
    (void)state;
#if defined(__SANITIZE_ADDRESS__)
    skip();
#endif
    int status = 0;
    pid_t child = fork();
    if (child == 0)
        exit(without_memory());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_block_is_read_twice),
        cmocka_unit_test(what_is_no_descriptor_is_an_error),
        cmocka_unit_test(a_file_of_another_kind_is_named),
        cmocka_unit_test(a_descriptor_that_cannot_be_read_is_told_once),
        cmocka_unit_test(a_signal_does_not_end_a_stream),
        cmocka_unit_test(a_signal_does_not_end_a_read),
        cmocka_unit_test(large_files_are_read_at_once_as_well),
        cmocka_unit_test(any_sign_of_a_change_counts),
        cmocka_unit_test(a_small_file_is_read_at_once_and_another_in_parts),
        cmocka_unit_test(briefly_leaves_nothing_behind),
        cmocka_unit_test(parts_are_whole_blocks),
        cmocka_unit_test(many_parts_become_a_whole),
        cmocka_unit_test(a_file_that_is_cut_after_some_of_it_was_read),
        cmocka_unit_test(without_memory_nothing_is_read),
    };
    return cmocka_run_group_tests_name("test_file_faults", tests, start, end);
}
