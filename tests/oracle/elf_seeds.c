#include "tests/oracle/elf_probe.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/make/elf.h"

static void as_it_is(struct make_elf *elf)
{
    (void)elf;
}

static void dynamic(struct make_elf *elf)
{
    make_elf_interp(elf, ELF_PROBE_LOADER);
    make_elf_dyn_text(elf, DT_NEEDED, "libc.so.6");
}

static void system_loader(struct make_elf *elf)
{
    make_elf_interp(elf, "/lib64/ld-linux-x86-64.so.2");
    make_elf_dyn_text(elf, DT_NEEDED, "libc.so.6");
}

static void loader_alone(struct make_elf *elf)
{
    make_elf_interp(elf, ELF_PROBE_LOADER);
}

static void needed_alone(struct make_elf *elf)
{
    make_elf_dyn_text(elf, DT_NEEDED, "libc.so.6");
}

/* Linked at 0, and marked. */
static void static_pie(struct make_elf *elf)
{
    make_elf_dyn(elf, DT_FLAGS_1, DF_1_PIE | DF_1_NOW);
    elf->header.e_type = ET_DYN;
    elf->header.e_entry -= MAKE_ELF_BASE;
    for (size_t i = 0; i < elf->phdr_count; i++)
        if (elf->phdrs[i].p_vaddr)
            elf->phdrs[i].p_vaddr -= MAKE_ELF_BASE;
    for (size_t i = 0; i < elf->dyn_count; i++)
        if (elf->dyns[i].d_tag == DT_STRTAB || elf->dyns[i].d_tag == DT_SYMTAB)
            elf->dyns[i].d_un.d_ptr -= MAKE_ELF_BASE;
}

static void pie(struct make_elf *elf)
{
    dynamic(elf);
    static_pie(elf);
}

static void pie_without_needed(struct make_elf *elf)
{
    loader_alone(elf);
    static_pie(elf);
}

static void library(struct make_elf *elf)
{
    make_elf_dyn_text(elf, DT_SONAME, "liboracle.so.1");
    static_pie(elf);
    make_elf_find_dyn(elf, DT_FLAGS_1)->d_un.d_val = 0;
}

static void memory_behind_bytes(struct make_elf *elf)
{
    elf->phdrs[MAKE_ELF_LOAD_DATA].p_memsz += 0x3000;
}

static void memory_behind_code(struct make_elf *elf)
{
    elf->phdrs[MAKE_ELF_LOAD_CODE].p_memsz += 0x100;
}

static void memory_without_bytes(struct make_elf *elf)
{
    Elf64_Phdr *p = make_elf_phdr(elf, PT_LOAD, PF_R | PF_W, 0x4000, 0);
    p->p_memsz = 0x2000;
}

/* Headers, code, constants and data apart, as linkers do by now. */
static void four_loads(struct make_elf *elf)
{
    make_elf_interp(elf, ELF_PROBE_LOADER);
    make_elf_dyn_text(elf, DT_NEEDED, "libc.so.6");
    elf->phdrs[MAKE_ELF_LOAD_CODE].p_flags = PF_R;
    elf->phdrs[MAKE_ELF_LOAD_CODE].p_filesz = elf->phdrs[MAKE_ELF_LOAD_CODE].p_memsz = 0x1000;
    make_elf_phdr(elf, PT_LOAD, PF_R | PF_X, MAKE_ELF_CODE, 0x1000)->p_align = 0x1000;
    make_elf_phdr(elf, PT_LOAD, PF_R, 0x3000, 0x1000)->p_align = 0x1000;
    make_elf_put(elf, 0x3fff, "", 1);
}

static void descending(struct make_elf *elf)
{
    Elf64_Phdr p = elf->phdrs[MAKE_ELF_LOAD_CODE];
    dynamic(elf);
    elf->phdrs[MAKE_ELF_LOAD_CODE] = elf->phdrs[MAKE_ELF_LOAD_DATA];
    elf->phdrs[MAKE_ELF_LOAD_DATA] = p;
}

/* The same page twice, the second time with other bytes. */
static void overlapping(struct make_elf *elf)
{
    dynamic(elf);
    make_elf_put(elf, 0x4000, elf->bytes + MAKE_ELF_CODE, 0x1000);
    make_elf_phdr(elf, PT_LOAD, PF_R | PF_X, 0x4000, 0x1000)->p_vaddr = make_elf_address(MAKE_ELF_CODE);
}

/* Program and data share a page, each mapped with its own access. */
static void shared_page(struct make_elf *elf)
{
    Elf64_Phdr *p = &elf->phdrs[MAKE_ELF_LOAD_DATA];
    dynamic(elf);
    p->p_vaddr = MAKE_ELF_BASE + 0x2000;
    elf->phdrs[MAKE_ELF_LOAD_CODE].p_filesz = elf->phdrs[MAKE_ELF_LOAD_CODE].p_memsz = 0x2010;
}

static void headers_elsewhere(struct make_elf *elf)
{
    dynamic(elf);
    elf->header.e_phoff = 0x3000;
    elf->phdr_count = elf->header.e_phnum = 40;
    make_elf_put(elf, 0x3fff, "", 1);
    elf->phdrs[MAKE_ELF_LOAD_DATA].p_filesz = elf->phdrs[MAKE_ELF_LOAD_DATA].p_memsz = 0x2000;
}

static void no_stack_header(struct make_elf *elf)
{
    dynamic(elf);
    elf->phdrs[MAKE_ELF_STACK].p_type = PT_NULL;
}

static void executable_stack(struct make_elf *elf)
{
    dynamic(elf);
    elf->phdrs[MAKE_ELF_STACK].p_flags |= PF_X;
}

static void one_load(struct make_elf *elf)
{
    Elf64_Phdr *p = &elf->phdrs[MAKE_ELF_LOAD_CODE];
    p->p_flags = PF_R | PF_W | PF_X;
    p->p_filesz = p->p_memsz = MAKE_ELF_END;
    elf->phdrs[MAKE_ELF_LOAD_DATA].p_type = PT_NULL;
}

static void relro(struct make_elf *elf)
{
    dynamic(elf);
    make_elf_phdr(elf, PT_GNU_RELRO, PF_R, MAKE_ELF_DATA, 0x400);
    make_elf_phdr(elf, PT_TLS, PF_R, MAKE_ELF_FREE, 0x20);
    make_elf_phdr(elf, PT_PHDR, PF_R, 64, 56 * 8);
    make_elf_note(elf, "GNU", 5, "\2\0\0\xc0\4\0\0\0\0\0\0\0\0\0\0\0", 16);
}

static const struct {
    const char *name;
    void (*change)(struct make_elf *elf);
} made[] = {{"static", as_it_is},
            {"dynamic", dynamic},
            {"system-loader", system_loader},
            {"loader-alone", loader_alone},
            {"needed-alone", needed_alone},
            {"static-pie", static_pie},
            {"pie", pie},
            {"pie-without-needed", pie_without_needed},
            {"library", library},
            {"memory-behind-bytes", memory_behind_bytes},
            {"memory-behind-code", memory_behind_code},
            {"memory-without-bytes", memory_without_bytes},
            {"four-loads", four_loads},
            {"descending", descending},
            {"overlapping", overlapping},
            {"shared-page", shared_page},
            {"headers-elsewhere", headers_elsewhere},
            {"no-stack-header", no_stack_header},
            {"executable-stack", executable_stack},
            {"one-load", one_load},
            {"relro", relro}};

static bool read_whole(const char *path, struct elf_seed *seed)
{
    FILE *in = fopen(path, "rb");
    seed->bytes = malloc(ELF_PROBE_ROOM);
    if (!in || !seed->bytes)
        abort();
    seed->size = fread(seed->bytes, 1, ELF_PROBE_ROOM, in);
    fclose(in);
    return seed->size > sizeof(Elf64_Ehdr) && seed->size < ELF_PROBE_ROOM / 2;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name); /* whatever the locale */
}

static int is_ours(const struct dirent *entry)
{
    return (strncmp(entry->d_name, "elf-amd64-", 10) == 0 && strcmp(entry->d_name, "elf-amd64-object") != 0) ||
           strcmp(entry->d_name, "elf-arm64-leaf") == 0;
}

size_t elf_seeds(const char *folder, struct elf_seed seeds[ELF_PROBE_SEEDS])
{
    static struct make_elf elf;
    struct dirent **entries;
    size_t count = 0;
    for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
        make_elf_clean(&elf, ARCH_AMD64);
        made[i].change(&elf);
        seeds[count].name = made[i].name;
        seeds[count].size = make_elf_write(&elf, &seeds[count].bytes);
        count++;
    }
    int found = scandir(folder, &entries, is_ours, by_name);
    for (int i = 0; i < found; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        if (count < ELF_PROBE_SEEDS && read_whole(path, &seeds[count]))
            seeds[count++].name = strdup(entries[i]->d_name);
        free(entries[i]);
    }
    if (found > 0)
        free(entries);
    return count;
}
