/* Targets in every spelling, and in file names. */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "checks/expect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct target target;
    char *text = malloc(size + 1);
    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = 0;
    if (expect_target(text, &target) && (target.os == OS_UNKNOWN || target.spelling[0] == 0))
        abort();
    if (expect_file_name(text, &target) && target.os == OS_UNKNOWN && !target.foreign)
        abort();
    free(text);
    return 0;
}
