/* JUnit's XML, as GitLab and Jenkins read it: a suite a file, a test case for each rule and image. Both keep one
 * failure of a case, and GitLab the first of the cases with one name: so each case has a name of its own and one
 * element at most. Rules that do not apply, and findings that are waived, are skipped; what is undecided is an error. A
 * finding that does not close the gate fails no test: it stands in the output of its case. */
#include <inttypes.h>
#include <string.h>

#include "src/gate_rules.h"
#include "src/report/escape.h"
#include "src/report/findings.h"
#include "src/report/report.h"

struct counts {
    size_t tests, failures, errors, skipped;
};

static bool is_good(const struct record_result *result)
{
    return result->outcome == OUTCOME_PASS || result->outcome == OUTCOME_NOT_APPLICABLE;
}

static void count_result(const struct run *run, const struct record_result *result, struct counts *counts)
{
    enum verdict closes = gate_result(run->gate, result);
    counts->tests++;
    counts->failures += closes == VERDICT_FAIL;
    counts->errors += closes == VERDICT_UNKNOWN;
    counts->skipped += result->waiver || result->outcome == OUTCOME_NOT_APPLICABLE;
}

/* A case of its own says that the file was judged at all. */
static void count_record(const struct run *run, const struct record *record, struct counts *counts)
{
    counts->tests++;
    counts->errors += told_unjudged(run, record) != NULL;
    for (size_t i = 0; i < record->image_count; i++)
        for (size_t k = 0; k < record->images[i].result_count; k++)
            count_result(run, &record->images[i].results[k], counts);
}

static void attribute(FILE *out, const char *name, const char *value)
{
    fprintf(out, " %s=\"", name);
    escape_xml(out, value);
    putc('"', out);
}

static void write_counts(FILE *out, const struct counts *counts)
{
    fprintf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" time=\"0\"", counts->tests,
            counts->failures, counts->errors, counts->skipped);
}

static void write_evidence(FILE *out, const struct evidence *evidence, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        fputs("\n", out);
        if (evidence[i].offset != EVIDENCE_NOWHERE)
            fprintf(out, "at 0x%" PRIx64 ": ", evidence[i].offset);
        escape_xml(out, evidence[i].observed);
        fputs(" (expected: ", out);
        escape_xml(out, evidence[i].expected);
        fputs(")", out);
    }
}

/* Opens a case; `slice` and `place` tell it from others of its suite and rule. */
static void open_case(FILE *out, const char *suite, const char *rule, const char *slice, size_t place)
{
    fputs("  <testcase", out);
    attribute(out, "classname", suite);
    fprintf(out, " name=\"%s", rule);
    if (slice) {
        fputs(" [", out);
        escape_xml(out, slice);
        if (place)
            fprintf(out, " #%zu", place + 1);
        fputs("]", out);
    }
    putc('"', out);
    attribute(out, "file", suite);
    fputs(" time=\"0\"", out);
}

static void write_waived(FILE *out, const struct waiver *waiver)
{
    fputs("><skipped message=\"waived until ", out);
    escape_xml(out, waiver->expires);
    fputs(": ", out);
    escape_xml(out, waiver->reason);
    fputs("\"/></testcase>\n", out);
}

static void write_problem(FILE *out, const char *element, const char *type, const char *message)
{
    fprintf(out, "><%s type=\"%s\" message=\"", element, type);
    escape_xml(out, message);
    fputs("\">", out);
    escape_xml(out, message);
}

static void write_result(FILE *out, const struct run *run, const struct record *record, size_t image, size_t rule)
{
    const struct record_image *at = &record->images[image];
    const struct record_result *result = &at->results[rule];
    enum verdict closes = gate_result(run->gate, result);
    bool own = rule < rule_count && result->rule == rules[rule]; /* else a worker made it up: gate.c */
    size_t twins = 0;
    for (size_t i = 0; i < image; i++)
        twins += strcmp(record->images[i].name, at->name) == 0;
    open_case(out, record->path, result->rule->id, at->name, twins * (at->result_count + 1) + (own ? 0 : rule + 1));
    if (result->waiver) {
        write_waived(out, result->waiver);
    } else if (closes != VERDICT_PASS) {
        const char *element = closes == VERDICT_FAIL ? "failure" : "error", *fix = told_fix(result->rule, at);
        write_problem(out, element, result->rule->id, result->message);
        write_evidence(out, result->evidence, result->count);
        fprintf(out, "\nfix: ");
        escape_xml(out, fix ? fix : "none is known");
        fprintf(out, "</%s></testcase>\n", element);
    } else if (result->outcome == OUTCOME_NOT_APPLICABLE) {
        fputs("><skipped message=\"", out);
        escape_xml(out, result->message);
        fputs("\"/></testcase>\n", out);
    } else if (!is_good(result) && result->level != LEVEL_OFF) {
        fprintf(out, "><system-out>%s: ", result->outcome == OUTCOME_UNKNOWN ? "undecided" : level_name(result->level));
        escape_xml(out, result->message);
        write_evidence(out, result->evidence, result->count);
        fputs("</system-out></testcase>\n", out);
    } else {
        fputs("/>\n", out);
    }
}

static void write_record(FILE *out, const struct run *run, const struct record *record)
{
    struct counts counts = {0};
    const char *why = told_unjudged(run, record);
    count_record(run, record, &counts);
    fputs(" <testsuite", out);
    attribute(out, "name", record->path);
    write_counts(out, &counts);
    fputs(">\n", out);
    open_case(out, record->path, rule_run_file_judged.id, NULL, 0);
    if (why) {
        write_problem(out, "error", rule_run_file_judged.id, why);
        fputs("</error></testcase>\n", out);
    } else {
        fputs("/>\n", out);
    }
    for (size_t i = 0; i < record->image_count; i++)
        for (size_t k = 0; k < record->images[i].result_count; k++)
            write_result(out, run, record, i, k);
    fputs(" </testsuite>\n", out);
}

static void write_findings(FILE *out, const struct run *run)
{
    struct counts counts = {.tests = run->finding_count};
    for (size_t i = 0; i < run->finding_count; i++) {
        counts.failures += gate_finding(run->gate, &run->findings[i]) == VERDICT_FAIL;
        counts.errors += gate_finding(run->gate, &run->findings[i]) == VERDICT_UNKNOWN;
    }
    fputs(" <testsuite name=\"the release as a whole\"", out);
    write_counts(out, &counts);
    fputs(">\n", out);
    for (size_t i = 0; i < run->finding_count; i++) {
        const struct run_finding *f = &run->findings[i];
        const struct evidence evidence = {EVIDENCE_NOWHERE, f->observed, f->expected};
        enum verdict closes = gate_finding(run->gate, f);
        const char *element = closes == VERDICT_FAIL ? "failure" : closes == VERDICT_UNKNOWN ? "error" : "system-out";
        open_case(out, f->place.file, f->rule->id, f->subject, i);
        if (closes == VERDICT_PASS) {
            fputs("><system-out>", out);
            escape_xml(out, f->message);
        } else {
            write_problem(out, element, f->rule->id, f->message);
        }
        write_evidence(out, &evidence, 1);
        fprintf(out, "</%s></testcase>\n", element);
    }
    fputs(" </testsuite>\n", out);
}

static bool write_run(const struct run *run, const struct report_options *options, FILE *out)
{
    struct counts counts = {0};
    (void)options;
    for (size_t i = 0; i < run->count; i++)
        count_record(run, run->records[i], &counts);
    for (size_t i = 0; i < run->finding_count; i++) {
        counts.tests++;
        counts.failures += gate_finding(run->gate, &run->findings[i]) == VERDICT_FAIL;
        counts.errors += gate_finding(run->gate, &run->findings[i]) == VERDICT_UNKNOWN;
    }
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"assay\"", out);
    write_counts(out, &counts);
    fputs(">\n", out);
    for (size_t i = 0; i < run->count; i++)
        write_record(out, run, run->records[i]);
    if (run->finding_count)
        write_findings(out, run);
    fputs("</testsuites>\n", out);
    return true;
}

const struct reporter report_junit = {
    .name = "junit", .summary = "JUnit XML, for GitLab and Jenkins", .run = write_run};
