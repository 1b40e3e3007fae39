/* Reports are functions of a run and nothing else: the same records and verdict give
 * the same bytes, whatever the clock, locale or number of workers. */
#ifndef ASSAY_SRC_REPORT_REPORT_H
#define ASSAY_SRC_REPORT_REPORT_H

#include <stdio.h>
#include "src/gate.h"

struct report_options {
    bool colour;
    bool quiet;           /* text: only files that did not pass, and the last line */
    bool verbose;         /* text: every rule of every file, and what was left out */
    const char *location; /* the file that findings are shown at where a consumer needs a line; NULL: the audited one */
    unsigned line;        /* in it, from 1 */
};

struct reporter {
    const char *name;    /* as --format takes it */
    const char *summary; /* one line for --help */
    bool detail;         /* needs segments and sections */
    bool modules;        /* needs the modules of Go programs */
    /* Writes the report of a whole run, and of one file's model (`inspect`). False: memory ran out; a
     * failed write shows in ferror(out). */
    bool (*run)(const struct run *run, const struct report_options *options, FILE *out);
    bool (*inspect)(const struct record *record, const struct report_options *options,
                    FILE *out); /* NULL: no form for it */
};
extern const struct reporter report_text, report_json, report_sarif, report_gitlab, report_github, report_junit,
    report_csv, report_ndjson, report_markdown, report_html, report_in_toto, report_cyclonedx;
bool report_inspection(const struct record *record, const struct report_options *options, FILE *out); /* for people */
/* An element of `files` of assay-report/1 (without a gate, as `inspect` shows it), and one of `findings`. */
void report_json_file(FILE *out, const struct gate *gate, const struct record *record);
void report_json_sandbox(FILE *out, const struct sandbox *sandbox);
void report_json_finding(FILE *out, const struct run_finding *finding);
/* `function` of an image, with the comma before it. */
void report_json_listing(FILE *out, const struct listing *listing);
/* The function that was asked for, for people. */
bool report_function(const struct record *record, const struct report_options *options, FILE *out);
/* On which processors a program runs, for people. */
bool report_cpus(const struct record *record, const struct report_options *options, FILE *out);
extern const struct reporter *const reporters[];
extern const size_t reporter_count;
const struct reporter *report_find(const char *name); /* NULL: no such format */

#endif
