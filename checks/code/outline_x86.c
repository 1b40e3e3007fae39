/* What an outline sees of x86-64 instructions. */
#include "checks/code/flow_x86.h"
#include "checks/code/outline_work.h"
#include "checks/code/x86.h"

/* Whether an opcode of the one-byte map writes its memory operand with what may be other than zero. */
static bool writes_memory(const struct x86_insn *i)
{
    unsigned op = i->opcode, sub = i->modrm >> 3 & 7;
    if (op < 0x40)
        return (op & 7) < 2 && op >> 3 != 7;
    if (op == 0xc6 || op == 0xc7)
        return i->immediate != 0;
    return (op >= 0x80 && op <= 0x83 && sub != 7) || (op >= 0x86 && op <= 0x89) || op == 0x8f ||
           ((op == 0xfe || op == 0xff) && sub <= 1);
}

static bool decode(const struct map *map, uint64_t address, const uint8_t *at, size_t n, struct glance *g)
{
    struct x86_insn i;
    if (!x86_decode(at, n, &i) || i.class == X86_INVALID)
        return false;
    *g = (struct glance){.length = i.length, .class = i.class, .flow = flow_of_x86((enum x86_flow)i.flow)};
    /* The last byte is looked at first, for it was not written just now in another size. */
    g->idle = i.class == X86_HINT || (at[i.length - 1] == 0x90 && i.map == MAP_ONE && i.opcode == 0x90);
    g->asks_kernel = i.flow == X86_SYSCALL;
    if (i.flow == X86_BRANCH || i.flow == X86_JUMP || i.flow == X86_CALL)
        g->target = x86_target(&i, address);
    if (i.has_modrm && i.modrm < 0xc0) {
        if (i.class == X86_HINT || i.segment)
            return true;
        if (i.rip_relative)
            g->address = address + i.length + (uint64_t)(int64_t)i.displacement;
        else if (map->absolute && i.displacement > INT8_MAX)
            g->address = (uint32_t)i.displacement;
        g->stores = g->address && i.map == MAP_ONE && writes_memory(&i);
        g->loads = i.map != MAP_ONE || i.opcode != 0x8d;
        g->word = g->loads && i.map == MAP_ONE && i.rip_relative;
    }
    bool moves = i.map == MAP_ONE && ((i.opcode >= 0xb8 && i.opcode <= 0xbf) || i.opcode == 0xc7 || i.opcode == 0x68);
    if (moves && !g->address && (map->absolute || i.immediate_size == 8) && i.class != X86_RTM)
        g->address = (uint64_t)i.immediate;
    if (i.map == MAP_0F)
        g->asks_cpu = i.opcode == 0xa2 || (i.opcode == 0x01 && i.modrm == 0xd0);
    return true;
}

void skips_init(struct skips *skips, bool absolute)
{
    quick_init(&skips->quick, false);
    for (unsigned op = 0; op < 256; op++) {
        bool branch = (op >= 0x70 && op <= 0x7f) || (op >= 0xe0 && op <= 0xeb) || op == 0xc2 || op == 0xc3;
        bool moves = (op >= 0xb8 && op <= 0xbf) || op == 0xc7 || op == 0x68; /* what may be an address */
        bool stops = (op >= 0xca && op <= 0xcf) || op == 0xf4;
        skips->opcodes[op] = skips->quick.opcodes[op] && !branch && !stops && !(moves && absolute) && op != 0x90;
    }
}

const uint8_t *outline_skip(const struct outline *o, const uint8_t *at, const uint8_t *end)
{
    while (at < end) {
        unsigned rex = (*at & 0xf0) == 0x40, op = at[rex], modrm = at[rex + 1];
        bool operand = o->skips->quick.opcodes[op] & QUICK_OPERAND && modrm < 0xc0;
        bool absolute = o->map->absolute && (modrm >= 0x80 || (modrm & 0xc7) == 4);
        if (!o->skips->opcodes[op] || (operand && ((modrm & 0xc7) == 5 || absolute)))
            break;
        at += quick_simple(&o->skips->quick, at);
    }
    return at;
}

/* A direct branch, jump or call by its first bytes, of which there are enough. False: something else. */
static inline bool branch(uint64_t address, const uint8_t *at, struct glance *g)
{
    bool wide = *at == 0x0f && (at[1] & 0xf0) == 0x80, jcc = (*at & 0xf0) == 0x70;
    if (!wide && !jcc && (*at & 0xfc) != 0xe8)
        return false;
    unsigned length = jcc || *at == 0xeb ? 2 : wide ? 6 : 5;
    if (*at == 0xea)
        return false;
    int32_t offset = length == 2 ? (int8_t)at[1] : (int32_t)load_le32(at + length - 4);
    *g = (struct glance){.length = length,
                         .class = X86_BASELINE,
                         .flow = jcc || wide   ? FLOW_BRANCH
                                 : *at == 0xe8 ? FLOW_CALL
                                               : FLOW_JUMP,
                         .target = address + length + (uint64_t)(int64_t)offset};
    return true;
}

bool outline_glance_x86(const struct map *map, uint64_t address, const uint8_t *at, size_t n, struct glance *g)
{
    return (n > QUICK_ROOM && branch(address, at, g)) || decode(map, address, at, n, g);
}
