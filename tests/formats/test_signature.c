/* The code signature: which kind it is, what it covers, and every field that can break it. */
#include <openssl/evp.h>
#include "tests/formats/small_macho.h"

static void a_program_without_the_command_is_not_signed(void **state)
{
    struct subject *s = *state;
    begin(s, ARCH_AMD64);
    assert_int_equal(look(s)->signature, SIGNATURE_NONE);
    assert_clean(s->reading.images);
}

static void the_linker_signs_with_a_flag_of_its_own(void **state)
{
    const struct image *image = look(*state);
    struct subject *s = *state;
    assert_int_equal(image->signature, SIGNATURE_LINKER_SIGNED);
    assert_string_equal(image->macho->identifier, "program");
    assert_null(image->macho->team);
    assert_int_equal(image->macho->signature_flags, 0x20002);
    assert_int_equal(image->macho->signature_offset, s->m.at.signature);
    assert_int_equal(image->macho->code_limit, s->m.at.signature);
}

static void codesign_signs_ad_hoc(void **state)
{
    struct subject *s = *state;
    s->m.signature.flags = 2;
    s->m.signature.page = 14;
    assert_int_equal(look(s)->signature, SIGNATURE_AD_HOC);
    assert_clean(s->reading.images);
}

static void a_cms_blob_is_the_signature_of_somebody(void **state)
{
    struct subject *s = *state;
    s->m.signature.flags = 0x10000; /* CS_RUNTIME */
    s->m.signature.cms = true;
    s->m.signature.team = "ABCDE12345";
    assert_int_equal(look(s)->signature, SIGNATURE_CMS);
    assert_clean(s->reading.images);
    assert_string_equal(s->reading.images->macho->team, "ABCDE12345");
}

static void neither_ad_hoc_nor_cms_is_no_kind_of_signature(void **state)
{
    struct subject *s = *state;
    s->m.signature.flags = 0;
    assert_int_equal(look(s)->signature, SIGNATURE_BROKEN);
}

static void an_empty_cms_blob_signs_nothing(void **state)
{
    struct subject *s = *state;
    s->m.signature.flags = 0;
    s->m.signature.cms = true;
    seal(s)[s->m.at.signature + 12 + 8 + 7] += 24; /* behind its header */
    assert_int_not_equal(look(s)->signature, SIGNATURE_CMS);
}

enum place { IN_AREA, IN_DIRECTORY };
static const struct damage {
    const char *what;
    enum place place;
    size_t at, size;
    uint32_t value; /* big-endian */
} damages[] = {
    {"the magic of the signature", IN_AREA, 0, 4, 0xfade0cc1},
    {"a signature shorter than its header", IN_AREA, 4, 4, 11},
    {"a signature longer than its area", IN_AREA, 4, 4, 0x10000},
    {"a count that the table cannot hold", IN_AREA, 8, 4, 0x20000000},
    {"no blobs", IN_AREA, 8, 4, 0},
    {"no CodeDirectory", IN_AREA, 12, 4, 2},
    {"a blob outside", IN_AREA, 16, 4, 0x10000},
    {"a blob cut by the end", IN_AREA, 16, 4, 0xfffffffc},
    {"the magic of the CodeDirectory", IN_DIRECTORY, 0, 4, 0xfade0c01},
    {"a CodeDirectory of no bytes", IN_DIRECTORY, 4, 4, 0},
    {"a CodeDirectory shorter than its version", IN_DIRECTORY, 4, 4, 44},
    {"a CodeDirectory longer than the signature", IN_DIRECTORY, 4, 4, 0x7fffffff},
    {"hashes outside", IN_DIRECTORY, 16, 4, 0xffffff00},
    {"hashes cut by the end", IN_DIRECTORY, 16, 4, 0x100},
    {"an identifier outside", IN_DIRECTORY, 20, 4, 0x10000},
    {"special hashes before the beginning", IN_DIRECTORY, 24, 4, 0x10000},
    {"a page without a hash", IN_DIRECTORY, 28, 4, 4},
    {"hashes without a page", IN_DIRECTORY, 28, 4, 0x100},
    {"the size of a hash", IN_DIRECTORY, 36, 1, 20},
    {"no hash type", IN_DIRECTORY, 37, 1, 0},
    {"an unknown hash type", IN_DIRECTORY, 37, 1, 9},
    {"a page too small", IN_DIRECTORY, 39, 1, 11},
    {"a page too large", IN_DIRECTORY, 39, 1, 17},
    {"a page of 8 KiB", IN_DIRECTORY, 39, 1, 13},
    {"an infinite page", IN_DIRECTORY, 39, 1, 0},
    {"a shift out of range", IN_DIRECTORY, 39, 1, 64},
    {"a team outside", IN_DIRECTORY, 48, 4, 0x10000},
    {"a limit of 2^63", IN_DIRECTORY, 56, 4, 0x80000000},
};

static void damage(struct subject *s, enum place place, size_t offset, size_t size, uint32_t value)
{
    uint8_t *at = seal(s) + offset + (place == IN_AREA ? s->m.at.signature : s->m.at.directory);
    for (size_t i = 0; i < size; i++)
        at[i] = (uint8_t)(value >> (8 * (size - 1 - i)));
}

static void each_damaged_field_breaks_the_signature(void **state)
{
    struct subject *s = *state;
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        const struct damage *d = &damages[i];
        forget(s);
        begin(s, ARCH_ARM64);
        damage(s, d->place, d->at, d->size, d->value);
        const struct image *image = look(s);
        if (image->signature != SIGNATURE_BROKEN || defects(image, DEFECT_ID_macho_signature) != 1)
            print_error("%s goes unnoticed\n", d->what);
        assert_int_equal(image->signature, SIGNATURE_BROKEN);
        assert_only(image, macho_signature);
    }
}

/* The kernel reads a page, and compares. */
static void a_changed_page_was_not_signed(void **state)
{
    struct subject *s = *state;
    struct file_options options = {1 << 24, false};
    seal(s)[MAKE_MACHO_FREE]++;
    assert_only(look(s), macho_signature_hash);
    assert_int_equal(s->reading.images->defects.items[0].offset, MAKE_MACHO_FREE & ~0xfff);
    assert_int_equal(s->reading.images->signature, SIGNATURE_LINKER_SIGNED);
    file_close(&s->file);
    memset(&s->file, 0, sizeof s->file);
    assert_int_equal(file_from_memory(&s->file, s->bytes, s->size, &options, NULL), STATUS_OK);
    read_file(&s->file, &(struct read_options){.code = false}, &s->reading); /* nobody looks */
    assert_clean(s->reading.images);
}

static void each_kind_of_hash_is_computed(void **state)
{
    static const struct {
        uint8_t size, type;
    } kinds[] = {{20, 1}, {32, 2}, {20, 3}, {48, 4}};
    struct subject *s = *state;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        enum { ZEROS = 0x1000 };
        uint8_t page[ZEROS] = {0}, digest[64];
        forget(s);
        begin(s, ARCH_ARM64)->signature.identifier = "a name that is long enough to make room for larger hashes, "
                                                     "which stand where it ends and take its place as they grow";
        uint8_t *directory = seal(s) + s->m.at.directory;
        size_t at = (size_t)directory[18] << 8 | directory[19], pages = directory[31];
        size_t from = at + pages * 32 - pages * kinds[i].size;
        for (size_t k = 0; k < pages; k++) {
            size_t left = s->m.at.signature - k * ZEROS;
            memcpy(page, s->bytes + k * ZEROS, left < ZEROS ? left : ZEROS);
            unsigned length = 0;
            assert_int_equal(EVP_Digest(page, left < ZEROS ? left : ZEROS, digest, &length,
                                        kinds[i].type == 1   ? EVP_sha1()
                                        : kinds[i].type == 4 ? EVP_sha384()
                                                             : EVP_sha256(),
                                        NULL),
                             1);
            memcpy(directory + from + k * kinds[i].size, digest, kinds[i].size);
        }
        directory[18] = (uint8_t)(from >> 8);
        directory[19] = (uint8_t)from;
        directory[36] = kinds[i].size;
        directory[37] = kinds[i].type;
        directory[from - 1] = 0; /* of the identifier, whose end was overwritten */
        assert_clean(look(s));
        directory[from]++;
        assert_only(look(s), macho_signature_hash);
    }
}

static void a_blob_that_nobody_signed_is_told(void **state)
{
    struct subject *s = *state;
    s->m.signature.cms = true;
    damage(s, IN_AREA, 20, 4, 2); /* the second blob becomes requirements */
    assert_only(look(s), macho_signature_hash);
    damage(s, IN_AREA, 20, 4, 12); /* of no slot that is known */
    assert_clean(look(s));
}

static void rights_have_a_wrapping_of_their_own(void **state)
{
    static const struct {
        uint32_t slot, magic;
    } rights[] = {{5, 0xfade7171}, {7, 0xfade7172}, {8, 0xfade8181}, {11, 0xfade8181}};
    struct subject *s = *state;
    for (size_t i = 0; i < sizeof rights / sizeof *rights; i++)
        for (unsigned wrong = 0; wrong < 2; wrong++) {
            forget(s);
            begin(s, ARCH_ARM64)->signature.cms = true;
            const uint8_t *at = seal(s) + s->m.at.signature;
            size_t blob = (size_t)at[26] << 8 | at[27];
            damage(s, IN_AREA, 20, 4, rights[i].slot);
            damage(s, IN_AREA, blob, 4, rights[i].magic + wrong);
            if (wrong)
                assert_only(look(s), macho_signature);
            else
                assert_only(look(s), macho_signature_hash);
        }
}

static void two_directories_of_one_rank_are_ambiguous(void **state)
{
    struct subject *s = *state;
    s->m.signature.cms = true;
    damage(s, IN_AREA, 20, 4, 0x1000); /* the second blob becomes an alternate directory: the first once more */
    damage(s, IN_AREA, 24, 4, 28);
    assert_int_equal(look(s)->signature, SIGNATURE_BROKEN);
    assert_only(s->reading.images, macho_signature);
}

static void an_alternate_that_is_no_directory_breaks_it(void **state)
{
    struct subject *s = *state;
    s->m.signature.cms = true;
    damage(s, IN_AREA, 20, 4, 0x1004);
    assert_int_equal(look(s)->signature, SIGNATURE_BROKEN);
}

static void an_identifier_without_an_end_breaks_it(void **state)
{
    struct subject *s = *state;
    seal(s);
    memset(s->bytes + s->m.at.directory + 88, 'x', s->size - s->m.at.directory - 88);
    assert_int_equal(look(s)->signature, SIGNATURE_BROKEN);
    assert_only(s->reading.images, macho_signature);
}

static void a_short_code_limit_leaves_bytes_uncovered(void **state)
{
    struct subject *s = *state;
    s->m.signature.limit = 0x3000;
    assert_int_equal(look(s)->signature, SIGNATURE_LINKER_SIGNED);
    assert_only(s->reading.images, macho_signature_cover);
    assert_int_equal(s->reading.images->macho->code_limit, 0x3000);
}

static void a_code_limit_of_zero_covers_nothing(void **state)
{
    struct subject *s = *state;
    damage(s, IN_DIRECTORY, 32, 4, 0);
    damage(s, IN_DIRECTORY, 28, 4, 0);
    assert_only(look(s), macho_signature_cover);
}

static void a_code_limit_past_the_signature_breaks_it(void **state)
{
    struct subject *s = *state;
    s->m.signature.limit = 0x4ff0;
    assert_int_equal(look(s)->signature, SIGNATURE_BROKEN);
    assert_only(s->reading.images, macho_signature);
}

static void the_wide_code_limit_wins(void **state)
{
    struct subject *s = *state;
    damage(s, IN_DIRECTORY, 60, 4, 0x4001); /* as many pages, other bytes */
    assert_only(look(s), macho_signature_cover);
    assert_int_equal(s->reading.images->macho->code_limit, 0x4001);
}

static void an_old_directory_has_no_wide_code_limit(void **state)
{
    struct subject *s = *state;
    damage(s, IN_DIRECTORY, 8, 4, 0x20200);
    damage(s, IN_DIRECTORY, 60, 4, 0x4001);
    assert_clean(look(s));
}

static void a_scatter_list_covers_less_than_it_seems(void **state)
{
    struct subject *s = *state;
    s->m.signature.scatter = 88;
    assert_only(look(s), macho_signature_cover);
}

static void a_signature_outside_the_image_is_broken(void **state)
{
    struct subject *s = *state;
    make_macho_set(make_macho_find(&s->m, LC_CODE_SIGNATURE), 8, 0x100000);
    assert_int_equal(look(s)->signature, SIGNATURE_BROKEN);
    assert_true(defects(s->reading.images, DEFECT_ID_macho_signature) == 1);
}

static void a_signature_larger_than_the_file_is_broken(void **state)
{
    struct subject *s = *state;
    make_macho_set(make_macho_find(&s->m, LC_CODE_SIGNATURE), 12, 0xffffffff);
    assert_int_equal(look(s)->signature, SIGNATURE_BROKEN);
    assert_true(defects(s->reading.images, DEFECT_ID_macho_signature) == 1);
}

static void a_signature_of_no_bytes_is_broken(void **state)
{
    struct subject *s = *state;
    seal(s);
    memset(s->bytes + make_macho_place(&s->m, make_macho_find(&s->m, LC_CODE_SIGNATURE)) + 12, 0, 4);
    assert_int_equal(look(s)->signature, SIGNATURE_BROKEN);
}

static void two_signatures_are_one_too_many(void **state)
{
    struct subject *s = *state;
    seal(s);
    make_macho_command(&s->m, LC_CODE_SIGNATURE, (const uint32_t[]){0, 0}, 2);
    forget(s);
    make_macho_set(&s->m.commands[s->m.command_count - 1], 8, (uint32_t)s->m.at.signature);
    make_macho_set(&s->m.commands[s->m.command_count - 1], 12, (uint32_t)(s->m.at.end - s->m.at.signature));
    assert_only(look(s), macho_command_twice);
}

static void bytes_behind_the_signature_have_no_owner(void **state)
{
    struct subject *s = *state;
    s->m.trailing = "hidden behind it";
    s->m.trailing_size = 16;
    assert_int_equal(look(s)->unowned.count, 1);
    assert_int_equal(s->reading.images->unowned.items[0].offset, s->m.at.end);
    assert_int_equal(s->reading.images->unowned.items[0].size, 16);
}

static void bytes_behind_the_signature_inside_linkedit_have_none_either(void **state)
{
    struct subject *s = *state;
    seal(s);
    forget(s);
    s->m.trailing = "hidden behind it";
    s->m.trailing_size = 16;
    make_macho_set64(make_macho_find_segment(&s->m, "__LINKEDIT"), 48, s->m.at.end + 16 - MAKE_MACHO_LINKEDIT);
    assert_int_equal(look(s)->unowned.count, 1);
    assert_int_equal(s->reading.images->unowned.items[0].offset, s->m.at.end);
}

static void no_changed_byte_of_it_upsets_the_reader(void **state)
{
    struct subject *s = *state;
    s->m.signature.cms = true;
    seal(s);
    for (size_t at = s->m.at.signature; at < s->size; at++)
        for (unsigned value = 0; value < 256; value += 51) {
            uint8_t before = s->bytes[at];
            s->bytes[at] = (uint8_t)value;
            assert_int_not_equal(look(s)->signature, SIGNATURE_NONE);
            s->bytes[at] = before;
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_program_without_the_command_is_not_signed),
        CASE(the_linker_signs_with_a_flag_of_its_own),
        CASE(codesign_signs_ad_hoc),
        CASE(a_cms_blob_is_the_signature_of_somebody),
        CASE(neither_ad_hoc_nor_cms_is_no_kind_of_signature),
        CASE(an_empty_cms_blob_signs_nothing),
        CASE(each_damaged_field_breaks_the_signature),
        CASE(a_changed_page_was_not_signed),
        CASE(each_kind_of_hash_is_computed),
        CASE(a_blob_that_nobody_signed_is_told),
        CASE(rights_have_a_wrapping_of_their_own),
        CASE(two_directories_of_one_rank_are_ambiguous),
        CASE(an_alternate_that_is_no_directory_breaks_it),
        CASE(an_identifier_without_an_end_breaks_it),
        CASE(a_short_code_limit_leaves_bytes_uncovered),
        CASE(a_code_limit_of_zero_covers_nothing),
        CASE(a_code_limit_past_the_signature_breaks_it),
        CASE(the_wide_code_limit_wins),
        CASE(an_old_directory_has_no_wide_code_limit),
        CASE(a_scatter_list_covers_less_than_it_seems),
        CASE(a_signature_outside_the_image_is_broken),
        CASE(a_signature_larger_than_the_file_is_broken),
        CASE(a_signature_of_no_bytes_is_broken),
        CASE(two_signatures_are_one_too_many),
        CASE(bytes_behind_the_signature_have_no_owner),
        CASE(bytes_behind_the_signature_inside_linkedit_have_none_either),
        CASE(no_changed_byte_of_it_upsets_the_reader),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
