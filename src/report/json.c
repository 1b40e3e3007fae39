/* assay-report/1: every fact, result and verdict, for programs. Keys stand in one order, one result
 * a line, so that two reports can be compared line by line. `complete` is the last key: a
 * report that was cut short does not have it, and is no JSON either.
 *
 * Readers keep integers exactly up to 2^53 - 1 (RFC 8259, section 6), and jansson refuses those from
 * 2^63 on; the words of a hostile file are larger. So addresses are text, "0x400000", always, and
 * sizes and offsets where they are above that. */
#include <inttypes.h>

#include "src/assay.h"
#include "src/report/escape.h"
#include "src/report/report.h"

#define LARGEST_EXACT ((UINT64_C(1) << 53) - 1)

static void key_address(FILE *out, const char *name, uint64_t value)
{
    fprintf(out, ",\"%s\":\"0x%" PRIx64 "\"", name, value);
}

static void key_number(FILE *out, const char *name, uint64_t value)
{
    if (value > LARGEST_EXACT)
        key_address(out, name, value);
    else
        fprintf(out, ",\"%s\":%" PRIu64, name, value);
}

static void key_answer(FILE *out, const char *name, enum answer answer)
{
    static const char *const texts[] = {"null", "false", "true"};
    fprintf(out, ",\"%s\":%s", name, texts[answer]);
}

/* A list that could not be read to its end and has nothing to show is not known: null. */
static void key_list(FILE *out, const char *name, const struct text_list *list, bool known)
{
    fprintf(out, ",\"%s\":", name);
    if (!known && list->count == 0) {
        fputs("null", out);
        return;
    }
    putc('[', out);
    for (size_t i = 0; i < list->count; i++) {
        if (i)
            putc(',', out);
        escape_json(out, list->items[i]);
    }
    putc(']', out);
}

static void write_go(FILE *out, const struct record_image *image)
{
    fputs(",\"go\":", out);
    if (!image->has_go) {
        fputs("null", out);
        return;
    }
    fputs("{\"version\":", out);
    escape_json(out, image->go_version);
    key_answer(out, "cgo_enabled", image->go_cgo);
    escape_member(out, "goos", image->go_goos);
    escape_member(out, "goarch", image->go_goarch);
    escape_member(out, "level", image->go_level);
    escape_member(out, "path", image->go_path);
    putc('}', out);
}

/* The lists that hold what could be read, and may lack more. */
static void write_incomplete(FILE *out, const struct record_image *image)
{
    const struct {
        const char *name;
        bool known;
    } lists[] = {{"needed", image->needed_known},
                 {"search_paths", image->search_paths_known},
                 {"latent_loads", image->latent_known},
                 {"debug_info", image->debug_known}};
    const char *comma = "";
    fputs(",\"incomplete\":[", out);
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        if (!lists[i].known) {
            fprintf(out, "%s\"%s\"", comma, lists[i].name);
            comma = ",";
        }
    putc(']', out);
}

static void write_isa(FILE *out, const struct record_isa *isa)
{
    fputs(",\"isa\":", out);
    if (!isa->known) {
        fputs("null", out);
        return;
    }
    fputs("{\"level\":", out);
    escape_json(out, isa->level);
    key_list(out, "requires", &isa->requires, true);
    key_list(out, "possible", &isa->possible, true);
    key_list(out, "guarded", &isa->guarded, true);
    if (isa->followed) {
        key_number(out, "coverage", isa->coverage);
        key_number(out, "functions", isa->functions);
        key_number(out, "undefined", isa->undefined);
    } else {
        fputs(",\"coverage\":null,\"functions\":null,\"undefined\":null", out);
    }
    if (!isa->has_neon) {
        fputs(",\"neon\":null", out);
    } else {
        fprintf(out, ",\"neon\":{\"instructions\":%" PRIu64, isa->words);
        key_number(out, "arithmetic", isa->vectors);
        key_number(out, "in_loops", isa->looped);
        key_number(out, "unguarded", isa->unguarded);
        key_number(out, "functions", isa->vector_functions);
        putc('}', out);
    }
    putc('}', out);
}

static void write_facts(FILE *out, const struct record_image *image)
{
    fputs("\"facts\":{\"linkage\":", out);
    escape_json(out, image->linkage);
    escape_member(out, "interpreter", image->interpreter);
    key_list(out, "needed", &image->needed, image->needed_known);
    key_list(out, "search_paths", &image->search_paths, image->search_paths_known);
    key_answer(out, "pie", image->pie);
    escape_member(out, "glibc_floor", image->glibc_floor);
    escape_member(out, "libc", image->libc ? image->libc : "unknown");
    key_list(out, "latent_loads", &image->latent_loads, image->latent_known);
    key_answer(out, "symbol_table", image->symbol_table);
    key_list(out, "debug_info", &image->debug_info, image->debug_known);
    key_answer(out, "stripped", image->stripped);
    write_go(out, image);
    key_list(out, "toolchains", &image->toolchains, true);
    escape_member(out, "build_id", image->build_id);
    escape_member(out, "min_os", image->min_os);
    escape_member(out, "sdk", image->sdk);
    escape_member(out, "uuid", image->uuid);
    escape_member(out, "signature", image->signature);
    write_isa(out, &image->isa);
    write_incomplete(out, image);
    putc('}', out);
}

/* EVIDENCE_NOWHERE is one of those that are beyond any file. */
static void write_offset(FILE *out, uint64_t offset)
{
    if (offset > LARGEST_EXACT)
        fputs("null", out);
    else
        fprintf(out, "%" PRIu64, offset);
}

static void write_waiver(FILE *out, const struct record_result *result)
{
    const struct waiver *waiver = result->waiver;
    fprintf(out, ",\"waiver\":{\"outcome\":\"%s\"", outcome_name(result->outcome));
    escape_member(out, "reason", waiver->reason);
    escape_member(out, "expires", waiver->expires);
    escape_member(out, "owner", waiver->owner);
    escape_member(out, "policy", waiver->place.file);
    fprintf(out, ",\"line\":%u}", waiver->place.line);
}

static void write_result(FILE *out, const struct record_result *result)
{
    fputs("{\"rule\":\"", out); /* not fprintf: most of a report is these lines */
    fputs(result->rule->id, out);
    fputs("\",\"outcome\":\"", out);
    fputs(result->waiver ? "waived" : outcome_name(result->outcome), out);
    fputs("\",\"level\":\"", out);
    fputs(level_name(result->level), out);
    fputs("\",\"message\":", out);
    escape_json(out, result->message);
    fputs(",\"evidence\":[", out);
    for (size_t i = 0; i < result->count; i++) {
        fprintf(out, "%s{\"offset\":", i ? "," : "");
        write_offset(out, result->evidence[i].offset);
        escape_member(out, "observed", result->evidence[i].observed);
        escape_member(out, "expected", result->evidence[i].expected);
        putc('}', out);
    }
    if (result->total)
        fprintf(out, "],\"evidence_total\":%u", result->total);
    else
        fputs("],\"evidence_total\":0", out);
    if (result->waiver)
        write_waiver(out, result);
    putc('}', out);
}

static void write_segments(FILE *out, const struct record_image *image)
{
    fputs(",\n    \"segments\":[", out);
    for (size_t i = 0; i < image->segment_count; i++) {
        const struct record_segment *segment = &image->segments[i];
        fprintf(out, "%s\n     {\"name\":", i ? "," : "");
        escape_json(out, segment->name);
        escape_member(out, "access", segment->access);
        key_address(out, "address", segment->address);
        key_number(out, "memory_size", segment->memory_size);
        key_number(out, "offset", segment->offset);
        key_number(out, "file_size", segment->file_size);
        putc('}', out);
    }
    putc(']', out);
}

static void write_detail(FILE *out, const struct record_image *image)
{
    key_number(out, "offset", image->offset);
    key_number(out, "size", image->size);
    if (image->entry_address)
        key_address(out, "entry", image->entry_address);
    else
        fputs(",\"entry\":null", out);
    write_segments(out, image);
    fputs(",\n    \"sections\":[", out);
    for (size_t i = 0; i < image->section_count; i++) {
        fprintf(out, "%s\n     {\"name\":", i ? "," : "");
        escape_json(out, image->sections[i].name);
        key_number(out, "offset", image->sections[i].offset);
        key_number(out, "size", image->sections[i].size);
        putc('}', out);
    }
    fputs("],\n    \"defects\":[", out);
    for (size_t i = 0; i < image->defect_count; i++) {
        fprintf(out, "%s\n     {\"name\":", i ? "," : "");
        escape_json(out, image->defects[i].name);
        fputs(",\"offset\":", out);
        write_offset(out, image->defects[i].offset);
        escape_member(out, "observed", image->defects[i].observed);
        escape_member(out, "expected", image->defects[i].expected);
        putc('}', out);
    }
    putc(']', out);
}

static void write_cpus(FILE *out, const struct record_image *image)
{
    static const char *const answers[] = {[CPU_RUNS] = "runs", [CPU_NEEDS] = "needs", [CPU_NOT_TOLD] = "cannot-tell"};
    fputs(",\n    \"cpus\":[", out);
    for (size_t i = 0; i < image->cpu_count; i++) {
        fputs(i ? ",\n     {\"cpu\":" : "\n     {\"cpu\":", out);
        escape_json(out, image->cpus[i].name);
        fprintf(out, ",\"answer\":\"%s\"", answers[image->cpus[i].answer]);
        escape_member(out, "reason", image->cpus[i].reason);
        putc('}', out);
    }
    putc(']', out);
}

static void write_image(FILE *out, const struct gate *gate, const struct record_image *image)
{
    fputs("   {\"name\":", out);
    escape_json(out, image->name);
    escape_member(out, "format", image->format);
    escape_member(out, "machine", image->machine);
    escape_member(out, "os", image->os);
    escape_member(out, "arch", image->arch);
    if (image->bits)
        fprintf(out, ",\"bits\":%d", image->bits);
    else
        fputs(",\"bits\":null", out);
    escape_member(out, "endian", image->endian);
    escape_member(out, "kind", image->kind);
    fprintf(out, ",\"judged\":%s,\n    ", image->judged ? "true" : "false");
    write_facts(out, image);
    if (image->cpu_count)
        write_cpus(out, image);
    if (image->function)
        report_json_listing(out, image->function);
    if (!gate) {
        write_detail(out, image);
    } else {
        fputs(",\n    \"results\":[", out);
        for (size_t i = 0; i < image->result_count; i++) {
            fputs(i ? ",\n     " : "\n     ", out);
            write_result(out, &image->results[i]);
        }
        putc(']', out);
    }
    putc('}', out);
}

static void write_target(FILE *out, const struct record *record)
{
    fputs(",\"expected_target\":", out);
    if (!*record->target_source) {
        fputs("null", out);
        return;
    }
    fputs("{\"spelling\":", out);
    escape_json(out, record->target);
    escape_member(out, "source", record->target_source);
    putc('}', out);
}

void report_json_file(FILE *out, const struct gate *gate, const struct record *record)
{
    fputs("  {\"path\":", out);
    escape_json(out, record->path);
    key_number(out, "size", record->size);
    escape_member(out, "sha256", *record->sha256 ? record->sha256 : NULL);
    escape_member(out, "container", record->container);
    if (gate) {
        escape_member(out, "verdict", verdict_name(record->verdict));
        write_target(out, record);
    }
    escape_member(out, "error", record->error);
    fputs(",\n   \"images\":[", out);
    for (size_t i = 0; i < record->image_count; i++) {
        fputs(i ? ",\n" : "\n", out);
        write_image(out, gate, &record->images[i]);
    }
    fputs("]}", out);
}

static void write_policy(FILE *out, const struct policy *policy)
{
    fputs(" \"policy\":", out);
    if (!policy || !policy->file) {
        fputs("null,\n", out);
        return;
    }
    fputs("{\"file\":", out);
    escape_json(out, policy->file);
    escape_member(out, "sha256", policy->sha256);
    fputs("},\n", out);
}

void report_json_sandbox(FILE *out, const struct sandbox *sandbox)
{
    const char *between = "";
    fprintf(out, "\"sandbox\":{\"mode\":\"%s\",\"layers\":[", sandbox_wish_name(sandbox->wish));
    for (unsigned i = 0; i < JAIL_LAYERS; i++)
        if (sandbox->layers >> i & 1) {
            fprintf(out, "%s\"%s\"", between, jail_layer_name(i));
            between = ",";
        }
    fputs("]}", out);
}

void report_json_finding(FILE *out, const struct run_finding *f)
{
    fprintf(out, "{\"rule\":\"%s\",\"outcome\":\"%s\",\"level\":\"%s\"", f->rule->id, outcome_name(f->outcome),
            level_name(f->level));
    escape_member(out, "message", f->message);
    escape_member(out, "subject", f->subject);
    escape_member(out, "observed", f->observed);
    escape_member(out, "expected", f->expected);
    escape_member(out, "policy", f->place.file);
    fprintf(out, ",\"line\":%u}", f->place.line);
}

static bool write_run(const struct run *run, const struct report_options *options, FILE *out)
{
    const struct summary *s = &run->summary;
    (void)options;
    fprintf(out, "{\"schema\":\"assay-report/1\",\"tool\":{\"name\":\"assay\",\"version\":\"%s\"},\n", ASSAY_VERSION);
    fprintf(out, " \"profile\":\"%s\",\"fail_on\":\"%s\",\"verdict\":\"%s\",\n", run->gate->profile->name,
            level_name(run->gate->fail_on), verdict_name(run->verdict));
    fprintf(out,
            " \"summary\":{\"files\":%zu,\"pass\":%zu,\"fail\":%zu,\"unknown\":%zu,\"error\":%zu,\"skipped\":%zu,"
            "\"waived\":%zu},\n",
            s->files, s->pass, s->fail, s->unknown, s->error, run->skipped_count, s->waived);
    write_policy(out, run->gate->policy);
    putc(' ', out);
    report_json_sandbox(out, &run->sandbox);
    fputs(",\n", out);
    fputs(" \"findings\":[", out);
    for (size_t i = 0; i < run->finding_count; i++) {
        fputs(i ? ",\n  " : "\n  ", out);
        report_json_finding(out, &run->findings[i]);
    }
    fputs("],\n", out);
    fputs(" \"files\":[", out);
    for (size_t i = 0; i < run->count; i++) {
        fputs(i ? ",\n" : "\n", out);
        report_json_file(out, run->gate, run->records[i]);
    }
    fputs("],\n \"complete\":true}\n", out);
    return true;
}

static bool write_inspection(const struct record *record, const struct report_options *options, FILE *out)
{
    (void)options;
    report_json_file(out, NULL, record);
    putc('\n', out);
    return true;
}

const struct reporter report_json = {
    .name = "json", .summary = "assay-report/1, for programs", .run = write_run, .inspect = write_inspection};
