#include "formats/read.h"
void read_static_libc(struct image *image) { (void)image; }
