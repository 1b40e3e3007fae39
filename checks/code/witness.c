#include "checks/code/witness.h"

#include <inttypes.h>
#include <string.h>

#include "checks/code/disassembly.h"

enum { ROWS = 8, NAMED = 4 };

/* " in 0x401000, reached from the entry by 0x400f00 > 0x400f80"; the path holds its own function first. */
static const char *way(const struct code_study *study, struct arena *arena, const struct reached *reached)
{
    const char *text = "";
    unsigned count = 0;
    while (count < PATH && reached->path[count])
        count++;
    bool whole = count && count < PATH && study->image->entry.known == KNOWN_COMPLETE &&
                 reached->path[count - 1] == study->image->entry.address;
    for (unsigned k = count; k-- > 1;)
        text = arena_print(arena, "%s%s0x%" PRIx64, text, *text ? " > " : "", reached->path[k]);
    if (count == 0)
        return "";
    return arena_print(arena, " in the function at 0x%" PRIx64 "%s%s", reached->path[0],
                       count == 1 ? ""
                       : whole    ? ", from the entry by "
                                  : ", by ",
                       text);
}

/* The surest instruction that needs the feature, or NULL. */
static const struct reached *surest(const struct code_study *study, enum feature feature)
{
    const struct isa_class *classes;
    const struct reached *best = NULL;
    size_t count = isa_classes(study->image->arch, &classes);
    for (size_t i = 0; study->followed == STUDY_DONE && i < count; i++)
        for (unsigned k = 0; k < CLASS_NEEDS && classes[i].needs[k] != FEATURE_NONE; k++) {
            const struct reached *reached = &study->reach.classes[i];
            if (classes[i].needs[k] == (uint8_t)feature && reached->address && (!best || reached->reach > best->reach))
                best = reached;
        }
    return best;
}

static void row(struct code_study *study, struct finding *f, enum feature feature, const char *expected)
{
    const struct reached *reached = surest(study, feature);
    uint64_t offset = study->scan.first[feature];
    if (!reached || !image_address(study->image, reached->address, &offset)) {
        evidence(f, offset, expected, "%s", feature_name(feature));
        return;
    }
    evidence(f, offset, expected, "%s: 0x%" PRIx64 " %s%s", feature_name(feature), reached->address,
             disassembly(study->image, f->arena, reached->address), way(study, f->arena, reached));
}

void witness_need(struct code_study *study, struct finding *f, const struct need_report *need, const char *expected)
{
    unsigned rows = 0;
    for (unsigned i = 1; i < FEATURE_COUNT && rows < ROWS; i++)
        if (features_have(&need->lacking, (enum feature)i)) {
            row(study, f, (enum feature)i, expected);
            rows++;
        }
}

const char *witness_names(struct code_study *study, const struct features *features)
{
    const char *text = "";
    unsigned count = 0;
    for (unsigned i = 1; i < FEATURE_COUNT; i++)
        if (features_have(features, (enum feature)i) && count++ < NAMED)
            text = arena_print(study->arena, "%s%s%s", text, *text ? ", " : "", feature_name((enum feature)i));
    return count > NAMED ? arena_print(study->arena, "%s and %u more", text, count - NAMED) : text;
}

const char *witness_doubt(struct code_study *study, const struct need_report *need)
{
    uint64_t at = study->strays.hidden;
    if (at)
        return arena_print(study->arena, "what runs behind 0x%" PRIx64 " %s is worked out while the program runs", at,
                           disassembly(study->image, study->arena, at));
    if (study->reach.tangled)
        return "there are more ways through the code than are followed";
    if (study->strays.tangled)
        return "more code than is followed begins in the midst of instructions, or in no section";
    return arena_print(study->arena, "code for %s occurs, and only %u %% of the code was understood: %u %% are needed",
                       witness_names(study, &need->lacking), study_coverage(study), study_floor(study));
}
