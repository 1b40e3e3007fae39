#include "formats/model.h"

#include <string.h>

#include "formats/limits.h"

bool image_view(const struct image *image, uint64_t off, uint64_t n, struct view *out)
{
    return range_fits(image->size, off, n) && file_view(image->file, image->offset + off, n, out);
}

const char *image_string(const struct image *image, struct view v, uint64_t off)
{
    int64_t size = view_string(v, off);
    if (size < 0)
        return NULL;
    return arena_copy(&image->file->arena, v.data + off, size < LIMIT_TEXT ? (size_t)size : LIMIT_TEXT);
}

bool image_address(const struct image *image, uint64_t address, uint64_t *offset)
{
    for (size_t i = image->segments.count; i-- > 0;) { /* later segments are mapped over earlier ones */
        const struct segment *s = &image->segments.items[i];
        if (address >= s->address && address - s->address < s->memory_size) {
            if (address - s->address >= s->file_size)
                return false;
            *offset = s->offset + (address - s->address);
            return true;
        }
    }
    return false;
}

bool named_full(const struct named_list *list)
{
    return list->count >= LIMIT_NEEDED || list->bytes >= LIMIT_NAMES;
}

void named_add(struct arena *arena, struct named_list *list, const char *text, uint64_t offset, uint32_t detail)
{
    list->items = arena_grow(arena, list->items, list->count, sizeof *list->items);
    list->items[list->count++] = (struct named){text, offset, detail};
    list->bytes += strlen(text);
}

void debug_add(struct arena *arena, struct debug_list *list, enum debug kind, const char *where, uint64_t offset,
               uint64_t size)
{
    if (list->count >= LIMIT_DEBUG) {
        list->known = KNOWN_BROKEN;
        return;
    }
    list->items = arena_grow(arena, list->items, list->count, sizeof *list->items);
    list->items[list->count++] = (struct debug_info){kind, where, offset, size};
}

void range_add(struct arena *arena, struct range_list *list, struct range range)
{
    if (list->count >= LIMIT_RANGES) {
        list->known = KNOWN_BROKEN;
        return;
    }
    list->items = arena_grow(arena, list->items, list->count, sizeof *list->items);
    list->items[list->count++] = range;
}

const char *format_name(enum format format)
{
    static const char *const names[] = {"unknown", "elf", "mach-o"};
    return names[format];
}

const char *container_name(enum container container)
{
    static const char *const names[] = {"unknown", "elf", "mach-o", "universal"};
    return names[container];
}

const char *os_name(enum os os)
{
    static const char *const names[OS_COUNT] = {"unknown",     "linux",        "android",          "freebsd",
                                                "netbsd",      "openbsd",      "solaris",          "macos",
                                                "ios",         "tvos",         "watchos",          "bridgeos",
                                                "maccatalyst", "iossimulator", "tvossimulator",    "watchossimulator",
                                                "driverkit",   "visionos",     "visionossimulator"};
    return names[os];
}

const char *arch_name(enum arch arch)
{
    static const char *const names[ARCH_COUNT] = {"unknown", "amd64", "arm64", "386", "arm"};
    return names[arch];
}

const char *kind_name(enum kind kind)
{
    static const char *const names[KIND_COUNT] = {
        "unknown",    "executable",       "shared-library", "bundle",     "object", "core",   "debug-file",
        "loader",     "kernel-extension", "other",          "archive",    "pe",     "script", "wasm",
        "java-class", "bitcode",          "dyld-cache",     "compressed", "text",   "empty",  "data"};
    return names[kind];
}

const char *linkage_name(enum linkage linkage)
{
    static const char *const names[] = {
        "not-applicable",        "static", "static-pie", "dynamic", "interp-without-needed",
        "needed-without-interp", "unknown"};
    return names[linkage];
}

const char *libc_name(enum libc libc)
{
    static const char *const names[] = {"unknown", "none", "glibc", "musl", "bionic", "libsystem"};
    return names[libc];
}

const char *debug_name(enum debug debug)
{
    static const char *const names[DEBUG_COUNT] = {"dwarf",           "dwarf-compressed", "stabs", "debug-link",
                                                   "mini-debug-info", "gdb-index",        "ctf",   "btf"};
    return names[debug];
}

const char *signature_name(enum signature signature)
{
    static const char *const names[] = {"none", "ad-hoc", "linker-signed", "cms", "broken"};
    return names[signature];
}
