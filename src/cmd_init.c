/* init: a policy to begin with. With --baseline, today's findings become waivers that end, so that a gate can be put
 * up before everything is mended. What could not be read or decided is not waived. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "src/commands.h"
#include "src/patient.h"
#include "src/policy/date.h"
#include "src/policy_file.h"
#include "src/report/draft.h"
#include "src/report/escape.h"
#include "src/report/findings.h"
#include "src/workers.h"

enum { STATUS_USAGE = 2, STATUS_UNDECIDED = 3, BASELINE_DAYS = 90 };

static const char file[] = ".assay.yaml";

static const char starter[] =
    "# What this repository demands of its releases: assay-policy(5), or the README of assay.\n"
    "# `assay policy show` writes every demand with its origin, `assay policy lint` checks this file.\n"
    "version: 1\n"
    "\n"
    "# release: fully static on Linux, system libraries only on macOS. static: nothing dynamic at all.\n"
    "profile: release\n"
    "\n"
    "# Findings from this level on close the gate: error, warning or note.\n"
    "fail-on: error\n"
    "\n"
    "# Levels of rules or whole families: error, warning, note or off. `assay rules` lists them.\n"
    "#rules:\n"
    "#  hardening/pie: error\n"
    "#  platform: note\n"
    "\n"
    "#parameters:\n"
    "#  libraries: [libc.so.6, \"ld-linux*\"]   # what may be needed after all\n"
    "#  glibc-floor: 2.28\n"
    "#  macos-minimum: 11.0\n"
    "#  cpu: [x86-64-v2, raspberry-pi-4]       # the least processor of each architecture\n"
    "#  size-max: 25M\n"
    "\n"
    "# What single files are for. Patterns begin at this file's folder; ** is any number of folders.\n"
    "#targets:\n"
    "#  - match: dist/*_linux_arm64*/app\n"
    "#    expect: linux/arm64\n"
    "#    rules: {hardening/pie: off}\n"
    "\n"
    "# What a release must contain, and nothing else.\n"
    "#matrix:\n"
    "#  - names: [\"dist/app-{os}-{arch}\"]\n"
    "#    os: [linux, darwin]\n"
    "#    arch: [amd64, arm64]\n"
    "\n"
    "# Exceptions: for one rule, for named files, for a reason, for a year at most.\n"
    "#waivers:\n"
    "#  - rule: hardening/relro\n"
    "#    path: dist/legacy-tool\n"
    "#    reason: built by a vendor, replaced with release 3\n"
    "#    expires: 2027-01-31\n"
    "#    owner: release team\n";

/* A path as a pattern that fits it alone; NULL where YAML, which is UTF-8, cannot hold it. */
static const char *pattern_of(struct arena *arena, const char *path)
{
    char *pattern = arena_alloc(arena, strlen(path) * 2 + 1), *end = pattern;
    for (; *path; path++) {
        if ((unsigned char)*path < 0x20 || (unsigned char)*path > 0x7e)
            return NULL;
        if (strchr("*?[\\", *path))
            *end++ = '\\';
        *end++ = *path;
    }
    return pattern;
}

/* A text in single quotes, in which YAML reads everything but the quote as it stands. */
static void quoted(FILE *out, const char *text)
{
    putc('\'', out);
    for (; *text; text++) {
        bool plain = (unsigned char)*text >= 0x20 && (unsigned char)*text < 0x7f;
        fputs(*text == '\'' ? "'" : "", out);
        putc(plain ? *text : '?', out);
    }
    putc('\'', out);
}

static void write_waiver(struct arena *arena, FILE *out, const struct policy *policy, const struct told *told,
                         const char *expires)
{
    const char *pattern = pattern_of(arena, policy_path(policy, arena, told->path));
    fprintf(out, "  - rule: %s\n", told->rule->id);
    if (pattern) {
        fputs("    path: ", out);
        quoted(out, pattern);
        putc('\n', out);
    } else {
        fprintf(out, "    sha256: %s\n", told->record->sha256);
    }
    if (told->record->image_count > 1) {
        fputs("    image: ", out);
        quoted(out, told->image);
        putc('\n', out);
    }
    fputs("    reason: ", out);
    quoted(out, arena_print(arena, "baseline, to be mended: %.200s", told->message));
    fprintf(out, "\n    expires: %s\n", expires);
}

/* Today's findings as waivers; how many findings closed the gate and cannot be waived. */
static size_t write_waivers(struct arena *arena, FILE *out, const struct run *run, const struct policy *policy)
{
    struct telling telling = {0};
    struct told told;
    char expires[DATE_SIZE];
    size_t left = 0, count = 0;
    date_write(run->gate->today + BASELINE_DAYS, expires);
    while (telling_next(run, &telling, &told)) {
        if (told.closes == VERDICT_PASS)
            continue;
        if (told.unknown || !told.record_image) {
            left++;
            continue;
        }
        fputs(count++ ? "" : "\nwaivers:\n", out);
        write_waiver(arena, out, policy, &told, expires);
    }
    return left;
}

static bool judge(struct options *options, struct arena *arena, struct run *run)
{
    struct walk walk = {.arena = arena};
    struct problem problem = {0};
    size_t kept = 0;
    for (size_t i = 0; i < options->argument_count; i++)
        walk_add(&walk, options->arguments[i]);
    bool good = !options->files_from || walk_add_list(&walk, options->files_from, options->list_end, &problem);
    walk_sort(&walk);
    run->records = arena_array(arena, walk.count, sizeof *run->records);
    options->audit.rules = true;
    const struct crew crew = {options->jobs, NULL, &run->sandbox};
    if (!good || !audit_all(arena, &walk, &options->audit, &crew, run->records, &problem)) {
        fprintf(stderr, "assay: %s\n", problem.text);
        return false;
    }
    for (size_t i = 0; i < walk.count; i++)
        if (!run->records[i]->skipped)
            run->records[kept++] = run->records[i];
    run->count = kept;
    if (!kept)
        fputs("assay: nothing was judged: no program, library, object or archive was found\n", stderr);
    gate_decide(arena, run);
    return kept > 0;
}

/* Into a file that was not there before, and to the disk. */
static bool write_file(const char *text, size_t size)
{
    int fd = patient_open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    size_t done = 0;
    bool good = fd >= 0;
    while (good && done < size) {
        ssize_t put = patient_write(fd, text + done, size - done);
        good = put > 0;
        done += put > 0 ? (size_t)put : 0;
    }
    good = good && fsync(fd) == 0;
    int error = errno;
    if (fd >= 0 && close(fd) != 0 && good) {
        error = errno;
        good = false;
    }
    if (good)
        return true;
    if (fd >= 0)
        unlink(file);
    fprintf(stderr, "assay: %s: %s: %s\n", file, error == EEXIST ? "there is one already" : "cannot be written",
            strerror(error));
    return false;
}

static int no_memory(void)
{
    complain_of(file, "no memory to write it", 0);
    return STATUS_USAGE;
}

static int init(struct options *options, struct arena *arena, struct draft *draft)
{
    struct run run = {.gate = &options->gate, .sandbox = {.wish = options->sandbox}};
    char here[PATH_MAX];
    size_t left = 0;
    struct policy policy = {.folder = here, .here = here}, again = {.here = here};
    struct complaints complaints = {.arena = arena};
    if (!policy_today(options->now, &options->gate.today))
        return STATUS_USAGE;
    if (!getcwd(here, sizeof here)) {
        complain_of(".", "the working directory is not known", errno);
        return STATUS_USAGE;
    }
    if (options->baseline && !judge(options, arena, &run))
        return STATUS_USAGE;
    policy.folder = strcmp(here, "/") == 0 ? "" : here;
    if (!draft_open(draft))
        return no_memory();
    fputs(starter, draft->out);
    if (options->baseline)
        left = write_waivers(arena, draft->out, &run, &policy);
    if (!draft_close(draft))
        return no_memory();
    bool good = policy_read(file, draft->text, draft->size, options->gate.today, &again, &complaints);
    if (!good)
        policy_complain(&complaints);
    good = good && write_file(draft->text, draft->size);
    if (!good)
        return STATUS_USAGE;
    printf("%s: written, with %zu waiver%s\n", file, again.waiver_count, again.waiver_count == 1 ? "" : "s");
    if (left)
        printf("%zu finding%s could not be waived: what is not read or not decided is never excused\n", left,
               left == 1 ? "" : "s");
    return !flush_or_complain(stdout, "standard output") ? STATUS_USAGE : left ? STATUS_UNDECIDED : 0;
}

int cmd_init(const struct options *from)
{
    struct options options = *from;
    struct arena arena = {0};
    struct draft draft = {0}; /* here, so that what is left of it can be given back */
    jmp_buf escape;
    volatile int status = STATUS_USAGE;
    bool files = options.argument_count || options.files_from;
    if (options.baseline != files) {
        fputs(files ? "assay: init judges files only with --baseline\n"
                    : "assay: --baseline takes the files whose findings are to be waived\n",
              stderr);
        return STATUS_USAGE;
    }
    arena.escape = &escape;
    if (setjmp(escape) == 0)
        status = init(&options, &arena, &draft);
    else
        fputs("assay: no memory for the records of this run\n", stderr);
    draft_drop(&draft);
    arena_free(&arena);
    return status;
}
