/* Runs a fuzz target over every file of some folders: the seeds, and whatever once crashed. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/fuzz/fuzz.h"

static int replay(const char *path)
{
    FILE *in = fopen(path, "rb");
    uint8_t *data = NULL;
    size_t size = 0, room = 0, got = 1;
    if (!in) {
        perror(path);
        return 1;
    }
    while (got) {
        if (size == room) {
            room = room ? room * 2 : 65536;
            data = realloc(data, room);
            if (!data)
                abort();
        }
        got = fread(data + size, 1, room - size, in);
        size += got;
    }
    fclose(in);
    uint8_t *exact =
        malloc(size ? size : 1); /* exactly as long as the file, so that a sanitizer sees every step past it */
    if (!exact)
        abort();
    for (size_t i = 0; i < size; i++)
        exact[i] = data[i];
    free(data);
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    return 0;
}

/* The number of files replayed, or -1. */
static long replay_folder(const char *folder)
{
    long count = 0;
    DIR *entries = opendir(folder);
    if (!entries) {
        perror(folder);
        return -1;
    }
    for (const struct dirent *entry; count >= 0 && (entry = readdir(entries));) {
        char path[4096];
        if (entry->d_name[0] == '.')
            continue;
        int size = snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        count = size < 0 || (size_t)size >= sizeof path || replay(path) != 0 ? -1 : count + 1;
    }
    closedir(entries);
    return count;
}

int main(int argc, char **argv)
{
    long inputs = 0;
    for (int i = 1; i < argc; i++) {
        long count = replay_folder(argv[i]);
        if (count < 0)
            return 1;
        inputs += count;
    }
    printf("%ld inputs\n", inputs);
    return inputs == 0;
}
