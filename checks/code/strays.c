#include "checks/code/strays.h"

#include <stdlib.h>
#include <string.h>

#include "checks/code/a64_fields.h"
#include "checks/code/scan.h"
#include "checks/code/strays_work.h"
#include "checks/code/x86.h"
#include "formats/arena.h"

static inline void put(uint64_t *bits, uint64_t n)
{
    bits[n / 64] |= (uint64_t)1 << (n % 64);
}

static inline bool has(const uint64_t *bits, uint64_t n)
{
    return bits[n / 64] >> (n % 64) & 1;
}

/* A branch leads to `target`; `span`: of `led`, the one that the branch is in. */
static inline void lead(struct straying *s, const struct mark_span *span, uint64_t target)
{
    if (s->trusted && target - span->address < span->size)
        put(span->bits, target - span->address);
    else
        (void)marks_put(s->trusted ? &s->led : &s->named, target);
}

/* What the word at `address` names, if it is an address: a slot of a program that is relocated holds none. */
static void name_through(struct straying *s, const struct mark_span *span, uint64_t address, bool branch)
{
    const uint8_t *word = s->g->map.absolute ? map_bytes(&s->g->map, address, 8) : NULL;
    if (word && branch)
        lead(s, span, load_le64(word));
    else if (word)
        (void)marks_put(&s->named, load_le64(word));
}

/* An address is formed in a register by the instruction before `next`. */
static void name(struct straying *s, unsigned reg, uint64_t address, uint64_t next)
{
    (void)marks_put(&s->named, address);
    s->register_is[reg] = address;
    s->place = next;
}

/* The addresses that an instruction is about. */
static void note(struct straying *s, const struct mark_span *span, const struct x86_insn *i, uint64_t address)
{
    bool absolute = s->g->map.absolute, one = i->map == MAP_ONE;
    unsigned op = i->opcode, rm = (i->modrm & 7u) | (i->rex & 1 ? 8 : 0);
    if (i->flow == X86_BRANCH || i->flow == X86_JUMP || i->flow == X86_CALL) {
        lead(s, span, x86_target(i, address));
    } else if (s->place == address && (i->flow == X86_CALL_INDIRECT || i->flow == X86_JUMP_INDIRECT) &&
               i->modrm >= 0xc0) {
        lead(s, span, s->register_is[rm]);
    } else if (s->place == address && i->flow == X86_RETURN) { /* to what was pushed */
        lead(s, span, s->register_is[4]);
    } else if (one && i->class != X86_HINT && !i->segment && i->has_modrm && i->modrm < 0xc0 &&
               (i->rip_relative || (absolute && i->displacement > INT8_MAX))) {
        uint64_t at =
            i->rip_relative ? address + i->length + (uint64_t)(int64_t)i->displacement : (uint32_t)i->displacement;
        if (op == 0x8d)
            name(s, (i->modrm >> 3 & 7u) | (i->rex & 4 ? 8 : 0), at, address + i->length);
        else if (op == 0x8b || op == 0xff)
            name_through(s, span, at, op == 0xff && i->flow != X86_NEXT);
    }
    bool moves = (op >= 0xb8 && op <= 0xbf) || op == 0xc7 || op == 0x68;
    if (one && moves && (absolute || i->immediate_size == 8))
        name(s,
             op == 0x68   ? 4
             : op == 0xc7 ? rm
                          : (op & 7) | (i->rex & 1 ? 8u : 0),
             (uint64_t)i->immediate, address + i->length);
    if (i->flow == X86_JUMP || i->flow == X86_JUMP_INDIRECT || i->flow == X86_RETURN || i->flow == X86_STOP)
        s->trusted = false;
}

enum { PLAIN, PREFIX, REL8, REL32, TWO_BYTE, LEA, RET, DECODE, SHORT = 8 };

/* What each first byte of an instruction is looked at for; `absolute`: numbers can be addresses. */
static void set_kinds(uint8_t *kinds, bool absolute)
{
    static const uint8_t decoded[] = {0xc2, 0xc3, 0xca, 0xcb, 0xcc, 0xcf, 0xe0,
                                      0xe1, 0xe2, 0xe3, 0xe9, 0xeb, 0xf4, 0xff};
    static const uint8_t prefixes[] = {0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2, 0xf3};
    static const uint8_t numbers[] = {0x68, 0x8b, 0xc7};
    memset(kinds, PLAIN, 256);
    for (unsigned op = 0x40; op <= 0x4f; op++)
        kinds[op] = PREFIX;
    for (unsigned op = 0x70; op <= 0x7f; op++)
        kinds[op] = REL8;
    for (unsigned op = 0xb8; op <= 0xbf; op++)
        kinds[op] = DECODE;
    for (size_t i = 0; i < sizeof decoded; i++)
        kinds[decoded[i]] = DECODE;
    for (size_t i = 0; i < sizeof prefixes; i++)
        kinds[prefixes[i]] = PREFIX;
    for (size_t i = 0; i < sizeof numbers; i++)
        kinds[numbers[i]] = absolute ? DECODE : PLAIN;
    kinds[0xe8] = kinds[0xe9] = REL32;
    kinds[0xeb] = REL8;
    kinds[0xc3] = RET;
    kinds[0x0f] = TWO_BYTE;
    kinds[0x8d] = absolute ? DECODE : LEA;
}

/* What the instruction at `at` is looked at for, of which and what follows more than SHORT bytes can be read; written
 * so that it takes no branch. */
static inline unsigned kind_of(const struct straying *s, const uint8_t *at, unsigned *prefix)
{
    unsigned k = s->kinds[*at] == PREFIX, kind = s->kinds[at[k]], second = at[k + 1];
    unsigned two = (second & 0xf0) == 0x80 ? TWO_BYTE : second == 0x0b || second == 0x05 ? DECODE : PLAIN;
    kind = kind == TWO_BYTE ? two : kind;
    kind = kind == LEA ? ((second & 0xc7) == 5 ? DECODE : PLAIN) : kind;
    *prefix = k;
    return kind == PREFIX ? DECODE : kind;
}

/* The instruction at `at`, which the sweep came upon. */
static inline void look_at(struct straying *s, const struct mark_span *led, const uint8_t *at, size_t n, unsigned kind,
                           unsigned prefix, uint64_t address)
{
    struct x86_insn insn;
    if (kind == REL8) {
        lead(s, led, address + prefix + 2 + (uint64_t)(int64_t)(int8_t)at[prefix + 1]);
        s->trusted &= at[prefix] != 0xeb;
    } else if (kind == RET && s->place != address) {
        s->trusted = false;
    } else if (kind == DECODE || kind == RET) {
        if (x86_decode(at, n, &insn))
            note(s, led, &insn, address);
    } else {
        unsigned opcode = prefix + (kind == TWO_BYTE);
        lead(s, led, address + opcode + 5 + (uint64_t)(int64_t)(int32_t)load_le32(at + opcode + 1));
        s->trusted &= at[opcode] != 0xe9;
    }
}

/* Whether anything led to the code in (from, to], both of one span. */
static bool led_to(const struct mark_span *led, uint64_t from, uint64_t to)
{
    uint64_t first = (from + 1) / 64, last = to / 64;
    uint64_t above = UINT64_MAX << ((from + 1) % 64), below = UINT64_MAX >> (63 - to % 64);
    if (first == last)
        return led->bits[first] & above & below;
    bool found = (led->bits[first] & above) | (led->bits[last] & below);
    for (uint64_t word = first + 1; word < last && !found; word++)
        found = led->bits[word];
    return found;
}

/* From instruction to instruction of the sweep. */
static void look_over(struct straying *s, uint64_t address, uint64_t size)
{
    const struct starts *starts = &s->g->starts;
    const uint8_t *bytes = map_bytes(&s->g->map, address, (size_t)size);
    const struct mark_span *begins = marks_span(&s->begins, address), *led = marks_span(&s->led, address);
    if (!bytes || !begins || !led)
        return;
    uint64_t base = address - begins->address, stopped = base;
    size_t next = starts_from(starts, address);
    s->trusted = true;
    for (uint64_t word = base / 64; word <= (base + size - 1) / 64; word++) {
        for (uint64_t bits = begins->bits[word]; bits; bits &= bits - 1) {
            uint64_t bit = word * 64 + (unsigned)__builtin_ctzll(bits), at = bit - base;
            unsigned prefix = 0, kind = DECODE;
            if (bit < base || at >= size)
                continue; /* of another range of the same segment */
            if (size - at > SHORT)
                kind = kind_of(s, bytes + at, &prefix);
            if (kind == PLAIN)
                continue;
            if (!s->trusted && bit > stopped) {
                for (; next < starts->count && starts->items[next].address <= address + at; next++)
                    s->trusted |= starts->items[next].address - begins->address > stopped;
                s->trusted = s->trusted || led_to(led, stopped, bit);
                stopped = bit;
            }
            bool was = s->trusted;
            look_at(s, led, bytes + at, (size_t)(size - at), kind, prefix, address + at);
            stopped = was && !s->trusted ? bit : stopped;
        }
    }
}

/* The same for A64, whose instructions cannot overlap: addresses outside of what was swept are all that matters. */
static void sweep_a64(struct straying *s, uint64_t address, uint64_t size)
{
    const uint8_t *bytes = map_bytes(&s->g->map, address, (size_t)size);
    const struct mark_span *led = marks_span(&s->led, address);
    uint64_t pages[32] = {0}, target, formed = 0;
    unsigned holder = 32; /* of `formed`, which the last instruction put there */
    s->trusted = true;
    for (uint64_t at = (4 - address % 4) % 4; bytes && led && at + 4 <= size; at += 4) {
        uint32_t word = load_le32(bytes + at);
        unsigned rd = field(word, 0, 5), rn = field(word, 5, 5), held = holder;
        s->trusted = s->trusted || marks_have(&s->led, address + at);
        holder = 32;
        if (a64_target(word, address + at, &target)) {
            if (s->trusted || !map_is_code(&s->g->map, target))
                (void)marks_put(s->trusted ? &s->led : &s->named, target);
            s->trusted &= word >> 26 != 5;
        } else if ((word & 0x1f000000u) == 0x10000000u) { /* ADR, ADRP */
            uint64_t offset = sign_extend((uint64_t)field(word, 5, 19) << 2 | field(word, 29, 2), 21);
            pages[rd] = word >> 31 ? ((address + at) & ~(uint64_t)0xfff) + (offset << 12) : 0;
            if (!(word >> 31))
                formed = address + at + offset, holder = rd;
        } else if ((word & 0xff800000u) == 0x91000000u && pages[rn]) { /* ADD */
            formed = pages[rn] + ((uint64_t)field(word, 10, 12) << (field(word, 22, 1) ? 12 : 0));
            holder = rd;
        } else if (word >> 25 == 0x6b) { /* BR, BLR, RET */
            if (held == rn)
                (void)marks_put(s->trusted ? &s->led : &s->named, formed);
            s->trusted &= (field(word, 21, 4) & 7) == 1;
        }
        if (holder < 32)
            (void)marks_put(&s->named, formed);
    }
}

static bool is_zero(const uint8_t *bytes, uint64_t size)
{
    while (size && *bytes == 0)
        bytes++, size--;
    return size == 0;
}

/* Whether segments that execute hold anything but zeros beside what was swept. */
static bool has_outside(const struct map *map)
{
    for (size_t i = 0, k = 0; i < map->count; i++) {
        const struct span *span = &map->spans[i];
        uint64_t at = 0;
        for (; k < map->code_count && map->code[k].address - span->address < span->size; k++) {
            const struct code_range *code = &map->code[k];
            if (span->executes && !is_zero(span->data + at, code->address - span->address - at))
                return true;
            at = code->address - span->address + code->size;
        }
        if (span->executes && !is_zero(span->data + at, span->size - at))
            return true;
    }
    return false;
}

/* Whether a table of jumps is at `start`: words that lead to code, counted from its beginning. */
static bool is_table(const struct straying *s, uint64_t start)
{
    enum { FEWEST = 3 };
    const uint8_t *words = map_bytes(&s->g->map, start, FEWEST * 4);
    unsigned led = 0;
    while (words && led < FEWEST && strays_known(s, start + (uint64_t)(int64_t)(int32_t)load_le32(words + 4 * led)))
        led++;
    return led == FEWEST;
}

/* Every place in `marks` that was not swept. */
static void follow_all(struct straying *s, const struct marks *marks, bool strict, struct strays *strays)
{
    for (uint64_t at = marks_next(marks, 0); at != UINT64_MAX; at = marks_next(marks, at + 1)) {
        if (strays_known(s, at) || (strict && marks_have(&s->led, at)))
            continue;
        strays->tangled = s->fuel < STEPS || strays->count == MOST;
        if (strays->tangled)
            return;
        bool code = !(strict && is_table(s, at)) && strays_follow(s, at, strict);
        s->fuel -= s->steps;
        if (!code)
            continue;
        strays->starts[strays->count++] = at;
        for (unsigned i = 0; i < s->hit_count; i++)
            if (!strays->first[s->hits[i].class])
                strays->first[s->hits[i].class] = s->hits[i].address + 1;
    }
}

static int by_address(const void *a, const void *b)
{
    uint64_t x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

static void search(struct straying *s, struct strays *strays)
{
    const struct ground *g = s->g;
    set_kinds(s->kinds, g->map.absolute);
    if (g->amd64)
        scan_begins(g, &s->begins);
    for (size_t i = 0; i < g->map.code_count; i++) {
        if (g->amd64)
            look_over(s, g->map.code[i].address, g->map.code[i].size);
        else
            sweep_a64(s, g->map.code[i].address, g->map.code[i].size);
    }
    for (size_t i = 0; i < g->pointer_count; i++)
        (void)marks_put(&s->named, g->pointers[i].target);
    s->fuel = FUEL;
    follow_all(s, &s->led, false, strays);
    if (!strays->tangled)
        follow_all(s, &s->named, true, strays);
    qsort(strays->starts, strays->count, sizeof *strays->starts, by_address);
}

bool strays_have(const struct strays *strays, uint64_t address)
{
    size_t low = 0, high = strays->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strays->starts[middle] < address)
            low = middle + 1;
        else
            high = middle;
    }
    return low < strays->count && strays->starts[low] == address;
}

bool strays_find(const struct ground *ground, struct strays *strays)
{
    *strays = (struct strays){0};
    if (!ground->amd64 && !has_outside(&ground->map))
        return true;
    struct straying *s = arena_array(ground->arena, 1, sizeof *s);
    strays->starts = arena_room(ground->arena, MOST * sizeof *strays->starts);
    s->g = ground;
    isa_classes(ground->image->arch, &s->classes);
    bool good = marks_make(&s->led, &ground->map, ground->unit) && marks_make(&s->named, &ground->map, ground->unit) &&
                (!ground->amd64 || marks_make(&s->begins, &ground->map, ground->unit));
    if (good)
        search(s, strays);
    marks_free(&s->led);
    marks_free(&s->named);
    marks_free(&s->begins);
    return good;
}
