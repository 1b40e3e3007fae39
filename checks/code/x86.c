#include "checks/code/x86.h"

#include <string.h>

#include "x86_tables.h"

enum { PREFIX_NONE, PREFIX_66, PREFIX_REP, PREFIX_SEGMENT, PREFIX_67, PREFIX_LOCK, PREFIX_REX };
enum { W = 8, R = 4, X = 2, B = 1 };

static const uint8_t prefixes[256] = {
    [0x26] = PREFIX_SEGMENT, [0x2e] = PREFIX_SEGMENT, [0x36] = PREFIX_SEGMENT, [0x3e] = PREFIX_SEGMENT,
    [0x64] = PREFIX_SEGMENT, [0x65] = PREFIX_SEGMENT, [0x66] = PREFIX_66,      [0x67] = PREFIX_67,
    [0xf0] = PREFIX_LOCK,    [0xf2] = PREFIX_REP,     [0xf3] = PREFIX_REP,     [0x40] = PREFIX_REX,
    [0x41] = PREFIX_REX,     [0x42] = PREFIX_REX,     [0x43] = PREFIX_REX,     [0x44] = PREFIX_REX,
    [0x45] = PREFIX_REX,     [0x46] = PREFIX_REX,     [0x47] = PREFIX_REX,     [0x48] = PREFIX_REX,
    [0x49] = PREFIX_REX,     [0x4a] = PREFIX_REX,     [0x4b] = PREFIX_REX,     [0x4c] = PREFIX_REX,
    [0x4d] = PREFIX_REX,     [0x4e] = PREFIX_REX,     [0x4f] = PREFIX_REX,
};

/* The flow of the opcodes that change it, plus one; 0: NEXT. */
#define FLOW(flow) ((flow) + 1)
#define EIGHT(from, flow)                                                                                              \
    [from] = FLOW(flow), [(from) + 1] = FLOW(flow), [(from) + 2] = FLOW(flow), [(from) + 3] = FLOW(flow),              \
    [(from) + 4] = FLOW(flow), [(from) + 5] = FLOW(flow), [(from) + 6] = FLOW(flow), [(from) + 7] = FLOW(flow)
static const uint8_t flows[2][256] = {
    {EIGHT(0x70, X86_BRANCH), EIGHT(0x78, X86_BRANCH), [0xe0] = FLOW(X86_BRANCH), [0xe1] = FLOW(X86_BRANCH),
     [0xe2] = FLOW(X86_BRANCH), [0xe3] = FLOW(X86_BRANCH), [0xe8] = FLOW(X86_CALL), [0xe9] = FLOW(X86_JUMP),
     [0xeb] = FLOW(X86_JUMP), [0xc2] = FLOW(X86_RETURN), [0xc3] = FLOW(X86_RETURN), [0xca] = FLOW(X86_RETURN),
     [0xcb] = FLOW(X86_RETURN), [0xcf] = FLOW(X86_RETURN), [0xcc] = FLOW(X86_STOP), [0xf4] = FLOW(X86_STOP)},
    {EIGHT(0x80, X86_BRANCH),
     EIGHT(0x88, X86_BRANCH), [0x05] = FLOW(X86_SYSCALL), [0x34] = FLOW(X86_SYSCALL), [0x07] = FLOW(X86_RETURN),
     [0x35] = FLOW(X86_RETURN), [0x0b] = FLOW(X86_STOP), [0xb9] = FLOW(X86_STOP), [0xff] = FLOW(X86_STOP)},
};

static inline uint32_t little_32(const unsigned char *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static inline int64_t signed_at(const unsigned char *at, unsigned size)
{
    switch (size) {
    case 1:
        return (int8_t)at[0];
    case 2:
        return (int16_t)(at[0] | at[1] << 8);
    case 4:
        return (int32_t)little_32(at);
    case 8:
        return (int64_t)((uint64_t)little_32(at) | (uint64_t)little_32(at + 4) << 32);
    default:
        return 0;
    }
}

static uint8_t flow_of(const struct x86_insn *o)
{
    if (o->class == X86_INVALID)
        return X86_STOP;
    if (o->map > MAP_0F)
        return X86_NEXT;
    unsigned flow = flows[o->map][o->opcode];
    if (flow)
        return (uint8_t)(flow - 1);
    if (o->map == MAP_ONE) {
        unsigned reg = o->modrm >> 3 & 7;
        if (o->opcode == 0xff)
            return reg == 2 || reg == 3 ? X86_CALL_INDIRECT : reg == 4 || reg == 5 ? X86_JUMP_INDIRECT : X86_NEXT;
        if (o->opcode == 0xcd)
            return o->immediate == (int8_t)0x80 ? X86_SYSCALL : X86_NEXT;
        if (o->opcode == 0xc7 && o->class == X86_RTM)
            return X86_BRANCH;
    }
    return X86_NEXT;
}

/* The two- and three-byte VEX prefixes, EVEX and XOP, whose first byte is at `p`: sets map, prefix, rex, vector, L and
 * the EVEX b bit; returns the opcode's place, or NULL where there is no such map. */
static const unsigned char *vector_prefix(const unsigned char *p, struct x86_insn *o, unsigned *l, bool *broadcast)
{
    static const uint8_t vex[8] = {[1] = MAP_VEX_0F, [2] = MAP_VEX_0F38, [3] = MAP_VEX_0F3A, [7] = MAP_VEX_7};
    static const uint8_t evex[8] = {[1] = MAP_EVEX_0F, [2] = MAP_EVEX_0F38, [3] = MAP_EVEX_0F3A, [4] = MAP_EVEX_4,
                                    [5] = MAP_EVEX_5,  [6] = MAP_EVEX_6,    [7] = MAP_EVEX_7};
    static const uint8_t mandatory[4] = {0, 0x66, 0xf3, 0xf2};
    unsigned last = p[1];
    *broadcast = false;
    if (p[0] == 0xc5) {
        o->map = MAP_VEX_0F;
        o->rex = p[1] & 0x80 ? 0 : R;
        p += 2;
    } else if (p[0] == 0x62) {
        o->map = evex[p[1] & 7];
        o->rex = (uint8_t)((~p[1] >> 5 & 7) | (p[2] & 0x80 ? W : 0));
        o->vector = (uint8_t)(~p[2] >> 3 & 15);
        o->prefix = mandatory[p[2] & 3];
        *l = p[3] >> 5 & 3;
        *broadcast = p[3] & 0x10;
        return o->map ? p + 4 : NULL;
    } else {
        unsigned map = p[1] & 31;
        if (p[0] == 0xc4)
            o->map = map < 8 ? vex[map] : 0;
        else
            o->map = map >= 8 && map <= 10 ? (uint8_t)(MAP_XOP_8 + map - 8) : 0;
        o->rex = (uint8_t)((~p[1] >> 5 & 7) | (p[2] & 0x80 ? W : 0));
        last = p[2];
        p += 3;
    }
    o->vector = (uint8_t)(~last >> 3 & 15);
    o->prefix = mandatory[last & 3];
    *l = last >> 2 & 1;
    return o->map ? p : NULL;
}

static uint8_t immediate_size(const struct x86_insn *o, unsigned immediate)
{
    switch (immediate) {
    case IMM_IB:
        return 1;
    case IMM_IW:
        return 2;
    case IMM_IZ:
        return o->operand_16 && !(o->rex & W) ? 2 : 4;
    case IMM_IV:
        return o->rex & W ? 8 : o->operand_16 ? 2 : 4;
    case IMM_IWIB:
        return 3;
    case IMM_REL32:
        return 4;
    case IMM_ADDRESS:
        return o->address_32 ? 4 : 8;
    default:
        return 0;
    }
}

static inline uint8_t choose(unsigned choice, unsigned modrm, unsigned w, unsigned l)
{
    unsigned mod = modrm >= 0xc0 ? 2 : 1, reg = 1u << (modrm >> 3 & 7), rm = mod == 2 ? 1u << (modrm & 7) : 0xffu;
    const struct x86_choice *c = &x86_choices[choice];
    while (!(c->mods & mod && c->regs & reg && c->rms & rm && c->ws & w && c->ls & l))
        c++; /* the last one takes everything */
    return c->form;
}

/* ModRM, SIB and displacement from `p` on; returns what follows them. */
static inline const unsigned char *operand(const unsigned char *p, struct x86_insn *o)
{
    unsigned modrm = *p++, mod = modrm >> 6, rm = modrm & 7;
    o->has_modrm = true;
    o->modrm = (uint8_t)modrm;
    if (mod == 3)
        return p;
    unsigned base = rm;
    if (rm == 4) {
        o->has_sib = true;
        o->sib = *p++;
        base = o->sib & 7;
    }
    if (mod == 1) {
        o->displacement = (int32_t)(int8_t)*p;
        return p + 1;
    }
    if (mod == 2 || base == 5) {
        o->displacement = (int32_t)little_32(p);
        o->rip_relative = mod == 0 && rm == 5;
        return p + 4;
    }
    return p;
}

/* Legacy prefixes and REX from `p` on: what they say, the repeat prefix among them in *rep; returns what follows. */
static inline const unsigned char *legacy_prefixes(const unsigned char *p, struct x86_insn *o, unsigned *rep)
{
    const unsigned char *end = p + X86_LONGEST;
    for (unsigned kind; (kind = prefixes[*p]) != PREFIX_NONE && p < end; p++) {
        o->rex = 0; /* only the REX right before the opcode counts */
        if (kind == PREFIX_REX)
            o->rex = 16 | (*p & 15);
        else if (kind == PREFIX_66)
            o->operand_16 = true;
        else if (kind == PREFIX_REP)
            *rep = *p;
        else if (kind == PREFIX_67)
            o->address_32 = true;
        else if (kind == PREFIX_SEGMENT && (*p == 0x64 || *p == 0x65))
            o->segment = *p;
    }
    o->prefix = (uint8_t)(*rep ? *rep : o->operand_16 ? 0x66 : 0);
    return p;
}

/* REX2 reaches the first two maps, but not all of their rows. */
static uint8_t extended_class(const struct x86_insn *o)
{
    unsigned row = o->opcode >> 4;
    bool undefined = o->map == MAP_ONE ? row == 4 || row == 7 || row == 10 || row == 14 : row == 3 || row == 8;
    return undefined ? X86_INVALID : o->class == X86_BASELINE ? X86_APX_F : o->class;
}

/* The form of the cell that map, prefix and opcode choose; `p` is at the ModRM byte. */
static inline const struct x86_form *form_of(const struct x86_insn *o, const unsigned char *p, unsigned l,
                                             bool broadcast)
{
    unsigned column = o->prefix == 0 ? 0 : o->prefix == 0x66 ? 1 : o->prefix == 0xf3 ? 2 : 3;
    unsigned cell = x86_cells[(o->map * 4u + column) * 256u + o->opcode];
    if (cell >= 256) {
        unsigned w = o->rex & W ? 2 : 1, choice = cell - 256;
        bool rounds = broadcast && *p >= 0xc0 && o->map != MAP_EVEX_4; /* L is the rounding mode of a whole register */
        cell = choose(choice, *p, w, rounds ? 4 : 1u << l);
        if (rounds && x86_forms[cell].class == X86_INVALID)
            cell = choose(choice, *p, w, 1);
    }
    return &x86_forms[cell];
}

static unsigned undefined(struct x86_insn *o)
{
    o->class = X86_INVALID;
    o->flow = X86_STOP;
    o->length = 1;
    return 1;
}

/* `at` has room for reading past the end of the longest instruction. */
static unsigned decode(const unsigned char *at, struct x86_insn *o)
{
    unsigned rep = 0, l = 0;
    bool broadcast = false, extended = false;
    memset(o, 0, sizeof *o);
    const unsigned char *p = legacy_prefixes(at, o, &rep);
    bool had_rex = p > at && prefixes[p[-1]] == PREFIX_REX;
    if (*p == 0x0f) {
        o->map = MAP_0F;
        p++;
        if (*p == 0x38 || *p == 0x3a)
            o->map = *p++ == 0x38 ? MAP_0F38 : MAP_0F3A;
    } else if (*p == 0xc4 || *p == 0xc5 || *p == 0x62 || (*p == 0x8f && (p[1] & 31) >= 8)) {
        bool wrong = rep || o->operand_16 || had_rex;
        p = vector_prefix(p, o, &l, &broadcast);
        if (!p || wrong)
            return undefined(o);
    } else if (*p == 0xd5 && !had_rex) { /* REX2: the map, then WRXB */
        extended = true;
        o->map = p[1] & 0x80 ? MAP_0F : MAP_ONE;
        o->rex = p[1] & 15;
        p += 2;
    }
    o->opcode = *p++;
    const struct x86_form *form = form_of(o, p, l, broadcast);
    o->class = form->class;
    if (form->modrm)
        p = operand(p, o);
    if (form->immediate) {
        o->immediate_size = immediate_size(o, form->immediate);
        o->immediate = signed_at(p, o->immediate_size);
        p += o->immediate_size;
    }
    if (extended)
        o->class = extended_class(o);
    o->length = (uint8_t)(p - at);
    o->flow = flow_of(o);
    return o->length;
}

unsigned x86_decode(const unsigned char *at, size_t n, struct x86_insn *out)
{
    enum { ROOM = 40 }; /* 15 prefixes and the longest instruction after them */
    unsigned length;
    if (n >= ROOM) {
        length = decode(at, out);
    } else {
        unsigned char copy[ROOM] = {0};
        memcpy(copy, at, n);
        length = decode(copy, out);
    }
    return length <= n && length <= X86_LONGEST ? length : 0;
}

void x86_count(const unsigned char *at, size_t n, uint32_t *counts)
{
    struct x86_insn insn;
    for (size_t i = 0; i < n;) {
        unsigned length = x86_decode(at + i, n - i, &insn);
        counts[length ? insn.class : X86_INVALID]++;
        i += length && insn.class != X86_INVALID ? length : 1;
    }
}
