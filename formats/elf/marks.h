/* Private to formats/elf/: what the bytes of a static program say about its C library,
 * gathered in one pass, and what follows for the libraries that it may load. */
#ifndef ASSAY_FORMATS_ELF_MARKS_H
#define ASSAY_FORMATS_ELF_MARKS_H

#include "formats/read.h"

/* Values index `marks` in static_libc.c. */
enum mark {
    MARK_TUNABLES, /* glibc */
    MARK_GCONV,
    MARK_MUSL_ERROR, /* musl */
    MARK_MUSL_PATH,
    MARK_MUSL_LOCALE,
    MARK_NSS_LIBRARY, /* glibc's name service switch */
    MARK_NSS_SYMBOL,
    MARK_NSS_SWITCH,
    MARK_NSCD,
    MARK_ICONV,   /* glibc's iconv() */
    MARK_DLOPEN,  /* glibc's dlopen(): in every program since 2.34 */
    MARK_DLMOPEN, /* and its dlmopen() */
    MARK_OPEN,    /* its _dl_open() */
    MARK_CCS,     /* a mode of fopen() that asks for a character set */
    MARK_PROGRAM, /* another program, for a loader */
    MARK_SELF_FD, /* open files as paths, which execve() takes */
    MARK_DEV_FD,
    MARK_LIBSTDCXX,    /* the locale code of libstdc++ */
    MARK_NAMED_LOCALE, /* locale::locale(const char *) of it, which only a program has that asks for it */
    MARK_LIBGFORTRAN,
    MARK_COUNT
};

enum { INSIDE = 4 }; /* places that are kept */

struct marks {
    uint64_t at[MARK_COUNT]; /* file offset of the first; 0: nowhere (there the ELF header stands) */
    struct {                 /* where it is a part of another text */
        size_t count;
        uint64_t at[INSIDE];
    } inside[MARK_COUNT];
    bool complete;  /* all that is loaded was searched */
    bool resolvers; /* it has the table by which glibc's start code chooses functions */
};

/* latent.c: fills in image->latent of a static glibc program. */
void read_latent(struct image *image, const struct marks *marks);
/* The same of a program that stands in the bytes of any static one, and that a loader starts with libraries. */
void read_latent_program(struct image *image, const struct marks *marks);
void read_latent_carried(struct image *image);
/* resolvers.c: whether bytes that stand at `offset` of the file hold a table of functions that choose others at the start. */
bool has_resolvers(const struct image *image, struct view v, uint64_t offset) MUST_CHECK;
/* memory_programs.c: whether code makes a file in memory and starts a file that is open; `names_descriptors`: it has a
 * text for the path of such a file. */
bool starts_from_memory(const struct image *image, bool names_descriptors, uint64_t *where) MUST_CHECK;
/* calls.c: whether code asks for dlopen() or dlmopen(), whose error text stands at `text`. */
enum answer dlopen_called(const struct image *image, uint64_t text, uint64_t *where);
/* inner.c: whether code chooses a locale, with setlocale() or newlocale(). */
enum answer locale_chosen(const struct image *image, const struct marks *marks, uint64_t *where);
/* Whether anything calls the loader of a static program round dlopen() and iconv(). */
enum answer loader_called(const struct image *image, const struct marks *marks, uint64_t *where);
/* calls.c: whether all calls of iconv(), whose assertion stands at `text`, come from one function. */
bool iconv_is_of_libstdcxx(const struct image *image, uint64_t text) MUST_CHECK;

#endif
