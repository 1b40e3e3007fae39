/* What a worker sends: a record that unpacks must pack to a record again. */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>

#include "src/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    struct bytes bytes = {0};
    jmp_buf escape;
    arena.escape = &escape;
    if (setjmp(escape) == 0) {
        const struct record *record = record_unpack(&arena, data, size);
        if (record && record_pack(record, &bytes) && !record_unpack(&arena, bytes.data, bytes.size))
            abort();
    }
    free(bytes.data);
    arena_free(&arena);
    return 0;
}
