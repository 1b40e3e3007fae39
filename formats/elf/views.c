/* The link view against the exec view. What is loaded must be the same bytes in both, and what a section is for must hold
 * of the segment it lies in: linkers made the one from the other, so each contradiction is damage or intent, and most
 * of them end the program. Debug files keep sections of what their segments no longer hold. */
#include "formats/elf/elf.h"

enum { GOT_HEAD = 24 };

/* Whether bytes of the file stand where a section says that memory is zero. Some linkers write its zeros into the file. */
static bool is_filled(const struct elf_view *view, const struct section *s, const struct piece *piece)
{
    struct view v;
    const uint64_t rest = piece->end - s->address;
    return !s->has_bytes && !piece->zero &&
           (!exec_view_bytes(view, s->address, rest < s->size ? rest : s->size, &v) || !view_is_zero(v));
}

/* Whether all pieces of a section have the access that it has. */
static bool has_access(const struct section *s, const struct piece *first, const struct piece *last)
{
    for (const struct piece *piece = first; piece <= last; piece++)
        if ((s->flags & SHF_WRITE && !(piece->access & ACCESS_WRITE)) ||
            (s->flags & SHF_EXECINSTR && !(piece->access & ACCESS_EXECUTE)))
            return false;
    return true;
}

/* What the segments make of a loaded section, or NULL where it is what the section says. */
static const char *contradiction(const struct elf_view *view, const struct section *s)
{
    const struct piece *first = exec_view_piece(view, s->address);
    const struct piece *last = exec_view_piece(view, range_end(s->address, s->size - 1));
    uint64_t offset;
    if (s->has_bytes && (!exec_view_offset(view, s->address, 1, &offset) || offset != s->offset))
        return "sh_offset where the segments map sh_addr";
    if (s->flags & SHF_TLS && !s->has_bytes)
        return NULL; /* memory that each thread has, and no segment */
    if (!first || !last || (s->has_bytes && !exec_view_offset(view, s->address, s->size, &offset)))
        return "segments that hold the whole section";
    if (is_filled(view, s, first))
        return "zeros for a section without bytes";
    bool program = view->extra->type == ET_EXEC || view->interp || view->extra->flag_pie; /* and not the vDSO */
    if (program && !has_access(s, first, last))
        return "a segment with the access that the section has";
    return NULL;
}

static bool is_within(const struct elf_view *view, const struct section *s, uint64_t table, uint64_t size)
{
    const struct dyn *from = dynamic_last(view, table), *bytes = dynamic_last(view, size);
    return from && bytes && s->address >= from->value && range_fits(bytes->value, s->address - from->value, s->size);
}

/* Whether loaders are led to a section of relocations. */
static bool is_applied(const struct elf_view *view, const struct section *s)
{
    if (s->type == SHT_RELA)
        return is_within(view, s, DT_RELA, DT_RELASZ) || is_within(view, s, DT_JMPREL, DT_PLTRELSZ);
    return s->type != SHT_RELR || is_within(view, s, DT_RELR, DT_RELRSZ);
}

/* Whether it begins in what becomes read-only, and ends behind it. Of .got.plt ld.bfd leaves the first words, which
 * belong to the loader, in front of that end (DATA_SEGMENT_RELRO_END). */
static bool is_half_read_only(const struct elf_view *view, const struct section *s)
{
    uint64_t end = view->relro ? range_end(view->relro->vaddr, view->relro->memsz) : 0;
    return view->relro && (!(s->flags & SHF_TLS) || s->has_bytes) && s->address >= view->relro->vaddr &&
           s->address < end && end - s->address > GOT_HEAD && range_end(s->address, s->size) > end;
}

/* Whether what becomes read-only begins within a section. */
static bool is_half_writable(const struct elf_view *view, const struct section *s)
{
    return view->relro && view->relro->memsz && (!(s->flags & SHF_TLS) || s->has_bytes) && s->flags & SHF_WRITE &&
           s->address < view->relro->vaddr && view->relro->vaddr - s->address < s->size;
}

static bool is_in_segment(const struct elf_view *view, const struct section *s, uint32_t type)
{
    const uint64_t from = s->offset - view->image->offset;
    for (size_t i = 0; i < view->phnum; i++) {
        const struct phdr *p = &view->phdrs[i];
        if (p->type == type && from >= p->offset && range_fits(p->filesz, from - p->offset, s->size))
            return true;
    }
    return false;
}

/* A note without an address that stands in PT_NOTE and is loaded: who reads sections and who reads segments see the same
 * bytes. Node and postject add their single executable's so, by LIEF. */
static bool is_added_note(const struct elf_view *view, const struct section *s)
{
    return s->type == SHT_NOTE && s->address == 0 && is_in_segment(view, s, PT_NOTE) && is_in_segment(view, s, PT_LOAD);
}

static void compare_section(struct elf_view *view, const struct section *s)
{
    const char *name = *s->name ? s->name : "a section without a name",
               *expected = is_added_note(view, s) ? NULL : contradiction(view, s);
    if (!view->interp && same_name(s->name, ".interp"))
        ELF_DEFECT(view, elf_section_view, s->header_offset, "PT_INTERP for a loaded section .interp", "no PT_INTERP");
    if (!view->unwind && s->has_bytes && same_name(s->name, ".eh_frame_hdr"))
        ELF_DEFECT(view, elf_section_view, s->header_offset, "PT_GNU_EH_FRAME for a loaded section .eh_frame_hdr",
                   "no PT_GNU_EH_FRAME");
    if (expected)
        ELF_DEFECT(view, elf_section_view, s->header_offset, expected, "%s: sh_addr %#llx, sh_offset %#llx", name,
                   (unsigned long long)s->address, (unsigned long long)s->offset);
    if (view->dynamic_known == KNOWN_COMPLETE && !is_applied(view, s))
        ELF_DEFECT(view, elf_section_view, s->header_offset, "relocations that the dynamic table leads to",
                   "%s: none leads to it", name);
    if (is_half_writable(view, s))
        ELF_DEFECT(view, elf_section_view, view->relro->at, "PT_GNU_RELRO that begins where a section begins",
                   "a beginning within %s", name);
    if (is_half_read_only(view, s))
        ELF_DEFECT(view, elf_section_view, view->relro->at, "PT_GNU_RELRO that ends where a section ends",
                   "an end within %s", name);
}

/* Code adds numbers to the thread pointer that the linker worked out of exactly these. ld.lld rounds p_memsz up. */
static bool is_of_sections(const struct phdr *p, const struct tls_sections *tls)
{
    uint64_t size = tls->end - tls->low, bytes = tls->file_end > tls->low ? tls->file_end - tls->low : 0;
    uint64_t rounded = range_end(size, tls->align - 1) & -tls->align;
    return p->vaddr == tls->low && p->filesz == bytes && p->align == tls->align &&
           (p->memsz == size || p->memsz == rounded);
}

static void compare_thread_local(struct elf_view *view)
{
    const struct tls_sections *tls = &view->tls;
    const struct phdr *p = view->threads;
    if (tls->found && !p)
        ELF_DEFECT(view, elf_section_view, view->phoff, "PT_TLS for sections of thread-local variables", "no PT_TLS");
    else if (tls->found && !is_of_sections(p, tls))
        ELF_DEFECT(view, elf_section_view, p->at, "PT_TLS for sections of thread-local variables",
                   "%#llx and %#llx bytes at %#llx, aligned to %#llx", (unsigned long long)p->filesz,
                   (unsigned long long)p->memsz, (unsigned long long)p->vaddr, (unsigned long long)p->align);
}

void compare_views(struct elf_view *view)
{
    const struct section_list *sections = &view->image->sections;
    const struct section *dynamic = NULL;
    if (sections->known != KNOWN_COMPLETE || view->debug_file || view->phnum == 0)
        return;
    for (size_t i = 0; i < sections->count; i++) {
        const struct section *s = &sections->items[i];
        if (s->type == SHT_DYNAMIC && s->flags & SHF_ALLOC && !view->dynamic)
            ELF_DEFECT(view, elf_section_view, s->header_offset, "PT_DYNAMIC for a loaded dynamic table",
                       "no PT_DYNAMIC");
        if (s->type == SHT_DYNAMIC)
            dynamic = s;
        if (s->flags & SHF_ALLOC && s->size)
            compare_section(view, s);
    }
    compare_thread_local(view);
    if (view->dynamic && (!dynamic || dynamic->address != view->dynamic->vaddr))
        ELF_DEFECT(view, elf_section_view, view->dynamic->at, "a section of type SHT_DYNAMIC at PT_DYNAMIC's address",
                   dynamic ? "SHT_DYNAMIC elsewhere" : "none");
}
