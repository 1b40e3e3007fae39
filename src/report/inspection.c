/* What a file is, for people: the model in words and tables, no verdicts. What is not known is
 * said to be so. Names from the file stand last in their lines, behind words and numbers of ours. */
#include <inttypes.h>
#include <string.h>

#include "src/report/page.h"

enum { NAME_COLUMN = 16, ACCESS_COLUMN = 6 };

static void heading(const struct page *page, const char *text)
{
    putc('\n', page->out);
    page_word(page, STYLE_STRONG, text);
    putc('\n', page->out);
}

static void name(const struct page *page, const char *text)
{
    fputs("  ", page->out);
    page_word(page, STYLE_DIM, text);
    page_pad(page, strlen(text), NAME_COLUMN);
}

/* `absent` where there is no value; NULL: no line at all. */
static void line(const struct page *page, const char *label, const char *value, const char *absent)
{
    if (!value && !absent)
        return;
    name(page, label);
    page_foreign(page, STYLE_PLAIN, value ? value : absent);
    putc('\n', page->out);
}

static void number(const struct page *page, const char *label, uint64_t value)
{
    name(page, label);
    fprintf(page->out, "0x%" PRIx64 "\n", value);
}

static void answer(const struct page *page, const char *label, enum answer value)
{
    static const char *const texts[] = {"not known", "no", "yes"};
    line(page, label, texts[value], NULL);
}

/* One item a line, each behind its label, so that the lines can be searched for. */
static void list(const struct page *page, const char *label, const struct text_list *values, bool known)
{
    if (values->count == 0)
        line(page, label, known ? "none" : "not known", NULL);
    for (size_t i = 0; i < values->count; i++)
        line(page, label, values->items[i], "?");
    if (values->count && !known)
        line(page, label, "(the rest could not be read)", NULL);
}

static void write_identity(const struct page *page, const struct record_image *image)
{
    static const char *const sizes[] = {"not known", "32", "64"};
    heading(page, "identity");
    line(page, "format", image->format, "?");
    line(page, "system", image->os, "?");
    line(page, "architecture", image->arch, "?");
    line(page, "machine", image->machine, NULL);
    line(page, "bits", sizes[image->bits == 64 ? 2 : image->bits == 32], NULL);
    line(page, "byte order", image->endian, "?");
    line(page, "kind", image->kind, "?");
    line(page, "minimum system", image->min_os, NULL);
    line(page, "sdk", image->sdk, NULL);
    line(page, "uuid", image->uuid, NULL);
    line(page, "build id", image->build_id, NULL);
    list(page, "toolchain", &image->toolchains, true);
    number(page, "at offset", image->offset);
    number(page, "size", image->size);
    if (image->entry_address)
        number(page, "entry address", image->entry_address);
}

static void write_linkage(const struct page *page, const struct record_image *image)
{
    heading(page, "linkage");
    line(page, "linkage", image->linkage, "not known");
    answer(page, "pie", image->pie);
    line(page, "interpreter", image->interpreter, "none");
    list(page, "needed", &image->needed, image->needed_known);
    list(page, "search path", &image->search_paths, image->search_paths_known);
    line(page, "C library", image->libc, "not known");
    line(page, "glibc floor", image->glibc_floor, NULL);
    list(page, "latent load", &image->latent_loads, image->latent_known);
}

static void write_symbols(const struct page *page, const struct record_image *image)
{
    heading(page, "symbols and debug");
    answer(page, "stripped", image->stripped);
    answer(page, "symbol table", image->symbol_table);
    list(page, "debug info", &image->debug_info, image->debug_known);
}

static void write_go(const struct page *page, const struct record_image *image)
{
    if (!image->has_go)
        return;
    heading(page, "go");
    line(page, "version", image->go_version, "not known");
    line(page, "main package", image->go_path, "not known");
    line(page, "GOOS", image->go_goos, "not known");
    line(page, "GOARCH", image->go_goarch, "not known");
    line(page, "level", image->go_level, NULL);
    answer(page, "cgo", image->go_cgo);
}

static void count(const struct page *page, const char *label, uint64_t value, const char *unit)
{
    name(page, label);
    fprintf(page->out, "%" PRIu64 "%s\n", value, unit);
}

static void write_isa(const struct page *page, const struct record_isa *isa)
{
    if (!isa->known)
        return;
    heading(page, "processor");
    line(page, "level", isa->level, "not known");
    list(page, "requires", &isa->requires, true);
    list(page, "possible", &isa->possible, true);
    list(page, "guarded", &isa->guarded, true);
    if (isa->followed) {
        count(page, "understood", isa->coverage, " % of the code");
        count(page, "functions", isa->functions, "");
        count(page, "undefined", isa->undefined, " encodings where code was expected");
    }
    if (!isa->has_neon)
        return;
    heading(page, "Advanced SIMD");
    count(page, "instructions", isa->words, " in code that is reached");
    count(page, "arithmetic", isa->vectors, " of them");
    count(page, "in loops", isa->looped, "");
    count(page, "unguarded", isa->unguarded, "");
    count(page, "functions", isa->vector_functions, " that have it");
    if (isa->words) {
        name(page, "density");
        fprintf(page->out, "%.3f %%\n", 100.0 * (double)isa->vectors / (double)isa->words);
    }
}

/* A number at the right edge of its column. */
static void cell(const struct page *page, uint64_t value)
{
    char text[sizeof "0x" + 16];
    snprintf(text, sizeof text, "0x%" PRIx64, value);
    fprintf(page->out, " %11s", text);
}

static void write_segments(const struct page *page, const struct record_image *image)
{
    if (image->segment_count == 0)
        return;
    heading(page, "segments");
    page_word(page, STYLE_DIM, "             address      memory      offset   file size  access  name\n");
    for (size_t i = 0; i < image->segment_count; i++) {
        const struct record_segment *s = &image->segments[i];
        fprintf(page->out, "  0x%016" PRIx64, s->address);
        cell(page, s->memory_size);
        cell(page, s->offset);
        cell(page, s->file_size);
        fputs("  ", page->out);
        page_foreign(page, STYLE_PLAIN, s->access);
        if (s->name && *s->name) {
            page_pad(page, escape_width(s->access, ACCESS_COLUMN), ACCESS_COLUMN);
            fputs("  ", page->out);
            page_foreign(page, STYLE_PLAIN, s->name);
        }
        putc('\n', page->out);
    }
}

static void write_sections(const struct page *page, const struct record_image *image)
{
    if (image->section_count == 0)
        return;
    heading(page, "sections");
    page_word(page, STYLE_DIM, "       offset        size  name\n");
    for (size_t i = 0; i < image->section_count; i++) {
        const struct record_section *s = &image->sections[i];
        putc(' ', page->out);
        cell(page, s->offset);
        cell(page, s->size);
        fputs("  ", page->out);
        page_foreign(page, STYLE_PLAIN, s->name && *s->name ? s->name : "(no name)");
        putc('\n', page->out);
    }
}

static void write_defects(const struct page *page, const struct record_image *image)
{
    heading(page, "defects");
    if (image->defect_count == 0)
        page_word(page, STYLE_PLAIN, "  none\n");
    for (size_t i = 0; i < image->defect_count; i++) {
        const struct record_defect *d = &image->defects[i];
        fputs("  ", page->out);
        if (d->offset != EVIDENCE_NOWHERE)
            fprintf(page->out, "at 0x%" PRIx64 ": ", d->offset);
        else
            fputs("found: ", page->out);
        page_foreign(page, STYLE_UNSURE, d->name);
        fputs(": ", page->out);
        page_foreign(page, STYLE_PLAIN, d->observed);
        page_word(page, STYLE_DIM, " (expected: ");
        page_foreign(page, STYLE_DIM, d->expected);
        page_word(page, STYLE_DIM, ")\n");
    }
}

static void write_image(const struct page *page, const struct record *record, size_t index)
{
    const struct record_image *image = &record->images[index];
    if (record->image_count > 1) {
        fputs("\nslice ", page->out);
        page_foreign(page, STYLE_STRONG, image->name);
        putc('\n', page->out);
    }
    write_identity(page, image);
    write_linkage(page, image);
    write_symbols(page, image);
    write_go(page, image);
    write_isa(page, &image->isa);
    if (image->signature) {
        heading(page, "signature");
        line(page, "signature", image->signature, NULL);
    }
    write_segments(page, image);
    write_sections(page, image);
    write_defects(page, image);
}

bool report_inspection(const struct record *record, const struct report_options *options, FILE *out)
{
    struct page page = {out, options->colour, NULL};
    name(&page, "file");
    page_foreign(&page, STYLE_STRONG, record->path);
    putc('\n', out);
    name(&page, "is");
    page_identity(&page, record);
    putc('\n', out);
    line(&page, "container", record->container, "?");
    name(&page, "size");
    fprintf(out, "%" PRIu64 " bytes\n", record->size);
    line(&page, "sha256", *record->sha256 ? record->sha256 : NULL, NULL);
    for (size_t i = 0; i < record->image_count; i++)
        write_image(&page, record, i);
    return true;
}
