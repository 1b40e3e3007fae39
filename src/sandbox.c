#include "src/sandbox.h"

#include <stdio.h>

const char *sandbox_wish_name(enum sandbox_wish wish)
{
    static const char *const names[] = {"auto", "require", "off"};
    return names[wish];
}

const char *jail_layer_name(unsigned index)
{
    static const char *const names[JAIL_LAYERS] = {"no-new-privileges", "limits", "landlock", "seccomp"};
    return names[index];
}

bool sandbox_suffices(const struct sandbox *sandbox, struct problem *problem)
{
    char missing[128];
    size_t size = 0;
    if (sandbox->wish != SANDBOX_REQUIRE || !sandbox->needed || sandbox->layers == JAIL_ALL)
        return true;
    for (unsigned i = 0; i < JAIL_LAYERS; i++)
        if (!(sandbox->layers >> i & 1)) {
            int put = snprintf(missing + size, sizeof missing - size, "%s%s", size ? ", " : "", jail_layer_name(i));
            size += put > 0 && (size_t)put < sizeof missing - size ? (size_t)put : 0;
        }
    problem_set(problem, STATUS_NO_MEMORY, "--sandbox=require: not to be had here: %.*s", (int)size, missing);
    return false;
}
