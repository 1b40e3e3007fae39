/* Does the program begin in its own code? The kernel jumps to e_entry, or dyld to
 * LC_MAIN, without asking what is there. An entry outside every executable segment
 * crashes at start; one in memory that no byte of the file fills means that something
 * else is to put code there first. */
#include "checks/common.h"

static void check(const struct subject *subject, struct finding *f)
{
    const struct entry *entry = &subject->image->entry;
    unsigned long long address = entry->address;
    if (entry->known == KNOWN_BROKEN) {
        unknown(f, "where the program starts cannot be told");
    } else if (entry->known == KNOWN_ABSENT) {
        evidence(f, EVIDENCE_NOWHERE, "an entry point", "none");
        fail(f, "a program without an entry point");
    } else if (!entry->in_code) {
        evidence(f, entry->header_offset, "an address of an executable segment, on bytes of the file", "%#llx",
                 address);
        fail(f, "the entry %#llx is not in code that the file holds", address);
    } else if (entry->inside) {
        evidence(f, entry->header_offset, "the address of a function", "%#llx", address);
        unknown(f, "starts at %#llx, in the midst of the function at %#llx", address,
                (unsigned long long)entry->inside);
    } else {
        pass(f, "starts at %#llx, in an executable segment", address);
    }
}

const struct rule rule_structure_entry_in_code = {
    .id = "structure/entry-in-code",
    .level = LEVEL_ERROR,
    .applies = APPLIES_ELF | APPLIES_MACHO | APPLIES_PROGRAMS,
    .title = "The program starts in its own code",
    .why = "The kernel jumps to the entry point unseen. Where it lies outside every executable segment the program "
           "dies at once with SIGSEGV or is killed; where it lies in memory without bytes in the file, code is put "
           "there by something that no auditor has seen.",
    .fix = {.go = "rebuild; the Go linker always sets the entry (_rt0_*)",
            .c =
                "link with the C start files, or with -Wl,-e,_start and a _start that exists (heed \"cannot find entry "
                "symbol\")",
            .rust = "with #![no_main] define _start or main; heed the linker's warning about the entry symbol"},
    .refs = {"gABI chapter 4, ELF Header: e_entry", "<mach-o/loader.h>: LC_MAIN, LC_UNIXTHREAD"},
    .example = {.fails = "structure-entry-in-code", .passes = "elf-static-clean"},
    .check = check,
};
