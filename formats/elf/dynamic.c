/* The dynamic table as loaders walk it: from the address in PT_DYNAMIC, through the
 * memory image, to DT_NULL; p_offset, p_filesz and DT_STRSZ are only claims (glibc
 * elf/get-dynamic-info.h, musl ldso/dynlink.c decode_dyn). Of a tag that stands twice
 * the last counts, but every DT_NEEDED is loaded. Version needs: the gABI's
 * Elf64_Verneed as glibc elf/dl-version.c follows it, to vn_next 0. */
#include "formats/elf/elf.h"

#include <stdlib.h>
#include <string.h>

#include "formats/certain.h"
#include "formats/limits.h"

/* Where the last entry of a tag is remembered; DYN_TAGS: nowhere. */
static size_t place_of(uint64_t tag)
{
    if (tag < DT_NUM)
        return (size_t)tag;
    if (DT_VERNEEDNUM - tag < DT_VERSIONTAGNUM)
        return (size_t)(DT_NUM + (DT_VERNEEDNUM - tag));
    return tag == DT_GNU_HASH ? DYN_TAGS - 1 : DYN_TAGS;
}

const struct dyn *dynamic_last(const struct elf_view *view, uint64_t tag)
{
    size_t place = place_of(tag);
    return ALWAYS(place < DYN_TAGS) && view->dyn_last[place] ? &view->dyns[view->dyn_last[place] - 1] : NULL;
}

static void add_entry(struct elf_view *view, struct dyn d)
{
    size_t place = place_of(d.tag);
    view->dyns = arena_grow(&view->file->arena, view->dyns, view->dyn_count, sizeof *view->dyns);
    view->dyns[view->dyn_count++] = d;
    if (place == DYN_TAGS)
        return;
    view->dyn_twice |= view->dyn_last[place] && d.tag != DT_NEEDED;
    view->dyn_last[place] = (uint32_t)view->dyn_count;
}

enum { SOME = 512 }; /* bytes of the table that are asked for at once */

/* Whether an entry stands behind DT_NULL, up to where the segment says that the table ends. Linkers leave room there, of which some
 * entries have values, but none has a tag. */
static bool goes_on(const struct elf_view *view, uint64_t count)
{
    const struct phdr *p = view->dynamic;
    struct view rest;
    if (p->filesz / 16 <= count || p->filesz / 16 > LIMIT_DYNAMIC ||
        !exec_view_bytes(view, p->vaddr + count * 16, (p->filesz / 16 - count) * 16, &rest))
        return false;
    for (size_t at = 0; at < rest.size; at += 16)
        if (load_le64(rest.data + at) != DT_NULL)
            return true;
    return false;
}

static bool read_table(struct elf_view *view)
{
    const struct phdr *p = view->dynamic;
    const struct piece *piece = exec_view_piece(view, p->vaddr);
    if (!piece || piece->zero) {
        ELF_DEFECT(view, elf_dynamic, p->at, "p_vaddr on bytes of a PT_LOAD", "p_vaddr %#llx",
                   (unsigned long long)p->vaddr);
        return false;
    }
    uint64_t at = piece->offset + (p->vaddr - piece->start);
    if (at != p->offset)
        ELF_DEFECT(view, elf_dynamic_view, p->at, "p_offset where p_vaddr leads",
                   "p_offset %#llx, but p_vaddr leads to %#llx", (unsigned long long)p->offset, (unsigned long long)at);
    struct view some = {0};
    for (size_t i = 0; i < LIMIT_DYNAMIC; i++, some.data += 16, some.size -= 16) {
        if (some.size < 16 && (!exec_view_rest(view, p->vaddr + i * 16, SOME, &some) || some.size < 16)) {
            ELF_DEFECT(view, elf_dynamic, at, "DT_NULL before the segment ends", "%zu entries and no DT_NULL", i);
            return false;
        }
        struct dyn d = {load_le64(some.data), load_le64(some.data + 8), view->image->offset + at + i * 16};
        if (d.tag == DT_NULL) {
            if ((i + 1) * 16 > p->memsz || p->filesz % 16 != 0)
                ELF_DEFECT(view, elf_dynamic, p->at, "a size that ends with DT_NULL or after it",
                           "p_memsz %#llx, p_filesz %#llx, but DT_NULL ends at %#zx", (unsigned long long)p->memsz,
                           (unsigned long long)p->filesz, (i + 1) * 16);
            else if (goes_on(view, i + 1))
                ELF_DEFECT(view, elf_dynamic, d.at, "DT_NULL behind all entries", "entries behind DT_NULL, entry %zu",
                           i);
            return true;
        }
        add_entry(view, d);
    }
    ELF_DEFECT(view, elf_dynamic, at, "at most 65536 entries", "no DT_NULL among the first %d", LIMIT_DYNAMIC);
    return false;
}

static void find_twice(struct elf_view *view)
{
    static const uint16_t unique[] = {DT_STRTAB, DT_SYMTAB,  DT_STRSZ, DT_SONAME,
                                      DT_RPATH,  DT_RUNPATH, DT_RELA,  DT_JMPREL};
    unsigned seen[sizeof unique / sizeof *unique] = {0};
    for (size_t i = 0; i < view->dyn_count; i++)
        for (size_t k = 0; k < sizeof unique / sizeof *unique; k++)
            if (view->dyns[i].tag == unique[k] && seen[k]++ == 1)
                ELF_DEFECT(view, elf_dynamic_twice, view->dyns[i].at, "one such entry", "a second entry of tag %#x",
                           unique[k]);
}

/* Bytes at an address, and those behind them: what stands close together is found once. */
struct window {
    uint64_t address;
    struct view bytes;
};

/* `n` bytes at an address, and what the window has behind them. */
static bool look(const struct elf_view *view, struct window *window, uint64_t address, uint64_t n, struct view *out)
{
    uint64_t from = address - window->address;
    if (address < window->address || !range_fits(window->bytes.size, from, n)) {
        if (!exec_view_near(view, address, n, LIMIT_TEXT, &window->bytes)) {
            window->bytes.size = 0;
            return false;
        }
        window->address = address;
        from = 0;
    }
    return view_sub(window->bytes, from, window->bytes.size - from, out);
}

/* The string at an address, or NULL. */
static const char *string_at(const struct elf_view *view, struct window *window, uint64_t address)
{
    struct view bytes;
    int64_t size = look(view, window, address, 1, &bytes) ? view_string(bytes, 0) : -1;
    if (size >= 0)
        return arena_copy(&view->file->arena, bytes.data, (size_t)size);
    return exec_view_rest(view, address, LIMIT_TEXT, &bytes) ? image_string(view->image, bytes, 0) : NULL;
}

struct strings { /* NULL: no such entry */
    const struct dyn *table, *size;
    struct window window;
};

/* A string of DT_STRTAB, or NULL and a defect. */
static const char *string(struct elf_view *view, struct strings *strings, const struct dyn *d)
{
    const struct dyn *table = strings->table, *size = strings->size;
    uint64_t address = table ? range_end(table->value, d->value) : UINT64_MAX;
    if (size && d->value >= size->value)
        ELF_DEFECT(view, elf_string, d->at, "an offset below DT_STRSZ", "offset %#llx, DT_STRSZ %#llx",
                   (unsigned long long)d->value, (unsigned long long)size->value);
    const char *text = table ? string_at(view, &strings->window, address) : NULL;
    if (!text)
        ELF_DEFECT(view, elf_string, d->at, "a string of DT_STRTAB inside a PT_LOAD", "offset %#llx",
                   (unsigned long long)d->value);
    return text;
}

static void add_paths(struct elf_view *view, const char *text, const struct dyn *d)
{
    for (const char *from = text;; from++) {
        size_t size = strcspn(from, ":");
        named_add(&view->file->arena, &view->image->search_paths, arena_copy(&view->file->arena, from, size), d->at,
                  d->tag == DT_RPATH);
        from += size;
        if (*from == 0)
            return;
        if (view->image->search_paths.count >= LIMIT_NEEDED) {
            view->image->search_paths.known = KNOWN_BROKEN;
            return;
        }
    }
}

static void add_dependency(struct elf_view *view, struct strings *table, const struct dyn *d, enum dependency how)
{
    const char *text = named_full(&view->image->needed) ? NULL : string(view, table, d);
    if (!text)
        view->image->needed.known = KNOWN_BROKEN;
    else
        named_add(&view->file->arena, &view->image->needed, text, d->at, how);
}

static uint64_t last_value(const struct elf_view *view, uint64_t tag)
{
    const struct dyn *d = dynamic_last(view, tag);
    return d ? d->value : 0;
}

/* Where a loader finds what it binds to, and what it calls. */
static void read_addresses(struct elf_view *view)
{
    static const uint64_t arrays[3][2] = {
        {DT_PREINIT_ARRAY, DT_PREINIT_ARRAYSZ}, {DT_INIT_ARRAY, DT_INIT_ARRAYSZ}, {DT_FINI_ARRAY, DT_FINI_ARRAYSZ}};
    struct elf_extra *extra = view->extra;
    extra->symtab = last_value(view, DT_SYMTAB);
    extra->hash = last_value(view, DT_HASH);
    extra->gnu_hash = last_value(view, DT_GNU_HASH);
    for (size_t i = 0; i < 3; i++) {
        extra->arrays[i].address = last_value(view, arrays[i][0]);
        extra->arrays[i].size = last_value(view, arrays[i][1]);
    }
}

static void read_entries(struct elf_view *view)
{
    struct image *image = view->image;
    struct elf_extra *extra = view->extra;
    struct strings strings = {.table = dynamic_last(view, DT_STRTAB), .size = dynamic_last(view, DT_STRSZ)},
                   *table = &strings;
    const struct dyn *path, *name = dynamic_last(view, DT_SONAME);
    extra->has_soname = name != NULL;
    extra->soname = name ? string(view, table, name) : NULL;
    for (size_t i = 0; i < view->dyn_count; i++) {
        const struct dyn *d = &view->dyns[i];
        /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): what is counted is there */
        switch (d->tag) {
        case DT_NEEDED:
            add_dependency(view, table, d, DEPENDENCY_NEEDED);
            break;
        case DT_AUXILIARY:
        case DT_FILTER:
            add_dependency(view, table, d, DEPENDENCY_FILTER);
            break;
        case DT_AUDIT:
        case DT_DEPAUDIT:
            add_dependency(view, table, d, DEPENDENCY_AUDIT);
            break;
        case DT_CONFIG:
            add_dependency(view, table, d, DEPENDENCY_ENVIRONMENT);
            break;
        case DT_TEXTREL:
            extra->text_relocations = true;
            break;
        case DT_BIND_NOW:
            extra->bind_now = true;
            break;
        case DT_RELR:
            extra->packed_relocations = true;
            break;
        case DT_FLAGS:
            extra->text_relocations |= (d->value & DF_TEXTREL) != 0;
            extra->bind_now |= (d->value & DF_BIND_NOW) != 0;
            break;
        case DT_FLAGS_1:
            extra->flag_pie |= (d->value & DF_1_PIE) != 0;
            extra->bind_now |= (d->value & DF_1_NOW) != 0;
            break;
        default:
            break;
        }
    }
    static const uint64_t tags[] = {DT_RPATH, DT_RUNPATH};
    for (size_t i = 0; i < 2; i++) {
        if (!(path = dynamic_last(view, tags[i])))
            continue;
        const char *text = string(view, table, path);
        if (text)
            add_paths(view, text, path);
        else
            image->search_paths.known = KNOWN_BROKEN;
    }
}

static void check_tables(struct elf_view *view)
{
    const struct dyn *table = dynamic_last(view, DT_STRTAB), *size = dynamic_last(view, DT_STRSZ),
                     *hash = dynamic_last(view, DT_GNU_HASH), *symbols = dynamic_last(view, DT_SYMTAB);
    struct view bytes;
    if (symbols && !exec_view_bytes(view, symbols->value, sizeof(Elf64_Sym), &bytes))
        ELF_DEFECT(view, elf_hash, symbols->at, "DT_SYMTAB on symbols inside a PT_LOAD", "none at %#llx",
                   (unsigned long long)symbols->value);
    uint64_t offset;
    if (table && size && size->value && !exec_view_offset(view, table->value, size->value, &offset))
        ELF_DEFECT(view, elf_string, size->at, "DT_STRTAB and DT_STRSZ inside a PT_LOAD", "%#llx bytes at %#llx",
                   (unsigned long long)size->value, (unsigned long long)table->value);
    if (hash && (!exec_view_bytes(view, hash->value, 16, &bytes) || load_le32(bytes.data) == 0))
        ELF_DEFECT(view, elf_hash, hash->at, "a DT_GNU_HASH table with buckets", "none at %#llx",
                   (unsigned long long)hash->value);
}

/* As strtoul reads it; nearly all are of one or two digits. */
static unsigned long number_at(const char *text, char **end)
{
    static const size_t most = 9; /* digits that no unsigned long is too small for */
    unsigned long value = 0;
    size_t size = 0;
    for (; size <= most && text[size] >= '0' && text[size] <= '9'; size++)
        value = value * 10 + (unsigned long)(text[size] - '0');
    if (size == 0 || size > most)
        return strtoul(text, end, 10);
    *end = (char *)(uintptr_t)(text + size);
    return value;
}

/* "GLIBC_2.34" against "GLIBC_2.4": by number, not by letter. */
static bool newer(const char *a, const char *b)
{
    for (;;) {
        char *a_end, *b_end;
        unsigned long x = number_at(a, &a_end), y = number_at(b, &b_end);
        if (x != y)
            return x > y;
        if (*a_end != '.' || *b_end != '.')
            return *a_end == '.';
        a = a_end + 1;
        b = b_end + 1;
    }
}

static void add_version(struct elf_view *view, const char *text, uint64_t at, bool from_gcc)
{
    struct image *image = view->image;
    named_add(&view->file->arena, &image->versions, text, at, from_gcc);
    if (strncmp(text, "GLIBC_", 6) == 0 && text[6] >= '0' && text[6] <= '9' &&
        (!image->glibc_floor || newer(text + 6, image->glibc_floor)))
        image->glibc_floor = text + 6;
}

/* Follows DT_VERNEED; every step costs 16 bytes of the segment it lies in, so a loop runs out of fuel. */
static bool read_needs(struct elf_view *view, uint64_t need, const struct dyn *table, uint64_t count, uint64_t fuel)
{
    struct window needs = {0}, names = {0};
    for (uint64_t i = 0; i < count; i++) {
        struct view bytes;
        if (fuel-- == 0 || !look(view, &needs, need, 16, &bytes))
            return false;
        unsigned aux_count = load_le16(bytes.data + 2);
        uint32_t next = load_le32(bytes.data + 12);
        uint64_t aux = need + load_le32(bytes.data + 8);
        const char *file = string_at(view, &names, range_end(table->value, load_le32(bytes.data + 4)));
        bool from_gcc = file && strncmp(file, "libgcc_s", 8) == 0;
        for (unsigned k = 0; k < aux_count; k++) {
            if (fuel-- == 0 || !look(view, &needs, aux, 16, &bytes) || named_full(&view->image->versions))
                return false;
            uint32_t aux_next = load_le32(bytes.data + 12);
            uint64_t name = range_end(table->value, load_le32(bytes.data + 8));
            const char *text = string_at(view, &names, name);
            if (!text || (aux_next == 0 && k + 1 < aux_count))
                return false;
            uint64_t at = 0;
            add_version(view, text, image_address(view->image, aux, &at) ? at : 0, from_gcc);
            aux += aux_next;
        }
        if (next == 0 && i + 1 < count)
            return false;
        need += next;
    }
    return true;
}

static void read_versions(struct elf_view *view)
{
    const struct dyn *need = dynamic_last(view, DT_VERNEED), *count = dynamic_last(view, DT_VERNEEDNUM),
                     *table = dynamic_last(view, DT_STRTAB);
    if (!need)
        return;
    const struct piece *piece = exec_view_piece(view, need->value);
    view->image->versions.known = KNOWN_COMPLETE;
    if (!count || !table || !piece ||
        !read_needs(view, need->value, table, count->value, (piece->end - piece->start) / 16)) {
        view->image->versions.known = KNOWN_BROKEN;
        ELF_DEFECT(view, elf_versions, need->at, "version needs that end where their counts say", "DT_VERNEED %#llx",
                   (unsigned long long)need->value);
    }
}

void read_dynamic(struct elf_view *view)
{
    struct image *image = view->image;
    enum known known = view->phnum == 0 || view->debug_file ? KNOWN_BROKEN : KNOWN_ABSENT;
    if (known == KNOWN_ABSENT && view->dynamic)
        known = read_table(view) ? KNOWN_COMPLETE : KNOWN_BROKEN;
    view->dynamic_known = known;
    view->extra->has_dynamic = view->dynamic != NULL;
    image->needed.known = image->search_paths.known = image->versions.known = known;
    if (!view->dyn_count)
        return;
    if (view->dyn_twice)
        find_twice(view);
    read_entries(view);
    read_addresses(view);
    check_tables(view);
    read_versions(view);
}
