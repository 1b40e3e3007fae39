/* Waivers excuse what failed, for a reason and until a day. They never excuse what was not seen: a file that could not
 * be read, an image that could not be judged, or a rule that could not be decided in an image whose bytes are broken.
 * What is excused stays in every report. */
#include <string.h>

#include "checks/glob.h"
#include "src/decide.h"
#include "src/gate_rules.h"

/* Whether the bytes were read through, so that a rule's `unknown` is about the program and not about our sight. */
static bool was_read(const struct record_image *image)
{
    for (size_t i = 0; i < image->result_count; i++) {
        const struct record_result *result = &image->results[i];
        if (policy_names("structure", result->rule->id) &&
            (result->outcome == OUTCOME_FAIL || result->outcome == OUTCOME_UNKNOWN))
            return false;
    }
    return image->judged;
}

static bool fits_file(const struct waiver *waiver, const struct record *record, const char *path)
{
    return !record->error && (!waiver->path || glob_match(waiver->path, path)) &&
           (!waiver->sha256 || strcmp(waiver->sha256, record->sha256) == 0);
}

static bool fits_image(const struct waiver *waiver, const struct record_image *image)
{
    return image->judged && (!waiver->image || strcmp(waiver->image, image->name) == 0) &&
           (!waiver->build_id || (image->build_id && strcmp(waiver->build_id, image->build_id) == 0));
}

static bool fits_result(const struct waiver *waiver, const struct record_image *image,
                        const struct record_result *result)
{
    if (result->level == LEVEL_OFF || result->waiver || !policy_names(waiver->rule, result->rule->id))
        return false;
    return result->outcome == OUTCOME_FAIL || (result->outcome == OUTCOME_UNKNOWN && was_read(image));
}

/* How many results of the file the waiver excuses, or would if it had not ended. */
static size_t excuse(const struct waiver *waiver, struct record *record, bool ended)
{
    size_t count = 0;
    for (size_t i = 0; i < record->image_count; i++) {
        struct record_image *image = &record->images[i];
        for (size_t k = 0; fits_image(waiver, image) && k < image->result_count; k++)
            if (fits_result(waiver, image, &image->results[k])) {
                image->results[k].waiver = ended ? NULL : waiver;
                count++;
            }
    }
    return count;
}

/* What a waiver is about, in words of ours and of the policy. */
static const char *subject(struct arena *arena, const struct waiver *w)
{
    return arena_print(arena, "%s%s%s%s%s%s%s%s%s", w->rule, w->path ? " in " : "", w->path ? w->path : "",
                       w->sha256 ? " sha256:" : "", w->sha256 ? w->sha256 : "", w->build_id ? " build-id:" : "",
                       w->build_id ? w->build_id : "", w->image ? " image " : "", w->image ? w->image : "");
}

static void tell(struct decision *decision, const struct rule *rule, const struct waiver *waiver, const char *message,
                 const char *observed, const char *expected)
{
    run_finding_add(decision, (struct run_finding){.rule = rule,
                                                   .outcome = OUTCOME_FAIL,
                                                   .message = message,
                                                   .subject = subject(decision->arena, waiver),
                                                   .place = waiver->place,
                                                   .observed = observed,
                                                   .expected = expected});
}

static void apply(struct decision *decision, const struct waiver *waiver)
{
    struct run *run = decision->run;
    struct arena *arena = decision->arena;
    bool ended = run->gate->today > waiver->last_day;
    size_t count = 0;
    for (size_t i = 0; i < run->count; i++)
        if (fits_file(waiver, run->records[i], decision->paths[i]))
            count += excuse(waiver, run->records[i], ended);
    if (!ended)
        run->summary.waived += count;
    if (ended && count)
        tell(decision, &rule_waiver_not_expired, waiver,
             arena_print(arena, "the waiver of %s ended on %s", waiver->rule, waiver->expires), waiver->expires,
             "a day that is to come, or the finding mended");
    if (!count && !run->gate->partial)
        tell(decision, &rule_waiver_in_use, waiver,
             arena_print(arena, "the waiver of %s excuses nothing in this run", waiver->rule),
             "no finding that it fits", "a finding, or no waiver");
    if (!strchr(waiver->rule, '/'))
        tell(decision, &rule_waiver_narrow, waiver,
             arena_print(arena, "the waiver excuses all rules of the family %s", waiver->rule), waiver->rule,
             "one rule");
    else if (!waiver->sha256 && !waiver->build_id && glob_is_blank(waiver->path))
        tell(decision, &rule_waiver_narrow, waiver,
             arena_print(arena, "the waiver of %s fits every file", waiver->rule), waiver->path,
             "a path, sha256 or build-id that tells files apart");
}

void waivers_apply(struct decision *decision)
{
    for (size_t i = 0; i < decision->policy->waiver_count; i++)
        apply(decision, &decision->policy->waivers[i]);
}

const struct rule rule_waiver_not_expired = {
    .id = "waiver/not-expired",
    .level = LEVEL_ERROR,
    .title = "No waiver has ended that is still leaned on",
    .why = "A waiver was granted for a time, and the time is over: what it excused counts again. Whoever granted it "
           "should look once more, and not find out at the next release that nobody did.",
    .fix = {.go = "mend the finding, or write down why the waiver must go on, with a new day under expires:",
            .c = "mend the finding, or write down why the waiver must go on, with a new day under expires:",
            .rust = "mend the finding, or write down why the waiver must go on, with a new day under expires:"},
    .refs = {"assay-policy(5), WAIVERS"},
};

const struct rule rule_waiver_in_use = {
    .id = "waiver/in-use",
    .level = LEVEL_WARNING,
    .title = "Every waiver excuses something",
    .why = "A waiver that excuses nothing was mended, misspelt, or belongs to a file that is gone. Left in the policy "
           "it waits to excuse a finding that nobody has seen yet.",
    .fix = {.go = "remove the waiver, or correct its rule and path",
            .c = "remove the waiver, or correct its rule and path",
            .rust = "remove the waiver, or correct its rule and path"},
    .refs = {"assay-policy(5), WAIVERS"},
};

const struct rule rule_waiver_narrow = {
    .id = "waiver/narrow",
    .level = LEVEL_ERROR,
    .title = "Every waiver is for one rule and for files that it names",
    .why = "A waiver for a whole family of rules, or for every file, excuses findings that nobody has seen when it was "
           "granted. To demand less of all files is the matter of levels, which stand where everybody looks.",
    .fix = {.go = "name one rule and the file; to demand less of all files set its level under rules:",
            .c = "name one rule and the file; to demand less of all files set its level under rules:",
            .rust = "name one rule and the file; to demand less of all files set its level under rules:"},
    .refs = {"assay-policy(5), WAIVERS"},
};
