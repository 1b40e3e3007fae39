/* Program headers that tell the kernel and the C library of memory, and not what to map. Nobody checks them before the
 * program runs: PT_PHDR is where the program's headers are and so, less its address, where it was loaded (glibc
 * elf/rtld.c, musl src/env/__init_tls.c), PT_TLS what each thread begins with, PT_GNU_RELRO what is made read-only
 * (glibc elf/dl-reloc.c, _dl_protect_relro, which ends the program where that fails), and of PT_GNU_PROPERTY the
 * kernel for arm64 refuses what breaks the rules of notes and properties (fs/binfmt_elf.c, parse_elf_properties;
 * arch/arm64/include/asm/elf.h, arch_parse_elf_property). A program with one that is wrong dies as it starts. */
#include "formats/elf/elf.h"

#include <string.h>

#include "formats/certain.h"

enum { PROPERTY_MOST = 1024, NOTE_HEAD = 16 /* with the name "GNU" */ };

static const char *table_fault(const struct elf_view *view, const struct phdr *p)
{
    uint64_t offset;
    return exec_view_offset(view, p->vaddr, view->phnum * sizeof(Elf64_Phdr), &offset) && offset == view->phoff
               ? NULL
               : "p_vaddr that does not lead to the program headers";
}

static const char *thread_fault(const struct elf_view *view, const struct phdr *p)
{
    uint64_t offset;
    if (p->filesz > p->memsz)
        return "p_filesz greater than p_memsz";
    if (p->align == 0 || (p->align & (p->align - 1)) || p->align > top_address(view))
        return "p_align that is no alignment of memory";
    if (p->memsz > MEMORY_MOST)
        return "more memory than machines have";
    if (p->filesz && (!exec_view_offset(view, p->vaddr, p->filesz, &offset) || offset != p->offset))
        return "p_vaddr that leads to other bytes than p_offset";
    return NULL;
}

static const char *relro_fault(const struct elf_view *view, const struct phdr *p)
{
    uint64_t end = page_start(range_end(p->vaddr, p->memsz));
    if (p->memsz && !exec_view_piece(view, p->vaddr))
        return "addresses that no PT_LOAD maps";
    for (uint64_t at = page_start(p->vaddr); at < end;) {
        const struct piece *piece = exec_view_piece(view, at);
        if (!piece)
            return "addresses that no PT_LOAD maps";
        if ((piece->access & (ACCESS_EXECUTE | ACCESS_WRITE)) == ACCESS_EXECUTE)
            return "addresses of code";
        at = piece->end;
    }
    return NULL;
}

/* Properties: in ascending order of their types, each once. */
static const char *order_fault(struct view properties)
{
    struct cursor c = cursor_at(properties, false);
    for (uint64_t last = 0, first = 1; c.at < properties.size; first = 0) {
        uint32_t type = cursor_u32(&c), size = cursor_u32(&c);
        cursor_skip(&c, size);
        cursor_skip(&c, (8 - size % 8) % 8);
        if (c.failed)
            return "a property that runs past the note";
        if (!first && type <= last)
            return "properties that are not in ascending order";
        last = type;
        if (type == GNU_PROPERTY_AARCH64_FEATURE_1_AND && size != 4)
            return "features that are not 4 bytes";
    }
    return NULL;
}

static const char *property_fault(const struct elf_view *view, const struct phdr *p)
{
    static const uint8_t name[] = {'G', 'N', 'U', 0};
    struct view note, properties;
    if (view->extra->machine != EM_AARCH64)
        return NULL; /* no kernel for amd64 reads it */
    if (p->filesz < NOTE_HEAD || p->filesz > PROPERTY_MOST || !image_view(view->image, p->offset, p->filesz, &note))
        return "a size or a place that no such note has";
    if (load_le32(note.data) != sizeof name || load_le32(note.data + 8) != NT_GNU_PROPERTY_TYPE_0 ||
        memcmp(note.data + 12, name, sizeof name) != 0)
        return "a note of another kind";
    return view_sub(note, NOTE_HEAD, load_le32(note.data + 4), &properties) ? order_fault(properties)
                                                                            : "a note that runs past it";
}

/* The index of unwind information; what it holds is for unwind.c. */
static const char *unwind_fault(const struct elf_view *view, const struct phdr *p)
{
    uint64_t offset;
    return p->filesz && (!exec_view_offset(view, p->vaddr, p->filesz, &offset) || offset != p->offset)
               ? "p_vaddr that leads to other bytes than p_offset"
               : NULL;
}

void check_headers(struct elf_view *view)
{
    static const struct {
        uint32_t type;
        const char *name;
        const char *(*fault)(const struct elf_view *view, const struct phdr *p);
    } checks[] = {{PT_PHDR, "PT_PHDR", table_fault},
                  {PT_TLS, "PT_TLS", thread_fault},
                  {PT_GNU_RELRO, "PT_GNU_RELRO", relro_fault},
                  {PT_GNU_EH_FRAME, "PT_GNU_EH_FRAME", unwind_fault},
                  {PT_GNU_PROPERTY, "PT_GNU_PROPERTY", property_fault}};
    for (size_t i = 0; i < view->phnum && !view->debug_file; i++) {
        const struct phdr *p = &view->phdrs[i];
        for (size_t k = 0; k < sizeof checks / sizeof *checks; k++) {
            const char *fault = p->type == checks[k].type ? checks[k].fault(view, p) : NULL;
            if (fault)
                ELF_DEFECT(view, elf_segment, p->at, "a program header that tells what is in memory", "%s with %s",
                           checks[k].name, fault);
        }
    }
}

/* A static PIE applies its relocations itself. That of glibc takes the address of its ELF header for the distance that it
 * was moved by (elf/dl-reloc-static-pie.c, elf_machine_load_address), so it must be linked at 0; neither it nor that of
 * musl, which applies relative ones alone (ldso/dlstart.c), has room for thread-local variables by then. */
static void check_static_pie(struct elf_view *view, const struct phdr *first)
{
    const struct image *image = view->image;
    bool glibc = image->libc == LIBC_GLIBC;
    if (view->interp || !view->extra->flag_pie || NEVER(!first) || (!glibc && image->libc != LIBC_MUSL))
        return;
    if (glibc && page_start(first->vaddr) != 0)
        ELF_DEFECT(view, elf_segment, first->at, "a static PIE of glibc that is linked at 0", "one linked at %#llx",
                   (unsigned long long)first->vaddr);
    if (view->extra->thread_offsets)
        ELF_DEFECT(view, elf_relocations, view->dynamic->at,
                   "no thread-local variable that a static PIE has to look up", "%llu relocations ask for one",
                   (unsigned long long)view->extra->thread_offsets);
}

/* Linux tells a program of its headers by the address at which a PT_LOAD maps the first of them, the last one that does
 * (AT_PHDR). The C libraries, ld.so and Zig read them there; Go's runtime, who has no thread-local variables, and Cosmopolitan,
 * a C library that is none of those known here, do not. */
static void check_table_is_mapped(struct elf_view *view, bool code)
{
    const struct image *image = view->image;
    uint64_t size = view->phnum * sizeof(Elf64_Phdr), offset = 0;
    const struct phdr *maps = NULL;
    bool threads = false;
    for (size_t i = 0; i < view->phnum; i++) {
        const struct phdr *p = &view->phdrs[i];
        if (p->type == PT_LOAD && view->phoff >= p->offset && view->phoff - p->offset < p->filesz)
            maps = p;
        threads |= p->type == PT_TLS;
    }
    const bool other = image->libc == LIBC_UNKNOWN && code && !view->interp;
    if (image->go || other || (image->libc == LIBC_NONE && !threads) ||
        (maps && exec_view_offset(view, maps->vaddr + (view->phoff - maps->offset), size, &offset) &&
         offset == view->phoff))
        return;
    ELF_DEFECT(view, elf_segment, 32, "program headers that a PT_LOAD maps, for the C library to read",
               "program headers at offset %#llx, in no PT_LOAD", (unsigned long long)view->phoff);
}

/* The kernel puts any ET_DYN elsewhere than it was linked for, unless that is 0 (fs/binfmt_elf.c, load_bias). Without a dynamic
 * table the program does not hear of it. */
static void check_place(struct elf_view *view, const struct phdr *first)
{
    if (view->extra->type == ET_DYN && !view->dynamic && first && page_start(first->vaddr) != 0)
        ELF_DEFECT(view, elf_relocations, 16, "ET_EXEC, or PT_DYNAMIC with the relocations",
                   "ET_DYN, linked at %#llx, and no PT_DYNAMIC", (unsigned long long)first->vaddr);
}

void check_start(struct elf_view *view, bool code)
{
    const struct phdr *first = NULL;
    if (view->image->kind != KIND_EXECUTABLE)
        return;
    for (size_t i = view->phnum; i-- > 0;)
        if (view->phdrs[i].type == PT_LOAD)
            first = &view->phdrs[i];
    check_static_pie(view, first);
    check_place(view, first);
    check_table_is_mapped(view, code);
}
