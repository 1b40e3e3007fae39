/* A job's summary, in the Markdown of GitHub and GitLab: the verdict, the files that did not pass, and behind each what
 * is wrong and how to mend it. GitHub refuses summaries above 1 MiB whole, so files are told, those that failed first,
 * until the room is used up, and the last line says how many are not there. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "src/assay.h"
#include "src/report/draft.h"
#include "src/report/escape.h"
#include "src/report/findings.h"
#include "src/report/report.h"

enum { ROOM = 900000 /* bytes, of the 1,048,576 that GitHub takes */, LARGEST = 60000 /* of one file */ };

static const char *const marks[] = {[VERDICT_PASS] = "✅ pass",
                                    [VERDICT_FAIL] = "❌ **fail**",
                                    [VERDICT_UNKNOWN] = "❓ **unknown**",
                                    [VERDICT_ERROR] = "⚠️ **error**"};

static void write_evidence(FILE *out, const struct told *told)
{
    for (size_t i = 0; i < told->evidence_count && i < 4; i++) {
        const struct evidence *e = &told->evidence[i];
        fputs("  - found ", out);
        escape_markdown(out, e->observed);
        if (e->offset != EVIDENCE_NOWHERE)
            fprintf(out, " at `0x%" PRIx64 "`", e->offset);
        fputs(", expected ", out);
        escape_markdown(out, e->expected);
        putc('\n', out);
    }
    if (told->evidence_count > 4)
        fprintf(out, "  - and %zu more\n", told->evidence_count - 4);
}

static void write_told(FILE *out, const struct told *told)
{
    const char *fix = told_fix(told->rule, told->record_image);
    bool closes = told->closes != VERDICT_PASS;
    fprintf(out, "- %s `%s`",
            told->waiver    ? "waived"
            : told->unknown ? "undecided"
                            : level_name(told->level),
            told->rule->id);
    if (*told->image) {
        fputs(" (", out);
        escape_markdown(out, told->image);
        putc(')', out);
    }
    fputs(": ", out);
    escape_markdown(out, told->message);
    putc('\n', out);
    if (told->waiver) {
        fputs("  - until ", out);
        escape_markdown(out, told->waiver->expires);
        if (told->waiver->owner) {
            fputs(", ", out);
            escape_markdown(out, told->waiver->owner);
        }
        fputs(": ", out);
        escape_markdown(out, told->waiver->reason);
        putc('\n', out);
    } else if (closes) {
        write_evidence(out, told);
        if (fix && !told->unknown) {
            fputs("  - fix: ", out);
            escape_markdown(out, fix);
            putc('\n', out);
        }
    }
}

/* What is told of one record, or (NULL) of the run as a whole. */
static size_t write_list(FILE *out, const struct run *run, const struct record *record, size_t index)
{
    struct telling telling = {.record = record ? index : run->count};
    struct told told;
    size_t count = 0;
    while (telling_next(run, &telling, &told) && told.record == record) {
        count++;
        write_told(out, &told);
    }
    return count;
}

static void write_target(FILE *out, const struct record *record)
{
    for (size_t i = 0; i < record->image_count && i < 4; i++) {
        fputs(i ? " + " : "", out);
        escape_markdown(out, record->images[i].os);
        putc('/', out);
        escape_markdown(out, record->images[i].name);
    }
    if (record->image_count == 0)
        escape_markdown(out, record->container);
}

static void write_file(FILE *out, const struct run *run, size_t index)
{
    const struct record *record = run->records[index];
    fprintf(out, "<details><summary>%s ",
            record->verdict == VERDICT_PASS   ? "✅"
            : record->verdict == VERDICT_FAIL ? "❌"
                                              : "❓");
    escape_markdown(out, record->path);
    fputs(" &middot; ", out);
    write_target(out, record);
    fputs("</summary>\n\n", out);
    write_list(out, run, record, index);
    fputs("\n</details>\n\n", out);
}

/* One file as text; NULL: no memory. A file of which too much would be told is told in a line. */
static char *file_text(const struct run *run, size_t index, size_t *size)
{
    struct draft draft;
    if (!draft_open(&draft))
        return NULL;
    write_file(draft.out, run, index);
    if (!draft_close(&draft))
        return NULL;
    *size = draft.size;
    if (*size <= LARGEST)
        return draft.text;
    free(draft.text);
    if (!draft_open(&draft))
        return NULL;
    fputs("- ❌ a file of which more would be told than there is room for: ", draft.out);
    for (size_t i = 0; i < 200 && run->records[index]->path[i]; i++)
        fprintf(draft.out, "%02x", (unsigned char)run->records[index]->path[i]);
    fputs(" (its name in hexadecimal digits)\n\n", draft.out);
    if (!draft_close(&draft))
        return NULL;
    *size = draft.size;
    return draft.text;
}

/* Files of one verdict; how many found no room. */
static bool write_files(FILE *out, const struct run *run, enum verdict verdict, size_t *room, size_t *left)
{
    for (size_t i = 0; i < run->count; i++) {
        size_t size = 0;
        if (run->records[i]->verdict != verdict)
            continue;
        char *text = *room ? file_text(run, i, &size) : NULL;
        if (*room && !text)
            return false;
        if (text && size <= *room) {
            fwrite(text, 1, size, out);
            *room -= size;
        } else {
            *room = 0; /* the order stays that of the report: none that is smaller comes before */
            ++*left;
        }
        free(text);
    }
    return true;
}

static void write_head(FILE *out, const struct run *run)
{
    const struct summary *s = &run->summary;
    bool open = run->verdict == VERDICT_PASS && run->count;
    fprintf(out, "## %s Release gate: %s\n\n", open ? "✅" : "❌", open ? "open" : "closed");
    fputs("| files | pass | fail | unknown | error | waived findings |\n| --: | --: | --: | --: | --: | --: |\n", out);
    fprintf(out, "| %zu | %zu | %zu | %zu | %zu | %zu |\n\n", s->files, s->pass, s->fail, s->unknown, s->error,
            s->waived);
    fprintf(out, "Profile `%s`, findings close the gate from level `%s` on", run->gate->profile->name,
            level_name(run->gate->fail_on));
    if (run->gate->policy && run->gate->policy->file) {
        fputs("; policy ", out);
        escape_markdown(out, run->gate->policy->file);
    }
    fprintf(out, ". Verdict: %s.\n\n", run->count ? marks[run->verdict] : "❓ **nothing was judged**");
}

/* The findings about the run, as far as there is room. */
static bool write_findings(FILE *out, const struct run *run, size_t *room, size_t *left)
{
    struct draft list;
    if (!draft_open(&list))
        return false;
    fputs("### The release as a whole\n\n", list.out);
    write_list(list.out, run, NULL, 0);
    putc('\n', list.out);
    if (!draft_close(&list))
        return false;
    if (list.size <= *room) {
        fwrite(list.text, 1, list.size, out);
        *room -= list.size;
    } else {
        fprintf(out, "### The release as a whole\n\n%zu findings, for which there is no room.\n\n", run->finding_count);
        *left += 1;
    }
    free(list.text);
    return true;
}

static bool write_run(const struct run *run, const struct report_options *options, FILE *out)
{
    static const enum verdict order[] = {VERDICT_FAIL, VERDICT_ERROR, VERDICT_UNKNOWN, VERDICT_PASS};
    size_t room = ROOM, left = 0;
    bool good = true;
    (void)options;
    write_head(out, run);
    if (run->finding_count)
        good = write_findings(out, run, &room, &left);
    if (run->count)
        fputs("### Files\n\n", out);
    for (size_t i = 0; good && i < sizeof order / sizeof *order; i++)
        good = write_files(out, run, order[i], &room, &left);
    if (!good) /* what has no last line is not complete */
        return false;
    if (left)
        fprintf(out, "**%zu of these are not shown: a summary has room for 1 MiB.**\n\n", left);
    fprintf(out, "<sub>assay %s: complete, %zu file%s</sub>\n", ASSAY_VERSION, run->count, run->count == 1 ? "" : "s");
    return true;
}

const struct reporter report_markdown = {
    .name = "markdown", .summary = "a job's summary on GitHub or GitLab", .run = write_run};
