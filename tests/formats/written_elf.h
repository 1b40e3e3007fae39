/* A made program whose bytes, and header, a test changes before they are read. */
#ifndef ASSAY_TESTS_FORMATS_WRITTEN_ELF_H
#define ASSAY_TESTS_FORMATS_WRITTEN_ELF_H

#include "tests/formats/made_elf.h"

#include <string.h>

static uint8_t *bytes;
static size_t size;
static Elf64_Ehdr header;

static inline void write_made(size_t more)
{
    free(bytes);
    size = make_elf_write(&made, &bytes);
    bytes = realloc(bytes, size + more);
    assert_non_null(bytes);
    memset(bytes + size, 0, more);
    memcpy(&header, bytes, sizeof header);
}

static inline const struct image *read_written(size_t n)
{
    file_close(&file);
    memcpy(bytes, &header, sizeof header);
    return read_bytes(bytes, n);
}

static inline int finish(void **state)
{
    free(bytes);
    bytes = NULL;
    return end(state);
}

#endif
