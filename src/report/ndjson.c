/* A report as lines, for runs that are shared out, stored or merged: a header, a line a file (the elements of `files`
 * in assay-report/1), a line for each finding about the run, and a trailer with the counts and the digest of all that
 * stands before it. Without its trailer a report was cut short. */
#include <stdlib.h>
#include <string.h>

#include "formats/digest.h"
#include "src/assay.h"
#include "src/report/draft.h"
#include "src/report/escape.h"
#include "src/report/report.h"

/* A report in memory on one line: whatever breaks a line of JSON is layout, since texts escape theirs. */
static size_t join(char *text, size_t size)
{
    size_t kept = 0;
    for (size_t i = 0; i < size; i++) {
        if (text[i] != '\n') {
            text[kept++] = text[i];
            continue;
        }
        while (i + 1 < size && text[i + 1] == ' ')
            i++;
    }
    return kept;
}

static bool write_record(FILE *out, const struct run *run, const struct record *record)
{
    struct draft lines;
    if (!draft_open(&lines))
        return false;
    report_json_file(lines.out, run->gate, record);
    if (!draft_close(&lines))
        return false;
    const char *start = lines.text + strspn(lines.text, " ");
    fwrite(start, 1, join(lines.text, lines.size) - (size_t)(start - lines.text), out);
    putc('\n', out);
    free(lines.text);
    return true;
}

static bool write_body(FILE *out, const struct run *run)
{
    const struct policy *policy = run->gate->policy;
    bool good = true;
    fprintf(out, "{\"schema\":\"assay-ndjson/1\",\"tool\":{\"name\":\"assay\",\"version\":\"%s\"},", ASSAY_VERSION);
    fprintf(out, "\"profile\":\"%s\",\"fail_on\":\"%s\",", run->gate->profile->name, level_name(run->gate->fail_on));
    report_json_sandbox(out, &run->sandbox);
    fputs(",\"policy\":", out);
    if (policy && policy->file) {
        fputs("{\"file\":", out);
        escape_json(out, policy->file);
        escape_member(out, "sha256", policy->sha256);
        fputs("}}\n", out);
    } else {
        fputs("null}\n", out);
    }
    for (size_t i = 0; good && i < run->count; i++)
        good = write_record(out, run, run->records[i]);
    for (size_t i = 0; i < run->finding_count; i++) {
        fputs("{\"finding\":", out);
        report_json_finding(out, &run->findings[i]);
        fputs("}\n", out);
    }
    return good;
}

static bool write_run(const struct run *run, const struct report_options *options, FILE *out)
{
    const struct summary *s = &run->summary;
    char digest[DIGEST_TEXT];
    struct draft body;
    (void)options;
    if (!draft_open(&body))
        return false;
    bool good = write_body(body.out, run);
    good = draft_close(&body) && good;
    if (good) {
        digest_text(body.text, body.size, digest);
        fwrite(body.text, 1, body.size, out);
        fprintf(out, "{\"trailer\":{\"verdict\":\"%s\",\"files\":%zu,\"pass\":%zu,\"fail\":%zu,\"unknown\":%zu,",
                verdict_name(run->verdict), s->files, s->pass, s->fail, s->unknown);
        fprintf(out, "\"error\":%zu,\"skipped\":%zu,\"waived\":%zu,\"lines\":%zu,\"sha256\":\"%s\"}}\n", s->error,
                run->skipped_count, s->waived, run->count + run->finding_count + 2, digest);
    }
    free(body.text);
    return good;
}

const struct reporter report_ndjson = {
    .name = "ndjson", .summary = "assay-report/1 in lines, with a digest at the end", .run = write_run};
