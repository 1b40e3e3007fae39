/* A record that has everything a record can have, for tests of what is done with records. */
#ifndef ASSAY_TESTS_SAMPLE_RECORD_H
#define ASSAY_TESTS_SAMPLE_RECORD_H

#include <stdio.h>
#include <stdlib.h>

#include "src/report/report.h"

static inline struct text_list sample_list(struct arena *arena, const char *text)
{
    struct text_list list = {2, arena_array(arena, 2, sizeof(char *))};
    list.items[0] = text;
    list.items[1] = "second";
    return list;
}

static inline void sample_results(struct arena *arena, struct record_image *image, const char *text)
{
    image->result_count = rule_count;
    image->results = arena_array(arena, rule_count, sizeof *image->results);
    for (size_t i = 0; i < rule_count; i++) {
        struct record_result *r = &image->results[i];
        *r = (struct record_result){.rule = rules[i],
                                    .outcome = (enum outcome)(i % 4),
                                    .message = text,
                                    .count = (uint16_t)(i % 3),
                                    .total = (uint32_t)(i % 3 + i % 2)};
        r->evidence = arena_array(arena, r->count, sizeof *r->evidence);
        for (size_t k = 0; k < r->count; k++)
            r->evidence[k] = (struct evidence){k ? EVIDENCE_NOWHERE : 512 + i, text, "expected"};
    }
}

static inline void sample_detail(struct arena *arena, struct record_image *image, const char *text)
{
    image->segment_count = image->section_count = image->defect_count = 2;
    image->segments = arena_array(arena, 2, sizeof *image->segments);
    image->sections = arena_array(arena, 2, sizeof *image->sections);
    image->defects = arena_array(arena, 2, sizeof *image->defects);
    image->module_count = 2;
    image->modules_known = true;
    image->modules = arena_array(arena, 2, sizeof *image->modules);
    for (size_t i = 0; i < 2; i++) {
        image->modules[i] = (struct record_module){text, "v1.0.0", i ? text : "", i == 0};
        image->segments[i] = (struct record_segment){text, "r-x", 0x400000 + i, 4096, 0, 4096};
        image->sections[i] = (struct record_section){text, 64 + i, UINT64_MAX, true};
        image->defects[i] = (struct record_defect){"elf-header-size", text, "64", i ? EVIDENCE_NOWHERE : 52};
    }
}

static inline void sample_function(struct arena *arena, struct record_image *image, const char *text)
{
    struct listing *l = image->function = arena_alloc(arena, sizeof *l);
    *l = (struct listing){.start = 0x401000,
                          .size = 16,
                          .begins = ".eh_frame",
                          .ends = "the next function",
                          .profile = "sysv-x86-64",
                          .why = text,
                          .judged = "everything",
                          .count = 2,
                          .left_out = 3};
    l->rows = arena_array(arena, 2, sizeof *l->rows);
    for (size_t i = 0; i < 2; i++) {
        struct listing_row *row = &l->rows[i];
        *row = (struct listing_row){0x401000 + i,
                                    i ? 0x401008 : 0,
                                    "c3",
                                    i ? text : "",
                                    i ? "yes" : "no",
                                    i ? "+0x8" : "",
                                    2,
                                    i,
                                    i,
                                    i,
                                    0,
                                    0,
                                    0,
                                    0};
        row->features = sample_list(arena, text).items;
        row->before = arena_array(arena, 1, sizeof *row->before);
        row->after = arena_array(arena, 1, sizeof *row->after);
        row->breaches = arena_array(arena, 1, sizeof *row->breaches);
        row->before[0] = row->after[0] = (struct listing_change){"rsp", text};
        row->breaches[0] = (struct listing_breach){"abi/stack-alignment", text};
    }
}

/* Every text that a file can supply is `text`. */
static inline void sample_image(struct arena *arena, struct record_image *image, const char *text)
{
    *image = (struct record_image){.name = "amd64",
                                   .machine = "EM_X86_64",
                                   .format = "elf",
                                   .os = "linux",
                                   .arch = "amd64",
                                   .endian = "little",
                                   .kind = "executable",
                                   .bits = 64,
                                   .judged = true,
                                   .linkage = "dynamic",
                                   .interpreter = text,
                                   .glibc_floor = text,
                                   .libc = "glibc",
                                   .pie = ANSWER_YES,
                                   .symbol_table = ANSWER_NO,
                                   .has_go = true,
                                   .go_version = text,
                                   .go_goos = text,
                                   .go_goarch = text,
                                   .go_level = text,
                                   .go_path = text,
                                   .go_cgo = ANSWER_YES,
                                   .min_os = text,
                                   .sdk = text,
                                   .uuid = text,
                                   .signature = "ad-hoc",
                                   .build_id = text,
                                   .size = 4096,
                                   .entry_address = 0x401000};
    image->needed = sample_list(arena, text);
    image->search_paths = sample_list(arena, text);
    image->latent_loads = sample_list(arena, text);
    image->debug_info = sample_list(arena, text);
    image->toolchains = sample_list(arena, text);
    image->needed_known = image->debug_known = true;
    sample_detail(arena, image, text);
    sample_function(arena, image, text);
    sample_results(arena, image, text);
}

static inline struct record *sample_record(struct arena *arena, const char *text)
{
    struct record *record = arena_alloc(arena, sizeof *record);
    *record = (struct record){.path = text,
                              .size = 123456,
                              .sha256 = "00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff",
                              .container = "universal",
                              .target = text,
                              .target_source = "option",
                              .image_count = 2};
    record->images = arena_array(arena, 2, sizeof *record->images);
    sample_image(arena, &record->images[0], text);
    sample_image(arena, &record->images[1], text);
    /* the second knows nothing */
    record->images[1] = (struct record_image){.name = "?",
                                              .machine = text,
                                              .format = "mach-o",
                                              .os = "unknown",
                                              .arch = "unknown",
                                              .endian = "unknown",
                                              .kind = "unknown"};
    return record;
}

/* The gate of the command line's defaults. */
static inline const struct gate *sample_gate(void)
{
    static struct gate gate;
    gate = (struct gate){.profile = profile_find("release"), .fail_on = LEVEL_ERROR};
    return &gate;
}

/* A report of one record, in malloc'ed memory; `inspection` for that of `inspect`. */
static inline char *sample_report(const struct reporter *reporter, struct record *record, bool inspection, bool verbose)
{
    char *text = NULL;
    size_t size = 0;
    const struct report_options look = {.verbose = verbose};
    struct run run = {.gate = sample_gate(), .count = 1, .records = &record};
    FILE *out = open_memstream(&text, &size);
    struct arena gate_arena = {0};
    if (!out)
        abort();
    gate_decide(&gate_arena, &run);
    if (!(inspection ? reporter->inspect(record, &look, out) : reporter->run(&run, &look, out)) || fclose(out) != 0)
        abort();
    arena_free(&gate_arena);
    return text;
}

#endif
