/* Is nothing read or written below SP? AAPCS64, Universal stack constraints: no thread may access the inactive region of
 * the stack, which is below SP; a signal handler may run there at any time. Apple lets programs use 128 bytes of it, the
 * red zone.
 *
 * Procedure: a load or store at a negative offset from SP that does not move it, or one through another register that is
 * known to hold an address lower than SP. Profiles: AAPCS64, Android; Apple from the 129th byte on; not Go, which stores
 * X29 below SP in every prologue, on stacks that no signal handler runs on. Confidence: certain.
 *
 * The System V psABI for amd64 (3.2.2) gives every function 128 bytes below RSP: judged is what begins below those, in
 * functions that tables bound, but for instructions that leave memory as it is (OR of 0, TEST), which probe the stack or
 * are fences. */
#include "checks/code/abi_verdict.h"
#include "checks/rule.h"

static const struct abi_question question = {
    .breach = BREACH_BELOW_SP,
    .expected = "no access below SP",
    .broken = "accesses below the stack pointer",
    .expected_x86 = "no access more than 128 bytes below RSP",
    .broken_x86 = "accesses below the red zone of the stack",
    .profiles = ABI_OF_PLATFORMS | ABI_OF_X86,
};

static void check(const struct subject *subject, struct finding *f)
{
    abi_answer(subject, f, &question);
}

const struct rule rule_abi_no_access_below_sp = {
    .id = "abi/no-access-below-sp",
    .level = LEVEL_WARNING,
    .applies = APPLIES_ELF | APPLIES_MACHO | APPLIES_LOADABLE,
    .title = "Nothing is accessed below the stack pointer",
    .why = "What lies below SP belongs to nobody: a signal that arrives between the store and the load overwrites it, "
           "once in a million runs. Linux has no red zone on arm64; code written for macOS, which has one of 128 "
           "bytes, or for amd64 breaks there in ways that no test shows.",
    .fix = {.c = "lower SP before storing: stp x29, x30, [sp, #-16]!",
            .rust = "the same in asm! (without options(nostack)) and naked functions"},
    .refs = {"Arm, AAPCS64, Universal stack constraints",
             "Apple, Writing ARM64 code for Apple platforms: Respect the stack's red zone",
             "System V psABI, AMD64 Architecture Processor Supplement, 3.2.2: The Stack Frame"},
    .example = {.fails = "abi-no-access-below-sp", .passes = "elf-static-clean-arm64"},
    .check = check,
};
