/* What a loader goes by, and nothing else: program headers, notes, the dynamic table and relocations, without sections or
 * a look at what is loaded; and memory, address by address, as a second reader has it (tests/props/naive.h). */
#include <stdio.h>
#include <stdlib.h>

#include "formats/elf/elf.h"
#include "tests/fuzz/fuzz.h"
#include "tests/props/naive.h"

enum { HEADER = 64, SEGMENTS = 16 };

static void stop(const char *what)
{
    fprintf(stderr, "the two readers differ: %s\n", what);
    abort();
}

/* One address: bytes that are the file's stand where the second reader has them, and with that access. */
static void ask(const struct elf_view *view, const struct naive *naive, uint64_t address)
{
    uint8_t byte = 0;
    unsigned flags = 0;
    struct view v;
    enum naive_byte there = naive_at(naive, address, &byte, &flags);
    const struct piece *piece = exec_view_piece(view, address);
    if (piece && (address < piece->start || address >= piece->end))
        stop("a piece that is elsewhere");
    if (there != NAIVE_NOWHERE && !piece)
        stop("memory that is missing");
    if (there == NAIVE_BYTE && (!exec_view_bytes(view, address, 1, &v) || v.data[0] != byte))
        stop("a byte of memory");
    if (there == NAIVE_BYTE && piece->access != flags)
        stop("access to a byte");
    if (there == NAIVE_ZERO && exec_view_bytes(view, address, 1, &v) && v.data[0] != 0)
        stop("memory that is cleared");
}

static void ask_around(const struct elf_view *view, const struct naive *naive)
{
    for (size_t i = 0; i < view->phnum && i < SEGMENTS; i++) {
        const struct phdr *p = &view->phdrs[i];
        const uint64_t edges[] = {p->vaddr, p->vaddr + p->filesz, p->vaddr + p->memsz, p->vaddr & ~(uint64_t)4095};
        if (p->type != PT_LOAD)
            continue;
        for (size_t k = 0; k < sizeof edges / sizeof *edges; k++) {
            ask(view, naive, edges[k] - 1);
            ask(view, naive, edges[k]);
        }
    }
    ask(view, naive, view->entry);
}

static void read_it(struct file *file)
{
    const uint8_t *head = file->bytes;
    struct elf_extra extra = {
        .type = load_le16(head + 16), .machine = load_le16(head + 18), .phnum = load_le16(head + 56)};
    struct image image = {.file = file,
                          .size = file->size,
                          .format = FORMAT_ELF,
                          .os = OS_LINUX,
                          .arch = extra.machine == EM_X86_64 ? ARCH_AMD64 : ARCH_ARM64,
                          .bits = 64,
                          .kind = KIND_EXECUTABLE,
                          .judged = true,
                          .linkage = LINKAGE_UNKNOWN,
                          .elf = &extra};
    struct elf_view view = {.file = file,
                            .image = &image,
                            .extra = &extra,
                            .entry = load_le64(head + 24),
                            .phoff = load_le64(head + 32),
                            .phentsize = load_le16(head + 54),
                            .honest_ident = true};
    exec_view_headers(&view);
    read_notes(&view);
    read_dynamic(&view);
    read_relocations(&view);
    const char *difference = naive_differs(file->bytes, (size_t)file->size, &image);
    if (difference)
        stop(difference);
    struct naive naive;
    naive_read(file->bytes, (size_t)file->size, &naive);
    if (naive.starts && image.segments.known == KNOWN_COMPLETE)
        ask_around(&view, &naive);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned type = size < HEADER ? 0 : load_le16(data + 16), machine = type ? load_le16(data + 18) : 0;
    if ((type == ET_EXEC || type == ET_DYN) && (machine == EM_X86_64 || machine == EM_AARCH64))
        with_file(data, size, read_it);
    return 0;
}
