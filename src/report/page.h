/* What the two reports for people share: colour, columns, and the words for a thing. No line
 * begins with foreign text (escape.h says why): there is a word of ours before it. */
#ifndef ASSAY_SRC_REPORT_PAGE_H
#define ASSAY_SRC_REPORT_PAGE_H

#include <string.h>

#include "src/report/escape.h"
#include "src/report/report.h"

enum style { STYLE_PLAIN, STYLE_GOOD, STYLE_BAD, STYLE_UNSURE, STYLE_DIM, STYLE_STRONG };

/* Text on its way to `out`: a report of many small pieces, each of which would cost a call of stdio. */
struct ink {
    size_t size;
    char text[1 << 14];
};

struct page {
    FILE *out;
    bool colour;
    struct ink *ink; /* what these functions write is gathered here until page_flush(); NULL: it is written at once */
};
void page_flush(const struct page *page);

void page_put(const struct page *page, const char *text, size_t size);
/* `text` is ours: a constant of this program. Plain. */
static inline void page_text(const struct page *page, const char *text)
{
    page_put(page, text, strlen(text));
}
void page_word(const struct page *page, enum style style, const char *text);
void page_number(const struct page *page, size_t number);
void page_foreign(const struct page *page, enum style style, const char *text);
/* "at 0x1f40", and what stands behind it, of at most ten letters. */
void page_address(const struct page *page, uint64_t address, const char *after);
void page_pad(const struct page *page, size_t used, size_t width);
/* A word of ours, and blanks up to `width`. */
void page_column(const struct page *page, enum style style, const char *word, size_t width);
/* "ELF linux/arm64 static, stripped, go1.26.0" */
void page_identity(const struct page *page, const struct record *record);
/* A line on the jail that files were read in: where one was wanted and is not whole, or `always`. */
void page_sandbox(const struct page *page, const struct sandbox *sandbox, bool always);

#endif
