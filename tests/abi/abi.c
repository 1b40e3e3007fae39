/* abi FILE...: every function that does not keep its calling convention, one line each, and what was looked at. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "checks/code/abi.h"
#include "formats/read.h"

static const char *const breaches[] = {"stack-alignment", "no-access-below-sp", "platform-register",
                                       "callee-saved",    "frame-record",       "return-address",
                                       "pac-pairing",     "system-call",        "landing-pad"};

static void show(const struct image *image, struct arena *arena)
{
    struct ground ground;
    struct abi_study study = {0};
    struct timespec from, to;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
    if (ground_make(image, arena, &ground))
        abi_study(&ground, 1 << 16, &study);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
    double seconds = (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
    if (!study.read) {
        puts("cannot be read");
        return;
    }
    for (int p = 0; p < ABI_PROFILES; p++)
        if (study.functions[p])
            printf("profile %s functions %" PRIu64 " understood %" PRIu64 "\n", abi_profile_name((enum abi_profile)p),
                   study.functions[p], study.understood[p]);
    printf("code %" PRIu64 " odd %" PRIu64 " seconds %.3f\n", study.code, study.odd, seconds);
    for (int b = 0; b < BREACH_COUNT; b++)
        for (size_t i = 0; i < study.hits[b].kept; i++) {
            const struct abi_hit *h = &study.hits[b].items[i];
            printf("%s %#" PRIx64 " in %#" PRIx64 "+%" PRIu32 " word %08x reg %u n %d source %u%s%s\n", breaches[b],
                   h->address, h->function, h->size, (unsigned)h->word, (unsigned)h->reg, (int)h->n,
                   (unsigned)h->source, h->interface ? " interface" : "", h->loose ? " loose" : "");
        }
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        struct file file;
        struct problem problem = {0};
        struct reading reading = {0};
        const struct file_options options = {.max_size = UINT64_MAX};
        const struct read_options read = {.code = true};
        jmp_buf escape;
        int fd = open(argv[i], O_RDONLY | O_CLOEXEC);
        if (fd < 0 || file_from_fd(&file, fd, &options, &problem) != STATUS_OK) {
            fprintf(stderr, "%s: %s\n", argv[i], problem.text);
            return 2;
        }
        file.arena.escape = &escape;
        if (setjmp(escape) != 0)
            return 2;
        read_file(&file, &read, &reading);
        for (size_t n = 0; n < reading.count; n++) {
            printf("%s %s\n", argv[i], arch_name(reading.images[n].arch));
            if (reading.images[n].judged)
                show(&reading.images[n], &file.arena);
        }
        file_close(&file);
    }
    return 0;
}
