/* A small Mach-O program before it is written; make_macho.c changes one thing, macho.c writes it. */
#ifndef ASSAY_CORPUS_SAMPLES_MACHO_H
#define ASSAY_CORPUS_SAMPLES_MACHO_H

#include "corpus/samples/samples.h"

enum { MACHO_ROOM = 0x5000 };

struct macho {
    bool arm64, uuid, signature, local_symbol;
    bool changed;             /* a byte, behind the signing */
    bool uncovered;           /* the last page that is hashed is left out */
    const char *entitlements; /* a property list; NULL: none */
    uint32_t flags, subtype, text_flags, minimum;
    const char *dylib; /* a second one */
    const char *rpath;
    const uint32_t *function; /* A64, ends with a 0: behind the first */
    /* while it is written */
    uint8_t bytes[MACHO_ROOM];
    size_t size, commands, linkedit;
    uint32_t count;
};

void macho_write(struct macho *m); /* fills in bytes and size */

#endif
