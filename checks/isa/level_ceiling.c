/* Does the program run on the CPU that the release is for? A policy declares that CPU (cpu). What a Go program records
 * as GOAMD64 is more than a claim: its runtime looks for those features when it starts, and ends with "This program can
 * only be run on AMD64 processors with v3 microarchitecture support" without them (runtime/asm_amd64.s). Whether all
 * code keeps to a level can only be told from the instructions, which nothing reads yet: without such a record, and
 * below the ceiling, the rule is undecided. */
#include "checks/common.h"

static void check(const struct subject *subject, struct finding *f)
{
    const struct image *image = subject->image;
    const char *cpu = subject->expect->demands.cpu;
    const struct go_info *go = image->go;
    enum arch arch;
    unsigned ceiling;
    if (!cpu || !expect_cpu(cpu, &arch, &ceiling)) {
        not_applicable(f, "no CPU was declared");
        return;
    }
    if (arch != image->arch) {
        not_applicable(f, "the declared CPU, %s, is none of this architecture", cpu);
        return;
    }
    bool recorded = go && go->level && arch == ARCH_AMD64 && go->level[0] == 'v' && go->level[1] >= '1' &&
                    go->level[1] <= '4' && go->level[2] == 0;
    if (recorded && (unsigned)(go->level[1] - '0') > ceiling) {
        evidence(f, go->offset, "the level of the declared CPU, or a lower one", "GOAMD64=%s", go->level);
        fail(f, "the program ends at once on a CPU below x86-64-%s, and %s is declared", go->level, cpu);
    } else {
        unknown(f, "%s is declared%s%s; whether the instructions keep to it is not read yet", cpu,
                recorded ? ", and Go's runtime asks for no more than x86-64-" : "", recorded ? go->level : "");
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
    .fix = {.go = "GOAMD64=v1 (the default), or declare a newer cpu in the policy",
            .c = "-march=x86-64, or the level of the oldest processor that the release is for",
            .rust = "-C target-cpu=x86-64"},
    .refs = {"x86-64 psABI, 3.1.1: Processor Architecture (levels)", "https://go.dev/wiki/MinimumRequirements#amd64",
             "Go src/runtime/asm_amd64.s: NEED_FEATURES"},
    .example = {.fails = "isa-level-ceiling", .passes = "elf-static-declared"},
    .check = check,
};
