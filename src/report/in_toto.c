/* An in-toto Statement (v1) with the predicate test-result (v0.1): which bytes were judged, by what, and with which
 * result; `cosign attest-blob --statement` signs it. The digests are those of the very bytes that were read. A file
 * without a digest cannot be a subject: then the statement is about less than the run, and its result is FAILED. */
#include <string.h>

#include "src/assay.h"
#include "src/report/escape.h"
#include "src/report/findings.h"
#include "src/report/report.h"

static bool has_all_digests(const struct run *run)
{
    for (size_t i = 0; i < run->count; i++)
        if (!*run->records[i]->sha256)
            return false;
    return run->count > 0;
}

static void write_subjects(FILE *out, const struct run *run)
{
    const char *comma = "";
    fputs(" \"subject\":[", out);
    for (size_t i = 0; i < run->count; i++) {
        const struct record *record = run->records[i];
        if (!*record->sha256)
            continue;
        fprintf(out, "%s\n  {\"name\":", comma);
        escape_json(out, record->path);
        fprintf(out, ",\"digest\":{\"sha256\":\"%s\"}}", record->sha256);
        comma = ",";
    }
    fputs("],\n", out);
}

static const char *result(const struct run *run)
{
    struct telling telling = {0};
    struct told told;
    if (run->verdict != VERDICT_PASS || !has_all_digests(run))
        return "FAILED";
    while (telling_next(run, &telling, &told))
        if (!told.waiver)
            return "WARNED";
    return "PASSED";
}

/* What decided: the program, and the policy with the digest of its bytes. */
static void write_configuration(FILE *out, const struct run *run)
{
    const struct policy *policy = run->gate->policy;
    fprintf(out,
            "  \"configuration\":[\n   {\"name\":\"assay\",\"annotations\":{\"version\":\"%s\",\"profile\":\"%s\",",
            ASSAY_VERSION, run->gate->profile->name);
    fprintf(out, "\"failOn\":\"%s\"}}", level_name(run->gate->fail_on));
    if (policy && policy->file) {
        fputs(",\n   {\"name\":", out);
        escape_json(out, policy->file);
        fprintf(out, ",\"digest\":{\"sha256\":\"%s\"}}", policy->sha256);
    }
    fputs("],\n", out);
}

/* "linkage/no-interpreter in dist/app[amd64]" */
static void write_test(FILE *out, const char **comma, const char *rule, const char *path, const char *image)
{
    fprintf(out, "%s\n   \"%s in ", *comma, rule);
    escape_json_part(out, path);
    fputs(*image ? "[" : "", out);
    escape_json_part(out, image);
    fputs(*image ? "]\"" : "\"", out);
    *comma = ",";
}

static void write_passed(FILE *out, const struct run *run)
{
    const char *comma = "";
    fputs("  \"passedTests\":[", out);
    for (size_t i = 0; i < run->count; i++)
        for (size_t k = 0; k < run->records[i]->image_count; k++) {
            const struct record_image *image = &run->records[i]->images[k];
            for (size_t n = 0; n < image->result_count; n++)
                if (image->results[n].outcome == OUTCOME_PASS)
                    write_test(out, &comma, image->results[n].rule->id, run->records[i]->path, image->name);
        }
    fputs("],\n", out);
}

/* Findings that close the gate, or those that do not. */
static void write_told(FILE *out, const struct run *run, const char *name, bool closing)
{
    struct telling telling = {0};
    struct told told;
    const char *comma = "";
    fprintf(out, "  \"%s\":[", name);
    while (telling_next(run, &telling, &told))
        if ((told.closes != VERDICT_PASS) == closing)
            write_test(out, &comma, told.rule->id, told.path ? told.path : "", told.key ? told.key : "");
    putc(']', out);
}

static bool write_run(const struct run *run, const struct report_options *options, FILE *out)
{
    (void)options;
    fputs("{\"_type\":\"https://in-toto.io/Statement/v1\",\n", out);
    write_subjects(out, run);
    fputs(" \"predicateType\":\"https://in-toto.io/attestation/test-result/v0.1\",\n", out);
    fprintf(out, " \"predicate\":{\"result\":\"%s\",\n", result(run));
    write_configuration(out, run);
    write_passed(out, run);
    write_told(out, run, "warnedTests", false);
    fputs(",\n", out);
    write_told(out, run, "failedTests", true);
    fputs("}}\n", out);
    return true;
}

const struct reporter report_in_toto = {
    .name = "in-toto", .summary = "a Statement with the predicate test-result, to be signed", .run = write_run};
