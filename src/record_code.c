/* What a record says of code: the facts, where it was followed, and the answer for each processor, where that was asked. */
#include <inttypes.h>
#include <string.h>

#include "checks/code/cpu.h"
#include "checks/code/disassembly.h"
#include "checks/code/witness.h"
#include "src/record.h"

static struct text_list names_of(struct arena *arena, const struct features *features)
{
    struct text_list list = {0};
    for (unsigned i = 1; i < FEATURE_COUNT; i++)
        if (features_have(features, (enum feature)i)) {
            list.items = arena_grow(arena, list.items, list.count, sizeof *list.items);
            list.items[list.count++] = feature_name((enum feature)i);
        }
    return list;
}

static void make_isa(struct arena *arena, struct code_study *study, struct record_isa *isa)
{
    struct features required = {0}, possible = {0}, guarded = {0}, beyond;
    bool followed = study->followed == STUDY_DONE;
    if (!followed && (study->scanned != STUDY_DONE || features_any(&study->scan.present)))
        return;
    isa->known = true;
    if (followed) {
        const struct reach_report *r = &study->reach;
        required = study_features(study, NEED_REQUIRED);
        possible = study_features(study, NEED_POSSIBLE);
        guarded = study_features(study, NEED_GUARDED);
        isa->followed = true;
        isa->coverage = study_coverage(study);
        isa->functions = r->functions;
        isa->undefined = r->broken;
        isa->has_neon = study->image->arch == ARCH_ARM64;
        isa->words = r->words;
        isa->vectors = r->vectors;
        isa->looped = r->looped;
        isa->unguarded = r->unguarded;
        isa->vector_functions = r->vector_functions;
    }
    const struct cpu *level = cpu_level(study->image->arch, &required, &beyond);
    isa->level = level ? level->name : NULL;
    isa->requires = names_of(arena, &required);
    isa->possible = names_of(arena, &possible);
    isa->guarded = names_of(arena, &guarded);
}

static const char *reason_of(struct arena *arena, struct code_study *study, const struct need_report *need)
{
    const char *names = witness_names(study, &need->lacking);
    switch (need->kind) {
    case NEED_NOTHING:
        return "no instruction asks for more";
    case NEED_UNREACHED:
        return arena_print(arena, "code for %s is not reached", names);
    case NEED_GUARDED:
        return arena_print(arena, "code for %s is only reached where the processor was asked for it", names);
    case NEED_POSSIBLE:
        return arena_print(arena, "code for %s may be reached: 0x%" PRIx64 " %s", names, need->witness->address,
                           disassembly(study->image, arena, need->witness->address));
    case NEED_REQUIRED:
        return arena_print(arena, "%s: 0x%" PRIx64 " %s%s", names, need->witness->address,
                           disassembly(study->image, arena, need->witness->address),
                           need->by_prevalence ? ", and most functions that had a choice are alike" : "");
    case NEED_UNKNOWN:
    default:
        return witness_doubt(study, need);
    }
}

static void answer_for(struct arena *arena, struct code_study *study, const struct cpu *cpu, struct record_cpu *row)
{
    static const enum cpu_answer answers[] = {
        [NEED_NOTHING] = CPU_RUNS,      [NEED_UNREACHED] = CPU_RUNS, [NEED_GUARDED] = CPU_RUNS,
        [NEED_POSSIBLE] = CPU_NOT_TOLD, [NEED_REQUIRED] = CPU_NEEDS, [NEED_UNKNOWN] = CPU_NOT_TOLD,
    };
    const struct go_info *go = study->image->go;
    struct features had = cpu_features(cpu);
    struct need_report need;
    *row = (struct record_cpu){.name = cpu->name, .what = cpu->what, .answer = CPU_NOT_TOLD};
    if (go && cpu_go_asks(study->image->arch, go->level, &had)) {
        row->answer = CPU_NEEDS;
        row->reason = arena_print(arena, "GOAMD64=%s: the program ends at once", go->level);
    } else if (study_against(study, &had, &need)) {
        row->answer = answers[need.kind];
        row->reason = reason_of(arena, study, &need);
    } else {
        row->reason = "the code cannot be read in the file";
    }
}

void record_code(struct arena *arena, struct code_study *study, const struct record_options *options,
                 struct record_image *out)
{
    const struct cpu *cpus;
    size_t count = cpu_rows(&cpus);
    if (options->code || options->cpus)
        (void)(study_scan(study) && study_follow(study));
    if (options->cpus && study->image->judged) {
        out->cpus = arena_array(arena, count, sizeof *out->cpus);
        for (size_t i = 0; i < count; i++)
            if (cpus[i].arch == study->image->arch)
                answer_for(arena, study, &cpus[i], &out->cpus[out->cpu_count++]);
    }
    make_isa(arena, study, &out->isa);
}
