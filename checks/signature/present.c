/* Is there a code signature? Since macOS 11 kernels on arm64 kill a program without one
 * ("Killed: 9"); an ad-hoc signature of the linker is enough to start. amd64 programs
 * start without. A signature that cannot be read is worse than none: it is refused on
 * both. Who signed, and whether page hashes match, are other rules' questions. */
#include "checks/common.h"

static void check(const struct subject *subject, struct finding *f)
{
    const struct image *image = subject->image;
    uint64_t at = image->macho->signature_offset;
    switch (image->signature) {
    case SIGNATURE_AD_HOC:
    case SIGNATURE_LINKER_SIGNED:
    case SIGNATURE_CMS:
        pass(f, "a signature of kind %s%s%s", signature_name(image->signature),
             image->macho->identifier ? ", identifier " : "", image->macho->identifier ? image->macho->identifier : "");
        break;
    case SIGNATURE_BROKEN:
        evidence(f, at ? at : image->offset, "a code signature that can be read", "a damaged one");
        fail(f, "the code signature is damaged, or neither ad hoc nor with CMS");
        break;
    case SIGNATURE_NONE:
        if (image->segments.known == KNOWN_BROKEN) {
            unknown(f, "the load commands cannot be read to their end");
        } else if (image->arch == ARCH_ARM64) {
            evidence(f, image->offset, "LC_CODE_SIGNATURE", "none");
            fail(f, "no code signature: macOS on arm64 kills the program at its start");
        } else {
            not_applicable(f, "no code signature, and macOS needs none on %s", arch_name(image->arch));
        }
        break;
    }
}

const struct rule rule_signature_present = {
    .id = "signature/present",
    .level = LEVEL_ERROR,
    .applies = APPLIES_MACHO | APPLIES_LOADABLE,
    .title = "An arm64 image for macOS is signed",
    .why = "On Apple silicon the kernel starts no unsigned code. Linkers sign ad hoc by themselves, but "
           "cross-linkers, strip, install_name_tool and lipo of other systems remove the signature or leave one that "
           "no longer fits, and all that a user sees is \"Killed: 9\".",
    .fix = {.go = "go build signs for darwin/arm64; run codesign -s - -f again after strip or any other change",
            .c = "codesign -s - -f program as the last step, or rcodesign sign on Linux; lld: -adhoc_codesign",
            .rust = "sign after strip and lipo: codesign -s - -f, or rcodesign sign"},
    .refs = {"Apple, macOS Big Sur 11 release notes: Code Signing", "XNU bsd/kern/ubc_subr.c: cs_validate_csblob",
             "<mach-o/loader.h>: LC_CODE_SIGNATURE"},
    .example = {.fails = "signature-present", .passes = "macho-clean-arm64"},
    .check = check,
};
