/* Paths of the build machine in the constants of a small program: what is one, and what only looks like it. */
#include "tests/formats/small_elf.h"

#include <stdio.h>
#include <string.h>

#include "formats/limits.h"

static struct small s;

static int begin(void **state)
{
    (void)state;
    small_start(&s, EM_X86_64);
    return 0;
}

static int end(void **state)
{
    (void)state;
    file_close(&s.file);
    return 0;
}

/* A text behind a NUL and in front of one. */
static void put_text(size_t at, const char *text)
{
    put(&s, at, "", 1);
    put(&s, at + 1, text, strlen(text) + 1);
}

/* The one path that is found, or none where `path` is NULL. */
static void expect(const char *path, uint64_t offset)
{
    const struct image *image = small_read(&s);
    assert_int_equal(image->build_paths.known, KNOWN_COMPLETE);
    assert_int_equal(image->build_paths.count, path != NULL);
    if (!path)
        return;
    assert_string_equal(image->build_paths.items[0].text, path);
    assert_int_equal(image->build_paths.items[0].offset, offset);
}

static void a_home_folder_is_found_with_its_offset(void **state)
{
    (void)state;
    put_text(CONSTANTS + 0x100, "/home/alice/src/main.c");
    expect("/home/alice/src/main.c", CONSTANTS + 0x101);
}

static void a_path_ends_where_no_path_goes_on(void **state)
{
    (void)state;
    put_text(CONSTANTS + 0x100, "panic: /builds/group/app/x.c:12");
    expect("/builds/group/app/x.c", CONSTANTS + 0x108);
}

static void a_folder_of_windows_is_one(void **state)
{
    (void)state;
    put_text(CONSTANTS + 0x100, "C:\\Users\\alice\\src\\main.c");
    expect("C:\\Users\\alice\\src\\main.c", CONSTANTS + 0x101);
}

static void the_value_of_an_option_is_one(void **state)
{
    (void)state;
    put_text(CONSTANTS + 0x100, "-ffile-prefix-map=/root/work/app");
    expect("/root/work/app", CONSTANTS + 0x113);
}

static void a_folder_in_the_middle_of_a_path_is_none(void **state)
{
    (void)state;
    put_text(CONSTANTS + 0x100, "/var/home/alice/src/main.c");
    put_text(CONSTANTS + 0x200, "https://example.test/build/a/b");
    expect(NULL, 0);
}

static void what_cargo_keeps_is_one_wherever_it_stands(void **state)
{
    (void)state;
    put_text(CONSTANTS + 0x100, "index out of bounds/root/.cargo/registry/src/x.rs");
    expect("/root/.cargo/registry/src/x.rs", CONSTANTS + 0x114);
}

static void a_folder_without_anything_below_is_none(void **state)
{
    (void)state;
    put_text(CONSTANTS + 0x100, "/home/alice");
    put_text(CONSTANTS + 0x200, "/home/");
    put_text(CONSTANTS + 0x240, "/build/targets/"); /* cmake 4.4.5 */
    put_text(CONSTANTS + 0x280, "C:\\Users\\alice\\");
    put_text(CONSTANTS + 0x300, "/root/.profile");
    expect(NULL, 0);
}

static void a_folder_below_another_is_one(void **state)
{
    (void)state;
    put_text(CONSTANTS + 0x100, "/build/targets/x");
    expect("/build/targets/x", CONSTANTS + 0x101);
}

static void each_folder_is_told_once(void **state)
{
    (void)state;
    put_text(CONSTANTS + 0x100, "/home/alice/src/one.c");
    put_text(CONSTANTS + 0x200, "/home/alice/src/two.c");
    expect("/home/alice/src/one.c", CONSTANTS + 0x101);
}

static void no_more_are_kept_than_the_limit(void **state)
{
    (void)state;
    for (size_t i = 0; i < LIMIT_PATHS + 4; i++) {
        char text[32];
        (void)snprintf(text, sizeof text, "/home/user%zu/src/a.c", i);
        put_text(CONSTANTS + i * 0x40, text);
    }
    assert_int_equal(small_read(&s)->build_paths.count, LIMIT_PATHS);
}

static void a_path_at_the_very_end_is_found(void **state)
{
    (void)state;
    static const char text[] = "/home/alice/src";
    put(&s, TABLE - (sizeof text - 1), text, sizeof text - 1);
    expect(text, TABLE - (sizeof text - 1));
}

static void a_long_path_is_cut(void **state)
{
    enum { MOST = 256 };
    char text[2 * MOST] = "/home/alice/";
    (void)state;
    memset(text + 12, 'a', sizeof text - 13);
    text[20] = '/';
    put_text(CONSTANTS + 0x100, text);
    text[MOST] = 0;
    expect(text, CONSTANTS + 0x101);
}

/* DWARF's compilation directory stands in a section that nothing loads. */
static void sections_that_are_not_loaded_are_searched(void **state)
{
    static const char *const names[] = {".comment"};
    const Elf64_Shdr header = {.sh_type = SHT_PROGBITS, .sh_offset = 0x4800, .sh_size = 0x40, .sh_addralign = 1};
    (void)state;
    small_sections(&s, names, &header, 1);
    put_text(0x4800, "/home/alice/src");
    s.size = 0x4900;
    expect("/home/alice/src", 0x4801);
}

static void a_segment_that_cannot_be_read_is_said(void **state)
{
    (void)state;
    s.size -= 0x100;
    assert_int_equal(small_read(&s)->build_paths.known, KNOWN_BROKEN);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_home_folder_is_found_with_its_offset),
        CASE(a_path_ends_where_no_path_goes_on),
        CASE(a_folder_of_windows_is_one),
        CASE(the_value_of_an_option_is_one),
        CASE(a_folder_in_the_middle_of_a_path_is_none),
        CASE(what_cargo_keeps_is_one_wherever_it_stands),
        CASE(a_folder_without_anything_below_is_none),
        CASE(a_folder_below_another_is_one),
        CASE(each_folder_is_told_once),
        CASE(no_more_are_kept_than_the_limit),
        CASE(a_path_at_the_very_end_is_found),
        CASE(a_long_path_is_cut),
        CASE(sections_that_are_not_loaded_are_searched),
        CASE(a_segment_that_cannot_be_read_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
