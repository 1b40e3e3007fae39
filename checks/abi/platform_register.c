/* Is X18 left alone where the platform reserves it? AAPCS64, General-purpose Registers, leaves r18 to the platform. Apple
 * and Android reserve it; the kernel of macOS may set it to zero when it switches threads.
 *
 * Procedure: an instruction that is followed to from a function's entry and writes X18, but for the two that push and pop
 * the shadow call stack of Android. Profiles: Apple, Android, Go there too; Linux gives X18 to programs. Confidence:
 * certain; code that only a table of jumps leads to is not looked at, since data may stand there. */
#include "checks/code/abi_verdict.h"
#include "checks/rule.h"

static const struct abi_question question = {
    .breach = BREACH_PLATFORM_REGISTER,
    .expected = "X18 is not written",
    .broken = "instructions that write X18, which the platform reserves",
    .profiles = 1u << ABI_APPLE | 1u << ABI_ANDROID | 1u << ABI_GO,
    .not_here = "Linux and the BSDs leave X18 to programs",
};

static void check(const struct subject *subject, struct finding *f)
{
    abi_answer(subject, f, &question);
}

const struct rule rule_abi_platform_register = {
    .id = "abi/platform-register",
    .level = LEVEL_WARNING,
    .applies = APPLIES_ELF | APPLIES_MACHO | APPLIES_LOADABLE,
    .title = "The register of the platform is left alone",
    .why = "macOS zeroes X18 whenever it switches threads, and Android keeps the shadow call stack there: a value "
           "that is held in it disappears now and then. Nothing that a compiler for these systems makes writes it, so "
           "the code was built for another system, or by hand.",
    .fix = {.c = "build for the target: --target=arm64-apple-macos; -ffixed-x18 for code that several systems share",
            .rust = "build with --target aarch64-apple-darwin; -Z fixed-x18 for code that several systems share"},
    .refs = {"Arm, AAPCS64, General-purpose Registers",
             "Apple, Writing ARM64 code for Apple platforms: Respect the purpose of specific CPU registers",
             "https://source.android.com/docs/security/test/shadow-call-stack"},
    .example = {.fails = "abi-platform-register", .passes = "macho-clean-arm64"},
    .check = check,
};
