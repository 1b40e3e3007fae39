/* Every sample against every rule. What is said stands in corpus/expected/NAME.txt, so that
 * a change of any rule shows as a difference that a person reads; `--write` writes it anew.
 *
 * Besides, of each rule: the sample that it names as failing fails it and no other, the one
 * that it names as passing does not fail it, and there is a sample for either outcome. Of
 * all malformed samples: none passes, and the damage itself is told. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/props/judge.h"

/* Rules that can fail a program and not yet pass one. */
static const char *const strict[] = {"isa/level-ceiling"};

struct comparison {
    bool write;
    size_t wrong;
    bool *passed, *failed; /* by rule: some image did */
};

static bool is_strict(const struct rule *rule)
{
    for (size_t i = 0; i < sizeof strict / sizeof *strict; i++)
        if (strcmp(strict[i], rule->id) == 0)
            return true;
    return false;
}

static void complain(struct comparison *m, const char *sample, const char *what, const char *rule)
{
    fprintf(stderr, "%s: %s%s%s\n", sample, what, rule ? " " : "", rule ? rule : "");
    m->wrong++;
}

static char *render(const struct record *record)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    fprintf(out, "verdict %s\n", verdict_name(record->verdict));
    if (record->error)
        fprintf(out, "error %s\n", record->error);
    for (size_t i = 0; i < record->image_count; i++) {
        const struct record_image *image = &record->images[i];
        fprintf(out, "image %s\n", image->name ? image->name : "-");
        for (size_t k = 0; k < image->result_count; k++)
            fprintf(out, "%s %s\n", image->results[k].rule->id, outcome_name(image->results[k].outcome));
    }
    return fclose(out) == 0 ? text : NULL;
}

static bool read_text(const char *path, char **text)
{
    FILE *in = fopen(path, "rb");
    char *line = NULL;
    size_t room = 0;
    if (!in)
        return false;
    /* no expectation holds a NUL, so one "line" up to it is the whole file */
    ssize_t size = getdelim(&line, &room, 0, in);
    fclose(in);
    *text = line;
    return size > 0;
}

static void show_difference(const char *old, const char *new)
{
    while (*old || *new) {
        size_t a = strcspn(old, "\n"), b = strcspn(new, "\n");
        if (a != b || strncmp(old, new, a) != 0)
            fprintf(stderr, "  -%.*s\n  +%.*s\n", (int)a, old, (int)b, new);
        old += a + (old[a] == '\n');
        new += b + (new[b] == '\n');
    }
}

static void compare(struct comparison *m, const char *name, const char *text)
{
    char path[4096], *expected = NULL;
    snprintf(path, sizeof path, ASSAY_CORPUS "/expected/%s.txt", name);
    if (m->write) {
        FILE *out = fopen(path, "wb");
        bool good = out && fputs(text, out) >= 0;
        if ((out && fclose(out) != 0) || !good)
            complain(m, name, "cannot be written:", path);
    } else if (!read_text(path, &expected)) {
        complain(m, name, "nothing is expected of it; run ./dev expected", NULL);
    } else if (strcmp(expected, text) != 0) {
        complain(m, name, "not as expected (-: corpus/expected, +: now)", NULL);
        show_difference(expected, text);
    }
    free(expected);
}

/* Of the sample that a rule names as failing: this rule fails, and no other that is as grave as a warning. */
static void check_alone(struct comparison *m, const char *name, const struct rule *rule,
                        const struct record_result *result)
{
    bool own = strcmp(result->rule->id, rule->id) == 0;
    if (own && result->outcome != OUTCOME_FAIL)
        complain(m, name, "does not fail", rule->id);
    if (!own && result->outcome == OUTCOME_FAIL && result->rule->level >= LEVEL_WARNING)
        complain(m, name, "fails besides", result->rule->id);
}

static void check_examples(struct comparison *m, const char *name, const struct record *record)
{
    for (size_t r = 0; r < rule_count; r++) {
        const struct rule *rule = rules[r];
        bool fails = strcmp(rule->example.fails, name) == 0, passes = strcmp(rule->example.passes, name) == 0;
        for (size_t i = 0; i < record->image_count; i++)
            for (size_t k = 0; k < record->images[i].result_count; k++) {
                const struct record_result *result = &record->images[i].results[k];
                if (fails)
                    check_alone(m, name, rule, result);
                if (passes && result->rule == rule &&
                    (result->outcome == OUTCOME_FAIL || result->outcome == OUTCOME_UNKNOWN))
                    complain(m, name, "is the passing example, and does not pass", rule->id);
            }
    }
}

/* Whether what is wrong with the bytes themselves was noticed, and not only what their base fails anyway. */
static bool is_noticed(const struct record *record)
{
    static const char *const families[] = {"structure/", "identity/executable-kind", "stripped/no-debug-info"};
    for (size_t i = 0; i < record->image_count; i++)
        for (size_t k = 0; k < record->images[i].result_count; k++) {
            const struct record_result *result = &record->images[i].results[k];
            for (size_t f = 0; f < sizeof families / sizeof *families; f++)
                if (strncmp(result->rule->id, families[f], strlen(families[f])) == 0 &&
                    (result->outcome == OUTCOME_FAIL || result->outcome == OUTCOME_UNKNOWN))
                    return true;
        }
    return record->error != NULL;
}

static void check_sample(struct comparison *m, const struct sample *sample)
{
    struct arena arena = {0};
    struct sample_bytes bytes = {0};
    if (!sample_load(sample, ASSAY_CORPUS, &bytes)) {
        complain(m, sample->name, "cannot be made or read", NULL);
        return;
    }
    struct record *record = judge_bytes(&arena, sample->name, bytes.data, bytes.size, sample_target(sample->name));
    char *text = record ? render(record) : NULL;
    if (!text) {
        complain(m, sample->name, "cannot be audited", NULL);
    } else {
        compare(m, sample->name, text);
        check_examples(m, sample->name, record);
        if (sample->kind == SAMPLE_MALFORMED && record->verdict == VERDICT_PASS)
            complain(m, sample->name, "is malformed and passes", NULL);
        if (sample->kind == SAMPLE_MALFORMED && !is_noticed(record))
            complain(m, sample->name, "is malformed, and no rule about structure says so", NULL);
        for (size_t i = 0; i < record->image_count; i++)
            for (size_t r = 0; r < rule_count && r < record->images[i].result_count; r++) {
                m->passed[r] |= record->images[i].results[r].outcome == OUTCOME_PASS;
                m->failed[r] |= record->images[i].results[r].outcome == OUTCOME_FAIL;
            }
    }
    free(text);
    free(bytes.data);
    arena_free(&arena);
}

static bool is_sample(const char *name)
{
    for (size_t i = 0; i < sample_count; i++)
        if (strcmp(samples[i].name, name) == 0)
            return true;
    return false;
}

int main(int argc, char **argv)
{
    struct comparison m = {.write = argc == 2 && strcmp(argv[1], "--write") == 0};
    m.passed = calloc(rule_count, sizeof *m.passed);
    m.failed = calloc(rule_count, sizeof *m.failed);
    if (!m.passed || !m.failed || (argc > 1 && !m.write)) {
        fprintf(stderr, "usage: test_corpus [--write]\n");
        return 2;
    }
    for (size_t i = 0; i < sample_count; i++)
        check_sample(&m, &samples[i]);
    for (size_t r = 0; r < rule_count; r++) {
        if (!is_sample(rules[r]->example.fails))
            complain(&m, rules[r]->id, "names a failing example that is no sample:", rules[r]->example.fails);
        if (!is_sample(rules[r]->example.passes))
            complain(&m, rules[r]->id, "names a passing example that is no sample:", rules[r]->example.passes);
        if (!is_strict(rules[r]) && !m.passed[r])
            complain(&m, rules[r]->id, "is passed by no sample", NULL);
        if (!m.failed[r])
            complain(&m, rules[r]->id, "is failed by no sample", NULL);
        if (is_strict(rules[r]) && m.passed[r])
            complain(&m, rules[r]->id, "passes a sample now: take it out of `strict`", NULL);
    }
    printf("%zu samples, %zu rules, %zu complaints\n", sample_count, rule_count, m.wrong);
    free(m.passed);
    free(m.failed);
    return m.wrong != 0;
}
