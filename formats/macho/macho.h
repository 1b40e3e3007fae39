/* Private to formats/macho/: one Mach-O image, as XNU's mach_loader.c and dyld's mach_o/
 * take it apart. Offsets in here count from the start of the image, as the format's do;
 * what goes into the model is an offset of the file (`macho_at`). */
#ifndef ASSAY_FORMATS_MACHO_MACHO_H
#define ASSAY_FORMATS_MACHO_MACHO_H

#include "formats/read.h"

enum { /* <mach-o/loader.h>, filetype and flags */
       MH_OBJECT = 1,
       MH_EXECUTE = 2,
       MH_CORE = 4,
       MH_DYLIB = 6,
       MH_DYLINKER = 7,
       MH_BUNDLE = 8,
       MH_DYLIB_STUB = 9,
       MH_DSYM = 10,
       MH_KEXT_BUNDLE = 11,
       MH_DYLDLINK = 4,
       MH_TWOLEVEL = 0x80,
       MH_ALLOW_STACK_EXECUTION = 0x20000,
       MH_PIE = 0x200000,
       MH_NO_HEAP_EXECUTION = 0x1000000
};
static const uint32_t MH_DYLIB_IN_CACHE = 0x80000000;

enum { /* cputype */
       CPU_ARCH_ABI64 = 0x01000000,
       CPU_TYPE_X86 = 7,
       CPU_TYPE_ARM = 12,
       CPU_TYPE_POWERPC = 18,
       CPU_TYPE_X86_64 = CPU_TYPE_X86 | CPU_ARCH_ABI64,
       CPU_TYPE_ARM64 = CPU_TYPE_ARM | CPU_ARCH_ABI64
};

enum { /* load commands that are taken apart; LC_REQ_DYLD is 0x80000000 and is not part of these */
       LC_SEGMENT = 1,
       LC_SYMTAB = 2,
       LC_THREAD = 4,
       LC_UNIXTHREAD = 5,
       LC_DYSYMTAB = 0xb,
       LC_LOAD_DYLIB = 0xc,
       LC_ID_DYLIB = 0xd,
       LC_LOAD_DYLINKER = 0xe,
       LC_ID_DYLINKER = 0xf,
       LC_PREBOUND_DYLIB = 0x10,
       LC_LOAD_WEAK_DYLIB = 0x18,
       LC_SEGMENT_64 = 0x19,
       LC_UUID = 0x1b,
       LC_RPATH = 0x1c,
       LC_CODE_SIGNATURE = 0x1d,
       LC_SEGMENT_SPLIT_INFO = 0x1e,
       LC_REEXPORT_DYLIB = 0x1f,
       LC_LAZY_LOAD_DYLIB = 0x20,
       LC_ENCRYPTION_INFO = 0x21,
       LC_DYLD_INFO = 0x22,
       LC_LOAD_UPWARD_DYLIB = 0x23,
       LC_VERSION_MIN_MACOSX = 0x24,
       LC_VERSION_MIN_IPHONEOS = 0x25,
       LC_FUNCTION_STARTS = 0x26,
       LC_DYLD_ENVIRONMENT = 0x27,
       LC_MAIN = 0x28,
       LC_DATA_IN_CODE = 0x29,
       LC_DYLIB_CODE_SIGN_DRS = 0x2b,
       LC_ENCRYPTION_INFO_64 = 0x2c,
       LC_LINKER_OPTIMIZATION_HINT = 0x2e,
       LC_VERSION_MIN_TVOS = 0x2f,
       LC_VERSION_MIN_WATCHOS = 0x30,
       LC_BUILD_VERSION = 0x32,
       LC_DYLD_EXPORTS_TRIE = 0x33,
       LC_DYLD_CHAINED_FIXUPS = 0x34,
       LC_ATOM_INFO = 0x36,
       LC_FUNCTION_VARIANTS = 0x37,
       LC_FUNCTION_VARIANT_FIXUPS = 0x38,
       LC_LAZY_LOAD_DYLIB_INFO = 0x3a
};

struct command {
    uint32_t type; /* without LC_REQ_DYLD */
    uint64_t at;   /* offset in the image */
    struct view v; /* cmdsize bytes */
};

enum { SIGNED_SLOTS = 12 }; /* of blobs that a CodeDirectory has a hash of, counted from 1 */

struct signed_hashes { /* of the best CodeDirectory; count 0: none that can be held against the bytes */
    struct view table; /* the CodeDirectory */
    struct view blobs[SIGNED_SLOTS];
    uint64_t at, limit;
    uint32_t count, special;
    uint8_t type, size, page; /* page: log2 */
};

enum { STREAMS = 4 }; /* of opcodes in LC_DYLD_INFO: rebase, bind, weak bind, lazy bind */
struct linked_table { /* of the link-edit data, and where in the image it stands; size 0: there is none that is whole */
    struct view v;
    uint64_t at;
};

struct macho_view {
    struct file *file;
    struct image *image;
    struct macho_extra *extra;
    bool big_endian;
    uint64_t header_size;
    uint64_t text_address; /* of the segment that maps the header; meaningful where has_text */
    bool has_text, has_version, has_id, zippered;
    bool names_platform;         /* by a command, which may be damaged */
    unsigned linked;             /* commands that name a dylib which dyld loads at start */
    unsigned read_only_segments; /* with SG_READ_ONLY, and memory */
    uint32_t sdk;                /* of the platform that counts; as the command writes it */
    uint64_t main_offset;        /* LC_MAIN entryoff */
    uint64_t thread_pc;
    uint64_t symbol_count, strings_at, modules_at, module_count;
    struct view strings; /* of the symbols */
    uint8_t *names;      /* which bytes of them are names; NULL: nobody asks */
    bool has_trie;       /* of exports; an old library has none, and exports by its symbol table */
    uint64_t exports;
    bool whole;         /* every load command was read */
    size_t owned_count; /* ranges of the file that commands claim */
    struct range *owned;
    uint64_t spent; /* bytes of tables that were read */
    struct signed_hashes hashes;
    struct linked_table streams[STREAMS], fixups;
};

static inline struct cursor command_cursor(const struct macho_view *view, const struct command *c)
{
    struct cursor cursor = cursor_at(c->v, view->big_endian);
    cursor_skip(&cursor, 8);
    return cursor;
}

/* The offset in the file of a place in the image. */
static inline uint64_t macho_at(const struct macho_view *view, uint64_t offset)
{
    return range_end(view->image->offset, offset);
}

/* commands.c: walks the load commands */
void read_commands(struct macho_view *view);
/* The bytes [offset, offset + size) belong to the image's link-edit data; a defect where they are not inside it. */
bool claim(struct macho_view *view, uint64_t offset, uint64_t size, const char *what);

/* Before a table is read: tables stand apart, so that together they are no larger than the image. False, and a defect: these are. */
bool spend(struct macho_view *view, uint64_t offset, uint64_t size, const char *what);

/* segments.c */
void read_segment(struct macho_view *view, const struct command *c);
void check_segments(struct macho_view *view);
void read_main(struct macho_view *view, const struct command *c);
void read_thread(struct macho_view *view, const struct command *c);
void resolve_entry(struct macho_view *view);

/* program.c: what the kernel asks of a program over and above its format */
void check_program(struct macho_view *view);

/* policy.c: what dyld asks of an image by the SDK that it was built with */
void check_policy(struct macho_view *view);

/* dylibs.c */
void read_dylib(struct macho_view *view, const struct command *c);
void read_lazy_dylib(struct macho_view *view, const struct command *c);
void read_dylib_id(struct macho_view *view, const struct command *c);
void check_dylib_id(struct macho_view *view);
void read_sub(struct macho_view *view, const struct command *c);
void read_dylinker(struct macho_view *view, const struct command *c);
void read_rpath(struct macho_view *view, const struct command *c);
void read_environment(struct macho_view *view, const struct command *c);

/* symbols.c */
void read_symtab(struct macho_view *view, const struct command *c);
void read_dysymtab(struct macho_view *view, const struct command *c);
void claim_names(struct macho_view *view);

/* linkedit.c */
void read_linkedit(struct macho_view *view, const struct command *c);
void read_dyld_info(struct macho_view *view, const struct command *c);
void read_exports(struct macho_view *view, const struct command *c);

/* binds.c: whether dyld can write the addresses that it is told to; `code`: also those that stand in the segments */
void check_binds(struct macho_view *view, bool code);
/* Whether the image is linked with a library of that number; special ones are below 1. */
bool is_library(const struct macho_view *view, int64_t ordinal);

/* chains.c */
void check_chains(struct macho_view *view, bool code);

/* signature.c */
void read_signature(struct macho_view *view, const struct command *c);

/* entitlements.c: those of the signature `area`, which begins at `at` of the image; views without data: there is no such form */
void read_entitlements(struct macho_view *view, struct view area, uint64_t at, struct view xml, struct view der);

/* hashes.c: whether the pages of the image are those that were signed */
void check_hashes(struct macho_view *view);

/* macho.c: one image that begins at `offset` of the file */
void read_macho_image(struct file *file, uint64_t offset, uint64_t size, const struct read_options *options,
                      struct image *image);
/* "arm64", "x86_64h", …: the short name of a CPU pair; NULL where it has none. */
const char *cpu_name(uint32_t type, uint32_t subtype);

#define MACHO_DEFECT(view, id, offset, expected, ...)                                                                  \
    defect_add(&(view)->file->arena, &(view)->image->defects, DEFECT_ID_##id, macho_at(view, offset), expected,        \
               __VA_ARGS__)

#endif
