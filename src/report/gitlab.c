/* GitLab's Code Quality report: one array, one object a finding. GitLab drops findings whose fingerprint it has seen
 * and those without a line; it shows paths relative to the repository. What a waiver excuses is told as "info". */
#include <string.h>

#include "src/report/escape.h"
#include "src/report/findings.h"
#include "src/report/report.h"

static const char *severity(const struct told *told)
{
    if (told->waiver)
        return "info";
    if (told->closes != VERDICT_PASS)
        return told->level == LEVEL_ERROR ? "critical" : "major";
    return told->level == LEVEL_NOTE ? "info" : "minor";
}

static void write_path(FILE *out, const char *path)
{
    while (path[0] == '.' && path[1] == '/')
        for (path += 2; *path == '/'; path++)
            continue;
    escape_json(out, *path ? path : ".");
}

static void write_description(FILE *out, const struct told *told, bool elsewhere)
{
    putc('"', out);
    if (told->waiver) {
        fputs("waived until ", out);
        escape_json_part(out, told->waiver->expires);
        fputs(" (", out);
        escape_json_part(out, told->waiver->reason);
        fputs("): ", out);
    }
    if (elsewhere) {
        escape_json_part(out, told->path);
        fputs(": ", out);
    }
    if (*told->image) {
        escape_json_part(out, told->image);
        fputs(": ", out);
    }
    fputs(told->unknown ? "undecided: " : "", out);
    escape_json_part(out, *told->message ? told->message : told->rule->title);
    putc('"', out);
}

static bool write_run(const struct run *run, const struct report_options *options, FILE *out)
{
    struct telling telling = {0};
    struct told told;
    const char *comma = "";
    putc('[', out);
    while (telling_next(run, &telling, &told)) {
        char fingerprint[DIGEST_TEXT];
        bool elsewhere = told.line == 0 && options->location;
        telling_fingerprint(&told, fingerprint);
        fprintf(out, "%s\n {\"check_name\":\"%s\",\"fingerprint\":\"%s\",\"severity\":\"%s\",\"description\":", comma,
                told.rule->id, fingerprint, severity(&told));
        write_description(out, &told, elsewhere);
        fputs(",\"location\":{\"path\":", out);
        write_path(out, elsewhere ? options->location : told.path);
        fprintf(out, ",\"lines\":{\"begin\":%zu}}}", elsewhere ? options->line : told.line ? told.line : 1);
        comma = ",";
    }
    fputs("\n]\n", out);
    return true;
}

const struct reporter report_gitlab = {.name = "gitlab", .summary = "GitLab Code Quality", .run = write_run};
