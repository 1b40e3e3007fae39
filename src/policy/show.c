#include "src/policy/show.h"

#include <inttypes.h>
#include <string.h>

#include "src/gate_rules.h"
#include "src/report/escape.h"

/* The comment behind a value: its line in the policy, or `otherwise`. */
static void origin(FILE *out, const struct place *place, const char *otherwise)
{
    fputs("  # ", out);
    if (place->file) {
        escape_terminal(out, place->file);
        fprintf(out, ":%u:%u\n", place->line, place->column);
    } else {
        fprintf(out, "%s\n", otherwise);
    }
}

static void text(FILE *out, const char *before, const char *key, const char *value)
{
    fprintf(out, "%s%s: ", before, key);
    escape_json(out, value); /* a JSON string is one of YAML's */
}

static void show_levels(FILE *out, const struct level_list *levels, const char *before)
{
    for (size_t i = 0; i < levels->count; i++) {
        fprintf(out, "%s%s: %s", before, levels->items[i].rule, level_name(levels->items[i].level));
        origin(out, &levels->items[i].place, "");
    }
}

static void show_rules(FILE *out, const struct gate *gate)
{
    char otherwise[64];
    (void)snprintf(otherwise, sizeof otherwise, "profile %s", gate->profile->name);
    fputs("rules:\n", out);
    for (size_t i = 0; i < any_rule_count(); i++) {
        struct place place;
        if (policy_names("run", any_rule(i)->id)) /* no level changes it */
            continue;
        enum level level = gate_level(gate, NULL, any_rule(i), &place);
        fprintf(out, "  %s: %s", any_rule(i)->id, level_name(level));
        origin(out, &place, otherwise);
    }
}

static void show_list(FILE *out, const char *before, const char *key, const char *const *texts, size_t count)
{
    fprintf(out, "%s%s: [", before, key);
    for (size_t i = 0; i < count; i++) {
        fputs(i ? ", " : "", out);
        escape_json(out, texts[i]);
    }
    putc(']', out);
}

static void show_parameters(FILE *out, const struct parameters *p, const char *before)
{
    if (p->libraries.file) {
        show_list(out, before, "libraries", p->demands.libraries, p->demands.library_count);
        origin(out, &p->libraries, "");
    }
    const struct {
        const char *name, *value;
        const struct place *place;
    } texts[] = {{"glibc-floor", p->demands.glibc_floor, &p->glibc_floor},
                 {"macos-minimum", p->demands.macos_minimum, &p->macos_minimum}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i].place->file) {
            text(out, before, texts[i].name, texts[i].value);
            origin(out, texts[i].place, "");
        }
    if (p->cpu.file) {
        const char *const *cpus = p->demands.cpus;
        show_list(out, before, "cpu", cpus, cpus[1] ? 2 : 1);
        origin(out, &p->cpu, "");
    }
    if (p->cpu_strict.file) {
        fprintf(out, "%scpu-strict: %s", before, p->demands.cpu_strict ? "true" : "false");
        origin(out, &p->cpu_strict, "");
    }
    if (p->neon_loops.file) {
        fprintf(out, "%sneon-loops: %" PRIu64, before, p->demands.neon_loops);
        origin(out, &p->neon_loops, "");
    }
    const struct {
        const char *name;
        unsigned value;
        const struct place *place;
    } percents[] = {{"abi-coverage", p->demands.abi_coverage, &p->abi_coverage},
                    {"isa-coverage", p->demands.isa_coverage, &p->isa_coverage}};
    for (size_t i = 0; i < sizeof percents / sizeof *percents; i++)
        if (percents[i].place->file) {
            fprintf(out, "%s%s: %u", before, percents[i].name, percents[i].value);
            origin(out, percents[i].place, "");
        }
    if (p->size_max.file) {
        fprintf(out, "%ssize-max: %" PRIu64, before, p->demands.size_max);
        origin(out, &p->size_max, "");
    }
}

static bool has_parameters(const struct parameters *p)
{
    return p->libraries.file || p->glibc_floor.file || p->macos_minimum.file || p->cpu.file || p->cpu_strict.file ||
           p->neon_loops.file || p->abi_coverage.file || p->isa_coverage.file || p->size_max.file;
}

static void show_target(FILE *out, const struct policy_target *target)
{
    text(out, "  - ", "match", target->match);
    origin(out, &target->place, "");
    if (target->has_target) {
        text(out, "    ", "expect", target->target.spelling);
        putc('\n', out);
    }
    if (target->levels.count) {
        fputs("    rules:\n", out);
        show_levels(out, &target->levels, "      ");
    }
    if (has_parameters(&target->parameters)) {
        fputs("    parameters:\n", out);
        show_parameters(out, &target->parameters, "      ");
    }
}

static void show_words(FILE *out, const char *before, const char *key, const struct words *words)
{
    if (words->count == 0)
        return;
    fprintf(out, "%s%s: [", before, key);
    for (size_t i = 0; i < words->count; i++) {
        fputs(i ? ", " : "", out);
        escape_json(out, words->items[i]->text);
    }
    fputs("]\n", out);
}

static void show_waiver(FILE *out, const struct waiver *waiver)
{
    const struct {
        const char *key, *value;
    } texts[] = {{"path", waiver->path},   {"sha256", waiver->sha256}, {"build-id", waiver->build_id},
                 {"image", waiver->image}, {"reason", waiver->reason}, {"expires", waiver->expires},
                 {"owner", waiver->owner}};
    fprintf(out, "  - rule: %s", waiver->rule);
    origin(out, &waiver->place, "");
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i].value) {
            text(out, "    ", texts[i].key, texts[i].value);
            putc('\n', out);
        }
}

void policy_show(FILE *out, const struct gate *gate, bool profile_given, bool fail_on_given)
{
    static const struct policy none;
    const struct policy *p = gate->policy ? gate->policy : &none;
    static const struct place nowhere;
    fputs("version: 1\n", out);
    fprintf(out, "profile: %s", gate->profile->name);
    origin(out, profile_given ? &nowhere : &p->profile_place, profile_given ? "command line" : "built in");
    fprintf(out, "fail-on: %s", level_name(gate->fail_on));
    origin(out, fail_on_given ? &nowhere : &p->fail_on_place, fail_on_given ? "command line" : "built in");
    show_rules(out, gate);
    if (has_parameters(&p->parameters))
        fputs("parameters:\n", out);
    show_parameters(out, &p->parameters, "  ");
    fputs(p->target_count ? "targets:\n" : "", out);
    for (size_t i = 0; i < p->target_count; i++)
        show_target(out, &p->targets[i]);
    fputs(p->matrix_count ? "matrix:\n" : "", out);
    for (size_t i = 0; i < p->matrix_count; i++) {
        show_words(out, "  - ", "names", &p->matrices[i].names);
        show_words(out, "    ", "os", &p->matrices[i].os);
        show_words(out, "    ", "arch", &p->matrices[i].arch);
        show_words(out, "    ", "except", &p->matrices[i].except);
    }
    fputs(p->waiver_count ? "waivers:\n" : "", out);
    for (size_t i = 0; i < p->waiver_count; i++)
        show_waiver(out, &p->waivers[i]);
}
