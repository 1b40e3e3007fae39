/* What XNU asks of a program over and above its format: it maps whole pages, wants the pages at
 * address 0 given up, and starts dyld by one name only. A program that misses one of these is
 * refused by every release kernel (bsd/kern/mach_loader.c: parse_machfile, load_segment,
 * load_dylinker, load_unixthread; load_machfile: the hard page zero). */
#include "formats/macho/macho.h"

#include <stdlib.h>
#include <string.h>

#include "formats/limits.h"

static bool is_arm64(const struct macho_view *view)
{
    return view->extra->cputype == CPU_TYPE_ARM64;
}

/* Apple silicon has pages of 16 KiB and Intel of 4 KiB; addresses end at MACH_VM_MAX_ADDRESS. */
static uint64_t page_size(const struct macho_view *view)
{
    return is_arm64(view) ? 4 * LIMIT_PAGE : LIMIT_PAGE;
}

static uint64_t page_down(const struct macho_view *view, uint64_t address)
{
    return address & ~(page_size(view) - 1);
}

static uint64_t page_up(const struct macho_view *view, uint64_t address)
{
    return page_down(view, range_end(address, page_size(view) - 1));
}

/* Addresses that nobody may use; it is not mapped, and raises the lowest address of the process. */
static bool is_page_zero(const struct segment *s)
{
    return s->address == 0 && s->file_size == 0 && s->access == 0 && s->max_access == 0;
}

/* The end of the pages that are entered: those of the bytes, and of the memory where there is more. */
static uint64_t mapped_end(const struct macho_view *view, const struct segment *s)
{
    uint64_t memory = page_up(view, range_end(s->address, s->memory_size));
    uint64_t bytes = range_end(page_down(view, s->address), page_up(view, s->file_size));
    return bytes > memory ? bytes : memory;
}

/* `lowest`: where the page zero ends that was seen; `mapped`: the lowest page of the segments that were. */
static void check_segment(struct macho_view *view, const struct segment *s, uint64_t *lowest, uint64_t *mapped)
{
    struct image *image = view->image;
    struct arena *arena = &view->file->arena;
    uint64_t top = is_arm64(view) ? UINT64_C(0x7ffffe000000) : UINT64_C(0x7fffffe00000);
    if (s->offset % page_size(view))
        defect_add(arena, &image->defects, DEFECT_ID_macho_segment, s->header_offset, "a segment at a page of the file",
                   "%s at offset %#llx, with pages of %#llx", s->name, (unsigned long long)s->offset,
                   (unsigned long long)page_size(view));
    if (s->memory_size == 0)
        return;
    if (s->access & ~s->max_access)
        defect_add(arena, &image->defects, DEFECT_ID_macho_segment, s->header_offset, "an initprot within maxprot",
                   "%s: more access than it may be raised to", s->name);
    bool over = is_page_zero(s) && *mapped < s->memory_size;
    if (is_page_zero(s) && s->memory_size > *lowest)
        *lowest = s->memory_size;
    if (!is_page_zero(s) && page_down(view, s->address) < *mapped)
        *mapped = page_down(view, s->address);
    if (over || mapped_end(view, s) > top || (!is_page_zero(s) && page_down(view, s->address) < *lowest))
        defect_add(arena, &image->defects, DEFECT_ID_macho_segment, s->header_offset,
                   "addresses that a process has, behind the page zero", "%s: %#llx bytes at %#llx", s->name,
                   (unsigned long long)s->memory_size, (unsigned long long)s->address);
}

static int by_address(const void *a, const void *b)
{
    const struct segment *x = a, *y = b;
    return (x->address > y->address) - (x->address < y->address);
}

/* Segments that are apart (segments.c) can still meet in a page. */
static void check_shared_pages(struct macho_view *view)
{
    const struct segment_list *list = &view->image->segments;
    struct segment *sorted = arena_array(&view->file->arena, list->count, sizeof *sorted);
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].memory_size && !is_page_zero(&list->items[i]))
            sorted[count++] = list->items[i];
    qsort(sorted, count, sizeof *sorted, by_address);
    for (size_t i = 1; i < count; i++)
        if (range_end(sorted[i - 1].address, sorted[i - 1].memory_size) <= sorted[i].address &&
            mapped_end(view, &sorted[i - 1]) > page_down(view, sorted[i].address))
            defect_add(&view->file->arena, &view->image->defects, DEFECT_ID_macho_segment, sorted[i].header_offset,
                       "segments with pages of their own", "%s begins in a page of %s", sorted[i].name,
                       sorted[i - 1].name);
}

static void check_segments_of(struct macho_view *view)
{
    const struct segment_list *list = &view->image->segments;
    uint64_t lowest = 0, mapped = UINT64_MAX, wanted = is_arm64(view) ? UINT64_C(1) << 32 : page_size(view);
    for (size_t i = 0; i < list->count; i++) {
        const struct segment *s = &list->items[i];
        check_segment(view, s, &lowest, &mapped);
        if (s->offset == view->image->offset && s->file_size &&
            (s->access & (ACCESS_READ | ACCESS_EXECUTE)) != (ACCESS_READ | ACCESS_EXECUTE))
            defect_add(&view->file->arena, &view->image->defects, DEFECT_ID_macho_segment, s->header_offset,
                       "a segment with the header that is r-x", "%s", s->name);
    }
    if (page_up(view, lowest) < wanted)
        MACHO_DEFECT(view, macho_segment, 0, "__PAGEZERO: 4 KiB, on arm64 4 GiB, that nobody can use",
                     "%#llx bytes at address 0", (unsigned long long)lowest);
    if (view->read_only_segments > 1)
        MACHO_DEFECT(view, macho_segment, 0, "one segment with SG_READ_ONLY", "%u", view->read_only_segments);
    check_shared_pages(view);
}

/* dyld finds the load commands through the segment of this name (mach_o/UnsafeHeader.cpp, validSemanticsSegments). */
static void check_text_name(struct macho_view *view)
{
    const struct segment_list *list = &view->image->segments;
    uint64_t size = view->header_size + view->extra->sizeofcmds;
    bool found = false;
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i].name, "__TEXT") == 0)
            found = list->items[i].offset == view->image->offset && list->items[i].file_size >= size &&
                    list->items[i].memory_size >= size;
    if ((view->extra->dyldlink || view->image->interpreter.text) && !found)
        MACHO_DEFECT(view, macho_segment, 0, "a segment __TEXT that holds header and load commands", "none");
}

/* The kernel reads the load commands by whole pages, and takes no file that ends in them. */
static void check_command_pages(struct macho_view *view)
{
    uint64_t size = page_up(view, view->header_size + view->extra->sizeofcmds);
    if (!range_fits(view->file->size, view->image->offset, size))
        MACHO_DEFECT(view, macho_commands, 20, "whole pages of load commands inside the file",
                     "%#llx bytes from offset %#llx, in a file of %#llx", (unsigned long long)size,
                     (unsigned long long)view->image->offset, (unsigned long long)view->file->size);
}

static void check_dylinker(struct macho_view *view)
{
    const struct image *image = view->image;
    bool dynamic = view->extra->dyldlink || view->extra->has_main;
    if (is_arm64(view) && !view->extra->dyldlink)
        MACHO_DEFECT(view, macho_header, 24, "MH_DYLDLINK: arm64 starts no static program", "flags %#x",
                     view->extra->flags);
    else if (is_arm64(view) && !(view->extra->flags & MH_PIE))
        MACHO_DEFECT(view, macho_header, 24, "MH_PIE: arm64 starts no program for fixed addresses", "flags %#x",
                     view->extra->flags);
    if (image->interpreter_known == KNOWN_ABSENT && dynamic)
        MACHO_DEFECT(view, macho_dylinker, 16, "LC_LOAD_DYLINKER in a program for dyld", "none");
    if (image->interpreter.text && strcmp(image->interpreter.text, "/usr/lib/dyld") != 0)
        defect_add(&view->file->arena, &view->image->defects, DEFECT_ID_macho_dylinker, image->interpreter.offset,
                   "/usr/lib/dyld", "another dynamic linker");
}

/* Version 0 of the ABI of arm64e is Apple's own as yet: the kernel of macOS starts no program for it that is not part
 * of the system, and takes the slice all the same (kern_exec.c, exec_mach_imgact; kern_machdep.c, grade_arm64e_binary). */
static void check_arm64e(struct macho_view *view)
{
    enum { SUBTYPE = 0xffffff, ARM64E = 2, VERSION = 0x0f000000 };
    const struct macho_extra *extra = view->extra;
    if (is_arm64(view) && (extra->cpusubtype & SUBTYPE) == ARM64E && !(extra->cpusubtype & VERSION) &&
        view->image->os == OS_MACOS && !extra->signature_platform)
        MACHO_DEFECT(view, macho_header, 8, "arm64: macOS starts programs for arm64e only where they are its own",
                     "cpusubtype %#x", extra->cpusubtype);
}

void check_program(struct macho_view *view)
{
    if (!view->whole || view->extra->ncmds == 0 || !view->image->judged || view->extra->filetype != MH_EXECUTE)
        return;
    check_segments_of(view);
    check_text_name(view);
    check_command_pages(view);
    check_dylinker(view);
    check_arm64e(view);
}
