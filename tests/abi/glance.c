/* glance FILE...: every function looked at with a glance (checks/code/abi_glance.h) and followed with all that can be known,
 * and where the two disagree: the first never says what the second does not. A line for each file, with the share of the
 * code for which the glance was enough. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "checks/code/abi_work.h"
#include "checks/code/scan.h"
#include "tests/code/each_image.h"

struct seen {
    uint64_t understood, surely;
    size_t hits;
    bool odd;
};

static struct seen see(struct abi_walk *walk, const struct abi_function *f, bool thorough)
{
    struct seen seen = {0};
    walk->thorough = thorough;
    if (!abi_walk(walk, f))
        abort();
    for (size_t i = 0; i < walk->hit_count; i++)
        seen.hits += abi_proves(walk, f, &walk->hits[i]);
    seen.understood = walk->understood;
    seen.surely = walk->odd ? 0 : walk->surely;
    seen.odd = walk->odd && f->profile != ABI_GO && f->profile != ABI_GUESSED;
    return seen;
}

static void look(const struct image *image, struct arena *arena, void *context)
{
    bool *good = context;
    struct ground ground;
    uint64_t code = 0, enough = 0, functions = 0;
    if (!image->judged || !ground_make(image, arena, &ground) || abi_is_scattered(&ground.map))
        return;
    struct abi_work work = abi_work_on(&ground);
    struct scan scan = {0};
    if (ground.amd64)
        scan_code(&ground, true, &scan);
    work.begins = ground.amd64 ? &scan.begins : NULL;
    abi_find(&work);
    struct abi_walk walk = abi_walk_of(&work);
    for (size_t i = 0; i < work.starts.count; i++, functions++) {
        struct abi_function f = abi_function_of(&work, i);
        if (image->arch == ARCH_AMD64 && f.profile != ABI_SYSV)
            continue;
        struct seen full = see(&walk, &f, true), glance = see(&walk, &f, false);
        code += f.size;
        enough += walk.glanced ? f.size : 0;
        if (full.understood == glance.understood && full.surely == glance.surely && full.hits == glance.hits &&
            full.odd == glance.odd)
            continue;
        *good = false;
        printf("%#" PRIx64 "+%" PRIu64 ": bytes %" PRIu64 " and %" PRIu64 ", hits %zu and %zu, odd %d and %d\n",
               f.start, f.size, full.understood, glance.understood, full.hits, glance.hits, full.odd, glance.odd);
    }
    abi_walk_free(&walk);
    printf("functions %" PRIu64 ", code %" PRIu64 ", a glance is enough for %.1f %% of it\n", functions, code,
           code ? (double)enough * 100 / (double)code : 0);
}

int main(int argc, char **argv)
{
    bool good = true;
    for (int i = 1; i < argc; i++) {
        printf("%s ", argv[i]);
        if (!each_image(argv[i], look, &good))
            return 2;
        fflush(stdout);
    }
    return good ? 0 : 1;
}
