/* Does the program run at another address each time? ET_DYN alone does not tell: shared
 * libraries have it, and an ET_EXEC relabelled ET_DYN runs where it was linked. Mach-O:
 * MH_PIE. A Go program without C for Linux is judged apart: its own linker makes a PIE
 * only with a dynamic loader, which linkage/no-interpreter forbids. */
#include "checks/common.h"

static void check(const struct subject *subject, struct finding *f)
{
    const struct image *image = subject->image;
    bool elf = image->format == FORMAT_ELF;
    bool alone = image->linkage == LINKAGE_STATIC && image->libc == LIBC_NONE;
    if (image->pie == ANSWER_UNKNOWN || (elf && image->segments.known != KNOWN_COMPLETE)) {
        unknown(f, "whether the program can run at any address cannot be told");
    } else if (image->pie == ANSWER_YES) {
        pass(f, "%s: the program can run at any address", elf ? "position-independent" : "MH_PIE");
    } else if (elf && alone && image->go) {
        not_applicable(f, "a static Go program without C: Go's linker makes a PIE only with a dynamic loader");
    } else {
        evidence(f, image->offset + (elf ? 16 : 24), elf ? "ET_DYN that relocates itself" : "MH_PIE",
                 elf ? "a program for fixed addresses, e_type %u" : "flags %#x",
                 elf ? image->elf->type : image->macho->flags);
        fail(f, "the program runs at the same addresses each time");
    }
}

const struct rule rule_hardening_pie = {
    .id = "hardening/pie",
    .level = LEVEL_WARNING,
    .applies = APPLIES_ELF | APPLIES_MACHO | APPLIES_PROGRAMS,
    .title = "The program can run at any address",
    .why = "Address space randomisation moves the stack and the libraries of every program, but the program's own "
           "code only if it is position-independent. At fixed addresses an attacker knows each instruction and each "
           "table in advance, and needs no leak to use them.",
    .fix = {.go = "with cgo and static: -buildmode=pie -ldflags '-linkmode external -extldflags -static-pie'; on macOS "
                  "-buildmode=pie",
            .c = "-fPIE with -static-pie or -pie; on macOS drop -Wl,-no_pie",
            .rust = "-C relocation-model=pie (the default; musl targets link static-pie)"},
    .refs = {"gABI chapter 4, ELF Header: e_type", "Linux fs/binfmt_elf.c: load_bias", "<mach-o/loader.h>: MH_PIE"},
    .example = {.fails = "hardening-pie", .passes = "elf-static-clean"},
    .check = check,
};
