/* Between the files that make the page. Everything in it that comes from elsewhere goes through escape_xml. */
#ifndef ASSAY_SRC_REPORT_HTML_H
#define ASSAY_SRC_REPORT_HTML_H

#include "src/report/escape.h"
#include "src/report/findings.h"
#include "src/report/report.h"

extern const char html_style[], html_script[]; /* html_look.c */

/* What one result, or a whole file, is to the reader: a class, a sign and a word. */
struct html_state {
    const char *class, *sign, *word;
};
const struct html_state *html_verdict(enum verdict verdict);
const struct html_state *html_result(const struct gate *gate, const struct record_result *result);

/* html_file.c: a file, folded up; `maps`: with pictures of what it consists of. */
void html_file(FILE *out, const struct run *run, size_t index, bool maps);
void html_told(FILE *out, const struct told *told); /* one finding, an item of a list */
/* html_map.c: where the bytes of an image are, and what may be done with its memory. */
void html_maps(FILE *out, const struct record_image *image);

#endif
