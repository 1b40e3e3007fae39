#include "checks/code/imports.h"

#include <string.h>

enum { SHT_RELA = 4, SHT_DYNSYM = 11, SYM = 24, RELA = 24 };
enum { R_X86_64_GLOB_DAT = 6, R_X86_64_JUMP_SLOT = 7, R_AARCH64_GLOB_DAT = 1025, R_AARCH64_JUMP_SLOT = 1026 };

static bool section_bytes(const struct image *image, const struct section *section, struct view *view)
{
    return section && section->has_bytes && section->offset >= image->offset &&
           image_view(image, section->offset - image->offset, section->size, view);
}

enum {
    ENDS =
        1, /* a program that may have done all it was asked for, or another takes its place by it, or it goes on elsewhere */
    ENDLESS = 2, /* declared noreturn by glibc's headers, or by the Itanium C++ ABI */
};
static const struct {
    const char *name;
    unsigned how;
} leaving[] = {
    {"exit", ENDS | ENDLESS},
    {"_exit", ENDS | ENDLESS},
    {"_Exit", ENDS | ENDLESS},
    {"quick_exit", ENDS | ENDLESS},
    {"err", ENDS | ENDLESS},
    {"errx", ENDS | ENDLESS},
    {"verr", ENDS | ENDLESS},
    {"verrx", ENDS | ENDLESS},
    {"error", ENDS},
    {"error_at_line", ENDS},
    {"execve", ENDS},
    {"execv", ENDS},
    {"execvp", ENDS},
    {"execvpe", ENDS},
    {"execl", ENDS},
    {"execle", ENDS},
    {"execlp", ENDS},
    {"fexecve", ENDS},
    {"posix_spawn", ENDS},
    {"syscall", ENDS},
    {"kill", ENDS},
    {"raise", ENDS},
    {"pthread_kill", ENDS},
    {"pthread_exit", ENDS | ENDLESS},
    {"thrd_exit", ENDS | ENDLESS},
    {"pause", ENDS},
    {"sigsuspend", ENDS},
    {"longjmp", ENDS | ENDLESS},
    {"_longjmp", ENDS | ENDLESS},
    {"siglongjmp", ENDS | ENDLESS},
    {"__longjmp_chk", ENDS | ENDLESS},
    {"setcontext", ENDS},
    {"swapcontext", ENDS},
    {"__cxa_throw", ENDS | ENDLESS},
    {"__cxa_rethrow", ENDS | ENDLESS},
    {"_Unwind_Resume", ENDS | ENDLESS},
    {"_Unwind_RaiseException", ENDS},
    {"_ZSt9terminatev", ENDS | ENDLESS},
    {"abort", ENDLESS},
    {"__assert_fail", ENDLESS},
    {"__assert_perror_fail", ENDLESS},
    {"__chk_fail", ENDLESS},
    {"__stack_chk_fail", ENDLESS},
    {"__cxa_bad_cast", ENDLESS},
    {"__cxa_bad_typeid", ENDLESS},
    {"__cxa_throw_bad_array_new_length", ENDLESS},
    {"__cxa_pure_virtual", ENDLESS},
};

static bool is_named(struct view strings, uint32_t name, const char *wanted)
{
    struct view text;
    const size_t size = strlen(wanted) + 1;
    return view_sub(strings, name, size, &text) && memcmp(text.data, wanted, size) == 0;
}

/* std::__throw_length_error(char const*) and the like. */
static bool throws(struct view strings, uint32_t name)
{
    enum { PREFIX = 6, WORD = 8 }; /* _ZSt, and one or two digits */
    struct view text;
    return view_sub(strings, name, PREFIX + WORD, &text) && memcmp(text.data, "_ZSt", 4) == 0 &&
           (memcmp(text.data + PREFIX, "__throw_", WORD) == 0 || memcmp(text.data + PREFIX - 1, "__throw_", WORD) == 0);
}

/* ENDS, ENDLESS, both or neither. */
static unsigned how_it_leaves(struct view strings, uint32_t name)
{
    for (size_t i = 0; i < sizeof leaving / sizeof *leaving; i++)
        if (is_named(strings, name, leaving[i].name))
            return leaving[i].how;
    return throws(strings, name) ? ENDS | ENDLESS : 0;
}

static bool is_slot(enum arch arch, uint64_t type)
{
    return arch == ARCH_AMD64 ? type == R_X86_64_GLOB_DAT || type == R_X86_64_JUMP_SLOT
                              : type == R_AARCH64_GLOB_DAT || type == R_AARCH64_JUMP_SLOT;
}

static void take(enum arch arch, struct view relocations, struct view symbols, struct view strings, struct map *map)
{
    for (uint64_t at = 0; at + RELA <= relocations.size; at += RELA) {
        const uint8_t *p = relocations.data + at;
        uint64_t info = load_le64(p + 8);
        struct view symbol;
        if (!is_slot(arch, info & 0xffffffff) || !view_sub(symbols, (info >> 32) * SYM, SYM, &symbol))
            continue;
        uint32_t name = load_le32(symbol.data);
        const unsigned how = how_it_leaves(strings, name);
        if (arch == ARCH_ARM64 && map->asking_count < MAP_ASKING &&
            (is_named(strings, name, "getauxval") || is_named(strings, name, "__getauxval")))
            map->asking[map->asking_count++] = load_le64(p);
        if (map->ending_count < MAP_ENDING && how & ENDS)
            map->ending[map->ending_count++] = load_le64(p);
        if (map->endless_count < MAP_ENDING && how & ENDLESS)
            map->endless[map->endless_count++] = load_le64(p);
    }
}

void imports_find(const struct image *image, struct map *map)
{
    const struct section *symbols = NULL, *strings = NULL;
    struct view relocations, symbol_bytes, text;
    uint64_t left = image->size;
    if (image->format != FORMAT_ELF || image->sections.known != KNOWN_COMPLETE)
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
    for (size_t i = 0; i < image->sections.count; i++) {
        if (image->sections.items[i].type != SHT_RELA || !section_bytes(image, &image->sections.items[i], &relocations))
            continue;
        if (relocations.size > left)
            return; /* tables over one another */
        left -= relocations.size;
        take(image->arch, relocations, symbol_bytes, text, map);
    }
    map->imports_read = true;
}
