/* The reports: the first byte chooses a format, the second how it looks, the rest are up to three records as workers
 * send them, each with its size before it. Whatever is in them, a report is written to its end, is text,
 * and is JSON or XML where it says so. */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <jansson.h>

#include "src/report/report.h"

enum { RECORDS = 3 };

/* UTF-8 as RFC 3629 has it, and no control character but those that a report writes itself. */
static bool is_text(const uint8_t *at, size_t size, bool colour)
{
    for (const uint8_t *end = at + size; at < end; at++) {
        unsigned more = *at < 0x80 ? 0 : (*at & 0xe0) == 0xc0 ? 1 : (*at & 0xf0) == 0xe0 ? 2 : 3;
        uint32_t code = more ? *at & (0x3fU >> more) : *at;
        if (more > (size_t)(end - at) - 1 || (more == 3 && (*at & 0xf8) != 0xf0))
            return false;
        if (code < 0x20 && !more && code != '\n' && code != '\r' && code != '\t' && !(colour && code == 0x1b))
            return false;
        for (unsigned i = 0; i < more; i++)
            if ((*++at & 0xc0) != 0x80)
                return false;
            else
                code = code << 6 | (*at & 0x3f);
        static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
        if (code < least[more] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000) || (code >= 0x7f && code < 0xa0))
            return false;
    }
    return true;
}

static bool is_json(const char *text, size_t size)
{
    json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
    json_decref(root);
    return root != NULL;
}

static bool are_json_lines(const char *text, size_t size)
{
    while (size) {
        const char *end = memchr(text, '\n', size);
        if (!end || !is_json(text, (size_t)(end - text)))
            return false;
        size -= (size_t)(end - text) + 1;
        text = end + 1;
    }
    return true;
}

/* XML as far as escaping can break it: each `<` begins a tag, each tag ends, and ends in its turn; each `&` begins one of
 * the five entities or a number. */
static bool is_xml(const char *text, size_t size)
{
    enum { DEEP = 16, NAME = 32 };
    char open[DEEP][NAME];
    size_t depth = 0;
    for (const char *at = text, *end = text + size; at < end; at++) {
        if (*at == '&' && strspn(at + 1, "abcdefghijklmnopqrstuvwxyz#0123456789ABCDEF") + 1 != strcspn(at, ";"))
            return false;
        if (*at != '<')
            continue;
        size_t name = strspn(at + 1, "abcdefghijklmnopqrstuvwxyz-"), length = strcspn(at, ">");
        bool closes = at[1] == '/', alone = length > 1 && (at[length - 1] == '/' || at[1] == '?');
        if (memchr(at + 1, '<', length - 1) || at[length] != '>' || name >= NAME)
            return false;
        if (closes && (depth-- == 0 || strncmp(open[depth], at + 2, strlen(open[depth])) != 0))
            return false;
        if (!closes && !alone && (name == 0 || depth == DEEP))
            return false;
        if (!closes && !alone) {
            memcpy(open[depth], at + 1, name);
            open[depth++][name] = 0;
        }
        at += length;
    }
    return depth == 0;
}

static bool is_good(const struct reporter *reporter, bool inspection, bool colour, const char *text, size_t size)
{
    static const struct reporter *const json[] = {&report_json, &report_sarif, &report_gitlab, &report_cyclonedx};
    bool good = is_text((const uint8_t *)text, size, colour);
    for (size_t i = 0; i < sizeof json / sizeof *json; i++)
        if (reporter == json[i])
            good = good && is_json(text, size);
    if (reporter == &report_junit)
        good = good && is_xml(text, size);
    if (reporter == &report_ndjson && !inspection)
        good = good && are_json_lines(text, size);
    return good;
}

static size_t unpack(struct arena *arena, const uint8_t *data, size_t size, struct record **records)
{
    size_t count = 0;
    while (size >= 2 && count < RECORDS) {
        size_t length = (size_t)data[0] | (size_t)data[1] << 8;
        data += 2;
        size -= 2;
        if (length > size)
            length = size;
        records[count] = unpack_sealed(arena, data, length);
        count += records[count] != NULL;
        data += length;
        size -= length;
    }
    return count;
}

/* Memory of the text is kept from case to case; a report that is longer than it is not looked at. */
static void write_report(const struct reporter *reporter, unsigned look, struct run *run)
{
    enum { ROOM = 1 << 22 };
    static char *room;
    const struct report_options options = {.colour = look & 1, .quiet = look & 2, .verbose = look & 4, .line = 1};
    bool inspection = look & 8 && reporter->inspect && run->count;
    if (!room)
        room = malloc(ROOM);
    FILE *out = room ? fmemopen(room, ROOM, "w") : NULL;
    if (!out)
        return;
    bool good = inspection ? reporter->inspect(run->records[0], &options, out) : reporter->run(run, &options, out);
    good = fflush(out) == 0 && !ferror(out) && good;
    long size = ftell(out);
    (void)fclose(out);
    if (good && !is_good(reporter, inspection, options.colour, room, (size_t)size))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    jmp_buf escape;
    struct record *records[RECORDS];
    struct gate gate = {.profile = profile_find("release"), .fail_on = LEVEL_WARNING};
    struct run run = {.gate = &gate, .records = records};
    struct arena *arena = case_arena(&escape);
    if (size < 2 || setjmp(escape) != 0)
        return 0;
    run.count = unpack(arena, data + 2, size - 2, records);
    gate_decide(arena, &run);
    for (size_t i = 0; i < run.count; i++) /* not seeing is not passing */
        if (records[i]->verdict == VERDICT_PASS && (records[i]->error || records[i]->image_count == 0))
            abort();
    write_report(reporters[data[0] % reporter_count], data[1], &run);
    return 0;
}
