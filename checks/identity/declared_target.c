/* Is this the program for the machine that the release says it is for? A release
 * matrix copies one wrong file and every user of that target gets "Exec format error".
 * The os and the architecture of the bytes are e_machine and EI_OSABI (gABI, "ELF
 * Header") or cputype and LC_BUILD_VERSION (<mach-o/loader.h>); a universal target
 * demands exactly the slices amd64 and arm64, since `contains arm64` is also true of
 * files with one slice too many or of another ABI. */
#include "checks/common.h"

static void check(const struct subject *subject, struct finding *f)
{
    const struct expect *expect = subject->expect;
    const struct target *target = &expect->target;
    if (expect->source == TARGET_UNDECLARED ||
        (target->os == OS_UNKNOWN && target->arch == ARCH_OTHER && !target->universal && !target->foreign)) {
        not_applicable(f,
                       "no target was declared: neither --target, nor the file's name, nor build information says one");
        return;
    }
    struct claim claim = common_target(subject, target, f->arena);
    const char *name = common_name(subject->image), *os = os_name(subject->image->os);
    if (claim.holds == ANSWER_NO) {
        evidence(f, subject->image->offset, "the declared target", "%s/%s: %s", os, name, claim.text);
        fail(f, "declared for %s, but %s", target->spelling, claim.text);
    } else if (claim.holds == ANSWER_UNKNOWN) {
        unknown(f, "declared for %s: %s", target->spelling, claim.text);
    } else if (claim.text) {
        pass(f, "%s/%s, as declared by %s; %s", os, name, target->spelling, claim.text);
    } else {
        pass(f, "%s/%s, as declared by %s", os, name, target->spelling);
    }
}

const struct rule rule_identity_declared_target = {
    .id = "identity/declared-target",
    .level = LEVEL_ERROR,
    .applies = APPLIES_ANYTHING,
    .title = "The bytes are for the declared target",
    .why = "A file published for one system or processor that holds the code of another does not start there: Linux "
           "says \"Exec format error\", macOS \"Bad CPU type in executable\". Emulators such as qemu and Rosetta hide "
           "the mistake on the build machine, so only the bytes tell.",
    .fix =
        {.go = "GOOS=linux GOARCH=arm64 go build (and GOAMD64 or GOARM64 no higher than the declared variant)",
         .c = "cc --target=aarch64-linux-gnu, or the cross compiler of the declared target; lipo -create for universal",
         .rust = "cargo build --target aarch64-unknown-linux-musl"},
    .refs = {"gABI chapter 4, ELF Header: e_machine, EI_OSABI", "<mach-o/loader.h>: mach_header_64, LC_BUILD_VERSION",
             "https://github.com/opencontainers/image-spec/blob/main/image-index.md (platform, variant)"},
    .example = {.fails = "identity-declared-target", .passes = "elf-static-clean"},
    .check = check,
};
