/* Every cap has a name and a reason here. A cap that is hit is a defect or a
 * BROKEN list, so it can turn a verdict to unknown, never to pass. */
#ifndef ASSAY_FORMATS_LIMITS_H
#define ASSAY_FORMATS_LIMITS_H

enum {
    LIMIT_DEFECTS = 64,         /* defects kept per image; the rest is counted */
    LIMIT_EVIDENCE = 16,        /* evidence rows kept per finding; the rest is counted */
    LIMIT_TEXT = 4096,          /* bytes of one string taken from a file (Linux PATH_MAX) */
    LIMIT_ELF_PHNUM = 1170,     /* 65,536 / 56: Linux fs/binfmt_elf.c load_elf_phdrs */
    LIMIT_ELF_INTERP = 4096,    /* PATH_MAX: Linux fs/binfmt_elf.c load_elf_binary */
    LIMIT_DYNAMIC = 65536,      /* entries of a dynamic table; real ones have fewer than 100 */
    LIMIT_NEEDED = 4096,        /* dependencies kept per image */
    LIMIT_NAMES = 1 << 20,      /* bytes of their names, after which no more are kept; 256 of LIMIT_TEXT */
    LIMIT_SECTIONS = 65535 * 6, /* sections of an ELF; above it the list is BROKEN */
    LIMIT_FAT_ARCHS = 204,      /* (4096 - 8) / 20: XNU bsd/kern/mach_fat.c, table in the first page */
    LIMIT_IMAGES = 64,          /* slices judged per universal file */
    LIMIT_SEGMENTS = 65536,     /* segments, and sections, of a Mach-O image; ld allows 255 sections */
    LIMIT_DEBUG = 65536,        /* places of debug information kept per image; objects have one for each function */
    LIMIT_CLAIMS = 65536 * 2,   /* ranges that load commands claim; a linker writes some twenty */
    LIMIT_GO_SETTINGS = 1024,   /* lines of settings in Go build information; the go command writes some twenty */
    LIMIT_RANGES = 64,          /* ranges that nobody owns, kept per image */
    LIMIT_PATHS = 16,           /* build paths kept per image */
    LIMIT_TOOLCHAINS = 16,      /* compiler strings kept per image */
    LIMIT_GO_RECORDS = 64,      /* places with the magic of Go build information that are tried; tools have three */
    LIMIT_GO_MODULES = 8192,    /* modules kept per image; the largest programs have two thousand */
    LIMIT_PAGE = 4096,          /* smallest page of a supported kernel; what segments are rounded to */
};

#define LIMIT_FILE_SIZE (UINT64_C(2) << 30) /* default of --max-file-size */
#define LIMIT_RECORD    (UINT64_C(64) << 20) /* bytes of one packed record: three lists of LIMIT_NAMES fit twenty times */

#endif
