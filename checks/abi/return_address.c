/* Does a function return to its caller? AAPCS64, "Subroutine Calls": LR holds the return address at the entry, and a call
 * overwrites it.
 *
 * Procedure: X30 is followed like any other register. A return through a register that is known to hold what a call in
 * this very function left in X30 goes back to behind that call, for ever. Profiles: all but Go's. Where a program has one such
 * return for fifty functions, no call of its language comes back: LLVM makes calls of the tail calls of Haskell, and nothing
 * is told. Confidence: certain. */
#include "checks/code/abi_verdict.h"
#include "checks/rule.h"

static const struct abi_question question = {
    .breach = BREACH_RETURN_ADDRESS,
    .expected = "the return address of the entry",
    .broken = "returns to behind a call of the same function",
    .profiles = ABI_OF_PLATFORMS,
    .of_conventions = true,
};

static void check(const struct subject *subject, struct finding *f)
{
    abi_answer(subject, f, &question);
}

const struct rule rule_abi_return_address = {
    .id = "abi/return-address",
    .level = LEVEL_WARNING,
    .applies = APPLIES_ELF | APPLIES_MACHO | APPLIES_LOADABLE,
    .title = "Functions return to their callers",
    .why = "A function that calls another one without saving X30 first returns into itself and never comes back, or "
           "comes back only when something else happened to put the right address there. Hand-written code does that "
           "on paths that no test takes.",
    .fix = {.c = "stp x29, x30, [sp, #-16]! before the first call", .rust = "the same in naked functions"},
    .refs = {"Arm, AAPCS64, Subroutine Calls"},
    .example = {.fails = "abi-return-address", .passes = "elf-static-clean-arm64"},
    .check = check,
};
