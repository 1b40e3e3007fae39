/* What dyld loads: every kind of dylib command is a dependency, for dyld stops, searches or
 * runs foreign code for each of them; LC_RPATH says where @rpath leads, and
 * LC_DYLD_ENVIRONMENT sets DYLD_* variables that redirect it all (dyld
 * mach_o/UnsafeHeader.cpp, forEachLinkedDylib; <mach-o/loader.h>, lc_str). */
#include "formats/macho/macho.h"

#include <string.h>

#include "formats/limits.h"

enum { DYLIB_USE_MARKER = 0x1a741800, USE_WEAK = 1, USE_REEXPORT = 2, USE_UPWARD = 4, USE_DELAYED = 8 };

/* The string of an lc_str: its offset stands in the word at 8, and it ends inside the command. NULL: a defect. */
static const char *text_of(struct macho_view *view, const struct command *c, uint32_t least, enum defect_id id)
{
    struct cursor cursor = command_cursor(view, c);
    uint32_t offset = cursor_u32(&cursor);
    const char *text = offset >= least ? image_string(view->image, c->v, offset) : NULL;
    if (!text)
        defect_add(&view->file->arena, &view->image->defects, id, macho_at(view, c->at),
                   "a string behind the fields of the command, with its NUL inside it",
                   "string at %#x of a command of %zu bytes", offset, c->v.size);
    return text;
}

static uint64_t text_at(const struct macho_view *view, const struct command *c)
{
    struct cursor cursor = command_cursor(view, c);
    return macho_at(view, c->at + cursor_u32(&cursor));
}

/* dylib_use_command: the same words as dylib_command, with a marker for the timestamp. */
static enum dependency how_used(struct macho_view *view, const struct command *c, enum dependency how)
{
    struct cursor cursor = command_cursor(view, c);
    uint32_t name = cursor_u32(&cursor), marker = cursor_u32(&cursor);
    cursor_skip(&cursor, 8);
    uint32_t flags = cursor_u32(&cursor);
    if (marker != DYLIB_USE_MARKER || name != 28)
        return how;
    return flags & USE_UPWARD     ? DEPENDENCY_UPWARD
           : flags & USE_REEXPORT ? DEPENDENCY_REEXPORT
           : flags & USE_WEAK     ? DEPENDENCY_WEAK
           : flags & USE_DELAYED  ? DEPENDENCY_LAZY
                                  : how;
}

void read_dylib(struct macho_view *view, const struct command *c)
{
    struct named_list *needed = &view->image->needed;
    enum dependency how = c->type == LC_LOAD_WEAK_DYLIB     ? DEPENDENCY_WEAK
                          : c->type == LC_REEXPORT_DYLIB    ? DEPENDENCY_REEXPORT
                          : c->type == LC_LOAD_UPWARD_DYLIB ? DEPENDENCY_UPWARD
                          : c->type == LC_LAZY_LOAD_DYLIB   ? DEPENDENCY_LAZY
                                                            : DEPENDENCY_NEEDED;
    struct cursor type = cursor_at(c->v, view->big_endian);
    bool required = cursor_u32(&type) >> 31; /* LC_REQ_DYLD: with the wrong bit, or a lazy one, dyld skips it */
    view->linked += c->type != LC_LAZY_LOAD_DYLIB && required == (c->type != LC_LOAD_DYLIB);
    const char *text = text_of(view, c, 24, DEFECT_ID_macho_command);
    if (!text || named_full(needed)) {
        needed->known = KNOWN_BROKEN;
        return;
    }
    named_add(&view->file->arena, needed, text, text_at(view, c), how_used(view, c, how));
}

/* Link-edit data that begins with the offset of the library's path: dyld loads it where it is first called
 * (mach_o/LazyLoadDylib.h). */
void read_lazy_dylib(struct macho_view *view, const struct command *c)
{
    struct named_list *needed = &view->image->needed;
    struct cursor cursor = command_cursor(view, c);
    uint32_t offset = cursor_u32(&cursor), size = cursor_u32(&cursor);
    const char *text = NULL;
    struct view v;
    if (!cursor.failed && claim(view, offset, size, "a library that is loaded late") &&
        spend(view, offset, size, "a library that is loaded late") && image_view(view->image, offset, size, &v)) {
        struct cursor path = cursor_at(v, view->big_endian);
        uint32_t at = cursor_u32(&path);
        text = path.failed ? NULL : image_string(view->image, v, at);
        if (text && !named_full(needed)) {
            named_add(&view->file->arena, needed, text, macho_at(view, (uint64_t)offset + at), DEPENDENCY_LAZY);
            return;
        }
    }
    if (!text)
        MACHO_DEFECT(view, macho_linkedit, c->at, "the path of a library inside the link-edit data", "none");
    needed->known = KNOWN_BROKEN;
}

void read_dylib_id(struct macho_view *view, const struct command *c)
{
    view->extra->install_name = text_of(view, c, 24, DEFECT_ID_macho_command);
    view->has_id = true;
    if (view->extra->filetype == MH_EXECUTE || view->extra->filetype == MH_BUNDLE)
        MACHO_DEFECT(view, macho_command, c->at, "LC_ID_DYLIB in libraries alone", "a %s with it",
                     kind_name(view->image->kind));
}

/* dyld loads no library that does not say what it is called (UnsafeHeader.cpp, validSemanticsInstallName). */
void check_dylib_id(struct macho_view *view)
{
    if (view->whole && view->extra->ncmds && view->image->judged && view->extra->filetype == MH_DYLIB && !view->has_id)
        MACHO_DEFECT(view, macho_header, 12, "LC_ID_DYLIB in a library", "none");
}

/* LC_SUB_*: dyld reads the string, and goes by it in libraries only. */
void read_sub(struct macho_view *view, const struct command *c)
{
    (void)text_of(view, c, 12, DEFECT_ID_macho_command);
}

void read_dylinker(struct macho_view *view, const struct command *c)
{
    const char *text = text_of(view, c, 12, DEFECT_ID_macho_dylinker);
    if (!text)
        view->image->interpreter_known = KNOWN_BROKEN;
    if (!text || view->image->interpreter.text)
        return;
    view->image->interpreter = (struct named){text, text_at(view, c), 0};
    if (view->image->interpreter_known != KNOWN_BROKEN)
        view->image->interpreter_known = KNOWN_COMPLETE;
}

void read_rpath(struct macho_view *view, const struct command *c)
{
    const char *text = text_of(view, c, 12, DEFECT_ID_macho_command);
    if (text && !named_full(&view->image->search_paths))
        named_add(&view->file->arena, &view->image->search_paths, text, text_at(view, c), 0);
    else
        view->image->search_paths.known = KNOWN_BROKEN;
}

void read_environment(struct macho_view *view, const struct command *c)
{
    const char *text = text_of(view, c, 12, DEFECT_ID_macho_command);
    if (text && !named_full(&view->image->needed))
        named_add(&view->file->arena, &view->image->needed, text, text_at(view, c), DEPENDENCY_ENVIRONMENT);
    else
        view->image->needed.known = KNOWN_BROKEN;
}
