/* What the audit of one file may cost before its worker is ended. Far above what any file needs, on a slow machine
 * as well: these end what would never end by itself. What an audit does cost is measured by tests/bench. */
#ifndef ASSAY_SRC_BUDGET_H
#define ASSAY_SRC_BUDGET_H

#include <stdint.h>

uint64_t budget_processor(uint64_t size); /* nanoseconds on the worker's processor-time clock */
uint64_t budget_wait(uint64_t size);      /* nanoseconds in which it computes nothing */
uint64_t budget_memory(uint64_t size);    /* bytes of address space beyond what a worker begins with */

#endif
