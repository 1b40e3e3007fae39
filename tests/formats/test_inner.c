/* Ways round dlopen() and iconv(): functions are found by the texts that they refer to and by frame description entries,
 * which stand here as compilers write them. That glibc has these parts, and that programs which do so load libraries, was
 * seen under strace (glibc 2.36, amd64 and arm64). */
#include "tests/formats/small_glibc.h"
#include "tests/formats/small_go.h"

static struct small s;

enum {
    LOCALE = CODE + 0x400, /* setlocale() */
    OPEN = CODE + 0x500,   /* _dl_open() */
    OWN = CODE + 0x600,    /* do_dlopen() */
    MODE = CODE + 0x680,   /* __libc_dlopen_mode() */
    GCONV = CODE + 0x700,  /* __gconv_find_shlib() */
    OTHER = CODE + 0x780,  /* a function of the program */
    SIZE = 0x80,
    ALL = 0x100,
};

enum { CALL = 0xe8, LEA = 0x8d };

static void refer_to(size_t at, unsigned how, size_t to)
{
    static const uint8_t lea[] = {0x48, 0x8d, 0x35}, call[] = {0xe8};
    size_t size = how == CALL ? sizeof call : sizeof lea;
    uint32_t distance = (uint32_t)to - (uint32_t)(at + size + 4);
    put(&s, at, how == CALL ? call : lea, size);
    put(&s, at + size, &distance, 4);
}

static void put_locale(bool frame)
{
    start_glibc(&s, EM_X86_64);
    put_text(&s, CONSTANTS + 0x600, "LOCPATH");
    refer_to(LOCALE + 0x20, LEA, CONSTANTS + 0x601);
    if (frame)
        put_frame(&s, 0, LOCALE, SIZE);
}

static bool doubted; /* the last one: whether it is so was not found out */

static void is_open(const char *sentence, bool open, enum latent kind)
{
    const struct latent_loads *latent = &small_read(&s)->latent;
    if ((latent->known == KNOWN_BROKEN) != open)
        print_error("%s\n", sentence);
    assert_int_equal(latent->known, open ? KNOWN_BROKEN : KNOWN_COMPLETE);
    assert_int_equal(latent->used, 0);
    if (open)
        assert_true(latent->possible & (unsigned)kind && latent->count);
    doubted = open && strstr(latent->evidence[latent->count - 1].text, "not found out");
    file_close(&s.file);
}

static void a_locale_that_code_chooses_leaves_conversions_open(void **state)
{
    (void)state;
    put_locale(true);
    is_open("setlocale() that nobody calls", false, LATENT_ICONV);
    put_locale(true);
    refer_to(OTHER, CALL, LOCALE);
    is_open("a call", true, LATENT_ICONV);
    assert_false(doubted);
    put_locale(true);
    refer_to(OTHER, CALL, LOCALE + 4);
    is_open("a call into the function", false, LATENT_ICONV);
    put_locale(true);
    refer_to(LOCALE + 0x40, CALL, LOCALE);
    is_open("a call of its own", false, LATENT_ICONV);
    put_locale(true);
    put_pointer(&s, DATA + 0x40, LOCALE);
    is_open("a pointer", true, LATENT_ICONV);
    put_locale(true);
    put_pointer(&s, DATA + 0x44, LOCALE);
    is_open("bytes that are no aligned word", false, LATENT_ICONV);
    put_locale(false);
    is_open("a function of unknown bounds", true, LATENT_ICONV);
    assert_true(doubted);
    put_locale(true);
    put(&s, LOCALE + 0x20, "\x90\x90\x90", 3);
    is_open("a text that nobody refers to", true, LATENT_ICONV);
}

/* What --gc-sections leaves of a program that only prints: the list of unsecure variables, without setlocale(). */
static void a_list_of_variables_chooses_no_locale(void **state)
{
    static const char list[] = "LOCALDOMAIN\0LOCPATH\0MALLOC_TRACE";
    (void)state;
    start_glibc(&s, EM_X86_64);
    put(&s, CONSTANTS + 0x600, list, sizeof list);
    is_open("the list alone", false, LATENT_ICONV);
    start_glibc(&s, EM_X86_64);
    put(&s, CONSTANTS + 0x601, list + 1, sizeof list - 1);
    is_open("another text in front of it", true, LATENT_ICONV);
    assert_true(doubted);
    put_locale(true);
    put(&s, CONSTANTS + 0x640, list, sizeof list);
    is_open("the list, and setlocale() that nobody calls", false, LATENT_ICONV);
    put_locale(true);
    put(&s, CONSTANTS + 0x640, list, sizeof list);
    refer_to(OTHER, CALL, LOCALE);
    is_open("the list, and a call", true, LATENT_ICONV);
    put_locale(true);
    put(&s, CONSTANTS + 0x640, list, sizeof list);
    put(&s, LOCALE + 0x20, "\x90\x90\x90", 3);
    is_open("the list, and a text that nobody refers to", true, LATENT_ICONV);
    start_glibc(&s, EM_X86_64);
    put(&s, CONSTANTS + 0x600, list, sizeof list);
    refer_to(LOCALE + 0x20, LEA, CONSTANTS + 0x60c);
    refer_to(OTHER, CALL, LOCALE);
    put_frame(&s, 0, LOCALE, SIZE);
    is_open("a function that refers into the list", true, LATENT_ICONV);
}

/* "LOCPATH" stands behind a table of jumps where it is the first of the texts, and in a text that it ends where a program has
 * one: what tells is who refers to it. */
static void the_text_may_stand_behind_anything(void **state)
{
    static const char merged[] = "xLOCPATH";
    (void)state;
    put_locale(true);
    put(&s, CONSTANTS + 0x600, "\xff", 1);
    refer_to(OTHER, CALL, LOCALE);
    is_open("a table in front", true, LATENT_ICONV);
    assert_false(doubted);
    put_locale(true);
    put(&s, CONSTANTS + 0x600, merged, sizeof merged);
    refer_to(OTHER, CALL, LOCALE);
    is_open("the end of a text that is referred to", true, LATENT_ICONV);
    assert_false(doubted);
    put_locale(true); /* in front of it nothing is loaded */
    put(&s, CONSTANTS + 0x600, "\0\0\0\0\0\0\0", 8);
    put(&s, CONSTANTS, merged + 1, sizeof merged - 1);
    put_word(&s, 64 + 56 + offsetof(Elf64_Phdr, p_filesz), 0xff0);
    put_word(&s, 64 + 56 + offsetof(Elf64_Phdr, p_memsz), 0xff0);
    refer_to(LOCALE + 0x20, LEA, CONSTANTS);
    refer_to(OTHER, CALL, LOCALE);
    is_open("the first bytes of a segment", true, LATENT_ICONV);
    start_glibc(&s, EM_X86_64);
    put(&s, CONSTANTS + 0x600, merged, sizeof merged);
    is_open("the end of a text that is not", false, LATENT_ICONV);
}

static void libraries_of_languages_choose_locales_for_who_asks_them(void **state)
{
    static const struct {
        const char *text, *other;
        unsigned most;
    } cases[] = {{"NSt6locale5facetE", NULL, 3},
                 {"Fortran runtime error: ", NULL, 3},
                 {"NSt6locale5facetE", "locale::locale null not valid", 0},
                 {"locale::locale null not valid", NULL, 0}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (unsigned calls = 0; calls <= 4; calls++) {
            put_locale(true);
            put_text(&s, CONSTANTS + 0x700, cases[i].text);
            if (cases[i].other)
                put_text(&s, CONSTANTS + 0x740, cases[i].other);
            for (unsigned k = 0; k < calls; k++)
                refer_to(OTHER + k * 8, CALL, LOCALE);
            is_open(cases[i].text, calls > cases[i].most, LATENT_ICONV);
        }
}

/* _dl_open(), and what calls it in every program. */
static void put_loader(void)
{
    start_glibc(&s, EM_X86_64);
    put_text(&s, CONSTANTS + 0x600, "invalid mode for dlopen()");
    refer_to(OPEN + 0x20, LEA, CONSTANTS + 0x601);
    refer_to(OWN + 0x10, CALL, OPEN);
    refer_to(MODE + 0x10, LEA, OWN);
    refer_to(GCONV + 0x10, CALL, MODE);
    put_pointer(&s, DATA + 0x40, MODE);
    put_frame(&s, 0, OPEN, SIZE);
    put_frame(&s, 1, OWN, SIZE);
    put_frame(&s, 2, MODE, SIZE);
    put_frame(&s, 3, GCONV, SIZE);
}

static void calls_round_dlopen_leave_it_open(void **state)
{
    (void)state;
    put_loader();
    is_open("what every program has", false, LATENT_DLOPEN);
    put_loader();
    put_dlopen(&s);
    put_frame(&s, 4, CODE + 0x110, 0x40);
    refer_to(CODE + 0x128, CALL, OPEN);
    is_open("and dlopen_doit()", false, LATENT_DLOPEN);
    put_loader();
    refer_to(OTHER, CALL, OPEN);
    is_open("another caller of _dl_open()", true, LATENT_DLOPEN);
    put_loader();
    put_pointer(&s, DATA + 0x80, OPEN);
    is_open("a pointer to _dl_open()", true, LATENT_DLOPEN);
    put_loader();
    refer_to(OTHER, CALL, MODE);
    is_open("another caller of __libc_dlopen_mode()", true, LATENT_DLOPEN);
    put_loader();
    put_pointer(&s, DATA + 0x80, MODE);
    is_open("another pointer to __libc_dlopen_mode()", true, LATENT_DLOPEN);
    put_loader();
    refer_to(OTHER, LEA, OWN);
    is_open("do_dlopen() passed on by another", true, LATENT_DLOPEN);
    put_loader();
    put(&s, OWN + 0x10, "\x90", 1);
    is_open("_dl_open() that nobody calls", true, LATENT_DLOPEN);
    put_loader();
    put_frame(&s, 1, OWN + 0x40, 4);
    is_open("a caller of unknown bounds", true, LATENT_DLOPEN);
}

/* What all programs of a whole glibc have; a text that is missing was taken away. */
static void a_whole_glibc_has_the_text_that_chooses_locales(void **state)
{
    (void)state;
    for (unsigned text = 0; text < 2; text++) {
        put_loader();
        put_resolvers(&s, CONSTANTS + 0x400, 3, R_X86_64_IRELATIVE);
        if (text) {
            put_text(&s, CONSTANTS + 0x700, "LOCPATH");
            refer_to(LOCALE + 0x20, LEA, CONSTANTS + 0x701);
            put_frame(&s, 4, LOCALE, SIZE);
        }
        is_open("a text of setlocale()", !text, LATENT_ICONV);
    }
}

/* dlopen() and its twin, both of which pass the address of dlopen_doit() on. */
static void put_twins(void)
{
    start_glibc(&s, EM_X86_64);
    put_dlopen(&s);
    refer_to(CODE + 0x160, LEA, CODE + 0x110);
    put_frame(&s, 0, CODE + 0x110, 0x40);
    put_frame(&s, 1, CODE + 0x150, 0x30);
    put_frame(&s, 2, CODE + 0x180, 0x30);
    put_pointer(&s, DATA + 0x40, CODE + 0x150); /* the hooks */
}

static void dlopen_by_a_pointer_is_left_open(void **state)
{
    (void)state;
    put_twins();
    is_open("the hooks", false, LATENT_DLOPEN);
    put_twins();
    put_pointer(&s, DATA + 0x80, CODE + 0x150);
    is_open("the hooks twice", false, LATENT_DLOPEN);
    put_twins();
    put_pointer(&s, DATA + 0x80, CODE + 0x180);
    is_open("a pointer to the other", true, LATENT_DLOPEN);
    put_twins();
    put_pointer(&s, DATA + 0x80, CODE + 0x184);
    is_open("a pointer into the other", false, LATENT_DLOPEN);
    put_twins();
    refer_to(OTHER, CALL, CODE + 0x184);
    is_open("bytes that look like a call into the other", false, LATENT_DLOPEN);
}

/* System calls as musl makes them: the number, some moves, the call. */
static void put_call(size_t at, unsigned number, size_t between)
{
    static const uint8_t syscall[] = {0x0f, 0x05};
    uint8_t move[] = {0xb8, (uint8_t)number, (uint8_t)(number >> 8), 0, 0};
    put(&s, at, move, sizeof move);
    put(&s, at + sizeof move + between, syscall, sizeof syscall);
}

static void put_call_a64(size_t at, unsigned number, unsigned register_number, size_t words)
{
    put_a64(&s, at, 0xd2800000 | number << 5 | register_number);
    put_a64(&s, at + 4 * words, 0xd4000001);
}

static void may_start_a_program(const char *sentence, bool may)
{
    const struct latent_loads *latent = &small_read(&s)->latent;
    if (((latent->possible & LATENT_PROGRAM) != 0) != may)
        print_error("%s\n", sentence);
    assert_int_equal((latent->possible & LATENT_PROGRAM) != 0, may);
    assert_int_equal(latent->known, may ? KNOWN_BROKEN : KNOWN_ABSENT);
    assert_int_equal(latent->count, may);
    if (may) {
        assert_int_equal(latent->evidence[0].offset, CODE + 0x100);
        assert_non_null(strstr(latent->evidence[0].text, "memfd_create()"));
    }
    file_close(&s.file);
}

static void a_program_from_memory_leaves_it_open(void **state)
{
    static const struct {
        const char *sentence;
        unsigned create, start;
        size_t between;
        const char *path;
        bool may;
    } cases[] = {
        {"memfd_create() and execveat()", 319, 322, 4, NULL, true},
        {"calls a little way behind", 319, 322, 31, NULL, true},
        {"calls farther behind", 319, 322, 32, NULL, false},
        {"memfd_create() alone", 319, 0, 4, NULL, false},
        {"execveat() alone", 0, 322, 4, NULL, false},
        {"execve()", 319, 59, 4, NULL, false},
        {"execve() and a path of open files", 319, 59, 4, "/proc/self/fd/%d", true},
        {"execve() and the other path", 319, 59, 4, "/dev/fd/%d", true},
        {"a path alone", 0, 59, 4, "/proc/self/fd/%d", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        small_start(&s, EM_X86_64);
        put_call(CODE + 0x100, cases[i].create, cases[i].between);
        put_call(CODE + 0x200, cases[i].start, cases[i].between);
        if (cases[i].path)
            put_text(&s, CONSTANTS + 0x100, cases[i].path);
        may_start_a_program(cases[i].sentence, cases[i].may);
    }
}

static void on_arm64_as_well(void **state)
{
    (void)state;
    for (unsigned number = 280; number <= 281; number++)
        for (unsigned words = 8; words <= 9; words++)
            for (unsigned x = 8; x <= 9; x++) {
                small_start(&s, EM_AARCH64);
                put_call_a64(CODE + 0x100, 279, x, words);
                put_call_a64(CODE + 0x200, number, x, words);
                may_start_a_program("memfd_create() and another", number == 281 && words == 8 && x == 8);
            }
}

/* The number in a register, and a call of a function that makes the system call, or calls one that does: `chain` calls. */
struct handing {
    const char *sentence;
    const char *move; /* all bytes before the number */
    size_t between;
    unsigned chain;
    bool go, may;
};

static void put_handing(const struct handing *h, size_t at, uint32_t number)
{
    size_t size = strlen(h->move), call = at + 1 + 4 + h->between;
    put(&s, at + 1 - size, h->move, size);
    put(&s, at + 1, &number, sizeof number);
    refer_to(call, CALL, CODE + 0x600);
}

static void a_number_that_is_handed_on_counts(void **state)
{
    static const struct handing cases[] = {
        {"mov edi; call syscall", "\xbf", 0, 0, false, true},
        {"mov rdi; call syscall", "\x48\xc7\xc7", 8, 0, false, true},
        {"a call a little way behind", "\xbf", 63, 0, false, true},
        {"a call farther behind", "\xbf", 64, 0, false, false},
        {"a function that calls another one", "\xbf", 0, 1, false, false},
        {"mov esi, which is another argument", "\xbe", 0, 0, false, false},
        {"mov eax is not C's way", "\xb8", 0, 0, false, false},
        {"mov eax; call syscall.RawSyscall", "\xb8", 0, 1, true, true},
        {"mov eax; call syscall.Syscall", "\xb8", 0, 2, true, true},
        {"functions behind functions", "\xb8", 0, 3, true, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct handing *h = &cases[i];
        small_start(&s, EM_X86_64);
        if (h->go)
            put_record(&s, DATA, "go1.23.5", LINES);
        put_handing(h, CODE + 0x100, 319);
        put_handing(h, CODE + 0x200, 322);
        for (unsigned n = 0; n < h->chain; n++)
            refer_to(CODE + 0x600 + n * 0x100 + 0x20, CALL, CODE + 0x700 + n * 0x100);
        put(&s, CODE + 0x600 + h->chain * 0x100 + 0x30, "\x0f\x05", 2);
        may_start_a_program(h->sentence, h->may);
    }
    for (size_t at = 158; at <= 160; at++) { /* bytes of the function before the instruction */
        small_start(&s, EM_X86_64);
        put_handing(&cases[0], CODE + 0x100, 319);
        put_handing(&cases[0], CODE + 0x200, 322);
        put(&s, CODE + 0x600 + at, "\x0f\x05", 2);
        may_start_a_program("an instruction far into the function", at < 160);
    }
}

static void in_a64_code_as_well(void **state)
{
    (void)state;
    for (unsigned x = 0; x <= 1; x++)
        for (unsigned words = 16; words <= 17; words++)
            for (int back = 0; back <= 1; back++) {
                size_t function = back ? CODE + 0x40 : CODE + 0x600;
                small_start(&s, EM_AARCH64);
                put_call_a64(CODE + 0x100, 279, x, words);
                put_call_a64(CODE + 0x200, 281, x, words);
                put_branch(&s, CODE + 0x100 + 4 * words, 0x94000000, function);
                put_branch(&s, CODE + 0x200 + 4 * words, 0x94000000, function);
                put_a64(&s, function + 0x20, 0xd4000001);
                may_start_a_program("MOVZ X0; BL syscall", x == 0 && words == 16);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_locale_that_code_chooses_leaves_conversions_open),
        cmocka_unit_test(a_list_of_variables_chooses_no_locale),
        cmocka_unit_test(the_text_may_stand_behind_anything),
        cmocka_unit_test(libraries_of_languages_choose_locales_for_who_asks_them),
        cmocka_unit_test(calls_round_dlopen_leave_it_open),
        cmocka_unit_test(a_whole_glibc_has_the_text_that_chooses_locales),
        cmocka_unit_test(dlopen_by_a_pointer_is_left_open),
        cmocka_unit_test(a_program_from_memory_leaves_it_open),
        cmocka_unit_test(on_arm64_as_well),
        cmocka_unit_test(a_number_that_is_handed_on_counts),
        cmocka_unit_test(in_a64_code_as_well),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
