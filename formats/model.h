/* THE MODEL. Readers fill it in, and nothing changes it afterwards; rules read it.
 *
 * A *file* holds images. An *image* is one program for one architecture: an ELF,
 * a thin Mach-O, or one slice of a universal file. Common fields answer what
 * rules ask of either format; the raw words of a format live in `struct elf_extra`
 * and `struct macho_extra`.
 *
 * Every list says how it was read. "None found, therefore good" may be said over
 * ABSENT (the format has no such table in this image) and COMPLETE (all of it was
 * read), never over BROKEN.
 *
 * Every pointer lives in the file's arena and dies with file_close(). Strings come
 * from the file: NUL-terminated, any other byte possible. Numbers are host-endian,
 * offsets count from the start of the *file* (not of the slice), sizes are bytes. */
#ifndef ASSAY_FORMATS_MODEL_H
#define ASSAY_FORMATS_MODEL_H

#include <stdbool.h>
#include <stdint.h>
#include "formats/defect.h"
#include "formats/file.h"

enum known { KNOWN_ABSENT, KNOWN_COMPLETE, KNOWN_BROKEN };
enum answer { ANSWER_UNKNOWN, ANSWER_NO, ANSWER_YES };

enum format { FORMAT_OTHER, FORMAT_ELF, FORMAT_MACHO };
enum container { CONTAINER_UNKNOWN, CONTAINER_ELF, CONTAINER_MACHO, CONTAINER_UNIVERSAL };
enum os {
    OS_UNKNOWN,
    OS_LINUX,
    OS_ANDROID,
    OS_FREEBSD,
    OS_NETBSD,
    OS_OPENBSD,
    OS_SOLARIS,
    OS_MACOS,
    OS_IOS,
    OS_TVOS,
    OS_WATCHOS,
    OS_BRIDGEOS,
    OS_MACCATALYST,
    OS_IOS_SIMULATOR,
    OS_TVOS_SIMULATOR,
    OS_WATCHOS_SIMULATOR,
    OS_DRIVERKIT,
    OS_VISIONOS,
    OS_VISIONOS_SIMULATOR,
    OS_COUNT
};
/* The architectures we judge, and those we only name (image.machine says which). */
enum arch { ARCH_OTHER, ARCH_AMD64, ARCH_ARM64, ARCH_386, ARCH_ARM, ARCH_COUNT };
enum kind {
    KIND_UNKNOWN,
    KIND_EXECUTABLE,
    KIND_SHARED_LIBRARY,
    KIND_BUNDLE,
    KIND_OBJECT,
    KIND_CORE,
    KIND_DEBUG_FILE,
    KIND_LOADER,
    KIND_KERNEL_EXTENSION,
    KIND_OTHER, /* some other Mach-O filetype or ELF type: named, not judged */
    /* formats that are neither ELF nor Mach-O; image.machine names them more closely */
    KIND_ARCHIVE,
    KIND_PE,
    KIND_SCRIPT,
    KIND_WASM,
    KIND_JAVA_CLASS,
    KIND_BITCODE,
    KIND_DYLD_CACHE,
    KIND_COMPRESSED,
    KIND_TEXT,
    KIND_EMPTY,
    KIND_DATA,
    KIND_COUNT
};
enum linkage {
    LINKAGE_NOT_APPLICABLE,
    LINKAGE_STATIC,
    LINKAGE_STATIC_PIE,
    LINKAGE_DYNAMIC,
    LINKAGE_INTERP_WITHOUT_NEEDED,
    LINKAGE_NEEDED_WITHOUT_INTERP,
    LINKAGE_UNKNOWN
};
enum libc { LIBC_UNKNOWN, LIBC_NONE, LIBC_GLIBC, LIBC_MUSL, LIBC_BIONIC, LIBC_LIBSYSTEM };
enum signature { SIGNATURE_NONE, SIGNATURE_AD_HOC, SIGNATURE_LINKER_SIGNED, SIGNATURE_CMS, SIGNATURE_BROKEN };

/* A string of the file and where it stands. */
struct named {
    const char *text; /* NULL: there is none */
    uint64_t offset;
    uint32_t detail; /* needed: enum dependency; other lists: what their comment says */
};
struct named_list {
    enum known known;
    size_t count, bytes; /* bytes of all texts */
    struct named *items;
};

enum dependency {                         /* how an image asks for a library */
                  DEPENDENCY_NEEDED,      /* DT_NEEDED, LC_LOAD_DYLIB */
                  DEPENDENCY_WEAK,        /* LC_LOAD_WEAK_DYLIB: may be missing */
                  DEPENDENCY_REEXPORT,    /* LC_REEXPORT_DYLIB */
                  DEPENDENCY_UPWARD,      /* LC_LOAD_UPWARD_DYLIB */
                  DEPENDENCY_LAZY,        /* LC_LAZY_LOAD_DYLIB */
                  DEPENDENCY_FILTER,      /* DT_FILTER, DT_AUXILIARY */
                  DEPENDENCY_AUDIT,       /* DT_AUDIT, DT_DEPAUDIT */
                  DEPENDENCY_ENVIRONMENT, /* LC_DYLD_ENVIRONMENT, DT_CONFIG */
                  DEPENDENCY_IMPLIED,     /* no dylib command at all: dyld supplies libSystem */
};

enum { ACCESS_READ = 4, ACCESS_WRITE = 2, ACCESS_EXECUTE = 1 }; /* PF_R, PF_W, PF_X */

struct segment {      /* PT_LOAD; LC_SEGMENT(_64) */
    const char *name; /* Mach-O; "" for ELF */
    uint64_t address, memory_size, offset, file_size, align;
    unsigned access;         /* ACCESS_* at start */
    unsigned max_access;     /* ACCESS_* it may be raised to; ELF: the same */
    uint64_t header_offset;  /* of the program header or load command */
    unsigned cleared_access; /* ELF: ACCESS_* of whole pages behind the bytes of the file; 0: there are none */
};
struct segment_list {
    enum known known;
    size_t count;
    struct segment *items;
};

struct section {         /* link view only: no verdict on loading comes from here */
    const char *name;    /* "" where there is none */
    const char *segment; /* Mach-O segment name; "" for ELF */
    uint32_t type;       /* sh_type; Mach-O flags & SECTION_TYPE */
    uint64_t flags;      /* sh_flags; Mach-O flags */
    uint64_t address, offset, size;
    uint64_t header_offset;
    bool has_bytes; /* false: SHT_NOBITS, S_ZEROFILL */
};
struct section_list {
    enum known known;
    size_t count;
    struct section *items;
};

enum debug { /* kinds of debug information; values index debug_names */
             DEBUG_DWARF,
             DEBUG_DWARF_COMPRESSED,
             DEBUG_STABS,
             DEBUG_LINK,
             DEBUG_MINI,
             DEBUG_GDB_INDEX,
             DEBUG_CTF,
             DEBUG_BTF,
             DEBUG_COUNT
};
struct debug_info { /* one find */
    enum debug kind;
    const char *where; /* section or segment name, or what was recognised */
    uint64_t offset, size;
};
struct debug_list {
    enum known known;
    size_t count;
    struct debug_info *items;
};

struct symbols {
    enum known known; /* ABSENT: no SHT_SYMTAB, no LC_SYMTAB */
    uint64_t offset, count;
    uint64_t stabs, undefined, external, local; /* Mach-O nlist classes; ELF counts all in `count` */
    uint64_t unexported; /* Mach-O libraries: external ones more than the export trie, by which dyld goes, has names */
    bool strip_mark;     /* the one stab "radr://5614542" that Apple's strip leaves */
    const char *first_named; /* evidence: the first symbol that should have gone; NULL: none or not looked at */
};

struct range { /* bytes of the file that no header, segment or section claims */
    uint64_t offset, size;
    bool padding;     /* nothing but zeros, or but INT3 */
    const char *what; /* "Mach-O slice", "ELF file", "DWARF", …, or NULL where not recognised */
};
struct range_list {
    enum known known;
    size_t count;
    struct range *items;
};

struct go_info {         /* from the bytes, as `go version -m` reads them */
    enum known known;    /* COMPLETE: build info was read; BROKEN: found and damaged; ABSENT: only pclntab */
    uint64_t offset;     /* of the build info, or of pclntab */
    const char *version; /* "go1.23.5"; NULL not known */
    const char *path, *goos, *goarch, *level; /* level: GOAMD64 or GOARM64; each NULL where not recorded */
    enum answer cgo_enabled;
    const char *ldflags, *buildmode; /* as recorded, or NULL */
    const char *trimpath;            /* "true" or NULL */
    size_t modules;                  /* dep lines */
    struct view module_text;         /* the lines that go_modules() reads; of the file's own bytes */
    bool pclntab;                    /* a pclntab header was found */
    uint64_t pclntab_offset;
    const char *runtime_os; /* of ELF: the GOOS whose files of the runtime pclntab names, or NULL */
    uint64_t runtime_os_offset;
};

struct go_module { /* a line of the build information; strings as recorded, "" where there is none */
    const char *path, *version, *sum;
    bool main; /* the module of the program itself */
};
/* The modules that a Go program was built from, replaced ones by what replaced them, in `arena`; how many. `whole`: all
 * of them are there. */
size_t go_modules(const struct go_info *go, struct arena *arena, struct go_module **modules, bool *whole);

enum latent {
    LATENT_NSS = 1,
    LATENT_ICONV = 2,
    LATENT_DLOPEN = 4,
    LATENT_PROGRAM = 8, /* holds a dynamic program, which it may start */
};
struct latent_loads {  /* what a static program may load while it runs, with glibc for the most part */
    enum known known;  /* BROKEN: cannot be told */
    unsigned used;     /* LATENT_*: the code is linked in and asked for by the program */
    unsigned possible; /* LATENT_*: cannot be excluded */
    size_t count;
    struct named *evidence; /* detail: the LATENT_* bit it speaks for; text says what was seen and how sure that is */
};

enum code_looks {
    CODE_NOT_LOOKED_AT,
    CODE_TOO_SHORT,
    CODE_LIKE_AMD64,
    CODE_LIKE_ARM64
}; /* LIKE_AMD64: surely no A64 */

struct entry {
    enum known known; /* BROKEN: there is one but it leads nowhere that can be told */
    uint64_t address; /* virtual */
    uint64_t offset;  /* file offset of the first instruction; meaningful where in_code */
    uint64_t header_offset;
    bool in_code; /* inside a mapped executable segment, on bytes of the file */
    uint64_t
        inside; /* ELF: where the function begins that the address is in the midst of, as unwind information says; 0: none */
};

struct elf_extra {
    unsigned type, machine, osabi, flags, phnum;
    uint8_t ident_class, ident_data, ident_version;
    bool has_interp, has_dynamic, has_soname, flag_pie /* DF_1_PIE */, bind_now, text_relocations, has_symbolic;
    const char *soname;
    uint64_t symtab, hash, gnu_hash; /* virtual addresses, of the last DT_SYMTAB, DT_HASH and DT_GNU_HASH; 0: none */
    /* What a loader calls: DT_PREINIT_ARRAY, DT_INIT_ARRAY, DT_FINI_ARRAY; bytes. */
    struct {
        uint64_t address, size;
    } arrays[3];
    /* GNU_PROPERTY_X86_ISA_1_NEEDED (1 baseline, 2 v2, 4 v3, 8 v4), and the one word of GNU_PROPERTY_X86_FEATURE_1_AND or
     * GNU_PROPERTY_AARCH64_FEATURE_1_AND; of the last note that has them. Offset: of the property. */
    bool has_isa_needed, has_feature_1;
    uint32_t isa_needed, feature_1;
    uint64_t isa_needed_offset, feature_1_offset;
    bool has_gnu_stack;
    unsigned gnu_stack_access;
    uint64_t gnu_stack_offset;
    bool has_relro;
    uint64_t relro_address, relro_size, relro_header_offset;
    /* GOT slots that relocations write: how many, how many outside RELRO, and the first such. */
    enum known slots_known;
    uint64_t slots, slots_unprotected, first_unprotected, first_unprotected_reloc_offset;
    uint64_t text_relocation_offset; /* first relocation that writes to a segment without W; 0: none seen */
    uint64_t relocations, irelative, symbolic_relocations;
    bool packed_relocations; /* DT_RELR: of relative ones the places alone; the addends stand there */
    uint64_t dynamic_tls, first_dynamic_tls_offset; /* that ask for a TLS module or descriptor, and the first of them */
    uint64_t thread_offsets;                        /* that ask for an offset from the thread pointer */
    enum known relocations_known;
    const char *no_process; /* why it is no program of an operating system; NULL: nothing says so */
    bool abi_tag;           /* NT_GNU_ABI_TAG: glibc's start files */
    const char *build_id;   /* hex, or NULL */
};

struct macho_extra {
    uint32_t cputype, cpusubtype, filetype, flags, ncmds, sizeofcmds;
    bool dyldlink, two_level, allow_stack_execution, no_heap_execution;
    bool has_main, has_unixthread, encrypted, has_uuid;
    uint64_t encrypted_offset;
    const char *install_name; /* LC_ID_DYLIB */
    uint64_t uuid_offset, min_os_offset, signature_offset, signature_size;
    uint32_t fat_cputype, fat_cpusubtype; /* of the fat_arch that led here; 0 in a thin file */
    uint64_t fat_arch_offset;
    uint64_t code_limit; /* bytes that the best CodeDirectory covers */
    uint32_t signature_flags;
    uint8_t signature_platform;    /* of the CodeDirectory; not 0: part of the system, says the signature */
    const char *identifier, *team; /* of the CodeDirectory */
    uint32_t pages_held;           /* against their hashes, which the defects tell of; 0: none were */
    struct named_list
        entitlements; /* detail: 1 where it is true; ABSENT: none are in the signature, or it cannot be read */
};

struct image {
    struct file *file;
    uint64_t offset, size; /* of the image in the file */
    const char *name;      /* "amd64", "arm64", "arm64e", "x86_64h", "386", …: unique enough to tell slices apart */
    const char *machine;   /* the machine or format in the words of its specification: "EM_RISCV", "ar archive" */
    enum format format;
    enum os os;
    enum arch arch;
    int bits; /* 32, 64, or 0 where not known */
    bool big_endian;
    enum kind kind;
    bool judged; /* 64-bit little-endian amd64 or arm64, read through: rules may speak about it */

    enum linkage linkage;
    enum known interpreter_known;
    struct named interpreter;       /* PT_INTERP; LC_LOAD_DYLINKER */
    struct named_list needed;       /* detail: enum dependency; DEPENDENCY_FILTER and on are no DT_NEEDED */
    struct named_list search_paths; /* one entry each; detail: 1 where DT_RPATH */
    struct named_list versions;     /* ELF version needs: "GLIBC_2.34"; detail: 1 where libgcc_s has it */
    const char *glibc_floor;        /* "2.34": the highest GLIBC_x.y needed; NULL none or not known */
    enum libc libc;
    struct named libc_evidence;
    struct latent_loads latent;
    enum answer pie;
    struct entry entry;

    struct segment_list segments;
    struct section_list sections;
    struct symbols symbols;
    struct debug_list debug;
    enum answer stripped;
    struct named_list build_paths; /* machine paths that the build left in the bytes */
    struct named_list toolchains;  /* "GCC: (Debian 12.2.0-14) 12.2.0", "clang version …", "rustc version …" */
    const struct go_info *go;      /* NULL: no trace of Go */
    struct named packer; /* "UPX", … ; text NULL: no sign of packing; detail: 1 where the code can be read */
    enum code_looks code_looks;
    uint64_t code_words, code_typical_words; /* what code_looks was judged by: allocated A64 words from the entry on */
    struct range_list unowned;

    const char *min_os, *sdk; /* Mach-O versions "11.0" */
    const char *uuid;         /* 32 hexadecimal digits */
    enum signature signature;

    struct defect_list defects;
    union {
        const struct elf_extra *elf;
        const struct macho_extra *macho;
    };
};

/* What a file was read as. `images` has one item per slice; a file that is neither ELF
 * nor Mach-O has one image of format OTHER whose kind and machine name it. Defects of a
 * universal header belong to every slice's image as well as to `defects`. */
struct reading {
    enum container container;
    size_t count;
    struct image *images;
    struct defect_list defects;
};

/* The bytes of an image; false where they are not inside it (or cannot be read). */
bool image_view(const struct image *image, uint64_t off, uint64_t n, struct view *out) MUST_CHECK;
/* A copy of the C string at `off` of `v`, cut at LIMIT_TEXT; NULL where it has no end. */
const char *image_string(const struct image *image, struct view v, uint64_t off);
/* The file offset that the byte at `address` was mapped from; false where no file byte stands there. */
bool image_address(const struct image *image, uint64_t address, uint64_t *offset) MUST_CHECK;
/* Whether a list from a loader's table has as much as is kept; what follows makes it BROKEN. */
bool named_full(const struct named_list *list) MUST_CHECK;
/* `text` is kept, not copied, and is not NULL. */
void named_add(struct arena *arena, struct named_list *list, const char *text, uint64_t offset, uint32_t detail);
void debug_add(struct arena *arena, struct debug_list *list, enum debug kind, const char *where, uint64_t offset,
               uint64_t size);
void range_add(struct arena *arena, struct range_list *list, struct range range);

/* The spec's or Go's own spelling. */
const char *format_name(enum format);       /* "elf", "mach-o", "unknown" */
const char *container_name(enum container); /* "elf", "mach-o", "universal", "unknown" */
const char *os_name(enum os);               /* "linux", "macos", …, "unknown" */
const char *arch_name(enum arch);           /* "amd64", "arm64", "386", "arm", "unknown" */
const char *kind_name(enum kind);           /* "executable", "shared-library", … */
const char *linkage_name(enum linkage);     /* "static", …; "unknown" */
const char *libc_name(enum libc);
const char *debug_name(enum debug);         /* "dwarf", "dwarf-compressed", "stabs", "debug-link", … */
const char *signature_name(enum signature); /* "none", "ad-hoc", "linker-signed", "cms", "broken" */

#endif
