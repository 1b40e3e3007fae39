#include "tests/oracle/xnu.h"

#include <string.h>

#define HIGH_ADDRESS UINT64_C(0x7fffffe00000)
const struct xnu_machine xnu_intel = {XNU_X86_64, 0x1000, HIGH_ADDRESS, 0x1000, false};
const struct xnu_machine xnu_apple = {XNU_ARM64, 0x4000, UINT64_C(0x7ffffe000000), UINT64_C(0x100000000), true};

enum { EXECUTE = 2, DYLDLINK = 4, PIE = 0x200000 };
enum { PROT_R = 1, PROT_W = 2, PROT_X = 4, PROT_ALL = 7 };
enum { SG_PROTECTED = 8, SG_READ_ONLY = 16, SEGMENT_SIZE = 72, SECTION_SIZE = 80 };
enum command {
    SEGMENT = 1,
    UNIXTHREAD = 5,
    LOAD_DYLINKER = 0xe,
    SEGMENT_64 = 0x19,
    UUID = 0x1b,
    CODE_SIGNATURE = 0x1d,
    ENCRYPTION = 0x21,
    ENCRYPTION_64 = 0x2c,
    MIN_MACOSX = 0x24,
    MIN_IPHONEOS = 0x25,
    MIN_TVOS = 0x2f,
    MIN_WATCHOS = 0x30,
    BUILD_VERSION = 0x32
};
static const uint32_t MAIN = 0x80000028;

/* The address space while the segments are entered: each at a fixed place that must be free (vm_map_enter). */
enum { RANGES = 256 };
struct load {
    const struct xnu_image *image;
    struct xnu_start *start;
    uint64_t min_offset;
    size_t range_count;
    struct range {
        uint64_t start, end;
    } ranges[RANGES];
    bool version, header_segment, read_only, signed_, thread, valid_entry;
    const uint8_t *dylinker;
};

static bool refuse(struct load *l, enum xnu_answer answer, const char *why)
{
    l->start->answer = answer;
    l->start->why = why;
    return false;
}

static uint64_t trunc_page(const struct load *l, uint64_t address)
{
    return address & ~(l->image->machine->page - 1);
}

static uint64_t round_page(const struct load *l, uint64_t address)
{
    return trunc_page(l, address + l->image->machine->page - 1);
}

static bool enter(struct load *l, uint64_t from, uint64_t to)
{
    if (from < l->min_offset || to > l->image->machine->max_address || from >= to)
        return refuse(l, XNU_NOSPACE, "a segment outside the addresses of a process");
    for (size_t i = 0; i < l->range_count; i++)
        if (from < l->ranges[i].end && l->ranges[i].start < to)
            return refuse(l, XNU_NOSPACE, "pages of two segments at one address");
    if (l->range_count == RANGES)
        return refuse(l, XNU_UNDECIDED, "more segments than are looked at");
    l->ranges[l->range_count++] = (struct range){from, to};
    return true;
}

/* vm_map_raise_min_offset: the page at address 0 and those behind it belong to nobody from now on. */
static bool raise_min_offset(struct load *l, uint64_t end)
{
    if (end < l->min_offset || end >= l->image->machine->max_address)
        return refuse(l, XNU_FAILURE, "a page zero that ends nowhere");
    for (size_t i = 0; i < l->range_count; i++)
        if (l->ranges[i].start < end)
            return refuse(l, XNU_FAILURE, "a page zero over a segment");
    l->min_offset = end;
    return true;
}

struct segment {
    uint64_t vmaddr, vmsize, fileoff, filesize;
    uint32_t maxprot, initprot, nsects, flags;
};

/* map_segment() for the bytes of the file, and for the memory behind them. */
static bool map_segment(struct load *l, const struct segment *s)
{
    uint64_t file_offset = l->image->pager_offset + s->fileoff;
    uint64_t file_start = trunc_page(l, file_offset), file_end = round_page(l, file_offset + s->filesize);
    uint64_t vm_start = trunc_page(l, s->vmaddr), vm_end = round_page(l, s->vmaddr + s->vmsize);
    if (file_end - file_offset - s->filesize > l->image->machine->page - 1)
        return refuse(l, XNU_BADMACHO, "a file range that wraps");
    if (s->flags & SG_READ_ONLY) {
        if (l->read_only)
            return refuse(l, XNU_BADMACHO, "two segments with SG_READ_ONLY");
        l->read_only = vm_start != 0 || vm_end != 0;
    }
    if (vm_end < vm_start || file_end < file_start)
        return refuse(l, XNU_NOSPACE, "a range that wraps");
    if (vm_end != vm_start && s->initprot & ~s->maxprot & PROT_ALL)
        return refuse(l, XNU_NOSPACE, "more access than it may be raised to"); /* vm_sanitize_cur_and_max_prots */
    uint64_t bytes = file_end - file_start;
    if (vm_end != vm_start && bytes && !enter(l, vm_start, vm_start + bytes))
        return false;
    if (vm_end - vm_start > bytes && !enter(l, vm_start + bytes, vm_end))
        return false;
    if ((s->initprot & (PROT_W | PROT_X)) == (PROT_W | PROT_X))
        l->start->writes_code = true;
    if (s->flags & SG_PROTECTED)
        return refuse(l, XNU_UNDECIDED, "a protected segment");
    return true;
}

static bool load_segment(struct load *l, const uint8_t *c, uint32_t cmdsize)
{
    const struct segment s = {xnu_u64(c + 24), xnu_u64(c + 32), xnu_u64(c + 40), xnu_u64(c + 48),
                              xnu_u32(c + 56), xnu_u32(c + 60), xnu_u32(c + 64), xnu_u32(c + 68)};
    if (s.fileoff + s.filesize < s.fileoff || s.fileoff + s.filesize > l->image->size)
        return refuse(l, XNU_BADMACHO, "bytes of a segment outside the image");
    if ((cmdsize - SEGMENT_SIZE) / SECTION_SIZE < s.nsects)
        return refuse(l, XNU_BADMACHO, "more sections than the command holds");
    if ((l->image->pager_offset + s.fileoff) % l->image->machine->page)
        return refuse(l, XNU_BADMACHO, "a segment that begins inside a page of the file");
    if (s.vmsize == 0)
        return true;
    if (s.vmaddr == 0 && s.filesize == 0 && (s.initprot & PROT_ALL) == 0 && (s.maxprot & PROT_ALL) == 0)
        return raise_min_offset(l, round_page(l, s.vmsize));
    if (!map_segment(l, &s))
        return false;
    if (l->start->entry && s.vmaddr <= l->start->entry && l->start->entry < s.vmaddr + s.vmsize) {
        l->valid_entry = (s.initprot & (PROT_R | PROT_X)) == (PROT_R | PROT_X);
        l->start->entry_bytes = l->valid_entry && l->start->entry - s.vmaddr < s.filesize;
    }
    return true;
}

/* And one segment alone maps the header, readable and executable. */
static bool take_segment(struct load *l, const uint8_t *c, uint32_t cmdsize)
{
    if (!load_segment(l, c, cmdsize))
        return false;
    if (xnu_u64(c + 40) != 0 || xnu_u64(c + 48) == 0)
        return true;
    if (l->header_segment || (xnu_u32(c + 60) & (PROT_R | PROT_X)) != (PROT_R | PROT_X))
        return refuse(l, XNU_BADMACHO, "a header segment that is not the only one, or not r-x");
    l->header_segment = true;
    return true;
}

/* The states that thread_userstack() and thread_entrypoint() take, and where the program counter stands. */
static const struct state {
    uint32_t cputype, flavor, count, pc;
} states[] = {{XNU_X86_64, 4, 42, 16 * 8}, {XNU_X86_64, 1, 16, 10 * 4}, {XNU_ARM64, 6, 68, 32 * 8}};

static const struct state *state_of(uint32_t cputype, uint32_t flavor, uint32_t count)
{
    for (size_t i = 0; i < sizeof states / sizeof *states; i++)
        if (states[i].cputype == cputype && states[i].flavor == flavor && states[i].count == count)
            return &states[i];
    return NULL;
}

static bool load_unixthread(struct load *l, const uint8_t *c, uint32_t cmdsize)
{
    uint32_t left = cmdsize - 8;
    uint64_t entry = 0;
    if (l->thread)
        return refuse(l, XNU_FAILURE, "a second thread");
    if (left == 0)
        return refuse(l, XNU_BADMACHO, "a thread without a state");
    for (c += 8; left > 0;) {
        if (left < 8)
            return refuse(l, XNU_BADMACHO, "a thread state cut short");
        uint32_t flavor = xnu_u32(c), count = xnu_u32(c + 4);
        if ((uint64_t)count * 4 + 8 > left)
            return refuse(l, XNU_BADMACHO, "a thread state longer than its command");
        const struct state *state = state_of(l->image->cputype, flavor, count);
        if (!state)
            return refuse(l, flavor == 23 || flavor == 1 ? XNU_UNDECIDED : XNU_FAILURE,
                          "a thread state of no known kind");
        entry = state->flavor == 1 ? xnu_u32(c + 8 + state->pc) : xnu_u64(c + 8 + state->pc);
        left -= count * 4 + 8;
        c += count * 4 + 8;
    }
    l->start->entry = entry;
    return l->thread = true;
}

static bool load_main(struct load *l, const uint8_t *c, uint32_t cmdsize)
{
    if (cmdsize < 24)
        return refuse(l, XNU_BADMACHO, "LC_MAIN cut short");
    if (l->thread)
        return refuse(l, XNU_FAILURE, "a second thread");
    if (xnu_u64(c + 16) > UINT64_MAX - 4 * l->image->machine->page)
        return refuse(l, XNU_BADMACHO, "a stack larger than all addresses");
    return l->start->main = l->thread = true;
}

static bool load_version(struct load *l, bool whole)
{
    if (!whole || l->version)
        return refuse(l, XNU_BADMACHO, "a version command cut short, or a second one");
    return l->version = true;
}

static bool load_signature(struct load *l, const uint8_t *c, uint32_t cmdsize)
{
    bool good = cmdsize == 16 && (uint64_t)xnu_u32(c + 8) + xnu_u32(c + 12) <= l->image->size;
    if (!good && l->image->machine->signature_required)
        return refuse(l, XNU_BADMACHO, "LC_CODE_SIGNATURE of another size, or outside the image");
    l->signed_ |= good;
    return true;
}

/* What each pass does with a command: 0 versions, 1 threads, 2 segments, 3 the rest. */
static bool take_command(struct load *l, int pass, const uint8_t *c, uint32_t cmdsize)
{
    uint32_t type = xnu_u32(c);
    if (type == SEGMENT_64 && cmdsize < SEGMENT_SIZE)
        return refuse(l, XNU_BADMACHO, "LC_SEGMENT_64 cut short");
    if (type == SEGMENT && (cmdsize < 56 || pass == 2))
        return refuse(l, XNU_BADMACHO, "LC_SEGMENT in a 64-bit image");
    if (pass == 0 && (type == MIN_MACOSX || type == MIN_IPHONEOS || type == MIN_TVOS || type == MIN_WATCHOS))
        return load_version(l, cmdsize >= 16);
    if (pass == 0 && type == BUILD_VERSION)
        return load_version(l, cmdsize >= 24);
    if (pass == 1 && type == UNIXTHREAD)
        return load_unixthread(l, c, cmdsize);
    if (pass == 1 && type == MAIN)
        return load_main(l, c, cmdsize);
    if (pass == 1 && type == UUID && cmdsize < 24)
        return refuse(l, XNU_BADMACHO, "LC_UUID cut short");
    if (pass == 1 && type == CODE_SIGNATURE)
        return load_signature(l, c, cmdsize);
    if (pass == 2 && type == SEGMENT_64)
        return take_segment(l, c, cmdsize);
    if (pass == 3 && type == LOAD_DYLINKER) {
        if (l->dylinker)
            return refuse(l, XNU_FAILURE, "a second LC_LOAD_DYLINKER");
        l->dylinker = c;
    }
    if (pass == 3 && (type == ENCRYPTION || type == ENCRYPTION_64)) {
        if (cmdsize < 20)
            return refuse(l, XNU_BADMACHO, "LC_ENCRYPTION_INFO cut short");
        if (xnu_u32(c + 16) != 0)
            return refuse(l, XNU_UNDECIDED, "an encrypted program");
    }
    return true;
}

static bool walk(struct load *l, int pass)
{
    uint64_t offset = 32, end = 32 + (uint64_t)l->image->sizeofcmds;
    if (pass == 3 && !l->start->main && !l->valid_entry)
        return refuse(l, XNU_FAILURE, "no entry in a segment that is r-x");
    if (pass == 3 && !l->header_segment)
        return refuse(l, XNU_BADMACHO, "no segment that maps the header");
    for (uint32_t i = 0; i < l->image->ncmds; i++) {
        if (offset + 8 > end)
            return refuse(l, XNU_BADMACHO, "fewer load commands than ncmds");
        const uint8_t *c = l->image->bytes + offset;
        uint32_t cmdsize = xnu_u32(c + 4);
        if (cmdsize < 8 || offset + cmdsize > end)
            return refuse(l, XNU_BADMACHO, "a load command past the end of all");
        if (!take_command(l, pass, c, cmdsize))
            return false;
        offset += cmdsize;
    }
    return true;
}

static bool load_dylinker(struct load *l)
{
    const uint8_t *c = l->dylinker;
    uint32_t cmdsize = xnu_u32(c + 4), at = cmdsize >= 12 ? xnu_u32(c + 8) : UINT32_MAX;
    if (at >= cmdsize || !memchr(c + at, 0, cmdsize - at))
        return refuse(l, XNU_BADMACHO, "LC_LOAD_DYLINKER without a string");
    if (strcmp((const char *)c + at, "/usr/lib/dyld") != 0)
        return refuse(l, XNU_BADMACHO, "another dynamic linker than /usr/lib/dyld");
    l->start->dylinker = true;
    return true;
}

bool xnu_is_graded(const struct xnu_machine *machine, uint32_t cputype, uint32_t subtype)
{
    subtype &= 0xffffff;
    return cputype == machine->cputype && (cputype == XNU_X86_64 ? subtype == 3 || subtype == 8 : subtype <= 2);
}

static bool check_header(struct load *l)
{
    const struct xnu_image *image = l->image;
    if (image->filetype != EXECUTE)
        return refuse(l, XNU_NOT_MACHO, "no MH_EXECUTE");
    if (!xnu_is_graded(image->machine, image->cputype, image->cpusubtype))
        return refuse(l, XNU_BADARCH, "a CPU that this kernel does not grade");
    if (image->machine->cputype == XNU_ARM64 && !(image->flags & DYLDLINK))
        return refuse(l, XNU_FAILURE, "a static program on arm64");
    uint64_t cmds_size = 32 + (uint64_t)image->sizeofcmds, alloc_size = round_page(l, cmds_size);
    if (cmds_size > image->size || alloc_size > INT32_MAX)
        return refuse(l, XNU_BADMACHO, "load commands outside the image");
    return true;
}

/* The kernel reads whole pages of load commands, from the file and not from the slice alone. */
static void parse_machfile(struct load *l, uint64_t file_left)
{
    const struct xnu_image *image = l->image;
    if (!check_header(l))
        return;
    if (round_page(l, 32 + (uint64_t)image->sizeofcmds) > file_left) {
        refuse(l, XNU_BADMACHO, "the file ends inside the pages of the load commands");
        return;
    }
    for (int pass = 0; pass <= 3; pass++)
        if (!walk(l, pass))
            return;
    if ((image->flags & DYLDLINK || l->start->main) && !l->dylinker)
        refuse(l, XNU_FAILURE, "dyld is needed, and no LC_LOAD_DYLINKER");
    else if (l->dylinker && !load_dylinker(l))
        return;
    else if (!l->thread)
        refuse(l, XNU_FAILURE, "no thread");
    else if (l->min_offset < image->machine->page_zero)
        refuse(l, XNU_BADMACHO, "no page zero");
    else if (image->machine->signature_required && !l->signed_)
        refuse(l, XNU_UNSIGNED, "no code signature");
    else if (image->machine->cputype == XNU_ARM64 && !(image->flags & PIE))
        refuse(l, XNU_NOT_PIE, "no MH_PIE");
    else if (image->machine->cputype == XNU_ARM64 && (image->cpusubtype & 0xffffff) == 2 &&
             !(image->cpusubtype & 0x0f000000))
        refuse(l, XNU_UNDECIDED, "arm64e of the preview ABI, which only programs of the system may have");
    else
        l->start->answer = XNU_STARTS;
}

/* exec_mach_imgact() on an image; `fat` are cputype and subtype of the fat_arch that led here. */
void xnu_ask_image(const struct xnu_machine *machine, const uint8_t *bytes, size_t file_size, const uint32_t *fat,
                   struct xnu_start *start)
{
    const uint8_t *at = bytes + start->offset;
    struct load l = {.start = start};
    if (start->size < 32 || file_size - start->offset < 32 || xnu_u32(at) != 0xfeedfacf) {
        refuse(&l, XNU_NOT_MACHO, "no 64-bit Mach-O of this byte order");
        return;
    }
    const struct xnu_image image = {machine,          at,
                                    start->size,      start->offset,
                                    xnu_u32(at + 4),  xnu_u32(at + 8),
                                    xnu_u32(at + 12), xnu_u32(at + 16),
                                    xnu_u32(at + 20), xnu_u32(at + 24)};
    l.image = &image;
    if (fat && (fat[0] != image.cputype || fat[1] != image.cpusubtype)) {
        refuse(&l, XNU_BADARCH, "another CPU than the universal header says");
        return;
    }
    parse_machfile(&l, file_size - start->offset);
    if (start->answer == XNU_STARTS)
        dyld_ask(&image, start);
}
