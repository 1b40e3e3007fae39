/* Is every signed return address authenticated, with the same key and the same SP? Arm Architecture Reference Manual,
 * PACIASP and AUTIASP: the modifier is SP.
 *
 * Procedure: X30 is followed through PACIASP or PACIBSP, the stack and AUTIASP, AUTIBSP, RETAA or RETAB. It is a violation
 * to return through X30 that is known to be signed, to authenticate what is known to be as at the entry, and to
 * authenticate with another key or another SP. Profiles: all but Go's. Confidence: certain. */
#include "checks/code/abi_verdict.h"
#include "checks/rule.h"

static const struct abi_question question = {
    .breach = BREACH_PAC_PAIRING,
    .expected = "X30 is authenticated as it was signed, and before it is used",
    .broken = "uses of X30 that do not fit how it was signed",
    .profiles = ABI_OF_PLATFORMS,
    .of_conventions = true,
};

static void check(const struct subject *subject, struct finding *f)
{
    abi_answer(subject, f, &question);
}

const struct rule rule_abi_pac_pairing = {
    .id = "abi/pac-pairing",
    .level = LEVEL_WARNING,
    .applies = APPLIES_ELF | APPLIES_MACHO | APPLIES_LOADABLE,
    .title = "Signed return addresses are authenticated",
    .why = "PACIASP is a no-operation on processors without pointer authentication, so a function that signs its "
           "return address and does not authenticate it works on the machine it was tested on and ends with a fault "
           "on the first processor that has the feature.",
    .fix = {.c = "-mbranch-protection=standard writes both; in assembly an AUTIASP on every way out",
            .rust = "-Z branch-protection=pac-ret writes both"},
    .refs = {"Arm Architecture Reference Manual (DDI 0487), Pointer authentication",
             "Arm, DWARF for the Arm 64-bit Architecture: DW_CFA_AARCH64_negate_ra_state"},
    .example = {.fails = "abi-pac-pairing", .passes = "elf-static-clean-arm64"},
    .check = check,
};
