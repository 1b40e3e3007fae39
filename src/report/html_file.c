/* One file of the page: what it is, what was found, and pictures of what it consists of. */
#include <inttypes.h>
#include <string.h>

#include "src/report/html.h"

static const struct html_state states[] = {
    {"pass", "✓", "pass"},    {"fail", "✗", "fail"},     {"unknown", "?", "unknown"},    {"unknown", "!", "error"},
    {"warn", "!", "warning"}, {"waived", "~", "waived"}, {"none", "·", "not applicable"}};
enum { STATE_WARNING = 4, STATE_WAIVED, STATE_NONE };

const struct html_state *html_verdict(enum verdict verdict)
{
    return &states[verdict];
}

const struct html_state *html_result(const struct gate *gate, const struct record_result *result)
{
    enum verdict closes = gate_result(gate, result);
    if (result->waiver)
        return &states[STATE_WAIVED];
    if (closes != VERDICT_PASS)
        return &states[closes];
    if (result->level == LEVEL_OFF || result->outcome == OUTCOME_NOT_APPLICABLE)
        return &states[STATE_NONE];
    return &states[result->outcome == OUTCOME_PASS ? VERDICT_PASS : STATE_WARNING];
}

static void write_evidence(FILE *out, const struct told *told)
{
    bool placed = false;
    for (size_t i = 0; i < told->evidence_count; i++)
        placed |= told->evidence[i].offset != EVIDENCE_NOWHERE;
    fprintf(out, "<table class=\"evidence\"><thead><tr>%s<th>found</th><th>expected</th></tr></thead><tbody>",
            placed ? "<th>at</th>" : "");
    for (size_t i = 0; i < told->evidence_count; i++) {
        const struct evidence *e = &told->evidence[i];
        fputs("<tr>", out);
        if (e->offset != EVIDENCE_NOWHERE)
            fprintf(out, "<td class=\"mono\">0x%" PRIx64 "</td>", e->offset);
        else if (placed)
            fputs("<td></td>", out);
        fputs("<td class=\"mono\">", out);
        escape_xml(out, e->observed);
        fputs("</td><td>", out);
        escape_xml(out, e->expected);
        fputs("</td></tr>", out);
    }
    fputs("</tbody></table>", out);
}

void html_told(FILE *out, const struct told *told)
{
    const char *fix = told_fix(told->rule, told->record_image);
    bool closes = told->closes != VERDICT_PASS;
    const char *class = told->waiver ? "waived" : !closes ? "warn" : told->unknown ? "unknown" : "fail";
    fprintf(out, "<li class=\"%s\"><span class=\"tag\">%s</span><code>%s</code>", class,
            told->waiver    ? "waived"
            : told->unknown ? "undecided"
                            : level_name(told->level),
            told->rule->id);
    if (*told->image) {
        fputs(" <span class=\"soft\">", out);
        escape_xml(out, told->image);
        fputs("</span>", out);
    }
    fputs("<p>", out);
    escape_xml(out, told->message);
    fputs("</p>", out);
    if (told->waiver) {
        fputs("<p class=\"soft\">Waived until ", out);
        escape_xml(out, told->waiver->expires);
        if (told->waiver->owner) {
            fputs(" by ", out);
            escape_xml(out, told->waiver->owner);
        }
        fputs(": ", out);
        escape_xml(out, told->waiver->reason);
        fputs("</p>", out);
    }
    if (told->evidence_count)
        write_evidence(out, told);
    if (closes && fix && !told->unknown) {
        fputs("<p><b>Fix:</b> ", out);
        escape_xml(out, fix);
        fputs("</p>", out);
    }
    fputs("</li>\n", out);
}

static void fact(FILE *out, const char *name, const char *value)
{
    if (!value || !*value)
        return;
    fprintf(out, "<dt>%s</dt><dd class=\"mono\">", name);
    escape_xml(out, value);
    fputs("</dd>", out);
}

static void facts_of_list(FILE *out, const char *name, const struct text_list *list)
{
    if (!list->count)
        return;
    fprintf(out, "<dt>%s</dt><dd class=\"mono\">", name);
    for (size_t i = 0; i < list->count; i++) {
        fputs(i ? ", " : "", out);
        escape_xml(out, list->items[i]);
    }
    fputs("</dd>", out);
}

static const char *yes_no(enum answer answer)
{
    static const char *const texts[] = {"not known", "no", "yes"};
    return texts[answer];
}

static void write_image(FILE *out, const struct record *record, const struct record_image *image, bool maps)
{
    if (record->image_count > 1) {
        fputs("<h3>", out);
        escape_xml(out, image->name);
        fputs("</h3>", out);
    }
    fputs("<dl>", out);
    fact(out, "Kind", image->kind);
    fact(out, "Linkage", image->linkage);
    fact(out, "Loader", image->interpreter);
    facts_of_list(out, "Libraries", &image->needed);
    fact(out, "C library", image->libc);
    fact(out, "Oldest glibc", image->glibc_floor);
    fact(out, "Oldest system", image->min_os);
    fact(out, "Position independent", yes_no(image->pie));
    fact(out, "Stripped", yes_no(image->stripped));
    facts_of_list(out, "Debug information", &image->debug_info);
    fact(out, "Signature", image->signature);
    facts_of_list(out, "Built by", &image->toolchains);
    fact(out, "Build ID", image->build_id ? image->build_id : image->uuid);
    fputs("</dl>\n", out);
    if (maps)
        html_maps(out, image);
}

static void write_findings(FILE *out, const struct run *run, size_t index)
{
    struct telling telling = {.record = index};
    struct told told;
    bool any = false;
    while (telling_next(run, &telling, &told) && told.record == run->records[index]) {
        fputs(any ? "" : "<ul class=\"told\">\n", out);
        any = true;
        html_told(out, &told);
    }
    fputs(any ? "</ul>\n" : "<p class=\"note\">Nothing was found.</p>\n", out);
}

void html_file(FILE *out, const struct run *run, size_t index, bool maps)
{
    const struct record *record = run->records[index];
    const struct html_state *state = html_verdict(record->verdict);
    fprintf(out,
            "<details class=\"file %s\" id=\"f%zu\"><summary><span class=\"tag %s\">%s %s</span><b class=\"mono\">",
            verdict_name(record->verdict), index, state->class, state->sign, state->word);
    escape_xml(out, record->path);
    fputs("</b><span class=\"what\">", out);
    for (size_t i = 0; i < record->image_count && i < 4; i++) {
        fputs(i ? " + " : "", out);
        escape_xml(out, record->images[i].os);
        putc('/', out);
        escape_xml(out, record->images[i].name);
    }
    fprintf(out, " %" PRIu64 " bytes</span></summary><div>\n", record->size);
    write_findings(out, run, index);
    for (size_t i = 0; i < record->image_count; i++)
        write_image(out, record, &record->images[i], maps);
    fputs("<dl>", out);
    fact(out, "Declared for", *record->target_source ? record->target : NULL);
    fact(out, "SHA-256", record->sha256);
    fputs("</dl></div></details>\n", out);
}
