/* Is the release complete and right? `matrix:` makes a place for every name on every system and architecture; each
 * place must hold one file, of that system and architecture, with bytes of its own, and the files of one name must be
 * alike in all that does not depend on the architecture. No rule about one file can see any of that. */
#include <string.h>

#include "checks/glob.h"
#include "src/decide.h"
#include "src/gate_rules.h"

struct held { /* what was found for one place */
    const struct matrix *matrix;
    const struct slot *slot;
    size_t count;
    struct record *record; /* the first */
};

struct inventory {
    struct decision *decision;
    size_t count;
    struct held *items;
};

static void tell(struct inventory *inventory, const struct rule *rule, const struct matrix *matrix,
                 enum outcome outcome, const char *subject, const char *message, const char *observed,
                 const char *expected)
{
    run_finding_add(inventory->decision, (struct run_finding){.rule = rule,
                                                              .outcome = outcome,
                                                              .message = message,
                                                              .subject = subject,
                                                              .place = matrix->place,
                                                              .observed = observed,
                                                              .expected = expected});
}

/* Puts each file into its place; how many have none. */
static void collect(struct inventory *inventory)
{
    const struct policy *policy = inventory->decision->policy;
    struct run *run = inventory->decision->run;
    struct arena *arena = inventory->decision->arena;
    for (size_t i = 0; i < policy->matrix_count; i++)
        for (size_t k = 0; k < policy->matrices[i].slot_count; k++) {
            inventory->items = arena_grow(arena, inventory->items, inventory->count, sizeof *inventory->items);
            inventory->items[inventory->count++] =
                (struct held){&policy->matrices[i], &policy->matrices[i].slots[k], 0, NULL};
        }
    for (size_t i = 0; i < run->count; i++) {
        const struct slot *slot = policy_slot(policy, inventory->decision->paths[i]);
        struct held *held = NULL;
        for (size_t k = 0; slot && k < inventory->count; k++)
            if (inventory->items[k].slot == slot)
                held = &inventory->items[k];
        if (held && held->count++ == 0)
            held->record = run->records[i];
        else if (held)
            tell(inventory, &rule_release_no_extra_files, held->matrix, OUTCOME_FAIL, run->records[i]->path,
                 arena_print(arena, "%s is a second file for the place of %s", run->records[i]->path,
                             held->record->path),
                 "two files", slot->pattern);
        else
            tell(inventory, &rule_release_no_extra_files, &policy->matrices[0], OUTCOME_FAIL, run->records[i]->path,
                 arena_print(arena, "%s is no part of the release", run->records[i]->path), "a file without a place",
                 "a name of the matrix");
    }
}

static bool same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* Whether the file is for this place; UNKNOWN where it was not read. */
static enum answer is_for(const struct record *record, const struct target *target)
{
    size_t fitting = 0, amd64 = 0;
    if (record->error || record->image_count == 0)
        return ANSWER_UNKNOWN;
    for (size_t i = 0; i < record->image_count; i++) {
        const struct record_image *image = &record->images[i];
        bool arch = target->universal ? same(image->arch, "amd64") || same(image->arch, "arm64")
                                      : same(image->arch, arch_name(target->arch));
        fitting += arch && same(image->os, os_name(target->os));
        amd64 += same(image->arch, "amd64");
    }
    if (target->universal)
        return record->image_count == 2 && fitting == 2 && amd64 == 1 ? ANSWER_YES : ANSWER_NO;
    return record->image_count == 1 && fitting == 1 ? ANSWER_YES : ANSWER_NO;
}

/* "linux/amd64", "macos/amd64 + macos/arm64" */
static const char *what(struct arena *arena, const struct record *record)
{
    const char *text = "";
    for (size_t i = 0; i < record->image_count && i < 4; i++)
        text = arena_print(arena, "%s%s%s/%s", text, i ? " + " : "", record->images[i].os, record->images[i].arch);
    return text;
}

static void judge_place(struct inventory *inventory, const struct held *held)
{
    struct arena *arena = inventory->decision->arena;
    const char *spelling = held->slot->target.spelling;
    const struct held *home = NULL;
    if (held->count == 0) {
        tell(inventory, &rule_release_complete, held->matrix, OUTCOME_FAIL, held->slot->pattern,
             arena_print(arena, "no file for %s: %s", spelling, held->slot->pattern), "no file", held->slot->pattern);
        return;
    }
    if (is_for(held->record, &held->slot->target) != ANSWER_NO)
        return;
    for (size_t i = 0; i < inventory->count; i++)
        if (inventory->items[i].slot->name == held->slot->name &&
            is_for(held->record, &inventory->items[i].slot->target) == ANSWER_YES)
            home = &inventory->items[i];
    bool swapped = home && home->record && is_for(home->record, &held->slot->target) == ANSWER_YES;
    const char *found = what(arena, held->record);
    tell(inventory, &rule_release_right_places, held->matrix, OUTCOME_FAIL, held->record->path,
         swapped ? arena_print(arena, "%s and %s are swapped", held->record->path, home->record->path)
         : home  ? arena_print(arena, "%s is %s, and belongs to %s", held->record->path, found, home->slot->pattern)
                 : arena_print(arena, "%s is %s, not %s", held->record->path, found, spelling),
         found, spelling);
}

static void compare_bytes(struct inventory *inventory, const struct held *a, const struct held *b)
{
    struct arena *arena = inventory->decision->arena;
    const struct target *one = &a->slot->target, *other = &b->slot->target;
    if (one->arch == other->arch && one->os == other->os) /* only what is universal has ARCH_OTHER in a matrix */
        return;
    if (a->record->error || b->record->error)
        return; /* its record says so, and closes the gate */
    bool known = *a->record->sha256 && *b->record->sha256;
    if (known && strcmp(a->record->sha256, b->record->sha256) != 0)
        return;
    if (!known && a->record->size != b->record->size)
        return;
    tell(inventory, &rule_release_distinct_architectures, a->matrix, known ? OUTCOME_FAIL : OUTCOME_UNKNOWN,
         b->record->path,
         known ? arena_print(arena, "%s and %s are the same bytes", a->record->path, b->record->path)
               : arena_print(arena, "%s and %s are of one size, and without digests nothing tells them apart",
                             a->record->path, b->record->path),
         known ? a->record->sha256 : "no SHA-256", "bytes of its own for each target");
}

static const char *yes_no(enum answer answer)
{
    static const char *const texts[] = {"not known", "no", "yes"};
    return texts[answer];
}

/* The dependencies, loaders aside: their names hold the architecture. */
static const char *libraries(struct arena *arena, const struct record_image *image)
{
    const char *text = "";
    for (size_t i = 0; i < image->needed.count; i++)
        if (strncmp(image->needed.items[i], "ld-", 3) != 0)
            text = arena_print(arena, "%s%s%s", text, *text ? " " : "", image->needed.items[i]);
    return *text ? text : image->needed_known ? "none" : "not known";
}

static void compare_images(struct inventory *inventory, const struct held *a, const struct held *b,
                           const struct record_image *one, const struct record_image *other)
{
    struct arena *arena = inventory->decision->arena;
    const struct {
        const char *name, *one, *other;
    } facts[] = {{"linkage", one->linkage, other->linkage},
                 {"C library", one->libc, other->libc},
                 {"libraries", libraries(arena, one), libraries(arena, other)},
                 {"position independent", yes_no(one->pie), yes_no(other->pie)},
                 {"stripped", yes_no(one->stripped), yes_no(other->stripped)},
                 {"Go", one->go_version, other->go_version},
                 {"cgo", yes_no(one->go_cgo), yes_no(other->go_cgo)}};
    const char *seen = "", *wanted = "";
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
        if (!same(facts[i].one, facts[i].other)) {
            seen = arena_print(arena, "%s%s%s: %s", seen, *seen ? "; " : "", facts[i].name,
                               facts[i].other ? facts[i].other : "none");
            wanted = arena_print(arena, "%s%s%s: %s", wanted, *wanted ? "; " : "", facts[i].name,
                                 facts[i].one ? facts[i].one : "none");
        }
    if (*seen)
        tell(inventory, &rule_release_equal_capabilities, a->matrix, OUTCOME_FAIL,
             arena_print(arena, "%s (%s)", b->record->path, other->name),
             arena_print(arena, "%s (%s) is not what %s (%s) is", b->record->path, other->name, a->record->path,
                         one->name),
             seen, wanted);
}

/* Every image of one name and system against the first: what differs between two differs from the first. */
static void compare_facts(struct inventory *inventory, size_t first)
{
    const struct held *a = &inventory->items[first];
    if (!a->record || a->record->image_count == 0)
        return;
    for (size_t i = 0; i < first; i++)
        if (inventory->items[i].record && inventory->items[i].record->image_count &&
            inventory->items[i].slot->name == a->slot->name &&
            inventory->items[i].slot->target.os == a->slot->target.os)
            return; /* not the first */
    for (size_t i = first; i < inventory->count; i++) {
        const struct held *b = &inventory->items[i];
        if (!b->record || b->slot->name != a->slot->name || b->slot->target.os != a->slot->target.os)
            continue;
        for (size_t k = i == first ? 1 : 0; k < b->record->image_count; k++)
            if (a->record->images[0].judged && b->record->images[k].judged)
                compare_images(inventory, a, b, &a->record->images[0], &b->record->images[k]);
    }
}

void release_judge(struct decision *decision)
{
    struct inventory inventory = {.decision = decision};
    if (decision->policy->matrix_count == 0)
        return;
    collect(&inventory);
    for (size_t i = 0; i < inventory.count; i++)
        judge_place(&inventory, &inventory.items[i]);
    for (size_t i = 0; i < inventory.count; i++)
        for (size_t k = i + 1; k < inventory.count; k++)
            if (inventory.items[i].record && inventory.items[k].record &&
                inventory.items[i].slot->name == inventory.items[k].slot->name)
                compare_bytes(&inventory, &inventory.items[i], &inventory.items[k]);
    for (size_t i = 0; i < inventory.count; i++)
        compare_facts(&inventory, i);
}

#define EVERY(text)                                                                                                    \
    {                                                                                                                  \
        .go = (text), .c = (text), .rust = (text)                                                                      \
    }

const struct rule rule_release_complete = {
    .id = "release/complete",
    .level = LEVEL_ERROR,
    .title = "Every file that the release must have is there",
    .why = "A job of the build matrix that was skipped or failed quietly leaves a hole that no check of single files "
           "can see: every file that is there is good. Users of that system then find nothing to download.",
    .fix = EVERY("build what is missing, or take it out of the policy's matrix; --partial judges files alone"),
    .refs = {"assay-policy(5), MATRIX"},
};

const struct rule rule_release_no_extra_files = {
    .id = "release/no-extra-files",
    .level = LEVEL_ERROR,
    .title = "No program is there that the release does not name",
    .why = "What lies in the release directory is shipped. A program that nobody listed is one from an earlier build, "
           "a helper of the build itself, or one that somebody put there.",
    .fix = EVERY("remove the file, or give it a place in the policy's matrix"),
    .refs = {"assay-policy(5), MATRIX"},
};

const struct rule rule_release_right_places = {
    .id = "release/right-places",
    .level = LEVEL_ERROR,
    .title = "Every file is in its own place",
    .why = "Two outputs of a build that were renamed the wrong way round are both sound programs, and both start "
           "nowhere where they are downloaded to.",
    .fix = EVERY("give each file the name of the target that it was built for"),
    .refs = {"assay-policy(5), MATRIX"},
};

const struct rule rule_release_distinct_architectures = {
    .id = "release/distinct-architectures",
    .level = LEVEL_ERROR,
    .title = "Files for different targets are different bytes",
    .why = "A build that ignores GOARCH, or copies one output twice, ships the same bytes under two names. One of them "
           "is a lie.",
    .fix = EVERY("build for each target; compare what `file` says of the outputs"),
    .refs = {"assay-policy(5), MATRIX"},
};

const struct rule rule_release_equal_capabilities = {
    .id = "release/equal-capabilities",
    .level = LEVEL_WARNING,
    .title = "One program is built alike for all architectures",
    .why = "Where one architecture is built natively and the other crosswise, cgo is on in the one and off in the "
           "other, one is static and the other is not: what was tested is not what the others get.",
    .fix = EVERY("build all targets with the same settings: CGO_ENABLED, linker flags, strip, compiler release"),
    .refs = {"assay-policy(5), MATRIX"},
};
