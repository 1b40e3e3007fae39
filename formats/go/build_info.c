#include "formats/read.h"
void read_go(struct image *image) { (void)image; }
