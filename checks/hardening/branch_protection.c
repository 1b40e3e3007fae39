/* Do code and property agree on branch protection? GNU_PROPERTY_AARCH64_FEATURE_1_AND says of a file that all of it was
 * built for BTI (bit 0, ELF for the Arm 64-bit Architecture). The kernel then maps its code guarded, and an indirect
 * branch to an instruction that is no landing pad ends the program. Where the note makes that promise, each function that
 * a pointer in data leads to must begin with BTI C, BTI JC, PACIASP or PACIBSP. Functions that are only called by name
 * need none, and no note is no promise: linkers drop it as soon as one object lacks it. */
#include <inttypes.h>

#include "checks/code/abi_verdict.h"
#include "checks/rule.h"

enum { FEATURE_1_BTI = 1 };

static const struct abi_question question = {
    .breach = BREACH_LANDING_PAD,
    .expected = "BTI C, BTI JC, PACIASP or PACIBSP, as the property promises",
};

static void check(const struct subject *subject, struct finding *f)
{
    const struct image *image = subject->image;
    if (image->arch != ARCH_ARM64) {
        not_applicable(f, "landing pads are looked for in code for arm64");
    } else if (!image->elf->has_feature_1 || !(image->elf->feature_1 & FEATURE_1_BTI)) {
        not_applicable(f, "no property promises landing pads");
    } else if (!subject->code_was_read) {
        unknown(f, "the code was not read (--no-code)");
    } else if (!study_conventions(subject->study)) {
        unknown(f, "the code of the program cannot be read in the file");
    } else if (subject->study->abi.hits[BREACH_LANDING_PAD].count) {
        abi_show(subject, f, &question);
        fail(f,
             "%" PRIu64 " of %" PRIu64
             " functions that pointers lead to begin with no landing pad, which the property promises",
             subject->study->abi.hits[BREACH_LANDING_PAD].count, subject->study->abi.pointed);
    } else if (subject->study->abi.pointed == 0) {
        unknown(f, "no function was found that a pointer leads to");
    } else {
        pass(f, "all %" PRIu64 " functions that pointers in data lead to begin with a landing pad",
             subject->study->abi.pointed);
    }
}

const struct rule rule_hardening_branch_protection = {
    .id = "hardening/branch-protection",
    .level = LEVEL_WARNING,
    .applies = APPLIES_ELF | APPLIES_LOADABLE,
    .title = "Landing pads are where the property promises them",
    .why =
        "A file that is marked for BTI runs with guarded pages: an indirect call to a function without a landing pad, "
        "mostly one in hand-written assembly, ends the program on processors that have BTI, and on no other. Nobody "
        "who tests on an older machine sees it.",
    .fix = {.c = "-mbranch-protection=standard for every object; bti c at the start of functions in assembly; ld -z "
                 "force-bti names objects that lack the mark",
            .rust = "-Z branch-protection=bti"},
    .refs = {"Arm, ELF for the Arm 64-bit Architecture: GNU_PROPERTY_AARCH64_FEATURE_1_AND",
             "Arm, System V ABI for the Arm 64-bit Architecture: Program property"},
    .example = {.fails = "hardening-branch-protection", .passes = "elf-arm64-landing-pads"},
    .check = check,
};
