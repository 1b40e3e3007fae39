/* The first look at a file that was found in a tree. */
#ifndef ASSAY_SRC_FOUND_H
#define ASSAY_SRC_FOUND_H

/* What the file is, by its first bytes, if it is not worth judging; NULL where it is, or cannot be read. */
const char *found_no_program(int fd);

#endif
