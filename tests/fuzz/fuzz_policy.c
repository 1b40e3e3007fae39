/* Policies: whatever the text, it is obeyed in full or refused with a place, and what is obeyed can be shown and read
 * again. */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "src/policy/show.h"

enum { TODAY = 20780 };

static bool reads(struct arena *arena, const char *text, size_t size, struct policy *policy)
{
    struct complaints complaints = {.arena = arena};
    *policy = (struct policy){.folder = "/work", .here = "/work"};
    bool good = policy_read("policy", text, size, TODAY, policy, &complaints);
    if (good != (complaints.count == 0))
        abort();
    for (size_t i = 0; i < complaints.count; i++)
        if (complaints.items[i].place.line == 0 || complaints.items[i].place.column == 0)
            abort();
    return good;
}

static void ask(struct arena *arena, const struct policy *policy)
{
    static const char *const paths[] = {"dist/app-linux-arm64", "../a", "/b/./c", "", "x"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        const char *path = policy_path(policy, arena, paths[i]);
        (void)policy_target(policy, path);
        (void)policy_slot(policy, path);
    }
}

/* A pattern with the text \x is written as bytes are, and is another one then. */
static bool is_plain(const char *text, size_t size)
{
    return memchr(text, '\\', size) == NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    struct policy policy, again;
    char *text = malloc(size + 1), *shown = NULL;
    size_t shown_size = 0;
    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = 0;
    if (reads(&arena, text, size, &policy)) {
        struct gate gate = {.profile = policy.profile ? policy.profile : profile_find("release"),
                            .fail_on = policy.fail_on ? policy.fail_on : LEVEL_ERROR,
                            .policy = &policy};
        FILE *out = open_memstream(&shown, &shown_size);
        ask(&arena, &policy);
        if (out) {
            policy_show(out, &gate, false, false);
            (void)fclose(out);
            if (is_plain(text, size) &&
                (!reads(&arena, shown, shown_size, &again) || again.waiver_count != policy.waiver_count ||
                 again.target_count != policy.target_count || again.matrix_count != policy.matrix_count))
                abort();
        }
        free(shown);
    }
    free(text);
    arena_free(&arena);
    return 0;
}
