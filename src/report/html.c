/* A page for people: one file that loads nothing from anywhere (its content security policy allows its own style and
 * script by their digests, and nothing else), readable without the script, dark where the reader's system is. The
 * verdict first, then what concerns the release, then all files against all rules, then each file. */
#include "src/report/html.h"

#include <string.h>

#include "src/assay.h"
#include "src/gate_rules.h"

enum { ROWS = 500 /* of the table of files and rules */, MAPS = 300 /* files with pictures */ };

/* 'sha256-…' of what stands in the page, in base64 (CSP 3, section 2.3.1). */
static void write_source(FILE *out, const char *text)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char digest[DIGEST_TEXT];
    unsigned char bytes[33] = {0};
    digest_text(text, strlen(text), digest);
    for (size_t i = 0; i < 64; i++) {
        unsigned value = (unsigned)(digest[i] <= '9' ? digest[i] - '0' : digest[i] - 'a' + 10);
        bytes[i / 2] = (unsigned char)((unsigned)bytes[i / 2] << 4 | value);
    }
    fputs("'sha256-", out);
    for (size_t i = 0; i < 33; i += 3) {
        unsigned long three = (unsigned long)bytes[i] << 16 | (unsigned long)bytes[i + 1] << 8 | bytes[i + 2];
        for (int k = 3; k >= 0; k--)
            putc(i == 30 && k == 0 ? '=' : digits[three >> (6 * k) & 63], out);
    }
    putc('\'', out);
}

static void write_head(FILE *out, const struct run *run)
{
    bool open = run->verdict == VERDICT_PASS && run->count;
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src ",
          out);
    write_source(out, html_style);
    fputs("; script-src ", out);
    write_source(out, html_script);
    fputs("; base-uri 'none'; form-action 'none'\">\n<meta name=\"viewport\" content=\"width=device-width, "
          "initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n",
          out);
    fprintf(out, "<title>assay: gate %s, %zu files</title>\n<style>%s</style>\n</head>\n<body>\n",
            open ? "open" : "closed", run->count, html_style);
}

static void count(FILE *out, const char *class, size_t number, const char *word)
{
    fprintf(out, "<li class=\"%s\"><b>%zu</b>%s</li>", number ? class : "none", number, word);
}

static void write_verdict(FILE *out, const struct run *run)
{
    static const char *const leads[] = {
        [VERDICT_PASS] = "Every file was read in full, and every rule that must hold holds.",
        [VERDICT_FAIL] = "What was checked is not what the release claims.",
        [VERDICT_UNKNOWN] = "Not everything could be decided. Not seeing is not passing.",
        [VERDICT_ERROR] = "Not every file could be read. Not seeing is not passing."};
    const struct summary *s = &run->summary;
    bool open = run->verdict == VERDICT_PASS && run->count;
    fprintf(out, "<header class=\"%s\"><div><p class=\"brand\">assay</p><h1>%s Gate %s</h1><p class=\"lead\">%s</p>\n",
            open ? "pass" : html_verdict(run->verdict)->class, open ? "✓" : "✗", open ? "open" : "closed",
            run->count ? leads[run->verdict] : "Nothing was judged.");
    fputs("<ul class=\"counts\">", out);
    fprintf(out, "<li><b>%zu</b>file%s</li>", s->files, s->files == 1 ? "" : "s");
    count(out, "pass", s->pass, "pass");
    count(out, "fail", s->fail, "fail");
    count(out, "unknown", s->unknown, "unknown");
    count(out, "unknown", s->error, "not read");
    count(out, "waived", s->waived, "waived findings");
    fputs("</ul></div></header>\n<main>\n", out);
}

static void write_findings(FILE *out, const struct run *run)
{
    struct telling telling = {.record = run->count};
    struct told told;
    if (!run->finding_count)
        return;
    fputs("<section><h2>The release as a whole</h2>\n<ul class=\"told\">\n", out);
    while (telling_next(run, &telling, &told))
        html_told(out, &told);
    fputs("</ul></section>\n", out);
}

/* Whether a rule has anything to say that is neither pass nor not-applicable. */
static bool speaks(const struct run *run, size_t rule)
{
    for (size_t i = 0; i < run->count; i++)
        for (size_t k = 0; k < run->records[i]->image_count; k++) {
            const struct record_image *image = &run->records[i]->images[k];
            if (rule < image->result_count &&
                (image->results[rule].outcome == OUTCOME_FAIL || image->results[rule].outcome == OUTCOME_UNKNOWN))
                return true;
        }
    return false;
}

/* The gravest state of a rule over the slices of a file. */
static const struct record_result *gravest(const struct run *run, const struct record *record, size_t rule)
{
    const struct record_result *found = NULL;
    int most = -1;
    for (size_t i = 0; i < record->image_count; i++) {
        const struct record_image *image = &record->images[i];
        if (!image->results || rule >= image->result_count)
            continue;
        const struct record_result *result = &image->results[rule];
        enum verdict closes = gate_result(run->gate, result);
        int weight = closes == VERDICT_FAIL                                                  ? 5
                     : closes != VERDICT_PASS                                                ? 4
                     : result->waiver                                                        ? 3
                     : result->outcome == OUTCOME_FAIL || result->outcome == OUTCOME_UNKNOWN ? 2
                     : result->outcome == OUTCOME_PASS                                       ? 1
                                                                                             : 0;
        if (weight > most) {
            most = weight;
            found = result;
        }
    }
    return found;
}

static void write_row(FILE *out, const struct run *run, size_t index, const bool *columns)
{
    const struct record *record = run->records[index];
    const struct html_state *state = html_verdict(record->verdict);
    fprintf(out, "<tr><th scope=\"row\"><a href=\"#f%zu\" class=\"mono\">%s ", index, state->sign);
    escape_xml(out, record->path);
    fputs("</a></th>", out);
    for (size_t r = 0; r < rule_count; r++) {
        const struct record_result *result = columns[r] ? gravest(run, record, r) : NULL;
        const struct html_state *cell = result ? html_result(run->gate, result) : NULL;
        if (!columns[r])
            continue;
        if (cell)
            fprintf(out, "<td class=\"%s\" title=\"%s: %s\">%s</td>", cell->class, result->rule->id, cell->word,
                    cell->sign);
        else
            fputs("<td class=\"none\" title=\"not judged\">-</td>", out);
    }
    fputs("</tr>\n", out);
}

/* Files against rules; of many files those that did not pass come first. */
static void write_heat(FILE *out, const struct run *run)
{
    bool columns[128] = {false}, any = false;
    size_t rows = 0;
    for (size_t r = 0; r < rule_count && r < sizeof columns; r++)
        any |= columns[r] = speaks(run, r);
    if (!any || run->count < 2)
        return;
    fputs(
        "<section><h2>Files and rules</h2>\n<p class=\"note\">✗ fails and closes the gate, ? undecided, ! told only, ~ "
        "waived, ✓ passes, · does not apply. Rules that say nothing of any file are left out.</p>\n"
        "<div class=\"scroll\"><table class=\"heat\"><thead><tr><th scope=\"col\">File</th>",
        out);
    for (size_t r = 0; r < rule_count; r++)
        if (columns[r])
            fprintf(out, "<th scope=\"col\" title=\"%s\"><span>%s</span></th>", rules[r]->title, rules[r]->id);
    fputs("</tr></thead><tbody>\n", out);
    for (int passed = 0; passed < 2; passed++)
        for (size_t i = 0; i < run->count; i++)
            if ((run->records[i]->verdict == VERDICT_PASS) == (passed == 1) && rows++ < ROWS)
                write_row(out, run, i, columns);
    fputs("</tbody></table></div>\n", out);
    if (rows > ROWS)
        fprintf(out, "<p class=\"note\">%zu more files have no row here; all of them stand below.</p>\n", rows - ROWS);
    fputs("</section>\n", out);
}

static void write_files(FILE *out, const struct run *run)
{
    size_t shown = 0;
    fputs("<section><h2>Files</h2>\n<div id=\"tools\" hidden><input id=\"find\" type=\"search\" placeholder=\"Search "
          "names, "
          "rules, findings\" aria-label=\"Search\"><button value=\"all\" aria-pressed=\"true\">All</button><button "
          "value=\"fail\" aria-pressed=\"false\">Fail</button><button value=\"unknown\" "
          "aria-pressed=\"false\">Unknown</button><button value=\"error\" aria-pressed=\"false\">Not "
          "read</button><button "
          "value=\"pass\" aria-pressed=\"false\">Pass</button><span id=\"count\"></span></div>\n",
          out);
    for (int passed = 0; passed < 2; passed++)
        for (size_t i = 0; i < run->count; i++)
            if ((run->records[i]->verdict == VERDICT_PASS) == (passed == 1))
                html_file(out, run, i, shown++ < MAPS);
    if (shown > MAPS)
        fprintf(out,
                "<p class=\"note\">Pictures are shown of the first %d files, those that did not pass before the "
                "others.</p>\n",
                MAPS);
    fputs("</section>\n", out);
}

static void write_rules(FILE *out, const struct run *run)
{
    fputs("<section><h2>Why these rules</h2>\n<dl class=\"rules\">", out);
    for (size_t r = 0; r < any_rule_count(); r++) {
        const struct rule *rule = any_rule(r);
        bool told = r < rule_count && speaks(run, r);
        for (size_t i = 0; i < run->finding_count; i++)
            told |= run->findings[i].rule == rule;
        if (!told)
            continue;
        fprintf(out, "<dt class=\"mono\">%s</dt><dd>", rule->id);
        escape_xml(out, rule->why);
        fputs("</dd>\n", out);
    }
    fputs("</dl></section>\n", out);
}

static bool write_run(const struct run *run, const struct report_options *options, FILE *out)
{
    const struct policy *policy = run->gate->policy;
    (void)options;
    write_head(out, run);
    write_verdict(out, run);
    write_findings(out, run);
    write_heat(out, run);
    write_files(out, run);
    write_rules(out, run);
    fprintf(out, "</main>\n<footer><p>assay %s, profile %s, findings close the gate from level %s on", ASSAY_VERSION,
            run->gate->profile->name, level_name(run->gate->fail_on));
    if (policy && policy->file) {
        fputs("; policy ", out);
        escape_xml(out, policy->file);
        fprintf(out, " (SHA-256 <span class=\"mono\">%s</span>)", policy->sha256);
    }
    fprintf(out,
            ". %zu files in trees were no programs. The report is "
            "complete.</p></footer>\n<script>%s</script>\n</body>\n</html>\n",
            run->skipped_count, html_script);
    return true;
}

const struct reporter report_html = {
    .name = "html", .summary = "a page for people, in one file", .detail = true, .run = write_run};
