/* The ELF reader, whatever the first bytes say. */
#include "tests/fuzz/fuzz.h"

static void read_it(struct file *file)
{
    struct reading reading = {0};
    read_elf(file, &(struct read_options){.code = true}, &reading);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    with_file(data, size, read_it);
    return 0;
}
