#include "tests/fuzz/mutate.h"

#include <string.h>

/* libFuzzer's. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *one, size_t one_size, const uint8_t *other, size_t other_size,
                                 uint8_t *out, size_t most, unsigned seed);

uint64_t roll(struct dice *dice, uint64_t sides)
{
    dice->state = dice->state * 6364136223846793005U + 1442695040888963407U;
    uint64_t high = dice->state >> 33;
    return sides ? high % sides : 0;
}

uint64_t get_number(const uint8_t *at, size_t width, bool big_endian)
{
    uint64_t value = 0;
    for (size_t i = 0; i < width; i++)
        value = value << 8 | at[big_endian ? i : width - 1 - i];
    return value;
}

void put_number(uint8_t *at, size_t width, bool big_endian, uint64_t value)
{
    for (size_t i = 0; i < width; i++, value >>= 8)
        at[big_endian ? width - 1 - i : i] = (uint8_t)value;
}

void shape_record(struct shape *shape, size_t at, bool big_endian, const char *layout, const struct values *values)
{
    static const char letters[] = "TOZCAFS";
    for (const char *l = layout; *l; l++) {
        const char *letter = memchr(letters, *l, sizeof letters - 1);
        size_t width = 0;
        while (l[1] >= '0' && l[1] <= '9')
            width = width * 10 + (size_t)(*++l - '0');
        if (letter && at <= shape->size && width <= shape->size - at && shape->field_count < FIELDS)
            shape->fields[shape->field_count++] =
                (struct field){at, width, (enum field_kind)(letter - letters), big_endian, values};
        at += width;
    }
}

void shape_text(struct shape *shape, uint64_t at, uint64_t size)
{
    if (size && at <= shape->size && size <= shape->size - at && shape->field_count < FIELDS)
        shape->fields[shape->field_count++] = (struct field){(size_t)at, (size_t)size, FIELD_STRING, false, NULL};
}

void shape_part(struct shape *shape, uint64_t at, uint64_t size, unsigned group)
{
    if (size && at <= shape->size && size <= shape->size - at && shape->part_count < PARTS)
        shape->parts[shape->part_count++] = (struct part){(size_t)at, (size_t)size, group};
}

/* Another field of the kind, for values that are in use elsewhere. */
static uint64_t like(const uint8_t *data, const struct shape *shape, enum field_kind kind, struct dice *dice)
{
    for (unsigned tries = 0; tries < 16; tries++) {
        const struct field *f = &shape->fields[roll(dice, shape->field_count)];
        if (f->kind == kind)
            return get_number(data + f->at, f->width, f->big_endian);
    }
    return 0;
}

static uint64_t edge(struct dice *dice)
{
    static const uint64_t edges[] = {0,
                                     1,
                                     0x7f,
                                     0xff,
                                     0xfff,
                                     0x1000,
                                     0x4000,
                                     0xffff,
                                     0x10000,
                                     0x7fffffff,
                                     0x80000000,
                                     0xffffffff,
                                     1ULL << 32,
                                     1ULL << 47,
                                     1ULL << 62,
                                     INT64_MAX,
                                     1ULL << 63,
                                     UINT64_MAX,
                                     UINT64_MAX - 4095};
    return edges[roll(dice, sizeof edges / sizeof *edges)];
}

static uint64_t another(const uint8_t *data, const struct shape *shape, const struct field *f, struct dice *dice)
{
    uint64_t old = get_number(data + f->at, f->width, f->big_endian);
    if (f->kind == FIELD_TYPE && f->values && roll(dice, 4))
        return f->values->items[roll(dice, f->values->count)];
    if (f->kind == FIELD_FLAGS)
        return old ^ 1ULL << roll(dice, f->width * 8);
    switch (roll(dice, 9)) {
    case 0:
        return edge(dice);
    case 1:
        return old + 1 + roll(dice, 16);
    case 2:
        return old - 1 - roll(dice, 16);
    case 3:
        return f->kind == FIELD_COUNT ? roll(dice, 300) : shape->size - roll(dice, 64);
    case 4:
        return f->kind == FIELD_ADDRESS ? old ^ 1ULL << roll(dice, 48) : roll(dice, shape->size + 1);
    case 5:
        return (old & ~4095ULL) + 4096 * roll(dice, 3) - 4096;
    case 6:
        return old * 2;
    case 7:
        return UINT64_MAX - old + roll(dice, 3);
    default:
        return like(data, shape, f->kind, dice);
    }
}

static void edit_text(uint8_t *text, size_t size, struct dice *dice)
{
    static const uint8_t telling[] = {0, '/', '.', '$', '@', ':', 0xff, '\n', '_', '2'};
    size_t at = (size_t)roll(dice, size);
    switch (roll(dice, 4)) {
    case 0:
        memset(text + at, 'A', size - at);
        break;
    case 1:
        text[size - 1] = 0;
        break;
    default:
        text[at] = telling[roll(dice, sizeof telling)];
    }
}

static void edit_field(uint8_t *data, const struct shape *shape, struct dice *dice)
{
    const struct field *f = &shape->fields[roll(dice, shape->field_count)];
    if (f->kind == FIELD_STRING)
        edit_text(data + f->at, f->width, dice);
    else
        put_number(data + f->at, f->width, f->big_endian, another(data, shape, f, dice));
}

/* One record in the place of another, or two that change places. */
static void move_part(uint8_t *data, const struct shape *shape, struct dice *dice)
{
    uint8_t kept[256];
    if (!shape->part_count)
        return;
    const struct part *a = &shape->parts[roll(dice, shape->part_count)], *b = a;
    for (unsigned tries = 0; tries < 16 && (b == a || b->group != a->group); tries++)
        b = &shape->parts[roll(dice, shape->part_count)];
    size_t size = a->size < b->size ? a->size : b->size;
    if (size <= sizeof kept && roll(dice, 2)) {
        memcpy(kept, data + b->at, size);
        memmove(data + b->at, data + a->at, size);
        memcpy(data + a->at, kept, size);
    } else {
        memmove(data + b->at, data + a->at, size);
    }
}

/* Bytes in the contents of what a record speaks of. */
static void edit_range(uint8_t *data, const struct shape *shape, struct dice *dice)
{
    if (!shape->part_count)
        return;
    const struct part *p = &shape->parts[roll(dice, shape->part_count)];
    size_t at = p->at + (size_t)roll(dice, p->size), width = (size_t)1 << roll(dice, 4);
    if (width <= shape->size - at)
        put_number(data + at, width, false, roll(dice, 2) ? edge(dice) : like(data, shape, FIELD_ADDRESS, dice));
}

static size_t resize(uint8_t *data, size_t size, size_t most, const struct shape *shape, struct dice *dice)
{
    if (roll(dice, 2) && shape->part_count) {
        const struct part *p = &shape->parts[roll(dice, shape->part_count)];
        return p->at + (size_t)roll(dice, p->size + 1);
    }
    size_t more = (size_t)roll(dice, 256);
    if (more > most - size)
        return size;
    memset(data + size, (int)roll(dice, 256), more);
    return size + more;
}

enum { ELF, MACHO, NEITHER };

static unsigned shape_read(const uint8_t *data, size_t size, struct shape *shape)
{
    shape->size = size;
    shape->field_count = shape->part_count = 0;
    if (shape_elf(data, size, shape))
        return ELF;
    return shape_macho(data, size, shape) ? MACHO : NEITHER;
}

static void mend(unsigned format, uint8_t *data, size_t size, struct dice *dice)
{
    if (format == ELF)
        mend_elf(data, size, dice);
    else
        mend_macho(data, size, dice);
}

static struct shape shape, other_shape; /* too large for a stack */

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed)
{
    struct dice dice = {seed + 0x9e3779b97f4a7c15U};
    unsigned format = roll(&dice, 4) ? shape_read(data, size, &shape) : NEITHER;
    if (format == NEITHER || shape.field_count == 0)
        return LLVMFuzzerMutate(data, size, most);
    for (uint64_t edits = 1 + roll(&dice, 4); edits; edits--) {
        switch (roll(&dice, 10)) {
        case 0:
            move_part(data, &shape, &dice);
            break;
        case 1:
        case 2:
            edit_range(data, &shape, &dice);
            break;
        default:
            edit_field(data, &shape, &dice);
        }
    }
    if (roll(&dice, 16) == 0)
        size = resize(data, size, most, &shape, &dice);
    if (roll(&dice, 4))
        mend(format, data, size, &dice);
    return size ? size : 1;
}

/* The first file, with parts of the second in the place of parts of the same group. */
size_t LLVMFuzzerCustomCrossOver(const uint8_t *one, size_t one_size, const uint8_t *other, size_t other_size,
                                 uint8_t *out, size_t most, unsigned seed)
{
    struct dice dice = {seed + 0x9e3779b97f4a7c15U};
    size_t size = one_size < most ? one_size : most;
    memcpy(out, one, size);
    unsigned format = shape_read(out, size, &shape);
    if (format == NEITHER || shape_read(other, other_size, &other_shape) == NEITHER || !shape.part_count ||
        !other_shape.part_count)
        return size;
    for (uint64_t parts = 1 + roll(&dice, 6); parts; parts--) {
        const struct part *to = &shape.parts[roll(&dice, shape.part_count)],
                          *from = &other_shape.parts[roll(&dice, other_shape.part_count)];
        for (unsigned tries = 0; tries < 16 && from->group != to->group; tries++)
            from = &other_shape.parts[roll(&dice, other_shape.part_count)];
        memcpy(out + to->at, other + from->at, to->size < from->size ? to->size : from->size);
    }
    if (roll(&dice, 2))
        mend(format, out, size, &dice);
    return size;
}
