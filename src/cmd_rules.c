#include "src/commands.h"
#include "src/gate_rules.h"

int cmd_rules(const struct options *options)
{
    int width = 0;
    if (options->argument_count) {
        fputs("assay: rules takes no arguments\n", stderr);
        return 2;
    }
    for (size_t i = 0; i < any_rule_count(); i++) {
        int size = snprintf(NULL, 0, "%s", any_rule(i)->id);
        width = size > width ? size : width;
    }
    for (size_t i = 0; i < any_rule_count(); i++)
        printf("%-*s  %-7s  %s\n", width, any_rule(i)->id, level_name(any_rule(i)->level), any_rule(i)->title);
    return flush_or_complain(stdout, "standard output") ? 0 : 2;
}
