/* Are the bytes those that were signed? The CodeDirectory has a hash of each page, and of the other blobs of the signature;
 * the kernel computes them as pages are read, and kills the process over one that differs, be it hours after the start.
 *
 * Procedure: every page up to codeLimit, and every blob, is hashed anew (formats/macho/hashes.c), by the best CodeDirectory,
 * which is the one that the kernel takes. Confidence: certain. Who signed is no question here. */
#include "checks/common.h"

static void check(const struct subject *subject, struct finding *f)
{
    if (!common_signed(subject, f, DEFECT_HASHES, "the hashes"))
        return;
    const uint32_t held = subject->image->macho->pages_held;
    if (!subject->code_was_read)
        not_applicable(f, "pages were not held against their hashes (--no-code)");
    else if (held == 0)
        unknown(f, "pages were not held against their hashes, for the signature does not cover the whole image");
    else
        pass(f, "%u pages and all blobs are those that were signed", held);
}

const struct rule rule_signature_page_hashes_match = {
    .id = "signature/page-hashes-match",
    .level = LEVEL_ERROR,
    .applies = APPLIES_MACHO | APPLIES_LOADABLE,
    .title = "The signed pages are those of the file",
    .why =
        "A program that was changed behind its signing (strip, install_name_tool, a patched version string, a transfer "
        "in text mode) starts if the page that the kernel reads first is whole, and is killed when it comes to the "
        "changed one: \"Killed: 9\", or Code Signature Invalid in the crash report.",
    .fix = {.go = "sign last: codesign -s - -f program, after every other change",
            .c = "sign last: codesign -s - -f program, or rcodesign sign on Linux, after every other change",
            .rust = "sign last: codesign -s - -f program, after every other change"},
    .refs = {"XNU bsd/kern/ubc_subr.c: cs_validate_hash", "Apple, TN3126: Inside Code Signing: Hashes"},
    .example = {.fails = "signature-page-hashes-match", .passes = "macho-clean-arm64"},
    .check = check,
};
