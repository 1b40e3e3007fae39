#include "checks/rule.h"
static void check(const struct subject *s, struct finding *f) { (void)s; unknown(f, "not written yet"); }
const struct rule rule_linkage_no_insecure_search_path = {.id = "linkage/no-insecure-search-path", .level = LEVEL_ERROR, .applies = APPLIES_ANYTHING, .title = "stub", .check = check};
