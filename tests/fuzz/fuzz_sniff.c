/* The first look at a file, which the process without a jail takes at what it finds in a tree: no program is passed over.
 * The first two bytes are the size of the file beyond what is seen of it. */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "formats/bytes.h"

static bool begins(struct view v, const char *magic, size_t size)
{
    return v.size >= size && memcmp(v.data, magic, size) == 0;
}

/* Whether some entry of a universal header names a judged CPU and bytes that are there; of more entries than fit in a page
 * of 4 KiB XNU takes none. */
static bool has_slice(struct view v, uint64_t size)
{
    uint64_t count = load_be32(v.data + 4);
    for (uint64_t i = 0, at = 8; count <= (4096 - 8) / 20 && i < count && at + 20 <= v.size; i++, at += 20) {
        uint64_t cpu = load_be32(v.data + at), offset = load_be32(v.data + at + 8), n = load_be32(v.data + at + 12);
        if ((cpu == 0x01000007 || cpu == 0x0100000c) && n >= 28 && offset + n <= size)
            return true;
    }
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    struct view head = {data + 2, size - 2 < SNIFF_SIZE ? size - 2 : SNIFF_SIZE};
    uint64_t whole = head.size + load_le16(data);
    struct sniff found = sniff(head, whole);
    bool elf = begins(head, "\177ELF", 4);
    bool thin = begins(head, "\317\372\355\376", 4) || begins(head, "\316\372\355\376", 4) ||
                begins(head, "\376\355\372\317", 4) || begins(head, "\376\355\372\316", 4);
    bool universal = begins(head, "\312\376\272\277", 4) || begins(head, "\276\272\376\312", 4) ||
                     begins(head, "\277\272\376\312", 4);
    bool either = begins(head, "\312\376\272\276", 4);
    if ((found.container == CONTAINER_ELF) != elf || (found.container == CONTAINER_MACHO) != thin)
        abort();
    if (universal && found.container != CONTAINER_UNIVERSAL)
        abort();
    if (either && head.size >= 8 && has_slice(head, whole) && found.container != CONTAINER_UNIVERSAL)
        abort();
    if (found.container == CONTAINER_UNIVERSAL && !universal && !either)
        abort();
    if (found.container != CONTAINER_UNKNOWN && !found.program)
        abort();
    if ((begins(head, "MZ", 2) || begins(head, "!<arch>\n", 8) || begins(head, "\0asm", 4)) && !found.program)
        abort();
    if (!found.machine || (whole == 0) != (found.kind == KIND_EMPTY))
        abort();
    if ((elf || either || begins(head, "\317\372\355\376", 4)) && !range_recognise(head))
        abort();
    (void)dwarf_begins(head);
    return 0;
}
