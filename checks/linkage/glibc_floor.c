/* Which glibc is the oldest that the program starts with? ld.so refuses a program whose
 * DT_VERNEED names a GLIBC_x.y that the library lacks (glibc elf/dl-version.c). A policy
 * declares the oldest one that the release is for (glibc-floor); without it the rule states
 * the one that the bytes ask for. Not all versions are numbers: a program with packed relative
 * relocations asks for GLIBC_ABI_DT_RELR, and what needs GLIBC_PRIVATE runs with one release. */
#include <string.h>

#include "checks/common.h"

/* The release of glibc that has a version first: "2.34" of "GLIBC_2.34", "2.36" of "GLIBC_ABI_DT_RELR"; NULL: it is not
 * one of glibc, or none that is known here. */
static const char *release_of(const char *version)
{
    static const char numbered[] = "GLIBC_";
    const char *number = version + sizeof numbered - 1;
    if (strncmp(version, numbered, sizeof numbered - 1) != 0)
        return NULL;
    if (*number >= '0' && *number <= '9')
        return number;
    return strcmp(number, "ABI_DT_RELR") == 0 ? "2.36" : NULL; /* its release notes, and elf/Versions */
}

/* The newest release that the versions ask for; NULL: none. */
static const char *newest(const struct image *image)
{
    const char *latest = image->glibc_floor;
    for (size_t i = 0; i < image->versions.count; i++) {
        const char *release = release_of(image->versions.items[i].text);
        if (release && (!latest || expect_compare(release, latest) > 0))
            latest = release;
    }
    return latest;
}

/* A version of glibc of which it is not known here which release has it, or NULL. */
static const char *strange_version(const struct image *image)
{
    for (size_t i = 0; i < image->versions.count; i++)
        if (common_begins(image->versions.items[i].text, "GLIBC_") && !release_of(image->versions.items[i].text))
            return image->versions.items[i].text;
    return NULL;
}

static void check(const struct subject *subject, struct finding *f)
{
    const struct image *image = subject->image;
    const char *floor = subject->expect->demands.glibc_floor, *needed = newest(image);
    const char *strange = floor ? strange_version(image) : NULL;
    bool broken = image->versions.known == KNOWN_BROKEN;
    if (floor && needed && expect_compare(needed, floor) > 0) {
        for (size_t i = 0; i < image->versions.count; i++) {
            const struct named *n = &image->versions.items[i];
            const char *release = release_of(n->text);
            if (release && expect_compare(release, floor) > 0)
                evidence(f, n->offset, "no version above the declared floor", "%s", n->text);
        }
        fail(f, "glibc %s or newer is needed, and %s is declared", needed, floor);
    } else if (floor && broken) {
        unknown(f, "glibc %s is declared; the version needs cannot be read to their end", floor);
    } else if (strange) {
        unknown(f, "glibc %s is declared; which release has %s is not known here", floor, strange);
    } else if (floor && needed) {
        pass(f, "glibc %s or newer is needed, and %s is declared", needed, floor);
    } else if (floor) {
        pass(f, "no version of glibc is needed");
    } else if (broken) {
        not_applicable(f, "no floor was declared; the version needs cannot be read to their end");
    } else if (needed) {
        not_applicable(f, "no floor was declared; the program needs glibc %s or newer", needed);
    } else {
        not_applicable(f, "no floor was declared; no version of glibc is needed");
    }
}

const struct rule rule_linkage_glibc_floor = {
    .id = "linkage/glibc-floor",
    .level = LEVEL_ERROR,
    .applies = APPLIES_ELF | APPLIES_LOADABLE,
    .title = "No newer glibc is needed than was declared",
    .why = "A program takes the newest symbol versions of the glibc it is linked against. Built on this year's "
           "distribution it stops on last year's with \"version GLIBC_2.38 not found\", however old the functions are "
           "that it calls.",
    .fix = {.go = "CGO_ENABLED=0, or build in a container of the oldest supported distribution",
            .c = "build in a container of the oldest supported distribution, or zig cc -target x86_64-linux-gnu.2.17",
            .rust = "cargo zigbuild --target x86_64-unknown-linux-gnu.2.17, or the musl target"},
    .refs = {"LSB Core, Symbol Versioning: Elf64_Verneed", "glibc elf/dl-version.c: match_symbol",
             "https://peps.python.org/pep-0600/ (the same floor for wheels)"},
    .example = {.fails = "linkage-glibc-floor", .passes = "elf-glibc-allowed"},
    .check = check,
};
