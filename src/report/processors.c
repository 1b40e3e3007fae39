/* On which processors a program runs, for people: those that it needs more than first, with the reason of each, then
 * those of which it cannot be told, then the rest, whose reason is told where it is more than that nothing newer occurs. */
#include <string.h>

#include "src/report/page.h"

enum { NAME_COLUMN = 18, ANSWER_COLUMN = 13 };

static void row(const struct page *page, const struct record_cpu *cpu)
{
    static const struct {
        const char *word;
        enum style style;
    } answers[] = {[CPU_RUNS] = {"runs", STYLE_GOOD},
                   [CPU_NEEDS] = {"needs more", STYLE_BAD},
                   [CPU_NOT_TOLD] = {"cannot tell", STYLE_UNSURE}};
    fputs("  ", page->out);
    page_word(page, answers[cpu->answer].style, answers[cpu->answer].word);
    page_pad(page, strlen(answers[cpu->answer].word), ANSWER_COLUMN);
    page_foreign(page, STYLE_STRONG, cpu->name);
    page_pad(page, escape_width(cpu->name, NAME_COLUMN), NAME_COLUMN);
    page_foreign(page, STYLE_PLAIN, cpu->reason);
    putc('\n', page->out);
}

static void names(const struct page *page, const char *what, const struct text_list *list)
{
    if (list->count == 0)
        return;
    fputs("  ", page->out);
    page_word(page, STYLE_DIM, what);
    for (size_t i = 0; i < list->count; i++) {
        putc(' ', page->out);
        page_foreign(page, STYLE_PLAIN, list->items[i]);
    }
    putc('\n', page->out);
}

bool report_cpus(const struct record *record, const struct report_options *options, FILE *out)
{
    static const enum cpu_answer order[] = {CPU_NEEDS, CPU_NOT_TOLD, CPU_RUNS};
    struct page page = {out, options->colour, NULL};
    fputs("file ", out);
    page_foreign(&page, STYLE_STRONG, record->path);
    putc('\n', out);
    for (size_t i = 0; i < record->image_count; i++) {
        const struct record_image *image = &record->images[i];
        fputs("image ", out);
        page_foreign(&page, STYLE_STRONG, image->name);
        putc('\n', out);
        if (image->cpu_count == 0)
            page_word(&page, STYLE_PLAIN, "  only amd64 and arm64 programs and libraries are judged\n");
        names(&page, "requires:", &image->isa.requires);
        names(&page, "possible:", &image->isa.possible);
        names(&page, "guarded: ", &image->isa.guarded);
        for (size_t k = 0; k < sizeof order / sizeof *order; k++)
            for (size_t n = 0; n < image->cpu_count; n++)
                if (image->cpus[n].answer == order[k])
                    row(&page, &image->cpus[n]);
    }
    return true;
}
