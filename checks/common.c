/* Shared by rules. The level of a target's variant is that of the OCI image index
 * (`variant`) and of Go's GOAMD64 and GOARM64: v1 to v4, and v8.0 to v9.5 with
 * ",lse" and ",crypto". v9.n includes v8.(n+5), and v8.1 includes LSE (Go's
 * src/internal/buildcfg, ParseGoarm64). */
#include "checks/common.h"

#include <string.h>

bool common_begins(const char *text, const char *with)
{
    while (*with && *text == *with)
        text++, with++;
    return *with == 0;
}

const char *common_base(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

bool common_climbs(const char *path)
{
    for (const char *at = path; (at = strstr(at, "..")); at += 2)
        if ((at == path || at[-1] == '/') && (at[2] == 0 || at[2] == '/'))
            return true;
    return false;
}

const char *common_name(const struct image *image)
{
    return image->name ? image->name : image->machine ? image->machine : "of no known machine";
}

const char *common_unread(const struct image *image)
{
    if (image->segments.known == KNOWN_BROKEN)
        return "segments";
    if (image->sections.known == KNOWN_BROKEN)
        return "sections";
    bool loaded = image->kind != KIND_OBJECT && image->kind != KIND_CORE && image->kind != KIND_DEBUG_FILE;
    if (loaded && image->needed.known == KNOWN_BROKEN)
        return "dependencies";
    return NULL;
}

size_t common_defects(const struct subject *subject, struct finding *f, enum defect_family family, bool *unsure)
{
    const struct defect_list *list =
        subject->image->defects.total ? &subject->image->defects : &subject->reading->defects;
    size_t found = 0;
    for (size_t i = 0; i < list->count; i++) {
        const struct defect *d = &list->items[i];
        if (defect_family(d->id) != family)
            continue;
        found++;
        evidence(f, d->offset, d->expected, "%s: %s", defect_text(d->id), d->observed);
    }
    *unsure = list->total > list->count;
    return found;
}

bool common_signed(const struct subject *subject, struct finding *f, enum defect_family family, const char *what)
{
    const struct image *image = subject->image;
    bool unsure;
    if (common_defects(subject, f, family, &unsure))
        fail(f, "%s", f->evidence[0].observed);
    else if (image->signature == SIGNATURE_NONE && image->segments.known != KNOWN_BROKEN)
        not_applicable(f, "no code signature");
    else if (image->signature == SIGNATURE_NONE || image->signature == SIGNATURE_BROKEN)
        unknown(f, "the code signature cannot be read");
    else if (unsure)
        unknown(f, "more defects were found than are kept, and those kept are not of %s", what);
    else
        return true;
    return false;
}

const char *common_dependency(const struct image *image, uint32_t how)
{
    static const char *const elf[] = {"DT_NEEDED", "DT_NEEDED", "DT_NEEDED", "DT_NEEDED",
                                      "DT_NEEDED", "DT_FILTER", "DT_AUDIT",  "DT_CONFIG"};
    static const char *const macho[] = {
        "LC_LOAD_DYLIB",        "LC_LOAD_WEAK_DYLIB",  "LC_REEXPORT_DYLIB",
        "LC_LOAD_UPWARD_DYLIB", "LC_LAZY_LOAD_DYLIB",  "LC_LOAD_DYLIB",
        "LC_LOAD_DYLIB",        "LC_DYLD_ENVIRONMENT", "dyld, for want of a dylib command,"};
    if (image->format == FORMAT_ELF)
        return how < sizeof elf / sizeof *elf ? elf[how] : "the dynamic table";
    return how < sizeof macho / sizeof *macho ? macho[how] : "a load command";
}

bool common_is_system(const char *path)
{
    static const char *const roots[] = {"usr/lib/", "System/Library/"};
    if (*path != '/' || common_climbs(path))
        return false;
    path += strspn(path, "/");
    for (size_t i = 0; i < sizeof roots / sizeof *roots; i++)
        if (common_begins(path, roots[i]))
            return true;
    return false;
}

struct baseline {
    int rank; /* ascending; -1: not understood */
    bool crypto;
};

static struct baseline level_of(enum arch arch, const char *text)
{
    struct baseline level = {-1, strstr(text, "crypto") != NULL};
    if (arch == ARCH_AMD64 && text[0] == 'v' && text[1] >= '1' && text[1] <= '4' && text[2] == 0)
        level.rank = text[1] - '0';
    if (arch != ARCH_ARM64)
        return level;
    bool minor = text[0] == 'v' && text[1] && text[2] == '.' && text[3] >= '0' && text[3] <= '9';
    if (text[0] == 'v' && (text[1] == '8' || text[1] == '9') && (minor || text[2] == 0 || text[2] == ','))
        level.rank = ((minor ? text[3] - '0' : 0) + (text[1] == '9' ? 5 : 0)) * 2;
    else if (common_begins(text, "lse"))
        level.rank = 0;
    if (level.rank == 0 && strstr(text, "lse"))
        level.rank = 1;
    return level;
}

static struct claim variant_claim(const struct image *image, const struct target *target, struct arena *arena)
{
    const char *recorded = image->go ? image->go->level : NULL;
    if (!*target->variant || strcmp(target->variant, common_name(image)) == 0)
        return (struct claim){ANSWER_YES, NULL};
    struct baseline want = level_of(image->arch, target->variant);
    if (strcmp(target->variant, "arm64e") == 0 || strcmp(target->variant, "x86_64h") == 0)
        return (struct claim){ANSWER_NO, arena_print(arena, "the code is for %s", common_name(image))};
    if (want.rank < 0)
        return (struct claim){ANSWER_UNKNOWN, arena_print(arena, "\"%s\" is no variant of %s that is known here",
                                                          target->variant, arch_name(image->arch))};
    if (!recorded)
        return (struct claim){
            ANSWER_YES, arena_print(arena, "variant %s was not compared: the bytes record none", target->variant)};
    struct baseline have = level_of(image->arch, recorded);
    if (have.rank < 0)
        return (struct claim){ANSWER_UNKNOWN, arena_print(arena, "Go recorded \"%s\" as its level", recorded)};
    if (have.rank > want.rank || (have.crypto && !want.crypto))
        return (struct claim){ANSWER_NO,
                              arena_print(arena, "Go recorded level %s, above %s", recorded, target->variant)};
    return (struct claim){ANSWER_YES, NULL};
}

/* A library may leave it to the program and to the libraries that it needs to bring a C library. */
static bool names_no_libc(const struct image *image)
{
    if (image->kind != KIND_SHARED_LIBRARY || image->needed.known != KNOWN_COMPLETE || image->interpreter.text)
        return false;
    for (size_t i = 0; i < image->needed.count; i++) {
        const char *name = common_base(image->needed.items[i].text);
        if (common_begins(name, "libc.") || common_begins(name, "libc-") || common_begins(name, "ld"))
            return false;
    }
    return true;
}

/* A triple's last part names the C library of the place that the program is for. */
static struct claim libc_claim(const struct image *image, const struct target *target, struct arena *arena)
{
    enum libc want = strcmp(target->libc, "musl") == 0  ? LIBC_MUSL
                     : strcmp(target->libc, "gnu") == 0 ? LIBC_GLIBC
                                                        : LIBC_UNKNOWN;
    bool alone = image->linkage == LINKAGE_STATIC || image->linkage == LINKAGE_STATIC_PIE;
    if (want == LIBC_UNKNOWN || image->libc == want || image->libc == LIBC_NONE)
        return (struct claim){ANSWER_YES, NULL};
    if (image->libc != LIBC_UNKNOWN)
        return (struct claim){ANSWER_NO, arena_print(arena, "the C library is %s, and the target names %s",
                                                     libc_name(image->libc), libc_name(want))};
    if (alone)
        return (struct claim){ANSWER_YES, "which C library is linked in was not recognised"};
    if (names_no_libc(image))
        return (struct claim){ANSWER_YES, "it names no C library of its own"};
    return (struct claim){ANSWER_UNKNOWN, "which C library it needs cannot be told"};
}

static bool exact_slices(const struct reading *reading)
{
    bool amd64 = false, arm64 = false;
    for (size_t i = 0; i < reading->count; i++) {
        amd64 |= strcmp(common_name(&reading->images[i]), "amd64") == 0;
        arm64 |= strcmp(common_name(&reading->images[i]), "arm64") == 0;
    }
    return reading->container == CONTAINER_UNIVERSAL && reading->count == 2 && amd64 && arm64;
}

/* Whether machines that do not take a slice of another ABI have one of their own: the kernel chooses the best that it can
 * start (XNU bsd/dev/arm/kern_machdep.c and bsd/dev/i386/kern_machdep.c, grade_binary). */
static bool has_plain_slice(const struct reading *reading, enum arch arch)
{
    for (size_t i = 0; i < reading->count; i++)
        if (strcmp(common_name(&reading->images[i]), arch_name(arch)) == 0)
            return true;
    return false;
}

static const char *slices(const struct reading *reading, struct arena *arena)
{
    const char *text = NULL;
    for (size_t i = 0; i < reading->count; i++)
        text = arena_print(arena, "%s%s%s", text ? text : "", text ? ", " : "", common_name(&reading->images[i]));
    return text ? text : "none";
}

static struct claim arch_claim(const struct subject *subject, const struct target *target, struct arena *arena)
{
    const struct image *image = subject->image;
    const char *name = common_name(image);
    bool other_abi = strcmp(name, "arm64e") == 0 || strcmp(name, "x86_64h") == 0;
    if (target->universal && !exact_slices(subject->reading))
        return (struct claim){ANSWER_NO,
                              arena_print(arena, "a universal file has the slices amd64 and arm64, this has %s",
                                          slices(subject->reading, arena))};
    if (target->universal || target->arch == ARCH_OTHER)
        return (struct claim){ANSWER_YES, NULL};
    if (image->arch == ARCH_OTHER && image->bits == 0)
        return (struct claim){ANSWER_UNKNOWN, "the architecture cannot be read"};
    if (image->arch != target->arch)
        return (struct claim){ANSWER_NO, arena_print(arena, "the code is for %s", name)};
    if (other_abi && strcmp(target->variant, name) != 0 && !has_plain_slice(subject->reading, target->arch))
        return (struct claim){ANSWER_NO, arena_print(arena, "the code is for %s, which not every %s machine runs", name,
                                                     arch_name(target->arch))};
    return (struct claim){ANSWER_YES, NULL};
}

struct claim common_target(const struct subject *subject, const struct target *target, struct arena *arena)
{
    const struct image *image = subject->image;
    if (image->format == FORMAT_OTHER)
        return (struct claim){ANSWER_NO, arena_print(arena, "this is no program but %s",
                                                     image->machine ? image->machine : "data of no known format")};
    if (target->foreign && image->judged)
        return (struct claim){ANSWER_NO,
                              arena_print(arena, "the program is for %s/%s", os_name(image->os), common_name(image))};
    if (target->foreign)
        return (struct claim){ANSWER_UNKNOWN, "files for that are named, not judged"};
    struct claim claim = arch_claim(subject, target, arena);
    if (claim.holds != ANSWER_YES)
        return claim;
    enum os os = target->universal && target->os == OS_UNKNOWN ? OS_MACOS : target->os;
    if (os != OS_UNKNOWN && image->os == OS_UNKNOWN)
        return (struct claim){ANSWER_UNKNOWN, "the operating system cannot be read from the bytes"};
    if (os != OS_UNKNOWN && image->os != os)
        return (struct claim){ANSWER_NO, arena_print(arena, "the program is for %s", os_name(image->os))};
    struct claim libc = libc_claim(image, target, arena), variant = variant_claim(image, target, arena);
    if (libc.holds == ANSWER_NO || (libc.holds == ANSWER_UNKNOWN && variant.holds != ANSWER_NO))
        return libc;
    return variant.holds == ANSWER_YES && !variant.text ? libc : variant;
}
