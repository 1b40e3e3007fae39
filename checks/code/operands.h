/* What one A64 instruction does with registers, memory and control: as much as calling conventions ask of it. Fields are
 * named as in the Arm Architecture Reference Manual (DDI 0487, C4 and C6). */
#ifndef ASSAY_CHECKS_CODE_OPERANDS_H
#define ASSAY_CHECKS_CODE_OPERANDS_H

#include <stdbool.h>
#include <stdint.h>

enum {
    REGISTER_IP0 = 16,
    REGISTER_IP1 = 17,
    REGISTER_PLATFORM = 18,
    REGISTER_FP = 29,
    REGISTER_LR = 30,
    REGISTER_SP = 31,
    REGISTER_NONE = 0xff
};

enum form {
    FORM_OTHER,  /* writes `gprs` and `vectors`, with what is not followed */
    FORM_LOAD,   /* regs[0..count), `size` bytes each, from base + offset */
    FORM_STORE,  /* the same to there */
    FORM_MEMORY, /* accesses memory at `base` in another way; writes `gprs` and `vectors` */
    FORM_PREFETCH,
    FORM_ADD,          /* regs[0] = base + offset; MOV to and from SP */
    FORM_ADD_REGISTER, /* regs[0] = base + regs[1], or minus it: offset -1 */
    FORM_MOVE,         /* regs[0] = base */
    FORM_ALIGN,        /* regs[0] = base, with `offset` low bits cleared */
    FORM_CONSTANT,     /* regs[0] = offset */
    FORM_KEEP,         /* MOVK: 16 bits of regs[0] at size * 8 become offset */
    FORM_PAGE,         /* ADRP, ADR: regs[0] = the address `offset` bytes on (ADRP: of pages) */
    FORM_VECTOR_MOVE,  /* V regs[0] = V base */
    FORM_TO_VECTOR,    /* D regs[0] = X base */
    FORM_FROM_VECTOR,  /* X regs[0] = D base */
    FORM_SIGN,         /* X30, by `key`, with SP */
    FORM_AUTHENTICATE,
    FORM_BRANCH, /* to offset, if */
    FORM_JUMP,   /* to offset */
    FORM_CALL,
    FORM_JUMP_REGISTER, /* to base */
    FORM_CALL_REGISTER,
    FORM_RETURN,     /* to base; key: after AUTIASP or AUTIBSP */
    FORM_STOP,       /* BRK, HLT, UDF */
    FORM_SUPERVISOR, /* SVC #offset */
    FORM_SCALABLE,   /* SVE and SME: not taken apart */
};

struct operands {
    uint8_t form; /* enum form */
    uint8_t size, count, base, key;
    bool vector, post,
        indexed; /* post: the base moves after the access; indexed: by a register, the offset is not known */
    bool moves;  /* the base is moved by offset */
    bool narrow; /* the load writes fewer than the 64 bits, or extends them */
    uint8_t regs[2];
    int64_t offset;
    uint32_t gprs, vectors; /* that are written, low half of V; bit 31 of gprs: SP. Loads and moved bases included */
};

/* `word` is allocated (a64_classify). */
void a64_operands(uint32_t word, struct operands *out);

#endif
