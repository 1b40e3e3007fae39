/* One function for people: a line an instruction, and under it what it changes of what is known of registers and stack, where
 * it goes, what it asks of the processor, and which rule it breaks. */
#include <inttypes.h>
#include <string.h>

#include "src/report/page.h"

enum { NAME_COLUMN = 16, BYTES_COLUMN = 24 };

static void line(const struct page *page, const char *label, const char *text, const char *more)
{
    fputs("  ", page->out);
    page_word(page, STYLE_DIM, label);
    page_pad(page, strlen(label), NAME_COLUMN);
    page_foreign(page, STYLE_PLAIN, text);
    if (more) {
        fputs(": ", page->out);
        page_foreign(page, STYLE_PLAIN, more);
    }
    putc('\n', page->out);
}

static void note(const struct page *page, const char *label)
{
    fputs("        ", page->out);
    page_word(page, STYLE_DIM, label);
}

static void changes(const struct page *page, const char *label, const struct listing_change *items, size_t count)
{
    if (count == 0)
        return;
    note(page, label);
    for (size_t i = 0; i < count; i++) {
        fputs(i ? ", " : " ", page->out);
        page_foreign(page, STYLE_PLAIN, items[i].name);
        fputs(" = ", page->out);
        page_foreign(page, STYLE_PLAIN, items[i].value);
    }
    putc('\n', page->out);
}

static void row(const struct page *page, const struct listing_row *row)
{
    changes(page, "here", row->before, row->before_count);
    fprintf(page->out, "  0x%08" PRIx64 "  ", row->address);
    page_foreign(page, STYLE_DIM, row->bytes);
    page_pad(page, escape_width(row->bytes, BYTES_COLUMN), BYTES_COLUMN);
    page_foreign(page, STYLE_PLAIN, *row->text ? row->text : "(no instruction)");
    if (strcmp(row->followed, "yes") != 0) {
        fputs("  ", page->out);
        page_word(page, STYLE_UNSURE, strcmp(row->followed, "no") == 0 ? "(not followed)" : "(followed loosely)");
    }
    putc('\n', page->out);
    if (row->target) {
        note(page, "to");
        fprintf(page->out, " 0x%" PRIx64, row->target);
        if (*row->place) {
            fputs(", ", page->out);
            page_foreign(page, STYLE_PLAIN, row->place);
        }
        putc('\n', page->out);
    }
    if (row->feature_count)
        note(page, "needs");
    for (size_t i = 0; i < row->feature_count; i++) {
        putc(' ', page->out);
        page_foreign(page, STYLE_PLAIN, row->features[i]);
    }
    if (row->feature_count)
        putc('\n', page->out);
    changes(page, "then", row->after, row->after_count);
    for (size_t i = 0; i < row->breach_count; i++) {
        fputs("        ", page->out);
        page_word(page, STYLE_BAD, "breaks ");
        page_foreign(page, STYLE_BAD, row->breaches[i].rule);
        fputs(": ", page->out);
        page_foreign(page, STYLE_PLAIN, row->breaches[i].observed);
        putc('\n', page->out);
    }
}

static void write_function(const struct page *page, const struct listing *l)
{
    fprintf(page->out, "function 0x%" PRIx64 " to 0x%" PRIx64 ", %" PRIu64 " bytes\n", l->start, l->start + l->size,
            l->size);
    line(page, "begins by", l->begins, NULL);
    line(page, "ends by", l->ends, NULL);
    line(page, "profile", l->profile, l->why);
    line(page, "judged", l->judged, NULL);
    putc('\n', page->out);
    for (size_t i = 0; i < l->count; i++)
        row(page, &l->rows[i]);
    if (l->left_out)
        fprintf(page->out, "\n  %zu instructions more are not shown\n", l->left_out);
}

bool report_function(const struct record *record, const struct report_options *options, FILE *out)
{
    struct page page = {out, options->colour, NULL};
    fputs("file ", out);
    page_foreign(&page, STYLE_STRONG, record->path);
    putc('\n', out);
    for (size_t i = 0; i < record->image_count; i++) {
        if (!record->images[i].function)
            continue;
        fputs("image ", out);
        page_foreign(&page, STYLE_STRONG, record->images[i].name);
        putc('\n', out);
        write_function(&page, record->images[i].function);
    }
    return true;
}
