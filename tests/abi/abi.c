/* abi FILE...: every function that does not keep its calling convention, one line each, and what was looked at. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "checks/code/abi.h"
#include "checks/code/scan.h"
#include "tests/code/each_image.h"

static const char *const breaches[] = {"stack-alignment", "no-access-below-sp", "platform-register",
                                       "callee-saved",    "frame-record",       "return-address",
                                       "pac-pairing",     "system-call",        "landing-pad"};

static void tell(const char *what, int breach, const struct abi_hits *hits)
{
    for (size_t i = 0; i < hits->kept; i++) {
        const struct abi_hit *h = &hits->items[i];
        printf("%s%s %#" PRIx64 " in %#" PRIx64 "+%" PRIu32 " word %08x reg %u n %d source %u%s%s\n", what,
               breaches[breach], h->address, h->function, h->size, (unsigned)h->word, (unsigned)h->reg, (int)h->n,
               (unsigned)h->source, h->interface ? " interface" : "", h->loose ? " loose" : "");
    }
}

static void show(const struct image *image, struct arena *arena)
{
    struct ground ground;
    struct abi_study study = {0};
    struct timespec from, to;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
    if (ground_make(image, arena, &ground)) {
        struct scan scan = {0};
        if (ground.amd64)
            scan_code(&ground, true, &scan);
        abi_study(&ground, ground.amd64 ? &scan.begins : NULL, 1 << 16, &study);
    }
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
    printf("code %" PRIu64 " odd %" PRIu64 " called %" PRIu64 " seconds %.3f\n", study.code, study.odd, study.called,
           seconds);
    for (int b = 0; b < BREACH_COUNT; b++) {
        tell("", b, &study.hits[b]);
        tell("doubt ", b, &study.doubts[b]);
    }
}

static void look(const struct image *image, struct arena *arena, void *path)
{
    printf("%s %s\n", (const char *)path, arch_name(image->arch));
    if (image->judged)
        show(image, arena);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (!each_image(argv[i], look, argv[i]))
            return 2;
    return 0;
}
