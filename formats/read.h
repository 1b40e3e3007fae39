/* From a file to its images: the first bytes choose a reader, the reader fills in
 * the model. No opinions here, and no errors: what breaks a format is a defect. */
#ifndef ASSAY_FORMATS_READ_H
#define ASSAY_FORMATS_READ_H

#include "formats/model.h"

struct read_options {
    bool code; /* look at what is loaded, instructions and texts; false (--no-code): at headers, tables and notes */
};

/* What the first bytes of a file say it is. */
struct sniff {
    enum container container; /* ELF, MACHO or UNIVERSAL: a reader exists */
    enum kind kind;           /* for the rest: what it is */
    const char *machine;      /* for the rest: in words, "ar archive" */
    bool program; /* a program, library, object or archive of any platform: worth judging when found in a tree */
};
enum { SNIFF_SIZE = 4096 }; /* the whole of a universal header that a kernel takes */
struct sniff sniff(struct view head, uint64_t file_size);

/* Reads the whole model of `file` into its arena. */
void read_file(struct file *file, const struct read_options *options, struct reading *reading);

/* The readers. Each fills in reading->images[0..count). Private to formats/. */
void read_elf(struct file *file, const struct read_options *options, struct reading *reading);
void read_macho(struct file *file, const struct read_options *options, struct reading *reading);
void read_universal(struct file *file, const struct read_options *options, struct reading *reading);

/* Shared by both formats, called once the segments of an image are known. Private to formats/. */
void read_go(struct image *image, const struct read_options *options); /* fills image->go */
/* The function of a Go program (image->go) that holds the address, by pclntab: where it begins; false: none is known. */
bool go_function(const struct image *image, uint64_t address, uint64_t *begin) MUST_CHECK;
void read_code_looks(struct image *image);  /* fills code_looks, code_words, code_typical_words */
void read_zeros(struct image *image);       /* adds defects: bytes that are lost */
void read_build_paths(struct image *image); /* fills build_paths */
void read_packer(struct image *image,
                 bool code); /* fills packer; code: whether bytes are looked at that only code has */
/* Whether the bytes of a section of 16 KiB or more are as even as compressed data; UNKNOWN: it is not looked at, since `left`, the
 * bytes that may still be, is less than its sample. */
enum answer section_is_even(struct image *image, const struct section *s, uint64_t *left) MUST_CHECK;
void read_hidden_dwarf(struct image *image); /* adds to debug what names do not tell of */
void read_ranges(struct image *image, const struct range *owned, size_t count, uint64_t slack); /* fills unowned */
const char *range_recognise(struct view v); /* what the bytes begin as, "ELF file"; NULL: not recognised */
bool dwarf_begins(struct view v);           /* as a unit of .debug_info or .debug_line */
int64_t dwarf_find(struct view v);          /* where units of .debug_info begin, surely; -1: nowhere */
/* Shared ELF work, called by elf.c once both views are read. Private to formats/. */
void read_static_libc(struct image *image, const struct read_options *options); /* fills libc, libc_evidence, latent */
void read_toolchains(struct image *image);                                      /* fills toolchains */

#endif
