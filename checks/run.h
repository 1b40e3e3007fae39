/* Every rule, on one image. */
#ifndef ASSAY_CHECKS_RUN_H
#define ASSAY_CHECKS_RUN_H

#include "checks/rule.h"

/* Fills findings[0..rule_count) in the order of rules.def. Text goes to `arena`. */
void run_rules(const struct subject *subject, struct arena *arena, const bool *off, struct finding *findings);

#endif
