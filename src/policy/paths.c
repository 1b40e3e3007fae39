/* What a policy says of one path. */
#include <string.h>

#include "checks/glob.h"
#include "src/policy/policy.h"

/* An absolute path without "." and "..", by its text alone: links are not followed. */
static char *plain(struct arena *arena, const char *here, const char *path)
{
    const char *full = *path == '/' ? path : arena_print(arena, "%s/%s", here, path);
    char *out = arena_alloc(arena, strlen(full) + 2), *end = out;
    while (*full) {
        full += strspn(full, "/");
        size_t size = strcspn(full, "/");
        if (size == 2 && strncmp(full, "..", 2) == 0) {
            while (end > out && *--end != '/')
                continue;
        } else if (size && !(size == 1 && *full == '.')) {
            *end++ = '/';
            memcpy(end, full, size);
            end += size;
        }
        full += size;
    }
    *end = 0;
    if (end == out)
        memcpy(out, "/", sizeof "/");
    return out;
}

const char *policy_path(const struct policy *policy, struct arena *arena, const char *path)
{
    if (!policy->folder || strcmp(path, "-") == 0)
        return path;
    const char *full = plain(arena, policy->here, path);
    size_t size = strlen(policy->folder);
    bool below = strncmp(full, policy->folder, size) == 0 && full[size] == '/';
    return below ? full + size + 1 : full;
}

const struct policy_target *policy_target(const struct policy *policy, const char *path)
{
    for (size_t i = 0; i < policy->target_count; i++)
        if (glob_match(policy->targets[i].match, path))
            return &policy->targets[i];
    return NULL;
}

const struct slot *policy_slot(const struct policy *policy, const char *path)
{
    for (size_t i = 0; i < policy->matrix_count; i++)
        for (size_t k = 0; k < policy->matrices[i].slot_count; k++)
            if (glob_match(policy->matrices[i].slots[k].pattern, path))
                return &policy->matrices[i].slots[k];
    return NULL;
}

const struct level_entry *policy_level(const struct level_list *levels, const char *rule)
{
    const struct level_entry *family = NULL;
    for (size_t i = 0; i < levels->count; i++) {
        if (strcmp(levels->items[i].rule, rule) == 0)
            return &levels->items[i];
        if (policy_names(levels->items[i].rule, rule))
            family = &levels->items[i];
    }
    return family;
}
