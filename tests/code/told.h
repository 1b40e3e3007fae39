/* Small programs, and what is told of the processor that they need: what the tests of the study of code share. */
#ifndef ASSAY_TESTS_CODE_TOLD_H
#define ASSAY_TESTS_CODE_TOLD_H

#include "tests/formats/made_elf.h"

#include <string.h>

#include "checks/code/abi_work.h"
#include "checks/code/cpu.h"
#include "checks/code/study.h"

static struct arena arena;

/* A program that does `code` from its entry on, held against a processor. */
static inline struct need_report against(enum arch arch, const void *code, size_t size, const char *name)
{
    struct features had;
    struct need_report need;
    assert_true(size <= MAKE_ELF_CODE_SIZE);
    make_elf_clean(&made, arch);
    memset(made.bytes + MAKE_ELF_CODE, 0, MAKE_ELF_CODE_SIZE);
    make_elf_put(&made, MAKE_ELF_CODE, code, size);
    file_close(&file); /* the one before, if there was one */
    struct code_study study = {.image = read_made(), .arena = &arena, .allowed = true};
    assert_non_null(cpu_read(name, &had));
    assert_true(study_against(&study, &had, &need));
    return need;
}

struct program { /* of amd64, that needs AVX2 or may */
    const char *name;
    uint8_t code[80];
    enum need_kind kind;
};

static inline void are_told(const struct program *programs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct need_report need = against(ARCH_AMD64, programs[i].code, sizeof programs[i].code, "x86-64-v2");
        if (need.kind != programs[i].kind ||
            (need.kind != NEED_UNKNOWN && !features_have(&need.lacking, FEATURE_X86_AVX2)))
            fail_msg("%s: %u", programs[i].name, (unsigned)need.kind);
    }
}

static inline void is_needed(struct need_report need, enum need_kind kind, enum feature feature)
{
    assert_int_equal(need.kind, kind);
    assert_true(features_have(&need.lacking, feature));
}

/* vpaddd ymm0, ymm0, ymm0; mov eax, 60; xor edi, edi; syscall: dies without AVX2 */
static const uint8_t plain[] = {0xc5, 0xfd, 0xfe, 0xc0, 0xb8, 60, 0, 0, 0, 0x31, 0xff, 0x0f, 0x05};

/* What stands at `OUTSIDE` of the segment that executes is in no section. */
enum { OUTSIDE = 0xf00 };

static inline struct need_report with_outside(enum arch arch, const void *code, size_t size, const void *outside,
                                              size_t more)
{
    struct features had;
    struct need_report need;
    make_elf_clean(&made, arch);
    make_elf_put(&made, MAKE_ELF_CODE, code, size);
    make_elf_put(&made, OUTSIDE, outside, more);
    file_close(&file);
    struct code_study study = {.image = read_made(), .arena = &arena, .allowed = true};
    assert_non_null(cpu_read(arch == ARCH_AMD64 ? "x86-64-v2" : "armv8.0", &had));
    assert_true(study_against(&study, &had, &need));
    return need;
}

/* A program of arm64 that is longer, with something in its data, at MAKE_ELF_FREE + 32. */
static inline struct need_report with_data(const void *code, size_t size, const void *data, size_t more)
{
    struct features had;
    struct need_report need;
    assert_true(size <= MAKE_ELF_DATA - MAKE_ELF_CODE);
    make_elf_clean(&made, ARCH_ARM64);
    made.phdrs[0].p_filesz = made.phdrs[0].p_memsz = MAKE_ELF_CODE + size;
    made.sections[0].header.sh_size = size;
    make_elf_put(&made, MAKE_ELF_CODE, code, size);
    make_elf_put(&made, MAKE_ELF_FREE + 32, data, more);
    file_close(&file);
    struct code_study study = {.image = read_made(), .arena = &arena, .allowed = true};
    assert_non_null(cpu_read("cortex-a53", &had));
    assert_true(study_against(&study, &had, &need));
    return need;
}

static inline int free_all(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

#endif
