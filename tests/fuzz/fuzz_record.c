/* What a worker sends: a record that unpacks packs to the record again, and packed twice it is the same bytes. */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "src/record.h"

static struct bytes packed, again; /* memory that is kept from case to case */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    jmp_buf escape;
    struct arena *arena = case_arena(&escape);
    if (setjmp(escape) != 0)
        return 0;
    const struct record *record = unpack_sealed(arena, data, size);
    packed.size = again.size = 0;
    if (!record || !record_pack(record, &packed))
        return 0;
    const struct record *copy = record_unpack(arena, packed.data, packed.size);
    if (!copy || !record_pack(copy, &again) || again.size != packed.size ||
        memcmp(again.data, packed.data, packed.size) != 0)
        abort();
    return 0;
}
