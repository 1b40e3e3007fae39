/* What the two reports for people share: colour, columns, and the words for a thing. No line
 * begins with foreign text (escape.h says why): there is a word of ours before it. */
#ifndef ASSAY_SRC_REPORT_PAGE_H
#define ASSAY_SRC_REPORT_PAGE_H

#include "src/report/escape.h"
#include "src/report/report.h"

enum style { STYLE_PLAIN, STYLE_GOOD, STYLE_BAD, STYLE_UNSURE, STYLE_DIM, STYLE_STRONG };

struct page {
    FILE *out;
    bool colour;
};

/* `text` is ours: a constant of this program. */
void page_word(const struct page *page, enum style style, const char *text);
void page_foreign(const struct page *page, enum style style, const char *text);
/* "at 0x1f40", and what stands behind it, of at most ten letters. */
void page_address(const struct page *page, uint64_t address, const char *after);
void page_pad(const struct page *page, size_t used, size_t width);
/* "ELF linux/arm64 static, stripped, go1.26.0" */
void page_identity(const struct page *page, const struct record *record);
/* A line on the jail that files were read in: where one was wanted and is not whole, or `always`. */
void page_sandbox(const struct page *page, const struct sandbox *sandbox, bool always);

#endif
