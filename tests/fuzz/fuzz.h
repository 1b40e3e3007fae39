/* What the fuzz targets share. Each target is one function that libFuzzer calls; replay.c
 * calls the same function over files, so every build of the tests runs the seeds. */
#ifndef ASSAY_TESTS_FUZZ_FUZZ_H
#define ASSAY_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

#include "formats/read.h"
#include "src/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Gives `use` the bytes as an opened file; an arena that runs out ends the case. Memory is kept from case to case.
 * Under a sanitizer the bytes are read where libFuzzer and replay.c have them, in memory of exactly their size; without
 * one they are copied to the end of a page behind which there is none, so that a step beyond is seen all the same. */
void with_file(const uint8_t *data, size_t size, void (*use)(struct file *file));

/* The arena of a case, empty, and the `escape` to leave it by: for targets that read no file. */
struct arena *case_arena(jmp_buf *escape);

/* The record that the bytes are once a seal that fits them stands behind; NULL: none. */
struct record *unpack_sealed(struct arena *arena, const uint8_t *data, size_t size);

#endif
