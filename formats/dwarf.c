/* DWARF by its content, wherever it stands. No loader reads it, so a section of another name
 * or type, a segment over bytes that nothing asks for, or a note costs its author nothing and
 * hides it from every reader that goes by names. A .debug_info unit begins with its length, a
 * version of 2 to 5, the offset of its abbreviations and the size of an address (DWARF 5
 * §7.5.1), and is followed by another one. In the 64-bit format its length is 0xffffffff and
 * a word of 64 bits, and offsets have as many (§7.4). Tables of small numbers look like that once in
 * gigabytes, so there must be an abbreviation, too, that names the code of the first entry as
 * a compile unit with a producer or a name: somewhere for several units in a row, near by for
 * the one or two of a small program. */
#include "formats/read.h"

#include "formats/certain.h"
#include "formats/limits.h"
#include "formats/loaded.h"

enum {
    DW_UT_COMPILE = 1,
    DW_UT_LAST = 6,
    VERSION_LEAST = 2,
    VERSION_MOST = 5,
    HEADER_LEAST = 12, /* of a unit of version 2 to 4, and the code of its first entry */
    IN_A_ROW = 3,
    CODES = 128,          /* of one byte */
    NEAR = 1 << 16,       /* bytes around a unit in which its abbreviations stand where there are few units */
    ALONE_MOST = 1 << 20, /* bytes of a unit that stands nearly alone */
    TRIES = 4096,         /* of that search; chance makes a handful */
    ADDRESS = 8,
    BLOCK = 64,
    SECTION_ALLOC = 2,
};

static const uint32_t DWARF64 = 0xffffffff; /* in place of a length */

struct unit {
    uint64_t size; /* with its length */
    uint64_t abbreviations;
    uint16_t version;
    uint8_t type, address_size, code; /* code: of the first entry */
    bool wide;                        /* of the 64-bit format */
    struct cursor behind_version;
};

static uint64_t take_offset(struct cursor *c, bool wide)
{
    return wide ? cursor_u64(c) : cursor_u32(c);
}

/* unit_length, version and what .debug_info has after them at `at`; false where the length or the version cannot be. */
static bool read_unit(struct view v, uint64_t at, struct unit *unit)
{
    struct cursor c = cursor_at(v, false);
    cursor_skip(&c, at);
    uint64_t length = cursor_u32(&c);
    bool wide = length == DWARF64;
    length = wide ? cursor_u64(&c) : length;
    uint64_t end = range_end(c.at, length);
    *unit = (struct unit){.version = cursor_u16(&c), .type = DW_UT_COMPILE, .wide = wide};
    unit->behind_version = c;
    if (c.failed || length < 7 || end > v.size || unit->version < VERSION_LEAST || unit->version > VERSION_MOST)
        return false;
    unit->size = end - at;
    if (unit->version == 5) {
        unit->type = cursor_u8(&c);
        unit->address_size = cursor_u8(&c);
        unit->abbreviations = take_offset(&c, wide);
    } else {
        unit->abbreviations = take_offset(&c, wide);
        unit->address_size = cursor_u8(&c);
    }
    if (c.failed || unit->type < DW_UT_COMPILE || unit->type > DW_UT_LAST)
        unit->address_size = 0;
    unit->code = cursor_u8(&c);
    return true;
}

static bool is_info(const struct unit *unit)
{
    return unit->address_size == 4 || unit->address_size == 8;
}

bool dwarf_begins(struct view v)
{
    struct unit unit;
    if (!read_unit(v, 0, &unit))
        return false;
    if (is_info(&unit))
        return true;
    struct cursor line = unit.behind_version; /* the header of a .debug_line unit: DWARF 5 §6.2.4 */
    if (unit.version == 5)
        cursor_skip(&line, 2);
    uint64_t header_length = take_offset(&line, unit.wide);
    uint8_t minimum = cursor_u8(&line);
    return !line.failed && header_length >= 10 && header_length < unit.size - 4 && (minimum == 1 || minimum == 4);
}

static bool is_likely(struct view v, const struct unit *unit)
{
    return unit->address_size == ADDRESS && unit->size >= HEADER_LEAST && unit->abbreviations < v.size &&
           unit->code != 0;
}

/* What is looked for in `v`, and what was found out about it on the way. */
struct hunt {
    struct view v;
    unsigned tries;
    enum answer units[CODES]; /* by the code of an abbreviation: whether a compile unit has it anywhere */
};

/* Whether a form of a text stands at `at`, and another attribute and its form behind it (DWARF 5 §7.5.4 to §7.5.6). */
static bool has_text(struct view v, uint64_t at)
{
    static const uint8_t texts[] = {0x08, 0x0e, 0x1a, 0x1d, 0x1f, 0x25, 0x26, 0x27, 0x28}; /* DW_FORM_string, strp, … */
    enum { GNU_INDEX = 0x1f02, GNU_ALT = 0x1f21, ATTRIBUTE_LAST = 0x3fff, FORM_LAST = 0x2c };
    struct cursor c = cursor_at(v, false);
    cursor_skip(&c, at);
    uint64_t form = cursor_uleb(&c);
    bool text = form == GNU_INDEX || form == GNU_ALT;
    for (size_t i = 0; i < sizeof texts; i++)
        text |= form == texts[i];
    uint64_t attribute = cursor_uleb(&c), second = cursor_uleb(&c);
    return text && !c.failed && attribute && attribute <= ATTRIBUTE_LAST && second &&
           (second <= FORM_LAST || second >> 8 == GNU_ALT >> 8);
}

static bool has_words(struct view v, const uint8_t words[4])
{
    for (int64_t at = view_find(v, 0, words, 4); at >= 0; at = view_find(v, (uint64_t)at + 1, words, 4))
        if (has_text(v, (uint64_t)at + 4))
            return true;
    return false;
}

/* Whether the abbreviation of a compile unit that begins with its name or its producer stands in v. */
static bool has_abbreviation(struct view v, uint8_t code)
{
    const uint8_t producer[] = {code, 0x11, 1, 0x25}, name[] = {code, 0x11, 1, 0x03}; /* DW_TAG, children, DW_AT */
    return has_words(v, producer) || has_words(v, name);
}

/* The first unit of a program, with the abbreviations behind it or before it. */
static bool is_first(struct hunt *hunt, uint64_t at, const struct unit *unit)
{
    struct view near;
    uint64_t from = at < NEAR ? 0 : at - NEAR, end = range_end(at, range_end(unit->size, NEAR));
    if (unit->version < 4 || unit->abbreviations != 0 || unit->type != DW_UT_COMPILE || unit->size > ALONE_MOST ||
        hunt->tries >= TRIES)
        return false;
    hunt->tries++;
    if (end > hunt->v.size)
        end = hunt->v.size;
    return ALWAYS(view_sub(hunt->v, from, end - from, &near)) && has_abbreviation(near, unit->code);
}

static bool is_known(struct hunt *hunt, const struct unit *unit)
{
    enum answer *answer = &hunt->units[unit->code % CODES];
    if (unit->code >= CODES)
        return false;
    if (*answer == ANSWER_UNKNOWN)
        *answer = has_abbreviation(hunt->v, unit->code) ? ANSWER_YES : ANSWER_NO;
    return *answer == ANSWER_YES;
}

/* Whether units begin at `at`: several in a row, or the first one of a program. */
static bool units_begin(struct hunt *hunt, uint64_t at)
{
    struct unit first = {0}, last = {0};
    uint64_t next = at;
    for (unsigned count = 0; count < IN_A_ROW; count++) {
        struct unit unit;
        if (!read_unit(hunt->v, next, &unit) || !is_likely(hunt->v, &unit) || unit.abbreviations < last.abbreviations)
            return count > 0 && is_first(hunt, at, &first);
        first = count ? first : unit;
        last = unit;
        next += unit.size;
    }
    return is_known(hunt, &first);
}

/* Whether one of BLOCK places may be the version of a unit, behind a length whose upper byte is at most `most`; without a
 * branch in it, so that compilers see a vector. */
static bool has_version(const uint8_t *at, uint8_t most)
{
    const uint8_t *before = at - 1;
    uint8_t hits = 0;
    for (size_t i = 0; i < BLOCK; i++)
        hits |= (uint8_t)((uint8_t)(at[i] - VERSION_LEAST) <= VERSION_MOST - VERSION_LEAST) &
                (uint8_t)(at[i + 1] == 0) & (uint8_t)(before[i] <= most);
    return hits;
}

enum { VERSION_AT = 4, WIDER = 8 /* bytes that a length of the 64-bit format has more */ };

/* Where units begin of which the first has its version at VERSION_AT, in either format; -1: nowhere. */
static int64_t units_at(struct hunt *hunt, uint64_t at)
{
    if (at >= WIDER && load_le32(hunt->v.data + at - WIDER) == DWARF64 && units_begin(hunt, at - WIDER))
        return (int64_t)(at - WIDER);
    return units_begin(hunt, at) ? (int64_t)at : -1;
}

int64_t dwarf_find(struct view v)
{
    int64_t found;
    struct hunt hunt = {.v = v};
    const uint8_t most = v.size >> 24 < UINT8_MAX ? (uint8_t)(v.size >> 24) : UINT8_MAX;
    for (size_t at = 0; at + HEADER_LEAST <= v.size;) {
        bool whole = at + VERSION_AT + BLOCK + 1 <= v.size;
        if (whole && !has_version(v.data + at + VERSION_AT, most)) {
            at += BLOCK;
            continue;
        }
        size_t end = whole ? at + BLOCK : v.size - HEADER_LEAST + 1;
        for (; at < end; at++)
            if (v.data[at + VERSION_AT + 1] == 0 && v.data[at + VERSION_AT] >= VERSION_LEAST &&
                v.data[at + VERSION_AT] <= VERSION_MOST && v.data[at + VERSION_AT - 1] <= most &&
                (found = units_at(&hunt, at)) >= 0)
                return found;
    }
    return -1;
}

void read_hidden_dwarf(struct image *image)
{
    struct range *loaded, *all;
    struct view v;
    bool whole;
    for (size_t i = 0; i < image->debug.count; i++)
        if (image->debug.items[i].kind == DEBUG_DWARF)
            return;
    size_t count = loaded_ranges(image, &loaded, &whole);
    all = arena_array(&image->file->arena, count + image->sections.count + 1, sizeof *all);
    for (size_t i = 0; i < count; i++)
        all[i] = loaded[i];
    for (size_t i = 0; i < image->sections.count; i++) {
        const struct section *s = &image->sections.items[i];
        if (image->format == FORMAT_ELF && s->has_bytes && s->size && !(s->flags & SECTION_ALLOC))
            all[count++] = (struct range){.offset = s->offset, .size = s->size};
    }
    count = ranges_join(all, count);
    if (!whole || image->segments.known != KNOWN_COMPLETE)
        image->debug.known = KNOWN_BROKEN;
    for (size_t i = 0; i < count; i++) {
        if (!file_view(image->file, all[i].offset, all[i].size, &v)) {
            image->debug.known = KNOWN_BROKEN;
            continue;
        }
        int64_t at = dwarf_find(v);
        struct unit unit;
        if (at < 0 || NEVER(!read_unit(v, (uint64_t)at, &unit)))
            continue;
        debug_add(&image->file->arena, &image->debug, DEBUG_DWARF, "bytes that no section names so",
                  all[i].offset + (uint64_t)at, unit.size);
        return;
    }
}
