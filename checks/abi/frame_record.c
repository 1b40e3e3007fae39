/* Does X29 always lead to a frame record? AAPCS64, "The Frame Pointer", leaves it to the platform; Apple: "The frame
 * pointer register (x29) must always address a valid frame record. Some functions - such as leaf functions or tail calls -
 * may opt not to create an entry in this list."
 *
 * Procedure: where a function calls another one, X29 must hold what it held at the entry, or the address of two words of
 * the stack that hold the X29 and X30 of the entry. It is a violation where X29 is known to hold a number, or those words
 * are known to hold other registers. Profile: Apple, not Go. Confidence: certain. */
#include "checks/code/abi_verdict.h"
#include "checks/rule.h"

static const struct abi_question question = {
    .breach = BREACH_FRAME_RECORD,
    .expected = "X29 leads to a frame record, or is as at the entry",
    .broken = "calls with an X29 that leads to no frame record",
    .profiles = 1u << ABI_APPLE,
    .not_here = "only Apple's platforms ask for frame records",
    .of_conventions = true,
};

static void check(const struct subject *subject, struct finding *f)
{
    abi_answer(subject, f, &question);
}

const struct rule rule_abi_frame_record = {
    .id = "abi/frame-record",
    .level = LEVEL_WARNING,
    .applies = APPLIES_ELF | APPLIES_MACHO | APPLIES_LOADABLE,
    .title = "X29 leads to a frame record at every call",
    .why = "Crash reports, profilers and the kernel of macOS walk the chain of frame records without any debug "
           "information. A function that keeps something else in X29 cuts the chain, or sends the walker through "
           "memory that it must not read.",
    .fix = {.c = "-fno-omit-frame-pointer (the default for Apple's targets); stp x29, x30 and mov x29, sp in assembly",
            .rust = "-C force-frame-pointers=yes (the default for Apple's targets)"},
    .refs = {"Arm, AAPCS64, The Frame Pointer",
             "Apple, Writing ARM64 code for Apple platforms: Respect the purpose of specific CPU registers"},
    .example = {.fails = "abi-frame-record", .passes = "macho-clean-arm64"},
    .check = check,
};
