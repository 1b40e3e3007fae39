/* Does the program run on the CPU that the release is for? --cpu, a policy (cpu) or the variant of the target declares
 * that CPU: a level that compilers know, a core or a machine (checks/code/cpus.def). What a Go program records as GOAMD64 is more than a claim: its runtime looks for those features when
 * it starts, and ends with "This program can only be run on AMD64 processors with v3 microarchitecture support" without
 * them (runtime/asm_amd64.s). For all else the instructions speak: a program in whose code no instruction above the
 * CPU occurs runs there. Where one occurs the rule is undecided, for most such code (every static glibc, every Go
 * program has some) first asks the processor, and whether this one does is not told here. */
#include <inttypes.h>

#include "checks/code/cpu.h"
#include "checks/code/scan.h"
#include "checks/common.h"

enum { SHOWN = 8 };

/* Whether the start of a Go program asks for what the CPU has not, by the GOAMD64 that is recorded. */
static bool go_asks_for_more(const struct image *image, const struct features *had)
{
    const char *recorded = image->arch == ARCH_AMD64 && image->go ? image->go->level : NULL;
    const struct cpu *level = recorded ? cpu_find(recorded) : NULL;
    if (!level || !level->level || level->arch != ARCH_AMD64)
        return false;
    struct features asked = cpu_features(level);
    asked = features_without(&asked, had);
    return features_any(&asked);
}

/* What the CPU has not, a row of evidence for each of the first; how many there are. */
static unsigned show(struct finding *f, const struct scan *scan, const struct features *had, const char *cpu)
{
    struct features above = features_without(&scan->present, had);
    unsigned count = 0;
    for (unsigned i = 1; i < FEATURE_COUNT; i++)
        if (features_have(&above, (enum feature)i) && ++count <= SHOWN)
            evidence(f, scan->first[i], arena_print(f->arena, "no instruction above %s", cpu), "%s",
                     feature_name((enum feature)i));
    return count;
}

static void check(const struct subject *subject, struct finding *f)
{
    const struct image *image = subject->image;
    const char *other = subject->expect->demands.cpus[0];
    struct features had;
    struct scan scan;
    const char *cpu = expect_cpu(subject->expect, image->arch, &had);
    if (!cpu && other) {
        not_applicable(f, "the declared CPU, %s, is none of this architecture", other);
    } else if (!cpu) {
        not_applicable(f, "no CPU was declared");
    } else if (go_asks_for_more(image, &had)) {
        evidence(f, image->go->offset, "a level that the declared CPU has", "GOAMD64=%s", image->go->level);
        fail(f, "the program ends at once on a CPU below x86-64-%s, and %s is declared", image->go->level, cpu);
    } else if (!subject->code_was_read) {
        unknown(f, "%s is declared, and the code was not read (--no-code)", cpu);
    } else if (image->packer.text || (image->format == FORMAT_MACHO && image->macho->encrypted) ||
               !scan_code(image, f->arena, &scan)) {
        unknown(f, "%s is declared, and the code of the program cannot be read in the file", cpu);
    } else {
        unsigned count = show(f, &scan, &had, cpu);
        if (count)
            unknown(f,
                    "instructions for %u feature%s above %s occur; whether they are reached without asking the "
                    "processor is not told",
                    count, count == 1 ? "" : "s", cpu);
        else
            pass(f, "none of %" PRIu64 " bytes of code asks for more than %s", scan.bytes, cpu);
    }
}

const struct rule rule_isa_level_ceiling = {
    .id = "isa/level-ceiling",
    .level = LEVEL_WARNING,
    .applies = APPLIES_ELF | APPLIES_MACHO | APPLIES_LOADABLE,
    .title = "The declared CPU can run the program",
    .why = "A program built with GOAMD64=v3 or -march=native runs on the build machine and ends with an illegal "
           "instruction, or a message and status 1, on an older processor of the fleet. The name of the file says "
           "amd64 either way.",
    .fix = {.go = "GOAMD64=v1 (the default), or declare a newer CPU with --cpu or in the policy",
            .c = "-march=x86-64, or the level of the oldest processor that the release is for",
            .rust = "-C target-cpu=x86-64"},
    .refs = {"x86-64 psABI, 3.1.1: Processor Architecture (levels)", "https://go.dev/wiki/MinimumRequirements#amd64",
             "Go src/runtime/asm_amd64.s: NEED_FEATURES"},
    .example = {.fails = "isa-level-ceiling", .passes = "elf-static-declared"},
    .check = check,
};
