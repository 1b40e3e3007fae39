/* "As static as macOS allows": Apple supports no program without libSystem (QA1118), and
 * arm64 kernels refuse one. What remains is to need nothing but the system's own:
 * every dylib, weak or not, under /usr/lib or /System/Library, which no one but macOS
 * writes. dyld resolves "..", so /usr/lib/../local is no system path, and @rpath leads
 * wherever LC_RPATH says: in a program, to the system where all of them do, as swiftc
 * writes it (a library is also searched along the paths of who loads it). LC_DYLD_ENVIRONMENT sets DYLD_* variables for the program.
 * Without MH_DYLDLINK and LC_LOAD_DYLINKER only amd64 kernels start a program (XNU
 * bsd/kern/mach_loader.c, parse_machfile). */
#include "checks/common.h"

#include <string.h>

static bool is_system(const struct image *image, const char *path)
{
    const struct named_list *paths = &image->search_paths;
    if (!common_begins(path, "@rpath/"))
        return common_is_system(path);
    if (image->kind != KIND_EXECUTABLE || paths->known != KNOWN_COMPLETE || common_climbs(path))
        return false;
    for (size_t i = 0; i < paths->count; i++)
        if (!common_is_system(paths->items[i].text))
            return false;
    return paths->count > 0;
}

static void check(const struct subject *subject, struct finding *f)
{
    const struct image *image = subject->image;
    const struct named *loader = &image->interpreter, *first = NULL;
    size_t foreign = 0;
    for (size_t i = 0; i < image->needed.count; i++) {
        const struct named *n = &image->needed.items[i];
        if (n->detail != DEPENDENCY_ENVIRONMENT && (n->detail == DEPENDENCY_IMPLIED || is_system(image, n->text) ||
                                                    expect_allows(&subject->expect->demands, n->text)))
            continue;
        first = first ? first : n;
        foreign++;
        evidence(f, n->offset, "/usr/lib/ or /System/Library/", "%s %s", common_dependency(image, n->detail), n->text);
    }
    if (loader->text && strcmp(loader->text, "/usr/lib/dyld") != 0) {
        first = first ? first : loader;
        foreign++;
        evidence(f, loader->offset, "/usr/lib/dyld", "LC_LOAD_DYLINKER %s", loader->text);
    }
    bool without_dyld = image->arch == ARCH_ARM64 && image->kind == KIND_EXECUTABLE &&
                        (image->interpreter_known == KNOWN_ABSENT || !image->macho->dyldlink);
    if (without_dyld)
        evidence(f, image->offset, "MH_DYLDLINK and LC_LOAD_DYLINKER", "a program that dyld does not start");
    if (without_dyld && !foreign)
        fail(f, "a program without dyld, which macOS on arm64 refuses to start");
    else if (foreign == 1)
        fail(f, "%s is not part of macOS", first->text);
    else if (foreign)
        fail(f, "%zu dependencies are not part of macOS, %s among them", foreign, first->text);
    else if (image->needed.known == KNOWN_BROKEN || image->interpreter_known == KNOWN_BROKEN)
        unknown(f, "the load commands that name libraries cannot be read to their end");
    else if (image->needed.count)
        pass(f, "all dependencies (%zu) are part of macOS%s", image->needed.count,
             subject->expect->demands.library_count ? ", or allowed by the policy" : "");
    else
        pass(f, "no library is named");
}

const struct rule rule_linkage_system_libraries_only = {
    .id = "linkage/system-libraries-only",
    .level = LEVEL_ERROR,
    .applies = APPLIES_MACHO | APPLIES_LOADABLE,
    .title = "Only libraries of macOS itself are needed",
    .why = "A dylib from Homebrew or MacPorts, or one found through @rpath, is there on the machine that built the "
           "program and on few others: elsewhere dyld stops with \"Library not loaded\". A weak one is skipped in "
           "silence, and one in a folder that users can write is loaded whatever it holds.",
    .fix = {.go = "CGO_ENABLED=0, or link C libraries from their .a files",
            .c = "link the .a file in place of -lfoo; otool -L shows what is left",
            .rust = "enable the crate's static or vendored feature"},
    .refs = {"https://developer.apple.com/library/archive/qa/qa1118/",
             "dyld mach_o/UnsafeHeader.cpp: forEachLinkedDylib", "XNU bsd/kern/mach_loader.c: load_dylinker"},
    .example = {.fails = "linkage-system-libraries-only", .passes = "macho-clean-arm64"},
    .check = check,
};
