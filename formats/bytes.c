#include "formats/bytes.h"

#include <string.h>

bool view_table(struct view v, uint64_t off, uint64_t stride, uint64_t count, struct view *out)
{
    if (stride == 0 || count > v.size / stride)
        return false;
    return view_sub(v, off, stride * count, out);
}

int64_t view_string(struct view v, uint64_t off)
{
    struct view rest;
    if (off >= v.size || !view_sub(v, off, v.size - off, &rest))
        return -1;
    const uint8_t *nul = memchr(rest.data, 0, rest.size);
    return nul ? (int64_t)(nul - rest.data) : -1;
}

int64_t view_find(struct view v, uint64_t from, const void *needle, size_t size)
{
    struct view rest;
    if (from > v.size || !view_sub(v, from, v.size - from, &rest) || rest.size < size || size == 0)
        return -1;
    const uint8_t *hit = memmem(rest.data, rest.size, needle, size);
    return hit ? (int64_t)(hit - v.data) : -1;
}

bool view_is_zero(struct view v)
{
    return v.size == 0 || (v.data[0] == 0 && memcmp(v.data, v.data + 1, v.size - 1) == 0);
}

uint32_t load_be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | (uint32_t)p[3];
}

uint64_t load_be64(const uint8_t *p)
{
    return (uint64_t)load_be32(p) << 32 | load_be32(p + 4);
}

struct cursor cursor_at(struct view v, bool big_endian)
{
    return (struct cursor){.view = v, .big_endian = big_endian};
}

struct view cursor_take(struct cursor *c, uint64_t n)
{
    struct view v = {0};
    if (c->failed || !view_sub(c->view, c->at, n, &v)) {
        c->failed = true;
        return (struct view){0};
    }
    c->at += (size_t)n;
    return v;
}

void cursor_skip(struct cursor *c, uint64_t n)
{
    (void)cursor_take(c, n);
}

uint8_t cursor_u8(struct cursor *c)
{
    struct view v = cursor_take(c, 1);
    return v.size ? v.data[0] : 0;
}

uint16_t cursor_u16(struct cursor *c)
{
    struct view v = cursor_take(c, 2);
    if (!v.size)
        return 0;
    return c->big_endian ? (uint16_t)(v.data[0] << 8 | v.data[1]) : load_le16(v.data);
}

uint32_t cursor_u32(struct cursor *c)
{
    struct view v = cursor_take(c, 4);
    if (!v.size)
        return 0;
    return c->big_endian ? load_be32(v.data) : load_le32(v.data);
}

uint64_t cursor_u64(struct cursor *c)
{
    struct view v = cursor_take(c, 8);
    if (!v.size)
        return 0;
    return c->big_endian ? load_be64(v.data) : load_le64(v.data);
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
        if (shift < 64)
            value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return c->failed ? 0 : value;
    }
    c->failed = true;
    return 0;
}
