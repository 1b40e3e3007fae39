/* What the reports say, and that their JSON is what the schema beside them promises. Each test
 * builds a run by hand. That hostile text harms none is also the matter of test_hostile_text.c. */
#include "checks/rule.h" /* before cmocka.h, whose macro fail() it must not meet */
#include "src/report/escape.h"
#include "src/report/report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <string.h>

#include "tests/src/hostile.h"
#include "tests/src/schema.h"

enum { IMAGES = 2, MANY = 44, RULES = 64, TEXT_SIZE = 4096 };
static const struct report_options plain, quiet = {.quiet = true}, verbose = {.verbose = true};

/* ---- a run ---- */

struct scene {
    struct profile profile;
    struct gate gate;
    struct run run;
    struct record record, *records[1];
    struct record_image images[IMAGES];
    struct record_result results[IMAGES][RULES];
    struct evidence evidence[IMAGES][RULES][2];
    struct record_image many[MANY];
    struct record_segment segment;
    struct record_section section;
    struct record_defect defect;
    struct skipped skipped;
    const char *texts[2];
};
static struct scene scene;
static struct arena gate_arena;

static void make_image(size_t index, const char *arch)
{
    struct record_result *results = scene.results[index];
    scene.images[index] = (struct record_image){.name = arch,
                                                .machine = "EM_X86_64",
                                                .format = "elf",
                                                .os = "linux",
                                                .arch = arch,
                                                .endian = "little",
                                                .kind = "executable",
                                                .bits = 64,
                                                .judged = true,
                                                .needed_known = true,
                                                .search_paths_known = true,
                                                .latent_known = true,
                                                .debug_known = true,
                                                .linkage = "static",
                                                .stripped = ANSWER_YES,
                                                .symbol_table = ANSWER_NO,
                                                .pie = ANSWER_NO,
                                                .libc = "none",
                                                .result_count = rule_count,
                                                .results = results};
    for (size_t i = 0; i < rule_count; i++)
        results[i] = (struct record_result){.rule = rules[i], .outcome = OUTCOME_PASS, .message = "as it should be"};
}

/* One ELF file that passes. */
static int clean(void **state)
{
    (void)state;
    memset(&scene, 0, sizeof scene);
    assert_in_range(rule_count, 1, RULES);
    make_image(0, "amd64");
    make_image(1, "arm64");
    scene.record = (struct record){"dist/app", 4096, "", "elf", "", "", NULL, NULL, 1, scene.images, VERDICT_PASS};
    scene.records[0] = &scene.record;
    scene.profile = *profile_find("release");
    scene.gate = (struct gate){.profile = &scene.profile, .fail_on = LEVEL_ERROR};
    scene.run = (struct run){.gate = &scene.gate, .count = 1, .records = scene.records};
    return 0;
}

/* A universal macOS file that passes. */
static void universal(void)
{
    scene.record.container = "universal";
    scene.record.image_count = IMAGES;
    for (size_t i = 0; i < IMAGES; i++) {
        scene.images[i].format = "mach-o";
        scene.images[i].os = "macos";
        scene.images[i].linkage = NULL;
    }
}

static struct record_result *set(size_t slice, const char *rule, enum outcome outcome, const char *message)
{
    size_t i = 0;
    while (i < rule_count && strcmp(rules[i]->id, rule) != 0)
        i++;
    if (i == rule_count)
        fail_msg("no rule %s", rule);
    struct record_result *result = &scene.results[slice][i];
    *result = (struct record_result){.rule = rules[i],
                                     .outcome = outcome,
                                     .message = message,
                                     .count = 1,
                                     .total = 1,
                                     .evidence = scene.evidence[slice][i]};
    result->evidence[0] = (struct evidence){0x318, "what is there", "what should be"};
    return result;
}

static void infest_image(struct record_image *at, const char *text)
{
    at->name = at->machine = at->os = at->arch = at->kind = at->interpreter = at->glibc_floor = text;
    at->go_version = at->go_goos = at->go_goarch = at->go_level = at->go_path = text;
    at->min_os = at->sdk = at->uuid = at->build_id = text;
    at->has_go = true;
    at->needed = at->search_paths = at->latent_loads = at->debug_info = at->toolchains =
        (struct text_list){2, scene.texts};
    at->segment_count = at->section_count = at->defect_count = 1;
    at->segments = &scene.segment;
    at->sections = &scene.section;
    at->defects = &scene.defect;
}

/* `text` in every place that can hold any text; `forged`: also where only a hostile worker can put it. */
static void infest(const char *text, bool forged)
{
    scene.record.path = scene.record.target = text;
    scene.record.target_source = "option";
    scene.record.image_count = IMAGES;
    scene.texts[0] = scene.texts[1] = text;
    for (size_t i = 0; i < IMAGES; i++) {
        infest_image(&scene.images[i], text);
        for (size_t k = 0; k < rule_count; k++) {
            scene.evidence[i][k][0] = (struct evidence){EVIDENCE_NOWHERE, text, text};
            scene.evidence[i][k][1] = (struct evidence){0x40, text, text};
            scene.results[i][k] = (struct record_result){.rule = rules[k],
                                                         .outcome = (enum outcome)((i + k) % 4),
                                                         .message = text,
                                                         .count = 2,
                                                         .total = 40,
                                                         .evidence = scene.evidence[i][k]};
        }
        if (forged)
            scene.images[i].format = scene.images[i].linkage = scene.images[i].libc = scene.images[i].signature =
                scene.images[i].endian = text;
    }
    if (forged)
        scene.record.container = scene.record.sha256 = scene.record.target_source = text;
    scene.segment = (struct record_segment){text, text, UINT64_MAX, UINT64_MAX - 1, UINT64_C(1) << 63, 7};
    scene.section = (struct record_section){text, UINT64_MAX, 0, true};
    scene.defect = (struct record_defect){text, text, text, UINT64_MAX};
    scene.skipped = (struct skipped){text, text};
    scene.run.skipped = &scene.skipped;
    scene.run.skipped_count = 1;
}

/* ---- what is written ---- */

static char *told(const struct reporter *reporter, const struct report_options *options)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    gate_decide(&gate_arena, &scene.run);
    assert_true(reporter->run(&scene.run, options, out));
    assert_int_equal(fclose(out), 0);
    assert_int_equal(strlen(text), size);
    return text;
}

static char *inspected(const struct reporter *reporter)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    assert_true(reporter->inspect(&scene.record, &plain, out));
    assert_int_equal(fclose(out), 0);
    assert_int_equal(strlen(text), size);
    return text;
}

static char *escaped(void (*escape)(FILE *out, const char *text), const char *from)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    escape(out, from);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void expect(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("\"%s\" is not in:\n%s", part, text);
}

static void expect_not(const char *text, const char *part)
{
    if (strstr(text, part))
        fail_msg("\"%s\" is in:\n%s", part, text);
}

static void expect_told(const struct report_options *options, const char *part)
{
    char *text = told(&report_text, options);
    expect(text, part);
    free(text);
}

static void expect_untold(const struct report_options *options, const char *part)
{
    char *text = told(&report_text, options);
    expect_not(text, part);
    free(text);
}

/* No control but the newline, nothing that is no UTF-8, no command to a build server. */
static void expect_harmless(const char *text)
{
    for (const char *at = text; *at; at++)
        if (((unsigned char)*at < 0x20 && *at != '\n') || *at == 0x7f)
            fail_msg("control %#x in:\n%s", (unsigned)*at, text);
    json_t *utf8 = json_string(text);
    assert_non_null(utf8);
    json_decref(utf8);
    expect_not(text, "##");
    expect_not(text, "\xe2\x80\xae");
    for (const char *line = text; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
        if (strncmp(line + strspn(line, " "), "::", 2) == 0)
            fail_msg("a line begins with :: in:\n%s", text);
}

static json_t *parse(const char *text)
{
    json_error_t error;
    json_t *json = json_loads(text, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (!json)
        fail_msg("no JSON: %s, line %d:\n%s", error.text, error.line, text);
    return json;
}

static json_t *schema(void)
{
    json_error_t error;
    json_t *json = json_load_file(ASSAY_SOURCE_ROOT "/src/report/assay-report-1.schema.json", 0, &error);
    if (!json)
        fail_msg("the schema: %s, line %d", error.text, error.line);
    return json;
}

static void expect_fits(const char *text, const char *definition)
{
    char why[512];
    json_t *root = schema(), *json = parse(text);
    json_t *part = definition ? json_object_get(json_object_get(root, "definitions"), definition) : root;
    assert_non_null(part);
    if (!schema_accepts(root, part, json, why, sizeof why))
        fail_msg("%s\n%s", why, text);
    json_decref(json);
    json_decref(root);
}

/* ---- escape ---- */

static char *undo_character(const char **text, char *out)
{
    char *end, quoted[32];
    unsigned long c = strtoul(*text + 3, &end, 16);
    if (c > 0xffff)
        snprintf(quoted, sizeof quoted, "\"\\u%04lx\\u%04lx\"", 0xd800 + ((c - 0x10000) >> 10),
                 0xdc00 + ((c - 0x10000) & 0x3ff));
    else
        snprintf(quoted, sizeof quoted, "\"\\u%04lx\"", c);
    json_t *character = parse(quoted);
    size_t size = json_string_length(character);
    memcpy(out, json_string_value(character), size);
    json_decref(character);
    *text = end + 1;
    return out + size;
}

/* The bytes behind what people are shown: \xNN, \u{N}, \n, \t, \\. */
static void undo(const char *text, char *out)
{
    while (*text)
        if (text[0] == '\\' && text[1] == 'x') {
            const char digits[] = {text[2], text[3], 0};
            *out++ = (char)strtoul(digits, NULL, 16);
            text += 4;
        } else if (text[0] == '\\' && text[1] == 'u') {
            out = undo_character(&text, out);
        } else if (text[0] == '\\') {
            *out++ = text[1];
            if (text[1] == 'n' || text[1] == 't')
                out[-1] = text[1] == 'n' ? '\n' : '\t';
            text += 2;
        } else {
            *out++ = *text++;
        }
    *out = 0;
}

static void expect_lossless(const char *text)
{
    char back[TEXT_SIZE];
    char *people = escaped(escape_terminal, text), *program = escaped(escape_json, text);
    size_t columns = 0;
    expect_harmless(program);
    undo(people, back);
    assert_string_equal(back, text);
    for (const char *at = people; *at; at++)
        columns += ((unsigned char)*at & 0xc0) != 0x80;
    assert_int_equal(escape_width(text, SIZE_MAX), columns);
    assert_int_equal(escape_width(text, 3), columns < 3 ? columns : 3);
    free(people);
    free(program);
}

static void text_for_people_gives_its_bytes_and_its_width(void **state)
{
    (void)state;
    static const char alphabet[] = "\\\\xx5cu{}#[:\"ntA0 \n\x1b\x7f\xc3\xa9\xe2\x80\xae\xf0\x9f\x98\x80\xff\x80";
    uint32_t dice = 1;
    for (size_t i = 0; i < HOSTILE_TEXTS; i++)
        expect_lossless(hostile_texts[i]);
    for (size_t i = 0; i < 4000; i++) {
        char text[13] = "";
        for (size_t k = 0; k < i % sizeof text; k++) {
            dice = dice * 1664525 + 1013904223;
            text[k] = alphabet[(dice >> 16) % (sizeof alphabet - 1)];
        }
        expect_lossless(text);
    }
}

static void readable_text_stays_as_it_is(void **state)
{
    (void)state;
    static const char text[] = "dist/caf\xc3\xa9-\xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x98\x80 #1 'a' \"b\" <c> & 100%";
    char *people = escaped(escape_terminal, text);
    assert_string_equal(people, text);
    free(people);
}

static void what_is_not_seen_is_named(void **state)
{
    (void)state;
    char *people = escaped(escape_terminal, "a\xe2\x80\xae-b\x1b[2J\n\xff\\ ##[error]");
    assert_string_equal(people, "a\\u{202e}-b\\x1b[2J\\n\\xff\\\\ #\\x23[error]");
    free(people);
}

static void text_that_is_missing_crashes_nothing(void **state)
{
    (void)state;
    char *people = escaped(escape_terminal, NULL), *program = escaped(escape_json, NULL);
    assert_string_equal(people, "?");
    assert_string_equal(program, "null");
    assert_int_equal(escape_width(NULL, 9), 1);
    free(people);
    free(program);
}

/* ---- JSON ---- */

static void hostile_text_fits_the_schema(void **state)
{
    (void)state;
    for (size_t i = 0; i < HOSTILE_TEXTS; i++) {
        infest(hostile_texts[i], false);
        char *run = told(&report_json, &plain), *file = inspected(&report_json);
        expect_fits(run, NULL);
        expect_fits(file, "inspection");
        expect_harmless(run);
        expect_harmless(file);
        free(run);
        free(file);
    }
}

static void expect_all_harmless(void)
{
    char *const texts[] = {told(&report_json, &plain),   inspected(&report_json),    told(&report_text, &plain),
                           told(&report_text, &verbose), told(&report_text, &quiet), inspected(&report_text)};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (i < 2)
            json_decref(parse(texts[i]));
        expect_harmless(texts[i]);
        free(texts[i]);
    }
}

static void a_hostile_worker_cannot_break_a_report(void **state)
{
    (void)state;
    for (size_t i = 0; i < HOSTILE_TEXTS; i++) {
        infest(hostile_texts[i], true);
        expect_all_harmless();
    }
    scene.texts[0] = scene.segment.name = scene.segment.access = scene.section.name = scene.defect.name = NULL;
    scene.defect.observed = scene.defect.expected = NULL;
    scene.evidence[0][1][0].observed = scene.evidence[0][1][0].expected = NULL;
    expect_all_harmless();
}

static void a_file_of_no_known_format_is_harmless_too(void **state)
{
    (void)state;
    for (size_t i = 0; i < HOSTILE_TEXTS; i++) {
        infest(hostile_texts[i], false);
        scene.record.image_count = 1;
        scene.images[0].format = "unknown";
        expect_all_harmless();
    }
}

static void a_report_cut_short_is_no_json(void **state)
{
    (void)state;
    static const char end[] = "\"complete\":true}\n";
    char *text = told(&report_json, &plain);
    size_t size = strlen(text);
    assert_string_equal(text + size - (sizeof end - 1), end);
    for (size_t i = 0; i + 1 < size; i++) {
        json_error_t error;
        assert_null(json_loadb(text, i, 0, &error));
    }
    free(text);
}

static void facts_not_known_are_null(void **state)
{
    (void)state;
    struct record_image *at = &scene.images[0];
    at->linkage = at->libc = NULL;
    at->needed_known = false;
    at->pie = at->stripped = at->symbol_table = ANSWER_UNKNOWN;
    at->bits = 0;
    char *text = told(&report_json, &plain);
    expect_fits(text, NULL);
    expect(text, "\"linkage\":null,\"interpreter\":null,\"needed\":null,");
    expect(text, "\"libc\":\"unknown\"");
    expect(text, "\"stripped\":null");
    expect(text, "\"bits\":null");
    expect(text, "\"incomplete\":[\"needed\"]");
    expect(text, "\"expected_target\":null");
    free(text);
}

static void a_file_with_an_error_has_no_images(void **state)
{
    (void)state;
    scene.record.error = "cannot be opened: Permission denied";
    scene.record.image_count = 0;
    char *text = told(&report_json, &plain);
    expect_fits(text, NULL);
    expect(text, "\"verdict\":\"error\",\"expected_target\":null,\"error\":\"cannot be opened: Permission denied\",\n"
                 "   \"images\":[]}");
    free(text);
    expect_told(&plain, "error    dist/app  cannot be opened: Permission denied\n");
    expect_told(&quiet, "1 file: 0 pass, 0 fail, 0 unknown, 1 error; gate: closed (error)\n");
}

static void a_result_has_its_level_and_evidence(void **state)
{
    (void)state;
    struct record_result *result = set(0, "linkage/no-interpreter", OUTCOME_FAIL, "there is one");
    result->total = 3;
    char *text = told(&report_json, &plain);
    expect(text, "{\"rule\":\"linkage/no-interpreter\",\"outcome\":\"fail\",\"level\":\"error\",\"message\":\"there is "
                 "one\",\"evidence\":[{\"offset\":792,\"observed\":\"what is there\",\"expected\":\"what should be\"}],"
                 "\"evidence_total\":3}");
    free(text);
    result->evidence[0].offset = EVIDENCE_NOWHERE;
    text = told(&report_json, &plain);
    expect(text, "{\"offset\":null,");
    free(text);
    expect_told(&plain, "\n             found: what is there (expected: what should be)\n             and 2 more (-v");
}

static void the_profile_sets_the_level(void **state)
{
    (void)state;
    scene.profile.levels[0] = (struct profile_level){"linkage/no-interpreter", LEVEL_NOTE};
    set(0, "linkage/no-interpreter", OUTCOME_FAIL, "there is one");
    char *text = told(&report_json, &plain);
    expect(text, "\"linkage/no-interpreter\",\"outcome\":\"fail\",\"level\":\"note\"");
    expect(text, "\"verdict\":\"pass\"");
    free(text);
    expect_untold(&plain, "no-interpreter");
    expect_told(&verbose, "  note     linkage/no-interpreter");
}

static void the_schema_misses_every_key_it_requires(void **state)
{
    (void)state;
    char why[512];
    json_t *root = schema(), *required = json_object_get(root, "required"), *name;
    char *text = told(&report_json, &plain);
    size_t i;
    json_array_foreach(required, i, name)
    {
        json_t *json = parse(text);
        json_object_del(json, json_string_value(name));
        assert_false(schema_accepts(root, root, json, why, sizeof why));
        json_object_set_new(json, json_string_value(name), json_real(0.5));
        assert_false(schema_accepts(root, root, json, why, sizeof why));
        json_decref(json);
    }
    json_object_set_new(root, "pattern", json_string(".*"));
    json_t *json = parse(text);
    assert_false(schema_accepts(root, root, json, why, sizeof why));
    json_decref(json);
    json_decref(root);
    free(text);
}

/* Readers keep integers up to 2^53 - 1; jansson refuses those from 2^63 on. */
static void numbers_beyond_a_reader_are_text(void **state)
{
    (void)state;
    infest("x", false);
    char *text = inspected(&report_json);
    expect(text, "\"address\":\"0xffffffffffffffff\",\"memory_size\":\"0xfffffffffffffffe\",\"offset\":"
                 "\"0x8000000000000000\",\"file_size\":7");
    free(text);
}

/* ---- text ---- */

static void a_clean_file_is_one_line(void **state)
{
    (void)state;
    char *text = told(&report_text, &plain);
    assert_string_equal(text, "pass     dist/app  ELF linux/amd64 static, stripped\n"
                              "1 file: 1 pass, 0 fail, 0 unknown, 0 errors; gate: open\n");
    free(text);
    text = told(&report_text, &quiet);
    assert_string_equal(text, "1 file: 1 pass, 0 fail, 0 unknown, 0 errors; gate: open\n");
    free(text);
}

static void a_failure_shows_evidence_and_a_fix(void **state)
{
    (void)state;
    set(0, "linkage/no-interpreter", OUTCOME_FAIL, "there is one");
    char *text = told(&report_text, &plain);
    expect(text, "FAIL     dist/app  ");
    expect(text, "  error    linkage/no-interpreter           there is one\n"
                 "             at 0x318: what is there (expected: what should be)\n"
                 "             fix: ");
    expect(text, "\n\n1 file: 0 pass, 1 fail, 0 unknown, 0 errors; gate: closed (fail)\n");
    free(text);
}

static void the_fix_is_that_of_the_toolchain(void **state)
{
    (void)state;
    static const char *rust[] = {"GCC: (Debian 12.2.0) 12.2.0", "rustc version 1.80.0"};
    const struct rule *rule = set(0, "linkage/no-interpreter", OUTCOME_FAIL, "there is one")->rule;
    assert_true(rule->fix.c && rule->fix.go && rule->fix.rust);
    expect_told(&plain, rule->fix.c);
    scene.images[0].toolchains = (struct text_list){2, rust};
    expect_told(&plain, rule->fix.rust);
    scene.images[0].has_go = true;
    expect_told(&plain, rule->fix.go);
}

static void what_cannot_be_decided_closes_the_gate_and_says_so(void **state)
{
    (void)state;
    set(0, "stripped/no-symbol-table", OUTCOME_UNKNOWN, "the sections cannot be read");
    expect_told(&plain, "unknown  dist/app");
    expect_told(&plain, "  unknown  stripped/no-symbol-table         the sections cannot be read\n");
    expect_told(&plain, "gate: closed (unknown)\n");
    expect_untold(&plain, "fix:");
}

static void warnings_are_a_line_and_quiet_hides_them(void **state)
{
    (void)state;
    set(0, "stripped/no-build-paths", OUTCOME_FAIL, "a path");
    set(0, "hardening/relro", OUTCOME_UNKNOWN, "cannot be told");
    set(0, "linkage/no-interpreter", OUTCOME_FAIL, "there is one");
    expect_told(&plain, "  warning  stripped/no-build-paths          a path\n");
    expect_told(&plain, "  warning  hardening/relro                  undecided: cannot be told\n\n");
    expect_untold(&quiet, "warning");
    expect_told(&quiet, "there is one");
    expect_told(&verbose, "a path\n             at 0x318");
}

static void fail_on_makes_a_warning_close(void **state)
{
    (void)state;
    set(0, "stripped/no-build-paths", OUTCOME_FAIL, "a path");
    scene.gate.fail_on = LEVEL_WARNING;
    expect_told(&plain, "  warning  stripped/no-build-paths          a path\n             at 0x318");
    expect_told(&plain, "gate: closed (fail)");
}

static void verbose_lists_every_rule_and_what_was_skipped(void **state)
{
    (void)state;
    scene.skipped = (struct skipped){"dist/README", "text"};
    scene.run.skipped = &scene.skipped;
    scene.run.skipped_count = 1;
    scene.results[0][0].outcome = OUTCOME_NOT_APPLICABLE;
    char *text = told(&report_text, &verbose);
    for (size_t i = 0; i < rule_count; i++)
        expect(text, rules[i]->id);
    expect(text, "  n/a      ");
    expect(text, "skipped  dist/README  text\n");
    expect(text, "; 1 file in trees was no program; gate: open\n");
    free(text);
    expect_told(&plain, "; 1 file in trees was no program (-v names it); gate: open\n");
    expect_untold(&plain, "README");
}

static void slices_share_a_finding_and_keep_their_offsets(void **state)
{
    (void)state;
    universal();
    set(0, "stripped/no-debug-info", OUTCOME_FAIL, "dwarf");
    set(1, "stripped/no-debug-info", OUTCOME_FAIL, "dwarf")->evidence[0].offset = 0x9000;
    set(1, "stripped/no-symbol-table", OUTCOME_FAIL, "symbols");
    char *text = told(&report_text, &plain);
    expect(text, "universal: macos/amd64 + macos/arm64 stripped\n");
    expect(text, "[amd64, arm64] dwarf\n             at 0x318 in amd64: what is there (expected: what should be)\n"
                 "             at 0x9000 in arm64: what is there (expected: what should be)\n");
    expect(text, "[arm64] symbols\n             at 0x318: ");
    expect_not(strstr(text, "dwarf") + 1, "dwarf");
    free(text);
}

static void many_slices_take_few_lines(void **state)
{
    (void)state;
    universal();
    set(0, "stripped/no-debug-info", OUTCOME_FAIL, "dwarf");
    for (size_t i = 0; i < MANY; i++)
        scene.many[i] = scene.images[0];
    scene.record.images = scene.many;
    scene.record.image_count = MANY;
    char *text = told(&report_text, &plain);
    expect(text, "universal: macos/amd64 + macos/amd64 + macos/amd64 + macos/amd64 + 40 more stripped\n");
    expect(text, "[amd64, amd64, amd64, amd64, amd64, amd64, amd64, amd64, ...] dwarf\n");
    expect(text, "             and 40 more (-v shows more)\n");
    free(text);
    expect_untold(&verbose, "40 more (");
}

static void a_passing_macos_file_says_how_static_it_is(void **state)
{
    (void)state;
    static const char note[] = "\n  note     as static as macOS allows: only /usr/lib and /System/Library\n";
    expect_untold(&plain, "macOS");
    universal();
    expect_told(&plain, note);
    scene.profile.literal_static = true;
    expect_untold(&plain, note);
    scene.profile.literal_static = false;
    set(1, "linkage/system-libraries-only", OUTCOME_NOT_APPLICABLE, "no executable");
    expect_untold(&plain, note);
    set(1, "linkage/system-libraries-only", OUTCOME_FAIL, "/opt/lib/libx.dylib");
    expect_untold(&plain, note);
}

static void nothing_judged_is_not_open(void **state)
{
    (void)state;
    scene.run.count = 0;
    expect_told(&plain, "0 files: 0 pass, 0 fail, 0 unknown, 0 errors; gate: closed (nothing was judged)\n");
}

static void what_was_not_judged_is_said(void **state)
{
    (void)state;
    scene.images[0].result_count--;
    expect_told(&plain, "  unknown  not every rule was run\n");
    expect_told(&quiet, "not every rule was run");
    scene.record.image_count = 0;
    expect_told(&plain, "unknown  dist/app  elf file: no image could be read\n");
}

static void an_inspection_tells_the_model(void **state)
{
    (void)state;
    scene.segment = (struct record_segment){"", "r-x", 0x400000, 0x1000, 0, 0x1000};
    scene.section = (struct record_section){".text", 0x40, 0x20, true};
    scene.images[0].segment_count = scene.images[0].section_count = 1;
    scene.images[0].segments = &scene.segment;
    scene.images[0].sections = &scene.section;
    scene.images[0].needed_known = false;
    char *text = inspected(&report_text);
    expect(text, "  is              ELF linux/amd64 static, stripped\n");
    expect(text, "\nlinkage\n  linkage         static\n");
    expect(text, "  needed          not known\n");
    expect(text, "\n  0x0000000000400000      0x1000         0x0      0x1000  r-x\n");
    expect(text, "\n         0x40        0x20  .text\n");
    expect(text, "\ndefects\n  none\n");
    free(text);
    text = inspected(&report_json);
    expect_fits(text, "inspection");
    expect(text, "\"address\":\"0x400000\"");
    expect_not(text, "\"results\"");
    expect_not(text, "\"verdict\"");
    free(text);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, clean)
    const struct CMUnitTest tests[] = {
        TEST(text_for_people_gives_its_bytes_and_its_width),
        TEST(readable_text_stays_as_it_is),
        TEST(what_is_not_seen_is_named),
        TEST(text_that_is_missing_crashes_nothing),
        TEST(hostile_text_fits_the_schema),
        TEST(a_hostile_worker_cannot_break_a_report),
        TEST(a_file_of_no_known_format_is_harmless_too),
        TEST(a_report_cut_short_is_no_json),
        TEST(facts_not_known_are_null),
        TEST(a_file_with_an_error_has_no_images),
        TEST(a_result_has_its_level_and_evidence),
        TEST(the_profile_sets_the_level),
        TEST(the_schema_misses_every_key_it_requires),
        TEST(numbers_beyond_a_reader_are_text),
        TEST(a_clean_file_is_one_line),
        TEST(a_failure_shows_evidence_and_a_fix),
        TEST(the_fix_is_that_of_the_toolchain),
        TEST(what_cannot_be_decided_closes_the_gate_and_says_so),
        TEST(warnings_are_a_line_and_quiet_hides_them),
        TEST(fail_on_makes_a_warning_close),
        TEST(verbose_lists_every_rule_and_what_was_skipped),
        TEST(slices_share_a_finding_and_keep_their_offsets),
        TEST(many_slices_take_few_lines),
        TEST(a_passing_macos_file_says_how_static_it_is),
        TEST(nothing_judged_is_not_open),
        TEST(what_was_not_judged_is_said),
        TEST(an_inspection_tells_the_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
