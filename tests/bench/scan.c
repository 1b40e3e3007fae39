/* scan classify|plain|sweep|proof|abi FILE: looks at a program's code alone, for bench.py to take the time of. classify: every
 * instruction looked up in the table; sweep: the first look that `assay check` takes; plain: the same without vectors wider
 * than SSE2; proof: and what shows that the sweep came upon everything; abi: the study of calling conventions. Writes how
 * many bytes of code there are. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checks/code/a64.h"
#include "checks/code/abi.h"
#include "checks/code/scan.h"
#include "checks/code/strays.h"
#include "checks/code/x86.h"
#include "formats/read.h"

static uint64_t classify(const struct ground *ground)
{
    static uint32_t counts[256];
    const struct map *map = &ground->map;
    uint64_t bytes = 0;
    for (size_t i = 0; i < map->code_count; i++) {
        const uint8_t *at = map_bytes(map, map->code[i].address, (size_t)map->code[i].size);
        if (at && ground->amd64)
            x86_count(at, (size_t)map->code[i].size, counts);
        else if (at)
            a64_count(at, (size_t)map->code[i].size / 4, counts);
        bytes += at ? map->code[i].size : 0;
    }
    return bytes;
}

static uint64_t follow(const struct ground *ground)
{
    struct abi_study study;
    abi_study(ground, NULL, 8, &study);
    return study.read ? study.code : 0;
}

int main(int argc, char **argv)
{
    struct file file;
    struct problem problem = {0};
    struct reading reading = {0};
    const struct file_options options = {.max_size = UINT64_MAX};
    const struct read_options read = {.code = false};
    static uint64_t bytes;
    jmp_buf escape;
    int fd = argc == 3 ? open(argv[2], O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0 || file_from_fd(&file, fd, &options, &problem) != STATUS_OK)
        return 2;
    file.arena.escape = &escape;
    if (setjmp(escape) != 0)
        return 2;
    read_file(&file, &read, &reading);
    for (size_t n = 0; n < reading.count; n++) {
        struct scan scan = {0};
        struct ground ground;
        struct strays strays;
        if (!ground_make(&reading.images[n], &file.arena, &ground))
            continue;
        if (strcmp(argv[1], "classify") == 0)
            scan.bytes = classify(&ground);
        else if (strcmp(argv[1], "abi") == 0)
            scan.bytes = follow(&ground);
        else
            scan_code(&ground, strcmp(argv[1], "plain") != 0, &scan);
        if (strcmp(argv[1], "proof") == 0) {
            ground_pointers(&ground);
            strays_find(&ground, &scan.begins, &strays);
        }
        bytes += scan.bytes;
    }
    printf("%" PRIu64 "\n", bytes);
    file_close(&file);
    return bytes == 0;
}
