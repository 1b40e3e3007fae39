/* Is SP a multiple of 16 wherever memory is accessed through it? AAPCS64, Universal stack constraints, asks for it at any
 * such point; processors check it for programs (SCTLR_EL1.SA0), and Linux and macOS have them do so.
 *
 * Procedure: SP is followed from the entry, where callers leave it aligned, through additions of constants, pre- and
 * post-indexed accesses, copies and masks; where ways meet that disagree only what both say modulo 16 is kept. A load or
 * store through SP is a violation where that is known and not 0. Profiles: all, Go's too. Confidence: certain; where SP
 * comes from a number that is not known nothing is told.
 *
 * On amd64 the System V psABI (3.2.2, The Stack Frame) asks for it where control is transferred to a function, and no
 * processor checks it: an aligned access to a local variable faults later. RSP is followed in the same way. It is a
 * violation where it is known and not 0 modulo 16 at a call that leaves the program's own code, through a register, memory
 * or a stub of the PLT: of a function that it knows a compiler may know that the alignment does not matter. The function
 * must be one that a pointer leads to, bounded by .eh_frame or LC_FUNCTION_STARTS, without jumps that a register decides:
 * what stands behind a call that never returns may only be reached from elsewhere. Not Go. */
#include "checks/code/abi_verdict.h"
#include "checks/rule.h"

static const struct abi_question question = {
    .breach = BREACH_STACK_ALIGNMENT,
    .expected = "SP mod 16 = 0 at every access through it",
    .broken = "accesses through a stack pointer that is not a multiple of 16",
    .expected_x86 = "RSP mod 16 = 0 at every call",
    .broken_x86 = "calls with a stack pointer that is not a multiple of 16",
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
    .title = "SP is a multiple of 16 where it must be",
    .why = "arm64 processors check the stack pointer at every access through it, and Linux and macOS turn the check "
           "on: a single access through a misaligned SP ends the program with SIGBUS. An emulator that does not "
           "check, as qemu-user, runs the same program without complaint. On amd64 functions take it for granted that "
           "RSP is a multiple of 16 when they are called, and fault at the first vector that they keep on the stack.",
    .fix = {.go = "hand-written assembly alone: frame sizes that are a multiple of 16",
            .c = "sub sp, sp, #N with N a multiple of 16; save odd registers in pairs; on amd64, push an odd number of "
                 "them",
            .rust = "the same in asm! and naked functions"},
    .refs = {"Arm, Procedure Call Standard for the Arm 64-bit Architecture (AAPCS64), Universal stack "
             "constraints",
             "Arm Architecture Reference Manual (DDI 0487), SP alignment checking",
             "System V psABI, AMD64 Architecture Processor Supplement, 3.2.2: The Stack Frame"},
    .example = {.fails = "abi-stack-alignment", .passes = "elf-static-clean-arm64"},
    .check = check,
};
