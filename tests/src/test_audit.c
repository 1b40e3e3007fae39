/* From bytes to a record: by what a file is judged, and that whatever goes wrong is the record's error. */
#include "checks/run.h" /* before cmocka.h, whose macro fail() it must not meet */
#include "src/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "formats/limits.h"
#include "tests/make/elf.h"

static struct arena arena;
static struct make_elf made;
static uint8_t *bytes;
static size_t size;

/* What `go version -m` reads, in the section that the Go linker has for it; NULL: no such setting. */
static void go_program(const char *goos, const char *goarch)
{
    static char record[512];
    char lines[300];
    int length = snprintf(lines, sizeof lines, "path\tx\n%s%s%s%s%s%s", goos ? "build\tGOOS=" : "", goos ? goos : "",
                          goos ? "\n" : "", goarch ? "build\tGOARCH=" : "", goarch ? goarch : "", goarch ? "\n" : "");
    memset(record, 0, sizeof record);
    memcpy(record, "\xff Go buildinf:\x08\x02", 16);
    memcpy(record + 32, "\6go1.23", 7);
    record[39] = (char)((length + 32) & 0x7f) | (char)0x80;
    record[40] = (char)((length + 32) >> 7);
    memcpy(record + 41 + 16, lines, (size_t)length);
    make_elf_clean(&made, ARCH_AMD64);
    make_elf_section(&made, ".go.buildinfo", SHT_PROGBITS, record, sizeof record)->header.sh_addralign = 16;
}

static const struct record *audit_made(const char *path, struct audit_options *options)
{
    options->file.max_size = LIMIT_FILE_SIZE;
    free(bytes);
    size = make_elf_write(&made, &bytes);
    return audit_memory(&arena, path, bytes, size, options);
}

/* ---- by what it is judged ---- */

#define POLICY  "version: 1\n"
#define MATRIX  "version: 1\nmatrix: [{names: [\"*-{os}-{arch}\"], os: [linux], arch: [arm64]}]\n"
#define TARGETS "version: 1\ntargets: [{match: \"app*\", expect: freebsd/amd64}]\n"
#define SILENT                                                                                                         \
    "version: 1\ntargets: [{match: \"app*\"}]\nmatrix: [{names: [\"*-{os}-{arch}\"], os: [linux], arch: [arm64]}]\n"

static void the_nearest_declaration_counts(void **state)
{
    static const struct {
        const char *path, *option, *policy, *goos, *goarch, *target, *source;
    } cases[] = {
        {"app", NULL, NULL, NULL, NULL, "", ""},
        {"app", "linux/arm64", NULL, NULL, NULL, "linux/arm64", "option"},
        {"app-linux-arm64", NULL, NULL, NULL, NULL, "linux/arm64", "file-name"},
        {"app-linux-arm64", "linux/amd64", TARGETS, NULL, NULL, "linux/amd64", "option"},
        {"app-linux-arm64", NULL, TARGETS, NULL, NULL, "freebsd/amd64", "policy"},
        {"app-linux-arm64", NULL, MATRIX, NULL, NULL, "linux/arm64", "policy"},
        {"app-linux-arm64", NULL, SILENT, NULL, NULL, "linux/arm64", "policy"},
        {"app-linux-arm64", NULL, POLICY, NULL, NULL, "linux/arm64", "file-name"},
        {"tool", NULL, TARGETS, NULL, NULL, "", ""},
        {"app", NULL, NULL, "linux", "arm64", "linux/arm64", "build-info"},
        {"app-linux-amd64", NULL, NULL, "linux", "arm64", "linux/amd64", "file-name"},
        {"app", NULL, NULL, NULL, "arm64", "", ""},
        {"app", NULL, NULL, "linux", NULL, "", ""},
        {"app", NULL, NULL, "plan8", "arm64", "", ""},
        {"app", NULL, NULL, "linux-that-is-of-nobody-and-has-a-very-long-name-indeed-and-more", "arm64", "", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct policy policy = {.folder = "/release", .here = "/release"};
        struct complaints complaints = {.arena = &arena};
        struct audit_options options = {.rules = true, .has_target = cases[i].option != NULL, .read = {.code = true}};
        if (cases[i].option)
            assert_true(expect_target(cases[i].option, &options.target));
        if (cases[i].policy) {
            assert_true(policy_read("policy", cases[i].policy, strlen(cases[i].policy), 0, &policy, &complaints));
            options.policy = &policy;
        }
        if (cases[i].goos || cases[i].goarch)
            go_program(cases[i].goos, cases[i].goarch);
        else
            make_elf_clean(&made, ARCH_AMD64);
        const struct record *record = audit_made(cases[i].path, &options);
        assert_null(record->error);
        if (strcmp(record->target, cases[i].target) != 0 || strcmp(record->target_source, cases[i].source) != 0)
            print_error("case %zu: %s by %s\n", i, record->target, record->target_source);
        assert_string_equal(record->target, cases[i].target);
        assert_string_equal(record->target_source, cases[i].source);
    }
}

static const struct record_result *result_of(const struct record *record, const char *id)
{
    for (size_t i = 0; i < record->images[0].result_count; i++)
        if (strcmp(record->images[0].results[i].rule->id, id) == 0)
            return &record->images[0].results[i];
    fail_msg("no result of %s", id);
    return NULL;
}

/* Where a name has no target in it, the system that it ends with counts. */
static void the_end_of_a_name_is_a_claim(void **state)
{
    static const struct {
        const char *path;
        enum outcome outcome;
    } cases[] = {{"app-macos", OUTCOME_FAIL},
                 {"app-linux", OUTCOME_PASS},
                 {"app", OUTCOME_NOT_APPLICABLE},
                 {"app-linux-amd64", OUTCOME_PASS}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct audit_options options = {.rules = true, .read = {.code = true}};
        make_elf_clean(&made, ARCH_AMD64);
        const struct record *record = audit_made(cases[i].path, &options);
        if (result_of(record, "origin/claims-match-bytes")->outcome != cases[i].outcome)
            fail_msg("%s: %s", cases[i].path, result_of(record, "origin/claims-match-bytes")->message);
    }
}

/* Sixty-two letters and a slash fit into the text of a target; one more does not. */
static void a_target_of_build_information_may_be_as_long_as_its_room(void **state)
{
    enum { ROOM = 64 };
    (void)state;
    for (unsigned more = 0; more < 2; more++) {
        char os[ROOM] = "linux", arch[ROOM] = "arm64";
        memset(arch, 'a', ROOM - 2 - 5 + more);
        struct audit_options options = {.rules = true, .read = {.code = true}};
        go_program(os, arch);
        const struct record *record = audit_made("app", &options);
        assert_string_equal(record->images[0].go_goarch, arch);
        assert_string_equal(record->target, "");
    }
}

/* --cpu counts; the policy's where no option speaks for its architecture. */
static void the_policys_processors_fill_in_what_no_option_says(void **state)
{
    static const char text[] = "version: 1\nparameters: {cpu: [x86-64-v2, raspberry-pi-4]}\n";
    static const struct {
        const char *option, *told;
    } cases[] = {{NULL, "x86-64-v2"}, {"x86-64-v3", "x86-64-v3"}};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct policy policy = {.folder = "/release", .here = "/release"};
        struct complaints complaints = {.arena = &arena};
        struct audit_options options = {.rules = true, .read = {.code = true}, .policy = &policy};
        assert_true(policy_read("policy", text, strlen(text), 0, &policy, &complaints));
        if (cases[i].option)
            assert_null(expect_add_cpu(options.cpus, cases[i].option));
        make_elf_clean(&made, ARCH_AMD64);
        const struct record *record = audit_made("app", &options);
        bool seen = false;
        for (size_t r = 0; r < rule_count; r++)
            if (strcmp(record->images[0].results[r].rule->id, "isa/level-ceiling") == 0)
                seen = strstr(record->images[0].results[r].message, cases[i].told) != NULL;
        assert_true(seen);
    }
}

static void without_rules_there_are_no_results(void **state)
{
    (void)state;
    for (unsigned rules_too = 0; rules_too < 2; rules_too++) {
        struct audit_options options = {.rules = rules_too};
        make_elf_clean(&made, ARCH_AMD64);
        assert_int_equal(audit_made("app", &options)->images[0].result_count, rules_too ? rule_count : 0);
    }
}

/* By the format, and by the kind where a rule is about programs, or about what is loaded. */
static void which_rules_speak_of_which_images(void **state)
{
    (void)state;
    for (enum kind kind = KIND_UNKNOWN; kind <= KIND_OTHER; kind++)
        for (unsigned macho = 0; macho < 2; macho++)
            for (size_t r = 0; r < rule_count; r++) {
                bool program = kind == KIND_EXECUTABLE,
                     loaded = program || kind == KIND_SHARED_LIBRARY || kind == KIND_BUNDLE || kind == KIND_LOADER;
                unsigned applies = rules[r]->applies;
                struct elf_extra elf = {0};
                struct macho_extra extra = {0};
                struct arena own = {0};
                struct file file = {.fd = -1};
                struct image image = {.file = &file,
                                      .judged = true,
                                      .kind = kind,
                                      .format = macho ? FORMAT_MACHO : FORMAT_ELF,
                                      .arch = ARCH_AMD64,
                                      .name = "x",
                                      .machine = "x"};
                if (macho)
                    image.macho = &extra;
                else
                    image.elf = &elf;
                struct reading reading = {.images = &image, .count = 1};
                struct expect expect = {0};
                struct code_study study = {.image = &image, .arena = &own};
                struct finding *findings = arena_array(&own, rule_count, sizeof *findings);
                run_rules(&(struct subject){&reading, &image, &expect, false, &study}, &own, NULL, findings);
                bool spoken = applies & APPLIES_ANYTHING ||
                              (applies & (macho ? APPLIES_MACHO : APPLIES_ELF) &&
                               (!(applies & APPLIES_PROGRAMS) || program) && (!(applies & APPLIES_LOADABLE) || loaded));
                bool silent = strncmp(findings[r].message, "a rule for ", 11) == 0;
                assert_int_equal(silent, !spoken);
                arena_free(&own);
            }
}

static void a_rule_that_is_off_is_not_asked(void **state)
{
    struct file file = {.fd = -1};
    struct image image = {.file = &file, .name = "x", .machine = "x"};
    struct reading reading = {.images = &image, .count = 1};
    struct expect expect = {0};
    struct code_study study = {.image = &image, .arena = &arena};
    struct finding *findings = arena_array(&arena, rule_count, sizeof *findings);
    bool *off = arena_array(&arena, rule_count, sizeof *off);
    (void)state;
    for (size_t i = 0; i < rule_count; i++)
        off[i] = i % 2;
    run_rules(&(struct subject){&reading, &image, &expect, false, &study}, &arena, off, findings);
    for (size_t i = 0; i < rule_count; i++) {
        assert_int_equal(strcmp(findings[i].message, "switched off") == 0, i % 2);
        if (i % 2)
            assert_int_equal(findings[i].outcome, OUTCOME_NOT_APPLICABLE);
    }
}

static void what_a_rule_says_is_formatted(void **state)
{
    static void (*const say[])(struct finding *, const char *, ...) = {(pass), (fail), (unknown), (not_applicable)};
    static const enum outcome outcomes[] = {OUTCOME_PASS, OUTCOME_FAIL, OUTCOME_UNKNOWN, OUTCOME_NOT_APPLICABLE};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct finding finding = {.arena = &arena};
        say[i](&finding, "%u of %s", 7U, "them");
        assert_int_equal(finding.outcome, outcomes[i]);
        assert_string_equal(finding.message, "7 of them");
        say[i](&finding, "all");
        assert_string_equal(finding.message, "all");
    }
}

/* ---- what goes wrong ---- */

static int program_file(int flags)
{
    char path[] = "/tmp/assay-audit-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, size), (ssize_t)size);
    close(fd);
    fd = open(path, flags);
    assert_int_equal(unlink(path), 0);
    return fd;
}

static void a_file_that_cannot_be_read_to_its_end_is_an_error(void **state)
{
    struct audit_options options = {.rules = true};
    (void)state;
    make_elf_clean(&made, ARCH_AMD64);
    assert_null(audit_made("app", &options)->error);
    assert_null(audit_fd(&arena, "app", program_file(O_RDONLY), false, &options)->error);
    const struct record *record = audit_fd(&arena, "app", program_file(O_WRONLY), false, &options);
    assert_non_null(record->error);
    assert_non_null(strstr(record->error, strerror(EBADF)));
    assert_int_equal(record->image_count, 0);
    options.file.max_size = size - 1;
    record = audit_fd(&arena, "app", program_file(O_RDONLY), false, &options);
    assert_non_null(strstr(record->error, "more than"));
}

static void of_a_tree_only_programs_are_judged(void **state)
{
    struct audit_options options = {.rules = true, .file = {.max_size = LIMIT_FILE_SIZE}};
    (void)state;
    make_elf_clean(&made, ARCH_AMD64);
    (void)audit_made("app", &options);
    for (unsigned text = 0; text < 2; text++)
        for (unsigned in_tree = 0; in_tree < 2; in_tree++) {
            if (text)
                memcpy(bytes, "text", 4);
            int fd = program_file(O_RDONLY);
            const struct record *record = audit_fd(&arena, "app", fd, in_tree, &options);
            assert_int_equal(record->skipped != NULL, text && in_tree);
            assert_int_equal(fcntl(fd, F_GETFD), -1); /* it was taken over */
        }
}

/* Of a process that has so much memory left, and no more: an error, or a record like any other. */
static unsigned audit_with(size_t left)
{
    struct audit_options options = {.rules = true, .file = {.max_size = LIMIT_FILE_SIZE}};
    struct rlimit limit, before;
    struct arena own = {0};
    void *last = NULL, *volatile room = malloc(left); /* volatile: or the compiler does without both calls */
    own.next = arena_room(&own, 4096);                /* what the error itself is written to */
    own.left = 4096;
    getrlimit(RLIMIT_AS, &before);
    limit = (struct rlimit){1 << 20, before.rlim_max};
    setrlimit(RLIMIT_AS, &limit);
    for (size_t piece = 1 << 20; piece >= 32; piece /= 2)
        for (void **next; (next = malloc(piece)); last = next)
            *next = last;
    free(room);
    const struct record *record = audit_memory(&own, "app", bytes, size, &options);
    for (void *each = last; each; each = last) {
        last = *(void **)each;
        free(each);
    }
    setrlimit(RLIMIT_AS, &before);
    bool in_arena = record->error && strcmp(record->error, "no memory to audit this file") == 0;
    bool in_file = record->error && strncmp(record->error, "no memory for a file", 20) == 0;
    return own.escape || (record->error && !in_arena && !in_file) ? 99 : in_arena ? 1 : in_file ? 2 : 0;
}

static void without_memory_there_is_an_error(void **state)
{
    struct audit_options options = {.rules = true};
    bool seen[3] = {false};
    (void)state;
#if defined(__SANITIZE_ADDRESS__)
    skip();
#endif
    make_elf_clean(&made, ARCH_AMD64);
    assert_null(audit_made("app", &options)->error);
    for (size_t left = 8; left <= 64 << 10; left += left < 8192 ? left : 4096) {
        int status;
        pid_t child = fork();
        if (child == 0)
            exit((int)audit_with(left));
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        assert_in_range(WEXITSTATUS(status), 0, 2);
        seen[WEXITSTATUS(status)] = true;
    }
    assert_true(seen[0] && seen[1] && seen[2]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rule_that_is_off_is_not_asked),
        cmocka_unit_test(what_a_rule_says_is_formatted),
        cmocka_unit_test(the_nearest_declaration_counts),
        cmocka_unit_test(the_end_of_a_name_is_a_claim),
        cmocka_unit_test(a_target_of_build_information_may_be_as_long_as_its_room),
        cmocka_unit_test(the_policys_processors_fill_in_what_no_option_says),
        cmocka_unit_test(without_rules_there_are_no_results),
        cmocka_unit_test(a_file_that_cannot_be_read_to_its_end_is_an_error),
        cmocka_unit_test(of_a_tree_only_programs_are_judged),
        cmocka_unit_test(without_memory_there_is_an_error),
        cmocka_unit_test(which_rules_speak_of_which_images),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_free(&arena);
    free(bytes);
    return failed;
}
