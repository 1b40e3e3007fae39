#include "src/report/report.h"

#include <string.h>

const struct reporter *const reporters[] = {&report_text,     &report_json,  &report_sarif,   &report_gitlab,
                                            &report_github,   &report_junit, &report_csv,     &report_ndjson,
                                            &report_markdown, &report_html,  &report_in_toto, &report_cyclonedx};
const size_t reporter_count = sizeof reporters / sizeof *reporters;

const struct reporter *report_find(const char *name)
{
    for (size_t i = 0; i < reporter_count; i++)
        if (strcmp(reporters[i]->name, name) == 0)
            return reporters[i];
    return NULL;
}
