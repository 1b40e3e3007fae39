#include "checks/run.h"

/* Why a rule has nothing to say about this image, or NULL where it has. */
static const char *not_for(const struct rule *rule, const struct image *image)
{
    if (rule->applies & APPLIES_ANYTHING)
        return NULL;
    if (!image->judged)
        return "only 64-bit little-endian amd64 and arm64 programs and libraries are judged";
    if (image->format == FORMAT_ELF && !(rule->applies & APPLIES_ELF))
        return "a rule for Mach-O";
    if (image->format == FORMAT_MACHO && !(rule->applies & APPLIES_MACHO))
        return "a rule for ELF";
    if (rule->applies & APPLIES_PROGRAMS && image->kind != KIND_EXECUTABLE)
        return "a rule for programs";
    if (rule->applies & APPLIES_LOADABLE && image->kind != KIND_EXECUTABLE && image->kind != KIND_SHARED_LIBRARY &&
        image->kind != KIND_BUNDLE && image->kind != KIND_LOADER)
        return "a rule for programs and libraries";
    return NULL;
}

void run_rules(const struct subject *subject, struct arena *arena, const bool *off, struct finding *findings)
{
    for (size_t i = 0; i < rule_count; i++) {
        const struct rule *rule = rules[i];
        struct finding *finding = &findings[i];
        *finding = (struct finding){
            .rule = rule, .outcome = OUTCOME_UNKNOWN, .message = "the rule gave no answer", .arena = arena};
        const char *reason = off && off[i] ? "switched off" : not_for(rule, subject->image);
        if (reason) {
            finding->outcome = OUTCOME_NOT_APPLICABLE;
            finding->message = reason;
        } else {
            rule->check(subject, finding);
        }
    }
}
