/* The link view: sections and the symbol table. The extents of the section header table are
 * proved first. An ordinary table is then read in place; one that other readers may take
 * differently must be one that libelf reads, too, or the list is broken. libelf wants the
 * whole file in one piece and memory for every section, which a metadata check of many
 * files would spend most of its time on. It is never shown a file whose e_ident lies,
 * which it would read as another class. Nothing here decides how a program is loaded.
 * gABI chapter 4, "Sections". */
#include "formats/elf/elf.h"

#include <gelf.h>
#include <libelf.h>
#include <string.h>

#include "formats/limits.h"

/* e_shnum 0 and e_shstrndx SHN_XINDEX: the true numbers stand in section 0 (gABI). */
static bool prove_table(struct elf_view *view, struct view *table, uint64_t *count, uint32_t *names)
{
    struct view first;
    uint64_t size = view->image->size;
    if (view->shentsize != sizeof(Elf64_Shdr)) {
        ELF_DEFECT(view, elf_section_table, 58, "e_shentsize 64", "e_shentsize %u", view->shentsize);
        return false;
    }
    if (!image_view(view->image, view->shoff, sizeof(Elf64_Shdr), &first)) {
        ELF_DEFECT(view, elf_section_table, 40, "a table inside the file", "e_shoff %#llx of %llu bytes",
                   (unsigned long long)view->shoff, (unsigned long long)size);
        return false;
    }
    *count = view->shnum ? view->shnum : load_le64(first.data + 32);
    *names = view->shstrndx == SHN_XINDEX ? load_le32(first.data + 40) : view->shstrndx;
    if (*count > LIMIT_SECTIONS || *count > (size - view->shoff) / sizeof(Elf64_Shdr) ||
        !image_view(view->image, view->shoff, *count * sizeof(Elf64_Shdr), table)) {
        ELF_DEFECT(view, elf_section_table, 60, "a table inside the file",
                   "%llu section headers at %#llx of %llu bytes", (unsigned long long)*count,
                   (unsigned long long)view->shoff, (unsigned long long)size);
        return false;
    }
    return true;
}

/* Elf64_Shdr at `index` of a table that holds it. */
static Elf64_Shdr header_at(struct view table, size_t index)
{
    const uint8_t *at = table.data + index * sizeof(Elf64_Shdr);
    return (Elf64_Shdr){.sh_name = load_le32(at),
                        .sh_type = load_le32(at + 4),
                        .sh_flags = load_le64(at + 8),
                        .sh_addr = load_le64(at + 16),
                        .sh_offset = load_le64(at + 24),
                        .sh_size = load_le64(at + 32),
                        .sh_link = load_le32(at + 40),
                        .sh_info = load_le32(at + 44),
                        .sh_addralign = load_le64(at + 48),
                        .sh_entsize = load_le64(at + 56)};
}

static void add_thread_local(struct tls_sections *tls, const Elf64_Shdr *h)
{
    uint64_t end = range_end(h->sh_addr, h->sh_size);
    if (!tls->found || h->sh_addr < tls->low)
        tls->low = h->sh_addr;
    if (h->sh_type != SHT_NOBITS && end > tls->file_end)
        tls->file_end = end;
    if (end > tls->end)
        tls->end = end;
    if (h->sh_addralign > tls->align)
        tls->align = h->sh_addralign;
    tls->found = true;
}

static void add_section(struct elf_view *view, const Elf64_Shdr *h, size_t index)
{
    struct section_list *list = &view->image->sections;
    struct section *s = &list->items[list->count++];
    *s = (struct section){.name = "",
                          .segment = "",
                          .type = h->sh_type,
                          .flags = h->sh_flags,
                          .address = h->sh_addr,
                          .offset = view->image->offset + h->sh_offset,
                          .size = h->sh_size,
                          .header_offset = view->image->offset + view->shoff + index * sizeof(Elf64_Shdr),
                          .has_bytes = h->sh_type != SHT_NOBITS && h->sh_type != SHT_NULL};
    if ((h->sh_flags & (SHF_ALLOC | SHF_TLS)) == (SHF_ALLOC | SHF_TLS) && h->sh_size)
        add_thread_local(&view->tls, h);
    if (!s->has_bytes || range_fits(view->image->size, h->sh_offset, h->sh_size))
        return;
    s->has_bytes = false;
    list->known = KNOWN_BROKEN;
    ELF_DEFECT(view, elf_section, s->header_offset, "sh_offset and sh_size inside the file", "%#llx bytes at %#llx",
               (unsigned long long)h->sh_size, (unsigned long long)h->sh_offset);
}

/* Names, by view and not by elf_strptr, whose search for a missing NUL costs the whole table each time. */
static void read_names(struct elf_view *view, struct view headers, uint32_t names)
{
    struct section_list *list = &view->image->sections;
    struct view table, rest;
    enum { SHORTEST = 4 }; /* bytes of a name; a section without one has offset 0, or that of one NUL */
    uint64_t lost = 0;
    const struct section *s = names < list->count ? &list->items[names] : NULL;
    if (!s || !s->has_bytes || s->type != SHT_STRTAB ||
        !image_view(view->image, s->offset - view->image->offset, s->size, &table)) {
        if (names != SHN_UNDEF || list->count > 1) {
            ELF_DEFECT(view, elf_section_names, 62, "e_shstrndx on a string table", "e_shstrndx %u", names);
            list->known = KNOWN_BROKEN;
        }
        return;
    }
    for (size_t i = 0; i < list->count; i++) {
        uint32_t offset = load_le32(headers.data + i * sizeof(Elf64_Shdr)); /* sh_name */
        uint64_t most = offset < table.size ? table.size - offset : 0;
        if (view_sub(table, offset, most < LIMIT_TEXT ? most : LIMIT_TEXT, &rest) && memchr(rest.data, 0, rest.size)) {
            list->items[i].name = (const char *)rest.data; /* the string ends inside the file's own buffer */
            lost += offset && rest.size >= SHORTEST && load_le32(rest.data) == 0 && list->items[i].type != SHT_NULL;
        } else {
            ELF_DEFECT(view, elf_section_names, list->items[i].header_offset, "a name inside the string table",
                       "sh_name %#x", offset);
            list->known = KNOWN_BROKEN;
        }
    }
    if (lost)
        ELF_DEFECT(view, bytes_lost, s->offset, "a name of each section that has one",
                   "%llu section headers that lead to no name", (unsigned long long)lost);
}

static void read_symbols(struct elf_view *view, const Elf64_Shdr *h, size_t index)
{
    struct symbols *symbols = &view->image->symbols;
    const struct section *s = &view->image->sections.items[index];
    const struct section_list *sections = &view->image->sections;
    symbols->known = KNOWN_COMPLETE;
    symbols->offset = s->offset;
    symbols->count += h->sh_entsize ? h->sh_size / h->sh_entsize : 0;
    if (h->sh_entsize != sizeof(Elf64_Sym) || h->sh_size % sizeof(Elf64_Sym) != 0) {
        ELF_DEFECT(view, elf_symbol_table, s->header_offset, "sh_entsize 24 and a whole number of entries",
                   "sh_entsize %llu, sh_size %llu", (unsigned long long)h->sh_entsize, (unsigned long long)h->sh_size);
    }
    if (h->sh_link >= sections->count || sections->items[h->sh_link].type != SHT_STRTAB)
        ELF_DEFECT(view, elf_symbol_table, s->header_offset, "sh_link on a string table", "sh_link %u", h->sh_link);
}

/* Loaded code that has no bytes: what `objcopy --only-keep-debug` leaves. */
static bool is_debug_file(const struct section_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct section *s = &list->items[i];
        if (s->type == SHT_NOBITS && s->size && s->flags & SHF_ALLOC && s->flags & SHF_EXECINSTR)
            return true;
    }
    return false;
}

static void read_sections(struct elf_view *view, struct view table, uint64_t count, uint32_t names)
{
    struct section_list *list = &view->image->sections;
    list->items = arena_array(&view->file->arena, (size_t)count, sizeof *list->items);
    for (size_t i = 0; i < count; i++) {
        Elf64_Shdr h = header_at(table, i);
        add_section(view, &h, i);
    }
    read_names(view, table, names);
    for (size_t i = 0; i < count; i++)
        if (list->items[i].type == SHT_SYMTAB) {
            Elf64_Shdr h = header_at(table, i);
            read_symbols(view, &h, i);
        }
    view->debug_file = is_debug_file(list);
}

/* Its size is not in the header, or it holds no section, or not where an array of Elf64_Shdr may stand: LIEF puts it behind
 * the last byte, whatever the address of that (npm: @pnpm/linux-x64 11.28.6). */
static bool is_ordinary(const struct elf_view *view, uint64_t count)
{
    return view->shnum && count > 1 && view->shoff % 8 == 0;
}

/* Whether libelf finds as many headers, and can read each. */
static bool libelf_reads(struct elf_view *view, uint64_t count)
{
    struct view all;
    size_t seen = 0;
    if (!file_view(view->file, 0, view->file->size, &all))
        return false;
    (void)elf_version(EV_CURRENT);                                /* or it does nothing */
    Elf *elf = elf_memory((char *)(uintptr_t)all.data, all.size); /* reading, it writes nothing there */
    bool good = elf_getshdrnum(elf, &seen) == 0 && seen == count;
    for (size_t i = 0; good && i < count; i++) {
        GElf_Shdr h;
        good = gelf_getshdr(elf_getscn(elf, i), &h) != NULL;
    }
    if (!good)
        ELF_DEFECT(view, elf_section_table, 60, "a table that libelf reads", "%s", elf_errmsg(-1));
    elf_end(elf);
    return good;
}

void link_view_read(struct elf_view *view)
{
    struct image *image = view->image;
    struct view table;
    uint64_t count = 0;
    uint32_t names = 0;
    image->sections.known = image->symbols.known = KNOWN_ABSENT;
    if (view->shoff == 0 && view->shnum == 0)
        return;
    image->sections.known = image->symbols.known = KNOWN_BROKEN;
    if (!view->honest_ident || !prove_table(view, &table, &count, &names))
        return;
    if (count == 0) {
        image->sections.known = image->symbols.known = KNOWN_ABSENT;
        return;
    }
    if (!is_ordinary(view, count) && !libelf_reads(view, count))
        return;
    image->sections.known = KNOWN_COMPLETE;
    image->symbols.known = KNOWN_ABSENT;
    read_sections(view, table, count, names);
    if (image->sections.known == KNOWN_BROKEN && image->symbols.known == KNOWN_ABSENT)
        image->symbols.known = KNOWN_BROKEN;
}
