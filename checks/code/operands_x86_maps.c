/* The maps behind 0F: what few instructions of theirs do to general registers and memory. */
#include "checks/code/operands_x86_work.h"

/* The general register that an instruction of SSE, AVX or AVX-512 writes: opcodes of the map 0F and what came of it. */
void x86_from_vector(const struct x86_insn *i, struct operands *o)
{
    unsigned op = i->opcode;
    bool scalar = i->prefix == 0xf2 || i->prefix == 0xf3;
    bool converts = scalar && (op == 0x2c || op == 0x2d || op == 0x78 || op == 0x79);
    if (converts || op == 0x50 || op == 0xc5 || op == 0xd7 || (op == 0x93 && i->map != MAP_0F))
        writes(o, reg_of(i));
    if (op == 0x7e && !scalar && !in_memory(i))
        writes(o, rm_of(i));
    if (!in_memory(i) && i->rex & W && (op == 0x7e || op == 0x93))
        o->form = FORM_MEMORY; /* what was put there may come back */
    if (!in_memory(i))
        return;
    bool stores = op == 0x11 || op == 0x13 || op == 0x17 || op == 0x29 || op == 0x2b || op == 0x7f || op == 0xc3 ||
                  op == 0xd6 || op == 0xe7 || (op == 0x7e && !scalar);
    if (stores)
        changes(i, o, (op == 0x11 && i->prefix == 0xf3) || (op == 0x7e && !(i->rex & W)) ? 4 : QUADWORD);
    else
        reads(i, o, QUADWORD);
}

static unsigned conditional(const struct x86_insn *i, struct operands out[X86_STEPS])
{
    out[0].gprs = bit(reg_of(i));
    if (i->rex & W)
        out[0].form = FORM_MEMORY; /* it may have stayed as it was */
    return 1;
}

unsigned x86_two_byte(const struct x86_insn *i, struct operands out[X86_STEPS])
{
    unsigned op = i->opcode, sub = i->modrm >> 3 & 7, size = i->rex & W ? QUADWORD : 4;
    struct operands *o = &out[0];
    if (op >= 0x40 && op <= 0x4f) {
        return conditional(i, out);
    } else if (op >= 0x90 && op <= 0x9f) {
        spoils(i, o, 1);
    } else if (op == 0xa2) {
        o->gprs = bit(RAX) | bit(RBX) | bit(RCX) | bit(RDX);
    } else if (op == 0x01 || (op >= 0x30 && op <= 0x33)) {
        o->gprs = bit(RAX) | bit(RCX) | bit(RDX) | (op == 1 && sub == 4 && !in_memory(i) ? bit(rm_of(i)) : 0);
    } else if (op == 0xa0 || op == 0xa8) {
        push(o, RSP);
    } else if (op == 0xa1 || op == 0xa9) {
        add(o, RSP, RSP, QUADWORD);
    } else if (op == 0xb0 || op == 0xb1 || op == 0xc0 || op == 0xc1) { /* CMPXCHG, XADD */
        bool byte = !(op & 1);
        o->form = FORM_MEMORY;
        o->gprs = op < 0xc0 ? bit(RAX) : bit(byte ? byte_register(i, reg_of(i)) : reg_of(i));
        if (!in_memory(i))
            o->gprs |= bit(byte ? byte_register(i, rm_of(i)) : rm_of(i));
    } else if (op == 0xc7) { /* CMPXCHG16B; RDRAND, RDSEED, RDPID */
        o->gprs = in_memory(i) ? bit(RAX) | bit(RDX) : bit(rm_of(i));
    } else if (op >= 0xc8 && op <= 0xcf) {
        writes(o, (op & 7) | (i->rex & B ? 8u : 0u));
    } else if (op == 0x20 || op == 0x21 || (op == 0x1e && i->prefix == 0xf3 && sub == 1) ||
               (op == 0xae && i->prefix == 0xf3 && sub < 2) || (op == 0 && sub < 2)) {
        if (!in_memory(i)) /* MOV from CR and DR, RDSSP, RDFSBASE, SLDT */
            writes(o, rm_of(i));
    } else if (op == 0xa4 || op == 0xa5 || op == 0xac || op == 0xad || op == 0xab || op == 0xb3 || op == 0xbb ||
               (op == 0xba && sub > 4)) {
        spoils(i, o, in_memory(i) ? 1 : size);
    } else if (op == 0xaf || op == 0xb2 || (op >= 0xb4 && op <= 0xb8) || (op >= 0xbc && op <= 0xbf) || op == 0x02 ||
               op == 0x03) {
        writes(o, reg_of(i));
        if (in_memory(i))
            reads(i, o, 1);
    } else if (op != 0x0d && op != 0xae && (op < 0x18 || op > 0x1f)) {
        x86_from_vector(i, o);
    } else {
        o->form = FORM_PREFETCH;
    }
    return 1;
}

void x86_three_byte(const struct x86_insn *i, struct operands *o)
{
    bool vector = i->map >= MAP_VEX_0F, third = i->map == MAP_0F3A || i->map == MAP_VEX_0F3A || i->map == MAP_EVEX_0F3A;
    unsigned op = i->opcode;
    if (third && (op & 0xfc) == 0x14) { /* PEXTRB and its like */
        spoils(i, o, 4);
        o->form = in_memory(i) ? o->form : FORM_MEMORY; /* what was put there may come back */
    } else if (third && (op & 0xfc) == 0x60) {
        o->gprs = bit(RCX); /* PCMPESTRI, PCMPISTRI */
    } else if (third && op == 0xf0) {
        writes(o, reg_of(i));
    } else if (!third && op >= 0xf0 && op <= 0xf7) {
        o->form = FORM_MEMORY; /* CRC32, MOVBE, ADCX, BMI1, BMI2 */
        o->gprs = bit(reg_of(i)) | (vector && (op == 0xf3 || op == 0xf6) ? bit(i->vector) : 0);
        if (op == 0xf3)
            o->gprs = bit(i->vector);
    } else if (!third && op >= 0xe0 && op <= 0xef && vector) {
        o->form = FORM_MEMORY; /* CMPccXADD */
        o->gprs = bit(reg_of(i)) | bit(i->vector);
    } else {
        o->form = FORM_PREFETCH; /* no store of these is followed */
    }
}
