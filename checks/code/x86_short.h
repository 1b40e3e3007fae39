/* The most frequent x86-64 instructions taken apart in little time: no prefix but REX, or the one that an instruction of SSE
 * has. The rest is left to x86_decode(), with which test_abi.c holds this. Part of abi_glance_x86.c and abi_lead.c; nothing
 * else includes this but tests. */
#ifndef ASSAY_CHECKS_CODE_X86_SHORT_H
#define ASSAY_CHECKS_CODE_X86_SHORT_H

#include "checks/code/x86.h"
#include "formats/bytes.h"

enum x86_short_map {
    SHORT_ONE,
    SHORT_0F,
    SHORT_VECTOR /* of SSE: no general register is written */
};

struct x86_short {
    uint8_t length, map, opcode, rex; /* map: enum x86_short_map; rex: WRXB, and 16 if there is one */
    uint8_t modrm, sib;               /* modrm: if `what` has SHORT_MODRM; sib: if that asks for one */
    uint8_t what, room;
    const uint8_t *bytes;
};

enum { SHORT_READS = 24 /* bytes, at most, whatever the length */ };

/* What follows an opcode, and whether control goes elsewhere; special: what follows says whether it is left to x86_decode(), as
 * 0 is. */
enum { SHORT_TAKEN = 1, SHORT_MODRM = 2, SHORT_I8 = 4, SHORT_I32 = 8, SHORT_FLOW = 16, SHORT_SPECIAL = 32 };
enum {
    SHORT_M = SHORT_TAKEN | SHORT_MODRM,
    SHORT_N = SHORT_TAKEN,
    SHORT_B = SHORT_TAKEN | SHORT_I8,
    SHORT_Z = SHORT_TAKEN | SHORT_I32,
    SHORT_MB = SHORT_M | SHORT_I8,
    SHORT_MZ = SHORT_M | SHORT_I32
};

#define SHORT_ROW(i)                                                                                                   \
    [(i)] = SHORT_M, [(i) + 1] = SHORT_M, [(i) + 2] = SHORT_M, [(i) + 3] = SHORT_M, [(i) + 4] = SHORT_B,               \
    [(i) + 5] = SHORT_Z
#define SHORT_EIGHT(i, what)                                                                                           \
    [(i)] = (what), [(i) + 1] = (what), [(i) + 2] = (what), [(i) + 3] = (what), [(i) + 4] = (what),                    \
    [(i) + 5] = (what), [(i) + 6] = (what), [(i) + 7] = (what)

static const uint8_t x86_short_one[256] = {SHORT_ROW(0x00),
                                           SHORT_ROW(0x08),
                                           SHORT_ROW(0x10),
                                           SHORT_ROW(0x18),
                                           SHORT_ROW(0x20),
                                           SHORT_ROW(0x28),
                                           SHORT_ROW(0x30),
                                           SHORT_ROW(0x38),
                                           SHORT_EIGHT(0x50, SHORT_N),
                                           SHORT_EIGHT(0x58, SHORT_N),
                                           SHORT_EIGHT(0x70, SHORT_B | SHORT_FLOW),
                                           SHORT_EIGHT(0x78, SHORT_B | SHORT_FLOW),
                                           SHORT_EIGHT(0xb8, SHORT_Z | SHORT_SPECIAL),
                                           [0x63] = SHORT_M,
                                           [0x68] = SHORT_Z,
                                           [0x69] = SHORT_MZ,
                                           [0x6a] = SHORT_B,
                                           [0x6b] = SHORT_MB,
                                           [0x80] = SHORT_MB,
                                           [0x81] = SHORT_MZ,
                                           [0x83] = SHORT_MB,
                                           [0x84] = SHORT_M,
                                           [0x85] = SHORT_M,
                                           [0x88] = SHORT_M,
                                           [0x89] = SHORT_M,
                                           [0x8a] = SHORT_M,
                                           [0x8b] = SHORT_M,
                                           [0x8d] = SHORT_M | SHORT_SPECIAL,
                                           [0x90] = SHORT_N | SHORT_SPECIAL,
                                           [0xa8] = SHORT_B,
                                           [0xa9] = SHORT_Z,
                                           [0xc0] = SHORT_MB,
                                           [0xc1] = SHORT_MB,
                                           [0xc3] = SHORT_N | SHORT_FLOW,
                                           [0xc6] = SHORT_MB | SHORT_SPECIAL,
                                           [0xc7] = SHORT_MZ | SHORT_SPECIAL,
                                           [0xd1] = SHORT_M,
                                           [0xd3] = SHORT_M,
                                           [0xe8] = SHORT_Z | SHORT_FLOW,
                                           [0xe9] = SHORT_Z | SHORT_FLOW,
                                           [0xeb] = SHORT_B | SHORT_FLOW};

static const uint8_t x86_short_0f[256] = {SHORT_EIGHT(0x40, SHORT_M),
                                          SHORT_EIGHT(0x48, SHORT_M),
                                          SHORT_EIGHT(0x80, SHORT_Z | SHORT_FLOW),
                                          SHORT_EIGHT(0x88, SHORT_Z | SHORT_FLOW),
                                          SHORT_EIGHT(0x90, SHORT_M),
                                          SHORT_EIGHT(0x98, SHORT_M),
                                          [0x1f] = SHORT_M,
                                          [0xaf] = SHORT_M,
                                          [0xb6] = SHORT_M,
                                          [0xb7] = SHORT_M,
                                          [0xbe] = SHORT_M,
                                          [0xbf] = SHORT_M};

/* With which mandatory prefixes an opcode of the map 0F is one of SSE: bits of x86_short_column(). */
enum { NP = 1, P66 = 2, PF3 = 4, PF2 = 8 };
static const uint8_t x86_short_sse[256] = {[0x10] = NP | P66 | PF3 | PF2,
                                           [0x11] = NP | P66 | PF3 | PF2,
                                           [0x14] = NP | P66,
                                           [0x28] = NP | P66,
                                           [0x29] = NP | P66,
                                           [0x2a] = PF3 | PF2,
                                           [0x2e] = NP | P66,
                                           [0x2f] = NP | P66,
                                           [0x51] = NP | P66 | PF3 | PF2,
                                           [0x54] = NP | P66,
                                           [0x57] = NP | P66,
                                           [0x58] = NP | P66 | PF3 | PF2,
                                           [0x59] = NP | P66 | PF3 | PF2,
                                           [0x5a] = NP | P66 | PF3 | PF2,
                                           [0x5c] = NP | P66 | PF3 | PF2,
                                           [0x5e] = NP | P66 | PF3 | PF2,
                                           [0x62] = P66,
                                           [0x6c] = P66,
                                           [0x6e] = P66,
                                           [0x6f] = P66 | PF3,
                                           [0x7f] = P66 | PF3,
                                           [0xd4] = P66,
                                           [0xd6] = P66,
                                           [0xeb] = P66,
                                           [0xef] = P66,
                                           [0xfe] = P66};

static const uint8_t x86_short_prefixes[256] = {[0x66] = P66, [0xf3] = PF3, [0xf2] = PF2};

/* Bytes that a ModRM byte and what it asks for take, and in the upper half, of these, the displacement: but for a SIB byte
 * that has no base. */
#define SHORT_OF_MOD(mod, d)                                                                                           \
    [(mod)] = 1 + (d) + ((d) << 4), [(mod) + 1] = 1 + (d) + ((d) << 4), [(mod) + 2] = 1 + (d) + ((d) << 4),            \
    [(mod) + 3] = 1 + (d) + ((d) << 4), [(mod) + 4] = 2 + (d) + ((d) << 4), [(mod) + 6] = 1 + (d) + ((d) << 4),        \
    [(mod) + 7] = 1 + (d) + ((d) << 4)
static const uint8_t x86_short_room[32] = {
    SHORT_OF_MOD(0, 0),  [5] = 5 | 4 << 4,  SHORT_OF_MOD(8, 1), [13] = 2 | 1 << 4,
    SHORT_OF_MOD(16, 4), [21] = 5 | 4 << 4, SHORT_EIGHT(24, 1)};

/* One byte or four, with a sign. */
static inline int32_t x86_short_number(const uint8_t *p, unsigned size)
{
    return size == 4 ? (int32_t)load_le32(p) : (int8_t)*p;
}

static inline unsigned x86_short_immediate_size(const struct x86_short *i)
{
    return (i->what >> 2 & 1u) | (i->what >> 1 & 4u);
}

/* Sign-extended; the relative offset of a branch. There is one. */
static inline int32_t x86_short_immediate(const struct x86_short *i)
{
    const unsigned size = x86_short_immediate_size(i);
    return x86_short_number(i->bytes + i->length - size, size);
}

static inline int32_t x86_short_displacement(const struct x86_short *i)
{
    const unsigned size = i->room >> 4;
    return size ? x86_short_number(i->bytes + i->length - x86_short_immediate_size(i) - size, size) : 0;
}

/* Whether it is taken after all: not XBEGIN, XABORT, a number of eight bytes, LEA of a register, XCHG with R8. */
static inline bool x86_short_special(unsigned opcode, unsigned rex, unsigned modrm)
{
    if (opcode >= 0xc6)
        return !(modrm & 0x38);
    return opcode >= 0xb8 ? !(rex & 8) : opcode == 0x8d ? modrm < 0xc0 : !rex;
}

/* The length; 0: it is left to x86_decode(). SHORT_READS bytes may be read. */
static inline unsigned x86_short_decode(const uint8_t *at, struct x86_short *o)
{
    const unsigned column = x86_short_prefixes[at[0]];
    const uint8_t *p = at + (column != 0);
    const unsigned rex = *p >> 4 == 4 ? 16u | (*p & 15u) : 0;
    p += rex >> 4;
    unsigned opcode = *p++, map = SHORT_ONE, what = x86_short_one[opcode];
    if (opcode == 0x0f) {
        opcode = *p++;
        const bool vector = x86_short_sse[opcode] & (column ? column : NP);
        map = vector ? SHORT_VECTOR : SHORT_0F;
        what = vector ? SHORT_M : column ? 0 : x86_short_0f[opcode];
    } else if (column || (what & SHORT_SPECIAL && !x86_short_special(opcode, rex, *p))) {
        what = 0;
    }
    const unsigned modrm = p[0], sib = p[1], mod_rm = (modrm >> 3 & 24) | (modrm & 7);
    unsigned room = what & SHORT_MODRM ? x86_short_room[mod_rm] : 0;
    if (mod_rm == 4 && (sib & 7) == 5 && room)
        room += 0x44;
    *o = (struct x86_short){.map = (uint8_t)map,
                            .opcode = (uint8_t)opcode,
                            .rex = (uint8_t)rex,
                            .modrm = (uint8_t)modrm,
                            .sib = (uint8_t)sib,
                            .what = (uint8_t)what,
                            .room = (uint8_t)room,
                            .bytes = at};
    o->length = (uint8_t)((unsigned)(p - at) + (room & 15) + x86_short_immediate_size(o));
    return what ? o->length : 0;
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
