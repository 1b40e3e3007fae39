/* Where the code leads: its branches, and the addresses that it forms. */
#include <string.h>

#include "checks/code/a64_fields.h"
#include "checks/code/strays_work.h"
#include "checks/code/x86.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

static inline void put(uint64_t *bits, uint64_t n)
{
    bits[n / 64] |= (uint64_t)1 << (n % 64);
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

/* The instruction at `at` forms an address. */
static void name(struct straying *s, uint64_t address, uint64_t at)
{
    (void)marks_put(&s->named, address);
    s->formed = at;
}

/* The addresses that an instruction is about. */
static void note(struct straying *s, const struct mark_span *span, const struct x86_insn *i, uint64_t address)
{
    bool absolute = s->g->map.absolute, one = i->map == MAP_ONE;
    unsigned op = i->opcode;
    if (i->flow == X86_BRANCH || i->flow == X86_JUMP || i->flow == X86_CALL) {
        lead(s, span, x86_target(i, address));
    } else if (one && i->class != X86_HINT && !i->segment && i->has_modrm && i->modrm < 0xc0 &&
               (i->rip_relative || (absolute && i->displacement > INT8_MAX))) {
        uint64_t at =
            i->rip_relative ? address + i->length + (uint64_t)(int64_t)i->displacement : (uint32_t)i->displacement;
        if (op == 0x8d)
            name(s, at, address);
        else if (op == 0x8b || op == 0xff)
            name_through(s, span, at, op == 0xff && i->flow != X86_NEXT);
    }
    bool moves = (op >= 0xb8 && op <= 0xbf) || op == 0xc7 || op == 0x68;
    if (one && moves && (absolute || i->immediate_size == 8))
        name(s, (uint64_t)i->immediate, address);
    if (i->flow == X86_JUMP || i->flow == X86_JUMP_INDIRECT || i->flow == X86_RETURN || i->flow == X86_STOP)
        s->trusted = false;
}

enum { PLAIN, PREFIX, REL8, REL32, TWO_BYTE, LEA, RET, DECODE, SHORT = 8, NEAR = 128 };

void strays_set_kinds(uint8_t *kinds, bool absolute)
{
    static const uint8_t decoded[] = {0xc2, 0xca, 0xcb, 0xcc, 0xcf, 0xe0, 0xe1, 0xe2, 0xe3, 0xf4, 0xff};
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

/* What an opcode, and the byte after it, are looked at for. */
static inline unsigned kind_of(const struct straying *s, const uint8_t *opcode)
{
    unsigned kind = s->kinds[opcode[0]], second = opcode[1];
    if (kind == TWO_BYTE)
        return (second & 0xf0) == 0x80 ? TWO_BYTE : second == 0x0b || second == 0x05 ? DECODE : PLAIN;
    if (kind == LEA)
        return (second & 0xc7) == 5 ? DECODE : PLAIN;
    return kind == PREFIX ? DECODE : kind;
}

/* Of each of 64 bytes, and one more, a bit: whether it is a prefix; and whether it is not PLAIN, if it is an opcode. */
struct glance {
    uint64_t prefix, matters;
};

#ifdef __SSE2__
static inline __m128i is(__m128i bytes, unsigned byte)
{
    return _mm_cmpeq_epi8(bytes, _mm_set1_epi8((char)byte));
}
static inline __m128i masked(__m128i bytes, unsigned mask, unsigned byte)
{
    return is(_mm_and_si128(bytes, _mm_set1_epi8((char)mask)), byte);
}
static inline __m128i either(__m128i a, __m128i b)
{
    return _mm_or_si128(a, b);
}

static struct glance glance(const struct straying *s, const uint8_t *p)
{
    struct glance g = {0};
    __m128i absolute = _mm_set1_epi8(s->g->map.absolute ? -1 : 0);
    for (unsigned i = 0; i < 64; i += 16) {
        __m128i b = _mm_loadu_si128((const void *)(p + i)), next = _mm_loadu_si128((const void *)(p + i + 1));
        /* 40-4f; 26 2e 36 3e; 64-67; f0 f2 f3 */
        __m128i prefix = either(either(masked(b, 0xf0, 0x40), masked(b, 0xe7, 0x26)),
                                either(masked(b, 0xfc, 0x64), either(is(b, 0xf0), masked(b, 0xfe, 0xf2))));
        /* 70-7f; e0-e3; e8 e9; eb; c2 c3 ca cb; cc; cf; f4; ff */
        __m128i branch = either(either(masked(b, 0xf0, 0x70), masked(b, 0xfc, 0xe0)),
                                either(masked(b, 0xfe, 0xe8), masked(b, 0xf6, 0xc2)));
        __m128i other = either(either(is(b, 0xeb), is(b, 0xcc)), either(is(b, 0xcf), either(is(b, 0xf4), is(b, 0xff))));
        __m128i two =
            _mm_and_si128(is(b, 0x0f), either(masked(next, 0xf0, 0x80), either(is(next, 0x0b), is(next, 0x05))));
        __m128i lea = _mm_and_si128(is(b, 0x8d), either(absolute, masked(next, 0xc7, 0x05)));
        __m128i number = either(is(b, 0x68), either(is(b, 0x8b), is(b, 0xc7)));
        __m128i moves = either(masked(b, 0xf8, 0xb8), _mm_and_si128(number, absolute));
        __m128i matters = either(either(branch, other), either(either(two, lea), moves));
        g.prefix |= (uint64_t)(unsigned)_mm_movemask_epi8(prefix) << i;
        g.matters |= (uint64_t)(unsigned)_mm_movemask_epi8(matters) << i;
    }
    return g;
}
#else
static struct glance glance(const struct straying *s, const uint8_t *p)
{
    struct glance g = {0};
    for (unsigned i = 0; i < 64; i++) {
        g.prefix |= (uint64_t)(s->kinds[p[i]] == PREFIX) << i;
        g.matters |= (uint64_t)(s->kinds[p[i]] != PREFIX && kind_of(s, p + i) != PLAIN) << i;
    }
    return g;
}
#endif

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

/* Where the sweep came to, and what it trusted. */
struct over {
    const struct mark_span *led;
    const struct mark_span *begins;
    const uint8_t *bytes; /* of the span */
    uint64_t from, end;   /* of the range, in the span */
    uint64_t stopped;     /* the last place at which the sweep was found not to be in code, for sure */
    size_t next;          /* start */
};

/* Whether a return may go to what stands before it: a word was pushed, or the top of the stack is changed, in the few
 * instructions before `bit`. */
static bool may_turn(const struct over *o, uint64_t bit)
{
    enum { LAST = 16 };
    uint64_t first = bit - o->from < LAST ? o->from : bit - LAST;
    for (uint64_t at = first; at < bit; at++) {
        unsigned byte = o->bytes[at];
        bool pushes = (byte & 0xf8) == 0x50 || byte == 0x68 || byte == 0x6a;
        if (pushes && o->begins->bits[at / 64] >> at % 64 & 1)
            return true;
        if (((byte & 0xf8) == 0x50 && at > first && (o->bytes[at - 1] & 0xf0) == 0x40) ||
            ((byte & 0xc7) == 4 && o->bytes[at + 1] == 0x24))
            return true;
    }
    return false;
}

/* Where an instruction leads that names no target. */
static void work_out(struct straying *s, const struct over *o, const struct x86_insn *i, uint64_t bit)
{
    bool jumps = i->flow == X86_JUMP_INDIRECT && !i->rip_relative;
    bool calls = i->flow == X86_CALL_INDIRECT && !i->rip_relative && o->led->address + bit - s->formed < NEAR;
    bool tells = jumps || calls || i->flow == X86_RETURN || i->flow == X86_SYSCALL;
    uint64_t target = tells && s->efforts ? strays_target_x86(s, o->begins, o->bytes, o->from, bit) : 0;
    s->efforts -= tells && s->efforts;
    if (target)
        lead(s, o->led, target);
}

/* The instruction at `at`, which the sweep came upon. */
static inline void look_at(struct straying *s, const struct over *o, uint64_t bit, unsigned kind, unsigned prefix)
{
    struct x86_insn insn;
    const struct mark_span *led = o->led;
    const uint8_t *at = o->bytes + bit;
    uint64_t address = led->address + bit;
    if (kind == REL8) {
        lead(s, led, address + prefix + 2 + (uint64_t)(int64_t)(int8_t)at[prefix + 1]);
        s->trusted &= at[prefix] != 0xeb;
    } else if (kind == RET && !may_turn(o, bit)) {
        s->trusted = false;
    } else if (kind == DECODE || kind == RET) {
        if (x86_decode(at, (size_t)(o->end - bit), &insn)) {
            work_out(s, o, &insn, bit);
            note(s, led, &insn, address);
        }
    } else {
        unsigned opcode = prefix + (kind == TWO_BYTE);
        uint64_t target = address + opcode + 5 + (uint64_t)(int64_t)(int32_t)load_le32(at + opcode + 1);
        lead(s, led, target);
        if (at[opcode] == 0xe8 && s->wants_calls && map_is_code(&s->g->map, target))
            (void)marks_put(&s->called, target);
        s->formed = target == address + opcode + 5 ? address : s->formed;
        s->trusted &= at[opcode] != 0xe9;
    }
}

/* The instruction that begins at `bit`, with a prefix or none. */
static inline void come_upon(struct straying *s, struct over *o, uint64_t bit, unsigned prefix)
{
    const struct starts *starts = &s->g->starts;
    uint64_t address = o->led->address + bit;
    if (bit < o->from || bit >= o->end)
        return; /* of another range of the same segment */
    if (!s->trusted && bit > o->stopped) {
        for (; o->next < starts->count && starts->items[o->next].address <= address; o->next++)
            s->trusted |= starts->items[o->next].address - o->led->address > o->stopped;
        s->trusted = s->trusted || led_to(o->led, o->stopped, bit);
        o->stopped = bit;
    }
    bool was = s->trusted;
    unsigned kind = o->end - bit > SHORT ? kind_of(s, o->bytes + bit + prefix) : DECODE;
    look_at(s, o, bit, kind, prefix);
    o->stopped = was && !s->trusted ? bit : o->stopped;
}

void strays_look_over(struct straying *s, uint64_t address, uint64_t size)
{
    const struct mark_span *begins = marks_span(s->begins, address), *led = marks_span(&s->led, address);
    const uint8_t *bytes = begins ? map_bytes(&s->g->map, begins->address, (size_t)begins->size) : NULL;
    if (!bytes || !led)
        return;
    uint64_t from = address - begins->address, carried = 0;
    struct over over = {led, begins, bytes, from, from + size, from, starts_from(&s->g->starts, address)};
    s->trusted = true;
    for (uint64_t word = from / 64; word <= (from + size - 1) / 64; word++) {
        uint8_t copy[66] = {0};
        const uint8_t *p = bytes + word * 64;
        if (begins->size - word * 64 < sizeof copy)
            p = memcpy(copy, p, (size_t)(begins->size - word * 64));
        struct glance g = glance(s, p);
        uint64_t prefixed = begins->bits[word] & g.prefix, after = prefixed << 1 | carried;
        uint64_t opcodes = (begins->bits[word] & ~g.prefix) | after;
        carried = prefixed >> 63;
        for (uint64_t bits = opcodes & (g.matters | g.prefix); bits; bits &= bits - 1) {
            unsigned bit = (unsigned)__builtin_ctzll(bits), prefix = after >> bit & 1;
            come_upon(s, &over, word * 64 + bit - prefix, prefix);
        }
    }
}

/* Whether X30 is added to in the few instructions before. */
static bool turns_a64(const uint8_t *at, uint64_t before)
{
    for (unsigned k = 4; k <= 16 && k <= before; k += 4) {
        uint32_t word = load_le32(at - k);
        if ((word & 0x1f) == 30 && ((word & 0x9f000000u) == 0x91000000u || (word & 0x9f200000u) == 0x8b000000u))
            return true;
    }
    return false;
}

void strays_sweep_a64(struct straying *s, uint64_t address, uint64_t size)
{
    const uint8_t *bytes = map_bytes(&s->g->map, address, (size_t)size);
    const struct mark_span *led = marks_span(&s->led, address);
    uint64_t pages[32] = {0}, target, first = (4 - address % 4) % 4;
    s->trusted = true;
    for (uint64_t at = first; bytes && led && at + 4 <= size; at += 4) {
        uint32_t word = load_le32(bytes + at);
        unsigned rd = field(word, 0, 5), rn = field(word, 5, 5);
        s->trusted = s->trusted || marks_have(&s->led, address + at);
        if (a64_target(word, address + at, &target)) {
            if (s->trusted || !map_is_code(&s->g->map, target))
                (void)marks_put(s->trusted ? &s->led : &s->named, target);
            s->trusted &= word >> 26 != 5;
        } else if ((word & 0x1f000000u) == 0x10000000u) { /* ADR, ADRP */
            const uint64_t made = a64_page(word, address + at);
            pages[rd] = word >> 31 ? made : 0;
            if (!(word >> 31))
                name(s, made, address + at);
        } else if ((word & 0xff800000u) == 0x91000000u && pages[rn]) { /* ADD */
            name(s, pages[rn] + ((uint64_t)field(word, 10, 12) << (field(word, 22, 1) ? 12 : 0)), address + at);
        } else if ((word & 0x7f800000u) == 0x72800000u) { /* MOVK */
            s->formed = address + at;
        } else if (word >> 25 == 0x6b) { /* BR, BLR, RET */
            bool calls = (field(word, 21, 4) & 7) == 1, near = address + at - s->formed < NEAR;
            target = near || (word & 0xfffffc1fu) == 0xd61f0000u || turns_a64(bytes + at, at - first)
                         ? strays_target_a64(s, bytes + at, at - first, address + at)
                         : 0;
            if (target)
                (void)marks_put(s->trusted ? &s->led : &s->named, target);
            s->trusted &= calls;
        }
    }
}
