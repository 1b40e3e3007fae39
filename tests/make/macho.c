/* Writes small Mach-O files; see macho.h. */
#include "tests/make/macho.h"

#include <assert.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

enum { DYSYMTAB_WORDS = 18, DIRECTORY_SIZE = 88, HASH_SIZE = 32, CMS_SIZE = 32 };

static void put_le(uint8_t *at, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

static void put_be(uint8_t *at, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        at[size - 1 - i] = (uint8_t)(value >> (8 * i));
}

static size_t round_up(size_t n, size_t to)
{
    return (n + to - 1) / to * to;
}

uint64_t make_macho_get(const uint8_t *bytes, size_t size)
{
    uint64_t value = 0;
    while (size--)
        value = value << 8 | bytes[size];
    return value;
}

void make_macho_set(struct make_macho_command *c, size_t offset, uint32_t value)
{
    assert(offset + 4 <= sizeof c->bytes);
    put_le(c->bytes + offset, value, 4);
}

void make_macho_set64(struct make_macho_command *c, size_t offset, uint64_t value)
{
    assert(offset + 8 <= sizeof c->bytes);
    put_le(c->bytes + offset, value, 8);
}

struct make_macho_command *make_macho_command(struct make_macho *m, uint32_t type, const uint32_t *words, size_t count)
{
    assert(m->command_count < MAKE_MACHO_COMMANDS);
    struct make_macho_command *c = &m->commands[m->command_count++];
    memset(c, 0, sizeof *c);
    c->size = round_up(8 + count * 4, 8);
    assert(c->size <= sizeof c->bytes);
    make_macho_set(c, 0, type);
    make_macho_set(c, 4, (uint32_t)c->size);
    for (size_t i = 0; i < count; i++)
        make_macho_set(c, 8 + i * 4, words[i]);
    return c;
}

static bool is_dylib(uint32_t type)
{
    type &= ~MAKE_REQ_DYLD;
    return type == LC_LOAD_DYLIB || type == LC_ID_DYLIB || type == LC_LOAD_WEAK_DYLIB || type == LC_REEXPORT_DYLIB ||
           type == LC_LAZY_LOAD_DYLIB || type == LC_LOAD_UPWARD_DYLIB;
}

struct make_macho_command *make_macho_text(struct make_macho *m, uint32_t type, const char *text)
{
    enum { TIMESTAMP = 2, VERSION = 0x10000, DYLIB = 24, OTHER = 12 };
    const uint32_t dylib[] = {DYLIB, TIMESTAMP, VERSION, VERSION}, other[] = {OTHER};
    struct make_macho_command *c =
        is_dylib(type) ? make_macho_command(m, type, dylib, 4) : make_macho_command(m, type, other, 1);
    size_t at = is_dylib(type) ? DYLIB : OTHER, size = strlen(text) + 1;
    assert(at + size <= sizeof c->bytes);
    memcpy(c->bytes + at, text, size);
    c->size = round_up(at + size, 8);
    make_macho_set(c, 4, (uint32_t)c->size);
    return c;
}

struct make_macho_command *make_macho_version(struct make_macho *m, uint32_t platform, uint32_t minimum, uint32_t sdk)
{
    const uint32_t words[] = {platform, minimum, sdk, 1, 3 /* TOOL_LD */, 0x3970000};
    return make_macho_command(m, LC_BUILD_VERSION, words, 6);
}

static void put_name(uint8_t *at, const char *name)
{
    assert(strlen(name) <= 16);
    memcpy(at, name, strlen(name));
}

struct make_macho_command *make_macho_segment(struct make_macho *m, const char *name, uint64_t address, uint64_t memory,
                                              uint64_t offset, uint64_t size, uint32_t access)
{
    struct make_macho_command *c = make_macho_command(m, LC_SEGMENT_64, NULL, 0);
    c->size = 72;
    make_macho_set(c, 4, (uint32_t)c->size);
    put_name(c->bytes + 8, name);
    make_macho_set64(c, 24, address);
    make_macho_set64(c, 32, memory);
    make_macho_set64(c, 40, offset);
    make_macho_set64(c, 48, size);
    make_macho_set(c, 56, access);
    make_macho_set(c, 60, access);
    return c;
}

void make_macho_section(struct make_macho_command *segment, const char *name, uint64_t address, uint64_t size,
                        uint32_t offset, uint32_t flags)
{
    uint8_t *at = segment->bytes + segment->size;
    assert(segment->size + 80 <= sizeof segment->bytes);
    put_name(at, name);
    memcpy(at + 16, segment->bytes + 8, 16);
    put_le(at + 32, address, 8);
    put_le(at + 40, size, 8);
    put_le(at + 48, offset, 4);
    put_le(at + 52, 2, 4);
    put_le(at + 64, flags, 4);
    segment->size += 80;
    make_macho_set(segment, 4, (uint32_t)segment->size);
    make_macho_set(segment, 64, (uint32_t)make_macho_get(segment->bytes + 64, 4) + 1);
}

struct make_macho_symbol *make_macho_symbol(struct make_macho *m, const char *name, uint8_t type)
{
    assert(m->symbol_count < MAKE_MACHO_SYMBOLS);
    struct make_macho_symbol *s = &m->symbols[m->symbol_count++];
    *s = (struct make_macho_symbol){.name = name, .type = type};
    if ((type & 0x0e) == 0x0e) { /* N_SECT */
        s->section = 1;
        s->value = MAKE_MACHO_BASE + MAKE_MACHO_CODE;
    }
    return s;
}

uint32_t make_macho_linkedit(struct make_macho *m, const void *bytes, size_t size)
{
    size_t at = round_up(m->linkedit_size, 8);
    assert(at + size <= sizeof m->linkedit);
    memcpy(m->linkedit + at, bytes, size);
    m->linkedit_size = at + size;
    return (uint32_t)(MAKE_MACHO_LINKEDIT + at);
}

struct make_macho_command *make_macho_find(struct make_macho *m, uint32_t type)
{
    for (size_t i = 0; i < m->command_count; i++)
        if (((make_macho_get(m->commands[i].bytes, 4) ^ type) & ~(uint64_t)MAKE_REQ_DYLD) == 0)
            return &m->commands[i];
    return NULL;
}

struct make_macho_command *make_macho_find_segment(struct make_macho *m, const char *name)
{
    for (size_t i = 0; i < m->command_count; i++)
        if (make_macho_get(m->commands[i].bytes, 4) == LC_SEGMENT_64 &&
            strncmp((const char *)m->commands[i].bytes + 8, name, 16) == 0)
            return &m->commands[i];
    return NULL;
}

void make_macho_remove(struct make_macho *m, uint32_t type)
{
    struct make_macho_command *c = make_macho_find(m, type);
    assert(c);
    m->command_count--;
    memmove(c, c + 1, (size_t)(&m->commands[m->command_count] - c) * sizeof *c);
}

size_t make_macho_place(const struct make_macho *m, const struct make_macho_command *c)
{
    size_t at = MAKE_MACHO_HEADER;
    for (const struct make_macho_command *before = m->commands; before < c; before++)
        at += before->size;
    return at;
}

static void clean_code(struct make_macho *m)
{
    static const uint32_t arm64[] = {0xa9bf7bfd, 0x910003fd, 0xd2800000, 0x94000004, /* stp, mov, mov x0, bl */
                                     0xa8c17bfd, 0xd65f03c0, 0xd503201f, 0xa9be4ff4, /* ldp, ret, nop, stp */
                                     0xa9017bfd, 0x910043fd, 0xaa0003f3, 0xb40000d3, /* stp, add, mov, cbz */
                                     0xf9400260, 0xf9400661, 0x8b010000, 0xf9000660, /* ldr, ldr, add, str */
                                     0xb9401262, 0x7100045f, 0x54000041, 0x52800020, /* ldr, cmp, b.ne, mov */
                                     0xaa1303e0, 0xa9417bfd, 0xa8c24ff4, 0xd65f03c0, /* mov, ldp, ldp, ret */
                                     0xd503201f, 0xd503201f, 0xd503201f, 0xd503201f,
                                     0xd503201f, 0xd503201f, 0xd503201f, 0xd4200020};
    static const uint8_t amd64[] = {0x55, 0x48, 0x89, 0xe5, 0x41, 0x56, 0x53, 0x48, 0x83, 0xec, 0x10, 0x49, 0x89, 0xfe,
                                    0x31, 0xdb, 0x4d, 0x85, 0xf6, 0x74, 0x13, 0x49, 0x8b, 0x06, 0x48, 0x01, 0xc3, 0x49,
                                    0x83, 0xc6, 0x08, 0x48, 0x81, 0xfb, 0xff, 0x0f, 0x00, 0x00, 0x72, 0xed, 0x89, 0xd8,
                                    0x48, 0x83, 0xc4, 0x10, 0x5b, 0x41, 0x5e, 0x5d, 0xc3, 0x66, 0x66, 0x90};
    uint8_t *code = m->text + MAKE_MACHO_CODE;
    memset(code, 0x90, MAKE_MACHO_CODE_SIZE);
    if (m->arch == ARCH_AMD64)
        memcpy(code, amd64, sizeof amd64);
    for (size_t i = 0; m->arch != ARCH_AMD64 && i < sizeof arm64 / sizeof *arm64; i++)
        put_le(code + i * 4, arm64[i], 4);
}

static void clean_segments(struct make_macho *m)
{
    struct make_macho_command *text;
    make_macho_segment(m, "__PAGEZERO", 0, MAKE_MACHO_BASE, 0, 0, 0);
    text = make_macho_segment(m, "__TEXT", MAKE_MACHO_BASE, MAKE_MACHO_LINKEDIT, 0, MAKE_MACHO_LINKEDIT, 5);
    make_macho_section(text, "__text", MAKE_MACHO_BASE + MAKE_MACHO_CODE, MAKE_MACHO_CODE_SIZE, MAKE_MACHO_CODE,
                       0x80000400 /* instructions */);
    make_macho_section(text, "__const", MAKE_MACHO_BASE + MAKE_MACHO_FREE, 0x400, MAKE_MACHO_FREE, 0);
    make_macho_segment(m, "__LINKEDIT", MAKE_MACHO_BASE + MAKE_MACHO_LINKEDIT, 0, MAKE_MACHO_LINKEDIT, 0, 1);
}

void make_macho_clean(struct make_macho *m, enum arch arch)
{
    static const uint8_t trie[] = "\0\1__mh_execute_header\0\027\2\0\0"; /* one edge to one export */
    static const uint32_t uuid[] = {0x33221100, 0x77665544, 0xbbaa9988, 0xffeeddcc}, zeros[DYSYMTAB_WORDS] = {0};
    memset(m, 0, sizeof *m);
    m->arch = arch;
    m->magic = 0xfeedfacf;
    m->cputype = arch == ARCH_AMD64 ? CPU_TYPE_X86_64 : CPU_TYPE_ARM64;
    m->cpusubtype = arch == ARCH_AMD64 ? 3 : 0;
    m->filetype = MH_EXECUTE;
    m->flags = 1 /* MH_NOUNDEFS */ | MH_DYLDLINK | MH_TWOLEVEL | MH_PIE;
    clean_code(m);
    clean_segments(m);
    const uint32_t info[10] = {[8] = make_macho_linkedit(m, trie, sizeof trie), sizeof trie};
    make_macho_command(m, LC_DYLD_INFO | MAKE_REQ_DYLD, info, 10);
    make_macho_symbol(m, "__mh_execute_header", 0x0f)->value = MAKE_MACHO_BASE;
    make_macho_symbol(m, "_exit", 0x01)->desc = 0x100; /* of the first library */
    make_macho_command(m, LC_SYMTAB, zeros, 4);
    make_macho_command(m, LC_DYSYMTAB, zeros, DYSYMTAB_WORDS);
    make_macho_text(m, LC_LOAD_DYLINKER, "/usr/lib/dyld");
    make_macho_command(m, LC_UUID, uuid, 4);
    make_macho_version(m, 1, 0xb0000, 0xe0000);
    make_macho_command(m, 0x2a /* LC_SOURCE_VERSION */, zeros, 2);
    make_macho_command(m, LC_MAIN | MAKE_REQ_DYLD, (const uint32_t[]){MAKE_MACHO_CODE, 0, 0, 0}, 4);
    make_macho_text(m, LC_LOAD_DYLIB, "/usr/lib/libSystem.B.dylib");
    m->signature = (struct make_macho_signature){.flags = 0x20002, .page = 12, .identifier = "program"};
    m->signature.present = arch == ARCH_ARM64;
    if (m->signature.present)
        make_macho_command(m, LC_CODE_SIGNATURE, zeros, 2);
}

/* Fills in a word where it is zero. */
static void fill(struct make_macho_command *c, size_t offset, size_t size, uint64_t value)
{
    if (c && make_macho_get(c->bytes + offset, size) == 0)
        put_le(c->bytes + offset, value, size);
}

/* nlist entries and their names. Returns where the strings end. */
static size_t write_symbols(struct make_macho *m, uint8_t *bytes, size_t at)
{
    struct make_macho_command *c = make_macho_find(m, LC_SYMTAB), *groups = make_macho_find(m, LC_DYSYMTAB);
    size_t local = 0, undefined = 0, size = 1;
    if (!c)
        return at;
    m->at.symbols = at;
    m->at.strings = at + m->symbol_count * 16;
    for (size_t i = 0; i < m->symbol_count; i++) {
        const struct make_macho_symbol *s = &m->symbols[i];
        uint8_t *entry = bytes + at + i * 16;
        put_le(entry, s->name ? size : 0, 4);
        entry[4] = s->type;
        entry[5] = s->section;
        put_le(entry + 6, s->desc, 2);
        put_le(entry + 8, s->value, 8);
        local += (s->type & 1) == 0 || s->type & 0xe0;
        undefined += s->type == 1;
        if (s->name) {
            memcpy(bytes + m->at.strings + size, s->name, strlen(s->name) + 1);
            size += strlen(s->name) + 1;
        }
    }
    const uint64_t words[] = {m->at.symbols, m->symbol_count, m->at.strings, round_up(size, 8)};
    const uint64_t ranges[] = {0,        local, local, m->symbol_count - local - undefined, m->symbol_count - undefined,
                               undefined};
    for (size_t i = 0; i < 4; i++)
        fill(c, 8 + i * 4, 4, words[i]);
    for (size_t i = 0; i < 6; i++)
        fill(groups, 8 + i * 4, 4, ranges[i]);
    return m->at.strings + round_up(size, 8);
}

static size_t signature_size(const struct make_macho *m, size_t limit, size_t *directory)
{
    const struct make_macho_signature *s = &m->signature;
    size_t pages = (limit >> s->page) + ((limit & (((size_t)1 << s->page) - 1)) != 0);
    *directory = DIRECTORY_SIZE + strlen(s->identifier) + 1 + (s->team ? strlen(s->team) + 1 : 0) + pages * HASH_SIZE;
    return 12 + 8 + *directory + (s->cms ? 8 + CMS_SIZE : 0); /* cms: its index entry, and its blob */
}

static void write_directory(const struct make_macho *m, uint8_t *bytes, uint8_t *at, size_t limit, size_t size)
{
    enum { VERSION = 0x20400, SHA256_TYPE = 2 };
    const struct make_macho_signature *s = &m->signature;
    size_t page = (size_t)1 << s->page, pages = limit / page + (limit % page != 0);
    size_t identifier = strlen(s->identifier) + 1, hashes = size - pages * HASH_SIZE;
    const uint32_t words[] = {0xfade0c02, (uint32_t)size,  VERSION,        s->flags, (uint32_t)hashes, DIRECTORY_SIZE,
                              0,          (uint32_t)pages, (uint32_t)limit};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        put_be(at + i * 4, words[i], 4);
    at[36] = HASH_SIZE;
    at[37] = SHA256_TYPE;
    at[39] = s->page;
    put_be(at + 44, s->scatter, 4);
    put_be(at + 48, s->team ? DIRECTORY_SIZE + identifier : 0, 4);
    put_be(at + 72, MAKE_MACHO_LINKEDIT, 8); /* the executable segment: its size, and that it is the program's */
    put_be(at + 80, 1, 8);
    memcpy(at + DIRECTORY_SIZE, s->identifier, identifier);
    if (s->team)
        memcpy(at + DIRECTORY_SIZE + identifier, s->team, strlen(s->team) + 1);
    for (size_t i = 0; i < pages; i++)
        SHA256(bytes + i * page, limit - i * page < page ? limit - i * page : page, at + hashes + i * HASH_SIZE);
}

/* Comes last: it hashes all that stands before it. */
static void write_signature(struct make_macho *m, uint8_t *bytes)
{
    const struct make_macho_signature *s = &m->signature;
    size_t offset = m->at.signature, limit = s->limit ? s->limit : offset, directory, index = 12 + (s->cms ? 16 : 8);
    size_t size = signature_size(m, limit, &directory);
    uint8_t *at = bytes + offset;
    m->at.directory = offset + index;
    put_be(at, 0xfade0cc0, 4);
    put_be(at + 4, size, 4);
    put_be(at + 8, s->cms ? 2 : 1, 4);
    put_be(at + 16, index, 4);
    if (s->cms) {
        put_be(at + 20, 0x10000, 4);
        put_be(at + 24, index + directory, 4);
        put_be(at + index + directory, 0xfade0b01, 4);
        put_be(at + index + directory + 4, CMS_SIZE, 4);
        static const uint8_t signed_data[] = {0x30, CMS_SIZE - 10, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2};
        memset(at + index + directory + 8, 0x30, CMS_SIZE - 8);
        memcpy(at + index + directory + 8, signed_data, sizeof signed_data);
    }
    write_directory(m, bytes, at + index, limit, directory);
}

static void write_commands(struct make_macho *m, uint8_t *bytes)
{
    size_t at = MAKE_MACHO_HEADER;
    for (size_t i = 0; i < m->command_count; i++) {
        assert(at + m->commands[i].size <= MAKE_MACHO_CODE);
        memcpy(bytes + at, m->commands[i].bytes, m->commands[i].size);
        at += m->commands[i].size;
    }
    const uint32_t header[] = {m->magic,
                               m->cputype,
                               m->cpusubtype,
                               m->filetype,
                               m->ncmds ? m->ncmds : (uint32_t)m->command_count,
                               m->sizeofcmds ? m->sizeofcmds : (uint32_t)at - MAKE_MACHO_HEADER,
                               m->flags};
    for (size_t i = 0; i < sizeof header / sizeof *header; i++)
        put_le(bytes + i * 4, header[i], 4);
}

size_t make_macho_write(struct make_macho *m, uint8_t **out)
{
    size_t room = MAKE_MACHO_LINKEDIT + MAKE_MACHO_LINKEDIT_ROOM + MAKE_MACHO_SYMBOLS * 272 +
                  MAKE_MACHO_SIGNATURE_ROOM + m->trailing_size;
    uint8_t *bytes = calloc(1, room);
    assert(bytes);
    memcpy(bytes, m->text, sizeof m->text);
    memcpy(bytes + MAKE_MACHO_LINKEDIT, m->linkedit, m->linkedit_size);
    size_t end = write_symbols(m, bytes, MAKE_MACHO_LINKEDIT + round_up(m->linkedit_size, 8)), directory;
    if (m->signature.present) {
        struct make_macho_command *c = make_macho_find(m, LC_CODE_SIGNATURE);
        size_t limit = m->signature.limit ? m->signature.limit : round_up(end, 16);
        m->at.signature = round_up(end, 16);
        end = m->at.signature + round_up(signature_size(m, limit, &directory), 16);
        fill(c, 8, 4, m->at.signature);
        fill(c, 12, 4, end - m->at.signature);
    }
    struct make_macho_command *linkedit = make_macho_find_segment(m, "__LINKEDIT");
    if (linkedit) {
        fill(linkedit, 48, 8, end - MAKE_MACHO_LINKEDIT);
        fill(linkedit, 32, 8, round_up(make_macho_get(linkedit->bytes + 48, 8), MAKE_MACHO_PAGE));
    }
    write_commands(m, bytes);
    if (m->signature.present)
        write_signature(m, bytes);
    if (m->trailing_size)
        memcpy(bytes + end, m->trailing, m->trailing_size);
    m->at.end = end;
    *out = bytes;
    return end + m->trailing_size;
}
