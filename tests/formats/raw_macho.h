/* Mach-O images written word by word, as <mach-o/loader.h> has them: what ld never writes. */
#ifndef ASSAY_TESTS_FORMATS_RAW_MACHO_H
#define ASSAY_TESTS_FORMATS_RAW_MACHO_H

#include "tests/formats/small_macho.h"

enum { ROOM = 12 << 20, AREA = 4096 };

static struct raw {
    uint8_t *bytes;
    size_t size;
    uint32_t commands;
    bool wide;
} raw;

static inline void word(size_t at, uint64_t value, size_t size)
{
    assert_true(at + size <= ROOM);
    for (size_t i = 0; i < size; i++)
        raw.bytes[at + i] = (uint8_t)(value >> 8 * i);
}

static inline void raw_image(bool wide, uint32_t filetype)
{
    free(raw.bytes);
    raw = (struct raw){calloc(1, ROOM), wide ? 32 : 28, 0, wide};
    assert_non_null(raw.bytes);
    const uint32_t header[] = {wide ? 0xfeedfacf : 0xfeedface, wide ? CPU_TYPE_ARM64 : CPU_TYPE_ARM, wide ? 0 : 9,
                               filetype};
    for (size_t i = 0; i < 4; i++)
        word(i * 4, header[i], 4);
}

/* A command of `size` bytes, of which the first words are given. */
static inline size_t command(uint32_t type, uint32_t size, const uint32_t *words, size_t count)
{
    size_t at = raw.size;
    word(at, type, 4);
    word(at + 4, size, 4);
    for (size_t i = 0; i < count; i++)
        word(at + 8 + i * 4, words[i], 4);
    raw.size += size;
    raw.commands++;
    return at;
}

/* `more` bytes follow the commands. */
static inline const struct image *read_raw(struct subject *s, size_t more)
{
    word(16, raw.commands, 4);
    word(20, raw.size - (raw.wide ? 32 : 28), 4);
    read_bytes(s, raw.bytes, raw.size + more);
    assert_int_equal(s->reading.count, 1);
    return s->reading.images;
}

static inline int end(void **state)
{
    free(raw.bytes);
    raw.bytes = NULL;
    return finish(state);
}

#endif
