/* Any bytes, as a user gives them: sniffed, then read. */
#include "tests/fuzz/fuzz.h"

static void read_it(struct file *file)
{
    struct reading reading = {0};
    read_file(file, &(struct read_options){.code = true}, &reading);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    with_file(data, size, read_it);
    return 0;
}
