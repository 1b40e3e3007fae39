#include "tests/props/judge.h"

#include <string.h>

#include "checks/expect.h"
#include "formats/limits.h"
#include "src/audit.h"

struct record *judge_bytes(struct arena *arena, const char *name, const void *bytes, size_t size, const char *target)
{
    return judge_with(arena, name, bytes, size, target, true);
}

struct record *judge_with(struct arena *arena, const char *name, const void *bytes, size_t size, const char *target,
                          bool code)
{
    struct audit_options options = {
        .file = {.max_size = LIMIT_FILE_SIZE}, .read = {.code = code}, .rules = true, .has_target = target != NULL};
    struct policy policy = {.folder = "/", .here = "/"};
    struct complaints complaints = {.arena = arena};
    const char *text = sample_policy(name);
    struct gate gate = {.profile = profile_find("release"), .fail_on = LEVEL_ERROR};
    struct record *records[1];
    struct run run = {.gate = &gate, .count = 1, .records = records};
    if (!gate.profile || (target && !expect_target(target, &options.target)))
        return NULL;
    if (text && !policy_read("policy", text, strlen(text), 0, &policy, &complaints))
        return NULL;
    options.policy = gate.policy = text ? &policy : NULL;
    gate.partial = true;
    records[0] = audit_memory(arena, name, bytes, size, &options);
    if (records[0])
        gate_decide(arena, &run);
    return records[0];
}
