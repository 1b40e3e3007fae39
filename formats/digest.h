/* SHA-256 of bytes in memory. */
#ifndef ASSAY_FORMATS_DIGEST_H
#define ASSAY_FORMATS_DIGEST_H

#include <stddef.h>

enum { DIGEST_TEXT = 65 };

/* Writes the digest in lowercase hexadecimal digits, with a NUL. */
void digest_text(const void *bytes, size_t size, char text[DIGEST_TEXT]);

#endif
