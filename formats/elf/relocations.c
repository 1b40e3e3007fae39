/* Which memory do relocations write, and is it read-only afterwards?
 *
 * RELRO protects [p_vaddr, p_vaddr + p_memsz) rounded down to pages at both ends
 * (glibc elf/dl-reloc.c _dl_protect_relro). Flags such as DT_BIND_NOW say nothing of
 * coverage: what counts is whether each GOT slot that a GLOB_DAT, JUMP_SLOT or
 * IRELATIVE relocation writes lies inside. A static program has no PT_DYNAMIC; its
 * IRELATIVE relocations stand between __rela_iplt_start and __rela_iplt_end, which
 * linkers make the section .rela.plt or .rela.dyn. The first DT_RELACOUNT entries are
 * RELATIVE by the loader's own assumption (elf/do-rel.h) and write no GOT slot. */
#include "formats/elf/elf.h"

#include "formats/limits.h"

/* The relocation types that are told apart, of one machine. */
struct types {
    uint32_t data, jump, irelative, relative;
};
static const struct types amd64 = {R_X86_64_GLOB_DAT, R_X86_64_JUMP_SLOT, R_X86_64_IRELATIVE, R_X86_64_RELATIVE},
                          arm64 = {R_AARCH64_GLOB_DAT, R_AARCH64_JUMP_SLOT, R_AARCH64_IRELATIVE, R_AARCH64_RELATIVE};

/* What a table is counted with. Relocations stand in the order of what they write, so the
 * piece of the one before is nearly always that of the next. */
struct count {
    const struct elf_view *view;
    const struct piece *piece;
};

static const struct piece *piece_at(struct count *count, uint64_t address)
{
    if (!count->piece || address < count->piece->start || address >= count->piece->end)
        count->piece = exec_view_piece(count->view, address);
    return count->piece;
}

static bool is_protected(struct count *count, uint64_t address)
{
    const struct elf_extra *extra = count->view->extra;
    uint64_t page = ~(uint64_t)(LIMIT_PAGE - 1);
    uint64_t start = extra->relro_address & page, end = range_end(extra->relro_address, extra->relro_size) & page;
    if (extra->has_relro && address >= start && address < end)
        return true;
    const struct piece *piece = piece_at(count, address);
    return piece && !(piece->access & ACCESS_WRITE); /* never writable: no slot to overwrite */
}

/* A relocation of memory that nobody may write: the loader must first make code writable, or dies. */
static bool writes_text(struct count *count, uint64_t address, uint32_t type)
{
    const struct piece *piece = type ? piece_at(count, address) : NULL; /* type 0: R_*_NONE */
    return piece && !(piece->access & ACCESS_WRITE);
}

static void count_slot(struct count *count, struct elf_extra *extra, uint64_t address, uint64_t offset)
{
    extra->slots++;
    if (!is_protected(count, address) && extra->slots_unprotected++ == 0) {
        extra->first_unprotected = address;
        extra->first_unprotected_reloc_offset = offset;
    }
}

static void count_table(struct elf_view *view, struct view table, uint64_t at)
{
    struct elf_extra *extra = view->extra;
    struct count count = {.view = view};
    const struct types types = extra->machine == EM_X86_64 ? amd64 : arm64;
    extra->relocations += table.size / 24;
    for (size_t i = 0; i + 24 <= table.size; i += 24) {
        uint64_t address = load_le64(table.data + i), offset = view->image->offset + at + i;
        uint32_t type = load_le32(table.data + i + 8);
        if (extra->text_relocation_offset == 0 && writes_text(&count, address, type))
            extra->text_relocation_offset = offset;
        if (type == types.relative)
            continue;
        if (type == types.data || type == types.jump) {
            count_slot(&count, extra, address, offset);
        } else if (type == types.irelative) {
            extra->irelative++;
            count_slot(&count, extra, address, offset);
        } else {
            extra->symbolic_relocations++;
        }
    }
}

static void read_range(struct elf_view *view, const struct dyn *table, const struct dyn *size, uint64_t skip)
{
    struct view bytes;
    if (!table || (size && size->value == 0))
        return;
    uint64_t from = skip <= size->value / 24 ? skip * 24 : 0;
    if (!exec_view_bytes(view, table->value, 0, &bytes) || size->value % 24 != 0 ||
        !exec_view_bytes(view, range_end(table->value, from), size->value - from, &bytes)) {
        ELF_DEFECT(view, elf_relocations, table->at, "a relocation table inside a PT_LOAD", "%#llx bytes at %#llx",
                   (unsigned long long)size->value, (unsigned long long)table->value);
        view->extra->relocations_known = view->extra->slots_known = KNOWN_BROKEN;
        return;
    }
    view->extra->relocations += from / 24;
    const struct piece *piece = exec_view_piece(view, table->value);
    count_table(view, bytes, piece->offset + (table->value - piece->start) + from);
}

/* Without PT_DYNAMIC: the loaded RELA sections, if there are section headers. */
static void read_static(struct elf_view *view)
{
    const struct section_list *sections = &view->image->sections;
    for (size_t i = 0; i < sections->count; i++) {
        const struct section *s = &sections->items[i];
        struct view bytes;
        if (s->type != SHT_RELA || !(s->flags & SHF_ALLOC) || s->size == 0)
            continue;
        if (image_view(view->image, s->offset - view->image->offset, s->size, &bytes))
            count_table(view, bytes, s->offset - view->image->offset);
    }
    if (sections->known != KNOWN_COMPLETE)
        view->extra->slots_known = view->extra->relocations_known = KNOWN_BROKEN; /* nothing says where they would be */
}

void read_relocations(struct elf_view *view)
{
    struct elf_extra *extra = view->extra;
    extra->relocations_known = extra->slots_known = view->dynamic_known == KNOWN_BROKEN ? KNOWN_BROKEN : KNOWN_COMPLETE;
    if (!view->dyn_count) {
        if (view->dynamic_known == KNOWN_ABSENT)
            read_static(view);
        return;
    }
    static const struct dyn none = {0};
    const struct dyn *size = dynamic_last(view, DT_RELASZ), *count = dynamic_last(view, DT_RELACOUNT),
                     *plt_size = dynamic_last(view, DT_PLTRELSZ);
    read_range(view, dynamic_last(view, DT_RELA), size ? size : &none, count ? count->value : 0);
    read_range(view, dynamic_last(view, DT_JMPREL), plt_size ? plt_size : &none, 0);
}
