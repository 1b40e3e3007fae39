#include "checks/rule.h"
static void check(const struct subject *s, struct finding *f) { (void)s; unknown(f, "not written yet"); }
const struct rule rule_stripped_no_debug_info = {.id = "stripped/no-debug-info", .level = LEVEL_ERROR, .applies = APPLIES_ANYTHING, .title = "stub", .check = check};
