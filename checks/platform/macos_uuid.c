/* Does the image carry a UUID? LC_UUID is how crash reports find their dSYM; local
 * network privacy (macOS 15) tells programs apart by it, and dyld of macOS 26 refuses
 * images for its SDK that have none. Go's linker writes one only from Go 1.24 on. */
#include "checks/common.h"

#include <string.h>

static void check(const struct subject *subject, struct finding *f)
{
    const struct image *image = subject->image;
    if (image->macho->has_uuid) {
        if (!image->uuid) {
            unknown(f, "LC_UUID cannot be read");
        } else if (image->uuid[strspn(image->uuid, "0")] == 0) {
            evidence(f, image->macho->uuid_offset, "a UUID of its own", "%s", image->uuid);
            fail(f, "LC_UUID is all zeros, which tells no program from another");
        } else {
            pass(f, "LC_UUID %s", image->uuid);
        }
    } else if (image->segments.known == KNOWN_BROKEN) {
        unknown(f, "the load commands cannot be read to their end");
    } else {
        evidence(f, image->offset, "LC_UUID", "none");
        fail(f, "no LC_UUID: macOS 15 and later tell programs apart by it");
    }
}

const struct rule rule_platform_macos_uuid = {
    .id = "platform/macos-uuid",
    .level = LEVEL_WARNING,
    .applies = APPLIES_MACHO | APPLIES_LOADABLE,
    .title = "The image carries a UUID",
    .why = "macOS tells code apart by LC_UUID: crash reports find their symbols by it, local network privacy gives "
           "its permission to it, and macOS 26 refuses to load new images that have none. Go wrote none before 1.24, "
           "and some linkers leave it out when asked to.",
    .fix = {.go = "Go 1.24 or later, whose linker writes one by default",
            .c = "drop -Wl,-no_uuid; ld and lld derive the UUID from the contents, so builds stay reproducible",
            .rust = "drop -C link-arg=-Wl,-no_uuid"},
    .refs = {"<mach-o/loader.h>: LC_UUID", "https://go.dev/doc/go1.24#linker", "https://go.dev/issue/68678"},
    .example = {.fails = "platform-macos-uuid", .passes = "macho-clean-arm64"},
    .check = check,
};
