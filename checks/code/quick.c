#include "checks/code/quick.h"

#include <string.h>

#include "checks/code/x86_classes.h"
#define QUICK_TABLES
#include "x86_tables.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

/* The bytes of ModRM, SIB and displacement at `at`. */
static inline unsigned operand_length(const uint8_t *at)
{
    unsigned mod = at[0] >> 6, rm = at[0] & 7, length = 1;
    if (mod == 3)
        return length;
    if (rm == 4) {
        length++;
        rm = at[1] & 7;
    }
    return length + (mod == 1 ? 1 : mod == 2 || rm == 5 ? 4 : 0);
}

static inline unsigned of_kind(unsigned kind, const uint8_t *opcode)
{
    /* cppcheck-suppress nullPointerArithmetic ; without QUICK_MODRM there need be no opcode */
    return 1 + (kind & QUICK_MODRM ? operand_length(opcode + 1) : 0) + (kind & QUICK_8 ? 1 : 0) +
           (kind & QUICK_32 ? 4 : 0);
}

static inline uint8_t length_0f(const uint8_t *opcode, unsigned column)
{
    unsigned kind = x86_quick_0f[*opcode].kind;
    if (!(x86_quick_0f[*opcode].columns >> column & 1))
        return 0;
    return (uint8_t)(of_kind(kind, opcode) + 1 + (kind & QUICK_BRANCH ? QUICK_REL32 : 0));
}

static inline uint8_t length_one(const uint8_t *opcode, bool w)
{
    unsigned kind = x86_quick_one[*opcode].kind;
    if (*opcode == 0x0f)
        return length_0f(opcode + 1, 0);
    if (!kind || (kind & QUICK_MODRM && !(x86_quick_one[*opcode].regs >> (opcode[1] >> 3 & 7) & 1)) ||
        (kind & QUICK_NO_W && w))
        return 0;
    return (uint8_t)(of_kind(kind, opcode) + (kind & QUICK_BRANCH ? QUICK_REL32 : 0));
}

uint8_t quick_length(const uint8_t *at)
{
    unsigned length;
    if ((*at & 0xf0) == 0x40) {
        length = length_one(at + 1, *at & 8);
    } else if (*at == 0x66 || *at == 0xf2 || *at == 0xf3) {
        length = at[1] == 0x0f ? length_0f(at + 2, *at == 0x66 ? 1 : *at == 0xf3 ? 2 : 3) : 0;
    } else {
        return length_one(at, false);
    }
    return (uint8_t)(length ? length + 1 : 0);
}

enum { MODRM, HAS_8, HAS_32, PLAIN, BRANCH, MODRM_0F, HAS_8_0F, PLAIN_0F };

/* A set of opcodes as bits: of the upper four bits of those of each lower four. */
static void add(uint8_t (*set)[16], unsigned opcode)
{
    uint8_t *bits = &set[opcode >> 7][opcode & 15];
    *bits = (uint8_t)(*bits | 1u << (opcode >> 4 & 7));
}

void quick_init(struct quick *quick, bool avx2)
{
    static const unsigned one[] = {QUICK_MODRM, QUICK_8, QUICK_32, QUICK, QUICK_BRANCH};
    quick->base = quick->filled = 0;
    quick->begins = NULL;
    quick->first = 0;
    quick->avx2 = false;
#ifdef __x86_64__
    quick->avx2 = avx2 && __builtin_cpu_supports("avx2");
#endif
    memset(quick->bits, 0, sizeof quick->bits);
    for (unsigned modrm = 0; modrm < 256; modrm++) {
        uint8_t bytes[2] = {(uint8_t)modrm, 0};
        quick->operands[modrm] = (uint8_t)(operand_length(bytes) + ((modrm & 0xc7) == 4 ? QUICK_SIB : 0));
    }
    for (unsigned opcode = 0; opcode < 256; opcode++) {
        unsigned kind = x86_quick_one[opcode].kind;
        bool simple = kind && !(kind & (QUICK_BRANCH | QUICK_NO_W)) && opcode != 0x0f &&
                      (!(kind & QUICK_MODRM) || x86_quick_one[opcode].regs == 0xff);
        unsigned length = of_kind(kind & ~(unsigned)QUICK_MODRM, NULL) + (kind & QUICK_MODRM ? QUICK_OPERAND : 0);
        quick->opcodes[opcode] = (uint8_t)(simple ? length : 0);
        for (unsigned i = 0; i < 5; i++)
            if (x86_quick_one[opcode].kind & one[i] && opcode != 0x0f)
                add(quick->bits[MODRM + i], opcode);
        if (x86_quick_0f[opcode].kind & QUICK_MODRM)
            add(quick->bits[MODRM_0F], opcode);
        if (x86_quick_0f[opcode].kind & QUICK_8)
            add(quick->bits[HAS_8_0F], opcode);
        for (unsigned column = 0; column < 4; column++)
            if (x86_quick_0f[opcode].columns >> column & 1)
                add(quick->bits[PLAIN_0F + column], opcode);
    }
}

static inline uint32_t little_32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* Whether the branch of `length` bytes at `at` stays inside. */
static inline bool stays(const uint8_t *bytes, size_t size, size_t at, unsigned length)
{
    return at + length + (uint64_t)(int64_t)(int32_t)little_32(bytes + at + length - 4) < size;
}

/* Notes that an instruction begins at `at`; `marks` is known where this is compiled. */
static inline void begin(const struct quick *quick, size_t at, bool marks)
{
    uint64_t bit = quick->first + at;
    if (marks)
        quick->begins[bit / 64] |= (uint64_t)1 << (bit % 64);
}

static inline size_t walk_plain(const struct quick *quick, const uint8_t *bytes, size_t size, size_t at, size_t stop,
                                bool marks)
{
    while (at < stop) {
        unsigned length = quick_simple(quick, bytes + at);
        if (!length) {
            length = quick_length(bytes + at);
            if (length & QUICK_REL32) {
                length &= QUICK_REL32 - 1u;
                if (!stays(bytes, size, at, length))
                    return at;
            } else if (!length) {
                return at;
            }
        }
        begin(quick, at, marks);
        at += length;
    }
    return at;
}

#ifdef __x86_64__
#define AVX2 __attribute__((target("avx2")))
enum { STEP = 32, ROW = QUICK_BLOCK + 2 * STEP };

static AVX2 inline __m256i at_(const uint8_t *p)
{
    return _mm256_loadu_si256((const void *)p);
}
static AVX2 inline void put(uint8_t *p, __m256i v)
{
    _mm256_storeu_si256((void *)p, v);
}
static AVX2 inline __m256i all(unsigned byte)
{
    return _mm256_set1_epi8((char)byte);
}
static AVX2 inline __m256i is(__m256i v, unsigned byte)
{
    return _mm256_cmpeq_epi8(v, all(byte));
}
static AVX2 inline __m256i both(__m256i a, __m256i b)
{
    return _mm256_and_si256(a, b);
}
static AVX2 inline __m256i either(__m256i a, __m256i b)
{
    return _mm256_or_si256(a, b);
}
static AVX2 inline __m256i low_bit(__m256i mask)
{
    return both(mask, all(1));
}

/* operand_length() at each byte of `n` (and STEP more, of which the last ones are not read). */
static AVX2 void operands(const uint8_t *at, size_t n, uint8_t *lengths)
{
    for (size_t i = 0; i < n; i += STEP) {
        __m256i modrm = at_(at + i), mod = both(modrm, all(0xc0)), rm = both(modrm, all(7));
        __m256i sib = _mm256_andnot_si256(is(mod, 0xc0), is(rm, 4));
        __m256i base = _mm256_blendv_epi8(rm, both(at_(at + i + 1), all(7)), sib);
        __m256i wide = either(is(mod, 0x80), both(is(mod, 0), is(base, 5)));
        __m256i length = _mm256_add_epi8(low_bit(sib), low_bit(is(mod, 0x40)));
        put(lengths + i, _mm256_add_epi8(_mm256_add_epi8(length, all(1)), both(wide, all(4))));
    }
}

struct opcodes { /* 32 of them, prepared for the question which belong to a set */
    __m256i low, high, bit;
};

static AVX2 inline struct opcodes prepare(__m256i v)
{
    const __m256i powers = _mm256_setr_epi8(1, 2, 4, 8, 16, 32, 64, -128, 1, 2, 4, 8, 16, 32, 64, -128, 1, 2, 4, 8, 16,
                                            32, 64, -128, 1, 2, 4, 8, 16, 32, 64, -128);
    __m256i low = both(v, all(0x8f)), upper = both(_mm256_srli_epi16(v, 4), all(7));
    return (struct opcodes){low, _mm256_xor_si256(low, all(0x80)), _mm256_shuffle_epi8(powers, upper)};
}

static AVX2 inline __m256i among(struct opcodes o, const uint8_t (*set)[16])
{
    __m256i first = _mm256_broadcastsi128_si256(_mm_loadu_si128((const void *)set[0]));
    __m256i second = _mm256_broadcastsi128_si256(_mm_loadu_si128((const void *)set[1]));
    __m256i bits = either(_mm256_shuffle_epi8(first, o.low), _mm256_shuffle_epi8(second, o.high));
    return _mm256_cmpeq_epi8(both(bits, o.bit), o.bit);
}

/* Which of the opcodes have a register field (in the byte after) that x86_quick_one[].regs allows. */
static AVX2 inline __m256i allowed(__m256i opcode, __m256i modrm)
{
    __m256i even = both(opcode, all(0xfe)), reg = prepare(_mm256_add_epi8(modrm, modrm)).bit, regs = all(0xff);
    regs = _mm256_blendv_epi8(regs, all(x86_quick_one[0xc7].regs), is(even, 0xc6));
    regs = _mm256_blendv_epi8(regs, all(x86_quick_one[0xf7].regs), is(even, 0xf6));
    regs = _mm256_blendv_epi8(regs, all(x86_quick_one[0xff].regs), is(opcode, 0xff));
    return _mm256_cmpeq_epi8(both(regs, reg), reg);
}

/* rows[0]: length_one() without the 0F map at each byte; rows[1 + column]: length_0f() of the opcode there, and 1. */
static AVX2 void opcodes(const struct quick *quick, const uint8_t *at, size_t n, const uint8_t *operand,
                         uint8_t (*rows)[ROW])
{
    for (size_t i = 0; i < n; i += STEP) {
        __m256i opcode = at_(at + i), follows = at_(operand + i + 1);
        struct opcodes o = prepare(opcode);
        __m256i branch = both(among(o, quick->bits[BRANCH]), all(QUICK_REL32));
        __m256i length = both(among(o, quick->bits[MODRM]), follows);
        length = _mm256_add_epi8(length, low_bit(among(o, quick->bits[HAS_8])));
        length = _mm256_add_epi8(length, both(among(o, quick->bits[HAS_32]), all(4)));
        length = _mm256_add_epi8(length, either(branch, all(1)));
        length = both(length, among(o, quick->bits[PLAIN]));
        put(rows[0] + i, both(length, allowed(opcode, at_(at + i + 1))));
        branch = both(is(both(opcode, all(0xf0)), 0x80), all(QUICK_REL32 | 4));
        length = _mm256_add_epi8(both(among(o, quick->bits[MODRM_0F]), follows), all(2));
        length = _mm256_add_epi8(length, low_bit(among(o, quick->bits[HAS_8_0F])));
        length = _mm256_add_epi8(length, branch);
        for (unsigned column = 0; column < 4; column++)
            put(rows[1 + column] + i, both(length, among(o, quick->bits[PLAIN_0F + column])));
    }
}

static AVX2 inline __m256i one_more(__m256i length)
{
    return _mm256_andnot_si256(is(length, 0), _mm256_add_epi8(length, all(1)));
}

/* quick_length() at each of the `n` bytes at `at`. */
static AVX2 void fill(struct quick *quick, const uint8_t *at, size_t n)
{
    uint8_t operand[ROW + STEP], rows[5][ROW], whole[ROW];
    operands(at, n + 2 * STEP, operand);
    opcodes(quick, at, n + STEP, operand, rows);
    for (size_t i = 0; i < n + 1; i += STEP)
        put(whole + i, _mm256_blendv_epi8(at_(rows[0] + i), at_(rows[1] + i + 1), is(at_(at + i), 0x0f)));
    for (size_t i = 0; i < n; i += STEP) {
        __m256i first = at_(at + i), second = at_(at + i + 1), upper = both(second, all(0xf8));
        __m256i rex = is(both(first, all(0xf0)), 0x40), eight = both(is(both(first, all(0xf8)), 0x48), is(upper, 0xb8));
        __m256i after = both(_mm256_andnot_si256(eight, rex), at_(whole + i + 1));
        __m256i mandatory =
            either(both(is(first, 0x66), at_(rows[2] + i + 2)),
                   either(both(is(first, 0xf3), at_(rows[3] + i + 2)), both(is(first, 0xf2), at_(rows[4] + i + 2))));
        after = either(after, both(mandatory, is(second, 0x0f)));
        put(quick->lengths + i, either(at_(whole + i), one_more(after)));
    }
    quick->filled = n;
}

static inline size_t walk_avx2(struct quick *quick, const uint8_t *bytes, size_t size, size_t at, size_t stop,
                               bool marks)
{
    while (at < stop) {
        if (at - quick->base >= quick->filled) {
            quick->base = at;
            fill(quick, bytes + at,
                 size - at - QUICK_ROOM + 1 < QUICK_BLOCK ? size - at - QUICK_ROOM + 1 : QUICK_BLOCK);
        }
        size_t end = quick->base + quick->filled < stop ? quick->base + quick->filled : stop;
        const uint8_t *lengths = quick->lengths;
        for (size_t i = at - quick->base, last = end - quick->base; i < last; at = quick->base + i) {
            unsigned length = lengths[i];
            while ((uint8_t)(length - 1) < QUICK_REL32 - 1u) {
                begin(quick, quick->base + i, marks);
                i += length;
                if (i >= last)
                    break;
                length = lengths[i];
            }
            at = quick->base + i;
            if (i >= last)
                break;
            length &= QUICK_REL32 - 1u;
            if (!length || !stays(bytes, size, at, length))
                return at;
            begin(quick, at, marks);
            i += length;
        }
    }
    return at;
}
#endif

size_t quick_walk(struct quick *quick, const uint8_t *bytes, size_t size, size_t at, size_t stop)
{
#ifdef __x86_64__
    if (quick->avx2)
        return quick->begins ? walk_avx2(quick, bytes, size, at, stop, true)
                             : walk_avx2(quick, bytes, size, at, stop, false);
#endif
    return quick->begins ? walk_plain(quick, bytes, size, at, stop, true)
                         : walk_plain(quick, bytes, size, at, stop, false);
}
