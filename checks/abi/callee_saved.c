/* Do functions give back what they must? AAPCS64, "General-purpose Registers": "A subroutine invocation must preserve the
 * contents of the registers r19-r29 and SP"; and of v8-v15 the bottom 64 bits (SIMD and Floating-Point
 * Registers).
 *
 * Procedure: what each register held at the entry is followed through copies, stores and loads on the stack. At a
 * return to the caller, surely so because X30 is known to hold what it held at the entry, with SP where it was, a
 * register that is known to hold something else is a violation. Profiles: all but Go's, which has no such registers. A
 * function that no table bounds, but a call leads to, is as long as to the next one, which may be wrong: what breaks
 * there leaves the rule undecided. Conformance is a property of interfaces: judged are functions whose address is
 * taken, that nobody calls by name, or that make a frame record; not parts of functions that LLVM's outliner made
 * functions of, and those that call them; not functions that switch stacks, use SVE or belong to Swift's asynchronous
 * convention. Where one of fifty functions of a program gives nothing back the language has a convention of its own, as
 * OCaml has, and nothing is told. Confidence: certain but for code that computes the old value anew.
 *
 * On amd64 the registers are RBX, RBP and R12 to R15 (System V psABI, 3.2.1), and judged are functions that a pointer leads
 * to, with bounds as in abi/stack-alignment. */
#include "checks/code/abi_verdict.h"
#include "checks/rule.h"

static const struct abi_question question = {
    .breach = BREACH_CALLEE_SAVED,
    .expected = "X19 to X29, SP and the low halves of V8 to V15 as at the entry",
    .broken = "registers that functions do not give back as they were",
    .expected_x86 = "RBX, RBP and R12 to R15 as at the entry",
    .broken_x86 = "registers that functions do not give back as they were",
    .profiles = ABI_OF_PLATFORMS | ABI_OF_X86,
    .of_conventions = true,
};

static void check(const struct subject *subject, struct finding *f)
{
    abi_answer(subject, f, &question);
}

const struct rule rule_abi_callee_saved = {
    .id = "abi/callee-saved",
    .level = LEVEL_WARNING,
    .applies = APPLIES_ELF | APPLIES_MACHO | APPLIES_LOADABLE,
    .title = "Functions give back the registers they must",
    .why = "A caller keeps its variables in X19 to X28 and D8 to D15 (on amd64 in RBX, RBP and R12 to R15) across "
           "calls. A function, mostly hand-written, "
           "that changes one of them corrupts a variable of whoever happens to call it: the crash is far away, and a "
           "rebuild with another compiler moves it.",
    .fix = {.go = "assembly that C calls saves R19 to R28 and F8 to F15 (runtime/cgo/abi_arm64.h)",
            .c = "name the registers as clobbered in asm statements; save them in functions written by hand",
            .rust = "name them as out() or clobber_abi in asm!; save them in naked functions"},
    .refs = {"Arm, AAPCS64, General-purpose Registers", "Arm, AAPCS64, SIMD and Floating-Point Registers",
             "System V psABI, AMD64 Architecture Processor Supplement, 3.2.1: Registers"},
    .example = {.fails = "abi-callee-saved", .passes = "elf-static-clean-arm64"},
    .check = check,
};
