#include "corpus/samples/samples.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct sample samples[] = {
#define SAMPLE(name, kind) {name, SAMPLE_##kind},
#include "corpus/samples.def"
#undef SAMPLE
};
const size_t sample_count = sizeof samples / sizeof *samples;

static bool load_file(const char *path, struct sample_bytes *out)
{
    FILE *in = fopen(path, "rb");
    if (!in)
        return false;
    long size = fseek(in, 0, SEEK_END) == 0 ? ftell(in) : -1;
    rewind(in);
    out->size = size > 0 ? (size_t)size : 0;
    out->data = malloc(out->size + 1);
    bool good = size >= 0 && out->data && fread(out->data, 1, out->size, in) == out->size;
    fclose(in);
    if (!good)
        free(out->data);
    return good;
}

bool sample_load(const struct sample *sample, const char *corpus, struct sample_bytes *out)
{
    char path[4096];
    if (sample->kind == SAMPLE_MADE)
        return make_elf(sample->name, out) || make_macho(sample->name, out) || make_text(sample->name, out);
    int size = snprintf(path, sizeof path, "%s/%s/%s", corpus, sample->kind == SAMPLE_REAL ? "real" : "malformed",
                        sample->name);
    return size > 0 && (size_t)size < sizeof path && load_file(path, out);
}

/* A file's name would be a claim of its own (origin/claims-match-bytes), so these are told by option. */
const char *sample_target(const char *name)
{
    static const struct {
        const char *name, *target;
    } declared[] = {{"identity-declared-target", "linux/arm64"}, {"elf-static-declared", "linux/amd64"}};
    for (size_t i = 0; i < sizeof declared / sizeof *declared; i++)
        if (strcmp(declared[i].name, name) == 0)
            return declared[i].target;
    return NULL;
}

/* Rules that demand nothing until a policy declares something are tried with one. */
const char *sample_policy(const char *name)
{
    static const struct {
        const char *name, *policy;
    } declared[] = {
        {"linkage-glibc-floor", "version: 1\nparameters: {libraries: [libc.so.6], glibc-floor: 2.17}\n"},
        {"elf-glibc-allowed", "version: 1\nparameters: {libraries: [libc.so.6], glibc-floor: 2.34}\n"},
        {"platform-minimum-os", "version: 1\nparameters: {macos-minimum: 10.13}\n"},
        {"macho-declared-minimum", "version: 1\nparameters: {macos-minimum: 13.0}\n"},
        {"platform-size-budget", "version: 1\nparameters: {size-max: 1k}\n"},
        {"elf-static-declared", "version: 1\nparameters: {size-max: 1M}\n"},
        {"isa-neon-present", "version: 1\nparameters: {neon-loops: 1}\n"},
        {"elf-static-neon", "version: 1\nparameters: {neon-loops: 1}\n"},
        {"isa-level-ceiling", "version: 1\nparameters: {cpu: x86-64-v2}\n"},
    };
    for (size_t i = 0; i < sizeof declared / sizeof *declared; i++)
        if (strcmp(declared[i].name, name) == 0)
            return declared[i].policy;
    return NULL;
}

/* What a release ships by mistake in the program's place. */
bool make_text(const char *name, struct sample_bytes *out)
{
    static const char script[] = "#!/bin/sh\nexec \"$(dirname \"$0\")/program.bin\" \"$@\"\n";
    if (strcmp(name, "identity-executable-kind") != 0)
        return false;
    out->size = sizeof script - 1;
    out->data = malloc(out->size);
    if (out->data)
        memcpy(out->data, script, out->size);
    return out->data != NULL;
}
