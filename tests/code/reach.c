/* reach FILE...: what dispatch analysis says of each class of instructions that occurs, one line each. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checks/code/reach.h"
#include "formats/read.h"

static const char *const reaches[] = {"unreached", "guarded", "possible", "required"};

static void show(const struct image *image, struct arena *arena)
{
    const struct isa_class *classes;
    struct ground ground;
    struct strays strays;
    struct reach_report report;
    isa_classes(image->arch, &classes);
    bool good = ground_make(image, arena, &ground);
    if (!good) {
        puts("cannot be read");
        return;
    }
    ground_pointers(&ground);
    strays_find(&ground, &strays);
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
