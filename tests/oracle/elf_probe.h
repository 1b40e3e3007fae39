/* Probes of the ELF oracle: a seed, changed in a few places that loaders look at, and mended in some of them again. */
#ifndef ASSAY_TESTS_ORACLE_ELF_PROBE_H
#define ASSAY_TESTS_ORACLE_ELF_PROBE_H

#include <elf.h>
#include "tests/oracle/random.h"

enum { ELF_PROBE_ROOM = 96 * 1024, ELF_PROBE_SEEDS = 48 };

/* The loader that seeds ask for, relative to the working directory of the oracle; beside it lies one for each name that
 * is left when its end is cut off. */
#define ELF_PROBE_LOADER "loader"

struct elf_seed {
    const char *name;
    size_t size;
    uint8_t *bytes;
};

struct elf_probe {
    const struct elf_seed *seed;
    size_t size;
    size_t table, count;       /* where the program headers stand, whatever e_phoff and e_phnum say by now */
    size_t dynamic, dyn_count; /* the dynamic table; count 0: there is none */
    size_t interp;             /* the loader's path; 0: there is none */
    uint8_t bytes[ELF_PROBE_ROOM];
};

/* Small programs of every kind, and those of `folder` that are for this machine. How many; the bytes are for free(). */
size_t elf_seeds(const char *folder, struct elf_seed seeds[ELF_PROBE_SEEDS]);
/* Probe `index` of the sequence that `seed` names. */
void elf_probe_make(struct elf_probe *probe, const struct elf_seed *seeds, size_t count, uint64_t seed, uint64_t index);

#endif
