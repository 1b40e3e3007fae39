/* macho_oracle CORPUS SEED FIRST COUNT [FOLDER [all]]: probes FIRST to FIRST + COUNT of the sequence SEED, each read by the
 * reader and by the second reading of xnu.c. Prints what came of them; each difference is a line, and a file in FOLDER
 * (`all`: each probe is a file there, and nothing is compared). 0: no difference; 1: some. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/oracle/macho_compare.h"
#include "tests/oracle/macho_probe.h"

enum { TOLD = 20 /* differences of a kind that are shown */ };

struct tally {
    uint64_t probes, started, different;
    uint64_t differences[MACHO_DIFFERENCE_COUNT];
};

static void save(const char *folder, const char *name, const struct macho_probe *probe, uint64_t seed, uint64_t index)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s-%" PRIu64 "-%" PRIu64, folder, name, seed, index);
    FILE *out = fopen(path, "wb");
    if (out) {
        fwrite(probe->bytes, 1, probe->size, out);
        fclose(out);
    }
}

static void tell(const struct macho_probe *probe, uint64_t seed, uint64_t index, struct macho_verdict verdict,
                 const char *folder, struct tally *tally)
{
    tally->different++;
    for (size_t i = 0; i < MACHO_DIFFERENCE_COUNT; i++)
        if (verdict.found >> i & 1 && tally->differences[i]++ < TOLD) {
            printf("probe %" PRIu64 ":%" PRIu64 " from %s: %s%s%s\n", seed, index, probe->seed->name,
                   macho_difference_texts[i], verdict.why ? ": " : "", verdict.why ? verdict.why : "");
            if (folder)
                save(folder, macho_difference_names[i], probe, seed, index);
        }
}

int main(int argc, char **argv)
{
    static struct macho_seed seeds[MACHO_PROBE_SEEDS];
    static struct macho_probe probe;
    struct tally tally = {0};
    if (argc < 5 || argc > 7) {
        fprintf(stderr, "usage: macho_oracle CORPUS SEED FIRST COUNT [FOLDER [all]]\n");
        return 2;
    }
    if (argc > 5)
        mkdir(argv[5], 0777);
    size_t seed_count = macho_seeds(argv[1], seeds);
    uint64_t seed = strtoull(argv[2], NULL, 0), first = strtoull(argv[3], NULL, 0), most = strtoull(argv[4], NULL, 0);
    for (uint64_t i = first; i < first + most; i++) {
        macho_probe_make(&probe, seeds, seed_count, seed, i);
        if (argc == 7) {
            save(argv[5], "probe", &probe, seed, i);
            continue;
        }
        struct macho_verdict verdict = macho_compare(probe.bytes, probe.size);
        tally.probes++;
        tally.started += verdict.started;
        if (verdict.found)
            tell(&probe, seed, i, verdict, argc > 5 ? argv[5] : NULL, &tally);
    }
    for (size_t i = 0; i < MACHO_DIFFERENCE_COUNT; i++)
        if (tally.differences[i])
            printf("%" PRIu64 " times: %s\n", tally.differences[i], macho_difference_texts[i]);
    printf("seed %" PRIu64 ", from %" PRIu64 ": %" PRIu64 " probes, %" PRIu64 " started, %" PRIu64 " differ\n", seed,
           first, tally.probes, tally.started, tally.different);
    for (size_t i = 0; i < seed_count; i++)
        free(seeds[i].bytes);
    return tally.different != 0;
}
