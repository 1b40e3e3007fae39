/* A second reader of program headers, for tests: what Linux (fs/binfmt_elf.c) and ld.so (glibc elf/rtld.c,
 * elf/get-dynamic-info.h) go by, written down as simply as it can be and shared with nothing. It is slow: every byte of
 * memory is looked up among all segments. */
#ifndef ASSAY_TESTS_PROPS_NAIVE_H
#define ASSAY_TESTS_PROPS_NAIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "formats/model.h"

struct naive {
    const uint8_t *bytes;
    size_t size;
    bool starts; /* Linux takes the headers: what it maps then may still end at once */
    size_t phnum, phoff;
    size_t interp, interp_size; /* place of the path, its NUL counted; 0: no interpreter */
    bool has_stack, has_dynamic, has_relro;
    unsigned stack_flags;
    uint64_t dynamic, relro, relro_size; /* addresses */
};

void naive_read(const uint8_t *bytes, size_t size, struct naive *naive);

enum naive_byte { NAIVE_NOWHERE, NAIVE_ZERO, NAIVE_BYTE };
/* What stands at an address once all segments are mapped; the byte, and the p_flags of its segment. */
enum naive_byte naive_at(const struct naive *naive, uint64_t address, uint8_t *byte, unsigned *flags);

/* Where the model says something else than this reader, in words; NULL: nowhere. Only what the model claims to know is
 * compared, and that it knows PT_INTERP where Linux would start one. */
const char *naive_differs(const uint8_t *bytes, size_t size, const struct image *image);

#endif
