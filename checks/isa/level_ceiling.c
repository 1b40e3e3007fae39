/* Does the program run on the CPU that the release is for? --cpu, a policy (cpu) or the variant of the target declares
 * that CPU: a level that compilers know, a core or a machine (checks/code/cpus.def). What a Go program records as GOAMD64
 * is more than a claim: its runtime looks for those features when it starts, and ends with "This program can only be run
 * on AMD64 processors with v3 microarchitecture support" without them (runtime/asm_amd64.s). For all else the
 * instructions speak. A program in whose code no instruction above the CPU occurs runs there. Where one occurs the code
 * is followed from the entry (checks/code/reach.h): what is only reached where the program asked the processor for it is
 * as good as absent, what is reached on every run stops the release, and what may be reached leaves the rule undecided,
 * or fails it where the policy is strict (cpu-strict). */
#include <inttypes.h>

#include "checks/code/cpu.h"
#include "checks/code/witness.h"
#include "checks/common.h"

static void possible(const struct subject *subject, struct finding *f, const struct need_report *need, const char *cpu)
{
    const char *names = witness_names(subject->study, &need->lacking);
    if (subject->expect->demands.cpu_strict)
        fail(f, "code that may be reached asks for %s, which %s lacks (cpu-strict)", names, cpu);
    else
        unknown(f, "code for %s, which %s lacks, may be reached without asking the processor", names, cpu);
}

/* Follows the code where it must. */
static void judge(const struct subject *subject, struct finding *f, const char *cpu, const struct features *had)
{
    struct need_report need;
    struct code_study *study = subject->study;
    if (!study_against(study, had, &need)) {
        unknown(f, "%s is declared, and the code of the program cannot be read in the file", cpu);
        return;
    }
    const char *names = witness_names(study, &need.lacking);
    if (need.kind >= NEED_POSSIBLE)
        witness_need(study, f, &need, arena_print(f->arena, "no instruction that %s lacks", cpu));
    switch (need.kind) {
    case NEED_NOTHING:
        pass(f, "none of %" PRIu64 " bytes of code asks for more than %s", study->scan.bytes, cpu);
        break;
    case NEED_UNREACHED:
    case NEED_GUARDED:
        pass(f, "code for %s is %s", names,
             need.kind == NEED_GUARDED ? "only reached where the processor was asked for it" : "there and not reached");
        break;
    case NEED_POSSIBLE:
        possible(subject, f, &need, cpu);
        break;
    case NEED_REQUIRED:
        if (need.by_prevalence)
            fail(f,
                 "the program is made of code for %s, which %s lacks: %" PRIu64 " of %" PRIu64
                 " functions with a choice",
                 names, cpu, study->reach.choosers_new, study->reach.choosers);
        else
            fail(f, "every run comes to code for %s, which %s lacks", names, cpu);
        break;
    case NEED_UNKNOWN:
    default:
        unknown(f, "%s", witness_doubt(study, &need));
    }
}

static void check(const struct subject *subject, struct finding *f)
{
    const struct image *image = subject->image;
    const char *other = subject->expect->demands.cpus[0];
    struct features had;
    const char *cpu = expect_cpu(subject->expect, image->arch, &had);
    if (!cpu && other) {
        not_applicable(f, "the declared CPU, %s, is none of this architecture", other);
    } else if (!cpu) {
        not_applicable(f, "no CPU was declared");
    } else if (image->go && cpu_go_asks(image->arch, image->go->level, &had)) {
        evidence(f, image->go->offset, "a level that the declared CPU has", "GOAMD64=%s", image->go->level);
        fail(f, "the program ends at once on a CPU below x86-64-%s, and %s is declared", image->go->level, cpu);
    } else if (image->go && image->go->known == KNOWN_BROKEN) {
        unknown(f, "%s is declared, and the Go build information, which has the level, is damaged", cpu);
    } else if (!subject->code_was_read) {
        unknown(f, "%s is declared, and the code was not read (--no-code)", cpu);
    } else {
        judge(subject, f, cpu, &had);
    }
}

const struct rule rule_isa_level_ceiling = {
    .id = "isa/level-ceiling",
    .level = LEVEL_ERROR,
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
