/* The report for people: a line a file, and below it what closes the gate, with evidence and a
 * fix, then the warnings, a line each. Colour changes nothing but colour. */
#include <stdint.h>
#include <string.h>

#include "src/report/findings.h"
#include "src/report/page.h"

enum {
    PATH_COLUMN = 48,   /* the widest that the column of paths gets */
    WORD_COLUMN = 9,    /* "unknown" and two blanks */
    EVIDENCE_SHOWN = 4, /* rows a finding, without -v */
    SLICES_NAMED = 8,
};

#define EVIDENCE_INDENT "             "

struct sheet {
    struct page page;
    const struct report_options *options;
    const struct gate *gate;
    size_t path_width, rule_width;
};

/* A result, where it stands, and in what part of its file's lines it is told. */
struct spot {
    const struct record *record;
    size_t image, rule;
};
enum part { PART_CLOSING, PART_WARNINGS, PART_REST, PART_COUNT };

static const struct record_result *result_at(const struct spot *at)
{
    return &at->record->images[at->image].results[at->rule];
}

static bool is_good(const struct record_result *result)
{
    return result->outcome == OUTCOME_PASS || result->outcome == OUTCOME_NOT_APPLICABLE;
}

static enum part part_of(const struct gate *gate, const struct record_result *result)
{
    if (is_good(result)) /* most are, and no gate closes over them */
        return PART_REST;
    if (gate_result(gate, result) != VERDICT_PASS)
        return PART_CLOSING;
    if (result->waiver)
        return PART_WARNINGS;
    return result->level >= LEVEL_WARNING ? PART_WARNINGS : PART_REST;
}

static bool is_shown(const struct sheet *sheet, enum part part)
{
    return part == PART_CLOSING || sheet->options->verbose || (part == PART_WARNINGS && !sheet->options->quiet);
}

static bool same(const struct record_result *a, const struct record_result *b)
{
    return a == b || (a->rule == b->rule && a->outcome == b->outcome && a->waiver == b->waiver &&
                      strcmp(a->message, b->message) == 0);
}

/* Whether slice `image` has the very result that is told at `at`. */
static bool shares(const struct spot *at, size_t image)
{
    const struct record_image *other = &at->record->images[image];
    return at->rule < other->result_count && same(result_at(at), &other->results[at->rule]);
}

/* A result that several slices share is told with the first of them. */
static bool told_before(const struct spot *at)
{
    for (size_t i = 0; i < at->image; i++)
        if (shares(at, i))
            return true;
    return false;
}

/* At least one: the slice that `at` stands in. */
static size_t sharers(const struct spot *at)
{
    size_t count = 0;
    for (size_t i = at->image; i < at->record->image_count; i++)
        count += shares(at, i);
    return count;
}

/* "[amd64, arm64] " in a universal file */
static void write_slices(const struct sheet *sheet, const struct spot *at)
{
    size_t count = 0;
    if (at->record->image_count < 2)
        return;
    for (size_t i = at->image; i < at->record->image_count; i++) {
        if (!shares(at, i) || count++ >= SLICES_NAMED)
            continue;
        page_text(&sheet->page, count == 1 ? "[" : ", ");
        page_foreign(&sheet->page, STYLE_PLAIN, at->record->images[i].name);
    }
    page_text(&sheet->page, count > SLICES_NAMED ? ", ...] " : "] ");
}

static void write_row(const struct page *page, const char *slice, const struct evidence *row)
{
    page_text(page, EVIDENCE_INDENT);
    if (row->offset != EVIDENCE_NOWHERE)
        page_address(page, row->offset, slice ? " in " : ": ");
    else
        page_text(page, slice ? "found in " : "found: ");
    if (slice) {
        page_foreign(page, STYLE_PLAIN, slice);
        page_text(page, ": ");
    }
    page_foreign(page, STYLE_PLAIN, row->observed);
    page_word(page, STYLE_DIM, " (expected: ");
    page_foreign(page, STYLE_DIM, row->expected);
    page_word(page, STYLE_DIM, ")\n");
}

/* The rows of each slice that shares the result: the same fault stands at other offsets there. */
static void write_evidence(const struct sheet *sheet, const struct spot *at)
{
    size_t slices = sharers(at), left = 0, room = sheet->options->verbose ? SIZE_MAX : EVIDENCE_SHOWN;
    size_t most = sheet->options->verbose ? SIZE_MAX : slices > EVIDENCE_SHOWN ? 1 : EVIDENCE_SHOWN / slices;
    for (size_t i = at->image; i < at->record->image_count; i++) {
        const struct record_image *image = &at->record->images[i];
        if (!shares(at, i))
            continue;
        const struct record_result *result = &image->results[at->rule];
        size_t shown = result->count < most ? result->count : most;
        shown = shown < room ? shown : room;
        for (size_t k = 0; k < shown; k++)
            write_row(&sheet->page, slices > 1 ? image->name : NULL, &result->evidence[k]);
        room -= shown;
        if (result->total > shown)
            left += result->total - shown;
    }
    if (left) {
        page_text(&sheet->page, EVIDENCE_INDENT "and ");
        page_number(&sheet->page, left);
        page_text(&sheet->page, sheet->options->verbose ? " more\n" : " more (-v shows more)\n");
    }
}

static enum style write_word(const struct sheet *sheet, const struct record_result *result, bool closes)
{
    static const char *const good[] = {[OUTCOME_PASS] = "pass", [OUTCOME_NOT_APPLICABLE] = "n/a"};
    enum level level = result->level;
    const char *word = is_good(result) ? good[result->outcome] : level_name(level);
    enum style style = is_good(result) || level < LEVEL_WARNING ? STYLE_DIM : STYLE_UNSURE;
    if (result->waiver)
        word = "waived";
    else if (closes && result->outcome == OUTCOME_UNKNOWN)
        word = "unknown";
    else if (closes)
        style = STYLE_BAD;
    page_text(&sheet->page, "  ");
    page_column(&sheet->page, style, word, WORD_COLUMN);
    return style;
}

/* Until when, for whom and why a result is excused. */
static void write_waiver(const struct page *page, const struct waiver *waiver)
{
    page_text(page, EVIDENCE_INDENT "until ");
    page_foreign(page, STYLE_PLAIN, waiver->expires);
    if (waiver->owner) {
        page_text(page, ", ");
        page_foreign(page, STYLE_PLAIN, waiver->owner);
    }
    page_text(page, ": ");
    page_foreign(page, STYLE_PLAIN, waiver->reason);
    page_text(page, "\n");
}

/* One line of a rule, and below it, where the gate closes over it, evidence and fix. */
static void write_result(const struct sheet *sheet, const struct spot *at)
{
    const struct record_result *result = result_at(at);
    const struct page *page = &sheet->page;
    const char *fix = told_fix(result->rule, &at->record->images[at->image]);
    bool closes = gate_result(sheet->gate, result) != VERDICT_PASS;
    write_word(sheet, result, closes);
    page_column(page, is_good(result) ? STYLE_DIM : STYLE_STRONG, result->rule->id, sheet->rule_width + 2);
    write_slices(sheet, at);
    if (result->outcome == OUTCOME_UNKNOWN && !closes)
        page_text(page, "undecided: ");
    page_foreign(page, is_good(result) ? STYLE_DIM : STYLE_PLAIN, result->message);
    page_text(page, "\n");
    if (result->waiver)
        write_waiver(page, result->waiver);
    if (is_good(result) || (!closes && !sheet->options->verbose))
        return;
    write_evidence(sheet, at);
    if (result->outcome == OUTCOME_FAIL && fix) {
        page_text(page, EVIDENCE_INDENT);
        page_word(page, STYLE_GOOD, "fix:");
        page_text(page, " ");
        page_text(page, fix);
        page_text(page, "\n");
    }
}

/* The results of one part, and how many lines of rules that took. */
static size_t write_part(const struct sheet *sheet, const struct record *record, enum part part)
{
    size_t count = 0;
    for (size_t i = 0; i < record->image_count; i++)
        for (size_t k = 0; k < record->images[i].result_count; k++) {
            struct spot at = {record, i, k};
            if (part_of(sheet->gate, result_at(&at)) != part || told_before(&at))
                continue;
            write_result(sheet, &at);
            count++;
        }
    return count;
}

static bool passes(const struct record_image *image, const char *rule)
{
    for (size_t i = 0; i < image->result_count; i++)
        if (strcmp(image->results[i].rule->id, rule) == 0)
            return image->results[i].outcome == OUTCOME_PASS;
    return false;
}

/* Apple supports no static programs: what "static" came down to in each slice of this file. */
static bool static_as_macos_allows(const struct sheet *sheet, const struct record *record)
{
    if (record->verdict != VERDICT_PASS || sheet->gate->profile->literal_static)
        return false;
    for (size_t i = 0; i < record->image_count; i++) {
        const struct record_image *image = &record->images[i];
        if (strcmp(image->os, "macos") != 0 || !passes(image, "linkage/system-libraries-only"))
            return false;
    }
    return record->image_count > 0;
}

static void write_note(const struct sheet *sheet, const char *word, const char *text)
{
    page_text(&sheet->page, "  ");
    page_column(&sheet->page, STYLE_DIM, word, WORD_COLUMN);
    page_word(&sheet->page, STYLE_DIM, text);
    page_text(&sheet->page, "\n");
}

/* True: lines stand below the file's own. */
static bool write_file(const struct sheet *sheet, const struct record *record)
{
    static const struct {
        const char *word;
        enum style style;
    } words[] = {[VERDICT_PASS] = {"pass", STYLE_GOOD},
                 [VERDICT_FAIL] = {"FAIL", STYLE_BAD},
                 [VERDICT_UNKNOWN] = {"unknown", STYLE_UNSURE},
                 [VERDICT_ERROR] = {"error", STYLE_BAD}};
    const struct page *page = &sheet->page;
    size_t below = 0;
    page_column(page, words[record->verdict].style, words[record->verdict].word, WORD_COLUMN);
    page_foreign(page, STYLE_STRONG, record->path);
    page_pad(page, escape_width(record->path, sheet->path_width), sheet->path_width + 2);
    page_identity(page, record);
    page_text(page, "\n");
    for (enum part part = PART_CLOSING; part < PART_COUNT; part++)
        if (is_shown(sheet, part))
            below += write_part(sheet, record, part);
    for (size_t i = 0; i < record->image_count; i++)
        if (record->images[i].result_count != rule_count) {
            write_note(sheet, "unknown", "not every rule was run");
            below++;
        }
    if (static_as_macos_allows(sheet, record))
        write_note(sheet, "note", "as static as macOS allows: only /usr/lib and /System/Library");
    return below > 0;
}

static void write_skipped(const struct sheet *sheet, const struct run *run)
{
    for (size_t i = 0; sheet->options->verbose && i < run->skipped_count; i++) {
        page_word(&sheet->page, STYLE_DIM, "skipped  ");
        page_foreign(&sheet->page, STYLE_DIM, run->skipped[i].path);
        page_pad(&sheet->page, escape_width(run->skipped[i].path, sheet->path_width), sheet->path_width + 2);
        page_foreign(&sheet->page, STYLE_DIM, run->skipped[i].why);
        page_text(&sheet->page, "\n");
    }
}

static void write_summary(const struct sheet *sheet, const struct run *run)
{
    static const struct {
        const char *text;
        enum style style;
    } ends[] = {[VERDICT_PASS] = {"gate: open", STYLE_GOOD},
                [VERDICT_FAIL] = {"gate: closed (fail)", STYLE_BAD},
                [VERDICT_UNKNOWN] = {"gate: closed (unknown)", STYLE_UNSURE},
                [VERDICT_ERROR] = {"gate: closed (error)", STYLE_BAD}};
    const struct summary *s = &run->summary;
    FILE *out = sheet->page.out;
    fprintf(out, "%zu file%s: %zu pass, %zu fail, %zu unknown, %zu error%s", s->files, s->files == 1 ? "" : "s",
            s->pass, s->fail, s->unknown, s->error, s->error == 1 ? "" : "s");
    if (s->waived)
        fprintf(out, "; %zu finding%s waived", s->waived, s->waived == 1 ? "" : "s");
    if (run->skipped_count)
        fprintf(out, "; %zu file%s in trees %s%s", run->skipped_count, run->skipped_count == 1 ? "" : "s",
                run->skipped_count == 1 ? "was no program" : "were no programs",
                sheet->options->verbose   ? ""
                : run->skipped_count == 1 ? " (-v names it)"
                                          : " (-v lists them)");
    fputs("; ", out);
    if (run->count)
        page_word(&sheet->page, ends[run->verdict].style, ends[run->verdict].text);
    else
        page_word(&sheet->page, STYLE_UNSURE, "gate: closed (nothing was judged)");
    putc('\n', out);
}

/* What is wrong with the run as a whole, behind its files. */
static void write_findings(const struct sheet *sheet, const struct run *run)
{
    const struct page *page = &sheet->page;
    bool any = false;
    for (size_t i = 0; i < run->finding_count; i++) {
        const struct run_finding *f = &run->findings[i];
        bool closes = gate_finding(run->gate, f) != VERDICT_PASS;
        const char *word = closes && f->outcome == OUTCOME_UNKNOWN ? "unknown" : level_name(f->level);
        if (sheet->options->quiet && !closes)
            continue;
        if (!any)
            page_text(page, "The release as a whole\n");
        any = true;
        page_text(page, "  ");
        page_column(page, closes ? STYLE_BAD : STYLE_UNSURE, word, WORD_COLUMN);
        page_column(page, STYLE_STRONG, f->rule->id, sheet->rule_width + 2);
        page_foreign(page, STYLE_PLAIN, f->message);
        page_text(page, "\n" EVIDENCE_INDENT "at ");
        page_foreign(page, STYLE_PLAIN, f->place.file);
        page_text(page, ":");
        page_number(page, f->place.line);
        page_text(page, ": ");
        page_foreign(page, STYLE_PLAIN, f->observed);
        page_text(page, " (expected: ");
        page_foreign(page, STYLE_PLAIN, f->expected);
        page_text(page, ")\n");
        if (!closes)
            continue;
        page_text(page, EVIDENCE_INDENT "fix: ");
        page_text(page, f->rule->fix.c);
        page_text(page, "\n");
    }
    if (any)
        page_text(page, "\n");
}

static bool is_told(const struct sheet *sheet, const struct record *record)
{
    return !sheet->options->quiet || record->verdict != VERDICT_PASS;
}

static void widen(struct sheet *sheet, const char *path)
{
    size_t width = sheet->path_width < PATH_COLUMN ? escape_width(path, PATH_COLUMN) : 0;
    if (width > sheet->path_width)
        sheet->path_width = width;
}

static bool write_run(const struct run *run, const struct report_options *options, FILE *out)
{
    struct ink ink = {.size = 0};
    struct sheet sheet = {{out, options->colour, &ink}, options, run->gate, 0, 0};
    bool gap = false;
    for (size_t i = 0; i < rule_count; i++)
        if (strlen(rules[i]->id) > sheet.rule_width)
            sheet.rule_width = strlen(rules[i]->id);
    for (size_t i = 0; i < run->count; i++)
        if (is_told(&sheet, run->records[i]))
            widen(&sheet, run->records[i]->path);
    for (size_t i = 0; options->verbose && i < run->skipped_count; i++)
        widen(&sheet, run->skipped[i].path);
    for (size_t i = 0; i < run->count; i++) {
        if (!is_told(&sheet, run->records[i]))
            continue;
        if (gap)
            page_text(&sheet.page, "\n");
        gap = write_file(&sheet, run->records[i]);
    }
    if (gap)
        page_text(&sheet.page, "\n");
    write_findings(&sheet, run);
    write_skipped(&sheet, run);
    page_sandbox(&sheet.page, &run->sandbox, options->verbose);
    page_flush(&sheet.page);
    sheet.page.ink = NULL;
    write_summary(&sheet, run);
    return true;
}

const struct reporter report_text = {
    .name = "text", .summary = "for people", .run = write_run, .inspect = report_inspection};
