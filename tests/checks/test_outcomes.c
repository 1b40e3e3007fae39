/* Each rule's outcomes, on clean scenes with one change (cases.def), and what must hold
 * of all rules: not seeing is not passing. */
#include "checks/run.h" /* before cmocka.h, whose macro fail() it must not meet */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static struct arena arena;

/* One image and all that it leads to. */
struct scene {
    struct image images[2];
    struct elf_extra elf;
    struct macho_extra macho;
    struct go_info go;
    struct segment segments[2];
    struct reading reading;
    struct expect expect;
    struct file file;
    bool no_code;
    unsigned lost, careless, misaligned, lent; /* registers, functions, calls of 1600 functions; of Swift's registers */
    bool graal;
    unsigned returns; /* behind a call of the same function, in 1600 functions; where there are some */
};

static const char *allowed[] = {"libc.so.6", "ld-linux*", "/opt/*/libz.1.dylib"};

/* ---- scenes ---- */

static void common(struct scene *s)
{
    struct image *i = &s->images[0];
    i->judged = true;
    i->bits = 64;
    i->kind = KIND_EXECUTABLE;
    i->size = s->file.size = 65536;
    i->file = &s->file;
    s->segments[0] = (struct segment){"__TEXT", 0x400000, 8192, 0, 8192, 65536, 5, 5, 64, 0};
    s->segments[1] = (struct segment){"__DATA", 0x410000, 8192, 65536, 4096, 65536, 6, 6, 120, 0};
    i->segments = (struct segment_list){KNOWN_COMPLETE, 2, s->segments};
    i->sections.known = i->unowned.known = i->debug.known = i->build_paths.known = KNOWN_COMPLETE;
    i->entry = (struct entry){KNOWN_COMPLETE, 0x400100, 0x100, 24, true, 0};
    i->pie = ANSWER_YES;
    s->reading.images = s->images;
    s->reading.count = 1;
}

static void elf(struct scene *s)
{
    struct image *i = &s->images[0];
    common(s);
    i->format = FORMAT_ELF;
    i->elf = &s->elf;
    i->os = OS_LINUX;
    i->arch = ARCH_AMD64;
    i->name = "amd64";
    i->libc = LIBC_NONE;
    i->linkage = LINKAGE_STATIC;
    i->code_looks = CODE_LIKE_AMD64;
    s->elf.has_gnu_stack = true;
    s->elf.gnu_stack_access = ACCESS_READ | ACCESS_WRITE;
    s->elf.slots_known = s->elf.relocations_known = KNOWN_COMPLETE;
    s->reading.container = CONTAINER_ELF;
}

static void add(struct scene *s, struct named_list *list, const char *text)
{
    (void)s;
    named_add(&arena, list, text, 512, 0);
}

/* What a policy lets a program need. */
static void allow(struct scene *s)
{
    s->expect.demands.libraries = allowed;
    s->expect.demands.library_count = sizeof allowed / sizeof *allowed;
}

static void need(struct scene *s, const char *text, enum dependency how)
{
    named_add(&arena, &s->images[0].needed, text, 512, how);
}

static void interpreter(struct scene *s, const char *text)
{
    s->images[0].interpreter = (struct named){text, 256, 0};
    s->images[0].interpreter_known = KNOWN_COMPLETE;
    s->elf.has_interp = true;
}

static void dynamic(struct scene *s)
{
    elf(s);
    interpreter(s, "/lib64/ld-linux-x86-64.so.2");
    need(s, "libc.so.6", DEPENDENCY_NEEDED);
    s->images[0].needed.known = KNOWN_COMPLETE;
    s->images[0].linkage = LINKAGE_DYNAMIC;
    s->images[0].libc = LIBC_GLIBC;
    s->elf.has_dynamic = true;
}

static void go(struct scene *s)
{
    elf(s);
    s->go = (struct go_info){.known = KNOWN_COMPLETE,
                             .version = "go1.23.5",
                             .goos = "linux",
                             .goarch = "amd64",
                             .cgo_enabled = ANSWER_NO,
                             .buildmode = "exe"};
    s->images[0].go = &s->go;
}

static void macho(struct scene *s)
{
    struct image *i = &s->images[0];
    common(s);
    i->format = FORMAT_MACHO;
    i->macho = &s->macho;
    i->os = OS_MACOS;
    i->arch = ARCH_ARM64;
    i->name = "arm64";
    i->libc = LIBC_LIBSYSTEM;
    i->code_looks = CODE_LIKE_ARM64;
    i->symbols.known = i->needed.known = i->interpreter_known = KNOWN_COMPLETE;
    i->interpreter = (struct named){"/usr/lib/dyld", 256, 0};
    need(s, "/usr/lib/libSystem.B.dylib", DEPENDENCY_NEEDED);
    i->signature = SIGNATURE_LINKER_SIGNED;
    i->min_os = "11.0";
    i->sdk = "14.0";
    i->uuid = "00112233445566778899aabbccddeeff";
    s->macho.has_uuid = s->macho.dyldlink = true;
    s->macho.pages_held = 4;
    s->reading.container = CONTAINER_MACHO;
}

/* ---- changes ---- */

static void declare(struct scene *s, enum os os, enum arch arch)
{
    s->expect.source = TARGET_OPTION;
    s->expect.target.os = os;
    s->expect.target.arch = arch;
}

static void copy(char *to, size_t size, const char *text)
{
    (void)snprintf(to, size, "%s", text);
}

static void slice(struct scene *s, const char *declared)
{
    copy(s->expect.target.variant, sizeof s->expect.target.variant, declared);
}

static void variant(struct scene *s, const char *declared, const char *recorded)
{
    copy(s->expect.target.variant, sizeof s->expect.target.variant, declared);
    s->go.level = recorded;
}

static void libc(struct scene *s, const char *declared, enum libc found)
{
    copy(s->expect.target.libc, sizeof s->expect.target.libc, declared);
    s->images[0].libc = found;
}

static void universal(struct scene *s, const char *first, const char *second)
{
    declare(s, OS_MACOS, ARCH_OTHER);
    s->expect.target.universal = true;
    s->images[1] = s->images[0];
    s->images[0].name = first;
    s->images[1].name = second;
    s->reading.count = 2;
    s->reading.container = CONTAINER_UNIVERSAL;
}

static void defect(struct scene *s, enum defect_id id)
{
    defect_add(&arena, &s->images[0].defects, id, 64, "this", "that");
}

static void entitle(struct scene *s, const char *name, bool holds)
{
    s->macho.entitlements.known = KNOWN_COMPLETE;
    named_add(&arena, &s->macho.entitlements, name, 64, holds);
}

static void file_defect(struct scene *s, enum defect_id id)
{
    defect_add(&arena, &s->reading.defects, id, 64, "this", "that");
}

static void range(struct scene *s, bool zero)
{
    range_add(&arena, &s->images[0].unowned, (struct range){8192, 16, zero, zero ? NULL : "ZIP archive"});
}

static void version(struct scene *s, const char *text)
{
    s->images[0].versions.known = KNOWN_COMPLETE;
    add(s, &s->images[0].versions, text);
}

static void path(struct scene *s, const char *text)
{
    s->images[0].search_paths.known = KNOWN_COMPLETE;
    add(s, &s->images[0].search_paths, text);
}

static void debug(struct scene *s, enum debug kind)
{
    debug_add(&arena, &s->images[0].debug, kind, ".debug_info", 4096, 128);
}

static void latent(struct scene *s, enum known known, unsigned used, unsigned possible)
{
    static struct named row = {"getaddrinfo is called", 4096, LATENT_NSS};
    s->images[0].libc = LIBC_GLIBC;
    s->images[0].latent = (struct latent_loads){known, used, possible, 1, &row};
}

/* ---- cases ---- */

#define CASE(rule, outcome, base, name, ...)                                                                           \
    static void change_##name(struct scene *s, struct image *i)                                                        \
    {                                                                                                                  \
        (void)s;                                                                                                       \
        (void)i;                                                                                                       \
        __VA_ARGS__;                                                                                                   \
    }
#include "tests/checks/cases.def"
#undef CASE

#define RULE(family, name) extern const struct rule rule_##family##_##name;
#include "checks/rules.def"
#undef RULE

static const struct {
    const struct rule *rule;
    enum outcome outcome;
    void (*base)(struct scene *);
    const char *name;
    void (*change)(struct scene *, struct image *);
} cases[] = {
#define CASE(rule, outcome, base, name, ...) {&rule_##rule, OUTCOME_##outcome, base, #name, change_##name},
#include "tests/checks/cases.def"
#undef CASE
};
enum { CASES = sizeof cases / sizeof *cases };

static struct finding *judge(const struct scene *s)
{
    struct finding *findings = arena_array(&arena, rule_count, sizeof *findings);
    struct code_study study = {.image = &s->images[0], .arena = &arena, .allowed = !s->no_code};
    struct subject subject = {&s->reading, &s->images[0], &s->expect, !s->no_code, &study};
    struct abi_hit hit = {.address = 0x400100, .function = 0x400100, .size = 8, .breach = BREACH_RETURN_ADDRESS};
    if (s->returns || s->lost || s->misaligned || s->lent) {
        study.convened = STUDY_DONE;
        study.abi.functions[ABI_APPLE] = study.abi.functions[ABI_SYSV] = 1600;
        study.abi.careless = s->careless;
        study.abi.lent = s->lent;
        study.abi.graal = s->graal;
        study.abi.hits[BREACH_CALLEE_SAVED] = (struct abi_hits){s->lost, s->lost != 0, &hit};
        study.abi.hits[BREACH_FRAME_RECORD] = (struct abi_hits){s->lost, s->lost != 0, &hit};
        study.abi.hits[BREACH_STACK_ALIGNMENT] = (struct abi_hits){s->misaligned, s->misaligned != 0, &hit};
        study.abi.hits[BREACH_RETURN_ADDRESS] = (struct abi_hits){s->returns, s->returns != 0, &hit};
    }
    run_rules(&subject, &arena, NULL, findings);
    arena_free(&s->images[0].file->arena); /* what was read of a file that has no bytes */
    return findings;
}

static const struct finding *of(const struct finding *findings, const struct rule *rule)
{
    for (size_t i = 0; i < rule_count; i++)
        if (findings[i].rule == rule)
            return &findings[i];
    fail_msg("%s did not run", rule->id);
    return NULL;
}

/* What a finding must have whatever it finds. */
static void assert_is_whole(const struct finding *f)
{
    if (!f->message || !*f->message || strcmp(f->message, "the rule gave no answer") == 0)
        fail_msg("%s says nothing", f->rule->id);
    if (f->outcome == OUTCOME_FAIL && f->count == 0)
        fail_msg("%s fails without evidence", f->rule->id);
    for (size_t i = 0; i < f->count; i++) {
        assert_non_null(f->evidence[i].observed);
        assert_non_null(f->evidence[i].expected);
    }
}

static void every_case_has_its_outcome(void **state)
{
    (void)state;
    for (size_t i = 0; i < CASES; i++) {
        struct scene s = {0};
        cases[i].base(&s);
        cases[i].change(&s, &s.images[0]);
        const struct finding *findings = judge(&s), *f = of(findings, cases[i].rule);
        for (size_t k = 0; k < rule_count; k++)
            assert_is_whole(&findings[k]);
        if (f->outcome != cases[i].outcome)
            fail_msg("%s: %s gave %s: %s", cases[i].name, f->rule->id, outcome_name(f->outcome), f->message);
    }
}

static bool has_case(const struct rule *rule, enum outcome outcome)
{
    for (size_t i = 0; i < CASES; i++)
        if (cases[i].rule == rule && cases[i].outcome == outcome)
            return true;
    return false;
}

/* Whether a rule can give all three here: the size of a file is always known, and hand-made images have no code. */
static bool has_three(const struct rule *rule)
{
    return rule != &rule_platform_size_budget && strncmp(rule->id, "isa/", 4) != 0 && strncmp(rule->id, "abi/", 4) != 0;
}

/* The corpus shows each rule pass and fail (props/corpus); a rule that has cases here has them for what
 * files seldom show as well. */
static void a_rule_with_cases_has_one_for_each_outcome(void **state)
{
    (void)state;
    for (size_t i = 0; i < rule_count; i++) {
        if (!has_three(rules[i]) || (!has_case(rules[i], OUTCOME_PASS) && !has_case(rules[i], OUTCOME_FAIL) &&
                                     !has_case(rules[i], OUTCOME_UNKNOWN)))
            continue;
        if (!has_case(rules[i], OUTCOME_PASS) || !has_case(rules[i], OUTCOME_FAIL) ||
            !has_case(rules[i], OUTCOME_UNKNOWN))
            fail_msg("%s lacks a case of pass, fail or unknown", rules[i]->id);
    }
}

/* ---- properties ---- */

static void clean_scenes_open_the_gate(void **state)
{
    (void)state;
    void (*const clean[])(struct scene *) = {elf, go, macho};
    for (size_t i = 0; i < sizeof clean / sizeof *clean; i++) {
        struct scene s = {0};
        clean[i](&s);
        const struct finding *findings = judge(&s);
        for (size_t k = 0; k < rule_count; k++)
            if (rules[k]->level == LEVEL_ERROR && findings[k].outcome != OUTCOME_PASS &&
                findings[k].outcome != OUTCOME_NOT_APPLICABLE)
                fail_msg("clean scene %zu: %s: %s", i, rules[k]->id, findings[k].message);
    }
}

static void an_image_nobody_read_passes_nothing(void **state)
{
    (void)state;
    static const enum format formats[] = {FORMAT_OTHER, FORMAT_ELF, FORMAT_MACHO};
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        struct scene s = {.reading = {.count = 1}};
        s.reading.images = s.images;
        s.images[0].format = formats[i];
        s.images[0].file = &s.file;
        const struct finding *findings = judge(&s);
        for (size_t k = 0; k < rule_count; k++)
            assert_int_not_equal(findings[k].outcome, OUTCOME_PASS);
        assert_int_equal(of(findings, &rule_identity_executable_kind)->outcome, OUTCOME_UNKNOWN);
    }
}

static void an_image_with_nothing_in_it_is_no_program(void **state)
{
    (void)state;
    struct scene s = {.reading = {.count = 1}};
    s.reading.images = s.images;
    s.images[0] = (struct image){
        .format = FORMAT_ELF, .judged = true, .os = OS_LINUX, .kind = KIND_EXECUTABLE, .elf = &s.elf, .file = &s.file};
    const struct finding *findings = judge(&s);
    assert_int_equal(of(findings, &rule_identity_executable_kind)->outcome, OUTCOME_UNKNOWN);
    assert_int_equal(of(findings, &rule_structure_no_overlay)->outcome, OUTCOME_UNKNOWN);
    assert_int_equal(of(findings, &rule_hardening_write_xor_execute)->outcome, OUTCOME_UNKNOWN);
}

static void nothing_passes_over_broken_lists(void **state)
{
    (void)state;
    void (*const bases[])(struct scene *) = {elf, dynamic, go, macho};
    for (size_t k = 0; k < sizeof bases / sizeof *bases; k++) {
        struct scene s = {0};
        bases[k](&s);
        struct image *i = &s.images[0];
        i->segments = (struct segment_list){.known = KNOWN_BROKEN};
        i->sections = (struct section_list){.known = KNOWN_BROKEN};
        i->needed = i->search_paths = i->versions = i->build_paths = (struct named_list){.known = KNOWN_BROKEN};
        i->symbols = (struct symbols){.known = KNOWN_BROKEN};
        i->debug.known = i->unowned.known = i->latent.known = i->entry.known = KNOWN_BROKEN;
        i->interpreter = (struct named){0};
        i->interpreter_known = s.go.known = s.elf.relocations_known = s.elf.slots_known = KNOWN_BROKEN;
        i->pie = ANSWER_UNKNOWN;
        i->code_looks = CODE_NOT_LOOKED_AT;
        i->signature = SIGNATURE_NONE;
        s.elf.has_gnu_stack = s.macho.has_uuid = false;
        s.expect.literal_static = true;
        const struct finding *findings = judge(&s);
        for (size_t n = 0; n < rule_count; n++)
            if (findings[n].outcome == OUTCOME_PASS)
                fail_msg("%s passes over broken lists: %s", rules[n]->id, findings[n].message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rule_with_cases_has_one_for_each_outcome),
        cmocka_unit_test(every_case_has_its_outcome),
        cmocka_unit_test(clean_scenes_open_the_gate),
        cmocka_unit_test(an_image_nobody_read_passes_nothing),
        cmocka_unit_test(an_image_with_nothing_in_it_is_no_program),
        cmocka_unit_test(nothing_passes_over_broken_lists),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_free(&arena);
    return failed;
}
