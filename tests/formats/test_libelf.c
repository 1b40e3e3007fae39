/* libelf is asked about tables of sections that readers may take differently. Here it says other things than it would: whichever it
 * is, the list is broken, and a table that every reader takes alike is not its business. */
#include "tests/formats/made_elf.h"

#include <dlfcn.h>
#include <string.h>

enum answer_of_libelf { AGREES, NO_DESCRIPTOR, NO_NUMBER, FEWER, MORE, NO_FIRST_HEADER, NO_LAST_HEADER, ANSWERS };
static enum answer_of_libelf says;
static unsigned asked, headers;

/* In the place of libelf's own, whose headers belong to formats/elf/. */
void *elf_memory(char *image, size_t size);
int elf_getshdrnum(void *elf, size_t *count);
void *gelf_getshdr(void *section, void *header);

static void *real(const char *name)
{
    void *function = dlsym(RTLD_NEXT, name);
    assert_non_null(function);
    return function;
}

void *elf_memory(char *image, size_t size)
{
    void *(*memory)(char *, size_t);
    *(void **)&memory = real("elf_memory");
    asked++;
    headers = 0;
    return says == NO_DESCRIPTOR ? NULL : memory(image, size);
}

int elf_getshdrnum(void *elf, size_t *count)
{
    int (*number)(void *, size_t *);
    *(void **)&number = real("elf_getshdrnum");
    int result = number(elf, count);
    if (says == FEWER || says == MORE)
        *count += says == MORE ? 1 : (size_t)-1;
    return says == NO_NUMBER ? -1 : result;
}

void *gelf_getshdr(void *section, void *header)
{
    void *(*get)(void *, void *);
    *(void **)&get = real("gelf_getshdr");
    unsigned index = headers++;
    return (says == NO_FIRST_HEADER && index == 0) || (says == NO_LAST_HEADER && index == 2) ? NULL
                                                                                             : get(section, header);
}

/* The clean program has three section headers. `counted`: their number stands in the ELF header, and not in the first of them. */
static const struct image *with_table(bool counted)
{
    uint8_t *bytes;
    clean();
    size_t size = make_elf_write(&made, &bytes);
    Elf64_Ehdr header;
    memcpy(&header, bytes, sizeof header);
    assert_int_equal(header.e_shnum, 3);
    if (!counted) {
        header.e_shnum = 0;
        memcpy(bytes, &header, sizeof header);
        bytes[header.e_shoff + offsetof(Elf64_Shdr, sh_size)] = 3;
    }
    const struct image *image = read_bytes(bytes, size);
    free(bytes);
    return image;
}

TEST(a_table_that_libelf_reads_otherwise_is_broken)
{
    for (says = AGREES; says < ANSWERS; says++) {
        asked = 0;
        const struct image *image = with_table(false);
        assert_int_equal(asked, 1);
        assert_int_equal(image->sections.known, says == AGREES ? KNOWN_COMPLETE : KNOWN_BROKEN);
        assert_int_equal(image->sections.count, says == AGREES ? 3 : 0);
        assert_int_equal(image->symbols.known, says == AGREES ? KNOWN_ABSENT : KNOWN_BROKEN);
        assert_int_equal(image->stripped, says == AGREES ? ANSWER_YES : ANSWER_UNKNOWN);
        assert_int_equal(defects(image, DEFECT_ID_elf_section_table), says != AGREES);
        if (says == AGREES)
            assert_int_equal(headers, 3);
        file_close(&file);
    }
}

TEST(an_ordinary_table_is_read_without_libelf)
{
    for (says = AGREES; says < ANSWERS; says++) {
        asked = 0;
        assert_int_equal(with_table(true)->sections.known, KNOWN_COMPLETE);
        assert_int_equal(asked, 0);
        file_close(&file);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_table_that_libelf_reads_otherwise_is_broken),
        T(an_ordinary_table_is_read_without_libelf),
    };
    return cmocka_run_group_tests_name("test_libelf", tests, NULL, NULL);
}
