/* An image made by hand, of a file of any bytes: for what looks at bytes and not at their format. */
#ifndef ASSAY_TESTS_FORMATS_MADE_IMAGE_H
#define ASSAY_TESTS_FORMATS_MADE_IMAGE_H

#include "formats/read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>
#include "formats/limits.h"

enum { ROOM = 1 << 20, CODE = 0x1000, PAGE = 4096 };

static uint8_t *bytes;
static struct file file;
static struct image image;
static struct segment segments[8];
static struct section sections[8];
static struct elf_extra words_of_elf;

static inline int start(void **state)
{
    (void)state;
    bytes = calloc(1, ROOM);
    return bytes == NULL;
}

static inline int end(void **state)
{
    (void)state;
    free(bytes);
    return 0;
}

static inline void begin_image(enum arch arch, size_t size)
{
    memset(segments, 0, sizeof segments);
    memset(sections, 0, sizeof sections);
    segments[0] = (struct segment){.name = "",
                                   .address = CODE,
                                   .memory_size = size - CODE,
                                   .offset = CODE,
                                   .file_size = size - CODE,
                                   .access = ACCESS_READ | ACCESS_EXECUTE};
    words_of_elf = (struct elf_extra){0};
    image = (struct image){
        .file = &file, .size = size, .format = FORMAT_ELF, .elf = &words_of_elf, .arch = arch, .judged = true};
    image.segments = (struct segment_list){KNOWN_COMPLETE, 1, segments};
    image.sections = (struct section_list){KNOWN_COMPLETE, 0, sections};
    image.entry = (struct entry){.known = KNOWN_COMPLETE, .in_code = true, .offset = CODE};
}

/* A file of `size` of the bytes as an ELF image, one segment of code from CODE on. */
static inline void begin(enum arch arch, size_t size)
{
    struct problem problem;
    file_close(&file);
    assert_int_equal(file_from_memory(&file, bytes, size, &(struct file_options){ROOM, false}, &problem), STATUS_OK);
    begin_image(arch, size);
}

/* The same of a descriptor, of which only the first `there` bytes can be read by now. */
static inline void begin_cut(enum arch arch, size_t size, size_t there)
{
    struct problem problem;
    int fd = memfd_create("file", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, size), (ssize_t)size);
    file_close(&file);
    assert_int_equal(file_from_fd(&file, fd, &(struct file_options){ROOM, false}, &problem), STATUS_OK);
    assert_int_equal(ftruncate(fd, (off_t)there), 0);
    begin_image(arch, size);
}

#endif
