/* Finding the files: only regular ones, links only where they are named, each path once, in
 * one order, and whatever could not be looked at is in the list as a problem. */
#include "src/walk.h" /* before cmocka.h, whose macro fail() it must not meet */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static struct arena arena;
static char home[] = "assay-walk-XXXXXX";

static void make_file(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, path, strlen(path)), strlen(path));
    close(fd);
}

static void make_socket(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    close(fd);
}

/* The tests run inside a directory of their own. */
static int make_tree(void **state)
{
    (void)state;
    const char *top = getenv("TMPDIR");
    if (chdir(top ? top : "/tmp") != 0 || !mkdtemp(home) || chdir(home) != 0)
        return -1;
    if (mkdir("t", 0755) || mkdir("t/b", 0755) || mkdir("t/b/deep", 0755) || mkdir("t/empty", 0755) || mkdir("z", 0755))
        return -1;
    make_file("t/c");
    make_file("t/a");
    make_file("t/b.x");
    make_file("t/b/1");
    make_file("t/b/deep/2");
    make_file("t/\xff\x1b\n");
    make_file("z/target");
    make_socket("t/socket");
    if (mkfifo("t/fifo", 0644) || symlink("../z", "t/link") || symlink("../z/target", "t/file-link") ||
        symlink("..", "t/b/loop") || symlink("self", "t/self") || symlink("z", "named-link") ||
        symlink("z/target", "named-file-link") || symlink("nowhere", "dangling"))
        return -1;
    return 0;
}

static int remove_one(const char *path, const struct stat *status, int flag, struct FTW *at)
{
    (void)status;
    (void)flag;
    (void)at;
    return remove(path);
}

static int remove_tree(void **state)
{
    (void)state;
    return chdir("..") || nftw(home, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void expect_items(const struct walk *walk, const char *const *paths, size_t count)
{
    for (size_t i = 0; i < count && i < walk->count; i++)
        assert_string_equal(walk->items[i].path, paths[i]);
    assert_int_equal(walk->count, count);
}

static const char *const tree[] = {"t/a", "t/b.x", "t/b/1", "t/b/deep/2", "t/c", "t/\xff\x1b\n"};
enum { TREE = sizeof tree / sizeof *tree };

static void a_tree_gives_its_regular_files(void **state)
{
    (void)state;
    struct walk walk = {.arena = &arena};
    walk_add(&walk, "t");
    walk_sort(&walk);
    expect_items(&walk, tree, TREE);
    for (size_t i = 0; i < walk.count; i++) {
        assert_int_equal(walk.items[i].origin, ORIGIN_TREE);
        assert_null(walk.items[i].problem);
    }
}

static void what_is_no_file_is_left_out_and_named(void **state)
{
    (void)state;
    static const char *const left[][2] = {{"t/b/loop", "a symbolic link"},    {"t/fifo", "a FIFO"},
                                          {"t/file-link", "a symbolic link"}, {"t/link", "a symbolic link"},
                                          {"t/self", "a symbolic link"},      {"t/socket", "a socket"}};
    struct walk walk = {.arena = &arena};
    walk_add(&walk, "t/");
    walk_add(&walk, "t");
    walk_sort(&walk);
    assert_int_equal(walk.skipped_count, sizeof left / sizeof *left);
    for (size_t i = 0; i < walk.skipped_count; i++) {
        assert_string_equal(walk.skipped[i].path, left[i][0]);
        assert_string_equal(walk.skipped[i].why, left[i][1]);
    }
}

static void each_path_is_kept_once(void **state)
{
    (void)state;
    struct walk walk = {.arena = &arena};
    walk_add(&walk, "t/b");
    walk_add(&walk, "t");
    walk_add(&walk, "t/");
    walk_add(&walk, "t/c");
    walk_add(&walk, "t/c");
    walk_sort(&walk);
    expect_items(&walk, tree, TREE);
    /* what was named stays named: it may not be left out as no program */
    assert_int_equal(walk.items[4].origin, ORIGIN_NAMED);
    assert_int_equal(walk.items[0].origin, ORIGIN_TREE);
}

static void named_links_are_followed(void **state)
{
    (void)state;
    static const char *const paths[] = {"named-file-link", "named-link/target"};
    struct walk walk = {.arena = &arena};
    walk_add(&walk, "named-link");
    walk_add(&walk, "named-file-link");
    walk_sort(&walk);
    expect_items(&walk, paths, 2);
    assert_null(walk.items[0].problem);
    assert_null(walk.items[1].problem);
}

static void what_is_named_and_no_file_is_a_problem(void **state)
{
    (void)state;
    static const char *const names[] = {"t/fifo",  "t/socket", "t/self",    "dangling",
                                        "nothing", "",         "/dev/null", "t/a/x"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct walk walk = {.arena = &arena};
        walk_add(&walk, names[i]);
        walk_sort(&walk);
        assert_int_equal(walk.count, 1);
        assert_string_equal(walk.items[0].path, names[i]);
        assert_non_null(walk.items[0].problem);
        assert_int_equal(walk.skipped_count, 0);
    }
}

static void where_one_file_is_wanted_a_directory_is_a_problem(void **state)
{
    (void)state;
    struct walk walk = {.arena = &arena};
    walk_add_file(&walk, "t");
    assert_int_equal(walk.count, 1);
    assert_string_equal(walk.items[0].problem, "a directory, not a regular file");
}

static void an_empty_directory_gives_nothing(void **state)
{
    (void)state;
    struct walk walk = {.arena = &arena};
    walk_add(&walk, "t/empty");
    walk_sort(&walk);
    assert_int_equal(walk.count, 0);
    assert_int_equal(walk.skipped_count, 0);
}

static void an_unreadable_directory_is_a_problem(void **state)
{
    (void)state;
    struct walk walk = {.arena = &arena};
    if (geteuid() == 0)
        skip(); /* root reads everything */
    assert_int_equal(mkdir("locked", 0755), 0);
    assert_int_equal(mkdir("locked/in", 0000), 0);
    make_file("locked/file");
    walk_add(&walk, "locked");
    walk_sort(&walk);
    assert_int_equal(chmod("locked/in", 0755), 0);
    assert_int_equal(walk.count, 2);
    assert_string_equal(walk.items[1].path, "locked/in");
    assert_non_null(walk.items[1].problem);
}

/* A tree deeper than PATH_MAX must not fall silent. */
static void a_tree_too_deep_is_a_problem(void **state)
{
    (void)state;
    enum { LEVELS = 30, NAME = 200 };
    char name[NAME + 1];
    int top = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct walk walk = {.arena = &arena};
    memset(name, 'd', NAME);
    name[NAME] = 0;
    assert_true(top >= 0);
    assert_int_equal(mkdir("deep", 0755) || chdir("deep"), 0);
    for (int i = 0; i < LEVELS; i++)
        assert_int_equal(mkdir(name, 0755) || chdir(name), 0);
    make_file("bottom");
    assert_int_equal(fchdir(top), 0);
    walk_add(&walk, "deep");
    walk_sort(&walk);
    /* taken away from the inside, where names are short again */
    assert_int_equal(chdir("deep"), 0);
    for (int i = 0; i < LEVELS; i++)
        assert_int_equal(chdir(name), 0);
    assert_int_equal(unlink("bottom"), 0);
    for (int i = 0; i < LEVELS; i++)
        assert_int_equal(chdir("..") || rmdir(name), 0);
    assert_int_equal(fchdir(top), 0);
    close(top);
    assert_int_equal(walk.count, 1);
    assert_non_null(walk.items[0].problem);
}

static void check_list(const char *text, size_t size, char end)
{
    static const char *const paths[] = {"missing", "t/a", "t/c"};
    struct walk walk = {.arena = &arena};
    struct problem problem = {0};
    FILE *out = fopen("list", "we");
    assert_non_null(out);
    assert_int_equal(fwrite(text, 1, size, out), size);
    assert_int_equal(fclose(out), 0);
    assert_true(walk_add_list(&walk, "list", end, &problem));
    walk_sort(&walk);
    expect_items(&walk, paths, 3);
    assert_non_null(walk.items[0].problem);
    assert_int_equal(walk.items[1].origin, ORIGIN_NAMED);
}

static void lists_are_read(void **state)
{
    (void)state;
    static const char lines[] = "t/c\n\nt/a\nmissing", nuls[] = "t/c\0\0t/a\0missing\0";
    struct walk walk = {.arena = &arena};
    struct problem problem = {0};
    check_list(lines, sizeof lines - 1, '\n');
    check_list(nuls, sizeof nuls - 1, 0);
    assert_false(walk_add_list(&walk, "no-list", '\n', &problem));
    assert_true(strlen(problem.text) > 0);
    assert_false(walk_add_list(&walk, "t", '\n', &problem)); /* a directory opens and cannot be read */
}

/* A NUL in a line would cut the name: another file than the list says would be judged. */
static void a_name_with_nul_is_no_other_file(void **state)
{
    (void)state;
    static const char line[] = "t/a\0b\n";
    struct walk walk = {.arena = &arena};
    struct problem problem = {0};
    FILE *out = fopen("list", "we");
    assert_non_null(out);
    assert_int_equal(fwrite(line, 1, sizeof line - 1, out), sizeof line - 1);
    assert_int_equal(fclose(out), 0);
    bool good = walk_add_list(&walk, "list", '\n', &problem);
    assert_true(!good || (walk.count == 1 && walk.items[0].problem));
}

static void standard_input_is_a_stream(void **state)
{
    (void)state;
    struct walk walk = {.arena = &arena};
    walk_add(&walk, "-");
    walk_add(&walk, "-");
    walk_sort(&walk);
    assert_int_equal(walk.count, 1);
    assert_int_equal(walk.items[0].origin, ORIGIN_STREAM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tree_gives_its_regular_files),
        cmocka_unit_test(what_is_no_file_is_left_out_and_named),
        cmocka_unit_test(each_path_is_kept_once),
        cmocka_unit_test(named_links_are_followed),
        cmocka_unit_test(what_is_named_and_no_file_is_a_problem),
        cmocka_unit_test(where_one_file_is_wanted_a_directory_is_a_problem),
        cmocka_unit_test(an_empty_directory_gives_nothing),
        cmocka_unit_test(an_unreadable_directory_is_a_problem),
        cmocka_unit_test(a_tree_too_deep_is_a_problem),
        cmocka_unit_test(lists_are_read),
        cmocka_unit_test(a_name_with_nul_is_no_other_file),
        cmocka_unit_test(standard_input_is_a_stream),
    };
    int failed = cmocka_run_group_tests(tests, make_tree, remove_tree);
    arena_free(&arena);
    return failed;
}
