/* Is every byte of the file claimed by some header? Loaders ignore what lies between and
 * behind the tables, so that is where payloads, forgotten archives, hidden slices and
 * stripped-off debug information sit. Zeros are padding and carry nothing; anything else
 * must belong to a segment, a section or a table. */
#include "checks/common.h"

static void check(const struct subject *subject, struct finding *f)
{
    const struct range_list *list = &subject->image->unowned;
    bool unsure;
    size_t defects = common_defects(subject, f, DEFECT_OVERLAY, &unsure), found = 0;
    uint64_t bytes = 0, padding = 0;
    const char *what = NULL;
    for (size_t i = 0; i < list->count; i++) {
        const struct range *r = &list->items[i];
        if (r->padding) {
            padding += r->size;
            continue;
        }
        found++;
        bytes += r->size;
        what = what ? what : r->what;
        evidence(f, r->offset, "no bytes that no header claims", "%llu bytes%s%s", (unsigned long long)r->size,
                 r->what ? ": " : "", r->what ? r->what : "");
    }
    if (found)
        fail(f, "%llu bytes belong to no segment, section or table%s%s", (unsigned long long)bytes,
             what ? "; recognised: " : "", what ? what : "");
    else if (defects)
        fail(f, "%s", f->evidence[0].observed);
    else if (unsure || list->known == KNOWN_BROKEN)
        unknown(f, "not all bytes of the file could be accounted for");
    else if (list->known == KNOWN_ABSENT)
        unknown(f, "no account was taken of the bytes between the tables");
    else if (padding)
        pass(f, "every byte belongs to a header, but for %llu bytes of padding", (unsigned long long)padding);
    else
        pass(f, "every byte belongs to a header, segment, section or table");
}

const struct rule rule_structure_no_overlay = {
    .id = "structure/no-overlay",
    .level = LEVEL_ERROR,
    .applies = APPLIES_ELF | APPLIES_MACHO,
    .title = "Every byte of the file belongs to some header",
    .why = "Bytes behind or between what the headers claim are never loaded, never listed by tools and seldom signed, "
           "but the program can read them from its own file. Self-extracting archives, appended scripts, slices "
           "behind a universal table and malware live there, and nothing that is judged by headers sees them.",
    .fix = {.go = "embed data with //go:embed in place of appending it to the program",
            .c =
                "put data into a section that is loaded (.incbin, ld -r -b binary) in place of: cat payload >> program",
            .rust = "include_bytes! in place of appending to the program"},
    .refs = {"gABI chapter 5, Program Header", "dyld mach_o/Universal.cpp: forEachSlice (slices past nfat_arch)",
             "XNU bsd/kern/ubc_subr.c: cs_validate_page (bytes outside the CodeDirectory)"},
    .example = {.fails = "structure-no-overlay", .passes = "elf-static-clean"},
    .check = check,
};
