/* Is the file as small as was agreed? A policy declares the most bytes that a file may have (size-max). The size is
 * that of the whole file, all slices of it: what is downloaded and copied into images. */
#include "checks/common.h"

#include <inttypes.h>

static void check(const struct subject *subject, struct finding *f)
{
    uint64_t size = subject->image->file->size, most = subject->expect->demands.size_max;
    if (!most) {
        not_applicable(f, "no budget was declared; the file has %" PRIu64 " bytes", size);
    } else if (size > most) {
        evidence(f, EVIDENCE_NOWHERE, "the declared size-max, or less", "%" PRIu64 " bytes", size);
        fail(f, "the file has %" PRIu64 " bytes, and %" PRIu64 " are declared", size, most);
    } else {
        pass(f, "the file has %" PRIu64 " bytes, and %" PRIu64 " are declared", size, most);
    }
}

const struct rule rule_platform_size_budget = {
    .id = "platform/size-budget",
    .level = LEVEL_ERROR,
    .applies = APPLIES_ANYTHING,
    .title = "The file is no larger than was declared",
    .why = "A debug build, a symbol table that came back, or a dependency that embeds a database shows first in the "
           "size of the file, and last in the review of the code. A budget makes it the matter of a decision.",
    .fix = {.go = "go build -trimpath -ldflags '-s -w'; go version -m shows the modules that are in it",
            .c = "strip, -Os, -ffunction-sections -Wl,--gc-sections; or declare another size-max in the policy",
            .rust = "strip = true, lto = true, opt-level = \"z\" and panic = \"abort\" in [profile.release]"},
    .refs = {"assay-policy(5), PARAMETERS"},
    .example = {.fails = "platform-size-budget", .passes = "elf-static-declared"},
    .check = check,
};
