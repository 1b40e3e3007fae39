/* Is this a thing that a release ships to be run: a program, or a library that one
 * loads? Releases go out with an object file, an archive, a debug companion or an error
 * page under the name of the program, and every other rule would find nothing to
 * complain of. What is named but not judged (other machines, other systems, data of no
 * known format) is never a pass: nobody looked. gABI chapter 4, e_type;
 * <mach-o/loader.h>, filetype. */
#include "checks/common.h"

static void not_elf_nor_macho(const struct image *image, struct finding *f)
{
    const char *machine = image->machine ? image->machine : "data of no known format";
    if (image->kind == KIND_UNKNOWN || image->kind == KIND_DATA || image->kind == KIND_OTHER) {
        unknown(f, "%s: whether it can be started is not known here", machine);
    } else {
        evidence(f, image->offset, "an ELF or Mach-O program", "%s", machine);
        fail(f, "%s, not an ELF or Mach-O program", machine);
    }
}

static void check(const struct subject *subject, struct finding *f)
{
    const struct image *image = subject->image;
    const char *unread = image->segments.known == KNOWN_COMPLETE ? common_unread(image) : "segments";
    if (image->format == FORMAT_OTHER) {
        not_elf_nor_macho(image, f);
    } else if (image->kind == KIND_OBJECT || image->kind == KIND_CORE || image->kind == KIND_DEBUG_FILE) {
        evidence(f, image->offset, "a program or a library", "%s", kind_name(image->kind));
        fail(f, "a file of kind %s, which no release starts", kind_name(image->kind));
    } else if (!image->judged) {
        unknown(f, "%s %s: named, not judged; only 64-bit little-endian amd64 and arm64 are", common_name(image),
                kind_name(image->kind));
    } else if (image->os != OS_LINUX && image->os != OS_MACOS) {
        const char *reason = image->format == FORMAT_ELF ? image->elf->no_process : NULL;
        unknown(f, "a file of kind %s for %s: named, not judged; only linux and macos are%s%s", kind_name(image->kind),
                os_name(image->os), reason ? "; " : "", reason ? reason : "");
    } else if (unread) {
        unknown(f, "the %s cannot be read to their end, and with them what kind of file this is", unread);
    } else if (image->kind == KIND_EXECUTABLE) {
        pass(f, "a program for %s/%s", os_name(image->os), common_name(image));
    } else if (image->kind == KIND_SHARED_LIBRARY || image->kind == KIND_BUNDLE) {
        pass(f, "a file of kind %s for %s/%s", kind_name(image->kind), os_name(image->os), common_name(image));
    } else {
        unknown(f, "a file of kind %s: named, not judged", kind_name(image->kind));
    }
}

const struct rule rule_identity_executable_kind = {
    .id = "identity/executable-kind",
    .level = LEVEL_ERROR,
    .applies = APPLIES_ANYTHING,
    .title = "The file is a program or a library",
    .why = "An object file, an archive, a debug companion, a script or an error page that was downloaded in place of "
           "the program has nothing that the other rules could object to. A release gate must first know that the "
           "file is something its target can load at all.",
    .fix = {.go = "go build of a package main (-buildmode=exe); archives come from other packages",
            .c = "link the objects: cc -o program file.o; publish the program, not file.o, lib.a or program.debug",
            .rust = "publish target/*/release/NAME, not lib*.rlib or NAME.d"},
    .refs = {"gABI chapter 4, ELF Header: e_type", "<mach-o/loader.h>: filetype (MH_EXECUTE, MH_DYLIB, MH_BUNDLE)"},
    .example = {.fails = "identity-executable-kind", .passes = "elf-static-clean"},
    .check = check,
};
