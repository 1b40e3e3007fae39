/* Signatures with several CodeDirectories (XNU's cs_blobs.h), and universal files of many slices. */
#include "tests/formats/raw_macho.h"

#include "formats/limits.h"

/* ---- several CodeDirectories: the best hash counts (XNU ubc_subr.c, hashPriorities) ---- */

enum { SLOT_ALTERNATE = 0x1000, CD_SIZE = 44 + 8 /* version 0x20001, one hash of at most 48 bytes behind it */ };

static void put_be(size_t at, uint32_t value)
{
    for (size_t i = 0; i < 4; i++)
        raw.bytes[at + i] = (uint8_t)(value >> 8 * (3 - i));
}

struct code_directory {
    uint32_t slot;
    uint8_t type, size; /* of a hash */
};

/* A library of one page that is signed by these, each with its slot for an identifier. */
static const struct image *signed_by(struct subject *s, const struct code_directory *directories, size_t count)
{
    raw_image(true, MH_DYLIB);
    uint32_t at = 32 + 16, each = 128;
    command(LC_CODE_SIGNATURE, 16, (const uint32_t[]){at, AREA}, 2);
    put_be(at, 0xfade0cc0);
    put_be(at + 4, AREA);
    put_be(at + 8, (uint32_t)count);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t blob = 12 + 8 * (uint32_t)count + i * each;
        put_be(at + 12 + i * 8, directories[i].slot);
        put_be(at + 16 + i * 8, blob);
        const uint32_t words[] = {0xfade0c02, each, 0x20001, 2 /* CS_ADHOC */, 60, 44, 0, 1, at};
        for (size_t k = 0; k < 9; k++)
            put_be(at + blob + k * 4, words[k]);
        raw.bytes[at + blob + 36] = directories[i].size;
        raw.bytes[at + blob + 37] = directories[i].type;
        raw.bytes[at + blob + 39] = 12;
        raw.bytes[at + blob + 44] = (uint8_t)('0' + i);
    }
    return read_raw(s, AREA);
}

static void of_several_directories_the_best_hash_counts(void **state)
{
    static const struct {
        struct code_directory directories[3];
        size_t count;
        const char *best; /* NULL: the signature is broken */
    } cases[] = {
        {{{0, 1, 20}}, 1, "0"},
        {{{0, 1, 20}, {SLOT_ALTERNATE, 2, 32}}, 2, "1"}, /* SHA-1, then SHA-256 */
        {{{0, 2, 32}, {SLOT_ALTERNATE, 1, 20}}, 2, "0"},
        {{{0, 2, 32}, {SLOT_ALTERNATE, 3, 20}}, 2, "0"}, /* SHA-256 cut to 20 bytes is worth less */
        {{{0, 2, 32}, {SLOT_ALTERNATE, 4, 48}}, 2, "1"},
        {{{0, 1, 20}, {SLOT_ALTERNATE, 4, 48}, {SLOT_ALTERNATE + 4, 2, 32}}, 3, "1"},
        {{{0, 2, 32}, {SLOT_ALTERNATE + 5, 2, 32}}, 2, "0"}, /* no slot of a directory */
        {{{0, 2, 32}, {SLOT_ALTERNATE + 4, 2, 32}}, 2, NULL},
        {{{0, 2, 32}, {SLOT_ALTERNATE - 1, 2, 32}}, 2, "0"},
        {{{2, 2, 32}}, 1, NULL}, /* requirements alone */
        {{{0, 5, 32}}, 1, NULL},
        {{{0, 4, 32}}, 1, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct image *image = signed_by(*state, cases[i].directories, cases[i].count);
        assert_int_equal(image->signature, cases[i].best ? SIGNATURE_AD_HOC : SIGNATURE_BROKEN);
        if (cases[i].best)
            assert_string_equal(image->macho->identifier, cases[i].best);
    }
}

static void a_wrapper_of_something_else_is_no_cms(void **state)
{
    struct subject *s = *state;
    s->m.signature.flags = 0;
    s->m.signature.cms = true;
    uint8_t *bytes = seal(s);
    size_t blob = s->m.at.signature + (size_t)make_macho_get(bytes + s->m.at.signature + 27, 1) +
                  ((size_t)bytes[s->m.at.signature + 26] << 8);
    assert_int_equal(look(s)->signature, SIGNATURE_CMS);
    bytes[blob + 3] ^= 1; /* its magic */
    assert_int_equal(look(s)->signature, SIGNATURE_BROKEN);
    bytes[blob + 3] ^= 1;
    for (uint8_t length = 8; length < 24; length++) { /* a header alone holds no signature */
        memcpy(bytes + blob + 4, (const uint8_t[]){0, 0, 0, length}, 4);
        const struct image *image = look(s);
        assert_int_equal(image->signature, length > 8 ? SIGNATURE_CMS : SIGNATURE_BROKEN);
        assert_int_equal(defects(image, DEFECT_ID_macho_signature), length > 8 && length <= 20);
    }
    for (size_t i = 8; i < 21; i++) { /* nor do other bytes, but for the length, which nobody needs */
        bytes[blob + i] ^= 0x40;
        const struct image *image = look(s);
        assert_int_equal(image->signature, SIGNATURE_CMS);
        assert_int_equal(defects(image, DEFECT_ID_macho_signature), i != 9);
        bytes[blob + i] ^= 0x40;
    }
}

/* ---- universal files of many slices ---- */

/* `count` slices of `size` bytes, `apart` bytes from each other, all of one thin image's first bytes. */
static const struct reading *read_slices(struct subject *s, uint32_t count, uint32_t size, uint32_t apart,
                                         uint8_t filler)
{
    uint32_t first = 8 + 20 * count, total = first + apart * count + size;
    raw_image(true, MH_OBJECT);
    memset(raw.bytes + first, filler, total - first);
    put_be(0, 0xcafebabe);
    put_be(4, count);
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t arch[] = {CPU_TYPE_ARM64, i, first + i * apart, size, 0};
        for (size_t k = 0; k < 5; k++)
            put_be(8 + i * 20 + k * 4, arch[k]);
        const uint32_t thin[] = {0xfeedfacf, CPU_TYPE_ARM64, i, MH_OBJECT, 0, 0, 0, 0};
        for (size_t k = 0; k < 8; k++)
            word(first + i * apart + k * 4, thin[k], 4);
    }
    read_bytes(s, raw.bytes, total);
    return &s->reading;
}

static void as_many_slices_as_are_judged(void **state)
{
    const struct reading *r = read_slices(*state, LIMIT_IMAGES, 64, 64, 0);
    assert_int_equal(r->count, LIMIT_IMAGES);
    assert_int_equal(r->images[0].unowned.known, KNOWN_COMPLETE);
    for (size_t i = 0; i < r->defects.count; i++)
        assert_int_not_equal(r->defects.items[i].id, DEFECT_ID_fat_header);
    r = read_slices(*state, LIMIT_IMAGES + 1, 64, 64, 0);
    assert_int_equal(r->count, LIMIT_IMAGES);
    bool told = false;
    for (size_t i = 0; i < r->defects.count; i++)
        told |= r->defects.items[i].id == DEFECT_ID_fat_header;
    assert_true(told);
}

/* More gaps with something in them than are kept. */
static void as_many_gaps_as_are_kept(void **state)
{
    const struct reading *r = read_slices(*state, LIMIT_RANGES - 1, 64, 128, 0xcd); /* and one in the first image */
    assert_int_equal(r->images[0].unowned.known, KNOWN_COMPLETE);
    assert_int_equal(r->images[0].unowned.count, LIMIT_RANGES);
    r = read_slices(*state, LIMIT_RANGES + 1, 64, 128, 0xcd);
    assert_int_equal(r->images[0].unowned.known, KNOWN_BROKEN);
    assert_int_equal(r->images[0].unowned.count, LIMIT_RANGES);
}

/* Slices that share their bytes are read until they are twice as large as the file. */
static void bytes_are_not_read_again_and_again(void **state)
{
    const struct reading *r = read_slices(*state, 5, AREA, 32, 0);
    uint64_t spent = 0, total = ((struct subject *)*state)->file.size;
    assert_int_equal(r->count, 5);
    for (size_t i = 0; i < 5; i++) {
        bool again = spent + AREA > 2 * total;
        spent += again ? 0 : AREA;
        assert_int_equal(r->images[i].kind == KIND_DATA, again);
        if (again)
            assert_string_equal(r->images[i].machine, "a slice of bytes that were read already");
    }
    assert_int_equal(r->images[4].kind, KIND_DATA);
    assert_int_equal(defects(&r->images[4], DEFECT_ID_fat_slice), 0);
}

static void slices_of_one_name_are_told_apart(void **state)
{
    struct subject *s = *state;
    static const uint32_t subtypes[] = {2, 0, 0, 0, 2};
    static const char *const names[] = {"arm64e", "arm64", "arm64#2", "arm64#3", "arm64e#2"};
    (void)read_slices(s, 5, 64, 64, 0);
    for (uint32_t i = 0; i < 5; i++) {
        put_be(8 + i * 20 + 4, subtypes[i]);
        word(8 + 100 + i * 64 + 8, subtypes[i], 4);
    }
    read_bytes(s, raw.bytes, 8 + 100 + 5 * 64 + 64);
    assert_int_equal(s->reading.count, 5);
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(s->reading.images[i].name, names[i]);
}

static void the_four_magics_of_universal_files(void **state)
{
    static const uint32_t magics[] = {0xcafebabe, 0xcafebabf, 0xbebafeca, 0xbfbafeca};
    struct subject *s = *state;
    for (size_t i = 0; i < 4; i++) {
        bool little = i >= 2, wide = i % 2;
        size_t stride = wide ? 32 : 20, size = wide ? 8 : 4;
        raw_image(true, MH_OBJECT);
        memset(raw.bytes, 0, 32);
        put_be(0, magics[i]);
        raw.bytes[little ? 4 : 7] = 1;
        const uint64_t fields[] = {CPU_TYPE_ARM64, 0, 8 + stride, 64};
        size_t at = 8;
        for (size_t k = 0; k < 4; k++) {
            size_t width = k < 2 ? 4 : size;
            for (size_t b = 0; b < width; b++)
                raw.bytes[at + (little ? b : width - 1 - b)] = (uint8_t)(fields[k] >> 8 * b);
            at += width;
        }
        word(8 + stride, 0xfeedfacf, 4);
        word(8 + stride + 4, CPU_TYPE_ARM64, 4);
        word(8 + stride + 12, MH_OBJECT, 4);
        read_bytes(s, raw.bytes, 8 + stride + 64);
        assert_int_equal(s->reading.count, 1);
        assert_string_equal(s->reading.images[0].name, "arm64");
        assert_int_equal(s->reading.images[0].offset, 8 + stride);
        assert_int_equal(defects(&s->reading.images[0], DEFECT_ID_fat_magic_64), wide);
        assert_int_equal(defects(&s->reading.images[0], DEFECT_ID_fat_header), little);
    }
}

/* Neither does a table of no slices lead to a library. */
static void a_wide_table_of_nothing(void **state)
{
    struct subject *s = *state;
    for (unsigned wide = 0; wide < 2; wide++) {
        raw_image(true, MH_OBJECT);
        memset(raw.bytes, 0, 64);
        put_be(0, 0xcafebabe + wide);
        read_bytes(s, raw.bytes, 64);
        assert_int_equal(defects(&s->reading.images[0], DEFECT_ID_fat_magic_64), wide);
    }
}

#define L(f) cmocka_unit_test_setup_teardown(f, start, end)
int main(void)
{
    const struct CMUnitTest tests[] = {
        L(of_several_directories_the_best_hash_counts),
        L(a_wrapper_of_something_else_is_no_cms),
        L(as_many_slices_as_are_judged),
        L(as_many_gaps_as_are_kept),
        L(bytes_are_not_read_again_and_again),
        L(slices_of_one_name_are_told_apart),
        L(the_four_magics_of_universal_files),
        L(a_wide_table_of_nothing),
    };
    return cmocka_run_group_tests_name("test_macho_slices", tests, NULL, NULL);
}
