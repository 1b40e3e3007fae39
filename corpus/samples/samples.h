/* Every binary that the rules are tried on: corpus/samples.def by name. */
#ifndef ASSAY_CORPUS_SAMPLES_H
#define ASSAY_CORPUS_SAMPLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sample_kind { SAMPLE_MADE, SAMPLE_REAL, SAMPLE_MALFORMED };

struct sample {
    const char *name;
    enum sample_kind kind;
};
extern const struct sample samples[];
extern const size_t sample_count;

struct sample_bytes {
    uint8_t *data;
    size_t size;
};
/* The bytes of a sample, to be freed; `corpus` is the folder that holds real/ and malformed/. False: there is none. */
bool sample_load(const struct sample *sample, const char *corpus, struct sample_bytes *out);
/* The --target that a sample is judged by, or NULL. */
const char *sample_target(const char *name);
/* The policy that it is judged by, or NULL. */
const char *sample_policy(const char *name);

/* make_elf.c, make_macho.c: false where the name is none of theirs. */
bool make_elf(const char *name, struct sample_bytes *out);
bool make_macho(const char *name, struct sample_bytes *out);
bool make_text(const char *name, struct sample_bytes *out);

#endif
