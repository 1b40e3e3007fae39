/* SARIF 2.1.0 (OASIS, 2020), as GitHub code scanning takes it: every rule with its help, one result a finding, each
 * with a region, since a result without one is not shown, and a fingerprint that stays the same when the file is built
 * again. Programs have no lines: the region is the first character, of the file itself or of --report-location. */
#include <inttypes.h>
#include <string.h>

#include "src/assay.h"
#include "src/gate_rules.h"
#include "src/report/escape.h"
#include "src/report/findings.h"
#include "src/report/report.h"

enum { MOST = 25000 /* results of a run that GitHub takes */ };

/* "linkage/no-interpreter" as "LinkageNoInterpreter" */
static void write_name(FILE *out, const char *id)
{
    for (bool first = true; *id; id++) {
        bool letter = *id != '/' && *id != '-';
        if (letter)
            putc(first && *id >= 'a' && *id <= 'z' ? *id - 'a' + 'A' : *id, out);
        first = !letter;
    }
}

static const char *sarif_level(enum level level)
{
    return level == LEVEL_ERROR ? "error" : level == LEVEL_WARNING ? "warning" : "note";
}

static void write_fix(FILE *out, const char *toolchain, const char *fix, bool markdown)
{
    if (!fix)
        return;
    fputs("\\n", out);
    fputs(markdown ? "- **" : "- ", out);
    fputs(toolchain, out);
    fputs(markdown ? "**: " : ": ", out);
    escape_json_part(out, fix);
}

static void write_help(FILE *out, const struct rule *rule, bool markdown)
{
    putc('"', out);
    escape_json_part(out, rule->why);
    fputs(markdown ? "\\n\\n### How to fix it\\n" : "\\n\\nHow to fix it:", out);
    if (rule->fix.go && rule->fix.c && strcmp(rule->fix.go, rule->fix.c) == 0) {
        write_fix(out, "all toolchains", rule->fix.c, markdown);
    } else {
        write_fix(out, "Go", rule->fix.go, markdown);
        write_fix(out, "gcc, clang", rule->fix.c, markdown);
        write_fix(out, "Rust", rule->fix.rust, markdown);
    }
    fputs(markdown ? "\\n\\n### Sources\\n" : "\\n\\nSources:", out);
    for (size_t i = 0; i < sizeof rule->refs / sizeof *rule->refs && rule->refs[i]; i++) {
        fputs("\\n- ", out);
        escape_json_part(out, rule->refs[i]);
    }
    putc('"', out);
}

/* What an attacker gains by, as GitHub sorts alerts; families that are about shipping have none. */
static const char *security_severity(const struct rule *rule)
{
    static const char *const families[] = {"structure", "linkage", "hardening", "signature", "origin"};
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        if (policy_names(families[i], rule->id))
            return rule->level == LEVEL_ERROR ? "7.5" : rule->level == LEVEL_WARNING ? "5.0" : "2.0";
    return NULL;
}

static void write_rule(FILE *out, const struct rule *rule)
{
    const char *severity = security_severity(rule);
    fprintf(out, "{\"id\":\"%s\",\"name\":\"", rule->id);
    write_name(out, rule->id);
    fputs("\",\"shortDescription\":{\"text\":\"", out);
    escape_json_part(out, rule->title);
    fputs(".\"},\"fullDescription\":{\"text\":", out);
    escape_json(out, rule->why);
    fputs("},\n    \"help\":{\"text\":", out);
    write_help(out, rule, false);
    fputs(",\"markdown\":", out);
    write_help(out, rule, true);
    fprintf(out, "},\n    \"defaultConfiguration\":{\"level\":\"%s\"},", sarif_level(rule->level));
    fprintf(out, "\"properties\":{\"precision\":\"very-high\",\"problem.severity\":\"%s\"",
            rule->level == LEVEL_NOTE ? "recommendation" : sarif_level(rule->level));
    if (severity)
        fprintf(out, ",\"security-severity\":\"%s\"", severity);
    fprintf(out, ",\"tags\":[%s\"%.*s\"]}}", severity ? "\"security\"," : "", (int)strcspn(rule->id, "/"), rule->id);
}

static size_t rule_index(const struct rule *rule)
{
    size_t i = 0;
    while (any_rule(i) != rule)
        i++;
    return i;
}

/* What happened, to what, and how to mend it: "arm64: ... 'libc.so.6' at 0x318, expected 'no library'. Fix: ..." */
static void write_message(FILE *out, const struct told *told)
{
    const char *fix = told_fix(told->rule, told->record_image);
    fputs("{\"text\":\"", out);
    if (*told->image) {
        escape_json_part(out, told->image);
        fputs(": ", out);
    }
    fputs(told->unknown ? "undecided: " : "", out);
    escape_json_part(out, *told->message ? told->message : told->rule->title);
    if (told->evidence_count) {
        const struct evidence *e = told->evidence;
        fputs(". Found '", out);
        escape_json_part(out, e->observed);
        fputs("'", out);
        if (e->offset != EVIDENCE_NOWHERE)
            fprintf(out, " at 0x%" PRIx64, e->offset);
        fputs(", expected '", out);
        escape_json_part(out, e->expected);
        fputs("'", out);
        if (told->evidence_count > 1)
            fprintf(out, ", and %zu more", told->evidence_count - 1);
    }
    if (fix && !told->unknown) {
        fputs(". Fix: ", out);
        escape_json_part(out, fix);
    }
    fputs(".\"}", out);
}

static void write_location(FILE *out, const struct told *told, const struct report_options *options)
{
    bool elsewhere = told->line == 0 && options->location;
    const char *path = elsewhere ? options->location : told->path;
    unsigned long line = elsewhere ? options->line : told->line ? told->line : 1;
    fputs(",\n    \"locations\":[{\"physicalLocation\":{\"artifactLocation\":{\"uri\":\"", out);
    escape_uri(out, path);
    fputs(path && *path == '/' ? "\"" : "\",\"uriBaseId\":\"%SRCROOT%\"", out);
    fprintf(out, "},\"region\":{\"startLine\":%lu,\"startColumn\":1,\"endLine\":%lu,\"endColumn\":2}}", line, line);
    if (*told->image) {
        fputs(",\"logicalLocations\":[{\"name\":", out);
        escape_json(out, told->image);
        fputs(",\"kind\":\"module\"}]", out);
    }
    fputs("}]", out);
}

static void write_suppression(FILE *out, const struct waiver *waiver)
{
    fputs(",\n    \"suppressions\":[{\"kind\":\"external\",\"status\":\"accepted\",\"justification\":\"", out);
    escape_json_part(out, waiver->reason);
    fputs(" (until ", out);
    escape_json_part(out, waiver->expires);
    if (waiver->owner) {
        fputs(", ", out);
        escape_json_part(out, waiver->owner);
    }
    fputs(")\"}]", out);
}

static void write_result(FILE *out, const struct told *told, const struct report_options *options)
{
    char fingerprint[DIGEST_TEXT];
    telling_fingerprint(told, fingerprint);
    fprintf(out, "\n   {\"ruleId\":\"%s\",\"ruleIndex\":%zu,\"level\":\"%s\",\"message\":", told->rule->id,
            rule_index(told->rule), sarif_level(told->level));
    write_message(out, told);
    write_location(out, told, options);
    fprintf(out, ",\n    \"partialFingerprints\":{\"primaryLocationLineHash\":\"%s:1\"}", fingerprint);
    if (told->waiver)
        write_suppression(out, told->waiver);
    fprintf(out, ",\"properties\":{\"closesGate\":%s,\"outcome\":\"%s\"",
            told->closes == VERDICT_PASS ? "false" : "true",
            told->waiver    ? "waived"
            : told->unknown ? "unknown"
                            : "fail");
    if (told->record) {
        escape_member(out, "path", told->path);
        if (*told->record->sha256)
            escape_member(out, "sha256", told->record->sha256);
    }
    fputs("}}", out);
}

/* How grave a finding is: what closes the gate first, then by level. */
static unsigned gravity(const struct told *told)
{
    return (told->closes != VERDICT_PASS ? 4U : 0U) + (unsigned)told->level;
}

/* The findings of one gravity, or of any (0), of which `room` is left; how many there were. */
static size_t write_results(FILE *out, const struct run *run, const struct report_options *options, unsigned wanted,
                            size_t *room, bool *begun)
{
    struct telling telling = {0};
    struct told told;
    size_t count = 0;
    while (telling_next(run, &telling, &told)) {
        if (wanted && gravity(&told) != wanted)
            continue;
        count++;
        if (*room == 0)
            continue;
        --*room;
        fputs(*begun ? "," : "", out);
        *begun = true;
        write_result(out, &told, options);
    }
    return count;
}

static void write_all(FILE *out, const struct run *run, const struct report_options *options)
{
    struct telling telling = {0};
    struct told told;
    size_t count = 0, room = MOST;
    bool begun = false;
    while (telling_next(run, &telling, &told))
        count++;
    if (count <= MOST) {
        write_results(out, run, options, 0, &room, &begun);
        return;
    }
    room = MOST - 1;
    for (unsigned g = 4U + LEVEL_ERROR; g > 0; g--)
        write_results(out, run, options, g, &room, &begun);
    char message[96];
    (void)snprintf(message, sizeof message, "%zu findings are left out of this report, the gravest are in it",
                   count - (MOST - 1));
    told = (struct told){.rule = &rule_run_report_whole,
                         .level = LEVEL_WARNING,
                         .message = message,
                         .path = run->count ? run->records[0]->path : "",
                         .image = "",
                         .key = ""};
    putc(',', out);
    write_result(out, &told, options);
}

static void write_invocation(FILE *out, const struct run *run)
{
    const char *comma = "";
    fprintf(out, "  \"invocations\":[{\"executionSuccessful\":%s,\"toolExecutionNotifications\":[",
            run->summary.error ? "false" : "true");
    for (size_t i = 0; i < run->count; i++) {
        const struct record *record = run->records[i];
        if (!record->error)
            continue;
        fprintf(out, "%s\n   {\"level\":\"error\",\"message\":{\"text\":\"", comma);
        escape_json_part(out, *record->error ? record->error : "not read");
        fputs(".\"},\"locations\":[{\"physicalLocation\":{\"artifactLocation\":{\"uri\":\"", out);
        escape_uri(out, record->path);
        fputs("\"}}}]}", out);
        comma = ",";
    }
    fputs("]}],\n", out);
}

static bool write_run(const struct run *run, const struct report_options *options, FILE *out)
{
    const struct summary *s = &run->summary;
    fputs("{\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\",\"version\":\"2.1.0\",\"runs\":[{\n", out);
    fprintf(out, "  \"tool\":{\"driver\":{\"name\":\"assay\",\"version\":\"%s\",\"semanticVersion\":\"%s\",\"rules\":[",
            ASSAY_VERSION, ASSAY_VERSION);
    for (size_t i = 0; i < any_rule_count(); i++) {
        fputs(i ? ",\n   " : "\n   ", out);
        write_rule(out, any_rule(i));
    }
    fprintf(out, "]}},\n  \"automationDetails\":{\"id\":\"assay/%s/\"},\n", run->gate->profile->name);
    fputs("  \"originalUriBaseIds\":{\"%SRCROOT%\":{\"description\":{\"text\":\"The working directory of the "
          "run.\"}}},\n",
          out);
    fputs("  \"columnKind\":\"unicodeCodePoints\",\n", out);
    write_invocation(out, run);
    fputs("  \"results\":[", out);
    write_all(out, run, options);
    fprintf(out, "],\n  \"properties\":{\"verdict\":\"%s\",\"files\":%zu,\"pass\":%zu,\"fail\":%zu,\"unknown\":%zu,",
            verdict_name(run->verdict), s->files, s->pass, s->fail, s->unknown);
    fprintf(out, "\"error\":%zu,\"waived\":%zu,\"complete\":true}}]}\n", s->error, s->waived);
    return true;
}

const struct reporter report_sarif = {.name = "sarif", .summary = "SARIF 2.1.0, for code scanning", .run = write_run};
