/* Which macOS is the oldest that starts the program? LC_BUILD_VERSION (minos) or
 * LC_VERSION_MIN_MACOSX says so, and dyld refuses on older ones. A policy declares the oldest
 * one that the release is for (macos-minimum); without it the rule states the one that the
 * image asks for. */
#include "checks/common.h"

#include <string.h>

static void check(const struct subject *subject, struct finding *f)
{
    const struct image *image = subject->image;
    const char *minimum = subject->expect->demands.macos_minimum, *declared = image->os == OS_MACOS ? minimum : NULL;
    if (!image->min_os) {
        unknown(f, "the image does not say which release of its system it asks for");
    } else if (minimum && image->os == OS_UNKNOWN) {
        unknown(f, "macOS %s is declared; the image does not say which system it is for", minimum);
    } else if (!declared && !image->sdk) {
        unknown(f, "the image does not say which SDK it was built with");
    } else if (!declared && strcmp(image->sdk, "0.0") != 0 && expect_compare(image->min_os, image->sdk) > 0) {
        evidence(f, image->macho->min_os_offset, "no newer than the SDK", "%s, with the SDK of %s", image->min_os,
                 image->sdk);
        fail(f, "%s %s is asked for, newer than the SDK %s that the image was built with", os_name(image->os),
             image->min_os, image->sdk);
    } else if (!declared) {
        not_applicable(f, "no minimum was declared; the image asks for %s %s or newer", os_name(image->os),
                       image->min_os);
    } else if (expect_compare(image->min_os, declared) > 0) {
        evidence(f, image->macho->min_os_offset, "the declared minimum, or an older one", "%s", image->min_os);
        fail(f, "macOS %s or newer is needed, and %s is declared", image->min_os, declared);
    } else {
        pass(f, "macOS %s or newer is needed, and %s is declared", image->min_os, declared);
    }
}

const struct rule rule_platform_minimum_os = {
    .id = "platform/minimum-os",
    .level = LEVEL_NOTE,
    .applies = APPLIES_MACHO | APPLIES_LOADABLE,
    .title = "No newer macOS is needed than was declared",
    .why = "A linker that is told nothing takes the release of the build machine as the oldest supported one. Users "
           "of older releases then read \"built for macOS 15.0 which is newer than running OS\", for a program that "
           "would have worked.",
    .fix = {.go = "each Go release fixes its own minimum; with cgo set MACOSX_DEPLOYMENT_TARGET",
            .c = "-mmacosx-version-min=11.0, or MACOSX_DEPLOYMENT_TARGET=11.0",
            .rust = "MACOSX_DEPLOYMENT_TARGET=11.0"},
    .refs = {"<mach-o/loader.h>: LC_BUILD_VERSION, LC_VERSION_MIN_MACOSX", "https://go.dev/wiki/MinimumRequirements"},
    .example = {.fails = "platform-minimum-os", .passes = "macho-declared-minimum"},
    .check = check,
};
