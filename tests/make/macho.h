/* Small 64-bit Mach-O and universal files for tests: make_macho_clean() gives a macOS
 * program as ld writes it, and a test changes the one thing that it is about, in front of
 * make_macho_write(). All fields are public and written as they stand; only what is zero
 * is filled in: counts and sizes of the header, offsets and sizes of what stands in
 * __LINKEDIT. A lie about anything else is told by changing the written bytes.
 *
 *   file offset                                      address
 *   0x0000  header, load commands  } __TEXT R X      MAKE_MACHO_BASE
 *   0x3000  code                   }
 *   0x4000  export trie, other data, symbols, strings, code signature: __LINKEDIT R
 *   behind  trailing bytes */
#ifndef ASSAY_TESTS_MAKE_MACHO_H
#define ASSAY_TESTS_MAKE_MACHO_H

#include "formats/macho/macho.h"

#define MAKE_MACHO_BASE UINT64_C(0x100000000)
#define MAKE_REQ_DYLD   UINT32_C(0x80000000)

enum {
    MAKE_MACHO_HEADER = 32,
    MAKE_MACHO_CODE = 0x3000, /* entry */
    MAKE_MACHO_CODE_SIZE = 0x80,
    MAKE_MACHO_FREE = 0x3800, /* __TEXT,__const: 0x400 bytes that no helper writes to */
    MAKE_MACHO_LINKEDIT = 0x4000,
    MAKE_MACHO_PAGE = 0x4000,
    MAKE_MACHO_COMMANDS = 32,
    MAKE_MACHO_COMMAND_ROOM = 400, /* a segment with four sections */
    MAKE_MACHO_SYMBOLS = 16,
    MAKE_MACHO_LINKEDIT_ROOM = 0x800,
    MAKE_MACHO_SIGNATURE_ROOM = 0x800,
    MAKE_UNIVERSAL_SLICES = 8,
    MAKE_UNIVERSAL_ALIGN = 14,
};

struct make_macho_command {
    size_t size;
    uint8_t bytes[MAKE_MACHO_COMMAND_ROOM]; /* with cmd and cmdsize */
};

struct make_macho_symbol {
    const char *name;
    uint8_t type, section;
    uint16_t desc;
    uint64_t value;
};

struct make_macho_signature { /* one SHA-256 CodeDirectory, and its hashes */
    bool present, cms;        /* cms: a CMS blob too, that begins as one */
    uint32_t flags, scatter;
    uint64_t limit; /* 0: the offset of the signature */
    uint8_t page;   /* log2 */
    const char *identifier, *team;
};

struct make_macho {
    enum arch arch;
    uint32_t magic, cputype, cpusubtype, filetype, ncmds, sizeofcmds, flags;
    size_t command_count;
    struct make_macho_command commands[MAKE_MACHO_COMMANDS];
    size_t symbol_count;
    struct make_macho_symbol symbols[MAKE_MACHO_SYMBOLS];
    struct make_macho_signature signature;
    const void *trailing; /* bytes behind everything */
    size_t trailing_size;
    size_t linkedit_size;
    uint8_t linkedit[MAKE_MACHO_LINKEDIT_ROOM];
    uint8_t text[MAKE_MACHO_LINKEDIT]; /* of __TEXT; header and commands are written over it */
    struct {                           /* file offsets that make_macho_write() found */
        size_t symbols, strings, signature, directory, end;
    } at;
};

/* A program that calls _exit: stripped, position independent, macOS 11.0; signed by the linker where arm64. */
void make_macho_clean(struct make_macho *m, enum arch arch);

/* One more load command of `count` words behind cmd and cmdsize, padded to a multiple of 8 bytes. */
struct make_macho_command *make_macho_command(struct make_macho *m, uint32_t type, const uint32_t *words, size_t count);
/* A command that is a string: any dylib command, LC_LOAD_DYLINKER, LC_RPATH, LC_DYLD_ENVIRONMENT. */
struct make_macho_command *make_macho_text(struct make_macho *m, uint32_t type, const char *text);
/* LC_BUILD_VERSION; versions as 0xMMMMmmpp. */
struct make_macho_command *make_macho_version(struct make_macho *m, uint32_t platform, uint32_t minimum, uint32_t sdk);
/* LC_SEGMENT_64; access in the bits of the format: 1 read, 2 write, 4 execute. */
struct make_macho_command *make_macho_segment(struct make_macho *m, const char *name, uint64_t address, uint64_t memory,
                                              uint64_t offset, uint64_t size, uint32_t access);
/* One more section of the segment. */
void make_macho_section(struct make_macho_command *segment, const char *name, uint64_t address, uint64_t size,
                        uint32_t offset, uint32_t flags);
struct make_macho_symbol *make_macho_symbol(struct make_macho *m, const char *name, uint8_t type);
/* More bytes of __LINKEDIT, at a multiple of 8; gives their file offset. */
uint32_t make_macho_linkedit(struct make_macho *m, const void *bytes, size_t size);

/* The first command of a kind, LC_REQ_DYLD aside, or the segment of a name; NULL: there is none. */
struct make_macho_command *make_macho_find(struct make_macho *m, uint32_t type);
struct make_macho_command *make_macho_find_segment(struct make_macho *m, const char *name);
void make_macho_remove(struct make_macho *m, uint32_t type);
/* The file offset of a command. */
size_t make_macho_place(const struct make_macho *m, const struct make_macho_command *c);
/* Words of a command or of any bytes, little-endian. */
void make_macho_set(struct make_macho_command *c, size_t offset, uint32_t value);
void make_macho_set64(struct make_macho_command *c, size_t offset, uint64_t value);
uint64_t make_macho_get(const uint8_t *bytes, size_t size);

/* The file; *out is for free(). */
size_t make_macho_write(struct make_macho *m, uint8_t **out);

struct make_universal_slice {
    const uint8_t *bytes;
    size_t size;
    uint32_t cputype, cpusubtype; /* both 0: what the header of the slice says */
    uint32_t align;               /* log2; 0: MAKE_UNIVERSAL_ALIGN */
    uint64_t offset;              /* 0: behind the slice before, aligned */
    uint64_t claimed;             /* size that the table tells; 0: the truth */
};

struct make_universal {
    bool wide;          /* FAT_MAGIC_64 */
    bool little_endian; /* FAT_CIGAM */
    size_t hidden;      /* so many slices at the end are not counted by nfat_arch */
    uint32_t announced; /* nfat_arch; 0: what `count` and `hidden` say */
    size_t count;
    struct make_universal_slice slices[MAKE_UNIVERSAL_SLICES];
    const void *trailing;
    size_t trailing_size;
};

size_t make_universal_write(struct make_universal *u, uint8_t **out);

#endif
