/* A small ELF program before it is written; make_elf.c changes one thing, elf.c writes it. */
#ifndef ASSAY_CORPUS_SAMPLES_ELF_H
#define ASSAY_CORPUS_SAMPLES_ELF_H

#include <elf.h>

#include "corpus/samples/samples.h"

enum { ELF_ROOM = 0x1000, ELF_SECTIONS = 11, ELF_CONSTANTS = 0x2c0, ELF_STEP = 0x10000 };

struct elf {
    bool arm64, arm64_code, relro, abi_tag, symbols, debug, go;
    bool tls;     /* a relocation asks for the number of a TLS module */
    bool guarded; /* promises landing pads, and holds a pointer to the first function */
    Elf64_Half type;
    Elf64_Word flags, stack, data_access;
    uint64_t base, align, dynamic_flags, entry;
    uint64_t code_memory; /* of one more segment, R X, that has no bytes; 0: none */
    const char *interpreter, *needed, *runpath, *version, *settings, *appended;
    const uint8_t *code; /* what the program does first; NULL: nothing more than to end */
    size_t code_size;
    const uint32_t *function; /* A64, ends with a 0: in place of the first of the functions that follow the entry */
    const uint8_t
        *x86_function; /* one that a pointer leads to; more with frames follow it, and a table bounds all of them */
    size_t x86_function_size;
    const char *constants; /* several texts, each with its NUL, and an empty one */
    /* while it is written */
    uint8_t bytes[ELF_ROOM];
    size_t size, strings, names, dyns, sections, segments;
    Elf64_Shdr shdrs[ELF_SECTIONS];
};

void elf_write(struct elf *e); /* fills in bytes and size */

#endif
