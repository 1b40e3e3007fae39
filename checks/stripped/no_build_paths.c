/* Does the program tell where it was built? Assertion texts, panic messages, Go's file
 * table and N_OSO stabs carry absolute paths of the build machine. They show the names
 * of people and folders and make two builds of one source differ (reproducible-builds.org,
 * "Build path"). */
#include "checks/common.h"

static void check(const struct subject *subject, struct finding *f)
{
    const struct named_list *paths = &subject->image->build_paths;
    for (size_t i = 0; i < paths->count; i++)
        evidence(f, paths->items[i].offset, "no path of the build machine", "%s", paths->items[i].text);
    if (paths->count == 1)
        fail(f, "the build machine's path %s is in the file", paths->items[0].text);
    else if (paths->count)
        fail(f, "%zu folders of the build machine are in the file, %s among them", paths->count, paths->items[0].text);
    else if (!subject->code_was_read)
        unknown(f, "the bytes were not searched (--no-code)");
    else if (paths->known != KNOWN_COMPLETE)
        unknown(f, "not all bytes could be searched for paths");
    else
        pass(f, "no path below the folders that people and CI systems build in");
}

const struct rule rule_stripped_no_build_paths = {
    .id = "stripped/no-build-paths",
    .level = LEVEL_WARNING,
    .applies = APPLIES_ELF | APPLIES_MACHO | APPLIES_LOADABLE,
    .title = "No paths of the build machine are left",
    .why = "Paths such as /home/alice/src/product tell strangers who built a release and how its sources are laid "
           "out, they stay after stripping, and they keep two people from building the same bytes from the same "
           "source.",
    .fix = {.go = "go build -trimpath",
            .c = "-ffile-prefix-map=$PWD=. (GCC 8, clang 10; also for __FILE__ and assert)",
            .rust = "--remap-path-prefix=$PWD=. in RUSTFLAGS, or trim-paths in the profile"},
    .refs = {"https://reproducible-builds.org/docs/build-path/", "go help build: -trimpath",
             "GCC manual: -ffile-prefix-map"},
    .example = {.fails = "stripped-no-build-paths", .passes = "elf-static-clean"},
    .check = check,
};
