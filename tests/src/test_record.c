/* The packed form of a record: nothing is lost on the way, and nothing that a worker gone
 * wrong could send instead is believed or brings the program down. */
#include "tests/src/sample_record.h" /* before cmocka.h, whose macro fail() it must not meet */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static struct arena arena, other;

static void pack(const struct record *record, struct bytes *out)
{
    out->size = 0;
    assert_true(record_pack(record, out));
}

/* Packed, unpacked and packed again: the same bytes; and the same reports. */
static void check_round(struct record *record)
{
    struct bytes first = {0}, second = {0};
    pack(record, &first);
    struct record *copy = record_unpack(&other, first.data, first.size);
    assert_non_null(copy);
    pack(copy, &second);
    assert_int_equal(first.size, second.size);
    assert_memory_equal(first.data, second.data, first.size);
    for (int inspection = 0; inspection < 2; inspection++) {
        char *a = sample_report(&report_json, record, inspection, true);
        char *b = sample_report(&report_json, copy, inspection, true);
        assert_string_equal(a, b);
        free(a);
        free(b);
    }
    free(first.data);
    free(second.data);
}

static void nothing_is_lost(void **state)
{
    (void)state;
    check_round(sample_record(&arena, "plain"));
    check_round(sample_record(&arena, ""));
    check_round(sample_record(&arena, "\x1b[2J\n\xff \xe2\x80\xae"));
    check_round(record_error(&arena, "gone", 7, "cannot be opened"));
    check_round(record_skipped(&arena, "README", "text"));
}

/* What was told with one record is not told with the next; whoever has not heard it takes nothing for it. */
static void records_in_a_row_are_told_once(void **state)
{
    (void)state;
    enum { ROW = 4 };
    static const char *const names[ROW] = {"one", "another", "", "one"};
    struct record_memory writer = {0}, reader = {0}, deaf = {0};
    struct bytes packed[ROW] = {0};
    for (size_t i = 0; i < ROW; i++) {
        struct record *record = sample_record(&arena, names[i]);
        assert_true(record_pack_next(record, &arena, &writer, &packed[i]));
        struct record *copy = record_unpack_next(&other, &reader, packed[i].data, packed[i].size);
        assert_non_null(copy);
        char *a = sample_report(&report_json, record, true, true), *b = sample_report(&report_json, copy, true, true);
        assert_string_equal(a, b);
        free(a);
        free(b);
    }
    assert_true(packed[3].size < packed[0].size);
    assert_null(record_unpack_next(&other, &deaf, packed[3].data, packed[3].size));
    assert_null(record_unpack(&other, packed[3].data, packed[3].size));
    for (size_t i = 0; i < ROW; i++)
        free(packed[i].data);
}

static void null_and_empty_texts_differ(void **state)
{
    (void)state;
    struct bytes packed = {0};
    struct record *record = sample_record(&arena, "x");
    record->images[0].interpreter = NULL;
    record->images[0].glibc_floor = "";
    pack(record, &packed);
    const struct record *copy = record_unpack(&other, packed.data, packed.size);
    assert_non_null(copy);
    assert_null(copy->images[0].interpreter);
    assert_string_equal(copy->images[0].glibc_floor, "");
    free(packed.data);
}

/* Reports write it as it stands. */
static void a_digest_that_is_none_is_refused(void **state)
{
    static const char *const digests[] = {"00ff", "\"",
                                          "00FF00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff",
                                          "00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00f\"",
                                          "00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff0"};
    (void)state;
    struct bytes packed = {0};
    struct record *record = sample_record(&arena, "plain");
    for (size_t i = 0; i < sizeof digests / sizeof *digests; i++) {
        record->sha256 = digests[i];
        pack(record, &packed);
        assert_null(record_unpack(&other, packed.data, packed.size));
    }
    record->sha256 = "";
    pack(record, &packed);
    assert_non_null(record_unpack(&other, packed.data, packed.size));
    free(packed.data);
}

static void a_cut_record_is_none(void **state)
{
    (void)state;
    struct bytes packed = {0};
    pack(sample_record(&arena, "plain"), &packed);
    for (size_t size = 0; size < packed.size; size++) {
        /* a buffer of just that size, so that a sanitizer sees the first byte read beyond it */
        uint8_t *cut = malloc(size ? size : 1);
        assert_non_null(cut);
        memcpy(cut, packed.data, size);
        if (record_unpack(&other, cut, size))
            fail_msg("a record cut at %zu of %zu bytes was taken", size, packed.size);
        free(cut);
        arena_reset(&other);
    }
    free(packed.data);
}

static void a_record_with_more_behind_it_is_none(void **state)
{
    (void)state;
    struct bytes packed = {0};
    const struct record *record = sample_record(&arena, "plain");
    pack(record, &packed);
    size_t once = packed.size;
    assert_true(record_pack(record, &packed));
    assert_int_equal(packed.size, 2 * once);
    assert_null(record_unpack(&other, packed.data, packed.size));
    assert_null(record_unpack(&other, packed.data, once + 1));
    free(packed.data);
}

/* Whatever changed on the way from a worker, the seal does not fit it. */
static void a_changed_byte_is_refused(void **state)
{
    (void)state;
    struct bytes packed = {0};
    pack(sample_record(&arena, "plain"), &packed);
    for (size_t at = 0; at < packed.size; at++)
        for (unsigned bit = 0; bit < 8; bit++) {
            packed.data[at] ^= (uint8_t)(1U << bit);
            assert_null(record_unpack(&other, packed.data, packed.size));
            packed.data[at] ^= (uint8_t)(1U << bit);
        }
    assert_non_null(record_unpack(&other, packed.data, packed.size));
    free(packed.data);
}

/* What a worker that was taken over could send: other bytes, and a seal that fits them. */
static struct record *unpack_sealed(struct bytes *packed)
{
    size_t size = packed->size - sizeof(uint64_t);
    uint64_t seal = record_seal(packed->data, size);
    memcpy(packed->data + size, &seal, sizeof seal);
    return record_unpack(&other, packed->data, packed->size);
}

/* There is one result for each rule: a count of more, with bytes enough behind it, makes nobody ask for memory. */
static void a_list_too_long_takes_no_memory(void **state)
{
    (void)state;
    enum { MANY = 1 << 20, SEAL = 8, COUNT = 3 };
    static const uint8_t count[COUNT] = {0x80, 0x80, 0x40}; /* MANY, in LEB128 */
    struct bytes packed = {0};
    struct record *record = sample_record(&arena, "plain");
    for (size_t i = 0; i < record->image_count; i++)
        record->images[i].result_count = 0;
    pack(record, &packed);
    assert_int_equal(packed.data[packed.size - SEAL - 1], 0); /* of the last image, where a record ends */
    assert_non_null(unpack_sealed(&packed));
    packed.size -= SEAL + 1;
    uint8_t *zeros = calloc(1, MANY + SEAL);
    assert_non_null(zeros);
    assert_true(bytes_add(&packed, count, COUNT) && bytes_add(&packed, zeros, MANY + SEAL));
    arena_free(&other);
    assert_null(unpack_sealed(&packed));
    assert_true(other.held < MANY);
    free(zeros);
    free(packed.data);
}

static void render(struct record *record)
{
    static const struct reporter *const all[] = {&report_json, &report_text};
    for (size_t i = 0; i < 2; i++) {
        free(sample_report(all[i], record, false, true));
        free(sample_report(all[i], record, true, true));
    }
}

static void a_changed_byte_brings_nothing_down(void **state)
{
    (void)state;
    static const uint8_t masks[] = {0x01, 0x02, 0x40, 0x80, 0xff};
    struct bytes packed = {0};
    size_t taken = 0, refused = 0;
    struct record *sample = sample_record(&arena, "ab");
    for (size_t i = 6; i < rule_count; i++) /* a few rules stand for all, or this takes long */
        sample->images[0].results[i].count = 0;
    sample->images[0].result_count = 6;
    pack(sample, &packed);
    for (size_t at = 0; at < packed.size - sizeof(uint64_t); at++)
        for (size_t i = 0; i < sizeof masks; i++) {
            packed.data[at] ^= masks[i];
            struct record *record = unpack_sealed(&packed);
            record ? taken++ : refused++;
            if (record)
                render(record);
            packed.data[at] ^= masks[i];
            arena_reset(&other);
        }
    assert_true(taken > 0);
    assert_true(refused > 0);
    free(packed.data);
}

/* Whole words, as lengths and counts are: the values at which sums overflow. */
static void a_changed_word_brings_nothing_down(void **state)
{
    (void)state;
    static const uint64_t values[] = {0,
                                      1,
                                      33,
                                      64,
                                      4096,
                                      INT32_MAX,
                                      1UL << 31,
                                      UINT32_MAX,
                                      1UL << 32,
                                      1UL << 60,
                                      1UL << 61,
                                      INT64_MAX,
                                      1UL << 63,
                                      UINT64_MAX,
                                      UINT64_MAX - 1,
                                      UINT64_MAX - 7,
                                      UINT64_MAX / 8};
    struct bytes packed = {0};
    pack(sample_record(&arena, "1234567"), &packed);
    for (size_t at = 0; at + sizeof *values <= packed.size; at++)
        for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
            uint64_t old;
            memcpy(&old, packed.data + at, sizeof old);
            memcpy(packed.data + at, &values[i], sizeof old);
            struct record *record = unpack_sealed(&packed);
            if (record && at % 3 == 0)
                render(record);
            memcpy(packed.data + at, &old, sizeof old);
            arena_reset(&other);
        }
    free(packed.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_lost),
        cmocka_unit_test(records_in_a_row_are_told_once),
        cmocka_unit_test(null_and_empty_texts_differ),
        cmocka_unit_test(a_digest_that_is_none_is_refused),
        cmocka_unit_test(a_cut_record_is_none),
        cmocka_unit_test(a_record_with_more_behind_it_is_none),
        cmocka_unit_test(a_changed_byte_is_refused),
        cmocka_unit_test(a_list_too_long_takes_no_memory),
        cmocka_unit_test(a_changed_byte_brings_nothing_down),
        cmocka_unit_test(a_changed_word_brings_nothing_down),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_free(&arena);
    arena_free(&other);
    return failed;
}
