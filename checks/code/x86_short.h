/* The most frequent x86-64 instructions taken apart in little time: no prefix but REX, or the one that an instruction of SSE
 * has. The rest is left to x86_decode(), with which test_abi.c holds this. Part of abi_glance_x86.c and abi_lead.c; nothing
 * else includes this but tests. */
#ifndef ASSAY_CHECKS_CODE_X86_SHORT_H
#define ASSAY_CHECKS_CODE_X86_SHORT_H

#include "checks/code/x86.h"
#include "formats/bytes.h"

enum x86_short_map { SHORT_ONE, SHORT_0F, SHORT_VECTOR /* of SSE: no general register is written */ };

struct x86_short {
    uint8_t length, map, opcode, rex; /* map: enum x86_short_map; rex: WRXB, and 16 if there is one */
    uint8_t modrm, sib;
    bool has_modrm;
    int32_t displacement;
    int32_t immediate; /* sign-extended; the relative offset of a branch */
};

/* What follows an opcode: ModRM, an immediate of 1 or of 4 bytes; 0: left to x86_decode(). */
enum { SHORT_TAKEN = 1, SHORT_MODRM = 2, SHORT_I8 = 4, SHORT_I32 = 8 };
enum {
    SHORT_M = SHORT_TAKEN | SHORT_MODRM,
    SHORT_N = SHORT_TAKEN,
    SHORT_B = SHORT_TAKEN | SHORT_I8,
    SHORT_Z = SHORT_TAKEN | SHORT_I32,
    SHORT_MB = SHORT_M | SHORT_I8,
    SHORT_MZ = SHORT_M | SHORT_I32
};

#define SHORT_ROW(i) \
    [(i)] = SHORT_M, [(i) + 1] = SHORT_M, [(i) + 2] = SHORT_M, [(i) + 3] = SHORT_M, [(i) + 4] = SHORT_B, \
    [(i) + 5] = SHORT_Z
#define SHORT_EIGHT(i, what) \
    [(i)] = what, [(i) + 1] = what, [(i) + 2] = what, [(i) + 3] = what, [(i) + 4] = what, [(i) + 5] = what, \
    [(i) + 6] = what, [(i) + 7] = what

static const uint8_t x86_short_one[256] = {
    SHORT_ROW(0x00),          SHORT_ROW(0x08),          SHORT_ROW(0x10),          SHORT_ROW(0x18),
    SHORT_ROW(0x20),          SHORT_ROW(0x28),          SHORT_ROW(0x30),          SHORT_ROW(0x38),
    SHORT_EIGHT(0x50, SHORT_N), SHORT_EIGHT(0x58, SHORT_N), SHORT_EIGHT(0x70, SHORT_B), SHORT_EIGHT(0x78, SHORT_B),
    SHORT_EIGHT(0xb8, SHORT_Z), [0x63] = SHORT_M,         [0x68] = SHORT_Z,         [0x69] = SHORT_MZ,
    [0x6a] = SHORT_B,         [0x6b] = SHORT_MB,        [0x80] = SHORT_MB,        [0x81] = SHORT_MZ,
    [0x83] = SHORT_MB,        [0x84] = SHORT_M,         [0x85] = SHORT_M,         [0x88] = SHORT_M,
    [0x89] = SHORT_M,         [0x8a] = SHORT_M,         [0x8b] = SHORT_M,         [0x8d] = SHORT_M,
    [0x90] = SHORT_N,         [0xa8] = SHORT_B,         [0xa9] = SHORT_Z,         [0xc0] = SHORT_MB,
    [0xc1] = SHORT_MB,        [0xc3] = SHORT_N,         [0xc6] = SHORT_MB,        [0xc7] = SHORT_MZ,
    [0xd1] = SHORT_M,         [0xd3] = SHORT_M,         [0xe8] = SHORT_Z,         [0xe9] = SHORT_Z,
    [0xeb] = SHORT_B};

static const uint8_t x86_short_0f[256] = {
    SHORT_EIGHT(0x40, SHORT_M), SHORT_EIGHT(0x48, SHORT_M), SHORT_EIGHT(0x80, SHORT_Z), SHORT_EIGHT(0x88, SHORT_Z),
    SHORT_EIGHT(0x90, SHORT_M), SHORT_EIGHT(0x98, SHORT_M), [0x1f] = SHORT_M,         [0xaf] = SHORT_M,
    [0xb6] = SHORT_M,         [0xb7] = SHORT_M,         [0xbe] = SHORT_M,         [0xbf] = SHORT_M};

/* With which mandatory prefixes an opcode of the map 0F is one of SSE: bits of x86_short_column(). */
enum { NP = 1, P66 = 2, PF3 = 4, PF2 = 8 };
static const uint8_t x86_short_sse[256] = {
    [0x10] = NP | P66 | PF3 | PF2, [0x11] = NP | P66 | PF3 | PF2, [0x14] = NP | P66, [0x28] = NP | P66, [0x29] = NP | P66,
    [0x2a] = PF3 | PF2, [0x2e] = NP | P66, [0x2f] = NP | P66, [0x51] = NP | P66 | PF3 | PF2, [0x54] = NP | P66,
    [0x57] = NP | P66, [0x58] = NP | P66 | PF3 | PF2, [0x59] = NP | P66 | PF3 | PF2, [0x5a] = NP | P66 | PF3 | PF2,
    [0x5c] = NP | P66 | PF3 | PF2, [0x5e] = NP | P66 | PF3 | PF2, [0x62] = P66, [0x6c] = P66, [0x6e] = P66,
    [0x6f] = P66 | PF3, [0x7f] = P66 | PF3, [0xd4] = P66, [0xd6] = P66, [0xeb] = P66, [0xef] = P66, [0xfe] = P66};

static inline unsigned x86_short_column(unsigned prefix)
{
    return prefix == 0x66 ? P66 : prefix == 0xf3 ? PF3 : prefix == 0xf2 ? PF2 : 0;
}

/* ModRM and what it asks for, from `p` on; what follows it. */
static inline const uint8_t *x86_short_operand(const uint8_t *p, struct x86_short *o)
{
    const unsigned modrm = *p++, mod = modrm >> 6;
    unsigned base = modrm & 7;
    o->modrm = (uint8_t)modrm;
    if (mod == 3)
        return p;
    if (base == 4) {
        o->sib = *p++;
        base = o->sib & 7;
    }
    if (mod == 1) {
        o->displacement = (int8_t)*p;
        return p + 1;
    }
    if (mod == 2 || base == 5) {
        o->displacement = (int32_t)load_le32(p);
        return p + 4;
    }
    return p;
}

/* The length; 0: it is left to x86_decode(). At least 16 bytes may be read. */
static inline unsigned x86_short_decode(const uint8_t *at, struct x86_short *o)
{
    const unsigned column = x86_short_column(at[0]);
    const uint8_t *p = at + (column != 0);
    unsigned what;
    o->rex = (*p & 0xf0) == 0x40 ? (uint8_t)(16 | (*p & 15)) : 0;
    o->displacement = o->immediate = 0;
    p += o->rex != 0;
    o->opcode = *p++;
    if (o->opcode == 0x0f) {
        o->opcode = *p++;
        const bool vector = x86_short_sse[o->opcode] & (column ? column : NP);
        o->map = vector ? SHORT_VECTOR : SHORT_0F;
        what = vector ? SHORT_M : column ? 0 : x86_short_0f[o->opcode];
    } else {
        o->map = SHORT_ONE;
        what = column ? 0 : x86_short_one[o->opcode];
    }
    const bool special = o->map == SHORT_ONE && (((o->opcode & 0xfe) == 0xc6 && *p >> 3 & 7) || /* XBEGIN, XABORT */
                                                 ((o->opcode & 0xf8) == 0xb8 && o->rex & 8) || /* 8 bytes follow */
                                                 (o->opcode == 0x8d && *p >= 0xc0) || (o->opcode == 0x90 && o->rex));
    if (!what || special)
        return 0;
    o->has_modrm = what & SHORT_MODRM;
    if (what & SHORT_MODRM)
        p = x86_short_operand(p, o);
    if (what & SHORT_I8)
        o->immediate = (int8_t)*p++;
    if (what & SHORT_I32) {
        o->immediate = (int32_t)load_le32(p);
        p += 4;
    }
    o->length = (uint8_t)(p - at);
    return o->length;
}

static inline bool x86_short_is_branch(const struct x86_short *o) /* Jcc */
{
    return o->map == SHORT_ONE ? (o->opcode & 0xf0) == 0x70 : o->map == SHORT_0F && (o->opcode & 0xf0) == 0x80;
}

static inline bool x86_short_is_jump(const struct x86_short *o)
{
    return o->map == SHORT_ONE && (o->opcode == 0xe9 || o->opcode == 0xeb);
}

#endif
