/* What is no program of an operating system: code that never calls a kernel, a start that only a kernel may make, and what
 * loaders of kernels look for. Encodings are those that GNU as writes for the text beside them. */
#include "tests/formats/made_elf.h"

#include <string.h>

enum { A_CALL = (int)0xd4000001 };

static enum os system_of(const struct image *image, const char *reason)
{
    if (!reason)
        assert_null(image->elf->no_process);
    else
        assert_non_null(strstr(image->elf->no_process, reason));
    enum os os = image->os;
    file_close(&file);
    return os;
}

static void fill(enum arch arch)
{
    static const uint32_t nop = 0xd503201f;
    make_elf_clean(&made, arch);
    for (size_t i = 0; i < MAKE_ELF_CODE_SIZE; i += 4)
        make_elf_put(&made, MAKE_ELF_CODE + i, arch == ARCH_AMD64 ? (const void *)"\x90\x90\x90\x90" : &nop, 4);
}

TEST(code_of_amd64_that_calls_no_kernel)
{
    static const struct {
        const char *bytes;
        bool calls;
    } cases[] = {{"\x0f\x05", true} /* syscall */,
                 {"\xcd\x80", true} /* int $0x80 */,
                 {"\x0f\x0b", false} /* ud2 */,
                 {"\xcd\x81", false} /* int $0x81 */};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fill(ARCH_AMD64);
        make_elf_put(&made, MAKE_ELF_CODE + 0x41, cases[i].bytes, 2);
        assert_int_equal(system_of(read_made(), cases[i].calls ? NULL : "calls a kernel"),
                         cases[i].calls ? OS_LINUX : OS_UNKNOWN);
    }
}

TEST(code_of_arm64_that_calls_no_kernel)
{
    static const struct {
        uint32_t word;
        bool calls;
    } cases[] = {{0xd4000001, true} /* svc #0 */,
                 {0xd41fffe1, true} /* svc #0xffff */,
                 {0xd4000000, false} /* unallocated */,
                 {0xd4200000, false} /* brk #0 */,
                 {0xd65f03c0, false} /* ret */};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fill(ARCH_ARM64);
        make_elf_put(&made, MAKE_ELF_CODE + 0x40, &cases[i].word, 4);
        assert_int_equal(system_of(read_made(), cases[i].calls ? NULL : "calls a kernel"),
                         cases[i].calls ? OS_LINUX : OS_UNKNOWN);
    }
}

TEST(words_are_those_of_memory)
{
    static const uint32_t call = (uint32_t)A_CALL;
    fill(ARCH_ARM64);
    make_elf_put(&made, MAKE_ELF_CODE + 0x42, &call, 4);
    assert_int_equal(system_of(read_made(), "calls a kernel"), OS_UNKNOWN);
}

TEST(data_makes_no_calls)
{
    fill(ARCH_AMD64);
    make_elf_put(&made, MAKE_ELF_FREE, "\x0f\x05", 2);
    assert_int_equal(system_of(read_made(), "calls a kernel"), OS_UNKNOWN);
    fill(ARCH_AMD64);
    make_elf_put(&made, MAKE_ELF_FREE, "\x0f\x05", 2);
    made.phdrs[MAKE_ELF_LOAD_DATA].p_flags = PF_R | PF_W | PF_X;
    made.phdrs[MAKE_ELF_LOAD_DATA].p_memsz += 0x10000; /* memory that the kernel clears, as well */
    assert_int_equal(system_of(read_made(), NULL), OS_LINUX);
}

TEST(what_was_not_looked_at_may_call)
{
    fill(ARCH_AMD64);
    for (unsigned i = 0; i < 3; i++) {
        Elf64_Phdr *p = make_elf_phdr(&made, PT_LOAD, PF_R | PF_X, 0, MAKE_ELF_CODE + MAKE_ELF_CODE_SIZE);
        p->p_vaddr = p->p_paddr = 0x500000 + i * 0x10000;
    }
    assert_int_equal(system_of(read_made(), NULL), OS_LINUX);
}

TEST(what_a_loader_starts_is_not_asked)
{
    fill(ARCH_AMD64);
    make_elf_interp(&made, "/lib64/ld-linux-x86-64.so.2");
    assert_int_equal(system_of(read_made(), NULL), OS_LINUX);
    fill(ARCH_AMD64);
    made.header.e_ident[EI_OSABI] = ELFOSABI_FREEBSD;
    assert_int_equal(system_of(read_made(), NULL), OS_FREEBSD);
    fill(ARCH_AMD64);
    made.phdrs[MAKE_ELF_LOAD_DATA].p_vaddr = UINT64_C(1) << 63;
    assert_int_equal(system_of(read_made(), NULL), OS_LINUX);
}

TEST(a_start_that_only_a_kernel_may_make)
{
    static const struct {
        uint32_t word;
        bool privileged;
    } cases[] = {{0xd69f03e0, true} /* eret */,
                 {0xd4000002, true} /* hvc #0 */,
                 {0xd4000003, true} /* smc #0 */,
                 {0xd5384240, true} /* mrs x0, CurrentEL */,
                 {0xd518c000, true} /* msr vbar_el1, x0 */,
                 {0xd51ec000, true} /* msr vbar_el3, x0 */,
                 {0xd53800a0, false} /* mrs x0, mpidr_el1: Linux answers */,
                 {0xd53bd040, false} /* mrs x0, tpidr_el0 */,
                 {0xd51b4400, false} /* msr fpcr, x0 */,
                 {0xd50342df, true} /* msr daifset, #2 */,
                 {0xd50342ff, true} /* msr daifclr, #2 */,
                 {0xd50041bf, true} /* msr spsel, #1 */,
                 {0xd503415f, false} /* msr dit, #1 */,
                 {0xd500401f, false} /* cfinv */,
                 {0xd50140ff, false} /* of no field that there is */,
                 {0xd503201f, false} /* nop */};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        static const uint32_t call = (uint32_t)A_CALL;
        fill(ARCH_ARM64);
        make_elf_put(&made, MAKE_ELF_CODE + 8, &cases[i].word, 4);
        make_elf_put(&made, MAKE_ELF_CODE + 0x40, &call, 4);
        if (system_of(read_made(), cases[i].privileged ? "first instructions" : NULL) !=
            (cases[i].privileged ? OS_UNKNOWN : OS_LINUX))
            fail_msg("%#x", cases[i].word);
    }
}

/* ERET stands at 0x20, SVC behind it. */
TEST(a_start_is_followed_as_far_as_it_always_goes)
{
    static const struct {
        uint32_t at, word;
        bool comes;
    } cases[] = {{0, 0xd503201f, true} /* nop */,
                 {0, 0x14000008, true} /* b 0x20 */,
                 {0, 0x94000008, true} /* bl 0x20 */,
                 {0, 0x14000009, false} /* b 0x24 */,
                 {0, 0x17fffff0, false} /* b, out of the code */,
                 {4, 0x17ffffff, false} /* b 0: without end */,
                 {0, 0x54000101, false} /* b.ne 0x20 */,
                 {0, 0xb4000100, false} /* cbz x0, 0x20 */,
                 {0, 0x36000100, false} /* tbz w0, #0, 0x20 */,
                 {0, 0xd61f0000, false} /* br x0 */,
                 {0, 0xd65f03c0, false} /* ret */,
                 {0, 0xd4200000, false} /* brk #0 */};
    static const uint32_t words[] = {0xd69f03e0, (uint32_t)A_CALL};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fill(ARCH_ARM64);
        make_elf_put(&made, MAKE_ELF_CODE + 0x20, words, sizeof words);
        make_elf_put(&made, MAKE_ELF_CODE + cases[i].at, &cases[i].word, 4);
        if (system_of(read_made(), cases[i].comes ? "first instructions" : NULL) !=
            (cases[i].comes ? OS_UNKNOWN : OS_LINUX))
            fail_msg("%#x", cases[i].word);
    }
    make_elf_clean(&made, ARCH_ARM64);
    made.header.e_entry += 2;
    assert_int_equal(system_of(read_made(), NULL), OS_LINUX);
}

TEST(headers_that_loaders_of_kernels_look_for)
{
    enum { AT = 0x2f0 };
    static const struct {
        uint32_t at, words[4];
        bool kernel;
    } cases[] = {{AT, {0x1badb002, 3, 0u - 0x1badb002 - 3, 7}, true},
                 {AT, {0x1badb002, 3, 0, 7}, false},
                 {AT + 1, {0x1badb002, 3, 0u - 0x1badb002 - 3, 7}, false},
                 {8192 - 12, {0x1badb002, 3, 0u - 0x1badb002 - 3, 7}, true},
                 {8192 - 8, {0x1badb002, 3, 0u - 0x1badb002 - 3, 7}, false},
                 {AT, {0xe85250d6, 0, 24, 0u - 0xe85250d6 - 24}, true},
                 {8192, {0xe85250d6, 0, 24, 0u - 0xe85250d6 - 24}, true},
                 {AT, {0xe85250d6, 0, 24, 0}, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        make_elf_clean(&made, ARCH_AMD64);
        make_elf_put(&made, cases[i].at, cases[i].words, sizeof cases[i].words);
        assert_int_equal(system_of(read_made(), cases[i].kernel ? "Multiboot" : NULL),
                         cases[i].kernel ? OS_UNKNOWN : OS_LINUX);
    }
}

TEST(a_small_file_has_no_such_header)
{
    uint8_t *bytes;
    make_elf_clean(&made, ARCH_AMD64);
    size_t size = make_elf_write(&made, &bytes);
    bytes = realloc(bytes, 40000);
    assert_non_null(bytes);
    memset(bytes + size, 0, 40000 - size);
    static const uint32_t words[] = {0xe85250d6, 0, 24, 0u - 0xe85250d6 - 24};
    memcpy(bytes + 32768, words, sizeof words); /* behind where a loader looks */
    assert_int_equal(system_of(read_bytes(bytes, 40000), NULL), OS_LINUX);
    free(bytes);
}

TEST(guests_of_hypervisors_have_notes_of_them)
{
    static const char *const owners[] = {"Xen", "Solo5", "Xem"};
    for (size_t i = 0; i < sizeof owners / sizeof *owners; i++) {
        make_elf_clean(&made, ARCH_AMD64);
        make_elf_note(&made, owners[i], 18, "\0\0\0", 4);
        assert_int_equal(system_of(read_made(), i < 2 ? "hypervisor" : NULL), i < 2 ? OS_UNKNOWN : OS_LINUX);
    }
}

#define U(name) cmocka_unit_test(name)
int main(void)
{
    const struct CMUnitTest tests[] = {
        U(code_of_amd64_that_calls_no_kernel),
        U(code_of_arm64_that_calls_no_kernel),
        U(words_are_those_of_memory),
        U(data_makes_no_calls),
        U(what_was_not_looked_at_may_call),
        U(what_a_loader_starts_is_not_asked),
        U(a_start_that_only_a_kernel_may_make),
        U(a_start_is_followed_as_far_as_it_always_goes),
        U(headers_that_loaders_of_kernels_look_for),
        U(a_small_file_has_no_such_header),
        U(guests_of_hypervisors_have_notes_of_them),
    };
    return cmocka_run_group_tests_name("test_kernel_calls", tests, NULL, NULL);
}
