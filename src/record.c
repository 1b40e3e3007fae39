/* From the model to a record: the facts in the words of the report, and copies of
 * everything that dies with the file. What is not known stays NULL, never a guess. */
#include "src/record.h"

#include <string.h>

static const char *keep(struct arena *arena, const char *text)
{
    return text ? arena_copy(arena, text, strlen(text)) : NULL;
}

static void text_add(struct arena *arena, struct text_list *list, const char *text)
{
    list->items = arena_grow(arena, list->items, list->count, sizeof *list->items);
    list->items[list->count++] = keep(arena, text);
}

static void add_named(struct arena *arena, struct text_list *list, const struct named_list *from, uint32_t most)
{
    for (size_t i = 0; i < from->count; i++)
        if (from->items[i].detail <= most)
            text_add(arena, list, from->items[i].text);
}

static const char *access_text(unsigned access)
{
    static const char *const texts[] = {"---", "--x", "-w-", "-wx", "r--", "r-x", "rw-", "rwx"};
    return texts[access & 7];
}

static enum answer has_symbols(const struct image *image)
{
    switch (image->symbols.known) {
    case KNOWN_ABSENT:
        return ANSWER_NO;
    case KNOWN_COMPLETE:
        return image->symbols.count || image->format == FORMAT_ELF ? ANSWER_YES : ANSWER_NO;
    case KNOWN_BROKEN:
        break;
    }
    return ANSWER_UNKNOWN;
}

static void make_linkage(struct arena *arena, const struct image *image, struct record_image *out)
{
    static const char *const latent[] = {"nss", "iconv", "dlopen"};
    out->linkage = image->linkage == LINKAGE_UNKNOWN ? NULL : linkage_name(image->linkage);
    out->interpreter = keep(arena, image->interpreter.text);
    out->glibc_floor = keep(arena, image->glibc_floor);
    out->libc = image->libc == LIBC_UNKNOWN ? NULL : libc_name(image->libc);
    out->needed_known = image->needed.known != KNOWN_BROKEN;
    out->search_paths_known = image->search_paths.known != KNOWN_BROKEN;
    out->latent_known = image->latent.known != KNOWN_BROKEN;
    add_named(arena, &out->needed, &image->needed, DEPENDENCY_LAZY);
    add_named(arena, &out->search_paths, &image->search_paths, UINT32_MAX);
    for (unsigned i = 0; i < sizeof latent / sizeof *latent; i++)
        if (image->latent.used & 1U << i)
            text_add(arena, &out->latent_loads, latent[i]);
    out->pie = image->pie;
}

static void make_go(struct arena *arena, const struct go_info *go, struct record_image *out)
{
    out->has_go = go != NULL;
    if (!go)
        return;
    out->go_version = keep(arena, go->version);
    out->go_goos = keep(arena, go->goos);
    out->go_goarch = keep(arena, go->goarch);
    out->go_level = keep(arena, go->level);
    out->go_path = keep(arena, go->path);
    out->go_cgo = go->cgo_enabled;
}

/* The standard library is a module without a line of its own: it is of the toolchain's release. */
static void make_modules(struct arena *arena, const struct go_info *go, struct record_image *out)
{
    struct go_module *modules;
    size_t count = go_modules(go, arena, &modules, &out->modules_known);
    bool released = go->version && strncmp(go->version, "go1", 3) == 0;
    out->modules = arena_array(arena, count + released, sizeof *out->modules);
    for (size_t i = 0; i < count; i++)
        out->modules[out->module_count++] =
            (struct record_module){modules[i].path, modules[i].version, modules[i].sum, modules[i].main};
    if (released)
        out->modules[out->module_count++] = (struct record_module){"std", keep(arena, go->version + 2), "", false};
}

static void make_debug(struct arena *arena, const struct image *image, struct record_image *out)
{
    unsigned seen = 0;
    out->debug_known = image->debug.known != KNOWN_BROKEN;
    for (size_t i = 0; i < image->debug.count; i++) {
        enum debug kind = image->debug.items[i].kind;
        if (!(seen & 1U << kind))
            text_add(arena, &out->debug_info, debug_name(kind));
        seen |= 1U << kind;
    }
    out->symbol_table = has_symbols(image);
    out->stripped = image->stripped;
}

static void make_detail(struct arena *arena, const struct image *image, struct record_image *out)
{
    out->segment_count = image->segments.count;
    out->segments = arena_array(arena, out->segment_count, sizeof *out->segments);
    for (size_t i = 0; i < out->segment_count; i++) {
        const struct segment *s = &image->segments.items[i];
        out->segments[i] = (struct record_segment){
            keep(arena, s->name), access_text(s->access), s->address, s->memory_size, s->offset, s->file_size};
    }
    out->section_count = image->sections.count;
    out->sections = arena_array(arena, out->section_count, sizeof *out->sections);
    for (size_t i = 0; i < out->section_count; i++) {
        const struct section *s = &image->sections.items[i];
        const char *name = *s->segment ? arena_print(arena, "%s,%s", s->segment, s->name) : keep(arena, s->name);
        out->sections[i] = (struct record_section){name, s->offset, s->size, s->has_bytes};
    }
    out->defect_count = image->defects.count;
    out->defects = arena_array(arena, out->defect_count, sizeof *out->defects);
    for (size_t i = 0; i < out->defect_count; i++) {
        const struct defect *d = &image->defects.items[i];
        out->defects[i] = (struct record_defect){defect_name(d->id), keep(arena, d->observed), d->expected, d->offset};
    }
}

static void make_results(struct arena *arena, const struct finding *findings, struct record_image *out)
{
    out->result_count = rule_count;
    out->results = arena_array(arena, rule_count, sizeof *out->results);
    for (size_t i = 0; i < rule_count; i++) {
        const struct finding *f = &findings[i];
        struct record_result *r = &out->results[i];
        *r = (struct record_result){.rule = f->rule,
                                    .outcome = f->outcome,
                                    .message = f->message,
                                    .count = (uint16_t)f->count,
                                    .total = f->total < UINT32_MAX ? (uint32_t)f->total : UINT32_MAX,
                                    .evidence = f->evidence};
    }
}

static void make_image(struct arena *arena, const struct image *image, const struct record_options *options,
                       struct record_image *out)
{
    out->name = keep(arena, image->name);
    out->machine = keep(arena, image->machine);
    out->format = format_name(image->format);
    out->os = os_name(image->os);
    out->arch = arch_name(image->arch);
    out->bits = image->bits;
    out->endian = image->bits == 0 ? "unknown" : image->big_endian ? "big" : "little";
    out->kind = kind_name(image->kind);
    out->judged = image->judged;
    out->offset = image->offset;
    out->size = image->size;
    out->entry_address = image->entry.known == KNOWN_COMPLETE ? image->entry.address : 0;
    make_linkage(arena, image, out);
    make_debug(arena, image, out);
    make_go(arena, image->go, out);
    add_named(arena, &out->toolchains, &image->toolchains, UINT32_MAX);
    out->min_os = keep(arena, image->min_os);
    out->sdk = keep(arena, image->sdk);
    out->uuid = keep(arena, image->uuid);
    if (image->format == FORMAT_MACHO)
        out->signature = signature_name(image->signature);
    else if (image->format == FORMAT_ELF && image->elf->build_id)
        out->build_id = keep(arena, image->elf->build_id);
    if (options->detail)
        make_detail(arena, image, out);
    if (options->modules && image->go)
        make_modules(arena, image->go, out);
}

static const char *hexadecimal(struct arena *arena, const uint8_t *bytes, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    char *text = arena_alloc(arena, size * 2 + 1);
    for (size_t i = 0; i < size; i++) {
        text[i * 2] = digits[bytes[i] >> 4];
        text[i * 2 + 1] = digits[bytes[i] & 15];
    }
    return text;
}

struct record *record_make(struct arena *arena, const char *path, const struct file *file,
                           const struct reading *reading, const struct finding *findings, struct code_study *studies,
                           const struct expect *expect, const struct record_options *options)
{
    static const char *const sources[] = {"", "option", "policy", "file-name", "build-info"};
    struct record *record = arena_alloc(arena, sizeof *record);
    *record = (struct record){.path = keep(arena, path),
                              .size = file->size,
                              .sha256 = file->has_digest ? hexadecimal(arena, file->digest, sizeof file->digest) : "",
                              .container = container_name(reading->container),
                              .target = expect->source ? keep(arena, expect->target.spelling) : "",
                              .target_source = sources[expect->source],
                              .image_count = reading->count,
                              .verdict = VERDICT_UNKNOWN};
    record->images = arena_array(arena, reading->count, sizeof *record->images);
    for (size_t i = 0; i < reading->count; i++) {
        make_image(arena, &reading->images[i], options, &record->images[i]);
        record_code(arena, &studies[i], options, &record->images[i]);
        if (options->function)
            record_function(arena, &studies[i], options, &record->images[i]);
        if (findings)
            make_results(arena, findings + i * rule_count, &record->images[i]);
    }
    return record;
}

struct record *record_error(struct arena *arena, const char *path, uint64_t size, const char *error)
{
    struct record *record = arena_alloc(arena, sizeof *record);
    *record = (struct record){.path = keep(arena, path),
                              .size = size,
                              .sha256 = "",
                              .container = "unknown",
                              .target = "",
                              .target_source = "",
                              .error = keep(arena, error),
                              .verdict = VERDICT_ERROR};
    return record;
}

struct record *record_skipped(struct arena *arena, const char *path, const char *why)
{
    struct record *record = record_error(arena, path, 0, NULL);
    record->verdict = VERDICT_UNKNOWN;
    record->skipped = why;
    return record;
}

const char *verdict_name(enum verdict verdict)
{
    static const char *const names[] = {"pass", "fail", "unknown", "error"};
    return names[verdict];
}
