#include "checks/code/study.h"

#include "checks/code/a64_classes.h"
#include "checks/code/x86_classes.h"

bool study_readable(const struct code_study *study)
{
    const struct image *image = study->image;
    return study->allowed && image->judged && !image->packer.text &&
           !(image->format == FORMAT_MACHO && image->macho->encrypted);
}

static bool grounded(struct code_study *study)
{
    if (study->grounded == STUDY_NOT_ASKED)
        study->grounded = study_readable(study) && ground_make(study->image, study->arena, &study->ground)
                              ? STUDY_DONE
                              : STUDY_IMPOSSIBLE;
    return study->grounded == STUDY_DONE;
}

/* The sweep itself: what asks for no more than where instructions begin has not asked what they need. */
static void sweep(struct code_study *study)
{
    if (!study->swept)
        scan_code(&study->ground, true, &study->scan);
    study->swept = true;
}

bool study_scan(struct code_study *study)
{
    if (study->scanned == STUDY_NOT_ASKED) {
        study->scanned = grounded(study) ? STUDY_DONE : STUDY_IMPOSSIBLE;
        if (study->scanned == STUDY_DONE)
            sweep(study);
    }
    return study->scanned == STUDY_DONE;
}

bool study_strays(struct code_study *study)
{
    if (study->astray == STUDY_NOT_ASKED) {
        bool good = study_scan(study);
        if (good) {
            strays_find(&study->ground, &study->scan.begins, &study->strays);
            scan_add(&study->ground, study->strays.first, &study->scan);
        }
        study->astray = good ? STUDY_DONE : STUDY_IMPOSSIBLE;
    }
    return study->astray == STUDY_DONE;
}

/* Where a compiler was told that newer instructions are there, most functions that had a choice are made of them; where
 * it was not, few are, whatever hangs on pointers that nobody can follow. Kernels for several processors are handed on by
 * pointers, and do not count; but libraries of kernels (NumPy's) call theirs behind questions that are not understood, and
 * are not weighed. Measured: 0.29 to 0.69 of the functions of five programs built for x86-64-v3; of 2,700 programs of Debian
 * and a hundred others none has more than 0.02. */
static void weigh(struct code_study *study)
{
    enum { FEWEST = 500, SHARE = 4 };
    struct reach_report *r = &study->reach;
    struct reached *newer = &r->classes[study->image->arch == ARCH_AMD64 ? X86_AVX : A64_LSE];
    if (study->image->kind != KIND_EXECUTABLE || newer->reach != REACH_POSSIBLE || r->choosers_new < FEWEST ||
        r->choosers_new < r->choosers / SHARE)
        return;
    newer->reach = REACH_ALWAYS;
    newer->prevalent = true;
}

bool study_follow(struct code_study *study)
{
    if (study->followed == STUDY_NOT_ASKED) {
        bool good = study_strays(study);
        study->followed = good ? STUDY_DONE : STUDY_IMPOSSIBLE;
        if (good) {
            ground_pointers(&study->ground);
            reach_program(&study->ground, &study->strays, &study->reach);
            weigh(study);
        }
    }
    return study->followed == STUDY_DONE;
}

bool study_conventions(struct code_study *study)
{
    enum { SHOWN = 8 };
    if (study->convened == STUDY_NOT_ASKED) {
        bool good = grounded(study);
        if (good && study->ground.amd64)
            sweep(study);
        if (good)
            abi_study(&study->ground, study->ground.amd64 ? &study->scan.begins : NULL, SHOWN, &study->abi);
        study->convened = good && study->abi.read ? STUDY_DONE : STUDY_IMPOSSIBLE;
    }
    return study->convened == STUDY_DONE;
}

unsigned study_coverage(const struct code_study *study)
{
    const struct reach_report *r = &study->reach;
    enum { FEW = 4096 }; /* bytes: stubs and padding are the better part of a small program */
    return r->understood + FEW >= r->executable ? 100 : (unsigned)(r->understood * 100 / r->executable);
}

unsigned study_floor(const struct code_study *study)
{
    return study->floor ? study->floor : COVERAGE_FLOOR;
}

static enum need_kind kind_of(const struct reached *reached)
{
    static const enum need_kind kinds[] = {
        [REACH_NONE] = NEED_UNREACHED,
        [REACH_GUARDED] = NEED_GUARDED,
        [REACH_POSSIBLE] = NEED_POSSIBLE,
        [REACH_ALWAYS] = NEED_REQUIRED,
    };
    return kinds[reached->reach];
}

/* Of a class, what the processor lacks; in streaming mode SVE is there without FEAT_SVE. */
static struct features lacks(const struct isa_class *class, const struct features *had)
{
    struct features needs = {0};
    for (unsigned k = 0; k < CLASS_NEEDS && class->needs[k] != FEATURE_NONE; k++)
        features_add(&needs, (enum feature) class->needs[k]);
    return features_without(&needs, had);
}

static void weigh_class(const struct code_study *study, const struct isa_class *class, const struct reached *reached,
                        const struct features *had, struct need_report *report)
{
    struct features lacking = lacks(class, had);
    if (!features_any(&lacking))
        return;
    enum need_kind kind = kind_of(reached);
    bool streams = class->streaming != FEATURE_NONE && features_have(had, (enum feature) class->streaming) &&
                   study->reach.classes[A64_SME].reach > REACH_NONE;
    if (streams && kind == NEED_REQUIRED)
        kind = NEED_POSSIBLE; /* the mode that the processor is in then is not followed */
    if (kind > report->kind) {
        *report = (struct need_report){.kind = kind, .witness = reached, .by_prevalence = reached->prevalent};
        for (unsigned k = 0; k < CLASS_NEEDS && report->feature == FEATURE_NONE; k++)
            if (features_have(&lacking, (enum feature) class->needs[k]))
                report->feature = (enum feature) class->needs[k];
    }
    if (kind == report->kind)
        features_unite(&report->lacking, &lacking);
}

bool study_against(struct code_study *study, const struct features *had, struct need_report *report)
{
    const struct isa_class *classes;
    *report = (struct need_report){.kind = NEED_NOTHING};
    if (!study_scan(study))
        return false;
    struct features above = features_without(&study->scan.present, had);
    if (!features_any(&above)) {
        if (!study_strays(study))
            return false;
        above = features_without(&study->scan.present, had);
        report->kind = study->strays.tangled || study->strays.hidden ? NEED_UNKNOWN : NEED_NOTHING;
        if (!features_any(&above))
            return true;
    }
    if (!study_follow(study))
        return false;
    *report = (struct need_report){.kind = NEED_UNREACHED, .lacking = above};
    size_t count = isa_classes(study->image->arch, &classes);
    for (size_t i = 0; i < count; i++)
        if (study->reach.classes[i].address)
            weigh_class(study, &classes[i], &study->reach.classes[i], had, report);
    if (report->kind < NEED_POSSIBLE && (study_coverage(study) < study_floor(study) || study->strays.tangled ||
                                         study->strays.hidden || study->reach.tangled))
        report->kind = NEED_UNKNOWN;
    return true;
}

struct features study_features(const struct code_study *study, enum need_kind kind)
{
    struct features found[NEED_UNKNOWN] = {{{0}}}, surer = {0};
    const struct isa_class *classes;
    size_t count = isa_classes(study->image->arch, &classes);
    for (size_t i = 0; i < count; i++) {
        const struct reached *reached = &study->reach.classes[i];
        const struct features none = {0}, needs = lacks(&classes[i], &none);
        if (reached->address)
            features_unite(&found[kind_of(reached)], &needs);
    }
    for (unsigned k = kind + 1; k < NEED_UNKNOWN; k++)
        features_unite(&surer, &found[k]);
    return features_without(&found[kind], &surer);
}
