#include "tests/props/naive.h"

#include <elf.h>
#include <string.h>

enum { MOST_PHDRS = 1170, MOST_PATH = 4096, PAGE = 4096, MOST_COMPARED = 64, MOST_ENTRIES = 512 };

static uint64_t number(const struct naive *n, uint64_t at, size_t width)
{
    uint64_t value = 0;
    for (size_t i = width; i-- > 0;)
        value = value << 8 | n->bytes[at + i];
    return value;
}

static bool inside(const struct naive *n, uint64_t at, uint64_t size)
{
    return at <= n->size && size <= n->size - at;
}

/* Of PT_INTERP the first counts, of the others the last. */
static void read_headers(struct naive *n)
{
    bool interp = false;
    for (size_t i = 0; i < n->phnum; i++) {
        uint64_t at = n->phoff + i * 56, offset = number(n, at + 8, 8), filesz = number(n, at + 32, 8);
        switch (number(n, at, 4)) {
        case PT_INTERP:
            if (interp)
                break;
            interp = true;
            if (filesz < 2 || filesz > MOST_PATH || !inside(n, offset, filesz) || n->bytes[offset + filesz - 1] != 0) {
                n->starts = false;
                break;
            }
            n->interp = (size_t)offset;
            n->interp_size = (size_t)filesz;
            break;
        case PT_GNU_STACK:
            n->has_stack = true;
            n->stack_flags = (unsigned)number(n, at + 4, 4) & 7;
            break;
        case PT_DYNAMIC:
            n->has_dynamic = true;
            n->dynamic = number(n, at + 16, 8);
            break;
        case PT_GNU_RELRO:
            n->has_relro = true;
            n->relro = number(n, at + 16, 8);
            n->relro_size = number(n, at + 40, 8);
            break;
        default:
            break;
        }
    }
}

void naive_read(const uint8_t *bytes, size_t size, struct naive *n)
{
    *n = (struct naive){.bytes = bytes, .size = size};
    if (size < 64 || memcmp(bytes, "\177ELF", 4) != 0)
        return;
    uint64_t type = number(n, 16, 2), machine = number(n, 18, 2), phoff = number(n, 32, 8), phnum = number(n, 56, 2);
    if ((type != ET_EXEC && type != ET_DYN) || (machine != EM_X86_64 && machine != EM_AARCH64))
        return;
    if (number(n, 54, 2) != 56 || phnum < 1 || phnum > MOST_PHDRS || !inside(n, phoff, phnum * 56))
        return;
    n->starts = true;
    n->phoff = (size_t)phoff;
    n->phnum = (size_t)phnum;
    read_headers(n);
}

/* Later segments replace earlier ones, page by page; behind p_filesz the kernel clears what p_memsz has more, on the last
 * page of bytes only where it can be written. */
enum naive_byte naive_at(const struct naive *n, uint64_t address, uint8_t *byte, unsigned *flags)
{
    for (size_t i = n->phnum; i-- > 0;) {
        uint64_t at = n->phoff + i * 56, offset = number(n, at + 8, 8), vaddr = number(n, at + 16, 8),
                 filesz = number(n, at + 32, 8), memsz = number(n, at + 40, 8);
        uint64_t first = vaddr & ~(uint64_t)(PAGE - 1), end = (vaddr + memsz + PAGE - 1) & ~(uint64_t)(PAGE - 1);
        if (number(n, at, 4) != PT_LOAD || memsz == 0 || address < first || address >= end)
            continue;
        uint64_t place = (offset & ~(uint64_t)(PAGE - 1)) + (address - first);
        uint64_t bytes_end = vaddr + filesz;
        *flags = (unsigned)number(n, at + 4, 4) & 7;
        if (!(*flags & PF_W)) /* the rest of that page cannot be cleared, and keeps what the file has there */
            bytes_end = (bytes_end + PAGE - 1) & ~(uint64_t)(PAGE - 1);
        bool cleared = memsz > filesz && (filesz == 0 || address >= bytes_end);
        if (!cleared && place >= n->size) /* zeros to the end of the page that the file ends in; nothing behind it */
            return place / PAGE == (n->size - 1) / PAGE ? NAIVE_ZERO : NAIVE_NOWHERE;
        *byte = cleared ? 0 : n->bytes[place];
        return cleared ? NAIVE_ZERO : NAIVE_BYTE;
    }
    return NAIVE_NOWHERE;
}

static bool word_at(const struct naive *n, uint64_t address, uint64_t *value)
{
    unsigned flags;
    uint8_t byte;
    *value = 0;
    for (unsigned i = 0; i < 8; i++) {
        if (naive_at(n, address + i, &byte, &flags) != NAIVE_BYTE)
            return false;
        *value |= (uint64_t)byte << 8 * i;
    }
    return true;
}

static bool text_is(const struct naive *n, uint64_t address, const char *text)
{
    unsigned flags;
    uint8_t byte;
    for (size_t i = 0;; i++) {
        if (naive_at(n, address + i, &byte, &flags) != NAIVE_BYTE || byte != (uint8_t)text[i])
            return false;
        if (byte == 0)
            return true;
    }
}

static uint64_t last_value(const struct naive *n, size_t entries, uint64_t wanted)
{
    uint64_t tag, value, last = 0;
    for (size_t i = 0; i < entries; i++)
        if (word_at(n, n->dynamic + i * 16, &tag) && tag == wanted && word_at(n, n->dynamic + i * 16 + 8, &value))
            last = value;
    return last;
}

/* The libraries, of a table that the model read to its end. */
static const char *compare_needed(const struct naive *n, const struct image *image)
{
    size_t entries = 0, found = 0;
    uint64_t tag = 1, value;
    while (entries < MOST_ENTRIES && word_at(n, n->dynamic + entries * 16, &tag) && tag != DT_NULL)
        entries++;
    if (entries == MOST_ENTRIES)
        return NULL;
    if (tag != DT_NULL)
        return "the dynamic table has no end";
    uint64_t strings = last_value(n, entries, DT_STRTAB);
    for (size_t i = 0; i < entries; i++) {
        if (!word_at(n, n->dynamic + i * 16, &tag) || tag != DT_NEEDED || !word_at(n, n->dynamic + i * 16 + 8, &value))
            continue;
        while (found < image->needed.count && image->needed.items[found].detail != DEPENDENCY_NEEDED)
            found++;
        if (found == image->needed.count)
            return "a DT_NEEDED that the model has not";
        if (!text_is(n, strings + value, image->needed.items[found++].text))
            return "another text of DT_NEEDED";
    }
    while (found < image->needed.count && image->needed.items[found].detail != DEPENDENCY_NEEDED)
        found++;
    return found < image->needed.count ? "a DT_NEEDED that is not there" : NULL;
}

static const char *compare_memory(const struct naive *n, const struct image *image)
{
    unsigned flags = 0;
    uint8_t byte;
    uint64_t entry = number(n, 24, 8);
    bool in_code = naive_at(n, entry, &byte, &flags) == NAIVE_BYTE && flags & PF_X;
    if (image->entry.known == KNOWN_COMPLETE && image->entry.in_code != in_code)
        return "whether the entry is in code";
    if (image->needed.known == KNOWN_ABSENT && n->has_dynamic)
        return "a dynamic table";
    return image->needed.known == KNOWN_COMPLETE ? compare_needed(n, image) : NULL;
}

static const char *compare_interpreter(const struct naive *n, const struct image *image)
{
    if (n->interp_size == 0)
        return n->starts && image->interpreter_known == KNOWN_COMPLETE ? "an interpreter that is not there" : NULL;
    if (image->linkage == LINKAGE_STATIC || image->linkage == LINKAGE_STATIC_PIE)
        return "static, and Linux starts an interpreter";
    if (image->kind == KIND_DEBUG_FILE)
        return NULL;
    if (image->interpreter_known != KNOWN_COMPLETE)
        return "no interpreter, and Linux starts one";
    return strcmp(image->interpreter.text, (const char *)n->bytes + n->interp) == 0 ? NULL : "another interpreter";
}

const char *naive_differs(const uint8_t *bytes, size_t size, const struct image *image)
{
    struct naive n;
    naive_read(bytes, size, &n);
    if (!n.starts)
        return NULL;
    const char *difference = compare_interpreter(&n, image);
    if (difference || image->kind == KIND_DEBUG_FILE)
        return difference;
    if (image->elf->has_gnu_stack != n.has_stack || image->elf->gnu_stack_access != n.stack_flags)
        return "PT_GNU_STACK";
    if (image->elf->has_relro != n.has_relro || image->elf->relro_address != n.relro ||
        image->elf->relro_size != n.relro_size)
        return "PT_GNU_RELRO";
    return image->segments.known == KNOWN_COMPLETE && n.phnum <= MOST_COMPARED ? compare_memory(&n, image) : NULL;
}
