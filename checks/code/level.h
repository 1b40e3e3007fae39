/* The levels of the two architectures, and what the processors of each have. */
#ifndef ASSAY_CHECKS_CODE_LEVEL_H
#define ASSAY_CHECKS_CODE_LEVEL_H

#include "checks/code/isa.h"

/* What every processor of the level ("x86-64-v2", "armv8.1") has; false: there is no such level. */
bool level_features(const char *name, struct features *features) MUST_CHECK;

#endif
