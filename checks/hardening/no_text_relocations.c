#include "checks/rule.h"
static void check(const struct subject *s, struct finding *f) { (void)s; unknown(f, "not written yet"); }
const struct rule rule_hardening_no_text_relocations = {.id = "hardening/no-text-relocations", .level = LEVEL_ERROR, .applies = APPLIES_ANYTHING, .title = "stub", .check = check};
