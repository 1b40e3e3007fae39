/* Universal files, as exec_fat_imgact() and fatfile_validate_fatarches() take them. */
#include "tests/oracle/xnu.h"

#include <string.h>

static void refuse(struct xnu_start *start, enum xnu_answer answer, const char *why)
{
    start->answer = answer;
    start->why = why;
}

static uint32_t be32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | (uint32_t)at[3];
}

/* fatfile_validate_fatarches(): the kernel has read one page, and zeros where the file is shorter. */
static const char *fat_fault(const uint8_t *table, uint32_t count, uint64_t file_size)
{
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *a = table + i * 20;
        uint64_t begin = be32(a + 8), end = begin + be32(a + 12);
        if (begin < 8 + (uint64_t)count * 20)
            return "a slice over the universal header";
        if (end > UINT32_MAX || end > file_size)
            return "a slice outside the file";
        for (uint32_t j = i + 1; j < count; j++) {
            const uint8_t *b = table + j * 20;
            uint64_t other = be32(b + 8), other_end = other + be32(b + 12);
            if (memcmp(a, b, 8) == 0)
                return "two slices for one CPU";
            if (other_end > UINT32_MAX)
                return "a slice outside the file";
            if (begin <= other ? end > other : begin < other_end)
                return "slices that overlap";
        }
    }
    return NULL;
}

static int grade(const struct xnu_machine *machine, uint32_t cputype, uint32_t subtype)
{
    if (!xnu_is_graded(machine, cputype, subtype))
        return 0;
    subtype &= 0xffffff;
    return cputype == XNU_X86_64 ? (subtype == 8 ? 3 : 2) : (int)(9 + subtype);
}

static void ask_universal(const struct xnu_machine *machine, const uint8_t *bytes, size_t size, struct xnu_start *start)
{
    uint8_t page[0x4000] = {0};
    memcpy(page, bytes, size < machine->page ? size : machine->page);
    uint32_t count = be32(page + 4), fat[2] = {0};
    if (count > (machine->page - 8) / 20) {
        refuse(start, XNU_BADMACHO, "more slices than a page holds");
        return;
    }
    const char *fault = fat_fault(page + 8, count, size);
    if (fault) {
        refuse(start, XNU_BADMACHO, fault);
        return;
    }
    int best = 0;
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *a = page + 8 + i * 20;
        if (grade(machine, be32(a), be32(a + 4)) <= best)
            continue;
        best = grade(machine, be32(a), be32(a + 4));
        start->offset = be32(a + 8);
        start->size = be32(a + 12);
        fat[0] = be32(a);
        fat[1] = be32(a + 4);
    }
    if (best == 0)
        refuse(start, XNU_BADARCH, "no slice for this CPU");
    else
        xnu_ask_image(machine, bytes, size, fat, start);
}

void xnu_ask(const struct xnu_machine *machine, const uint8_t *bytes, size_t size, struct xnu_start *start)
{
    *start = (struct xnu_start){.answer = XNU_NOT_MACHO, .size = size};
    if (size >= 8 && be32(bytes) == 0xcafebabe)
        ask_universal(machine, bytes, size, start);
    else if (size >= 32)
        xnu_ask_image(machine, bytes, size, NULL, start);
}
