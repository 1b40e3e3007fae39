#include <inttypes.h>
#include <string.h>

#include "src/commands.h"
#include "src/report/escape.h"
#include "src/workers.h"

enum { STATUS_USAGE = 2, STATUS_UNDECIDED = 3 };

/* Whether an image has the function that was asked for; else it is said why not. */
static bool has_function(const struct record *record, uint64_t address)
{
    const char *reason = "it has no image for amd64 or arm64";
    for (size_t i = 0; i < record->image_count; i++) {
        if (record->images[i].function)
            return true;
        if (record->images[i].no_function)
            reason = record->images[i].no_function;
    }
    fputs("assay: ", stderr);
    escape_terminal(stderr, record->path);
    fprintf(stderr, ": no function at 0x%" PRIx64 ": ", address);
    escape_terminal(stderr, reason);
    putc('\n', stderr);
    return false;
}

int look_at_one(const struct options *options, const struct audit_options *audit,
                bool (*write)(const struct record *, const struct report_options *, FILE *))
{
    struct arena arena = {0};
    jmp_buf escape;
    struct walk walk = {.arena = &arena};
    struct record *record = NULL;
    struct problem problem = {0};
    struct sandbox sandbox = {.wish = options->sandbox};
    const struct crew crew = {.jobs = 1, .sandbox = &sandbox};
    const struct report_options look = {.colour = colour_wanted(options), .verbose = true};
    if (options->argument_count != 1) {
        fputs("assay: inspect and cpu take one file\n", stderr);
        return STATUS_USAGE;
    }
    if (!write) {
        fprintf(stderr, "assay: inspect has no format %s: expected text or json\n", options->outputs[0].reporter->name);
        return STATUS_USAGE;
    }
    arena.escape = &escape;
    if (setjmp(escape) != 0) {
        fputs("assay: no memory for this file\n", stderr);
        arena_free(&arena);
        return STATUS_UNDECIDED;
    }
    walk_add_file(&walk, options->arguments[0]);
    if (!audit_all(&arena, &walk, audit, &crew, &record, &problem)) {
        fprintf(stderr, "assay: %s\n", problem.text);
        arena_free(&arena);
        return STATUS_USAGE;
    }
    bool read = !record->error;
    if (read && audit->record.function && !has_function(record, audit->record.address)) {
        arena_free(&arena);
        return STATUS_USAGE;
    }
    bool written = write(record, &look, stdout);
    if (!read) {
        fputs("assay: ", stderr);
        escape_terminal(stderr, record->path);
        fputs(": ", stderr);
        escape_terminal(stderr, record->error);
        putc('\n', stderr);
    }
    written = flush_or_complain(stdout, "standard output") && written;
    arena_free(&arena);
    return !written ? STATUS_USAGE : read ? 0 : STATUS_UNDECIDED;
}

int cmd_inspect(const struct options *options)
{
    struct audit_options audit = options->audit;
    const struct reporter *reporter = options->outputs[0].reporter;
    audit.record.detail = true;
    audit.record.code = !audit.record.function; /* which takes a while, and is not shown beside a function */
    bool for_people = audit.record.function && reporter == &report_text;
    return look_at_one(options, &audit, for_people ? report_function : reporter->inspect);
}
