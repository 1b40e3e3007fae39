/* Annotations on GitHub: workflow commands on standard output. The runner shows ten errors and ten warnings of a step,
 * so the gravest come first; all others follow as plain lines, between ::stop-commands:: and its token, in which no
 * text is a command. The token is a digest of what stands between, so nothing in there can end it. */
#include <stdlib.h>
#include <string.h>

#include "src/report/draft.h"
#include "src/report/escape.h"
#include "src/report/findings.h"
#include "src/report/report.h"

enum { SHOWN = 10 /* annotations of a kind in one step */ };

static const char *command(const struct told *told)
{
    if (told->waiver)
        return "notice";
    if (told->closes != VERDICT_PASS)
        return "error";
    return told->level >= LEVEL_WARNING ? "warning" : "notice";
}

static void write_annotation(FILE *out, const struct told *told, const struct report_options *options)
{
    bool elsewhere = told->line == 0 && options->location;
    fprintf(out, "::%s file=", command(told));
    escape_github_property(out, elsewhere ? options->location : told->path);
    fprintf(out, ",line=%zu,title=", elsewhere ? options->line : told->line ? told->line : 1);
    fprintf(out, "%s::", told->rule->id);
    if (told->waiver) {
        fputs("waived until ", out);
        escape_github(out, told->waiver->expires);
        fputs(": ", out);
        escape_github(out, told->waiver->reason);
        fputs(" - ", out);
    }
    if (told->line == 0) {
        escape_github(out, told->path);
        fputs(*told->image ? " (" : "", out);
        escape_github(out, told->image);
        fputs(*told->image ? "): " : ": ", out);
    }
    fputs(told->unknown ? "undecided: " : "", out);
    escape_github(out, told->message);
    putc('\n', out);
}

static void write_line(FILE *out, const struct told *told)
{
    fprintf(out, "%s: %s: ",
            told->waiver    ? "waived"
            : told->unknown ? "undecided"
                            : level_name(told->level),
            told->rule->id);
    escape_terminal(out, told->path);
    fputs(*told->image ? " (" : "", out);
    escape_terminal(out, told->image);
    fputs(*told->image ? "): " : ": ", out);
    escape_terminal(out, told->message);
    putc('\n', out);
}

/* Annotations of one kind, of which GitHub shows SHOWN; the lines of what is beyond go to `rest`. */
static void write_kind(FILE *out, FILE *rest, const struct run *run, const struct report_options *options,
                       const char *kind)
{
    struct telling telling = {0};
    struct told told;
    size_t count = 0;
    while (telling_next(run, &telling, &told)) {
        if (strcmp(command(&told), kind) != 0)
            continue;
        if (count++ < SHOWN)
            write_annotation(out, &told, options);
        else
            write_line(rest, &told);
    }
}

static bool write_run(const struct run *run, const struct report_options *options, FILE *out)
{
    static const char *const kinds[] = {"error", "warning", "notice"};
    const struct summary *s = &run->summary;
    char token[DIGEST_TEXT];
    struct draft rest;
    if (!draft_open(&rest))
        return false;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        write_kind(out, rest.out, run, options, kinds[i]);
    if (!draft_close(&rest))
        return false;
    if (rest.size) {
        digest_text(rest.text, rest.size, token);
        fprintf(out, "::stop-commands::%s\n", token);
        fwrite(rest.text, 1, rest.size, out);
        fprintf(out, "::%s::\n", token);
    }
    free(rest.text);
    fprintf(out, "assay: %zu file%s: %zu pass, %zu fail, %zu unknown, %zu error%s, %zu waived; gate: %s\n", s->files,
            s->files == 1 ? "" : "s", s->pass, s->fail, s->unknown, s->error, s->error == 1 ? "" : "s", s->waived,
            run->verdict == VERDICT_PASS ? "open" : "closed");
    return true;
}

const struct reporter report_github = {.name = "github", .summary = "annotations on GitHub", .run = write_run};
