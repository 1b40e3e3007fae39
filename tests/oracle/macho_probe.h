/* Probes of the Mach-O oracle: a seed, thin or universal, changed and mended as those of ELF are. */
#ifndef ASSAY_TESTS_ORACLE_MACHO_PROBE_H
#define ASSAY_TESTS_ORACLE_MACHO_PROBE_H

#include <stdbool.h>
#include "tests/oracle/random.h"

enum { MACHO_PROBE_ROOM = 192 * 1024, MACHO_PROBE_SEEDS = 32, MACHO_PROBE_COMMANDS = 64 };

struct macho_seed {
    const char *name;
    size_t size;
    uint8_t *bytes;
};

struct macho_probe {
    const struct macho_seed *seed;
    size_t size;
    bool universal;
    size_t image;         /* where the image begins that is changed */
    size_t command_count; /* of that image as it was, and where each stands */
    size_t commands[MACHO_PROBE_COMMANDS];
    uint8_t bytes[MACHO_PROBE_ROOM];
};

/* Small programs for both CPUs, and those of `folder`. How many; the bytes are for free(). */
size_t macho_seeds(const char *folder, struct macho_seed seeds[MACHO_PROBE_SEEDS]);
void macho_probe_make(struct macho_probe *probe, const struct macho_seed *seeds, size_t count, uint64_t seed,
                      uint64_t index);

#endif
