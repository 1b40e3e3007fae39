/* Where the fields of a Mach-O or universal file are: <mach-o/loader.h>, <mach-o/fat.h>, and XNU's
 * osfmk/kern/cs_blobs.h for the code signature. */
#include "tests/fuzz/mutate.h"

#include <string.h>

#define VALUES(name, ...)                                                                                              \
    static const uint32_t name##_items[] = {__VA_ARGS__};                                                              \
    static const struct values name = {sizeof name##_items / sizeof *name##_items, name##_items}

#define MAGIC_64       0xfeedfacfU
#define MAGIC_32       0xfeedfaceU
#define FAT            0xcafebabeU
#define FAT_64         0xcafebabfU
#define SUPERBLOB      0xfade0cc0U
#define CODE_DIRECTORY 0xfade0c02U

enum { SEGMENT_64 = 0x19, SIGNATURE = 0x1d, SLICES = 6 };

VALUES(header_types, 7, 12, 18, 0x01000007, 0x0100000c, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0x80000003, 0x80000002);
VALUES(commands, 0x1, 0x2, 0x4, 0x5, 0xb, 0xc, 0xd, 0xe, 0xf, 0x10, 0x80000018, 0x19, 0x1b, 0x8000001c, 0x1d, 0x1e,
       0x8000001f, 0x20, 0x21, 0x22, 0x80000022, 0x80000023, 0x24, 0x25, 0x26, 0x27, 0x80000028, 0x29, 0x2a, 0x2b, 0x2c,
       0x2d, 0x2e, 0x2f, 0x30, 0x31, 0x32, 0x80000033, 0x80000034, 0x80000035, 0x36, 0x37, 0x7fff);
VALUES(blobs, SUPERBLOB, CODE_DIRECTORY, 0xfade0c01U, 0xfade7171U, 0xfade7172U, 0xfade0b01U, 0, 1, 2, 5, 7, 0x1000,
       0x10000);

/* The layout behind cmd and cmdsize. */
static const struct {
    uint32_t command; /* without LC_REQ_DYLD */
    const char *layout;
} layouts[] = {
    {0x19, "S16A8Z8O8Z8F4F4C4F4"},
    {0x1, "S16A4Z4O4Z4F4F4C4F4"},
    {0x2, "O4C4O4Z4"},
    {0xb, "C4C4C4C4C4C4O4C4O4C4O4C4O4C4O4C4O4C4"},
    {0xc, "O4T4T4T4S16"},
    {0xd, "O4T4T4T4S16"},
    {0x18, "O4T4T4T4S16"},
    {0x1f, "O4T4T4T4S16"},
    {0xe, "O4S12"},
    {0xf, "O4S12"},
    {0x27, "O4S12"},
    {0x1c, "O4S12"},
    {0x1b, "S16"},
    {0x5, "T4C4A8A8A8"},
    {0x28, "O8Z8"},
    {0x24, "T4T4"},
    {0x2a, "T8"},
    {0x32, "T4T4T4C4"},
    {0x21, "O4Z4T4"},
    {0x2c, "O4Z4T4"},
    {0x22, "O4Z4O4Z4O4Z4O4Z4O4Z4"},
};

static bool fits(const struct shape *shape, uint64_t at, uint64_t size)
{
    return at <= shape->size && size <= shape->size - at;
}

/* Everything in a code signature is big-endian. */
static void shape_signature(const uint8_t *data, struct shape *shape, size_t at, size_t size)
{
    if (size < 12 || get_number(data + at, 4, true) != SUPERBLOB)
        return;
    uint64_t count = get_number(data + at + 8, 4, true);
    shape_record(shape, at, true, "T4Z4C4", &blobs);
    for (size_t i = 0; i < count && i < 8 && 12 + (i + 1) * 8 <= size; i++) {
        uint64_t blob = at + get_number(data + at + 12 + i * 8 + 4, 4, true);
        shape_record(shape, at + 12 + i * 8, true, "T4O4", &blobs);
        if (!fits(shape, blob, 44))
            continue;
        bool directory = get_number(data + blob, 4, true) == CODE_DIRECTORY;
        shape_record(shape, (size_t)blob, true, directory ? "T4Z4T4F4O4O4C4C4Z4Z1T1T1Z1Z4O4O4Z4Z8A8Z8F8" : "T4Z4",
                     &blobs);
    }
}

static void shape_command(const uint8_t *data, struct shape *shape, size_t base, size_t at, size_t size, bool big)
{
    uint32_t type = (uint32_t)get_number(data + at, 4, big) & 0x7fffffffU;
    const char *layout = "O4Z4"; /* linkedit_data_command, as most others are */
    for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++)
        if (layouts[i].command == type)
            layout = layouts[i].layout;
    shape_record(shape, at, big, "T4Z4", &commands);
    shape_record(shape, at + 8, big, layout, NULL);
    shape_part(shape, at, size, GROUP_COMMAND);
    if (type == SEGMENT_64 && size >= 72) {
        uint64_t count = get_number(data + at + 64, 4, big);
        shape_part(shape, base + get_number(data + at + 40, 8, big), get_number(data + at + 48, 8, big), GROUP_RANGE);
        for (size_t i = 0; i < count && i < TABLE_MOST && 72 + (i + 1) * 80 <= size; i++) {
            shape_record(shape, at + 72 + i * 80, big, "S16S16A8Z8O4C4O4C4F4F4F4F4", NULL);
            shape_part(shape, at + 72 + i * 80, 80, GROUP_SECTION);
        }
    }
    if (type == SIGNATURE && size >= 16) {
        uint64_t offset = base + get_number(data + at + 8, 4, big), bytes = get_number(data + at + 12, 4, big);
        shape_part(shape, offset, bytes, GROUP_RANGE);
        if (fits(shape, offset, bytes))
            shape_signature(data, shape, (size_t)offset, (size_t)bytes);
    }
}

static bool shape_thin(const uint8_t *data, size_t size, struct shape *shape, size_t base)
{
    if (size < 28)
        return false;
    uint64_t little = get_number(data + base, 4, false), magic = get_number(data + base, 4, true);
    bool big = magic == MAGIC_64 || magic == MAGIC_32, wide = little == MAGIC_64 || magic == MAGIC_64;
    if (!big && !wide && little != MAGIC_32)
        return false;
    uint64_t count = get_number(data + base + 16, 4, big);
    size_t at = wide ? 32 : 28;
    shape_record(shape, base + 4, big, "T4T4T4C4Z4F4", &header_types);
    for (size_t i = 0; i < count && i < TABLE_MOST && at + 8 <= size; i++) {
        uint64_t length = get_number(data + base + at + 4, 4, big);
        if (length < 8 || length > size - at)
            break;
        shape_command(data, shape, base, base + at, (size_t)length, big);
        at += (size_t)length;
    }
    return true;
}

bool shape_macho(const uint8_t *data, size_t size, struct shape *shape)
{
    uint64_t magic = size >= 8 ? get_number(data, 4, true) : 0;
    if (magic != FAT && magic != FAT_64)
        return shape_thin(data, size, shape, 0);
    bool wide = magic == FAT_64;
    size_t stride = wide ? 32 : 20;
    uint64_t count = get_number(data + 4, 4, true);
    shape_record(shape, 0, true, "T4C4", NULL);
    for (size_t i = 0; i < count && i < SLICES && 8 + (i + 1) * stride <= size; i++) {
        size_t at = 8 + i * stride;
        shape_record(shape, at, true, wide ? "T4T4O8Z8C4.4" : "T4T4O4Z4C4", &header_types);
        shape_part(shape, at, stride, GROUP_ARCH);
        uint64_t offset = get_number(data + at + 8, wide ? 8 : 4, true),
                 length = get_number(data + at + (wide ? 16 : 12), wide ? 8 : 4, true);
        shape_part(shape, offset, length, GROUP_RANGE);
        if (fits(shape, offset, length))
            (void)shape_thin(data, (size_t)length, shape, (size_t)offset);
    }
    return true;
}

/* ncmds and sizeofcmds as the commands have them. */
static void mend_thin(uint8_t *data, size_t size, struct dice *dice)
{
    if (size < 32)
        return;
    bool big = get_number(data, 4, true) == MAGIC_64 || get_number(data, 4, true) == MAGIC_32;
    if (get_number(data, 4, true) != MAGIC_64 && roll(dice, 4))
        put_number(data, 4, big = false, MAGIC_64);
    if (roll(dice, 2))
        put_number(data + 4, 4, big, roll(dice, 2) ? 0x01000007 : 0x0100000c);
    if (roll(dice, 4))
        put_number(data + 12, 4, big, roll(dice, 8) ? 2 : 6);
    uint64_t told = get_number(data + 16, 4, big), count = 0;
    size_t at = 32;
    for (; count < told && count < TABLE_MOST && at + 8 <= size; count++) {
        uint64_t length = get_number(data + at + 4, 4, big);
        if (length < 8 || length % 8 || length > size - at) {
            if (roll(dice, 2))
                break;
            length = 8 + 8 * roll(dice, 16);
            if (length > size - at)
                break;
            put_number(data + at + 4, 4, big, length);
        }
        at += (size_t)length;
    }
    if (roll(dice, 8))
        put_number(data + 20, 4, big, at - 32);
    if (roll(dice, 2))
        put_number(data + 16, 4, big, count);
}

void mend_macho(uint8_t *data, size_t size, struct dice *dice)
{
    uint64_t magic = size >= 8 ? get_number(data, 4, true) : 0;
    if (magic != FAT) {
        mend_thin(data, size, dice);
        return;
    }
    uint64_t count = get_number(data + 4, 4, true);
    for (size_t i = 0; i < count && i < SLICES && 8 + (i + 1) * 20 <= size; i++) {
        uint8_t *at = data + 8 + i * 20;
        uint64_t offset = get_number(at + 8, 4, true), length = get_number(at + 12, 4, true);
        if (roll(dice, 2) && offset >= size)
            put_number(at + 8, 4, true, offset = roll(dice, size));
        if (roll(dice, 2) && offset < size && length > size - offset)
            put_number(at + 12, 4, true, length = size - offset);
        if (offset < size && length <= size - offset && length >= 32) {
            mend_thin(data + offset, (size_t)length, dice);
            if (roll(dice, 2)) /* the same architecture in both headers */
                put_number(at, 4, true, get_number(data + offset + 4, 4, false));
        }
    }
}
