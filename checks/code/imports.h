/* Slots that the dynamic loader fills with the address of getauxval(), by which dynamic programs for arm64 ask what the
 * processor can do, or of exit() and others that end a program. */
#ifndef ASSAY_CHECKS_CODE_IMPORTS_H
#define ASSAY_CHECKS_CODE_IMPORTS_H

#include "checks/code/map.h"

/* Puts the addresses of such slots into map->asking, map->ending and map->endless, the first few of them. */
void imports_find(const struct image *image, struct map *map);

#endif
