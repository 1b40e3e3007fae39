/* The doorway to bytes: what formats/bytes.h takes out of a view, held against sums that cannot wrap. The input is a view
 * behind a list of things to take out of it: a letter and two numbers each. */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "formats/bytes.h"

enum { STEP = 17 };
__extension__ typedef unsigned __int128 wide;

static uint64_t number(const uint8_t *at, size_t width, bool big_endian)
{
    uint64_t value = 0;
    for (size_t i = 0; i < width; i++)
        value = value << 8 | at[big_endian ? i : width - 1 - i];
    return value;
}

static void sub(struct view v, uint64_t off, uint64_t n)
{
    struct view out = {NULL, 7};
    bool fits = (wide)off + n <= v.size;
    if (view_sub(v, off, n, &out) != fits || range_fits(v.size, off, n) != fits)
        abort();
    if (fits ? out.data != v.data + off || out.size != n : out.data != NULL || out.size != 7)
        abort();
    if (range_end(off, n) != ((wide)off + n > UINT64_MAX ? UINT64_MAX : off + n))
        abort();
}

static void table(struct view v, uint64_t off, uint64_t stride, uint64_t count)
{
    struct view out;
    bool fits = stride && (wide)off + (wide)stride * count <= v.size;
    if (view_table(v, off, stride, count, &out) != fits || (fits && out.size != stride * count))
        abort();
}

static void string(struct view v, uint64_t off)
{
    int64_t length = -1;
    for (uint64_t at = off; at < v.size; at++)
        if (v.data[at] == 0) {
            length = (int64_t)(at - off);
            break;
        }
    if (view_string(v, off) != length)
        abort();
}

static void find(struct view v, uint64_t from, const uint8_t *needle, size_t size)
{
    int64_t found = -1;
    for (uint64_t at = from; size && at < v.size && size <= v.size - at && found < 0; at++)
        if (memcmp(v.data + at, needle, size) == 0)
            found = (int64_t)at;
    if (view_find(v, from, needle, size) != found)
        abort();
}

/* An unsigned LEB128 number: ten bytes at most, and the bits past 64 are lost. */
static void uleb(struct cursor *c)
{
    size_t at = c->at, used = 0;
    uint64_t value = 0;
    bool failed = c->failed, ended = false;
    while (!failed && !ended && used < 10 && at + used < c->view.size) {
        uint8_t byte = c->view.data[at + used];
        value |= (uint64_t)((wide)(byte & 0x7f) << 7 * used);
        used++;
        ended = byte < 0x80;
    }
    uint64_t told = cursor_uleb(c);
    if (c->failed == ended || told != (ended ? value : 0) || (ended && c->at != at + used))
        abort();
}

static void fixed(struct cursor *c, size_t width)
{
    size_t at = c->at;
    bool there = !c->failed && (wide)at + width <= c->view.size;
    uint64_t value = width == 1   ? cursor_u8(c)
                     : width == 2 ? cursor_u16(c)
                     : width == 4 ? cursor_u32(c)
                                  : cursor_word(c, 64);
    if (c->failed == there || c->at != (there ? at + width : at) ||
        value != (there ? number(c->view.data + at, width, c->big_endian) : 0))
        abort();
}

static void step(struct view v, struct cursor *c, const uint8_t *at)
{
    uint64_t a = number(at + 1, 8, false), b = number(at + 9, 8, false);
    if (at[0] & 0x80) { /* near the size, where it matters */
        a = v.size + (a & 15) - 8;
        b = at[0] & 0x40 ? v.size - a + (b & 3) - 1 : b & 31;
    }
    switch (at[0] & 15) {
    case 0:
        sub(v, a, b);
        break;
    case 1:
        table(v, a, b & 63, b >> 6);
        break;
    case 2:
        string(v, a);
        break;
    case 3:
        find(v, a, at + 9, at[0] >> 4 & 3);
        break;
    case 4:
        uleb(c);
        break;
    case 5:
        fixed(c, (size_t)1 << (b & 3));
        break;
    case 6: {
        size_t before = c->at;
        bool fits = !c->failed && (wide)before + b <= v.size;
        struct view taken = cursor_take(c, b);
        if (c->failed == fits || taken.size != (fits ? b : 0) || (fits && taken.data != v.data + before))
            abort();
        break;
    }
    case 7:
        *c = cursor_at(v, b & 1);
        break;
    default:
        table(v, a, b, a ^ b);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t steps = size ? data[0] % 8 : 0;
    if (size < 1 + steps * STEP)
        return 0;
    struct view v = {data + 1 + steps * STEP, size - 1 - steps * STEP};
    struct cursor c = cursor_at(v, false);
    size_t zeros = 0;
    while (zeros < v.size && v.data[zeros] == 0)
        zeros++;
    if (view_is_zero(v) != (zeros == v.size))
        abort();
    for (size_t i = 0; i < steps; i++)
        step(v, &c, data + 1 + i * STEP);
    while (!c.failed && c.at < v.size)
        uleb(&c);
    return 0;
}
