#include "checks/code/disassembly.h"

#include "checks/code/capstone_words.h"
#include "checks/code/x86.h"

enum { LONGEST = 15, WORD = 4 };

/* Bytes of the file at a virtual address, at most LONGEST; how many. */
static size_t bytes_at(const struct image *image, uint64_t address, struct view *view)
{
    uint64_t offset;
    if (!image_address(image, address, &offset) || offset < image->offset)
        return 0;
    uint64_t left = image->size - (offset - image->offset);
    if (!image_view(image, offset - image->offset, left < LONGEST ? left : LONGEST, view))
        return 0;
    return (size_t)view->size;
}

static void write_digits(char *to, const uint8_t *bytes, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < size; i++) {
        to[2 * i] = digits[bytes[i] >> 4];
        to[2 * i + 1] = digits[bytes[i] & 15];
    }
    to[2 * size] = 0;
}

void disassembly_parts(struct arena *arena, bool amd64, const uint8_t *bytes, size_t size, uint64_t address,
                       const char **digits, const char **words)
{
    char *hex = arena_alloc(arena, 2 * size + 1);
    const char *text = capstone_words(arena, amd64, bytes, size, address);
    write_digits(hex, bytes, size);
    *digits = hex;
    *words = *text == ' ' ? text + 1 : text;
}

const char *disassembly(const struct image *image, struct arena *arena, uint64_t address)
{
    struct view view = {0};
    struct x86_insn insn;
    char hex[2 * LONGEST + 1];
    bool amd64 = image->arch == ARCH_AMD64;
    size_t size = bytes_at(image, address, &view);
    if (amd64 && size)
        size = x86_decode(view.data, size, &insn);
    else if (size > WORD)
        size = WORD;
    write_digits(hex, view.data, size);
    return size ? arena_print(arena, "%s%s", hex, capstone_words(arena, amd64, view.data, size, address)) : "";
}
