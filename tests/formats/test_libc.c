/* Which C library a program stands on: each combination of marks in a static one, and the names in a dynamic one. A name takes
 * two marks of glibc, or one and the ABI tag; of musl its start code, or its error text beside nothing of glibc. */
#include "tests/formats/small_glibc.h"

#include "tests/make/elf.h"

#include <stdlib.h>

static struct small s;

static const uint8_t musl_amd64[] = {0x48, 0x31, 0xed, 0x48, 0x89, 0xe7, 0x48, 0x8d, 0x35,
                                     0,    0,    0,    0,    0x48, 0x83, 0xe4, 0xf0};
static const uint32_t musl_arm64[] = {0xd280001d, 0xd280001e, 0x910003e0, 0x90000001, 0x91000021, 0x927cec1f};

enum { TAG = 1, TUNABLES = 2, GCONV = 4, START = 8, ERROR = 16, PATH = 32, LOCALE = 64, ALL = 128 };

static void marked(unsigned marks)
{
    static const struct {
        unsigned mark;
        const char *text;
    } texts[] = {{TUNABLES, "GLIBC_TUNABLES"},
                 {GCONV, "gconv-modules"},
                 {ERROR, "No error information"},
                 {PATH, "/etc/ld-musl-x.path"},
                 {LOCALE, "MUSL_LOCPATH"}};
    small_start(&s, EM_X86_64);
    if (marks & TAG)
        small_abi_tag(&s);
    if (marks & START)
        put(&s, CODE, musl_amd64, sizeof musl_amd64);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (marks & texts[i].mark)
            put_text(&s, CONSTANTS + 0x100 * (i + 1), texts[i].text);
}

/* The sentence at the top of this file once more. */
static enum libc meant(unsigned marks)
{
    unsigned strings = (marks & TUNABLES ? 1 : 0) + (marks & GCONV ? 1 : 0);
    bool glibc = strings + (marks & TAG ? 1 : 0) >= 2 && strings, of_musl = marks & (PATH | LOCALE);
    if (marks & START)
        return glibc || marks & TAG ? LIBC_UNKNOWN : LIBC_MUSL;
    if (glibc)
        return LIBC_GLIBC;
    if (marks & ERROR && (of_musl || !strings))
        return marks & TAG ? LIBC_UNKNOWN : LIBC_MUSL;
    return strings || of_musl ? LIBC_UNKNOWN : LIBC_NONE;
}

static void every_combination_of_marks(void **state)
{
    (void)state;
    for (unsigned marks = 0; marks < ALL; marks++) {
        marked(marks);
        const struct image *image = small_read(&s);
        if (image->libc != meant(marks))
            print_error("marks %#x: %s\n", marks, libc_name(image->libc));
        assert_int_equal(image->libc, meant(marks));
        assert_int_equal(image->libc_evidence.text != NULL, image->libc != LIBC_UNKNOWN);
        if (image->libc == LIBC_GLIBC) {
            assert_int_equal(strstr(image->libc_evidence.text, "NT_GNU_ABI_TAG") != NULL, (marks & TAG) != 0);
            assert_int_equal(image->libc_evidence.offset, CONSTANTS + (marks & TUNABLES ? 0x101 : 0x201));
        } else if (image->libc == LIBC_MUSL) {
            assert_int_equal(image->libc_evidence.offset, marks & START ? CODE : CONSTANTS + 0x301);
        }
        if (image->libc == LIBC_UNKNOWN) {
            bool doubt = marks & (TAG | TUNABLES | GCONV);
            assert_int_equal(image->latent.known, doubt ? KNOWN_BROKEN : KNOWN_ABSENT);
            assert_int_equal(image->latent.possible, doubt ? LATENT_NSS | LATENT_ICONV | LATENT_DLOPEN : 0);
        }
        file_close(&s.file);
    }
}

/* One byte of the start code is another. */
static void start_code_is_that_of_musl_or_is_not(void **state)
{
    static const uint8_t any[] = {9, 10, 11, 12}; /* the displacement */
    (void)state;
    for (size_t i = 0; i < sizeof musl_amd64; i++) {
        marked(START);
        s.bytes[CODE + i] ^= 1;
        assert_int_equal(small_read(&s)->libc, memchr(any, (int)i, sizeof any) ? LIBC_MUSL : LIBC_NONE);
        file_close(&s.file);
    }
    for (size_t i = 0; i <= sizeof musl_arm64; i++) {
        small_start(&s, EM_AARCH64);
        put(&s, CODE, musl_arm64, sizeof musl_arm64);
        s.bytes[CODE + i] ^= 1;
        bool between = (i >= 12 && i < 20) || i == sizeof musl_arm64;
        assert_int_equal(small_read(&s)->libc, between ? LIBC_MUSL : LIBC_NONE);
        file_close(&s.file);
    }
    marked(START);
    put_word(&s, 24, BASE + DATA); /* an entry that is in no code */
    assert_int_equal(small_read(&s)->libc, LIBC_NONE);
    file_close(&s.file);
}

static void without_a_look_at_texts_the_tag_leaves_it_open(void **state)
{
    (void)state;
    for (unsigned tag = 0; tag <= TAG; tag++) {
        struct problem problem;
        marked(tag);
        const struct file_options options = {1 << 20, false};
        assert_int_equal(file_from_memory(&s.file, s.bytes, s.size, &options, &problem), STATUS_OK);
        read_file(&s.file, &(struct read_options){.code = false}, &s.reading);
        const struct image *image = s.reading.images;
        assert_int_equal(image->libc, LIBC_UNKNOWN);
        assert_int_equal(image->latent.known, tag ? KNOWN_BROKEN : KNOWN_ABSENT);
        assert_int_equal(image->latent.possible, tag ? LATENT_NSS | LATENT_ICONV | LATENT_DLOPEN : 0);
        file_close(&s.file);
    }
}

/* The socket of nscd is the only one that code puts together: it counts in the middle of a text. */
static void a_constant_stands_behind_a_nul(void **state)
{
    static const struct {
        const char *text;
        size_t count;
    } cases[] = {{"/var/run/nscd/socket", 1}, {"x/var/run/nscd/socket", 1}, {"libnss_%s.so", 1}, {"xlibnss_%s.so", 0}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        start_glibc(&s, EM_X86_64);
        put_text(&s, CONSTANTS + 0x300, cases[i].text);
        assert_int_equal(small_read(&s)->latent.count, cases[i].count);
        file_close(&s.file);
    }
}

static void of_a_mark_that_stands_twice_the_first_is_told(void **state)
{
    (void)state;
    start_glibc(&s, EM_X86_64);
    put_text(&s, CONSTANTS + 0x300, "libnss_%s.so");
    put_text(&s, CONSTANTS + 0x400, "libnss_%s.so");
    assert_int_equal(small_read(&s)->latent.evidence[0].offset, CONSTANTS + 0x301);
    file_close(&s.file);
}

/* ---- by the names that the dynamic loader looks for ---- */

static void dynamic_programs_name_it(void **state)
{
    static const struct {
        const char *interpreter, *needed[2], *version;
        bool android;
        enum libc libc;
    } cases[] = {
        {"/lib64/ld-linux-x86-64.so.2", {0}, NULL, false, LIBC_GLIBC},
        {"/lib/ld-musl-x86_64.so.1", {"libc.so"}, NULL, false, LIBC_MUSL},
        {"/lib/ld-musl-x86_64.so.1", {"libc.so.6"}, NULL, false, LIBC_MUSL},
        {"/lib/loader", {"libm.so.6", "libc.so.6"}, NULL, false, LIBC_GLIBC},
        {"/lib/loader", {"ld-linux.so.2"}, NULL, false, LIBC_GLIBC},
        {"/lib/loader", {"libc.musl-x86_64.so.1"}, NULL, false, LIBC_MUSL},
        {"/lib/loader", {"libc.musl-x86_64.so.1", "libc.so.6"}, NULL, false, LIBC_MUSL},
        {"/lib/loader", {"libc.so"}, NULL, false, LIBC_UNKNOWN},
        {"/lib/loader", {"libc.so"}, NULL, true, LIBC_BIONIC},
        {"/lib/loader", {"libm.so"}, NULL, true, LIBC_UNKNOWN},
        {"/apex/linker64", {"libc.so"}, NULL, false, LIBC_BIONIC},
        {"/system/bin/linker64", {"libc.so"}, NULL, false, LIBC_BIONIC},
        {"linker64", {"libc.so"}, NULL, false, LIBC_UNKNOWN},
        {NULL, {"libc.so"}, NULL, false, LIBC_MUSL},
        {NULL, {"libc.so", "libdl.so"}, NULL, false, LIBC_UNKNOWN},
        {NULL, {"libc.so"}, "LIBC", false, LIBC_BIONIC},
        {NULL, {"libc.so"}, "GLIBC_2.4", false, LIBC_GLIBC},
        {NULL, {"libc.so"}, "GCC_3.0", false, LIBC_MUSL},
        {NULL, {"libgcc_s.so.1", "libc.so"}, "GLIBC_2.0", false, LIBC_MUSL},
        {NULL, {"libgcc_s.so.1", "libz.so"}, "GLIBC_2.0", false, LIBC_UNKNOWN},
        {NULL, {"libc.so.6"}, NULL, false, LIBC_GLIBC},
        {NULL, {"libc.so"}, NULL, true, LIBC_BIONIC},
        {"/lib/loader", {"libm.so.6"}, "GLIBC_2.4", false, LIBC_GLIBC},
        {"/lib/loader", {"libm.so.6"}, "MUSL_2.4", false, LIBC_UNKNOWN},
        {"/lib/loader", {0}, NULL, false, LIBC_UNKNOWN},
    };
    static struct make_elf elf;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        make_elf_clean(&elf, ARCH_AMD64);
        if (cases[i].interpreter)
            make_elf_interp(&elf, cases[i].interpreter);
        for (size_t k = 0; k < 2 && cases[i].needed[k]; k++)
            make_elf_dyn_text(&elf, DT_NEEDED, cases[i].needed[k]);
        if (cases[i].android)
            make_elf_note(&elf, "Android", 1, "\x15\0\0", 4);
        if (cases[i].version) {
            Elf64_Dyn *name = make_elf_dyn_text(&elf, DT_DEBUG, cases[i].version);
            const Elf64_Dyn *needed = make_elf_find_dyn(&elf, DT_NEEDED);
            for (size_t k = 0; k < elf.dyn_count; k++) /* of the first library */
                if (elf.dyns[k].d_tag == DT_NEEDED && elf.dyns[k].d_un.d_val < needed->d_un.d_val)
                    needed = &elf.dyns[k];
            make_elf_put(
                &elf, MAKE_ELF_FREE,
                &(Elf64_Verneed){
                    .vn_version = 1, .vn_cnt = 1, .vn_file = needed ? (Elf64_Word)needed->d_un.d_val : 0, .vn_aux = 16},
                16);
            make_elf_put(&elf, MAKE_ELF_FREE + 16, &(Elf64_Vernaux){.vna_name = (Elf64_Word)name->d_un.d_val}, 16);
            make_elf_dyn(&elf, DT_VERNEED, make_elf_address(MAKE_ELF_FREE));
            make_elf_dyn(&elf, DT_VERNEEDNUM, 1);
        }
        uint8_t *bytes;
        size_t size = make_elf_write(&elf, &bytes);
        struct problem problem;
        assert_int_equal(file_from_memory(&s.file, bytes, size, &(struct file_options){1 << 20, false}, &problem),
                         STATUS_OK);
        read_file(&s.file, &(struct read_options){.code = true}, &s.reading);
        if (s.reading.images->libc != cases[i].libc)
            print_error("case %zu: %s\n", i, libc_name(s.reading.images->libc));
        assert_int_equal(s.reading.images->libc, cases[i].libc);
        const struct named *evidence = &s.reading.images->libc_evidence; /* what named it: the loader, or a library */
        if (cases[i].interpreter &&
            (strstr(cases[i].interpreter, "/ld-linux") || strstr(cases[i].interpreter, "/ld-musl")))
            assert_string_equal(evidence->text, cases[i].interpreter);
        else if (cases[i].libc == LIBC_UNKNOWN || (cases[i].version && cases[i].libc != LIBC_MUSL))
            assert_null(evidence->text);
        else
            assert_true(strcmp(evidence->text, cases[i].needed[0]) == 0 ||
                        strcmp(evidence->text, cases[i].needed[1]) == 0);
        file_close(&s.file);
        free(bytes);
    }
}

static void a_static_program_of_android_is_told_by_its_note(void **state)
{
    static struct make_elf elf;
    uint8_t *bytes;
    struct problem problem;
    (void)state;
    make_elf_clean(&elf, ARCH_AMD64);
    make_elf_note(&elf, "Android", 1, "\x15\0\0", 4);
    size_t size = make_elf_write(&elf, &bytes);
    assert_int_equal(file_from_memory(&s.file, bytes, size, &(struct file_options){1 << 20, false}, &problem),
                     STATUS_OK);
    read_file(&s.file, &(struct read_options){.code = true}, &s.reading);
    assert_int_equal(s.reading.images->libc, LIBC_BIONIC);
    file_close(&s.file);
    free(bytes);
}

/* What may be musl's is that of Linux, and of what can be read. */
static void a_library_of_another_system_is_not_of_musl(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        static struct make_elf elf;
        uint8_t *bytes;
        struct problem problem;
        make_elf_clean(&elf, ARCH_AMD64);
        make_elf_dyn_text(&elf, DT_NEEDED, "libc.so");
        if (i == 1)
            make_elf_note(&elf, "FreeBSD", 1, "\x15\0\0", 4);
        if (i == 2) { /* versions that stand nowhere */
            make_elf_dyn(&elf, DT_VERNEED, 1 << 20);
            make_elf_dyn(&elf, DT_VERNEEDNUM, 1);
        }
        size_t size = make_elf_write(&elf, &bytes);
        assert_int_equal(file_from_memory(&s.file, bytes, size, &(struct file_options){1 << 20, false}, &problem),
                         STATUS_OK);
        read_file(&s.file, &(struct read_options){.code = true}, &s.reading);
        assert_int_equal(s.reading.images->libc, i ? LIBC_UNKNOWN : LIBC_MUSL);
        file_close(&s.file);
        free(bytes);
    }
}

/* Neither a program nor what it needs: a library that stands alone has no C library, unless that is not known. */
static void a_library_that_needs_nothing_has_none(void **state)
{
    (void)state;
    for (unsigned torn = 0; torn < 2; torn++) {
        static struct make_elf elf;
        uint8_t *bytes;
        struct problem problem;
        make_elf_clean(&elf, ARCH_AMD64);
        elf.header.e_type = ET_DYN;
        elf.header.e_entry = 0;
        make_elf_dyn_text(&elf, DT_SONAME, "libx.so");
        if (torn)
            make_elf_dyn(&elf, DT_NEEDED, 1 << 20);
        size_t size = make_elf_write(&elf, &bytes);
        assert_int_equal(file_from_memory(&s.file, bytes, size, &(struct file_options){1 << 20, false}, &problem),
                         STATUS_OK);
        read_file(&s.file, &(struct read_options){.code = true}, &s.reading);
        assert_int_equal(s.reading.images->libc, torn ? LIBC_UNKNOWN : LIBC_NONE);
        file_close(&s.file);
        free(bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_combination_of_marks),
        cmocka_unit_test(start_code_is_that_of_musl_or_is_not),
        cmocka_unit_test(without_a_look_at_texts_the_tag_leaves_it_open),
        cmocka_unit_test(a_constant_stands_behind_a_nul),
        cmocka_unit_test(of_a_mark_that_stands_twice_the_first_is_told),
        cmocka_unit_test(dynamic_programs_name_it),
        cmocka_unit_test(a_static_program_of_android_is_told_by_its_note),
        cmocka_unit_test(a_library_of_another_system_is_not_of_musl),
        cmocka_unit_test(a_library_that_needs_nothing_has_none),
    };
    return cmocka_run_group_tests_name("test_libc", tests, NULL, NULL);
}
