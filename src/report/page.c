#include "src/report/page.h"

#include <string.h>

enum { SLICES_SHOWN = 4 };

void page_flush(const struct page *page)
{
    if (!page->ink)
        return;
    fwrite(page->ink->text, 1, page->ink->size, page->out);
    page->ink->size = 0;
}

void page_put(const struct page *page, const char *text, size_t size)
{
    struct ink *ink = page->ink;
    if (ink && size > sizeof ink->text - ink->size)
        page_flush(page);
    if (!ink || size > sizeof ink->text) {
        fwrite(text, 1, size, page->out);
        return;
    }
    memcpy(ink->text + ink->size, text, size);
    ink->size += size;
}

static void style(const struct page *page, enum style how)
{
    static const char *const codes[] = {"\033[0m", "\033[32m", "\033[1;31m", "\033[33m", "\033[2m", "\033[1m"};
    if (page->colour)
        page_text(page, codes[how]);
}

void page_word(const struct page *page, enum style how, const char *text)
{
    if (how != STYLE_PLAIN)
        style(page, how);
    page_text(page, text);
    if (how != STYLE_PLAIN)
        style(page, STYLE_PLAIN);
}

void page_foreign(const struct page *page, enum style how, const char *text)
{
    if (how != STYLE_PLAIN)
        style(page, how);
    size_t plain = text ? escape_plain(text) : 0;
    if (plain && text[plain] == 0) {
        page_put(page, text, plain);
    } else {
        page_flush(page);
        escape_terminal(page->out, text);
    }
    if (how != STYLE_PLAIN)
        style(page, STYLE_PLAIN);
}

void page_pad(const struct page *page, size_t used, size_t width)
{
    static const char blanks[] = "                                                                ";
    while (used < width) {
        size_t size = width - used < sizeof blanks - 1 ? width - used : sizeof blanks - 1;
        page_put(page, blanks, size);
        used += size;
    }
}

void page_column(const struct page *page, enum style how, const char *word, size_t width)
{
    page_word(page, how, word);
    page_pad(page, strlen(word), width);
}

void page_number(const struct page *page, size_t number)
{
    char text[24], *at = text + sizeof text;
    do
        *--at = (char)('0' + number % 10);
    while (number /= 10);
    page_put(page, at, (size_t)(text + sizeof text - at));
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
    page_put(page, at, (size_t)(text + sizeof text - at));
}

static bool is(const char *text, const char *word)
{
    return text && strcmp(text, word) == 0;
}

static void write_place(const struct page *page, const struct record_image *image)
{
    if (!is(image->os, "unknown")) {
        page_foreign(page, STYLE_PLAIN, image->os);
        page_text(page, "/");
    }
    page_foreign(page, STYLE_PLAIN, image->name);
}

/* One more of a list that begins after a blank. */
static void add(const struct page *page, bool *begun, const char *before, const char *text)
{
    page_text(page, *begun ? ", " : " ");
    page_text(page, before);
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
        page_text(page, " file: no image could be read");
        return;
    }
    if (record->image_count > 1 || is(record->container, "universal"))
        page_text(page, "universal: ");
    for (size_t i = 0; i < record->image_count; i++) {
        const struct record_image *image = &record->images[i];
        if (i)
            page_text(page, " + ");
        if (i >= SLICES_SHOWN) {
            page_number(page, record->image_count - i);
            page_text(page, " more");
            break;
        }
        if (is(image->format, "unknown")) {
            page_foreign(page, STYLE_PLAIN, image->machine);
            continue;
        }
        if (record->image_count == 1)
            page_text(page, is(image->format, "elf") ? "ELF " : "Mach-O ");
        write_place(page, image);
        if (!once)
            write_traits(page, image);
    }
    if (once)
        write_traits(page, &record->images[0]);
}

static void write_layers(const struct page *page, unsigned layers)
{
    const char *between = "";
    for (unsigned i = 0; i < JAIL_LAYERS; i++)
        if (layers >> i & 1) {
            page_text(page, between);
            page_text(page, jail_layer_name(i));
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
    write_layers(page, sandbox->layers);
    page_text(page, !wanted ? "off" : !sandbox->layers ? "none" : "");
    if (wanted && missing) {
        page_text(page, "; not to be had here: ");
        write_layers(page, missing);
    }
    page_text(page, "\n");
}
