/* A second reading of Mach-O: what XNU and dyld do with a file, written down from the rules of their published source
 * (xnu-11417: bsd/kern/mach_loader.c, mach_fat.c, kern_exec.c; dyld-1378: mach_o/UnsafeHeader.cpp) and sharing nothing
 * with the reader. It answers as the kernel would, and stops at the first thing that is wrong, as the kernel does. */
#ifndef ASSAY_TESTS_ORACLE_XNU_H
#define ASSAY_TESTS_ORACLE_XNU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    XNU_X86_64 = 0x01000007,
    XNU_ARM64 = 0x0100000c,
    XNU_DYLIBS = 64,
};

enum xnu_answer {
    XNU_STARTS,
    XNU_BADMACHO,
    XNU_FAILURE,   /* LOAD_FAILURE: a rule of starting, not of the format */
    XNU_NOSPACE,   /* memory cannot be mapped as it asks */
    XNU_BADARCH,   /* for no CPU of this kernel */
    XNU_NOT_MACHO, /* no image activator takes it */
    XNU_UNSIGNED,  /* all is well but for the code signature that this kernel insists on */
    XNU_NOT_PIE,   /* the same, but for MH_PIE */
    XNU_UNDECIDED, /* hangs on what is not written down here: encryption, protected segments */
};

/* Which kernel is asked: on Intel with pages of 4 KiB, on Apple silicon with 16 KiB. */
struct xnu_machine {
    uint32_t cputype;
    uint64_t page, max_address, page_zero;
    bool signature_required;
};
extern const struct xnu_machine xnu_intel, xnu_apple;

struct xnu_start {
    enum xnu_answer answer;
    const char *why;       /* the rule that was broken; NULL: none */
    uint64_t offset, size; /* of the image in the file */
    bool dylinker;         /* dyld is started, and loads the dylibs */
    bool main;             /* LC_MAIN: the entry is dyld's affair */
    uint64_t entry;        /* of LC_UNIXTHREAD */
    bool entry_bytes;      /* it is on bytes of the file that are mapped to be executed */
    bool writes_code;      /* some memory is mapped writable and executable */
    size_t dylib_count;
    const char *dylibs[XNU_DYLIBS]; /* of the file's own bytes, that dyld goes on to load */
    const char *dyld_refuses;       /* why dyld would end the program; NULL: as far as is known here it would not */
    const char *dyld_always;        /* the same, whatever SDK the program was built with */
};

void xnu_ask(const struct xnu_machine *machine, const uint8_t *bytes, size_t size, struct xnu_start *start);

/* Private to the second reading. One image, and its load commands once they are known to be walkable. */
struct xnu_image {
    const struct xnu_machine *machine;
    const uint8_t *bytes; /* of the image */
    uint64_t size, pager_offset;
    uint32_t cputype, cpusubtype, filetype, ncmds, sizeofcmds, flags;
};
static inline uint32_t xnu_u32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}
static inline uint64_t xnu_u64(const uint8_t *at)
{
    return xnu_u32(at) | (uint64_t)xnu_u32(at + 4) << 32;
}
/* xnu.c: an image, of a thin file or a slice; `fat` are cputype and subtype of the fat_arch that led there, or NULL. */
void xnu_ask_image(const struct xnu_machine *machine, const uint8_t *bytes, size_t file_size, const uint32_t *fat,
                   struct xnu_start *start);
bool xnu_is_graded(const struct xnu_machine *machine, uint32_t cputype, uint32_t subtype);
/* dyld.c: what dyld goes by, once the kernel has started it. */
void dyld_ask(const struct xnu_image *image, struct xnu_start *start);

#endif
