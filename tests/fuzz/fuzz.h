/* What the fuzz targets share. Each target is one function that libFuzzer calls; replay.c
 * calls the same function over files, so every build of the tests runs the seeds. */
#ifndef ASSAY_TESTS_FUZZ_FUZZ_H
#define ASSAY_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

#include "formats/read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Gives `use` the bytes as an opened file; an arena that runs out ends the case. */
static inline void with_file(const uint8_t *data, size_t size, void (*use)(struct file *file))
{
    struct file file;
    const struct file_options options = {.max_size = UINT64_C(1) << 30};
    jmp_buf escape;
    if (file_from_memory(&file, data, size, &options, NULL) != STATUS_OK)
        return;
    file.arena.escape = &escape;
    if (setjmp(escape) == 0)
        use(&file);
    file_close(&file);
}

#endif
