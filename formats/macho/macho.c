/* One Mach-O image: the header, its load commands, and what follows from both. */
#include "formats/macho/macho.h"

#include <string.h>

static const uint32_t SUBTYPE_MASK = 0xff000000;
enum {
    SUBTYPE_X86_64H = 8,
    SUBTYPE_ARM64E = 2,
    SLACK = 16384 /* zeros up to the next page are padding */
};

static const struct cpu {
    uint32_t type, subtype; /* ANY: all others */
    const char *name, *machine;
    enum arch arch;
} cpus[] = {
#define ANY UINT32_MAX
    {CPU_TYPE_X86_64, SUBTYPE_X86_64H, "x86_64h", "CPU_TYPE_X86_64", ARCH_AMD64},
    {CPU_TYPE_X86_64, ANY, "amd64", "CPU_TYPE_X86_64", ARCH_AMD64},
    {CPU_TYPE_ARM64, SUBTYPE_ARM64E, "arm64e", "CPU_TYPE_ARM64", ARCH_ARM64},
    {CPU_TYPE_ARM64, ANY, "arm64", "CPU_TYPE_ARM64", ARCH_ARM64},
    {0x0200000c, ANY, "arm64_32", "CPU_TYPE_ARM64_32", ARCH_OTHER},
    {CPU_TYPE_X86, ANY, "386", "CPU_TYPE_X86", ARCH_386},
    {CPU_TYPE_ARM, 6, "armv6", "CPU_TYPE_ARM", ARCH_ARM},
    {CPU_TYPE_ARM, 9, "armv7", "CPU_TYPE_ARM", ARCH_ARM},
    {CPU_TYPE_ARM, 11, "armv7s", "CPU_TYPE_ARM", ARCH_ARM},
    {CPU_TYPE_ARM, 12, "armv7k", "CPU_TYPE_ARM", ARCH_ARM},
    {CPU_TYPE_ARM, ANY, "arm", "CPU_TYPE_ARM", ARCH_ARM},
    {CPU_TYPE_POWERPC, ANY, "ppc", "CPU_TYPE_POWERPC", ARCH_OTHER},
    {CPU_TYPE_POWERPC | CPU_ARCH_ABI64, ANY, "ppc64", "CPU_TYPE_POWERPC64", ARCH_OTHER},
};

static const struct cpu *cpu_of(uint32_t type, uint32_t subtype)
{
    for (size_t i = 0; i < sizeof cpus / sizeof *cpus; i++)
        if (cpus[i].type == type && (cpus[i].subtype == ANY || cpus[i].subtype == (subtype & ~SUBTYPE_MASK)))
            return &cpus[i];
    return NULL;
}

const char *cpu_name(uint32_t type, uint32_t subtype)
{
    const struct cpu *cpu = cpu_of(type, subtype);
    return cpu ? cpu->name : NULL;
}

static enum kind kind_of(uint32_t filetype)
{
    switch (filetype) {
    case MH_OBJECT:
        return KIND_OBJECT;
    case MH_EXECUTE:
        return KIND_EXECUTABLE;
    case MH_CORE:
        return KIND_CORE;
    case MH_DYLIB:
        return KIND_SHARED_LIBRARY;
    case MH_BUNDLE:
        return KIND_BUNDLE;
    case MH_DYLINKER:
        return KIND_LOADER;
    case MH_DSYM:
        return KIND_DEBUG_FILE;
    case MH_KEXT_BUNDLE:
        return KIND_KERNEL_EXTENSION;
    default:
        return KIND_OTHER;
    }
}

static void name_machine(struct macho_view *view)
{
    struct image *image = view->image;
    const struct macho_extra *extra = view->extra;
    const struct cpu *cpu = cpu_of(extra->cputype, extra->cpusubtype);
    image->name = cpu ? cpu->name : arena_print(&view->file->arena, "cputype %#x", extra->cputype);
    image->machine = cpu ? cpu->machine : image->name;
    image->arch = cpu ? cpu->arch : ARCH_OTHER;
    image->judged = image->bits == 64 && !view->big_endian && (image->arch == ARCH_AMD64 || image->arch == ARCH_ARM64);
}

/* What XNU runs at all (bsd/dev/i386 and arm, grade_binary): x86_64 ALL and H; arm64 ALL, V8 and E. */
static bool is_graded(uint32_t cputype, uint32_t subtype)
{
    if (cputype == CPU_TYPE_X86_64)
        return subtype == 3 || subtype == SUBTYPE_X86_64H;
    return subtype <= SUBTYPE_ARM64E;
}

static bool read_header(struct macho_view *view)
{
    enum { LEAST = 28, FILETYPES = 12 };
    struct image *image = view->image;
    struct macho_extra *extra = view->extra;
    uint64_t there = image->size < 32 ? image->size : 32;
    struct view head;
    if (there < 4 || !image_view(image, 0, there, &head))
        head = (struct view){0};
    uint32_t magic = head.size >= 4 ? load_be32(head.data) : 0;
    view->big_endian = image->big_endian = magic == 0xfeedface || magic == 0xfeedfacf;
    image->bits = magic == 0xfeedfacf || magic == 0xcffaedfe ? 64 : 32;
    view->header_size = image->bits == 64 ? 32 : LEAST;
    struct cursor c = cursor_at(head, view->big_endian);
    cursor_skip(&c, 4);
    extra->cputype = cursor_u32(&c);
    extra->cpusubtype = cursor_u32(&c);
    extra->filetype = cursor_u32(&c);
    extra->ncmds = cursor_u32(&c);
    extra->sizeofcmds = cursor_u32(&c);
    extra->flags = cursor_u32(&c);
    if (c.failed || head.size < view->header_size) {
        MACHO_DEFECT(view, file_truncated, 0, "a whole Mach-O header", "%llu bytes", (unsigned long long)image->size);
        return false;
    }
    extra->dyldlink = extra->flags & MH_DYLDLINK;
    extra->two_level = extra->flags & MH_TWOLEVEL;
    extra->allow_stack_execution = extra->flags & MH_ALLOW_STACK_EXECUTION;
    extra->no_heap_execution = extra->flags & MH_NO_HEAP_EXECUTION;
    image->kind = kind_of(extra->filetype);
    name_machine(view);
    if (image->kind == KIND_EXECUTABLE)
        image->pie = extra->flags & MH_PIE ? ANSWER_YES : ANSWER_NO;
    if (extra->filetype == 0 || extra->filetype > FILETYPES)
        MACHO_DEFECT(view, macho_header, 12, "a filetype of <mach-o/loader.h>", "filetype %u", extra->filetype);
    if (image->judged && image->kind == KIND_EXECUTABLE &&
        !is_graded(extra->cputype, extra->cpusubtype & ~SUBTYPE_MASK))
        MACHO_DEFECT(view, macho_header, 8, "a cpusubtype that the kernel grades", "cpusubtype %#x", extra->cpusubtype);
    if (extra->flags & MH_DYLIB_IN_CACHE && image->judged)
        MACHO_DEFECT(view, macho_header, 24, "MH_DYLIB_IN_CACHE inside a dyld cache alone", "flags %#x", extra->flags);
    if (extra->ncmds == 0 && image->judged)
        MACHO_DEFECT(view, macho_header, 16, "load commands", "ncmds 0");
    return true;
}

/* dyld gives a program without any dylib command libSystem all the same (UnsafeHeader.cpp, forEachLinkedDylib). */
static void imply_libsystem(struct macho_view *view)
{
    struct image *image = view->image;
    if (!view->linked && view->extra->filetype == MH_EXECUTE && image->interpreter.text)
        named_add(&view->file->arena, &image->needed, "/usr/lib/libSystem.B.dylib", image->offset, DEPENDENCY_IMPLIED);
}

static void name_libc(struct image *image)
{
    for (size_t i = 0; i < image->needed.count && image->libc == LIBC_UNKNOWN; i++)
        if (strncmp(image->needed.items[i].text, "/usr/lib/libSystem.", 19) == 0) {
            image->libc = LIBC_LIBSYSTEM;
            image->libc_evidence = image->needed.items[i];
        }
    if (image->libc == LIBC_UNKNOWN && image->needed.known == KNOWN_COMPLETE && image->needed.count == 0)
        image->libc = LIBC_NONE;
}

/* Debug information that goes by another name: what a segment without any access holds is read by no loader. */
static void judge_stripped(struct macho_view *view)
{
    struct image *image = view->image;
    struct symbols *symbols = &image->symbols;
    if (view->has_trie && (image->kind == KIND_SHARED_LIBRARY || image->kind == KIND_BUNDLE) &&
        symbols->external > view->exports)
        symbols->unexported = symbols->external - view->exports;
    bool debug = image->debug.count > 0;
    for (size_t i = 0; i < image->segments.count && image->kind != KIND_DEBUG_FILE; i++) {
        const struct segment *s = &image->segments.items[i];
        if (s->access == 0 && s->file_size && !debug && image->debug.known == KNOWN_COMPLETE)
            image->debug.known = KNOWN_BROKEN;
    }
    bool external =
        image->kind == KIND_EXECUTABLE && symbols->external > 0 && (symbols->external > 1 || symbols->first_named);
    if (debug || symbols->local || symbols->unexported || external)
        image->stripped = ANSWER_NO;
    else if (symbols->known != KNOWN_BROKEN && image->debug.known != KNOWN_BROKEN)
        image->stripped = ANSWER_YES;
}

/* Who owns the bytes: header and commands, mapped segments, and inside __LINKEDIT only what a command claims. */
static void read_unowned(struct macho_view *view)
{
    struct image *image = view->image;
    bool object = view->extra->filetype == MH_OBJECT;
    size_t most = view->owned_count + image->segments.count + image->sections.count + 1, count = 0;
    struct range *owned = arena_array(&view->file->arena, most, sizeof *owned);
    owned[count++] =
        (struct range){.offset = image->offset, .size = range_end(view->header_size, view->extra->sizeofcmds)};
    for (size_t i = 0; i < view->owned_count; i++)
        owned[count++] = view->owned[i];
    for (size_t i = 0; i < image->segments.count; i++) {
        const struct segment *s = &image->segments.items[i];
        if (!object && strcmp(s->name, "__LINKEDIT") != 0)
            owned[count++] = (struct range){.offset = s->offset, .size = s->file_size};
    }
    for (size_t i = 0; object && i < image->sections.count; i++)
        if (image->sections.items[i].has_bytes)
            owned[count++] =
                (struct range){.offset = image->sections.items[i].offset, .size = image->sections.items[i].size};
    read_ranges(image, owned, count, SLACK);
}

static void set_known(struct image *image, enum known known)
{
    image->segments.known = image->sections.known = image->needed.known = image->search_paths.known =
        image->debug.known = known;
}

/* What names no platform is for macOS, says dyld of macOS and no other (mach_o/Header.cpp, platformAndVersions): old
 * programs, and what Go linked for the first Macs of arm64. */
static void imply_platform(struct macho_view *view)
{
    struct image *image = view->image;
    bool loaded = image->kind == KIND_EXECUTABLE || image->kind == KIND_SHARED_LIBRARY || image->kind == KIND_BUNDLE;
    if (view->whole && !view->names_platform && image->judged && loaded)
        image->os = OS_MACOS;
}

void read_macho_image(struct file *file, uint64_t offset, uint64_t size, const struct read_options *options,
                      struct image *image)
{
    struct macho_extra *extra = arena_alloc(&file->arena, sizeof *extra);
    struct macho_view view = {.file = file, .image = image, .extra = extra};
    *image = (struct image){.file = file,
                            .offset = offset,
                            .size = size,
                            .name = "mach-o",
                            .machine = "Mach-O",
                            .format = FORMAT_MACHO,
                            .kind = KIND_UNKNOWN,
                            .macho = extra,
                            .linkage = LINKAGE_NOT_APPLICABLE};
    if (!read_header(&view)) {
        set_known(image, KNOWN_BROKEN);
        image->interpreter_known = image->symbols.known = KNOWN_BROKEN;
        return;
    }
    set_known(image, KNOWN_COMPLETE);
    read_commands(&view);
    imply_platform(&view);
    check_segments(&view);
    resolve_entry(&view);
    check_program(&view);
    check_dylib_id(&view);
    check_policy(&view);
    if (view.whole)
        imply_libsystem(&view);
    name_libc(image);
    if (image->sections.known == KNOWN_BROKEN)
        image->debug.known = KNOWN_BROKEN;
    check_binds(&view, options->code);
    if (options->code && image->judged)
        check_hashes(&view);
    if (options->code && image->judged && (image->kind == KIND_EXECUTABLE || image->kind == KIND_SHARED_LIBRARY))
        read_hidden_dwarf(image);
    claim_names(&view);
    read_unowned(&view);
    judge_stripped(&view);
    if (!image->judged || image->kind == KIND_OBJECT || image->kind == KIND_DEBUG_FILE || image->kind == KIND_CORE)
        return;
    read_packer(image, options->code);
    read_go(image, options);
    if (options->code) {
        read_code_looks(image);
        read_zeros(image);
        read_build_paths(image);
    }
}

void read_macho(struct file *file, const struct read_options *options, struct reading *reading)
{
    reading->images = arena_alloc(&file->arena, sizeof *reading->images);
    reading->count = 1;
    read_macho_image(file, 0, file->size, options, reading->images);
}
