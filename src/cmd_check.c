/* check: find the files, audit them, decide, report; the exit status says the rest. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "src/commands.h"
#include "src/deliver.h"
#include "src/policy_file.h"
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

static int check(struct options *options, struct arena *arena)
{
    struct walk walk = {.arena = arena};
    struct run run = {.gate = &options->gate, .sandbox = {.wish = options->sandbox}};
    struct problem problem = {0};
    options->audit.rules = true;
    if (options->argument_count == 0 && !options->files_from) {
        fputs("assay: no file was named; `assay check --help` shows how\n", stderr);
        return STATUS_USAGE;
    }
    if (!policy_load(arena, options) || !find_files(options, &walk) || policy_is_judged(options, &walk) ||
        !deliver_prepare(options, &walk, options->gate.policy ? options->gate.policy->file : NULL))
        return STATUS_USAGE;
    options->audit.off = gate_off(arena, &options->gate);
    run.count = walk.count;
    run.records = arena_array(arena, walk.count, sizeof *run.records);
    const struct crew crew = {options->jobs, isatty(STDERR_FILENO) ? show_progress : NULL, &run.sandbox};
    if (!audit_all(arena, &walk, &options->audit, &crew, run.records, &problem)) {
        fprintf(stderr, "assay: %s\n", problem.text);
        return STATUS_USAGE;
    }
    leave_out(arena, &run, &walk);
    gate_decide(arena, &run);
    bool written = deliver(options, &run);
    if (run.count == 0)
        fputs("assay: nothing was judged: no program, library, object or archive was found\n", stderr);
    int status = gate_status(&run);
    if (!written)
        return STATUS_USAGE;
    if (status == 1 && options->exit_zero) /* a failure hides no file that could not be read or decided */
        return run.summary.error || run.summary.unknown ? 3 : 0;
    return status;
}

int cmd_check(const struct options *from)
{
    struct options options = *from;
    struct arena arena = {0};
    jmp_buf escape;
    volatile int status = STATUS_USAGE;
    arena.escape = &escape;
    if (setjmp(escape) == 0)
        status = check(&options, &arena);
    else
        fputs("assay: no memory for the records of this run\n", stderr);
    arena_free(&arena);
    return status;
}
