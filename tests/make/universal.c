/* Writes universal files; see macho.h. */
#include "tests/make/macho.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void put_word(uint8_t *at, uint64_t value, size_t size, bool little_endian)
{
    for (size_t i = 0; i < size; i++)
        at[little_endian ? i : size - 1 - i] = (uint8_t)(value >> (8 * i));
}

static size_t place_slices(struct make_universal *u, size_t at)
{
    for (size_t i = 0; i < u->count; i++) {
        struct make_universal_slice *s = &u->slices[i];
        s->align = s->align ? s->align : MAKE_UNIVERSAL_ALIGN;
        if (s->cputype == 0 && s->cpusubtype == 0) {
            s->cputype = (uint32_t)make_macho_get(s->bytes + 4, 4);
            s->cpusubtype = (uint32_t)make_macho_get(s->bytes + 8, 4);
        }
        s->offset = s->offset ? s->offset : (at + (((size_t)1 << s->align) - 1)) >> s->align << s->align;
        s->claimed = s->claimed ? s->claimed : s->size;
        if (s->offset + s->size > at)
            at = s->offset + s->size;
    }
    return at;
}

size_t make_universal_write(struct make_universal *u, uint8_t **out)
{
    size_t word = u->wide ? 8 : 4, stride = u->wide ? 32 : 20;
    size_t end = place_slices(u, 8 + u->count * stride);
    uint8_t *bytes = calloc(1, end + u->trailing_size);
    bool little = u->little_endian;
    assert(bytes);
    put_word(bytes, u->wide ? 0xcafebabf : 0xcafebabe, 4, little);
    put_word(bytes + 4, u->announced ? u->announced : u->count - u->hidden, 4, little);
    for (size_t i = 0; i < u->count; i++) {
        const struct make_universal_slice *s = &u->slices[i];
        uint8_t *at = bytes + 8 + i * stride;
        put_word(at, s->cputype, 4, little);
        put_word(at + 4, s->cpusubtype, 4, little);
        put_word(at + 8, s->offset, word, little);
        put_word(at + 8 + word, s->claimed, word, little);
        put_word(at + 8 + 2 * word, s->align, 4, little);
        memcpy(bytes + s->offset, s->bytes, s->size);
    }
    if (u->trailing_size)
        memcpy(bytes + end, u->trailing, u->trailing_size);
    *out = bytes;
    return end + u->trailing_size;
}
