/* Writes a program as ld64.lld -adhoc_codesign and strip leave it: __PAGEZERO, __TEXT of one
 * page, __LINKEDIT with symbols and signature, dyld, libSystem, LC_MAIN, LC_UUID, LC_BUILD_VERSION. */
#include "corpus/samples/macho.h"

#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

enum {
    HEADER = 32,
    PAGE_AMD64 = 0x1000,
    PAGE_ARM64 = 0x4000,
    CODE_SIZE = 0x80, /* the last bytes of __TEXT */
    HASHED = 0x1000,
    HASH = 32,
    DIRECTORY = 88, /* a CodeDirectory of version 0x20400 */
    SUPER = 20,     /* the SuperBlob with one entry */
    SLOTS = 5,      /* of special hashes: the fifth is that of the entitlements */
    SEGMENT = 72,
    SECTION = 80,
};

static void put(struct macho *m, size_t at, const void *bytes, size_t size)
{
    if (at > MACHO_ROOM || size > MACHO_ROOM - at)
        abort();
    memcpy(m->bytes + at, bytes, size);
    if (at + size > m->size)
        m->size = at + size;
}

static size_t put32(struct macho *m, size_t at, uint32_t value)
{
    uint8_t bytes[] = {(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16), (uint8_t)(value >> 24)};
    put(m, at, bytes, sizeof bytes);
    return at + 4;
}

static size_t put64(struct macho *m, size_t at, uint64_t value)
{
    return put32(m, put32(m, at, (uint32_t)value), (uint32_t)(value >> 32));
}

static size_t put32_big(struct macho *m, size_t at, uint32_t value)
{
    return put32(m, at, __builtin_bswap32(value));
}

static uint32_t page(const struct macho *m)
{
    return m->arm64 ? PAGE_ARM64 : PAGE_AMD64;
}

static uint32_t code_at(const struct macho *m)
{
    return page(m) - CODE_SIZE;
}

/* A command of `size` bytes, filled with words; where it stands. */
static size_t add_command(struct macho *m, uint32_t type, size_t size, const uint32_t *words, size_t count)
{
    size_t start = m->commands, at = put32(m, put32(m, start, type), (uint32_t)size);
    for (size_t i = 0; i < count; i++)
        at = put32(m, at, words[i]);
    m->commands += size;
    m->count++;
    return start;
}

static void add_text(struct macho *m, uint32_t type, const char *text, const uint32_t *words, size_t count)
{
    size_t from = 8 + count * 4, size = (from + strlen(text) + 1 + 7) & ~(size_t)7;
    size_t start = add_command(m, type, size, words, count);
    put(m, start + from, text, strlen(text) + 1);
}

static void add_dylib(struct macho *m, const char *name)
{
    const uint32_t words[] = {24, 2, 0x10000, 0x10000};
    add_text(m, 0xc, name, words, 4);
}

struct segment {
    const char *name;
    uint64_t address, memory, offset, size;
    uint32_t access, sections, flags;
};

static size_t add_segment(struct macho *m, const struct segment *s)
{
    size_t start = add_command(m, 0x19, SEGMENT + s->sections * SECTION, NULL, 0), at = start + 8;
    put(m, at, s->name, strlen(s->name));
    at = put64(m, put64(m, at + 16, s->address), s->memory);
    at = put64(m, put64(m, at, s->offset), s->size);
    at = put32(m, put32(m, at, s->access), s->access);
    put32(m, put32(m, at, s->sections), s->flags);
    return start;
}

static size_t write_segments(struct macho *m)
{
    const uint64_t base = UINT64_C(0x100000000), code = code_at(m);
    add_segment(m, &(struct segment){.name = "__PAGEZERO", .memory = base});
    size_t at = add_segment(m, &(struct segment){"__TEXT", base, page(m), 0, page(m), 5, 1, m->text_flags}) + SEGMENT;
    put(m, at, "__text", 6);
    put(m, at + 16, "__TEXT", 6);
    at = put64(m, put64(m, at + 32, base + code), CODE_SIZE);
    at = put32(m, put32(m, at, (uint32_t)code), 2); /* aligned to 4 */
    put32(m, put32(m, put32(m, at, 0), 0), 0x80000400);
    /* its sizes follow once they are known */
    return add_segment(m, &(struct segment){"__LINKEDIT", base + page(m), page(m), page(m), 0, 1, 0, 0});
}

static void write_code(struct macho *m)
{
    /* return 0; then functions with a frame that do the same */
    static const uint8_t amd64[] = {0x55, 0x48, 0x89, 0xe5, 0x31, 0xc0, 0x5d, 0xc3};
    static const uint32_t arm64[] = {0xa9bf7bfd, 0x910003fd, 0x52800000, 0xa8c17bfd, 0xd65f03c0};
    size_t at = code_at(m), end = page(m);
    for (; !m->arm64 && at < end; at += sizeof amd64)
        put(m, at, amd64, sizeof amd64);
    for (size_t i = 0; m->arm64 && at < end; at += 4, i++) {
        if (i == 5)
            for (size_t k = 0; m->function && m->function[k]; k++)
                at = put32(m, at, m->function[k]);
        put32(m, at, arm64[i % 5]);
    }
}

/* LC_FUNCTION_STARTS: the distances from one to the next. */
static void write_function_starts(struct macho *m)
{
    enum { FILLER = 20 };
    uint32_t at = (uint32_t)m->linkedit, start = code_at(m), size = 0;
    uint8_t deltas[16] = {(uint8_t)(start | 0x80), (uint8_t)(start >> 7 | 0x80), (uint8_t)(start >> 14)};
    const uint32_t words[] = {at, sizeof deltas};
    for (size_t k = 0; m->function && m->function[k]; k++)
        size += 4;
    uint32_t used = FILLER;
    for (size_t i = 3; used < CODE_SIZE && i + 1 < sizeof deltas; i++) {
        deltas[i] = (uint8_t)(i == 4 && size ? size : FILLER);
        used += deltas[i];
    }
    put(m, at, deltas, sizeof deltas);
    m->linkedit += sizeof deltas;
    add_command(m, 0x26, 16, words, 2);
}

static void write_symbols(struct macho *m)
{
    enum { HELPER = 22 }; /* where that name begins */
    static const char strings[] = " \0__mh_execute_header\0_helper\0";
    size_t symbols = m->linkedit, at = symbols, size = m->local_symbol ? sizeof strings : HELPER;
    uint32_t count = m->local_symbol ? 2 : 1;
    if (m->local_symbol)
        at = put64(m, put32(m, put32(m, at, HELPER), 0x010e), UINT64_C(0x100000000) + code_at(m));
    at = put64(m, put32(m, put32(m, at, 2), 0x0010010f), UINT64_C(0x100000000));
    put(m, at, strings, size);
    const uint32_t symtab[] = {(uint32_t)symbols, count, (uint32_t)at, (uint32_t)size};
    const uint32_t dysymtab[18] = {0, count - 1, count - 1, 1, count};
    add_command(m, 2, 24, symtab, 4);
    add_command(m, 0xb, 80, dysymtab, 18);
    m->linkedit = (at + size + 15) & ~(size_t)15;
}

/* Bytes of the signature: a CodeDirectory, with the hashes of five slots in front of those of the pages where there are entitlements. */
static uint32_t signature_size(const struct macho *m)
{
    const uint32_t pages = (uint32_t)(m->linkedit + HASHED - 1) / HASHED - m->uncovered;
    const uint32_t rights = m->entitlements ? 8 + SLOTS * HASH + 8 + (uint32_t)strlen(m->entitlements) : 0;
    return SUPER + DIRECTORY + 8 + pages * HASH + rights;
}

static void hash(struct macho *m, size_t at, size_t from, size_t to)
{
    uint8_t digest[HASH];
    SHA256(m->bytes + from, to - from, digest);
    put(m, at, digest, HASH);
}

/* An ad-hoc signature over everything before it; to be written last. */
static void write_signature(struct macho *m, size_t command)
{
    static const char identifier[] = "sample";
    const uint32_t at = (uint32_t)m->linkedit, pages = (at + HASHED - 1) / HASHED - m->uncovered,
                   whole = signature_size(m);
    const uint32_t limit = m->uncovered ? pages * HASHED : at, special = m->entitlements ? SLOTS : 0;
    const uint32_t first = m->entitlements ? SUPER + 8 : SUPER, text = special ? (uint32_t)strlen(m->entitlements) : 0;
    const uint32_t hashes = DIRECTORY + sizeof identifier + 1 + special * HASH, size = hashes + pages * HASH;
    put32(m, put32(m, command + 8, at), whole);
    /* SuperBlob: magic, size, how many entries; each: slot, offset */
    const uint32_t super[] = {0xfade0cc0, whole, special ? 2 : 1, 0, first, SLOTS, first + size};
    /* CodeDirectory: magic, size, version, flags, hashOffset, identOffset, nSpecialSlots, nCodeSlots, codeLimit,
     * hash size and type and page size, spare2, scatter, team, spare3, codeLimit64, segment base, limit and flags */
    const uint32_t directory[] = {0xfade0c02, size,       0x20400, 2,       hashes, DIRECTORY, special, pages,
                                  limit,      0x2002000c, 0,       0,       0,      0,         0,       0,
                                  0,          0,          0,       page(m), 0,      1};
    for (size_t i = 0; i < (special ? 7 : 5); i++)
        put32_big(m, at + i * 4, super[i]);
    for (size_t i = 0; i < sizeof directory / sizeof *directory; i++)
        put32_big(m, at + first + i * 4, directory[i]);
    put(m, at + first + DIRECTORY, identifier, sizeof identifier);
    if (special) {
        const uint32_t blob = at + first + size;
        put32_big(m, blob, 0xfade7171);
        put32_big(m, blob + 4, 8 + text);
        put(m, blob + 8, m->entitlements, text);
        hash(m, at + first + hashes - SLOTS * HASH, blob, blob + 8 + text);
    }
    for (uint32_t i = 0; i < pages; i++)
        hash(m, at + first + hashes + i * HASH, i * HASHED, i * HASHED + HASHED < limit ? i * HASHED + HASHED : limit);
    m->linkedit = m->size;
}

void macho_write(struct macho *m)
{
    static const uint32_t uuid[] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476}, dylinker[] = {12};
    const uint32_t version[] = {1, m->minimum ? m->minimum : 0x000b0000, 0x000d0000, 0},
                   start[] = {code_at(m), 0, 0, 0};
    size_t signature = 0;
    m->commands = HEADER;
    m->linkedit = page(m);
    write_code(m);
    size_t linkedit = write_segments(m);
    if (m->arm64)
        write_function_starts(m);
    write_symbols(m);
    add_text(m, 0xe, "/usr/lib/dyld", dylinker, 1);
    if (m->uuid)
        add_command(m, 0x1b, 24, uuid, 4);
    add_command(m, 0x32, 24, version, 4);
    add_command(m, 0x80000028, 24, start, 4);
    add_dylib(m, "/usr/lib/libSystem.B.dylib");
    if (m->dylib)
        add_dylib(m, m->dylib);
    if (m->rpath)
        add_text(m, 0x8000001c, m->rpath, dylinker, 1);
    if (m->signature)
        signature = add_command(m, 0x1d, 16, NULL, 0);
    const uint32_t header[] = {0xfeedfacf,
                               m->arm64 ? 0x0100000c : 0x01000007,
                               m->arm64 ? m->subtype : 3,
                               2,
                               m->count,
                               (uint32_t)(m->commands - HEADER),
                               m->flags,
                               0};
    for (size_t i = 0; i < sizeof header / sizeof *header; i++)
        put32(m, i * 4, header[i]);
    size_t end = m->signature ? m->linkedit + signature_size(m) : m->linkedit;
    put64(m, linkedit + 48, end - page(m));
    if (m->size < m->linkedit)
        m->size = m->linkedit;
    if (m->signature)
        write_signature(m, signature);
    if (m->changed)
        m->bytes[code_at(m) - 1] ^= 1; /* between the load commands and the code */
    if (m->size != end)
        abort();
}
