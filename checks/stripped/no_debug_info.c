/* Did the debug information go, under whatever name? DWARF stands in .debug_*, in
 * .zdebug_*, in compressed sections or in the segment __DWARF; older tools write stabs,
 * and Apple's linker leaves N_OSO stabs that point at the object files; .gnu_debugdata is
 * a symbol table packed with xz; CTF and BTF describe types. A .gnu_debuglink merely
 * names a file that has the information, and is what distributions ship. */
#include "checks/common.h"

static bool is_left(const struct debug_info *find)
{
    return find->kind != DEBUG_LINK;
}

/* N_STAB entries that no find speaks for: all but the mark that Apple's strip leaves. */
static uint64_t stabs(const struct image *image)
{
    const struct symbols *symbols = &image->symbols;
    for (size_t i = 0; i < image->debug.count; i++)
        if (image->debug.items[i].kind == DEBUG_STABS)
            return 0;
    return image->format == FORMAT_MACHO && symbols->stabs > symbols->strip_mark ? symbols->stabs - symbols->strip_mark
                                                                                 : 0;
}

static void check(const struct subject *subject, struct finding *f)
{
    const struct image *image = subject->image;
    const struct debug_list *list = &image->debug;
    unsigned long long bytes = 0, entries = stabs(image);
    for (size_t i = 0; i < list->count; i++) {
        const struct debug_info *find = &list->items[i];
        if (!is_left(find))
            continue;
        bytes += find->kind == DEBUG_DWARF_COMPRESSED ? 0 : find->size; /* told of a find that is counted as DWARF */
        evidence(f, find->offset, "no debug information", "%s in %s, %llu bytes", debug_name(find->kind),
                 find->where && *find->where ? find->where : "a section without a name",
                 (unsigned long long)find->size);
    }
    if (entries)
        evidence(f, image->symbols.offset, "no stabs", "%llu stabs in LC_SYMTAB", entries);
    if (f->total)
        fail(f, "%s%s", f->evidence[0].observed,
             f->total > 1 ? arena_print(f->arena, ", and %zu more finds; %llu bytes in all", f->total - 1, bytes) : "");
    else if (list->known == KNOWN_BROKEN || (image->format == FORMAT_MACHO && image->symbols.known == KNOWN_BROKEN))
        unknown(f, "what stands in the bytes that loaders do not read cannot be told");
    else if (list->count)
        pass(f, "no debug information but a link to a file that has it");
    else
        pass(f, "no debug information under any name");
}

const struct rule rule_stripped_no_debug_info = {
    .id = "stripped/no-debug-info",
    .level = LEVEL_ERROR,
    .applies = APPLIES_ELF | APPLIES_MACHO | APPLIES_LOADABLE,
    .title = "No debug information is left",
    .why = "Debug information is often larger than the program and tells file names, types and lines of its source, "
           "and the folders it was built in. It survives in places that `file` and most scanners do not look at: "
           "compressed or renamed sections, stabs, .gnu_debugdata, and in start files of a distribution's C library.",
    .fix = {.go = "go build -ldflags '-s -w'",
            .c = "strip --strip-all -R .gnu_debugdata (ELF), dsymutil and then strip -S (macOS); keep the symbols in a "
                 "file of their own: objcopy --only-keep-debug",
            .rust = "debug = 0, strip = true in [profile.release]; split-debuginfo = \"packed\" to keep it aside"},
    .refs = {"DWARF 5, 7.4 and 7.5", "gABI chapter 4: SHF_COMPRESSED", "<mach-o/stab.h>",
             "https://sourceware.org/gdb/current/onlinedocs/gdb.html/MiniDebugInfo.html"},
    .example = {.fails = "stripped-no-debug-info", .passes = "elf-static-clean"},
    .check = check,
};
