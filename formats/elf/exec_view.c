/* The exec view: program headers as Linux takes them.
 *
 * fs/binfmt_elf.c load_elf_phdrs: e_phentsize must be 56 and the table at most
 * 65,536 bytes; up to Linux 6.12 no more than a page. load_elf_binary: the first
 * PT_INTERP counts, its string is read from p_offset and must be 2 to PATH_MAX bytes
 * that end in NUL; of PT_GNU_STACK the last counts, as for glibc's rtld and musl of
 * PT_DYNAMIC and PT_GNU_RELRO. elf_map:
 * segments are mapped in table order with MAP_FIXED, rounded to pages, so the bytes
 * of a later segment replace those of an earlier one that shares its page. elf_load:
 * what p_memsz has beyond p_filesz is cleared on the last page of bytes only where the
 * segment can be written; whole pages behind it are anonymous memory that can be
 * written whatever p_flags says, and executed where it says so. */
#include "formats/elf/elf.h"

#include <string.h>

#include "formats/certain.h"
#include "formats/limits.h"

static bool read_table(struct elf_view *view)
{
    struct view table;
    if (view->phentsize != sizeof(Elf64_Phdr)) {
        ELF_DEFECT(view, elf_phdr_table, 54, "e_phentsize 56", "e_phentsize %u", view->phentsize);
        return false;
    }
    if (view->extra->phnum == 0 || view->extra->phnum > LIMIT_ELF_PHNUM) {
        ELF_DEFECT(view, elf_phdr_table, 56, "1 to 1170 program headers", "e_phnum %u", view->extra->phnum);
        return false;
    }
    if (!range_fits(view->image->size, view->phoff, (uint64_t)view->extra->phnum * 56) ||
        !image_view(view->image, view->phoff, (uint64_t)view->extra->phnum * 56, &table)) {
        ELF_DEFECT(view, elf_phdr_table, 32, "a table inside the file",
                   "%u program headers at offset %#llx of %llu bytes", view->extra->phnum,
                   (unsigned long long)view->phoff, (unsigned long long)view->image->size);
        return false;
    }
    if (view->extra->phnum > LIMIT_PAGE / 56)
        ELF_DEFECT(view, elf_phdr_table, 56, "at most 73 program headers, as many as a page holds", "e_phnum %u",
                   view->extra->phnum);
    view->phnum = view->extra->phnum;
    view->phdrs = arena_array(&view->file->arena, view->phnum, sizeof *view->phdrs);
    struct cursor c = cursor_at(table, false);
    for (size_t i = 0; i < view->phnum; i++) {
        struct phdr *p = &view->phdrs[i];
        p->at = view->phoff + i * 56;
        p->type = cursor_u32(&c);
        p->flags = cursor_u32(&c);
        p->offset = cursor_u64(&c);
        p->vaddr = cursor_u64(&c);
        cursor_skip(&c, 8);
        p->filesz = cursor_u64(&c);
        p->memsz = cursor_u64(&c);
        p->align = cursor_u64(&c);
    }
    return true;
}

/* The end of the pages that hold bytes of the file; behind it the kernel's own begin. */
static uint64_t bytes_end(const struct phdr *p)
{
    return p->filesz ? page_end(p->vaddr + p->filesz) : page_start(p->vaddr);
}

/* Access of those pages; 0: there are none. */
static unsigned cleared_access(const struct phdr *p)
{
    if (p->memsz <= p->filesz || page_end(p->vaddr + p->memsz) <= bytes_end(p))
        return 0;
    return (unsigned)ACCESS_READ | ACCESS_WRITE | (p->flags & PF_X);
}

static void add_segment(struct elf_view *view, const struct phdr *p)
{
    struct segment_list *list = &view->image->segments;
    list->items = arena_grow(&view->file->arena, list->items, list->count, sizeof *list->items);
    list->items[list->count++] = (struct segment){.name = "",
                                                  .address = p->vaddr,
                                                  .memory_size = p->memsz,
                                                  .offset = view->image->offset + p->offset,
                                                  .file_size = p->filesz,
                                                  .align = p->align,
                                                  .access = p->flags & 7,
                                                  .max_access = p->flags & 7,
                                                  .cleared_access = load_fault(view, p) ? 0 : cleared_access(p),
                                                  .header_offset = view->image->offset + p->at};
}

/* Puts a piece wherever no later segment stands yet. */
static void add_piece(struct elf_view *view, struct piece piece, size_t *room)
{
    uint64_t start = piece.start;
    for (size_t i = 0; ALWAYS(i <= view->piece_count) && start < piece.end; i++) {
        uint64_t next = i < view->piece_count ? view->pieces[i].start : UINT64_MAX;
        if (start < next) {
            struct piece part = piece;
            part.start = start;
            part.end = piece.end < next ? piece.end : next;
            part.offset = piece.offset + (start - piece.start);
            if (view->piece_count == *room) {
                struct piece *wider = arena_array(&view->file->arena, *room * 2, sizeof *wider);
                memcpy(wider, view->pieces, view->piece_count * sizeof *wider);
                view->pieces = wider;
                *room *= 2;
            }
            memmove(view->pieces + i + 1, view->pieces + i, (view->piece_count - i) * sizeof *view->pieces);
            view->pieces[i] = part;
            view->piece_count++;
            start = part.end;
            continue;
        }
        const struct piece *over = &view->pieces[i];
        if (over->end > start) { /* it begins at `start` or in front of it */
            bool same =
                over->zero == piece.zero && (piece.zero || over->offset - over->start == piece.offset - piece.start);
            if (!same)
                ELF_DEFECT(view, elf_load_overlap, view->phoff, "each address in one segment",
                           "addresses from %#llx are mapped twice", (unsigned long long)over->start);
            start = over->end;
        }
    }
}

static void add_memory(struct elf_view *view, const struct phdr *p, size_t *room)
{
    unsigned access = p->flags & 7;
    uint64_t start = page_start(p->vaddr), from = page_start(p->offset), file_end = p->vaddr + p->filesz;
    bool cleared = p->memsz > p->filesz && access & ACCESS_WRITE;
    if (p->filesz) {
        uint64_t end = cleared ? file_end : bytes_end(p), there = view->image->size - from;
        uint64_t known = end - start > there ? start + there : end; /* zeros fill the page in which the file ends */
        add_piece(view, (struct piece){start, known, from, false, access}, room);
        if (known < end)
            add_piece(view, (struct piece){known, end, 0, true, access}, room);
        if (cleared)
            add_piece(view, (struct piece){file_end, bytes_end(p), 0, true, access}, room);
    }
    if (cleared_access(p))
        add_piece(view, (struct piece){bytes_end(p), page_end(p->vaddr + p->memsz), 0, true, cleared_access(p)}, room);
}

/* Later segments are laid first, so that what is there already is what wins. */
static void build_memory(struct elf_view *view)
{
    size_t room = 8;
    view->pieces = arena_array(&view->file->arena, room, sizeof *view->pieces);
    for (size_t i = view->phnum; i-- > 0;) {
        const struct phdr *p = &view->phdrs[i];
        if (p->type == PT_LOAD && p->memsz && !load_fault(view, p))
            add_memory(view, p, &room);
    }
}

/* 16 bytes that no compiler makes a program begin with. */
static bool are_zeros(const struct elf_view *view, uint64_t offset)
{
    struct view bytes;
    return image_view(view->image, offset, 16, &bytes) && view_is_zero(bytes);
}

/* A section header that says that code has no bytes does not keep the kernel from running it. What
 * `objcopy --only-keep-debug` leaves has no file bytes at its entry, or debug sections where they were, or what
 * `eu-strip -f` leaves the section headers, or zeros before a note that stands behind the code (Debian 13, libc6-dbg of
 * arm64). Nobody starts a file of either kind. */
static bool is_runnable(const struct elf_view *view)
{
    uint64_t offset = 0;
    bool found = false;
    for (size_t i = 0; i < view->phnum; i++) {
        const struct phdr *p = &view->phdrs[i];
        if (p->type == PT_LOAD && p->flags & PF_X && !load_fault(view, p) && view->entry && view->entry >= p->vaddr &&
            view->entry - p->vaddr < p->filesz) {
            offset = view->image->offset + p->offset + (view->entry - p->vaddr);
            found = true;
        }
    }
    const uint64_t table = view->image->offset + view->shoff;
    if (offset >= table && offset - table < view->image->sections.count * sizeof(Elf64_Shdr))
        return false;
    for (size_t i = 0; found && i < view->image->sections.count; i++) {
        const struct section *s = &view->image->sections.items[i];
        if (s->has_bytes && !(s->flags & SHF_ALLOC) && offset >= s->offset && offset - s->offset < s->size)
            return false;
    }
    return found && !are_zeros(view, offset - view->image->offset);
}

static void read_loads(struct elf_view *view)
{
    if (view->debug_file && is_runnable(view))
        view->debug_file = false;
    const struct phdr *last = NULL;
    view->image->segments.known = KNOWN_COMPLETE;
    for (size_t i = 0; i < view->phnum; i++) {
        const struct phdr *p = &view->phdrs[i];
        if (p->type != PT_LOAD)
            continue;
        const char *fault = view->debug_file ? NULL : load_fault(view, p),
                   *odd = view->debug_file || fault ? NULL : load_oddity(view, last, p);
        if (fault || odd)
            ELF_DEFECT(view, elf_load, p->at, "a segment that can be mapped as it stands", "PT_LOAD with %s",
                       fault ? fault : odd);
        if (fault)
            view->image->segments.known = KNOWN_BROKEN;
        if (last && p->vaddr < last->vaddr)
            ELF_DEFECT(view, elf_load_order, p->at, "p_vaddr not below that of the PT_LOAD before it",
                       "%#llx after %#llx", (unsigned long long)p->vaddr, (unsigned long long)last->vaddr);
        last = p;
        add_segment(view, p);
    }
    if (!last) {
        ELF_DEFECT(view, elf_load, view->phoff, "at least one PT_LOAD", "none");
        view->image->segments.known = KNOWN_BROKEN;
    }
    if (!view->debug_file)
        build_memory(view);
}

static void find_unique(struct elf_view *view)
{
    static const struct {
        uint32_t type;
        const char *name;
    } unique[] = {{PT_INTERP, "PT_INTERP"},
                  {PT_DYNAMIC, "PT_DYNAMIC"},
                  {PT_GNU_STACK, "PT_GNU_STACK"},
                  {PT_GNU_RELRO, "PT_GNU_RELRO"},
                  {PT_TLS, "PT_TLS"},
                  {PT_PHDR, "PT_PHDR"},
                  {PT_GNU_EH_FRAME, "PT_GNU_EH_FRAME"},
                  {PT_GNU_PROPERTY, "PT_GNU_PROPERTY"}};
    unsigned seen[sizeof unique / sizeof *unique] = {0};
    for (size_t i = 0; i < view->phnum; i++) {
        const struct phdr *p = &view->phdrs[i];
        if (p->type == PT_INTERP && !view->interp)
            view->interp = p;
        if (p->type == PT_DYNAMIC)
            view->dynamic = p;
        if (p->type == PT_GNU_STACK)
            view->stack = p;
        if (p->type == PT_GNU_RELRO)
            view->relro = p;
        if (p->type == PT_TLS)
            view->threads = p;
        if (p->type == PT_GNU_EH_FRAME)
            view->unwind = p;
        for (size_t k = 0; k < sizeof unique / sizeof *unique && p->type != PT_LOAD && p->type != PT_NOTE; k++)
            if (p->type == unique[k].type && seen[k]++ == 1)
                ELF_DEFECT(view, elf_segment_twice, p->at, "one such program header", "a second %s", unique[k].name);
    }
}

static void read_interpreter(struct elf_view *view)
{
    struct image *image = view->image;
    const struct phdr *p = view->interp;
    struct view bytes;
    image->interpreter_known = KNOWN_ABSENT;
    if (!p)
        return;
    view->extra->has_interp = true;
    image->interpreter_known = KNOWN_BROKEN;
    if (view->debug_file)
        return;
    if (p->filesz < 2 || p->filesz > LIMIT_ELF_INTERP) {
        ELF_DEFECT(view, elf_interp, p->at, "2 to 4096 bytes", "p_filesz %#llx", (unsigned long long)p->filesz);
        return;
    }
    if (!image_view(image, p->offset, p->filesz, &bytes)) {
        ELF_DEFECT(view, elf_interp, p->at, "a path inside the file", "p_offset %#llx", (unsigned long long)p->offset);
        return;
    }
    if (bytes.data[bytes.size - 1] != 0) {
        ELF_DEFECT(view, elf_interp, p->offset + p->filesz - 1, "a last byte of NUL", "byte %#x",
                   bytes.data[bytes.size - 1]);
        return;
    }
    image->interpreter.text = image_string(image, bytes, 0);
    image->interpreter.offset = image->offset + p->offset;
    image->interpreter_known = KNOWN_COMPLETE;
    struct view rest;
    size_t used = strlen(image->interpreter.text) + 1;
    if (ALWAYS(view_sub(bytes, used, bytes.size - used, &rest)) && !view_is_zero(rest))
        ELF_DEFECT(view, elf_interp, p->offset + used, "one path", "further bytes after the NUL that ends the path");
}

void exec_view_headers(struct elf_view *view)
{
    struct elf_extra *extra = view->extra;
    view->image->segments.known = KNOWN_BROKEN;
    view->image->interpreter_known = KNOWN_BROKEN;
    view->dynamic_known = KNOWN_BROKEN;
    view->image->entry.known = KNOWN_BROKEN;
    if (!read_table(view))
        return;
    find_unique(view);
    read_loads(view);
    read_interpreter(view);
    read_entry(view);
    if (view->stack) {
        extra->has_gnu_stack = true;
        extra->gnu_stack_access = view->stack->flags & 7;
        extra->gnu_stack_offset = view->image->offset + view->stack->at;
    }
    if (view->relro) {
        extra->has_relro = true;
        extra->relro_address = view->relro->vaddr;
        extra->relro_size = view->relro->memsz;
        extra->relro_header_offset = view->image->offset + view->relro->at;
    }
}

const struct piece *exec_view_piece(const struct elf_view *view, uint64_t address)
{
    size_t low = 0, high = view->piece_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct piece *piece = &view->pieces[middle];
        if (address < piece->start)
            high = middle;
        else if (address >= piece->end)
            low = middle + 1;
        else
            return piece;
    }
    return NULL;
}

/* How many bytes of the file stand in a row from `address` on; behind its piece no more than `n` are looked for. patchelf
 * lays .dynstr over the end of one PT_LOAD and the beginning of the next one, which maps what follows in the file. */
static uint64_t in_a_row(const struct elf_view *view, const struct piece *piece, uint64_t address, uint64_t n)
{
    const struct piece *end = view->pieces + view->piece_count;
    uint64_t there = piece->end - address;
    for (piece++; there < n && piece < end && !piece->zero && piece->start == piece[-1].end &&
                  piece->offset - piece[-1].offset == piece->start - piece[-1].start;
         piece++)
        there += piece->end - piece->start;
    return there;
}

bool exec_view_is_code(const struct elf_view *view, uint64_t address)
{
    const struct piece *piece = exec_view_piece(view, address);
    return piece && !piece->zero && piece->access & ACCESS_EXECUTE;
}

bool exec_view_rest(const struct elf_view *view, uint64_t address, uint64_t most, struct view *out)
{
    const struct piece *piece = exec_view_piece(view, address);
    if (!piece || piece->zero)
        return false;
    const uint64_t there = in_a_row(view, piece, address, most);
    return image_view(view->image, piece->offset + (address - piece->start), there < most ? there : most, out);
}

bool exec_view_near(const struct elf_view *view, uint64_t address, uint64_t n, uint64_t most, struct view *out)
{
    const struct piece *piece = exec_view_piece(view, address);
    const uint64_t there = piece && !piece->zero ? in_a_row(view, piece, address, n) : 0;
    return there && there >= n &&
           file_view_near(view->file, view->image->offset + piece->offset + (address - piece->start), n,
                          there < most ? there : most, out);
}

bool exec_view_offset(const struct elf_view *view, uint64_t address, uint64_t n, uint64_t *offset)
{
    const struct piece *piece = exec_view_piece(view, address);
    if (!piece || piece->zero || in_a_row(view, piece, address, n) < n)
        return false;
    *offset = piece->offset + (address - piece->start);
    return true;
}

bool exec_view_bytes(const struct elf_view *view, uint64_t address, uint64_t n, struct view *out)
{
    uint64_t offset;
    return exec_view_offset(view, address, n, &offset) && image_view(view->image, offset, n, out);
}
