#include "tests/fuzz/fuzz.h"

#include <string.h>

struct record *unpack_sealed(struct arena *arena, const uint8_t *data, size_t size)
{
    uint64_t seal = record_seal(data, size);
    uint8_t *sealed = arena_alloc(arena, size + sizeof seal);
    memcpy(sealed, data, size);
    memcpy(sealed + size, &seal, sizeof seal);
    return record_unpack(arena, sealed, size + sizeof seal);
}
