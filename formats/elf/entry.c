/* Where the kernel jumps to: e_entry, as it stands (Linux fs/binfmt_elf.c, load_elf_binary). */
#include "formats/elf/elf.h"
#include "formats/elf/references.h"

/* e_entry 0 is no entry to linkers, and any other address to the kernel. Where the header stands at address 0,
 * as in libraries, it is no A64 code, and "\x7fE" of it is JG to byte 0x47, of the p_flags of a program header. */
static bool starts_at_zero(const struct elf_view *view)
{
    enum { JG_TARGET = 0x47 };
    const struct piece *piece = exec_view_piece(view, 0);
    struct view v;
    if (!piece || piece->zero || !(piece->access & ACCESS_EXECUTE))
        return false;
    return piece->offset || (view->extra->machine == EM_X86_64 && image_view(view->image, JG_TARGET, 1, &v) && *v.data);
}

void read_entry(struct elf_view *view)
{
    struct entry *entry = &view->image->entry;
    entry->header_offset = view->image->offset + 24;
    entry->address = view->entry;
    entry->known = KNOWN_ABSENT;
    if (view->entry == 0 && view->extra->type == ET_DYN && !starts_at_zero(view))
        return; /* a library: nothing to start */
    entry->known = view->image->segments.known == KNOWN_COMPLETE ? KNOWN_COMPLETE : KNOWN_BROKEN;
    const struct piece *piece = exec_view_piece(view, view->entry);
    if (piece && !piece->zero && piece->access & ACCESS_EXECUTE) {
        entry->in_code = true;
        entry->offset = view->image->offset + piece->offset + (view->entry - piece->start);
    }
    if (view->entry == 0 && entry->in_code)
        ELF_DEFECT(view, elf_entry_zero, 24, "an address of code, or 0 in a library without code there",
                   "e_entry 0, and code at address 0");
}

/* The function that the entry is in. Its unwind information stands in .eh_frame; where sections cannot be asked, anywhere. */
static bool find_frame(const struct image *image, struct frame *frame)
{
    if (image->sections.known != KNOWN_COMPLETE)
        return frame_of(image, image->entry.address, frame);
    for (size_t i = 0; i < image->sections.count; i++) {
        const struct section *s = &image->sections.items[i];
        if (same_name(s->name, ".eh_frame") && s->has_bytes)
            return frame_among(image, s->offset, s->size, s->address, image->entry.address, frame);
    }
    return false;
}

/* A start is that of a function. Unwind information, and Go's table of functions, tell where an entry that was changed is in
 * the midst of one. */
void check_entry(struct elf_view *view)
{
    struct image *image = view->image;
    struct frame frame;
    uint64_t begin = 0;
    bool is_static = image->linkage == LINKAGE_STATIC || image->linkage == LINKAGE_STATIC_PIE;
    if (image->entry.in_code && is_static && image->go && go_function(image, image->entry.address, &begin) &&
        begin != image->entry.address)
        image->entry.inside = begin;
    if (image->entry.in_code && is_static && find_frame(image, &frame) && frame.low != image->entry.address)
        image->entry.inside = frame.low;
}
