/* The command line: what each option comes to, and that what is not understood ends the run
 * with 2. The messages are those of tests/cli/options.case. */
#include "src/options.h" /* before cmocka.h, whose macro fail() it must not meet */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <getopt.h>
#include <string.h>

#include "formats/limits.h"

enum { WORDS = 24 };

/* Reads `line`, cut at its blanks, as the command line. */
static bool read_line(const char *line, struct options *options, int *status)
{
    static char text[256];
    static char *words[WORDS + 2]; /* options point into it */
    int count = 1;
    static char program[] = "assay";
    words[0] = program;
    assert_true(strlen(line) < sizeof text);
    strcpy(text, line);
    for (char *at = strtok(text, " "); at; at = strtok(NULL, " ")) {
        assert_true(count <= WORDS);
        words[count++] = at;
    }
    words[count] = NULL;
    optind = 0; /* getopt starts anew */
    return options_read(count, words, options, status);
}

static struct options good_line(const char *line)
{
    struct options options;
    int status;
    if (!read_line(line, &options, &status))
        fail_msg("\"%s\" was refused with %d", line, status);
    return options;
}

static void without_options_the_defaults_hold(void **state)
{
    (void)state;
    struct options o = good_line("check one two");
    assert_int_equal(o.command, COMMAND_CHECK);
    assert_int_equal(o.argument_count, 2);
    assert_string_equal(o.arguments[0], "one");
    assert_string_equal(o.arguments[1], "two");
    assert_string_equal(o.gate.profile->name, "release");
    assert_int_equal(o.gate.fail_on, LEVEL_ERROR);
    assert_false(o.audit.has_target || o.audit.literal_static || o.exit_zero || o.look.quiet || o.look.verbose);
    assert_true(o.audit.read.code && o.audit.file.digest);
    assert_true(o.audit.file.max_size == LIMIT_FILE_SIZE);
    assert_int_equal(o.output_count, 1);
    assert_string_equal(o.outputs[0].reporter->name, "text");
    assert_null(o.outputs[0].path);
    assert_null(o.files_from);
    assert_int_equal(o.list_end, '\n');
    assert_int_equal(o.colour, COLOUR_AUTO);
    assert_true(o.jobs >= 1 && o.jobs <= 256);
}

static void every_option_does_what_it_says(void **state)
{
    (void)state;
    struct options o = good_line("check --profile static --fail-on note --target linux/arm64 -j7 -q -v x");
    assert_string_equal(o.gate.profile->name, "static");
    assert_true(o.audit.literal_static && o.audit.has_target && o.look.quiet && o.look.verbose);
    assert_int_equal(o.gate.fail_on, LEVEL_NOTE);
    assert_int_equal(o.audit.target.arch, ARCH_ARM64);
    assert_int_equal(o.jobs, 7);
    o = good_line("check --no-code --no-digest --exit-zero --files-from list --null --color never x");
    assert_false(o.audit.read.code || o.audit.file.digest);
    assert_true(o.exit_zero);
    assert_string_equal(o.files_from, "list");
    assert_int_equal(o.list_end, 0);
    assert_int_equal(o.colour, COLOUR_NEVER);
    o = good_line("check --cpu v3 --cpu=raspberry-pi-4,crypto x");
    assert_string_equal(o.audit.cpus[0], "v3");
    assert_string_equal(o.audit.cpus[1], "raspberry-pi-4,crypto");
    o = good_line("check --format=json --output json=a=b --output text=c x");
    assert_int_equal(o.output_count, 3);
    assert_string_equal(o.outputs[0].reporter->name, "json");
    assert_string_equal(o.outputs[1].path, "a=b");
    assert_string_equal(o.outputs[2].reporter->name, "text");
}

static void the_last_of_two_counts(void **state)
{
    (void)state;
    struct options o = good_line("check --profile static --profile release --target linux/arm64 --target auto x");
    assert_false(o.audit.literal_static || o.audit.has_target);
    o = good_line("check --fail-on note --fail-on warning --format json --format text x");
    assert_int_equal(o.gate.fail_on, LEVEL_WARNING);
    assert_string_equal(o.outputs[0].reporter->name, "text");
}

static void options_may_follow_arguments_and_end(void **state)
{
    (void)state;
    struct options o = good_line("check one -q -- -two");
    assert_true(o.look.quiet);
    assert_int_equal(o.argument_count, 2);
    assert_string_equal(o.arguments[1], "-two");
    o = good_line("check -");
    assert_string_equal(o.arguments[0], "-");
}

static void sizes_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        uint64_t size;
    } rows[] = {{"check --max-file-size 1 x", 1},
                {"check --max-file-size 5k x", 5 << 10},
                {"check --max-file-size 5K x", 5 << 10},
                {"check --max-file-size 7M x", 7 << 20},
                {"inspect --max-file-size 3G x", UINT64_C(3) << 30},
                {"check --max-file-size 18446744073709551615 x", UINT64_MAX}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_true(good_line(rows[i].line).audit.file.max_size == rows[i].size);
}

static void the_other_commands_take_theirs(void **state)
{
    (void)state;
    assert_int_equal(good_line("inspect --format json x").command, COMMAND_INSPECT);
    assert_int_equal(good_line("rules").command, COMMAND_RULES);
    assert_int_equal(good_line("explain --color always x").colour, COLOUR_ALWAYS);
}

/* Quietly: what is said is looked at in tests/cli. */
static void what_is_not_understood_is_refused(void **state)
{
    (void)state;
    static const char *const lines[] = {"",
                                        "chek x",
                                        "check --bogus x",
                                        "check --format xml x",
                                        "check --format",
                                        "check --target linux x",
                                        "check --target linux/amd64/v9 x",
                                        "check --cpu pentium x",
                                        "check --cpu v2 --cpu v3 x",
                                        "check --profile x x",
                                        "check --fail-on off x",
                                        "check --max-file-size 0 x",
                                        "check --max-file-size -1 x",
                                        "check --max-file-size 1T x",
                                        "check --max-file-size 18446744073709551616 x",
                                        "check --max-file-size 17179869184G x",
                                        "check -j0 x",
                                        "check -j257 x",
                                        "check -j2x x",
                                        "check --output json x",
                                        "check --output json= x",
                                        "check --output xml=y x",
                                        "check --color maybe x",
                                        "check --null=1 x",
                                        "inspect --target linux/amd64 x",
                                        "rules --format json",
                                        "explain -q x",
                                        "--bogus",
                                        "--format json"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct options options;
        int status = -1;
        if (read_line(lines[i], &options, &status))
            fail_msg("\"%s\" was taken", lines[i]);
        assert_int_equal(status, 2);
    }
}

static void help_and_version_are_good_endings(void **state)
{
    (void)state;
    static const char *const lines[] = {"--help", "-h", "--version", "check --help", "inspect -h", "rules --version"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct options options;
        int status = -1;
        assert_false(read_line(lines[i], &options, &status));
        assert_int_equal(status, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_options_the_defaults_hold),
        cmocka_unit_test(every_option_does_what_it_says),
        cmocka_unit_test(the_last_of_two_counts),
        cmocka_unit_test(options_may_follow_arguments_and_end),
        cmocka_unit_test(sizes_are_read),
        cmocka_unit_test(the_other_commands_take_theirs),
        cmocka_unit_test(what_is_not_understood_is_refused),
        cmocka_unit_test(help_and_version_are_good_endings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
