#include "checks/rule.h"
static void check(const struct subject *s, struct finding *f) { (void)s; unknown(f, "not written yet"); }
const struct rule rule_linkage_glibc_floor = {.id = "linkage/glibc-floor", .level = LEVEL_ERROR, .applies = APPLIES_ANYTHING, .title = "stub", .check = check};
