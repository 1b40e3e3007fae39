/* random_runs SEED COUNT: reports in every format of runs made by chance, with texts of random bytes in every place
 * that a file, its name or a policy can supply. Each is written as its format, a line; how many findings the run has, a
 * line; the report; and a NUL, which no report has in it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/gate_rules.h"
#include "src/report/findings.h"
#include "src/report/report.h"
#include "tests/src/hostile.h"

enum { FILES = 4, TEXTS = 64, WAIVERS = 4, MODULES = 3 };

struct dice {
    uint64_t state;
};

static unsigned roll(struct dice *dice, unsigned sides)
{
    dice->state = dice->state * 6364136223846793005U + 1442695040888963407U;
    return (unsigned)(dice->state >> 33) % sides;
}

/* Any bytes but NUL; now and then a text that means something somewhere, or a long one. */
static const char *text(struct dice *dice, struct arena *arena)
{
    unsigned kind = roll(dice, 8);
    if (kind < 3)
        return hostile_texts[roll(dice, HOSTILE_TEXTS)];
    size_t size = kind == 7 ? 3000 + roll(dice, 1100) : roll(dice, 24);
    char *out = arena_alloc(arena, size + 1);
    for (size_t i = 0; i < size; i++)
        out[i] = (char)(kind & 1 ? 1 + roll(dice, 255) : 0x20 + roll(dice, 0x60));
    return out;
}

static struct text_list texts(struct dice *dice, struct arena *arena)
{
    struct text_list list = {roll(dice, 3), arena_array(arena, 3, sizeof(char *))};
    for (size_t i = 0; i < list.count; i++)
        list.items[i] = text(dice, arena);
    return list;
}

static const char *maybe(struct dice *dice, struct arena *arena)
{
    return roll(dice, 3) ? text(dice, arena) : NULL;
}

static void make_results(struct dice *dice, struct arena *arena, struct record_image *image)
{
    image->result_count = rule_count;
    image->results = arena_array(arena, rule_count, sizeof *image->results);
    for (size_t i = 0; i < rule_count; i++) {
        struct record_result *r = &image->results[i];
        *r = (struct record_result){.rule = rules[i],
                                    .outcome = (enum outcome)(roll(dice, 3) ? roll(dice, 4) : 0),
                                    .message = text(dice, arena),
                                    .count = (uint16_t)roll(dice, 3)};
        r->total = r->count + roll(dice, 2);
        r->evidence = arena_array(arena, r->count, sizeof *r->evidence);
        for (size_t k = 0; k < r->count; k++)
            r->evidence[k] = (struct evidence){roll(dice, 3) ? roll(dice, 1U << 30) : EVIDENCE_NOWHERE,
                                               text(dice, arena), text(dice, arena)};
    }
}

static void make_parts(struct dice *dice, struct arena *arena, struct record_image *image)
{
    image->segment_count = roll(dice, 5);
    image->section_count = roll(dice, 100);
    image->module_count = roll(dice, MODULES);
    image->segments = arena_array(arena, image->segment_count, sizeof *image->segments);
    image->sections = arena_array(arena, image->section_count, sizeof *image->sections);
    image->modules = arena_array(arena, image->module_count, sizeof *image->modules);
    for (size_t i = 0; i < image->segment_count; i++)
        image->segments[i] = (struct record_segment){text(dice, arena),
                                                     roll(dice, 2) ? "r-x" : "rwx",
                                                     dice->state,
                                                     roll(dice, 4) ? dice->state >> roll(dice, 64) : 0,
                                                     0,
                                                     roll(dice, 1U << 30)};
    for (size_t i = 0; i < image->section_count; i++)
        image->sections[i] = (struct record_section){text(dice, arena), 64,
                                                     roll(dice, 3) ? dice->state >> roll(dice, 64) : 0, roll(dice, 2)};
    for (size_t i = 0; i < image->module_count; i++)
        image->modules[i] =
            (struct record_module){text(dice, arena), text(dice, arena), text(dice, arena), roll(dice, 2)};
}

static void make_image(struct dice *dice, struct arena *arena, struct record_image *image)
{
    *image = (struct record_image){.name = text(dice, arena),
                                   .machine = text(dice, arena),
                                   .format = roll(dice, 2) ? "elf" : "mach-o",
                                   .os = roll(dice, 2) ? "linux" : "macos",
                                   .arch = "amd64",
                                   .endian = "little",
                                   .kind = roll(dice, 2) ? "executable" : "object",
                                   .bits = 64,
                                   .judged = roll(dice, 8) != 0,
                                   .linkage = roll(dice, 2) ? "static" : NULL,
                                   .interpreter = maybe(dice, arena),
                                   .glibc_floor = maybe(dice, arena),
                                   .libc = "none",
                                   .pie = (enum answer)roll(dice, 3),
                                   .stripped = (enum answer)roll(dice, 3),
                                   .has_go = roll(dice, 2),
                                   .go_version = maybe(dice, arena),
                                   .go_path = maybe(dice, arena),
                                   .go_cgo = (enum answer)roll(dice, 3),
                                   .min_os = maybe(dice, arena),
                                   .uuid = maybe(dice, arena),
                                   .build_id = maybe(dice, arena),
                                   .signature = roll(dice, 2) ? "ad-hoc" : NULL,
                                   .modules_known = roll(dice, 2),
                                   .size = UINT64_MAX >> roll(dice, 64)};
    image->needed = texts(dice, arena);
    image->search_paths = texts(dice, arena);
    image->toolchains = texts(dice, arena);
    image->debug_info = texts(dice, arena);
    make_results(dice, arena, image);
    make_parts(dice, arena, image);
}

/* Paths are told apart by their first byte, as those of a run are. */
static struct record *make_record(struct dice *dice, struct arena *arena, size_t index)
{
    static const char digest[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    struct record *record = arena_alloc(arena, sizeof *record);
    const char *path = arena_print(arena, "%c%s", (int)('a' + index), text(dice, arena));
    if (roll(dice, 6) == 0)
        return record_error(arena, path, roll(dice, 1000), text(dice, arena));
    *record = (struct record){.path = path,
                              .size = dice->state >> (11 + roll(dice, 53)),
                              .sha256 = roll(dice, 4) ? digest : "",
                              .container = "universal",
                              .target = text(dice, arena),
                              .target_source = roll(dice, 2) ? "option" : "",
                              .image_count = roll(dice, 3)};
    record->images = arena_array(arena, record->image_count, sizeof *record->images);
    for (size_t i = 0; i < record->image_count; i++)
        make_image(dice, arena, &record->images[i]);
    return record;
}

static void make_policy(struct dice *dice, struct arena *arena, struct policy *policy)
{
    *policy = (struct policy){.file = arena_print(arena, "p%s", text(dice, arena)),
                              .folder = "/",
                              .here = "/",
                              .sha256 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"};
    policy->waiver_count = roll(dice, WAIVERS);
    policy->waivers = arena_array(arena, policy->waiver_count, sizeof *policy->waivers);
    for (size_t i = 0; i < policy->waiver_count; i++)
        policy->waivers[i] = (struct waiver){.place = {policy->file, 1 + roll(dice, 99), 1},
                                             .rule = rules[roll(dice, (unsigned)rule_count)]->id,
                                             .path = "**",
                                             .reason = text(dice, arena),
                                             .expires = "2027-01-31",
                                             .owner = maybe(dice, arena),
                                             .last_day = roll(dice, 2) ? 30000 : 0};
    if (roll(dice, 2)) {
        policy->matrix_count = 1;
        policy->matrices = arena_array(arena, 1, sizeof *policy->matrices);
        policy->matrices[0].place = (struct place){policy->file, 1, 1};
        policy->matrices[0].slot_count = 1;
        policy->matrices[0].slots = arena_array(arena, 1, sizeof(struct slot));
        policy->matrices[0].slots[0] = (struct slot){.name = "n", .pattern = text(dice, arena)};
        strcpy(policy->matrices[0].slots[0].target.spelling, "linux/amd64");
    }
}

static size_t count_findings(const struct run *run)
{
    struct telling telling = {0};
    struct told told;
    size_t count = 0;
    while (telling_next(run, &telling, &told))
        count++;
    return count;
}

static bool write_reports(struct dice *dice, struct arena *arena)
{
    struct policy policy;
    make_policy(dice, arena, &policy);
    struct gate gate = {.profile = profile_find("release"),
                        .fail_on = (enum level)(1 + roll(dice, 3)),
                        .policy = roll(dice, 3) ? &policy : NULL,
                        .today = 20780};
    struct record *records[FILES];
    struct run run = {.gate = &gate, .count = roll(dice, FILES + 1), .records = records};
    struct report_options look = {.location = roll(dice, 4) ? NULL : arena_print(arena, "l%s", text(dice, arena)),
                                  .line = 7};
    for (size_t i = 0; i < run.count; i++)
        records[i] = make_record(dice, arena, i);
    gate_decide(arena, &run);
    for (size_t i = 0; i < reporter_count; i++) {
        printf("%s\n%zu\n", reporters[i]->name, count_findings(&run));
        if (!reporters[i]->run(&run, &look, stdout))
            return false;
        putchar(0);
    }
    return !ferror(stdout);
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    struct dice dice = {strtoull(argv[1], NULL, 10)};
    bool good = true;
    for (unsigned long long left = strtoull(argv[2], NULL, 10); good && left; left--) {
        struct arena arena = {0};
        good = write_reports(&dice, &arena);
        arena_free(&arena);
    }
    return fflush(stdout) == 0 && good ? 0 : 1;
}
