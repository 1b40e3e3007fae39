/* Which bytes of the file a program is made of: the segments as disjoint ranges, so
 * that a search costs each byte once however often a hostile header names it. */
#ifndef ASSAY_FORMATS_LOADED_H
#define ASSAY_FORMATS_LOADED_H

#include "formats/model.h"

/* The file ranges of the segments, cut to the image, ascending and disjoint. Returns their
 * number; false in *whole where a segment was cut. */
size_t loaded_ranges(const struct image *image, struct range **ranges, bool *whole);
/* Sorts `count` ranges and joins those that touch; returns how many are left. */
size_t ranges_join(struct range *ranges, size_t count);

#endif
