/* Who refers to what, in images made by hand: the bounds of what is looked at, and what is no reference. */
#include "formats/elf/elf.h"
#include "formats/elf/marks.h"
#include "formats/elf/references.h"
#include "tests/formats/made_image.h"

enum {
    CONSTANTS = 0x2000,
    FRAMES = 0x2800,
    DATA = 0x3000,
    SIZE = 0x4000,
    TEXT = CONSTANTS + 0x100,
    FUNCTION = CODE + 0x400,
    OTHER = CODE + 0x800,
    LEA = 0x8d,
    CALL = 0xe8
};

static void fresh(void)
{
    memset(bytes, 0, SIZE);
    memset(bytes + CODE, 0x90, CONSTANTS - CODE);
}

/* Code, then constants and data. */
static void look(enum arch arch)
{
    begin(arch, SIZE);
    segments[0].memory_size = segments[0].file_size = CONSTANTS - CODE;
    segments[1] = (struct segment){.name = "",
                                   .address = CONSTANTS,
                                   .memory_size = SIZE - CONSTANTS,
                                   .offset = CONSTANTS,
                                   .file_size = SIZE - CONSTANTS,
                                   .access = ACCESS_READ};
    image.segments.count = 2;
    image.linkage = LINKAGE_STATIC;
}

/* The same bytes named `times` more, as code or as data. */
static void again(unsigned times, size_t of, unsigned access)
{
    for (; times; times--) {
        segments[image.segments.count] = segments[of];
        segments[image.segments.count++].access = access;
    }
}

static void refer_to(size_t at, unsigned how, size_t to)
{
    static const uint8_t lea[] = {0x48, 0x8d, 0x35}, call[] = {0xe8};
    size_t size = how == CALL ? sizeof call : sizeof lea;
    uint32_t distance = (uint32_t)to - (uint32_t)(at + size + 4);
    memcpy(bytes + at, how == CALL ? call : lea, size);
    memcpy(bytes + at + size, &distance, 4);
}

static void put_words(size_t at, const uint32_t *words, size_t count)
{
    memcpy(bytes + at, words, count * sizeof *words);
}

/* A CIE at FRAMES, and the index-th FDE behind it. */
static void put_frame(unsigned index, size_t start, uint32_t size)
{
    size_t at = FRAMES + 0x18 + index * 0x18;
    put_words(FRAMES, (const uint32_t[]){20, 0, 0x00527a01, 0x01107801, 0x0000001b, 0}, 6);
    put_words(at, (const uint32_t[]){20, (uint32_t)(at + 4 - FRAMES), (uint32_t)start - (uint32_t)(at + 8), size, 0, 0},
              6);
}

static void put_pointer(size_t at, uint64_t to)
{
    memcpy(bytes + at, &to, sizeof to);
}

static void more_references_are_counted_than_kept(void **state)
{
    (void)state;
    fresh();
    for (unsigned i = 0; i < PLACES + 2; i++)
        refer_to(CODE + 0x20 + i * 0x10, LEA, TEXT);
    look(ARCH_AMD64);
    struct target t = {.low = TEXT, .high = TEXT + 1};
    assert_true(refer(&image, &t));
    assert_int_equal(t.count, PLACES + 2);
    assert_int_equal(t.place, CODE + 0x23);
    assert_int_equal(t.last_place, CODE + 0x20 + (PLACES + 1) * 0x10 + 3);
}

static void bytes_are_not_looked_at_again_and_again(void **state)
{
    struct target t = {.low = TEXT, .high = TEXT + 1};
    struct frame frame;
    (void)state;
    fresh();
    put_frame(0, FUNCTION, 0x80);
    look(ARCH_AMD64);
    again(4, 0, ACCESS_READ | ACCESS_EXECUTE);
    assert_false(refer(&image, &t));
    look(ARCH_AMD64);
    again(2, 1, ACCESS_READ);
    assert_true(point(&image, &t));
    again(2, 1, ACCESS_READ);
    assert_false(point(&image, &t));
    look(ARCH_AMD64);
    assert_true(frame_of(&image, FUNCTION, &frame));
    image.size = SIZE - CONSTANTS - 1; /* less than the segment that holds it */
    assert_false(frame_of(&image, FUNCTION, &frame));
}

static void a_segment_outside_of_the_file_is_not_read(void **state)
{
    struct target t = {.low = TEXT, .high = TEXT + 1};
    struct frame frame;
    (void)state;
    fresh();
    put_frame(0, FUNCTION, 0x80);
    put_pointer(DATA, TEXT);
    look(ARCH_AMD64);
    segments[0].offset = SIZE;
    assert_false(refer(&image, &t));
    assert_false(point(&image, &t));
    assert_true(frame_of(&image, FUNCTION, &frame)); /* as far as can be seen */
    segments[0].file_size = 0;
    assert_true(refer(&image, &t));
    assert_true(point(&image, &t));
    assert_int_equal(t.count, 1);
}

/* What is relocated says so: elsewhere a word is a number. */
static void pointers_of_a_pie_are_addends(void **state)
{
    static const struct {
        enum arch arch;
        enum linkage linkage;
        uint64_t before;
        bool packed; /* DT_RELR */
        unsigned access;
        bool pointer;
    } cases[] = {{ARCH_AMD64, LINKAGE_STATIC, 0, false, ACCESS_READ, true},
                 {ARCH_AMD64, LINKAGE_STATIC_PIE, 0, false, ACCESS_READ | ACCESS_WRITE, false},
                 {ARCH_AMD64, LINKAGE_STATIC_PIE, 0, true, ACCESS_READ | ACCESS_WRITE, true},
                 {ARCH_AMD64, LINKAGE_STATIC_PIE, 0, true, ACCESS_READ, false},
                 {ARCH_AMD64, LINKAGE_STATIC_PIE, R_X86_64_RELATIVE, false, ACCESS_READ, true},
                 {ARCH_AMD64, LINKAGE_STATIC_PIE, R_X86_64_RELATIVE, true, ACCESS_READ, true},
                 {ARCH_AMD64, LINKAGE_STATIC_PIE, R_AARCH64_RELATIVE, false, ACCESS_READ, false},
                 {ARCH_ARM64, LINKAGE_STATIC_PIE, R_AARCH64_RELATIVE, false, ACCESS_READ, true}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct target t = {.low = TEXT, .high = TEXT + 1};
        fresh();
        put_pointer(DATA + 8, cases[i].before);
        put_pointer(DATA + 16, TEXT);
        look(cases[i].arch);
        image.linkage = cases[i].linkage;
        words_of_elf.packed_relocations = cases[i].packed;
        segments[1].access = cases[i].access;
        assert_true(point(&image, &t));
        assert_int_equal(t.count, cases[i].pointer);
    }
}

/* The ADD behind the ADRP of the last word of code would be data. */
static void a_pair_ends_in_the_segment(void **state)
{
    (void)state;
    for (size_t cut = 0; cut < 2; cut++) {
        struct target t = {.low = TEXT, .high = TEXT + 1};
        fresh();
        put_words(CONSTANTS - 8 + 4 * cut, (const uint32_t[]){0xb0000001 /* adrp x1, CONSTANTS */, 0x91040021}, 2);
        look(ARCH_ARM64);
        assert_true(refer(&image, &t));
        assert_int_equal(t.count, cut == 0);
    }
}

/* mov $0x2100, %esi: what does not move has an address there, and what does a number. */
static void numbers_of_a_pie_are_no_addresses(void **state)
{
    (void)state;
    for (unsigned pie = 0; pie < 2; pie++) {
        struct target t = {.low = TEXT, .high = TEXT + 1};
        fresh();
        memcpy(bytes + FUNCTION, "\xbe\x00\x21\x00\x00", 5);
        look(ARCH_AMD64);
        image.linkage = pie ? LINKAGE_STATIC_PIE : LINKAGE_STATIC;
        assert_true(refer(&image, &t));
        assert_int_equal(t.count, !pie);
    }
}

static void a_frame_is_one_that_compilers_write(void **state)
{
    enum { FDE = FRAMES + 0x18 };
    static const struct {
        const char *sentence;
        uint32_t fde[4], cie[3];
        bool known;
    } cases[] = {
        {"as it should be", {20, 0x1c, 0, 0x80}, {20, 0, 0x00527a01}, true},
        {"of the third version", {20, 0x1c, 0, 0x80}, {20, 0, 0x00527a03}, true},
        {"of the second version", {20, 0x1c, 0, 0x80}, {20, 0, 0x00527a02}, false},
        {"behind what is no CIE", {20, 0x1c, 0, 0x80}, {20, 1, 0x00527a01}, false},
        {"of the longest function", {20, 0x1c, 0, 1 << 20}, {20, 0, 0x00527a01}, true},
        {"of a longer function", {20, 0x1c, 0, (1 << 20) + 1}, {20, 0, 0x00527a01}, false},
        {"of no function", {20, 0x1c, 0, 0}, {20, 0, 0x00527a01}, false},
        {"of a function further on", {20, 0x1c, 1, 0x80}, {20, 0, 0x00527a01}, false},
        {"too short", {11, 0x1c, 0, 0x80}, {20, 0, 0x00527a01}, false},
        {"short", {12, 0x1c, 0, 0x80}, {20, 0, 0x00527a01}, true},
        {"long", {1 << 16, 0x1c, 0, 0x80}, {20, 0, 0x00527a01}, true},
        {"too long", {(1 << 16) + 1, 0x1c, 0, 0x80}, {20, 0, 0x00527a01}, false},
        {"with a CIE inside of it", {20, 15, 0, 0x80}, {20, 0, 0x00527a01}, false},
        {"with a CIE before the segment", {20, 0xffff, 0, 0x80}, {20, 0, 0x00527a01}, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct frame frame = {0};
        fresh();
        put_words(FRAMES, cases[i].cie, 3);
        put_words(FDE, cases[i].fde, 4);
        put_words(FDE + 8, (const uint32_t[]){cases[i].fde[2] + FUNCTION - (FDE + 8U)}, 1); /* from there */
        look(ARCH_AMD64);
        if (frame_of(&image, FUNCTION, &frame) != cases[i].known)
            print_error("a frame %s\n", cases[i].sentence);
        assert_int_equal(frame_of(&image, FUNCTION, &frame), cases[i].known);
        assert_int_equal(frame.low, cases[i].known ? FUNCTION : 0);
    }
    segments[1].file_size = 15; /* no room for one */
    assert_false(frame_of(&image, FUNCTION, &(struct frame){0}));
}

/* dlopen.o as compilers lay it out: dlopen_doit() refers to its text, dlopen() and its twin to it. */
enum { DOIT = FUNCTION, DLOPEN = FUNCTION + 0x60, TWIN = FUNCTION + 0xa0 };

static void put_dlopen(bool frames)
{
    fresh();
    refer_to(DOIT + 0x10, LEA, TEXT);
    refer_to(DLOPEN + 0x10, LEA, DOIT);
    refer_to(TWIN + 0x10, LEA, DOIT);
    if (frames) {
        put_frame(0, DOIT, 0x40);
        put_frame(1, DLOPEN, 0x30);
        put_frame(2, TWIN, 0x30);
    }
}

static enum answer called(void)
{
    uint64_t where = 0;
    look(ARCH_AMD64);
    return dlopen_called(&image, TEXT, &where);
}

static void calls_that_lead_into_a_function_are_bytes(void **state)
{
    (void)state;
    put_dlopen(true);
    for (unsigned i = 0; i < PLACES; i++)
        refer_to(OTHER + i * 8, CALL, DLOPEN + 4);
    assert_int_equal(called(), ANSWER_NO);
    put_dlopen(true); /* more than are kept: one of them may be a call */
    for (unsigned i = 0; i <= PLACES; i++)
        refer_to(OTHER + i * 8, CALL, DLOPEN + 4);
    assert_int_equal(called(), ANSWER_YES);
    uint64_t where = 0;
    assert_int_equal(dlopen_called(&image, TEXT, &where), ANSWER_YES);
    assert_int_equal(where, OTHER + 1);
    put_dlopen(true); /* two functions, the lower one later */
    refer_to(OTHER, CALL, DLOPEN);
    refer_to(OTHER + 8, CALL, DOIT + 0x40);
    assert_int_equal(called(), ANSWER_YES);
}

static void a_call_from_nowhere_is_told_by_its_text(void **state)
{
    uint64_t where = 0;
    (void)state;
    put_dlopen(true);
    refer_to(OTHER, CALL, DLOPEN);
    look(ARCH_AMD64);
    assert_int_equal(dlopen_called(&image, TEXT, &where), ANSWER_YES);
    assert_int_equal(where, OTHER + 1);
    segments[image.segments.count++] =
        (struct segment){.name = "", .address = CODE, .memory_size = 0x1000, .offset = CODE, .access = ACCESS_READ};
    assert_int_equal(dlopen_called(&image, TEXT, &where), ANSWER_YES); /* memory without bytes lies over the code */
    assert_int_equal(where, TEXT);
}

static void twins_are_two_functions_that_data_points_to(void **state)
{
    static const struct {
        const char *sentence;
        size_t first, second;
        unsigned frames;
        enum answer answer;
    } cases[] = {{"both", DLOPEN, TWIN, 3, ANSWER_UNKNOWN},
                 {"the first alone", DLOPEN, 0, 3, ANSWER_NO},
                 {"the second alone", 0, TWIN, 3, ANSWER_NO},
                 {"neither", 0, 0, 3, ANSWER_NO},
                 {"the first of unknown bounds", DLOPEN, TWIN, 1, ANSWER_UNKNOWN},
                 {"the second of unknown bounds", DLOPEN, TWIN, 2, ANSWER_UNKNOWN},
                 {"both, of unknown bounds", DLOPEN, TWIN, 0, ANSWER_NO}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        put_dlopen(cases[i].frames == 3);
        if (cases[i].frames == 2)
            put_frame(0, DLOPEN, 0x30);
        if (cases[i].frames == 1)
            put_frame(0, TWIN, 0x30);
        if (cases[i].first)
            put_pointer(DATA, cases[i].first);
        if (cases[i].second)
            put_pointer(DATA + 8, cases[i].second);
        if (called() != cases[i].answer)
            print_error("%s\n", cases[i].sentence);
        assert_int_equal(called(), cases[i].answer);
    }
    put_dlopen(
        true); /* another function passes the address of something in front of the text on, as mold lays it out */
    refer_to(OTHER, LEA, DOIT - 8);
    put_pointer(DATA, DLOPEN);
    put_pointer(DATA + 8, TWIN);
    assert_int_equal(called(), ANSWER_UNKNOWN);
    for (unsigned pointer = 0; pointer < 2; pointer++) { /* glibc before 2.34: one function, and no hooks */
        fresh();
        refer_to(DOIT + 0x10, LEA, TEXT);
        refer_to(DLOPEN + 0x10, LEA, DOIT);
        refer_to(DLOPEN + 0x18, LEA, DOIT);
        put_frame(0, DOIT, 0x40);
        put_frame(1, DLOPEN, 0x30);
        if (pointer)
            put_pointer(DATA, DLOPEN);
        assert_int_equal(called(), pointer ? ANSWER_UNKNOWN : ANSWER_NO);
    }
    put_dlopen(true); /* more references than are kept, all of them from one function */
    for (unsigned i = 0; i < PLACES; i++)
        refer_to(DLOPEN + 0x18 + i * 8, LEA, DOIT);
    assert_int_equal(called(), ANSWER_NO);
    put_pointer(DATA, DLOPEN);
    assert_int_equal(called(), ANSWER_UNKNOWN);
    put_dlopen(true); /* data that is named too often */
    put_pointer(DATA, DLOPEN);
    put_pointer(DATA + 8, TWIN);
    look(ARCH_AMD64);
    again(4, 1, ACCESS_READ);
    assert_int_equal(dlopen_called(&image, TEXT, &(uint64_t){0}), ANSWER_UNKNOWN);
}

static const struct marks no_marks;

/* setlocale(), which refers to the texts. */
static enum answer chosen(unsigned texts, unsigned references, bool frames)
{
    uint64_t where = 0;
    fresh();
    for (unsigned i = 0; i < texts; i++)
        memcpy(bytes + CONSTANTS + 0x100 + i * 0x10, "\0LOCPATH", sizeof "\0LOCPATH");
    for (unsigned i = 0; i < references; i++)
        refer_to(FUNCTION + 8 + i * 8, LEA, CONSTANTS + 0x101);
    if (frames)
        put_frame(0, FUNCTION, 0x80);
    look(ARCH_AMD64);
    return locale_chosen(&image, &no_marks, &where);
}

static void a_locale_is_left_open_where_there_is_too_much(void **state)
{
    uint64_t where = 1;
    (void)state;
    fresh(); /* nothing in front that could be the rest of a list */
    memcpy(bytes + CONSTANTS, "\0LOCPATH", sizeof "\0LOCPATH");
    look(ARCH_AMD64);
    assert_int_equal(locale_chosen(&image, false, &where), ANSWER_UNKNOWN);
    fresh(); /* nor anything at all */
    memcpy(bytes + CODE, "LOCPATH", sizeof "LOCPATH");
    look(ARCH_AMD64);
    assert_int_equal(locale_chosen(&image, &no_marks, &where), ANSWER_UNKNOWN);
    assert_int_equal(chosen(1, 1, true), ANSWER_NO);
    assert_int_equal(chosen(1, 1, false), ANSWER_UNKNOWN);
    assert_int_equal(chosen(1, PLACES, true), ANSWER_NO);
    assert_int_equal(chosen(1, PLACES + 1, true), ANSWER_UNKNOWN);
    assert_int_equal(chosen(8, 1, true), ANSWER_NO);
    assert_int_equal(chosen(9, 1, true), ANSWER_UNKNOWN);
    (void)chosen(1, 1, true);
    again(4, 0, ACCESS_READ | ACCESS_EXECUTE); /* code that is named too often */
    assert_int_equal(locale_chosen(&image, &no_marks, &where), ANSWER_UNKNOWN);
    (void)chosen(1, 1, true);
    again(4, 1, ACCESS_READ); /* data that is */
    assert_int_equal(locale_chosen(&image, &no_marks, &where), ANSWER_UNKNOWN);
    (void)chosen(1, 1, true);
    put_pointer(DATA, FUNCTION);
    look(ARCH_AMD64);
    assert_int_equal(locale_chosen(&image, &no_marks, &where), ANSWER_YES);
    assert_int_equal(where, DATA);
    (void)chosen(1, 1, true);
    refer_to(OTHER, CALL, FUNCTION);
    look(ARCH_AMD64);
    assert_int_equal(locale_chosen(&image, &no_marks, &where), ANSWER_YES);
    assert_int_equal(where, OTHER + 1);
    segments[image.segments.count++] =
        (struct segment){.name = "", .address = CODE, .memory_size = 0x1000, .offset = CODE, .access = ACCESS_READ};
    assert_int_equal(locale_chosen(&image, &no_marks, &where), ANSWER_YES);
    assert_int_equal(where, 0);
}

enum { OPEN = FUNCTION, MODE = OTHER, OPEN_TEXT = TEXT, OWN_TEXT = TEXT + 0x40, CALLER = CODE + 0xa00 };

/* _dl_open() and its text, and one function that calls it `calls` times. */
static void put_open(unsigned calls)
{
    fresh();
    refer_to(OPEN + 0x10, LEA, OPEN_TEXT);
    for (unsigned i = 0; i < calls; i++)
        refer_to(CALLER + 0x10 + i * 8, CALL, OPEN);
    put_frame(0, OPEN, 0x40);
    put_frame(1, CALLER, 0x80);
}

static enum answer round_dlopen(uint64_t own)
{
    struct marks marks = {.complete = true};
    uint64_t where = 0;
    marks.at[MARK_OPEN] = OPEN_TEXT;
    marks.at[MARK_DLOPEN] = own;
    look(ARCH_AMD64);
    return loader_called(&image, &marks, &where);
}

static void callers_of_the_loader_are_those_of_every_program(void **state)
{
    struct marks marks = {.complete = true};
    uint64_t where = 0;
    (void)state;
    put_open(3);
    refer_to(CALLER + 0x40, LEA, OWN_TEXT);
    assert_int_equal(round_dlopen(OWN_TEXT), ANSWER_NO); /* of dlopen(), which holds all of them */
    put_open(4);
    refer_to(CALLER + 0x40, LEA, OWN_TEXT);
    assert_int_equal(round_dlopen(OWN_TEXT), ANSWER_YES);
    put_open(3);
    assert_int_equal(round_dlopen(OWN_TEXT), ANSWER_UNKNOWN); /* nobody refers to the text of dlopen() */
    assert_int_equal(round_dlopen(SIZE), ANSWER_UNKNOWN);     /* which stands nowhere */
    refer_to(CODE + 0xc00, LEA, OWN_TEXT);
    assert_int_equal(round_dlopen(OWN_TEXT), ANSWER_UNKNOWN); /* or in a function of unknown bounds */
    put_frame(2, CODE + 0xc00, 0x40);
    assert_int_equal(round_dlopen(OWN_TEXT), ANSWER_UNKNOWN); /* behind the caller */
    put_frame(2, CODE + 0x200, 0x40);
    refer_to(CODE + 0x210, LEA, OWN_TEXT);
    refer_to(CODE + 0xc00, LEA, DATA);
    assert_int_equal(round_dlopen(OWN_TEXT), ANSWER_UNKNOWN); /* or before it */
    put_open(3);
    refer_to(CODE + 0xe00, LEA, OPEN_TEXT);
    assert_int_equal(round_dlopen(0), ANSWER_UNKNOWN); /* two functions give its error */
    put_open(3);
    put_words(FRAMES + 0x18, (const uint32_t[]){0}, 1);
    assert_int_equal(round_dlopen(0), ANSWER_UNKNOWN); /* its bounds are not known */
    put_open(3);
    (void)round_dlopen(0);
    marks.at[MARK_OPEN] = SIZE; /* a text that is not loaded */
    assert_int_equal(loader_called(&image, &marks, &where), ANSWER_NO);
    marks.at[MARK_OPEN] = OPEN_TEXT;
    again(4, 0, ACCESS_READ | ACCESS_EXECUTE);
    assert_int_equal(loader_called(&image, &marks, &where), ANSWER_UNKNOWN);
}

static void do_dlopen_is_passed_on_by_one_function(void **state)
{
    (void)state;
    put_open(1);
    assert_int_equal(round_dlopen(0), ANSWER_UNKNOWN); /* by nobody */
    refer_to(MODE + 0x10, LEA, CALLER);
    assert_int_equal(round_dlopen(0), ANSWER_UNKNOWN); /* by one of unknown bounds */
    put_frame(2, MODE, 0x40);
    assert_int_equal(round_dlopen(0), ANSWER_NO);
    refer_to(MODE + 0x20, LEA, CALLER);
    assert_int_equal(round_dlopen(0), ANSWER_YES); /* twice */
}

/* The number, and the instruction so many bytes on. */
static void put_call(size_t at, uint32_t number, size_t between)
{
    bytes[at] = 0xb8;
    memcpy(bytes + at + 1, &number, 4);
    if (at + 5 + between + 2 <= CONSTANTS) {
        bytes[at + 5 + between] = 0x0f;
        bytes[at + 5 + between + 1] = 0x05;
    }
}

static bool from_memory(enum arch arch, bool names)
{
    uint64_t where = 0;
    look(arch);
    return starts_from_memory(&image, names, &where);
}

static void a_system_call_ends_in_the_segment(void **state)
{
    (void)state;
    fresh();
    put_call(CODE + 0x10, 319, 0);
    assert_false(from_memory(ARCH_AMD64, true));
    put_call(CODE + 0x40, 59, 0);
    assert_false(from_memory(ARCH_AMD64, false));
    assert_true(from_memory(ARCH_AMD64, true));
    fresh();
    put_call(CODE + 0x10, 319, 2);
    bytes[CODE + 0x15] = 0x0f; /* another instruction of two bytes before it */
    put_call(CONSTANTS - 12, 322, 5);
    assert_true(from_memory(ARCH_AMD64, false));
    put_call(CONSTANTS - 12, 322, 6); /* whose last byte is not there */
    bytes[CONSTANTS - 2] = 0x90;
    bytes[CONSTANTS - 1] = 0x0f;
    bytes[CONSTANTS] = 0x05;
    assert_false(from_memory(ARCH_AMD64, false));
}

static void on_arm64_it_ends_there_too(void **state)
{
    (void)state;
    for (unsigned cut = 0; cut < 2; cut++) {
        fresh();
        put_words(CODE + 0x10, (const uint32_t[]){0x52800008 | 279 << 5, 0xd4000001}, 2);
        put_words(CONSTANTS - 16 + 4 * cut,
                  (const uint32_t[]){0x52800008 | 281 << 5, 0xd503201f, 0xd503201f, 0xd4000001}, 4);
        assert_int_equal(from_memory(ARCH_ARM64, false), cut == 0);
    }
}

/* syscall(): the number goes to where the first argument stands, and the function called has the instruction. */
static void a_call_of_syscall_ends_in_the_segment(void **state)
{
    static const struct {
        const char *sentence;
        uint8_t move[3]; /* in front of the number */
        size_t cut;      /* bytes of the call that stand behind the segment */
        bool starts;
    } cases[] = {
        {"mov $322, %edi", {0x90, 0x90, 0xbf}, 0, true},
        {"mov $322, %rdi", {0x48, 0xc7, 0xc7}, 0, true},
        {"mov $322, %rcx", {0x48, 0xc7, 0xc1}, 0, false},
        {"mov $322, %ecx", {0x90, 0x90, 0xb9}, 0, false},
        {"a call that is cut", {0x90, 0x90, 0xbf}, 1, false},
        {"one of which one byte is left", {0x48, 0xc7, 0xc7}, 4, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const size_t call = CONSTANTS - 5 + cases[i].cut;
        fresh();
        put_call(CODE + 0x10, 319, 0);
        memcpy(bytes + FUNCTION, "\x0f\x05", 2);
        memcpy(bytes + call - 7, cases[i].move, 3);
        put_words(call - 4, (const uint32_t[]){322}, 1);
        refer_to(call, CALL, FUNCTION);
        if (from_memory(ARCH_AMD64, false) != cases[i].starts)
            print_error("%s\n", cases[i].sentence);
        assert_int_equal(from_memory(ARCH_AMD64, false), cases[i].starts);
    }
    for (uint8_t modrm = 0xc0; modrm <= 0xc1; modrm++) { /* mov $322, %rax or %rcx; syscall */
        fresh();
        put_call(CODE + 0x10, 319, 0);
        put_call(CODE + 0x40, 322, 0);
        memcpy(bytes + CODE + 0x3e, (const uint8_t[]){0x48, 0xc7, modrm}, 3);
        assert_int_equal(from_memory(ARCH_AMD64, false), modrm == 0xc0);
    }
    for (size_t cut = 0; cut < 2; cut++) { /* mov w0, #281; bl FUNCTION */
        const size_t call = CONSTANTS - 4 + 4 * cut;
        fresh();
        put_words(CODE + 0x10, (const uint32_t[]){0x52800008 | 279 << 5, 0xd4000001}, 2);
        put_words(FUNCTION, (const uint32_t[]){0xd4000001}, 1);
        put_words(call - 4, (const uint32_t[]){0x52800000 | 281 << 5, 0x94000000 | ((FUNCTION - call) / 4 & 0x3ffffff)},
                  2);
        assert_int_equal(from_memory(ARCH_ARM64, false), cut == 0);
    }
}

/* A function that calls the next, and so on; the one behind `calls` of them has the instruction. */
static void put_chain(enum arch arch, size_t calls)
{
    enum { APART = 0x100, FIRST = CODE + 0x44 };
    const size_t last = FUNCTION + calls * APART;
    for (size_t at = FIRST, to = FUNCTION; to <= last; at = to, to += APART)
        if (arch == ARCH_ARM64)
            put_words(at, (const uint32_t[]){0x94000000 | (uint32_t)(to - at) / 4}, 1);
        else
            refer_to(at, CALL, to);
    if (arch == ARCH_ARM64) {
        put_words(CODE + 0x10, (const uint32_t[]){0x52800008 | 279 << 5, 0xd4000001}, 2);
        put_words(FIRST - 4, (const uint32_t[]){0x52800000 | 281 << 5}, 1);
        put_words(last, (const uint32_t[]){0xd4000001}, 1);
    } else {
        put_call(CODE + 0x10, 319, 0);
        memcpy(bytes + FIRST - 5, "\xbf\x42\1\0", 5); /* mov $322, %edi */
        memcpy(bytes + last, "\x0f\x05", 2);
    }
}

/* syscall.Syscall() of Go comes to the instruction by two more calls; syscall() of C has it. */
static void go_comes_to_a_system_call_by_two_more_calls(void **state)
{
    static const enum arch arches[] = {ARCH_AMD64, ARCH_ARM64};
    static struct go_info go;
    (void)state;
    for (size_t i = 0; i < 2; i++)
        for (size_t calls = 0; calls < 4; calls++)
            for (unsigned is_go = 0; is_go < 2; is_go++) {
                uint64_t where = 0;
                fresh();
                put_chain(arches[i], calls);
                look(arches[i]);
                image.go = is_go ? &go : NULL;
                assert_int_equal(starts_from_memory(&image, false, &where), calls <= (is_go ? 2 : 0));
            }
}

/* Go's build id, which no segment of notes covers. */
static void a_build_id_may_stand_in_a_section(void **state)
{
    static const struct {
        const char *sentence;
        uint32_t name_size, size, type;
        const char *name;
        uint64_t offset, length;
        bool has_bytes;
        unsigned section;
        bool found;
    } cases[] = {
        {"as Go links it", 4, 20, NT_GNU_BUILD_ID, "GNU", 0, 36, true, SHT_NOTE, true},
        {"of another section", 4, 20, NT_GNU_BUILD_ID, "GNU", 0, 36, true, SHT_PROGBITS, false},
        {"without bytes", 4, 20, NT_GNU_BUILD_ID, "GNU", 0, 36, false, SHT_NOTE, false},
        {"outside of the file", 4, 20, NT_GNU_BUILD_ID, "GNU", SIZE, 36, true, SHT_NOTE, false},
        {"cut", 4, 20, NT_GNU_BUILD_ID, "GNU", 0, 35, true, SHT_NOTE, false},
        {"in a section of 128 bytes", 4, 20, NT_GNU_BUILD_ID, "GNU", 0, 128, true, SHT_NOTE, true},
        {"in a longer one", 4, 20, NT_GNU_BUILD_ID, "GNU", 0, 129, true, SHT_NOTE, false},
        {"of another name", 4, 20, NT_GNU_BUILD_ID, "Go\0", 0, 36, true, SHT_NOTE, false},
        {"of another type", 4, 20, NT_GNU_ABI_TAG, "GNU", 0, 36, true, SHT_NOTE, false},
        {"of 64 bytes", 4, 64, NT_GNU_BUILD_ID, "GNU", 0, 80, true, SHT_NOTE, true},
        {"of 65 bytes", 4, 65, NT_GNU_BUILD_ID, "GNU", 0, 81, true, SHT_NOTE, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct elf_extra extra = {0};
        struct elf_view view = {.file = &file, .image = &image, .extra = &extra};
        fresh();
        put_words(DATA, (const uint32_t[]){cases[i].name_size, cases[i].size, cases[i].type}, 3);
        memcpy(bytes + DATA + 12, cases[i].name, 4);
        look(ARCH_AMD64);
        sections[0] = (struct section){.name = ".note",
                                       .type = cases[i].section,
                                       .offset = DATA + cases[i].offset,
                                       .size = cases[i].length,
                                       .has_bytes = cases[i].has_bytes};
        image.sections.count = 1;
        read_notes(&view);
        if ((extra.build_id != NULL) != cases[i].found)
            print_error("%s\n", cases[i].sentence);
        assert_int_equal(extra.build_id != NULL, cases[i].found);
        assert_int_equal(image.defects.total, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(more_references_are_counted_than_kept),
        cmocka_unit_test(bytes_are_not_looked_at_again_and_again),
        cmocka_unit_test(a_segment_outside_of_the_file_is_not_read),
        cmocka_unit_test(pointers_of_a_pie_are_addends),
        cmocka_unit_test(a_pair_ends_in_the_segment),
        cmocka_unit_test(numbers_of_a_pie_are_no_addresses),
        cmocka_unit_test(a_frame_is_one_that_compilers_write),
        cmocka_unit_test(calls_that_lead_into_a_function_are_bytes),
        cmocka_unit_test(a_call_from_nowhere_is_told_by_its_text),
        cmocka_unit_test(twins_are_two_functions_that_data_points_to),
        cmocka_unit_test(a_locale_is_left_open_where_there_is_too_much),
        cmocka_unit_test(callers_of_the_loader_are_those_of_every_program),
        cmocka_unit_test(do_dlopen_is_passed_on_by_one_function),
        cmocka_unit_test(a_system_call_ends_in_the_segment),
        cmocka_unit_test(on_arm64_it_ends_there_too),
        cmocka_unit_test(a_call_of_syscall_ends_in_the_segment),
        cmocka_unit_test(go_comes_to_a_system_call_by_two_more_calls),
        cmocka_unit_test(a_build_id_may_stand_in_a_section),
    };
    return cmocka_run_group_tests_name("test_references", tests, start, end);
}
