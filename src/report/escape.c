#include "src/report/escape.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* The character at `at` and its bytes; 0 bytes where this is no well-formed UTF-8 (Unicode 15, table 3-7). */
static unsigned decode(const unsigned char *at, uint32_t *character)
{
    unsigned size = at[0] < 0x80                    ? 1
                    : at[0] >= 0xc2 && at[0] < 0xe0 ? 2
                    : (at[0] & 0xf0) == 0xe0        ? 3
                    : at[0] >= 0xf0 && at[0] < 0xf5 ? 4
                                                    : 0;
    static const uint8_t masks[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (size == 0)
        return 0;
    uint32_t value = at[0] & masks[size];
    for (unsigned i = 1; i < size; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
        value = value << 6 | (at[i] & 0x3f);
    }
    if (value < least[size] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000))
        return 0;
    *character = value;
    return size;
}

static bool invisible(uint32_t c)
{
    static const struct {
        uint32_t first, last;
    } ranges[] = {{0, 0x1f},        {0x7f, 0x9f},     {0xad, 0xad},       {0x34f, 0x34f},     {0x61c, 0x61c},
                  {0x115f, 0x1160}, {0x17b4, 0x17b5}, {0x180b, 0x180f},   {0x200b, 0x200f},   {0x2028, 0x202e},
                  {0x2060, 0x206f}, {0x3164, 0x3164}, {0xfe00, 0xfe0f},   {0xfeff, 0xfeff},   {0xffa0, 0xffa0},
                  {0xfff0, 0xfffb}, {0xfffe, 0xffff}, {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff}, {0xf0000, 0x10ffff}};
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (c >= ranges[i].first && c <= ranges[i].last)
            return true;
    return false;
}

/* Printable ASCII that stands for itself in either form, wherever it stands: not '"', '#' and '\\'. */
static bool plain(unsigned char c)
{
    static const uint32_t bits[8] = {0, 0xfffffff3, 0xefffffff, 0x7fffffff}; /* 32 characters each */
    return bits[c / 32] >> (c % 32) & 1;
}

/* A bit of each byte that lies above `most`, where none has its highest bit set; `most` below 0x7f. */
static uint64_t above(uint64_t bytes, uint64_t most)
{
    return bytes + (0x7f - most) * UINT64_C(0x0101010101010101);
}

/* Whether all eight bytes are plain. */
static bool all_plain(uint64_t bytes)
{
    static const uint64_t ones = UINT64_C(0x0101010101010101), high = ones * 0x80;
    uint64_t quote = bytes ^ '"' * ones, hash = bytes ^ '#' * ones, slash = bytes ^ '\\' * ones;
    if (bytes & high)
        return false;
    return (above(bytes, 0x1f) & ~above(bytes, 0x7e) & above(quote, 0) & above(hash, 0) & above(slash, 0) & high) ==
           high;
}

size_t escape_plain(const char *text)
{
    size_t size = strlen(text), at = 0;
    for (uint64_t bytes; size - at >= sizeof bytes; at += sizeof bytes) {
        memcpy(&bytes, text + at, sizeof bytes);
        if (!all_plain(bytes))
            break;
    }
    while (plain((unsigned char)text[at]))
        at++;
    return at;
}

/* Writes the plain bytes at `at` and returns what follows them. */
static const unsigned char *write_plain(FILE *out, const unsigned char *at)
{
    const unsigned char *end = at;
    while (plain(*end))
        end++;
    fwrite(at, 1, (size_t)(end - at), out);
    return end;
}

/* How one character, or one byte that is none (size 0), is shown to people. */
enum form { FORM_SELF, FORM_LETTER, FORM_DOUBLE, FORM_BYTE, FORM_CHARACTER };

static enum form form_of(unsigned size, uint32_t c, bool after_hash)
{
    if (size == 0)
        return FORM_BYTE;
    if (c == '\n' || c == '\t')
        return FORM_LETTER;
    if (c == '\\')
        return FORM_DOUBLE;
    if (c < 0x20 || c == 0x7f || (c == '#' && after_hash))
        return FORM_BYTE;
    return invisible(c) ? FORM_CHARACTER : FORM_SELF;
}

/* What each ASCII character is written as in a language; NULL: as itself. */
struct language {
    const char *written[128];
};

static void write_as(FILE *out, const struct language *language, const char *text)
{
    for (; *text; text++) {
        const char *written = (unsigned char)*text < 128 ? language->written[(unsigned char)*text] : NULL;
        if (written)
            fputs(written, out);
        else
            putc(*text, out);
    }
}

/* One character, or byte that is none, in the form for people. */
static void write_form(FILE *out, const struct language *language, enum form form, const unsigned char *at,
                       unsigned size, uint32_t c)
{
    char text[16];
    switch (form) {
    case FORM_SELF:
        memcpy(text, at, size);
        text[size] = 0;
        break;
    case FORM_LETTER:
        memcpy(text, c == '\n' ? "\\n" : "\\t", sizeof "\\n");
        break;
    case FORM_DOUBLE:
        memcpy(text, "\\\\", sizeof "\\\\");
        break;
    case FORM_BYTE:
        (void)snprintf(text, sizeof text, "\\x%02x", *at);
        break;
    case FORM_CHARACTER:
        (void)snprintf(text, sizeof text, "\\u{%x}", c);
        break;
    }
    if (language)
        write_as(out, language, text);
    else
        fputs(text, out);
}

/* Writes what stands for itself in the language too, and returns what follows it. */
static const unsigned char *write_plain_as(FILE *out, const struct language *language, const unsigned char *at)
{
    const unsigned char *end = at;
    while (plain(*end) && !language->written[*end])
        end++;
    fwrite(at, 1, (size_t)(end - at), out);
    return end;
}

static void escape_for(FILE *out, const struct language *language, const char *text)
{
    const unsigned char *start = (const unsigned char *)(text ? text : "?"), *at = start;
    for (;;) {
        uint32_t c = 0;
        at = language ? write_plain_as(out, language, at) : write_plain(out, at);
        if (!*at)
            return;
        unsigned size = decode(at, &c);
        write_form(out, language, form_of(size, c, at > start && at[-1] == '#'), at, size, c);
        at += size ? size : 1;
    }
}

void escape_terminal(FILE *out, const char *text)
{
    escape_for(out, NULL, text);
}

void escape_xml(FILE *out, const char *text)
{
    static const struct language xml = {
        {['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;", ['"'] = "&quot;", ['\''] = "&#39;"}};
    escape_for(out, &xml, text);
}

void escape_markdown(FILE *out, const char *text)
{
    static const struct language markdown = {
        {['&'] = "&amp;",          ['<'] = "&lt;",  ['>'] = "&gt;",  ['"'] = "&quot;", ['\''] = "&#39;",
         ['\\'] = "&#92;",         ['`'] = "&#96;", ['*'] = "&#42;", ['_'] = "&#95;",  ['{'] = "&#123;",
         ['}'] = "&#125;",         ['['] = "&#91;", [']'] = "&#93;", ['('] = "&#40;",  [')'] = "&#41;",
         ['#'] = "&#35;",          ['.'] = "&#46;", ['!'] = "&#33;", ['|'] = "&#124;", ['~'] = "&#126;",
         ['@'] = "<span>@</span>", [':'] = "&#58;", ['$'] = "&#36;", ['^'] = "&#94;",  ['%'] = "&#37;"}};
    escape_for(out, &markdown, text);
}

void escape_csv(FILE *out, const char *text)
{
    static const struct language csv = {{['"'] = "\"\""}};
    putc('"', out);
    if (text && *text && strchr("=+-@'|%", *text))
        putc('\'', out);
    escape_for(out, &csv, text);
    putc('"', out);
}

void escape_github(FILE *out, const char *text)
{
    static const struct language message = {{['%'] = "%25"}};
    escape_for(out, &message, text);
}

void escape_github_property(FILE *out, const char *text)
{
    static const struct language property = {{['%'] = "%25", [':'] = "%3A", [','] = "%2C"}};
    escape_for(out, &property, text);
}

void escape_uri(FILE *out, const char *path)
{
    const char *at = path ? path : "";
    while (at[0] == '.' && at[1] == '/')
        for (at += 2; *at == '/'; at++)
            continue;
    if (*at == '/')
        fputs("file://", out);
    else if (*at == 0)
        putc('.', out);
    for (; *at; at++) {
        bool literal = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') || (*at >= '0' && *at <= '9') ||
                       strchr("-._~/", *at);
        fprintf(out, literal ? "%c" : "%%%02X", (unsigned char)*at);
    }
}

size_t escape_width(const char *text, size_t most)
{
    static const size_t widths[] = {[FORM_SELF] = 1, [FORM_LETTER] = 2, [FORM_DOUBLE] = 2, [FORM_BYTE] = 4};
    const unsigned char *start = (const unsigned char *)(text ? text : "?"), *at = start;
    at += escape_plain((const char *)at);
    size_t width = (size_t)(at - start);
    while (*at && width < most) {
        if (plain(*at)) {
            width++;
            at++;
            continue;
        }
        uint32_t c = 0;
        unsigned size = decode(at, &c);
        enum form form = form_of(size, c, at > start && at[-1] == '#');
        width += form == FORM_CHARACTER ? (size_t)snprintf(NULL, 0, "\\u{%x}", c) : widths[form];
        at += size ? size : 1;
    }
    return width < most ? width : most;
}

static void escape_unit(FILE *out, uint32_t c)
{
    if (c > 0xffff) {
        c -= 0x10000;
        fprintf(out, "\\u%04x\\u%04x", 0xd800 + (c >> 10), 0xdc00 + (c & 0x3ff));
    } else {
        fprintf(out, "\\u%04x", c);
    }
}

void escape_json_part(FILE *out, const char *text)
{
    const unsigned char *start = (const unsigned char *)text, *at = write_plain(out, start);
    while (*at) {
        uint32_t c = 0;
        unsigned size = decode(at, &c);
        if (size == 0)
            fprintf(out, "\\\\x%02x", *at);
        else if (c == '\\' && at[1] == 'x')
            fputs("\\\\x5c", out);
        else if (c == '\\' || c == '"')
            fprintf(out, "\\%c", (int)c);
        else if (invisible(c) || (c == '#' && at > start && at[-1] == '#'))
            escape_unit(out, c);
        else
            fwrite(at, 1, size, out);
        at = write_plain(out, at + (size ? size : 1));
    }
}

void escape_json(FILE *out, const char *text)
{
    if (!text) {
        fputs("null", out);
        return;
    }
    putc('"', out);
    escape_json_part(out, text);
    putc('"', out);
}

void escape_member(FILE *out, const char *name, const char *text)
{
    fputs(",\"", out);
    fputs(name, out);
    fputs("\":", out);
    escape_json(out, text);
}
