/* Does the code keep to the level that the file says of itself? Three places say one: GOAMD64 and GOARM64 in Go's build
 * information, GNU_PROPERTY_X86_ISA_1_NEEDED in a note, by which ld.so refuses to start a program that asks for too much,
 * and the subtype of a Mach-O header, by which the kernel picks a slice. Only what is surely reached contradicts them:
 * what may be reached is a question to isa/level-ceiling. A note of a static program is that of its C library, whatever
 * was linked to it, which is just how a v3 object comes into a "baseline" program. */
#include <inttypes.h>
#include <string.h>

#include "checks/code/cpu.h"
#include "checks/code/witness.h"
#include "checks/common.h"

struct claim_of_level {
    const char *text, *cpu; /* what is said, and the row of checks/code/cpus.def that it means */
    uint64_t offset;
};

static bool go_claim(const struct image *image, struct arena *arena, struct claim_of_level *claim)
{
    const char *level = image->go ? image->go->level : NULL;
    struct features features;
    const struct cpu *cpu = level ? cpu_read(level, &features) : NULL;
    if (!cpu || cpu->arch != image->arch)
        return false;
    *claim =
        (struct claim_of_level){arena_print(arena, "%s=%s", image->arch == ARCH_AMD64 ? "GOAMD64" : "GOARM64", level),
                                level, image->go->offset};
    return true;
}

static bool note_claim(const struct image *image, struct claim_of_level *claim)
{
    static const char *const levels[] = {"x86-64-v1", "x86-64-v2", "x86-64-v3", "x86-64-v4"};
    const struct elf_extra *elf = image->format == FORMAT_ELF ? image->elf : NULL;
    if (!elf || !elf->has_isa_needed || elf->isa_needed == 0 || elf->isa_needed > 15)
        return false;
    unsigned top = 3;
    while (!(elf->isa_needed >> top & 1))
        top--;
    *claim = (struct claim_of_level){"GNU_PROPERTY_X86_ISA_1_NEEDED", levels[top], elf->isa_needed_offset};
    return true;
}

static bool subtype_claim(const struct image *image, struct claim_of_level *claim)
{
    if (image->format != FORMAT_MACHO)
        return false;
    if (strcmp(image->name, "x86_64h") == 0)
        *claim = (struct claim_of_level){"cpusubtype x86_64h", "haswell", image->offset + 8};
    else if (image->arch == ARCH_ARM64 && image->os == OS_MACOS)
        *claim = (struct claim_of_level){"cpusubtype arm64 for macOS", "apple-m1", image->offset + 8};
    else
        return false;
    return true;
}

/* Why there may be a claim that cannot be read; NULL: there is none. */
static const char *unread_claim(const struct image *image)
{
    if (image->go && image->go->known == KNOWN_BROKEN && !image->go->level)
        return "the Go build information, which has a level, is damaged";
    if (image->format == FORMAT_MACHO && image->arch == ARCH_ARM64 && image->os == OS_UNKNOWN)
        return "the system that the cpusubtype speaks of cannot be read";
    return NULL;
}

static void check(const struct subject *subject, struct finding *f)
{
    const struct image *image = subject->image;
    struct code_study *study = subject->study;
    struct claim_of_level claim;
    struct features had;
    struct need_report need;
    const char *unread = unread_claim(image);
    if (unread) {
        unknown(f, "%s", unread);
    } else if (!go_claim(image, f->arena, &claim) && !note_claim(image, &claim) && !subtype_claim(image, &claim)) {
        not_applicable(f, "the file says nothing of a level");
    } else if (!subject->code_was_read) {
        unknown(f, "%s says %s, and the code was not read (--no-code)", claim.text, claim.cpu);
    } else if (!cpu_read(claim.cpu, &had) || !study_against(study, &had, &need)) {
        unknown(f, "%s says %s, and the code of the program cannot be read in the file", claim.text, claim.cpu);
    } else if (need.kind == NEED_REQUIRED) {
        evidence(f, claim.offset, "the level that the code needs", "%s: %s", claim.text, claim.cpu);
        witness_need(study, f, &need, arena_print(f->arena, "no instruction that %s lacks", claim.cpu));
        fail(f, "%s says %s, and every run comes to code for %s", claim.text, claim.cpu,
             witness_names(study, &need.lacking));
    } else {
        pass(f, "nothing that is surely reached asks for more than %s, which %s says", claim.cpu, claim.text);
    }
}

const struct rule rule_isa_declared_level_true = {
    .id = "isa/declared-level-true",
    .level = LEVEL_WARNING,
    .applies = APPLIES_ELF | APPLIES_MACHO | APPLIES_LOADABLE,
    .title = "The code keeps to the level that the file declares",
    .why =
        "Package managers, ld.so and the kernel choose a file by the level that it declares. One object that was built "
        "with -march=native, or assembly that asks nobody, makes the declaration a lie that only an older processor "
        "finds.",
    .fix = {.go = "no cgo or assembly above GOAMD64, or declare the level: GOAMD64=v3",
            .c = "one -march for all objects; rebuild the library that the evidence points into",
            .rust = "-C target-cpu as declared, for dependencies too; no #[target_feature] called without a check"},
    .refs = {"x86-64 psABI, 3.1.1 and \"Linux Extensions to gABI\": GNU_PROPERTY_X86_ISA_1_NEEDED",
             "https://go.dev/wiki/MinimumRequirements#amd64", "Apple mach/machine.h: CPU_SUBTYPE_X86_64_H"},
    .example = {.fails = "isa-declared-level-true", .passes = "elf-static-go"},
    .check = check,
};
