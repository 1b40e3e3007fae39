/* reach FILE...: what dispatch analysis says of each class of instructions that occurs, one line each. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checks/code/reach.h"
#include "checks/code/scan.h"
#include "tests/code/each_image.h"

static const char *const reaches[] = {"unreached", "guarded", "possible", "required"};

static void show(const struct image *image, struct arena *arena)
{
    const struct isa_class *classes;
    struct ground ground;
    struct scan scan;
    struct strays strays;
    struct reach_report report;
    isa_classes(image->arch, &classes);
    bool good = ground_make(image, arena, &ground);
    if (!good) {
        puts("cannot be read");
        return;
    }
    ground_pointers(&ground);
    scan_code(&ground, true, &scan);
    strays_find(&ground, &scan.begins, &strays);
    reach_program(&ground, &strays, &report);
    for (size_t i = 0; i < strays.count; i++)
        printf("stray %#" PRIx64 "\n", strays.starts[i]);
    printf("functions %" PRIu64 " executable %" PRIu64 " understood %" PRIu64 " broken %" PRIu64 "\n", report.functions,
           report.executable, report.understood, report.broken);
    printf("choosers %" PRIu64 " new %" PRIu64 "\n", report.choosers, report.choosers_new);
    printf("words %" PRIu64 " vectors %" PRIu64 " looped %" PRIu64 " unguarded %" PRIu64 " functions %" PRIu64 "\n",
           report.words, report.vectors, report.looped, report.unguarded, report.vector_functions);
    for (size_t i = 0; i < report.class_count; i++) {
        const struct reached *r = &report.classes[i];
        if (!r->address)
            continue;
        printf("%-9s %-16s %#" PRIx64 " in %" PRIu64 " by", reaches[r->reach], classes[i].ident, r->address,
               r->functions);
        for (unsigned k = 0; k < PATH && r->path[k]; k++)
            printf(" %#" PRIx64, r->path[k]);
        putchar('\n');
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
