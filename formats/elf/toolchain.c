#include "formats/read.h"
void read_toolchains(struct image *image) { (void)image; }
