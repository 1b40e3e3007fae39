/* The first bytes choose the reader. What no reader exists for is named, so that a
 * person sees "Windows PE program" and not silence. */
#include "formats/read.h"

#include <string.h>

#include "formats/limits.h"

static const struct magic {
    const char *bytes;
    unsigned size, offset;
    enum kind kind;
    bool program;
    const char *machine;
} magics[] = {
    {"!<arch>\n", 8, 0, KIND_ARCHIVE, true, "ar archive"},
    {"!<thin>\n", 8, 0, KIND_ARCHIVE, true, "thin ar archive"},
    {"MZ", 2, 0, KIND_PE, true, "Windows or DOS program (MZ)"},
    {"#!", 2, 0, KIND_SCRIPT, false, "script"},
    {"\0asm", 4, 0, KIND_WASM, true, "WebAssembly module"},
    {"BC\xc0\xde", 4, 0, KIND_BITCODE, true, "LLVM bitcode"},
    {"\xde\xc0\x17\x0b", 4, 0, KIND_BITCODE, true, "LLVM bitcode wrapper"},
    {"dyld_v", 6, 0, KIND_DYLD_CACHE, true, "dyld shared cache"},
    {"\x1f\x8b", 2, 0, KIND_COMPRESSED, false, "gzip data"},
    {"\xfd"
     "7zXZ",
     5, 0, KIND_COMPRESSED, false, "xz data"},
    {"BZh", 3, 0, KIND_COMPRESSED, false, "bzip2 data"},
    {"\x28\xb5\x2f\xfd", 4, 0, KIND_COMPRESSED, false, "Zstandard data"},
    {"PK\3\4", 4, 0, KIND_COMPRESSED, false, "ZIP archive"},
    {"ustar", 5, 257, KIND_COMPRESSED, false, "tar archive"},
};

static bool is_text(struct view head)
{
    enum { SOME = 512 };
    for (size_t i = 0; i < head.size && i < SOME; i++)
        if (head.data[i] < 0x20 && !memchr("\t\n\v\f\r\x1b", head.data[i], 6))
            return false;
    return head.size > 0;
}

/* Whether one of `count` entries of a universal header leads to an image for a CPU that is judged. */
static bool has_slice(struct view head, uint32_t count, uint64_t file_size)
{
    enum { HEADER = 8, ARCH_SIZE = 20, LEAST_IMAGE = 28, CPU_TYPE_X86_64 = 0x01000007, CPU_TYPE_ARM64 = 0x0100000c };
    for (uint32_t i = 0; i < count && head.size >= HEADER + (size_t)(i + 1) * ARCH_SIZE; i++) {
        const uint8_t *at = head.data + HEADER + (size_t)i * ARCH_SIZE;
        uint32_t cputype = load_be32(at), offset = load_be32(at + 8), size = load_be32(at + 12);
        if ((cputype == CPU_TYPE_X86_64 || cputype == CPU_TYPE_ARM64) && size >= LEAST_IMAGE &&
            range_fits(file_size, offset, size))
            return true;
    }
    return false;
}

/* 0xcafebabe begins a universal file and a Java class file: there the next word is the
 * count of slices, here the version of the class format, 45 at the least (JVMS §4.1). XNU
 * counts as many slices as a page of 4 KiB holds, so it is the slices that decide. */
enum { JAVA_LEAST = 45, JAVA_MOST = LIMIT_FAT_ARCHS }; /* 45 is Java 1.1, 69 is Java 25 */

static bool is_java(struct view head, uint64_t file_size)
{
    uint32_t minor_major = head.size >= 8 ? load_be32(head.data + 4) : 0, major = minor_major & 0xffff;
    return major >= JAVA_LEAST && major <= JAVA_MOST && (minor_major != major || !has_slice(head, major, file_size));
}

struct sniff sniff(struct view head, uint64_t file_size)
{
    if (file_size == 0)
        return (struct sniff){CONTAINER_UNKNOWN, KIND_EMPTY, "empty file", false};
    if (head.size >= 4) {
        if (memcmp(head.data,
                   "\x7f"
                   "ELF",
                   4) == 0)
            return (struct sniff){CONTAINER_ELF, KIND_UNKNOWN, "ELF", true};
        switch (load_be32(head.data)) {
        case 0xfeedface:
        case 0xfeedfacf:
        case 0xcefaedfe:
        case 0xcffaedfe:
            return (struct sniff){CONTAINER_MACHO, KIND_UNKNOWN, "Mach-O", true};
        case 0xcafebabe:
            if (is_java(head, file_size))
                return (struct sniff){CONTAINER_UNKNOWN, KIND_JAVA_CLASS, "Java class file", false};
            return (struct sniff){CONTAINER_UNIVERSAL, KIND_UNKNOWN, "universal Mach-O", true};
        case 0xcafebabf:
        case 0xbebafeca:
        case 0xbfbafeca:
            return (struct sniff){CONTAINER_UNIVERSAL, KIND_UNKNOWN, "universal Mach-O", true};
        default:
            break;
        }
    }
    for (size_t i = 0; i < sizeof magics / sizeof *magics; i++) {
        const struct magic *m = &magics[i];
        if (range_fits(head.size, m->offset, m->size) && memcmp(head.data + m->offset, m->bytes, m->size) == 0)
            return (struct sniff){CONTAINER_UNKNOWN, m->kind, m->machine, m->program};
    }
    if (is_text(head))
        return (struct sniff){CONTAINER_UNKNOWN, KIND_TEXT, "text", false};
    return (struct sniff){CONTAINER_UNKNOWN, KIND_DATA, "data of no known format", false};
}

static void read_other(struct file *file, const struct sniff *found, struct reading *reading)
{
    struct image *image = arena_alloc(&file->arena, sizeof *image);
    *image = (struct image){.file = file,
                            .size = file->size,
                            .name = "file",
                            .machine = found->machine,
                            .kind = found->kind,
                            .interpreter_known = KNOWN_BROKEN,
                            .linkage = LINKAGE_NOT_APPLICABLE};
    reading->images = image;
    reading->count = 1;
}

void read_file(struct file *file, const struct read_options *options, struct reading *reading)
{
    struct view head = {0};
    uint64_t size = file->size < SNIFF_SIZE ? file->size : SNIFF_SIZE;
    if (!file_view(file, 0, size, &head))
        head = (struct view){(const uint8_t *)"", 0};
    struct sniff found = sniff(head, file->size);
    *reading = (struct reading){.container = found.container};
    switch (found.container) {
    case CONTAINER_ELF:
        read_elf(file, options, reading);
        break;
    case CONTAINER_MACHO:
        read_macho(file, options, reading);
        break;
    case CONTAINER_UNIVERSAL:
        read_universal(file, options, reading);
        break;
    case CONTAINER_UNKNOWN:
    default:
        read_other(file, &found, reading);
        break;
    }
}
