/* What dyld goes by, once the kernel has started it: UnsafeHeader::valid() of dyld-1378, and the dylibs that it loads.
 * Where a rule hangs on the SDK that a program was built with (mach_o/Policy.h), the stricter one stands here: this
 * second reading is asked whether the reader had a reason to complain. */
#include "tests/oracle/xnu.h"

#include <string.h>

enum { SEGMENT_64 = 0x19, SECTION_SIZE = 80, SEGMENTS = 64 };
static const uint32_t LC_REQ_DYLD = 0x80000000;

struct dyld {
    const struct xnu_image *image;
    struct xnu_start *start;
    unsigned uuids, ids, threads, mains;
    uint32_t sdk; /* of macOS, by the last command that names it */
    bool text;
    size_t segment_count;
    const uint8_t *segments[SEGMENTS];
    size_t path_count;
    const char *paths[SEGMENTS]; /* of LC_RPATH */
};

/* Commands whose size is given (validStructureLoadCommands). */
static const struct sized {
    uint32_t type, size;
} sized[] = {{0x2, 24},  {0xb, 80},  {0x1e, 16},       {0x36, 16},       {0x26, 16}, {0x80000033, 16}, {0x80000034, 16},
             {0x21, 20}, {0x2c, 24}, {0x22, 48},       {0x80000022, 48}, {0x24, 16}, {0x25, 16},       {0x2f, 16},
             {0x30, 16}, {0x1b, 24}, {0x80000028, 24}, {0x37, 16},       {0x38, 16}};
/* Commands with a string whose offset stands at 8. */
static const uint32_t strings[] = {0xc,        0xd,  0x80000018, 0x8000001f, 0x80000023,
                                   0x8000001c, 0x13, 0x14,       0x15,       0x80000035};
static const uint32_t dylibs[] = {0xc, 0x80000018, 0x8000001f, 0x80000023};

static bool is_in(const uint32_t *list, size_t count, uint32_t type)
{
    for (size_t i = 0; i < count; i++)
        if (list[i] == type)
            return true;
    return false;
}
#define IS_IN(list, type) is_in(list, sizeof(list) / sizeof *(list), type)

/* By a rule that hangs on the SDK. */
static bool refuse_new(struct dyld *d, const char *why)
{
    if (!d->start->dyld_refuses)
        d->start->dyld_refuses = why;
    return false;
}

static bool refuse(struct dyld *d, const char *why)
{
    if (!d->start->dyld_always)
        d->start->dyld_always = why;
    return refuse_new(d, why);
}

static const char *string_of(const uint8_t *c, uint32_t cmdsize)
{
    uint32_t at = cmdsize >= 12 ? xnu_u32(c + 8) : UINT32_MAX;
    return at < cmdsize && memchr(c + at, 0, cmdsize - at) ? (const char *)c + at : NULL;
}

static bool check_structure(struct dyld *d, const uint8_t *c, uint32_t type, uint32_t cmdsize)
{
    for (size_t i = 0; i < sizeof sized / sizeof *sized; i++)
        if (sized[i].type == type)
            return cmdsize == sized[i].size || refuse(d, "a command of another size");
    if (IS_IN(strings, type))
        return string_of(c, cmdsize) || refuse(d, "a string outside its command");
    if (type == 0x32)
        return (cmdsize >= 24 && cmdsize == 24 + (uint64_t)xnu_u32(c + 20) * 8) ||
               refuse(d, "tools outside their command");
    if (type == SEGMENT_64)
        return (cmdsize >= 72 && cmdsize == 72 + (uint64_t)xnu_u32(c + 64) * SECTION_SIZE) ||
               refuse(d, "sections that do not fill their command");
    return !(type & LC_REQ_DYLD) || refuse(d, "an unknown command with LC_REQ_DYLD");
}

static bool check_segment(struct dyld *d, const uint8_t *c)
{
    uint64_t vmaddr = xnu_u64(c + 24), vmsize = xnu_u64(c + 32), fileoff = xnu_u64(c + 40), filesize = xnu_u64(c + 48);
    uint32_t initprot = xnu_u32(c + 60), sections = xnu_u32(c + 64);
    const char *name = (const char *)c + 8;
    if (fileoff + filesize < fileoff || fileoff + filesize > d->image->size)
        return refuse(d, "bytes of a segment outside the image");
    if (filesize > vmsize)
        return (vmsize == 0 && initprot == 0) || refuse(d, "more bytes than memory");
    if (initprot & ~UINT32_C(7))
        return refuse(d, "unknown bits of initprot");
    if (strncmp(name, "__TEXT", 16) == 0 && initprot != 5)
        return refuse_new(d, "__TEXT that is not r-x");
    if (strncmp(name, "__LINKEDIT", 16) == 0 && initprot != 1)
        return refuse_new(d, "__LINKEDIT that is not r--");
    if ((strncmp(name, "__DATA", 16) == 0 || strncmp(name, "__DATA_CONST", 16) == 0) && initprot != 3)
        return refuse_new(d, "__DATA that is not rw-");
    if (vmaddr + vmsize < vmaddr)
        return refuse(d, "addresses that wrap");
    for (uint32_t i = 0; i < sections; i++) {
        const uint8_t *s = c + 72 + i * SECTION_SIZE;
        uint64_t address = xnu_u64(s + 32), size = xnu_u64(s + 40);
        if (size >> 63 || address < vmaddr || address + size > vmaddr + vmsize)
            return refuse(d, "a section outside its segment");
    }
    return true;
}

static bool overlap(const uint8_t *a, const uint8_t *b, size_t start, size_t size)
{
    uint64_t x = xnu_u64(a + start), x_end = x + xnu_u64(a + size), y = xnu_u64(b + start),
             y_end = y + xnu_u64(b + size);
    return y < x_end && y_end > x;
}

static bool check_segments(struct dyld *d)
{
    for (size_t i = 0; i < d->segment_count; i++)
        for (size_t k = 0; k < i; k++) {
            const uint8_t *a = d->segments[i], *b = d->segments[k];
            bool empty = !xnu_u64(a + 48) || !xnu_u64(b + 48) || !xnu_u64(a + 32) || !xnu_u64(b + 32);
            if (overlap(a, b, 24, 32) || overlap(a, b, 40, 48)) /* dyld counts empty ranges, too: no harm is in those */
                return empty ? refuse_new(d, "an empty segment inside another") : refuse(d, "segments that overlap");
            if (strncmp((const char *)a + 8, (const char *)b + 8, 16) == 0)
                return refuse_new(d, "two segments of one name");
        }
    for (size_t i = 1; i + 1 < d->segment_count; i++) {
        const uint8_t *a = d->segments[i - 1], *b = d->segments[i];
        if ((xnu_u64(b + 40) < xnu_u64(a + 40) && xnu_u64(b + 48)) || xnu_u64(b + 24) < xnu_u64(a + 24))
            return refuse_new(d, "segments out of order");
    }
    return d->text || refuse(d, "no __TEXT that holds the load commands");
}

static void take_segment(struct dyld *d, const uint8_t *c)
{
    if (d->segment_count == SEGMENTS)
        return;
    d->segments[d->segment_count++] = c;
    uint64_t commands = 32 + (uint64_t)d->image->sizeofcmds;
    if (strncmp((const char *)c + 8, "__TEXT", 16) == 0)
        d->text = xnu_u64(c + 40) == 0 && xnu_u64(c + 48) >= commands && xnu_u64(c + 32) >= commands;
}

static void take_command(struct dyld *d, const uint8_t *c, uint32_t type, uint32_t cmdsize)
{
    const char *name = string_of(c, cmdsize);
    if (IS_IN(dylibs, type) && name && d->start->dylib_count < XNU_DYLIBS)
        d->start->dylibs[d->start->dylib_count++] = name;
    if (type == 0x8000001c && name && d->path_count < SEGMENTS)
        d->paths[d->path_count++] = name;
    if (type == 0x32 && xnu_u32(c + 8) == 1)
        d->sdk = xnu_u32(c + 16);
    if (type == 0x24)
        d->sdk = xnu_u32(c + 12) ? xnu_u32(c + 12) : xnu_u32(c + 8);
    d->uuids += type == 0x1b;
    d->ids += type == 0xd;
    d->mains += type == 0x80000028;
    d->threads += type == 5;
    if (type == 5 && (cmdsize < 16 || xnu_u32(c + 8) != (d->image->cputype == XNU_X86_64 ? 4u : 6u)))
        (void)refuse(d, "a thread state of another kind");
    if (check_structure(d, c, type, cmdsize) && type == SEGMENT_64) {
        (void)check_segment(d, c);
        take_segment(d, c);
    }
}

static bool has_twins(const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < i; k++)
            if (strcmp(names[i], names[k]) == 0)
                return true;
    return false;
}

void dyld_ask(const struct xnu_image *image, struct xnu_start *start)
{
    struct dyld d = {.image = image, .start = start};
    uint64_t at = 32;
    for (uint32_t i = 0; i < image->ncmds; i++) { /* the kernel has walked them already */
        const uint8_t *c = image->bytes + at;
        take_command(&d, c, xnu_u32(c), xnu_u32(c + 4));
        at += xnu_u32(c + 4);
    }
    if (has_twins(start->dylibs, start->dylib_count) || has_twins(d.paths, d.path_count))
        (void)refuse_new(&d, "a library, or an LC_RPATH, that is named twice");
    if (!start->dylinker)
        start->dylib_count = 0; /* a static program: dyld is not there, and only its view of the format counts */
    else if (start->dylib_count == 0) {
        start->dylibs[start->dylib_count++] = "/usr/lib/libSystem.B.dylib"; /* a program must link with something */
        if (d.sdk >= 0x000f0400)                                            /* and one for macOS 15.4 must say so */
            (void)refuse_new(&d, "no library that it links with");
    }
    if (d.uuids > 1)
        (void)refuse(&d, "two LC_UUID");
    if (d.uuids == 0 && d.sdk >= 0x001a0000)
        (void)refuse_new(&d, "no LC_UUID");
    if (d.ids)
        (void)refuse(&d, "LC_ID_DYLIB in a program");
    if (image->flags & UINT32_C(0x80000000))
        (void)refuse_new(&d, "a program with MH_DYLIB_IN_CACHE");
    if (d.mains + d.threads != 1)
        (void)refuse(&d, "no entry, or two");
    (void)check_segments(&d);
}
