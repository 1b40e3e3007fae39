#include "src/gate_rules.h"

#include <string.h>

/* What the gate closes over whatever the levels are; reports tell it as a rule like any other. */
const struct rule rule_run_file_judged = {
    .id = "run/file-judged",
    .level = LEVEL_ERROR,
    .title = "Every file was read in full and judged",
    .why =
        "A file that could not be opened or read to its end, that changed meanwhile, or that is for a machine nobody "
        "here knows, may be anything. Not seeing is not passing: the gate stays closed, and neither a level nor a "
        "waiver opens it.",
    .fix = {.c = "make the file readable and whole, raise --max-file-size, or leave it out of what is checked"},
    .refs = {"assay(1), EXIT STATUS"},
};

/* Told by a report itself, where whoever reads it takes no more. */
const struct rule rule_run_report_whole = {
    .id = "run/report-whole",
    .level = LEVEL_WARNING,
    .title = "The report has room for every finding",
    .why =
        "Code scanning takes 25,000 findings of one run and shows 5,000. The gravest are kept, and this one says how "
        "many were left out. The exit status and the other reports know all of them.",
    .fix = {.c = "check fewer files in one run, or read --output json=FILE"},
    .refs = {"https://docs.github.com/en/code-security/code-scanning (SARIF limits)"},
};

const struct rule *const gate_rules[] = {
    &rule_run_file_judged,
    &rule_run_report_whole,
    &rule_release_complete,
    &rule_release_no_extra_files,
    &rule_release_right_places,
    &rule_release_distinct_architectures,
    &rule_release_equal_capabilities,
    &rule_waiver_not_expired,
    &rule_waiver_in_use,
    &rule_waiver_narrow,
};
const size_t gate_rule_count = sizeof gate_rules / sizeof *gate_rules;

size_t any_rule_count(void)
{
    return rule_count + gate_rule_count;
}

const struct rule *any_rule(size_t index)
{
    return index < rule_count ? rules[index] : gate_rules[index - rule_count];
}

const struct rule *any_rule_find(const char *id)
{
    for (size_t i = 0; i < any_rule_count(); i++)
        if (strcmp(any_rule(i)->id, id) == 0)
            return any_rule(i);
    return NULL;
}
