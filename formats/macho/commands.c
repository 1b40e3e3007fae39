/* The load commands: what the kernel and dyld do with the image stands here. Both walk
 * them by cmdsize, skip types that they do not know unless LC_REQ_DYLD is set, and take
 * `ncmds` of them; so a type that nobody knows, or commands behind the last counted one,
 * are how a dependency is hidden from one reader and not from another
 * (XNU bsd/kern/mach_loader.c, parse_machfile; dyld mach_o/UnsafeHeader.cpp). */
#include "formats/macho/macho.h"

#include <string.h>

#include "formats/certain.h"
#include "formats/limits.h"

static const uint32_t LC_REQ_DYLD = 0x80000000;
enum {
    RELEASE_MOST = 50
}; /* Apple's systems are called after years since 26: a program that asks for 99 starts nowhere */

static void read_uuid(struct macho_view *view, const struct command *c)
{
    struct cursor cursor = command_cursor(view, c);
    struct view bytes = cursor_take(&cursor, 16);
    char text[33], digits[] = "0123456789abcdef";
    if (cursor.failed) {
        MACHO_DEFECT(view, macho_command, c->at, "an LC_UUID of 24 bytes", "%zu bytes", c->v.size);
        return;
    }
    for (size_t i = 0; i < 16; i++) {
        text[i * 2] = digits[bytes.data[i] >> 4];
        text[i * 2 + 1] = digits[bytes.data[i] & 15];
    }
    view->extra->has_uuid = true;
    view->extra->uuid_offset = macho_at(view, c->at);
    view->image->uuid = arena_copy(&view->file->arena, text, 32);
}

static const char *version_text(struct arena *arena, uint32_t version)
{
    if (version & 0xff)
        return arena_print(arena, "%u.%u.%u", version >> 16, version >> 8 & 0xff, version & 0xff);
    return arena_print(arena, "%u.%u", version >> 16, version >> 8 & 0xff);
}

/* A zippered library serves macOS and Mac Catalyst, and says so in two commands: it is one for macOS. Of other pairs
 * dyld takes none, or the last (UnsafeHeader.cpp, validSemanticsPlatform). */
static void take_version(struct macho_view *view, const struct command *c, enum os os, uint32_t minimum, uint32_t sdk)
{
    struct image *image = view->image;
    bool pair = (os == OS_MACOS && image->os == OS_MACCATALYST) || (os == OS_MACCATALYST && image->os == OS_MACOS);
    bool library = image->kind != KIND_EXECUTABLE && !view->zippered;
    bool second = pair && library, counts = pair && os == OS_MACOS;
    if (view->has_version && !second)
        MACHO_DEFECT(view, macho_command_twice, c->at, "one command that names platform and release",
                     "another one, for %s", os_name(os));
    view->zippered |= view->has_version && pair;
    if (view->has_version && !counts)
        return;
    if (minimum >> 16 > RELEASE_MOST)
        MACHO_DEFECT(view, macho_version, c->at, "a release of the system that there is", "%s",
                     version_text(&view->file->arena, minimum));
    view->has_version = true;
    view->sdk = sdk;
    image->os = os;
    image->min_os = version_text(&view->file->arena, minimum);
    image->sdk = version_text(&view->file->arena, sdk);
    view->extra->min_os_offset = macho_at(view, c->at);
}

static void read_build_version(struct macho_view *view, const struct command *c)
{
    static const enum os platforms[] = {OS_UNKNOWN,
                                        OS_MACOS,
                                        OS_IOS,
                                        OS_TVOS,
                                        OS_WATCHOS,
                                        OS_BRIDGEOS,
                                        OS_MACCATALYST,
                                        OS_IOS_SIMULATOR,
                                        OS_TVOS_SIMULATOR,
                                        OS_WATCHOS_SIMULATOR,
                                        OS_DRIVERKIT,
                                        OS_VISIONOS,
                                        OS_VISIONOS_SIMULATOR};
    struct cursor cursor = command_cursor(view, c);
    uint32_t platform = cursor_u32(&cursor), minimum = cursor_u32(&cursor), sdk = cursor_u32(&cursor);
    uint32_t tools = cursor_u32(&cursor);
    struct view table;
    view->names_platform = true;
    if (cursor.failed || !view_table(c->v, 24, 8, tools, &table) || c->v.size != 24 + table.size) {
        MACHO_DEFECT(view, macho_command, c->at, "an LC_BUILD_VERSION that holds its tools", "%zu bytes, %u tools",
                     c->v.size, tools);
        return;
    }
    take_version(view, c, platform < sizeof platforms / sizeof *platforms ? platforms[platform] : OS_UNKNOWN, minimum,
                 sdk);
}

static void read_version_min(struct macho_view *view, const struct command *c)
{
    struct cursor cursor = command_cursor(view, c);
    uint32_t minimum = cursor_u32(&cursor), sdk = cursor_u32(&cursor);
    bool intel = view->extra->cputype == CPU_TYPE_X86_64 || view->extra->cputype == CPU_TYPE_X86; /* a simulator's */
    enum os os = c->type == LC_VERSION_MIN_MACOSX     ? OS_MACOS
                 : c->type == LC_VERSION_MIN_IPHONEOS ? (intel ? OS_IOS_SIMULATOR : OS_IOS)
                 : c->type == LC_VERSION_MIN_TVOS     ? (intel ? OS_TVOS_SIMULATOR : OS_TVOS)
                                                      : (intel ? OS_WATCHOS_SIMULATOR : OS_WATCHOS);
    view->names_platform = true;
    if (cursor.failed)
        MACHO_DEFECT(view, macho_command, c->at, "an LC_VERSION_MIN of 16 bytes", "%zu bytes", c->v.size);
    else
        take_version(view, c, os, minimum, sdk);
}

static void read_encryption(struct macho_view *view, const struct command *c)
{
    struct cursor cursor = command_cursor(view, c);
    uint32_t offset = cursor_u32(&cursor), size = cursor_u32(&cursor), id = cursor_u32(&cursor);
    struct view v;
    if (cursor.failed || !image_view(view->image, offset, size, &v)) {
        MACHO_DEFECT(view, macho_command, c->at, "an encrypted range inside the image", "%#x bytes at %#x", size,
                     offset);
        return;
    }
    if (id == 0)
        return;
    view->extra->encrypted = true;
    view->extra->encrypted_offset = macho_at(view, offset);
}

/* ONCE: the kernel or dyld refuses a second one, or takes one of the two. The type has LC_REQ_DYLD
 * (REQUIRED), has it or not (EITHER), or has it not: with the wrong bit it is a type that nobody knows,
 * and nobody reads it; but of what is loaded, rather too much is told than too little (CAREFUL). */
enum { ONCE = 1, REQUIRED = 2, EITHER = 4, CAREFUL = 8 };

static const struct known_command {
    uint32_t type;
    unsigned flags;
    const char *name;
    void (*read)(struct macho_view *view, const struct command *c);
} table[] = {
    {LC_SEGMENT, 0, "LC_SEGMENT", read_segment},
    {LC_SYMTAB, ONCE, "LC_SYMTAB", read_symtab},
    {3, 0, "LC_SYMSEG", NULL},
    {LC_THREAD, 0, "LC_THREAD", read_thread},
    {LC_UNIXTHREAD, ONCE, "LC_UNIXTHREAD", read_thread},
    {6, 0, "LC_LOADFVMLIB", NULL},
    {7, 0, "LC_IDFVMLIB", NULL},
    {8, 0, "LC_IDENT", NULL},
    {9, 0, "LC_FVMFILE", NULL},
    {0xa, 0, "LC_PREPAGE", NULL},
    {LC_DYSYMTAB, ONCE, "LC_DYSYMTAB", read_dysymtab},
    {LC_LOAD_DYLIB, CAREFUL, "LC_LOAD_DYLIB", read_dylib},
    {LC_ID_DYLIB, ONCE, "LC_ID_DYLIB", read_dylib_id},
    {LC_LOAD_DYLINKER, ONCE, "LC_LOAD_DYLINKER", read_dylinker},
    {LC_ID_DYLINKER, ONCE, "LC_ID_DYLINKER", NULL},
    {LC_PREBOUND_DYLIB, 0, "LC_PREBOUND_DYLIB", NULL},
    {0x11, ONCE, "LC_ROUTINES", NULL},
    {0x12, ONCE, "LC_SUB_FRAMEWORK", NULL},
    {0x13, 0, "LC_SUB_UMBRELLA", read_sub},
    {0x14, 0, "LC_SUB_CLIENT", read_sub},
    {0x15, 0, "LC_SUB_LIBRARY", read_sub},
    {0x16, ONCE, "LC_TWOLEVEL_HINTS", NULL},
    {0x17, ONCE, "LC_PREBIND_CKSUM", NULL},
    {LC_LOAD_WEAK_DYLIB, REQUIRED | CAREFUL, "LC_LOAD_WEAK_DYLIB", read_dylib},
    {LC_SEGMENT_64, 0, "LC_SEGMENT_64", read_segment},
    {0x1a, ONCE, "LC_ROUTINES_64", NULL},
    {LC_UUID, ONCE, "LC_UUID", read_uuid},
    {LC_RPATH, REQUIRED | CAREFUL, "LC_RPATH", read_rpath},
    {LC_CODE_SIGNATURE, ONCE, "LC_CODE_SIGNATURE", read_signature},
    {LC_SEGMENT_SPLIT_INFO, ONCE, "LC_SEGMENT_SPLIT_INFO", read_linkedit},
    {LC_REEXPORT_DYLIB, REQUIRED | CAREFUL, "LC_REEXPORT_DYLIB", read_dylib},
    {LC_LAZY_LOAD_DYLIB, CAREFUL, "LC_LAZY_LOAD_DYLIB", read_dylib},
    {LC_ENCRYPTION_INFO, ONCE, "LC_ENCRYPTION_INFO", read_encryption},
    {LC_DYLD_INFO, ONCE | EITHER, "LC_DYLD_INFO", read_dyld_info},
    {LC_LOAD_UPWARD_DYLIB, REQUIRED | CAREFUL, "LC_LOAD_UPWARD_DYLIB", read_dylib},
    {LC_VERSION_MIN_MACOSX, 0, "LC_VERSION_MIN_MACOSX", read_version_min},
    {LC_VERSION_MIN_IPHONEOS, 0, "LC_VERSION_MIN_IPHONEOS", read_version_min},
    {LC_FUNCTION_STARTS, ONCE, "LC_FUNCTION_STARTS", read_linkedit},
    {LC_DYLD_ENVIRONMENT, CAREFUL, "LC_DYLD_ENVIRONMENT", read_environment},
    {LC_MAIN, ONCE | REQUIRED, "LC_MAIN", read_main},
    {LC_DATA_IN_CODE, ONCE, "LC_DATA_IN_CODE", read_linkedit},
    {0x2a, ONCE, "LC_SOURCE_VERSION", NULL},
    {LC_DYLIB_CODE_SIGN_DRS, ONCE, "LC_DYLIB_CODE_SIGN_DRS", read_linkedit},
    {LC_ENCRYPTION_INFO_64, ONCE, "LC_ENCRYPTION_INFO_64", read_encryption},
    {0x2d, 0, "LC_LINKER_OPTION", NULL},
    {LC_LINKER_OPTIMIZATION_HINT, ONCE, "LC_LINKER_OPTIMIZATION_HINT", read_linkedit},
    {LC_VERSION_MIN_TVOS, 0, "LC_VERSION_MIN_TVOS", read_version_min},
    {LC_VERSION_MIN_WATCHOS, 0, "LC_VERSION_MIN_WATCHOS", read_version_min},
    {0x31, 0, "LC_NOTE", NULL},
    {LC_BUILD_VERSION, 0, "LC_BUILD_VERSION", read_build_version},
    {LC_DYLD_EXPORTS_TRIE, ONCE | REQUIRED, "LC_DYLD_EXPORTS_TRIE", read_exports},
    {LC_DYLD_CHAINED_FIXUPS, ONCE | REQUIRED, "LC_DYLD_CHAINED_FIXUPS", read_linkedit},
    {0x35, REQUIRED, "LC_FILESET_ENTRY", NULL},
    {LC_ATOM_INFO, ONCE, "LC_ATOM_INFO", read_linkedit},
    {LC_FUNCTION_VARIANTS, ONCE, "LC_FUNCTION_VARIANTS", read_linkedit},
    {LC_FUNCTION_VARIANT_FIXUPS, ONCE, "LC_FUNCTION_VARIANT_FIXUPS", read_linkedit},
    {0x39, ONCE, "LC_TARGET_TRIPLE", NULL},
    {LC_LAZY_LOAD_DYLIB_INFO, CAREFUL, "LC_LAZY_LOAD_DYLIB_INFO", read_lazy_dylib},
};

/* Commands of one size: dyld takes no other (mach_o/UnsafeHeader.cpp, validStructureLoadCommands). */
static uint32_t only_size(uint32_t type)
{
    static const struct {
        uint32_t type, size;
    } sizes[] = {{LC_SYMTAB, 24},
                 {LC_DYSYMTAB, 80},
                 {LC_UUID, 24},
                 {LC_SEGMENT_SPLIT_INFO, 16},
                 {LC_ENCRYPTION_INFO, 20},
                 {LC_DYLD_INFO, 48},
                 {LC_VERSION_MIN_MACOSX, 16},
                 {LC_VERSION_MIN_IPHONEOS, 16},
                 {LC_FUNCTION_STARTS, 16},
                 {LC_MAIN, 24},
                 {LC_ENCRYPTION_INFO_64, 24},
                 {LC_VERSION_MIN_TVOS, 16},
                 {LC_VERSION_MIN_WATCHOS, 16},
                 {LC_DYLD_EXPORTS_TRIE, 16},
                 {LC_DYLD_CHAINED_FIXUPS, 16},
                 {LC_ATOM_INFO, 16},
                 {LC_FUNCTION_VARIANTS, 16},
                 {LC_FUNCTION_VARIANT_FIXUPS, 16}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        if (sizes[i].type == type)
            return sizes[i].size;
    return 0;
}

bool claim(struct macho_view *view, uint64_t offset, uint64_t size, const char *what)
{
    struct arena *arena = &view->file->arena;
    if (size == 0)
        return true;
    if (!range_fits(view->image->size, offset, size)) {
        MACHO_DEFECT(view, macho_linkedit, offset, "bytes inside the image", "%s: %#llx bytes at %#llx of %#llx", what,
                     (unsigned long long)size, (unsigned long long)offset, (unsigned long long)view->image->size);
        return false;
    }
    if (view->owned_count >= LIMIT_CLAIMS) {
        view->image->unowned.known = KNOWN_BROKEN;
        return true;
    }
    view->owned = arena_grow(arena, view->owned, view->owned_count, sizeof *view->owned);
    view->owned[view->owned_count++] = (struct range){.offset = macho_at(view, offset), .size = size};
    return true;
}

bool spend(struct macho_view *view, uint64_t offset, uint64_t size, const char *what)
{
    if (size > view->image->size - view->spent) {
        MACHO_DEFECT(view, macho_linkedit, offset, "tables that share no bytes", "%s: %#llx bytes more", what,
                     (unsigned long long)size);
        return false;
    }
    view->spent += size;
    return true;
}

static void take(struct macho_view *view, const struct command *c, uint32_t type, uint64_t *seen)
{
    const struct known_command *known = NULL;
    for (size_t i = 0; i < sizeof table / sizeof *table && !known; i++)
        if (table[i].type == c->type)
            known = &table[i];
    if (!known) {
        MACHO_DEFECT(view, macho_command_unknown, c->at, "a load command of <mach-o/loader.h>", "type %#x, %zu bytes",
                     type, c->v.size);
        return;
    }
    if (!(known->flags & EITHER) && !(type & LC_REQ_DYLD) != !(known->flags & REQUIRED)) {
        MACHO_DEFECT(view, macho_command_unknown, c->at,
                     known->flags & REQUIRED ? "its type with LC_REQ_DYLD" : "its type without LC_REQ_DYLD",
                     "%s as type %#x", known->name, type);
        if (!(known->flags & CAREFUL))
            return;
    }
    uint32_t size = only_size(c->type);
    if (size && c->v.size != size)
        MACHO_DEFECT(view, macho_command, c->at, "a command of the size that its type has", "%s of %zu bytes, not %u",
                     known->name, c->v.size, size);
    if (known->flags & ONCE && *seen & UINT64_C(1) << c->type)
        MACHO_DEFECT(view, macho_command_twice, c->at, "one of its kind", "another %s", known->name);
    *seen |= UINT64_C(1) << c->type;
    if (known->read)
        known->read(view, c);
}

/* Where walking ends before it should, everything that hangs on the commands is not known. */
static void give_up(struct macho_view *view)
{
    struct image *image = view->image;
    view->whole = false;
    image->segments.known = image->sections.known = image->needed.known = image->search_paths.known =
        image->interpreter_known = image->symbols.known = image->debug.known = KNOWN_BROKEN;
}

void read_commands(struct macho_view *view)
{
    const struct macho_extra *extra = view->extra;
    uint64_t at = view->header_size, end = at + extra->sizeofcmds, seen = 0;
    unsigned align = view->image->bits == 64 ? 8 : 4;
    struct view area;
    view->whole = true;
    if (!image_view(view->image, at, extra->sizeofcmds, &area)) {
        MACHO_DEFECT(view, macho_commands, 16, "load commands inside the image", "sizeofcmds %#x in %#llx bytes",
                     extra->sizeofcmds, (unsigned long long)view->image->size);
        give_up(view);
        return;
    }
    for (uint32_t i = 0; i < extra->ncmds; i++) {
        struct command c = {.at = at};
        struct view head;
        uint32_t type = 0, size = 0;
        if (view_sub(area, at - view->header_size, 8, &head)) {
            struct cursor cursor = cursor_at(head, view->big_endian);
            type = cursor_u32(&cursor);
            size = cursor_u32(&cursor);
        }
        if (size < 8 || !view_sub(area, at - view->header_size, size, &c.v)) {
            MACHO_DEFECT(view, macho_commands, at, "a command of at least 8 bytes inside sizeofcmds",
                         "command %u of %u: cmdsize %#x with %#llx bytes left", i, extra->ncmds, size,
                         (unsigned long long)(end - at));
            give_up(view);
            return;
        }
        if (size % align)
            MACHO_DEFECT(view, macho_command, at, "cmdsize a multiple of 4, in 64-bit images of 8", "cmdsize %#x",
                         size);
        c.type = type & ~LC_REQ_DYLD;
        take(view, &c, type, &seen);
        at += size;
    }
    struct view rest;
    if (at < end && ALWAYS(view_sub(area, at - view->header_size, end - at, &rest)) && !view_is_zero(rest))
        MACHO_DEFECT(view, macho_hidden_commands, at, "nothing behind the last command that ncmds counts",
                     "%#llx more bytes", (unsigned long long)(end - at));
}
