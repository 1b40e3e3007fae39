#include "checks/rule.h"

#include <string.h>

#define RULE(family, name) extern const struct rule rule_##family##_##name;
#include "checks/rules.def"
#undef RULE

const struct rule *const rules[] = {
#define RULE(family, name) &rule_##family##_##name,
#include "checks/rules.def"
#undef RULE
};
const size_t rule_count = sizeof rules / sizeof *rules;

const struct rule *rule_find(const char *id)
{
    for (size_t i = 0; i < rule_count; i++)
        if (strcmp(rules[i]->id, id) == 0)
            return rules[i];
    return NULL;
}

const char *level_name(enum level level)
{
    static const char *const names[] = {"off", "note", "warning", "error"};
    return names[level];
}
