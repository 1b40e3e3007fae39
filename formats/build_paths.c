/* Paths of the build machine that stayed in the bytes: assertion texts, Go's file
 * table, DWARF's compilation directories. They tell strangers how and where a release
 * was made, and make two builds differ. Known by the folders that people and CI systems
 * build in; every byte that is loaded, and every section that is not loaded is
 * searched once.
 *
 * A path in the middle of a longer one (/var/home/) is not one of these folders. Rust's
 * texts stand without a NUL between them, so there a path is also known by what is in it.
 * /rustc/<hash>/ is where rustc says that its own library stands, on every machine. */
#include "formats/read.h"

#include <string.h>

#include "formats/certain.h"
#include "formats/limits.h"
#include "formats/loaded.h"
#include "formats/needle.h"

static const char *const roots[] = {
    "/home/",
    "/Users/",
    "/root/",
    "/build/",
    "/builds/",
    "/workspace/",
    "/github/workspace",
    "/usr/local/go/",
    "/opt/hostedtoolcache/",
    "C:\\Users\\",
    "C:/Users/",
    "/var/lib/jenkins/",
};
enum { ROOTS = sizeof roots / sizeof *roots, PATH_MOST = 256, RUST_MOST = 64, COMPONENTS = 3, SECTION_ALLOC = 2 };

static bool printable(uint8_t c)
{
    return c > 0x20 && c < 0x7f && !memchr("\"':;,%$<>*()`{}|", c, 16);
}

/* The path at `at`, if it names more than the folder itself: two further components. What ends with the first of them and
 * a slash is a prefix, as "/build/targets/" in CMake. */
static bool path_at(struct view v, size_t at, size_t root, struct view *path)
{
    size_t end = at + root, slashes = 0;
    while (end < v.size && end - at < PATH_MOST && printable(v.data[end]))
        end++;
    for (size_t i = at; i + 1 < end; i++)
        slashes += v.data[i] == '/' || v.data[i] == '\\';
    return slashes >= COMPONENTS && end - at > root && ALWAYS(view_sub(v, at, end - at, path));
}

/* Whether cargo's folder follows in the path at `at`. */
static bool is_rust(struct view v, size_t at)
{
    struct view near;
    return ALWAYS(view_sub(v, at, v.size - at < RUST_MOST ? v.size - at : RUST_MOST, &near)) &&
           (view_find(near, 0, "/.cargo/", 8) >= 0 || view_find(near, 0, "/.rustup/", 9) >= 0 ||
            view_find(near, 0, "\\.cargo\\", 8) >= 0);
}

static bool known_already(const struct named_list *list, struct view path, size_t root)
{
    size_t same = root; /* one row a folder below the root is evidence enough */
    while (same < path.size && path.data[same] != '/' && path.data[same] != '\\')
        same++;
    for (size_t i = 0; i < list->count; i++)
        if (strncmp(list->items[i].text, (const char *)path.data, same) == 0)
            return true;
    return false;
}

static void search(struct image *image, const struct needle_set *set, const struct range *range)
{
    struct view v;
    size_t which = 0;
    struct arena *arena = &image->file->arena;
    struct named_list *found = &image->build_paths;
    if (!file_view(image->file, range->offset, range->size, &v)) {
        found->known = KNOWN_BROKEN;
        return;
    }
    for (int64_t at = needle_find(set, v, 0, &which); at >= 0 && found->count < LIMIT_PATHS;
         at = needle_find(set, v, (uint64_t)at + 1, &which)) {
        bool inside = at > 0 && printable(v.data[at - 1]) && v.data[at - 1] != '=';
        struct view path;
        size_t root = strlen(roots[which]);
        if ((!inside || is_rust(v, (size_t)at)) && path_at(v, (size_t)at, root, &path) &&
            !known_already(found, path, root))
            named_add(arena, found, arena_copy(arena, path.data, path.size), range->offset + (uint64_t)at, 0);
    }
}

void read_build_paths(struct image *image)
{
    struct range *loaded, *all;
    struct needle_set set;
    bool whole;
    size_t count = loaded_ranges(image, &loaded, &whole);
    all = arena_array(&image->file->arena, count + image->sections.count + 1, sizeof *all);
    if (count)
        memcpy(all, loaded, count * sizeof *all);
    if (image->build_paths.known != KNOWN_BROKEN)
        image->build_paths.known = whole ? image->segments.known : KNOWN_BROKEN;
    for (size_t i = 0; i < image->sections.count; i++) {
        const struct section *s = &image->sections.items[i];
        if (image->format == FORMAT_ELF && s->has_bytes && s->size && !(s->flags & SECTION_ALLOC))
            all[count++] = (struct range){.offset = s->offset, .size = s->size};
    }
    count = ranges_join(all, count);
    needle_prepare(&set, roots, ROOTS);
    for (size_t i = 0; i < count; i++)
        search(image, &set, &all[i]);
}
