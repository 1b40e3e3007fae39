#include "checks/code/abi_verdict.h"

#include <inttypes.h>

#include "checks/code/disassembly.h"
#include "checks/code/starts.h"

enum { FLOOR = 50 /* percent of the code; below it nothing is passed */ };

static const char *source_name(unsigned source)
{
    static const char *const names[] = {
        [START_ENTRY] = "the entry",    [START_PCLNTAB] = "pclntab",
        [START_EH_FRAME] = ".eh_frame", [START_FUNCTION_STARTS] = "LC_FUNCTION_STARTS",
        [START_CALL] = "a call",
    };
    return names[source];
}

/* What is known of the registers there, that proves it. */
static const char *state_of(struct arena *arena, const struct abi_hit *hit)
{
    switch ((enum abi_breach)hit->breach) {
    case BREACH_STACK_ALIGNMENT:
        return arena_print(arena, "SP is %d modulo 16", (int)hit->n);
    case BREACH_BELOW_SP:
        return arena_print(arena, "the access begins %d bytes below SP", -(int)hit->n);
    case BREACH_PLATFORM_REGISTER:
        return "X18 is written";
    case BREACH_CALLEE_SAVED:
        if (hit->reg == ABI_REGISTER_SP)
            return arena_print(arena, "SP is %d bytes lower than at the entry", -(int)hit->n);
        return hit->reg < ABI_REGISTER_SP
                   ? arena_print(arena, "X%u is not what it was at the entry", (unsigned)hit->reg)
                   : arena_print(arena, "the low half of V%u is not what it was at the entry",
                                 (unsigned)hit->reg - ABI_REGISTER_VECTOR);
    case BREACH_FRAME_RECORD:
        return "X29 holds neither a frame record's address nor what it held at the entry";
    case BREACH_RETURN_ADDRESS:
        return arena_print(arena, "X%u holds what a call in this function left in X30, or what nobody put there",
                           (unsigned)hit->reg);
    case BREACH_PAC_PAIRING:
        return "X30 is signed where it is used as it is, or authenticated where it was not signed alike";
    case BREACH_LANDING_PAD:
        return "a pointer leads here";
    case BREACH_SYSTEM_CALL:
    case BREACH_COUNT:
    default:
        return "";
    }
}

void abi_show(const struct subject *subject, struct finding *f, const struct abi_question *question)
{
    const struct abi_hits *hits = &subject->study->abi.hits[question->breach];
    for (size_t i = 0; i < hits->kept; i++) {
        const struct abi_hit *hit = &hits->items[i];
        uint64_t offset = EVIDENCE_NOWHERE;
        if (!image_address(subject->image, hit->address, &offset))
            offset = EVIDENCE_NOWHERE;
        evidence(f, offset, question->expected,
                 "%#" PRIx64 ": %s: %s, in the function from %#" PRIx64 " to %#" PRIx64 " (by %s)", hit->address,
                 disassembly(subject->image, f->arena, hit->address), state_of(f->arena, hit), hit->function,
                 hit->function + hit->size, source_name(hit->source));
    }
}

static void answer(const struct subject *subject, struct finding *f, const struct abi_question *question,
                   const struct abi_study *study)
{
    const struct abi_hits *hits = &study->hits[question->breach];
    uint64_t judged = 0, all = 0, bytes = 0, code = study->code;
    bool of_go = question->profiles >> ABI_GO & 1;
    for (unsigned p = 0; p < ABI_PROFILES; p++) {
        all += study->functions[p];
        judged += question->profiles >> p & 1 ? study->functions[p] : 0;
        bytes += question->profiles >> p & 1 ? study->understood[p] : 0;
    }
    if (!of_go)
        code -= study->understood[ABI_GO];
    unsigned share = bytes >= code ? 100 : (unsigned)(bytes * 100 / code);
    if (hits->count) {
        abi_show(subject, f, question);
        fail(f, "%" PRIu64 " %s", hits->count, question->broken);
    } else if (share < FLOOR && !of_go && study->functions[ABI_GO] && study->functions[ABI_GO] >= all / 10 * 9) {
        not_applicable(f, "%" PRIu64 " of %" PRIu64 " functions keep Go's own convention, which does not ask for it",
                       study->functions[ABI_GO], all);
    } else if (share < FLOOR) {
        unknown(f, "only %u %% of the code could be followed in functions whose bounds are certain", share);
    } else if (question->of_conventions && study->odd) {
        pass(f,
             "no violation that can be decided in %" PRIu64 " of %" PRIu64 " functions, %u %% of the code; %" PRIu64
             " switch stacks, use SVE or are made of parts of others",
             judged - study->odd, all, share, study->odd);
    } else {
        pass(f, "no violation that can be decided in %" PRIu64 " of %" PRIu64 " functions, %u %% of the code", judged,
             all, share);
    }
}

void abi_answer(const struct subject *subject, struct finding *f, const struct abi_question *question)
{
    const struct image *image = subject->image;
    if (image->arch != ARCH_ARM64) {
        not_applicable(f, "a rule of AAPCS64, the calling convention of arm64");
    } else if (!(question->profiles >> abi_platform(image) & 1)) {
        not_applicable(f, "%s", question->not_here);
    } else if (!subject->code_was_read) {
        unknown(f, "the code was not read (--no-code)");
    } else if (!study_conventions(subject->study)) {
        unknown(f, "the code of the program cannot be read in the file");
    } else {
        answer(subject, f, question, &subject->study->abi);
    }
}
