/* Are the slots that calls go through read-only once the program runs? PT_GNU_RELRO
 * protects whole pages of its range after relocation (glibc elf/dl-reloc.c,
 * _dl_protect_relro). Flags do not tell: BIND_NOW without the segment protects
 * nothing, and a static program is protected without any DT_BIND_NOW. What counts is
 * whether each slot that a GLOB_DAT, JUMP_SLOT or IRELATIVE relocation writes lies inside. */
#include "checks/common.h"

static void check(const struct subject *subject, struct finding *f)
{
    const struct image *image = subject->image;
    const struct elf_extra *elf = image->elf;
    unsigned long long slots = elf->slots, open = elf->slots_unprotected;
    if (open) {
        evidence(f, elf->first_unprotected_reloc_offset, "a slot inside PT_GNU_RELRO", "a relocation writes %#llx",
                 (unsigned long long)elf->first_unprotected);
        fail(f, "%llu of %llu slots stay writable%s", open, slots, elf->has_relro ? "" : ": there is no PT_GNU_RELRO");
    } else if (elf->slots_known != KNOWN_COMPLETE && image->go && image->libc == LIBC_NONE && !elf->has_dynamic) {
        not_applicable(f, "Go without C calls through no slots that a loader would write");
    } else if (elf->slots_known != KNOWN_COMPLETE) {
        unknown(f, "which slots are written at start cannot be told");
    } else if (slots == 0) {
        pass(f, "no slot is written at start: there is nothing to protect");
    } else {
        pass(f, "all slots (%llu) are read-only after the start", slots);
    }
}

const struct rule rule_hardening_relro = {
    .id = "hardening/relro",
    .level = LEVEL_WARNING,
    .applies = APPLIES_ELF | APPLIES_LOADABLE,
    .title = "Slots of calls are read-only after the start",
    .why = "Calls to libraries, and in static programs to functions chosen at start, go through a table of addresses. "
           "Where it stays writable, one write of an attacker's choice redirects every later call. Full RELRO makes "
           "it read-only before main, at no cost to speed once the program runs.",
    .fix = {.go = "with cgo: -ldflags '-extldflags \"-Wl,-z,relro,-z,now\"'",
            .c = "-Wl,-z,relro,-z,now (also for -static: it moves .got.plt into the protected part)",
            .rust = "-C relro-level=full (the default)"},
    .refs = {"LSB Core, Program Header: PT_GNU_RELRO", "glibc elf/dl-reloc.c: _dl_protect_relro",
             "https://www.airs.com/blog/archives/189"},
    .example = {.fails = "hardening-relro", .passes = "elf-static-clean"},
    .check = check,
};
