/* Is a program that no loader starts one for Linux at all? Firmware, boot loaders, kernels and unikernels are ET_EXEC for the same
 * machines, with the same EI_OSABI, at addresses that a process may have as well. What tells is the code: a program of Linux cannot
 * even end without a system call, and whatever runs without a kernel below it has none, and may do at once what only a kernel may
 * (Arm ARM C5.1.3, "op0, op1": registers whose op1 is not 3 are not for EL0; Linux arch/arm64/kernel/cpufeature.c lends it those of
 * the ID space). Loaders of kernels look for headers in the file (Multiboot Specification 3.1.1, Multiboot2 Specification 3.1.2). */
#include <string.h>

#include "formats/elf/elf.h"

enum { FROM_START = 64 /* instructions that are followed from the entry on */ };

/* SYSCALL, or INT 0x80, which Linux takes from 64-bit code as well. */
static bool has_call_amd64(struct view v)
{
    return view_find(v, 0, "\x0f\x05", 2) >= 0 || view_find(v, 0, "\xcd\x80", 2) >= 0;
}

/* SVC, with any number. */
static bool has_call_arm64(struct view v, uint64_t address)
{
    for (size_t i = (0 - address) & 3; i + 4 <= v.size; i += 4)
        if ((load_le32(v.data + i) & 0xffe0001f) == 0xd4000001)
            return true;
    return false;
}

/* Of the memory that the code is in, as the kernel makes it. False only where all of it was looked at. */
static bool calls_kernel(const struct elf_view *view)
{
    struct view v;
    uint64_t left = view->image->size; /* segments that name the same bytes again and again are not followed */
    for (size_t i = 0; i < view->piece_count; i++) {
        const struct piece *p = &view->pieces[i];
        const uint64_t size = p->end - p->start;
        if (p->zero || !(p->access & ACCESS_EXECUTE))
            continue;
        if (size > left || !image_view(view->image, p->offset, size, &v))
            return true;
        left -= size;
        if (view->image->arch == ARCH_AMD64 ? has_call_amd64(v) : has_call_arm64(v, p->start))
            return true;
    }
    return false;
}

/* What ends a process that does it: ERET, HVC, SMC, MSR and MRS of a register that is not for EL0, MSR of SPSel, PAN, UAO, DAIF. */
static bool is_privileged(uint32_t word)
{
    unsigned op1 = word >> 16 & 7, op2 = word >> 5 & 7;
    if (word == 0xd69f03e0 || (word & 0xffe0001f) == 0xd4000002 || (word & 0xffe0001f) == 0xd4000003)
        return true;
    if ((word & 0xfff8f01f) == 0xd500401f)
        return (op1 == 0 && op2 >= 3) || (op1 == 3 && op2 >= 6);
    bool id_space = (word & 0xfffff000) == 0xd5380000;
    return (word & 0xffd00000) == 0xd5100000 && op1 != 3 && !id_space;
}

/* B and BL. */
static bool is_branch(uint32_t word)
{
    return (word & 0x7c000000) == 0x14000000;
}

static int64_t distance(uint32_t word)
{
    int64_t words = word & 0x3ffffff;
    return (words - (word & 0x2000000 ? 0x4000000 : 0)) * 4;
}

/* B.cond, CBZ, TBZ, BR, BLR, RET, SVC, BRK: what follows need not run. */
static bool may_leave(uint32_t word)
{
    return (word & 0xff000000) == 0x54000000 || (word & 0x7c000000) == 0x34000000 || word >> 25 == 0x6b ||
           (word & 0xff000000) == 0xd4000000;
}

/* The line that every start of the program runs along. */
static bool starts_privileged(const struct elf_view *view)
{
    uint64_t address = view->image->entry.address;
    struct view v;
    for (unsigned i = 0; i < FROM_START; i++) {
        if (address % 4 || !exec_view_bytes(view, address, 4, &v))
            return false;
        uint32_t word = load_le32(v.data);
        if (is_privileged(word))
            return true;
        if (may_leave(word))
            return false;
        address += is_branch(word) ? (uint64_t)distance(word) : 4;
    }
    return false;
}

/* Words that add up to nothing behind the magic of one of them. */
static bool has_multiboot(const struct image *image)
{
    enum { FIRST_AREA = 8192, SECOND_AREA = 32768, FIRST = 0x1badb002 };
    const uint32_t second = 0xe85250d6;
    struct view v;
    if (!image_view(image, 0, image->size < SECOND_AREA ? image->size : SECOND_AREA, &v))
        return false;
    for (size_t i = 0; i + 16 <= v.size; i += 4) {
        uint32_t word[4];
        for (size_t k = 0; k < 4; k++)
            word[k] = load_le32(v.data + i + k * 4);
        if ((word[0] == FIRST && i + 12 <= FIRST_AREA && word[0] + word[1] + word[2] == 0) ||
            (word[0] == second && word[0] + word[1] + word[2] + word[3] == 0))
            return true;
    }
    return false;
}

void read_kernel_calls(struct elf_view *view)
{
    struct image *image = view->image;
    bool is_static = image->linkage == LINKAGE_STATIC || image->linkage == LINKAGE_STATIC_PIE;
    if (image->os != OS_LINUX || image->kind != KIND_EXECUTABLE || !is_static ||
        image->segments.known != KNOWN_COMPLETE)
        return;
    if (!calls_kernel(view))
        view->extra->no_process = "no instruction of it calls a kernel";
    else if (image->arch == ARCH_ARM64 && starts_privileged(view))
        view->extra->no_process = "its first instructions are those of a kernel";
    else if (image->arch == ARCH_AMD64 && has_multiboot(image))
        view->extra->no_process = "it has the Multiboot header of a kernel";
    if (view->extra->no_process)
        image->os = OS_UNKNOWN;
}
