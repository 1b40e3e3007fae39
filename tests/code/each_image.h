/* What the tools that look at programs begin with: each file that is named, read as `assay` reads it. */
#ifndef ASSAY_TESTS_CODE_EACH_IMAGE_H
#define ASSAY_TESTS_CODE_EACH_IMAGE_H

#include <fcntl.h>
#include <setjmp.h>
#include <stdio.h>

#include "formats/read.h"

typedef void image_look(const struct image *image, struct arena *arena, void *context);

/* Calls `look` for every image of the file, whose arena lives until it returns. False, and a line on stderr: it cannot be
 * read, or memory ran out. */
static inline bool each_image(const char *path, image_look *look, void *context)
{
    struct file file;
    struct problem problem = {0};
    struct reading reading = {0};
    const struct file_options options = {.max_size = UINT64_MAX};
    const struct read_options read = {.code = true};
    jmp_buf escape;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || file_from_fd(&file, fd, &options, &problem) != STATUS_OK) {
        fprintf(stderr, "%s: %s\n", path, fd < 0 ? "cannot be opened" : problem.text);
        return false;
    }
    file.arena.escape = &escape;
    if (setjmp(escape) != 0)
        return false;
    read_file(&file, &read, &reading);
    for (size_t n = 0; n < reading.count; n++)
        look(&reading.images[n], &file.arena, context);
    file_close(&file);
    return true;
}

#endif
