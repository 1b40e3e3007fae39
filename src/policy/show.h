/* A policy written out again: every demand that a run makes, and where it comes from. What is written is a policy. */
#ifndef ASSAY_SRC_POLICY_SHOW_H
#define ASSAY_SRC_POLICY_SHOW_H

#include <stdio.h>
#include "src/gate.h"

void policy_show(FILE *out, const struct gate *gate, bool profile_given, bool fail_on_given);

#endif
