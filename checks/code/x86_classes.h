/* The classes of x86-64 instructions, and the opcode maps by the names of x86.def. */
#ifndef ASSAY_CHECKS_CODE_X86_CLASSES_H
#define ASSAY_CHECKS_CODE_X86_CLASSES_H

#include <stdbool.h>
#include <stdint.h>

enum x86_class {
#define A64_CLASS(...)
#define X86_CLASS(ident, ...) X86_##ident,
#include "checks/code/classes.def"
#undef A64_CLASS
#undef X86_CLASS
    X86_CLASS_COUNT
};

enum x86_map {
    MAP_ONE,
    MAP_0F,
    MAP_0F38,
    MAP_0F3A,
    MAP_VEX_0F,
    MAP_VEX_0F38,
    MAP_VEX_0F3A,
    MAP_VEX_7,
    MAP_EVEX_0F,
    MAP_EVEX_0F38,
    MAP_EVEX_0F3A,
    MAP_EVEX_4,
    MAP_EVEX_5,
    MAP_EVEX_6,
    MAP_EVEX_7,
    MAP_XOP_8,
    MAP_XOP_9,
    MAP_XOP_A,
    MAP_COUNT
};

enum x86_immediate { IMM_NONE, IMM_IB, IMM_IW, IMM_IZ, IMM_IV, IMM_IWIB, IMM_REL32, IMM_ADDRESS };

struct x86_form { /* what a cell of an opcode map says */
    uint8_t class, immediate;
    bool modrm;
};
struct x86_choice {            /* a form for some of the encodings of a cell; the last of a cell has last set */
    uint8_t mods;              /* 1: memory, 2: register */
    uint8_t regs, rms, ws, ls; /* bit masks of the values */
    uint8_t form;
    bool last;
};

/* How to tell the length of an instruction that every processor has without decoding it: quick.c. */
enum x86_quick {
    QUICK = 1,
    QUICK_MODRM = 2,
    QUICK_8 = 4,  /* an immediate of one byte */
    QUICK_32 = 8, /* or of four */
    QUICK_BRANCH = 16,
    QUICK_NO_W = 32, /* of eight after REX.W */
};

#endif
