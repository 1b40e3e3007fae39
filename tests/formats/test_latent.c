/* Who refers to whom in the code of a static glibc program, instruction by instruction, and what its symbols and constants say.
 * The encodings are those of the Intel SDM (volume 2) and the Arm ARM (C6.2), the ranges those that calls.c gives reasons for. */
#include "tests/formats/small_glibc.h"
#include "tests/formats/small_go.h"

static struct small s;

enum outcome { UNUSED, USED, OPEN };

static void expect(const char *sentence, enum outcome outcome, enum latent kind)
{
    const struct latent_loads *latent = &small_read(&s)->latent;
    enum outcome is = latent->used & (unsigned)kind ? USED : latent->known == KNOWN_COMPLETE ? UNUSED : OPEN;
    if (is != outcome)
        print_error("%s\n", sentence);
    assert_int_equal(is, outcome);
    if (outcome == OPEN)
        assert_true(latent->possible & (unsigned)kind);
    if (kind == LATENT_ICONV && outcome == USED)
        assert_false(latent->possible & (unsigned)kind);
    file_close(&s.file);
}

/* An instruction whose last four bytes lead from the place behind them to `to`, which is an offset of the code. */
struct fragment {
    size_t at;
    const char *opcode;
    size_t size;
    int to;
};
#define LEA  "\x48\x8d\x05", 3
#define CALL "\xe8", 1
#define JMP  "\xe9", 1

static void put_fragment(const struct fragment *f)
{
    uint32_t distance = (uint32_t)f->to - (uint32_t)(f->at + f->size + 4);
    if (!f->opcode)
        return;
    put(&s, CODE + f->at, f->opcode, f->size);
    put(&s, CODE + f->at + f->size, &distance, 4);
}

enum { TEXT = CONSTANTS + 0x501 - CODE, DOIT = 0x110, DLOPEN = 0x180, PLACE = 0x123, LAST = 0x193, NEAR = 512 };

static void what_refers_to_dlopen_on_amd64(void **state)
{
    static const struct {
        const char *sentence;
        enum outcome outcome;
        struct fragment one, two;
    } cases[] = {
        {"a call", USED, {0x10, CALL, DLOPEN}, {0}},
        {"a call from behind", USED, {0x800, CALL, DLOPEN}, {0}},
        {"a jump", USED, {0x10, JMP, DLOPEN}, {0}},
        {"a jump on a condition", USED, {0x10, "\x0f\x84", 2, DLOPEN}, {0}},
        {"the last of the conditions", USED, {0x10, "\x0f\x8f", 2, DLOPEN}, {0}},
        {"another opcode of that map", UNUSED, {0x10, "\x0f\x94", 2, DLOPEN}, {0}},
        {"half an opcode", UNUSED, {0x10, "\x0e\x84", 2, DLOPEN}, {0}},
        {"an address in another register", USED, {0x10, "\x4c\x8d\x3d", 3, DLOPEN}, {0}},
        {"an address that is loaded from", UNUSED, {0x10, "\x48\x8b\x05", 3, DLOPEN}, {0}},
        {"an address relative to a register", UNUSED, {0x10, "\x48\x8d\x85", 3, DLOPEN}, {0}},
        {"dlopen() itself", UNUSED, {0x188, CALL, DLOPEN}, {0}},
        {"what stands in front of it, behind the text", UNUSED, {0x10, CALL, PLACE + 3}, {0}},
        {"the first byte behind the reference to the text", USED, {0x10, CALL, PLACE + 4}, {0}},
        {"the last byte in front of the reference", USED, {0x10, CALL, LAST - 1}, {0}},
        {"the reference", UNUSED, {0x10, CALL, LAST}, {0}},
        {"a call in front of what is ignored", USED, {DOIT - 6, CALL, DLOPEN}, {0}},
        {"a call of which the operand is ignored", UNUSED, {DOIT - 1, CALL, DLOPEN}, {0}},
        {"a call behind what is ignored", USED, {LAST + 4, CALL, DLOPEN}, {0}},
        {"a call of the text", UNUSED, {0x400, CALL, TEXT}, {0}},
        {"another reference to the text", OPEN, {0x400, LEA, TEXT}, {0}},
        {"a reference to the byte behind", UNUSED, {0x400, LEA, TEXT + 1}, {0}},
        {"to the byte in front", UNUSED, {0x400, LEA, TEXT - 1}, {0}},
        {"the function for the hooks", USED, {0x1c0, LEA, DOIT}, {0x10, CALL, 0x1b0}},
        {"behind it", UNUSED, {0x1c0, LEA, DOIT}, {0x10, CALL, 0x1c3}},
        {"a reference to something in front", UNUSED, {0x1c0, LEA, DOIT - 8}, {0x10, CALL, 0x1b0}},
        {"to something between", USED, {0x1c0, LEA, DOIT + 8}, {0x10, CALL, 0x1b0}},
        {"a last reference so near", UNUSED, {PLACE + NEAR - 3, LEA, DOIT}, {0}},
        {"one farther", OPEN, {PLACE + NEAR - 2, LEA, DOIT}, {0}},
        {"dlopen() in front of its part", OPEN, {0x190, "\x90\x90\x90", 3, 0}, {0x50, LEA, DOIT}},
        {"nobody that refers to the part", OPEN, {0x190, "\x90\x90\x90", 3, 0}, {0}},
        {"a part that is far away", UNUSED, {0x190, LEA, PLACE - NEAR}, {0}},
        {"too far", OPEN, {0x190, LEA, PLACE - NEAR - 1}, {0}},
        {"a part that is near", UNUSED, {0x190, LEA, PLACE - 1}, {0}},
        {"too near", OPEN, {0x190, LEA, PLACE}, {0}},
        {"the last bytes of the segment", USED, {0xffb, CALL, DLOPEN}, {0}},
        {"the first", USED, {0, LEA, DLOPEN}, {0}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        start_glibc(&s, EM_X86_64);
        put_dlopen(&s);
        put_fragment(&cases[i].one);
        put_fragment(&cases[i].two);
        expect(cases[i].sentence, cases[i].outcome, LATENT_DLOPEN);
    }
}

static void addresses_in_words_of_32_bits_refer_on_amd64(void **state)
{
    static const struct {
        const char *sentence, *opcode;
        size_t size;
        uint32_t address;
        enum outcome outcome;
    } cases[] = {
        {"MOV to the first register", "\xb8", 1, DLOPEN, USED},
        {"MOV to the last", "\xbf", 1, DLOPEN, USED},
        {"MOV of a byte", "\xb7", 1, DLOPEN, UNUSED},
        {"MOV of 64 bits", "\xc7\xc0", 2, DLOPEN, USED},
        {"MOV of 64 bits to the last register", "\xc7\xc7", 2, DLOPEN, USED},
        {"MOV to memory", "\xc7\x00", 2, DLOPEN, UNUSED},
        {"arithmetic", "\x81\xc0", 2, DLOPEN, UNUSED},
        {"another place", "\xb8", 1, LAST, UNUSED},
        {"the last that counts", "\xb8", 1, LAST - 1, USED},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint32_t address = (uint32_t)BASE + CODE + cases[i].address;
        start_glibc(&s, EM_X86_64);
        put_dlopen(&s);
        put(&s, CODE + 0x10, cases[i].opcode, cases[i].size);
        put(&s, CODE + 0x10 + cases[i].size, &address, 4);
        expect(cases[i].sentence, cases[i].outcome, LATENT_DLOPEN);
    }
}

static void the_call_is_the_evidence(void **state)
{
    static const struct fragment calls[] = {{0x10, CALL, DLOPEN}, {0x20, CALL, DLOPEN + 4}, {0x30, CALL, DLOPEN + 4}};
    static const uint64_t places[] = {0x11, 0x21, 0x21}; /* the first of those to the highest address */
    (void)state;
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        start_glibc(&s, EM_X86_64);
        put_dlopen(&s);
        for (size_t k = 0; k <= i; k++)
            put_fragment(&calls[k]);
        const struct image *image = small_read(&s);
        assert_int_equal(image->latent.count, 1);
        assert_int_equal(image->latent.evidence[0].offset, CODE + places[i]);
        file_close(&s.file);
    }
}

enum { ADRP_MOST = 8 * 4 /* bytes from ADRP to its ADD */ };

static void what_refers_to_dlopen_on_arm64(void **state)
{
    static const struct {
        const char *sentence;
        enum outcome outcome;
        size_t at, apart;
    } cases[] = {{"ADD follows", USED, 0x20, 4},
                 {"ADD follows late", USED, 0x20, ADRP_MOST},
                 {"ADD follows too late", UNUSED, 0x20, ADRP_MOST + 4},
                 {"ADD is the last word", USED, 0xff8, 4}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        start_glibc(&s, EM_AARCH64);
        put_dlopen_a64(&s);
        put_address(&s, CODE + cases[i].at, cases[i].apart, 3, CODE + DLOPEN);
        expect(cases[i].sentence, cases[i].outcome, LATENT_DLOPEN);
    }
    static const struct {
        const char *sentence;
        enum outcome outcome;
        uint32_t first, second;
    } pairs[] = {{"ADRP and ADD", USED, 0x90000003, 0x91000063 | DLOPEN << 10},
                 {"ADR in the place of ADRP", UNUSED, 0x10000003, 0x91000063 | DLOPEN << 10},
                 {"ADD of pages", UNUSED, 0x90000003, 0x91400063 | DLOPEN << 10},
                 {"ADD of 32 bits", UNUSED, 0x90000003, 0x11000063 | DLOPEN << 10},
                 {"ADRP of the page behind", UNUSED, 0xb0000003, 0x91000063 | DLOPEN << 10},
                 {"ADRP of the page in front", UNUSED, 0xf0ffffe3, 0x91000063 | DLOPEN << 10},
                 {"B", USED, 0x14000000 | (DLOPEN - 0x20) / 4, 0},
                 {"BL", USED, 0x94000000 | (DLOPEN - 0x20) / 4, 0},
                 {"CBZ", UNUSED, 0x34000000 | (DLOPEN - 0x20) / 4 << 5, 0}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        start_glibc(&s, EM_AARCH64);
        put_dlopen_a64(&s);
        put_a64(&s, CODE + 0x20, pairs[i].first);
        put_a64(&s, CODE + 0x24, pairs[i].second);
        expect(pairs[i].sentence, pairs[i].outcome, LATENT_DLOPEN);
    }
}

/* lld and mold write NOP and ADR where a pair leads near; and a page is taken up to where its register has another value. */
static void addresses_that_linkers_relaxed_refer_on_arm64(void **state)
{
    enum { AHEAD = (DLOPEN - 0x20) / 4, BACK = (DLOPEN - 0x820) / 4 };
    static const uint32_t page = 0x90000003, add = 0x91000063 | DLOPEN << 10;
    const struct {
        const char *sentence;
        enum outcome outcome;
        size_t at;
        uint32_t words[3];
    } cases[] = {
        {"ADR", USED, 0x20, {0x10000003 | AHEAD << 5, 0xd503201f, 0xd503201f}},
        {"ADR of what stands in front", USED, 0x820, {0x10000003 | (BACK & 0x7ffff) << 5, 0xd503201f, 0xd503201f}},
        {"ADR of something else", UNUSED, 0x20, {0x10000003 | 0x400 << 5, 0xd503201f, 0xd503201f}},
        {"NOP between", USED, 0x20, {page, 0xd503201f, add}},
        {"another register", USED, 0x20, {page, 0x91004064, add}},
        {"the register, added to", UNUSED, 0x20, {page, 0x91004063, add}},
        {"the register of another sum", UNUSED, 0x20, {page, 0x91004083, add}},
        {"the register, another page", UNUSED, 0x20, {page, 0xb0000003, add}},
        {"the register, an address", UNUSED, 0x20, {page, 0x10000003, add}},
        {"another register, another page", USED, 0x20, {page, 0xb0000004, add}},
        {"B", UNUSED, 0x20, {page, 0x14000002, add}},
        {"B on a condition", USED, 0x20, {page, 0x54000040, add}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        start_glibc(&s, EM_AARCH64);
        put_dlopen_a64(&s);
        for (size_t k = 0; k < 3; k++)
            put_a64(&s, CODE + cases[i].at + k * 4, cases[i].words[k]);
        expect(cases[i].sentence, cases[i].outcome, LATENT_DLOPEN);
    }
}

/* The text in front of the code: ADRP of a page below. */
static void constants_may_stand_in_front_of_code(void **state)
{
    (void)state;
    start_glibc(&s, EM_AARCH64);
    put_dlopen_a64(&s);
    memset(s.bytes + CONSTANTS + 0x500, 0, 32);
    put_text(&s, 0x800, "invalid mode parameter");
    put_address(&s, CODE + 0x120, 4, 1, 0x801);
    expect("a page below", UNUSED, LATENT_DLOPEN);
}

/* Segments that have more bytes of code together than the file has. */
static void code_that_is_mapped_again_and_again_leaves_it_open(void **state)
{
    static const struct {
        unsigned copies;
        enum outcome outcome;
    } cases[] = {{3, UNUSED}, {4, OPEN}}; /* with the code itself: four and five pages of a file of four */
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        start_glibc(&s, EM_X86_64);
        put_dlopen(&s);
        for (unsigned k = 0; k < cases[i].copies; k++) {
            Elf64_Phdr p = {.p_type = PT_LOAD,
                            .p_flags = PF_R | PF_X,
                            .p_offset = CODE,
                            .p_vaddr = BASE + 0x100000 * (k + 1),
                            .p_filesz = 0x1000,
                            .p_memsz = 0x1000,
                            .p_align = 0x1000};
            put(&s, 64 + (5 + k) * 56, &p, sizeof p);
        }
        memset(s.bytes + NOTE + 0x40, 0, 0x40);
        s.bytes[56] = (uint8_t)(5 + cases[i].copies);
        expect("mapped again", cases[i].outcome, LATENT_DLOPEN);
    }
}

/* Program headers in another order, and one of code that has no bytes: what refers to what is the same. */
static void the_order_of_segments_does_not_matter(void **state)
{
    (void)state;
    for (unsigned called = 0; called < 2; called++) {
        uint8_t last[56];
        start_glibc(&s, EM_X86_64);
        put_dlopen(&s);
        if (called)
            put_fragment(&(struct fragment){0x10, CALL, DLOPEN});
        memcpy(last, s.bytes + 64 + 3 * 56, 56); /* data in front of constants */
        memcpy(s.bytes + 64 + 3 * 56, s.bytes + 64 + 2 * 56, 56);
        memcpy(s.bytes + 64 + 2 * 56, last, 56);
        Elf64_Phdr p = {.p_type = PT_LOAD,
                        .p_flags = PF_R | PF_X,
                        .p_vaddr = BASE + 0x100000,
                        .p_memsz = 0x1000,
                        .p_align = 0x1000};
        put(&s, 64 + 5 * 56, &p, sizeof p);
        s.bytes[56] = 6;
        expect("data in front of constants", called ? USED : UNUSED, LATENT_DLOPEN);
    }
}

/* Code in two segments, of which the later addresses come first: the last reference is the one at the highest address. */
static void code_in_two_segments_in_another_order(void **state)
{
    static const struct {
        int called;
        enum outcome outcome;
    } cases[] = {{0x1b0, USED}, {0x1c2, USED}, {0x1c3, UNUSED}};
    enum { SECOND = 0x1a0 };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Elf64_Phdr p;
        start_glibc(&s, EM_X86_64);
        put_dlopen(&s);
        put_fragment(&(struct fragment){0x1c0, LEA, DOIT});
        put_fragment(&(struct fragment){0x10, CALL, cases[i].called});
        memcpy(&p, s.bytes + 64 + 56, sizeof p);
        p.p_filesz = p.p_memsz = SECOND;
        put(&s, 64 + 5 * 56, &p, sizeof p);
        p.p_offset += SECOND;
        p.p_vaddr += SECOND;
        p.p_filesz = p.p_memsz = 0x1000 - SECOND;
        put(&s, 64 + 56, &p, sizeof p);
        s.bytes[56] = 6;
        expect("the first half behind the second", cases[i].outcome, LATENT_DLOPEN);
    }
}

/* A call that is there no more once another segment is mapped: the text is shown instead. */
static void a_call_that_is_covered_by_a_later_segment(void **state)
{
    (void)state;
    for (unsigned covered = 0; covered < 2; covered++) {
        Elf64_Phdr p = {.p_type = PT_LOAD,
                        .p_flags = PF_R | PF_W,
                        .p_vaddr = BASE + CODE,
                        .p_memsz = covered ? 0x1000 : 0,
                        .p_align = 0x1000};
        start_glibc(&s, EM_X86_64);
        put_dlopen(&s);
        put_fragment(&(struct fragment){0x10, CALL, DLOPEN});
        put(&s, 64 + 5 * 56, &p, sizeof p);
        s.bytes[56] = 6;
        const struct image *image = small_read(&s);
        assert_int_equal(image->latent.used & LATENT_DLOPEN, LATENT_DLOPEN);
        assert_int_equal(image->latent.evidence[0].offset, covered ? CODE + TEXT : CODE + 0x11);
        file_close(&s.file);
    }
}

/* Calls of the first byte of iconv(), from outside of it. */
static void calls_of_iconv_from_one_place_are_those_of_libstdcxx(void **state)
{
    enum { TEXT_OF_ICONV = CONSTANTS + 0x601 - CODE, LOW = 0x500, ASSERTS = 0x620, HIGH = 0x680 };
    static const struct {
        const char *sentence;
        enum outcome outcome;
        struct fragment calls[2];
    } cases[] = {
        {"one", UNUSED, {{0xc00, CALL, LOW}, {0}}},
        {"none", USED, {{0}, {0}}},
        {"two, so near", UNUSED, {{0xc00, CALL, LOW}, {0xc00 + NEAR, CALL, LOW}}},
        {"two, farther", USED, {{0xc00, CALL, LOW}, {0xc01 + NEAR, CALL, LOW}}},
        {"and one of what stands in front", UNUSED, {{0xc00, CALL, LOW}, {0x800, CALL, LOW - 1}}},
        {"and bytes that look like one into it", UNUSED, {{0xc00, CALL, LOW}, {0x800, CALL, LOW + 1}}},
        {"from itself alone", USED, {{0x580, CALL, LOW}, {0}}},
        {"from in front of it", UNUSED, {{LOW - 6, CALL, LOW}, {0}}},
        {"from its first byte", USED, {{LOW - 1, CALL, LOW}, {0}}},
        {"from behind it", UNUSED, {{HIGH - 1, CALL, LOW}, {0}}},
        {"from its last", USED, {{HIGH - 2, CALL, LOW}, {0}}},
        {"an assertion that two places refer to", USED, {{0xc00, CALL, LOW}, {0xd00, LEA, TEXT_OF_ICONV}}},
    };
    static const struct fragment asserts = {ASSERTS, LEA, TEXT_OF_ICONV};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        start_glibc(&s, EM_X86_64);
        put_text(&s, CONSTANTS + 0x600, "!\"Nothing like this should happen\"");
        put_text(&s, CONSTANTS + 0x680, "NSt6locale5facetE");
        put_fragment(&asserts);
        put_fragment(&cases[i].calls[0]);
        put_fragment(&cases[i].calls[1]);
        put_frame(&s, 0, CODE + LOW, HIGH - LOW);
        expect(cases[i].sentence, cases[i].outcome, LATENT_ICONV);
    }
    for (unsigned how = 0; how < 3; how++) {
        static const char *const sentences[] = {"no bounds", "a pointer", "a pointer into it"};
        start_glibc(&s, EM_X86_64);
        put_text(&s, CONSTANTS + 0x600, "!\"Nothing like this should happen\"");
        put_text(&s, CONSTANTS + 0x680, "NSt6locale5facetE");
        put_fragment(&asserts);
        put_fragment(&cases[0].calls[0]);
        if (how)
            put_frame(&s, 0, CODE + LOW, HIGH - LOW);
        if (how)
            put_pointer(&s, DATA + 0x40, CODE + LOW + how - 1);
        expect(sentences[how], how == 2 ? UNUSED : USED, LATENT_ICONV);
    }
    start_glibc(&s, EM_X86_64); /* nobody refers to the assertion */
    put_text(&s, CONSTANTS + 0x600, "!\"Nothing like this should happen\"");
    put_text(&s, CONSTANTS + 0x680, "NSt6locale5facetE");
    expect("no reference", USED, LATENT_ICONV);
}

/* ---- symbols ---- */

enum {
    SYMBOL = DATA + 0x118,
    STRINGS = DATA + 0x200,
    STRINGS_SIZE = 64,
    LINK = TABLE + 64 + 40,
    TYPE_OF_STRINGS = TABLE + 128 + 4
};

static void symbols_name_what_is_used(void **state)
{
    static const struct {
        const char *sentence, *name;
        size_t at, size;
        uint64_t value;
        enum outcome outcome;
    } cases[] = {
        {"a function", "getpwnam", 0, 0, 0, OPEN},
        {"a function chosen when it starts", "getpwnam", SYMBOL + 4, 1, STB_GLOBAL << 4 | STT_GNU_IFUNC, OPEN},
        {"an object", "getpwnam", SYMBOL + 4, 1, STB_GLOBAL << 4 | STT_OBJECT, UNUSED},
        {"the last name", "innetgr", 0, 0, 0, OPEN},
        {"a name that begins so", "getpwnamx", 0, 0, 0, UNUSED},
        {"a name of 31 letters", "getpwnam_of_another_sort_at_all", 0, 0, 0, UNUSED},
        {"a name of 32", "getpwnam_of_another_sort_at_all_", 0, 0, 0, UNUSED},
        {"a name that ends with the strings", "getpwnam", TABLE + 128 + 32, 8, 10, OPEN},
        {"a name without its NUL", "getpwnam", TABLE + 128 + 32, 8, 9, UNUSED},
        {"a name at the end of the strings", "getpwnam", SYMBOL, 4, STRINGS_SIZE, UNUSED},
        {"a name behind them", "getpwnam", SYMBOL, 4, 1 << 20, UNUSED},
        {"no strings", "getpwnam", LINK, 4, 9, UNUSED},
        {"as many sections as that", "getpwnam", LINK, 4, 4, UNUSED},
        {"strings without bytes", "getpwnam", TYPE_OF_STRINGS, 4, SHT_NOBITS, UNUSED},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        start_glibc(&s, EM_X86_64);
        put_symbol(&s, cases[i].name);
        put(&s, cases[i].size ? cases[i].at : SYMBOL, cases[i].size ? (const void *)&cases[i].value : s.bytes + SYMBOL,
            cases[i].size);
        expect(cases[i].sentence, cases[i].outcome, LATENT_NSS);
    }
}

/* Symbols that cannot be read excuse nothing: a lone mark leaves it open. */
static void a_lone_mark_is_excused_by_symbols_that_can_be_read(void **state)
{
    static const struct {
        const char *sentence;
        size_t at;
        uint64_t value;
        enum outcome outcome;
    } cases[] = {
        {"read", SYMBOL, 1, UNUSED}, {"no strings", LINK, 9, OPEN}, {"no bytes", TYPE_OF_STRINGS, SHT_NOBITS, OPEN}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        start_glibc(&s, EM_X86_64);
        put_text(&s, CONSTANTS + 0x340, "/etc/nsswitch.conf");
        put_symbol(&s, "main");
        put(&s, cases[i].at, &cases[i].value, 4);
        expect(cases[i].sentence, cases[i].outcome, LATENT_NSS);
    }
}

/* Symbol tables that are larger than the file together are not followed. */
static void symbols_stand_once_in_the_file(void **state)
{
    static const char *const names[] = {".symtab", ".strtab", ".symtab"};
    (void)state;
    for (unsigned larger = 0; larger < 2; larger++) {
        Elf64_Shdr table = {.sh_type = SHT_SYMTAB, .sh_entsize = 24, .sh_link = 2}, headers[3];
        headers[0] = headers[2] = table;
        headers[1] = (Elf64_Shdr){.sh_type = SHT_STRTAB, .sh_offset = STRINGS, .sh_size = STRINGS_SIZE};
        headers[0].sh_offset = 0x104;
        headers[0].sh_size = larger ? 0x3ff0 : 0x30;
        headers[2].sh_offset = DATA + 0x100;
        headers[2].sh_size = larger ? 0x180 : 48; /* ends in front of the strings, or behind them */
        start_glibc(&s, EM_X86_64);
        put(&s, SYMBOL, &(Elf64_Sym){.st_name = 1, .st_info = 0x12, .st_shndx = 1}, 24);
        put(&s, STRINGS, "\0iconv", 7);
        small_sections(&s, names, headers, 3);
        const struct image *image = small_read(&s);
        assert_int_equal(image->latent.used & LATENT_ICONV, larger ? 0 : LATENT_ICONV);
        file_close(&s.file);
    }
}

static void a_kind_is_told_once(void **state)
{
    static const char *const names[] = {".symtab", ".strtab"};
    static const char strings[STRINGS_SIZE] = "\0getpwnam\0getgrnam\0iconv\0dlopen";
    static const Elf64_Word at[] = {1, 10, 19, 25};
    Elf64_Shdr headers[] = {
        {.sh_type = SHT_SYMTAB, .sh_offset = DATA + 0x100, .sh_size = 5 * 24, .sh_entsize = 24, .sh_link = 2},
        {.sh_type = SHT_STRTAB, .sh_offset = STRINGS, .sh_size = STRINGS_SIZE}};
    (void)state;
    start_glibc(&s, EM_X86_64);
    put(&s, STRINGS, strings, sizeof strings);
    for (size_t i = 0; i < 4; i++)
        put(&s, SYMBOL + i * 24, &(Elf64_Sym){.st_name = at[i], .st_info = 0x12, .st_shndx = 1}, 24);
    small_sections(&s, names, headers, 2);
    const struct image *image = small_read(&s);
    assert_int_equal(image->latent.count, 2);
    assert_int_equal(image->latent.evidence[0].detail, LATENT_NSS);
    assert_int_equal(image->latent.evidence[0].offset, SYMBOL);
    assert_int_equal(image->latent.evidence[1].detail, LATENT_ICONV);
    assert_int_equal(image->latent.used, LATENT_ICONV);
    file_close(&s.file);
}

/* Go's resolver reads that file itself; of the other marks one is as good as another. */
static void each_mark_of_the_name_service_counts(void **state)
{
    static const char *const marks[] = {"libnss_%s.so%s", "_nss_%s_%s", "/etc/nsswitch.conf", "/var/run/nscd/socket"};
    (void)state;
    for (size_t i = 0; i < 4; i++)
        for (size_t k = 0; k < 4; k++) {
            start_glibc(&s, EM_X86_64);
            put_text(&s, CONSTANTS + 0x300, marks[i]);
            put_text(&s, CONSTANTS + 0x340, marks[k]);
            expect(marks[i], i == k ? OPEN : USED, LATENT_NSS);
        }
}

/* Go's own resolver reads that file, in a program with cgo, too. */
static void of_a_go_program_the_configuration_says_nothing(void **state)
{
    (void)state;
    for (unsigned go = 0; go < 2; go++) {
        start_glibc(&s, EM_X86_64);
        put_text(&s, CONSTANTS + 0x340, "/etc/nsswitch.conf");
        if (go)
            put_record(&s, DATA, "go1.23", "");
        expect("nsswitch.conf", go ? UNUSED : OPEN, LATENT_NSS);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_a_go_program_the_configuration_says_nothing),
        cmocka_unit_test(what_refers_to_dlopen_on_amd64),
        cmocka_unit_test(addresses_in_words_of_32_bits_refer_on_amd64),
        cmocka_unit_test(the_call_is_the_evidence),
        cmocka_unit_test(what_refers_to_dlopen_on_arm64),
        cmocka_unit_test(addresses_that_linkers_relaxed_refer_on_arm64),
        cmocka_unit_test(constants_may_stand_in_front_of_code),
        cmocka_unit_test(code_that_is_mapped_again_and_again_leaves_it_open),
        cmocka_unit_test(the_order_of_segments_does_not_matter),
        cmocka_unit_test(code_in_two_segments_in_another_order),
        cmocka_unit_test(a_call_that_is_covered_by_a_later_segment),
        cmocka_unit_test(calls_of_iconv_from_one_place_are_those_of_libstdcxx),
        cmocka_unit_test(symbols_name_what_is_used),
        cmocka_unit_test(a_lone_mark_is_excused_by_symbols_that_can_be_read),
        cmocka_unit_test(symbols_stand_once_in_the_file),
        cmocka_unit_test(a_kind_is_told_once),
        cmocka_unit_test(each_mark_of_the_name_service_counts),
    };
    return cmocka_run_group_tests_name("test_latent", tests, NULL, NULL);
}
