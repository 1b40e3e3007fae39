/* Can a PT_LOAD be mapped as it stands? Linux refuses some before the program starts, kills others at their start, and
 * puts up with more than others and other readers do (fs/binfmt_elf.c, load_elf_binary, elf_load; mm/util.c). */
#include "formats/elf/elf.h"

#include "formats/limits.h"

/* vm.mmap_min_addr of distributions (LSM_MMAP_MIN_ADDR), below which only root maps memory. */
static const uint64_t LOWEST_ADDRESS = 0x10000;

/* User addresses end a page below 2^47 on amd64 (four levels of page tables; five only for who asks)
 * and at 2^48 on arm64. */
uint64_t top_address(const struct elf_view *view)
{
    return view->extra->machine == EM_X86_64 ? (UINT64_C(1) << 47) - LIMIT_PAGE : UINT64_C(1) << 48;
}

const char *load_fault(const struct elf_view *view, const struct phdr *p)
{
    uint64_t top = top_address(view);
    if (p->filesz > p->memsz)
        return "p_filesz greater than p_memsz";
    if (p->memsz > UINT64_MAX - LIMIT_PAGE - p->vaddr || p->vaddr > UINT64_MAX - LIMIT_PAGE)
        return "an address range that wraps round";
    if (p->vaddr + p->memsz > top)
        return "addresses that no process has";
    if (p->filesz && !range_fits(view->image->size, p->offset, p->filesz))
        return "bytes past the end of the file";
    if (p->filesz && ((p->vaddr ^ p->offset) & (LIMIT_PAGE - 1)))
        return "p_vaddr and p_offset that differ within a page";
    return NULL;
}

/* Whole pages are mapped, the later over the earlier: what stands on a page of both loses access. Such programs, which
 * ld.lld -n makes, start, and die where they come to that page. */
static const char *page_taken(const struct phdr *before, const struct phdr *p)
{
    const unsigned lost = before->flags & ~p->flags;
    if (!p->memsz || page_start(p->vaddr) >= before->vaddr + before->memsz)
        return NULL;
    return lost & PF_X   ? "a page of the code of the one before it, and without PF_X"
           : lost & PF_W ? "a page of the data of the one before it, and without PF_W"
                         : NULL;
}

const char *load_oddity(const struct elf_view *view, const struct phdr *before, const struct phdr *p)
{
    uint64_t lowest = view->extra->type == ET_EXEC ? LOWEST_ADDRESS : 0;
    if (p->memsz && p->vaddr < lowest)
        return "addresses below vm.mmap_min_addr";
    if (p->memsz - p->filesz > MEMORY_MOST)
        return "more memory than machines have";
    if (p->align > top_address(view))
        return "p_align that leaves no address but 0";
    if (p->align & (p->align - 1))
        return "p_align that is no power of two";
    if ((p->flags & (PF_R | PF_W | PF_X)) == 0)
        return "no access at all";
    if (p->memsz > p->filesz && !(p->flags & PF_W) && p->filesz)
        return "bytes to clear in a segment that cannot be written";
    return before && !load_fault(view, before) ? page_taken(before, p) : NULL;
}
