#include "src/report/page.h"

#include <string.h>

enum { SLICES_SHOWN = 4 };

static void style(const struct page *page, enum style how)
{
    static const char *const codes[] = {"\033[0m", "\033[32m", "\033[1;31m", "\033[33m", "\033[2m", "\033[1m"};
    if (page->colour)
        fputs(codes[how], page->out);
}

void page_word(const struct page *page, enum style how, const char *text)
{
    if (how != STYLE_PLAIN)
        style(page, how);
    fputs(text, page->out);
    if (how != STYLE_PLAIN)
        style(page, STYLE_PLAIN);
}

void page_foreign(const struct page *page, enum style how, const char *text)
{
    if (how != STYLE_PLAIN)
        style(page, how);
    escape_terminal(page->out, text);
    if (how != STYLE_PLAIN)
        style(page, STYLE_PLAIN);
}

void page_pad(const struct page *page, size_t used, size_t width)
{
    static const char blanks[] = "                                                                ";
    while (used < width) {
        size_t size = width - used < sizeof blanks - 1 ? width - used : sizeof blanks - 1;
        fwrite(blanks, 1, size, page->out);
        used += size;
    }
}

void page_address(const struct page *page, uint64_t address, const char *after)
{
    char text[32], *at = text + sizeof text;
    for (size_t i = strlen(after); i-- > 0;)
        *--at = after[i];
    do
        *--at = "0123456789abcdef"[address & 15];
    while (address >>= 4);
    for (const char *before = "x0 ta"; *before; before++)
        *--at = *before;
    fwrite(at, 1, (size_t)(text + sizeof text - at), page->out);
}

static bool is(const char *text, const char *word)
{
    return text && strcmp(text, word) == 0;
}

static void write_place(const struct page *page, const struct record_image *image)
{
    if (!is(image->os, "unknown")) {
        page_foreign(page, STYLE_PLAIN, image->os);
        putc('/', page->out);
    }
    page_foreign(page, STYLE_PLAIN, image->name);
}

/* One more of a list that begins after a blank. */
static void add(const struct page *page, bool *begun, const char *before, const char *text)
{
    fputs(*begun ? ", " : " ", page->out);
    fputs(before, page->out);
    page_foreign(page, STYLE_PLAIN, text);
    *begun = true;
}

static void write_traits(const struct page *page, const struct record_image *image)
{
    bool begun = false;
    if (!is(image->kind, "executable"))
        add(page, &begun, "", image->kind);
    if (image->linkage && !is(image->linkage, "not-applicable"))
        add(page, &begun, "", image->linkage);
    if (image->stripped != ANSWER_UNKNOWN)
        add(page, &begun, "", image->stripped == ANSWER_YES ? "stripped" : "not stripped");
    if (image->signature && !is(image->signature, "none"))
        add(page, &begun, "signature ", image->signature);
    if (image->has_go)
        add(page, &begun, "", image->go_version ? image->go_version : "Go");
}

static bool same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool alike(const struct record *record)
{
    const struct record_image *a = &record->images[0];
    for (size_t i = 1; i < record->image_count; i++) {
        const struct record_image *b = &record->images[i];
        if (!same(a->kind, b->kind) || !same(a->linkage, b->linkage) || a->stripped != b->stripped ||
            !same(a->signature, b->signature) || a->has_go != b->has_go || !same(a->go_version, b->go_version))
            return false;
    }
    return true;
}

void page_identity(const struct page *page, const struct record *record)
{
    bool once = record->image_count > 1 && alike(record);
    if (record->error) {
        page_foreign(page, STYLE_PLAIN, record->error);
        return;
    }
    if (record->image_count == 0) {
        page_foreign(page, STYLE_PLAIN, record->container);
        fputs(" file: no image could be read", page->out);
        return;
    }
    if (record->image_count > 1 || is(record->container, "universal"))
        fputs("universal: ", page->out);
    for (size_t i = 0; i < record->image_count; i++) {
        const struct record_image *image = &record->images[i];
        if (i)
            fputs(" + ", page->out);
        if (i >= SLICES_SHOWN) {
            fprintf(page->out, "%zu more", record->image_count - i);
            break;
        }
        if (is(image->format, "unknown")) {
            page_foreign(page, STYLE_PLAIN, image->machine);
            continue;
        }
        if (record->image_count == 1)
            fputs(is(image->format, "elf") ? "ELF " : "Mach-O ", page->out);
        write_place(page, image);
        if (!once)
            write_traits(page, image);
    }
    if (once)
        write_traits(page, &record->images[0]);
}

static void write_layers(FILE *out, unsigned layers)
{
    const char *between = "";
    for (unsigned i = 0; i < JAIL_LAYERS; i++)
        if (layers >> i & 1) {
            fprintf(out, "%s%s", between, jail_layer_name(i));
            between = ", ";
        }
}

void page_sandbox(const struct page *page, const struct sandbox *sandbox, bool always)
{
    const unsigned missing = JAIL_ALL & ~sandbox->layers;
    const bool wanted = sandbox->wish != SANDBOX_OFF;
    if (!sandbox->needed || !(always || (wanted && missing)))
        return;
    page_word(page, wanted && missing ? STYLE_UNSURE : STYLE_DIM, "sandbox: ");
    write_layers(page->out, sandbox->layers);
    fputs(!wanted ? "off" : !sandbox->layers ? "none" : "", page->out);
    if (wanted && missing) {
        fputs("; not to be had here: ", page->out);
        write_layers(page->out, missing);
    }
    putc('\n', page->out);
}
