/* One small program, made and read: what the tests of the ELF reader share. */
#ifndef ASSAY_TESTS_FORMATS_MADE_ELF_H
#define ASSAY_TESTS_FORMATS_MADE_ELF_H

#include "tests/make/elf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "formats/read.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

static struct make_elf made;
static struct file file;
static struct reading reading;

static inline int end(void **state)
{
    (void)state;
    file_close(&file);
    return 0;
}

static inline const struct image *read_bytes(const uint8_t *bytes, size_t size)
{
    const struct file_options options = {4 << 20, false};
    struct problem problem;
    assert_int_equal(file_from_memory(&file, bytes, size, &options, &problem), STATUS_OK);
    read_file(&file, &(struct read_options){true}, &reading);
    assert_int_equal(reading.count, 1);
    return reading.images;
}

static inline const struct image *read_made(void)
{
    uint8_t *bytes;
    size_t size = make_elf_write(&made, &bytes);
    const struct image *image = read_bytes(bytes, size);
    free(bytes);
    return image;
}

static inline void clean(void)
{
    make_elf_clean(&made, ARCH_AMD64);
}

/* A static PIE: linked at 0, marked, and without an interpreter. */
static inline void clean_pie(void)
{
    clean();
    made.header.e_type = ET_DYN;
    made.header.e_entry -= MAKE_ELF_BASE;
    make_elf_dyn(&made, DT_FLAGS_1, DF_1_PIE | DF_1_NOW);
    for (size_t i = 0; i < made.phdr_count; i++)
        if (made.phdrs[i].p_vaddr)
            made.phdrs[i].p_vaddr -= MAKE_ELF_BASE;
    for (size_t i = 0; i < made.dyn_count; i++)
        if (made.dyns[i].d_tag == DT_STRTAB || made.dyns[i].d_tag == DT_SYMTAB)
            made.dyns[i].d_un.d_ptr -= MAKE_ELF_BASE;
    made.section_count = 0;
}

static inline size_t defects(const struct image *image, enum defect_id id)
{
    size_t count = 0;
    for (size_t i = 0; i < image->defects.count; i++)
        count += image->defects.items[i].id == id;
    return count;
}

static inline void only_defect(const struct image *image, enum defect_id id)
{
    for (size_t i = 0; i < image->defects.count; i++)
        assert_string_equal(defect_name(image->defects.items[i].id), defect_name(id));
    assert_true(image->defects.count > 0);
}

#define T(name) cmocka_unit_test_teardown(name, end)

#endif
