#include "src/commands.h"

int cmd_rules(const struct options *options)
{
    int width = 0;
    if (options->argument_count) {
        fputs("assay: rules takes no arguments\n", stderr);
        return 2;
    }
    for (size_t i = 0; i < rule_count; i++) {
        int size = snprintf(NULL, 0, "%s", rules[i]->id);
        width = size > width ? size : width;
    }
    for (size_t i = 0; i < rule_count; i++)
        printf("%-*s  %-7s  %s\n", width, rules[i]->id, level_name(rules[i]->level), rules[i]->title);
    return flush_or_complain(stdout, "standard output") ? 0 : 2;
}
