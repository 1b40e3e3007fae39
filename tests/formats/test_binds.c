/* Where dyld is told to write addresses, and whose: opcodes and chained fixups, against segments and load commands. */
#include <sys/mman.h>
#include <unistd.h>

#include "tests/formats/small_macho.h"

static uint64_t stream_at; /* where the last one was put */

/* Which opcode, or which import, is wrong is told. */
static void is_told_at(const struct image *image, uint64_t at, size_t size)
{
    assert_in_range(image->defects.items[0].offset, at, at + size - 1);
}

/* The streams of LC_DYLD_INFO of a program with two segments behind __PAGEZERO: __TEXT is number 1 of 0x4000 bytes. */
static const struct image *with_stream(struct subject *s, unsigned stream, const uint8_t *bytes, size_t size)
{
    forget(s);
    begin(s, ARCH_ARM64);
    struct make_macho_command *c = make_macho_find(&s->m, LC_DYLD_INFO);
    stream_at = make_macho_linkedit(&s->m, bytes, size);
    make_macho_set(c, 8 + stream * 8, (uint32_t)stream_at);
    make_macho_set(c, 12 + stream * 8, (uint32_t)size);
    return look(s);
}

struct opcodes {
    const char *sentence;
    unsigned stream;
    uint8_t bytes[24];
    bool good;
};
enum { REBASE, BIND, WEAK, LAZY };
#define SYMBOL 0x40, '_', 'f', 0

static const struct opcodes cases[] = {
    {"a place", REBASE, {0x11, 0x21, 0x08, 0x51}, true},
    {"the last place", REBASE, {0x21, 0xf8, 0x7f, 0x51}, true},
    {"one behind it", REBASE, {0x21, 0xf9, 0x7f, 0x51}, false},
    {"far behind it", REBASE, {0x21, 0x80, 0x80, 2, 0x51}, false},
    {"no place", REBASE, {0x11, 0x51}, false},
    {"no write", REBASE, {0x11, 0x50}, true},
    {"a segment that is none", REBASE, {0x23, 0x08, 0x51}, false},
    {"a segment without memory", REBASE, {0x20, 0x08, 0x51}, true},
    {"two, of which one is inside", REBASE, {0x21, 0xf8, 0x7f, 0x52}, false},
    {"as many as there is room for", REBASE, {0x21, 0, 0x60, 0x80, 0x10}, true},
    {"one more", REBASE, {0x21, 0, 0x60, 0x81, 0x10}, false},
    {"one behind them", REBASE, {0x21, 0, 0x60, 0x80, 0x10, 0x51}, false},
    {"steps that fit", REBASE, {0x21, 0, 0x80, 0x02, 0xf0, 0x7f}, true},
    {"steps that do not", REBASE, {0x21, 0, 0x80, 0x02, 0xf1, 0x7f}, false},
    {"steps of nothing", REBASE, {0x21, 0, 0x80, 0x02, 0xf8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}, true},
    {"further and back",
     REBASE,
     {0x21, 0, 0x30, 0x80, 0x80, 1, 0x30, 0x80, 0x80, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0x51},
     true},
    {"further", REBASE, {0x21, 0, 0x30, 0x80, 0x80, 1, 0x51}, false},
    {"further by pointers", REBASE, {0x21, 0xf0, 0x7f, 0x41, 0x51}, true},
    {"too far by pointers", REBASE, {0x21, 0xf0, 0x7f, 0x42, 0x51}, false},
    {"and further after it", REBASE, {0x21, 0, 0x70, 0xf0, 0x7f, 0x51}, true},
    {"too far after it", REBASE, {0x21, 0, 0x70, 0xf1, 0x7f, 0x51}, false},
    {"behind the end of opcodes", REBASE, {0x11, 0, 0x51}, true},
    {"a symbol of the one library", BIND, {0x11, SYMBOL, 0x71, 0, 0x90}, true},
    {"of a second one", BIND, {0x12, SYMBOL, 0x71, 0, 0x90}, false},
    {"of the one, by a number of its own", BIND, {0x20, 1, SYMBOL, 0x71, 0, 0x90}, true},
    {"of another, by a number of its own", BIND, {0x20, 2, SYMBOL, 0x71, 0, 0x90}, false},
    {"of the image itself", BIND, {0x10, SYMBOL, 0x71, 0, 0x90}, true},
    {"of the program", BIND, {0x3f, SYMBOL, 0x71, 0, 0x90}, true},
    {"of any", BIND, {0x3e, SYMBOL, 0x71, 0, 0x90}, true},
    {"of any, weak", BIND, {0x3d, SYMBOL, 0x71, 0, 0x90}, true},
    {"of no special one", BIND, {0x3c, SYMBOL, 0x71, 0, 0x90}, false},
    {"of itself, specially", BIND, {0x30, SYMBOL, 0x71, 0, 0x90}, true},
    {"of nobody", BIND, {SYMBOL, 0x71, 0, 0x90}, false},
    {"of nobody, weak", WEAK, {SYMBOL, 0x71, 0, 0x90}, true},
    {"no symbol", BIND, {0x11, 0x71, 0, 0x90}, false},
    {"no symbol, weak", WEAK, {0x71, 0, 0x90}, false},
    {"a symbol, and no place", BIND, {0x11, SYMBOL, 0x90}, false},
    {"nothing is bound", BIND, {0x12, SYMBOL}, true},
    {"behind the end of opcodes, too", BIND, {0x12, SYMBOL, 0x71, 0, 0, 0x90}, true},
    {"lazily, an end stands between", LAZY, {0x12, SYMBOL, 0x71, 0, 0, 0x90}, false},
    {"lazily", LAZY, {0x71, 0, 0x11, SYMBOL, 0x90, 0, 0x71, 8, 0x11, SYMBOL, 0x90, 0}, true},
    {"an addend", BIND, {0x11, SYMBOL, 0x71, 0, 0x60, 0x78, 0x90}, true},
    {"a type", BIND, {0x11, 0x51, SYMBOL, 0x71, 0, 0x90}, true},
    {"further, and bound", BIND, {0x11, SYMBOL, 0x71, 0, 0x80, 0xf8, 0x7f, 0x90}, true},
    {"too far, and bound", BIND, {0x11, SYMBOL, 0x71, 0, 0x80, 0xf9, 0x7f, 0x90}, false},
    {"bound, and further", BIND, {0x11, SYMBOL, 0x71, 0, 0xa0, 0xf0, 0x7f, 0x90}, true},
    {"bound, and too far", BIND, {0x11, SYMBOL, 0x71, 0, 0xa0, 0xf1, 0x7f, 0x90}, false},
    {"bound, and further by pointers", BIND, {0x11, SYMBOL, 0x71, 0xe8, 0x7f, 0xb1, 0x90}, true},
    {"bound, and too far by pointers", BIND, {0x11, SYMBOL, 0x71, 0xe8, 0x7f, 0xb2, 0x90}, false},
    {"often", BIND, {0x11, SYMBOL, 0x71, 0, 0xc0, 0x80, 0x10, 0}, true},
    {"too often", BIND, {0x11, SYMBOL, 0x71, 0, 0xc0, 0x81, 0x10, 0}, false},
    {"THREADED writes elsewhere", BIND, {0x11, SYMBOL, 0xd0, 1, 0x90, 0xd1}, true},
    {"THREADED in its other form", BIND, {0xd1, 0x11, SYMBOL, 0x90}, true},
    {"a wrong one in front of THREADED", BIND, {0x12, SYMBOL, 0x71, 0, 0x90, 0xd0, 1}, false},
};

static void opcodes_write_into_segments(void **state)
{
    struct subject *s = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct image *image = with_stream(s, cases[i].stream, cases[i].bytes, sizeof cases[i].bytes);
        if (image->defects.total != !cases[i].good)
            fail_msg("%s: %zu", cases[i].sentence, image->defects.total);
        assert_int_equal(defects(image, DEFECT_ID_macho_linkedit), !cases[i].good);
        if (!cases[i].good)
            is_told_at(image, stream_at, sizeof cases[i].bytes);
    }
}

/* dyld counts the commands that it loads by, and gives a program without any libSystem. */
static void libraries_are_counted_by_their_commands(void **state)
{
    static const uint8_t second[] = {0x12, SYMBOL, 0x71, 0, 0x90, 0}, first[] = {0x11, SYMBOL, 0x71, 0, 0x90, 0};
    static const uint32_t types[] = {LC_LOAD_DYLIB,
                                     LC_LOAD_WEAK_DYLIB | MAKE_REQ_DYLD,
                                     LC_REEXPORT_DYLIB | MAKE_REQ_DYLD,
                                     LC_LOAD_UPWARD_DYLIB | MAKE_REQ_DYLD,
                                     LC_LAZY_LOAD_DYLIB,
                                     LC_RPATH | MAKE_REQ_DYLD};
    struct subject *s = *state;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        forget(s);
        begin(s, ARCH_ARM64);
        make_macho_text(&s->m, types[i], "/usr/lib/libz.1.dylib");
        struct make_macho_command *c = make_macho_find(&s->m, LC_DYLD_INFO);
        make_macho_set(c, 16, make_macho_linkedit(&s->m, second, sizeof second));
        make_macho_set(c, 20, sizeof second);
        assert_int_equal(defects(look(s), DEFECT_ID_macho_linkedit), i >= 4);
    }
    for (unsigned dylib = 0; dylib < 2; dylib++) {
        forget(s);
        begin(s, ARCH_ARM64)->filetype = dylib ? MH_DYLIB : MH_EXECUTE;
        make_macho_remove(&s->m, LC_LOAD_DYLIB);
        struct make_macho_command *c = make_macho_find(&s->m, LC_DYLD_INFO);
        make_macho_set(c, 16, make_macho_linkedit(&s->m, first, sizeof first));
        make_macho_set(c, 20, sizeof first);
        assert_int_equal(defects(look(s), DEFECT_ID_macho_linkedit), dylib);
    }
}

/* Of an object, whose relocations are its own, nobody asks. */
static void what_dyld_does_not_load_is_not_asked(void **state)
{
    static const uint8_t wrong[] = {0x23, 0x08, 0x51, 0};
    struct subject *s = *state;
    for (unsigned kind = MH_DYLIB; kind <= MH_KEXT_BUNDLE; kind++) {
        if (kind != MH_DYLIB && kind != MH_BUNDLE && kind != MH_KEXT_BUNDLE)
            continue;
        forget(s);
        begin(s, ARCH_ARM64)->filetype = kind;
        struct make_macho_command *c = make_macho_find(&s->m, LC_DYLD_INFO);
        make_macho_set(c, 8, make_macho_linkedit(&s->m, wrong, sizeof wrong));
        make_macho_set(c, 12, sizeof wrong);
        assert_int_equal(defects(look(s), DEFECT_ID_macho_linkedit), kind != MH_KEXT_BUNDLE);
    }
}

/* Chained fixups as ld writes them, of one import; __TEXT has a page of pointers at its end. */
struct chained {
    uint32_t version, starts, imports, symbols, count, format, packing, pad;
    uint32_t segments, offsets[3];
    uint32_t size;
    uint16_t page_size, pointer_format;
    uint32_t place[2], most;
    uint16_t pages, page_start[3];
    uint32_t import[4];
    char names[8];
};
enum { PAGE = 0x4000, START = 0x3800 };

static const struct chained chained = {.starts = 32,
                                       .imports = 76,
                                       .symbols = 80,
                                       .count = 1,
                                       .format = 1,
                                       .segments = 3,
                                       .offsets = {0, 16, 0},
                                       .size = 24,
                                       .page_size = PAGE,
                                       .pointer_format = 6,
                                       .pages = 1,
                                       .page_start = {START},
                                       .import = {1}};

static const uint64_t bind = UINT64_C(1) << 63;

/* What the reader says of them; the names follow the imports, of which those of other formats are longer. */
static size_t of_chained(struct subject *s, struct chained t, const char *names, uint64_t first, uint64_t second)
{
    uint8_t bytes[128] = {0};
    size_t size = t.format == 1 ? 4 : t.format == 2 ? 8 : 16;
    assert_int_equal(offsetof(struct chained, import), 76);
    memcpy(bytes, &t, 76 + size);
    memcpy(bytes + 76 + size, names, 6);
    forget(s);
    begin(s, ARCH_ARM64);
    make_macho_remove(&s->m, LC_DYLD_INFO);
    memset(s->m.linkedit, 0, 32);
    for (unsigned i = 0; i < 8; i++) {
        s->m.text[START + i] = (uint8_t)(first >> 8 * i);
        s->m.text[START + 8 + i] = (uint8_t)(second >> 8 * i);
    }
    uint32_t at = make_macho_linkedit(&s->m, bytes, 76 + size + 6);
    make_macho_command(&s->m, LC_DYLD_CHAINED_FIXUPS | MAKE_REQ_DYLD, (const uint32_t[]){at, (uint32_t)(76 + size + 6)},
                       2);
    const struct image *image = look(s);
    assert_int_equal(image->defects.total, defects(image, DEFECT_ID_macho_linkedit));
    if (image->defects.total)
        is_told_at(image, at, 76 + size + 6);
    return image->defects.total;
}

#define WRONG(what, ...)                                                                                               \
    do {                                                                                                               \
        struct chained t = chained;                                                                                    \
        __VA_ARGS__;                                                                                                   \
        if (of_chained(s, t, "\0_f\0\0", bind, 0) != 1)                                                                \
            fail_msg("%s is taken", what);                                                                             \
    } while (0)
#define GOOD(what, ...)                                                                                                \
    do {                                                                                                               \
        struct chained t = chained;                                                                                    \
        __VA_ARGS__;                                                                                                   \
        if (of_chained(s, t, "\0_f\0\0", bind, 0) != 0)                                                                \
            fail_msg("%s is refused", what);                                                                           \
    } while (0)

static void parts_of_chained_fixups_fit_each_other(void **state)
{
    struct subject *s = *state;
    GOOD("the clean one", (void)t);
    WRONG("compressed names", t.packing = 1);
    WRONG("imports behind names", t.imports = 81);
    WRONG("names behind the end", t.symbols = 200);
    WRONG("more imports than there is room for", t.count = 2);
    WRONG("very many imports", t.count = UINT32_MAX);
    GOOD("no import, where none is bound", t.count = 0; t.page_start[0] = 0xffff);
    WRONG("starts behind the end", t.starts = 84);
    WRONG("more segments than there are", t.segments = 4);
    GOOD("fewer", t.segments = 2; t.offsets[1] = 16);
    WRONG("starts of a segment behind the imports", t.offsets[1] = 48);
    WRONG("starts behind the imports, of which there are none", t.count = 0; t.imports = 40; t.page_start[0] = 0xffff);
    WRONG("starts far away", t.offsets[1] = UINT32_MAX);
    WRONG("starts that the table ends before", t.offsets[1] = 36);
    WRONG("starts that are longer than there is room", t.size = 29);
    WRONG("starts that are shorter than they are", t.size = 23);
    WRONG("more pages than it has room for", t.pages = 2);
    WRONG("pages of another size", t.page_size = 0x2000);
    GOOD("small pages", t.page_size = 0x1000; t.page_start[0] = 0);
    for (uint16_t format = 0; format < 16; format++) {
        bool known = format == 1 || format == 2 || (format >= 6 && format <= 13);
        struct chained t = chained;
        t.pointer_format = format;
        assert_int_equal(of_chained(s, t, "\0_f\0\0", 0, 0), !known);
    }
    WRONG("the place of another segment", t.place[0] = 0x4000);
    WRONG("a page that begins behind itself", t.page_start[0] = PAGE);
    GOOD("a page without a chain", t.pages = 2; t.size = 26; t.page_start[1] = 0xffff);
    WRONG("a page behind the segment", t.pages = 2; t.size = 26; t.page_start[1] = 0);
    WRONG("two starts in a page", t.page_start[0] = 0x8000);
    WRONG("a segment without memory", t.offsets[1] = 0; t.offsets[0] = 16; t.place[1] = UINT32_MAX;
          t.page_start[0] = 0);
}

static void imports_have_names_and_libraries(void **state)
{
    struct subject *s = *state;
    GOOD("a name", t.import[0] = 1 | 1 << 9);
    WRONG("a name behind the end", t.import[0] = 1 | 6 << 9);
    GOOD("itself", t.import[0] = 0);
    GOOD("a special library", t.import[0] = 0xfd);
    WRONG("no special library", t.import[0] = 0xfc);
    WRONG("a second library", t.import[0] = 2);
    WRONG("library 240", t.import[0] = 0xf0);
    GOOD("an addend", t.format = 2; t.symbols = 84; t.import[1] = 5);
    WRONG("a second library, with an addend", t.format = 2; t.symbols = 84; t.import[0] = 2);
    GOOD("a wide one", t.format = 3; t.symbols = 92; t.import[1] = 1);
    GOOD("a special one, wide", t.format = 3; t.symbols = 92; t.import[0] = 0xfffe);
    WRONG("no special one, wide", t.format = 3; t.symbols = 92; t.import[0] = 0xfff1);
    WRONG("a second one, wide", t.format = 3; t.symbols = 92; t.import[0] = 2);
    WRONG("library 65520", t.format = 3; t.symbols = 92; t.import[0] = 0xfff0);
    WRONG("a wide name behind the end", t.format = 3; t.symbols = 92; t.import[1] = 6);
    struct chained t = chained;
    assert_int_equal(of_chained(s, t, "_f_f_f", bind, 0), 1); /* nothing ends it */
    assert_int_equal(of_chained(s, t, "_f_f\0f", bind, 0), 0);
}

static void chains_stay_in_their_page(void **state)
{
    static const struct {
        const char *sentence;
        uint16_t format;
        uint64_t first, second;
        bool wrong;
    } chains[] = {{"one pointer", 6, 0x3000, 0, false},
                  {"a symbol of the table", 6, UINT64_C(1) << 63, 0, false},
                  {"another one", 6, UINT64_C(1) << 63 | 1, 0, true},
                  {"the number of one that is no bind", 6, 1, 0, false},
                  {"a second pointer", 6, UINT64_C(2) << 51, UINT64_C(1) << 63 | 1, true},
                  {"four bytes apart", 2, UINT64_C(1) << 51, 0, false},
                  {"the last of the page", 6, UINT64_C(0x7f8 / 4) << 51, 0, false},
                  {"behind it", 6, UINT64_C(0x7fc / 4) << 51, 0, true},
                  {"arm64e", 9, UINT64_C(1) << 51, UINT64_C(1) << 62, false},
                  {"arm64e, another symbol", 9, UINT64_C(1) << 51, UINT64_C(1) << 62 | 1, true},
                  {"arm64e, what is above the number", 1, UINT64_C(1) << 62 | 1 << 16, 0, false},
                  {"arm64e, of 24 bits", 12, UINT64_C(1) << 62 | 1 << 16, 0, true},
                  {"a format of kernels", 7, UINT64_MAX, 0, false}};
    struct subject *s = *state;
    for (size_t i = 0; i < sizeof chains / sizeof *chains; i++) {
        struct chained t = chained;
        t.pointer_format = chains[i].format;
        if (of_chained(s, t, "\0_f\0\0", chains[i].first, chains[i].second) != chains[i].wrong)
            fail_msg("%s", chains[i].sentence);
    }
}

/* Without code, data is not looked at either: what the tables say is. */
static void chains_are_followed_where_code_is_read(void **state)
{
    struct subject *s = *state;
    struct chained t = chained;
    assert_int_equal(of_chained(s, t, "\0_f\0\0", bind | 1, 0), 1);
    s->reading = (struct reading){0};
    read_file(&s->file, &(struct read_options){.code = false}, &s->reading);
    assert_int_equal(s->reading.images[0].defects.total, 0);
}

/* A file that is cut behind what was read of it. */
static void a_chain_that_cannot_be_read_is_told(void **state)
{
    enum { HEAD = 0x1000, INSIDE = 0x1800, TABLES = 256 };
    static const struct file_options options = {1 << 24, false};
    struct subject *s = *state;
    struct chained t = chained;
    struct problem problem;
    struct view v;
    t.page_start[0] = INSIDE;
    memset(s->m.text + INSIDE, 0, 8);
    assert_int_equal(of_chained(s, t, "\0_f\0\0", 0, 0), 0);
    int fd = memfd_create("cut", 0);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, s->bytes, s->size), s->size);
    file_close(&s->file);
    assert_int_equal(file_from_fd(&s->file, fd, &options, &problem), STATUS_OK);
    assert_true(file_view(&s->file, 0, HEAD, &v) && file_view(&s->file, s->size - TABLES, TABLES, &v));
    assert_int_equal(ftruncate(fd, 0), 0);
    s->reading = (struct reading){0};
    read_file(&s->file, &(struct read_options){.code = true}, &s->reading);
    assert_int_not_equal(file_settle(&s->file, &problem), STATUS_OK);
}

/* Chained fixups of `structs` of five segments that all have the same MiB of the file, in each page of which from the third
 * on a chain of one pointer begins; the others have the first one's. What the reader says of them. */
static size_t of_shared(struct subject *s, unsigned structs)
{
    enum { SHARED = 5, NUMBER = 3, SIZE = 1 << 20, PAGES = SIZE / PAGE, HEAD = 22 + 2 * PAGES, STARTS = 32 };
    static uint8_t zeros[SIZE];
    const uint64_t base = UINT64_C(0x100000000), address = base + 0x10000000;
    uint8_t bytes[STARTS + 4 + 4 * (NUMBER + SHARED) + SHARED * HEAD + 10] = {0};
    struct chained head = chained;
    const uint32_t count = NUMBER + SHARED, first = 4 + 4 * count;
    forget(s);
    begin(s, ARCH_ARM64);
    make_macho_remove(&s->m, LC_DYLD_INFO);
    s->m.trailing = zeros;
    s->m.trailing_size = sizeof zeros;
    head.count = 0;
    head.imports = head.symbols = STARTS + first + structs * HEAD;
    memcpy(bytes, &head, STARTS);
    memcpy(bytes + STARTS, &count, 4);
    for (uint32_t i = 0; i < SHARED; i++) {
        struct chained one = chained;
        const uint32_t offset = first + (i < structs ? i : 0) * HEAD;
        memcpy(bytes + STARTS + 4 + 4 * (NUMBER + i), &offset, 4);
        make_macho_segment(&s->m, "__SHARED", address + (uint64_t)i * SIZE, SIZE, 0, SIZE, 1);
        if (i >= structs)
            continue;
        one.size = HEAD;
        one.pages = PAGES;
        one.place[0] = (uint32_t)(address - base) + i * SIZE;
        memcpy(bytes + STARTS + offset, &one.size, 22);
        memset(bytes + STARTS + offset + 22, 0xff, 4);
    }
    const uint32_t size = head.symbols + 2, at = make_macho_linkedit(&s->m, bytes, size);
    make_macho_command(&s->m, LC_DYLD_CHAINED_FIXUPS | MAKE_REQ_DYLD, (const uint32_t[]){at, size}, 2);
    return defects(look(s), DEFECT_ID_macho_linkedit);
}

static void bytes_are_not_followed_again_and_again(void **state)
{
    assert_int_equal(of_shared(*state, 5), 0);
    assert_int_equal(of_shared(*state, 1), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(opcodes_write_into_segments),
        CASE(libraries_are_counted_by_their_commands),
        CASE(what_dyld_does_not_load_is_not_asked),
        CASE(parts_of_chained_fixups_fit_each_other),
        CASE(imports_have_names_and_libraries),
        CASE(chains_stay_in_their_page),
        CASE(chains_are_followed_where_code_is_read),
        CASE(a_chain_that_cannot_be_read_is_told),
        CASE(bytes_are_not_followed_again_and_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
