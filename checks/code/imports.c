#include "checks/code/imports.h"

#include <string.h>

enum { SHT_RELA = 4, SHT_DYNSYM = 11, SYM = 24, RELA = 24 };
enum { R_X86_64_GLOB_DAT = 6, R_X86_64_JUMP_SLOT = 7, R_AARCH64_GLOB_DAT = 1025, R_AARCH64_JUMP_SLOT = 1026 };

static bool section_bytes(const struct image *image, const struct section *section, struct view *view)
{
    return section && section->has_bytes && section->offset >= image->offset &&
           image_view(image, section->offset - image->offset, section->size, view);
}

static const char *const asking[] = {"getauxval", "__getauxval", NULL};
/* What ends a program that may have done all it was asked for, or another takes its place by, or goes on elsewhere. */
static const char *const ending[] = {"exit",
                                     "_exit",
                                     "_Exit",
                                     "quick_exit",
                                     "err",
                                     "errx",
                                     "verr",
                                     "verrx",
                                     "error",
                                     "error_at_line",
                                     "execve",
                                     "execv",
                                     "execvp",
                                     "execvpe",
                                     "execl",
                                     "execle",
                                     "execlp",
                                     "fexecve",
                                     "posix_spawn",
                                     "syscall",
                                     "kill",
                                     "raise",
                                     "pthread_kill",
                                     "pthread_exit",
                                     "thrd_exit",
                                     "pause",
                                     "sigsuspend",
                                     "longjmp",
                                     "_longjmp",
                                     "siglongjmp",
                                     "__longjmp_chk",
                                     "setcontext",
                                     "swapcontext",
                                     "__cxa_throw",
                                     "__cxa_rethrow",
                                     "_Unwind_Resume",
                                     "_Unwind_RaiseException",
                                     "_ZSt9terminatev",
                                     NULL};

/* What glibc's headers declare to be noreturn, and what the Itanium C++ ABI says does not return. */
static const char *const endless[] = {"abort",
                                      "exit",
                                      "_exit",
                                      "_Exit",
                                      "quick_exit",
                                      "err",
                                      "errx",
                                      "verr",
                                      "verrx",
                                      "__assert_fail",
                                      "__assert_perror_fail",
                                      "__chk_fail",
                                      "__stack_chk_fail",
                                      "pthread_exit",
                                      "thrd_exit",
                                      "longjmp",
                                      "_longjmp",
                                      "siglongjmp",
                                      "__longjmp_chk",
                                      "_Unwind_Resume",
                                      "_ZSt9terminatev",
                                      "__cxa_throw",
                                      "__cxa_rethrow",
                                      "__cxa_bad_cast",
                                      "__cxa_bad_typeid",
                                      "__cxa_throw_bad_array_new_length",
                                      "__cxa_pure_virtual",
                                      NULL};

static bool is_among(struct view strings, uint32_t name, const char *const *names)
{
    for (; *names; names++) {
        struct view text;
        size_t size = strlen(*names) + 1;
        if (view_sub(strings, name, size, &text) && memcmp(text.data, *names, size) == 0)
            return true;
    }
    return false;
}

/* std::__throw_length_error(char const*) and the like. */
static bool throws(struct view strings, uint32_t name)
{
    enum { PREFIX = 6, WORD = 8 }; /* _ZSt, and one or two digits */
    struct view text;
    return view_sub(strings, name, PREFIX + WORD, &text) && memcmp(text.data, "_ZSt", 4) == 0 &&
           (memcmp(text.data + PREFIX, "__throw_", WORD) == 0 || memcmp(text.data + PREFIX - 1, "__throw_", WORD) == 0);
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
        if (arch == ARCH_ARM64 && map->asking_count < MAP_ASKING && is_among(strings, name, asking))
            map->asking[map->asking_count++] = load_le64(p);
        if (map->ending_count < MAP_ENDING && (is_among(strings, name, ending) || throws(strings, name)))
            map->ending[map->ending_count++] = load_le64(p);
        if (map->endless_count < MAP_ENDING && (is_among(strings, name, endless) || throws(strings, name)))
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
