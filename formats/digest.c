#define OPENSSL_SUPPRESS_DEPRECATED /* SHA256_Update is deprecated in favour of EVP */
#include "formats/digest.h"

#include <string.h>
#include <openssl/sha.h>

void digest_text(const void *bytes, size_t size, char text[DIGEST_TEXT])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256_CTX context; /* not SHA256(), which asks EVP: it reads a configuration file, and takes a millisecond */
    (void)SHA256_Init(&context);
    (void)SHA256_Update(&context, bytes, size);
    (void)SHA256_Final(digest, &context);
    for (size_t i = 0; i < sizeof digest; i++) {
        text[2 * i] = digits[digest[i] >> 4];
        text[2 * i + 1] = digits[digest[i] & 15];
    }
    text[2 * sizeof digest] = 0;
}

bool digest_is(enum digest kind, const void *bytes, size_t size, const uint8_t *wanted, size_t most)
{
    unsigned char digest[SHA384_DIGEST_LENGTH] = {0};
    size_t length = SHA256_DIGEST_LENGTH;
    if (kind == DIGEST_SHA1) {
        SHA_CTX context;
        length = SHA_DIGEST_LENGTH;
        (void)SHA1_Init(&context);
        (void)SHA1_Update(&context, bytes, size);
        (void)SHA1_Final(digest, &context);
    } else if (kind == DIGEST_SHA384) {
        SHA512_CTX context;
        length = SHA384_DIGEST_LENGTH;
        (void)SHA384_Init(&context);
        (void)SHA384_Update(&context, bytes, size);
        (void)SHA384_Final(digest, &context);
    } else {
        SHA256_CTX context;
        (void)SHA256_Init(&context);
        (void)SHA256_Update(&context, bytes, size);
        (void)SHA256_Final(digest, &context);
    }
    return most <= length && memcmp(digest, wanted, most) == 0;
}
