/* What the Mach-O tests share: a clean program in front of the reader. A test changes it,
 * in its description before seal() or in its bytes behind it, and asks the reader once. */
#ifndef ASSAY_TESTS_FORMATS_SMALL_MACHO_H
#define ASSAY_TESTS_FORMATS_SMALL_MACHO_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "tests/make/macho.h"

#define CASE(f)                cmocka_unit_test_setup_teardown(f, start, finish)
#define assert_only(image, id) only(image, DEFECT_ID_##id, __FILE__, __LINE__)
#define assert_clean(image)    assert_int_equal((image)->defects.total, 0)

struct subject {
    struct make_macho m;
    uint8_t *bytes; /* NULL: not written yet */
    size_t size;
    struct file file;
    struct reading reading;
    bool open;
};

/* An arm64 program; begin() for another architecture. */
static inline int start(void **state)
{
    struct subject *s = calloc(1, sizeof *s);
    assert_non_null(s);
    make_macho_clean(&s->m, ARCH_ARM64);
    *state = s;
    return 0;
}

static inline struct make_macho *begin(struct subject *s, enum arch arch)
{
    make_macho_clean(&s->m, arch);
    return &s->m;
}

/* What was read so far goes, and the bytes with it. */
static inline void forget(struct subject *s)
{
    if (s->open)
        file_close(&s->file);
    free(s->bytes);
    s->bytes = NULL;
    s->open = false;
}

static inline int finish(void **state)
{
    forget(*state);
    free(*state);
    return 0;
}

static inline uint8_t *seal(struct subject *s)
{
    if (!s->bytes)
        s->size = make_macho_write(&s->m, &s->bytes);
    return s->bytes;
}

static inline void read_bytes(struct subject *s, const void *bytes, size_t size)
{
    struct file_options options = {1 << 24, false};
    struct read_options how = {.code = true};
    struct problem problem;
    if (s->open)
        file_close(&s->file);
    memset(&s->file, 0, sizeof s->file);
    memset(&s->reading, 0, sizeof s->reading);
    assert_int_equal(file_from_memory(&s->file, bytes, size, &options, &problem), STATUS_OK);
    s->open = true;
    read_file(&s->file, &how, &s->reading);
}

static inline const struct image *look(struct subject *s)
{
    seal(s);
    read_bytes(s, s->bytes, s->size);
    assert_int_equal(s->reading.count, 1);
    return s->reading.images;
}

static inline size_t defects(const struct image *image, enum defect_id id)
{
    size_t count = 0;
    for (size_t i = 0; i < image->defects.count; i++)
        count += image->defects.items[i].id == id;
    return count;
}

/* The defect was found, and nothing else. */
static inline void only(const struct image *image, enum defect_id id, const char *file, int line)
{
    for (size_t i = 0; i < image->defects.count; i++)
        if (image->defects.items[i].id != id)
            print_error("also %s: %s\n", defect_name(image->defects.items[i].id), image->defects.items[i].observed);
    _assert_in_range(defects(image, id), 1, image->defects.count, file, line);
    _assert_int_equal(image->defects.count - defects(image, id), 0, file, line);
}

/* Rules may trust it: judged, read to its end, nothing wrong. */
static inline bool is_sound(const struct image *image)
{
    return image->judged && image->defects.total == 0 && image->segments.known == KNOWN_COMPLETE;
}

#endif
