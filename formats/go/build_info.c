/* What `go version -m` prints: a record that the Go linker puts into the data of every
 * program (cmd/link/internal/ld/data.go, buildinfo). As debug/buildinfo reads it:
 *
 *     magic    "\xff Go buildinf:", aligned to 16 bytes
 *     ptrSize  uint8   of the pointer form
 *     flags    uint8   bit 0: big-endian pointers; bit 1: strings follow inline (Go 1.18)
 *
 * In the inline form two strings, each behind its uvarint length, stand at byte 32: the Go
 * version and the module information. In the pointer form bytes 16 and on are two pointers
 * to Go string headers. The module information stands between two 16-byte sentinels and
 * is lines of `path`, `mod`, `dep`, `=>` and `build KEY=VALUE` (runtime/debug/mod.go). */
#include "formats/go/go.h"

#include <string.h>

#include "formats/certain.h"
#include "formats/limits.h"

enum { SENTINEL = 16, FLAG_BIG_ENDIAN = 1, FLAG_INLINE = 2, INLINE_AT = 32, VERSION_MOST = 256 };

/* A version is text that the go command printed: "go1.23.5", "devel go1.24-abc", "go1.22 X:boringcrypto". */
static bool is_version(struct view v)
{
    bool named = (v.size > 2 && memcmp(v.data, "go", 2) == 0) || (v.size > 5 && memcmp(v.data, "devel", 5) == 0);
    for (size_t i = 0; i < v.size; i++)
        named = named && v.data[i] >= 0x20 && v.data[i] < 0x7f;
    return named && v.size <= VERSION_MOST;
}

static bool pointed(const struct image *image, uint64_t address, bool big, int bits, struct view *text)
{
    struct view header;
    uint64_t offset;
    if (!image_address(image, address, &offset) || !file_view(image->file, offset, (uint64_t)bits / 4, &header))
        return false;
    struct cursor c = cursor_at(header, big);
    uint64_t data = cursor_word(&c, bits), size = cursor_word(&c, bits);
    *text = (struct view){0};
    return size == 0 || (image_address(image, data, &offset) && file_view(image->file, offset, size, text));
}

static bool find_strings(const struct image *image, struct view v, struct view *version, struct view *modules)
{
    struct cursor c = cursor_at(v, false);
    struct view magic = cursor_take(&c, GO_MAGIC);
    if (NEVER(c.failed) || v.size < GO_RECORD_HEADER || NEVER(memcmp(magic.data, GO_BUILD_INFO_MAGIC, GO_MAGIC) != 0))
        return false;
    unsigned pointer = cursor_u8(&c), flags = cursor_u8(&c);
    if (flags & FLAG_INLINE) {
        cursor_skip(&c, INLINE_AT - c.at);
        *version = cursor_take(&c, cursor_uleb(&c));
        *modules = cursor_take(&c, cursor_uleb(&c));
        return !c.failed && is_version(*version);
    }
    if (pointer != 4 && pointer != 8)
        return false;
    bool big = flags & FLAG_BIG_ENDIAN;
    int bits = (int)pointer * 8;
    c.big_endian = big;
    uint64_t first = cursor_word(&c, bits), second = cursor_word(&c, bits);
    if (!pointed(image, first, big, bits, version) || !is_version(*version))
        return false;
    if (!pointed(image, second, big, bits, modules))
        *modules = (struct view){0};
    return true;
}

/* A Go string literal, where the value is one, without its quotes: `"-s -w"`. */
static const char *unquoted(struct arena *arena, struct view v)
{
    char quote = v.size >= 2 ? (char)v.data[0] : 0;
    if (v.size > LIMIT_TEXT)
        v.size = LIMIT_TEXT;
    if ((quote != '"' && quote != '`') || v.data[v.size - 1] != (uint8_t)quote)
        return arena_copy(arena, v.data, v.size);
    char *text = arena_alloc(arena, v.size);
    size_t n = 0;
    for (size_t i = 1; i + 1 < v.size; i++) {
        if (quote == '"' && v.data[i] == '\\' && i + 2 < v.size)
            i++;
        text[n++] = (char)v.data[i];
    }
    return text;
}

static bool begins(struct view *line, const char *word)
{
    size_t size = strlen(word);
    return line->size >= size && memcmp(line->data, word, size) == 0 &&
           ALWAYS(view_sub(*line, size, line->size - size, line));
}

static void take_setting(struct arena *arena, struct view line, struct go_info *go)
{
    const struct {
        const char *key;
        const char **value;
    } settings[] = {{"GOOS=", &go->goos},         {"GOARCH=", &go->goarch},    {"GOAMD64=", &go->level},
                    {"GOARM64=", &go->level},     {"-ldflags=", &go->ldflags}, {"-buildmode=", &go->buildmode},
                    {"-trimpath=", &go->trimpath}};
    if (begins(&line, "CGO_ENABLED=")) {
        go->cgo_enabled = line.size != 1        ? ANSWER_UNKNOWN
                          : line.data[0] == '1' ? ANSWER_YES
                          : line.data[0] == '0' ? ANSWER_NO
                                                : ANSWER_UNKNOWN;
        return;
    }
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        if (begins(&line, settings[i].key)) {
            *settings[i].value = unquoted(arena, line);
            return;
        }
}

static void take_modules(struct arena *arena, struct view text, struct go_info *go)
{
    struct view line;
    size_t settings = 0;
    for (size_t at = 0; at < text.size;) {
        const uint8_t *end = memchr(text.data + at, '\n', text.size - at);
        if (NEVER(!end) || NEVER(!view_sub(text, at, (size_t)(end - text.data) - at, &line)))
            return; /* debug.ParseBuildInfo, too, ends at a line without end */
        at = (size_t)(end - text.data) + 1;
        bool path = begins(&line, "path\t"), setting = !path && begins(&line, "build\t");
        if ((path || setting) && settings++ == LIMIT_GO_SETTINGS) {
            go->known = KNOWN_BROKEN; /* the last of a kind counts, and would have to be copied each time */
            return;
        }
        if (path)
            go->path = arena_copy(arena, line.data, line.size < LIMIT_TEXT ? line.size : LIMIT_TEXT);
        else if (begins(&line, "dep\t"))
            go->modules++;
        else if (setting)
            take_setting(arena, line, go);
    }
}

/* What stands up to the next tab; the rest stays in `line`. */
static const char *take_field(struct arena *arena, struct view *line)
{
    const uint8_t *tab = line->size ? memchr(line->data, '\t', line->size) : NULL;
    size_t size = tab ? (size_t)(tab - line->data) : line->size, rest = tab ? size + 1 : size;
    char *text = arena_copy(arena, line->size ? (const void *)line->data : "", size < LIMIT_TEXT ? size : LIMIT_TEXT);
    *line = (struct view){line->data + rest, line->size - rest};
    return text;
}

size_t go_modules(const struct go_info *go, struct arena *arena, struct go_module **modules, bool *whole)
{
    struct view text = go->module_text, line;
    size_t count = 0;
    *modules = NULL;
    *whole = go->known == KNOWN_COMPLETE && text.size;
    for (size_t at = 0; at < text.size;) {
        const uint8_t *end = memchr(text.data + at, '\n', text.size - at);
        if (!end || NEVER(!view_sub(text, at, (size_t)(end - text.data) - at, &line)))
            break;
        at = (size_t)(end - text.data) + 1;
        bool main = begins(&line, "mod\t"), replaces = !main && begins(&line, "=>\t") && count;
        if (!main && !replaces && !begins(&line, "dep\t"))
            continue;
        if (count == LIMIT_GO_MODULES && !replaces) {
            *whole = false;
            break;
        }
        if (!replaces)
            *modules = arena_grow(arena, *modules, count++, sizeof **modules);
        struct go_module *module = &(*modules)[count - 1];
        module->main = replaces ? module->main : main;
        module->path = take_field(arena, &line);
        module->version = take_field(arena, &line);
        module->sum = take_field(arena, &line);
    }
    return count;
}

bool build_info_take(const struct image *image, struct view v, uint64_t offset, struct go_info *go)
{
    struct arena *arena = &image->file->arena;
    struct view version, modules, inner;
    if (!find_strings(image, v, &version, &modules))
        return false;
    go->known = KNOWN_COMPLETE;
    go->offset = offset;
    int64_t space =
        view_find(version, 0, " X:", 3); /* experiments the toolchain was built with are no part of its version */
    go->version = arena_copy(arena, version.data, space < 0 ? version.size : (size_t)space);
    if (modules.size > 2 * SENTINEL && modules.data[modules.size - SENTINEL - 1] == '\n' &&
        ALWAYS(view_sub(modules, SENTINEL, modules.size - 2 * SENTINEL, &inner)))
        take_modules(arena, go->module_text = inner, go);
    return true;
}
