/* Link-edit data, hashes and lists of a Mach-O image made by hand: each limit of a table from both sides. */
#include "tests/formats/made_image.h"

#include <openssl/evp.h>

#include "formats/digest.h"
#include "formats/macho/macho.h"

enum { SIZE = 0x4000, AT = 0x100 };

static struct macho_extra extra;
static struct macho_view view;
static struct command command;
static uint8_t words[48];

static void put(uint8_t *at, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> 8 * i);
}

/* An image of the bytes so far, and a command of `type` for `size` bytes of it at `offset`. */
static void make(uint32_t type, uint32_t offset, uint32_t size)
{
    begin(ARCH_ARM64, SIZE);
    image.format = FORMAT_MACHO;
    image.kind = KIND_EXECUTABLE;
    image.bits = 64;
    image.macho = &extra;
    segments[0] = (struct segment){.name = "__TEXT", .memory_size = 0x1000, .access = ACCESS_READ | ACCESS_EXECUTE};
    image.segments.count = 1;
    extra = (struct macho_extra){.filetype = MH_EXECUTE, .cputype = CPU_TYPE_ARM64, .dyldlink = true, .has_uuid = true};
    view = (struct macho_view){.file = &file, .image = &image, .extra = &extra, .whole = true, .linked = 1};
    memset(words, 0, sizeof words);
    put(words, type);
    put(words + 4, 16);
    put(words + 8, offset);
    put(words + 12, size);
    command = (struct command){.type = type, .v = {words, 16}};
}

static void told(const char *sentence, bool wrong)
{
    if ((image.defects.total != 0) != wrong)
        print_error("%s\n", sentence);
    assert_int_equal(image.defects.total != 0, wrong);
}

static void table(uint32_t type, const char *sentence, const void *at, size_t size, bool wrong)
{
    memset(bytes, 0, SIZE);
    memcpy(bytes + AT, at, size);
    make(type, AT, (uint32_t)size);
    read_linkedit(&view, &command);
    told(sentence, wrong);
}

/* Code of 0x80 bytes, seen from the header, in two segments, and data behind it. */
static void starts(const char *sentence, const void *at, size_t size, bool wrong)
{
    memset(bytes, 0, SIZE);
    memcpy(bytes + AT, at, size);
    make(LC_FUNCTION_STARTS, AT, (uint32_t)size);
    segments[0] = (struct segment){.address = 0x1000040, .memory_size = 0x40, .access = ACCESS_READ | ACCESS_EXECUTE};
    segments[1] = (struct segment){.address = 0x1000000, .memory_size = 0x40, .access = ACCESS_READ | ACCESS_EXECUTE};
    segments[2] = (struct segment){.address = 0x1000080, .memory_size = 0x40, .access = ACCESS_READ | ACCESS_WRITE};
    image.segments.count = 3;
    view.has_text = true;
    view.text_address = 0x1000000;
    read_linkedit(&view, &command);
    told(sentence, wrong);
}

/* Zig 0.11 writes eight bytes of distances, and no zero behind them. */
static void function_starts_are_in_the_code_and_end_with_zeros(void **state)
{
    (void)state;
    starts("the end of the code, and an end", "\x40\x40\0", 3, false);
    starts("one behind the code", "\x40\x41\0", 3, true);
    starts("data", "\x80\1\1\0", 4, true);
    starts("a sum beyond all numbers", "\x40\xff\xff\xff\xff\xff\xff\xff\xff\xff\1\x40\0", 13, true);
    starts("one and its end", "\4\0", 2, false);
    starts("padding", "\4\0\0\0", 4, false);
    starts("none", "\0", 1, false);
    starts("without an end", "\4\4", 2, false);
    starts("without an end, behind the code", "\x40\x40\1", 3, true);
    starts("a number without an end", "\4\x80", 2, true);
    starts("something behind the end", "\4\0\1", 3, true);
}

static void function_starts_without_code_are_none(void **state)
{
    (void)state;
    for (unsigned count = 0; count < 2; count++) {
        memset(bytes, 0, SIZE);
        bytes[AT] = (uint8_t)count;
        make(LC_FUNCTION_STARTS, AT, 2);
        image.segments.count = 0;
        read_linkedit(&view, &command);
        told(count ? "one" : "none", count > 0);
    }
}

static void chained_fixups_have_parts_inside(void **state)
{
    static const uint32_t good[] = {0, 28, 28, 28, 0, 1, 0};
    static const struct {
        const char *sentence;
        size_t word;
        uint32_t value;
        bool wrong;
    } cases[] = {{"a version", 0, 1, true},         {"starts outside", 1, 29, true}, {"imports outside", 2, 29, true},
                 {"symbols outside", 3, 29, true},  {"no format", 5, 0, true},       {"the last format", 5, 3, false},
                 {"a format too many", 5, 4, true}, {"zlib", 6, 1, false},           {"another packing", 6, 2, true}};
    (void)state;
    table(LC_DYLD_CHAINED_FIXUPS, "as it should be", good, sizeof good, false);
    table(LC_DYLD_CHAINED_FIXUPS, "cut", good, sizeof good - 1, true);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint32_t changed[7];
        memcpy(changed, good, sizeof good);
        changed[cases[i].word] = cases[i].value;
        table(LC_DYLD_CHAINED_FIXUPS, cases[i].sentence, changed, sizeof changed, cases[i].wrong);
    }
}

static void requirements_are_a_blob_and_padding(void **state)
{
    static const uint8_t blob[] = {0xfa, 0xde, 0x0c, 5, 0, 0, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0};
    uint8_t changed[16];
    (void)state;
    table(LC_DYLIB_CODE_SIGN_DRS, "as it should be", blob, sizeof blob, false);
    table(LC_DYLIB_CODE_SIGN_DRS, "cut", blob, 7, true);
    table(LC_DYLIB_CODE_SIGN_DRS, "longer than it is", blob, 11, true);
    for (size_t i = 0; i < 16; i += 13) { /* the magic, and what stands behind the blob */
        memcpy(changed, blob, sizeof blob);
        changed[i]++;
        table(LC_DYLIB_CODE_SIGN_DRS, "a changed byte", changed, sizeof changed, true);
    }
}

static void data_in_code_is_of_a_kind_and_inside(void **state)
{
    static const struct {
        const char *sentence;
        uint32_t offset, both;
        bool wrong;
    } cases[] = {{"the first kind", 0, 1 << 16 | 4, false},
                 {"the last kind", 0, 5 << 16 | 4, false},
                 {"no kind", 0, 4, true},
                 {"a kind too many", 0, 6 << 16 | 4, true},
                 {"to the end", SIZE - 4, 1 << 16 | 4, false},
                 {"past the end", SIZE - 3, 1 << 16 | 4, true}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint32_t entry[2] = {cases[i].offset, cases[i].both};
        table(LC_DATA_IN_CODE, cases[i].sentence, entry, 8, cases[i].wrong);
        table(LC_DATA_IN_CODE, "cut", entry, 7, true);
    }
}

/* What begins as a program is owned by a command that says what else it is, and by no other. */
static void a_command_owns_no_program(void **state)
{
    static const uint32_t types[] = {LC_FUNCTION_STARTS, LC_SEGMENT_SPLIT_INFO};
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        memset(bytes, 0, SIZE);
        memcpy(bytes + AT, i & 2 ? "NZ" : "MZ", 2);
        make(types[i & 1], AT, 4);
        image.kind = KIND_SHARED_LIBRARY;
        read_linkedit(&view, &command);
        told("numbers", false);
        assert_int_equal(view.owned_count, i != 1);
    }
}

static void tables_share_no_bytes(void **state)
{
    (void)state;
    memset(bytes, 0, SIZE);
    make(LC_FUNCTION_STARTS, 0, SIZE);
    read_linkedit(&view, &command);
    told("the whole image", false);
    read_linkedit(&view, &command);
    told("and once more", true);
    assert_int_equal(view.spent, SIZE);
}

static void late(uint32_t offset, uint32_t size, uint32_t path, const char *text)
{
    memset(bytes, 0, SIZE);
    put(bytes + AT, path);
    memcpy(bytes + AT + 8, text, strlen(text) + 1);
    make(LC_LAZY_LOAD_DYLIB_INFO, offset, size);
    image.needed.known = KNOWN_COMPLETE;
}

static void a_library_that_is_loaded_late_has_a_path(void **state)
{
    static const struct {
        const char *sentence;
        uint32_t offset, size, path;
        bool wrong;
    } cases[] = {{"as it should be", AT, 16, 8, false},
                 {"cut", AT, 3, 8, true},
                 {"past the bytes", AT, 16, 16, true},
                 {"outside", SIZE, 16, 8, true},
                 {"nowhere", SIZE + 1, 0, 0, true}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        late(cases[i].offset, cases[i].size, cases[i].path, "/a.dyli");
        read_lazy_dylib(&view, &command);
        told(cases[i].sentence, cases[i].wrong);
        assert_int_equal(image.needed.count, !cases[i].wrong);
        assert_int_equal(image.needed.known, cases[i].wrong ? KNOWN_BROKEN : KNOWN_COMPLETE);
    }
    late(AT, 16, 8, "/a.dyli");
    command.v.size = 12;
    read_lazy_dylib(&view, &command);
    told("a short command", true);
    late(AT, 16, 8, "/a.dyli");
    view.spent = SIZE - 15;
    read_lazy_dylib(&view, &command);
    told("bytes of another table", true);
    late(AT, 16, 8, "/a.dyli");
    image.needed.bytes = LIMIT_NAMES;
    read_lazy_dylib(&view, &command);
    told("one too many to keep", false);
    assert_int_equal(image.needed.known, KNOWN_BROKEN);
    assert_int_equal(image.needed.count, 0);
}

enum { HASH = 32, HASHES = 64, PAGES = 4 };

static uint8_t directory[HASHES + PAGES * HASH];

/* Hashes of the four pages, and of one blob, the fifth page's bytes. */
static void sign(void)
{
    memset(bytes, 0x5a, SIZE);
    make(LC_CODE_SIGNATURE, 0, 0);
    for (unsigned i = 0; i < PAGES; i++)
        assert_int_equal(EVP_Digest(bytes + i * 4096, 4096, directory + HASHES + i * HASH, NULL, EVP_sha256(), NULL),
                         1);
    assert_int_equal(EVP_Digest(bytes, 100, directory + HASHES - HASH, NULL, EVP_sha256(), NULL), 1);
    view.hashes = (struct signed_hashes){.table = {directory, sizeof directory},
                                         .at = HASHES,
                                         .limit = SIZE,
                                         .count = PAGES,
                                         .special = 1,
                                         .type = DIGEST_SHA256,
                                         .size = HASH,
                                         .page = 12};
}

static void hashes_are_of_the_bytes_and_inside(void **state)
{
    (void)state;
    sign();
    view.hashes.blobs[1] = (struct view){bytes, 100};
    check_hashes(&view);
    told("as it was signed", false);
    sign();
    directory[HASHES + HASH]++;
    check_hashes(&view);
    told("another page", true);
    assert_int_equal(image.defects.items[0].offset, 4096);
    sign();
    view.hashes.table.size--;
    check_hashes(&view);
    told("a hash that is cut", true);
    assert_int_equal(image.defects.items[0].offset, (PAGES - 1) * 4096);
    sign();
    view.hashes.limit = SIZE + 4096;
    view.hashes.count = PAGES + 1;
    check_hashes(&view);
    told("a page behind the image", true);
    sign();
    view.hashes.blobs[1] = (struct view){bytes, 99};
    check_hashes(&view);
    told("another blob", true);
    sign();
    view.hashes.blobs[2] = (struct view){bytes, 100};
    check_hashes(&view);
    told("a blob without a hash", true);
    sign();
    view.hashes.blobs[1] = (struct view){bytes, 99};
    view.hashes.count = 0;
    check_hashes(&view);
    told("no hashes", false);
}

static void no_digest_is_longer_than_it_is(void **state)
{
    static const size_t sizes[] = {[DIGEST_SHA1] = 20, [DIGEST_SHA256] = 32, [DIGEST_SHA384] = 48};
    const EVP_MD *kinds[] = {
        [DIGEST_SHA1] = EVP_sha1(), [DIGEST_SHA256] = EVP_sha256(), [DIGEST_SHA384] = EVP_sha384()};
    uint8_t digest[64] = {0};
    (void)state;
    for (unsigned kind = DIGEST_SHA1; kind <= DIGEST_SHA384; kind++) {
        if (kind == DIGEST_SHA256_TRUNCATED)
            continue;
        assert_int_equal(EVP_Digest("abc", 3, digest, NULL, kinds[kind], NULL), 1);
        assert_true(digest_is((enum digest)kind, "abc", 3, digest, sizes[kind]));
        assert_false(digest_is((enum digest)kind, "abc", 3, digest, sizes[kind] + 1));
        assert_false(digest_is((enum digest)kind, "abd", 3, digest, sizes[kind]));
    }
}

static void put_be(size_t at, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        bytes[at + i] = (uint8_t)(value >> 8 * (3 - i));
}

/* A signature that covers no bytes: blobs of rights in two slots, and a CodeDirectory of pages of 2^`page` bytes. */
static void rights(uint32_t first, uint32_t second, uint8_t page, uint32_t cputype)
{
    enum { RIGHTS = 36, DIRECTORY = 52, LENGTH = 48 };
    const uint32_t head[] = {0xfade0cc0, DIRECTORY + LENGTH, 3, first, RIGHTS, second, RIGHTS + 8, 0, DIRECTORY};
    const uint32_t code[] = {0xfade0c02, LENGTH, 0x20001, 2, LENGTH, 44, 0, 0, 0};
    memset(bytes, 0, SIZE);
    for (unsigned i = 0; i < 9; i++) {
        put_be(i * 4, head[i]);
        put_be(DIRECTORY + i * 4, code[i]);
    }
    for (unsigned i = 0; i < 2; i++) {
        put_be(RIGHTS + i * 8, (i ? second : first) == 5 ? 0xfade7171 : 0xfade7172);
        put_be(RIGHTS + i * 8 + 4, 8);
    }
    bytes[DIRECTORY + 36] = HASH;
    bytes[DIRECTORY + 37] = DIGEST_SHA256;
    bytes[DIRECTORY + 39] = page;
    bytes[DIRECTORY + 44] = 'a';
    make(LC_CODE_SIGNATURE, 0, DIRECTORY + LENGTH);
    extra.cputype = cputype;
    read_signature(&view, &command);
}

static void rights_stand_once(void **state)
{
    (void)state;
    rights(5, 7, 12, CPU_TYPE_ARM64);
    told("one of each", false);
    assert_int_equal(image.signature, SIGNATURE_AD_HOC);
    rights(5, 5, 12, CPU_TYPE_ARM64);
    told("two of a kind", true);
    assert_int_equal(image.signature, SIGNATURE_BROKEN);
    rights(5, 7, 14, CPU_TYPE_ARM64);
    told("large pages", false);
    rights(5, 7, 14, CPU_TYPE_X86_64);
    told("large pages elsewhere", true);
    rights(5, 7, 13, CPU_TYPE_ARM64);
    told("pages of 8 KiB", true);
}

/* Segments of an image for macOS 26, of which all are asked. */
static void policy(size_t count)
{
    make(0, 0, 0);
    image.os = OS_MACOS;
    view.sdk = 0x001a0000;
    image.segments = (struct segment_list){KNOWN_COMPLETE, count, segments};
}

static void names_of_libraries_that_are_loaded_late_may_stand_twice(void **state)
{
    static struct named names[2];
    (void)state;
    for (unsigned lazy = 0; lazy < 4; lazy++) {
        names[0] = (struct named){"/a.dylib", 0, lazy & 1 ? DEPENDENCY_LAZY : DEPENDENCY_NEEDED};
        names[1] = (struct named){"/a.dylib", 0, lazy & 2 ? DEPENDENCY_LAZY : DEPENDENCY_NEEDED};
        policy(0);
        image.needed = (struct named_list){KNOWN_COMPLETE, 2, 0, names};
        check_policy(&view);
        told("two names", lazy == 0);
    }
}

static void segments_are_asked_up_to_a_number(void **state)
{
    enum { MANY = 258 };
    static struct segment many[MANY];
    static char numbers[MANY][8];
    (void)state;
    for (unsigned same = 255; same <= 256; same++) { /* the place of one that has the name of the first */
        for (unsigned i = 0; i < MANY; i++) {
            (void)snprintf(numbers[i], sizeof numbers[i], "__%u", i == same ? 0 : i);
            many[i] = (struct segment){.name = numbers[i], .address = i * 0x1000};
        }
        policy(MANY);
        image.segments.items = many;
        check_policy(&view);
        told("a name that stands twice", same == 255);
    }
}

static void order_is_that_of_bytes_and_addresses(void **state)
{
    static const struct {
        const char *sentence;
        uint64_t address, offset, file_size;
        uint32_t cputype, filetype, flags;
        bool wrong;
    } cases[] = {
        {"in order", 0x2000, 0x2000, 1, CPU_TYPE_ARM64, MH_EXECUTE, 0, false},
        {"bytes out of order", 0x2000, 0x800, 1, CPU_TYPE_ARM64, MH_EXECUTE, 0, true},
        {"no bytes out of order", 0x2000, 0x800, 0, CPU_TYPE_ARM64, MH_EXECUTE, 0, false},
        {"addresses out of order", 0x800, 0x2000, 1, CPU_TYPE_ARM64, MH_EXECUTE, 0, true},
        {"the same in an old program", 0x800, 0x2000, 1, CPU_TYPE_X86_64, MH_EXECUTE, 0, false},
        {"in one that can be moved", 0x800, 0x2000, 1, CPU_TYPE_X86_64, MH_EXECUTE, MH_PIE, true},
        {"in a bundle", 0x800, 0x2000, 1, CPU_TYPE_X86_64, MH_BUNDLE, 0, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        policy(3);
        segments[0] = (struct segment){.name = "__A", .address = 0x1000, .offset = 0x1000, .file_size = 1};
        segments[1] = (struct segment){
            .name = "__B", .address = cases[i].address, .offset = cases[i].offset, .file_size = cases[i].file_size};
        segments[2] = (struct segment){.name = "__C", .address = 0x3000, .offset = 0x3000, .file_size = 1};
        extra.cputype = cases[i].cputype;
        extra.filetype = cases[i].filetype;
        extra.flags = cases[i].flags;
        check_policy(&view);
        told(cases[i].sentence, cases[i].wrong);
    }
}

/* Neither on what the kernel clears behind the bytes of a segment, nor on bytes that it does not map. */
static void an_entry_is_on_bytes_that_are_mapped(void **state)
{
    (void)state;
    for (uint64_t file_size = 0x1000; file_size <= 0x3000; file_size += 0x1000)
        for (uint64_t at = 0xfff; at <= 0x3000; at += 0x1001) {
            make(0, 0, 0);
            segments[0] = (struct segment){.name = "__TEXT",
                                           .address = 0x10000,
                                           .memory_size = 0x2000,
                                           .file_size = file_size,
                                           .access = ACCESS_READ | ACCESS_EXECUTE};
            image.segments.count = 1;
            image.entry = (struct entry){0};
            extra.has_unixthread = true;
            view.thread_pc = 0x10000 + at;
            resolve_entry(&view);
            assert_int_equal(image.entry.in_code, at < file_size && at < 0x2000);
            assert_int_equal(image.entry.offset, image.entry.in_code ? at : 0);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(function_starts_are_in_the_code_and_end_with_zeros),
        cmocka_unit_test(function_starts_without_code_are_none),
        cmocka_unit_test(chained_fixups_have_parts_inside),
        cmocka_unit_test(requirements_are_a_blob_and_padding),
        cmocka_unit_test(data_in_code_is_of_a_kind_and_inside),
        cmocka_unit_test(a_command_owns_no_program),
        cmocka_unit_test(tables_share_no_bytes),
        cmocka_unit_test(a_library_that_is_loaded_late_has_a_path),
        cmocka_unit_test(hashes_are_of_the_bytes_and_inside),
        cmocka_unit_test(no_digest_is_longer_than_it_is),
        cmocka_unit_test(rights_stand_once),
        cmocka_unit_test(names_of_libraries_that_are_loaded_late_may_stand_twice),
        cmocka_unit_test(segments_are_asked_up_to_a_number),
        cmocka_unit_test(order_is_that_of_bytes_and_addresses),
        cmocka_unit_test(an_entry_is_on_bytes_that_are_mapped),
    };
    return cmocka_run_group_tests_name("test_macho_tables", tests, start, end);
}
