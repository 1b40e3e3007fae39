/* Zeros where bytes were: in code, a page of them; in Go's table of functions, its header. */
#include "tests/formats/made_image.h"

#include <elf.h>

enum { MACHO_PAGE = 0x4000, EDGE = 64, SIZE = 0x20000 };

/* One section over `bytes`, as they stand. */
static size_t missing(enum format format, const char *name, uint64_t flags, size_t size)
{
    begin(ARCH_AMD64, SIZE);
    image.format = format;
    sections[0] = (struct section){
        .name = name, .segment = "", .type = 1, .flags = flags, .offset = CODE, .size = size, .has_bytes = true};
    image.sections.count = 1;
    read_zeros(&image);
    for (size_t i = 0; i < image.defects.count; i++)
        assert_int_equal(image.defects.items[i].id, DEFECT_ID_bytes_lost);
    return image.defects.total;
}

/* The same of ones, but `count` zeros at `at`. */
static size_t lost(enum format format, const char *name, uint64_t flags, size_t size, size_t at, size_t count)
{
    memset(bytes, 1, SIZE);
    memset(bytes + CODE + at, 0, count);
    return missing(format, name, flags, size);
}

static const uint64_t elf_code = 2 | 4, macho_code = 0x80000000;

static void code_has_no_page_of_zeros(void **state)
{
    static const size_t places[] = {0, 1, PAGE - 1, PAGE, PAGE + 1, 3 * PAGE - 1};
    (void)state;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        size_t at = places[i];
        assert_int_equal(lost(FORMAT_ELF, ".text", elf_code, 0x10000, at, PAGE), 1);
        assert_int_equal(image.defects.items[0].offset, CODE + at);
        assert_int_equal(lost(FORMAT_ELF, ".text", elf_code, 0x10000, at, PAGE - 1), 0);
        assert_int_equal(lost(FORMAT_ELF, ".text", elf_code, 0x10000, at, PAGE * 3), 1);
        assert_int_equal(lost(FORMAT_MACHO, "__text", macho_code, 0x18000, at, MACHO_PAGE), 1);
        assert_int_equal(lost(FORMAT_MACHO, "__text", macho_code, 0x18000, at, MACHO_PAGE - 1), 0);
    }
    assert_int_equal(lost(FORMAT_ELF, ".text", elf_code, 0x10000, 0x10000 - PAGE, 2 * PAGE), 1);
    assert_int_equal(lost(FORMAT_ELF, ".text", elf_code, 0x10000, 0x10001 - PAGE, 2 * PAGE), 0);
    assert_int_equal(lost(FORMAT_ELF, "", elf_code, 0x10000, 0, PAGE), 1);
    assert_non_null(strstr(image.defects.items[0].observed, "without a name"));
}

/* In front of V8's functions, as Deno 2.9 and workerd have them for arm64: RET, 46,344 zeros up to an address of 64 KiB; B,
 * 64,660 zeros up to such a one, and 10,308 up to one of 32 KiB. */
static void code_is_filled_up_with_zeros(void **state)
{
    static const struct go_info go = {0};
    enum { RET = (int)0xd65f03c0, B = (int)0x14000100, BRK = (int)0xd4200020, HLT = (int)0xd4400000 };
    enum { BR = (int)0xd61f0000, BLR = (int)0xd63f0000, NOP = (int)0xd503201f, BL = (int)0x94000100 };
    static const struct {
        int word;
        size_t before, end, alignment; /* bytes of zeros, in front of `end`, which is a multiple of `alignment` */
        size_t lost;
    } cases[] = {
        {RET, 46344, 0x10000, 0x10000, 0},   {B, 64660, 0x10000, 0x10000, 0},    {B, 10308, 0x8000, 0x8000, 0},
        {BRK, 10308, 0x8000, 0x8000, 0},     {HLT, 10308, 0x8000, 0x8000, 0},    {BR, 10308, 0x8000, 0x8000, 0},
        {BLR, 10308, 0x8000, 0x8000, 1},     {NOP, 10308, 0x8000, 0x8000, 1},    {BL, 10308, 0x8000, 0x8000, 1},
        {RET, 10308, 0x8000, 0x2000, 1},     {RET, 0x2004, 0x8000, 0x2000, 1},   {RET, 0x2000, 0x8000, 0x8000, 1},
        {RET, 0x2ffc, 0x8000, 0x8000, 0},    {RET, 0x2010, 0x8000, 0x8000, 0},   {RET, 0x200c, 0x8000, 0x8000, 1},
        {RET, 0x10004, 0x18000, 0x20000, 1}, {RET, 0xfffc, 0x18000, 0x20000, 0}, {RET, 10309, 0x8000, 0x8000, 1},
        {RET, 0x3000, 0x3000, 0x8000, 1},    {RET, 0x2ffd, 0x3000, 0x8000, 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const size_t at = cases[i].end - cases[i].before;
        for (unsigned how = 0; how < 4; how++) { /* as Deno; of amd64; to the end of the section; of Go */
            const bool filled = how == 0 && !cases[i].lost;
            memset(bytes, 1, SIZE);
            memset(bytes + CODE + at, 0, cases[i].before);
            for (unsigned k = 0; k < 4; k++)
                bytes[CODE + at - 4 + k] = (uint8_t)((unsigned)cases[i].word >> (8 * k));
            begin(how == 1 ? ARCH_AMD64 : ARCH_ARM64, SIZE);
            image.go = how == 3 ? &go : NULL;
            sections[0] = (struct section){.name = ".text",
                                           .segment = "",
                                           .type = 1,
                                           .flags = elf_code,
                                           .offset = CODE,
                                           .address = 0x800000 + cases[i].alignment - cases[i].end % cases[i].alignment,
                                           .size = how == 2 ? cases[i].end : 0x1c000,
                                           .has_bytes = true};
            image.sections.count = 1;
            read_zeros(&image);
            if (image.defects.total != !filled)
                fail_msg("case %zu, %u: %s", i, how, filled ? "told to be lost" : "taken for padding");
        }
    }
}

static void put32(size_t at, uint64_t value)
{
    for (unsigned k = 0; k < 4; k++)
        bytes[at + k] = (uint8_t)(value >> (8 * k));
}

/* A function stood where the zeros are, as .eh_frame tells: a CIE with the augmentation "zR", and an FDE, both with addresses of
 * four bytes from where they stand. */
static void no_function_is_filled_up(void **state)
{
    enum {
        AT = 0x1000,
        END = 0x8000,
        ZEROS = 10308,
        LOW = END - ZEROS,
        FRAMES = 0x18000,
        TEXT = 0x800000,
        RET = (int)0xd65f03c0
    };
    static const uint8_t cie[] = {16, 0, 0, 0, 0, 0, 0, 0, 1, 'z', 'R', 0, 4, 0x78, 30, 1, 0x1b, 0, 0, 0};
    static const struct {
        const char *sentence;
        uint64_t from, size;
        size_t told;
    } cases[] = {
        {"before", LOW - 64, 64, 0},      {"on into the zeros", LOW - 64, 68, 1},
        {"all of them", LOW, ZEROS, 1},   {"behind", END, 64, 0},
        {"the last word", END - 4, 4, 1}, {"in the midst", LOW + ZEROS / 2 - 100, 200, 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (unsigned named = 0; named < 2; named++) {
            memset(bytes, 1, ROOM / 4);
            memset(bytes + AT + LOW, 0, ZEROS);
            put32(AT + LOW - 4, (unsigned)RET);
            memcpy(bytes + FRAMES, cie, sizeof cie);
            put32(FRAMES + 20, 16);
            put32(FRAMES + 24, 24);
            put32(FRAMES + 28, TEXT + cases[i].from - (0x900000 + 28));
            put32(FRAMES + 32, cases[i].size);
            put32(FRAMES + 36, 0);
            put32(FRAMES + 40, 0);
            begin(ARCH_ARM64, ROOM / 4);
            sections[0] = (struct section){.name = ".text",
                                           .segment = "",
                                           .type = 1,
                                           .flags = elf_code,
                                           .offset = AT,
                                           .address = TEXT,
                                           .size = 0xc000,
                                           .has_bytes = true};
            sections[1] = (struct section){.name = named ? ".eh_frame" : ".frames",
                                           .segment = "",
                                           .type = 1,
                                           .flags = 2,
                                           .offset = FRAMES,
                                           .address = 0x900000,
                                           .size = 44,
                                           .has_bytes = true};
            sections[2] = sections[1];
            sections[2].name = ".other";
            image.sections.count = 3;
            read_zeros(&image);
            if (image.defects.total != (named ? cases[i].told : 0))
                fail_msg("%s, %u", cases[i].sentence, named);
            sections[1].has_bytes = false;
            image.defects = (struct defect_list){0};
            read_zeros(&image);
            assert_int_equal(image.defects.total, 0);
        }
}

enum { SECTOR = 512, TEXT_AT = 0x1000, FRAMES_AT = 0x18000, TEXT_ADDRESS = 0x800000, FRAMES_ADDRESS = 0x900000 };

/* In .text, with an .eh_frame of some bytes. */
static size_t lost_sectors(enum format format, uint64_t frames_size)
{
    begin(ARCH_AMD64, ROOM / 4);
    image.format = format;
    sections[0] = (struct section){.name = ".text",
                                   .segment = "",
                                   .type = 1,
                                   .flags = format == FORMAT_ELF ? elf_code : macho_code,
                                   .offset = TEXT_AT,
                                   .address = TEXT_ADDRESS,
                                   .size = 0x8000,
                                   .has_bytes = true};
    sections[1] = (struct section){.name = ".eh_frame",
                                   .segment = "",
                                   .type = 1,
                                   .flags = 2,
                                   .offset = FRAMES_AT,
                                   .address = FRAMES_ADDRESS,
                                   .size = frames_size,
                                   .has_bytes = true};
    image.sections.count = frames_size ? 2 : 1;
    read_zeros(&image);
    return image.defects.total;
}

static void code_has_no_sector_of_ones(void **state)
{
    static const struct {
        const char *sentence;
        size_t at, size, told;
    } cases[] = {{"a sector", 0x200, SECTOR, 1},
                 {"the first", 0, SECTOR, 1},
                 {"the last", 0x8000 - SECTOR, SECTOR, 1},
                 {"half of it", 0x8000 - SECTOR / 2, SECTOR / 2, 0},
                 {"a byte less", 0x200, SECTOR - 1, 0},
                 {"a byte later", 0x201, SECTOR, 0},
                 {"parts of two sectors", 0x201, 2 * SECTOR - 2, 0},
                 {"a page", 0x1000, PAGE, 1}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        memset(bytes, 1, ROOM / 4);
        memset(bytes + TEXT_AT + cases[i].at, 0xff, cases[i].size);
        if (lost_sectors(FORMAT_ELF, 0) != cases[i].told)
            fail_msg("%s", cases[i].sentence);
        if (cases[i].told)
            assert_int_equal(image.defects.items[0].offset, TEXT_AT + cases[i].at);
        assert_int_equal(lost_sectors(FORMAT_MACHO, 0), 0);
    }
    const Elf64_Ehdr header = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
                               .e_type = ET_DYN,
                               .e_ehsize = sizeof header,
                               .e_shoff = 0x2000,
                               .e_shentsize = sizeof(Elf64_Shdr),
                               .e_shnum = 1};
    memset(bytes, 1, ROOM / 4); /* of a whole ELF file among code */
    memcpy(bytes + TEXT_AT, &header, sizeof header);
    memset(bytes + TEXT_AT + 0x200, 0xff, SECTOR);
    assert_int_equal(lost_sectors(FORMAT_ELF, 0), 0);
}

/* Two sectors of zeros, and a function, as .eh_frame tells of it. */
static void no_function_has_a_sector_of_zeros(void **state)
{
    enum { FIRST = 0x400, SECOND = 0x1000 };
    static const struct {
        const char *sentence;
        uint64_t from, size, told; /* told: which sector; 0: none */
    } cases[] = {{"in front of both", FIRST - 64, 64, 0},
                 {"on into the first", FIRST - 64, 65, FIRST},
                 {"within it", FIRST + 100, 20, 0},
                 {"all of it", FIRST, SECTOR, 0},
                 {"all but the first word", FIRST - 4, SECTOR + 4, FIRST},
                 {"all but a byte of the last word", FIRST, SECTOR + 1, FIRST},
                 {"its last bytes", FIRST + SECTOR - 3, 3, 0},
                 {"its last bytes, and more", FIRST + SECTOR - 3, 7, FIRST},
                 {"between them", FIRST + SECTOR, SECOND - FIRST - SECTOR, 0},
                 {"on into the second", FIRST + SECTOR, SECOND - FIRST - SECTOR + 1, SECOND},
                 {"behind both", SECOND + SECTOR, 64, 0},
                 {"all of the code", 0, 0x8000, FIRST},
                 {"more than all", 0, 0x8001, 0},
                 {"no function of the section", 0x9000, 64, 0}};
    static const uint8_t cie[] = {16, 0, 0, 0, 0, 0, 0, 0, 1, 'z', 'R', 0, 1, 0x78, 16, 1, 0x1b, 0, 0, 0};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (unsigned how = 0; how < 4; how++) { /* as it is; behind the end of the list; cut; no such section */
            const size_t at = FRAMES_AT + (how == 1 ? 24 : 20);
            memset(bytes, 1, ROOM / 4);
            memset(bytes + TEXT_AT + FIRST, 0, SECTOR);
            memset(bytes + TEXT_AT + SECOND, 0, SECTOR);
            memcpy(bytes + FRAMES_AT, cie, sizeof cie);
            put32(FRAMES_AT + 20, 0);
            put32(at, 16);
            put32(at + 4, at - FRAMES_AT + 4);
            put32(at + 8, TEXT_ADDRESS + cases[i].from - (FRAMES_ADDRESS + at - FRAMES_AT + 8));
            put32(at + 12, cases[i].size);
            const size_t told = lost_sectors(FORMAT_ELF, how == 3 ? 0 : how == 2 ? 35 : 44);
            if (told != (how == 0 && cases[i].told))
                fail_msg("%s, %u", cases[i].sentence, how);
            if (told)
                assert_int_equal(image.defects.items[0].offset, TEXT_AT + cases[i].told);
        }
}

enum { PCLNTAB = 0x10000 };

/* One function, as Go 1.16 has it. */
static void put_pclntab(uint64_t from, uint64_t to)
{
    enum { FUNCTAB = 64 };
    const uint64_t functab[] = {TEXT_ADDRESS + from, 0, TEXT_ADDRESS + to, 0}, place = FUNCTAB, count = 1;
    memcpy(bytes + PCLNTAB, "\xfa\xff\xff\xff\0\0\1\x08", 8);
    memcpy(bytes + PCLNTAB + 8, &count, 8);
    memcpy(bytes + PCLNTAB + 56, &place, 8);
    memcpy(bytes + PCLNTAB + FUNCTAB, functab, sizeof functab);
}

/* Of Go's functions pclntab tells. */
static void no_function_of_go_has_a_sector_of_zeros(void **state)
{
    enum { FROM = 0x300, TO = 0x600 };
    static const struct go_info go = {.pclntab = true, .pclntab_offset = PCLNTAB};
    (void)state;
    for (uint64_t at = 0; at < 0x800; at += SECTOR) {
        memset(bytes, 1, ROOM / 4);
        memset(bytes + TEXT_AT + at, 0, SECTOR);
        put_pclntab(FROM, TO);
        (void)lost_sectors(FORMAT_ELF, 0);
        assert_int_equal(image.defects.total, 0);
        image.go = &go;
        read_zeros(&image);
        assert_int_equal(image.defects.total, at >= FROM && at < TO);
    }
}

/* Bytes of chance in a place of the code, each of `values` alike often. */
static void make_noise(size_t at, size_t size, unsigned values)
{
    uint32_t state = 1;
    for (size_t i = 0; i < size; i++) {
        state = state * 1664525 + 1013904223;
        bytes[TEXT_AT + at + i] = (uint8_t)((state >> 16) % values);
    }
}

/* A frame description entry, behind the CIE if it is the first. */
static void put_frame(unsigned number, uint64_t from, uint64_t size)
{
    static const uint8_t cie[] = {16, 0, 0, 0, 0, 0, 0, 0, 1, 'z', 'R', 0, 1, 0x78, 16, 1, 0x1b, 0, 0, 0};
    const size_t at = FRAMES_AT + 20 + number * 20;
    memcpy(bytes + FRAMES_AT, cie, sizeof cie);
    put32(at, 16);
    put32(at + 4, at - FRAMES_AT + 4);
    put32(at + 8, TEXT_ADDRESS + from - (FRAMES_ADDRESS + at - FRAMES_AT + 8));
    put32(at + 12, size);
}

/* Anew for each section of code: of both together, no more than twice the bytes of the file. */
static void unwind_information_is_read_as_far_as_it_is_there(void **state)
{
    enum { FROM = 0x400, CODES = 4, WHOLE = ROOM / 4, LARGE = 0x28000, TEXT_SIZE = 0x8000 };
    static const struct {
        const char *sentence;
        size_t at, size, told;
    } cases[] = {{"all of it", FRAMES_AT, 44, CODES},
                 {"as much as may be read", FRAMES_AT, (2 * WHOLE - CODES * TEXT_SIZE) / CODES, CODES},
                 {"a byte more", FRAMES_AT, (2 * WHOLE - CODES * TEXT_SIZE) / CODES + 1, CODES - 1},
                 {"most of the file", FRAMES_AT, LARGE, 2},
                 {"a byte more than the file has", FRAMES_AT, WHOLE - FRAMES_AT + 1, 0},
                 {"none in the file", WHOLE + 1, 44, 0}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        memset(bytes, 1, WHOLE);
        memset(bytes + TEXT_AT + FROM, 0, SECTOR);
        put_frame(0, FROM - 64, 128);
        put32(FRAMES_AT + 40, 0);
        (void)lost_sectors(FORMAT_ELF, cases[i].size);
        image.defects = (struct defect_list){0};
        sections[1].offset = cases[i].at;
        for (size_t k = 2; k <= CODES; k++)
            sections[k] = sections[0];
        image.sections.count = CODES + 1;
        read_zeros(&image);
        if (image.defects.total != cases[i].told)
            fail_msg("%s: %zu", cases[i].sentence, image.defects.total);
    }
}

/* OpenSSL's tables stand beside functions. */
static void no_function_is_noise(void **state)
{
    enum { AT = 0x2000, HALF = PAGE / 2 };
    static const struct {
        const char *sentence;
        uint64_t from, size, second, second_size;
        unsigned values; /* that bytes have */
        size_t noise, told;
    } cases[] = {{"the whole page", AT, PAGE, 0, 1, 256, PAGE, 1},
                 {"half of it", AT + 100, HALF, 0, 1, 256, PAGE, 1},
                 {"less than half", AT + 100, HALF - 1, 0, 1, 256, PAGE, 0},
                 {"half of it at its end", AT + HALF, PAGE, 0, 1, 256, PAGE, 1},
                 {"less than half at its end", AT + HALF + 1, PAGE, 0, 1, 256, PAGE, 0},
                 {"half of it in two functions", AT - 8, HALF, AT + HALF, 8, 256, PAGE, 1},
                 {"less than half in two functions", AT - 8, HALF, AT + HALF, 7, 256, PAGE, 0},
                 {"only beside it", AT - 64, 64, AT + PAGE, 64, 256, PAGE, 0},
                 {"code, a little", AT, PAGE, 0, 1, 256, PAGE * 3 / 5, 0},
                 {"code, as uneven as it comes", AT, PAGE, 0, 1, 64, PAGE, 0},
                 {"code behind a part that is even", AT, PAGE, 0, 1, 256, 1024, 0},
                 {"no code", AT, PAGE, 0, 1, 200, PAGE, 1}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        memset(bytes, 1, ROOM / 4);
        make_noise(AT, cases[i].noise, cases[i].values);
        put_frame(0, cases[i].from, cases[i].size);
        put_frame(1, cases[i].second, cases[i].second_size);
        put32(FRAMES_AT + 60, 0);
        if (lost_sectors(FORMAT_ELF, 64) != cases[i].told)
            fail_msg("%s", cases[i].sentence);
        if (cases[i].told)
            assert_int_equal(image.defects.items[0].offset, TEXT_AT + AT);
        assert_int_equal(lost_sectors(FORMAT_ELF, 0), 0);
        assert_int_equal(lost_sectors(FORMAT_MACHO, 64), 0);
    }
}

static void no_function_of_go_is_noise(void **state)
{
    enum { FROM = 0x2000, TO = 0x3000 };
    static const struct go_info go = {.pclntab = true, .pclntab_offset = PCLNTAB};
    (void)state;
    for (uint64_t at = 0; at < 0x8000; at += PAGE) {
        memset(bytes, 1, ROOM / 4);
        make_noise(at, PAGE, 256);
        put_pclntab(FROM, TO);
        assert_int_equal(lost_sectors(FORMAT_ELF, 0), 0);
        image.go = &go;
        read_zeros(&image);
        assert_int_equal(image.defects.total, at == FROM);
    }
}

/* A program has a few such places; in more of them nobody looks for functions. */
static void few_places_are_filled_up(void **state)
{
    enum { AT = 0x1000, STEP = 0x2000, ZEROS = 5000, RET = (int)0xd65f03c0 };
    (void)state;
    for (size_t count = 16; count <= 17; count++) {
        memset(bytes, 1, ROOM / 4);
        for (size_t i = 1; i <= count; i++) {
            memset(bytes + AT + i * STEP - ZEROS, 0, ZEROS);
            put32(AT + i * STEP - ZEROS - 4, (unsigned)RET);
        }
        begin(ARCH_ARM64, ROOM / 4);
        sections[0] = (struct section){.name = ".text",
                                       .segment = "",
                                       .type = 1,
                                       .flags = elf_code,
                                       .offset = AT,
                                       .address = 0x800000,
                                       .size = 20 * STEP,
                                       .has_bytes = true};
        image.sections.count = 1;
        read_zeros(&image);
        assert_int_equal(image.defects.total, count > 16);
    }
}

/* As .incbin puts a whole ELF file among code: Frida's agent in PyPI's frida 17.26.2, with 9,672 zeros in its constants. */
static void a_whole_elf_file_among_code_may_have_zeros(void **state)
{
    enum { AT = 0x123, TABLE = 0x5000, COUNT = 4, LOW = 0x2000, HIGH = 0x4800 };
    static const struct {
        const char *sentence;
        size_t field, size; /* what is changed in the header, and to what */
        uint64_t value;
        size_t told;
    } cases[] = {
        {"as it should be", 0, 0, 0, 0},
        {"another magic", 3, 1, 'G', 1},
        {"another class", EI_CLASS, 1, 3, 1},
        {"another order of bytes", EI_DATA, 1, ELFDATA2MSB, 1},
        {"another version", EI_VERSION, 1, 0, 1},
        {"an object", offsetof(Elf64_Ehdr, e_type), 2, ET_REL, 0},
        {"no type", offsetof(Elf64_Ehdr, e_type), 2, ET_NONE, 1},
        {"a core", offsetof(Elf64_Ehdr, e_type), 2, ET_CORE, 1},
        {"another size of the header", offsetof(Elf64_Ehdr, e_ehsize), 2, 52, 1},
        {"of section headers", offsetof(Elf64_Ehdr, e_shentsize), 2, 40, 1},
        {"that ends with the zeros", offsetof(Elf64_Ehdr, e_shoff), 8, HIGH - AT - COUNT * 64, 0},
        {"that ends before", offsetof(Elf64_Ehdr, e_shoff), 8, HIGH - AT - COUNT * 64 - 1, 1},
        {"that ends with the code", offsetof(Elf64_Ehdr, e_shoff), 8, 0x10000 - AT - COUNT * 64, 0},
        {"that ends behind the code", offsetof(Elf64_Ehdr, e_shoff), 8, 0x10000 - AT - COUNT * 64 + 1, 1},
        {"anywhere", offsetof(Elf64_Ehdr, e_shoff), 8, UINT64_MAX, 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const Elf64_Ehdr header = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
                                   .e_type = ET_DYN,
                                   .e_ehsize = sizeof header,
                                   .e_shoff = TABLE,
                                   .e_shentsize = sizeof(Elf64_Shdr),
                                   .e_shnum = COUNT};
        for (unsigned again = 0; again < 2; again++) { /* what is lost behind it is told */
            memset(bytes, 1, SIZE);
            memset(bytes + CODE + LOW, 0, HIGH - LOW);
            memset(bytes + CODE + 0xd000, again ? 0 : 1, PAGE);
            memcpy(bytes + CODE + AT, &header, sizeof header);
            memcpy(bytes + CODE + AT + cases[i].field, &cases[i].value, cases[i].size);
            size_t told = missing(FORMAT_ELF, ".text", elf_code, 0x10000);
            bool to_the_end = i == 12;
            if (told != (again && !to_the_end ? 1 : cases[i].told))
                print_error("%s\n", cases[i].sentence);
            assert_int_equal(told, again && !to_the_end ? 1 : cases[i].told);
        }
    }
    const Elf32_Ehdr small = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS32, ELFDATA2LSB, EV_CURRENT},
                              .e_type = ET_EXEC,
                              .e_ehsize = sizeof small,
                              .e_shoff = TABLE,
                              .e_shentsize = sizeof(Elf32_Shdr),
                              .e_shnum = COUNT};
    memset(bytes, 1, SIZE);
    memset(bytes + CODE + LOW, 0, HIGH - LOW);
    memcpy(bytes + CODE + AT, &small, sizeof small);
    assert_int_equal(missing(FORMAT_ELF, ".text", elf_code, 0x10000), 0);
}

static void data_may_be_zeros(void **state)
{
    (void)state;
    assert_int_equal(lost(FORMAT_ELF, ".data", 2, 0x10000, 0, 0x10000), 0);
    assert_int_equal(lost(FORMAT_ELF, ".text", 4, 0x10000, 0, 0x10000), 0);
    assert_int_equal(lost(FORMAT_MACHO, "__data", 0, 0x10000, 0, 0x10000), 0);
}

static void the_table_of_functions_of_go_has_a_header(void **state)
{
    static const char *const names[] = {".gopclntab", ".data.rel.ro.gopclntab", "__gopclntab"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_int_equal(lost(FORMAT_ELF, names[i], 2, 0x1000, 0, EDGE), 1);
        assert_int_equal(image.defects.items[0].offset, CODE);
        assert_int_equal(lost(FORMAT_ELF, names[i], 2, 0x1000, 0, EDGE - 1), 0);
        assert_int_equal(lost(FORMAT_ELF, names[i], 2, 0x1000, 1, EDGE), 0);
        assert_int_equal(lost(FORMAT_ELF, names[i], 2, EDGE, 0, EDGE), 1);
        assert_int_equal(lost(FORMAT_ELF, names[i], 2, EDGE - 1, 0, EDGE), 0);
    }
    assert_int_equal(lost(FORMAT_ELF, ".pclntab", 2, 0x1000, 0, 0x1000), 0);
    assert_int_equal(lost(FORMAT_ELF, ".gopclntab.x", 2, 0x1000, 0, 0x1000), 0);
}

static void what_is_not_there_is_not_looked_at(void **state)
{
    (void)state;
    (void)lost(FORMAT_ELF, ".text", elf_code, 0x10000, 0, 0x10000);
    for (unsigned how = 0; how < 3; how++) {
        image.defects = (struct defect_list){0};
        sections[0].has_bytes = how != 0;
        sections[0].offset = how == 1 ? SIZE - PAGE : CODE;
        image.size = how == 2 ? 0x7fff : SIZE;
        read_zeros(&image);
        assert_int_equal(image.defects.total, 0);
    }
    image.size = SIZE; /* the same bytes again and again */
    sections[0] = (struct section){
        .name = ".text", .segment = "", .flags = elf_code, .offset = CODE, .size = 0x10000, .has_bytes = true};
    for (size_t i = 1; i < 8; i++)
        sections[i] = sections[0];
    image.sections.count = 8;
    read_zeros(&image);
    assert_int_equal(image.defects.total, 4);
}

#define CASE(name) cmocka_unit_test(name)
int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(code_has_no_page_of_zeros),
        CASE(code_is_filled_up_with_zeros),
        CASE(no_function_is_filled_up),
        CASE(code_has_no_sector_of_ones),
        CASE(no_function_has_a_sector_of_zeros),
        CASE(no_function_of_go_has_a_sector_of_zeros),
        CASE(unwind_information_is_read_as_far_as_it_is_there),
        CASE(no_function_is_noise),
        CASE(no_function_of_go_is_noise),
        CASE(few_places_are_filled_up),
        CASE(a_whole_elf_file_among_code_may_have_zeros),
        CASE(data_may_be_zeros),
        CASE(the_table_of_functions_of_go_has_a_header),
        CASE(what_is_not_there_is_not_looked_at),
    };
    return cmocka_run_group_tests_name("test_zeros", tests, start, end);
}
