/* Tables in a Mach-O file's link-edit data. The first byte chooses one, the others are it: function starts, data in code,
 * chained fixups, requirements, four streams of opcodes, the export trie. A second walk over the same bytes, by the
 * descriptions in <mach-o/loader.h> and <mach-o/fixup-chains.h>, finds the same of them good. */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "formats/macho/macho.h"

enum { STARTS, DATA, FIXUPS, REQUIREMENTS, REBASE, BIND, WEAK, LAZY, TRIE, TABLES };

enum { CODE = 0x10000 }; /* bytes of the segment that is executable */

static unsigned chosen;

/* The number at *at, which moves behind it; false: it does not end. */
static bool leb(struct view v, uint64_t *at, uint64_t *value)
{
    *value = 0;
    for (unsigned i = 0; i < 10 && *at < v.size; i++) {
        uint8_t byte = v.data[(*at)++];
        *value |= i < 9 ? (uint64_t)(byte & 127) << 7 * i : (uint64_t)(byte & 1) << 63;
        if (byte < 128)
            return true;
    }
    return false;
}

static uint64_t word(struct view v, uint64_t at, bool big_endian)
{
    return at + 4 <= v.size ? (big_endian ? load_be32(v.data + at) : load_le32(v.data + at)) : 0;
}

static bool zeros(struct view v, uint64_t at)
{
    while (at < v.size && v.data[at] == 0)
        at++;
    return at >= v.size;
}

/* An end that is the table's own needs no zero. */
static bool starts(struct view v)
{
    uint64_t at = 0, left = CODE, distance;
    while (at < v.size) {
        if (!leb(v, &at, &distance) || distance > left)
            return false;
        if (distance == 0)
            return zeros(v, at);
        left -= distance;
    }
    return true;
}

static bool data_in_code(struct view v)
{
    for (uint64_t at = 0; at < v.size; at += 8) {
        uint64_t offset = word(v, at, false), both = word(v, at + 4, false);
        if (v.size - at < 8 || both >> 16 == 0 || both >> 16 > 5 || offset + (both & 0xffff) > v.size)
            return false;
    }
    return true;
}

static bool fixups(struct view v)
{
    if (v.size < 28 || word(v, 0, false) != 0)
        return false;
    for (uint64_t at = 4; at <= 12; at += 4)
        if (word(v, at, false) > v.size)
            return false;
    uint64_t format = word(v, 20, false);
    return format >= 1 && format <= 3 && word(v, 24, false) <= 1;
}

static bool requirements(struct view v)
{
    uint64_t size = word(v, 4, true);
    return v.size >= 8 && word(v, 0, true) == 0xfade0c05 && size <= v.size && zeros(v, size);
}

/* REBASE_OPCODE_… and BIND_OPCODE_… of the loader's header, by their upper half. */
static bool opcodes(struct view v, bool bind)
{
    uint64_t at = 0, value;
    while (at < v.size) {
        unsigned opcode = v.data[at] >> 4, immediate = v.data[at] & 15, numbers = 0;
        bool text = false;
        at++;
        if (bind) {
            if (opcode == 2 || opcode == 6 || opcode == 7 || opcode == 8 || opcode == 10)
                numbers = 1; /* ordinal, addend is signed but as long */
            else if (opcode == 12)
                numbers = 2;
            else if (opcode == 13)
                numbers = immediate == 0;
            else if (opcode > 13)
                return false;
            text = opcode == 4;
        } else {
            if (opcode == 2 || opcode == 3 || opcode == 6 || opcode == 7)
                numbers = 1;
            else if (opcode == 8)
                numbers = 2;
            else if (opcode > 8)
                return false;
        }
        for (; numbers; numbers--)
            if (!leb(v, &at, &value))
                return false;
        if (text) {
            while (at < v.size && v.data[at])
                at++;
            if (at++ >= v.size)
                return false;
        }
    }
    return true;
}

struct trie {
    struct view v;
    uint8_t *seen;
    uint64_t names, edges;
};

static bool node(struct trie *trie, uint64_t at)
{
    uint64_t terminal, child;
    if (at >= trie->v.size || trie->seen[at])
        return false;
    trie->seen[at] = 1;
    if (!leb(trie->v, &at, &terminal) || terminal > trie->v.size - at)
        return false;
    trie->names += terminal != 0;
    at += terminal;
    if (at >= trie->v.size)
        return false;
    for (unsigned children = trie->v.data[at++]; children; children--) {
        while (at < trie->v.size && trie->v.data[at])
            at++;
        if (at++ >= trie->v.size || !leb(trie->v, &at, &child))
            return false;
        trie->edges++;
        if (!node(trie, child))
            return false;
    }
    return true;
}

static bool good(const struct macho_view *view, struct view v, bool *asked)
{
    struct trie trie = {.v = v, .seen = arena_array(&view->file->arena, v.size + 1, 1)};
    switch (chosen) {
    case STARTS:
        return starts(v);
    case DATA:
        return data_in_code(v);
    case FIXUPS:
        return fixups(v);
    case REQUIREMENTS:
        return requirements(v);
    case REBASE:
        return opcodes(v, false);
    case TRIE:
        if (!node(&trie, 0))
            return false;
        *asked = trie.edges <= v.size / 2; /* nodes that overlap may have more, and are refused for it */
        if (*asked && trie.names != view->exports)
            abort();
        return true;
    default:
        return opcodes(v, true);
    }
}

static void put(uint8_t *at, uint64_t value)
{
    for (unsigned i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> 8 * i);
}

static void read_it(struct file *file)
{
    static const uint32_t types[] = {LC_FUNCTION_STARTS, LC_DATA_IN_CODE, LC_DYLD_CHAINED_FIXUPS,
                                     LC_DYLIB_CODE_SIGN_DRS};
    uint8_t bytes[48] = {0};
    struct macho_extra extra = {0};
    struct segment code = {.memory_size = CODE, .access = ACCESS_READ | ACCESS_EXECUTE};
    struct image image = {.file = file,
                          .segments = {.known = KNOWN_COMPLETE, .items = &code, .count = 1},
                          .size = file->size,
                          .format = FORMAT_MACHO,
                          .arch = ARCH_ARM64,
                          .bits = 64,
                          .kind = KIND_EXECUTABLE,
                          .judged = true,
                          .macho = &extra};
    struct macho_view view = {.file = file, .image = &image, .extra = &extra, .whole = true};
    struct command command = {.v = {bytes, 16}};
    size_t field = chosen >= REBASE && chosen <= LAZY ? 8 + 8 * (chosen - REBASE) : 8;
    struct view v;
    put(bytes + field + 4, file->size);
    if (chosen < REBASE) {
        command.type = types[chosen];
        read_linkedit(&view, &command);
    } else if (chosen < TRIE) {
        command.type = LC_DYLD_INFO;
        command.v.size = 48;
        read_dyld_info(&view, &command);
    } else {
        command.type = LC_DYLD_EXPORTS_TRIE;
        read_exports(&view, &command);
    }
    bool asked = true;
    if (!file_view(file, 0, file->size, &v))
        abort();
    if (good(&view, v, &asked) != (image.defects.total == 0) && asked)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    chosen = data[0] % TABLES;
    with_file(data + 1, size - 1, read_it);
    return 0;
}
