#include "src/report/findings.h"

#include <string.h>

#include "src/gate_rules.h"

static bool made_by(const struct record_image *image, const char *compiler)
{
    for (size_t i = 0; i < image->toolchains.count; i++)
        if (image->toolchains.items[i] && strstr(image->toolchains.items[i], compiler))
            return true;
    return false;
}

const char *told_fix(const struct rule *rule, const struct record_image *image)
{
    if (image && image->has_go && rule->fix.go)
        return rule->fix.go;
    if (image && made_by(image, "rustc") && rule->fix.rust)
        return rule->fix.rust;
    return rule->fix.c ? rule->fix.c : rule->fix.go;
}

/* Whether the result of a rule is told, and then how. */
static bool tell_result(const struct run *run, const struct record *record, const struct record_image *image,
                        const struct record_result *result, struct told *told)
{
    if (result->level == LEVEL_OFF || (result->outcome != OUTCOME_FAIL && result->outcome != OUTCOME_UNKNOWN))
        return false;
    *told = (struct told){.rule = result->rule,
                          .level = result->level,
                          .unknown = result->outcome == OUTCOME_UNKNOWN,
                          .closes = gate_result(run->gate, result),
                          .message = result->message,
                          .path = record->path,
                          .image = image->name,
                          .record = record,
                          .record_image = image,
                          .evidence_count = result->count,
                          .evidence = result->evidence,
                          .waiver = result->waiver,
                          .key = image->name};
    return true;
}

const char *told_unjudged(const struct run *run, const struct record *record)
{
    if (record->error || record->verdict == VERDICT_PASS)
        return record->error;
    for (size_t i = 0; i < record->image_count; i++)
        for (size_t k = 0; k < record->images[i].result_count; k++)
            if (gate_result(run->gate, &record->images[i].results[k]) != VERDICT_PASS)
                return NULL;
    return "no rule could judge this file";
}

static void tell_file(const struct record *record, const char *why, struct told *told)
{
    *told = (struct told){.rule = &rule_run_file_judged,
                          .level = LEVEL_ERROR,
                          .unknown = true,
                          .closes = record->verdict,
                          .message = why,
                          .path = record->path,
                          .image = "",
                          .record = record,
                          .key = ""};
}

static void tell_finding(const struct run *run, struct telling *at, struct told *told)
{
    const struct run_finding *f = &run->findings[at->finding++];
    at->row = (struct evidence){EVIDENCE_NOWHERE, f->observed, f->expected};
    *told = (struct told){.rule = f->rule,
                          .level = f->level,
                          .unknown = f->outcome == OUTCOME_UNKNOWN,
                          .closes = gate_finding(run->gate, f),
                          .message = f->message,
                          .path = f->place.file,
                          .image = "",
                          .line = f->place.line,
                          .evidence_count = 1,
                          .evidence = &at->row,
                          .key = f->subject};
}

/* The next of one file's results. */
static bool next_result(const struct run *run, const struct record *record, struct telling *at, struct told *told)
{
    for (; at->image < record->image_count; at->image++, at->result = 0) {
        const struct record_image *image = &record->images[at->image];
        while (at->result < image->result_count)
            if (tell_result(run, record, image, &image->results[at->result++], told))
                return true;
    }
    return false;
}

bool telling_next(const struct run *run, struct telling *at, struct told *told)
{
    while (at->record < run->count) {
        const struct record *record = run->records[at->record];
        if (next_result(run, record, at, told))
            return true;
        const char *why = told_unjudged(run, record);
        at->record++;
        at->image = at->result = 0;
        if (why) {
            tell_file(record, why, told);
            return true;
        }
    }
    if (at->finding >= run->finding_count)
        return false;
    tell_finding(run, at, told);
    return true;
}

/* Digest of digests: no text of one part can look like the end of it and the start of another. */
void telling_fingerprint(const struct told *told, char text[DIGEST_TEXT])
{
    const char *const parts[] = {told->rule->id, told->path ? told->path : "", told->key ? told->key : ""};
    enum { PARTS = sizeof parts / sizeof *parts, DIGITS = DIGEST_TEXT - 1 };
    char all[PARTS * DIGITS + 1];
    for (size_t i = 0; i < PARTS; i++)
        digest_text(parts[i], strlen(parts[i]), all + i * DIGITS);
    digest_text(all, PARTS * DIGITS, text);
}
