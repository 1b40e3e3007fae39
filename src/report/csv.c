/* A table for spreadsheets and data frames (RFC 4180): a row for each rule and image, one for a file that was not read,
 * one for each finding about the run, and at the end one that says "end" and the verdict: a table without it was cut
 * short. Every field stands in quotes, and none can be taken for a formula. */
#include <inttypes.h>

#include "src/report/escape.h"
#include "src/report/findings.h"
#include "src/report/report.h"

static void field(FILE *out, const char *text)
{
    escape_csv(out, text ? text : "");
    putc(',', out);
}

static void end(FILE *out, const char *text)
{
    escape_csv(out, text ? text : "");
    fputs("\r\n", out);
}

static void write_file(FILE *out, const struct record *record, const struct record_image *image)
{
    field(out, record ? record->path : "");
    field(out, record ? record->sha256 : "");
    field(out, image ? image->name : "");
    field(out, image ? image->os : "");
    field(out, image ? image->arch : "");
}

static void write_evidence(FILE *out, const struct evidence *evidence)
{
    if (evidence && evidence->offset != EVIDENCE_NOWHERE)
        fprintf(out, "\"0x%" PRIx64 "\",", evidence->offset);
    else
        field(out, "");
    field(out, evidence ? evidence->observed : "");
    field(out, evidence ? evidence->expected : "");
}

static void write_result(FILE *out, const struct run *run, const struct record *record,
                         const struct record_image *image, const struct record_result *result)
{
    write_file(out, record, image);
    field(out, result->rule->id);
    field(out, level_name(result->level));
    field(out, result->waiver ? "waived" : outcome_name(result->outcome));
    field(out, gate_result(run->gate, result) == VERDICT_PASS ? "no" : "yes");
    field(out, result->message);
    write_evidence(out, result->count ? &result->evidence[0] : NULL);
    field(out, result->waiver ? result->waiver->reason : "");
    end(out, result->waiver ? result->waiver->expires : "");
}

static void write_record(FILE *out, const struct run *run, const struct record *record)
{
    const char *why = told_unjudged(run, record);
    if (why) {
        write_file(out, record, NULL);
        field(out, "run/file-judged");
        field(out, level_name(LEVEL_ERROR));
        field(out, "unknown");
        field(out, "yes");
        field(out, why);
        write_evidence(out, NULL);
        field(out, "");
        end(out, "");
    }
    for (size_t i = 0; i < record->image_count; i++)
        for (size_t k = 0; k < record->images[i].result_count; k++)
            write_result(out, run, record, &record->images[i], &record->images[i].results[k]);
}

static void write_finding(FILE *out, const struct run *run, const struct run_finding *f)
{
    const struct evidence evidence = {EVIDENCE_NOWHERE, f->observed, f->expected};
    field(out, f->place.file);
    for (int i = 0; i < 4; i++)
        field(out, "");
    field(out, f->rule->id);
    field(out, level_name(f->level));
    field(out, outcome_name(f->outcome));
    field(out, gate_finding(run->gate, f) == VERDICT_PASS ? "no" : "yes");
    field(out, f->message);
    write_evidence(out, &evidence);
    field(out, "");
    end(out, "");
}

static bool write_run(const struct run *run, const struct report_options *options, FILE *out)
{
    (void)options;
    fputs(
        "path,sha256,image,os,arch,rule,level,outcome,closes_gate,message,offset,observed,expected,waiver,expires\r\n",
        out);
    for (size_t i = 0; i < run->count; i++)
        write_record(out, run, run->records[i]);
    for (size_t i = 0; i < run->finding_count; i++)
        write_finding(out, run, &run->findings[i]);
    fprintf(out,
            "\"end\",\"\",\"\",\"\",\"\",\"complete\",\"\",\"%s\",\"%s\",\"%zu files\",\"\",\"\",\"\",\"\",\"\"\r\n",
            verdict_name(run->verdict), run->verdict == VERDICT_PASS ? "no" : "yes", run->summary.files);
    return true;
}

const struct reporter report_csv = {.name = "csv", .summary = "a row for each rule and file", .run = write_run};
