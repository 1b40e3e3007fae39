/* Does the program bring all of its code? DT_NEEDED, DT_FILTER, DT_AUXILIARY, DT_AUDIT
 * and DT_DEPAUDIT each make ld.so load a library from the machine it runs on (glibc
 * elf/dl-load.c, elf/rtld.c). The dynamic table is walked as ld.so walks it, from the
 * address in PT_DYNAMIC, so no section header can hide an entry. A policy may allow some. */
#include "checks/common.h"

static void check(const struct subject *subject, struct finding *f)
{
    const struct image *image = subject->image;
    const struct named_list *needed = &image->needed;
    const struct demands *demands = &subject->expect->demands;
    bool elf = image->format == FORMAT_ELF;
    const struct named *first = NULL;
    size_t foreign = 0;
    if (!elf && !subject->expect->literal_static) {
        not_applicable(f, "on macOS every program needs libSystem: linkage/system-libraries-only speaks");
        return;
    }
    for (size_t i = 0; i < needed->count; i++) {
        const struct named *n = &needed->items[i];
        if (expect_allows(demands, n->text))
            continue;
        first = first ? first : n;
        foreign++;
        evidence(f, n->offset, demands->library_count ? "a library that the policy allows" : "no library", "%s %s",
                 common_dependency(image, n->detail), n->text);
    }
    if (foreign == 1)
        fail(f, "%s names %s", common_dependency(image, first->detail), first->text);
    else if (foreign)
        fail(f, "%zu libraries are named, %s among them", foreign, first->text);
    else if (needed->known == KNOWN_BROKEN)
        unknown(f, "the list of libraries cannot be read to its end");
    else if (needed->count)
        pass(f, "the policy allows all libraries (%zu) that are named", needed->count);
    else
        pass(f, "no library is named%s", needed->known == KNOWN_ABSENT ? ": there is no dynamic table" : "");
}

const struct rule rule_linkage_no_needed_libraries = {
    .id = "linkage/no-needed-libraries",
    .level = LEVEL_ERROR,
    .applies = APPLIES_ELF | APPLIES_MACHO | APPLIES_LOADABLE,
    .title = "No shared library is needed",
    .why = "A library that the program does not bring is another one on every machine: missing in a small container, "
           "of another version on an older system, or replaced by someone else. Without PT_INTERP a DT_NEEDED is "
           "worse still: nobody loads it, and the program crashes at its first call.",
    .fix = {.go = "CGO_ENABLED=0, or CGO_ENABLED=1 with -ldflags '-linkmode external -extldflags -static'",
            .c = "cc -static (glibc's name lookups still load libraries: prefer musl)",
            .rust = "--target x86_64-unknown-linux-musl"},
    .refs = {"gABI chapter 5, Dynamic Section: DT_NEEDED", "glibc elf/dl-load.c: _dl_map_object",
             "dyld mach_o/UnsafeHeader.cpp: forEachLinkedDylib"},
    .example = {.fails = "linkage-no-needed-libraries", .passes = "elf-static-clean"},
    .check = check,
};
