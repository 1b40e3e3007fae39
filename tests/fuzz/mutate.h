/* The mutator of the targets that read programs: it knows where the fields of a file are and what they mean, changes
 * some of them, and puts some of what it broke right again, so that a reader is led deeper than the first test of a
 * header. libFuzzer's own mutations take turns with it. */
#ifndef ASSAY_TESTS_FUZZ_MUTATE_H
#define ASSAY_TESTS_FUZZ_MUTATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum field_kind { FIELD_TYPE, FIELD_OFFSET, FIELD_SIZE, FIELD_COUNT, FIELD_ADDRESS, FIELD_FLAGS, FIELD_STRING };

struct values { /* what a field of a kind TYPE may hold */
    size_t count;
    const uint32_t *items;
};

struct field {
    size_t at, width; /* bytes; STRING: any width, others 1, 2, 4 or 8 */
    enum field_kind kind;
    bool big_endian;
    const struct values *values; /* TYPE */
};

struct part { /* a record of a table, or a range of bytes that a record speaks of */
    size_t at, size;
    unsigned group; /* parts of one group can take each other's place */
};

enum { FIELDS = 4096, PARTS = 512, TABLE_MOST = 48 /* records that are looked at, a table */ };
struct shape {
    size_t size; /* of the file */
    size_t field_count, part_count;
    struct field fields[FIELDS];
    struct part parts[PARTS];
};

enum { GROUP_RANGE, GROUP_PHDR, GROUP_SHDR, GROUP_DYN, GROUP_COMMAND, GROUP_SECTION, GROUP_ARCH };

/* Adds the fields of one record, which `layout` describes: a letter a field, and its bytes: T type, O offset, Z size, C
 * count, A address, F flags, S string, a dot for bytes that mean nothing. Those past the end are left out. */
void shape_record(struct shape *shape, size_t at, bool big_endian, const char *layout, const struct values *values);
void shape_text(struct shape *shape, uint64_t at, uint64_t size);
void shape_part(struct shape *shape, uint64_t at, uint64_t size, unsigned group);

/* False: the bytes are not of that format. */
bool shape_elf(const uint8_t *data, size_t size, struct shape *shape);
bool shape_macho(const uint8_t *data, size_t size, struct shape *shape); /* universal files too */

struct dice {
    uint64_t state;
};
uint64_t roll(struct dice *dice, uint64_t sides);

/* Each puts one thing right after another, or leaves it broken, by chance. */
void mend_elf(uint8_t *data, size_t size, struct dice *dice);
void mend_macho(uint8_t *data, size_t size, struct dice *dice);

uint64_t get_number(const uint8_t *at, size_t width, bool big_endian);
void put_number(uint8_t *at, size_t width, bool big_endian, uint64_t value);

#endif
