/* Does the signature cover the whole image? Its hashes reach up to codeLimit; what stands between that and the signature
 * itself could be anything, and the signature would still be good. What stands behind the signature is the question of
 * structure/no-overlay.
 *
 * Procedure: codeLimit of the best CodeDirectory is where the signature begins, and there is no scatter list, which leaves
 * pages out. Confidence: certain. */
#include "checks/common.h"

#include <inttypes.h>

static void check(const struct subject *subject, struct finding *f)
{
    if (common_signed(subject, f, DEFECT_COVER, "what the signature covers"))
        pass(f, "hashes of all %" PRIu64 " bytes before the signature", subject->image->macho->code_limit);
}

const struct rule rule_signature_covers_file = {
    .id = "signature/covers-file",
    .level = LEVEL_ERROR,
    .applies = APPLIES_MACHO | APPLIES_LOADABLE,
    .title = "The signature covers the whole image",
    .why = "Bytes that no hash covers can be changed without breaking the signature: whoever mirrors the file can put "
           "something else there, and every check of the signature still says that it is good.",
    .fix = {.go = "sign anew as the last step: codesign -s - -f program",
            .c = "sign anew as the last step: codesign -s - -f program, or rcodesign sign on Linux",
            .rust = "sign anew as the last step: codesign -s - -f program"},
    .refs = {"XNU bsd/kern/ubc_subr.c: cs_validate_codedirectory", "Apple, TN3126: Inside Code Signing: Hashes"},
    .example = {.fails = "signature-covers-file", .passes = "macho-clean-arm64"},
    .check = check,
};
