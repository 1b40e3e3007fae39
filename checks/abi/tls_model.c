/* Does a static program reach its thread-local variables by offsets that the linker fixed? The psABIs know four models;
 * in an executable the linker relaxes general and local dynamic ones to local-exec or initial-exec, for there is one module
 * (System V ABI for the Arm 64-bit Architecture, and ELF Handling For Thread-Local Storage, 5: linker relaxations). What it
 * left shows in relocations: DTPMOD asks the loader for the number of a module, TLSDESC for a descriptor. A static program
 * has no loader. Confidence: certain, where the relocations could be read. */
#include <inttypes.h>

#include "checks/rule.h"

static void check(const struct subject *subject, struct finding *f)
{
    const struct image *image = subject->image;
    const struct elf_extra *elf = image->elf;
    if (image->linkage == LINKAGE_UNKNOWN) {
        unknown(f, "whether the program is static cannot be told");
    } else if (image->linkage != LINKAGE_STATIC && image->linkage != LINKAGE_STATIC_PIE) {
        not_applicable(f, "only static programs have all their thread-local variables in one module");
    } else if (elf->dynamic_tls) {
        evidence(f, elf->first_dynamic_tls_offset, "local-exec or initial-exec: offsets from the thread pointer",
                 "a relocation that asks for a TLS module or descriptor");
        fail(f, "%" PRIu64 " relocations ask a loader for thread-local storage, and a static program has none",
             elf->dynamic_tls);
    } else if (elf->relocations_known == KNOWN_BROKEN) {
        unknown(f, "the relocations cannot be read to their end");
    } else {
        pass(f, "no relocation asks for a TLS module or descriptor");
    }
}

const struct rule rule_abi_tls_model = {
    .id = "abi/tls-model",
    .level = LEVEL_WARNING,
    .applies = APPLIES_ELF | APPLIES_PROGRAMS,
    .title = "Static programs reach thread-local variables directly",
    .why =
        "The start code of a static program relocates little: that of musl applies relative relocations alone. A slot "
        "for the number of a TLS module stays zero then, and the first access to the variable calls a function that "
        "is not there, or reads another thread's memory.",
    .fix = {.c =
                "compile for executables (-fPIE or -fno-pic, not -fPIC -ftls-model=global-dynamic), and let the linker "
                "relax (no -Wl,--no-relax)",
            .rust = "-C relocation-model=static or pie with +crt-static"},
    .refs = {"Ulrich Drepper, ELF Handling For Thread-Local Storage",
             "Arm, System V ABI for the Arm 64-bit Architecture", "x86-64 psABI, 4.4: Relocation"},
    .example = {.fails = "abi-tls-model", .passes = "elf-static-clean"},
    .check = check,
};
