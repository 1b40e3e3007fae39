/* Private to formats/elf/: the two views of one ELF file.
 *
 * The *exec view* is what Linux, glibc's ld.so and musl act on: the program headers
 * and what they lead to, through the memory image that the PT_LOADs make. The *link
 * view* is what linkers, debuggers and most auditors read: sections and symbols.
 * They are read apart; where they disagree, that is a defect (elf_section_view). */
#ifndef ASSAY_FORMATS_ELF_ELF_H
#define ASSAY_FORMATS_ELF_ELF_H

#include <elf.h>
#include "formats/limits.h"
#include "formats/read.h"

struct phdr { /* Elf64_Phdr, and where it stands in the file */
    uint32_t type, flags;
    uint64_t offset, vaddr, filesz, memsz, align, at;
};

/* A run of addresses that one PT_LOAD supplies after later ones were mapped over it. */
struct piece {
    uint64_t start, end; /* virtual addresses */
    uint64_t offset;     /* of the file byte at `start`; meaningful where !zero */
    bool zero;           /* memory that the kernel clears */
    unsigned access;
};

struct dyn {
    uint64_t tag, value, at; /* at: file offset of the entry */
};

/* What the sections of thread-local variables make together. */
struct tls_sections {
    bool found;
    uint64_t low, file_end, end, align; /* file_end: of those that have bytes */
};

/* The tags of which the last entry is asked for: those below DT_NUM, those of versions, and DT_GNU_HASH. */
enum { DYN_TAGS = DT_NUM + DT_VERSIONTAGNUM + 1 };

struct elf_view {
    struct file *file;
    struct image *image;
    struct elf_extra *extra;
    uint64_t entry, phoff, shoff;
    unsigned phentsize, shentsize, shnum, shstrndx;
    bool honest_ident;        /* class, data and version are what the machine implies */
    bool debug_file;          /* link view: code without bytes */
    bool os_noted, os_unsure; /* a note names the system; two do, and not the same */
    struct tls_sections tls;
    uint64_t sampled; /* bytes of sections that are not loaded that may still be looked at for what they carry */

    size_t phnum;
    struct phdr *phdrs;
    size_t piece_count;
    struct piece *pieces;                                                   /* ascending, disjoint */
    const struct phdr *interp, *dynamic, *stack, *relro, *threads, *unwind; /* first PT_INTERP, last of the others */

    enum known dynamic_known;
    size_t dyn_count;
    struct dyn *dyns;
    uint32_t dyn_last[DYN_TAGS]; /* the last entry of a tag, counted from 1; 0: none */
    bool dyn_twice;              /* a tag other than DT_NEEDED stands more than once */
};

/* As the kernel rounds what it maps, where pages are as small as they can be. */
static inline uint64_t page_start(uint64_t address)
{
    return address & ~(uint64_t)(LIMIT_PAGE - 1);
}

static inline uint64_t page_end(uint64_t address)
{
    return page_start(range_end(address, LIMIT_PAGE - 1));
}

/* Memory that is cleared at the start, so that the kernel must have it (mm/util.c, __vm_enough_memory): 1 TiB. */
static const uint64_t MEMORY_MOST = UINT64_C(1) << 40;

/* loads.c: where the addresses of a process end. */
uint64_t top_address(const struct elf_view *view);
/* What stands in the way of mapping a PT_LOAD, or NULL. */
const char *load_fault(const struct elf_view *view, const struct phdr *p);
/* What this kernel may put up with, and others or other readers do not, or NULL; `before`: the PT_LOAD before it, or NULL. */
const char *load_oddity(const struct elf_view *view, const struct phdr *before, const struct phdr *p);

/* exec_view.c */
void exec_view_headers(struct elf_view *view); /* program headers, memory image, PT_INTERP */
/* Where n bytes at a virtual address, which stand in a row in the file, stand in the image; false elsewhere. */
bool exec_view_offset(const struct elf_view *view, uint64_t address, uint64_t n, uint64_t *offset) MUST_CHECK;
/* Whether code stands there that the file has. */
bool exec_view_is_code(const struct elf_view *view, uint64_t address);
/* Those bytes. */
bool exec_view_bytes(const struct elf_view *view, uint64_t address, uint64_t n, struct view *out) MUST_CHECK;
/* From `address` on as far as the file is mapped in a row, at most `most` bytes. */
bool exec_view_rest(const struct elf_view *view, uint64_t address, uint64_t most, struct view *out) MUST_CHECK;
/* At least n bytes at an address, and as many of those behind them, up to `most`, as have been read already. */
bool exec_view_near(const struct elf_view *view, uint64_t address, uint64_t n, uint64_t most,
                    struct view *out) MUST_CHECK;
const struct piece *exec_view_piece(const struct elf_view *view, uint64_t address);

/* entry.c */
void read_entry(struct elf_view *view);
void check_entry(struct elf_view *view);

/* dynamic.c */
void read_dynamic(struct elf_view *view);
const struct dyn *dynamic_last(const struct elf_view *view, uint64_t tag); /* NULL: no such tag */

/* relocations.c */
void read_relocations(struct elf_view *view);

/* own_relocations.c: what a static program applies to itself. */
void check_own_relocations(struct elf_view *view);

/* unwind.c: whether the index of unwind information leads to what it says. */
void check_unwind(struct elf_view *view);

/* arrays.c: the functions that its start code calls. */
void check_arrays(struct elf_view *view);

/* headers.c: those that tell of memory; and what the start code of the C library makes of them. `code`: bytes were looked at
 * for which one it is. */
void check_headers(struct elf_view *view);
void check_start(struct elf_view *view, bool code);

/* kernel_calls.c: whether the program is one for Linux. */
void read_kernel_calls(struct elf_view *view);

/* views.c: sections against segments. */
void compare_views(struct elf_view *view);

/* notes.c */
void read_notes(struct elf_view *view);

/* link_view.c, debug.c */
void link_view_read(struct elf_view *view);
void read_debug(struct elf_view *view);

#define ELF_DEFECT(view, id, offset, expected, ...)                                                                    \
    defect_add(&(view)->file->arena, &(view)->image->defects, DEFECT_ID_##id, offset, expected, __VA_ARGS__)

#endif
