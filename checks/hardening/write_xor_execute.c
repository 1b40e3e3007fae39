/* Is no memory both writable and executable? p_flags of PT_LOAD and initprot of
 * LC_SEGMENT_64 say what the kernel maps at start; but pages behind the bytes of a
 * PT_LOAD, where p_memsz is greater, Linux makes writable whatever p_flags says
 * (fs/binfmt_elf.c: elf_load, vm_brk_flags). maxprot of a Mach-O is only what a page
 * may be raised to: old linkers gave every segment rwx there, and the kernel of
 * arm64 refuses it by itself, so it is told and not judged. */
#include "checks/common.h"

static void check(const struct subject *subject, struct finding *f)
{
    const struct segment_list *list = &subject->image->segments;
    bool macho = subject->image->format == FORMAT_MACHO;
    unsigned both = ACCESS_WRITE | ACCESS_EXECUTE;
    size_t found = 0, raisable = 0;
    for (size_t i = 0; i < list->count; i++) {
        const struct segment *s = &list->items[i];
        raisable += (s->max_access & both) == both;
        bool all = (s->access & both) == both, cleared = (s->cleared_access & both) == both;
        if (!all && !cleared)
            continue;
        found++;
        evidence(f, s->header_offset, all ? "W or X, not both" : "p_memsz no greater than p_filesz where PF_X is set",
                 "%s%s at %#llx, %llu bytes, is writable and executable%s", macho ? "segment " : "PT_LOAD",
                 macho ? s->name : "", (unsigned long long)s->address, (unsigned long long)s->memory_size,
                 all ? "" : " behind its bytes of the file");
    }
    if (found)
        fail(f, "%s", f->evidence[0].observed);
    else if (list->known != KNOWN_COMPLETE)
        unknown(f, "the segments cannot be read to their end");
    else if (raisable)
        pass(f, "no segment is mapped writable and executable; %zu could be raised to it (maxprot)", raisable);
    else
        pass(f, "none of %zu segments is writable and executable", list->count);
}

const struct rule rule_hardening_write_xor_execute = {
    .id = "hardening/write-xor-execute",
    .level = LEVEL_ERROR,
    .applies = APPLIES_ELF | APPLIES_MACHO | APPLIES_LOADABLE,
    .title = "No memory is both writable and executable",
    .why = "Where memory is writable and executable at once, one stray write becomes code. No compiler needs it: it "
           "comes from ld -N (omagic), from packers, or from linker scripts that put code and data into one segment. "
           "Hardened kernels refuse to start such programs.",
    .fix = {.go = "nothing in Go needs it: look for -extldflags -Wl,-N and for packers",
            .c = "drop -Wl,-N; -Wl,-z,separate-code; heed \"LOAD segment with RWX permissions\"",
            .rust = "look for linker scripts and -C link-arg=-Wl,-N"},
    .refs = {"gABI chapter 5, Program Header: p_flags", "<mach-o/loader.h>: segment_command_64, initprot",
             "binutils ld: --warn-rwx-segments"},
    .example = {.fails = "hardening-write-xor-execute", .passes = "elf-static-clean"},
    .check = check,
};
