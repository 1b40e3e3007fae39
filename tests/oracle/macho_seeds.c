#include "tests/oracle/macho_probe.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/make/macho.h"

static void as_it_is(struct make_macho *m)
{
    (void)m;
}

static void more_dylibs(struct make_macho *m)
{
    make_macho_text(m, LC_LOAD_WEAK_DYLIB | MAKE_REQ_DYLD, "/usr/lib/libweak.dylib");
    make_macho_text(m, LC_REEXPORT_DYLIB | MAKE_REQ_DYLD, "/usr/lib/libagain.dylib");
    make_macho_text(m, LC_LOAD_UPWARD_DYLIB | MAKE_REQ_DYLD, "@rpath/libup.dylib");
    make_macho_text(m, LC_RPATH | MAKE_REQ_DYLD, "/opt/lib");
}

static void no_dylibs(struct make_macho *m)
{
    make_macho_remove(m, LC_LOAD_DYLIB);
}

static void environment(struct make_macho *m)
{
    make_macho_text(m, LC_DYLD_ENVIRONMENT, "DYLD_LIBRARY_PATH=/opt/lib");
}

/* LC_UNIXTHREAD: the kernel itself goes by the entry. */
static void thread(struct make_macho *m)
{
    bool amd64 = m->arch == ARCH_AMD64;
    uint32_t words[2 + 68] = {amd64 ? 4 : 6, amd64 ? 42 : 68}, pc = 2 + (amd64 ? 16 : 32) * 2;
    words[pc] = (uint32_t)(MAKE_MACHO_BASE + MAKE_MACHO_CODE);
    words[pc + 1] = (uint32_t)((MAKE_MACHO_BASE + MAKE_MACHO_CODE) >> 32);
    make_macho_remove(m, LC_MAIN);
    make_macho_command(m, LC_UNIXTHREAD, words, 2 + words[1]);
}

/* No dyld at all: Intel alone starts it. */
static void without_dyld(struct make_macho *m)
{
    thread(m);
    make_macho_remove(m, LC_LOAD_DYLINKER);
    make_macho_remove(m, LC_LOAD_DYLIB);
    m->flags &= ~(uint32_t)(MH_DYLDLINK | MH_TWOLEVEL);
}

static void old_version(struct make_macho *m)
{
    make_macho_remove(m, LC_BUILD_VERSION);
    make_macho_command(m, LC_VERSION_MIN_MACOSX, (const uint32_t[]){0xa0d00, 0xb0000}, 2);
}

/* Memory without bytes, between __TEXT and __LINKEDIT. */
static void data(struct make_macho *m)
{
    struct make_macho_command *linkedit = make_macho_find_segment(m, "__LINKEDIT");
    make_macho_set64(linkedit, 24, make_macho_get(linkedit->bytes + 24, 8) + MAKE_MACHO_PAGE);
    struct make_macho_command last = *linkedit;
    *linkedit = *make_macho_segment(m, "__DATA", MAKE_MACHO_BASE + MAKE_MACHO_LINKEDIT, MAKE_MACHO_PAGE, 0, 0, 3);
    m->commands[m->command_count - 1] = last;
}

static const struct {
    const char *name;
    enum arch arch;
    void (*change)(struct make_macho *m);
} made[] = {{"amd64", ARCH_AMD64, as_it_is},
            {"arm64", ARCH_ARM64, as_it_is},
            {"amd64-dylibs", ARCH_AMD64, more_dylibs},
            {"arm64-dylibs", ARCH_ARM64, more_dylibs},
            {"amd64-no-dylibs", ARCH_AMD64, no_dylibs},
            {"amd64-environment", ARCH_AMD64, environment},
            {"amd64-thread", ARCH_AMD64, thread},
            {"arm64-thread", ARCH_ARM64, thread},
            {"amd64-without-dyld", ARCH_AMD64, without_dyld},
            {"amd64-old", ARCH_AMD64, old_version},
            {"amd64-data", ARCH_AMD64, data},
            {"arm64-data", ARCH_ARM64, data}};

static void take_universal(struct macho_seed *seed, const char *name, const struct macho_seed *a,
                           const struct macho_seed *b)
{
    struct make_universal u = {.count = 2,
                               .slices = {{.bytes = a->bytes, .size = a->size}, {.bytes = b->bytes, .size = b->size}}};
    seed->name = name;
    seed->size = make_universal_write(&u, &seed->bytes);
}

/* As many slices as make a Java class file of it to those who go by the first eight bytes: all but two are empty. */
static void take_many(struct macho_seed *seed, const struct macho_seed *two)
{
    enum { COUNT = 60, FIRST_UNKNOWN = 100, EMPTY_AT = 0x2000 };
    seed->name = "universal-many";
    seed->size = two->size;
    seed->bytes = malloc(two->size);
    if (!seed->bytes)
        abort();
    memcpy(seed->bytes, two->bytes, two->size);
    seed->bytes[7] = COUNT;
    memmove(seed->bytes + 8 + (COUNT - 2) * 20, seed->bytes + 8, 40);
    for (size_t i = 0; i < COUNT - 2; i++) {
        uint8_t *at = seed->bytes + 8 + i * 20;
        memset(at, 0, 20);
        at[3] = (uint8_t)(FIRST_UNKNOWN + i);
        at[10] = EMPTY_AT >> 8;
    }
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_ours(const struct dirent *entry)
{
    return strncmp(entry->d_name, "macho-", 6) == 0 && strcmp(entry->d_name, "macho-universal-library") != 0;
}

static bool read_whole(const char *path, struct macho_seed *seed)
{
    FILE *in = fopen(path, "rb");
    seed->bytes = malloc(MACHO_PROBE_ROOM);
    if (!in || !seed->bytes)
        abort();
    seed->size = fread(seed->bytes, 1, MACHO_PROBE_ROOM, in);
    fclose(in);
    return seed->size < MACHO_PROBE_ROOM / 2;
}

size_t macho_seeds(const char *folder, struct macho_seed seeds[MACHO_PROBE_SEEDS])
{
    static struct make_macho m;
    struct dirent **entries;
    size_t count = 0;
    for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
        make_macho_clean(&m, made[i].arch);
        made[i].change(&m);
        seeds[count].name = made[i].name;
        seeds[count].size = make_macho_write(&m, &seeds[count].bytes);
        count++;
    }
    take_universal(&seeds[count++], "universal", &seeds[0], &seeds[1]);
    take_universal(&seeds[count++], "universal-reversed", &seeds[1], &seeds[0]);
    take_many(&seeds[count], &seeds[count - 1]);
    count++;
    int found = scandir(folder, &entries, is_ours, by_name);
    for (int i = 0; i < found; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        if (count < MACHO_PROBE_SEEDS && read_whole(path, &seeds[count]))
            seeds[count++].name = strdup(entries[i]->d_name);
        free(entries[i]);
    }
    if (found > 0)
        free(entries);
    return count;
}
