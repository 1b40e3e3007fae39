#include "checks/code/imports.h"

#include <string.h>

enum { SHT_RELA = 4, SHT_DYNSYM = 11, SYM = 24, RELA = 24, R_AARCH64_GLOB_DAT = 1025, R_AARCH64_JUMP_SLOT = 1026 };

static bool section_bytes(const struct image *image, const struct section *section, struct view *view)
{
    return section && section->has_bytes && section->offset >= image->offset &&
           image_view(image, section->offset - image->offset, section->size, view);
}

static bool names_getauxval(struct view strings, uint32_t name)
{
    static const char *const names[] = {"getauxval", "__getauxval"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct view text;
        size_t size = strlen(names[i]) + 1;
        if (view_sub(strings, name, size, &text) && memcmp(text.data, names[i], size) == 0)
            return true;
    }
    return false;
}

static void take(struct view relocations, struct view symbols, struct view strings, struct map *map)
{
    for (uint64_t at = 0; at + RELA <= relocations.size && map->asking_count < MAP_ASKING; at += RELA) {
        const uint8_t *p = relocations.data + at;
        uint64_t info = load_le64(p + 8), type = info & 0xffffffff;
        struct view symbol;
        if ((type == R_AARCH64_GLOB_DAT || type == R_AARCH64_JUMP_SLOT) &&
            view_sub(symbols, (info >> 32) * SYM, SYM, &symbol) && names_getauxval(strings, load_le32(symbol.data)))
            map->asking[map->asking_count++] = load_le64(p);
    }
}

void imports_find(const struct image *image, struct map *map)
{
    const struct section *symbols = NULL, *strings = NULL;
    struct view relocations, symbol_bytes, text;
    if (image->format != FORMAT_ELF || image->arch != ARCH_ARM64 || image->sections.known != KNOWN_COMPLETE)
        return;
    for (size_t i = 0; i < image->sections.count; i++) {
        const struct section *section = &image->sections.items[i];
        if (section->type == SHT_DYNSYM)
            symbols = section;
        if (strcmp(section->name, ".dynstr") == 0)
            strings = section;
    }
    if (!section_bytes(image, symbols, &symbol_bytes) || !section_bytes(image, strings, &text))
        return;
    for (size_t i = 0; i < image->sections.count; i++)
        if (image->sections.items[i].type == SHT_RELA && section_bytes(image, &image->sections.items[i], &relocations))
            take(relocations, symbol_bytes, text, map);
}
