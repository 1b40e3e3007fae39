/* Is SP a multiple of 16 wherever memory is accessed through it? AAPCS64, Universal stack constraints, asks for it at any
 * such point; processors check it for programs (SCTLR_EL1.SA0), and Linux and macOS have them do so.
 *
 * Procedure: SP is followed from the entry, where callers leave it aligned, through additions of constants, pre- and
 * post-indexed accesses, copies and masks; where ways meet that disagree only what both say modulo 16 is kept. A load or
 * store through SP is a violation where that is known and not 0. Profiles: all, Go's too. Confidence: certain; where SP
 * comes from a number that is not known nothing is told. */
#include "checks/code/abi_verdict.h"
#include "checks/rule.h"

static const struct abi_question question = {
    .breach = BREACH_STACK_ALIGNMENT,
    .expected = "SP mod 16 = 0 at every access through it",
    .broken = "accesses through a stack pointer that is not a multiple of 16",
    .profiles = ABI_OF_ALL,
};

static void check(const struct subject *subject, struct finding *f)
{
    abi_answer(subject, f, &question);
}

const struct rule rule_abi_stack_alignment = {
    .id = "abi/stack-alignment",
    .level = LEVEL_WARNING,
    .applies = APPLIES_ELF | APPLIES_MACHO | APPLIES_LOADABLE,
    .title = "SP is a multiple of 16 at every access",
    .why = "arm64 processors check the stack pointer at every access through it, and Linux and macOS turn the check "
           "on: a single access through a misaligned SP ends the program with SIGBUS. An emulator that does not "
           "check, as qemu-user, runs the same program without complaint.",
    .fix = {.go = "hand-written assembly alone: frame sizes that are a multiple of 16",
            .c = "sub sp, sp, #N with N a multiple of 16; save odd registers in pairs",
            .rust = "the same in asm! and naked functions"},
    .refs = {"Arm, Procedure Call Standard for the Arm 64-bit Architecture (AAPCS64), Universal stack "
             "constraints",
             "Arm Architecture Reference Manual (DDI 0487), SP alignment checking"},
    .example = {.fails = "abi-stack-alignment", .passes = "elf-static-clean-arm64"},
    .check = check,
};
