/* Must the loader write into code? DT_TEXTREL and DF_TEXTREL tell ld.so to make the code
 * writable while it relocates (glibc elf/dl-reloc.c); a relocation that writes to a
 * segment without PF_W means the same even where the flag was removed. Without a dynamic
 * table no loader relocates anything: a static program's own start code writes only
 * its IRELATIVE slots. */
#include "checks/common.h"

static void check(const struct subject *subject, struct finding *f)
{
    const struct image *image = subject->image;
    const struct elf_extra *elf = image->elf;
    if (elf->text_relocation_offset) {
        evidence(f, elf->text_relocation_offset, "relocations of writable segments",
                 "a relocation of a segment without W");
        fail(f, "a relocation writes to a segment that is not writable");
    } else if (elf->text_relocations) {
        evidence(f, EVIDENCE_NOWHERE, "no DT_TEXTREL", "DT_TEXTREL, or DF_TEXTREL in DT_FLAGS");
        fail(f, "DT_TEXTREL: the loader makes code writable to relocate it");
    } else if (image->needed.known == KNOWN_BROKEN || image->segments.known != KNOWN_COMPLETE) {
        unknown(f, "the dynamic table cannot be read to its end");
    } else if (!elf->has_dynamic) {
        pass(f, "no dynamic table: no loader relocates the program");
    } else if (elf->relocations_known != KNOWN_COMPLETE) {
        unknown(f, "the relocations cannot be read to their end");
    } else {
        pass(f, "no DT_TEXTREL, and none of %llu relocations was seen to write to code",
             (unsigned long long)elf->relocations);
    }
}

const struct rule rule_hardening_no_text_relocations = {
    .id = "hardening/no-text-relocations",
    .level = LEVEL_ERROR,
    .applies = APPLIES_ELF | APPLIES_LOADABLE,
    .title = "No relocation writes into code",
    .why = "Code that must be relocated is made writable while the loader works, is copied into every process instead "
           "of being shared, and is refused outright by SELinux (execmod), by musl and by hardened kernels. It comes "
           "from objects that were compiled without -fPIC.",
    .fix = {.go = "compile the C and assembler parts of cgo packages with -fPIC",
            .c = "-fPIC or -fPIE for every object; -Wl,-z,text makes the linker refuse",
            .rust = "-C relocation-model=pic; -C link-arg=-Wl,-z,text"},
    .refs = {"gABI chapter 5, Dynamic Section: DT_TEXTREL, DF_TEXTREL", "glibc elf/dl-reloc.c",
             "https://wiki.gentoo.org/wiki/Hardened/Textrels_Guide"},
    .example = {.fails = "hardening-no-text-relocations", .passes = "elf-static-clean"},
    .check = check,
};
