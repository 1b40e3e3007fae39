/* What a file has lost. A download that broke off into a file of the whole size, a full disk, a copy of a file with holes: headers
 * are there, at the front, and zeros where bytes should be, a page of them or more. Code has no page of zeros: of 6,800 programs and
 * libraries for amd64 and arm64 none had 4,096 of them in a section of code, but 4,092 where GNU ld aligns stubs to a page
 * (binutils bfd/elfnn-aarch64.c, _bfd_aarch64_resize_stubs); of 1,200 Mach-O files for arm64, whose pages are of 16 KiB, some had
 * just less than such a one. In front of the functions that V8 puts at an alignment of its own (Deno, workerd) zeros may be more than
 * a page: they end at that alignment, of up to 64 KiB, begin behind an instruction that does not go on there, and in the midst of a
 * block, where what a file loses does not begin; no function is known to stand there, and the program is none of Go's, whose linker
 * leaves no such places. A whole ELF file may stand among code, as .incbin puts it there (Frida's agent in its libraries), with zeros
 * of its own. Go's table of functions, which its runtime cannot do without, begins with a magic.
 *
 * What is lost may be less, a sector of a disk, and flash memory that was erased holds ones. Of 3,366 ELF files none had 512 bytes
 * of ones in code where a sector may stand, and of the 11,153 such places of zeros none was in a function of which unwind
 * information, or Go's table, tells, but for functions that are all zeros.
 *
 * Bytes of another file, compressed or encrypted ones as a rule, are as even as those of no code: of a million pairs of bytes
 * in a page of it 16,000 are equal at least, and 4,150 of chance. OpenSSL's tables of points are as even, and stand among code,
 * but in no function. */
#include "formats/read.h"

#include <elf.h>
#include <string.h>

#include "formats/certain.h"
#include "formats/elf/references.h"
#include "formats/limits.h"

enum {
    MACHO_PAGE = 1 << 14,
    MOST_FILLED = 16, /* runs of zeros that are long, and are nothing lost */
    GO_HEADER = 64,   /* bytes: magic, and words of which none is 0 */
};

static void tell_of(struct image *image, const struct section *s, uint64_t at, uint64_t size, const char *what,
                    const char *expected)
{
    defect_add(&image->file->arena, &image->defects, DEFECT_ID_bytes_lost, s->offset + at, expected,
               "%llu bytes of %s in %s", (unsigned long long)size, what,
               *s->name ? s->name : "a section without a name");
}

static void tell(struct image *image, const struct section *s, uint64_t at, uint64_t size, const char *expected)
{
    tell_of(image, s, at, size, "zeros", expected);
}

static const struct section *unwind_section(const struct image *image)
{
    for (size_t i = 0; i < image->sections.count; i++)
        if (image->sections.items[i].has_bytes && strcmp(image->sections.items[i].name, ".eh_frame") == 0)
            return &image->sections.items[i];
    return NULL;
}

/* Whether control does not go on behind an A64 instruction: B; BR, RET, ERET; BRK, HLT. */
static bool stops(uint32_t word)
{
    const bool jumps = word >> 26 == 0x05, leaves = word >> 25 == 0x6b && (word >> 21 & 7) != 1;
    return jumps || leaves || (word & 0xffe0001fu) == 0xd4200000u || (word & 0xffe0001fu) == 0xd4400000u;
}

/* Whether unwind information tells of a function at one of a few places from `low` to `high` of the section: code that is lost. */
static bool has_frames(const struct image *image, const struct section *s, size_t low, size_t high)
{
    enum { SAMPLES = 4 };
    const struct section *frames = unwind_section(image);
    struct frame frame;
    for (size_t k = 0; frames && k <= SAMPLES; k++)
        if (frame_among(image, frames->offset, frames->size, frames->address,
                        s->address + low + (high - 1 - low) / SAMPLES * k, &frame))
            return true;
    return false;
}

/* Whether the zeros from `low` to `high` of the section only fill it up to where something aligned begins. */
static bool fills_up(const struct image *image, const struct section *s, struct view v, size_t low, size_t high)
{
    enum { WORD = 4, MOST_ALIGNMENT = 1 << 16, INTO_BLOCK = 16 };
    const uint64_t end = s->address + high, alignment = end & (~end + 1), block = (s->offset + low) % LIMIT_PAGE;
    if (image->format != FORMAT_ELF || image->arch != ARCH_ARM64 || image->go || high == v.size || low < WORD ||
        low % WORD)
        return false;
    if (high - low >= (alignment < MOST_ALIGNMENT ? alignment : MOST_ALIGNMENT))
        return false;
    return block != 0 && LIMIT_PAGE - block >= INTO_BLOCK && stops(load_le32(v.data + low - WORD)) &&
           !has_frames(image, s, low, high);
}

/* Where the ELF file that has its magic at `at` ends, by its section headers; `at`: there is none of a kind that linkers
 * make. A page or more follows. */
static uint64_t elf_end(struct view v, uint64_t at)
{
    struct view header;
    if (NEVER(!view_sub(v, at, sizeof(Elf64_Ehdr), &header)))
        return at;
    const bool wide = header.data[EI_CLASS] == ELFCLASS64;
    const uint8_t *sizes = header.data + (wide ? offsetof(Elf64_Ehdr, e_ehsize) : offsetof(Elf32_Ehdr, e_ehsize));
    const uint16_t own = load_le16(sizes), one = load_le16(sizes + 6), count = load_le16(sizes + 8);
    const uint64_t table = wide ? load_le64(header.data + offsetof(Elf64_Ehdr, e_shoff))
                                : load_le32(header.data + offsetof(Elf32_Ehdr, e_shoff));
    if ((!wide && header.data[EI_CLASS] != ELFCLASS32) || header.data[EI_DATA] != ELFDATA2LSB ||
        header.data[EI_VERSION] != EV_CURRENT || load_le16(header.data + 16) - (unsigned)ET_REL > ET_DYN - ET_REL ||
        own != (wide ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr)) ||
        one != (wide ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr)) ||
        !range_fits(v.size - at, table, (uint64_t)one * count))
        return at;
    return at + table + (uint64_t)one * count;
}

struct embedded { /* ELF files in a section, as far as they have been looked for */
    uint64_t looked, end;
};

/* Whether one holds the bytes from `low` to `high`. */
static bool is_embedded(struct view v, struct embedded *e, uint64_t low, uint64_t high)
{
    while (e->looked < low) {
        const struct view rest = {v.data, low};
        int64_t at = view_find(rest, e->looked, ELFMAG, SELFMAG);
        uint64_t end = at < 0 ? 0 : elf_end(v, (uint64_t)at);
        e->end = end > e->end ? end : e->end;
        e->looked = at < 0 ? low : (uint64_t)at + 1;
    }
    return high <= e->end;
}

/* Runs of zeros that cover a byte at each page of the section are as long as a page, or may be. */
static void look_at_code(struct image *image, const struct section *s, struct view v, size_t page)
{
    struct embedded embedded = {0, 0};
    size_t filled = 0;
    for (size_t at = page - 1; at < v.size; at += page) {
        size_t low = at, high = at;
        if (v.data[at])
            continue;
        while (low && v.data[low - 1] == 0)
            low--;
        while (high < v.size && v.data[high] == 0)
            high++;
        if (high - low >= page && !(filled < MOST_FILLED && fills_up(image, s, v, low, high)) &&
            !is_embedded(v, &embedded, low, high)) {
            tell(image, s, low, high - low, "instructions");
            return;
        }
        filled += high - low >= page;
        at += (high - at) / page * page; /* a run is looked at once */
    }
}

/* Sectors of zeros in a section of code, or pages of noise, by their places in it, which ascend. */
struct sectors {
    uint64_t size, enough; /* bytes of each, and of it in functions */
    size_t count;
    uint64_t *places, *covered; /* covered: bytes that functions have in it */
};
enum { SECTOR = 512 };

static bool is_filled_with(const uint8_t *sector, uint8_t byte)
{
    return sector[0] == byte && sector[SECTOR - 1] == byte && memcmp(sector, sector + 1, SECTOR - 1) == 0;
}

/* The first of them that is known to be of functions, now that one from `start` on is; NULL: none is. */
static const uint64_t *reached(const struct sectors *sectors, uint64_t start, uint64_t size)
{
    const uint64_t end = range_end(start, size);
    size_t low = 0, high = sectors->count;
    while (low < high) { /* the first that ends behind `start` */
        const size_t middle = low + (high - low) / 2;
        if (sectors->places[middle] + sectors->size <= start)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < sectors->count && sectors->places[low] < end; low++) {
        const uint64_t place = sectors->places[low], last = place + sectors->size;
        sectors->covered[low] += (end < last ? end : last) - (start > place ? start : place);
        if (sectors->covered[low] >= sectors->enough)
            return &sectors->places[low];
    }
    return NULL;
}

/* Whether a function is zeros from its first word to its last: room that the program writes code to, as .NET has it. */
static bool is_room(struct view code, uint64_t start, uint64_t size)
{
    enum { WORD = 4 };
    return size < WORD || (load_le32(code.data + start) == 0 && load_le32(code.data + start + size - WORD) == 0);
}

/* The same of all functions that frame description entries tell of, with addresses of four bytes from where they stand. */
static const uint64_t *in_frame(const struct section *s, struct view code, const struct sectors *sectors, uint64_t base,
                                struct view v)
{
    enum { HEAD = 16 };
    for (uint64_t at = 0; at + HEAD <= v.size && load_le32(v.data + at); at += 4 + (uint64_t)load_le32(v.data + at)) {
        const uint32_t id = load_le32(v.data + at + 4), size = load_le32(v.data + at + 12);
        const uint64_t start = base + at + 8 + (uint64_t)(int64_t)(int32_t)load_le32(v.data + at + 8) - s->address;
        const bool function = id && range_fits(code.size, start, size) && !is_room(code, start, size);
        const uint64_t *found = function ? reached(sectors, start, size) : NULL;
        if (found)
            return found;
    }
    return NULL;
}

static void put_place(struct image *image, struct sectors *sectors, uint64_t at)
{
    sectors->places = arena_grow(&image->file->arena, sectors->places, sectors->count, sizeof *sectors->places);
    sectors->places[sectors->count++] = at;
}

/* The first of them that is in a function, by unwind information; NULL: none is known to be. */
static const uint64_t *in_function(struct image *image, const struct section *s, struct view v, struct sectors *sectors,
                                   uint64_t *left)
{
    const struct section *frames = unwind_section(image);
    struct view list;
    if (sectors->count == 0 || !frames || frames->size > *left ||
        !file_view(image->file, frames->offset, frames->size, &list))
        return NULL;
    *left -= frames->size;
    sectors->covered = arena_array(&image->file->arena, sectors->count, sizeof *sectors->covered);
    return in_frame(s, v, sectors, frames->address, list);
}

/* A sector of ones is no code at all; one of zeros only where a function was. */
static void look_at_sectors(struct image *image, const struct section *s, struct view v, uint64_t *left)
{
    struct embedded embedded = {0, 0};
    struct sectors sectors = {.size = SECTOR, .enough = 1};
    uint64_t begin;
    for (uint64_t at = -s->offset % SECTOR; at + SECTOR <= v.size; at += SECTOR) {
        const bool ones = is_filled_with(v.data + at, 0xff);
        if ((!ones && !is_filled_with(v.data + at, 0)) || is_embedded(v, &embedded, at, at + SECTOR))
            continue;
        if (ones || (image->go && go_function(image, s->address + at, &begin))) {
            tell_of(image, s, at, SECTOR, ones ? "ones" : "zeros", "instructions");
            return;
        }
        put_place(image, &sectors, at);
    }
    const uint64_t *found = in_function(image, s, v, &sectors, left);
    if (found)
        tell(image, s, *found, SECTOR, "instructions");
}

/* Of a million pairs of bytes fewer are equal than `most`. */
static bool is_even(const uint8_t *bytes, uint64_t size, uint64_t most)
{
    uint16_t counts[256] = {0};
    uint64_t sum = 0;
    for (uint64_t i = 0; i < size; i++)
        counts[bytes[i]]++;
    for (unsigned i = 0; i < 256; i++)
        sum += (uint64_t)counts[i] * counts[i];
    return sum * 1000000 < most * size * size;
}

/* Pages of noise, half of which at least are functions. The first part of a page tells of nearly all code that it is none. */
static void look_for_noise(struct image *image, const struct section *s, struct view v, uint64_t *left)
{
    enum { PART = 1024, MOST_OF_PART = 9000, MOST = 8000 };
    struct sectors pages = {.size = LIMIT_PAGE, .enough = LIMIT_PAGE / 2};
    uint64_t begin;
    for (uint64_t at = -s->offset % LIMIT_PAGE; at + LIMIT_PAGE <= v.size; at += LIMIT_PAGE) {
        if (!is_even(v.data + at, PART, MOST_OF_PART) || !is_even(v.data + at, LIMIT_PAGE, MOST))
            continue;
        if (image->go && go_function(image, s->address + at, &begin)) {
            tell_of(image, s, at, LIMIT_PAGE, "noise", "instructions");
            return;
        }
        put_place(image, &pages, at);
    }
    const uint64_t *found = in_function(image, s, v, &pages, left);
    if (found)
        tell_of(image, s, *found, LIMIT_PAGE, "noise", "instructions");
}

static void look_at_go(struct image *image, const struct section *s, struct view v)
{
    const struct view first = {v.data, GO_HEADER};
    if (view_is_zero(first))
        tell(image, s, 0, GO_HEADER, "the header of pclntab");
}

static bool is_code(const struct image *image, const struct section *s)
{
    static const uint64_t elf = 2 | 4 /* SHF_ALLOC, SHF_EXECINSTR */, macho = 0x80000000 /* S_ATTR_PURE_INSTRUCTIONS */;
    uint64_t flags = image->format == FORMAT_ELF ? elf : macho;
    return (s->flags & flags) == flags;
}

static bool is_pclntab(const struct section *s)
{
    static const char name[] = "gopclntab";
    size_t size = strlen(s->name);
    return size >= sizeof name - 1 && strcmp(s->name + size - (sizeof name - 1), name) == 0;
}

void read_zeros(struct image *image)
{
    const size_t page = image->format == FORMAT_ELF ? LIMIT_PAGE : MACHO_PAGE;
    uint64_t left = image->size * 2; /* sections that name the same bytes again and again are not followed */
    for (size_t i = 0; i < image->sections.count; i++) {
        const struct section *s = &image->sections.items[i];
        bool code = is_code(image, s), go = is_pclntab(s) && s->size >= GO_HEADER;
        struct view v;
        if (!s->has_bytes || (!code && !go) || s->size > left || !file_view(image->file, s->offset, s->size, &v))
            continue;
        left -= s->size;
        const size_t told = image->defects.total;
        if (code)
            look_at_code(image, s, v, page);
        if (code && image->format == FORMAT_ELF && image->defects.total == told)
            look_at_sectors(image, s, v, &left);
        if (code && image->format == FORMAT_ELF && image->defects.total == told)
            look_for_noise(image, s, v, &left);
        if (go)
            look_at_go(image, s, v);
    }
}
