/* From the nodes of a document to a policy. Each mapping has one table of its keys; what is no key of the table, of
 * the wrong kind or beyond its bounds is a complaint, and a policy with a complaint is not obeyed at all: a demand that
 * was misspelt must not be a demand that is not made. */
#include "src/policy/policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checks/glob.h"
#include "formats/digest.h"
#include "src/gate.h"
#include "src/policy/date.h"
#include "src/policy/read.h"
#include "src/gate_rules.h"

void policy_text(struct policy_reader *r, const struct node *node, void *field)
{
    const char **text = field;
    if (node->kind != NODE_SCALAR || *node->text == 0)
        complain_at(r->complaints, node->place, "expected a text");
    else
        *text = node->text;
}

void policy_map(struct policy_reader *r, const struct node *node, const struct policy_key *keys, size_t count,
                void *into)
{
    bool *seen = arena_array(r->complaints->arena, count, sizeof *seen);
    if (node->kind != NODE_MAP) {
        complain_at(r->complaints, node->place, "expected a mapping with the key \"%s\"", keys[0].name);
        return;
    }
    for (size_t i = 0; i < node->count; i++) {
        size_t k = 0;
        while (k < count && strcmp(keys[k].name, node->keys[i]->text) != 0)
            k++;
        if (k == count) {
            char known[200] = "";
            for (size_t n = 0, used = 0; n < count && used < sizeof known; n++)
                used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", n ? ", " : "", keys[n].name);
            complain_at(r->complaints, node->keys[i]->place, "\"%s\" is no key of this mapping: expected %s",
                        node->keys[i]->text, known);
            continue;
        }
        seen[k] = true;
        keys[k].read(r, node->items[i], (char *)into + keys[k].offset);
    }
    for (size_t k = 0; k < count; k++)
        if (keys[k].required && !seen[k])
            complain_at(r->complaints, node->place, "the key \"%s\" is missing", keys[k].name);
}

void *policy_list(struct policy_reader *r, const struct node *node, size_t size,
                  void (*read)(struct policy_reader *, const struct node *, void *), size_t *count)
{
    if (node->kind != NODE_LIST) {
        complain_at(r->complaints, node->place, "expected a list");
        return NULL;
    }
    char *items = arena_array(r->complaints->arena, node->count, size);
    for (size_t i = 0; i < node->count; i++)
        read(r, node->items[i], items + i * size);
    *count = node->count;
    return items;
}

/* ---- levels ---- */

static bool level_of(const char *text, enum level *level)
{
    for (*level = LEVEL_OFF; *level <= LEVEL_ERROR; ++*level)
        if (strcmp(text, level_name(*level)) == 0)
            return true;
    return false;
}

bool policy_names(const char *rule, const char *id)
{
    size_t size = strlen(rule);
    return strncmp(rule, id, size) == 0 && (id[size] == 0 || id[size] == '/');
}

static bool is_rule(const char *rule)
{
    for (size_t i = 0; i < any_rule_count(); i++)
        if (policy_names(rule, any_rule(i)->id) && !policy_names("run", any_rule(i)->id))
            return true;
    return false;
}

void policy_rule(struct policy_reader *r, const struct node *node, void *field)
{
    policy_text(r, node, field);
    if (node->kind == NODE_SCALAR && *node->text && !is_rule(node->text))
        complain_at(r->complaints, node->place,
                    "no rule or family is called \"%s\": expected one that `assay rules` lists", node->text);
}

static void read_level(struct policy_reader *r, const struct node *node, enum level *level)
{
    if (node->kind != NODE_SCALAR || !level_of(node->text, level))
        complain_at(r->complaints, node->place, "%s%s%s: expected error, warning, note or off",
                    node->kind == NODE_SCALAR ? "\"" : "", node->kind == NODE_SCALAR ? node->text : "no level",
                    node->kind == NODE_SCALAR ? "\" is no level" : "");
}

static void read_levels(struct policy_reader *r, const struct node *node, void *field)
{
    struct level_list *list = field;
    if (node->kind != NODE_MAP) {
        complain_at(r->complaints, node->place, "expected a mapping from rules to levels");
        return;
    }
    list->items = arena_array(r->complaints->arena, node->count, sizeof *list->items);
    list->count = node->count;
    for (size_t i = 0; i < node->count; i++) {
        struct level_entry *entry = &list->items[i];
        entry->place = node->items[i]->place;
        policy_rule(r, node->keys[i], &entry->rule);
        read_level(r, node->items[i], &entry->level);
    }
}

void policy_pattern(struct policy_reader *r, const struct node *node, void *field)
{
    policy_text(r, node, field);
    if (node->kind == NODE_SCALAR && !glob_is_valid(node->text))
        complain_at(r->complaints, node->place, "\"%s\" is no pattern: expected ] after [, and a character after \\",
                    node->text);
}

/* ---- targets ---- */

static void read_expect(struct policy_reader *r, const struct node *node, void *field)
{
    struct policy_target *target = field;
    const char *text = NULL;
    policy_text(r, node, &text);
    target->has_target = text && expect_target(text, &target->target);
    if (text && !target->has_target)
        complain_at(r->complaints, node->place,
                    "\"%s\" is no target: expected linux/arm64, linux/amd64/v3, darwin/universal or such", text);
}

static void read_target(struct policy_reader *r, const struct node *node, void *field)
{
    static const struct policy_key keys[] = {
        {"match", true, offsetof(struct policy_target, match), policy_pattern},
        {"expect", false, 0, read_expect},
        {"rules", false, offsetof(struct policy_target, levels), read_levels},
        {"parameters", false, offsetof(struct policy_target, parameters), policy_parameters}};
    struct policy_target *target = field;
    target->place = node->place;
    policy_map(r, node, keys, sizeof keys / sizeof *keys, target);
}

static void read_targets(struct policy_reader *r, const struct node *node, void *field)
{
    struct policy *policy = field;
    policy->targets = policy_list(r, node, sizeof *policy->targets, read_target, &policy->target_count);
}

/* ---- waivers ---- */

enum { WAIVER_DAYS = 366 /* a year, whichever it is */ };

static void read_expiry(struct policy_reader *r, const struct node *node, void *field)
{
    struct waiver *waiver = field;
    char latest[DATE_SIZE];
    if (node->kind != NODE_SCALAR || !date_read(node->text, &waiver->last_day)) {
        complain_at(r->complaints, node->place, "expected a day such as 2027-01-31");
        return;
    }
    waiver->expires = node->text;
    date_write(r->today + WAIVER_DAYS, latest);
    if (waiver->last_day > r->today + WAIVER_DAYS)
        complain_at(r->complaints, node->place, "%s is more than a year ahead: expected %s at the latest", node->text,
                    latest);
}

static void read_hex(struct policy_reader *r, const struct node *node, const char **text, size_t least, size_t most)
{
    size_t digits = node->kind == NODE_SCALAR ? strspn(node->text, "0123456789abcdef") : 0;
    if (digits < least || digits > most || node->text[digits] != 0)
        complain_at(r->complaints, node->place, "expected %s%zu lowercase hexadecimal digits",
                    least == most ? "" : "at least ", least);
    else
        *text = node->text;
}

static void read_sha256(struct policy_reader *r, const struct node *node, void *field)
{
    read_hex(r, node, field, 64, 64);
}

static void read_build_id(struct policy_reader *r, const struct node *node, void *field)
{
    read_hex(r, node, field, 8, 256);
}

static void read_reason(struct policy_reader *r, const struct node *node, void *field)
{
    enum { LEAST = 8 };
    policy_text(r, node, field);
    if (node->kind == NODE_SCALAR && *node->text && (strlen(node->text) < LEAST || !strchr(node->text, ' ')))
        complain_at(r->complaints, node->place, "\"%s\" is no reason: expected a sentence", node->text);
}

static void read_waiver(struct policy_reader *r, const struct node *node, void *field)
{
    static const struct policy_key keys[] = {{"rule", true, offsetof(struct waiver, rule), policy_rule},
                                             {"path", false, offsetof(struct waiver, path), policy_pattern},
                                             {"sha256", false, offsetof(struct waiver, sha256), read_sha256},
                                             {"build-id", false, offsetof(struct waiver, build_id), read_build_id},
                                             {"image", false, offsetof(struct waiver, image), policy_text},
                                             {"reason", true, offsetof(struct waiver, reason), read_reason},
                                             {"expires", true, 0, read_expiry},
                                             {"owner", false, offsetof(struct waiver, owner), policy_text}};
    struct waiver *waiver = field;
    size_t before = r->complaints->count;
    waiver->place = node->place;
    policy_map(r, node, keys, sizeof keys / sizeof *keys, waiver);
    if (r->complaints->count == before && !waiver->path && !waiver->sha256 && !waiver->build_id)
        complain_at(r->complaints, node->place, "a waiver for every file: expected path, sha256 or build-id");
}

static void read_waivers(struct policy_reader *r, const struct node *node, void *field)
{
    struct policy *policy = field;
    policy->waivers = policy_list(r, node, sizeof *policy->waivers, read_waiver, &policy->waiver_count);
}

/* ---- the whole ---- */

static void read_form(struct policy_reader *r, const struct node *node, void *field)
{
    (void)field;
    if (node->kind != NODE_SCALAR || strcmp(node->text, "1") != 0)
        complain_at(r->complaints, node->place, "expected 1, the only form of policies there is");
}

static void read_profile(struct policy_reader *r, const struct node *node, void *field)
{
    struct policy *policy = field;
    policy->profile = node->kind == NODE_SCALAR ? profile_find(node->text) : NULL;
    policy->profile_place = node->place;
    if (!policy->profile)
        complain_at(r->complaints, node->place, "no such profile: expected release or static");
}

static void read_fail_on(struct policy_reader *r, const struct node *node, void *field)
{
    struct policy *policy = field;
    policy->fail_on_place = node->place;
    if (node->kind != NODE_SCALAR || !level_of(node->text, &policy->fail_on) || policy->fail_on == LEVEL_OFF)
        complain_at(r->complaints, node->place, "expected error, warning or note");
}

bool policy_read(const char *file, const char *text, size_t size, int64_t today, struct policy *policy,
                 struct complaints *complaints)
{
    static const struct policy_key keys[] = {
        {"version", true, 0, read_form},
        {"profile", false, 0, read_profile},
        {"fail-on", false, 0, read_fail_on},
        {"rules", false, offsetof(struct policy, levels), read_levels},
        {"parameters", false, offsetof(struct policy, parameters), policy_parameters},
        {"targets", false, 0, read_targets},
        {"matrix", false, 0, policy_matrices},
        {"waivers", false, 0, read_waivers}};
    struct policy_reader reader = {complaints, today};
    char digest[DIGEST_TEXT];
    const struct node *node = yaml_read(file, text, size, complaints);
    if (!node)
        return false;
    policy->file = file;
    digest_text(text, size, digest);
    policy->sha256 = arena_copy(complaints->arena, digest, sizeof digest - 1);
    policy_map(&reader, node, keys, sizeof keys / sizeof *keys, policy);
    policy_inherit(policy);
    return complaints->count == 0;
}
