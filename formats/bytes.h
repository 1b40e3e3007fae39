/* Bounds-checked reading. `view_sub` is the only bounds test of the program and
 * `view_table` the only place that multiplies a count taken from a file; no
 * struct is ever laid over file bytes. A cursor reads fields one after the
 * other, remembers the first read past its end in `failed`, and gives zeros
 * from then on, so a parser tests once, after it has read a whole record. */
#ifndef ASSAY_FORMATS_BYTES_H
#define ASSAY_FORMATS_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct view {
    const uint8_t *data;
    size_t size;
};

/* Whether [off, off + n) lies within `size` bytes; no sum, so nothing wraps. */
static inline bool range_fits(uint64_t size, uint64_t off, uint64_t n)
{
    return off <= size && n <= size - off;
}

/* off + n, or UINT64_MAX where the sum would wrap. */
static inline uint64_t range_end(uint64_t off, uint64_t n)
{
    return n <= UINT64_MAX - off ? off + n : UINT64_MAX;
}

/* The n bytes at `off`; false, and *out untouched, where they are not all inside v. */
static inline bool view_sub(struct view v, uint64_t off, uint64_t n, struct view *out)
    __attribute__((warn_unused_result));

static inline bool view_sub(struct view v, uint64_t off, uint64_t n, struct view *out)
{
    if (!range_fits(v.size, off, n))
        return false;
    out->data = v.size ? v.data + off : v.data;
    out->size = (size_t)n;
    return true;
}

/* The bytes of `count` records of `stride` bytes at `off`; false where they are not all inside v. */
bool view_table(struct view v, uint64_t off, uint64_t stride, uint64_t count, struct view *out)
    __attribute__((warn_unused_result));

/* The C string at `off`: its length without the NUL, or -1 where no NUL follows inside v. */
int64_t view_string(struct view v, uint64_t off);

/* Whether two C strings are equal; for names, most of which differ in their first letters. */
static inline bool same_name(const char *a, const char *b)
{
    for (; *a == *b; a++, b++)
        if (*a == 0)
            return true;
    return false;
}

/* The offset of the first `needle` at or after `from`, or -1. */
int64_t view_find(struct view v, uint64_t from, const void *needle, size_t size);

/* Whether every byte is zero. */
bool view_is_zero(struct view v);

static inline uint16_t load_le16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t load_le32(const uint8_t *p)
{
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): a view that has a size has bytes */
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline uint64_t load_le64(const uint8_t *p)
{
    return load_le32(p) | (uint64_t)load_le32(p + 4) << 32;
}

static inline uint32_t load_be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | (uint32_t)p[3];
}

static inline uint64_t load_be64(const uint8_t *p)
{
    return (uint64_t)load_be32(p) << 32 | load_be32(p + 4);
}

struct cursor {
    struct view view;
    size_t at;
    bool big_endian;
    bool failed;
};

static inline struct cursor cursor_at(struct view v, bool big_endian)
{
    return (struct cursor){.view = v, .big_endian = big_endian};
}

/* The next n bytes, or an empty view and `failed`. */
static inline struct view cursor_take(struct cursor *c, uint64_t n)
{
    struct view v = {0};
    if (c->failed || !view_sub(c->view, c->at, n, &v)) {
        c->failed = true;
        return (struct view){0};
    }
    c->at += (size_t)n;
    return v;
}

static inline void cursor_skip(struct cursor *c, uint64_t n)
{
    (void)cursor_take(c, n);
}

static inline uint8_t cursor_u8(struct cursor *c)
{
    struct view v = cursor_take(c, 1);
    return v.size ? v.data[0] : 0;
}

static inline uint16_t cursor_u16(struct cursor *c)
{
    struct view v = cursor_take(c, 2);
    if (!v.size)
        return 0;
    unsigned value = c->big_endian ? (unsigned)v.data[0] << 8 | v.data[1] : load_le16(v.data);
    return (uint16_t)value;
}

static inline uint32_t cursor_u32(struct cursor *c)
{
    struct view v = cursor_take(c, 4);
    if (!v.size)
        return 0;
    return c->big_endian ? load_be32(v.data) : load_le32(v.data);
}

static inline uint64_t cursor_u64(struct cursor *c)
{
    struct view v = cursor_take(c, 8);
    if (!v.size)
        return 0;
    return c->big_endian ? load_be64(v.data) : load_le64(v.data);
}

/* A word of the file's class: 32 or 64 bits. */
uint64_t cursor_word(struct cursor *c, int bits);
/* An unsigned LEB128 of at most ten bytes. */
uint64_t cursor_uleb(struct cursor *c);

#endif
