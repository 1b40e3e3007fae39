/* `matrix:`, and the places that it makes: every name for every system and architecture. */
#include <string.h>

#include "checks/glob.h"
#include "src/policy/read.h"

enum { SLOTS = 4096 /* places of all matrices together; a release has dozens */ };

static void read_word(struct policy_reader *r, const struct node *node, void *field)
{
    const struct node **word = field;
    const char *text;
    *word = node;
    policy_text(r, node, &text);
}

static void read_words(struct policy_reader *r, const struct node *node, void *field)
{
    struct words *words = field;
    words->items = policy_list(r, node, sizeof(struct node *), read_word, &words->count);
    if (node->kind == NODE_LIST && node->count == 0)
        complain_at(r->complaints, node->place, "an empty list: expected at least one item");
}

/* The name with {os} and {arch} filled in. */
static const char *fill(struct arena *arena, const char *name, const char *os, const char *arch)
{
    const char *text = "";
    while (*name) {
        size_t size = strcspn(name, "{");
        const char *value = NULL;
        if (strncmp(name + size, "{os}", 4) == 0)
            value = os;
        else if (strncmp(name + size, "{arch}", 6) == 0)
            value = arch;
        text = arena_print(arena, "%s%.*s%s", text, (int)size, name, value ? value : name[size] ? "{" : "");
        name += size + (value == os && value ? 4 : value ? 6 : name[size] != 0);
    }
    return text;
}

static bool is_excluded(struct policy_reader *r, const struct words *except, const struct target *target)
{
    for (size_t i = 0; i < except->count; i++) {
        struct target other;
        if (!expect_target(except->items[i]->text, &other)) {
            complain_at(r->complaints, except->items[i]->place,
                        "\"%s\" is no target: expected one such as darwin/amd64", except->items[i]->text);
            return true;
        }
        if (other.os == target->os && other.arch == target->arch && other.universal == target->universal)
            return true;
    }
    return false;
}

static void add_slot(struct policy_reader *r, struct matrix *matrix, const struct node *name, const struct node *os,
                     const struct node *arch, const struct words *except)
{
    struct arena *arena = r->complaints->arena;
    struct slot slot = {.name = name->text};
    const char *spelling = arena_print(arena, "%s/%s", os->text, arch->text);
    if (!expect_target(spelling, &slot.target)) {
        complain_at(r->complaints, arch->place,
                    "\"%s\" is no target: expected a system and an architecture such as linux and amd64", spelling);
        return;
    }
    if (is_excluded(r, except, &slot.target))
        return;
    slot.pattern = fill(arena, name->text, os->text, arch->text);
    for (size_t i = 0; i < matrix->slot_count; i++)
        if (strcmp(matrix->slots[i].pattern, slot.pattern) == 0) {
            complain_at(r->complaints, name->place,
                        "\"%s\" is one name for several places: expected {os} and {arch} in it", name->text);
            return;
        }
    if (!glob_is_valid(slot.pattern) || matrix->slot_count >= SLOTS) {
        complain_at(r->complaints, name->place, "\"%s\" is no pattern, or one of more than %d places", slot.pattern,
                    SLOTS);
        return;
    }
    matrix->slots = arena_grow(arena, matrix->slots, matrix->slot_count, sizeof *matrix->slots);
    matrix->slots[matrix->slot_count++] = slot;
}

static void read_matrix(struct policy_reader *r, const struct node *node, void *field)
{
    static const struct policy_key keys[] = {{"names", true, offsetof(struct matrix, names), read_words},
                                             {"os", true, offsetof(struct matrix, os), read_words},
                                             {"arch", true, offsetof(struct matrix, arch), read_words},
                                             {"except", false, offsetof(struct matrix, except), read_words}};
    struct matrix *matrix = field;
    size_t before = r->complaints->count;
    matrix->place = node->place;
    policy_map(r, node, keys, sizeof keys / sizeof *keys, matrix);
    if (r->complaints->count != before)
        return;
    if (matrix->names.count * matrix->os.count > SLOTS ||
        matrix->names.count * matrix->os.count * matrix->arch.count > SLOTS) {
        complain_at(r->complaints, node->place, "more than %d places", SLOTS);
        return;
    }
    for (size_t n = 0; n < matrix->names.count; n++)
        for (size_t o = 0; o < matrix->os.count; o++)
            for (size_t a = 0; a < matrix->arch.count && r->complaints->count == before; a++)
                add_slot(r, matrix, matrix->names.items[n], matrix->os.items[o], matrix->arch.items[a],
                         &matrix->except);
}

void policy_matrices(struct policy_reader *r, const struct node *node, void *field)
{
    struct policy *policy = field;
    policy->matrices = policy_list(r, node, sizeof *policy->matrices, read_matrix, &policy->matrix_count);
}
