/* Is the code vectorised? Every arm64 processor has Advanced SIMD, so "supports NEON" says nothing, and nor do loads and
 * stores of Q registers, which every memcpy is made of. What counts is arithmetic on vectors (checks/code/classes.def,
 * SIMD) in loops of code that is reached from the entry, by the policy's neon-loops: how many such instructions a release
 * must have, for instance one for each kernel that was written for them. What is only reached behind a question to the
 * processor counts too: Advanced SIMD itself needs none. */
#include <inttypes.h>

#include "checks/common.h"

static void check(const struct subject *subject, struct finding *f)
{
    uint64_t least = subject->expect->demands.neon_loops;
    struct code_study *study = subject->study;
    if (!least) {
        not_applicable(f, "no use of Advanced SIMD was declared");
    } else if (subject->image->arch != ARCH_ARM64) {
        not_applicable(f, "a rule for arm64");
    } else if (!subject->code_was_read) {
        unknown(f, "the code was not read (--no-code)");
    } else if (!study_follow(study)) {
        unknown(f, "the code of the program cannot be read in the file");
    } else if (study->reach.looped >= least) {
        pass(f, "%" PRIu64 " instructions of Advanced SIMD arithmetic in loops, in %" PRIu64 " functions",
             study->reach.looped, study->reach.vector_functions);
    } else if (study_coverage(study) < study_floor(study)) {
        unknown(f,
                "%" PRIu64
                " instructions of Advanced SIMD arithmetic in loops were found in the %u %% of the code that "
                "was understood",
                study->reach.looped, study_coverage(study));
    } else {
        evidence(f, EVIDENCE_NOWHERE, arena_print(f->arena, "%" PRIu64 " or more", least),
                 "%" PRIu64 " in loops, %" PRIu64 " in all, of %" PRIu64 " instructions that are reached",
                 study->reach.looped, study->reach.vectors, study->reach.words);
        fail(f, "less Advanced SIMD arithmetic is reached in loops than was declared");
    }
}

const struct rule rule_isa_neon_present = {
    .id = "isa/neon-present",
    .level = LEVEL_WARNING,
    .applies = APPLIES_ELF | APPLIES_MACHO | APPLIES_LOADABLE,
    .title = "arm64 code computes with Advanced SIMD where declared",
    .why =
        "A codec or a hash that was built without its NEON kernels gives the right answers, ten times slower, and "
        "nothing in the file's headers tells. A policy declares how much vector arithmetic a release has in its loops "
        "(neon-loops).",
    .fix = {.go = "the assembly of the package must be built in: no -tags purego, noasm or appengine",
            .c = "-O3 (vectorised loops), and the switch of the library for its NEON kernels, such as -DENABLE_NEON=ON",
            .rust = "-C opt-level=3, and the crate's feature for NEON"},
    .refs = {"Arm Architecture Reference Manual, C4.1: Data Processing - Scalar Floating-Point and Advanced SIMD",
             "Arm Architecture Reference Manual, A2.2: Advanced SIMD is there in every Armv8-A with floating point"},
    .example = {.fails = "isa-neon-present", .passes = "elf-static-neon"},
    .check = check,
};
