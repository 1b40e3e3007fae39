#include "checks/rule.h"
static void check(const struct subject *s, struct finding *f) { (void)s; unknown(f, "not written yet"); }
const struct rule rule_linkage_system_libraries_only = {.id = "linkage/system-libraries-only", .level = LEVEL_ERROR, .applies = APPLIES_ANYTHING, .title = "stub", .check = check};
