/* make_samples DIR: writes every MADE sample into a folder, for tests that need files. */
#include <stdio.h>
#include <stdlib.h>

#include "corpus/samples/samples.h"

static bool write_file(const char *folder, const char *name, const struct sample_bytes *bytes)
{
    char path[4096];
    int size = snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *out = size > 0 && (size_t)size < sizeof path ? fopen(path, "wb") : NULL;
    if (!out)
        return false;
    bool good = fwrite(bytes->data, 1, bytes->size, out) == bytes->size;
    return fclose(out) == 0 && good;
}

int main(int argc, char **argv)
{
    int failed = argc != 2;
    for (size_t i = 0; i < sample_count && argc == 2; i++) {
        struct sample_bytes bytes;
        if (samples[i].kind != SAMPLE_MADE)
            continue;
        if (!sample_load(&samples[i], "", &bytes)) {
            fprintf(stderr, "make_samples: nothing makes %s\n", samples[i].name);
            failed = 1;
            continue;
        }
        if (!write_file(argv[1], samples[i].name, &bytes)) {
            perror(samples[i].name);
            failed = 1;
        }
        free(bytes.data);
    }
    return failed;
}
