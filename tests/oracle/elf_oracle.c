/* elf_oracle CORPUS SEED FIRST COUNT [FOLDER]: probes FIRST to FIRST + COUNT of the sequence SEED, each started by the
 * kernel and read by the reader. Prints what came of them; each difference is a line, and a file in FOLDER. 0: none;
 * 1: some; 77: this system lets nobody trace, or starts no program that was made here. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/make/elf.h"
#include "tests/oracle/elf_compare.h"
#include "tests/oracle/elf_probe.h"

enum { SKIPPED = 77, TOLD = 20 /* differences of a kind that are shown */ };

struct tally {
    uint64_t probes, started, interpreted, refused, killed, different;
    uint64_t differences[DIFFERENCE_COUNT];
};

static bool write_file(const char *path, const void *bytes, size_t size)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);
    bool good = fd >= 0 && write(fd, bytes, size) == (ssize_t)size;
    if (fd >= 0)
        close(fd);
    return good;
}

static const char loader_name[] = ELF_PROBE_LOADER;

/* A loader for each beginning of its name, in a folder that becomes the working directory. */
static bool make_loaders(char *folder)
{
    static struct make_elf elf;
    uint8_t *bytes;
    make_elf_clean(&elf, ARCH_AMD64);
    elf.header.e_type = ET_DYN;
    size_t size = make_elf_write(&elf, &bytes);
    bool good = mkdtemp(folder) && chdir(folder) == 0;
    for (size_t i = 1; good && i < sizeof loader_name; i++) {
        char name[sizeof loader_name] = "";
        memcpy(name, loader_name, i);
        good = write_file(name, bytes, size);
    }
    free(bytes);
    return good;
}

static void remove_loaders(const char *folder)
{
    for (size_t i = 1; i < sizeof loader_name; i++) {
        char name[sizeof loader_name] = "";
        memcpy(name, loader_name, i);
        unlink(name);
    }
    if (chdir("/") == 0)
        rmdir(folder);
}

static void tell(const struct elf_probe *probe, uint64_t seed, uint64_t index, uint32_t found, const char *folder,
                 struct tally *tally)
{
    bool told = false;
    char path[4096];
    tally->different++;
    for (size_t i = 0; i < DIFFERENCE_COUNT; i++)
        if (found >> i & 1 && tally->differences[i]++ < TOLD) {
            printf("probe %" PRIu64 ":%" PRIu64 " from %s: %s\n", seed, index, probe->seed->name,
                   elf_difference_texts[i]);
            if (folder && !told) {
                snprintf(path, sizeof path, "%s/%s-%" PRIu64 "-%" PRIu64, folder, elf_difference_names[i], seed, index);
                told = write_file(path, probe->bytes, probe->size);
            }
        }
}

static void count(struct tally *tally, const struct launch *start)
{
    tally->probes++;
    tally->started += start->fate == FATE_STARTED;
    tally->interpreted += start->fate == FATE_STARTED && start->interpreter;
    tally->refused += start->fate == FATE_REFUSED;
    tally->killed += start->fate == FATE_KILLED;
}

/* Every seed starts as it was made, or this is no machine to ask. */
static int can_ask(struct kernel *kernel, const struct elf_seed *seeds, struct launch *start)
{
    bool asked = kernel_start(kernel, seeds[0].bytes, seeds[0].size, start),
         alone = asked && start->fate == FATE_STARTED;
    int error = asked ? start->error : errno;
    kernel_end(kernel);
    bool both = alone && kernel_start(kernel, seeds[1].bytes, seeds[1].size, start) && start->fate == FATE_STARTED;
    bool through = both && start->interpreter;
    kernel_end(kernel);
    if (!alone || !both)
        fprintf(stderr, "the kernel is not asked: %s\n",
                !asked ? strerror(error) : "it starts no program made here, or not its loader");
    return !alone || !both ? SKIPPED : !through;
}

static int ask(struct kernel *kernel, const struct elf_seed *seeds, size_t seed_count, char **numbers,
               const char *folder)
{
    static struct elf_probe probe;
    static struct launch start;
    struct tally tally = {0};
    uint64_t seed = strtoull(numbers[0], NULL, 0), first = strtoull(numbers[1], NULL, 0),
             most = strtoull(numbers[2], NULL, 0);
    int status = can_ask(kernel, seeds, &start);
    for (uint64_t i = first; status == 0 && i < first + most; i++) {
        elf_probe_make(&probe, seeds, seed_count, seed, i);
        if (!kernel_start(kernel, probe.bytes, probe.size, &start)) {
            perror("the system, not the file, failed");
            return 2;
        }
        count(&tally, &start);
        uint32_t found = elf_compare(kernel, &start, probe.bytes, probe.size);
        kernel_end(kernel);
        if (found)
            tell(&probe, seed, i, found, folder, &tally);
    }
    if (status)
        return status;
    for (size_t i = 0; i < DIFFERENCE_COUNT; i++)
        if (tally.differences[i])
            printf("%" PRIu64 " times: %s\n", tally.differences[i], elf_difference_texts[i]);
    printf("seed %" PRIu64 ", from %" PRIu64 ": %" PRIu64 " probes, %" PRIu64 " started, %" PRIu64
           " of them through an interpreter, %" PRIu64 " refused, %" PRIu64 " killed, %" PRIu64 " differ\n",
           seed, first, tally.probes, tally.started, tally.interpreted, tally.refused, tally.killed, tally.different);
    return tally.different != 0;
}

int main(int argc, char **argv)
{
    static struct elf_seed seeds[ELF_PROBE_SEEDS];
    char folder[] = "/tmp/assay-oracle-XXXXXX", saved[4096] = "";
    struct kernel kernel;
    if (argc < 5 || argc > 6) {
        fprintf(stderr, "usage: elf_oracle CORPUS SEED FIRST COUNT [FOLDER]\n");
        return 2;
    }
    if (argc == 6 && (mkdir(argv[5], 0777), !realpath(argv[5], saved)))
        return 2;
    size_t seed_count = elf_seeds(argv[1], seeds);
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    personality(ADDR_NO_RANDOMIZE); /* the same addresses each time, where that is allowed */
    if (!make_loaders(folder) || !kernel_open(&kernel)) {
        fprintf(stderr, "the kernel is not asked: %s\n", strerror(errno));
        return SKIPPED;
    }
    int status = ask(&kernel, seeds, seed_count, argv + 2, saved[0] ? saved : NULL);
    kernel_close(&kernel);
    remove_loaders(folder);
    for (size_t i = 0; i < seed_count; i++)
        free(seeds[i].bytes);
    return status;
}
