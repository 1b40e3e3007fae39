/* The record: what one audit of one file found, and all that the gate and the
 * reports ever see of it. A worker returns one (packed, over a pipe), the gate
 * decides over it, and every report is a function of it. Text in a record comes
 * from hostile files: only report/escape.c may write it out. */
#ifndef ASSAY_SRC_RECORD_H
#define ASSAY_SRC_RECORD_H

#include "checks/code/listing.h"
#include "checks/code/study.h"
#include "checks/rule.h"
#include "formats/model.h"

struct text_list {
    size_t count;
    const char **items;
};

struct waiver;

struct record_result {
    const struct rule *rule;
    const char *message;
    struct evidence *evidence;
    const struct waiver *waiver; /* set by the gate: what excuses a result that is no pass; NULL: nothing */
    uint32_t total;              /* rows of evidence that were given */
    uint16_t count;              /* rows of them that are kept */
    enum outcome outcome : 8;
    enum level level : 8; /* set by the gate, for this file */
};

struct record_image {
    const char *name, *machine, *format, *os, *arch, *endian, *kind;
    int bits;
    bool judged;
    /* facts: NULL text and ANSWER_UNKNOWN print as null */
    const char *linkage, *interpreter, *glibc_floor, *libc;
    struct text_list needed, search_paths, latent_loads, debug_info, toolchains;
    bool needed_known, search_paths_known, latent_known, debug_known;
    enum answer pie, symbol_table, stripped;
    bool has_go;
    const char *go_version, *go_goos, *go_goarch, *go_level, *go_path;
    enum answer go_cgo;
    const char *min_os, *sdk, *uuid, *signature, *build_id;
    uint64_t offset, size, entry_address;
    struct record_isa {
        bool known, followed; /* followed: from the entry; else nothing newer than the architecture occurs at all */
        const char *level;    /* "x86-64-v1": the least that has all of `requires` that belongs to levels */
        struct text_list requires, possible, guarded; /* features, each in one of them */
        uint64_t coverage;                            /* percent of the bytes of code that were understood */
        uint64_t functions, undefined;                /* that were recovered; undefined encodings that were run into */
        bool has_neon;                                /* arm64: the counts of struct reach_report */
        uint64_t words, vectors, looped, unguarded, vector_functions;
    } isa;
    /* for `cpu` */
    size_t cpu_count;
    struct record_cpu {
        const char *name, *what, *reason;
        enum cpu_answer { CPU_RUNS, CPU_NEEDS, CPU_NOT_TOLD } answer;
    } * cpus;
    /* for `inspect --function`; NULL: not asked for, or `no_function` says why there is none */
    struct listing *function;
    const char *no_function;
    /* for bills of materials: what a Go program was built from */
    bool modules_known; /* all of them */
    size_t module_count;
    struct record_module {
        const char *path, *version, *sum;
        bool main;
    } * modules;
    /* for `inspect` and pages */
    size_t segment_count, section_count, defect_count;
    struct record_segment {
        const char *name, *access;
        uint64_t address, memory_size, offset, file_size;
    } * segments;
    struct record_section {
        const char *name;
        uint64_t offset, size;
        bool has_bytes; /* in the file: false for .bss and its like */
    } * sections;
    struct record_defect {
        const char *name, *observed, *expected;
        uint64_t offset;
    } * defects;
    size_t result_count;
    struct record_result *results;
};

enum verdict { VERDICT_PASS, VERDICT_FAIL, VERDICT_UNKNOWN, VERDICT_ERROR };

struct record {
    const char *path;
    uint64_t size;
    const char *sha256;        /* 64 hexadecimal digits; "" where not computed */
    const char *container;     /* "elf", "mach-o", "universal", "unknown" */
    const char *target;        /* the expectation it was judged by, "" undeclared */
    const char *target_source; /* "option", "file-name", "build-info", "" */
    const char *error;         /* NULL: read in full */
    const char *skipped;       /* found in a tree and no program: what it is instead; else NULL */
    size_t image_count;
    struct record_image *images;
    enum verdict verdict; /* set by the gate */
};

struct record_options {
    bool detail;   /* segments, sections and defects too, for `inspect` and pages */
    bool modules;  /* modules of Go programs too */
    bool code;     /* follow the code, for `isa` */
    bool cpus;     /* an answer for each processor */
    bool function; /* the function that holds `address`, in each image */
    uint64_t address;
};

/* The record of one reading; `findings` holds rule_count items an image (NULL: no rules were run), whose
 * text and evidence it takes over. All of it in `arena`, theirs too. */
struct record *record_make(struct arena *arena, const char *path, const struct file *file,
                           const struct reading *reading, const struct finding *findings, struct code_study *studies,
                           const struct expect *expect, const struct record_options *options);
/* What is known of an image's code; looks further where the options ask for it. */
void record_code(struct arena *arena, struct code_study *study, const struct record_options *options,
                 struct record_image *out);
/* The function that the options ask for. */
void record_function(struct arena *arena, const struct code_study *study, const struct record_options *options,
                     struct record_image *out);
struct record *record_error(struct arena *arena, const char *path, uint64_t size, const char *error);
struct record *record_skipped(struct arena *arena, const char *path, const char *why);

/* The packed form: native-endian, between processes of one program only. The unpacker checks every length. */
struct bytes {
    uint8_t *data;
    size_t size, room;
};
bool bytes_add(struct bytes *bytes, const void *data, size_t size); /* false: no memory */
/* One record goes after another between the same two processes, each of which keeps a memory, zeros at first: most texts
 * of a record are the program's own, and were those of the record before, too. */
enum { RECORD_RULES = 128, RECORD_WORDS = 32, RECORD_TOLD = 4 /* constants of each rule that are remembered */ };
struct record_memory {
    struct record_told {
        const char *message;
        enum outcome outcome;
    } told[RECORD_RULES][RECORD_TOLD];
    uint8_t next[RECORD_RULES]; /* where the next is put */
    const char *expected[RECORD_RULES], *words[RECORD_WORDS];
};
/* Appends; false: no memory. What `record` has of its own is in `arena`. `memory` may be NULL, here and there. */
bool record_pack_next(const struct record *record, const struct arena *arena, struct record_memory *memory,
                      struct bytes *out);
/* NULL: not a record. Its texts are those in `data` and in that of the records before, which must live as long. */
struct record *record_unpack_next(struct arena *arena, struct record_memory *memory, const uint8_t *data, size_t size);

/* A record by itself. */
static inline bool record_pack(const struct record *record, struct bytes *out)
{
    return record_pack_next(record, NULL, NULL, out);
}

static inline struct record *record_unpack(struct arena *arena, const uint8_t *data, size_t size)
{
    return record_unpack_next(arena, NULL, data, size);
}
/* The eight bytes that end a packed record, of those before them. Proof against accidents, not against intent. */
uint64_t record_seal(const uint8_t *data, size_t size);
/* What every reader of a record takes for granted: no text is missing, and those that reports write as they stand are
 * what they should be. Asked by record_unpack_next(). */
bool record_is_whole(const struct record *record);

const char *verdict_name(enum verdict verdict); /* "pass", "fail", "unknown", "error" */

#endif
