/* The ELF reader, whatever the first bytes say; and where it says what Linux and ld.so will do, a second reader that was
 * written for this test alone says the same. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/fuzz/fuzz.h"
#include "tests/props/naive.h"

static void read_it(struct file *file)
{
    struct reading reading = {0};
    read_elf(file, &(struct read_options){.code = true}, &reading);
    const char *difference = naive_differs(file->bytes, (size_t)file->size, &reading.images[0]);
    if (!difference)
        return;
    fprintf(stderr, "the two readers differ: %s\n", difference);
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    with_file(data, size, read_it);
    return 0;
}
