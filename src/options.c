#include "src/options.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "formats/limits.h"
#include "src/assay.h"
#include "src/report/escape.h"

static void help_options(FILE *out, unsigned which)
{
    fputs("\nOptions:\n", out);
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option_row *row = &option_table[i];
        char left[64];
        if (!(row->commands & which))
            continue;
        int used = snprintf(left, sizeof left, row->id < 256 ? "  -%c, " : "      ", row->id);
        snprintf(left + used, sizeof left - (size_t)used, "--%s%s%s", row->name, row->argument ? "=" : "",
                 row->argument ? row->argument : "");
        fprintf(out, "%-28s ", left);
        for (const char *at = row->help; *at; at++) {
            fputc(*at, out);
            if (*at == '\n')
                fprintf(out, "%-29s", "");
        }
        fputc('\n', out);
    }
}

static void help(FILE *out, const struct options *options)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (options->command == command_table[i].command) {
            fprintf(out, "usage: %s\n\n%s\n", command_table[i].usage, command_table[i].help);
            help_options(out, command_table[i].command);
            return;
        }
    fputs("usage: assay COMMAND [OPTION]... [ARGUMENT]...\n\n"
          "Is this exact file what the release claims, and will it start in its target?\n\nCommands:\n",
          out);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(out, "  %-10s %.*s\n", command_table[i].name, (int)strcspn(command_table[i].help, "\n"),
                command_table[i].help);
    fputs("\n`assay COMMAND --help` shows the options of a command.\n", out);
}

static bool complain(const char *what, const char *value, const char *wanted)
{
    fprintf(stderr, "assay: %s: ", what);
    escape_terminal(stderr, value);
    fprintf(stderr, ": expected %s\n", wanted);
    return false;
}

static bool read_size(const char *text, uint64_t *size)
{
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    unsigned shift = *end == 'k' || *end == 'K' ? 10 : *end == 'M' ? 20 : *end == 'G' ? 30 : 0;
    if (errno || end == text || *text == '-' || end[shift != 0] != 0 || value == 0 || value > UINT64_MAX >> shift)
        return complain("--max-file-size", text, "a number of bytes such as 500M");
    *size = (uint64_t)value << shift;
    return true;
}

static bool read_jobs(const char *text, unsigned *jobs)
{
    char *end;
    errno = 0;
    unsigned long value = strtoul(text, &end, 10);
    if (errno || end == text || *end || *text == '-' || value == 0 || value > 256)
        return complain("--jobs", text, "a number from 1 to 256");
    *jobs = (unsigned)value;
    return true;
}

static bool add_output(struct options *options, const char *text)
{
    char name[32];
    size_t size = strcspn(text, "=");
    if (text[size] != '=' || text[size + 1] == 0 || size >= sizeof name)
        return complain("--output", text, "FORMAT=FILE");
    memcpy(name, text, size);
    name[size] = 0;
    const struct reporter *reporter = report_find(name);
    if (!reporter)
        return complain("--output", text, "a format that --format takes, then =FILE");
    if (options->output_count == sizeof options->outputs / sizeof *options->outputs)
        return complain("--output", text, "at most 15 of them");
    options->outputs[options->output_count++] = (struct output){reporter, text + size + 1};
    return true;
}

static bool set_target(struct options *options, const char *text)
{
    options->audit.has_target = strcmp(text, "auto") != 0;
    if (!options->audit.has_target || expect_target(text, &options->audit.target))
        return true;
    return complain(
        "--target", text,
        "auto, linux/arm64, linux/amd64/v3, linux_arm64, \"GOOS=linux GOARCH=arm64\", aarch64-unknown-linux-musl or "
        "darwin/universal");
}

static bool add_cpu(struct options *options, const char *text)
{
    const char *expected = expect_add_cpu(options->audit.cpus, text);
    return !expected || complain("--cpu", text, expected);
}

static bool set_level(struct options *options, const char *text)
{
    for (enum level level = LEVEL_NOTE; level <= LEVEL_ERROR; level++)
        if (strcmp(text, level_name(level)) == 0) {
            options->gate.fail_on = level;
            return true;
        }
    return complain("--fail-on", text, "error, warning or note");
}

/* FILE[:LINE]; a colon that no number follows is part of the name. */
static bool set_location(struct options *options, const char *text)
{
    const char *colon = strrchr(text, ':');
    char *end = NULL;
    unsigned long line = colon ? strtoul(colon + 1, &end, 10) : 1;
    bool numbered = colon && colon[1] >= '0' && colon[1] <= '9' && *end == 0;
    size_t size = numbered ? (size_t)(colon - text) : strlen(text);
    if (size == 0 || size >= sizeof options->location || (numbered && (line == 0 || line > INT_MAX)))
        return complain("--report-location", text, "FILE or FILE:LINE");
    memcpy(options->location, text, size);
    options->location[size] = 0;
    options->look.line = numbered ? (unsigned)line : 1;
    return true;
}

static bool set_colour(struct options *options, const char *text)
{
    if (strcmp(text, "auto") == 0)
        options->colour = COLOUR_AUTO;
    else if (strcmp(text, "always") == 0)
        options->colour = COLOUR_ALWAYS;
    else if (strcmp(text, "never") == 0)
        options->colour = COLOUR_NEVER;
    else
        return complain("--color", text, "auto, always or never");
    return true;
}

static bool set_sandbox(struct options *options, const char *text)
{
    for (enum sandbox_wish wish = SANDBOX_AUTO; wish <= SANDBOX_OFF; wish++)
        if (strcmp(text, sandbox_wish_name(wish)) == 0) {
            options->sandbox = wish;
            return true;
        }
    return complain("--sandbox", text, "auto, require or off");
}

static bool set_function(struct options *options, const char *text)
{
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 0);
    bool octal = text[0] == '0' && text[1] >= '0' && text[1] <= '9';
    if (errno || end == text || *end || *text < '0' || *text > '9' || octal)
        return complain("--function", text, "an address such as 0x401000");
    options->audit.record.function = true;
    options->audit.record.address = value;
    return true;
}

/* What one option means. False: it is not understood, and that was said. */
static bool apply(struct options *options, int id, const char *value)
{
    switch (id) {
    case ID_TARGET:
        return set_target(options, value);
    case ID_CPU:
        return add_cpu(options, value);
    case ID_POLICY:
        options->policy = value;
        return true;
    case ID_NOW:
        options->now = value;
        return true;
    case ID_REPORT_LOCATION:
        return set_location(options, value);
    case ID_PROFILE:
        options->profile_given = true;
        options->gate.profile = profile_find(value);
        options->audit.literal_static = options->gate.profile && options->gate.profile->literal_static;
        return options->gate.profile || complain("--profile", value, "release or static");
    case ID_FAIL_ON:
        options->fail_on_given = true;
        return set_level(options, value);
    case ID_FORMAT:
        options->outputs[0].reporter = report_find(value);
        return options->outputs[0].reporter || complain("--format", value, "one that `assay check --help` lists");
    case ID_OUTPUT:
        return add_output(options, value);
    case ID_MAX_FILE_SIZE:
        return read_size(value, &options->audit.file.max_size);
    case ID_COLOR:
        return set_colour(options, value);
    case ID_SANDBOX:
        return set_sandbox(options, value);
    case ID_FUNCTION:
        return set_function(options, value);
    case 'j':
        return read_jobs(value, &options->jobs);
    case ID_FILES_FROM:
        options->files_from = value;
        return true;
    default:
        options->exit_zero |= id == ID_EXIT_ZERO;
        options->baseline |= id == ID_BASELINE;
        options->gate.partial |= id == ID_PARTIAL;
        options->look.quiet |= id == 'q';
        options->look.verbose |= id == 'v';
        options->list_end = id == '0' ? 0 : options->list_end;
        options->audit.read.code &= id != ID_NO_CODE;
        options->audit.file.digest &= id != ID_NO_DIGEST;
        return true;
    }
}

static unsigned processors(void)
{
    cpu_set_t set;
    int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    return count < 1 ? 1 : count > 256 ? 256 : (unsigned)count;
}

static bool parse(int argc, char **argv, struct options *options, int *status)
{
    struct option longs[OPTION_COUNT + 1] = {{0}};
    char shorts[OPTION_COUNT * 2 + 1], *end = shorts;
    size_t count = 0;
    /* without a command, only what every command takes */
    unsigned which = options->command ? (unsigned)options->command : ~(unsigned)COMMAND_ALL;
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (!(option_table[i].commands & which))
            continue;
        longs[count++] = (struct option){
            option_table[i].name, option_table[i].argument ? required_argument : no_argument, NULL, option_table[i].id};
        if (option_table[i].id < 256) {
            *end++ = (char)option_table[i].id;
            if (option_table[i].argument)
                *end++ = ':';
        }
    }
    *end = 0;
    for (int id; (id = getopt_long(argc, argv, shorts, longs, NULL)) != -1;) {
        if (id == 'h')
            help(stdout, options);
        if (id == ID_VERSION)
            puts("assay " ASSAY_VERSION);
        *status = id == 'h' || id == ID_VERSION ? 0 : 2;
        if (*status == 0 || id == '?' || !apply(options, id, optarg))
            return false;
    }
    for (size_t i = 0; i < options->output_count; i++) { /* no more is put into records than a report asks for */
        options->audit.record.detail |= options->outputs[i].reporter->detail;
        options->audit.record.modules |= options->outputs[i].reporter->modules;
    }
    options->argument_count = (size_t)(argc - optind);
    options->arguments = argv + optind;
    return true;
}

bool options_read(int argc, char **argv, struct options *options, int *status)
{
    *options =
        (struct options){.audit = {.file = {.max_size = LIMIT_FILE_SIZE, .digest = true}, .read = {.code = true}},
                         .gate = {.profile = profile_find("release"), .fail_on = LEVEL_ERROR},
                         .list_end = '\n',
                         .output_count = 1,
                         .outputs = {{&report_text, NULL}},
                         .jobs = processors()};
    *status = 2;
    for (size_t i = 0; argc > 1 && i < COMMAND_COUNT; i++)
        if (strcmp(argv[1], command_table[i].name) == 0)
            options->command = command_table[i].command;
    if (options->command)
        return parse(argc - 1, argv + 1, options, status);
    if (argc > 1 && argv[1][0] == '-') {
        if (!parse(argc, argv, options, status))
            return false;
    } else if (argc > 1) {
        complain("no such command", argv[1], "check, inspect, cpu, rules, explain, policy, init or completion");
    }
    help(stderr, options);
    return false;
}
