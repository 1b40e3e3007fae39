/* A static program of four pages, made in front of the reader: headers and notes in the
 * first, code in the second, constants in the third, data in the fourth; sections, where
 * a test adds any, behind them. */
#ifndef ASSAY_TESTS_FORMATS_SMALL_ELF_H
#define ASSAY_TESTS_FORMATS_SMALL_ELF_H

#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include "formats/read.h"

enum { CODE = 0x1000, CONSTANTS = 0x2000, DATA = 0x3000, TABLE = 0x4000, ROOM = 0x6000, NOTE = 0x300, NAMES = 0x3f00 };
#define BASE UINT64_C(0x400000)

struct small {
    uint8_t bytes[ROOM];
    size_t size;
    struct file file;
    struct reading reading;
};

static inline void put(struct small *s, size_t at, const void *bytes, size_t size)
{
    assert_true(at + size <= ROOM);
    memcpy(s->bytes + at, bytes, size);
}

static inline void put_word(struct small *s, size_t at, uint64_t value)
{
    put(s, at, &value, sizeof value);
}

static inline void small_start(struct small *s, unsigned machine)
{
    static const uint32_t access[] = {PF_R, PF_R | PF_X, PF_R, PF_R | PF_W};
    memset(s, 0, sizeof *s);
    Elf64_Ehdr header = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
                         .e_type = ET_EXEC,
                         .e_machine = (Elf64_Half)machine,
                         .e_version = EV_CURRENT,
                         .e_entry = BASE + CODE,
                         .e_phoff = 64,
                         .e_ehsize = 64,
                         .e_phentsize = 56,
                         .e_phnum = 4};
    put(s, 0, &header, sizeof header);
    for (size_t i = 0; i < 4; i++) {
        Elf64_Phdr p = {.p_type = PT_LOAD,
                        .p_flags = access[i],
                        .p_offset = i * 0x1000,
                        .p_vaddr = BASE + i * 0x1000,
                        .p_filesz = 0x1000,
                        .p_memsz = 0x1000,
                        .p_align = 0x1000};
        put(s, 64 + i * 56, &p, sizeof p);
    }
    memset(s->bytes + CODE, 0x90, 0x1000);
    s->size = TABLE;
}

/* The note that glibc's start files hold. */
static inline void small_abi_tag(struct small *s)
{
    static const uint32_t note[] = {4, 16, NT_GNU_ABI_TAG, 0x554e47 /* GNU */, 0, 3, 2, 0};
    Elf64_Phdr p = {.p_type = PT_NOTE,
                    .p_flags = PF_R,
                    .p_offset = NOTE,
                    .p_vaddr = BASE + NOTE,
                    .p_filesz = sizeof note,
                    .p_memsz = sizeof note,
                    .p_align = 4};
    put(s, 64 + 4 * 56, &p, sizeof p);
    put(s, NOTE, note, sizeof note);
    s->bytes[56] = 5;
}

/* A section table; the first is the null section, the last the names. */
static inline void small_sections(struct small *s, const char *const *names, const Elf64_Shdr *headers, size_t count)
{
    size_t at = 1, table = TABLE;
    for (size_t i = 0; i < count; i++) {
        Elf64_Shdr h = headers[i];
        h.sh_name = (Elf64_Word)at;
        put(s, NAMES + at, names[i], strlen(names[i]) + 1);
        at += strlen(names[i]) + 1;
        put(s, table + (i + 1) * 64, &h, sizeof h);
    }
    Elf64_Shdr strings = {.sh_type = SHT_STRTAB, .sh_offset = NAMES, .sh_size = at, .sh_addralign = 1};
    put(s, table + (count + 1) * 64, &strings, sizeof strings);
    put_word(s, 40, table);
    s->bytes[58] = 64;
    s->bytes[60] = (uint8_t)(count + 2);
    s->bytes[62] = (uint8_t)(count + 1);
    s->size = table + (count + 2) * 64;
}

static inline const struct image *small_read(struct small *s)
{
    struct file_options options = {1 << 20, false};
    struct read_options how = {.code = true};
    struct problem problem;
    assert_int_equal(file_from_memory(&s->file, s->bytes, s->size, &options, &problem), STATUS_OK);
    read_file(&s->file, &how, &s->reading);
    assert_int_equal(s->reading.count, 1);
    return s->reading.images;
}

static inline size_t small_defects(const struct image *image, enum defect_id id)
{
    size_t count = 0;
    for (size_t i = 0; i < image->defects.count; i++)
        count += image->defects.items[i].id == id;
    return count;
}

#endif
