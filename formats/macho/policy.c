/* What dyld refuses by the SDK that an image was built with (dyld mach_o/Policy.cpp, "enforcements"; UnsafeHeader.cpp,
 * valid, which is asked of programs and of each library). Old images keep what they always had; a new one is stopped at
 * its start: "duplicate LC_RPATH", "missing LC_UUID". */
#include "formats/macho/macho.h"

#include <string.h>

enum {                           /* releases of macOS, as the commands write them */
       MACOS_10_11 = 0x000a0b00, /* fall 2015 */
       MACOS_10_15 = 0x000a0f00,
       MACOS_12 = 0x000c0000,
       MACOS_15_4 = 0x000f0400, /* spring 2025 */
       MACOS_26 = 0x001a0000,   /* fall 2025, when programs came to be asked as libraries are */
};

/* Whether the SDK is so new that dyld asks; `library`: of libraries it asked from then on. */
static bool asked(const struct macho_view *view, uint32_t program, uint32_t library)
{
    return view->sdk >= (view->extra->filetype == MH_EXECUTE ? program : library);
}

static void refuse(struct macho_view *view, uint64_t at, const char *expected, const char *observed)
{
    defect_add(&view->file->arena, &view->image->defects, DEFECT_ID_macho_policy, at, expected, "%s", observed);
}

/* Names that stand twice in a list: what dyld no longer takes of an image for macOS 26. */
static void check_twice(struct macho_view *view, const struct named_list *list, const char *expected)
{
    enum { LOOKED_AT = 256 }; /* by dyld, too */
    size_t count = list->count < LOOKED_AT ? list->count : LOOKED_AT;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < i; k++)
            if (list->items[i].detail < DEPENDENCY_LAZY && list->items[k].detail < DEPENDENCY_LAZY &&
                strcmp(list->items[i].text, list->items[k].text) == 0) {
                refuse(view, list->items[i].offset, expected, list->items[i].text);
                return;
            }
}

static void check_access(struct macho_view *view)
{
    static const struct {
        const char *name;
        unsigned access;
        uint32_t program, library;
        const char *expected;
    } segments[] = {{"__TEXT", ACCESS_READ | ACCESS_EXECUTE, MACOS_10_15, MACOS_10_15, "__TEXT that is r-x"},
                    {"__LINKEDIT", ACCESS_READ, MACOS_26, MACOS_10_11, "__LINKEDIT that is r--"},
                    {"__DATA", ACCESS_READ | ACCESS_WRITE, MACOS_26, MACOS_26, "__DATA that is rw-"},
                    {"__DATA_CONST", ACCESS_READ | ACCESS_WRITE, MACOS_26, MACOS_26, "__DATA_CONST that is rw-"}};
    const struct segment_list *list = &view->image->segments;
    for (size_t i = 0; i < list->count; i++)
        for (size_t k = 0; k < sizeof segments / sizeof *segments; k++)
            if (strcmp(list->items[i].name, segments[k].name) == 0 && list->items[i].access != segments[k].access &&
                asked(view, segments[k].program, segments[k].library))
                refuse(view, list->items[i].header_offset, segments[k].expected, "another initprot");
}

/* Neither two segments of one name, nor any but the last out of order. */
static void check_order(struct macho_view *view)
{
    enum { LOOKED_AT = 256 };
    const struct segment_list *list = &view->image->segments;
    for (size_t i = 1; i < list->count && i < LOOKED_AT && view->sdk >= MACOS_26; i++)
        for (size_t k = 0; k < i; k++)
            if (strcmp(list->items[i].name, list->items[k].name) == 0)
                refuse(view, list->items[i].header_offset, "one segment of a name", list->items[i].name);
    for (size_t i = 1; i + 1 < list->count && asked(view, MACOS_26, MACOS_10_15); i++) {
        const struct segment *a = &list->items[i - 1], *b = &list->items[i];
        bool legacy = view->extra->cputype == CPU_TYPE_X86_64 && view->extra->filetype == MH_EXECUTE &&
                      !(view->extra->flags & MH_PIE);
        if ((b->file_size && b->offset < a->offset) || (b->address < a->address && !legacy))
            refuse(view, b->header_offset, "segments in the order of their addresses and bytes", b->name);
    }
}

void check_policy(struct macho_view *view)
{
    const struct image *image = view->image;
    uint32_t type = view->extra->filetype;
    bool loaded = type == MH_DYLIB || type == MH_BUNDLE || (type == MH_EXECUTE && view->extra->dyldlink);
    if (!view->whole || !image->judged || image->os != OS_MACOS || !loaded)
        return;
    check_access(view);
    check_order(view);
    if (!view->extra->has_uuid && asked(view, MACOS_26, MACOS_12))
        refuse(view, image->offset, "LC_UUID, for the SDK of macOS 26, in libraries of 12", "none");
    if (view->sdk >= MACOS_26) {
        check_twice(view, &image->needed, "each library named once");
        check_twice(view, &image->search_paths, "each LC_RPATH once");
    }
    if (!view->linked && view->sdk >= MACOS_15_4)
        refuse(view, image->offset, "a library that is linked with, for the SDK of macOS 15.4", "none");
}
