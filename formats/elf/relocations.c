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
    uint32_t data, jump, irelative, relative, tls_module, tls_descriptor, tls_offset;
};
static const struct types amd64 = {R_X86_64_GLOB_DAT, R_X86_64_JUMP_SLOT, R_X86_64_IRELATIVE, R_X86_64_RELATIVE,
                                   R_X86_64_DTPMOD64, R_X86_64_TLSDESC,   R_X86_64_TPOFF64},
                          arm64 = {R_AARCH64_GLOB_DAT,   R_AARCH64_JUMP_SLOT, R_AARCH64_IRELATIVE, R_AARCH64_RELATIVE,
                                   R_AARCH64_TLS_DTPMOD, R_AARCH64_TLSDESC,   R_AARCH64_TLS_TPREL};
enum { TYPE_MOST = 2047 }; /* both machines have lower ones */

/* What a table is counted with, and what is counted. Relocations stand in the order of what they write, so the
 * piece of the one before is nearly always that of the next. */
struct count {
    const struct elf_view *view;
    uint64_t relro, relro_end;   /* addresses [relro, relro_end) become read-only */
    uint64_t start, size;        /* of that piece; no address is in it before the first */
    bool writable;               /* it is; where there is none, too */
    uint64_t slots, unprotected; /* that stay writable */
    uint64_t symbolic, relative;
    uint64_t impossible; /* of no type that there is, or at an address that no segment has */
};

static struct count count_begin(const struct elf_view *view)
{
    const struct elf_extra *extra = view->extra;
    const uint64_t page = ~(uint64_t)(LIMIT_PAGE - 1);
    struct count count = {.view = view};
    if (extra->has_relro) {
        count.relro = extra->relro_address & page;
        count.relro_end = range_end(extra->relro_address, extra->relro_size) & page;
    }
    return count;
}

static void find_piece(struct count *count, uint64_t address)
{
    const struct piece *piece = exec_view_piece(count->view, address);
    count->start = piece ? piece->start : 0;
    count->size = piece ? piece->end - piece->start : 0;
    count->writable = !piece || piece->access & ACCESS_WRITE;
}

/* A slot is protected where it is read-only once it is written, or was never writable: none to overwrite. */
static void count_slot(struct count *count, struct elf_extra *extra, uint64_t address, uint64_t offset)
{
    count->slots++;
    if (!count->writable || (address >= count->relro && address < count->relro_end))
        return;
    if (extra->slots_unprotected + count->unprotected++ == 0) {
        extra->first_unprotected = address;
        extra->first_unprotected_reloc_offset = offset;
    }
}

/* Counts the entries of some of a table, which begins at `at` of the file. */
static struct count count_some(struct count count, struct elf_extra *extra, struct view some, uint64_t at)
{
    const struct types types = extra->machine == EM_X86_64 ? amd64 : arm64;
    for (size_t i = 0; i + 24 <= some.size; i += 24) {
        const uint64_t address = load_le64(some.data + i), info = load_le64(some.data + i + 8);
        const uint32_t type = (uint32_t)info;
        if (address - count.start >= count.size) {
            find_piece(&count, address);
            count.impossible += count.size == 0 && type;
        }
        /* Memory that nobody may write: the loader must first make code writable, or dies. Type 0 is R_*_NONE. */
        if (!count.writable && type && extra->text_relocation_offset == 0)
            extra->text_relocation_offset = at + i;
        if (type == types.relative) {
            count.relative++;
            continue;
        }
        if (type == types.data || type == types.jump) {
            count_slot(&count, extra, address, at + i);
            count.symbolic += info >> 32 != 0;
        } else if (type == types.irelative) {
            extra->irelative++;
            count_slot(&count, extra, address, at + i);
        } else {
            bool tls = type == types.tls_module || type == types.tls_descriptor;
            if (tls && extra->dynamic_tls++ == 0)
                extra->first_dynamic_tls_offset = at + i;
            extra->thread_offsets += type == types.tls_offset;
            count.symbolic++;
            count.impossible += type > TYPE_MOST;
        }
    }
    return count;
}

/* `size` bytes at `offset` of the image, told as those at `at` of the file. They are looked at once, some at a time.
 * `relative`: entries that must be RELATIVE. */
static bool count_table(struct elf_view *view, uint64_t offset, uint64_t size, uint64_t at, uint64_t relative)
{
    enum { SOME = FILE_BRIEF / 24 * 24 };
    struct count count = count_begin(view);
    struct file_room room;
    struct view some;
    if (!range_fits(view->image->size, offset, size))
        return false;
    for (uint64_t done = 0; done < size; done += SOME) {
        uint64_t n = size - done < SOME ? size - done : SOME;
        if (!file_view_briefly(view->file, view->image->offset + offset + done, n, &room, &some))
            return false;
        count = count_some(count, view->extra, some, at + done);
    }
    view->extra->slots += count.slots;
    view->extra->slots_unprotected += count.unprotected;
    view->extra->symbolic_relocations += count.symbolic;
    view->extra->relocations += size / 24;
    return count.impossible == 0 && count.relative >= relative;
}

/* `relative`: how many entries the loader takes for RELATIVE, from the first on. Only where the program is to apply them
 * itself they are looked at: no loader has others by the hundred thousand. */
static void read_range(struct elf_view *view, const struct dyn *table, const struct dyn *size, uint64_t relative)
{
    uint64_t first, offset;
    if (!table || size->value == 0)
        return;
    bool alone = view->extra->flag_pie && !view->interp;
    uint64_t from = !alone && relative <= size->value / 24 ? relative * 24 : 0;
    if (!exec_view_offset(view, table->value, 0, &first) || table->value % 8 != 0 || size->value % 24 != 0 ||
        !exec_view_offset(view, range_end(table->value, from), size->value - from, &offset) ||
        !count_table(view, offset, size->value - from, view->image->offset + first + from, from ? 0 : relative)) {
        ELF_DEFECT(view, elf_relocations, table->at, "relocations inside a PT_LOAD, of what is mapped",
                   "%#llx bytes at %#llx", (unsigned long long)size->value, (unsigned long long)table->value);
        view->extra->relocations_known = view->extra->slots_known = KNOWN_BROKEN;
        return;
    }
    view->extra->relocations += from / 24;
}

/* Without PT_DYNAMIC: the loaded RELA sections, if there are section headers. */
static void read_static(struct elf_view *view)
{
    const struct section_list *sections = &view->image->sections;
    uint64_t left = view->image->size; /* sections that name the same bytes again and again are not followed */
    for (size_t i = 0; i < sections->count; i++) {
        const struct section *s = &sections->items[i];
        if (s->type != SHT_RELA || !(s->flags & SHF_ALLOC) || s->size == 0)
            continue;
        if (s->size > left) {
            view->extra->slots_known = view->extra->relocations_known = KNOWN_BROKEN;
            return;
        }
        left -= s->size;
        (void)count_table(view, s->offset - view->image->offset, s->size, s->offset, 0);
    }
    if (sections->known != KNOWN_COMPLETE)
        view->extra->slots_known = view->extra->relocations_known = KNOWN_BROKEN; /* nothing says where they would be */
}

static bool is_incomplete(const struct dyn *size, const struct dyn *form, uint64_t value)
{
    return !size || !form || form->value != value;
}

/* A table, its size, and what stands for the form of its entries: gABI chapter 5, "Dynamic Section". No loader asks for
 * another form; some check, some go on as if it were theirs. */
static void check_forms(struct elf_view *view)
{
    static const struct {
        uint64_t table, size, form, value;
        const char *expected;
    } forms[] = {{DT_RELA, DT_RELASZ, DT_RELAENT, sizeof(Elf64_Rela), "DT_RELA with DT_RELASZ, and DT_RELAENT 24"},
                 {DT_JMPREL, DT_PLTRELSZ, DT_PLTREL, DT_RELA, "DT_JMPREL with DT_PLTRELSZ, and DT_PLTREL DT_RELA"},
                 {DT_RELR, DT_RELRSZ, DT_RELRENT, sizeof(Elf64_Relr), "DT_RELR with DT_RELRSZ, and DT_RELRENT 8"},
                 {DT_SYMTAB, DT_SYMTAB, DT_SYMENT, sizeof(Elf64_Sym), "DT_SYMENT 24"}};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        const struct dyn *table = dynamic_last(view, forms[i].table), *size = dynamic_last(view, forms[i].size),
                         *form = dynamic_last(view, forms[i].form);
        const struct dyn *at = form ? form : table ? table : size;
        const char *which = table && size ? "both" : "one without the other";
        bool asked =
            size && (size->value || (form && forms[i].table == DT_JMPREL)); /* glibc asks for DT_PLTREL alone */
        if (table ? is_incomplete(size, form, forms[i].value) : asked)
            ELF_DEFECT(view, elf_relocations, at->at, forms[i].expected, "%s and %#llx", which,
                       (unsigned long long)(form ? form->value : 0));
    }
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
    check_forms(view);
    static const struct dyn none = {0};
    const struct dyn *size = dynamic_last(view, DT_RELASZ), *count = dynamic_last(view, DT_RELACOUNT),
                     *plt_size = dynamic_last(view, DT_PLTRELSZ);
    read_range(view, dynamic_last(view, DT_RELA), size ? size : &none, count ? count->value : 0);
    read_range(view, dynamic_last(view, DT_JMPREL), plt_size ? plt_size : &none, 0);
}
