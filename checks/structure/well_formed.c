/* Does the file keep to its format? Loaders are lenient in their own ways, so a file
 * that breaks its format means one thing to the kernel and another to every tool that
 * looked at it, and any other answer about it is worth less. Each defect of the family
 * FORMAT (formats/defects.def) is one row of evidence. */
#include "checks/common.h"

static void check(const struct subject *subject, struct finding *f)
{
    const struct image *image = subject->image;
    bool unsure;
    size_t found = common_defects(subject, f, DEFECT_FORMAT, &unsure);
    const char *unread = common_unread(image);
    if (found)
        fail(f, "%s",
             f->count == 1
                 ? f->evidence[0].observed
                 : arena_print(f->arena, "%zu breaches of the format; the first: %s", found, f->evidence[0].observed));
    else if (unsure)
        unknown(f, "more defects were found than are kept, and those kept are not of the format");
    else if (image->format == FORMAT_OTHER)
        not_applicable(f, "neither ELF nor Mach-O: identity/executable-kind speaks");
    else if (!image->judged)
        not_applicable(f, "named, not read through: identity/executable-kind speaks");
    else if (unread)
        unknown(f, "the %s cannot be read to their end", unread);
    else
        pass(f, "every header and table that was read keeps to the %s format", format_name(image->format));
}

const struct rule rule_structure_well_formed = {
    .id = "structure/well-formed",
    .level = LEVEL_ERROR,
    .applies = APPLIES_ANYTHING,
    .title = "The file keeps to its format",
    .why = "A header or table that breaks the format is read by each loader and each tool in its own way. Truncated "
           "uploads, interrupted strip runs and binary editors leave such files, and so do people who want scanners "
           "to see something else than the kernel does.",
    .fix = {.go = "rebuild, and compare the published file with the built one: sha256sum",
            .c = "relink; do not edit linked files with sstrip, patchelf or objcopy versions that damage tables",
            .rust = "rebuild, and compare the published file with the built one: sha256sum"},
    .refs = {"System V gABI, chapters 4 and 5", "<mach-o/loader.h>, <mach-o/fat.h>",
             "Linux fs/binfmt_elf.c: load_elf_binary", "XNU bsd/kern/mach_loader.c: parse_machfile"},
    .example = {.fails = "structure-well-formed", .passes = "elf-static-clean"},
    .check = check,
};
