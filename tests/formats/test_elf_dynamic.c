/* The dynamic table at its limits, and the versions that it asks for: gABI "Dynamic Section", LSB "Symbol Versioning", and
 * glibc's and musl's walk of both. Which of two versions is the newer is what `sort -V` says of them. */
#include "tests/formats/made_elf.h"

#include <string.h>
#include "formats/limits.h"

enum { NEEDS = MAKE_ELF_FREE, GROWN = MAKE_ELF_END, LARGE = 2 << 20, TABLE = 0x3000 };

static void dynamic_program(void)
{
    clean();
    made.section_count = 0;
    make_elf_interp(&made, "/lib64/ld-linux-x86-64.so.2");
    make_elf_dyn_text(&made, DT_NEEDED, "libc.so.6");
}

/* The program with `size` bytes of data, of which those behind the last that a helper writes are for fill(). */
static const struct image *read_grown(size_t size, void (*fill)(uint8_t *bytes, size_t size))
{
    uint8_t *bytes;
    Elf64_Phdr *data = &made.phdrs[MAKE_ELF_LOAD_DATA];
    data->p_filesz = data->p_memsz = size - MAKE_ELF_DATA;
    size_t there = make_elf_write(&made, &bytes);
    bytes = realloc(bytes, size);
    assert_non_null(bytes);
    memset(bytes + there, 0, size - there);
    fill(bytes, size);
    const struct image *image = read_bytes(bytes, size);
    free(bytes);
    return image;
}

/* ---- the table ---- */

static size_t entries;
static Elf64_Dyn entry, last;

static void fill_table(uint8_t *bytes, size_t size)
{
    assert_true(TABLE + (entries + 1) * sizeof entry <= size);
    for (size_t i = 0; i < entries; i++)
        memcpy(bytes + TABLE + i * sizeof entry, &entry, sizeof entry);
    memcpy(bytes + TABLE, made.dyns, 5 * sizeof entry); /* DT_STRTAB and what else the helper begins with */
    memcpy(bytes + TABLE + entries * sizeof entry, &last, sizeof last);
}

static const struct image *read_table_of(size_t count, int64_t tag, uint64_t value)
{
    dynamic_program();
    Elf64_Phdr *p = make_elf_find(&made, PT_DYNAMIC);
    p->p_offset = TABLE;
    p->p_vaddr = make_elf_address(TABLE);
    p->p_filesz = p->p_memsz = (count + 1) * sizeof entry;
    entries = count;
    entry = (Elf64_Dyn){tag, {value}};
    return read_grown(LARGE, fill_table);
}

/* Linkers leave room behind DT_NULL, and ld.bfd values there, but no tags: loaders would not come to them. */
TEST(nothing_stands_behind_the_end_of_the_table)
{
    static const struct {
        const char *sentence;
        uint64_t tag, more; /* of the last entry that the segment has; entries between */
        uint64_t cut;       /* bytes */
        bool wrong;
    } cases[] = {{"room", DT_NULL, 3, 0, false},
                 {"an entry", DT_NEEDED, 0, 0, true},
                 {"an entry behind some room", DT_DEBUG, 3, 0, true},
                 {"one behind the segment", DT_DEBUG, 3, 16, false},
                 {"a segment of more than is loaded", DT_DEBUG, 3, (uint64_t)-0x80000, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        dynamic_program();
        const size_t count = made.dyn_count;
        const Elf64_Dyn there = {(int64_t)cases[i].tag, {0x1234}};
        make_elf_put(&made, MAKE_ELF_DATA + (count + 1 + cases[i].more) * sizeof there, &there, sizeof there);
        Elf64_Phdr *p = make_elf_find(&made, PT_DYNAMIC);
        uint8_t *bytes;
        size_t size = make_elf_write(&made, &bytes);
        const size_t at = (size_t)((uint8_t *)p - (uint8_t *)made.phdrs) + sizeof(Elf64_Ehdr);
        Elf64_Phdr written;
        memcpy(&written, bytes + at, sizeof written);
        written.p_filesz = written.p_memsz = (count + 2 + cases[i].more) * sizeof there - cases[i].cut;
        memcpy(bytes + at, &written, sizeof written);
        const struct image *image = read_bytes(bytes, size);
        free(bytes);
        if (defects(image, DEFECT_ID_elf_dynamic) != cases[i].wrong)
            print_error("%s\n", cases[i].sentence);
        assert_int_equal(defects(image, DEFECT_ID_elf_dynamic), cases[i].wrong);
        file_close(&file);
    }
}

TEST(a_table_of_more_entries_than_anybody_has_is_not_followed)
{
    const struct image *image = read_table_of(LIMIT_DYNAMIC - 1, DT_DEBUG, 0);
    assert_int_equal(image->needed.known, KNOWN_COMPLETE);
    assert_int_equal(defects(image, DEFECT_ID_elf_dynamic), 0);
    file_close(&file);
    image = read_table_of(LIMIT_DYNAMIC, DT_DEBUG, 0);
    assert_int_equal(image->needed.known, KNOWN_BROKEN);
    assert_int_equal(defects(image, DEFECT_ID_elf_dynamic), 1);
    file_close(&file);
}

TEST(more_libraries_than_are_kept_break_the_list)
{
    const struct image *image = read_table_of(5 + LIMIT_NEEDED - 1, DT_NEEDED, 1);
    assert_int_equal(image->needed.count, LIMIT_NEEDED); /* with that of the helper */
    assert_int_equal(image->needed.known, KNOWN_COMPLETE);
    file_close(&file);
    image = read_table_of(5 + LIMIT_NEEDED, DT_NEEDED, 1);
    assert_int_equal(image->needed.count, LIMIT_NEEDED);
    assert_int_equal(image->needed.known, KNOWN_BROKEN);
    file_close(&file);
}

/* The size that PT_DYNAMIC gives ends with DT_NULL or after it, and is of whole entries. */
TEST(a_table_is_as_long_as_its_header_says)
{
    static const struct {
        int memsz, filesz;
        size_t defects;
    } cases[] = {{0, 0, 0}, {16, 16, 0}, {-16, -16, 1}, {0, 8, 1}, {-1, 0, 1}, {0, -16, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        dynamic_program();
        Elf64_Phdr *p = make_elf_find(&made, PT_DYNAMIC);
        p->p_memsz += (uint64_t)cases[i].memsz;
        p->p_filesz += (uint64_t)cases[i].filesz;
        assert_int_equal(defects(read_made(), DEFECT_ID_elf_dynamic), cases[i].defects);
        file_close(&file);
    }
}

/* ---- strings ---- */

TEST(a_library_may_have_a_long_name)
{
    char name[301];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = 0;
    for (size_t size = 62; size < sizeof name; size += 1 + size / 3) { /* on both sides of what is read at once */
        dynamic_program();
        make_elf_dyn_text(&made, DT_NEEDED, name + sizeof name - 1 - size);
        const struct image *image = read_made();
        assert_int_equal(image->needed.count, 2);
        assert_string_equal(image->needed.items[1].text, name + sizeof name - 1 - size);
        assert_int_equal(image->defects.total, 0);
        file_close(&file);
    }
}

static void fill_paths(uint8_t *bytes, size_t size)
{
    (void)size;
    memset(bytes + GROWN, ':', LIMIT_NEEDED - 1);
}

TEST(an_empty_item_is_a_path_too_and_their_number_is_bounded)
{
    for (unsigned both = 0; both < 2; both++) {
        dynamic_program();
        make_elf_dyn(&made, DT_RPATH, GROWN - MAKE_ELF_STRINGS);
        if (both)
            make_elf_dyn(&made, DT_RUNPATH, GROWN + 1 - MAKE_ELF_STRINGS);
        make_elf_find_dyn(&made, DT_STRSZ)->d_un.d_val = 0x2000;
        const struct image *image = read_grown(GROWN + 0x2000, fill_paths);
        assert_int_equal(image->search_paths.count, LIMIT_NEEDED + both);
        assert_int_equal(image->search_paths.known, both ? KNOWN_BROKEN : KNOWN_COMPLETE);
        assert_string_equal(image->search_paths.items[0].text, "");
        file_close(&file);
    }
}

TEST(a_search_path_outside_of_the_image_breaks_their_list_alone)
{
    static const struct {
        int64_t tag;
        bool rpath;
    } cases[] = {{DT_RPATH, true}, {DT_RUNPATH, false}};
    for (size_t i = 0; i < 2; i++) {
        dynamic_program();
        make_elf_dyn_text(&made, cases[i].tag, "/a:/b");
        const struct image *image = read_made();
        assert_int_equal(image->search_paths.count, 2);
        assert_int_equal(image->search_paths.items[1].detail, cases[i].rpath);
        file_close(&file);
        dynamic_program();
        make_elf_dyn(&made, cases[i].tag, 0x100000);
        image = read_made();
        assert_int_equal(image->search_paths.known, KNOWN_BROKEN);
        assert_int_equal(image->needed.known, KNOWN_COMPLETE);
        file_close(&file);
    }
}

/* Where the segment ends there is no NUL, whatever the file has behind it. */
TEST(a_string_ends_in_its_segment)
{
    enum { END_OF_PAGE = 0x3000 };
    for (unsigned less = 0; less < 2; less++) {
        dynamic_program();
        make_elf_dyn(&made, DT_NEEDED, END_OF_PAGE - 3 - less - MAKE_ELF_STRINGS);
        make_elf_find_dyn(&made, DT_STRSZ)->d_un.d_val = END_OF_PAGE - MAKE_ELF_STRINGS;
        make_elf_put(&made, END_OF_PAGE - 3 - less, "abc", 3);
        made.size = MAKE_ELF_ROOM;
        made.phdrs[MAKE_ELF_LOAD_DATA].p_filesz = END_OF_PAGE - MAKE_ELF_DATA;
        made.phdrs[MAKE_ELF_LOAD_DATA].p_memsz = END_OF_PAGE - MAKE_ELF_DATA;
        const struct image *image = read_made();
        assert_int_equal(image->needed.count, 1 + less);
        assert_int_equal(image->needed.known, less ? KNOWN_COMPLETE : KNOWN_BROKEN);
        file_close(&file);
    }
}

/* ---- tables that the entries lead to ---- */

TEST(the_string_table_stands_in_one_segment)
{
    static const struct {
        uint64_t table, size, defects;
    } cases[] = {{0, 0x400, 0}, {0, 0x401, 1}, {0, 0, 1 /* of the name behind it */}, {0x900000, 1, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        dynamic_program();
        make_elf_find_dyn(&made, DT_STRSZ)->d_un.d_val = cases[i].size;
        if (cases[i].table)
            make_elf_find_dyn(&made, DT_NEEDED)->d_tag = DT_DEBUG;
        if (cases[i].table)
            make_elf_find_dyn(&made, DT_STRTAB)->d_un.d_ptr = cases[i].table;
        assert_int_equal(defects(read_made(), DEFECT_ID_elf_string), cases[i].defects);
        file_close(&file);
    }
}

/* The kernel clears it, so no string is there. */
TEST(a_table_in_cleared_memory_is_none)
{
    static const int64_t tags[] = {DT_STRTAB, DT_GNU_HASH};
    for (size_t i = 0; i < 2; i++) {
        dynamic_program();
        made.phdrs[MAKE_ELF_LOAD_DATA].p_memsz = 0x3000;
        make_elf_find_dyn(&made, DT_NEEDED)->d_tag = DT_DEBUG;
        make_elf_dyn(&made, tags[i], make_elf_address(0x4000));
        assert_int_equal(defects(read_made(), i ? DEFECT_ID_elf_hash : DEFECT_ID_elf_string), 1);
        file_close(&file);
    }
}

TEST(a_hash_table_has_buckets)
{
    static const uint32_t headers[2][4] = {{1, 0, 1, 0}, {0, 0, 1, 0}};
    for (size_t i = 0; i < 2; i++) {
        dynamic_program();
        make_elf_put(&made, MAKE_ELF_FREE, headers[i], sizeof headers[i]);
        make_elf_dyn(&made, DT_GNU_HASH, make_elf_address(MAKE_ELF_FREE));
        assert_int_equal(defects(read_made(), DEFECT_ID_elf_hash), i);
        file_close(&file);
    }
}

/* ---- versions ---- */

/* One Elf64_Verneed with an Elf64_Vernaux for each name. */
static void needs(const char *const *names, size_t count)
{
    Elf64_Verneed need = {.vn_version = 1, .vn_cnt = (Elf64_Half)count, .vn_file = 1, .vn_aux = sizeof need};
    dynamic_program();
    make_elf_put(&made, NEEDS, &need, sizeof need);
    for (size_t i = 0; i < count; i++) {
        Elf64_Vernaux aux = {.vna_name = (Elf64_Word)made.strings_size, .vna_next = i + 1 < count ? sizeof aux : 0};
        make_elf_put(&made, NEEDS + sizeof need + i * sizeof aux, &aux, sizeof aux);
        make_elf_put(&made, MAKE_ELF_STRINGS + made.strings_size, names[i], strlen(names[i]) + 1);
        made.strings_size += strlen(names[i]) + 1;
    }
    make_elf_find_dyn(&made, DT_STRSZ)->d_un.d_val = made.strings_size;
    make_elf_dyn(&made, DT_VERNEED, make_elf_address(NEEDS));
    make_elf_dyn(&made, DT_VERNEEDNUM, 1);
}

TEST(of_versions_the_newest_is_the_floor)
{
    static const struct {
        const char *names[2];
        const char *floor;
    } cases[] = {
        {{"GLIBC_2.4", "GLIBC_2.34"}, "2.34"},
        {{"GLIBC_2.34", "GLIBC_2.4"}, "2.34"},
        {{"GLIBC_2.2.5", "GLIBC_2.2"}, "2.2.5"},
        {{"GLIBC_2.2", "GLIBC_2.2.5"}, "2.2.5"},
        {{"GLIBC_2.2.5", "GLIBC_2.2.6"}, "2.2.6"},
        {{"GLIBC_2.34", "GLIBC_2.34"}, "2.34"},
        {{"GLIBC_2.3", "GLIBC_10.1"}, "10.1"},
        {{"GLIBC_2.3", "GLIBC_PRIVATE"}, "2.3"},
        {{"GLIBC_PRIVATE", "GLIBC_ABI_GNU2_TLS"}, 0},
        {{"GLIBC_2.34", "GLIBC_ABI_DT_RELR"}, "2.34"},
        {{"GLIBC_ABI_DT_RELR", "GLIBC_2.38"}, "2.38"},
        {{"GLIBC_PRIVATE", "GLIBC_ABI_DT_RELRO"}, 0},
        {{"GLIBC_", "GLIBC_:"}, 0},
        {{"GLIBC_/", "GLIBC-2.3"}, 0},
        {{"GLIBCXX_3.4", "GCC_3.0"}, 0},
        {{"GLIBC_0.1", "GLIBC_9.1"}, "9.1"},
        {{"GLIBC_2.3", "GLIBC_2.3a"}, "2.3"},
        {{"GLIBC_2.3a", "GLIBC_2.3"}, "2.3a"},
        {{"GLIBC_2.3a", "GLIBC_2.3.1"}, "2.3.1"},
        {{"GLIBC_2.x", "GLIBC_2.3"}, "2.3"},
        {{"GLIBC_2.3", "GLIBC_2.x"}, "2.3"},
        {{"GLIBC_2.3/", "GLIBC_2.30"}, "2.30"},
        {{"GLIBC_2.999999999", "GLIBC_2.1000000000"}, "2.1000000000"},
        {{"GLIBC_2.1000000001", "GLIBC_2.1000000000"}, "2.1000000001"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        needs(cases[i].names, 2);
        const struct image *image = read_made();
        assert_int_equal(image->versions.count, 2);
        assert_int_equal(image->versions.items[1].offset, NEEDS + 16 + 16);
        assert_int_equal(image->versions.known, KNOWN_COMPLETE);
        assert_int_equal(image->defects.total, 0);
        if (cases[i].floor)
            assert_string_equal(image->glibc_floor, cases[i].floor);
        else
            assert_null(image->glibc_floor);
        file_close(&file);
    }
}

static void broken_versions(const char *what)
{
    const struct image *image = read_made();
    if (image->versions.known != KNOWN_BROKEN)
        print_error("%s\n", what);
    assert_int_equal(image->versions.known, KNOWN_BROKEN);
    assert_int_equal(defects(image, DEFECT_ID_elf_versions), 1);
    file_close(&file);
}

TEST(version_needs_end_where_their_counts_say)
{
    static const struct {
        const char *sentence;
        size_t at, size;
        uint64_t value;
        int64_t tag; /* of a dynamic entry that has the value */
    } cases[] = {
        {"more counted than linked", 2, 2, 3, 0},
        {"the first leads to no other, and two are counted", 0, 0, 2, DT_VERNEEDNUM},
        {"outside of the image", 0, 0, 0x900000, DT_VERNEED},
        {"versions outside of the image", 8, 4, 0x100000, 0},
        {"a name outside of the image", 16 + 8, 4, 0x100000, 0},
        {"another need outside of the image", 12, 4, 0x100000, DT_VERNEEDNUM},
    };
    static const char *const names[] = {"GLIBC_2.4", "GLIBC_2.5"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        needs(names, 2);
        make_elf_put(&made, NEEDS + cases[i].at, &cases[i].value, cases[i].size);
        if (cases[i].tag)
            make_elf_find_dyn(&made, cases[i].tag)->d_un.d_val = cases[i].size ? 2 : cases[i].value;
        broken_versions(cases[i].sentence);
    }
    needs(names, 2);
    make_elf_find_dyn(&made, DT_VERNEEDNUM)->d_tag = DT_DEBUG;
    broken_versions("no count");
    needs(names, 2);
    make_elf_find_dyn(&made, DT_STRTAB)->d_tag = DT_DEBUG;
    broken_versions("no strings");
    needs(names, 2);
    make_elf_find_dyn(&made, DT_VERNEED)->d_un.d_ptr = make_elf_address(made.size - 8);
    broken_versions("cut by the end of the bytes");
}

TEST(two_needs_are_read_one_behind_the_other)
{
    static const char *const names[] = {"GLIBC_2.4", "GLIBC_2.5"};
    Elf64_Verneed second = {.vn_version = 1, .vn_cnt = 1, .vn_file = 1, .vn_aux = (Elf64_Word)-16};
    needs(names, 2);
    second.vn_aux = 16;
    make_elf_put(&made, NEEDS + 0x40, &second, sizeof second);
    make_elf_put(&made, NEEDS + 0x50, &(Elf64_Vernaux){.vna_name = 1}, sizeof(Elf64_Vernaux));
    made.bytes[NEEDS + 12] = 0x40; /* vn_next */
    make_elf_find_dyn(&made, DT_VERNEEDNUM)->d_un.d_val = 2;
    const struct image *image = read_made();
    assert_int_equal(image->versions.count, 3);
    assert_string_equal(image->versions.items[2].text, "libc.so.6");
    assert_int_equal(image->versions.known, KNOWN_COMPLETE);
    file_close(&file);
}

/* Words of 4: records that overlap, each leading to the next. */
static void fill_fours(uint8_t *bytes, size_t size)
{
    for (size_t at = GROWN; at + 4 <= size; at += 4)
        memcpy(bytes + at, (const uint8_t[]){4, 0, 0, 0}, 4);
}

TEST(records_that_overlap_are_not_followed_for_ever)
{
    static const char *const names[] = {"GLIBC_2.4"};
    static const struct {
        uint64_t needs, count;
        size_t size, versions;
    } cases[] = {
        {GROWN, 1 << 20, GROWN + 0x4000, 0},         /* needs without versions */
        {NEEDS, 1, GROWN + 0x1000, 0x1800 / 16 - 1}, /* versions, one step for the need itself */
        {NEEDS, 1, LARGE, LIMIT_NEEDED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const Elf64_Verneed need = {.vn_version = 1, .vn_cnt = 0xffff, .vn_aux = GROWN - NEEDS};
        needs(names, 1);
        make_elf_put(&made, NEEDS, &need, sizeof need);
        make_elf_find_dyn(&made, DT_VERNEED)->d_un.d_ptr = make_elf_address(cases[i].needs);
        make_elf_find_dyn(&made, DT_VERNEEDNUM)->d_un.d_val = cases[i].count;
        const struct image *image = read_grown(cases[i].size, fill_fours);
        assert_int_equal(image->versions.known, KNOWN_BROKEN);
        assert_int_equal(image->versions.count, cases[i].versions);
        file_close(&file);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_string_ends_in_its_segment),
        cmocka_unit_test(nothing_stands_behind_the_end_of_the_table),
        cmocka_unit_test(a_table_of_more_entries_than_anybody_has_is_not_followed),
        cmocka_unit_test(more_libraries_than_are_kept_break_the_list),
        cmocka_unit_test(a_table_is_as_long_as_its_header_says),
        cmocka_unit_test(a_library_may_have_a_long_name),
        cmocka_unit_test(an_empty_item_is_a_path_too_and_their_number_is_bounded),
        cmocka_unit_test(a_search_path_outside_of_the_image_breaks_their_list_alone),
        cmocka_unit_test(the_string_table_stands_in_one_segment),
        cmocka_unit_test(a_table_in_cleared_memory_is_none),
        cmocka_unit_test(a_hash_table_has_buckets),
        cmocka_unit_test(of_versions_the_newest_is_the_floor),
        cmocka_unit_test(version_needs_end_where_their_counts_say),
        cmocka_unit_test(two_needs_are_read_one_behind_the_other),
        cmocka_unit_test(records_that_overlap_are_not_followed_for_ever),
    };
    return cmocka_run_group_tests_name("test_elf_dynamic", tests, NULL, NULL);
}
