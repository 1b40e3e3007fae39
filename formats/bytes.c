#include "formats/bytes.h"

#include <string.h>

#include "formats/certain.h"

bool view_table(struct view v, uint64_t off, uint64_t stride, uint64_t count, struct view *out)
{
    if (stride == 0 || count > v.size / stride)
        return false;
    return view_sub(v, off, stride * count, out);
}

int64_t view_string(struct view v, uint64_t off)
{
    struct view rest;
    if (off >= v.size || NEVER(!view_sub(v, off, v.size - off, &rest)))
        return -1;
    const uint8_t *nul = memchr(rest.data, 0, rest.size);
    return nul ? (int64_t)(nul - rest.data) : -1;
}

int64_t view_find(struct view v, uint64_t from, const void *needle, size_t size)
{
    struct view rest;
    if (from > v.size || NEVER(!view_sub(v, from, v.size - from, &rest)) || rest.size < size || size == 0)
        return -1;
    const uint8_t *hit = memmem(rest.data, rest.size, needle, size);
    return hit ? (int64_t)(hit - v.data) : -1;
}

bool view_is_zero(struct view v)
{
    return v.size == 0 || (v.data[0] == 0 && memcmp(v.data, v.data + 1, v.size - 1) == 0);
}

uint64_t cursor_word(struct cursor *c, int bits)
{
    return bits == 64 ? cursor_u64(c) : cursor_u32(c);
}

uint64_t cursor_uleb(struct cursor *c)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
        uint8_t byte = cursor_u8(c);
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return c->failed ? 0 : value;
    }
    c->failed = true;
    return 0;
}
