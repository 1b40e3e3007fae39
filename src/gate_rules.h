/* Rules about a run as a whole: the set of its files, and the waivers of its policy. They are judged by the gate, over
 * records, and have no check() of their own; for people they are rules like any other. */
#ifndef ASSAY_SRC_GATE_RULES_H
#define ASSAY_SRC_GATE_RULES_H

#include "checks/rule.h"

extern const struct rule rule_run_file_judged, rule_run_report_whole;
extern const struct rule rule_release_complete, rule_release_no_extra_files, rule_release_right_places,
    rule_release_distinct_architectures, rule_release_equal_capabilities;                 /* matrix.c */
extern const struct rule rule_waiver_not_expired, rule_waiver_in_use, rule_waiver_narrow; /* waiver.c */

extern const struct rule *const gate_rules[];
extern const size_t gate_rule_count;
/* A rule of either kind, by its id; NULL: no such rule. */
const struct rule *any_rule_find(const char *id);
/* Rules of both kinds in one order: those about files first. */
size_t any_rule_count(void);
const struct rule *any_rule(size_t index);

#endif
