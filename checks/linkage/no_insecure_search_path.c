/* Can someone else put a library into the program's way? ld.so looks for libraries in
 * the folders of DT_RPATH and DT_RUNPATH, where an empty or relative entry is the
 * current folder (glibc elf/dl-load.c, fillin_rpath), and dyld in those of LC_RPATH.
 * DT_AUDIT and LC_DYLD_ENVIRONMENT load or redirect before main. A library or a loader
 * that is named by a path is opened from there and nowhere else, and where that is
 * relative, which "$LIB/…" is, too, from the current folder. $ORIGIN and @executable_path
 * lead to where the program itself lies: whoever writes there replaces the program as well.
 * A policy that allows a library by its name says nothing of the folder it comes from. */
#include "checks/common.h"

#include <string.h>

/* Folders in which anyone, or the user of the build machine, may create files. */
static const char *const open_folders[] = {"/tmp",      "/var/tmp", "/dev",     "/run/user", "/run/lock",
                                           "/var/lock", "/private", "/Volumes", "/proc",     "/home",
                                           "/Users",    "/root",    "/build",   "/builds",   "/workspace"};

/* Whether the path leads into the folder; doubled slashes and "." in it lead nowhere. */
static bool under(const char *path, const char *folder)
{
    for (; *folder; folder++) {
        if (*path++ != *folder)
            return false;
        while (*folder == '/' && (*path == '/' || (path[0] == '.' && path[1] == '/')))
            path++;
    }
    return *path == 0 || *path == '/';
}

static bool is_open(const char *path)
{
    for (size_t i = 0; i < sizeof open_folders / sizeof *open_folders; i++)
        if (under(path, open_folders[i]))
            return true;
    return false;
}

/* Where enough ".." behind the folder of the program lead: what follows the last one that leaves all before it. */
static const char *climbs_to(const char *path)
{
    const char *to = NULL;
    long depth = 0;
    while (*path == '/') {
        size_t size = strcspn(path + 1, "/");
        bool up = size == 2 && strncmp(path + 1, "..", 2) == 0;
        depth += up ? -1 : size > 0 && !(size == 1 && path[1] == '.');
        path += size + 1;
        if (up && depth <= 0) {
            to = path;
            depth = 0;
        }
    }
    return to;
}

/* One that has any search path dies of an assertion as it starts (glibc elf/get-dynamic-info.h, STATIC_PIE_BOOTSTRAP). */
static bool is_static_glibc_pie(const struct image *image)
{
    return image->linkage == LINKAGE_STATIC_PIE && image->libc == LIBC_GLIBC;
}

/* Whether it may be one, as far as is known. */
static bool may_be_static_glibc_pie(const struct image *image)
{
    return (image->linkage == LINKAGE_UNKNOWN || image->linkage == LINKAGE_STATIC_PIE) &&
           (image->libc == LIBC_UNKNOWN || image->libc == LIBC_GLIBC);
}

/* What is wrong with a folder to search, or NULL. */
static const char *fault(const struct image *image, const char *path, bool all_empty)
{
    static const char *const own[2][2] = {{"$ORIGIN", "${ORIGIN}"}, {"@executable_path", "@loader_path"}};
    if (is_static_glibc_pie(image))
        return "glibc ends a static PIE that has a search path";
    if (all_empty)
        return NULL;
    if (*path == 0)
        return "an empty entry is the current folder";
    for (size_t i = 0; i < 2; i++) {
        const char *name = own[image->format == FORMAT_MACHO][i];
        const char *to = under(path, name) ? climbs_to(path + strlen(name)) : NULL;
        if (to && is_open(to))
            return "an entry with \"..\" leads to a folder that others can write";
        if (under(path, name))
            return NULL;
    }
    if (*path != '/')
        return "a relative entry starts from the current folder";
    if (common_climbs(path))
        return "an entry with \"..\" leads elsewhere than it says";
    if (is_open(path))
        return "a folder that others can write, or that is of the build machine";
    if (image->format == FORMAT_MACHO && !under(path, "/usr/lib") && !under(path, "/System/Library"))
        return "a folder that System Integrity Protection does not guard";
    return NULL;
}

/* What is wrong with a place that a library or a loader is named by, or NULL. */
static const char *place_fault(const char *path)
{
    static const char *const own[] = {"$ORIGIN", "${ORIGIN}", "@executable_path", "@loader_path", "@rpath"};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        const char *to = under(path, own[i]) ? climbs_to(path + strlen(own[i])) : NULL;
        if (to && is_open(to))
            return "\"..\" in it leads to a folder that others can write";
        if (under(path, own[i]))
            return NULL;
    }
    if (*path != '/')
        return "a relative path is opened from the current folder";
    if (common_climbs(path))
        return "\"..\" in it leads elsewhere than it says";
    return is_open(path) ? "it stands in a folder that others can write, or that is of the build machine" : NULL;
}

/* The kernel, which opens the loader, knows of no $ORIGIN. */
static const char *loader_fault(const char *path)
{
    return *path == '/' ? place_fault(path) : "a relative loader is opened from the current folder";
}

/* What is wrong with a dependency, by the way it is asked for; NULL: nothing. A name without a slash is searched for. */
static const char *dependency_fault(const struct named *n)
{
    if (n->detail == DEPENDENCY_AUDIT)
        return "an auditing library is loaded before the program and sees all of it";
    if (n->detail == DEPENDENCY_ENVIRONMENT)
        return "the loader is told where to look by the program";
    return strchr(n->text, '/') ? place_fault(n->text) : NULL;
}

/* A DT_RUNPATH that is empty as a whole is passed over (decompose_rpath); an empty entry beside others is not. */
static bool is_all_empty(const struct named_list *paths, size_t i)
{
    const struct named *path = &paths->items[i];
    return *path->text == 0 && (i == 0 || path[-1].offset != path->offset) &&
           (i + 1 == paths->count || path[1].offset != path->offset);
}

static void check(const struct subject *subject, struct finding *f)
{
    const struct image *image = subject->image;
    const struct named_list *paths = &image->search_paths, *needed = &image->needed;
    bool elf = image->format == FORMAT_ELF, alone = is_static_glibc_pie(image);
    for (size_t i = 0; i < paths->count; i++) {
        const char *wrong = fault(image, paths->items[i].text, elf && is_all_empty(paths, i));
        if (wrong)
            evidence(f, paths->items[i].offset,
                     alone ? "no search path" : "a folder that only the administrator writes", "%s \"%s\": %s",
                     !elf                     ? "LC_RPATH"
                     : paths->items[i].detail ? "DT_RPATH"
                                              : "DT_RUNPATH",
                     paths->items[i].text, wrong);
    }
    for (size_t i = 0; i < needed->count; i++) {
        const char *wrong = dependency_fault(&needed->items[i]);
        if (wrong)
            evidence(f, needed->items[i].offset, "a library by its name or whole path", "%s \"%s\": %s",
                     common_dependency(image, needed->items[i].detail), needed->items[i].text, wrong);
    }
    const char *loader = elf && image->interpreter.text ? loader_fault(image->interpreter.text) : NULL;
    if (loader)
        evidence(f, image->interpreter.offset, "a loader in a folder that only the administrator writes",
                 "PT_INTERP \"%s\": %s", image->interpreter.text, loader);
    if (f->total)
        fail(f, "%s", f->evidence[0].observed);
    else if (paths->known == KNOWN_BROKEN || needed->known == KNOWN_BROKEN || image->interpreter_known == KNOWN_BROKEN)
        unknown(f, "the search paths cannot be read to their end");
    else if (paths->count && elf && may_be_static_glibc_pie(image))
        unknown(f,
                "there is a search path, and whether this is a static PIE of glibc, which ends there, cannot be told");
    else if (paths->count)
        pass(f, "all search paths (%zu) lead to folders of the administrator or of the program, \"%s\" first",
             paths->count, paths->items[0].text);
    else
        pass(f, "no search path");
}

const struct rule rule_linkage_no_insecure_search_path = {
    .id = "linkage/no-insecure-search-path",
    .level = LEVEL_ERROR,
    .applies = APPLIES_ELF | APPLIES_MACHO | APPLIES_LOADABLE,
    .title = "No library is searched where others can write",
    .why = "A search path that is empty, relative, in /tmp or in the home folder of whoever built the program lets "
           "anyone who can write there run code in it, with its privileges. Such paths are left over from build trees "
           "and are invisible until someone uses them.",
    .fix = {.go = "CGO_ENABLED=0; with cgo remove -Wl,-rpath from CGO_LDFLAGS and #cgo LDFLAGS",
            .c = "drop -Wl,-rpath, or use -Wl,-rpath,'$ORIGIN/../lib'; patchelf --remove-rpath; install_name_tool "
                 "-delete_rpath",
            .rust = "drop -C rpath and link-arg=-Wl,-rpath"},
    .refs = {"ld.so(8), \"Dynamic string tokens\"", "glibc elf/dl-load.c: fillin_rpath",
             "https://cwe.mitre.org/data/definitions/426.html", "dyld(1): LC_RPATH, DYLD_*"},
    .example = {.fails = "linkage-no-insecure-search-path", .passes = "elf-static-clean"},
    .check = check,
};
