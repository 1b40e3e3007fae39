/* SHA-256 of bytes in memory. */
#ifndef ASSAY_FORMATS_DIGEST_H
#define ASSAY_FORMATS_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DIGEST_TEXT = 65 };

/* Writes the digest in lowercase hexadecimal digits, with a NUL. */
void digest_text(const void *bytes, size_t size, char text[DIGEST_TEXT]);

enum digest {
    DIGEST_SHA1 = 1,
    DIGEST_SHA256,
    DIGEST_SHA256_TRUNCATED,
    DIGEST_SHA384
}; /* as code signatures count them */

/* Whether the digest of the bytes begins with the `most` bytes at `wanted`. */
bool digest_is(enum digest kind, const void *bytes, size_t size, const uint8_t *wanted, size_t most);

#endif
