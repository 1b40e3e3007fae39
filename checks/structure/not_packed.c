/* Can the program be read as it stands? A packed or encrypted program shows a stub of
 * some instructions and hides the rest: its dependencies, symbols, strings and code are
 * those of the stub, so "no library, no debug information" is true of the stub alone.
 * UPX: src/stub/src/include/linux.h; Apple: LC_ENCRYPTION_INFO_64 with cryptid 1, segments with
 * SG_PROTECTED_VERSION_1. */
#include "checks/common.h"

static void check(const struct subject *subject, struct finding *f)
{
    const struct image *image = subject->image;
    if (image->packer.text) {
        evidence(f, image->packer.offset, "code that can be read", "%s", image->packer.text);
        fail(f, "packed (%s): what the program holds cannot be seen", image->packer.text);
    } else if (image->format == FORMAT_MACHO && image->macho->encrypted) {
        evidence(f, image->macho->encrypted_offset, "cryptid 0", "an encrypted range");
        fail(f, "encrypted (LC_ENCRYPTION_INFO, or SG_PROTECTED_VERSION_1): what the program holds cannot be seen");
    } else if (image->segments.known != KNOWN_COMPLETE) {
        unknown(f, "the segments cannot be read to their end, so packing cannot be ruled out");
    } else if (image->sections.known == KNOWN_BROKEN) {
        unknown(f, "the sections cannot be read to their end, so what they carry cannot be told");
    } else if (!subject->code_was_read) {
        pass(f, "no packer's signature, and no shape of a packed program; the code was not looked at (--no-code)");
    } else {
        pass(f, "no packer's signature, and no bytes of code as even as compressed data");
    }
}

const struct rule rule_structure_not_packed = {
    .id = "structure/not-packed",
    .level = LEVEL_ERROR,
    .applies = APPLIES_ELF | APPLIES_MACHO | APPLIES_LOADABLE,
    .title = "The program is not packed or encrypted",
    .why = "A packed program passes every check of its headers, because the headers are the packer's. It needs "
           "writable code pages, is mistaken for malware by scanners, costs its size in private memory in every "
           "process, and no auditor, debugger or bill of materials can see into it. The same holds of a "
           "program or an archive that is carried in a section which no loader maps.",
    .fix = {.go = "leave upx out of the release; go build -ldflags '-s -w' -trimpath makes it small enough",
            .c = "leave upx out of the release; -Os -Wl,--gc-sections, then strip",
            .rust = "leave upx out; opt-level = \"z\", lto = true, strip = true"},
    .refs = {"https://github.com/upx/upx (src/packhead.cpp, struct l_info)",
             "<mach-o/loader.h>: encryption_info_command_64"},
    .example = {.fails = "structure-not-packed", .passes = "elf-static-clean"},
    .check = check,
};
