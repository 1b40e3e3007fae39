/* Functions that choose other functions at the start of a static program. glibc's string functions are chosen so, for
 * the processor at hand: its start code calls the resolver that each record of one table names, and writes what comes
 * back to a slot (csu/libc-start.c, apply_irel; csu/static-reloc.c). No other C library for Linux does that in a static
 * program but bionic. Nothing but two symbols leads to the table, and sections may be gone or lie, so it is known by
 * its records: a place that is written, R_*_IRELATIVE, code. */
#include "formats/elf/marks.h"

#include <elf.h>

enum { RECORD = 24, IN_A_ROW = 3 };

/* Access of the last segment that maps the address: a later one replaces an earlier one. */
static unsigned access_at(const struct image *image, uint64_t address)
{
    for (size_t i = image->segments.count; i-- > 0;) {
        const struct segment *s = &image->segments.items[i];
        if (address >= s->address && address - s->address < s->memory_size)
            return s->access;
    }
    return 0;
}

static bool is_record(const struct image *image, const uint8_t *at, uint64_t type)
{
    return load_le64(at + 8) == type && access_at(image, load_le64(at)) & ACCESS_WRITE &&
           access_at(image, load_le64(at + 16)) & ACCESS_EXECUTE;
}

bool has_resolvers(const struct image *image, struct view v, uint64_t offset)
{
    const uint64_t type = image->arch == ARCH_AMD64 ? R_X86_64_IRELATIVE : R_AARCH64_IRELATIVE;
    for (size_t at = -offset & 7; at + RECORD * IN_A_ROW <= v.size; at += 8) {
        size_t found = 0;
        while (found < IN_A_ROW && is_record(image, v.data + at + found * RECORD, type))
            found++;
        if (found == IN_A_ROW)
            return true;
    }
    return false;
}
