/* What bytes look like: code of this machine or another (Arm ARM C4.1 for the groups of A64), and packers. */
#include "tests/formats/made_image.h"

static void words(size_t at, const uint32_t *from, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < 4; k++)
            bytes[at + i * 4 + k] = (uint8_t)(from[i] >> 8 * k);
}

static void fill(size_t at, uint32_t word, size_t count)
{
    for (size_t i = 0; i < count; i++)
        words(at + i * 4, &word, 1);
}

/* ---- instructions ---- */

enum { NOP = (int)0xd503201f, RET = (int)0xd65f03c0, UDF = 0 };

static void typical_instructions_are_those_that_compilers_write(void **state)
{
    static const struct {
        uint32_t word;
        bool typical;
    } cases[] = {
        {0x94000001, true},  /* BL */
        {0x14000001, false}, /* B */
        {0x90000000, true},  /* ADRP */
        {0xf0000000, true},  /* ADRP with other pages */
        {0x10000000, false}, /* ADR */
        {0xa9bf7bfd, true},  /* STP x29, x30, [sp, #-16]! */
        {0x28400000, true},  /* LDP of 32 bits */
        {0x52800000, true},  /* MOVZ */
        {0xd2800000, true},  /* MOVZ of 64 bits */
        {0x72800000, false}, /* MOVK */
        {0xaa0003e0, true},  /* MOV x0, x0 */
        {0x2a1f03e0, true},  /* MOV w0, wzr */
        {0xaa0103c0, false}, /* ORR of another register */
        {0x91000000, true},  /* ADD */
        {0xd1000000, true},  /* SUB */
        {0xb1000000, false}, /* ADDS */
        {0xf1000000, false}, /* SUBS */
        {0xb9400000, true},  /* LDR */
        {0xf9000000, true},  /* STR */
        {0x39400000, false}, /* LDRB */
        {0xd65f03c0, true},  /* RET */
        {0xd65f0020, false}, /* RET x1 */
        {0xd503201f, false}, /* NOP */
        {0x1e604000, false}, /* FMOV */
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fill(CODE, cases[i].word, 20);
        fill(CODE + 80, UDF, 4);
        begin(ARCH_ARM64, CODE + 96);
        read_code_looks(&image);
        assert_int_equal(image.code_words, 20);
        if ((image.code_typical_words == 20) != cases[i].typical)
            print_error("%#x\n", cases[i].word);
        assert_int_equal(image.code_typical_words, cases[i].typical ? 20 : 0);
    }
}

/* Declared amd64: a dozen words of which half are typical, or sixteen of which three in ten are. */
static void a64_code_in_an_amd64_file(void **state)
{
    static const struct {
        size_t count, typical;
        enum code_looks looks;
    } cases[] = {{12, 6, CODE_LIKE_ARM64}, {12, 5, CODE_LIKE_AMD64}, {11, 11, CODE_LIKE_AMD64},
                 {16, 5, CODE_LIKE_ARM64}, {16, 4, CODE_LIKE_AMD64}, {15, 5, CODE_LIKE_AMD64},
                 {20, 6, CODE_LIKE_ARM64}, {20, 5, CODE_LIKE_AMD64}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fill(CODE, UDF, 64);
        fill(CODE, (uint32_t)NOP, cases[i].count);
        fill(CODE, (uint32_t)RET, cases[i].typical);
        begin(ARCH_AMD64, CODE + 256);
        read_code_looks(&image);
        assert_int_equal(image.code_words, cases[i].count);
        assert_int_equal(image.code_looks, cases[i].looks);
        image.entry.offset++; /* A64 code is aligned */
        read_code_looks(&image);
        assert_int_equal(image.code_looks, CODE_LIKE_AMD64);
    }
    for (unsigned more = 0; more < 2; more++) { /* of so few bytes nothing is said */
        fill(CODE, UDF, 64);
        begin(ARCH_AMD64, CODE + 47 + more);
        read_code_looks(&image);
        assert_int_equal(image.code_looks, more ? CODE_LIKE_AMD64 : CODE_TOO_SHORT);
    }
}

/* Declared arm64: does a straight line from the entry die? */
static void code_that_is_no_a64_in_an_arm64_file(void **state)
{
    static const struct {
        uint32_t leaves; /* in front of an unallocated word */
        bool may;
    } cases[] = {{0x14000000, true},  {0x94000000, true},  {0xd61f0000, true}, {0xd63f0000, true},
                 {0xd65f03c0, true},  {0x54000000, true},  {0x34000000, true}, {0x35000000, true},
                 {0x36000000, true},  {0xd4000001, true},  {0xd4200000, true}, {0xd503201f, false},
                 {0x91000000, false}, {0x55000000, false}, {0xd5000000, false}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (unsigned group = 0; group < 16; group++) {
            fill(CODE, (uint32_t)NOP, 24);
            words(CODE + 13 * 4, &cases[i].leaves, 1);
            fill(CODE + 14 * 4, group << 25, 1);
            begin(ARCH_ARM64, CODE + 96);
            read_code_looks(&image);
            bool unallocated = group == 0 || group == 1 || group == 3;
            assert_int_equal(image.code_looks, unallocated && !cases[i].may ? CODE_LIKE_AMD64 : CODE_LIKE_ARM64);
            assert_int_equal(image.code_words, unallocated ? 14 : 24);
        }
    static const struct {
        size_t at, size, dies_at;
        enum code_looks looks;
    } shapes[] = {{1, 96, 24, CODE_LIKE_AMD64}, {0, 44, 11, CODE_TOO_SHORT}, {0, 48, 12, CODE_LIKE_ARM64},
                  {0, 8, 0, CODE_LIKE_AMD64},   {0, 4, 0, CODE_TOO_SHORT},   {0, 96, 11, CODE_LIKE_AMD64}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        fill(CODE, (uint32_t)NOP, 24);
        fill(CODE + shapes[i].dies_at * 4, UDF, 1);
        begin(ARCH_ARM64, CODE + shapes[i].size);
        image.entry.offset += shapes[i].at;
        read_code_looks(&image);
        assert_int_equal(image.code_looks, shapes[i].looks);
    }
}

/* Without an entry in code, a section of code is looked at; a large one may begin with constants. */
static void a_section_of_code_stands_in_for_the_entry(void **state)
{
    enum { LARGE = 8 * 4096 };
    static const struct {
        size_t size;
        uint32_t quarters[3]; /* what stands at a quarter, at half and at three quarters of it */
        enum code_looks looks;
    } cases[] = {{LARGE - 4, {(uint32_t)NOP, (uint32_t)NOP, (uint32_t)NOP}, CODE_LIKE_AMD64},
                 {LARGE, {UDF, UDF, UDF}, CODE_LIKE_AMD64},
                 {LARGE, {(uint32_t)NOP, UDF, UDF}, CODE_TOO_SHORT},
                 {LARGE, {UDF, (uint32_t)NOP, UDF}, CODE_TOO_SHORT},
                 {LARGE, {UDF, UDF, (uint32_t)NOP}, CODE_TOO_SHORT}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fill(CODE, UDF, LARGE / 4);
        for (size_t k = 0; k < 3; k++)
            fill(CODE + LARGE / 4 * (k + 1), cases[i].quarters[k], 1024);
        begin(ARCH_ARM64, CODE + LARGE + PAGE);
        image.entry.in_code = false;
        sections[0] =
            (struct section){.name = ".text", .flags = 4, .offset = CODE, .size = cases[i].size, .has_bytes = true};
        image.sections.count = 1;
        read_code_looks(&image);
        assert_int_equal(image.code_looks, cases[i].looks);
    }
    static const size_t shares[] = {153, 154}; /* of 1024 words: 15 percent are 153.6 */
    for (size_t i = 0; i < 2; i++) {
        fill(CODE, UDF, LARGE / 4);
        fill(CODE + LARGE / 4, (uint32_t)NOP, 1024);
        fill(CODE + LARGE / 4, UDF, shares[i]);
        begin(ARCH_ARM64, CODE + LARGE + PAGE);
        image.entry.in_code = false;
        sections[0] = (struct section){.name = ".text", .flags = 4, .offset = CODE, .size = LARGE, .has_bytes = true};
        image.sections.count = 1;
        read_code_looks(&image);
        assert_int_equal(image.code_looks, i ? CODE_LIKE_AMD64 : CODE_TOO_SHORT);
    }
}

/* The beginning of a section of code can be read, and the rest of it no more. */
static void what_cannot_be_read_is_not_foreign(void **state)
{
    enum { LARGE = 8 * 4096 };
    (void)state;
    fill(CODE, UDF, LARGE / 4);
    for (size_t there = CODE + PAGE; there <= CODE + LARGE; there += LARGE - PAGE) {
        begin_cut(ARCH_ARM64, CODE + LARGE, there);
        image.entry.in_code = false;
        sections[0] = (struct section){.name = ".text", .flags = 4, .offset = CODE, .size = LARGE, .has_bytes = true};
        image.sections.count = 1;
        read_code_looks(&image);
        assert_int_equal(image.code_looks, there < CODE + LARGE ? CODE_TOO_SHORT : CODE_LIKE_AMD64);
        assert_int_equal(file.problem.status, there < CODE + LARGE ? STATUS_CHANGED : STATUS_OK);
    }
}

static void which_section_and_segment_of_code(void **state)
{
    static const struct {
        const char *sentence;
        struct section section;
        enum format format;
        bool looked;
    } cases[] = {
        {"code", {.flags = 4, .offset = CODE, .size = 64, .has_bytes = true}, FORMAT_ELF, true},
        {"no code", {.flags = 2, .offset = CODE, .size = 64, .has_bytes = true}, FORMAT_ELF, false},
        {"no bytes", {.flags = 4, .offset = CODE, .size = 64}, FORMAT_ELF, false},
        {"no size", {.flags = 4, .offset = CODE, .has_bytes = true}, FORMAT_ELF, false},
        {"in front of the segment", {.flags = 4, .offset = CODE - 4, .size = 64, .has_bytes = true}, FORMAT_ELF, false},
        {"longer than the segment", {.flags = 4, .offset = CODE, .size = 257, .has_bytes = true}, FORMAT_ELF, false},
        {"as long", {.flags = 4, .offset = CODE, .size = 256, .has_bytes = true}, FORMAT_ELF, true},
        {"of Mach-O", {.flags = 0x80000000, .offset = CODE, .size = 64, .has_bytes = true}, FORMAT_MACHO, true},
        {"constants of Mach-O", {.flags = 4, .offset = CODE, .size = 64, .has_bytes = true}, FORMAT_MACHO, false},
    };
    (void)state;
    fill(CODE, (uint32_t)RET, 64);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        begin(ARCH_ARM64, CODE + 256);
        image.entry.in_code = false;
        image.format = cases[i].format;
        sections[1] = cases[i].section;
        image.sections.count = 2;
        read_code_looks(&image);
        if ((image.code_words != 0) != cases[i].looked)
            print_error("%s\n", cases[i].sentence);
        assert_int_equal(image.code_words != 0, cases[i].looked);
    }
    /* of several segments the one that holds the entry, else the first that is code and has bytes */
    static const struct {
        uint64_t entry;
        bool in_code;
        uint64_t looked_at;
    } entries[] = {
        {CODE + 128, true, CODE + 128}, {CODE + 64, true, CODE + 64}, {CODE + 4, true, CODE + 4}, {0, false, CODE}};
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
        begin(ARCH_ARM64, CODE + 256);
        segments[2] = segments[0];
        segments[0].access = ACCESS_READ;
        segments[1] = (struct segment){.access = ACCESS_READ | ACCESS_EXECUTE, .offset = CODE};
        segments[2].file_size = 128;
        segments[3] = segments[2];
        segments[3].offset = CODE + 128;
        image.segments.count = 4;
        image.entry = (struct entry){.in_code = entries[i].in_code, .offset = entries[i].entry};
        sections[0] = (struct section){.flags = 4, .offset = CODE, .size = 128, .has_bytes = true};
        image.sections.count = 1;
        read_code_looks(&image);
        uint64_t end_of = entries[i].looked_at >= CODE + 128 ? CODE + 256 : CODE + 128;
        assert_int_equal(image.code_words, (end_of - entries[i].looked_at) / 4);
    }
    begin(ARCH_ARM64, CODE + 256);
    segments[0].access = ACCESS_READ;
    read_code_looks(&image);
    assert_int_equal(image.code_looks, 0);
    assert_int_equal(image.code_words, 0);
}

/* Segments that execute and have no section of code stand before the one that has, as in the libraries of Firefox for arm64. */
static void the_first_segment_with_a_section_of_code(void **state)
{
    static struct segment many[65];
    static const size_t counts[] = {1, 2, 63, 64};
    (void)state;
    fill(CODE, (uint32_t)RET, 64);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        begin(ARCH_ARM64, CODE + 256);
        image.entry.in_code = false;
        for (size_t k = 0; k <= counts[i]; k++)
            many[k] = segments[0];
        for (size_t k = 0; k < counts[i]; k++)
            many[k].file_size = 64;
        image.segments = (struct segment_list){KNOWN_COMPLETE, counts[i] + 1, many};
        sections[0] = (struct section){.flags = 4, .offset = CODE + 64, .size = 64, .has_bytes = true};
        image.sections.count = 1;
        read_code_looks(&image);
        assert_int_equal(image.code_words, counts[i] < 64 ? 16 : 0); /* nobody looks at so many */
    }
}

/* ---- packers ---- */

static void upx_signs_within_the_first_page_and_at_the_end(void **state)
{
    enum { SIZE = 0x8000 };
    static const struct {
        size_t at;
        bool seen;
    } cases[] = {{0, true},         {0x100, true},      {0xffc, true},    {0x1000, false},   {0x102, false},
                 {SIZE - 64, true}, {SIZE - 68, false}, {SIZE - 4, true}, {SIZE - 6, false}, {SIZE / 2, false}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        memset(bytes, 0, SIZE);
        memcpy(bytes + cases[i].at, "UPX!", 4);
        begin(ARCH_AMD64, SIZE);
        read_packer(&image, false);
        assert_int_equal(image.packer.text != NULL, cases[i].seen);
        if (cases[i].seen)
            assert_int_equal(image.packer.offset, cases[i].at);
    }
    for (size_t size = 0; size < 70; size++) { /* however small the file is */
        memset(bytes, 0, 70);
        memcpy(bytes + (size >= 4 ? (size - 4) & ~(size_t)3 : 0), "UPX!", 4);
        begin(ARCH_AMD64, CODE + 1);
        file.size = image.size = size;
        image.segments.count = 0;
        read_packer(&image, false);
        assert_int_equal(image.packer.text != NULL, size >= 4);
    }
    memset(bytes, 0, SIZE); /* two signatures: the first of the head */
    memcpy(bytes + 0x40, "UPX!", 4);
    memcpy(bytes + 0x80, "UPX!", 4);
    begin(ARCH_AMD64, SIZE);
    read_packer(&image, false);
    assert_int_equal(image.packer.offset, 0x40);
}

/* A generator of even bytes: an LCG's upper bits. */
static void noise(size_t at, size_t size)
{
    uint32_t state = 1;
    memset(bytes, 0, CODE);
    for (size_t i = 0; i < size; i++) {
        state = state * 1664525 + 1013904223;
        bytes[at + i] = (uint8_t)(state >> 24);
    }
}

static void code_as_even_as_compressed_data_is_packed(void **state)
{
    enum { SIZE = CODE + 0x8001 };
    static const struct {
        const char *sentence;
        size_t even;     /* bytes of noise from CODE on; the rest is one instruction */
        uint64_t memory; /* of a second segment, with `file_size` bytes */
        uint64_t file_size;
        unsigned access;
        enum known sections;
        bool packed;
    } cases[] = {
        {"no sections", 0x8001, 0, 0, ACCESS_READ, KNOWN_ABSENT, true},
        {"plain code", 0, 0, 0, ACCESS_READ, KNOWN_ABSENT, false},
        {"sections, and no more memory", 0x8001, 0, 0, ACCESS_READ, KNOWN_COMPLETE, false},
        {"sections, and as much memory as may be", 0x8001, 0x4000 + PAGE, 0, ACCESS_READ, KNOWN_COMPLETE, false},
        {"sections, and more memory than that", 0x8001, 0x4001 + PAGE, 0, ACCESS_READ, KNOWN_COMPLETE, true},
        {"memory that nobody may touch", 0x8001, 0x4001 + PAGE, 0, 0, KNOWN_COMPLETE, false},
        {"sections that are broken", 0x8001, 0, 0, ACCESS_READ, KNOWN_BROKEN, true},
        {"plain code that wants memory", 0, 0x4001 + PAGE, 0, ACCESS_READ, KNOWN_COMPLETE, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        memset(bytes + CODE, 0x90, 0x8001);
        noise(CODE, cases[i].even);
        begin(ARCH_AMD64, SIZE);
        segments[1] = (struct segment){.access = cases[i].access, .memory_size = cases[i].memory};
        image.segments.count = 2;
        image.sections.known = cases[i].sections;
        read_packer(&image, false);
        if ((image.packer.text != NULL) != cases[i].packed)
            print_error("%s\n", cases[i].sentence);
        assert_int_equal(image.packer.text != NULL, cases[i].packed);
    }
    static const struct {
        uint64_t size;
        unsigned access;
        bool packed;
    } shapes[] = {{1024, ACCESS_EXECUTE, true}, {1023, ACCESS_EXECUTE, false}, {1024, ACCESS_READ, false}};
    noise(CODE, 0x8001);
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        begin(ARCH_AMD64, SIZE);
        segments[0].file_size = shapes[i].size;
        segments[0].access = shapes[i].access;
        image.sections.known = KNOWN_ABSENT;
        read_packer(&image, false);
        assert_int_equal(image.packer.text != NULL, shapes[i].packed);
    }
}

/* The middle of much code is looked at, and no bytes twice. */
static void of_much_code_the_middle_is_looked_at(void **state)
{
    enum { SAMPLE = 1 << 16, MUCH = 4 * SAMPLE };
    (void)state;
    for (unsigned even = 0; even < 2; even++) {
        memset(bytes + CODE, 0x90, MUCH);
        noise(CODE, MUCH);
        if (!even)
            memset(bytes + CODE + (MUCH - SAMPLE) / 2, 0x90, SAMPLE);
        begin(ARCH_AMD64, CODE + MUCH);
        image.sections.known = KNOWN_ABSENT;
        read_packer(&image, false);
        assert_int_equal(image.packer.text != NULL, even);
    }
    memset(bytes + CODE, 0x90, SAMPLE);
    for (size_t copies = 1; copies <= 3; copies++) {
        begin(ARCH_AMD64, CODE + SAMPLE);
        image.sections.known = KNOWN_ABSENT;
        image.segments.count = copies;
        for (size_t i = 1; i < copies; i++)
            segments[i] = segments[0];
        read_packer(&image, false);
        assert_int_equal(image.segments.known, copies > 1 ? KNOWN_BROKEN : KNOWN_COMPLETE);
    }
}

/* A program that needs no more memory than it has bytes, and says in its sections what is code. */
static void sections_of_code_are_looked_at(void **state)
{
    enum { LEAST = 1 << 14, MUCH = 1 << 18, ALL = CODE + MUCH, ALLOC = 2, EXECUTE = 4 };
    static const struct {
        const char *sentence;
        enum format format;
        struct section section;
        size_t plain; /* bytes of it, in front, that are one instruction */
        bool code, packed;
    } cases[] = {
        {"all of it", FORMAT_ELF, {.flags = ALLOC | EXECUTE, .size = MUCH, .has_bytes = true}, 0, true, true},
        {"under --no-code", FORMAT_ELF, {.flags = ALLOC | EXECUTE, .size = MUCH, .has_bytes = true}, 0, false, false},
        {"a stub before it", FORMAT_ELF, {.flags = ALLOC | EXECUTE, .size = MUCH, .has_bytes = true}, 8192, true, true},
        {"a table in code",
         FORMAT_ELF,
         {.flags = ALLOC | EXECUTE, .size = MUCH, .has_bytes = true},
         MUCH / 2,
         true,
         false},
        {"as little as counts",
         FORMAT_ELF,
         {.flags = ALLOC | EXECUTE, .size = LEAST, .has_bytes = true},
         0,
         true,
         true},
        {"less than that",
         FORMAT_ELF,
         {.flags = ALLOC | EXECUTE, .size = LEAST - 1, .has_bytes = true},
         0,
         true,
         false},
        {"constants", FORMAT_ELF, {.flags = ALLOC, .size = MUCH, .has_bytes = true}, 0, true, false},
        {"what is not loaded", FORMAT_ELF, {.flags = EXECUTE, .size = MUCH, .has_bytes = true}, 0, true, false},
        {"no bytes", FORMAT_ELF, {.flags = ALLOC | EXECUTE, .size = MUCH}, 0, true, false},
        {"Mach-O", FORMAT_MACHO, {.flags = 0x80000400, .size = MUCH, .has_bytes = true}, 0, true, true},
        {"constants of Mach-O", FORMAT_MACHO, {.flags = 0x400, .size = MUCH, .has_bytes = true}, 0, true, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        noise(CODE, MUCH);
        memset(bytes + CODE, 0x90, cases[i].plain);
        begin(ARCH_AMD64, ALL);
        image.format = cases[i].format;
        sections[0] = cases[i].section;
        sections[0].offset = CODE;
        image.sections.count = 1;
        read_packer(&image, cases[i].code);
        if ((image.packer.text != NULL) != cases[i].packed)
            print_error("%s\n", cases[i].sentence);
        assert_int_equal(image.packer.text != NULL, cases[i].packed);
        assert_int_equal(image.segments.known, KNOWN_COMPLETE);
        assert_int_equal(image.sections.known, KNOWN_COMPLETE);
    }
    /* As many that name the same plain code, and then one that is packed: what was not looked at is not known. */
    enum { SAMPLE = 1 << 16, PACKED = CODE + SAMPLE, TWO = PACKED + SAMPLE };
    noise(PACKED, SAMPLE);
    memset(bytes + CODE, 0x90, SAMPLE);
    for (size_t plain = 1; plain <= 2; plain++) {
        begin(ARCH_AMD64, TWO);
        for (size_t i = 0; i <= plain; i++)
            sections[i] = (struct section){
                .flags = ALLOC | EXECUTE, .offset = i < plain ? CODE : PACKED, .size = SAMPLE, .has_bytes = true};
        image.sections.count = plain + 1;
        read_packer(&image, true);
        assert_int_equal(image.packer.text != NULL, plain == 1);
        assert_int_equal(image.sections.known, plain == 1 ? KNOWN_COMPLETE : KNOWN_BROKEN);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(typical_instructions_are_those_that_compilers_write),
        cmocka_unit_test(a64_code_in_an_amd64_file),
        cmocka_unit_test(code_that_is_no_a64_in_an_arm64_file),
        cmocka_unit_test(a_section_of_code_stands_in_for_the_entry),
        cmocka_unit_test(what_cannot_be_read_is_not_foreign),
        cmocka_unit_test(which_section_and_segment_of_code),
        cmocka_unit_test(the_first_segment_with_a_section_of_code),
        cmocka_unit_test(upx_signs_within_the_first_page_and_at_the_end),
        cmocka_unit_test(code_as_even_as_compressed_data_is_packed),
        cmocka_unit_test(of_much_code_the_middle_is_looked_at),
        cmocka_unit_test(sections_of_code_are_looked_at),
    };
    int failed = cmocka_run_group_tests_name("test_looks", tests, start, end);
    file_close(&file);
    return failed;
}
