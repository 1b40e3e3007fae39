/* Universal files: the table of slices is held against the slices and against the file. */
#include "tests/formats/small_macho.h"

struct pair {
    struct subject s;
    struct make_universal u;
    uint8_t *amd64, *arm64;
};

static int start_pair(void **state)
{
    struct pair *p = calloc(1, sizeof *p);
    assert_non_null(p);
    make_macho_clean(&p->s.m, ARCH_AMD64);
    size_t size = make_macho_write(&p->s.m, &p->amd64);
    p->u.slices[0] = (struct make_universal_slice){.bytes = p->amd64, .size = size};
    make_macho_clean(&p->s.m, ARCH_ARM64);
    size = make_macho_write(&p->s.m, &p->arm64);
    p->u.slices[1] = (struct make_universal_slice){.bytes = p->arm64, .size = size};
    p->u.count = 2;
    *state = p;
    return 0;
}

static int finish_pair(void **state)
{
    struct pair *p = *state;
    forget(&p->s);
    free(p->amd64);
    free(p->arm64);
    free(p);
    return 0;
}

static uint8_t *join(struct pair *p)
{
    if (!p->s.bytes)
        p->s.size = make_universal_write(&p->u, &p->s.bytes);
    return p->s.bytes;
}

static const struct reading *look_at(struct pair *p)
{
    join(p);
    read_bytes(&p->s, p->s.bytes, p->s.size);
    assert_int_equal(p->s.reading.container, CONTAINER_UNIVERSAL);
    assert_true(p->s.reading.count >= 1);
    return &p->s.reading;
}

/* The defect stands in the file's list and in that of every slice. */
static void everywhere(const struct reading *reading, enum defect_id id)
{
    bool there = false;
    for (size_t i = 0; i < reading->defects.count; i++)
        there = there || reading->defects.items[i].id == id;
    assert_true(there);
    for (size_t i = 0; i < reading->count; i++)
        assert_true(defects(&reading->images[i], id) > 0);
}

static void two_clean_slices_make_a_clean_file(void **state)
{
    const struct reading *r = look_at(*state);
    assert_int_equal(r->count, 2);
    assert_int_equal(r->defects.total, 0);
    assert_true(is_sound(&r->images[0]) && is_sound(&r->images[1]));
    assert_string_equal(r->images[0].name, "amd64");
    assert_string_equal(r->images[1].name, "arm64");
    assert_int_equal(r->images[0].unowned.count, 0);
    assert_int_equal(r->images[1].signature, SIGNATURE_LINKER_SIGNED);
    assert_int_equal(r->images[1].stripped, ANSWER_YES);
}

static void offsets_count_from_the_file_and_the_table_is_remembered(void **state)
{
    struct pair *p = *state;
    const struct image *arm64 = &look_at(p)->images[1];
    uint64_t base = p->u.slices[1].offset;
    assert_int_equal(arm64->offset, base);
    assert_int_equal(arm64->size, p->u.slices[1].size);
    assert_int_equal(arm64->entry.offset, base + MAKE_MACHO_CODE);
    assert_int_equal(arm64->macho->signature_offset, base + p->s.m.at.signature);
    assert_int_equal(arm64->macho->fat_cputype, CPU_TYPE_ARM64);
    assert_int_equal(arm64->macho->fat_arch_offset, 8 + 20);
    assert_int_equal(memcmp(p->s.bytes + arm64->symbols.offset, p->arm64 + p->s.m.at.symbols, 16), 0);
}

static void two_slices_for_one_cpu_are_a_duplicate(void **state)
{
    struct pair *p = *state;
    p->u.slices[0] = p->u.slices[1];
    const struct reading *r = look_at(p);
    everywhere(r, DEFECT_ID_fat_duplicate);
    assert_string_equal(r->images[0].name, "arm64");
    assert_string_equal(r->images[1].name, "arm64#2");
}

static void capability_bits_make_no_other_cpu(void **state)
{
    struct pair *p = *state;
    p->u.slices[0] = p->u.slices[1];
    p->u.slices[0].cputype = CPU_TYPE_ARM64;
    p->u.slices[0].cpusubtype = 0x80000000;
    everywhere(look_at(p), DEFECT_ID_fat_duplicate);
}

static void arm64e_beside_arm64_is_no_duplicate(void **state)
{
    struct pair *p = *state;
    p->amd64[4] = 0x0c;
    p->amd64[8] = 2;
    const struct reading *r = look_at(p);
    assert_string_equal(r->images[0].name, "arm64e");
    assert_int_equal(r->defects.total, 0);
}

static void slices_that_share_bytes_overlap(void **state)
{
    struct pair *p = *state;
    p->u.slices[0].claimed = 0x9000; /* into the next */
    everywhere(look_at(p), DEFECT_ID_fat_overlap);
}

static void one_image_told_as_two_overlaps(void **state)
{
    struct pair *p = *state;
    p->u.slices[0].offset = p->u.slices[1].offset = 0x4000;
    const struct reading *r = look_at(p);
    everywhere(r, DEFECT_ID_fat_overlap);
    assert_int_equal(defects(&r->images[0], DEFECT_ID_fat_truth), 1);
}

static void a_slice_that_is_not_counted_is_found(void **state)
{
    struct pair *p = *state;
    for (int wide = 0; wide < 2; wide++) {
        forget(&p->s);
        p->u.wide = wide;
        p->u.hidden = 1;
        const struct reading *r = look_at(p);
        assert_int_equal(r->count, 2);
        everywhere(r, DEFECT_ID_fat_hidden);
        assert_int_equal(r->images[1].arch, ARCH_ARM64);
    }
}

static void an_entry_behind_the_table_that_leads_nowhere_hides_nothing(void **state)
{
    struct pair *p = *state;
    p->u.hidden = 1;
    p->u.slices[1].claimed = 0x1000000;
    const struct reading *r = look_at(p);
    assert_int_equal(r->count, 1);
    assert_int_equal(r->defects.total, 0);
    assert_true(r->images[0].unowned.count > 0);
}

static void a_table_that_names_another_cpu_lies(void **state)
{
    struct pair *p = *state;
    p->u.slices[0].cputype = CPU_TYPE_X86;
    p->u.slices[0].cpusubtype = 3;
    const struct reading *r = look_at(p);
    assert_only(&r->images[0], fat_truth);
    assert_int_equal(r->images[0].arch, ARCH_AMD64);
    assert_clean(&r->images[1]);
}

static void a_table_that_names_another_subtype_lies(void **state)
{
    struct pair *p = *state;
    p->u.slices[1].cputype = CPU_TYPE_ARM64;
    p->u.slices[1].cpusubtype = 2;
    assert_only(&look_at(p)->images[1], fat_truth);
}

static void a_wide_table_is_read_and_told(void **state)
{
    struct pair *p = *state;
    p->u.wide = true;
    const struct reading *r = look_at(p);
    assert_int_equal(r->count, 2);
    assert_only(&r->images[0], fat_magic_64);
    assert_only(&r->images[1], fat_magic_64);
    assert_int_equal(r->images[1].macho->fat_arch_offset, 8 + 32);
}

static void a_wide_slice_at_the_end_of_numbers_is_outside(void **state)
{
    struct pair *p = *state;
    p->u.wide = true;
    memset(join(p) + 8 + 8, 0xff, 16);
    const struct reading *r = look_at(p);
    assert_int_equal(r->count, 1);
    everywhere(r, DEFECT_ID_fat_slice);
}

static void a_little_endian_table_is_nothing_that_runs(void **state)
{
    struct pair *p = *state;
    p->u.little_endian = true;
    everywhere(look_at(p), DEFECT_ID_fat_header);
}

static void no_slices_are_no_program(void **state)
{
    struct pair *p = *state;
    join(p)[7] = 0;
    read_bytes(&p->s, p->s.bytes, p->s.size);
    for (size_t i = 0; i < p->s.reading.count; i++)
        assert_false(is_sound(&p->s.reading.images[i]));
}

static void more_slices_than_a_page_holds_are_refused(void **state)
{
    static const uint32_t counts[] = {205, 0x10000, 0x0ccccccd, 0x7fffffff, 0xffffffff};
    struct pair *p = *state;
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        forget(&p->s);
        p->u.announced = counts[i];
        join(p);
        read_bytes(&p->s, p->s.bytes, p->s.size);
        for (size_t k = 0; k < p->s.reading.count; k++)
            assert_false(is_sound(&p->s.reading.images[k]));
    }
}

static void a_count_that_takes_in_padding_names_bad_slices(void **state)
{
    struct pair *p = *state;
    p->u.announced = 3;
    const struct reading *r = look_at(p);
    assert_int_equal(r->count, 2);
    everywhere(r, DEFECT_ID_fat_slice);
}

static void a_slice_outside_the_file_is_not_read(void **state)
{
    struct pair *p = *state;
    p->u.slices[1].claimed = 0x100000;
    const struct reading *r = look_at(p);
    assert_int_equal(r->count, 1);
    everywhere(r, DEFECT_ID_fat_slice);
}

static void a_slice_over_the_table_or_of_no_bytes_is_not_read(void **state)
{
    struct pair *p = *state;
    for (size_t field = 8; field <= 12; field += 4) {
        forget(&p->s);
        memset(join(p) + 8 + 20 + field, 0, 4);
        assert_int_equal(look_at(p)->count, 1);
        everywhere(&p->s.reading, DEFECT_ID_fat_slice);
    }
}

static void a_slice_cut_by_its_size_is_damaged(void **state)
{
    struct pair *p = *state;
    p->u.slices[1].claimed = p->u.slices[1].size - 16;
    const struct reading *r = look_at(p);
    assert_int_equal(r->defects.total, 0);
    assert_false(is_sound(&r->images[1]));
    assert_true(is_sound(&r->images[0]));
}

static void alignment_is_kept_and_possible(void **state)
{
    static const uint32_t aligns[] = {13, 16, 32, 63, 64, 0xffffffff};
    struct pair *p = *state;
    p->u.slices[0].align = 12;
    p->u.slices[0].offset = 0x3000;
    for (size_t i = 0; i < sizeof aligns / sizeof *aligns; i++) {
        memset(join(p) + 8 + 16, (int)(aligns[i] >> 8), 3);
        p->s.bytes[8 + 19] = (uint8_t)aligns[i];
        everywhere(look_at(p), DEFECT_ID_fat_slice);
    }
    p->s.bytes[8 + 16] = p->s.bytes[8 + 17] = p->s.bytes[8 + 18] = 0;
    p->s.bytes[8 + 19] = 12;
    assert_int_equal(look_at(p)->defects.total, 0);
}

static void a_slice_that_is_no_mach_o_is_told(void **state)
{
    struct pair *p = *state;
    memcpy(p->arm64,
           "\x7f"
           "ELF",
           4);
    const struct reading *r = look_at(p);
    assert_int_equal(r->count, 2);
    assert_only(&r->images[1], fat_slice);
    assert_false(r->images[1].judged);
    assert_int_equal(r->images[1].kind, KIND_DATA);
    assert_clean(&r->images[0]);
}

static void a_universal_file_inside_another_is_no_image(void **state)
{
    struct pair *p = *state;
    memcpy(p->arm64, "\xca\xfe\xba\xbe\0\0\0\1", 8);
    assert_only(&look_at(p)->images[1], fat_slice);
}

static void an_archive_of_objects_is_named(void **state)
{
    struct pair *p = *state;
    memcpy(p->arm64, "!<arch>\n", 8);
    const struct image *archive = &look_at(p)->images[1];
    assert_int_equal(archive->kind, KIND_ARCHIVE);
    assert_string_equal(archive->machine, "ar archive");
    assert_false(archive->judged);
    assert_clean(archive);
}

static void a_slice_of_32_bits_is_named_and_not_judged(void **state)
{
    static const uint8_t image[32] = {0xce, 0xfa, 0xed, 0xfe, 7, 0, 0, 0, 3, 0, 0, 0, 2};
    struct pair *p = *state;
    p->u.slices[0] = (struct make_universal_slice){.bytes = image, .size = sizeof image};
    const struct reading *r = look_at(p);
    assert_string_equal(r->images[0].name, "386");
    assert_false(r->images[0].judged);
    assert_true(is_sound(&r->images[1]));
}

/* What lipo -segalign arm64 1000 makes of two libraries is aligned as its table says, and dyld maps the half of it. Companions
 * as dsymutil writes them (PyPI: pyobjc-core 13.0, objc/_objc.cpython-312-darwin.so.dSYM) are no more than data. */
static void a_slice_that_is_loaded_stands_at_a_page(void **state)
{
    enum { OBJECT = 1, DYLIB = 6, BUNDLE = 8, DSYM = 10 };
    static const struct {
        uint8_t filetype;
        uint32_t offset;
        size_t wrong;
    } cases[] = {
        {DYLIB, 0x21000, 1}, {BUNDLE, 0x22000, 1}, {DYLIB, 0x24000, 0}, {OBJECT, 0x21000, 0}, {DSYM, 0x21000, 0}};
    struct pair *p = *state;
    p->u.slices[0].align = 12;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        p->arm64[12] = cases[i].filetype;
        p->u.slices[1].offset = cases[i].offset;
        p->u.slices[1].align = 12;
        free(p->s.bytes);
        p->s.bytes = NULL;
        const struct reading *r = look_at(p);
        assert_int_equal(r->defects.total, 0);
        assert_int_equal(defects(&r->images[0], DEFECT_ID_fat_slice), 0);
        assert_int_equal(defects(&r->images[1], DEFECT_ID_fat_slice), cases[i].wrong);
    }
}

static void bytes_between_slices_have_no_owner(void **state)
{
    struct pair *p = *state;
    memcpy(join(p) + 0x1000, "#!/bin/sh", 9);
    const struct range_list *unowned = &look_at(p)->images[0].unowned;
    assert_int_equal(unowned->count, 1);
    assert_int_equal(unowned->items[0].offset, 8 + 2 * 20);
    assert_string_equal(unowned->items[0].what, "script");
}

static void bytes_behind_the_last_slice_have_none_either(void **state)
{
    struct pair *p = *state;
    p->u.trailing = "payload";
    p->u.trailing_size = 7;
    const struct range_list *unowned = &look_at(p)->images[0].unowned;
    assert_int_equal(unowned->count, 1);
    assert_int_equal(unowned->items[0].offset, p->s.size - 7);
    assert_int_equal(unowned->items[0].size, 7);
}

static void a_file_cut_short_is_never_sound(void **state)
{
    struct pair *p = *state;
    join(p);
    for (size_t size = 0; size < p->s.size; size++) {
        uint8_t *cut = malloc(size + 1); /* of its own, so that a reader beyond the end is caught */
        memcpy(cut, p->s.bytes, size);
        read_bytes(&p->s, cut, size);
        for (size_t i = 0; i < p->s.reading.count; i++)
            assert_false(is_sound(&p->s.reading.images[i]));
        free(cut);
    }
}

#define PAIR(f) cmocka_unit_test_setup_teardown(f, start_pair, finish_pair)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAIR(two_clean_slices_make_a_clean_file),
        PAIR(offsets_count_from_the_file_and_the_table_is_remembered),
        PAIR(two_slices_for_one_cpu_are_a_duplicate),
        PAIR(capability_bits_make_no_other_cpu),
        PAIR(arm64e_beside_arm64_is_no_duplicate),
        PAIR(slices_that_share_bytes_overlap),
        PAIR(one_image_told_as_two_overlaps),
        PAIR(a_slice_that_is_not_counted_is_found),
        PAIR(an_entry_behind_the_table_that_leads_nowhere_hides_nothing),
        PAIR(a_table_that_names_another_cpu_lies),
        PAIR(a_table_that_names_another_subtype_lies),
        PAIR(a_wide_table_is_read_and_told),
        PAIR(a_wide_slice_at_the_end_of_numbers_is_outside),
        PAIR(a_little_endian_table_is_nothing_that_runs),
        PAIR(no_slices_are_no_program),
        PAIR(more_slices_than_a_page_holds_are_refused),
        PAIR(a_count_that_takes_in_padding_names_bad_slices),
        PAIR(a_slice_outside_the_file_is_not_read),
        PAIR(a_slice_over_the_table_or_of_no_bytes_is_not_read),
        PAIR(a_slice_cut_by_its_size_is_damaged),
        PAIR(alignment_is_kept_and_possible),
        PAIR(a_slice_that_is_loaded_stands_at_a_page),
        PAIR(a_slice_that_is_no_mach_o_is_told),
        PAIR(a_universal_file_inside_another_is_no_image),
        PAIR(an_archive_of_objects_is_named),
        PAIR(a_slice_of_32_bits_is_named_and_not_judged),
        PAIR(bytes_between_slices_have_no_owner),
        PAIR(bytes_behind_the_last_slice_have_none_either),
        PAIR(a_file_cut_short_is_never_sound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
