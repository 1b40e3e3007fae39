#include "formats/read.h"
void read_code_looks(struct image *image) { image->code_looks = CODE_NOT_LOOKED_AT; }
