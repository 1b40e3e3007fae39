#include "checks/code/abi_verdict.h"

#include <inttypes.h>

#include "checks/code/disassembly.h"
#include "checks/code/operands_x86.h"
#include "checks/code/starts.h"

/* Nothing works in which so many functions make a mistake. */
enum { MANY = 32 /* functions */, SHARE = 50 /* one of so many */ };
enum { FLOOR = 50 /* percent of the code, where no policy says another; below it nothing is passed */ };

const char *abi_source_name(unsigned source)
{
    static const char *const names[] = {
        [START_ENTRY] = "the entry",    [START_PCLNTAB] = "pclntab",
        [START_EH_FRAME] = ".eh_frame", [START_FUNCTION_STARTS] = "LC_FUNCTION_STARTS",
        [START_CALL] = "a call",
    };
    return names[source];
}

static const char *state_of_x86(struct arena *arena, const struct abi_hit *hit)
{
    if (hit->breach == BREACH_STACK_ALIGNMENT)
        return arena_print(arena, "RSP is %d modulo 16", (int)hit->n);
    if (hit->breach == BREACH_BELOW_SP)
        return arena_print(arena, "the access begins %d bytes below RSP", -(int)hit->n);
    return arena_print(arena, "%s is not what it was at the entry", x86_register_name(hit->reg));
}

const char *abi_state_of(const struct image *image, struct arena *arena, const struct abi_hit *hit)
{
    if (image->arch == ARCH_AMD64)
        return state_of_x86(arena, hit);
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

static void show(const struct subject *subject, struct finding *f, const struct abi_question *question,
                 const struct abi_hits *hits)
{
    const char *expected = subject->image->arch == ARCH_AMD64 ? question->expected_x86 : question->expected;
    for (size_t i = 0; i < hits->kept; i++) {
        const struct abi_hit *hit = &hits->items[i];
        uint64_t offset = EVIDENCE_NOWHERE;
        if (!image_address(subject->image, hit->address, &offset))
            offset = EVIDENCE_NOWHERE;
        evidence(f, offset, expected, "%#" PRIx64 ": %s: %s, in the function from %#" PRIx64 " to %#" PRIx64 " (by %s)",
                 hit->address, disassembly(subject->image, f->arena, hit->address),
                 abi_state_of(subject->image, f->arena, hit), hit->function, hit->function + hit->size,
                 abi_source_name(hit->source));
    }
}

void abi_show(const struct subject *subject, struct finding *f, const struct abi_question *question)
{
    show(subject, f, question, &subject->study->abi.hits[question->breach]);
}

/* How much of the code, in percent, was followed in functions that the question is about, and how many there are. */
static unsigned share_of(const struct abi_study *study, unsigned profiles, uint64_t *judged, uint64_t *all)
{
    uint64_t bytes = 0, code = study->code - (profiles >> ABI_GO & 1 ? 0 : study->understood[ABI_GO]);
    *judged = *all = 0;
    for (unsigned p = 0; p < ABI_PROFILES; p++) {
        *all += study->functions[p];
        *judged += profiles >> p & 1 ? study->functions[p] : 0;
        bytes += profiles >> p & 1 ? study->understood[p] : 0;
    }
    return bytes >= code ? 100 : (unsigned)(bytes * 100 / code);
}

/* Of too little to say anything. On amd64 a program without unwind tables is none that can be judged, unless a policy
 * demands that it be. */
static void too_little(const struct subject *subject, struct finding *f, unsigned share, unsigned floor)
{
    bool demanded = subject->expect->demands.abi_coverage;
    bool tables_known = subject->image->sections.known != KNOWN_BROKEN;
    if (subject->image->arch == ARCH_AMD64 && !demanded && tables_known)
        not_applicable(f, "only %u %% of the code is in functions that tables bound, and nothing else is judged",
                       share);
    else if (demanded)
        unknown(f,
                "only %u %% of the code could be followed in functions that tables name or calls lead to; the policy "
                "demands %u %%",
                share, floor);
    else
        unknown(f, "only %u %% of the code could be followed in functions that tables name or calls lead to", share);
}

/* Nothing that was found breaks the rule, in code of which enough was followed. */
static void nothing_broken(const struct subject *subject, struct finding *f, uint64_t odd, uint64_t judged,
                           uint64_t all, unsigned share)
{
    const uint64_t called = subject->study->abi.called;
    const char *strange = "", *bounds = "";
    if (odd)
        strange = arena_print(f->arena, "; %" PRIu64 " switch stacks, use SVE or are made of parts of others", odd);
    if (called)
        bounds = arena_print(f->arena, "; %" PRIu64 " are bounded by calls alone", called);
    pass(f, "no violation that can be decided in %" PRIu64 " of %" PRIu64 " functions, %u %% of the code%s%s",
         judged - odd, all, share, strange, bounds);
}

/* Whether the breaches are those of a language with a convention of its own, of which nothing is told. OCaml's gives no
 * register back, and since OCaml 5, whose calls of C change the stack, asks for no alignment on amd64. */
static bool keeps_another(const struct subject *subject, struct finding *f, const struct abi_question *question,
                          uint64_t judged)
{
    const struct abi_study *study = &subject->study->abi;
    const uint64_t count = study->hits[question->breach].count;
    const bool amd64 = subject->image->arch == ARCH_AMD64, registers = question->breach == BREACH_CALLEE_SAVED;
    const bool aligned = amd64 && question->breach == BREACH_STACK_ALIGNMENT && count;
    if ((registers || aligned) && study->careless >= MANY && study->careless >= judged / SHARE)
        unknown(f, "%" PRIu64 " of %" PRIu64 " functions give back no registers: a convention of their own, as OCaml's",
                study->careless, judged);
    else if (question->breach == BREACH_RETURN_ADDRESS && count >= MANY && count >= judged / SHARE)
        unknown(f,
                "%" PRIu64 " returns behind a call, in %" PRIu64
                " functions: the calls never return, as in the code that LLVM makes of Haskell",
                count, judged);
    else if (study->graal && count && (registers || question->breach == BREACH_FRAME_RECORD))
        unknown(f, "%" PRIu64 " %s: Java code that GraalVM made, which keeps a convention of its own", count,
                amd64 ? question->broken_x86 : question->broken);
    else
        return false;
    return true;
}

static void answer(const struct subject *subject, struct finding *f, const struct abi_question *question,
                   unsigned profiles)
{
    const struct abi_study *study = &subject->study->abi;
    const struct abi_hits *hits = &study->hits[question->breach], *doubts = &study->doubts[question->breach];
    const unsigned demanded = subject->expect->demands.abi_coverage, floor = demanded ? demanded : FLOOR;
    const char *broken = subject->image->arch == ARCH_AMD64 ? question->broken_x86 : question->broken;
    uint64_t judged, all, go = study->functions[ABI_GO];
    unsigned share = share_of(study, profiles, &judged, &all);
    if (keeps_another(subject, f, question, judged))
        return;
    if (hits->count) {
        show(subject, f, question, hits);
        fail(f, "%" PRIu64 " %s", hits->count, broken);
    } else if (doubts->count) {
        show(subject, f, question, doubts);
        unknown(f, "%" PRIu64 " %s, if the functions end where calls say: no table bounds them", doubts->count, broken);
    } else if (question->breach == BREACH_CALLEE_SAVED && study->lent) {
        unknown(f, "%" PRIu64 " registers that Swift lends to errors and contexts are not given back", study->lent);
    } else if (share < floor && !(profiles >> ABI_GO & 1) && go && go >= all / 10 * 9) {
        not_applicable(f, "%" PRIu64 " of %" PRIu64 " functions keep Go's own convention, which does not ask for it",
                       go, all);
    } else if (share < floor) {
        too_little(subject, f, share, floor);
    } else if (subject->image->sections.known == KNOWN_BROKEN) {
        unknown(f, "the sections cannot be read to their end, so where functions end is not certain");
    } else {
        nothing_broken(subject, f, question->of_conventions ? study->odd : 0, judged, all, share);
    }
}

void abi_answer(const struct subject *subject, struct finding *f, const struct abi_question *question)
{
    const struct image *image = subject->image;
    const bool amd64 = image->arch == ARCH_AMD64;
    if (!amd64 && image->arch != ARCH_ARM64) {
        not_applicable(f, "only code for amd64 and arm64 is judged");
    } else if (amd64 && !(question->profiles >> ABI_SYSV & 1)) {
        not_applicable(f, "a rule of AAPCS64, the calling convention of arm64");
    } else if (!(question->profiles >> abi_platform(image) & 1)) {
        not_applicable(f, "%s", question->not_here);
    } else if (!subject->code_was_read) {
        unknown(f, "the code was not read (--no-code)");
    } else if (!study_conventions(subject->study)) {
        unknown(f, "the code of the program cannot be read in the file");
    } else {
        answer(subject, f, question, amd64 ? 1u << ABI_SYSV : question->profiles & ~(1u << ABI_SYSV));
    }
}
