/* What happens to each sample when it loses bytes, or when a byte of its headers changes.
 *
 * Losing the end: the audit ends, and no rule that failed or could not tell passes then, but for
 * structure/no-overlay, whose complaint may be the very bytes that were lost. So nothing that
 * was not a pass becomes one either. A sample that passed may pass on only where all that was
 * lost were zeros.
 *
 * A changed byte: the audit ends, within memory that does not grow with what the bytes say. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/props/judge.h"

enum {
    LARGEST = 64 * 1024,
    EVERY = 8 * 1024, /* up to here, every length */
    STRIDE = 61,      /* then to the end; prime, so that no alignment is favoured */
    HEADERS = 1024,
    RULES = 128,
    LAST = 64, /* every length that lacks so few bytes */
};

static size_t wrong, audits;

struct judged {
    enum verdict verdict;
    size_t count; /* of outcomes, one a rule; 0 where there is not exactly one image */
    enum outcome outcomes[RULES];
};

static struct judged judge(const struct sample *sample, const uint8_t *bytes, size_t size)
{
    struct arena arena = {0};
    struct judged judged = {0};
    /* exactly as long as it should be, so that a sanitizer sees a step beyond */
    uint8_t *exact = malloc(size ? size : 1);
    if (!exact)
        abort();
    if (size)
        memcpy(exact, bytes, size);
    struct record *record = judge_bytes(&arena, sample->name, exact, size, sample_target(sample->name));
    if (!record)
        abort();
    judged.verdict = record->verdict;
    judged.count = record->image_count == 1 ? record->images[0].result_count : 0;
    if (judged.count > RULES)
        abort();
    for (size_t i = 0; i < judged.count; i++)
        judged.outcomes[i] = record->images[0].results[i].outcome;
    audits++;
    free(exact);
    arena_free(&arena);
    return judged;
}

static bool only_zeros(const uint8_t *bytes, size_t from, size_t to)
{
    while (from < to && bytes[from] == 0)
        from++;
    return from == to;
}

static size_t next_length(size_t length, size_t size)
{
    size_t step = length < EVERY ? 1 : STRIDE;
    if (length + LAST >= size)
        step = 1;
    return length + step + LAST > size && length + LAST < size ? size - LAST : length + step;
}

/* The rules that fewer bytes satisfy. */
static bool wants_less(size_t rule)
{
    return strcmp(rules[rule]->id, "structure/no-overlay") == 0 || strcmp(rules[rule]->id, "platform/size-budget") == 0;
}

static bool is_overlay(size_t rule)
{
    return strcmp(rules[rule]->id, "structure/no-overlay") == 0;
}

/* The first rule that passes now and did not before, though less can be seen; rule_count: none. */
static size_t gained(const struct judged *before, const struct judged *now)
{
    for (size_t i = 0; i < before->count && i < now->count; i++)
        if (now->outcomes[i] == OUTCOME_PASS && !wants_less(i) &&
            (before->outcomes[i] == OUTCOME_FAIL || before->outcomes[i] == OUTCOME_UNKNOWN))
            return i;
    return rule_count;
}

static bool fails_by_overlay(const struct judged *judged)
{
    for (size_t i = 0; i < judged->count; i++)
        if (is_overlay(i) && judged->outcomes[i] == OUTCOME_FAIL)
            return true;
    return false;
}

static void truncate_each(const struct sample *sample, const struct sample_bytes *whole)
{
    struct judged before = judge(sample, whole->data, whole->size);
    bool overlay = fails_by_overlay(&before);
    for (size_t length = 0; length < whole->size; length = next_length(length, whole->size)) {
        struct judged now = judge(sample, whole->data, length);
        size_t rule = gained(&before, &now);
        bool passes = now.verdict == VERDICT_PASS && !overlay &&
                      (before.verdict != VERDICT_PASS || !only_zeros(whole->data, length, whole->size));
        if (!passes && rule == rule_count)
            continue;
        fprintf(stderr, "%s: was %s, and passes %s when cut to %zu of %zu bytes\n", sample->name,
                verdict_name(before.verdict), passes ? "all" : rules[rule]->id, length, whole->size);
        wrong++;
        return; /* one line a sample */
    }
}

static void flip_each(const struct sample *sample, const struct sample_bytes *whole)
{
    size_t most = whole->size < HEADERS ? whole->size : HEADERS;
    for (size_t at = 0; at < most; at++) {
        uint8_t old = whole->data[at];
        const uint8_t values[] = {0x00, 0xff, (uint8_t)(old ^ 0x01), (uint8_t)(old ^ 0x80)};
        for (size_t i = 0; i < sizeof values; i++) {
            whole->data[at] = values[i];
            if (values[i] != old)
                (void)judge(sample, whole->data, whole->size);
        }
        whole->data[at] = old;
    }
}

int main(int argc, char **argv)
{
    for (size_t i = 0; i < sample_count; i++) {
        struct sample_bytes whole = {0};
        if (argc > 1 && strcmp(argv[1], samples[i].name) != 0)
            continue;
        if (!sample_load(&samples[i], ASSAY_CORPUS, &whole)) {
            fprintf(stderr, "%s: cannot be made or read\n", samples[i].name);
            wrong++;
            continue;
        }
        if (whole.size <= LARGEST) {
            truncate_each(&samples[i], &whole);
            /* a malformed sample is one change away from a sound one, which is flipped as well */
            if (samples[i].kind != SAMPLE_MALFORMED)
                flip_each(&samples[i], &whole);
        }
        free(whole.data);
    }
    printf("%zu audits, %zu wrong\n", audits, wrong);
    return wrong != 0 || audits == 0;
}
