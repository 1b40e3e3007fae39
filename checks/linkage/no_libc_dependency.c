/* Does the program run whatever C library its machine has? A C library or its loader
 * among the dependencies ties a program to glibc or to musl, and glibc version needs
 * (DT_VERNEED) tie it to releases of glibc. A C library that is linked in is the
 * program's own and no dependency. A policy may allow one. */
#include "checks/common.h"

#include <string.h>

/* What the parts of a C library are called: glibc's (shlib-versions), musl's, bionic's, Apple's, uClibc's, klibc's. */
static const char *const parts[] = {
    "libc.so",    "libc.musl", "libpthread.so", "libm.so",     "libdl.so",  "librt.so",    "libresolv.so", "libutil.so",
    "libnsl.so",  "libanl.so", "libmvec.so",    "libcrypt.so", "ld-linux",  "ld-musl",     "ld64.so",      "ld.so",
    "ld-android", "linker64",  "libSystem.",    "libc.dylib",  "ld-uClibc", "ld64-uClibc", "libuClibc",    "klibc-"};

static bool is_libc(const char *path)
{
    const char *name = common_base(path);
    if ((*name != 'l' && *name != 'k') || strnlen(name, 4) < 4) /* as all of them begin, and longer */
        return false;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (parts[i][3] == name[3] && common_begins(name, parts[i])) /* "lib" tells little */
            return true;
    return false;
}

static void check(const struct subject *subject, struct finding *f)
{
    const struct image *image = subject->image;
    const struct named *interpreter = &image->interpreter, *first = NULL;
    const struct demands *demands = &subject->expect->demands;
    bool elf = image->format == FORMAT_ELF, allowed = false;
    if (!elf && !subject->expect->literal_static) {
        not_applicable(f, "on macOS libSystem is the interface of the system: linkage/system-libraries-only speaks");
        return;
    }
    if (interpreter->text && is_libc(interpreter->text) && expect_allows(demands, interpreter->text))
        allowed = true;
    else if (interpreter->text && is_libc(interpreter->text))
        evidence(f, (first = interpreter)->offset, "no loader of a C library", "%s", interpreter->text);
    for (size_t i = 0; i < image->needed.count; i++) {
        const struct named *n = &image->needed.items[i];
        if (!is_libc(n->text) && n->detail != DEPENDENCY_IMPLIED)
            continue;
        if (expect_allows(demands, n->text)) {
            allowed = true;
            continue;
        }
        first = n;
        evidence(f, n->offset, "no C library", "%s %s", common_dependency(image, n->detail), n->text);
    }
    for (size_t i = 0; i < image->versions.count; i++) {
        const struct named *n = &image->versions.items[i];
        if (!common_begins(n->text, "GLIBC_") || expect_allows(demands, "libc.so.6"))
            continue; /* with the library its versions are allowed: linkage/glibc-floor speaks of them */
        first = first ? first : n;
        evidence(f, n->offset, "no version of glibc", "%s", n->text);
    }
    if (first)
        fail(f, "the C library of the machine is needed: %s", first->text);
    else if (image->needed.known == KNOWN_BROKEN || image->interpreter_known == KNOWN_BROKEN ||
             image->versions.known == KNOWN_BROKEN)
        unknown(f, "loader, libraries or version needs cannot be read to their end");
    else if (allowed)
        pass(f, "the policy allows the C library that is needed");
    else if (image->libc == LIBC_GLIBC || image->libc == LIBC_MUSL)
        pass(f, "no C library is needed: %s is linked in", libc_name(image->libc));
    else
        pass(f, "neither loader, libraries nor version needs name a C library");
}

const struct rule rule_linkage_no_libc_dependency = {
    .id = "linkage/no-libc-dependency",
    .level = LEVEL_ERROR,
    .applies = APPLIES_ELF | APPLIES_MACHO | APPLIES_LOADABLE,
    .title = "No C library of the machine is needed",
    .why = "A program linked against glibc does not start on Alpine, one linked against musl not on Debian, and one "
           "built on a new distribution says \"version GLIBC_2.38 not found\" on an older one. Statically linked "
           "programs have no such floor.",
    .fix = {.go = "CGO_ENABLED=0; the tags netgo and osusergo keep net and os/user off the C library",
            .c = "musl-gcc -static, or zig cc -target x86_64-linux-musl -static",
            .rust = "--target x86_64-unknown-linux-musl"},
    .refs = {"LSB Core, Symbol Versioning: Elf64_Verneed", "glibc elf/dl-version.c",
             "https://musl.libc.org/doc/1.1.24/manual.html"},
    .example = {.fails = "linkage-no-libc-dependency", .passes = "elf-static-clean"},
    .check = check,
};
