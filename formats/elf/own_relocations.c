/* Relocations that a static program applies to itself, before anything of it runs that could tell of a fault. A static PIE
 * applies those of its dynamic table (glibc elf/dl-reloc-static-pie.c, musl ldso/dlstart.c, relative ones alone), any other
 * static program of glibc those between __rela_iplt_start and __rela_iplt_end, which must all be IRELATIVE
 * (csu/libc-start.c, apply_irel; sysdeps/x86_64/dl-irel.h: "Unexpected reloc type in static binary."). Linkers give each
 * word one relocation, and let words point into the program or to its end. Of 3,100 programs and libraries for amd64 and
 * arm64 none was otherwise. */
#include "formats/elf/elf.h"

enum { RECORD = 24, WORD = 8 };

struct types { /* that a static program may have, of one machine */
    uint64_t relative, irelative, jump, descriptor, others[6];
};
static const struct types amd64 = {R_X86_64_RELATIVE,
                                   R_X86_64_IRELATIVE,
                                   R_X86_64_JUMP_SLOT,
                                   R_X86_64_TLSDESC,
                                   {R_X86_64_64, R_X86_64_GLOB_DAT, R_X86_64_DTPMOD64, R_X86_64_DTPOFF64,
                                    R_X86_64_TPOFF64, R_X86_64_RELATIVE64}},
                          arm64 = {R_AARCH64_RELATIVE,
                                   R_AARCH64_IRELATIVE,
                                   R_AARCH64_JUMP_SLOT,
                                   R_AARCH64_TLSDESC,
                                   {R_AARCH64_ABS64, R_AARCH64_GLOB_DAT, R_AARCH64_TLS_DTPMOD, R_AARCH64_TLS_DTPREL,
                                    R_AARCH64_TLS_TPREL, R_AARCH64_RELATIVE}};

enum table { TABLE_OF_START /* without PT_DYNAMIC */, TABLE_OF_SLOTS /* DT_JMPREL */, TABLE_OF_ALL /* DT_RELA */ };

struct own { /* what a table is held against */
    struct elf_view *view;
    const struct types *types;
    enum table table;
    uint64_t low, high; /* addresses of the program */
};

static bool is_inside(const struct own *own, uint64_t address)
{
    return address >= own->low && address <= own->high;
}

struct before { /* of the entries of a table that were looked at */
    uint64_t place;
    bool any;
};

static bool has_type(const struct own *own, uint64_t type)
{
    const struct types *types = own->types;
    bool found = type == types->irelative;
    if (own->table != TABLE_OF_START)
        found |= type == types->jump || type == types->descriptor;
    for (size_t i = 0; own->table == TABLE_OF_ALL && i < sizeof types->others / sizeof *types->others; i++)
        found |= type == types->relative || type == types->others[i];
    return found;
}

/* What is wrong with an entry, or NULL. */
static const char *entry_fault(const struct own *own, const uint8_t *at, struct before *before)
{
    const uint64_t place = load_le64(at), type = load_le64(at + 8) & UINT32_MAX, addend = load_le64(at + 16);
    if (type == 0 && own->table == TABLE_OF_ALL)
        return NULL; /* ld.bfd leaves such where it needed none after all */
    if (!has_type(own, type))
        return "a relocation of a type that no start code applies there";
    if (before->any && place - before->place + WORD - 1 < 2 * WORD - 1)
        return "two of the same bytes";
    if (own->table != TABLE_OF_ALL && place % WORD)
        return "a slot that is not aligned";
    before->any = true;
    before->place = place;
    if (type == own->types->irelative && !exec_view_is_code(own->view, addend))
        return "a function that chooses another, where no code is";
    return type == own->types->relative && !is_inside(own, addend) ? "an address outside of the program" : NULL;
}

static void look_at_table(const struct own *own, uint64_t offset, uint64_t size)
{
    struct before before = {0};
    struct file_room room;
    struct view some;
    enum { SOME = FILE_BRIEF / RECORD * RECORD };
    for (uint64_t done = 0; done + RECORD <= size; done += SOME) {
        const uint64_t n = size - done < SOME ? size - done : SOME;
        if (!file_view_briefly(own->view->file, own->view->image->offset + offset + done, n, &room, &some))
            return;
        for (size_t i = 0; i + RECORD <= some.size; i += RECORD) {
            const char *fault = entry_fault(own, some.data + i, &before);
            if (fault) {
                ELF_DEFECT(own->view, elf_relocations, own->view->image->offset + offset + done + i,
                           "relocations that the program can apply to itself", "%s", fault);
                return;
            }
        }
    }
}

/* A table of DT_RELR: an address, then words of which each bit but the lowest stands for one of the 63 words that follow
 * (gABI chapter 5, "Relative Relocation Table"). Addresses ascend, so no word is looked at twice. */
struct packed {
    const struct own *own;
    uint64_t next, end; /* where the next bitmap begins; behind the last word that was relocated */
};

static const char *word_fault(struct packed *packed, uint64_t address)
{
    const struct piece *piece = exec_view_piece(packed->own->view, address);
    struct view v;
    if (address < packed->end)
        return "two of the same bytes";
    packed->end = range_end(address, WORD);
    if (!piece || !(piece->access & ACCESS_WRITE) || !exec_view_bytes(packed->own->view, address, WORD, &v))
        return "a word that does not stand in the file, or cannot be written";
    return is_inside(packed->own, load_le64(v.data)) ? NULL : "an address outside of the program";
}

static const char *packed_fault(struct packed *packed, uint64_t entry)
{
    enum { BITS = 63 };
    const char *fault = NULL;
    if ((entry & 1) == 0) {
        packed->next = range_end(entry, WORD);
        return word_fault(packed, entry);
    }
    for (unsigned i = 0; i < BITS && !fault; i++)
        if (entry >> (i + 1) & 1)
            fault = word_fault(packed, range_end(packed->next, i * WORD));
    packed->next = range_end(packed->next, BITS * WORD);
    return fault;
}

static void look_at_packed(const struct own *own, const struct dyn *table, const struct dyn *size)
{
    struct packed packed = {.own = own};
    struct view v;
    if (!table || !size || !size->value)
        return;
    if (!exec_view_bytes(own->view, table->value, size->value, &v)) {
        ELF_DEFECT(own->view, elf_relocations, table->at, "relocations inside a PT_LOAD", "%#llx bytes at %#llx",
                   (unsigned long long)size->value, (unsigned long long)table->value);
        return;
    }
    for (size_t i = 0; i + WORD <= v.size; i += WORD) {
        const char *fault = packed_fault(&packed, load_le64(v.data + i));
        if (fault) {
            ELF_DEFECT(own->view, elf_relocations, table->at, "relocations that the program can apply to itself",
                       "%s, says entry %zu of DT_RELR", fault, i / WORD);
            return;
        }
    }
}

static void look_at_sections(const struct own *own)
{
    const struct section_list *sections = &own->view->image->sections;
    uint64_t left = own->view->image->size; /* sections that name the same bytes again and again are not followed */
    for (size_t i = 0; i < sections->count; i++) {
        const struct section *s = &sections->items[i];
        if (s->type != SHT_RELA || !(s->flags & SHF_ALLOC) || !s->has_bytes || s->size > left)
            continue;
        left -= s->size;
        look_at_table(own, s->offset - own->view->image->offset, s->size);
    }
}

void check_own_relocations(struct elf_view *view)
{
    static const struct {
        uint64_t table, size;
        enum table kind;
    } tables[] = {{DT_RELA, DT_RELASZ, TABLE_OF_ALL}, {DT_JMPREL, DT_PLTRELSZ, TABLE_OF_SLOTS}};
    const struct image *image = view->image;
    struct own own = {.view = view, .types = view->extra->machine == EM_X86_64 ? &amd64 : &arm64};
    if ((image->linkage != LINKAGE_STATIC && image->linkage != LINKAGE_STATIC_PIE) || view->piece_count == 0)
        return;
    own.low = view->pieces[0].start;
    own.high = view->pieces[view->piece_count - 1].end;
    if (view->dynamic_known == KNOWN_ABSENT) {
        look_at_sections(&own);
        return;
    }
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        const struct dyn *table = dynamic_last(view, tables[i].table), *size = dynamic_last(view, tables[i].size);
        uint64_t offset;
        own.table = tables[i].kind;
        if (table && size && exec_view_offset(view, table->value, size->value, &offset))
            look_at_table(&own, offset, size->value);
    }
    look_at_packed(&own, dynamic_last(view, DT_RELR), dynamic_last(view, DT_RELRSZ));
}
