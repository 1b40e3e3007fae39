/* x86-64 has no alignment, and a sweep that meets data between functions may come out of it in the midst of an
 * instruction. It finds back within a few, and begins anew where a table of the program names a function. Sections say
 * where instructions are to be expected; where a direct branch leaves them the whole executable segment is swept
 * instead, for no section binds a processor. */
#include "checks/code/scan.h"

#include <string.h>

#include "checks/code/a64.h"
#include "checks/code/a64_fields.h"
#include "checks/code/quick.h"
#include "checks/code/x86.h"

struct sweep {
    const struct map *map;
    const struct starts *starts;
    uint64_t first[256];  /* by class: address + 1 of its first instruction; 0: none */
    struct marks *begins; /* NULL: not asked for */
    bool wide;            /* AVX2 may be used */
    bool leaves;          /* a branch goes where no instructions were expected */
    uint64_t bytes;
};

static bool leaves_code(const struct map *map, uint64_t target)
{
    const struct span *span = map_is_code(map, target) ? NULL : map_find(map, target);
    return span && span->executes;
}

static void sweep_x86(struct sweep *sweep, uint64_t address, const uint8_t *bytes, uint64_t size)
{
    size_t next = starts_from(sweep->starts, address);
    struct x86_insn insn;
    struct quick quick;
    quick_init(&quick, sweep->wide);
    const struct mark_span *begins = sweep->begins ? marks_span(sweep->begins, address) : NULL;
    if (begins) {
        quick.begins = begins->bits;
        quick.first = address - begins->address;
    }
    for (uint64_t at = 0; at < size;) {
        while (next < sweep->starts->count && sweep->starts->items[next].address <= address + at)
            next++;
        uint64_t limit = next < sweep->starts->count ? sweep->starts->items[next].address - address : size;
        uint64_t stop = size < QUICK_ROOM ? 0 : limit < size - QUICK_ROOM ? limit : size - QUICK_ROOM;
        if (at >= QUICK_ROOM && at < stop) {
            at = quick_walk(&quick, bytes, (size_t)size, (size_t)at, (size_t)stop);
            if (at >= stop) {
                at = at < limit ? at : limit;
                continue;
            }
        }
        unsigned length = x86_decode(bytes + at, (size_t)(size - at), &insn);
        if (!length || insn.class == X86_INVALID) {
            at++;
            continue;
        }
        if (begins)
            (void)marks_put(sweep->begins, address + at);
        if (!sweep->first[insn.class])
            sweep->first[insn.class] = address + at + 1;
        if (insn.flow == X86_BRANCH || insn.flow == X86_JUMP || insn.flow == X86_CALL)
            sweep->leaves = sweep->leaves || leaves_code(sweep->map, x86_target(&insn, address + at));
        at = at < limit && limit < at + length ? limit : at + length;
    }
}

enum { WORDS = 64, FAR = 1 << 20 }; /* how far B.cond, CBZ, CBNZ, TBZ and TBNZ go at most */

static void branch_a64(struct sweep *sweep, uint32_t word, uint64_t address, uint64_t at, uint64_t size)
{
    uint64_t target;
    if (a64_target(word, address + at, &target) && target - address >= size)
        sweep->leaves = sweep->leaves || leaves_code(sweep->map, target);
}

/* Written so that compilers see one load, and the loop below becomes one over vectors. */
static inline uint32_t native_or_le32(const uint8_t *at)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    uint32_t word;
    memcpy(&word, at, sizeof word);
    return word;
#else
    return load_le32(at);
#endif
}

/* Whether one of the `n` words at `bytes`, the first of which is at `at`, is a B or BL to somewhere outside. */
static bool jumps_out(const uint8_t *bytes, uint32_t at, size_t n, uint32_t size)
{
    uint32_t out = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t word = native_or_le32(bytes + 4 * i), target = at + 4 * i + (uint32_t)((int32_t)(word << 6) >> 4);
        out |= (uint32_t)((word & 0x7c000000u) == 0x14000000u) & (uint32_t)(target >= size);
    }
    return out;
}

static void sweep_a64(struct sweep *sweep, uint64_t address, const uint8_t *bytes, uint64_t size)
{
    struct a64_filter filter;
    a64_filter_init(&filter, sweep->wide);
    for (uint64_t at = (4 - address % 4) % 4; at + 4 <= size; at += 4 * WORDS) {
        size_t n = (size_t)((size - at) / 4 < WORDS ? (size - at) / 4 : WORDS);
        bool inside = at >= FAR && size - at >= FAR + 4 * WORDS && size < INT32_MAX;
        if (!inside || jumps_out(bytes + at, (uint32_t)at, n, (uint32_t)size))
            for (size_t i = 0; i < n; i++)
                branch_a64(sweep, load_le32(bytes + at + 4 * i), address, at + 4 * i, size);
        a64_first(&filter, bytes + at, n, address + at, sweep->first);
    }
}

static void sweep_range(struct sweep *sweep, enum arch arch, uint64_t address, uint64_t size)
{
    const uint8_t *bytes = map_bytes(sweep->map, address, (size_t)size);
    if (!bytes)
        return; /* inside a span, as map.c and scan_code() see to it */
    if (arch == ARCH_AMD64)
        sweep_x86(sweep, address, bytes, size);
    else
        sweep_a64(sweep, address, bytes, size);
    sweep->bytes += size;
}

void scan_add(const struct ground *ground, const uint64_t *first, struct scan *scan)
{
    const struct isa_class *classes;
    size_t count = isa_classes(ground->image->arch, &classes);
    for (size_t i = 0; i < count; i++) {
        for (unsigned k = 0; first[i] && k < CLASS_NEEDS && classes[i].needs[k] != FEATURE_NONE; k++) {
            enum feature feature = (enum feature)classes[i].needs[k];
            uint64_t address = first[i] - 1;
            const struct span *span = map_find(&ground->map, address);
            uint64_t offset = span ? span->offset + (address - span->address) : 0;
            if (!features_have(&scan->present, feature) || offset < scan->first[feature])
                scan->first[feature] = offset;
            features_add(&scan->present, feature);
        }
    }
}

void scan_code(const struct ground *ground, bool wide, struct scan *scan)
{
    const struct map *map = &ground->map;
    struct sweep sweep = {.map = map, .starts = &ground->starts, .wide = wide};
    *scan = (struct scan){0};
    if (ground->amd64) {
        marks_make_in(&scan->begins, map, ground->unit, ground->arena);
        sweep.begins = &scan->begins;
    }
    for (size_t i = 0; i < map->code_count; i++)
        sweep_range(&sweep, ground->image->arch, map->code[i].address, map->code[i].size);
    if (sweep.leaves) {
        sweep.bytes = 0;
        sweep.begins = NULL; /* what no section calls code is not known to be any (strays.h) */
        for (size_t i = 0; i < map->count; i++)
            if (map->spans[i].executes)
                sweep_range(&sweep, ground->image->arch, map->spans[i].address, map->spans[i].size);
    }
    scan->bytes = sweep.bytes;
    scan_add(ground, sweep.first, scan);
}
