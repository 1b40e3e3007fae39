#include "src/sandbox.h"

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
