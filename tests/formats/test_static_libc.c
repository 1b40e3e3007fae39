#include "tests/formats/small_glibc.h"

static struct small s;

static int end(void **state)
{
    (void)state;
    file_close(&s.file);
    return 0;
}

static void expect(enum libc libc, enum known known, unsigned used)
{
    const struct image *image = small_read(&s);
    assert_string_equal(libc_name(image->libc), libc_name(libc));
    assert_int_equal(image->latent.known, known);
    assert_int_equal(image->latent.used, used);
}

static void no_mark_in_any_byte_is_no_libc(void **state)
{
    (void)state;
    small_start(&s, EM_X86_64);
    expect(LIBC_NONE, KNOWN_ABSENT, 0);
}

static void the_abi_tag_alone_is_no_glibc(void **state)
{
    (void)state;
    small_start(&s, EM_X86_64);
    small_abi_tag(&s);
    expect(LIBC_NONE, KNOWN_ABSENT, 0);
}

static void two_strings_and_the_abi_tag_are_glibc(void **state)
{
    (void)state;
    start_glibc(&s, EM_X86_64);
    expect(LIBC_GLIBC, KNOWN_COMPLETE, 0);
    assert_non_null(s.reading.images[0].libc_evidence.text);
}

static void one_string_without_the_tag_is_left_open(void **state)
{
    (void)state;
    small_start(&s, EM_X86_64);
    put_text(&s, CONSTANTS + 0x100, "GLIBC_TUNABLES");
    expect(LIBC_UNKNOWN, KNOWN_BROKEN, 0);
}

static void a_text_that_speaks_of_glibc_is_no_glibc(void **state)
{
    (void)state;
    small_start(&s, EM_X86_64);
    put_text(&s, CONSTANTS + 0x100, "set GLIBC_TUNABLES and see gconv-modules");
    expect(LIBC_NONE, KNOWN_ABSENT, 0);
}

static void the_start_code_of_musl_names_it_on_amd64(void **state)
{
    (void)state;
    small_start(&s, EM_X86_64);
    put(&s, CODE, "\x48\x31\xed\x48\x89\xe7\x48\x8d\x35\0\0\0\0\x48\x83\xe4\xf0\xe8", 18);
    expect(LIBC_MUSL, KNOWN_ABSENT, 0);
}

static void the_start_code_of_musl_names_it_on_arm64(void **state)
{
    static const uint32_t code[] = {0xd280001d, 0xd280001e, 0x910003e0, 0x90000001,
                                    0x91000021, 0x927cec1f, 0x14000001, 0};
    (void)state;
    small_start(&s, EM_AARCH64);
    put(&s, CODE, code, sizeof code);
    expect(LIBC_MUSL, KNOWN_ABSENT, 0);
}

static void the_error_texts_of_musl_name_it(void **state)
{
    (void)state;
    small_start(&s, EM_X86_64);
    put_text(&s, CONSTANTS, "No error information");
    expect(LIBC_MUSL, KNOWN_ABSENT, 0);
}

static void marks_of_two_libraries_leave_it_open(void **state)
{
    (void)state;
    start_glibc(&s, EM_X86_64);
    put(&s, CODE, "\x48\x31\xed\x48\x89\xe7\x48\x8d\x35\0\0\0\0\x48\x83\xe4\xf0\xe8", 18);
    expect(LIBC_UNKNOWN, KNOWN_BROKEN, 0);
}

/* Linkers may be told to put constants and code into one segment; another one for reading only proves nothing. */
static void marks_among_code_are_found_beside_constants(void **state)
{
    (void)state;
    small_start(&s, EM_X86_64);
    small_abi_tag(&s);
    put_text(&s, CODE + 0x100, "GLIBC_TUNABLES");
    put_text(&s, CODE + 0x200, "gconv-modules");
    put_word(&s, 64 + 2 * 56 + offsetof(Elf64_Phdr, p_filesz), 0x1008);
    put_word(&s, 64 + 2 * 56 + offsetof(Elf64_Phdr, p_memsz), 0x1008);
    expect(LIBC_GLIBC, KNOWN_COMPLETE, 0);
}

static void a_table_of_resolvers_without_marks_leaves_it_open(void **state)
{
    (void)state;
    small_start(&s, EM_X86_64);
    put_resolvers(&s, CONSTANTS + 0x400, 3, R_X86_64_IRELATIVE);
    expect(LIBC_UNKNOWN, KNOWN_BROKEN, 0);
    file_close(&s.file);
    small_start(&s, EM_AARCH64);
    put_resolvers(&s, CONSTANTS + 0x400, 3, R_AARCH64_IRELATIVE);
    expect(LIBC_UNKNOWN, KNOWN_BROKEN, 0);
    file_close(&s.file);
    small_start(&s, EM_X86_64);
    put_resolvers(&s, CONSTANTS + 0x1000 - 3 * 24, 3, R_X86_64_IRELATIVE); /* at the end */
    expect(LIBC_UNKNOWN, KNOWN_BROKEN, 0);
    file_close(&s.file);
    small_start(&s, EM_X86_64);
    put_resolvers(&s, CONSTANTS + 0x400, 3, R_X86_64_IRELATIVE);
    put(&s, CODE, "\x48\x31\xed\x48\x89\xe7\x48\x8d\x35\0\0\0\0\x48\x83\xe4\xf0\xe8", 18); /* musl's start code */
    expect(LIBC_UNKNOWN, KNOWN_BROKEN, 0);
}

/* They stand in front of a gap, and other bytes are loaded behind it. */
static void resolvers_are_those_of_any_range(void **state)
{
    (void)state;
    for (unsigned table = 0; table < 2; table++) {
        small_start(&s, EM_X86_64);
        put_word(&s, 64 + 2 * 56 + offsetof(Elf64_Phdr, p_filesz), 0xff8);
        put_word(&s, 64 + 2 * 56 + offsetof(Elf64_Phdr, p_memsz), 0xff8);
        if (table)
            put_resolvers(&s, CONSTANTS + 0x400, 3, R_X86_64_IRELATIVE);
        expect(table ? LIBC_UNKNOWN : LIBC_NONE, table ? KNOWN_BROKEN : KNOWN_ABSENT, 0);
        file_close(&s.file);
    }
}

static void what_only_looks_like_resolvers_is_none(void **state)
{
    (void)state;
    for (unsigned how = 0; how < 5; how++) {
        small_start(&s, EM_X86_64);
        put_resolvers(&s, CONSTANTS + 0x400, how == 0 ? 2 : 3, how == 1 ? R_X86_64_RELATIVE : R_X86_64_IRELATIVE);
        if (how == 2)
            put_word(&s, CONSTANTS + 0x400, BASE + CONSTANTS); /* a place that is not written */
        if (how == 3)
            put_word(&s, CONSTANTS + 0x410, BASE + DATA); /* no code */
        if (how == 4)
            put_word(&s, CONSTANTS + 0x410, BASE + TABLE); /* nothing */
        expect(LIBC_NONE, KNOWN_ABSENT, 0);
        file_close(&s.file);
    }
}

static void parts_of_glibc_without_marks_leave_it_open(void **state)
{
    static const char *const parts[] = {"libnss_%s.so%s", "_nss_%s_%s", "!\"Nothing like this should happen\"",
                                        "invalid mode for dlopen()"};
    (void)state;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        small_start(&s, EM_X86_64);
        put_text(&s, CONSTANTS + 0x300, parts[i]);
        expect(LIBC_UNKNOWN, KNOWN_BROKEN, 0);
        file_close(&s.file);
    }
    small_start(&s, EM_X86_64);
    put_text(&s, CONSTANTS + 0x340, "/etc/nsswitch.conf"); /* Go reads it, too */
    expect(LIBC_NONE, KNOWN_ABSENT, 0);
}

static void a_whole_glibc_has_the_texts_of_its_loader(void **state)
{
    (void)state;
    start_glibc(&s, EM_X86_64);
    put_resolvers(&s, CONSTANTS + 0x400, 3, R_X86_64_IRELATIVE);
    expect(LIBC_GLIBC, KNOWN_BROKEN, 0);
    assert_true(s.reading.images[0].latent.possible & LATENT_DLOPEN);
    file_close(&s.file);
    small_start(&s, EM_X86_64);
    small_abi_tag(&s);
    put_text(&s, CONSTANTS + 0x100, "GLIBC_TUNABLES");
    put_resolvers(&s, CONSTANTS + 0x400, 3, R_X86_64_IRELATIVE);
    expect(LIBC_GLIBC, KNOWN_BROKEN, 0);
}

static void contained_conversions_are_not_used_ones(void **state)
{
    (void)state;
    start_glibc(&s, EM_X86_64);
    expect(LIBC_GLIBC, KNOWN_COMPLETE, 0);
    assert_int_equal(s.reading.images[0].latent.possible, LATENT_ICONV);
}

static void the_marks_of_the_name_service_show_its_use(void **state)
{
    (void)state;
    start_glibc(&s, EM_X86_64);
    put_nss(&s);
    expect(LIBC_GLIBC, KNOWN_COMPLETE, LATENT_NSS);
    assert_int_equal(s.reading.images[0].latent.count, 3);
    assert_int_equal(s.reading.images[0].latent.evidence[0].detail, LATENT_NSS);
}

static void one_mark_of_the_name_service_leaves_it_open(void **state)
{
    (void)state;
    start_glibc(&s, EM_X86_64);
    put_text(&s, CONSTANTS + 0x340, "/etc/nsswitch.conf");
    expect(LIBC_GLIBC, KNOWN_BROKEN, 0);
    assert_true(s.reading.images[0].latent.possible & LATENT_NSS);
}

static void symbols_without_lookups_excuse_a_lone_mark(void **state)
{
    (void)state;
    start_glibc(&s, EM_X86_64);
    put_text(&s, CONSTANTS + 0x340, "/etc/nsswitch.conf");
    put_symbol(&s, "main");
    expect(LIBC_GLIBC, KNOWN_COMPLETE, 0);
}

static void a_symbol_and_a_mark_show_use(void **state)
{
    (void)state;
    start_glibc(&s, EM_X86_64);
    put_text(&s, CONSTANTS + 0x340, "/etc/nsswitch.conf");
    put_symbol(&s, "getaddrinfo");
    expect(LIBC_GLIBC, KNOWN_COMPLETE, LATENT_NSS);
    assert_non_null(strstr(s.reading.images[0].latent.evidence[0].text, "getaddrinfo()") ? "" : NULL);
}

static void a_symbol_that_nothing_bears_out_leaves_it_open(void **state)
{
    (void)state;
    start_glibc(&s, EM_X86_64);
    put_symbol(&s, "getpwnam");
    expect(LIBC_GLIBC, KNOWN_BROKEN, 0);
}

static void an_undefined_symbol_shows_nothing(void **state)
{
    (void)state;
    start_glibc(&s, EM_X86_64);
    put_symbol(&s, "getpwnam");
    s.bytes[DATA + 0x118 + 6] = 0; /* st_shndx */
    expect(LIBC_GLIBC, KNOWN_COMPLETE, 0);
}

static void iconv_open_by_name_is_use(void **state)
{
    (void)state;
    start_glibc(&s, EM_X86_64);
    put_symbol(&s, "iconv_open");
    expect(LIBC_GLIBC, KNOWN_COMPLETE, LATENT_ICONV);
}

static void the_assertion_of_iconv_is_use(void **state)
{
    (void)state;
    start_glibc(&s, EM_X86_64);
    put_text(&s, CONSTANTS + 0x400, "!\"Nothing like this should happen\"");
    expect(LIBC_GLIBC, KNOWN_COMPLETE, LATENT_ICONV);
}

static void a_contained_dlopen_that_no_code_calls_is_not_used(void **state)
{
    (void)state;
    start_glibc(&s, EM_X86_64);
    put_dlopen(&s);
    expect(LIBC_GLIBC, KNOWN_COMPLETE, 0);
    assert_true(s.reading.images[0].latent.possible & LATENT_DLOPEN);
}

static void a_call_of_dlopen_is_use(void **state)
{
    uint32_t distance = 0x180 - (0x10 + 5);
    uint8_t call[5] = {0xe8};
    (void)state;
    start_glibc(&s, EM_X86_64);
    put_dlopen(&s);
    memcpy(call + 1, &distance, 4);
    put(&s, CODE + 0x10, call, sizeof call);
    expect(LIBC_GLIBC, KNOWN_COMPLETE, LATENT_DLOPEN);
}

static void put_call(size_t from, size_t to)
{
    uint32_t distance = (uint32_t)(to - (from + 5));
    uint8_t call[5] = {0xe8};
    memcpy(call + 1, &distance, 4);
    put(&s, CODE + from, call, sizeof call);
}

static void a_call_of_dlmopen_is_use(void **state)
{
    (void)state;
    start_glibc(&s, EM_X86_64);
    put_named_dlopen(&s, "invalid namespace");
    expect(LIBC_GLIBC, KNOWN_COMPLETE, 0);
    file_close(&s.file);
    start_glibc(&s, EM_X86_64);
    put_named_dlopen(&s, "invalid namespace");
    put_call(0x10, 0x180);
    expect(LIBC_GLIBC, KNOWN_COMPLETE, LATENT_DLOPEN);
}

/* The first of the merged strings of an object stands behind what the object before it has last, a table of jumps. */
static void a_text_behind_a_table_counts_and_one_in_a_text_that_code_refers_to(void **state)
{
    (void)state;
    for (int table = 0; table < 2; table++) {
        start_glibc(&s, EM_X86_64);
        put_dlopen(&s);
        put(&s, CONSTANTS + 0x500, table ? "\xff" : "\"", 1);
        put_call(0x10, 0x180);
        expect(LIBC_GLIBC, KNOWN_COMPLETE, LATENT_DLOPEN);
        file_close(&s.file);
    }
    start_glibc(&s, EM_X86_64);
    expect(LIBC_GLIBC, KNOWN_COMPLETE, 0);
}

static void a_mode_of_fopen_with_a_character_set_is_use_of_iconv(void **state)
{
    (void)state;
    start_glibc(&s, EM_X86_64);
    put_text(&s, CONSTANTS + 0x600, ",ccs="); /* fopen() itself looks for that */
    expect(LIBC_GLIBC, KNOWN_COMPLETE, 0);
    file_close(&s.file);
    start_glibc(&s, EM_X86_64);
    put_text(&s, CONSTANTS + 0x600, ",ccs=");
    put_text(&s, CONSTANTS + 0x620, "r,ccs=ISO-8859-15");
    expect(LIBC_GLIBC, KNOWN_COMPLETE, LATENT_ICONV);
    file_close(&s.file);
    start_glibc(&s, EM_X86_64);
    put_text(&s, CONSTANTS + 0x620, "z,ccs=ISO-8859-15"); /* a letter that is no mode (fopen(3)) */
    expect(LIBC_GLIBC, KNOWN_COMPLETE, 0);
}

/* A program for a loader in the constants: only its headers are looked at. */
static void put_typed_program(uint32_t type, unsigned machine, unsigned kind)
{
    Elf64_Ehdr header = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
                         .e_type = (Elf64_Half)kind,
                         .e_machine = (Elf64_Half)machine,
                         .e_phoff = sizeof header,
                         .e_phnum = 1};
    Elf64_Phdr segment = {.p_type = type};
    put(&s, CONSTANTS + 0x600, &header, sizeof header);
    put(&s, CONSTANTS + 0x600 + sizeof header, &segment, sizeof segment);
}

static void put_program(uint32_t type, unsigned machine)
{
    put_typed_program(type, machine, ET_DYN);
}

static void a_dynamic_program_in_the_constants_leaves_it_open(void **state)
{
    (void)state;
    small_start(&s, EM_X86_64);
    put_program(PT_INTERP, EM_X86_64);
    expect(LIBC_NONE, KNOWN_BROKEN, 0);
    assert_int_equal(s.reading.images[0].latent.possible, LATENT_PROGRAM);
    file_close(&s.file);
    small_start(&s, EM_X86_64);
    put_typed_program(PT_INTERP, EM_AARCH64, ET_EXEC);
    expect(LIBC_NONE, KNOWN_BROKEN, 0);
    file_close(&s.file);
    small_start(&s, EM_X86_64);
    put_typed_program(PT_INTERP, EM_X86_64, ET_REL);
    expect(LIBC_NONE, KNOWN_ABSENT, 0);
    file_close(&s.file);
    small_start(&s, EM_X86_64);
    put_program(PT_INTERP, EM_X86_64);
    put(&s, CONSTANTS + 0x600 + EI_CLASS, "\0\0\0", 3); /* Linux goes by the machine */
    expect(LIBC_NONE, KNOWN_BROKEN, 0);
    file_close(&s.file);
    small_start(&s, EM_X86_64);
    put_program(PT_DYNAMIC, EM_X86_64); /* a vDSO */
    expect(LIBC_NONE, KNOWN_ABSENT, 0);
    file_close(&s.file);
    small_start(&s, EM_X86_64);
    put_program(PT_INTERP, EM_BPF);
    expect(LIBC_NONE, KNOWN_ABSENT, 0);
}

static void taking_the_address_of_dlopen_is_use(void **state)
{
    uint32_t distance = 0x180 - (0x10 + 7);
    uint8_t lea[7] = {0x48, 0x8d, 0x05};
    (void)state;
    start_glibc(&s, EM_X86_64);
    put_dlopen(&s);
    memcpy(lea + 3, &distance, 4);
    put(&s, CODE + 0x10, lea, sizeof lea);
    expect(LIBC_GLIBC, KNOWN_COMPLETE, LATENT_DLOPEN);
}

static void a_dlopen_that_is_not_found_leaves_it_open(void **state)
{
    (void)state;
    start_glibc(&s, EM_X86_64);
    put_text(&s, CONSTANTS + 0x500, "invalid mode parameter");
    expect(LIBC_GLIBC, KNOWN_BROKEN, 0);
}

static void a64_code_that_does_not_call_dlopen_does_not_use_it(void **state)
{
    (void)state;
    start_glibc(&s, EM_AARCH64);
    put_dlopen_a64(&s);
    put_branch(&s, CODE + 0x10, 0x94000000, CODE + 0x400); /* to somewhere else */
    expect(LIBC_GLIBC, KNOWN_COMPLETE, 0);
    assert_true(s.reading.images[0].latent.possible & LATENT_DLOPEN);
}

static void a_call_of_dlopen_in_a64_code_is_use(void **state)
{
    static const size_t from[] = {CODE + 0x10, CODE + 0x800}; /* forwards and backwards */
    static const uint32_t opcodes[] = {0x94000000, 0x14000000};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        start_glibc(&s, EM_AARCH64);
        put_dlopen_a64(&s);
        put_branch(&s, from[i], opcodes[i], CODE + 0x180);
        expect(LIBC_GLIBC, KNOWN_COMPLETE, LATENT_DLOPEN);
        file_close(&s.file);
    }
    start_glibc(&s, EM_AARCH64);
    put_dlopen_a64(&s);
    put_address(&s, CODE + 0x20, 4, 3, CODE + 0x180); /* its address */
    expect(LIBC_GLIBC, KNOWN_COMPLETE, LATENT_DLOPEN);
}

static void an_add_of_another_register_forms_no_address(void **state)
{
    (void)state;
    start_glibc(&s, EM_AARCH64);
    put_dlopen_a64(&s);
    put_address(&s, CODE + 0x20, 4, 3, CODE + 0x180);
    put_a64(&s, CODE + 0x24, 0x91000000 | 0x180 << 10 | 4 << 5 | 4);
    expect(LIBC_GLIBC, KNOWN_COMPLETE, 0);
}

/* Programs for fixed addresses below 4 GiB: MOV r32, imm32, and MOV r/m64, imm32. */
static void absolute_addresses_refer_as_well(void **state)
{
    static const uint8_t moves[][3] = {{0x90, 0x90, 0xbf}, {0x48, 0xc7, 0xc7}};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        uint32_t text = (uint32_t)BASE + CONSTANTS + 0x501, doit = (uint32_t)BASE + CODE + 0x110,
                 function = (uint32_t)BASE + CODE + 0x180;
        start_glibc(&s, EM_X86_64);
        put_text(&s, CONSTANTS + 0x500, "invalid mode parameter");
        const struct {
            size_t at;
            uint32_t address;
        } places[] = {{CODE + 0x120, text}, {CODE + 0x190, doit}, {CODE + 0x10, function}};
        for (size_t k = 0; k < 3; k++) {
            put(&s, places[k].at, moves[i], 3);
            put(&s, places[k].at + 3, &places[k].address, 4);
        }
        expect(LIBC_GLIBC, KNOWN_COMPLETE, LATENT_DLOPEN);
        if (i == 0)
            file_close(&s.file);
    }
}

static void a_text_that_two_places_refer_to_leaves_dlopen_open(void **state)
{
    (void)state;
    start_glibc(&s, EM_AARCH64);
    put_dlopen_a64(&s);
    put_address(&s, CODE + 0x700, 4, 1, CONSTANTS + 0x501);
    expect(LIBC_GLIBC, KNOWN_BROKEN, 0);
}

static void a_text_across_two_segments_is_found(void **state)
{
    (void)state;
    start_glibc(&s, EM_X86_64);
    put_nss(&s);
    memset(s.bytes + CONSTANTS + 0x300, 0, 32);
    put_text(&s, DATA - 8, "libnss_%s.so%s");
    expect(LIBC_GLIBC, KNOWN_COMPLETE, LATENT_NSS);
    assert_int_equal(s.reading.images[0].latent.count, 3);
}

static void a_segment_cut_by_the_end_of_the_file_forbids_a_no(void **state)
{
    (void)state;
    start_glibc(&s, EM_X86_64);
    s.size -= 0x100;
    const struct image *image = small_read(&s);
    assert_int_equal(image->latent.known, KNOWN_BROKEN);
}

/* iconv() at +0x2c0 of the code, its assertion at +0x320, and a call from `from`. */
static void put_iconv(size_t from)
{
    uint8_t lea[7] = {0x48, 0x8d, 0x3d}, call[5] = {0xe8};
    uint32_t text = CONSTANTS + 0x601 - (CODE + 0x320 + 7), distance = (uint32_t)(0x2c0 - (int)(from + 5));
    memcpy(lea + 3, &text, 4);
    memcpy(call + 1, &distance, 4);
    put_text(&s, CONSTANTS + 0x600, "!\"Nothing like this should happen\"");
    put_text(&s, CONSTANTS + 0x680, "NSt6locale5facetE");
    put(&s, CODE + 0x320, lea, sizeof lea);
    put(&s, CODE + from, call, sizeof call);
    put_frame(&s, 0, CODE + 0x2c0, 0x100);
}

static void an_iconv_that_only_libstdcxx_calls_is_not_used(void **state)
{
    (void)state;
    start_glibc(&s, EM_X86_64);
    put_iconv(0x900);
    expect(LIBC_GLIBC, KNOWN_COMPLETE, 0);
}

static void an_iconv_that_a_cxx_program_calls_too_is_used(void **state)
{
    (void)state;
    start_glibc(&s, EM_X86_64);
    put_iconv(0x900);
    put_iconv(0xf00);
    expect(LIBC_GLIBC, KNOWN_COMPLETE, LATENT_ICONV);
}

/* Linkers let the assertion of iconv() be the end of a text of the program: what tells is a reference to it. */
static void put_merged(size_t texts, bool referred)
{
    static const char text[] = "xxxxxxxx!\"Nothing like this should happen\"";
    start_glibc(&s, EM_X86_64);
    for (size_t i = 0; i < texts; i++)
        put(&s, CONSTANTS + 0x600 + i * 0x40, text, sizeof text);
    uint8_t lea[7] = {0x48, 0x8d, 0x3d};
    uint32_t to = (uint32_t)(CONSTANTS + 0x600 + (texts - 1) * 0x40 + 8 - (CODE + 0x320 + 7));
    memcpy(lea + 3, &to, 4);
    if (referred)
        put(&s, CODE + 0x320, lea, sizeof lea);
}

static void a_mark_that_ends_another_text_counts_where_code_refers_to_it(void **state)
{
    (void)state;
    for (size_t texts = 1; texts <= 5; texts++)
        for (unsigned referred = 0; referred < 2; referred++) {
            put_merged(texts, referred);
            expect(LIBC_GLIBC, KNOWN_COMPLETE, referred || texts == 5 ? LATENT_ICONV : 0);
            file_close(&s.file);
        }
    put_merged(1, false);
    for (size_t i = 0; i < 4; i++) { /* code that is named too often */
        s.bytes[64 + i * 56 + 4] = PF_R | PF_X;
        put_word(&s, 64 + i * 56 + 32, 0x2000);
    }
    const struct image *image = small_read(&s);
    assert_true(image->latent.used & LATENT_ICONV);
}

static void a_packed_program_tells_nothing(void **state)
{
    (void)state;
    small_start(&s, EM_X86_64);
    put(&s, 0x200, "UPX!", 4);
    expect(LIBC_UNKNOWN, KNOWN_BROKEN, 0);
}

static void compilers_are_told_once_each(void **state)
{
    static const char *const names[] = {".comment"};
    Elf64_Shdr h = {.sh_type = SHT_PROGBITS,
                    .sh_flags = SHF_MERGE | SHF_STRINGS,
                    .sh_offset = DATA,
                    .sh_size = 24,
                    .sh_addralign = 1};
    (void)state;
    small_start(&s, EM_X86_64);
    put(&s, DATA, "GCC: 12\0GCC: 12\0clang 9", 23);
    small_sections(&s, names, &h, 1);
    const struct image *image = small_read(&s);
    assert_int_equal(image->toolchains.known, KNOWN_COMPLETE);
    assert_int_equal(image->toolchains.count, 2);
    assert_string_equal(image->toolchains.items[1].text, "clang 9");
}

static void without_comments_no_compiler_is_known(void **state)
{
    (void)state;
    small_start(&s, EM_X86_64);
    assert_int_equal(small_read(&s)->toolchains.known, KNOWN_ABSENT);
}

#define CASE(name) cmocka_unit_test_teardown(name, end)
int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(no_mark_in_any_byte_is_no_libc),
        CASE(the_abi_tag_alone_is_no_glibc),
        CASE(two_strings_and_the_abi_tag_are_glibc),
        CASE(one_string_without_the_tag_is_left_open),
        CASE(a_text_that_speaks_of_glibc_is_no_glibc),
        CASE(the_start_code_of_musl_names_it_on_amd64),
        CASE(the_start_code_of_musl_names_it_on_arm64),
        CASE(the_error_texts_of_musl_name_it),
        CASE(marks_of_two_libraries_leave_it_open),
        CASE(marks_among_code_are_found_beside_constants),
        CASE(a_table_of_resolvers_without_marks_leaves_it_open),
        CASE(resolvers_are_those_of_any_range),
        CASE(what_only_looks_like_resolvers_is_none),
        CASE(parts_of_glibc_without_marks_leave_it_open),
        CASE(a_whole_glibc_has_the_texts_of_its_loader),
        CASE(contained_conversions_are_not_used_ones),
        CASE(the_marks_of_the_name_service_show_its_use),
        CASE(one_mark_of_the_name_service_leaves_it_open),
        CASE(symbols_without_lookups_excuse_a_lone_mark),
        CASE(a_symbol_and_a_mark_show_use),
        CASE(a_symbol_that_nothing_bears_out_leaves_it_open),
        CASE(an_undefined_symbol_shows_nothing),
        CASE(iconv_open_by_name_is_use),
        CASE(the_assertion_of_iconv_is_use),
        CASE(a_contained_dlopen_that_no_code_calls_is_not_used),
        CASE(a_call_of_dlmopen_is_use),
        CASE(a_text_behind_a_table_counts_and_one_in_a_text_that_code_refers_to),
        CASE(a_mode_of_fopen_with_a_character_set_is_use_of_iconv),
        CASE(a_dynamic_program_in_the_constants_leaves_it_open),
        CASE(a_call_of_dlopen_is_use),
        CASE(taking_the_address_of_dlopen_is_use),
        CASE(a64_code_that_does_not_call_dlopen_does_not_use_it),
        CASE(a_call_of_dlopen_in_a64_code_is_use),
        CASE(an_add_of_another_register_forms_no_address),
        CASE(absolute_addresses_refer_as_well),
        CASE(a_text_that_two_places_refer_to_leaves_dlopen_open),
        CASE(a_dlopen_that_is_not_found_leaves_it_open),
        CASE(a_text_across_two_segments_is_found),
        CASE(a_segment_cut_by_the_end_of_the_file_forbids_a_no),
        CASE(an_iconv_that_only_libstdcxx_calls_is_not_used),
        CASE(an_iconv_that_a_cxx_program_calls_too_is_used),
        CASE(a_mark_that_ends_another_text_counts_where_code_refers_to_it),
        CASE(a_packed_program_tells_nothing),
        CASE(compilers_are_told_once_each),
        CASE(without_comments_no_compiler_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
