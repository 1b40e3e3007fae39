/* Foreign text on its way into each output: nothing in it is seen as anything but text, and the text can be had back. */
#include "tests/fuzz/fuzz.h"

#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <jansson.h>

#include "src/report/escape.h"

enum { MOST = 96, ROOM = 64 * MOST };

static char room[ROOM], plain[ROOM], back[ROOM];

/* What `write` makes of the text, in `room`: the buffer of a stream that is never written. */
static const char *written(void (*write)(FILE *out, const char *text), const char *text)
{
    static FILE *out;
    if (!out && (!(out = fopen("/dev/null", "w")) || setvbuf(out, room, _IOFBF, sizeof room) != 0))
        _Exit(2);
    write(out, text);
    size_t size = __fpending(out);
    if (size >= ROOM - 1)
        abort();
    room[size] = 0;
    __fpurge(out);
    return room;
}

static unsigned digits(const char *at, size_t count)
{
    char text[9] = {0};
    memcpy(text, at, count);
    return (unsigned)strtoul(text, NULL, 16);
}

static char *put_character(char *to, unsigned c)
{
    unsigned more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const unsigned char leads[] = {0, 0xc0, 0xe0, 0xf0};
    *to++ = (char)(leads[more] | c >> 6 * more);
    while (more--)
        *to++ = (char)(0x80 | (c >> 6 * more & 0x3f));
    return to;
}

/* The form for people undone. */
static void undo_plain(const char *at)
{
    char *to = back;
    while (*at) {
        if (*at != '\\') {
            *to++ = *at++;
        } else if (at[1] == 'x') {
            *to++ = (char)digits(at + 2, 2);
            at += 4;
        } else if (at[1] == 'u') {
            size_t length = strcspn(at + 3, "}");
            to = put_character(to, digits(at + 3, length));
            at += 4 + length;
        } else {
            *to++ = at[1] == 'n' ? '\n' : at[1] == 't' ? '\t' : '\\';
            at += 2;
        }
    }
    *to = 0;
}

static bool is_seen(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f || (text[0] == '#' && text[1] == '#'))
            return false;
    return true;
}

/* Characters that it takes, each as wide as one column. */
static size_t columns(const char *text)
{
    size_t count = 0;
    for (; *text; text++)
        count += ((unsigned char)*text & 0xc0) != 0x80;
    return count;
}

static void people(const char *text)
{
    strcpy(plain, written(escape_terminal, text));
    undo_plain(plain);
    if (!is_seen(plain) || strcmp(back, text) != 0 || escape_width(text, SIZE_MAX) != columns(plain))
        abort();
}

static void json(const char *text)
{
    const char *told = written(escape_json, text);
    json_t *value = json_loads(told, JSON_DECODE_ANY, NULL);
    const char *at = json_string_value(value);
    char *to = back;
    if (!is_seen(told) || !at)
        abort();
    while (*at)
        if (at[0] == '\\' && at[1] == 'x') {
            *to++ = (char)digits(at + 2, 2);
            at += 4;
        } else {
            *to++ = *at++;
        }
    *to = 0;
    json_decref(value);
    if (strcmp(back, text) != 0)
        abort();
}

/* Entities undone, and one element. */
static void entities(const char *at, bool span)
{
    static const struct {
        const char *name, *text;
    } names[] = {{"&amp;", "&"}, {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"<span>@</span>", "@"}};
    char *to = back;
    while (*at) {
        bool may = *at == '&' || *at == '<';
        size_t i = may ? 0 : 5, count = may ? (span ? 5 : 4) : 0;
        while (i < count && strncmp(at, names[i].name, strlen(names[i].name)) != 0)
            i++;
        if (i < count) {
            to = stpcpy(to, names[i].text);
            at += strlen(names[i].name);
        } else if (at[0] == '&' && at[1] == '#') {
            to = put_character(to, (unsigned)strtoul(at + 2, NULL, 10));
            at += strcspn(at, ";") + 1;
        } else if (strchr("<>&\"'", *at) || (span && strchr("`*_{}[]()#.!|~@:$^%\\", *at))) {
            abort();
        } else {
            *to++ = *at++;
        }
    }
    *to = 0;
    if (strcmp(back, plain) != 0)
        abort();
}

static void csv(const char *text)
{
    const char *at = written(escape_csv, text);
    size_t size = strlen(at);
    char *to = back;
    if (size < 2 || at[0] != '"' || at[size - 1] != '"')
        abort();
    if (strchr("=+-@'|%", at[1])) {
        if (at[1] != '\'')
            abort();
        at++;
        size--;
    }
    for (size_t i = 1; i + 1 < size; i++) {
        if (at[i] == '"' && (at[++i] != '"' || i + 1 >= size))
            abort();
        *to++ = at[i];
    }
    *to = 0;
    if (strcmp(back, plain) != 0)
        abort();
}

/* Percent signs undone; none but those, and none of `without`. */
static void percents(const char *at, const char *without, const char *wanted)
{
    char *to = back;
    while (*at) {
        if (strchr(without, *at))
            abort();
        if (*at == '%') {
            *to++ = (char)digits(at + 1, 2);
            at += 3;
        } else {
            *to++ = *at++;
        }
    }
    *to = 0;
    if (strcmp(back, wanted) != 0)
        abort();
}

/* A path; leading "./" and what stands for nothing are left out. */
static void uri(const char *text)
{
    const char *path = text, *told = written(escape_uri, text);
    while (path[0] == '.' && path[1] == '/')
        for (path += 2; *path == '/'; path++)
            continue;
    if (*path == '/' && strncmp(told, "file://", 7) != 0)
        abort();
    percents(*path == '/' ? told + 7 : told, " \"'<>&\\:?#[]@!$()*+,;=\n", *path ? path : ".");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[MOST + 1];
    if (size > MOST)
        return 0;
    for (size_t i = 0; i < size; i++)
        text[i] = (char)(data[i] ? data[i] : 1);
    text[size] = 0;
    people(text);
    json(text);
    entities(written(escape_xml, text), false);
    entities(written(escape_markdown, text), true);
    csv(text);
    percents(written(escape_github, text), "\n\r", plain);
    percents(written(escape_github_property, text), "\n\r:,", plain);
    uri(text);
    return 0;
}
