/* What functions give back, whatever conventions say. */
#ifndef ASSAY_CHECKS_CODE_KEEPS_H
#define ASSAY_CHECKS_CODE_KEEPS_H

#include "checks/code/map.h"

/* By general register of arm64: whether the function in [start, end) surely gives it back as it was given it. */
uint32_t keeps_registers(const struct map *map, uint64_t start, uint64_t end);

#endif
