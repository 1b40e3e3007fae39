/* Programs that would take too much to be followed count as code that was not: a function that asks for more than 40 MB of
 * memory, bytes that are mapped at many addresses, and more segments that execute than any linker makes. Each is held against
 * one that just does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <elf.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "checks/code/abi_work.h"
#include "checks/code/cpu.h"
#include "checks/code/study.h"
#include "formats/read.h"

enum { BASE = 0x400000, MOST = 40 << 20, CBZ = (int)0xb4000040 /* x0, over the next */, RET = (int)0xd65f03c0 };

static void put_le32(uint8_t *at, uint32_t word)
{
    for (unsigned k = 0; k < 4; k++)
        at[k] = (uint8_t)(word >> (8 * k));
}

/* A function of arm64: as many words that do nothing, a branch over one of them at each of the first places, and RET. */
static uint8_t *make_a64(size_t words, size_t branches)
{
    uint8_t *bytes = malloc(words * 4);
    assert_non_null(bytes);
    for (size_t i = 0; i < words; i++)
        put_le32(bytes + 4 * i, i + 1 == words                   ? (uint32_t)RET
                                : i % 2 == 0 && i / 2 < branches ? (uint32_t)CBZ
                                                                 : (uint32_t)ABI_NOP);
    return bytes;
}

/* One of amd64: nopw %cs:0(%rax,%rax,1), which has eleven bytes, and RET. */
static uint8_t *make_x86(size_t size)
{
    uint8_t *bytes = malloc(size);
    assert_non_null(bytes);
    memset(bytes, 0x90, size);
    for (size_t at = 0; at + 12 <= size; at += 11)
        memcpy(bytes + at, "\x66\x66\x2e\x0f\x1f\x84\0\0\0\0\0", 11);
    bytes[size - 1] = 0xc3;
    return bytes;
}

static size_t held(const void *room)
{
    return room ? malloc_usable_size((void *)(uintptr_t)room) : 0;
}

struct outcome {
    bool odd;
    uint64_t understood;
    size_t leaders, memory;
};

static struct outcome walk_one(enum arch arch, uint8_t *bytes, size_t size, bool thorough)
{
    struct span span = {.address = BASE, .size = size, .memory_size = size, .data = bytes, .executes = true};
    struct code_range range = {BASE, size};
    struct map map = {.count = 1, .spans = &span, .code_count = 1, .code = &range, .code_size = size};
    struct abi_bits none = {0};
    const enum abi_profile profile = arch == ARCH_AMD64 ? ABI_SYSV : ABI_AAPCS64;
    struct abi_function function = {
        .start = BASE, .size = size, .source = START_EH_FRAME, .profile = (uint8_t)profile, .interface = true};
    struct abi_walk walk = {.map = &map,
                            .arch = arch,
                            .called = &none,
                            .taken = &none,
                            .endless = &none,
                            .fragments = &none,
                            .platform = profile,
                            .thorough = thorough};
    assert_true(abi_walk(&walk, &function));
    assert_int_equal(walk.hit_count, 0);
    struct outcome outcome = {.odd = walk.odd,
                              .understood = walk.understood,
                              .leaders = walk.leader_count,
                              .memory = held(walk.flags) + held(walk.numbers) + held(walk.leaders) + held(walk.states) +
                                        held(walk.insns) + held(walk.order)};
    abi_walk_free(&walk);
    free(bytes);
    return outcome;
}

static void a_function_of_too_many_words_is_not_followed(void **state)
{
    const size_t most = (MOST - sizeof(struct abi_state)) / ABI_UNIT_MEMORY;
    (void)state;
    for (unsigned thorough = 0; thorough < 2; thorough++) {
        struct outcome fits = walk_one(ARCH_ARM64, make_a64(most, 0), most * 4, thorough);
        assert_false(fits.odd);
        assert_int_equal(fits.understood, most * 4);
        assert_in_range(fits.memory, MOST / 2, MOST);
        struct outcome large = walk_one(ARCH_ARM64, make_a64(most + 1, 0), (most + 1) * 4, thorough);
        assert_true(large.odd);
        assert_int_equal(large.understood, 0);
    }
}

/* Each place that a branch leads to has room for what is known there. */
static void a_function_of_too_many_blocks_is_not_followed(void **state)
{
    enum { WORDS = 1 << 18 };
    const size_t most = (MOST - WORDS * ABI_UNIT_MEMORY) / sizeof(struct abi_state);
    (void)state;
    assert_true(most < WORDS / 2);
    for (unsigned thorough = 0; thorough < 2; thorough++) {
        struct outcome fits = walk_one(ARCH_ARM64, make_a64(WORDS, most - 1), WORDS * 4, thorough);
        assert_false(fits.odd);
        assert_int_equal(fits.leaders, most);
        assert_int_equal(fits.understood, WORDS * 4);
        assert_in_range(fits.memory, MOST / 2, MOST);
        struct outcome large = walk_one(ARCH_ARM64, make_a64(WORDS, most), WORDS * 4, thorough);
        assert_true(large.odd);
        assert_int_equal(large.leaders, most + 1);
        assert_int_equal(large.understood, 0);
        assert_in_range(large.memory, 0, MOST);
    }
}

/* Of amd64 the instructions are kept as well, and of those there may be 2^18. */
static void a_function_of_amd64_that_is_too_large_is_not_followed(void **state)
{
    enum { INSNS = 8 << 20 /* bytes of memory */ };
    const size_t most = (MOST - sizeof(struct abi_state)) / ABI_UNIT_MEMORY, few = ABI_MOST_INSNS - 1;
    (void)state;
    struct outcome fits = walk_one(ARCH_AMD64, make_x86(most), most, true);
    assert_false(fits.odd);
    assert_int_equal(fits.understood, most);
    assert_in_range(fits.memory, MOST / 2, MOST + INSNS);
    assert_true(walk_one(ARCH_AMD64, make_x86(most + 1), most + 1, true).odd);
    uint8_t *nops = malloc(few + 1);
    assert_non_null(nops);
    memset(nops, 0x90, few);
    nops[few - 1] = 0xc3;
    fits = walk_one(ARCH_AMD64, nops, few, true);
    assert_false(fits.odd);
    assert_int_equal(fits.understood, few);
    nops = malloc(few + 1);
    assert_non_null(nops);
    memset(nops, 0x90, few);
    nops[few] = 0xc3;
    struct outcome large = walk_one(ARCH_AMD64, nops, few + 1, true);
    assert_true(large.odd);
    assert_int_equal(large.understood, 0);
}

/* Programs made of segments alone: the first begins with the entry. */
enum { PAGE = 0x1000, APART = 1 << 24, HEADERS = 8 * PAGE };
struct program {
    enum arch arch;
    size_t segments, size; /* of the file, whose bytes behind the headers are those of the first segment */
    uint8_t *bytes;
    struct file file;
    struct reading reading;
    struct arena arena;
};

static void set_segment(struct program *p, size_t index, uint32_t flags, uint64_t offset, uint64_t size)
{
    const Elf64_Phdr segment = {.p_type = PT_LOAD,
                                .p_flags = flags,
                                .p_offset = offset,
                                .p_vaddr = BASE + index * APART + offset % PAGE,
                                .p_paddr = BASE + index * APART + offset % PAGE,
                                .p_filesz = size,
                                .p_memsz = size,
                                .p_align = PAGE};
    memcpy(p->bytes + sizeof(Elf64_Ehdr) + index * sizeof segment, &segment, sizeof segment);
}

static void begin_program(struct program *p, enum arch arch, size_t segments, const uint8_t *code, size_t size)
{
    *p = (struct program){.arch = arch, .segments = segments, .size = HEADERS + size};
    p->bytes = calloc(1, p->size);
    assert_non_null(p->bytes);
    const Elf64_Ehdr header = {.e_ident = ELFMAG "\2\1\1",
                               .e_type = ET_EXEC,
                               .e_machine = arch == ARCH_AMD64 ? EM_X86_64 : EM_AARCH64,
                               .e_version = 1,
                               .e_entry = BASE,
                               .e_phoff = sizeof header,
                               .e_ehsize = sizeof header,
                               .e_phentsize = sizeof(Elf64_Phdr),
                               .e_phnum = (Elf64_Half)segments};
    memcpy(p->bytes, &header, sizeof header);
    memcpy(p->bytes + HEADERS, code, size);
    set_segment(p, 0, PF_R | PF_X, HEADERS, size);
}

static const struct image *read_program(struct program *p)
{
    const struct file_options options = {64 << 20, false};
    struct problem problem;
    assert_int_equal(file_from_memory(&p->file, p->bytes, p->size, &options, &problem), STATUS_OK);
    read_file(&p->file, &(struct read_options){true}, &p->reading);
    assert_int_equal(p->reading.count, 1);
    return p->reading.images;
}

static void end_program(struct program *p)
{
    arena_free(&p->arena);
    file_close(&p->file);
    free(p->bytes);
}

/* In percent. */
static uint64_t followed(uint8_t *code, size_t size)
{
    struct program p;
    struct ground ground;
    struct abi_study study;
    uint64_t understood = 0;
    begin_program(&p, ARCH_ARM64, 1, code, size);
    assert_true(ground_make(read_program(&p), &p.arena, &ground));
    abi_study(&ground, NULL, 1, &study);
    for (unsigned profile = 0; profile < ABI_PROFILES; profile++)
        understood += study.understood[profile];
    assert_true(study.read);
    assert_int_equal(study.code, size);
    end_program(&p);
    free(code);
    return 100 * understood / size;
}

static void a_function_that_is_too_large_is_code_that_was_not_followed(void **state)
{
    const size_t most = (MOST - sizeof(struct abi_state)) / ABI_UNIT_MEMORY;
    (void)state;
    assert_int_equal(followed(make_a64(most, 0), most * 4), 100);
    assert_int_equal(followed(make_a64(most + 1, 0), (most + 1) * 4), 0);
}

/* What is said of its processor; NEED_UNKNOWN, too, where its code cannot be read. */
static enum need_kind told(struct program *p)
{
    struct features had;
    struct need_report need;
    struct code_study study = {.image = read_program(p), .arena = &p->arena, .allowed = true};
    assert_non_null(cpu_read("x86-64-v1", &had));
    if (!study_against(&study, &had, &need))
        need.kind = NEED_UNKNOWN;
    end_program(p);
    return need.kind;
}

/* nop; …; mov eax, 60; xor edi, edi; syscall */
static void begin_nops(struct program *p, size_t segments, uint8_t *code, size_t size)
{
    static const uint8_t leave[] = {0xb8, 60, 0, 0, 0, 0x31, 0xff, 0x0f, 0x05};
    memset(code, 0x90, size);
    memcpy(code + size - sizeof leave, leave, sizeof leave);
    begin_program(p, ARCH_AMD64, segments, code, size);
}

static void more_than_256_segments_that_execute_are_not_followed(void **state)
{
    uint8_t code[4 * PAGE];
    (void)state;
    for (size_t count = 255; count <= 258; count++)
        for (unsigned others = 0; others < 2; others++) {
            struct program p;
            begin_nops(&p, count + others, code, sizeof code);
            for (size_t i = 1; i < count; i++)
                set_segment(&p, i, PF_R | PF_X, HEADERS + 16, 1);
            if (others)
                set_segment(&p, count, PF_R, HEADERS, 1);
            assert_int_equal(told(&p), count <= 256 ? NEED_NOTHING : NEED_UNKNOWN);
        }
}

/* The file twice, and 1 MB. */
static void bytes_at_many_addresses_are_not_followed(void **state)
{
    enum { SIZE = 1 << 18, MANY = (2 * (HEADERS + SIZE) + (1 << 20)) / SIZE };
    static uint8_t code[SIZE];
    (void)state;
    for (size_t count = MANY - 1; count <= MANY + 1; count++) {
        struct program p;
        begin_nops(&p, count, code, SIZE);
        for (size_t i = 1; i < count; i++)
            set_segment(&p, i, PF_R, HEADERS, SIZE);
        assert_int_equal(told(&p), count <= MANY ? NEED_NOTHING : NEED_UNKNOWN);
    }
}

/* What a program does that ends with `last`, behind as many copies of some bytes. */
static enum need_kind behind(size_t copies, const void *some, size_t size, const void *last, size_t last_size)
{
    const size_t all = copies * size + last_size;
    uint8_t *code = malloc(all);
    struct program p;
    assert_non_null(code);
    for (size_t i = 0; i < copies; i++)
        memcpy(code + i * size, some, size);
    memcpy(code + copies * size, last, last_size);
    begin_program(&p, ARCH_AMD64, 1, code, all);
    free(code);
    return told(&p);
}

/* mov eax, 7; xor ecx, ecx; cpuid; test ebx, 1 << 5; je over; vpaddd; over: exit: asks first. In front of it je to what
 * follows, each of which is a block. */
static void more_blocks_than_are_followed_are_not_known(void **state)
{
    enum { MOST_BLOCKS = 1 << 16, OWN = 2 };
    static const uint8_t asks[] = {0xb8, 7,    0,  0, 0, 0x31, 0xc9, 0x0f, 0xa2, 0xf7,
                                   0xc3, 0x20, 0,  0, 0, 0x74, 4,    0xc5, 0xfd, 0xfe,
                                   0xc0, 0xb8, 60, 0, 0, 0,    0x31, 0xff, 0x0f, 0x05};
    static const uint8_t branch[] = {0x74, 0};
    (void)state;
    assert_int_equal(behind(MOST_BLOCKS - OWN - 1, branch, sizeof branch, asks, sizeof asks), NEED_GUARDED);
    assert_int_equal(behind(MOST_BLOCKS + OWN, branch, sizeof branch, asks, sizeof asks), NEED_UNKNOWN);
}

/* jmp into itself: inc eax; jmp to what follows. From the first byte it is jmp; shr bl, 0. */
static void more_code_in_the_midst_of_instructions_than_is_followed_is_not_known(void **state)
{
    enum { MOST_STRAYS = 1 << 16 };
    static const uint8_t midst[] = {0xeb, 0xff, 0xc0, 0xeb, 0}, leave[] = {0xb8, 60, 0, 0, 0, 0x31, 0xff, 0x0f, 0x05};
    (void)state;
    assert_int_equal(behind(MOST_STRAYS, midst, sizeof midst, leave, sizeof leave), NEED_NOTHING);
    assert_int_equal(behind(MOST_STRAYS + 1, midst, sizeof midst, leave, sizeof leave), NEED_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_function_of_too_many_words_is_not_followed),
        cmocka_unit_test(a_function_of_too_many_blocks_is_not_followed),
        cmocka_unit_test(a_function_of_amd64_that_is_too_large_is_not_followed),
        cmocka_unit_test(a_function_that_is_too_large_is_code_that_was_not_followed),
        cmocka_unit_test(more_than_256_segments_that_execute_are_not_followed),
        cmocka_unit_test(more_blocks_than_are_followed_are_not_known),
        cmocka_unit_test(more_code_in_the_midst_of_instructions_than_is_followed_is_not_known),
        cmocka_unit_test(bytes_at_many_addresses_are_not_followed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
