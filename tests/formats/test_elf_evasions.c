/* Files that most readers take for something else than Linux does. Each case is a program
 * that the dynamic loader completes, with one change, and says what comes of starting it:
 * its library does not exist, so the loader ends it with 127; code that runs by itself ends
 * with 0. Where this machine can start such programs, the kernel and ld.so are asked, too. */
#include "tests/formats/made_elf.h"
#include "tests/oracle/elf_compare.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOADER "/lib64/ld-linux-x86-64.so.2"
#define ABSENT "libassay-absent.so"

enum outcome {
    RUNS,    /* to exit(0), no library asked for */
    LOADS,   /* the loader looks for the library */
    REFUSED, /* execve() fails */
    KILLED,  /* by a signal, at the start */
    DEPENDS, /* on the kernel: it is not asked */
};
enum { TEXT = MAKE_ELF_LOAD_CODE, DATA = MAKE_ELF_LOAD_DATA, INTERP = MAKE_ELF_STACK + 1, DYNAMIC, NEXT }; /* phdrs */

struct patch { /* of the bytes that are written */
    size_t at, size;
    uint64_t value;
};
struct evasion {
    const char *sentence;
    enum outcome outcome;
    enum linkage linkage;
    void (*change)(struct make_elf *elf);
    struct patch patches[4];
};

/* clang-format off */
#define EHDR(field, value) {offsetof(Elf64_Ehdr, field), sizeof(((Elf64_Ehdr *)0)->field), (uint64_t)(value)}
#define PHDR(index, field, value) \
    {64 + (index) * 56 + offsetof(Elf64_Phdr, field), sizeof(((Elf64_Phdr *)0)->field), (uint64_t)(value)}
#define IDENT(index, value) {index, 1, value}
#define AS_IS {0, 0, 0}
#define CASE(sentence, outcome, linkage, change, ...) {#sentence, outcome, LINKAGE_##linkage, change, {__VA_ARGS__}}
/* clang-format on */

static void dynamic_program(struct make_elf *elf)
{
    make_elf_clean(elf, ARCH_AMD64);
    make_elf_interp(elf, LOADER);
    make_elf_dyn_text(elf, DT_NEEDED, ABSENT);
    Elf64_Shdr *s = &make_elf_section(elf, ".dynamic", SHT_DYNAMIC, NULL, elf->phdrs[DYNAMIC].p_filesz)->header;
    s->sh_flags = SHF_ALLOC | SHF_WRITE;
    s->sh_addr = elf->phdrs[DYNAMIC].p_vaddr;
    s->sh_offset = elf->phdrs[DYNAMIC].p_offset;
    s->sh_entsize = sizeof(Elf64_Dyn);
    s->sh_link = 3;
    s = &make_elf_section(elf, ".dynstr", SHT_STRTAB, NULL, elf->strings_size)->header;
    s->sh_flags = SHF_ALLOC;
    s->sh_addr = make_elf_address(MAKE_ELF_STRINGS);
    s->sh_offset = MAKE_ELF_STRINGS;
}

/* ---- the kernel and the loader as witnesses ---- */

static enum outcome start(const uint8_t *bytes, size_t size)
{
    int status, fd = memfd_create("program", MFD_CLOEXEC);
    if (fd < 0 || write(fd, bytes, size) != (ssize_t)size || fchmod(fd, 0700) != 0) {
        close(fd);
        return DEPENDS;
    }
    pid_t child = fork();
    if (child == 0) {
        char *const arguments[] = {(char[]){"program"}, NULL}, *const environment[] = {NULL};
        int null = open("/dev/null", O_RDWR);
        dup2(null, 2);
        setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        fexecve(fd, arguments, environment);
        _exit(errno == ENOEXEC || errno == ENOENT || errno == EINVAL || errno == EIO || errno == ELIBBAD ? 200 : 201);
    }
    close(fd);
    if (child < 0 || waitpid(child, &status, 0) != child)
        return DEPENDS;
    if (WIFSIGNALED(status))
        return KILLED;
    int code = WEXITSTATUS(status);
    return code == 0 ? RUNS : code == 127 ? LOADS : code == 200 ? REFUSED : DEPENDS;
}

static enum outcome start_made(const struct make_elf *elf)
{
    uint8_t *bytes;
    size_t size = make_elf_write(elf, &bytes);
    enum outcome outcome = start(bytes, size);
    free(bytes);
    return outcome;
}

/* Whether programs of this kind can be started here: amd64, glibc, memory that may be executed. */
static bool can_ask(void)
{
    static struct make_elf elf;
    static int known = -1;
    if (known < 0) {
        make_elf_clean(&elf, ARCH_AMD64);
        known = start_made(&elf) == RUNS;
        dynamic_program(&elf);
        known = known && start_made(&elf) == LOADS;
        print_message("the kernel is %s\n", known ? "asked, too" : "not asked: it cannot start such programs");
    }
    return known;
}

/* ---- changes ---- */

static void swap(struct make_elf *elf, size_t a, size_t b)
{
    Elf64_Phdr first = elf->phdrs[a];
    elf->phdrs[a] = elf->phdrs[b];
    elf->phdrs[b] = first;
}

static void static_program(struct make_elf *elf)
{
    make_elf_clean(elf, ARCH_AMD64);
}

static void no_interpreter(struct make_elf *elf)
{
    elf->phdrs[INTERP].p_type = PT_NULL;
}

static void no_interpreter_but_pie(struct make_elf *elf)
{
    no_interpreter(elf);
    elf->header.e_type = ET_DYN;
    make_elf_dyn(elf, DT_FLAGS_1, DF_1_PIE);
}

static void second_interpreter(struct make_elf *elf)
{
    make_elf_put(elf, MAKE_ELF_INTERP + 64, "/nonexistent", 13);
    make_elf_phdr(elf, PT_INTERP, PF_R, MAKE_ELF_INTERP + 64, 13);
}

static void second_interpreter_is_real(struct make_elf *elf)
{
    make_elf_interp(elf, LOADER)->p_offset = MAKE_ELF_INTERP + 64;
    make_elf_put(elf, MAKE_ELF_INTERP + 64, LOADER, sizeof LOADER);
    make_elf_put(elf, MAKE_ELF_INTERP, "/nonexistent", 13);
    elf->phdrs[INTERP].p_filesz = 13;
}

static void interpreter_not_loaded(struct make_elf *elf)
{
    make_elf_put(elf, 0x3800, LOADER, sizeof LOADER);
    elf->phdrs[INTERP].p_offset = 0x3800;
}

static void interpreter_with_two_strings(struct make_elf *elf)
{
    make_elf_put(elf, MAKE_ELF_INTERP, LOADER "\0/nonexistent", sizeof LOADER + 13);
    elf->phdrs[INTERP].p_filesz = sizeof LOADER + 13;
}

static void wrong_dynamic_section(struct make_elf *elf)
{
    elf->sections[1].header.sh_offset = MAKE_ELF_FREE;
    elf->sections[1].header.sh_addr = make_elf_address(MAKE_ELF_FREE);
}

static void dynamic_section_retyped(struct make_elf *elf)
{
    elf->sections[1].header.sh_type = SHT_PROGBITS;
}

static void no_sections(struct make_elf *elf)
{
    elf->section_count = 0;
}

static void second_dynamic(struct make_elf *elf)
{
    make_elf_phdr(elf, PT_DYNAMIC, PF_R | PF_W, MAKE_ELF_FREE, 4 * sizeof(Elf64_Dyn));
    swap(elf, DYNAMIC, NEXT);
}

/* One more PT_LOAD over the page of the strings, with `name` where the first has the needed library's. */
static void overlay(struct make_elf *elf, const char *name)
{
    uint64_t at = 0x4000 + MAKE_ELF_STRINGS - MAKE_ELF_DATA + 1;
    make_elf_put(elf, 0x4000, elf->bytes + MAKE_ELF_DATA, MAKE_ELF_END - MAKE_ELF_DATA);
    make_elf_put(elf, 0x4000, elf->dyns, elf->dyn_count * sizeof *elf->dyns);
    make_elf_put(elf, at, name, strlen(name) + 1);
    Elf64_Phdr *p = make_elf_phdr(elf, PT_LOAD, PF_R | PF_W, 0x4000, MAKE_ELF_END - MAKE_ELF_DATA);
    p->p_vaddr = make_elf_address(MAKE_ELF_DATA);
}

static void later_load_brings_the_library(struct make_elf *elf)
{
    overlay(elf, ABSENT);
    make_elf_put(elf, MAKE_ELF_STRINGS + 1, "libc.so.6", 10);
}

static void later_load_hides_the_library(struct make_elf *elf)
{
    overlay(elf, "libc.so.6");
}

static void loads_in_descending_order(struct make_elf *elf)
{
    swap(elf, TEXT, DATA);
}

/* As many headers as a page holds, in the data segment: the loader wants them mapped. */
static void many_headers(struct make_elf *elf)
{
    elf->phdr_count = elf->header.e_phnum = 73;
    elf->header.e_phoff = 0x3000;
    make_elf_put(elf, 0x3fff, "", 1);
    elf->phdrs[DATA].p_filesz = elf->phdrs[DATA].p_memsz = 0x2000;
}

static void table_across_loads(struct make_elf *elf)
{
    Elf64_Dyn end = {DT_NULL, {0}};
    make_elf_put(elf, 0x3000 - 4 * sizeof end, elf->dyns, elf->dyn_count * sizeof end);
    make_elf_put(elf, 0x3000 + sizeof end, &end, sizeof end);
    elf->size = 0x4000;
    elf->phdrs[DYNAMIC].p_offset = 0x3000 - 4 * sizeof end;
    elf->phdrs[DYNAMIC].p_vaddr = make_elf_address(elf->phdrs[DYNAMIC].p_offset);
    elf->phdrs[DATA].p_filesz = elf->phdrs[DATA].p_memsz = 0x1000;
    make_elf_phdr(elf, PT_LOAD, PF_R | PF_W, 0x3000, 0x1000);
    elf->section_count = 0;
}

static void second_string_table(struct make_elf *elf)
{
    uint64_t first = elf->dyns[0].d_un.d_val;
    make_elf_put(elf, MAKE_ELF_FREE + 1, "libc.so.6", 10);
    elf->dyns[0].d_un.d_val = make_elf_address(MAKE_ELF_FREE);
    make_elf_dyn(elf, DT_STRTAB, first);
}

static void string_size(struct make_elf *elf)
{
    make_elf_find_dyn(elf, DT_STRSZ)->d_un.d_val = 1;
}

/* The loader learns from a PT_PHDR in front of PT_DYNAMIC how far it was moved. */
static void relabelled(struct make_elf *elf)
{
    elf->header.e_type = ET_DYN;
    make_elf_phdr(elf, PT_PHDR, PF_R, elf->header.e_phoff, 0);
    swap(elf, MAKE_ELF_STACK, NEXT);
}

static void entry_behind_null(struct make_elf *elf)
{
    make_elf_clean(elf, ARCH_AMD64);
    make_elf_interp(elf, LOADER);
    make_elf_dyn(elf, DT_NULL, 0);
    make_elf_dyn_text(elf, DT_NEEDED, ABSENT);
}

#define DATA_ADDRESS (MAKE_ELF_BASE + 0x10000 + MAKE_ELF_DATA)

static const struct evasion evasions[] = {
    CASE(a_program_that_needs_nothing_is_static, RUNS, STATIC, static_program, AS_IS),
    CASE(a_program_with_loader_and_library_is_dynamic, LOADS, DYNAMIC, NULL, AS_IS),
    CASE(a_class_of_32_bits_hides_nothing, LOADS, DYNAMIC, NULL, IDENT(EI_CLASS, ELFCLASS32)),
    CASE(a_class_of_none_hides_nothing, LOADS, DYNAMIC, NULL, IDENT(EI_CLASS, ELFCLASSNONE)),
    CASE(big_endian_data_hides_nothing, LOADS, DYNAMIC, NULL, IDENT(EI_DATA, ELFDATA2MSB)),
    CASE(data_of_no_byte_order_hides_nothing, LOADS, DYNAMIC, NULL, IDENT(EI_DATA, ELFDATANONE)),
    CASE(an_ident_version_of_0_hides_nothing, LOADS, DYNAMIC, NULL, IDENT(EI_VERSION, 0)),
    CASE(an_unknown_os_abi_hides_nothing, LOADS, DYNAMIC, NULL, IDENT(EI_OSABI, 255)),
    CASE(a_header_version_of_0_hides_nothing, LOADS, DYNAMIC, NULL, EHDR(e_version, 0)),
    CASE(a_header_size_of_0_hides_nothing, LOADS, DYNAMIC, NULL, EHDR(e_ehsize, 0)),
    CASE(wild_section_fields_hide_nothing, LOADS, DYNAMIC, NULL, EHDR(e_shoff, UINT64_MAX), EHDR(e_shentsize, 1),
         EHDR(e_shnum, 0xffff)),
    CASE(missing_sections_hide_nothing, LOADS, DYNAMIC, no_sections, AS_IS),
    CASE(a_dynamic_section_elsewhere_hides_nothing, LOADS, DYNAMIC, wrong_dynamic_section, AS_IS),
    CASE(a_dynamic_section_of_another_type_hides_nothing, LOADS, DYNAMIC, dynamic_section_retyped, AS_IS),
    CASE(the_offset_of_the_dynamic_table_does_not_count, LOADS, DYNAMIC, NULL, PHDR(DYNAMIC, p_offset, MAKE_ELF_FREE)),
    CASE(the_address_of_the_dynamic_table_counts, DEPENDS, INTERP_WITHOUT_NEEDED, NULL,
         PHDR(DYNAMIC, p_vaddr, DATA_ADDRESS + MAKE_ELF_FREE - MAKE_ELF_DATA)),
    CASE(the_size_of_the_dynamic_table_does_not_count, LOADS, DYNAMIC, NULL, PHDR(DYNAMIC, p_filesz, 0),
         PHDR(DYNAMIC, p_memsz, 0)),
    CASE(entries_behind_the_size_of_the_table_count, LOADS, DYNAMIC, NULL, PHDR(DYNAMIC, p_filesz, 16)),
    CASE(the_last_dynamic_table_counts, LOADS, DYNAMIC, second_dynamic, AS_IS),
    CASE(entries_behind_the_end_mark_do_not_count, DEPENDS, INTERP_WITHOUT_NEEDED, entry_behind_null, AS_IS),
    CASE(a_dynamic_table_may_cross_into_the_next_segment, LOADS, DYNAMIC, table_across_loads, AS_IS),
    CASE(a_dynamic_table_outside_the_segments_is_not_empty, DEPENDS, INTERP_WITHOUT_NEEDED, NULL,
         PHDR(DYNAMIC, p_vaddr, 0x10000)),
    CASE(the_last_string_table_counts, LOADS, DYNAMIC, second_string_table, AS_IS),
    CASE(the_size_of_the_string_table_does_not_count, LOADS, DYNAMIC, string_size, AS_IS),
    CASE(strings_come_from_the_later_segment, LOADS, DYNAMIC, later_load_brings_the_library, AS_IS),
    CASE(strings_of_the_earlier_segment_are_gone, RUNS, DYNAMIC, later_load_hides_the_library, AS_IS),
    CASE(bytes_in_front_of_the_segment_are_loaded_with_its_page, LOADS, DYNAMIC, NULL,
         PHDR(DATA, p_offset, MAKE_ELF_FREE), PHDR(DATA, p_vaddr, DATA_ADDRESS + 0x600), PHDR(DATA, p_filesz, 0x100),
         PHDR(DATA, p_memsz, 0x100)),
    CASE(bytes_behind_the_segment_are_loaded_with_its_page, LOADS, DYNAMIC, NULL, PHDR(DATA, p_filesz, 16),
         PHDR(DATA, p_memsz, 16)),
    CASE(segments_in_descending_order_are_loaded, LOADS, DYNAMIC, loads_in_descending_order, AS_IS),
    CASE(an_alignment_of_3_hides_no_loader, LOADS, DYNAMIC, NULL, PHDR(DATA, p_align, 3)),
    CASE(a_segment_past_the_end_of_the_file_hides_nothing, LOADS, DYNAMIC, NULL, PHDR(TEXT, p_filesz, 0x8000),
         PHDR(TEXT, p_memsz, 0x8000)),
    CASE(code_that_cannot_be_read_hides_nothing, LOADS, DYNAMIC, NULL, PHDR(TEXT, p_flags, PF_X)),
    CASE(data_that_can_be_executed_hides_nothing, LOADS, DYNAMIC, NULL, PHDR(DATA, p_flags, PF_R | PF_W | PF_X)),
    CASE(a_page_of_program_headers_is_read, LOADS, DYNAMIC, many_headers, AS_IS),
    CASE(the_first_interpreter_counts, LOADS, DYNAMIC, second_interpreter, AS_IS),
    CASE(the_second_interpreter_does_not_count, REFUSED, DYNAMIC, second_interpreter_is_real, AS_IS),
    CASE(an_interpreter_outside_the_segments_counts, LOADS, DYNAMIC, interpreter_not_loaded, AS_IS),
    CASE(an_interpreter_at_another_address_counts, LOADS, DYNAMIC, NULL, PHDR(INTERP, p_vaddr, MAKE_ELF_BASE),
         PHDR(INTERP, p_memsz, 0)),
    CASE(an_interpreter_ends_at_its_first_nul, LOADS, DYNAMIC, interpreter_with_two_strings, AS_IS),
    CASE(an_interpreter_without_nul_is_refused, REFUSED, DYNAMIC, NULL, PHDR(INTERP, p_filesz, sizeof LOADER - 1)),
    CASE(an_interpreter_of_one_byte_is_refused, REFUSED, DYNAMIC, NULL, PHDR(INTERP, p_filesz, 1)),
    CASE(an_interpreter_longer_than_a_path_is_refused, REFUSED, DYNAMIC, NULL, PHDR(INTERP, p_filesz, 4097)),
    CASE(an_interpreter_past_the_end_of_the_file_is_refused, REFUSED, DYNAMIC, NULL, PHDR(INTERP, p_offset, 0x100000)),
    CASE(an_interpreter_without_a_table_is_no_static_program, DEPENDS, INTERP_WITHOUT_NEEDED, NULL,
         PHDR(DYNAMIC, p_type, PT_NULL)),
    CASE(a_needed_library_without_interpreter_is_named, RUNS, NEEDED_WITHOUT_INTERP, no_interpreter, AS_IS),
    CASE(a_pie_with_a_needed_library_and_no_interpreter_is_named, RUNS, NEEDED_WITHOUT_INTERP, no_interpreter_but_pie,
         AS_IS),
    CASE(an_executable_relabelled_as_library_is_dynamic, LOADS, DYNAMIC, relabelled, AS_IS),
    CASE(a_header_size_of_the_other_class_is_refused, REFUSED, UNKNOWN, NULL, EHDR(e_phentsize, 32)),
    CASE(a_header_size_of_64_is_refused, REFUSED, UNKNOWN, NULL, EHDR(e_phentsize, 64)),
    CASE(no_program_headers_are_refused, REFUSED, UNKNOWN, static_program, EHDR(e_phnum, 0)),
    CASE(the_escape_for_more_program_headers_is_refused, REFUSED, UNKNOWN, static_program, EHDR(e_phnum, PN_XNUM)),
    CASE(more_program_headers_than_64_kib_are_refused, REFUSED, UNKNOWN, static_program, EHDR(e_phnum, 1171)),
    CASE(program_headers_past_the_end_are_refused, REFUSED, UNKNOWN, static_program, EHDR(e_phoff, 0x100000)),
    CASE(a_relocatable_file_is_refused, REFUSED, NOT_APPLICABLE, static_program, EHDR(e_type, ET_REL)),
    CASE(a_core_file_is_refused, REFUSED, NOT_APPLICABLE, static_program, EHDR(e_type, ET_CORE)),
    CASE(a_file_of_no_type_is_refused, REFUSED, NOT_APPLICABLE, static_program, EHDR(e_type, 9)),
    CASE(a_program_for_arm64_is_refused, REFUSED, STATIC, static_program, EHDR(e_machine, EM_AARCH64)),
    CASE(more_bytes_than_memory_cannot_be_mapped, KILLED, STATIC, static_program, PHDR(DATA, p_memsz, 16)),
    CASE(an_offset_that_fits_no_page_cannot_be_mapped, KILLED, STATIC, static_program,
         PHDR(DATA, p_offset, MAKE_ELF_DATA + 8)),
    CASE(more_memory_than_a_process_has_cannot_be_mapped, KILLED, STATIC, static_program,
         PHDR(DATA, p_memsz, UINT64_C(1) << 47)),
    CASE(code_without_access_cannot_run, KILLED, STATIC, static_program, PHDR(TEXT, p_flags, 0)),
};

/* What the kernel made of it must be what the model says. */
static void agree(const struct evasion *evasion, enum outcome outcome, const struct image *image)
{
    bool named = false, whole = image->needed.known == KNOWN_COMPLETE;
    for (size_t i = 0; i < image->needed.count; i++)
        named |= strcmp(image->needed.items[i].text, ABSENT) == 0;
    assert_true(outcome == evasion->outcome || outcome == DEPENDS || evasion->outcome == DEPENDS);
    if (outcome == LOADS) {
        assert_true(image->judged && image->elf->has_interp);
        assert_string_equal(image->interpreter.text, LOADER);
        assert_true(image->linkage == LINKAGE_DYNAMIC || !whole);
        assert_true(named || !whole);
    } else if (outcome == RUNS) {
        assert_true(image->judged && image->segments.known == KNOWN_COMPLETE);
    } else if (outcome == REFUSED || outcome == KILLED) {
        /* Another machine's program and a file that is none have nothing wrong with them. */
        assert_true(image->arch != ARCH_AMD64 || image->kind != KIND_EXECUTABLE || image->defects.total > 0);
    }
}

static void case_of_evasion(void **state)
{
    const struct evasion *evasion = *state;
    uint8_t *bytes;
    dynamic_program(&made);
    if (evasion->change)
        evasion->change(&made);
    size_t size = make_elf_write(&made, &bytes);
    for (const struct patch *p = evasion->patches; p < evasion->patches + 4; p++)
        memcpy(bytes + p->at, &p->value, p->size); /* the tests run on little-endian machines */
    const struct image *image = read_bytes(bytes, size);
    assert_string_equal(linkage_name(image->linkage), linkage_name(evasion->linkage));
    agree(evasion, evasion->outcome, image);
    if (can_ask() && evasion->outcome != DEPENDS)
        agree(evasion, start(bytes, size), image);
    if (can_ask())
        assert_int_equal(elf_differences(bytes, size), 0); /* of what is mapped, before anything runs */
    free(bytes);
}

int main(void)
{
    enum { COUNT = sizeof evasions / sizeof *evasions };
    struct CMUnitTest tests[COUNT];
    for (size_t i = 0; i < COUNT; i++)
        tests[i] =
            (struct CMUnitTest){evasions[i].sentence, case_of_evasion, NULL, end, (void *)(uintptr_t)&evasions[i]};
    return cmocka_run_group_tests_name("test_elf_evasions", tests, NULL, NULL);
}
