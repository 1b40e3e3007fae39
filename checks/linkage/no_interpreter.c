/* Does the program start without a dynamic loader? Linux starts the file that PT_INTERP
 * names in the program's place (fs/binfmt_elf.c: the first PT_INTERP, read from
 * p_offset); without that file execve says "No such file or directory" of a program
 * that is there. A program can name a loader and need no library: Go's
 * -buildmode=pie does. macOS has no other way to start a program than dyld. */
#include "checks/common.h"

static void check(const struct subject *subject, struct finding *f)
{
    const struct image *image = subject->image;
    bool elf = image->format == FORMAT_ELF;
    const char *how = elf ? "PT_INTERP" : "LC_LOAD_DYLINKER";
    if (!elf && !subject->expect->literal_static) {
        not_applicable(f, "macOS supports no program without dyld: linkage/system-libraries-only speaks");
    } else if (image->interpreter.text && expect_allows(&subject->expect->demands, image->interpreter.text)) {
        pass(f, "%s names %s, which the policy allows", how, image->interpreter.text);
    } else if (image->interpreter.text) {
        evidence(f, image->interpreter.offset, elf ? "no PT_INTERP" : "no LC_LOAD_DYLINKER", "%s",
                 image->interpreter.text);
        fail(f, "%s names %s", how, image->interpreter.text);
    } else if (image->interpreter_known != KNOWN_ABSENT || (elf && image->elf->has_interp)) {
        unknown(f, "whether a loader is named cannot be told: %s or the table that holds it is damaged", how);
    } else {
        pass(f, "no %s: the kernel starts the program itself", how);
    }
}

const struct rule rule_linkage_no_interpreter = {
    .id = "linkage/no-interpreter",
    .level = LEVEL_ERROR,
    .applies = APPLIES_ELF | APPLIES_MACHO | APPLIES_LOADABLE,
    .title = "No dynamic loader is named",
    .why = "A program that names a loader starts only where that very file exists: not in an empty container, not on "
           "Alpine when it was built on Debian, not on NixOS. The error, \"No such file or directory\", names the "
           "program and not the loader. `ldd` and tools that look for libraries alone take such a program for static.",
    .fix = {.go = "CGO_ENABLED=0 go build, without -buildmode=pie",
            .c = "cc -static, or -static-pie; check that the linker obeyed (musl-gcc -static-pie on Debian does not)",
            .rust = "--target x86_64-unknown-linux-musl, or -C target-feature=+crt-static"},
    .refs = {"gABI chapter 5, Dynamic Linking: Program Interpreter", "Linux fs/binfmt_elf.c: load_elf_binary",
             "https://developer.apple.com/library/archive/qa/qa1118/ (static programs on macOS)"},
    .example = {.fails = "linkage-no-interpreter", .passes = "elf-static-clean"},
    .check = check,
};
