/* What a signed program asks the system for: its entitlements. The signature carries them as a property list in XML (slot 5)
 * and, for systems from macOS 12 on, once more as DER (slot 7), which counts there where it is present (XNU
 * bsd/kern/ubc_subr.c, csblob_parse_entitlements; libCoreEntitlements). Wanted of each are the keys at the top, and which of
 * them are true. XML is read as codesign writes it: what has entities, CDATA or anything else in it is not understood. */
#include "formats/macho/macho.h"

#include <string.h>

#include "formats/certain.h"

enum { DEEPEST = 16, MOST = 1024 /* keys; programs have a dozen */, LONGEST = 255 /* of them */, BLOB_HEADER = 8 };

struct text {
    const struct macho_view *view;
    struct named_list *found;
    struct view v;
    uint64_t base; /* of v, in the file */
    size_t at;
    bool failed;
};

static void take(struct text *t, struct view key, bool holds)
{
    struct arena *arena = &t->view->file->arena;
    t->failed |= t->found->count == MOST || key.size > LONGEST || memchr(key.data, 0, key.size);
    if (!t->failed)
        named_add(arena, t->found, arena_copy(arena, key.data, key.size), t->base + (uint64_t)(key.data - t->v.data),
                  holds);
}

static bool at_word(const struct text *t, const char *word)
{
    const size_t size = strlen(word);
    return range_fits(t->v.size, t->at, size) && memcmp(t->v.data + t->at, word, size) == 0;
}

/* Behind the next such word. */
static bool skip_to(struct text *t, const char *word)
{
    const int64_t at = view_find(t->v, t->at, word, strlen(word));
    t->failed |= at < 0;
    t->at = at < 0 ? t->v.size : (size_t)at + strlen(word);
    return at >= 0;
}

/* White space and comments, and the lines of the XML declaration and of the document type. Parsers differ in where a comment
 * ends, so that one with a tag in it is not understood. */
static void skip_between(struct text *t)
{
    for (;;) {
        while (t->at < t->v.size && (t->v.data[t->at] == ' ' || (t->v.data[t->at] >= '\t' && t->v.data[t->at] <= '\r')))
            t->at++;
        const size_t from = t->at;
        if (!at_word(t, "<?") && !at_word(t, "<!"))
            return;
        const bool comment = at_word(t, "<!--");
        t->at += comment ? 4 : 2;
        (void)skip_to(t, comment ? "-->" : ">");
        t->failed |= memchr(t->v.data + from + 1, '<', t->at - from - 1) != NULL;
    }
}

enum tag { TAG_NONE, TAG_OPEN, TAG_EMPTY };

/* <name>, or <name/>, if it comes next; `name` with its bracket. */
static enum tag tag(struct text *t, const char *name)
{
    skip_between(t);
    if (!at_word(t, name))
        return TAG_NONE;
    size_t at = t->at + strlen(name);
    while (at < t->v.size && t->v.data[at] == ' ')
        at++;
    const bool empty = at < t->v.size && t->v.data[at] == '/';
    at += empty;
    if (at >= t->v.size || t->v.data[at] != '>')
        return TAG_NONE;
    t->at = at + 1;
    return empty ? TAG_EMPTY : TAG_OPEN;
}

/* The text up to the closing tag, which has nothing but letters in it. */
static struct view plain(struct text *t, const char *close)
{
    const size_t from = t->at;
    struct view v = {t->v.data + from, 0};
    if (!skip_to(t, close))
        return v;
    v.size = t->at - strlen(close) - from;
    t->failed |= memchr(v.data, '<', v.size) || memchr(v.data, '&', v.size);
    return v;
}

enum worth { WORTH_NONE, WORTH_TRUE, WORTH_OTHER };

/* A value that has no others in it, if one comes next. */
static enum worth simple_value(struct text *t)
{
    static const char *const plains[][2] = {{"<string", "</string>"},
                                            {"<integer", "</integer>"},
                                            {"<real", "</real>"},
                                            {"<data", "</data>"},
                                            {"<date", "</date>"}};
    if (tag(t, "<true") == TAG_EMPTY)
        return WORTH_TRUE;
    if (tag(t, "<false") == TAG_EMPTY)
        return WORTH_OTHER;
    for (size_t i = 0; i < sizeof plains / sizeof *plains; i++) {
        const enum tag found = tag(t, plains[i][0]);
        if (found == TAG_OPEN)
            (void)plain(t, plains[i][1]);
        if (found != TAG_NONE)
            return WORTH_OTHER;
    }
    return WORTH_NONE;
}

/* What follows the opening tag of the dictionary at the top, up to its end. */
static void dictionary(struct text *t)
{
    bool maps[DEEPEST + 1] = {true}; /* dictionaries, not arrays, that are open */
    struct view key = {0};
    for (unsigned depth = 1; depth && !t->failed;) {
        const bool map = maps[depth - 1];
        if (tag(t, map ? "</dict" : "</array") != TAG_NONE) {
            depth--;
            continue;
        }
        t->failed |= map && tag(t, "<key") != TAG_OPEN;
        const struct view name = map ? plain(t, "</key>") : key;
        key = depth == 1 ? name : key;
        const enum worth worth = simple_value(t);
        if (depth == 1)
            take(t, key, worth == WORTH_TRUE);
        if (worth != WORTH_NONE)
            continue;
        const enum tag array = tag(t, "<array"), inner = array == TAG_NONE ? tag(t, "<dict") : TAG_NONE;
        t->failed |= (array == TAG_NONE && inner == TAG_NONE) || depth > DEEPEST;
        if (!t->failed && (array == TAG_OPEN || inner == TAG_OPEN))
            maps[depth++] = inner == TAG_OPEN;
    }
}

static void read_xml(struct text *t)
{
    skip_between(t);
    if (at_word(t, "<plist"))
        (void)skip_to(t, ">");
    const enum tag first = tag(t, "<dict");
    t->failed |= first == TAG_NONE;
    if (first == TAG_OPEN)
        dictionary(t);
    (void)tag(t, "</plist");
    skip_between(t);
    while (t->at < t->v.size && t->v.data[t->at] == 0)
        t->at++;
    t->failed |= t->at != t->v.size;
}

/* The contents of a DER value; `wanted`: its tag, or 0. Moves behind it. */
static struct view der(struct cursor *c, uint8_t wanted, uint8_t *found)
{
    *found = cursor_u8(c);
    uint64_t size = cursor_u8(c);
    if (size & 0x80) {
        unsigned bytes = size & 0x7f;
        c->failed |= bytes == 0 || bytes > 4;
        for (size = 0; bytes && !c->failed; bytes--)
            size = size << 8 | cursor_u8(c);
    }
    c->failed |= wanted && *found != wanted;
    return cursor_take(c, size);
}

/* [APPLICATION 16] { INTEGER 1, [16] { SEQUENCE { UTF8String, value } … } }, or a SET of those SEQUENCEs, as macOS 12 had it. */
static void read_der(struct text *t)
{
    enum {
        APPLICATION_16 = 0x70,
        CONTEXT_16 = 0xb0,
        SET = 0x31,
        SEQUENCE = 0x30,
        UTF8 = 0x0c,
        INTEGER = 2,
        BOOLEAN = 1
    };
    uint8_t kind, any;
    struct cursor c = cursor_at(t->v, true);
    struct view pairs = der(&c, 0, &kind);
    t->failed |= c.failed || c.at != t->v.size || (kind != APPLICATION_16 && kind != SET);
    if (kind == APPLICATION_16) {
        c = cursor_at(pairs, true);
        (void)der(&c, INTEGER, &any);
        pairs = der(&c, CONTEXT_16, &any);
        t->failed |= c.failed || c.at != c.view.size;
    }
    for (c = cursor_at(pairs, true); !t->failed && c.at < pairs.size;) {
        struct cursor pair = cursor_at(der(&c, SEQUENCE, &any), true);
        const struct view key = der(&pair, UTF8, &any), worth = der(&pair, 0, &kind);
        t->failed |= c.failed || pair.failed || pair.at != pair.view.size || (kind == BOOLEAN && worth.size != 1);
        if (!t->failed)
            take(t, key, kind == BOOLEAN && worth.data[0]);
    }
}

static bool has(const struct named_list *list, const struct named *item)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].detail == item->detail && strcmp(list->items[i].text, item->text) == 0)
            return true;
    return false;
}

/* The first of `list` that `other` does not have; NULL: it has all. */
static const struct named *missing(const struct named_list *list, const struct named_list *other)
{
    for (size_t i = 0; i < list->count; i++)
        if (!has(other, &list->items[i]))
            return &list->items[i];
    return NULL;
}

static void read_form(struct macho_view *view, struct view blob, uint64_t at, void (*read)(struct text *t),
                      struct named_list *found)
{
    struct text t = {.view = view, .found = found, .base = macho_at(view, at + BLOB_HEADER)};
    if (!blob.data || NEVER(!view_sub(blob, BLOB_HEADER, blob.size - BLOB_HEADER, &t.v)))
        return;
    read(&t);
    found->known = t.failed ? KNOWN_BROKEN : KNOWN_COMPLETE;
}

void read_entitlements(struct macho_view *view, struct view area, uint64_t at, struct view xml, struct view der_form)
{
    struct named_list first = {0}, second = {0}, *all = &view->extra->entitlements;
    read_form(view, xml, xml.data ? at + (uint64_t)(xml.data - area.data) : 0, read_xml, &first);
    read_form(view, der_form, der_form.data ? at + (uint64_t)(der_form.data - area.data) : 0, read_der, &second);
    *all = xml.data ? first : second;
    if (first.known == KNOWN_BROKEN || second.known == KNOWN_BROKEN)
        all->known = KNOWN_BROKEN;
    if (!xml.data || !der_form.data || all->known == KNOWN_BROKEN)
        return;
    const struct named *odd = missing(&first, &second), *other = missing(&second, &first);
    if (!odd && !other)
        return;
    odd = odd ? odd : other;
    MACHO_DEFECT(view, macho_entitlements, odd->offset - view->image->offset, "the same entitlements in XML and in DER",
                 "%s, %s, in one of them alone", odd->text, odd->detail ? "true" : "not true");
    for (size_t i = 0; i < second.count; i++)
        if (!has(&first, &second.items[i]))
            named_add(&view->file->arena, all, second.items[i].text, second.items[i].offset, second.items[i].detail);
}
