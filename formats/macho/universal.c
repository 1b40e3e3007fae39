/* A universal file: a big-endian table of slices, each an image for one CPU. Nobody checks
 * that the table tells the truth: the kernel takes the best slice by the table's CPU and
 * then insists on the slice's own, dyld reads one entry more than `nfat_arch` says and
 * knows the 64-bit form, `file` and lipo believe whatever is written. So every slice is
 * read as what it is, the table is held against it, and bytes that no slice owns are
 * reported (XNU bsd/kern/mach_fat.c; dyld mach_o/Universal.cpp; <mach-o/fat.h>). */
#include "formats/macho/macho.h"

#include <stdlib.h>
#include <string.h>

#include "formats/certain.h"
#include "formats/limits.h"

enum {
    SHARED = 2,
    HEADER = 8,
    ARCH_SIZE = 20,
    ARCH_64_SIZE = 32,
    ALIGN_MOST = 15,
    LEAST_IMAGE = 28,
    PAGE_4K = 0x1000,
    PAGE_16K = 0x4000
};
static const uint32_t SUBTYPE_MASK = 0xff000000;

struct slice {
    uint32_t cputype, subtype, align;
    uint64_t offset, size, at; /* at: of its fat_arch */
    bool fits, hidden;
};

struct table {
    struct file *file;
    struct reading *reading;
    bool little_endian, wide;
    uint32_t announced;
    uint64_t stride, end;
    uint64_t spent; /* bytes of the slices that were read */
    size_t count;
    struct slice *slices;
};

#define FAT_DEFECT(t, id, offset, expected, ...)                                                                       \
    defect_add(&(t)->file->arena, &(t)->reading->defects, DEFECT_ID_##id, offset, expected, __VA_ARGS__)

static bool read_slice(struct table *t, uint64_t at, struct slice *slice)
{
    struct view v;
    if (!file_view(t->file, at, t->stride, &v))
        return false;
    struct cursor c = cursor_at(v, !t->little_endian);
    *slice = (struct slice){.cputype = cursor_u32(&c), .subtype = cursor_u32(&c), .at = at};
    slice->offset = t->wide ? cursor_u64(&c) : cursor_u32(&c);
    slice->size = t->wide ? cursor_u64(&c) : cursor_u32(&c);
    slice->align = cursor_u32(&c);
    return true;
}

static void check_slice(struct table *t, struct slice *s)
{
    s->fits = range_fits(t->file->size, s->offset, s->size) && s->size >= LEAST_IMAGE && s->offset >= t->end;
    if (!s->fits)
        FAT_DEFECT(t, fat_slice, s->at, "a slice behind the table and inside the file", "%#llx bytes at %#llx of %#llx",
                   (unsigned long long)s->size, (unsigned long long)s->offset, (unsigned long long)t->file->size);
    else if (s->align > ALIGN_MOST || s->offset & ((UINT64_C(1) << s->align) - 1))
        FAT_DEFECT(t, fat_slice, s->at, "a slice at a multiple of its alignment, 2^15 at most", "2^%u, at %#llx",
                   s->align, (unsigned long long)s->offset);
}

/* The entry that dyld reads although `nfat_arch` does not count it: it names a CPU and bytes of the file. */
static void read_hidden(struct table *t)
{
    struct slice s;
    if (!read_slice(t, t->end, &s) || !cpu_name(s.cputype, s.subtype) || s.size < LEAST_IMAGE || s.offset < t->end ||
        !range_fits(t->file->size, s.offset, s.size))
        return;
    FAT_DEFECT(t, fat_hidden, s.at, "nothing behind the slices that nfat_arch counts",
               "a slice for %s: %#llx bytes at %#llx", cpu_name(s.cputype, s.subtype), (unsigned long long)s.size,
               (unsigned long long)s.offset);
    s.fits = s.hidden = true;
    t->slices[t->count++] = s;
}

static void read_table(struct table *t)
{
    struct view head, v;
    if (!file_view(t->file, 0, HEADER, &head)) {
        FAT_DEFECT(t, file_truncated, t->file->size, "a fat header of 8 bytes", "%llu bytes",
                   (unsigned long long)t->file->size);
        return;
    }
    uint32_t magic = load_be32(head.data);
    t->little_endian = magic == 0xbebafeca || magic == 0xbfbafeca;
    t->wide = magic == 0xcafebabf || magic == 0xbfbafeca;
    t->stride = t->wide ? ARCH_64_SIZE : ARCH_SIZE;
    t->announced = t->little_endian ? load_le32(head.data + 4) : load_be32(head.data + 4);
    t->end = HEADER + t->announced * t->stride;
    if (t->little_endian)
        FAT_DEFECT(t, fat_header, 0, "a big-endian header", "FAT_CIGAM");
    if (t->announced == 0 || t->announced > LIMIT_FAT_ARCHS ||
        !file_view(t->file, HEADER, t->announced * t->stride, &v)) {
        FAT_DEFECT(t, fat_header, 4, "1 to 204 slices, and a table that holds them", "nfat_arch %u", t->announced);
        return;
    }
    t->slices = arena_array(&t->file->arena, (size_t)t->announced + 1, sizeof *t->slices);
    for (uint32_t i = 0; i < t->announced; i++)
        if (ALWAYS(read_slice(t, HEADER + i * t->stride, &t->slices[t->count])))
            check_slice(t, &t->slices[t->count++]);
    read_hidden(t);
}

static int by_cpu(const void *a, const void *b)
{
    const struct slice *x = a, *y = b;
    uint64_t p = (uint64_t)x->cputype << 32 | (x->subtype & ~SUBTYPE_MASK);
    uint64_t q = (uint64_t)y->cputype << 32 | (y->subtype & ~SUBTYPE_MASK);
    return (p > q) - (p < q);
}

static int by_offset(const void *a, const void *b)
{
    const struct slice *x = a, *y = b;
    return (x->offset > y->offset) - (x->offset < y->offset);
}

static void compare_slices(struct table *t)
{
    struct slice *sorted = arena_array(&t->file->arena, t->count, sizeof *sorted);
    if (t->count)
        memcpy(sorted, t->slices, t->count * sizeof *sorted);
    qsort(sorted, t->count, sizeof *sorted, by_cpu);
    for (size_t i = 1; i < t->count; i++)
        if (by_cpu(&sorted[i - 1], &sorted[i]) == 0)
            FAT_DEFECT(t, fat_duplicate, sorted[i].at, "one slice a CPU", "another one for cputype %#x, subtype %#x",
                       sorted[i].cputype, sorted[i].subtype);
    qsort(sorted, t->count, sizeof *sorted, by_offset);
    for (size_t i = 1; i < t->count; i++)
        if (range_end(sorted[i - 1].offset, sorted[i - 1].size) > sorted[i].offset)
            FAT_DEFECT(t, fat_overlap, sorted[i].at, "slices apart", "a slice at %#llx inside the one at %#llx",
                       (unsigned long long)sorted[i].offset, (unsigned long long)sorted[i - 1].offset);
}

/* What is loaded is mapped by pages of its machine, which the table's own alignment says nothing of: "slice is not page
 * aligned" (dyld mach_o/Universal.cpp, validSlice). Nobody maps objects, nor the universal files that dsymutil writes, whose
 * slices stand at multiples of 2^5. */
static void check_page(struct table *t, const struct slice *s, struct image *image)
{
    const uint64_t page = image->arch == ARCH_ARM64 ? PAGE_16K : PAGE_4K;
    const bool mapped = image->kind != KIND_OBJECT && image->kind != KIND_DEBUG_FILE;
    if (image->judged && mapped && s->offset % page)
        defect_add(&t->file->arena, &image->defects, DEFECT_ID_fat_slice, s->at, "a slice at a page of its machine",
                   "%s at %#llx, with pages of %#llx", image->name, (unsigned long long)s->offset,
                   (unsigned long long)page);
}

/* A slice is a thin Mach-O image; an archive of objects is no program, but is no damage. Slices stand apart: one that
 * shares its bytes with others, which is a defect, is not read where together they are larger than twice the file. */
static void read_one(struct table *t, const struct slice *s, const struct read_options *options, struct image *image)
{
    struct file *file = t->file;
    struct view head;
    bool shared = s->size > SHARED * file->size - t->spent;
    uint32_t magic = file_view(file, s->offset, 8, &head) ? load_be32(head.data) : 0;
    t->spent += shared ? 0 : s->size;
    if (shared)
        magic = 0;
    if (magic == 0xfeedface || magic == 0xfeedfacf || magic == 0xcefaedfe || magic == 0xcffaedfe) {
        read_macho_image(file, s->offset, s->size, options, image);
        struct macho_extra *extra = arena_alloc(&file->arena, sizeof *extra);
        *extra = *image->macho;
        extra->fat_cputype = s->cputype;
        extra->fat_cpusubtype = s->subtype;
        extra->fat_arch_offset = s->at;
        image->macho = extra;
        check_page(t, s, image);
        /* of a program the kernel compares the capabilities, too (bsd/kern/kern_exec.c, exec_mach_imgact) */
        uint32_t mask = extra->filetype == MH_EXECUTE ? UINT32_MAX : ~SUBTYPE_MASK;
        if (extra->cputype != s->cputype || (extra->cpusubtype ^ s->subtype) & mask)
            defect_add(&file->arena, &image->defects, DEFECT_ID_fat_truth, s->at, "the CPU of the slice's own header",
                       "the table says cputype %#x, subtype %#x; the slice %#x, %#x", s->cputype, s->subtype,
                       extra->cputype, extra->cpusubtype);
        return;
    }
    bool archive = magic == 0x213c6172; /* "!<ar" */
    const char *name = cpu_name(s->cputype, s->subtype);
    *image = (struct image){.file = file,
                            .offset = s->offset,
                            .size = s->size,
                            .name = name ? name : "slice",
                            .machine = archive  ? "ar archive"
                                       : shared ? "a slice of bytes that were read already"
                                                : "a slice that is no Mach-O image",
                            .kind = archive ? KIND_ARCHIVE : KIND_DATA,
                            .interpreter_known = KNOWN_BROKEN};
    if (!archive && !shared)
        defect_add(&file->arena, &image->defects, DEFECT_ID_fat_slice, s->offset, "a Mach-O header", "%#x", magic);
}

/* Two slices for one CPU are told apart: "arm64" and "arm64#2". */
static void name_apart(struct table *t, size_t count)
{
    struct image *images = t->reading->images;
    for (size_t i = 1; i < count; i++) {
        size_t size = strlen(images[i].name), same = 1;
        for (size_t k = 0; k < i; k++) /* at most LIMIT_IMAGES of them */
            same += strncmp(images[k].name, images[i].name, size) == 0 &&
                    (images[k].name[size] == 0 || images[k].name[size] == '#');
        if (same > 1)
            images[i].name = arena_print(&t->file->arena, "%s#%zu", images[i].name, same);
    }
}

/* Libraries are loaded from it, by dyld. */
static void check_wide(struct table *t, size_t count)
{
    bool loaded = t->wide; /* there is one image at least */
    for (size_t i = 0; i < count; i++) {
        enum kind kind = t->reading->images[i].kind;
        loaded &= kind == KIND_SHARED_LIBRARY || kind == KIND_BUNDLE;
    }
    if (t->wide && !loaded)
        FAT_DEFECT(t, fat_magic_64, 0, "FAT_MAGIC", "FAT_MAGIC_64");
}

/* What stands between and behind the slices belongs to nobody; it is told of the first image. */
static void read_gaps(struct table *t)
{
    struct image *first = &t->reading->images[0];
    struct image whole = {.file = t->file, .size = t->file->size};
    struct range *owned = arena_array(&t->file->arena, t->count + 1, sizeof *owned);
    size_t count = 0;
    owned[count++] = (struct range){.size = t->end};
    for (size_t i = 0; i < t->count; i++)
        owned[count++] =
            (struct range){.offset = t->slices[i].offset, .size = t->slices[i].fits ? t->slices[i].size : 0};
    read_ranges(&whole, owned, count, UINT64_C(1) << ALIGN_MOST);
    if (whole.unowned.known == KNOWN_BROKEN)
        first->unowned.known = KNOWN_BROKEN;
    for (size_t i = 0; i < whole.unowned.count; i++)
        range_add(&t->file->arena, &first->unowned, whole.unowned.items[i]);
}

static void tell_every_image(struct reading *reading, struct arena *arena)
{
    for (size_t i = 0; i < reading->count; i++)
        for (size_t k = 0; k < reading->defects.count; k++) {
            const struct defect *d = &reading->defects.items[k];
            defect_add(arena, &reading->images[i].defects, d->id, d->offset, d->expected, "%s", d->observed);
        }
}

void read_universal(struct file *file, const struct read_options *options, struct reading *reading)
{
    struct table t = {.file = file, .reading = reading};
    size_t count = 0;
    read_table(&t);
    compare_slices(&t);
    if (t.count > LIMIT_IMAGES)
        FAT_DEFECT(&t, fat_header, 4, "at most 64 slices", "%zu", t.count);
    reading->images =
        arena_array(&file->arena, t.count < LIMIT_IMAGES ? t.count + 1 : LIMIT_IMAGES, sizeof *reading->images);
    for (size_t i = 0; i < t.count && count < LIMIT_IMAGES; i++)
        if (t.slices[i].fits)
            read_one(&t, &t.slices[i], options, &reading->images[count++]);
    if (count == 0) {
        reading->images[0] = (struct image){.file = file,
                                            .size = file->size,
                                            .name = "universal",
                                            .machine = "universal Mach-O",
                                            .kind = KIND_UNKNOWN,
                                            .interpreter_known = KNOWN_BROKEN};
        count = 1;
    }
    reading->count = count;
    check_wide(&t, count);
    name_apart(&t, count);
    read_gaps(&t);
    tell_every_image(reading, &file->arena);
}
