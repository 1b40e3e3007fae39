/* check: find the files, audit them, decide, report; the exit status says the rest. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "src/commands.h"
#include "src/report/escape.h"
#include "src/workers.h"

enum { STATUS_USAGE = 2 };

/* A line on a terminal, once a run takes longer than a second. */
static void show_progress(size_t done, size_t all)
{
    static struct timespec start, last; /* of this process, for its one run */
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (start.tv_sec == 0)
        start = last = now;
    double run = (double)(now.tv_sec - start.tv_sec) + (double)(now.tv_nsec - start.tv_nsec) / 1e9;
    double rest = (double)(now.tv_sec - last.tv_sec) + (double)(now.tv_nsec - last.tv_nsec) / 1e9;
    if (run < 1 || (rest < 0.1 && done < all))
        return;
    last = now;
    if (done < all)
        fprintf(stderr, "\rassay: %zu of %zu files", done, all);
    else
        fputs("\r\033[K", stderr);
}

static bool find_files(const struct options *options, struct walk *walk)
{
    struct problem problem = {0};
    for (size_t i = 0; i < options->argument_count; i++)
        walk_add(walk, options->arguments[i]);
    if (options->files_from && !walk_add_list(walk, options->files_from, options->list_end, &problem)) {
        fputs("assay: ", stderr);
        escape_terminal(stderr, options->files_from);
        fprintf(stderr, ": %s\n", problem.text);
        return false;
    }
    walk_sort(walk);
    return true;
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct skipped *)a)->path, ((const struct skipped *)b)->path);
}

/* Moves what the workers found to be no programs from the records to what was left out. */
static void leave_out(struct arena *arena, struct run *run, const struct walk *walk)
{
    size_t kept = 0;
    run->skipped = arena_array(arena, walk->skipped_count + run->count, sizeof *run->skipped);
    for (size_t i = 0; i < walk->skipped_count; i++)
        run->skipped[run->skipped_count++] = walk->skipped[i];
    for (size_t i = 0; i < run->count; i++) {
        struct record *record = run->records[i];
        if (record->skipped)
            run->skipped[run->skipped_count++] = (struct skipped){record->path, record->skipped};
        else
            run->records[kept++] = record;
    }
    run->count = kept;
    if (run->skipped_count)
        qsort(run->skipped, run->skipped_count, sizeof *run->skipped, by_path);
}

/* Written beside its place and moved there when it is whole. */
static bool write_beside(const struct output *output, const struct run *run, const struct report_options *look)
{
    size_t size = strlen(output->path);
    char *path = malloc(size + sizeof ".XXXXXX");
    bool good = false;
    if (!path)
        return false;
    memcpy(path, output->path, size);
    memcpy(path + size, ".XXXXXX", sizeof ".XXXXXX");
    int fd = mkstemp(path);
    FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
    if (out) {
        good = fchmod(fd, 0644) == 0 && output->reporter->run(run, look, out) && fflush(out) == 0 && !ferror(out) &&
               fsync(fd) == 0;
        good = fclose(out) == 0 && good && rename(path, output->path) == 0;
    }
    if (!good && fd >= 0) {
        int error = errno;
        unlink(path);
        errno = error;
    }
    free(path);
    return good;
}

/* A device, a FIFO or a link such as /dev/stdout must not be replaced by a file. */
static bool write_into(const struct output *output, const struct run *run, const struct report_options *look)
{
    FILE *out = fopen(output->path, "we");
    if (!out)
        return false;
    bool good = output->reporter->run(run, look, out) && fflush(out) == 0 && !ferror(out);
    return fclose(out) == 0 && good;
}

/* A report in a file of its own. */
static bool write_file(const struct output *output, const struct run *run, const struct report_options *look)
{
    struct stat status;
    bool in_place = lstat(output->path, &status) == 0 && !S_ISREG(status.st_mode);
    errno = 0;
    if (in_place ? write_into(output, run, look) : write_beside(output, run, look))
        return true;
    int error = errno ? errno : EIO;
    fputs("assay: ", stderr);
    escape_terminal(stderr, output->path);
    fprintf(stderr, ": the report cannot be written: %s\n", strerror(error));
    return false;
}

static bool write_reports(const struct options *options, const struct run *run)
{
    struct report_options look = {
        .colour = colour_wanted(options), .quiet = options->quiet, .verbose = options->verbose};
    const struct report_options plain = {.quiet = options->quiet, .verbose = options->verbose};
    bool good = options->outputs[0].reporter->run(run, &look, stdout);
    if (!good)
        fputs("assay: no memory for the report\n", stderr);
    good = flush_or_complain(stdout, "standard output") && good;
    for (size_t i = 1; i < options->output_count; i++)
        good = write_file(&options->outputs[i], run, &plain) && good;
    return good;
}

static int check(const struct options *options, struct arena *arena)
{
    struct walk walk = {.arena = arena};
    struct run run = {.gate = &options->gate};
    struct audit_options audit = options->audit;
    struct problem problem = {0};
    audit.rules = true;
    if (options->argument_count == 0 && !options->files_from) {
        fputs("assay: no file was named; `assay check --help` shows how\n", stderr);
        return STATUS_USAGE;
    }
    if (!find_files(options, &walk))
        return STATUS_USAGE;
    run.count = walk.count;
    run.records = arena_array(arena, walk.count, sizeof *run.records);
    if (!audit_all(arena, &walk, &audit, options->jobs, isatty(STDERR_FILENO) ? show_progress : NULL, run.records,
                   &problem)) {
        fprintf(stderr, "assay: %s\n", problem.text);
        return STATUS_USAGE;
    }
    leave_out(arena, &run, &walk);
    gate_decide(arena, &run);
    bool written = write_reports(options, &run);
    if (run.count == 0)
        fputs("assay: nothing was judged: no program, library, object or archive was found\n", stderr);
    int status = gate_status(&run);
    if (!written)
        return STATUS_USAGE;
    if (status == 1 && options->exit_zero) /* a failure hides no file that could not be read or decided */
        return run.summary.error || run.summary.unknown ? 3 : 0;
    return status;
}

int cmd_check(const struct options *options)
{
    struct arena arena = {0};
    jmp_buf escape;
    volatile int status = STATUS_USAGE;
    arena.escape = &escape;
    if (setjmp(escape) == 0)
        status = check(options, &arena);
    else
        fputs("assay: no memory for the records of this run\n", stderr);
    arena_free(&arena);
    return status;
}
