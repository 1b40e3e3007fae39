/* Does the program load on every page size its machine has? Kernels for arm64 use pages
 * of 4, 16 or 64 KiB, and a segment can be mapped only where address and file offset
 * agree within a page: Linux kills a program linked for 4 KiB on a kernel with larger
 * pages (Raspberry Pi 5: 16 KiB, RHEL 8: 64 KiB, Asahi: 16 KiB). Android has 4 or 16 KiB, for which
 * its NDK links since r28. macOS has 16 KiB on arm64, and 4 KiB, like Linux, on amd64. */
#include "checks/common.h"

enum { PAGE_4K = 0x1000, PAGE_16K = 0x4000, PAGE_64K = 0x10000 };

/* The largest of the three page sizes that the segment can be mapped with; 0: none. */
static uint64_t page_of(const struct image *image, const struct segment *s)
{
    static const uint64_t sizes[] = {PAGE_64K, PAGE_16K, PAGE_4K};
    bool elf = image->format == FORMAT_ELF, strict = elf && image->arch == ARCH_ARM64;
    uint64_t apart = elf ? s->address ^ s->offset : s->address | (s->offset - image->offset);
    if (s->file_size == 0)
        apart = elf ? 0 : s->address;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        if (apart % sizes[i] == 0 && (!strict || s->align >= sizes[i]))
            return sizes[i];
    return 0;
}

static void check(const struct subject *subject, struct finding *f)
{
    const struct image *image = subject->image;
    bool elf = image->format == FORMAT_ELF;
    uint64_t most = elf && image->os != OS_ANDROID ? PAGE_64K : PAGE_16K;
    uint64_t want = image->arch != ARCH_ARM64 ? PAGE_4K : most, least = want;
    const char *expected = want == PAGE_4K    ? "address and file offset equal modulo 0x1000"
                           : want == PAGE_64K ? "p_align 0x10000, and p_vaddr and p_offset equal modulo it"
                           : elf              ? "p_align 0x4000, and p_vaddr and p_offset equal modulo it"
                                              : "address and file offset multiples of 0x4000";
    for (size_t i = 0; i < image->segments.count; i++) {
        const struct segment *s = &image->segments.items[i];
        uint64_t page = s->memory_size ? page_of(image, s) : want;
        if (page < least)
            least = page;
        if (page < want)
            evidence(f, s->header_offset, expected, "address %#llx, offset %#llx, alignment %#llx",
                     (unsigned long long)s->address, (unsigned long long)s->offset, (unsigned long long)s->align);
    }
    if (least == 0)
        fail(f, "a segment fits no page size: it cannot be mapped page by page");
    else if (least < want)
        fail(f, "can be mapped on pages of at most %llu KiB; kernels for %s have up to %llu KiB",
             (unsigned long long)least / 1024, arch_name(image->arch), (unsigned long long)want / 1024);
    else if (image->segments.known != KNOWN_COMPLETE)
        unknown(f, "the segments cannot be read to their end");
    else
        pass(f, "all segments can be mapped on pages of %llu KiB", (unsigned long long)want / 1024);
}

const struct rule rule_platform_page_alignment = {
    .id = "platform/page-alignment",
    .level = LEVEL_WARNING,
    .applies = APPLIES_ELF | APPLIES_MACHO | APPLIES_LOADABLE,
    .title = "Segments fit every page size of arm64",
    .why = "arm64 machines run with pages of 4, 16 or 64 KiB: Apple silicon and Raspberry Pi 5 use 16 KiB, some "
           "servers 64. A program aligned for 4 KiB works on the machine it was tested on and is killed at its start "
           "on the others, with no message that names the cause.",
    .fix = {.go = "the Go linker aligns to 64 KiB by itself; with cgo see C",
            .c = "-Wl,-z,max-page-size=65536 (the default of GNU ld and lld for aarch64)",
            .rust = "-C link-arg=-Wl,-z,max-page-size=65536; for jemalloc set JEMALLOC_SYS_WITH_LG_PAGE=16"},
    .refs = {"Arm, ELF for the Arm 64-bit Architecture (AAELF64), Program headers", "Linux fs/binfmt_elf.c: elf_map",
             "Linux arch/arm64/Kconfig: ARM64_PAGE_SHIFT", "XNU osfmk/mach/arm/vm_param.h"},
    .example = {.fails = "platform-page-alignment", .passes = "elf-static-clean"},
    .check = check,
};
