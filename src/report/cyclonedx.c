/* A bill of materials, CycloneDX 1.5 in JSON (ECMA-424): a component for each file, with its digest and what is known
 * of it, and one for each Go module that is linked into any of them, with a package URL. `dependencies` says which file
 * holds which module. Go's own sums (h1:) are digests of source trees, no hashes of files: they are properties. */
#include <stdlib.h>
#include <string.h>

#include "formats/digest.h"
#include "src/assay.h"
#include "src/report/draft.h"
#include "src/report/escape.h"
#include "src/report/report.h"

/* Named by what was judged: the same files and policy give the same number (RFC 9562, version 8). */
static bool write_serial(FILE *out, const struct run *run)
{
    char digest[DIGEST_TEXT];
    struct draft all;
    if (!draft_open(&all))
        return false;
    for (size_t i = 0; i < run->count; i++)
        fprintf(all.out, "%s %s\n", run->records[i]->sha256, run->records[i]->path);
    if (!draft_close(&all))
        return false;
    digest_text(all.text, all.size, digest);
    fprintf(out, " \"serialNumber\":\"urn:uuid:%.8s-%.4s-8%.3s-8%.3s-%.12s\",\n", digest, digest + 8, digest + 13,
            digest + 17, digest + 20);
    free(all.text);
    return true;
}

static void property(FILE *out, const char **comma, const char *name, const char *value)
{
    if (!value || !*value)
        return;
    fprintf(out, "%s{\"name\":\"assay:%s\",\"value\":", *comma, name);
    escape_json(out, value);
    putc('}', out);
    *comma = ",";
}

static const char *yes_no(enum answer answer)
{
    static const char *const texts[] = {NULL, "false", "true"};
    return texts[answer];
}

static void write_image(FILE *out, const char **comma, const struct record_image *image)
{
    const struct {
        const char *name, *value;
    } facts[] = {{"image", image->name},
                 {"format", image->format},
                 {"os", image->os},
                 {"arch", image->arch},
                 {"kind", image->kind},
                 {"linkage", image->linkage},
                 {"interpreter", image->interpreter},
                 {"libc", image->libc},
                 {"glibc-floor", image->glibc_floor},
                 {"stripped", yes_no(image->stripped)},
                 {"pie", yes_no(image->pie)},
                 {"go:version", image->go_version},
                 {"go:cgo", yes_no(image->go_cgo)},
                 {"build-id", image->build_id},
                 {"uuid", image->uuid},
                 {"signature", image->signature},
                 {"minimum-os", image->min_os}};
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
        property(out, comma, facts[i].name, facts[i].value);
    for (size_t i = 0; i < image->needed.count; i++)
        property(out, comma, "needed", image->needed.items[i]);
    for (size_t i = 0; i < image->toolchains.count; i++)
        property(out, comma, "toolchain", image->toolchains.items[i]);
}

static const char *component_type(const struct record *record)
{
    const char *kind = record->image_count ? record->images[0].kind : "";
    return strcmp(kind, "executable") == 0 ? "application" : strcmp(kind, "shared-library") == 0 ? "library" : "file";
}

static void write_file(FILE *out, const struct record *record)
{
    const char *slash = strrchr(record->path, '/'), *comma = "";
    fprintf(out, "{\"type\":\"%s\",\"bom-ref\":\"file:", component_type(record));
    escape_json_part(out, record->path);
    putc('"', out);
    escape_member(out, "name", slash && slash[1] ? slash + 1 : *record->path ? record->path : "-");
    if (*record->sha256)
        fprintf(out, ",\"hashes\":[{\"alg\":\"SHA-256\",\"content\":\"%s\"}]", record->sha256);
    fputs(",\n   \"properties\":[", out);
    property(out, &comma, "path", record->path);
    property(out, &comma, "verdict", verdict_name(record->verdict));
    property(out, &comma, "error", record->error);
    for (size_t i = 0; i < record->image_count; i++)
        write_image(out, &comma, &record->images[i]);
    fputs("]}", out);
}

/* ---- modules ---- */

struct modules {
    size_t count;
    const struct record_module **items; /* each once, in the order of path, version and sum */
};

static int compare(const void *a, const void *b)
{
    const struct record_module *x = *(const struct record_module *const *)a,
                               *y = *(const struct record_module *const *)b;
    int order = strcmp(x->path, y->path);
    order = order ? order : strcmp(x->version, y->version);
    return order ? order : strcmp(x->sum, y->sum);
}

static bool collect(const struct run *run, struct modules *modules)
{
    size_t all = 0, kept = 0;
    for (size_t i = 0; i < run->count; i++)
        for (size_t k = 0; k < run->records[i]->image_count; k++)
            all += run->records[i]->images[k].module_count;
    modules->items = calloc(all + 1, sizeof(struct record_module *));
    if (!modules->items)
        return false;
    for (size_t i = 0; i < run->count; i++)
        for (size_t k = 0; k < run->records[i]->image_count; k++)
            for (size_t m = 0; m < run->records[i]->images[k].module_count; m++)
                modules->items[modules->count++] = &run->records[i]->images[k].modules[m];
    if (all)
        qsort(modules->items, all, sizeof(struct record_module *), compare);
    for (size_t i = 0; i < all; i++)
        if (kept == 0 || compare(&modules->items[kept - 1], &modules->items[i]) != 0)
            modules->items[kept++] = modules->items[i];
    modules->count = kept;
    return true;
}

/* What tells a module from others, as a part of a JSON string. */
static void write_reference(FILE *out, const struct record_module *module)
{
    fputs("module:", out);
    escape_json_part(out, module->path);
    putc('@', out);
    escape_json_part(out, module->version);
    if (*module->sum) {
        putc('#', out);
        escape_json_part(out, module->sum);
    }
}

/* pkg:golang/NAMESPACE/NAME@VERSION: lowercase, with slashes kept and all else percent-encoded (purl-spec). */
static void write_purl_part(FILE *out, const char *text, bool lower)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (lower && c >= 'A' && c <= 'Z')
            c = (unsigned char)(c - 'A' + 'a');
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("-._~/:", c);
        fprintf(out, plain ? "%c" : "%%%02X", c);
    }
}

/* A module that was replaced by a folder of the build machine has no URL. */
static bool has_purl(const struct record_module *module)
{
    return *module->path && *module->path != '.' && *module->path != '/';
}

static void write_module(FILE *out, const struct record_module *module)
{
    const char *comma = "";
    fputs("{\"type\":\"library\",\"bom-ref\":\"", out);
    write_reference(out, module);
    putc('"', out);
    escape_member(out, "name", *module->path ? module->path : "-");
    if (*module->version)
        escape_member(out, "version", module->version);
    if (has_purl(module)) {
        fputs(",\"purl\":\"pkg:golang/", out);
        write_purl_part(out, module->path, true);
        fputs(*module->version ? "@" : "", out);
        write_purl_part(out, module->version, false);
        putc('"', out);
    }
    fputs(",\"properties\":[", out);
    property(out, &comma, "go:sum", module->sum);
    fputs("]}", out);
}

static bool write_dependency(FILE *out, struct record *record)
{
    struct modules modules = {0, NULL};
    const struct run alone = {.count = 1, .records = &record};
    if (!collect(&alone, &modules))
        return false;
    fputs("{\"ref\":\"file:", out);
    escape_json_part(out, record->path);
    fputs("\",\"dependsOn\":[", out);
    for (size_t i = 0; i < modules.count; i++) {
        fputs(i ? ",\"" : "\"", out);
        write_reference(out, modules.items[i]);
        putc('"', out);
    }
    fputs("]}", out);
    free(modules.items);
    return true;
}

/* Files whose modules are all known, and those of which that cannot be said. */
static void write_compositions(FILE *out, const struct run *run)
{
    for (int known = 1; known >= 0; known--) {
        const char *comma = "";
        fprintf(out, "%s\n  {\"aggregate\":\"%s\",\"dependencies\":[", known ? "" : ",",
                known ? "complete" : "unknown");
        for (size_t i = 0; i < run->count; i++) {
            const struct record *record = run->records[i];
            bool all = record->image_count > 0 && !record->error;
            for (size_t k = 0; k < record->image_count; k++)
                all = all && record->images[k].has_go && record->images[k].modules_known &&
                      record->images[k].go_cgo == ANSWER_NO;
            if (all != (known == 1))
                continue;
            fprintf(out, "%s\"file:", comma);
            escape_json_part(out, record->path);
            putc('"', out);
            comma = ",";
        }
        fputs("]}", out);
    }
}

static bool write_run(const struct run *run, const struct report_options *options, FILE *out)
{
    struct modules modules = {0, NULL};
    bool good = true;
    (void)options;
    fputs("{\"$schema\":\"http://cyclonedx.org/schema/bom-1.5.schema.json\",\"bomFormat\":\"CycloneDX\",\n"
          " \"specVersion\":\"1.5\",\"version\":1,\n",
          out);
    if (!write_serial(out, run) || !collect(run, &modules))
        return false;
    fprintf(
        out,
        " \"metadata\":{\"tools\":{\"components\":[{\"type\":\"application\",\"name\":\"assay\",\"version\":\"%s\"}]},",
        ASSAY_VERSION);
    fprintf(out,
            "\"properties\":[{\"name\":\"assay:verdict\",\"value\":\"%s\"},{\"name\":\"assay:profile\",\"value\":\"%"
            "s\"}]},\n",
            verdict_name(run->verdict), run->gate->profile->name);
    fputs(" \"components\":[", out);
    for (size_t i = 0; i < run->count; i++) {
        fputs(i ? ",\n  " : "\n  ", out);
        write_file(out, run->records[i]);
    }
    for (size_t i = 0; i < modules.count; i++) {
        fputs(i || run->count ? ",\n  " : "\n  ", out);
        write_module(out, modules.items[i]);
    }
    fputs("],\n \"dependencies\":[", out);
    for (size_t i = 0; i < run->count; i++) {
        fputs(i ? ",\n  " : "\n  ", out);
        good = write_dependency(out, run->records[i]) && good;
    }
    fputs("],\n \"compositions\":[", out);
    write_compositions(out, run);
    fputs("]}\n", out);
    free(modules.items);
    return good;
}

const struct reporter report_cyclonedx = {
    .name = "cyclonedx", .summary = "CycloneDX 1.5, a bill of materials", .modules = true, .run = write_run};
