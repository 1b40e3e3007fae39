#include "checks/code/operands.h"

#include "checks/code/a64_fields.h"

static inline int64_t extended(uint32_t word, unsigned from, unsigned bits)
{
    return (int64_t)sign_extend(field(word, from, bits), bits);
}

static inline uint32_t gpr(unsigned r) /* 31 is XZR */
{
    return r == REGISTER_SP ? 0 : 1u << r;
}

/* The registers that are transferred, and the base where it moves. */
static void transfer(struct operands *o, uint32_t word, bool load, bool moves)
{
    o->form = load ? FORM_LOAD : FORM_STORE;
    o->base = (uint8_t)field(word, 5, 5);
    for (unsigned i = 0; load && i < o->count; i++)
        if (o->vector)
            o->vectors |= 1u << o->regs[i];
        else
            o->gprs |= gpr(o->regs[i]);
    o->moves = moves;
    if (moves)
        o->gprs |= 1u << o->base;
}

static void pair(uint32_t word, struct operands *o)
{
    unsigned opc = word >> 30, mode = field(word, 23, 2);
    bool load = field(word, 22, 1), tags = opc == 1 && !o->vector && !load;
    o->size = (uint8_t)(o->vector ? 4u << opc : opc == 2 || tags ? 8 : 4);
    o->narrow = o->size < 8;
    o->count = 2;
    o->regs[0] = (uint8_t)field(word, 0, 5);
    o->regs[1] = (uint8_t)field(word, 10, 5);
    o->offset = extended(word, 15, 7) * (tags ? 16 : o->size);
    o->post = mode == 1;
    transfer(o, word, load, mode & 1);
}

/* LDR, STR and their kin of one register; the offset is the caller's to set, in bytes or, scaled, in units of size. */
static void single(uint32_t word, struct operands *o, bool moves)
{
    unsigned size = word >> 30, opc = field(word, 22, 2);
    bool load = o->vector ? opc & 1 : opc != 0;
    o->size = (uint8_t)(o->vector && opc & 2 ? 16 : 1u << size);
    o->narrow = o->size < 8 || (!o->vector && opc >= 2);
    o->count = 1;
    o->regs[0] = (uint8_t)field(word, 0, 5);
    if (!o->vector && size == 3 && opc == 2) {
        o->form = FORM_PREFETCH;
        o->base = (uint8_t)field(word, 5, 5);
        return;
    }
    transfer(o, word, load, moves);
}

static void literal(uint32_t word, struct operands *o)
{
    unsigned opc = word >> 30, rt = field(word, 0, 5);
    o->form = FORM_OTHER;
    if (o->vector)
        o->vectors = 1u << rt;
    else if (opc != 3)
        o->gprs = gpr(rt);
}

/* Memory accessed in ways that no save or restore takes. */
static void memory(uint32_t word, struct operands *o, uint32_t gprs, uint32_t vectors)
{
    o->form = FORM_MEMORY;
    o->base = (uint8_t)field(word, 5, 5);
    o->gprs = gprs;
    o->vectors = vectors;
}

static void exclusive(uint32_t word, struct operands *o)
{
    bool o2 = field(word, 23, 1), load = field(word, 22, 1), o1 = field(word, 21, 1);
    uint32_t rt = gpr(field(word, 0, 5)), rs = gpr(field(word, 16, 5)), rt2 = gpr(field(word, 10, 5));
    if (!o2 && o1 && !(word >> 31)) /* CASP */
        memory(word, o, (rs | rs << 1) & ~(1u << REGISTER_SP), 0);
    else if (!o2)
        memory(word, o, load ? rt | (o1 ? rt2 : 0) : rs, 0);
    else
        memory(word, o, o1 ? rs : load ? rt : 0, 0); /* CAS; LDAR, STLR */
}

/* LD1 to LD4 and ST1 to ST4. */
static void structure(uint32_t word, struct operands *o)
{
    static const uint8_t counts[16] = {4, 0, 4, 0, 3, 0, 3, 1, 2, 0, 2, 0, 0, 0, 0, 0};
    bool one = field(word, 24, 1), load = field(word, 22, 1);
    unsigned count = one ? (field(word, 13, 1) << 1 | field(word, 21, 1)) + 1 : counts[field(word, 12, 4)];
    uint32_t vectors = 0;
    for (unsigned i = 0; load && i < count; i++)
        vectors |= 1u << ((field(word, 0, 5) + i) % 32);
    memory(word, o, field(word, 23, 1) ? 1u << field(word, 5, 5) : 0, vectors);
}

/* 0001 1.01: LDAPUR and STLUR, tags, memory copies, 128-bit atomics. */
static void ordered(uint32_t word, struct operands *o)
{
    uint32_t rt = gpr(field(word, 0, 5)), rn = 1u << field(word, 5, 5), rs = gpr(field(word, 16, 5));
    unsigned op = field(word, 10, 2), opc = field(word, 22, 2);
    if ((word & 0x3b200c00u) == 0x19000400u) { /* CPY*, SET* */
        o->form = FORM_OTHER;
        o->gprs = rt | gpr(field(word, 5, 5)) | (opc == 3 && o->vector ? 0 : rs);
    } else if ((word & 0xff200000u) == 0xd9200000u) { /* LDG, STG, … */
        memory(word, o, op == 0 ? (opc & 1 ? rt : 0) : op & 1 ? rn : 0, 0);
    } else if (field(word, 21, 1)) {
        memory(word, o, rt | rs, 0);
    } else if (op == 0 && !o->vector) {
        single(word, o, false);
        o->offset = extended(word, 12, 9);
    } else { /* FEAT_LRCPC3 */
        bool load = opc & 1;
        memory(word, o, o->vector ? 0 : (load ? rt | rs : 0) | rn, o->vector && load ? 1u << field(word, 0, 5) : 0);
    }
}

static void load_or_store(uint32_t word, struct operands *o)
{
    o->vector = field(word, 26, 1);
    if ((word & 0x3a000000u) == 0x28000000u) {
        pair(word, o);
    } else if ((word & 0x3b000000u) == 0x39000000u) {
        single(word, o, false);
        o->offset = (int64_t)field(word, 10, 12) * o->size;
    } else if ((word & 0x3b200000u) == 0x38000000u) {
        unsigned mode = field(word, 10, 2);
        single(word, o, mode & 1);
        o->offset = extended(word, 12, 9);
        o->post = mode == 1;
    } else if ((word & 0x3b200c00u) == 0x38200800u) {
        single(word, o, false);
        o->indexed = true;
    } else if ((word & 0x3b200400u) == 0x38200400u && !o->vector) { /* LDRAA, LDRAB */
        o->size = 8;
        o->count = 1;
        o->regs[0] = (uint8_t)field(word, 0, 5);
        o->narrow = true; /* what is loaded is not what stood there */
        o->indexed = true;
        transfer(o, word, true, field(word, 11, 1));
    } else if ((word & 0x3b200c00u) == 0x38200000u) { /* atomics, LDAPR, LD64B */
        unsigned rt = field(word, 0, 5);
        uint32_t many = (word & 0xfffffc00u) == 0xf83fd000u ? (0xffu << rt) & ~(1u << REGISTER_SP) : gpr(rt);
        bool status = (word & 0xffe0fc00u) == 0xf820b000u || (word & 0xffe0fc00u) == 0xf820a000u; /* ST64BV */
        memory(word, o, o->vector ? 0 : status ? gpr(field(word, 16, 5)) : many, 0);
    } else if ((word & 0x3b000000u) == 0x18000000u) {
        literal(word, o);
    } else if ((word & 0x3b000000u) == 0x19000000u) {
        ordered(word, o);
    } else if ((word & 0x3f000000u) == 0x08000000u) {
        exclusive(word, o);
    } else {
        structure(word, o);
    }
}

/* How many low bits the mask of a logical immediate clears, all others being ones; -1: another mask. */
static int cleared(uint32_t word)
{
    unsigned immr = field(word, 16, 6), imms = field(word, 10, 6);
    return word >> 31 && field(word, 22, 1) && immr && imms + 1 == immr ? (int)(64 - immr) : -1;
}

static void writes(struct operands *o, unsigned rd)
{
    o->regs[0] = (uint8_t)rd;
    o->gprs = gpr(rd);
}

static void writes_or_sp(struct operands *o, unsigned rd)
{
    o->regs[0] = (uint8_t)rd;
    o->gprs = 1u << rd;
}

static void immediate(uint32_t word, struct operands *o)
{
    unsigned rd = field(word, 0, 5), kind = field(word, 23, 3), opc = field(word, 29, 2);
    bool wide = word >> 31;
    o->base = (uint8_t)field(word, 5, 5);
    writes(o, rd);
    if (kind <= 1) {
        o->form = FORM_PAGE;
        o->offset = (int64_t)((uint64_t)extended(word, 5, 19) << 2 | field(word, 29, 2)) * (wide ? 4096 : 1);
    } else if (kind == 2) {
        int64_t amount = (int64_t)field(word, 10, 12) << (field(word, 22, 1) ? 12 : 0);
        o->offset = opc & 2 ? -amount : amount;
        if (opc & 1) /* with flags; 31 is XZR */
            o->gprs = gpr(rd);
        else
            writes_or_sp(o, rd);
        o->form = wide && !(opc & 1) ? FORM_ADD : FORM_OTHER;
    } else if (kind == 3) { /* ADDG, SUBG; MIN and MAX are told by bit 22 */
        if (!field(word, 22, 1))
            writes_or_sp(o, rd);
    } else if (kind == 4) {
        int bits = cleared(word);
        if (opc != 3)
            writes_or_sp(o, rd);
        if (opc == 0 && bits > 0) {
            o->form = o->base == REGISTER_SP ? FORM_CONSTANT : FORM_ALIGN; /* XZR */
            o->offset = o->base == REGISTER_SP ? 0 : bits;
        }
    } else if (kind == 5) {
        unsigned shift = field(word, 21, 2) * 16;
        uint64_t part = (uint64_t)field(word, 5, 16) << shift;
        o->form = opc == 3 ? FORM_KEEP : FORM_CONSTANT;
        o->size = (uint8_t)(shift / 8);
        o->offset = (int64_t)(opc == 3 ? field(word, 5, 16) : opc == 2 ? part : wide ? ~part : (uint32_t)~part);
    } else if ((word & 0xff800000u) == 0xf3800000u) { /* AUTIASPPC, AUTIBSPPC */
        o->gprs = 1u << REGISTER_LR;
    }
}

static void registers(uint32_t word, struct operands *o)
{
    unsigned rd = field(word, 0, 5);
    writes(o, rd);
    if ((word & 0xffe0ffe0u) == 0xaa0003e0u) {
        o->form = FORM_MOVE;
        o->base = (uint8_t)field(word, 16, 5);
    } else if ((word & 0x1f200000u) == 0x0b200000u && !(word >> 29 & 1)) { /* ADD, SUB of an extended register */
        writes_or_sp(o, rd);
        if ((word & 0xbfe0fc00u) == 0x8b206000u) {
            o->form = FORM_ADD_REGISTER;
            o->base = (uint8_t)field(word, 5, 5);
            o->regs[1] = (uint8_t)field(word, 16, 5);
            o->offset = word >> 30 & 1 ? -1 : 1;
        }
    } else if ((word & 0x1fe00000u) == 0x1a000000u && field(word, 10, 6) != 0) {
        if (field(word, 13, 3) == 1) /* ADDPT, SUBPT */
            writes_or_sp(o, rd);
        else
            o->gprs = 0;                              /* RMIF, SETF8, SETF16 */
    } else if ((word & 0x1fe00000u) == 0x1a400000u) { /* CCMP, CCMN */
        o->gprs = 0;
    } else if ((word & 0xffe0fc00u) == 0x9ac01000u) { /* IRG */
        writes_or_sp(o, rd);
    }
}

static void floating(uint32_t word, struct operands *o)
{
    unsigned rd = field(word, 0, 5), rn = field(word, 5, 5), opcode = field(word, 16, 3);
    o->regs[0] = (uint8_t)rd;
    o->base = (uint8_t)rn;
    o->vectors = 1u << rd;
    if ((word & 0x5f20fc00u) == 0x1e200000u || (word & 0x5f200000u) == 0x1e000000u) { /* to and from integers */
        if ((opcode & 2) == 0 || opcode == 6) {
            o->vectors = 0;
            o->gprs = gpr(rd);
        }
        if ((word & 0xfffffc00u) == 0x9e660000u)
            o->form = FORM_FROM_VECTOR;
        else if ((word & 0xfffffc00u) == 0x9e670000u)
            o->form = FORM_TO_VECTOR;
        else if ((word & 0xfffffc00u) == 0x9eaf0000u) /* FMOV Vd.D[1], Xn */
            o->vectors = 0;
    } else if ((word & 0x5f203c00u) == 0x1e202000u || (word & 0x5f200c00u) == 0x1e200400u) { /* FCMP, FCCMP */
        o->vectors = 0;
    } else if ((word & 0xfffffc00u) == 0x1e604000u ||
               ((word & 0xffe0fc00u) == 0x4ea01c00u && rn == field(word, 16, 5))) {
        o->form = FORM_VECTOR_MOVE;
    } else if ((word & 0x9fe08400u) == 0x0e000400u) { /* copies of elements */
        unsigned imm4 = field(word, 11, 4), imm5 = field(word, 16, 5);
        bool general = !field(word, 29, 1);
        if (general && (imm4 == 5 || imm4 == 7)) { /* SMOV, UMOV */
            o->vectors = 0;
            o->gprs = gpr(rd);
        } else if ((!general || imm4 == 3) && imm5 & 16) { /* INS into the high half */
            o->vectors = 0;
        }
    }
}

static void hint(uint32_t word, struct operands *o)
{
    switch (field(word, 5, 7)) {
    case 25: /* PACIASP */
    case 27: /* PACIBSP */
        o->form = FORM_SIGN;
        o->key = field(word, 5, 7) == 25 ? 'A' : 'B';
        o->gprs = 1u << REGISTER_LR;
        break;
    case 29: /* AUTIASP */
    case 31: /* AUTIBSP */
        o->form = FORM_AUTHENTICATE;
        o->key = field(word, 5, 7) == 29 ? 'A' : 'B';
        o->gprs = 1u << REGISTER_LR;
        break;
    case 7:  /* XPACLRI */
    case 24: /* PACIAZ */
    case 26:
    case 28: /* AUTIAZ */
    case 30:
        o->gprs = 1u << REGISTER_LR;
        break;
    case 8: /* PACIA1716 */
    case 10:
    case 12: /* AUTIA1716 */
    case 14:
        o->gprs = 1u << REGISTER_IP1;
        break;
    case 40: /* CHKFEAT */
        o->gprs = 1u << REGISTER_IP0;
        break;
    default:
        break;
    }
}

static void system_or_exception(uint32_t word, struct operands *o)
{
    unsigned rt = field(word, 0, 5);
    if ((word & 0xfffff01fu) == 0xd503201fu)
        hint(word, o);
    else if ((word & 0xfff00000u) == 0xd5300000u || (word & 0xfff80000u) == 0xd5280000u ||
             (word & 0xfffffee0u) == 0xd5233060u) /* MRS, SYSL, TSTART and TTEST */
        o->gprs = gpr(rt);
    else if ((word & 0xfff00000u) == 0xd5700000u || (word & 0xfff80000u) == 0xd5680000u) /* MRRS */
        o->gprs = (gpr(rt) | gpr(rt) << 1) & ~(1u << REGISTER_SP);
    if ((word & 0xffe0001fu) == 0xd4200000u || (word & 0xffe0001fu) == 0xd4400000u)
        o->form = FORM_STOP;
    if (a64_is_svc(word)) {
        o->form = FORM_SUPERVISOR;
        o->offset = field(word, 5, 16);
    }
}

static void branch_register(uint32_t word, struct operands *o)
{
    unsigned opc = field(word, 21, 3); /* bit 24: with a modifier */
    o->base = (uint8_t)field(word, 5, 5);
    o->form = (uint8_t)(opc == 0 ? FORM_JUMP_REGISTER : opc == 1 ? FORM_CALL_REGISTER : FORM_RETURN);
    if (opc == 1)
        o->gprs = 1u << REGISTER_LR;
    if ((word & 0xfffffbffu) == 0xd65f0bffu) { /* RETAA, RETAB */
        o->base = REGISTER_LR;
        o->key = field(word, 10, 1) ? 'B' : 'A';
    }
}

static void branch(uint32_t word, struct operands *o)
{
    if ((word & 0x7c000000u) == 0x14000000u) {
        o->form = word >> 31 ? FORM_CALL : FORM_JUMP;
        o->offset = extended(word, 0, 26) * 4;
        o->gprs = word >> 31 ? 1u << REGISTER_LR : 0;
    } else if ((word & 0x7e000000u) == 0x34000000u || word >> 24 == 0x54) {
        o->form = word >> 24 == 0x54 && (word & 15) >= 14 ? FORM_JUMP : FORM_BRANCH;
        o->offset = extended(word, 5, 19) * 4;
    } else if ((word & 0x7e000000u) == 0x36000000u) {
        o->form = FORM_BRANCH;
        o->offset = extended(word, 5, 14) * 4;
    } else if ((word & 0xff80001fu) == 0x5500001fu) { /* RETAASPPC, RETABSPPC */
        o->form = FORM_RETURN;
        o->base = REGISTER_NONE;
    } else if (word >> 25 == 0x6b) {
        branch_register(word, o);
    } else {
        system_or_exception(word, o);
    }
}

void a64_operands(uint32_t word, struct operands *out)
{
    unsigned op0 = field(word, 25, 4);
    *out = (struct operands){.base = REGISTER_NONE};
    if (op0 >> 1 == 4)
        immediate(word, out);
    else if ((op0 & 5) == 4)
        load_or_store(word, out);
    else if (op0 >> 1 == 5)
        branch(word, out);
    else if ((op0 & 7) == 5)
        registers(word, out);
    else if ((op0 & 7) == 7)
        floating(word, out);
    else
        out->form = (uint8_t)(op0 == 2 || word >> 31 ? FORM_SCALABLE : FORM_STOP);
}
